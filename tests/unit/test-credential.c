// Device credentials: each layout is read, and no secret ever shows.
#include "tests/unit/fdo.h"

#include "ztp/fdo/document.h"
#include "ztp/fdo/show.h"

static LfCredential *parse_exact(const uint8_t *data, size_t size, GError **error)
{
	return lf_credential_parse(g_bytes_new(data, size), error);
}

static void put_common(GByteArray *out)
{
	lf_cbor_put_uint(out, 101);
	lf_cbor_put_text(out, LF_TEST_INFO);
	lf_cbor_put_bytes(out, LF_TEST_GUID, 16);
	lf_test_put_rendezvous(out);
	lf_test_put_hash(out, LF_HASH_SHA256, lf_test_text("owner"));
}

static void put_private_key(GByteArray *out, EVP_PKEY *pkey)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
	unsigned char *der = NULL;
	int size = i2d_PKCS8_PRIV_KEY_INFO(info, &der);

	assert_true(size > 0);
	lf_cbor_put_bytes(out, der, (size_t)size);
	OPENSSL_free(der);
	PKCS8_PRIV_KEY_INFO_free(info);
}

/* As go-fdo writes it. */
static GByteArray *credential_of(EVP_PKEY *pkey)
{
	GByteArray *out = g_byte_array_new();

	lf_cbor_put_array(out, 8);
	lf_cbor_put_bool(out, true);
	put_common(out);
	lf_cbor_put_bytes(out, LF_TEST_SECRET, strlen(LF_TEST_SECRET));
	put_private_key(out, pkey);
	return out;
}

static void put_octets(GByteArray *out, const char *octets)
{
	size_t size = strlen(octets);

	lf_cbor_put_array(out, size);
	for (size_t i = 0; i < size; i++)
		lf_cbor_put_uint(out, (uint8_t)octets[i]);
}

static void go_fdos_layout_is_read(void **state)
{
	g_autoptr(EVP_PKEY) pkey = lf_test_key(LF_KEY_SECP384R1);
	g_autoptr(GByteArray) bytes = credential_of(pkey);
	g_autoptr(GError) error = NULL;
	g_autoptr(LfCredential) credential = parse_exact(bytes->data, bytes->len, &error);

	assert_ok(credential, error);
	assert_int_equal(credential->layout, LF_CREDENTIAL_GO);
	assert_true(credential->is_active);
	assert_int_equal(credential->version, 101);
	assert_string_equal(credential->device_info, LF_TEST_INFO);
	assert_memory_equal(credential->guid.data, LF_TEST_GUID, 16);
	assert_int_equal(credential->rendezvous->directives->len, 1);
	assert_int_equal(credential->owner_key_hash.type, LF_HASH_SHA256);
	assert_int_equal(lf_secret_size(credential->hmac_secret), strlen(LF_TEST_SECRET));
	assert_memory_equal(lf_secret_data(credential->hmac_secret), LF_TEST_SECRET,
			    strlen(LF_TEST_SECRET));
	assert_int_equal(EVP_PKEY_eq(credential->key, pkey), 1);
}

static void a_tpms_layout_is_read(void **state)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(LfCredential) credential = NULL;

	lf_cbor_put_array(bytes, 7);
	put_common(bytes);
	lf_cbor_put_uint(bytes, 11);
	lf_cbor_put_uint(bytes, 0x81020002);
	credential = parse_exact(bytes->data, bytes->len, &error);
	assert_ok(credential, error);
	assert_int_equal(credential->layout, LF_CREDENTIAL_TPM);
	assert_int_equal(credential->tpm_key_type, 11);
	assert_int_equal(credential->tpm_key_handle, 0x81020002);
	assert_null(credential->hmac_secret);
	assert_null(credential->key);
}

static void the_file_of_fdo_rs_is_read(void **state)
{
	g_autoptr(GBytes) file = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(LfDocument) document = NULL;
	LfSpan span;

	lf_test_need_fdo_data();
	file = lf_test_fdo_file("go-fdo/dc.bin");
	span.data = g_bytes_get_data(file, &span.size);
	document = lf_document_parse(span, &error);
	assert_ok(document, error);
	assert_null(document->voucher);
	assert_int_equal(document->credential->layout, LF_CREDENTIAL_RS);
	assert_string_equal(document->credential->device_info, "go.fdo.example");
	assert_int_equal(document->credential->rendezvous->directives->len, 2);
	assert_int_equal(document->credential->owner_key_hash.type, LF_HASH_SHA384);
	assert_int_equal(lf_secret_size(document->credential->hmac_secret), 32);
	assert_non_null(document->credential->key);
}

