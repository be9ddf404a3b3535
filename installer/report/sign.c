// A text signed with the machine's key: CMS SignedData by libcrypto.
// Not here: what is signed (report.c), where the key comes from.
#include "installer/report/sign.h"

#include <fcntl.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/fd.h"
#include "base/secret.h"

#define MAX_FILE_BYTES (256 * 1024)

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free_all)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CMS_ContentInfo, CMS_ContentInfo_free)

static void chain_free(STACK_OF(X509) * chain)
{
	sk_X509_pop_free(chain, X509_free);
}
typedef STACK_OF(X509) Chain;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Chain, chain_free)

static char *throw_crypto(GError **error, LfErrorCode code, const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return lf_throw_null(error, code, "%s: %s", what, reason ? reason : "libcrypto refuses");
}

// A key that wants a passphrase is refused: nobody is here to type it.
static int no_passphrase(char *buffer, int size, int is_writing, void *user_data)
{
	return -1;
}

static EVP_PKEY *load_key(const char *path, GError **error)
{
	g_autoptr(LfSecret) pem = lf_secret_load(AT_FDCWD, path, MAX_FILE_BYTES, error);
	g_autoptr(BIO) bio = NULL;
	EVP_PKEY *key;

	if (!pem)
		return NULL;
	bio = BIO_new_mem_buf(lf_secret_data(pem), (int)lf_secret_size(pem));
	key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	if (!key)
		throw_crypto(error, LF_ERROR_INPUT,
			     "the machine's key is no PEM key without a "
			     "passphrase");
	return key;
}

static bool load_certificates(const char *path, X509 **ret_own, Chain **ret_chain, GError **error)
{
	g_autoptr(GBytes) bytes = lf_read_file_at(AT_FDCWD, path, MAX_FILE_BYTES, error);
	g_autoptr(Chain) chain = sk_X509_new_null();
	g_autoptr(X509) own = NULL;
	g_autoptr(BIO) bio = NULL;
	X509 *next;

	if (!bytes)
		return false;
	bio = BIO_new_mem_buf(g_bytes_get_data(bytes, NULL), (int)g_bytes_get_size(bytes));
	own = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
	if (!own) {
		throw_crypto(error, LF_ERROR_INPUT, "the machine's certificate is not PEM");
		return false;
	}
	while ((next = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)))
		sk_X509_push(chain, next);
	ERR_clear_error();
	*ret_own = g_steal_pointer(&own);
	*ret_chain = g_steal_pointer(&chain);
	return true;
}

static char *pem_of(CMS_ContentInfo *cms, GError **error)
{
	g_autoptr(BIO) out = BIO_new(BIO_s_mem());
	char *data = NULL;
	long size;

	if (!PEM_write_bio_CMS_stream(out, cms, NULL, 0))
		return throw_crypto(error, LF_ERROR_INTERNAL, "cannot write the signature");
	size = BIO_get_mem_data(out, &data);
	return g_strndup(data, (gsize)size);
}

char *lf_sign_text(const char *text, size_t size, const char *cert_file, const char *key_file,
		   GError **error)
{
	g_autoptr(Chain) chain = NULL;
	g_autoptr(X509) own = NULL;
	g_autoptr(EVP_PKEY) key = NULL;
	g_autoptr(CMS_ContentInfo) cms = NULL;
	g_autoptr(BIO) in = BIO_new_mem_buf(text, (int)size);

	if (!load_certificates(cert_file, &own, &chain, error))
		return NULL;
	key = load_key(key_file, error);
	if (!key)
		return NULL;
	if (!X509_check_private_key(own, key))
		return throw_crypto(error, LF_ERROR_INPUT,
				    "the machine's certificate is not of its key");
	cms = CMS_sign(own, key, chain, in, CMS_BINARY | CMS_NOSMIMECAP);
	if (!cms)
		return throw_crypto(error, LF_ERROR_INTERNAL, "cannot sign the report");
	return pem_of(cms, error);
}
