// Ownership Vouchers: what is in them comes out, each way to be wrong is found, nothing crashes.
#include "tests/unit/fdo.h"

#include "ztp/fdo/document.h"
#include "ztp/fdo/show.h"
#include "ztp/fdo/verdict.h"

static const LfTestVoucher small = {
	.type = LF_KEY_SECP256R1,
	.encoding = LF_KEY_X509,
	.hash = LF_HASH_SHA256,
	.hmac = LF_HASH_HMAC_SHA256,
	.n_entries = 3,
};

static LfVoucher *parse(const GByteArray *bytes)
{
	g_autoptr(GBytes) copy = g_bytes_new(bytes->data, bytes->len);
	g_autoptr(GError) error = NULL;
	LfVoucher *voucher = lf_voucher_parse(copy, &error);

	assert_ok(voucher, error);
	return voucher;
}

static void assert_all_ok(const LfVoucher *voucher, size_t n_checks)
{
	LfSpan secret = lf_test_text(LF_TEST_SECRET);
	g_autoptr(GPtrArray) verdicts = lf_verdicts_new();

	lf_voucher_verify(voucher, &secret, verdicts);
	for (guint i = 0; i < verdicts->len; i++) {
		const LfVerdict *verdict = verdicts->pdata[i];

		if (verdict->state != LF_VERDICT_OK)
			fail_msg("%s: %s", verdict->check, verdict->detail);
	}
	assert_int_equal(verdicts->len, n_checks);
}

static void vouchers_of_every_kind_verify(void **state)
{
	static const LfTestVoucher kinds[] = {
		{ LF_KEY_SECP256R1, LF_KEY_X509, LF_HASH_SHA256, LF_HASH_HMAC_SHA256, 3 },
		{ LF_KEY_SECP256R1, LF_KEY_X5CHAIN, LF_HASH_SHA256, LF_HASH_HMAC_SHA256, 1 },
		{ LF_KEY_SECP256R1, LF_KEY_COSE, LF_HASH_SHA256, LF_HASH_HMAC_SHA256, 2, true },
		{ LF_KEY_SECP384R1, LF_KEY_X509, LF_HASH_SHA384, LF_HASH_HMAC_SHA384, 2 },
		{ LF_KEY_RSA2048RESTR, LF_KEY_X509, LF_HASH_SHA256, LF_HASH_HMAC_SHA256, 1 },
		{ LF_KEY_SECP256R1, LF_KEY_X509, LF_HASH_SHA256, LF_HASH_HMAC_SHA256, 0 },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		g_autoptr(GByteArray) bytes = lf_test_voucher(&kinds[i]);
		g_autoptr(LfVoucher) voucher = parse(bytes);

		assert_int_equal(voucher->entries->len, kinds[i].n_entries);
		assert_all_ok(voucher, 3 + 3 * kinds[i].n_entries);
	}
}

static void what_the_header_says_comes_out(void **state)
{
	g_autoptr(GByteArray) bytes = lf_test_voucher(&small);
	g_autoptr(LfVoucher) voucher = parse(bytes);
	const LfVoucherEntry *last = voucher->entries->pdata[2];
	g_autofree char *guid = lf_guid_text(voucher->header->guid);

	assert_int_equal(voucher->header->version, 101);
	assert_string_equal(guid, "30313233-3435-3637-3839-616263646566");
	assert_string_equal(voucher->header->device_info, LF_TEST_INFO);
	assert_int_equal(voucher->header->manufacturer->type, LF_KEY_SECP256R1);
	assert_int_equal(voucher->hmac.type, LF_HASH_HMAC_SHA256);
	assert_int_equal(voucher->device_chain->certs->len, 2);
	assert_ptr_equal(lf_voucher_owner(voucher), last->owner);
	assert_false(lf_key_equal(last->owner, voucher->header->manufacturer));
}

static void certificates_show_subject_and_dates(void **state)
{
	g_autoptr(GByteArray) bytes = lf_test_voucher(&small);
	g_autoptr(LfVoucher) voucher = parse(bytes);
	g_autoptr(json_t) object = lf_voucher_to_json(voucher);
	json_t *leaf = json_array_get(json_object_get(object, "device_certificates"), 0);

	assert_string_equal(json_string_value(json_object_get(leaf, "subject")), "CN=device");
	assert_string_equal(json_string_value(json_object_get(leaf, "issuer")), "CN=ca");
	assert_string_equal(json_string_value(json_object_get(leaf, "not_before")),
			    "2026-01-02T03:04:05Z");
	assert_string_equal(json_string_value(json_object_get(leaf, "not_after")),
			    "2046-01-02T03:04:05Z");
}

