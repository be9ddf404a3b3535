// The recovery key: made here, and leaves the machine only sealed to the operator's certificate.
// Not here: its keyslot (luks.c), sending it (it rides in the final event).
#include "base/escrow.h"

#include <openssl/pem.h> // before cms.h, which then declares its PEM functions
#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#define MIN_RSA_BITS   2048
#define KEY_BYTES      32
#define GROUP_LETTERS  8
#define MAX_CERT_BYTES (64 * 1024)

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free_all)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CMS_ContentInfo, CMS_ContentInfo_free)

static bool throw_openssl(GError **error, LfErrorCode code, const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return lf_throw(error, code, "%s: %s", what, reason ? reason : "unknown reason");
}

// A key's passphrase is never asked for: a certificate has none.
static int no_passphrase(char *buffer, int size, int is_write, void *user_data)
{
	return 0;
}

static X509 *parse_certificate(GBytes *certificate, GError **error)
{
	gsize size = g_bytes_get_size(certificate);
	const unsigned char *der = g_bytes_get_data(certificate, NULL);
	g_autoptr(BIO) in = NULL;
	X509 *x509 = NULL;

	if (size == 0 || size > MAX_CERT_BYTES)
		return lf_throw_null(error, LF_ERROR_INPUT,
				     "the escrow certificate is empty or too long");
	in = BIO_new_mem_buf(der, (int)size);
	x509 = PEM_read_bio_X509(in, NULL, no_passphrase, NULL);
	if (!x509)
		x509 = d2i_X509(NULL, &der, (long)size);
	if (!x509)
		throw_openssl(error, LF_ERROR_INPUT,
			      "the escrow file holds no X.509 certificate, neither PEM nor DER");
	ERR_clear_error();
	return x509;
}

static bool check_key(X509 *x509, GError **error)
{
	EVP_PKEY *key = X509_get0_pubkey(x509);

	if (!key || EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA)
		return lf_throw(
			error, LF_ERROR_UNSUPPORTED,
			"the escrow certificate's key is not RSA: give one with an RSA key");
	if (EVP_PKEY_get_bits(key) < MIN_RSA_BITS)
		return lf_throw(error, LF_ERROR_UNSUPPORTED,
				"the escrow certificate's key has %d bits: give one of %d or more",
				EVP_PKEY_get_bits(key), MIN_RSA_BITS);
	return true;
}

bool lf_escrow_check(GBytes *certificate, GError **error)
{
	g_autoptr(X509) x509 = parse_certificate(certificate, error);

	return x509 && check_key(x509, error);
}

static bool add_recipient(CMS_ContentInfo *cms, X509 *x509, GError **error)
{
	CMS_RecipientInfo *recipient =
		CMS_add1_recipient_cert(cms, x509, CMS_KEY_PARAM | CMS_USE_KEYID);
	EVP_PKEY_CTX *context;

	// Without a subject key identifier the certificate is named by issuer and serial number.
	if (!recipient)
		recipient = CMS_add1_recipient_cert(cms, x509, CMS_KEY_PARAM);
	if (!recipient)
		return throw_openssl(error, LF_ERROR_INTERNAL, "cannot seal to the certificate");
	context = CMS_RecipientInfo_get0_pkey_ctx(recipient);
	if (!context || EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) <= 0 ||
	    EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()) <= 0)
		return throw_openssl(error, LF_ERROR_INTERNAL, "cannot set the padding");
	return true;
}

static char *to_pem(CMS_ContentInfo *cms, GError **error)
{
	g_autoptr(BIO) out = BIO_new(BIO_s_mem());
	char *text = NULL;
	long size;

	if (!PEM_write_bio_CMS(out, cms)) {
		throw_openssl(error, LF_ERROR_INTERNAL, "cannot write the sealed key");
		return NULL;
	}
	size = BIO_get_mem_data(out, &text);
	return g_strndup(text, (gsize)size);
}

char *lf_escrow_seal(GBytes *certificate, const LfSecret *secret, GError **error)
{
	const unsigned flags = CMS_BINARY | CMS_PARTIAL;
	g_autoptr(X509) x509 = parse_certificate(certificate, error);
	g_autoptr(CMS_ContentInfo) cms = NULL;
	g_autoptr(BIO) in = NULL;

	if (!x509 || !check_key(x509, error))
		return NULL;
	cms = CMS_encrypt(NULL, NULL, EVP_aes_256_cbc(), flags);
	if (!cms) {
		throw_openssl(error, LF_ERROR_INTERNAL, "cannot seal");
		return NULL;
	}
	if (!add_recipient(cms, x509, error))
		return NULL;
	in = BIO_new_mem_buf(lf_secret_data(secret), (int)lf_secret_size(secret));
	if (!CMS_final(cms, in, NULL, flags & ~(unsigned)CMS_PARTIAL)) {
		throw_openssl(error, LF_ERROR_INTERNAL, "cannot seal");
		return NULL;
	}
	return to_pem(cms, error);
}

LfSecret *lf_escrow_recovery_key(GError **error)
{
	static const char letters[] = "cbdefghijklnrtuv";
	g_autoptr(LfSecret) raw = lf_secret_random(KEY_BYTES, error);
	char text[KEY_BYTES * 2 + KEY_BYTES * 2 / GROUP_LETTERS];
	const unsigned char *bytes;
	LfSecret *key;
	size_t n = 0;

	if (!raw)
		return NULL;
	bytes = lf_secret_data(raw);
	for (size_t i = 0; i < KEY_BYTES; i++) {
		if (i > 0 && i * 2 % GROUP_LETTERS == 0)
			text[n++] = '-';
		text[n++] = letters[bytes[i] >> 4];
		text[n++] = letters[bytes[i] & 0xf];
	}
	key = lf_secret_new(text, n);
	lf_wipe(text, sizeof text);
	return key;
}
