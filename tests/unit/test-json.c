// JSON: bounded, strict parsing; readers that name the key; one text form.
#include "tests/unit/test.h"

#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "base/json.h"

static json_t *parse(const char *text)
{
	g_autoptr(GError) error = NULL;
	json_t *value = lf_json_parse(text, strlen(text), "it", &error);

	assert_ok(value, error);
	return value;
}

static void what_is_printed_is_what_was_parsed(void **state)
{
	const char *text = "{\"b\":[1,2.5,true,null],\"a\":{\"é\":\"x\\ny\"}}";
	g_autoptr(json_t) value = parse(text);
	g_autofree char *back = lf_json_print(value, false);

	assert_string_equal(back, text);
}

static void pretty_text_ends_with_a_line_break(void **state)
{
	g_autoptr(json_t) value = parse("{\"a\":1}");
	g_autofree char *text = lf_json_print(value, true);

	assert_string_equal(text, "{\n  \"a\": 1\n}\n");
}

static void wrong_text_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *text;
		const char *says;
	} rows[] = {
		{ "", "is not valid JSON" },
		{ "{\"a\":1,}", "at 1:8" },
		{ "{\"a\":1}\nx", "at 2:1" },
		{ "{\"a\":1,\"a\":2}", "duplicate" },
		{ "[1,2", "is not valid JSON" },
		{ "\"\xff\"", "unable to decode" },
		{ "[1e999]", "is not valid JSON" },
		{ "[99999999999999999999]", "too big" },
		{ "{\"a\\u0000b\":1}", "is not valid JSON" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(json_t) value =
			lf_json_parse(rows[i].text, strlen(rows[i].text), "facts", &error);

		assert_throws(value, error, LF_ERROR_INPUT, rows[i].says);
		assert_true(g_str_has_prefix(error->message, "facts is not valid JSON"));
	}
}

static char *nested(size_t depth)
{
	GString *text = g_string_new(NULL);

	for (size_t i = 0; i < depth; i++)
		g_string_append_c(text, '[');
	for (size_t i = 0; i < depth; i++)
		g_string_append_c(text, ']');
	return g_string_free(text, FALSE);
}

static void depth_is_limited_to_64_levels(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *allowed = nested(64);
	g_autofree char *too_deep = nested(65);
	g_autofree char *endless = g_strnfill(5000000, '[');
	g_autoptr(json_t) value = parse(allowed);

	assert_throws(lf_json_parse(too_deep, strlen(too_deep), "it", &error), error,
		      LF_ERROR_INPUT, "deeper than 64");
	g_clear_error(&error);
	assert_throws(lf_json_parse(endless, 5000000, "it", &error), error, LF_ERROR_INPUT,
		      "deeper than 64");
}

static void brackets_in_strings_are_no_depth(void **state)
{
	g_autofree char *brackets = g_strnfill(100, '[');
	g_autofree char *text = g_strdup_printf("[\"%s\\\"[\"]", brackets);
	g_autoptr(json_t) value = parse(text);

	assert_int_equal(json_array_size(value), 1);
}

static void an_escape_at_the_very_end_is_not_read_past(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *exact = g_memdup2("\"a\\", 3);

	assert_throws(lf_json_parse(exact, 3, "it", &error), error, LF_ERROR_INPUT, "not valid");
}

static void text_over_16_mib_is_refused_unread(void **state)
{
	g_autoptr(GError) error = NULL;
	size_t size = 16 * 1024 * 1024 + 1;
	g_autofree char *text = g_strnfill(size, ' ');

	assert_throws(lf_json_parse(text, size, "it", &error), error, LF_ERROR_INPUT, "16 MiB");
}