static void without_entries_the_manufacturer_owns(void **state)
{
	LfTestVoucher wanted = small;
	g_autoptr(GByteArray) bytes = NULL;
	g_autoptr(LfVoucher) voucher = NULL;

	wanted.n_entries = 0;
	wanted.has_no_chain = true;
	bytes = lf_test_voucher(&wanted);
	voucher = parse(bytes);
	assert_null(voucher->device_chain);
	assert_ptr_equal(lf_voucher_owner(voucher), voucher->header->manufacturer);
	assert_all_ok(voucher, 2);
}

/* Exactly this check is bad; all others are not. */
static void assert_one_bad(const LfVoucher *voucher, const char *check)
{
	LfSpan secret = lf_test_text(LF_TEST_SECRET);
	g_autoptr(GPtrArray) verdicts = lf_verdicts_new();

	lf_voucher_verify(voucher, &secret, verdicts);
	for (guint i = 0; i < verdicts->len; i++) {
		const LfVerdict *verdict = verdicts->pdata[i];
		bool is_wanted = strcmp(verdict->check, check) == 0;

		if ((verdict->state == LF_VERDICT_BAD) != is_wanted)
			fail_msg("'%s' is %s; '%s' should be bad", verdict->check,
				 lf_verdict_state_name(verdict->state), check);
	}
	assert_int_equal(lf_verdicts_count(verdicts, LF_VERDICT_BAD), 1);
}

