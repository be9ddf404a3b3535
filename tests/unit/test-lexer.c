// The lexer: words, quotes, comments, and what it refuses, each with its place.
#include "tests/unit/kickstart.h"

#include "kickstart/lexer.h"

static char *split(const char *line, size_t size, char **ret_findings)
{
	g_autoptr(LfDiagnostics) diagnostics = lf_diagnostics_new();
	g_auto(LfWords) words = { 0 };
	LfPlace place = { "site.ks", 1, 1 };
	bool is_ok = lf_words_split(line, size, &place, diagnostics, &words);
	GString *text = g_string_new(NULL);

	for (size_t i = 0; is_ok && i < words.count; i++)
		g_string_append_printf(text, "[%s]", words.items[i].text);
	assert_true(is_ok == (lf_diagnostics_count(diagnostics, LF_SEVERITY_ERROR) == 0));
	*ret_findings = lf_test_findings(diagnostics);
	return g_string_free(text, FALSE);
}

typedef struct {
	const char *line;
	const char *words;
	const char *findings;
} Row;

static void check_rows(const Row *rows, size_t n_rows)
{
	for (size_t i = 0; i < n_rows; i++) {
		g_autofree char *findings = NULL;
		g_autofree char *words = split(rows[i].line, strlen(rows[i].line), &findings);

		assert_string_equal(words, rows[i].words);
		assert_string_equal(findings, rows[i].findings ? rows[i].findings : "");
	}
}

static void blanks_divide_words(void **state)
{
	static const Row rows[] = {
		{ "", "" },
		{ "   \t ", "" },
		{ "lang", "[lang]" },
		{ "  lang\ten_US  ", "[lang][en_US]" },
		{ "part / --size=1", "[part][/][--size=1]" },
		{ "lang é", "[lang][é]" },
	};

	check_rows(rows, G_N_ELEMENTS(rows));
}

static void quotes_hold_words_together(void **state)
{
	static const Row rows[] = {
		{ "a 'b c' d", "[a][b c][d]" },		  { "a \"b c\" d", "[a][b c][d]" },
		{ "--x=\"b c\"'d e'f", "[--x=b cd ef]" }, { "a '' \"\"", "[a][][]" },
		{ "'a\"b' \"c'd\"", "[a\"b][c'd]" },	  { "'a#b' \"#c\"", "[a#b][#c]" },
	};

	check_rows(rows, G_N_ELEMENTS(rows));
}

static void backslashes_work_as_in_a_shell(void **state)
{
	static const Row rows[] = {
		{ "a\\ b", "[a b]" },		{ "\\#a", "[#a]" },
		{ "\\\"a\\'", "[\"a']" },	{ "'a\\b'", "[a\\b]" },
		{ "\"a\\\"b\"", "[a\"b]" },	{ "\"a\\\\b\"", "[a\\b]" },
		{ "\"a\\nb\"", "[a\\nb]" },	{ "\"a\\'b\"", "[a\\'b]" },
		{ "\"\\$6\\$\"", "[\\$6\\$]" },
	};

	check_rows(rows, G_N_ELEMENTS(rows));
}

static void a_comment_begins_at_a_hash_outside_quotes(void **state)
{
	static const Row rows[] = {
		{ "# lang", "" },
		{ "lang en # en_US 'x", "[lang][en]" },
		{ "lang 'a' # \"", "[lang][a]" },
	};

	check_rows(rows, G_N_ELEMENTS(rows));
}

static void a_hash_that_cuts_a_word_is_a_warning(void **state)
{
	static const Row rows[] = {
		{ "--password=a#b c", "[--password=a]", "1:13 warning comment-in-word" },
		{ "x \"a\"#b", "[x][a]", "1:6 warning comment-in-word" },
		{ "é#", "[é]", "1:2 warning comment-in-word" },
	};

	check_rows(rows, G_N_ELEMENTS(rows));
}

static void a_line_cannot_be_continued(void **state)
{
	static const Row rows[] = {
		{ "part / \\", "", "1:8 error line-continuation" },
		{ "part /\\", "", "1:7 error line-continuation" },
	};

	check_rows(rows, G_N_ELEMENTS(rows));
}

static void an_open_quote_is_reported_where_it_begins(void **state)
{
	static const Row rows[] = {
		{ "user --name='a b", "", "1:13 error unterminated-quote" },
		{ "a \"b\\\"", "", "1:3 error unterminated-quote" },
		{ "a \"b\\", "", "1:3 error unterminated-quote" },
		{ "don't", "", "1:4 error unterminated-quote" },
	};

	check_rows(rows, G_N_ELEMENTS(rows));
}

static void bytes_that_are_no_text_are_refused(void **state)
{
	static const Row rows[] = {
		{ "lang \xff", "", "1:6 error not-utf8" },
		{ "lang é\xc3", "", "1:7 error not-utf8" },
		{ "lang \x1b[0m", "", "1:6 error control-character" },
		{ "lang 'a\x7f'", "", "1:8 error control-character" },
		{ "lang a\rb", "", "1:7 error control-character" },
		{ "lang # \xff", "[lang]" },
	};
	g_autofree char *findings = NULL;
	g_autofree char *words = split("a\0b", 3, &findings);

	check_rows(rows, G_N_ELEMENTS(rows));
	assert_string_equal(findings, "1:2 error not-utf8");
}

static void columns_count_characters_and_not_bytes(void **state)
{
	g_autoptr(LfDiagnostics) diagnostics = lf_diagnostics_new();
	g_auto(LfWords) words = { 0 };
	const char *line = "  é --b=c \"--d=e\" f";
	LfPlace place = { "site.ks", 1, 1 };

	assert_true(lf_words_split(line, strlen(line), &place, diagnostics, &words));
	assert_int_equal(words.count, 4);
	assert_int_equal(words.items[0].column, 3);
	assert_int_equal(words.items[0].value_column, 0);
	assert_int_equal(words.items[1].column, 5);
	assert_int_equal(words.items[1].value_column, 9);
	assert_int_equal(words.items[2].column, 11);
	assert_int_equal(words.items[3].column, 19);
	assert_int_equal(words.items[3].start, 19);
	assert_int_equal(words.items[3].end, 20);
}

static void a_line_of_one_letter_words_fits_its_storage(void **state)
{
	g_autoptr(GString) line = g_string_new(NULL);
	g_autofree char *findings = NULL;
	g_autofree char *words = NULL;

	for (int i = 0; i < 5000; i++)
		g_string_append(line, i % 2 ? "a " : "\"\" ");
	g_string_append(line, "a#");
	words = split(line->str, line->len, &findings);
	assert_int_equal(strlen(words), 2500 * 2 + 2500 * 3 + 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(blanks_divide_words),
		LF_TEST(quotes_hold_words_together),
		LF_TEST(backslashes_work_as_in_a_shell),
		LF_TEST(a_comment_begins_at_a_hash_outside_quotes),
		LF_TEST(a_hash_that_cuts_a_word_is_a_warning),
		LF_TEST(a_line_cannot_be_continued),
		LF_TEST(an_open_quote_is_reported_where_it_begins),
		LF_TEST(bytes_that_are_no_text_are_refused),
		LF_TEST(columns_count_characters_and_not_bytes),
		LF_TEST(a_line_of_one_letter_words_fits_its_storage),
	};

	return LF_TEST_MAIN(tests);
}
