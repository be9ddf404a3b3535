// Text of others, made fit to be shown: nothing of it moves a terminal's cursor or turns its
// writing.
#include "base/text.h"

#include <string.h>

#include "tests/unit/test.h"

typedef struct {
	const char *text;
	const char *shown;
} Row;

static void assert_shown(const Row *rows, size_t n_rows)
{
	for (size_t i = 0; i < n_rows; i++) {
		g_autofree char *shown = lf_text_escape(rows[i].text, " ");

		assert_string_equal(shown, rows[i].shown);
	}
}

static void text_for_people_stays_as_it_is(void **state)
{
	static const Row rows[] = {
		{ "", "" },
		{ "disk '/dev/sda' (1.0 TB)", "disk '/dev/sda' (1.0 TB)" },
		{ "Zürich, Łódź, 東京", "Zürich, Łódź, 東京" },
		{ "C:\\EFI\\debian", "C:\\EFI\\debian" },
		{ "e\xcc\x81 \xf0\x9f\x90\xa7", "e\xcc\x81 \xf0\x9f\x90\xa7" },
	};

	assert_shown(rows, G_N_ELEMENTS(rows));
}

static void control_characters_are_written_out(void **state)
{
	static const Row rows[] = {
		{ "\x1b[2J", "\\x1b[2J" },
		{ "a\tb\rc", "a\\x09b\\x0dc" },
		{ "\x01\x1f\x7f", "\\x01\\x1f\\x7f" },
		// C1: CSI in one character, and next line
		{ "\xc2\x9b"
		  "2J",
		  "\\u009b2J" },
		{ "\xc2\x85", "\\u0085" },
	};

	assert_shown(rows, G_N_ELEMENTS(rows));
}

static void what_turns_or_breaks_the_writing_is_written_out(void **state)
{
	static const Row rows[] = {
		{ "sda\u202egnp.exe", "sda\\u202egnp.exe" },
		{ "\u200f\u2066\u2069", "\\u200f\\u2066\\u2069" },
		{ "a\u200bb\ufeff", "a\\u200bb\\ufeff" },
		{ "a\u2028b\u2029c", "a\\u2028b\\u2029c" },
	};

	assert_shown(rows, G_N_ELEMENTS(rows));
}

static void wrong_utf8_becomes_the_replacement_character(void **state)
{
	static const Row rows[] = {
		{ "a\xff"
		  "b",
		  "a\ufffdb" },
		{ "\xc3", "\ufffd" },
		// A line break in two bytes, and half a surrogate
		{ "\xc0\x8a", "\ufffd\ufffd" },
		{ "\xed\xa0\x80", "\ufffd\ufffd\ufffd" },
	};

	assert_shown(rows, G_N_ELEMENTS(rows));
}

static void line_breaks_become_what_the_caller_wants(void **state)
{
	static const struct {
		const char *line_break;
		const char *shown;
	} rows[] = { { "\n", "a\nb\n" }, { " ", "a b " }, { "", "ab" }, { "\\n", "a\\nb\\n" } };

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *shown = lf_text_escape("a\nb\n", rows[i].line_break);

		assert_string_equal(shown, rows[i].shown);
	}
}

static void whatever_comes_the_result_is_harmless_utf8(void **state)
{
	for (unsigned first = 1; first < 256; first++) {
		for (unsigned second = 1; second < 256; second++) {
			const char text[] = { (char)first, (char)second, '\0' };
			g_autofree char *shown = lf_text_escape(text, " ");

			assert_true(g_utf8_validate(shown, -1, NULL));
			for (const char *c = shown; *c; c = g_utf8_next_char(c))
				assert_false(g_unichar_iscntrl(g_utf8_get_char(c)));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(text_for_people_stays_as_it_is),
		LF_TEST(control_characters_are_written_out),
		LF_TEST(what_turns_or_breaks_the_writing_is_written_out),
		LF_TEST(wrong_utf8_becomes_the_replacement_character),
		LF_TEST(line_breaks_become_what_the_caller_wants),
		LF_TEST(whatever_comes_the_result_is_harmless_utf8),
	};

	return LF_TEST_MAIN(tests);
}
