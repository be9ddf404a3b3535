// How servers are reached and trusted: the operator's files are checked before libcurl gets them,
// because its TLS libraries tell a wrong file and a refusing server apart badly.
// Not here: the transfers (http.c), where the files come from.
#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "base/http-private.h"
#include "base/pem.h"

#define PIN_PREFIX "sha256//"
#define PIN_BYTES  32

static bool check_pin(const char *pin, GError **error)
{
	g_auto(GStrv) hashes = g_strsplit(pin, ";", 16);

	for (char **hash = hashes; *hash; hash++) {
		g_autofree guchar *bytes = NULL;
		g_autofree char *again = NULL;
		const char *text = *hash + strlen(PIN_PREFIX);
		gsize n = 0;

		if (!g_str_has_prefix(*hash, PIN_PREFIX))
			break;
		bytes = g_base64_decode(text, &n);
		again = g_base64_encode(bytes, n);
		if (n != PIN_BYTES || !g_str_equal(again, text))
			break;
		if (!hash[1])
			return true;
	}
	return lf_throw(error, LF_ERROR_INPUT,
			"the pinned public key is not 'sha256//' and the base64 of 32 bytes");
}

static bool check_proxy(const char *proxy, GError **error)
{
	g_autoptr(CURLU) url = NULL;

	if (!lf_http_url_parse(proxy, &url, error))
		return lf_prefix(error, "proxy");
	return true;
}

static GBytes *load_pem(const char *path, GError **error)
{
	GBytes *bytes = lf_read_file_at(AT_FDCWD, path, LF_PEM_MAX_BYTES, error);

	// Trying again reads the same file.
	if (!bytes)
		lf_rethrow(error, LF_ERROR_INPUT);
	return bytes;
}

static bool check_ca(const char *path, GError **error)
{
	g_autoptr(GBytes) pem = load_pem(path, error);

	if (!pem)
		return lf_prefix(error, "certificate authorities");
	if (!lf_pem_check_certificates(pem, error))
		return lf_prefix(error, "certificate authorities '%s'", path);
	return true;
}

static bool check_pair(const LfHttpAccess *access, GError **error)
{
	g_autoptr(GBytes) certificate = NULL;
	g_autoptr(GBytes) key = NULL;

	if (!access->cert_file || !access->key_file)
		return lf_throw(error, LF_ERROR_INPUT,
				"a client certificate and its key go together: give both");
	certificate = load_pem(access->cert_file, error);
	if (!certificate)
		return lf_prefix(error, "client certificate");
	key = load_pem(access->key_file, error);
	if (!key)
		return lf_prefix(error, "client key");
	if (!lf_pem_check_pair(certificate, key, error))
		return lf_prefix(error, "client key '%s'", access->key_file);
	return true;
}

bool lf_http_access_check(const LfHttpAccess *access, GError **error)
{
	if (!access)
		return true;
	if (access->pin && !check_pin(access->pin, error))
		return false;
	if (access->proxy && !check_proxy(access->proxy, error))
		return false;
	if (access->ca_file && !check_ca(access->ca_file, error))
		return false;
	return (!access->cert_file && !access->key_file) || check_pair(access, error);
}

static void set_authorities(CURL *curl, const char *ca_file)
{
	curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file);
	curl_easy_setopt(curl, CURLOPT_PROXY_CAINFO, ca_file);
	// Debian's libcurl also has a directory compiled in; it would stay in force beside the
	// file.
	curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(curl, CURLOPT_PROXY_CAPATH, NULL);
}

static void set_trust(CURL *curl, const LfHttpAccess *access)
{
	long verifies = access && access->is_insecure_tls ? 0L : 1L;

	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, verifies);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, verifies * 2);
	curl_easy_setopt(curl, CURLOPT_PROXY_SSL_VERIFYPEER, verifies);
	curl_easy_setopt(curl, CURLOPT_PROXY_SSL_VERIFYHOST, verifies * 2);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(curl, CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
}

void lf_http_access_apply(CURL *curl, const LfHttpAccess *access)
{
	// An empty proxy also keeps libcurl from looking for one in the environment; an empty list
	// of exceptions does the same.
	curl_easy_setopt(curl, CURLOPT_PROXY, access && access->proxy ? access->proxy : "");
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "");
	set_trust(curl, access);
	if (!access)
		return;
	if (access->ca_file)
		set_authorities(curl, access->ca_file);
	if (access->cert_file) {
		curl_easy_setopt(curl, CURLOPT_SSLCERT, access->cert_file);
		curl_easy_setopt(curl, CURLOPT_SSLKEY, access->key_file);
	}
	if (access->pin)
		curl_easy_setopt(curl, CURLOPT_PINNEDPUBLICKEY, access->pin);
}
