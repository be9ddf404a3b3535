// The recovery key: its form, and that only the certificate's owner can read it.
#include <string.h>

#include "base/proc.h"
#include "base/escrow.h"
#include "tests/unit/test.h"

#define OPENSSL "/usr/bin/openssl"

static char *make_certificate(const char *dir, const char *name, const char *algorithm)
{
	g_autofree char *key = g_strdup_printf("%s/%s.key", dir, name);
	char *path = g_strdup_printf("%s/%s.pem", dir, name);
	g_autoptr(GError) error = NULL;
	LfProc proc = { .argv = LF_PROC_ARGV(OPENSSL, "req", "-x509", "-newkey", algorithm,
					     "-nodes", "-subj", "/CN=escrow", "-days", "2",
					     "-keyout", key, "-out", path) };

	assert_ok(lf_proc_run(&proc, NULL, &error), error);
	return path;
}

static GBytes *read_bytes(const char *path)
{
	char *data = NULL;
	gsize size = 0;

	assert_true(g_file_get_contents(path, &data, &size, NULL));
	return g_bytes_new_take(data, size);
}

static bool decrypt(const char *dir, const char *name, const char *cms, char **ret_text)
{
	g_autofree char *key = g_strdup_printf("%s/%s.key", dir, name);
	g_autofree char *in = g_strdup_printf("%s/sealed.pem", dir);
	g_autoptr(GError) error = NULL;
	LfProc proc = { .argv = LF_PROC_ARGV(OPENSSL, "cms", "-decrypt", "-inform", "PEM",
					     "-binary", "-in", in, "-inkey", key) };

	assert_true(g_file_set_contents(in, cms, -1, NULL));
	return lf_proc_run(&proc, ret_text, &error);
}

static void the_owner_of_the_certificate_reads_the_key(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *path = make_certificate(dir, "owner", "rsa:2048");
	g_autoptr(GBytes) certificate = read_bytes(path);
	g_autoptr(LfSecret) key = lf_escrow_recovery_key(NULL);
	g_autoptr(GError) error = NULL;
	g_autofree char *cms = lf_escrow_seal(certificate, key, &error);
	g_autofree char *text = NULL;

	assert_ok(cms != NULL, error);
	assert_true(g_str_has_prefix(cms, "-----BEGIN CMS-----\n"));
	assert_null(strstr(cms, lf_secret_data(key)));
	assert_true(decrypt(dir, "owner", cms, &text));
	assert_string_equal(text, lf_secret_data(key));
}

static void a_stranger_does_not(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *path = make_certificate(dir, "owner", "rsa:2048");
	g_autofree char *other = make_certificate(dir, "stranger", "rsa:2048");
	g_autoptr(GBytes) certificate = read_bytes(path);
	g_autoptr(LfSecret) key = lf_escrow_recovery_key(NULL);
	g_autoptr(GError) error = NULL;
	g_autofree char *cms = lf_escrow_seal(certificate, key, &error);
	g_autofree char *text = NULL;

	assert_ok(cms != NULL, error);
	if (decrypt(dir, "stranger", cms, &text))
		assert_string_not_equal(text, lf_secret_data(key));
}

static void a_certificate_in_der_is_taken_too(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *path = make_certificate(dir, "owner", "rsa:3072");
	g_autofree char *der = g_strconcat(path, ".der", NULL);
	LfProc proc = { .argv = LF_PROC_ARGV(OPENSSL, "x509", "-in", path, "-outform", "DER",
					     "-out", der) };
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) certificate = NULL;

	assert_ok(lf_proc_run(&proc, NULL, &error), error);
	certificate = read_bytes(der);
	assert_ok(lf_escrow_check(certificate, &error), error);
}

static void what_cannot_keep_a_secret_is_refused(void **state)
{
	static const struct {
		const char *algorithm;
		LfErrorCode code;
		const char *text;
	} rows[] = {
		{ "rsa:1024", LF_ERROR_UNSUPPORTED, "1024 bits" },
		{ "ed25519", LF_ERROR_UNSUPPORTED, "not RSA" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(LfTestDir) dir = lf_test_dir();
		g_autofree char *path = make_certificate(dir, "weak", rows[i].algorithm);
		g_autoptr(GBytes) certificate = read_bytes(path);
		g_autoptr(LfSecret) key = lf_secret_new_text("x");
		g_autoptr(GError) error = NULL;

		assert_throws(lf_escrow_check(certificate, &error), error, rows[i].code,
			      rows[i].text);
		g_clear_error(&error);
		assert_throws(lf_escrow_seal(certificate, key, &error), error, rows[i].code,
			      rows[i].text);
	}
}

static void what_is_no_certificate_is_refused(void **state)
{
	static const char *const texts[] = { "", "hello", "-----BEGIN CERTIFICATE-----\nAAAA\n",
					     "0\x82\xff\xff" };

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(GBytes) bytes = g_bytes_new(texts[i], strlen(texts[i]));
		g_autoptr(GError) error = NULL;

		assert_throws(lf_escrow_check(bytes, &error), error, LF_ERROR_INPUT, "certificate");
	}
}

static void a_recovery_key_has_systemds_form_and_is_never_the_same(void **state)
{
	g_autoptr(LfSecret) first = lf_escrow_recovery_key(NULL);
	g_autoptr(LfSecret) second = lf_escrow_recovery_key(NULL);
	const char *text = lf_secret_data(first);

	assert_int_equal(lf_secret_size(first), 71);
	assert_int_equal(strlen(text), 71);
	for (size_t i = 0; i < 71; i++) {
		if (i % 9 == 8)
			assert_int_equal(text[i], '-');
		else
			assert_non_null(strchr("cbdefghijklnrtuv", text[i]));
	}
	assert_false(lf_secret_equal(first, second));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(the_owner_of_the_certificate_reads_the_key),
		LF_TEST(a_stranger_does_not),
		LF_TEST(a_certificate_in_der_is_taken_too),
		LF_TEST(what_cannot_keep_a_secret_is_refused),
		LF_TEST(what_is_no_certificate_is_refused),
		LF_TEST(a_recovery_key_has_systemds_form_and_is_never_the_same),
	};

	return LF_TEST_MAIN(tests);
}