static void a_file_is_loaded_and_named_in_errors(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *good = g_build_filename(dir, "good.json", NULL);
	g_autofree char *bad = g_build_filename(dir, "bad.json", NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(json_t) value = NULL;

	assert_true(g_file_set_contents(good, "[1]", -1, NULL));
	assert_true(g_file_set_contents(bad, "[", -1, NULL));
	value = lf_json_load(good, &error);
	assert_ok(value, error);
	assert_throws(lf_json_load(bad, &error), error, LF_ERROR_INPUT, "bad.json'");
	g_clear_error(&error);
	assert_throws(lf_json_load("/nowhere.json", &error), error, LF_ERROR_IO, "/nowhere.json");
}

static void keys_keep_the_order_of_insertion(void **state)
{
	g_autoptr(json_t) object = json_object();
	g_autofree char *text = NULL;

	lf_json_set_string(object, "z", "1");
	lf_json_set_uint(object, "a", 2);
	lf_json_set_bool(object, "m", true);
	lf_json_set(object, "b", lf_json_strv((const char *const[]){ "x", "y", NULL }));
	lf_json_set(object, "n", lf_json_strv(NULL));
	text = lf_json_print(object, false);
	assert_string_equal(text, "{\"z\":\"1\",\"a\":2,\"m\":true,\"b\":[\"x\",\"y\"],\"n\":[]}");
}

static void text_that_is_not_utf8_is_repaired_and_null_is_left_out(void **state)
{
	g_autoptr(json_t) object = json_object();

	lf_json_set_string(object, "a", "x\xffy");
	lf_json_set_string(object, "b", NULL);
	assert_string_equal(json_string_value(json_object_get(object, "a")), "x\xEF\xBF\xBDy");
	assert_int_equal(json_object_size(object), 1);
}

static void a_number_too_big_for_json_is_the_biggest(void **state)
{
	g_autoptr(json_t) object = json_object();

	lf_json_set_uint(object, "a", UINT64_MAX);
	assert_true(json_integer_value(json_object_get(object, "a")) == G_MAXINT64);
}

static void members_are_read_by_type(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(json_t) object =
		parse("{\"s\":\"t\",\"n\":7,\"b\":true,\"v\":[\"x\"],\"o\":{},\"z\":null}");
	g_autofree char *text = NULL;
	g_auto(GStrv) strings = NULL;
	json_t *borrowed = NULL;
	uint64_t number = 0;
	bool flag = false;

	assert_ok(lf_json_get_string(object, "s", &text, &error), error);
	assert_string_equal(text, "t");
	assert_ok(lf_json_get_uint(object, "n", &number, &error), error);
	assert_int_equal(number, 7);
	assert_ok(lf_json_get_bool(object, "b", &flag, &error), error);
	assert_true(flag);
	assert_ok(lf_json_get_strv(object, "v", &strings, &error), error);
	assert_string_equal(strings[0], "x");
	assert_null(strings[1]);
	assert_ok(lf_json_get_array(object, "v", &borrowed, &error), error);
	assert_int_equal(json_array_size(borrowed), 1);
	assert_ok(lf_json_get_object(object, "o", &borrowed, &error), error);
	assert_non_null(borrowed);
}

static void missing_members_give_the_fallback(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(json_t) object = parse("{\"z\":null}");
	g_autofree char *text = NULL;
	g_auto(GStrv) strings = NULL;
	json_t *borrowed = object;
	uint64_t number = 9;
	bool flag = true;

	assert_ok(lf_json_get_string(object, "z", &text, &error), error);
	assert_null(text);
	assert_ok(lf_json_get_uint(object, "n", &number, &error), error);
	assert_int_equal(number, 0);
	assert_ok(lf_json_get_bool(object, "b", &flag, &error), error);
	assert_false(flag);
	assert_ok(lf_json_get_strv(object, "v", &strings, &error), error);
	assert_non_null(strings);
	assert_null(strings[0]);
	assert_ok(lf_json_get_array(object, "v", &borrowed, &error), error);
	assert_null(borrowed);
}

static void members_of_the_wrong_type_are_named(void **state)
{
	g_autoptr(json_t) object =
		parse("{\"s\":1,\"n\":-1,\"f\":1.5,\"b\":\"x\",\"v\":[1],\"o\":[]}");
	g_autofree char *text = NULL;
	char **strings = NULL;
	json_t *borrowed = NULL;
	uint64_t number = 0;
	bool flag = false;

	for (unsigned i = 0; i < 7; i++) {
		g_autoptr(GError) error = NULL;
		const char *key = (const char *[]){ "s", "n", "f", "b", "v", "o", "s" }[i];
		bool is_read[] = { i == 0 && lf_json_get_string(object, key, &text, &error),
				   i == 1 && lf_json_get_uint(object, key, &number, &error),
				   i == 2 && lf_json_get_uint(object, key, &number, &error),
				   i == 3 && lf_json_get_bool(object, key, &flag, &error),
				   i == 4 && lf_json_get_strv(object, key, &strings, &error),
				   i == 5 && lf_json_get_object(object, key, &borrowed, &error),
				   i == 6 && lf_json_get_array(object, key, &borrowed, &error) };
		g_autofree char *named = g_strdup_printf("'%s'", key);

		assert_throws(is_read[i], error, LF_ERROR_INPUT, named);
	}
	assert_null(strings);
}

static void readers_take_what_is_no_object(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(json_t) array = parse("[1]");
	g_autofree char *text = NULL;

	assert_ok(lf_json_get_string(array, "a", &text, &error), error);
	assert_null(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(what_is_printed_is_what_was_parsed),
		LF_TEST(pretty_text_ends_with_a_line_break),
		LF_TEST(wrong_text_is_refused_with_its_place),
		LF_TEST(depth_is_limited_to_64_levels),
		LF_TEST(brackets_in_strings_are_no_depth),
		LF_TEST(an_escape_at_the_very_end_is_not_read_past),
		LF_TEST(text_over_16_mib_is_refused_unread),
		LF_TEST(a_file_is_loaded_and_named_in_errors),
		LF_TEST(keys_keep_the_order_of_insertion),
		LF_TEST(text_that_is_not_utf8_is_repaired_and_null_is_left_out),
		LF_TEST(a_number_too_big_for_json_is_the_biggest),
		LF_TEST(members_are_read_by_type),
		LF_TEST(missing_members_give_the_fallback),
		LF_TEST(members_of_the_wrong_type_are_named),
		LF_TEST(readers_take_what_is_no_object),
	};

	return LF_TEST_MAIN(tests);
}
