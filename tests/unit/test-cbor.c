// The bounded reader of CBOR: gives what was written, refuses all that is hostile.
#include "tests/unit/fdo.h"

static void start(LfCbor *cbor, GByteArray **keep, const char *hex)
{
	*keep = lf_test_unhex(hex);
	lf_cbor_init(cbor, lf_test_span(*keep));
}

static void every_number_comes_back(void **state)
{
	static const int64_t numbers[] = { 0,	  23,	       24,	   255,	      256, 65535,
					   65536, G_MAXUINT32, G_MAXINT64, -1,	      -24, -25,
					   -256,  -257,	       -65537,	   G_MININT64 };

	for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
		g_autoptr(GByteArray) bytes = g_byte_array_new();
		g_autoptr(GError) error = NULL;
		int64_t number = 7;
		LfCbor cbor;

		lf_cbor_put_int(bytes, numbers[i]);
		lf_cbor_init(&cbor, lf_test_span(bytes));
		assert_ok(lf_cbor_int(&cbor, "n", &number, &error), error);
		assert_true(number == numbers[i]);
		assert_ok(lf_cbor_end(&cbor, "n", &error), error);
	}
}

static void every_type_comes_back(void **state)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	g_autoptr(GError) error = NULL;
	LfSpan span;
	size_t length;
	bool flag;
	LfCbor cbor;

	lf_cbor_put_array(bytes, 6);
	lf_cbor_put_bytes(bytes, "ab", 2);
	lf_cbor_put_bytes(bytes, NULL, 0);
	lf_cbor_put_text(bytes, "ü");
	lf_cbor_put_bool(bytes, true);
	lf_cbor_put_null(bytes);
	lf_cbor_put_tag(bytes, 1000);
	lf_cbor_put_uint(bytes, 1);
	lf_cbor_init(&cbor, lf_test_span(bytes));
	assert_ok(lf_cbor_array(&cbor, "a", 6, 6, &length, &error), error);
	assert_ok(lf_cbor_bytes(&cbor, "b", &span, &error), error);
	assert_memory_equal(span.data, "ab", 2);
	assert_ok(lf_cbor_bytes_sized(&cbor, "b", 0, &span, &error), error);
	assert_non_null(span.data);
	assert_ok(lf_cbor_text(&cbor, "t", &span, &error), error);
	assert_memory_equal(span.data, "ü", 2);
	assert_false(lf_cbor_take_null(&cbor));
	assert_ok(lf_cbor_bool(&cbor, "f", &flag, &error), error);
	assert_true(flag);
	assert_true(lf_cbor_take_null(&cbor));
	assert_ok(lf_cbor_tag(&cbor, "g", 1000, &error), error);
	assert_ok(lf_cbor_item(&cbor, "u", &span, &error), error);
	assert_ok(lf_cbor_end(&cbor, "a", &error), error);
}

/* libcbor refuses some of these. */
static void every_tag_comes_back(void **state)
{
	for (uint64_t tag = 0; tag < 300; tag++) {
		g_autoptr(GByteArray) bytes = g_byte_array_new();
		g_autoptr(GError) error = NULL;
		LfSpan span;
		LfCbor cbor;

		lf_cbor_put_tag(bytes, tag);
		lf_cbor_put_null(bytes);
		lf_cbor_init(&cbor, lf_test_span(bytes));
		assert_ok(lf_cbor_item(&cbor, "t", &span, &error), error);
		lf_cbor_init(&cbor, span);
		assert_ok(lf_cbor_tag(&cbor, "t", tag, &error), error);
	}
}

typedef struct {
	const char *hex;
	const char *message;
} Bad;

