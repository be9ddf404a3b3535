// Signed messages and public keys: each kind verifies, each change is noticed.
#include "tests/unit/fdo.h"

typedef struct {
	LfKeyType type;
	LfKeyEncoding encoding;
	int64_t algorithm;
} Kind;

static const Kind kinds[] = {
	{ LF_KEY_SECP256R1, LF_KEY_X509, LF_COSE_ES256 },
	{ LF_KEY_SECP256R1, LF_KEY_X5CHAIN, LF_COSE_ES256 },
	{ LF_KEY_SECP256R1, LF_KEY_COSE, LF_COSE_ES256 },
	{ LF_KEY_SECP384R1, LF_KEY_X509, LF_COSE_ES384 },
	{ LF_KEY_SECP384R1, LF_KEY_COSE, LF_COSE_ES384 },
	{ LF_KEY_RSA2048RESTR, LF_KEY_X509, LF_COSE_RS256 },
	{ LF_KEY_RSAPKCS, LF_KEY_X509, LF_COSE_RS384 },
	{ LF_KEY_RSAPSS, LF_KEY_X5CHAIN, LF_COSE_PS384 },
};

static LfKey *parse_key(const GByteArray *bytes)
{
	g_autoptr(GError) error = NULL;
	LfCbor cbor;
	LfKey *key;

	lf_cbor_init(&cbor, lf_test_span(bytes));
	key = lf_key_parse(&cbor, "key", &error);
	assert_ok(key, error);
	return key;
}

static void parse_message(const GByteArray *bytes, LfCoseSign1 *ret)
{
	g_autoptr(GError) error = NULL;
	LfCbor cbor;

	lf_cbor_init(&cbor, lf_test_span(bytes));
	assert_ok(lf_cose_sign1_parse(&cbor, "message", ret, &error), error);
}

static void every_kind_of_key_verifies(void **state)
{
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		g_autoptr(EVP_PKEY) pkey = lf_test_key(kinds[i].type);
		g_autoptr(GByteArray) key_bytes = g_byte_array_new();
		g_autoptr(GByteArray) bytes = g_byte_array_new();
		g_autoptr(LfKey) key = NULL;
		g_autoptr(GError) error = NULL;
		LfCoseSign1 message;

		lf_test_put_key(key_bytes, kinds[i].type, kinds[i].encoding, pkey);
		lf_test_put_sign1(bytes, pkey, kinds[i].algorithm, lf_test_text("payload"));
		key = parse_key(key_bytes);
		parse_message(bytes, &message);
		assert_ok(lf_cose_sign1_verify(&message, key, &error), error);
	}
}

/* Whatever bit is wrong: it does not parse, or does not verify. */
static void every_flipped_bit_is_noticed(void **state)
{
	g_autoptr(EVP_PKEY) pkey = lf_test_key(LF_KEY_SECP256R1);
	g_autoptr(GByteArray) key_bytes = g_byte_array_new();
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	g_autoptr(LfKey) key = NULL;
	// The empty unprotected header is the one thing that is not signed.
	size_t unsigned_byte = 6;

	lf_test_put_key(key_bytes, LF_KEY_SECP256R1, LF_KEY_X509, pkey);
	lf_test_put_sign1(bytes, pkey, LF_COSE_ES256, lf_test_text("payload"));
	assert_int_equal(bytes->data[unsigned_byte], 0xa0);
	key = parse_key(key_bytes);
	for (size_t i = 0; i < bytes->len * 8; i++) {
		LfCoseSign1 message;
		LfCbor cbor;

		if (i / 8 == unsigned_byte)
			continue;
		bytes->data[i / 8] ^= (uint8_t)(1 << i % 8);
		lf_cbor_init(&cbor, lf_test_span(bytes));
		assert_false(lf_cose_sign1_parse(&cbor, "m", &message, NULL) &&
			     lf_cbor_end(&cbor, "m", NULL) &&
			     lf_cose_sign1_verify(&message, key, NULL));
		bytes->data[i / 8] ^= (uint8_t)(1 << i % 8);
	}
}

