// Signed reports: the openssl program gives the text back, and refuses one that was changed.
#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "base/proc.h"
#include "installer/report/sign.h"
#include "tests/unit/test.h"

#define OPENSSL "/usr/bin/openssl"

static const char text[] = "{\"v\":1,\"step\":\"install\",\"state\":\"done\"}";

static char *in(const char *dir, const char *name)
{
	return g_build_filename(dir, name, NULL);
}

static char *run(const char *const *argv, GError **error)
{
	char *output = NULL;

	lf_proc_run(&(LfProc){ .argv = argv }, &output, error);
	return output;
}

// A key of this kind with a certificate of its own.
static void make_key(const char *dir, const char *kind, const char *option)
{
	g_autofree char *key = in(dir, "machine.key");
	g_autofree char *cert = in(dir, "machine.pem");
	g_autofree char *output = NULL;
	g_autoptr(GError) error = NULL;

	output = run(LF_PROC_ARGV(OPENSSL, "req", "-x509", "-nodes", "-days", "2", "-subj",
				  "/CN=machine", "-newkey", kind, "-pkeyopt", option, "-keyout",
				  key, "-out", cert),
		     &error);
	assert_null(error);
}

static char *sign(const char *dir, GError **error)
{
	g_autofree char *key = in(dir, "machine.key");
	g_autofree char *cert = in(dir, "machine.pem");

	return lf_sign_text(text, strlen(text), cert, key, error);
}

static char *verify(const char *dir, const char *pem, GError **error)
{
	g_autofree char *path = in(dir, "report.pem");
	g_autofree char *cert = in(dir, "machine.pem");

	assert_true(lf_write_file_at(AT_FDCWD, path, pem, strlen(pem), 0600, error));
	return run(LF_PROC_ARGV(OPENSSL, "cms", "-verify", "-binary", "-inform", "PEM", "-in", path,
				"-CAfile", cert, "-purpose", "any"),
		   error);
}

static void openssl_gives_the_signed_text_back(void **state)
{
	static const struct {
		const char *kind, *option;
	} rows[] = { { "ec", "ec_paramgen_curve:prime256v1" },
		     { "ec", "ec_paramgen_curve:secp384r1" },
		     { "rsa", "rsa_keygen_bits:2048" } };

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(LfTestDir) dir = lf_test_dir();
		g_autoptr(GError) error = NULL;
		g_autofree char *pem = NULL;
		g_autofree char *back = NULL;

		make_key(dir, rows[i].kind, rows[i].option);
		pem = sign(dir, &error);
		assert_ok(pem, error);
		back = verify(dir, pem, &error);
		assert_ok(back, error);
		assert_string_equal(back, text);
	}
}

// Changes one byte of the text inside: DER holds it as it is.
static char *with_a_byte_changed(const char *pem)
{
	g_auto(GStrv) lines = g_strsplit(pem, "\n", -1);
	g_autoptr(GString) base64 = g_string_new(NULL);
	g_autofree guchar *der = NULL;
	g_autofree char *again = NULL;
	gsize size;
	char *at;

	for (char **line = lines; *line; line++)
		if (!g_str_has_prefix(*line, "-----"))
			g_string_append(base64, *line);
	der = g_base64_decode(base64->str, &size);
	at = memmem(der, size, "done", 4);
	assert_non_null(at);
	memcpy(at, "done!", 4);
	at[3] = 'f';
	again = g_base64_encode(der, size);
	return g_strdup_printf("%s\n%s\n%s\n", lines[0], again, "-----END CMS-----");
}

static void a_changed_byte_is_refused(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autoptr(GError) error = NULL;
	g_autofree char *pem = NULL;
	g_autofree char *changed = NULL;
	g_autofree char *back = NULL;

	make_key(dir, "ec", "ec_paramgen_curve:prime256v1");
	pem = sign(dir, &error);
	assert_ok(pem, error);
	changed = with_a_byte_changed(pem);
	back = verify(dir, changed, &error);
	assert_throws(false, error, LF_ERROR_IO, "openssl");
}

static void another_machines_certificate_does_not_verify(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autoptr(GError) error = NULL;
	g_autofree char *pem = NULL;
	g_autofree char *back = NULL;

	make_key(dir, "ec", "ec_paramgen_curve:prime256v1");
	pem = sign(dir, &error);
	assert_ok(pem, error);
	make_key(dir, "ec", "ec_paramgen_curve:prime256v1");
	back = verify(dir, pem, &error);
	assert_throws(false, error, LF_ERROR_IO, "openssl");
}

static void put(const char *dir, const char *name, const char *contents)
{
	g_autofree char *path = in(dir, name);
	g_autoptr(GError) error = NULL;

	assert_ok(lf_write_file_at(AT_FDCWD, path, contents, strlen(contents), 0600, &error),
		  error);
}

static void files_that_are_none_are_refused(void **state)
{
	static const struct {
		const char *name, *contents, *message;
	} rows[] = {
		{ "machine.key", "no key", "no PEM key" },
		{ "machine.pem", "", "certificate is not PEM" },
		{ "machine.key",
		  "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIG=\n-----END ENCRYPTED PRIVATE "
		  "KEY-----\n",
		  "no PEM key" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(LfTestDir) dir = lf_test_dir();
		g_autoptr(GError) error = NULL;

		make_key(dir, "ec", "ec_paramgen_curve:prime256v1");
		put(dir, rows[i].name, rows[i].contents);
		assert_throws(sign(dir, &error) != NULL, error, LF_ERROR_INPUT, rows[i].message);
	}
}

static void a_certificate_of_another_key_is_refused(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autoptr(LfTestDir) other = lf_test_dir();
	g_autoptr(GError) error = NULL;
	g_autofree char *cert = in(dir, "machine.pem");
	g_autofree char *key = in(other, "machine.key");

	make_key(dir, "ec", "ec_paramgen_curve:prime256v1");
	make_key(other, "ec", "ec_paramgen_curve:prime256v1");
	assert_throws(lf_sign_text(text, strlen(text), cert, key, &error) != NULL, error,
		      LF_ERROR_INPUT, "not of its key");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(openssl_gives_the_signed_text_back),
		LF_TEST(a_changed_byte_is_refused),
		LF_TEST(another_machines_certificate_does_not_verify),
		LF_TEST(files_that_are_none_are_refused),
		LF_TEST(a_certificate_of_another_key_is_refused),
	};

	return LF_TEST_MAIN(tests);
}
