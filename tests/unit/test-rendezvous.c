// RendezvousInfo: every variable comes out, what contradicts itself is refused.
#include "tests/unit/fdo.h"

#include "ztp/fdo/rendezvous.h"

static LfRendezvous *parse(const char *hex, GByteArray **keep, GError **error)
{
	LfCbor cbor;

	*keep = lf_test_unhex(hex);
	lf_cbor_init(&cbor, lf_test_span(*keep));
	return lf_rendezvous_parse(&cbor, error);
}

static void every_variable_comes_out(void **state)
{
	g_autoptr(GByteArray) bytes = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(LfRendezvous) rendezvous =
		parse("81 8e 8100 8202 45 44 c0000201 8203 43 191f90 8204 43 191f91"
		      "8205 48 67 72762e74657374 8208 41 f5 8209 45 64 73697465"
		      "820a 47 66 686964646e21 820b 41 0b 820c 41 02 820d 43 190e10 810e"
		      "820f 46 82 63 666f6f 01 8218c8 41 00",
		      &bytes, &error);
	const LfRvDirective *directive;

	assert_ok(rendezvous, error);
	assert_int_equal(rendezvous->directives->len, 1);
	directive = rendezvous->directives->pdata[0];
	assert_true(directive->is_device_only);
	assert_false(directive->is_owner_only);
	assert_true(directive->is_bypass);
	assert_true(directive->needs_user_input);
	assert_true(directive->has_wifi_password);
	assert_string_equal(directive->ip, "192.0.2.1");
	assert_string_equal(directive->dns, "rv.test");
	assert_string_equal(directive->wifi_ssid, "site");
	assert_string_equal(directive->external, "foo");
	assert_int_equal(directive->device_port, 8080);
	assert_int_equal(directive->owner_port, 8081);
	assert_int_equal(directive->medium, 11);
	assert_int_equal(directive->protocol, LF_RV_PROTOCOL_HTTPS);
	assert_true(directive->has_delay);
	assert_int_equal(directive->delay_s, 3600);
	assert_int_equal(directive->variables->len, 14);
}

static void json_has_all_but_the_password(void **state)
{
	g_autoptr(GByteArray) bytes = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(LfRendezvous) rendezvous =
		parse("81 86 8101 8205 48 67 72762e74657374 820a 47 66 686964646e21 820b 41 15"
		      "820c 41 06 8218c8 41 00",
		      &bytes, &error);
	g_autoptr(json_t) array = NULL;
	g_autofree char *text = NULL;

	assert_ok(rendezvous, error);
	array = lf_rendezvous_to_json(rendezvous);
	text = lf_json_print(array, false);
	assert_string_equal(text,
			    "[{\"for\":\"owner\",\"dns\":\"rv.test\",\"protocol\":\"coap+udp\","
			    "\"medium\":\"any wifi\",\"has_wifi_password\":true,"
			    "\"unknown_variables\":[200]}]");
	assert_null(strstr(text, "hiddn!"));
}

static void addresses_are_written_as_people_do(void **state)
{
	static const struct {
		const char *hex;
		const char *text;
	} rows[] = {
		{ "81 81 8202 45 44 7f000001", "127.0.0.1" },
		{ "81 81 8202 51 50 00000000000000000000ffffc0000201", "192.0.2.1" },
		{ "81 81 8202 51 50 20010db8000000000000000000000001", "2001:db8::1" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GByteArray) bytes = NULL;
		g_autoptr(GError) error = NULL;
		g_autoptr(LfRendezvous) rendezvous = parse(rows[i].hex, &bytes, &error);
		const LfRvDirective *directive;

		assert_ok(rendezvous, error);
		directive = rendezvous->directives->pdata[0];
		assert_string_equal(directive->ip, rows[i].text);
	}
}