static void no_secret_is_shown(void **state)
{
	g_autoptr(EVP_PKEY) pkey = lf_test_key(LF_KEY_SECP256R1);
	g_autoptr(GByteArray) bytes = credential_of(pkey);
	g_autoptr(GError) error = NULL;
	g_autoptr(LfCredential) credential = parse_exact(bytes->data, bytes->len, &error);
	g_autoptr(json_t) object = NULL;
	g_autofree char *text = NULL;
	g_autofree char *hmac = lf_span_hex(lf_test_text(LF_TEST_SECRET));
	g_autofree char *key = NULL;

	assert_ok(credential, error);
	object = lf_credential_to_json(credential);
	text = lf_json_print(object, true);
	key = lf_span_hex((LfSpan){ lf_secret_data(credential->private_key),
				    lf_secret_size(credential->private_key) });
	assert_contains(text, LF_TEST_INFO);
	assert_null(strstr(text, LF_TEST_SECRET));
	// Sixteen digits of it, from anywhere within the secret numbers.
	hmac[16] = '\0';
	assert_null(strstr(text, hmac));
	for (size_t i = 72; i + 16 <= 136; i += 2) {
		g_autofree char *part = g_strndup(key + i, 16);

		assert_null(strstr(text, part));
	}
}

/* The bytes were given away; afterwards nothing of them is left in memory. */
static void secrets_are_overwritten(void **state)
{
	g_autoptr(EVP_PKEY) pkey = lf_test_key(LF_KEY_SECP256R1);
	g_autoptr(GByteArray) original = credential_of(pkey);
	g_autofree char *memory = g_memdup2(original->data, original->len);
	g_autoptr(GError) error = NULL;
	LfCredential *credential = lf_credential_parse(
		g_bytes_new_with_free_func(memory, original->len, NULL, NULL), &error);

	assert_ok(credential, error);
	assert_non_null(memmem(memory, original->len, LF_TEST_SECRET, strlen(LF_TEST_SECRET)));
	lf_credential_free(credential);
	for (size_t i = 0; i < original->len; i++)
		assert_int_equal(memory[i], 0);
}

static void every_truncation_is_refused(void **state)
{
	g_autoptr(EVP_PKEY) pkey = lf_test_key(LF_KEY_SECP256R1);
	g_autoptr(GByteArray) bytes = credential_of(pkey);

	for (size_t size = 0; size < bytes->len; size++) {
		g_autoptr(GError) error = NULL;

		assert_throws(parse_exact(bytes->data, size, &error), error, LF_ERROR_INPUT,
			      "byte");
	}
}

static void wrong_secrets_are_refused(void **state)
{
	static const struct {
		const char *secrets; // what stands where HMAC secret and private key should
		const char *message;
	} rows[] = {
		{ "40 40", "HMAC secret: it is empty" },
		{ "41 01 40", "private key: it is empty" },
		{ "41 01 41 01", "private key: it cannot be read" },
		{ "82 190100 01 41 01", "too large" },
		{ "82 20 01 41 01", "not negative" },
		{ "991001 01 01", "longer than the input" },
		{ "a0 40", "an array is needed" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GByteArray) bytes = g_byte_array_new();
		g_autoptr(GByteArray) secrets = lf_test_unhex(rows[i].secrets);
		g_autoptr(GError) error = NULL;

		lf_cbor_put_array(bytes, 8);
		lf_cbor_put_bool(bytes, true);
		put_common(bytes);
		g_byte_array_append(bytes, secrets->data, secrets->len);
		assert_throws(parse_exact(bytes->data, bytes->len, &error), error, LF_ERROR_INPUT,
			      rows[i].message);
	}
}

static void too_long_a_secret_is_refused(void **state)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	g_autoptr(GError) error = NULL;
	g_autofree uint8_t *large = g_malloc0(5000);

	lf_cbor_put_array(bytes, 8);
	lf_cbor_put_bool(bytes, true);
	put_common(bytes);
	lf_cbor_put_bytes(bytes, large, 5000);
	lf_cbor_put_bytes(bytes, large, 1);
	assert_throws(parse_exact(bytes->data, bytes->len, &error), error, LF_ERROR_INPUT,
		      "HMAC secret: it is too long");
}

static void secrets_as_numbers_need_both_members(void **state)
{
	static const char *const names[][2] = { { "hmac_secret", "private_kez" },
						{ "hmac_sekret", "private_key" } };

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autoptr(GByteArray) bytes = g_byte_array_new();
		g_autoptr(GError) error = NULL;

		lf_cbor_put_array(bytes, 7);
		lf_cbor_put_bool(bytes, false);
		put_common(bytes);
		lf_cbor_put_map(bytes, 1);
		lf_cbor_put_text(bytes, "Plain");
		lf_cbor_put_map(bytes, 2);
		for (size_t j = 0; j < 2; j++) {
			lf_cbor_put_text(bytes, names[i][j]);
			put_octets(bytes, LF_TEST_SECRET);
		}
		assert_throws(parse_exact(bytes->data, bytes->len, &error), error, LF_ERROR_INPUT,
			      i == 0 ? "there is no 'private_key'" : "there is no 'hmac_secret'");
	}
}

static const struct CMUnitTest tests[] = {
	LF_TEST(go_fdos_layout_is_read),
	LF_TEST(a_tpms_layout_is_read),
	LF_TEST(the_file_of_fdo_rs_is_read),
	LF_TEST(no_secret_is_shown),
	LF_TEST(secrets_are_overwritten),
	LF_TEST(every_truncation_is_refused),
	LF_TEST(wrong_secrets_are_refused),
	LF_TEST(too_long_a_secret_is_refused),
	LF_TEST(secrets_as_numbers_need_both_members),
};

int main(void)
{
	return LF_TEST_MAIN(tests);
}
