// `landfall-fdo inspect`, run as an operator runs it: on vouchers and credentials that are made
// here.
#include "tests/files/program.h"
#include "tests/unit/fdo.h"

#include "base/json.h"
#include "base/proc.h"

#define CREDENTIAL "device.bin"
#define VOUCHER	   "voucher.bin"

#define INSPECT(dir, status, ...)                                                                  \
	run_program(dir, status, (const char *[]){ NULL, "inspect", __VA_ARGS__, NULL })

#define ALL_LINES "\n--\n"

static void collect(const char *line, void *user_data)
{
	g_string_append_printf(user_data, "%s\n", line);
}

/* Returns: (transfer full): its standard output; behind ALL_LINES this again, with standard error.
 */
static char *run_program(const char *dir, int wanted_status, const char **argv)
{
	g_autofree char *path = lf_test_program("landfall-fdo");
	g_autoptr(GString) lines = g_string_new(ALL_LINES);
	g_autofree char *output = NULL;
	g_autoptr(GError) error = NULL;
	int status = -1;
	LfProc proc = { .argv = argv, .cwd = dir, .on_line = collect, .user_data = lines };

	argv[0] = path;
	assert_ok(lf_proc_status(&proc, &status, &output, &error), error);
	if (status != wanted_status)
		fail_msg("status %d, not %d: %s", status, wanted_status, lines->str);
	return g_strconcat(output, lines->str, NULL);
}

static void put(const char *dir, const char *name, const GByteArray *bytes)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);

	assert_true(g_file_set_contents(path, (const char *)bytes->data, (gssize)bytes->len, NULL));
}

/* The manufacturer's key as it stands in the voucher's header. */
static LfSpan manufacturer_key(const GByteArray *voucher)
{
	LfSpan header, item;
	size_t length;
	uint64_t version;
	LfCbor cbor;

	lf_cbor_init(&cbor, lf_test_span(voucher));
	assert_true(lf_cbor_array(&cbor, "v", 5, 5, &length, NULL));
	assert_true(lf_cbor_uint(&cbor, "v", 101, &version, NULL));
	assert_true(lf_cbor_bytes(&cbor, "v", &header, NULL));
	lf_cbor_init(&cbor, header);
	assert_true(lf_cbor_array(&cbor, "h", 6, 6, &length, NULL));
	for (size_t i = 0; i < 5; i++)
		assert_true(lf_cbor_item(&cbor, "h", &item, NULL));
	return item;
}

static GByteArray *credential_for(const GByteArray *voucher, EVP_PKEY *device, const char *secret)
{
	GByteArray *out = g_byte_array_new();
	unsigned char *der = NULL;
	int size = i2d_PrivateKey(device, &der);

	lf_cbor_put_array(out, 8);
	lf_cbor_put_bool(out, true);
	lf_cbor_put_uint(out, 101);
	lf_cbor_put_text(out, LF_TEST_INFO);
	lf_cbor_put_bytes(out, LF_TEST_GUID, 16);
	lf_test_put_rendezvous(out);
	lf_test_put_hash(out, LF_HASH_SHA256, manufacturer_key(voucher));
	lf_cbor_put_bytes(out, secret, strlen(secret));
	lf_cbor_put_bytes(out, der, (size_t)size);
	OPENSSL_free(der);
	return out;
}

static void put_pair(const char *dir, LfTestDamage damage, const char *secret)
{
	g_autoptr(EVP_PKEY) device = lf_test_key(LF_KEY_SECP256R1);
	LfTestVoucher wanted = {
		.type = LF_KEY_SECP256R1,
		.encoding = LF_KEY_X509,
		.hash = LF_HASH_SHA256,
		.hmac = LF_HASH_HMAC_SHA256,
		.n_entries = 2,
		.damage = damage,
		.damaged = 1,
		.device = device,
	};
	g_autoptr(GByteArray) voucher = lf_test_voucher(&wanted);
	g_autoptr(GByteArray) credential = credential_for(voucher, device, secret);

	put(dir, VOUCHER, voucher);
	put(dir, CREDENTIAL, credential);
}

