// When servers count as silent, when that has lasted too long, and when one that failed is asked
// again.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "installer/apply/payload-rest.h"
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

// --- one of them --------------------------------------------------------------------------------

// How long it is left alone from a time on that lies in its rest, in seconds.
static unsigned rest_of(const LfRest *rest, gint64 now)
{
	LfRest copy = *rest;
	unsigned seconds = 0;

	while (!lf_rest_may_ask(&copy, true, now + seconds * S))
		seconds++;
	return seconds;
}

static void a_server_that_goes_on_failing_is_left_alone_for_longer(void **state)
{
	static const unsigned wanted[] = { 30, 60, 120, 240, 480, 480 };
	LfRest rest = { 0 };
	gint64 now = BEGIN;

	assert_true(lf_rest_may_ask(&rest, true, now));
	for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++, now += 1000 * S) {
		lf_rest_failed(&rest, now - S, now);
		assert_int_equal(rest_of(&rest, now), wanted[i]);
		assert_true(lf_rest_may_ask(&rest, false, now));
	}
	lf_rest_answered(&rest, 100, now, now + S / 2);
	assert_int_equal(rest_of(&rest, now + S / 2), 0);
}

static void who_asked_at_the_same_time_fails_once(void **state)
{
	LfRest rest = { 0 };

	for (unsigned i = 0; i < 16; i++)
		lf_rest_failed(&rest, BEGIN, BEGIN + 30 * S + i);
	assert_int_equal(rest_of(&rest, BEGIN + 30 * S + 15), 30);
}

static void one_tries_a_server_that_has_rested_while_the_others_go_elsewhere(void **state)
{
	LfRest rest = { 0 };

	lf_rest_failed(&rest, BEGIN, BEGIN);
	assert_true(lf_rest_may_ask(&rest, true, BEGIN + 31 * S));
	assert_false(lf_rest_may_ask(&rest, true, BEGIN + 31 * S));
	lf_rest_answered(&rest, 100000, BEGIN + 31 * S, BEGIN + 33 * S);
	assert_true(lf_rest_may_ask(&rest, true, BEGIN + 33 * S));
	assert_true(lf_rest_may_ask(&rest, true, BEGIN + 33 * S));
}

static void a_server_that_drips_has_not_recovered_when_something_short_came_through(void **state)
{
	LfRest rest = { 0 };

	lf_rest_failed(&rest, BEGIN, BEGIN);
	lf_rest_answered(&rest, 100, BEGIN + 40 * S, BEGIN + 45 * S);
	assert_int_equal(rest_of(&rest, BEGIN + 45 * S), 30);
	lf_rest_failed(&rest, BEGIN + 80 * S, BEGIN + 110 * S);
	assert_int_equal(rest_of(&rest, BEGIN + 110 * S), 60);
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
		cmocka_unit_test(a_server_that_goes_on_failing_is_left_alone_for_longer),
		cmocka_unit_test(who_asked_at_the_same_time_fails_once),
		cmocka_unit_test(one_tries_a_server_that_has_rested_while_the_others_go_elsewhere),
		cmocka_unit_test(
			a_server_that_drips_has_not_recovered_when_something_short_came_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
