// Chains of X.509 certificates as FDO carries them: parsing, linkage, hash, what people want to
// see. Not here: whom to trust.
#include "ztp/fdo/chain.h"

#include <openssl/bio.h>
#include <openssl/err.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free_all)

static void free_cert(void *cert)
{
	X509_free(cert);
}

static bool add(LfChain *chain, LfSpan der, const char *what, GError **error)
{
	const unsigned char *end = der.data;
	g_autoptr(X509) cert = der.size <= G_MAXINT ? d2i_X509(NULL, &end, (long)der.size) : NULL;

	ERR_clear_error();
	if (!cert || end != der.data + der.size)
		return lf_throw(error, LF_ERROR_INPUT, "%s: number %u is no X.509 certificate",
				what, chain->certs->len + 1);
	g_array_append_val(chain->ders, der);
	g_ptr_array_add(chain->certs, g_steal_pointer(&cert));
	return true;
}

LfChain *lf_chain_parse(LfCbor *cbor, const char *what, GError **error)
{
	g_autoptr(LfChain) chain = g_new0(LfChain, 1);
	LfCbor at = *cbor;
	size_t length;

	chain->ders = g_array_new(FALSE, FALSE, sizeof(LfSpan));
	chain->certs = g_ptr_array_new_with_free_func(free_cert);
	if (!lf_cbor_array(&at, what, 1, LF_CHAIN_MAX_CERTS, &length, error))
		return NULL;
	for (size_t i = 0; i < length; i++) {
		LfSpan der;

		if (!lf_cbor_bytes(&at, what, &der, error) || !add(chain, der, what, error))
			return NULL;
	}
	*cbor = at;
	return g_steal_pointer(&chain);
}

void lf_chain_free(LfChain *chain)
{
	if (!chain)
		return;
	g_array_unref(chain->ders);
	g_ptr_array_unref(chain->certs);
	g_free(chain);
}

X509 *lf_chain_leaf(const LfChain *chain)
{
	return chain->certs->pdata[0];
}

bool lf_chain_is_linked(const LfChain *chain)
{
	bool is_linked = true;

	for (guint i = 0; i + 1 < chain->certs->len && is_linked; i++) {
		EVP_PKEY *issuer = X509_get0_pubkey(chain->certs->pdata[i + 1]);

		is_linked = issuer && X509_verify(chain->certs->pdata[i], issuer) == 1;
	}
	ERR_clear_error();
	return is_linked;
}

bool lf_chain_matches(const LfChain *chain, const LfHash *hash)
{
	return lf_hash_matches(hash, (const LfSpan *)(const void *)chain->ders->data,
			       chain->ders->len);
}

static char *take_text(BIO *out)
{
	char *data = NULL;
	long size = BIO_get_mem_data(out, &data);

	return g_utf8_make_valid(size > 0 ? data : "", size > 0 ? size : 0);
}

static char *name_text(const X509_NAME *name)
{
	g_autoptr(BIO) out = BIO_new(BIO_s_mem());

	X509_NAME_print_ex(out, name, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
	ERR_clear_error();
	return take_text(out);
}

char *lf_cert_subject(const X509 *cert)
{
	return name_text(X509_get_subject_name(cert));
}

char *lf_cert_issuer(const X509 *cert)
{
	return name_text(X509_get_issuer_name(cert));
}

static char *time_text(const ASN1_TIME *time)
{
	struct tm tm;
	bool is_valid = time && ASN1_TIME_to_tm(time, &tm) == 1;

	ERR_clear_error();
	if (!is_valid)
		return NULL;
	return g_strdup_printf("%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1,
			       tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

char *lf_cert_not_before(const X509 *cert)
{
	return time_text(X509_get0_notBefore(cert));
}

char *lf_cert_not_after(const X509 *cert)
{
	return time_text(X509_get0_notAfter(cert));
}