static void another_key_does_not_verify(void **state)
{
	g_autoptr(EVP_PKEY) pkey = lf_test_key(LF_KEY_SECP256R1);
	g_autoptr(EVP_PKEY) other = lf_test_key(LF_KEY_SECP256R1);
	g_autoptr(GByteArray) key_bytes = g_byte_array_new();
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	g_autoptr(LfKey) key = NULL;
	g_autoptr(GError) error = NULL;
	LfCoseSign1 message;

	lf_test_put_key(key_bytes, LF_KEY_SECP256R1, LF_KEY_X509, other);
	lf_test_put_sign1(bytes, pkey, LF_COSE_ES256, lf_test_text("payload"));
	key = parse_key(key_bytes);
	parse_message(bytes, &message);
	assert_throws(lf_cose_sign1_verify(&message, key, &error), error, LF_ERROR_TRUST,
		      "does not fit the key");
}

/* The signature is right, but not by the algorithm that belongs to the type of key. */
static void an_algorithm_of_another_type_is_refused(void **state)
{
	g_autoptr(EVP_PKEY) pkey = lf_test_key(LF_KEY_RSA2048RESTR);
	g_autoptr(GByteArray) key_bytes = g_byte_array_new();
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	g_autoptr(LfKey) key = NULL;
	g_autoptr(GError) error = NULL;
	LfCoseSign1 message;

	lf_test_put_key(key_bytes, LF_KEY_RSA2048RESTR, LF_KEY_X509, pkey);
	lf_test_put_sign1(bytes, pkey, LF_COSE_PS256, lf_test_text("payload"));
	key = parse_key(key_bytes);
	parse_message(bytes, &message);
	assert_throws(lf_cose_sign1_verify(&message, key, &error), error, LF_ERROR_TRUST,
		      "needs RS256");
}

static void one_key_is_equal_in_all_encodings(void **state)
{
	g_autoptr(EVP_PKEY) pkey = lf_test_key(LF_KEY_SECP384R1);
	g_autoptr(EVP_PKEY) other = lf_test_key(LF_KEY_SECP384R1);
	g_autoptr(GByteArray) other_bytes = g_byte_array_new();
	g_autoptr(LfKey) other_key = NULL;
	g_autofree char *fingerprint = lf_key_fingerprint(pkey);

	lf_test_put_key(other_bytes, LF_KEY_SECP384R1, LF_KEY_X509, other);
	other_key = parse_key(other_bytes);
	for (LfKeyEncoding encoding = LF_KEY_X509; encoding <= LF_KEY_COSE; encoding++) {
		g_autoptr(GByteArray) bytes = g_byte_array_new();
		g_autoptr(LfKey) key = NULL;
		g_autofree char *same = NULL;

		lf_test_put_key(bytes, LF_KEY_SECP384R1, encoding, pkey);
		key = parse_key(bytes);
		same = lf_key_fingerprint(key->pkey);
		assert_string_equal(same, fingerprint);
		assert_true(lf_key_equal(key, key));
		assert_false(lf_key_equal(key, other_key));
	}
}

static void a_cose_key_may_lack_its_kind_and_zeros(void **state)
{
	// RFC 8152, C.7: the key 'meriadoc'; its X with a zero in front, no kty.
	g_autoptr(GByteArray) bytes = lf_test_unhex(
		"83 0a 03 a3 20 01"
		"21 5821 00 65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d"
		"22 5820 1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c");
	g_autoptr(LfKey) key = parse_key(bytes);

	assert_int_equal(key->type, LF_KEY_SECP256R1);
	assert_int_equal(key->encoding, LF_KEY_COSE);
}