static void what_fdo_does_not_allow_is_refused(void **state)
{
	static const Bad rows[] = {
		{ "", "the input ends here" },
		{ "18", "ends within an item" },
		{ "42 01", "ends within an item" },
		{ "5b ffffffffffffffff 00", "ends within an item" },
		{ "7b 7fffffffffffffff 00", "ends within an item" },
		{ "9b ffffffffffffffff 00", "an array is longer than the input" },
		{ "bb ffffffffffffffff 00", "a map is longer than the input" },
		{ "bb 8000000000000000 00", "a map is longer than the input" },
		{ "a2 01 02 03", "a map is longer than the input" },
		{ "82 01", "an array is longer than the input" },
		{ "82 81 01", "the input ends here" },
		{ "9f 01 ff", "indefinite length" },
		{ "bf ff", "indefinite length" },
		{ "5f 41 00 ff", "indefinite length" },
		{ "7f ff", "indefinite length" },
		{ "ff", "indefinite length" },
		{ "f97e00", "a fraction" },
		{ "fa00000000", "a fraction" },
		{ "fb0000000000000000", "a fraction" },
		{ "f7", "'undefined'" },
		{ "e0", "not CBOR" },
		{ "f818", "not CBOR" },
		{ "1c", "not CBOR" },
		{ "1817", "shortest form" },
		{ "190017", "shortest form" },
		{ "1900ff", "shortest form" },
		{ "1a0000ffff", "shortest form" },
		{ "1b00000000ffffffff", "shortest form" },
		{ "3800", "shortest form" },
		{ "5801 00", "shortest form" },
		{ "7801 61", "shortest form" },
		{ "9801 00", "shortest form" },
		{ "b801 0000", "shortest form" },
		{ "d801 00", "shortest form" },
		{ "d2", "the input ends here" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GByteArray) bytes = NULL;
		g_autoptr(GError) error = NULL;
		LfSpan span;
		LfCbor cbor;

		start(&cbor, &bytes, rows[i].hex);
		assert_throws(lf_cbor_item(&cbor, "x", &span, &error), error, LF_ERROR_INPUT,
			      rows[i].message);
		assert_int_equal(cbor.at, 0);
	}
}

static void nesting_ends_at_the_limit(void **state)
{
	static const uint8_t heads[] = { 0x81, 0xd2, 0xa1 };

	for (size_t h = 0; h < G_N_ELEMENTS(heads); h++) {
		for (size_t depth = LF_CBOR_MAX_DEPTH; depth <= LF_CBOR_MAX_DEPTH + 1; depth++) {
			g_autoptr(GByteArray) bytes = g_byte_array_new();
			g_autoptr(GError) error = NULL;
			LfSpan span;
			LfCbor cbor;

			for (size_t i = 0; i < depth; i++) {
				g_byte_array_append(bytes, &heads[h], 1);
				if (heads[h] == 0xa1)
					lf_cbor_put_uint(bytes, 1);
			}
			lf_cbor_put_uint(bytes, 0);
			lf_cbor_init(&cbor, lf_test_span(bytes));
			if (depth <= LF_CBOR_MAX_DEPTH)
				assert_ok(lf_cbor_item(&cbor, "x", &span, &error), error);
			else
				assert_throws(lf_cbor_item(&cbor, "x", &span, &error), error,
					      LF_ERROR_INPUT, "nest too deeply");
		}
	}
}

/* A million heads take neither stack nor time. */
static void very_deep_nesting_is_refused(void **state)
{
	g_autofree uint8_t *heads = g_malloc(1 << 20);
	g_autoptr(GError) error = NULL;
	LfSpan span;
	LfCbor cbor;

	memset(heads, 0x81, 1 << 20);
	lf_cbor_init(&cbor, (LfSpan){ heads, 1 << 20 });
	assert_throws(lf_cbor_item(&cbor, "x", &span, &error), error, LF_ERROR_INPUT,
		      "nest too deeply");
}

static void wrong_types_are_named(void **state)
{
	g_autoptr(GByteArray) bytes = NULL;
	g_autoptr(GError) error = NULL;
	uint64_t number;
	LfCbor cbor;

	start(&cbor, &bytes, "61 41");
	assert_throws(lf_cbor_uint(&cbor, "port", 9, &number, &error), error, LF_ERROR_INPUT,
		      "port: byte 0: a number, not negative is needed, here is a text");
}

