// Hashes and HMACs of FDO messages.
// Not here: which bytes go into which hash (voucher, credential).
#include "ztp/fdo/hash.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>

typedef struct {
	LfHashType type;
	const char *name;
	size_t size;
	bool is_hmac;
	const EVP_MD *(*digest)(void);
} Row;

static const Row rows[] = {
	{ LF_HASH_SHA256, "SHA-256", 32, false, EVP_sha256 },
	{ LF_HASH_SHA384, "SHA-384", 48, false, EVP_sha384 },
	{ LF_HASH_HMAC_SHA256, "HMAC-SHA-256", 32, true, EVP_sha256 },
	{ LF_HASH_HMAC_SHA384, "HMAC-SHA-384", 48, true, EVP_sha384 },
};

static const Row *find_row(int64_t type)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		if (rows[i].type == type)
			return &rows[i];
	return NULL;
}

static bool parse(LfCbor *cbor, const char *what, bool is_hmac, LfHash *ret, GError **error)
{
	LfCbor inner;
	LfHash hash = { 0 };
	size_t length;
	int64_t type;
	const Row *row;

	if (!lf_cbor_item(cbor, what, &hash.raw, error))
		return false;
	lf_cbor_init(&inner, hash.raw);
	if (!lf_cbor_array(&inner, what, 2, 2, &length, error) ||
	    !lf_cbor_int(&inner, what, &type, error))
		return false;
	row = find_row(type);
	if (!row || row->is_hmac != is_hmac)
		return lf_throw(error, LF_ERROR_INPUT, "%s: %" G_GINT64_FORMAT " is no type of %s",
				what, type, is_hmac ? "HMAC" : "hash");
	hash.type = row->type;
	if (!lf_cbor_bytes_sized(&inner, what, row->size, &hash.value, error))
		return false;
	*ret = hash;
	return true;
}

bool lf_hash_parse(LfCbor *cbor, const char *what, LfHash *ret, GError **error)
{
	return parse(cbor, what, false, ret, error);
}

bool lf_hash_parse_hmac(LfCbor *cbor, const char *what, LfHash *ret, GError **error)
{
	return parse(cbor, what, true, ret, error);
}

const char *lf_hash_name(LfHashType type)
{
	const Row *row = find_row(type);

	return row ? row->name : "none";
}

const EVP_MD *lf_hash_digest(LfHashType type)
{
	const Row *row = find_row(type);

	return row ? row->digest() : NULL;
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_MD_CTX, EVP_MD_CTX_free)

bool lf_hash_matches(const LfHash *hash, const LfSpan *parts, size_t n_parts)
{
	g_autoptr(EVP_MD_CTX) context = EVP_MD_CTX_new();
	uint8_t value[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	if (!context || EVP_DigestInit_ex(context, lf_hash_digest(hash->type), NULL) != 1)
		return false;
	for (size_t i = 0; i < n_parts; i++)
		if (EVP_DigestUpdate(context, parts[i].data, parts[i].size) != 1)
			return false;
	return EVP_DigestFinal_ex(context, value, &size) == 1 && size == hash->value.size &&
	       CRYPTO_memcmp(value, hash->value.data, size) == 0;
}

bool lf_hash_matches_hmac(const LfHash *hmac, LfSpan key, LfSpan message)
{
	uint8_t value[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	if (key.size > G_MAXINT || !HMAC(lf_hash_digest(hmac->type), key.data, (int)key.size,
					 message.data, message.size, value, &size))
		return false;
	return size == hmac->value.size && CRYPTO_memcmp(value, hmac->value.data, size) == 0;
}