static void keys_that_are_none_are_refused(void **state)
{
	static const struct {
		const char *hex;
		LfErrorCode code;
		const char *message;
	} rows[] = {
		{ "83 0a 01 43 010203", LF_ERROR_INPUT, "no public key" },
		{ "83 02 01 40", LF_ERROR_UNSUPPORTED, "type 2" },
		{ "83 0a 00 40", LF_ERROR_UNSUPPORTED, "encoding 0" },
		{ "83 01 03 a0", LF_ERROR_UNSUPPORTED, "RSA key" },
		{ "83 0a 02 80", LF_ERROR_INPUT, "1 to 10 items" },
		{ "83 0a 02 81 41 00", LF_ERROR_INPUT, "no X.509 certificate" },
		{ "83 0a 03 a1 20 02", LF_ERROR_INPUT, "does not fit its type" },
		{ "83 0a 03 a3 20 01 21 41 01 22 41 01", LF_ERROR_INPUT, "not on the curve" },
		{ "82 0a 01", LF_ERROR_INPUT, "3 to 3 items" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GByteArray) bytes = lf_test_unhex(rows[i].hex);
		g_autoptr(GError) error = NULL;
		LfCbor cbor;

		lf_cbor_init(&cbor, lf_test_span(bytes));
		assert_throws(lf_key_parse(&cbor, "key", &error), error, rows[i].code,
			      rows[i].message);
	}
}

static void a_type_that_is_not_the_keys_is_refused(void **state)
{
	g_autoptr(EVP_PKEY) pkey = lf_test_key(LF_KEY_SECP256R1);
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	g_autoptr(GError) error = NULL;
	LfCbor cbor;

	lf_test_put_key(bytes, LF_KEY_SECP384R1, LF_KEY_X509, pkey);
	lf_cbor_init(&cbor, lf_test_span(bytes));
	assert_throws(lf_key_parse(&cbor, "key", &error), error, LF_ERROR_INPUT,
		      "a key of type SECP384R1 cannot be EC P-256");
}

static void messages_that_are_not_signed_ones_are_refused(void **state)
{
	static const struct {
		const char *hex;
		LfErrorCode code;
		const char *message;
	} rows[] = {
		{ "84 43a10126 a0 40 40", LF_ERROR_INPUT, "a tag is needed" },
		{ "d1 84 43a10126 a0 40 40", LF_ERROR_INPUT, "another tag" },
		{ "d2 83 43a10126 a0 40", LF_ERROR_INPUT, "4 to 4 items" },
		{ "d2 84 a10126 a0 40 40", LF_ERROR_INPUT, "a byte string is needed" },
		{ "d2 84 40 a0 40 40", LF_ERROR_INPUT, "the input ends" },
		{ "d2 84 41a0 a0 40 40", LF_ERROR_INPUT, "names no algorithm" },
		{ "d2 84 43a10126 a0 f6 40", LF_ERROR_INPUT, "a byte string is needed" },
		{ "d2 84 45a101260101 a0 40 40", LF_ERROR_INPUT, "there is more" },
		{ "d2 84 45a201260127 a0 40 40", LF_ERROR_INPUT, "stands twice" },
		{ "d2 84 46a20126028104 a0 40 40", LF_ERROR_UNSUPPORTED, "critical" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GByteArray) bytes = lf_test_unhex(rows[i].hex);
		g_autoptr(GError) error = NULL;
		LfCoseSign1 message;
		LfCbor cbor;

		lf_cbor_init(&cbor, lf_test_span(bytes));
		assert_throws(lf_cose_sign1_parse(&cbor, "m", &message, &error), error,
			      rows[i].code, rows[i].message);
	}
}

static const struct CMUnitTest tests[] = {
	LF_TEST(every_kind_of_key_verifies),
	LF_TEST(every_flipped_bit_is_noticed),
	LF_TEST(another_key_does_not_verify),
	LF_TEST(an_algorithm_of_another_type_is_refused),
	LF_TEST(one_key_is_equal_in_all_encodings),
	LF_TEST(a_cose_key_may_lack_its_kind_and_zeros),
	LF_TEST(keys_that_are_none_are_refused),
	LF_TEST(a_type_that_is_not_the_keys_is_refused),
	LF_TEST(messages_that_are_not_signed_ones_are_refused),
};

int main(void)
{
	return LF_TEST_MAIN(tests);
}
