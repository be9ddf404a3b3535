// Signed messages (COSE_Sign1): parsing and verifying.
// Not here: who must have signed what (voucher), encryption.
#include "ztp/fdo/cose.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#define HEADER_ALGORITHM 1
#define HEADER_CRITICAL	 2

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_MD_CTX, EVP_MD_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ECDSA_SIG, ECDSA_SIG_free)

/* @coordinate_bytes: of ECDSA, half of a signature */
typedef struct {
	LfCoseAlgorithm algorithm;
	const char *name;
	const EVP_MD *(*digest)(void);
	size_t coordinate_bytes;
	bool is_pss;
} Row;

static const Row rows[] = {
	{ LF_COSE_ES256, "ES256", EVP_sha256, 32, false },
	{ LF_COSE_ES384, "ES384", EVP_sha384, 48, false },
	{ LF_COSE_RS256, "RS256", EVP_sha256, 0, false },
	{ LF_COSE_RS384, "RS384", EVP_sha384, 0, false },
	{ LF_COSE_PS256, "PS256", EVP_sha256, 0, true },
	{ LF_COSE_PS384, "PS384", EVP_sha384, 0, true },
};

static const Row *find_row(int64_t algorithm)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		if (rows[i].algorithm == algorithm)
			return &rows[i];
	return NULL;
}

const char *lf_cose_algorithm_name(int64_t algorithm)
{
	const Row *row = find_row(algorithm);

	return row ? row->name : NULL;
}

LfCoseAlgorithm lf_cose_algorithm_for(LfKeyType type, const EVP_PKEY *pkey)
{
	bool is_large = EVP_PKEY_get_bits(pkey) > 2048;

	switch (type) {
	case LF_KEY_SECP256R1:
		return LF_COSE_ES256;
	case LF_KEY_SECP384R1:
		return LF_COSE_ES384;
	case LF_KEY_RSAPSS:
		return is_large ? LF_COSE_PS384 : LF_COSE_PS256;
	default:
		return is_large ? LF_COSE_RS384 : LF_COSE_RS256;
	}
}

static bool read_header(LfCoseSign1 *message, const char *what, GError **error)
{
	LfSpan item;
	LfCbor cbor;

	lf_cbor_init(&cbor, message->protected_bytes);
	if (!lf_cbor_item(&cbor, what, &message->protected_header, error) ||
	    !lf_cbor_end(&cbor, what, error) ||
	    !lf_cbor_find_int(message->protected_header, what, HEADER_CRITICAL, &item, error))
		return false;
	if (item.data)
		return lf_throw(error, LF_ERROR_UNSUPPORTED,
				"%s: the message has critical headers that are not known", what);
	if (!lf_cbor_find_int(message->protected_header, what, HEADER_ALGORITHM, &item, error))
		return false;
	if (!item.data)
		return lf_throw(error, LF_ERROR_INPUT, "%s: the message names no algorithm", what);
	lf_cbor_init(&cbor, item);
	return lf_cbor_int(&cbor, what, &message->algorithm, error);
}

bool lf_cose_sign1_parse(LfCbor *cbor, const char *what, LfCoseSign1 *ret, GError **error)
{
	LfCoseSign1 message = { 0 };
	LfCbor at = *cbor;
	LfCbor inner;
	LfSpan ignored;
	size_t length;

	if (!lf_cbor_item(&at, what, &message.raw, error))
		return false;
	lf_cbor_init(&inner, message.raw);
	if (!lf_cbor_tag(&inner, what, LF_COSE_TAG_SIGN1, error) ||
	    !lf_cbor_array(&inner, what, 4, 4, &length, error) ||
	    !lf_cbor_bytes(&inner, what, &message.protected_bytes, error) ||
	    !lf_cbor_item(&inner, what, &message.unprotected_header, error) ||
	    !lf_cbor_bytes(&inner, what, &message.payload, error) ||
	    !lf_cbor_bytes(&inner, what, &message.signature, error) ||
	    !lf_cbor_find_int(message.unprotected_header, what, HEADER_ALGORITHM, &ignored,
			      error) ||
	    !read_header(&message, what, error))
		return false;
	*cbor = at;
	*ret = message;
	return true;
}

GByteArray *lf_cose_signed_bytes(LfSpan protected_bytes, LfSpan payload)
{
	GByteArray *out = g_byte_array_new();

	lf_cbor_put_array(out, 4);
	lf_cbor_put_text(out, "Signature1");
	lf_cbor_put_bytes(out, protected_bytes.data, protected_bytes.size);
	lf_cbor_put_bytes(out, NULL, 0);
	lf_cbor_put_bytes(out, payload.data, payload.size);
	return out;
}

/* COSE has r and s side by side, OpenSSL wants them in DER. */
static GBytes *ecdsa_der(LfSpan signature, size_t half)
{
	g_autoptr(ECDSA_SIG) parts = ECDSA_SIG_new();
	unsigned char *der = NULL;
	GBytes *bytes = NULL;
	int size;

	if (!parts || signature.size != 2 * half)
		return NULL;
	if (ECDSA_SIG_set0(parts, BN_bin2bn(signature.data, (int)half, NULL),
			   BN_bin2bn(signature.data + half, (int)half, NULL)) != 1)
		return NULL;
	size = i2d_ECDSA_SIG(parts, &der);
	if (size > 0)
		bytes = g_bytes_new(der, (gsize)size);
	OPENSSL_free(der);
	return bytes;
}

static bool verify(const Row *row, EVP_PKEY *pkey, LfSpan signature, const GByteArray *message)
{
	g_autoptr(EVP_MD_CTX) context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *options = NULL;

	if (!context || EVP_DigestVerifyInit(context, &options, row->digest(), NULL, pkey) != 1)
		return false;
	if (row->is_pss && (EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) != 1 ||
			    EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) != 1))
		return false;
	return EVP_DigestVerify(context, signature.data, signature.size, message->data,
				message->len) == 1;
}

bool lf_cose_sign1_verify(const LfCoseSign1 *message, const LfKey *key, GError **error)
{
	const Row *row = find_row(lf_cose_algorithm_for(key->type, key->pkey));
	g_autoptr(GByteArray) text = NULL;
	g_autoptr(GBytes) der = NULL;
	LfSpan signature = message->signature;
	bool is_good;

	if (message->algorithm != (int64_t)row->algorithm)
		return lf_throw(error, LF_ERROR_TRUST,
				"signed with algorithm %" G_GINT64_FORMAT
				", a key of type %s needs %s",
				message->algorithm, lf_key_type_name(key->type), row->name);
	if (row->coordinate_bytes > 0) {
		der = ecdsa_der(signature, row->coordinate_bytes);
		signature.data = der ? g_bytes_get_data(der, &signature.size) : NULL;
	}
	text = lf_cose_signed_bytes(message->protected_bytes, message->payload);
	is_good = signature.data && verify(row, key->pkey, signature, text);
	ERR_clear_error();
	if (!is_good)
		return lf_throw(error, LF_ERROR_TRUST, "the signature does not fit the key");
	return true;
}