static void certificate_hashes_are_read(void **state)
{
	g_autoptr(GByteArray) out = g_byte_array_new();
	g_autoptr(GByteArray) hash = g_byte_array_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(LfRendezvous) rendezvous = NULL;
	const LfRvDirective *directive;
	LfSpan text = lf_test_text("a certificate");
	LfCbor cbor;

	lf_test_put_hash(hash, LF_HASH_SHA384, text);
	lf_cbor_put_array(out, 1);
	lf_cbor_put_array(out, 2);
	for (uint64_t variable = 6; variable <= 7; variable++) {
		lf_cbor_put_array(out, 2);
		lf_cbor_put_uint(out, variable);
		lf_cbor_put_bytes(out, hash->data, hash->len);
	}
	lf_cbor_init(&cbor, lf_test_span(out));
	rendezvous = lf_rendezvous_parse(&cbor, &error);
	assert_ok(rendezvous, error);
	directive = rendezvous->directives->pdata[0];
	assert_true(lf_hash_matches(&directive->server_cert_hash, &text, 1));
	assert_true(lf_hash_matches(&directive->client_cert_hash, &text, 1));
}

static void flags_may_have_a_value(void **state)
{
	g_autoptr(GByteArray) bytes = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(LfRendezvous) rendezvous =
		parse("82 81 820e 41 f5 82 8101 8203 42 1850", &bytes, &error);
	const LfRvDirective *first, *second;

	assert_ok(rendezvous, error);
	first = rendezvous->directives->pdata[0];
	second = rendezvous->directives->pdata[1];
	assert_true(first->is_bypass);
	assert_int_equal(first->protocol, LF_RV_PROTOCOL_NONE);
	assert_int_equal(first->medium, -1);
	assert_false(first->has_delay);
	assert_true(second->is_owner_only);
	assert_int_equal(second->device_port, 80);
}

static void what_is_wrong_is_named(void **state)
{
	static const struct {
		const char *hex;
		const char *message;
	} rows[] = {
		{ "a0", "an array is needed" },
		{ "81 80", "1 to 64 items" },
		{ "81 81 80", "1 to 2 items" },
		{ "81 81 83 00 00 00", "1 to 2 items" },
		{ "81 81 81 20", "not negative" },
		{ "81 81 82 190100 40", "too large" },
		{ "81 81 81 02", "RVIPAddress has no value" },
		{ "81 82 8101 8101", "variable 1 stands twice" },
		{ "81 82 8203 42 1850 8203 42 1850", "variable 3 stands twice" },
		{ "81 81 8202 46 45 0102030405", "4 or 16 bytes, not 5" },
		{ "81 81 8203 41 00", "no port 0" },
		{ "81 81 8203 45 1a00010000", "RVDevPort: byte 0: the number is too large" },
		{ "81 81 8203 19 1f90", "RVDevPort: byte" },
		{ "81 81 8205 42 41 61", "RVDns: byte 0: a text is needed" },
		{ "81 81 8205 43 62 c328", "UTF-8" },
		{ "81 81 8205 43 61 61 00", "RVDns: byte 2: there is more" },
		{ "81 81 8206 44 82 2f 41 00", "RVSvCertHash: byte 2: 32 bytes are needed, not 1" },
		{ "81 81 8206 44 82 05 41 00", "5 is no type of hash" },
		{ "81 81 8208 41 01", "true or false is needed" },
		{ "81 81 820d 49 1b 0000000100000000", "too large" },
		{ "81 81 820f 41 80", "1 to 64 items" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GByteArray) bytes = NULL;
		g_autoptr(GError) error = NULL;

		assert_throws(parse(rows[i].hex, &bytes, &error), error, LF_ERROR_INPUT,
			      rows[i].message);
	}
}

static void there_is_a_limit_of_directives(void **state)
{
	g_autoptr(GByteArray) out = g_byte_array_new();
	g_autoptr(GError) error = NULL;
	LfCbor cbor;

	lf_cbor_put_array(out, LF_RV_MAX_DIRECTIVES + 1);
	for (size_t i = 0; i <= LF_RV_MAX_DIRECTIVES; i++)
		lf_cbor_put_array(out, 0);
	lf_cbor_init(&cbor, lf_test_span(out));
	assert_throws(lf_rendezvous_parse(&cbor, &error), error, LF_ERROR_INPUT,
		      "0 to 64 items is needed, this has 65");
}

static const struct CMUnitTest tests[] = {
	LF_TEST(every_variable_comes_out),
	LF_TEST(json_has_all_but_the_password),
	LF_TEST(addresses_are_written_as_people_do),
	LF_TEST(certificate_hashes_are_read),
	LF_TEST(flags_may_have_a_value),
	LF_TEST(what_is_wrong_is_named),
	LF_TEST(there_is_a_limit_of_directives),
};

int main(void)
{
	return LF_TEST_MAIN(tests);
}
