// Certificates and keys as PEM text: whether they can be used at all, before a server is asked.
// Not here: trust in them (libcurl and its TLS library), sealing to one (escrow.c).
#include "base/pem.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free_all)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)

// Nobody is there to type one.
static int no_passphrase(char *buffer, int size, int is_write, void *user_data)
{
	return -1;
}

static BIO *open_pem(GBytes *pem, GError **error)
{
	gsize size = g_bytes_get_size(pem);

	if (size == 0 || size > LF_PEM_MAX_BYTES)
		return lf_throw_null(error, LF_ERROR_INPUT, "empty, or longer than %d bytes",
				     LF_PEM_MAX_BYTES);
	return BIO_new_mem_buf(g_bytes_get_data(pem, NULL), (int)size);
}

// NULL without an error is the end of the text.
static X509 *next_certificate(BIO *in, bool *ret_is_wrong)
{
	X509 *certificate = PEM_read_bio_X509(in, NULL, no_passphrase, NULL);
	unsigned long code = ERR_peek_last_error();

	*ret_is_wrong = !certificate && !(ERR_GET_LIB(code) == ERR_LIB_PEM &&
					  ERR_GET_REASON(code) == PEM_R_NO_START_LINE);
	ERR_clear_error();
	return certificate;
}

bool lf_pem_check_certificates(GBytes *pem, GError **error)
{
	g_autoptr(BIO) in = open_pem(pem, error);
	bool is_wrong = false;
	size_t n = 0;

	if (!in)
		return false;
	for (;; n++) {
		g_autoptr(X509) certificate = next_certificate(in, &is_wrong);

		if (!certificate)
			break;
	}
	if (is_wrong || n == 0)
		return lf_throw(error, LF_ERROR_INPUT,
				n ? "a certificate behind the first one cannot be read"
				  : "holds no X.509 certificate as PEM text");
	return true;
}

bool lf_pem_check_pair(GBytes *certificate, GBytes *key, GError **error)
{
	g_autoptr(BIO) certificate_in = open_pem(certificate, error);
	g_autoptr(BIO) key_in = certificate_in ? open_pem(key, error) : NULL;
	g_autoptr(X509) x509 = NULL;
	g_autoptr(EVP_PKEY) pkey = NULL;
	bool fits;

	if (!key_in)
		return false;
	if (!lf_pem_check_certificates(certificate, error))
		return lf_prefix(error, "client certificate");
	x509 = PEM_read_bio_X509(certificate_in, NULL, no_passphrase, NULL);
	pkey = PEM_read_bio_PrivateKey(key_in, NULL, no_passphrase, NULL);
	fits = x509 && pkey && X509_check_private_key(x509, pkey) == 1;
	ERR_clear_error();
	if (!pkey)
		return lf_throw(error, LF_ERROR_INPUT,
				"holds no private key as PEM text, or one with a passphrase: give "
				"the key without");
	if (!fits)
		return lf_throw(error, LF_ERROR_INPUT,
				"the key does not belong to the client certificate");
	return true;
}