static void limits_are_kept(void **state)
{
	g_autoptr(GByteArray) bytes = NULL;
	g_autoptr(GByteArray) text = NULL;
	g_autoptr(GByteArray) large = NULL;
	g_autoptr(GError) error = NULL;
	uint64_t number = 5;
	int64_t signed_number = 5;
	size_t length;
	LfSpan span;
	LfCbor cbor;

	start(&cbor, &bytes, "82 0a 42 0001");
	assert_throws(lf_cbor_array(&cbor, "a", 3, 4, &length, &error), error, LF_ERROR_INPUT,
		      "3 to 4 items is needed, this has 2");
	g_clear_error(&error);
	assert_true(lf_cbor_array(&cbor, "a", 2, 2, &length, NULL));
	assert_throws(lf_cbor_uint(&cbor, "n", 9, &number, &error), error, LF_ERROR_INPUT,
		      "too large");
	g_clear_error(&error);
	assert_int_equal(number, 5);
	assert_true(lf_cbor_uint(&cbor, "n", 10, &number, NULL));
	assert_throws(lf_cbor_bytes_sized(&cbor, "b", 3, &span, &error), error, LF_ERROR_INPUT,
		      "3 bytes are needed, not 2");
	g_clear_error(&error);
	assert_throws(lf_cbor_end(&cbor, "a", &error), error, LF_ERROR_INPUT, "there is more");
	g_clear_error(&error);
	start(&cbor, &text, "62 c328");
	assert_throws(lf_cbor_text(&cbor, "t", &span, &error), error, LF_ERROR_INPUT, "UTF-8");
	g_clear_error(&error);
	start(&cbor, &large, "3b ffffffffffffffff");
	assert_throws(lf_cbor_int(&cbor, "n", &signed_number, &error), error, LF_ERROR_INPUT,
		      "too large");
}

static void maps_are_looked_into(void **state)
{
	g_autoptr(GByteArray) bytes = lf_test_unhex("a3 20 01 01 02 61 61 80");
	g_autoptr(GError) error = NULL;
	LfSpan map = lf_test_span(bytes);
	LfSpan found;

	assert_ok(lf_cbor_find_int(map, "m", 1, &found, &error), error);
	assert_int_equal(found.data[0], 2);
	assert_ok(lf_cbor_find_int(map, "m", -1, &found, &error), error);
	assert_int_equal(found.data[0], 1);
	assert_ok(lf_cbor_find_text(map, "m", "a", &found, &error), error);
	assert_int_equal(found.data[0], 0x80);
	assert_ok(lf_cbor_find_int(map, "m", 3, &found, &error), error);
	assert_null(found.data);
}

static void a_key_that_stands_twice_is_refused(void **state)
{
	g_autoptr(GByteArray) bytes = lf_test_unhex("a3 01 02 02 03 01 04");
	g_autoptr(GByteArray) many = g_byte_array_new();
	g_autoptr(GError) error = NULL;
	LfSpan found;

	assert_throws(lf_cbor_find_int(lf_test_span(bytes), "m", 2, &found, &error), error,
		      LF_ERROR_INPUT, "stands twice");
	g_clear_error(&error);
	lf_cbor_put_map(many, LF_CBOR_MAX_PAIRS + 1);
	for (uint64_t i = 0; i < 2 * (LF_CBOR_MAX_PAIRS + 1); i++)
		lf_cbor_put_uint(many, i);
	assert_throws(lf_cbor_find_int(lf_test_span(many), "m", 2, &found, &error), error,
		      LF_ERROR_INPUT, "too many pairs");
}

static const struct CMUnitTest tests[] = {
	LF_TEST(every_number_comes_back),   LF_TEST(every_type_comes_back),
	LF_TEST(every_tag_comes_back),	    LF_TEST(what_fdo_does_not_allow_is_refused),
	LF_TEST(nesting_ends_at_the_limit), LF_TEST(very_deep_nesting_is_refused),
	LF_TEST(wrong_types_are_named),	    LF_TEST(limits_are_kept),
	LF_TEST(maps_are_looked_into),	    LF_TEST(a_key_that_stands_twice_is_refused),
};

int main(void)
{
	return LF_TEST_MAIN(tests);
}