static void every_damage_is_found_where_it_is(void **state)
{
	static const struct {
		LfTestDamage damage;
		size_t entry;
		const char *check;
	} rows[] = {
		{ LF_DAMAGE_SIGNER, 0, "entry 0: signature by the owner before" },
		{ LF_DAMAGE_SIGNER, 2, "entry 2: signature by the owner before" },
		{ LF_DAMAGE_PREVIOUS_HASH, 0, "entry 0: hash of what is before" },
		{ LF_DAMAGE_PREVIOUS_HASH, 1, "entry 1: hash of what is before" },
		{ LF_DAMAGE_HEADER_HASH, 1, "entry 1: hash of GUID and device info" },
		{ LF_DAMAGE_HASH_KIND, 2, "entry 2: hash of GUID and device info" },
		{ LF_DAMAGE_CHAIN_HASH, 0, "device certificates: hash in the header" },
		{ LF_DAMAGE_CHAIN_LINK, 0, "device certificates: each signed by the next" },
		{ LF_DAMAGE_CHAIN_MISSING, 0, "device certificates: hash in the header" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		LfTestVoucher wanted = small;
		g_autoptr(GByteArray) bytes = NULL;
		g_autoptr(LfVoucher) voucher = NULL;

		wanted.damage = rows[i].damage;
		wanted.damaged = rows[i].entry;
		bytes = lf_test_voucher(&wanted);
		voucher = parse(bytes);
		assert_one_bad(voucher, rows[i].check);
	}
}

static void another_devices_secret_is_noticed(void **state)
{
	g_autoptr(GByteArray) bytes = lf_test_voucher(&small);
	g_autoptr(LfVoucher) voucher = parse(bytes);
	g_autoptr(GPtrArray) verdicts = lf_verdicts_new();
	LfSpan secret = lf_test_text("another secret");

	lf_voucher_verify(voucher, &secret, verdicts);
	assert_int_equal(lf_verdicts_count(verdicts, LF_VERDICT_BAD), 1);
	g_ptr_array_set_size(verdicts, 0);
	lf_voucher_verify(voucher, NULL, verdicts);
	assert_int_equal(lf_verdicts_count(verdicts, LF_VERDICT_OPEN), 1);
	assert_int_equal(lf_verdicts_count(verdicts, LF_VERDICT_BAD), 0);
}

/* The copy has exactly the size, so that a sanitizer sees reads behind it. */
static LfVoucher *parse_exact(const uint8_t *data, size_t size, GError **error)
{
	g_autoptr(GBytes) bytes = g_bytes_new(data, size);

	return lf_voucher_parse(bytes, error);
}

static void every_truncation_is_refused(void **state)
{
	g_autoptr(GByteArray) bytes = lf_test_voucher(&small);

	for (size_t size = 0; size < bytes->len; size++) {
		g_autoptr(GError) error = NULL;

		assert_throws(parse_exact(bytes->data, size, &error), error, LF_ERROR_INPUT,
			      "byte");
	}
}

/* A voucher with one wrong byte may parse, but then a check fails; it never passes as a whole. */
static void no_changed_byte_goes_unnoticed(void **state)
{
	LfTestVoucher wanted = small;
	g_autoptr(GByteArray) bytes = NULL;
	LfSpan secret = lf_test_text(LF_TEST_SECRET);
	size_t unnoticed = 0;

	wanted.n_entries = 1;
	bytes = lf_test_voucher(&wanted);
	for (size_t i = 0; i < bytes->len; i++) {
		g_autoptr(LfVoucher) voucher = NULL;
		g_autoptr(GPtrArray) verdicts = lf_verdicts_new();

		bytes->data[i] ^= 0x01;
		voucher = parse_exact(bytes->data, bytes->len, NULL);
		bytes->data[i] ^= 0x01;
		if (!voucher)
			continue;
		lf_voucher_verify(voucher, &secret, verdicts);
		unnoticed += lf_verdicts_count(verdicts, LF_VERDICT_BAD) == 0;
	}
	assert_int_equal(unnoticed, 0);
}

static void what_is_no_voucher_is_refused(void **state)
{
	static const struct {
		const char *hex;
		LfErrorCode code;
		const char *message;
	} rows[] = {
		{ "85 18 65 40 80 80 80", LF_ERROR_INPUT, "voucher header: byte 0" },
		{ "85 18 66 40 80 80 80", LF_ERROR_UNSUPPORTED, "protocol version 102" },
		{ "84 18 65 40 80 80", LF_ERROR_INPUT, "5 to 5 items" },
		{ "a0", LF_ERROR_INPUT, "an array is needed" },
		{ "9f", LF_ERROR_INPUT, "indefinite" },
		{ "85 18 65 5b 7fffffffffffffff 00", LF_ERROR_INPUT, "ends within" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GByteArray) bytes = lf_test_unhex(rows[i].hex);
		g_autoptr(GError) error = NULL;

		assert_throws(parse_exact(bytes->data, bytes->len, &error), error, rows[i].code,
			      rows[i].message);
	}
}

static LfDocument *parse_text(const char *text, GError **error)
{
	return lf_document_parse(lf_test_text(text), error);
}

static void armour_comes_off(void **state)
{
	g_autoptr(GByteArray) bytes = lf_test_voucher(&small);
	g_autofree char *base64 = g_base64_encode(bytes->data, bytes->len);
	g_autofree char *pem = g_strdup_printf("before\n-----BEGIN OWNERSHIP VOUCHER-----\n%s\n"
					       "-----END OWNERSHIP VOUCHER-----\nbehind\n",
					       base64);
	g_autofree char *digits = lf_span_hex(lf_test_span(bytes));
	g_autofree char *hex = g_strdup_printf(" %.*s\n%s\n", 100, digits, digits + 100);
	g_autoptr(GError) error = NULL;
	g_autoptr(LfDocument) from_pem = parse_text(pem, &error);
	g_autoptr(LfDocument) from_hex = parse_text(hex, &error);
	g_autoptr(LfDocument) from_cbor = lf_document_parse(lf_test_span(bytes), &error);

	assert_null(error);
	assert_all_ok(from_pem->voucher, 12);
	assert_all_ok(from_hex->voucher, 12);
	assert_all_ok(from_cbor->voucher, 12);
}

static void wrong_armour_is_refused(void **state)
{
	static const struct {
		const char *text;
		const char *message;
	} rows[] = {
		{ "", "the file is empty" },
		{ "-----BEGIN PRIVATE KEY-----\nAAAA\n", "no block 'OWNERSHIP VOUCHER'" },
		{ "-----BEGIN OWNERSHIP VOUCHER-----\nAAAA\n", "has no end" },
		{ "-----BEGIN OWNERSHIP VOUCHER-----\n\x01\n-----END OWNERSHIP VOUCHER-----\n",
		  "not base64" },
		{ "-----BEGIN OWNERSHIP VOUCHER-----\n-----END OWNERSHIP VOUCHER-----\n",
		  "the input ends here" },
		{ "85186", "a hexadecimal digit is missing" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;

		assert_throws(parse_text(rows[i].text, &error), error, LF_ERROR_INPUT,
			      rows[i].message);
	}
}

static void check_file(const char *name, size_t n_entries, LfKeyType owner)
{
	g_autoptr(GBytes) file = lf_test_fdo_file(name);
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) verdicts = lf_verdicts_new();
	g_autoptr(LfDocument) document = NULL;
	LfSpan span;

	span.data = g_bytes_get_data(file, &span.size);
	document = lf_document_parse(span, &error);
	assert_ok(document, error);
	assert_int_equal(document->voucher->entries->len, n_entries);
	assert_int_equal(lf_voucher_owner(document->voucher)->type, owner);
	lf_voucher_verify(document->voucher, NULL, verdicts);
	assert_int_equal(verdicts->len, 3 + 3 * n_entries);
	assert_int_equal(lf_verdicts_count(verdicts, LF_VERDICT_OK), verdicts->len - 1);
}

static void vouchers_that_others_made_verify(void **state)
{
	lf_test_need_fdo_data();
	check_file("go-fdo/ov.pem", 0, LF_KEY_SECP384R1);
	check_file("go-fdo/ov_extended.pem", 6, LF_KEY_RSA2048RESTR);
	check_file("conformance/interop-voucher.cbor.hex", 3, LF_KEY_SECP384R1);
}

static GByteArray *take_hex(const json_t *session, const char *key)
{
	const char *digits = json_string_value(json_object_get(session, key));

	assert_non_null(digits);
	return lf_test_unhex(digits);
}

/* Before onboarding and after it, with the secret that the recording has. */
static void check_session(const char *path)
{
	static const char *const keys[] = { "voucher_after_extension_cbor_hex",
					    "replacement_voucher_cbor_hex" };
	g_autoptr(GError) error = NULL;
	g_autoptr(json_t) session = lf_json_load(path, &error);
	g_autoptr(GByteArray) secret = NULL;

	assert_ok(session, error);
	secret = take_hex(session, "hmac_secret_hex");
	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
		g_autoptr(GByteArray) bytes = NULL;
		g_autoptr(LfVoucher) voucher = NULL;
		g_autoptr(GPtrArray) verdicts = lf_verdicts_new();
		LfSpan key = lf_test_span(secret);

		if (!json_string_length(json_object_get(session, keys[i])))
			continue;
		bytes = take_hex(session, keys[i]);
		voucher = parse(bytes);
		lf_voucher_verify(voucher, &key, verdicts);
		if (lf_verdicts_count(verdicts, LF_VERDICT_OK) != verdicts->len)
			fail_msg("%s: a check of %s fails", path, keys[i]);
	}
}