static void a_whole_voucher_ends_with_status_0(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *output = NULL;

	put_pair(dir, LF_DAMAGE_NONE, LF_TEST_SECRET);
	output = INSPECT(dir, 0, VOUCHER);
	assert_contains(output, "device info: " LF_TEST_INFO);
	assert_contains(output, "dns: rv.test");
	assert_contains(output, "protocol: https");
	assert_contains(output, "device port: 8080");
	assert_contains(output, "subject: CN=device");
	assert_contains(output, "  entry 1\n");
	assert_contains(output, "open header: HMAC by the device");
	assert_contains(output, "ok   entry 1: signature by the owner before");
}

static void voucher_and_credential_prove_each_other(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *good = NULL;
	g_autofree char *bad = NULL;

	put_pair(dir, LF_DAMAGE_NONE, LF_TEST_SECRET);
	good = INSPECT(dir, 0, VOUCHER, CREDENTIAL);
	assert_contains(good, "ok   header: HMAC by the device");
	assert_contains(good, "ok   manufacturer key: hash in the credential");
	assert_contains(good, "ok   device certificates: key of the credential");
	put_pair(dir, LF_DAMAGE_NONE, "another secret");
	bad = INSPECT(dir, 5, CREDENTIAL, VOUCHER);
	assert_contains(bad, "bad  header: HMAC by the device");
	assert_contains(bad, "1 of 11 checks failed");
}

static void a_damaged_voucher_ends_with_status_5(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *output = NULL;

	put_pair(dir, LF_DAMAGE_SIGNER, LF_TEST_SECRET);
	output = INSPECT(dir, 5, VOUCHER);
	assert_contains(output, "bad  entry 1: signature by the owner before");
	assert_contains(output, "'" VOUCHER "': 1 of 9 checks failed");
}

static void json_tells_all_files_also_those_that_cannot_be_read(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *output = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(json_t) array = NULL;
	const char *end;

	put_pair(dir, LF_DAMAGE_NONE, LF_TEST_SECRET);
	output = INSPECT(dir, 2, "--json", VOUCHER, CREDENTIAL, "nowhere");
	end = strstr(output, ALL_LINES);
	assert_non_null(end);
	array = lf_json_parse(output, (size_t)(end - output), "output", &error);
	assert_ok(array, error);
	assert_int_equal(json_array_size(array), 3);
	assert_int_equal(json_array_size(json_object_get(json_array_get(array, 0), "checks")), 11);
	assert_non_null(json_object_get(json_array_get(array, 1), "credential"));
	assert_string_equal(json_string_value(json_object_get(json_array_get(array, 2), "class")),
			    "input");
}

/* Neither as text nor in hexadecimal, in no form of output. */
static void no_secret_is_printed(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *hex = lf_span_hex(lf_test_text(LF_TEST_SECRET));
	g_autofree char *text = NULL;
	g_autofree char *json = NULL;

	put_pair(dir, LF_DAMAGE_NONE, LF_TEST_SECRET);
	text = INSPECT(dir, 0, CREDENTIAL, VOUCHER);
	json = INSPECT(dir, 0, "--json", CREDENTIAL, VOUCHER);
	hex[16] = '\0';
	assert_contains(text, "hmac secret bytes: 32");
	assert_null(strstr(text, "the secret"));
	assert_null(strstr(json, "the secret"));
	assert_null(strstr(text, hex));
	assert_null(strstr(json, hex));
}

static void what_is_missing_is_said(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *nothing = run_program(dir, 2, (const char *[]){ NULL, "inspect", NULL });
	g_autofree char *verb = run_program(dir, 2, (const char *[]){ NULL, "inspekt", NULL });
	g_autofree char *help = run_program(dir, 0, (const char *[]){ NULL, "--help", NULL });

	assert_contains(nothing, "no file to inspect");
	assert_contains(verb, "did you mean 'inspect'?");
	assert_contains(help, "  inspect ");
}

static const struct CMUnitTest tests[] = {
	LF_TEST(a_whole_voucher_ends_with_status_0),
	LF_TEST(voucher_and_credential_prove_each_other),
	LF_TEST(a_damaged_voucher_ends_with_status_5),
	LF_TEST(json_tells_all_files_also_those_that_cannot_be_read),
	LF_TEST(no_secret_is_printed),
	LF_TEST(what_is_missing_is_said),
};

int main(void)
{
	return LF_TEST_MAIN(tests);
}
