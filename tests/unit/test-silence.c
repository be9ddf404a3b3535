// When servers count as silent, and when that has lasted too long.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "installer/apply/payload-silence.h"

#define S      ((gint64)G_USEC_PER_SEC)
#define BEGIN  (1000 * S)
#define HOUR_S 3600

static LfSilence new_silence(unsigned patience_s)
{
	LfSilence silence;

	lf_silence_init(&silence, patience_s * S, BEGIN);
	return silence;
}

static LfSilenceState look(LfSilence *silence, unsigned at_s)
{
	return lf_silence_look(silence, BEGIN, BEGIN + at_s * S);
}

static void an_outage_is_told_once_and_its_end_says_how_long_it_was(void **state)
{
	LfSilence silence = new_silence(HOUR_S);

	assert_int_equal(look(&silence, 59), LF_SILENCE_GOES_ON);
	assert_false(lf_silence_is_outage(&silence));
	assert_int_equal(look(&silence, 60), LF_SILENCE_IS_TOLD);
	assert_true(lf_silence_is_outage(&silence));
	assert_int_equal(look(&silence, 61), LF_SILENCE_GOES_ON);
	assert_int_equal(lf_silence_bytes(&silence, 5000, BEGIN + 600 * S), 600 * S);
	assert_false(lf_silence_is_outage(&silence));
	assert_int_equal(lf_silence_bytes(&silence, 5000, BEGIN + 601 * S), 0);
	assert_int_equal(look(&silence, 602), LF_SILENCE_GOES_ON);
	assert_int_equal(lf_silence_left_us(&silence, BEGIN + 602 * S), (HOUR_S - 600) * S);
}

static void all_outages_together_are_borne_so_long(void **state)
{
	LfSilence silence = new_silence(HOUR_S);

	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(look(&silence, i * 1000 + 100), LF_SILENCE_IS_TOLD);
		assert_int_equal(look(&silence, i * 1000 + 599), LF_SILENCE_GOES_ON);
		assert_true(lf_silence_whole(&silence, BEGIN + (i * 1000 + 600) * S) > 0);
		assert_int_equal(lf_silence_whole(&silence, BEGIN + (i + 1) * 1000 * S), 0);
	}
	assert_int_equal(look(&silence, 5000 + 100), LF_SILENCE_IS_TOLD);
	assert_int_equal(look(&silence, 5000 + 599), LF_SILENCE_GOES_ON);
	assert_int_equal(look(&silence, 5000 + 600), LF_SILENCE_TOO_LONG);
}

static void drops_are_silence_and_a_thin_stream_is_not(void **state)
{
	LfSilence drops = new_silence(300);
	LfSilence stream = new_silence(300);

	for (unsigned i = 0; i < 299; i++) {
		lf_silence_bytes(&drops, 16, BEGIN + i * S);
		assert_int_not_equal(look(&drops, i), LF_SILENCE_TOO_LONG);
	}
	assert_int_equal(look(&drops, 300), LF_SILENCE_TOO_LONG);
	for (unsigned i = 0; i < 3000; i++) {
		lf_silence_bytes(&stream, 128, BEGIN + i * S);
		assert_int_equal(look(&stream, i), LF_SILENCE_GOES_ON);
	}
}

static void what_is_short_but_whole_ends_a_silence(void **state)
{
	LfSilence silence = new_silence(300);

	assert_int_equal(look(&silence, 200), LF_SILENCE_IS_TOLD);
	assert_int_equal(lf_silence_whole(&silence, BEGIN + 200 * S), 200 * S);
	assert_int_equal(look(&silence, 250), LF_SILENCE_GOES_ON);
}

static void who_was_not_asked_was_not_silent(void **state)
{
	LfSilence silence = new_silence(300);
	gint64 asked = BEGIN + 9000 * S;

	assert_int_equal(lf_silence_look(&silence, asked, asked + 59 * S), LF_SILENCE_GOES_ON);
	assert_int_equal(lf_silence_look(&silence, asked, asked + 300 * S), LF_SILENCE_TOO_LONG);
}

// Else each of those that come after the first one to wait would have all the patience again.
static void an_outage_is_the_same_for_whoever_asks_later(void **state)
{
	LfSilence silence = new_silence(300);

	assert_int_equal(look(&silence, 100), LF_SILENCE_IS_TOLD);
	assert_int_equal(lf_silence_look(&silence, BEGIN + 290 * S, BEGIN + 300 * S),
			 LF_SILENCE_TOO_LONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_outage_is_told_once_and_its_end_says_how_long_it_was),
		cmocka_unit_test(all_outages_together_are_borne_so_long),
		cmocka_unit_test(drops_are_silence_and_a_thin_stream_is_not),
		cmocka_unit_test(what_is_short_but_whole_ends_a_silence),
		cmocka_unit_test(who_was_not_asked_was_not_silent),
		cmocka_unit_test(an_outage_is_the_same_for_whoever_asks_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