static void vouchers_of_recorded_sessions_verify(void **state)
{
	g_autoptr(GDir) dir = NULL;
	const char *name;
	size_t n = 0;

	lf_test_need_fdo_data();
	dir = g_dir_open(LF_TEST_FDO_DATA "/transcripts", 0, NULL);
	assert_non_null(dir);
	while ((name = g_dir_read_name(dir))) {
		g_autofree char *path =
			g_build_filename(LF_TEST_FDO_DATA "/transcripts", name, NULL);

		check_session(path);
		n++;
	}
	assert_int_equal(n, 20);
}

static const struct CMUnitTest tests[] = {
	LF_TEST(vouchers_of_every_kind_verify),
	LF_TEST(what_the_header_says_comes_out),
	LF_TEST(certificates_show_subject_and_dates),
	LF_TEST(without_entries_the_manufacturer_owns),
	LF_TEST(every_damage_is_found_where_it_is),
	LF_TEST(another_devices_secret_is_noticed),
	LF_TEST(every_truncation_is_refused),
	LF_TEST(no_changed_byte_goes_unnoticed),
	LF_TEST(what_is_no_voucher_is_refused),
	LF_TEST(armour_comes_off),
	LF_TEST(wrong_armour_is_refused),
	LF_TEST(vouchers_that_others_made_verify),
	LF_TEST(vouchers_of_recorded_sessions_verify),
};

int main(void)
{
	return LF_TEST_MAIN(tests);
}
