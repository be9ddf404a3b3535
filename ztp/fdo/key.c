// Public keys of FDO in their three encodings.
// Not here: signatures (cose), private keys (credential).
#include "ztp/fdo/key.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <string.h>

#define MAX_POINT_BYTES (1 + 2 * 48)

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY_CTX, EVP_PKEY_CTX_free)

/* @group: of EC keys, as OpenSSL names it; @curve: as COSE numbers it */
typedef struct {
	LfKeyType type;
	const char *name;
	const char *group;
	int64_t curve;
	size_t coordinate_bytes;
} Row;

static const Row rows[] = {
	{ LF_KEY_RSA2048RESTR, "RSA2048RESTR", NULL, 0, 0 },
	{ LF_KEY_RSAPKCS, "RSAPKCS", NULL, 0, 0 },
	{ LF_KEY_RSAPSS, "RSAPSS", NULL, 0, 0 },
	{ LF_KEY_SECP256R1, "SECP256R1", "prime256v1", 1, 32 },
	{ LF_KEY_SECP384R1, "SECP384R1", "secp384r1", 2, 48 },
};

static const char *const encodings[] = {
	[LF_KEY_X509] = "X509",
	[LF_KEY_X5CHAIN] = "X5CHAIN",
	[LF_KEY_COSE] = "COSEKEY",
};

static const Row *find_row(uint64_t type)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		if ((uint64_t)rows[i].type == type)
			return &rows[i];
	return NULL;
}

const char *lf_key_type_name(LfKeyType type)
{
	const Row *row = find_row(type);

	return row ? row->name : "unknown";
}

const char *lf_key_encoding_name(LfKeyEncoding encoding)
{
	return (size_t)encoding < G_N_ELEMENTS(encodings) && encodings[encoding]
		       ? encodings[encoding]
		       : "unknown";
}

static bool is_group(const EVP_PKEY *pkey, const char *wanted)
{
	char group[64];

	return EVP_PKEY_is_a(pkey, "EC") &&
	       EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL) == 1 &&
	       strcmp(group, wanted) == 0;
}

static bool is_rsa(const EVP_PKEY *pkey, LfKeyType type)
{
	int bits = EVP_PKEY_get_bits(pkey);

	if (!EVP_PKEY_is_a(pkey, "RSA") && !EVP_PKEY_is_a(pkey, "RSA-PSS"))
		return false;
	return bits == 2048 || (bits == 3072 && type != LF_KEY_RSA2048RESTR);
}

static bool check_kind(const LfKey *key, const Row *row, const char *what, GError **error)
{
	g_autofree char *kind = NULL;

	if (row->group ? is_group(key->pkey, row->group) : is_rsa(key->pkey, row->type))
		return true;
	kind = lf_key_describe(key->pkey);
	return lf_throw(error, LF_ERROR_INPUT, "%s: a key of type %s cannot be %s", what, row->name,
			kind);
}

static bool parse_x509(LfCbor *cbor, const char *what, EVP_PKEY **ret, GError **error)
{
	const unsigned char *end;
	LfSpan der;

	if (!lf_cbor_bytes(cbor, what, &der, error))
		return false;
	end = der.data;
	*ret = der.size <= G_MAXINT ? d2i_PUBKEY(NULL, &end, (long)der.size) : NULL;
	ERR_clear_error();
	if (!*ret || end != der.data + der.size)
		return lf_throw(error, LF_ERROR_INPUT, "%s: this is no public key", what);
	return true;
}

static bool parse_chain(LfCbor *cbor, const char *what, LfKey *key, GError **error)
{
	key->chain = lf_chain_parse(cbor, what, error);
	if (!key->chain)
		return false;
	key->pkey = X509_get_pubkey(lf_chain_leaf(key->chain));
	ERR_clear_error();
	if (!key->pkey)
		return lf_throw(error, LF_ERROR_INPUT,
				"%s: the key of the first certificate cannot be read", what);
	return true;
}

static bool read_coordinate(LfSpan map, int64_t label, const char *what, size_t size, uint8_t *out,
			    GError **error)
{
	LfSpan item, value;
	LfCbor cbor;

	if (!lf_cbor_find_int(map, what, label, &item, error))
		return false;
	lf_cbor_init(&cbor, item);
	if (!lf_cbor_bytes(&cbor, what, &value, error))
		return false;
	while (value.size > size && value.data[0] == 0) {
		value.data++;
		value.size--;
	}
	if (value.size > size)
		return lf_throw(error, LF_ERROR_INPUT,
				"%s: a coordinate is longer than the curve's", what);
	memset(out, 0, size - value.size);
	memcpy(out + size - value.size, value.data, value.size);
	return true;
}

static bool check_label(LfSpan map, int64_t label, int64_t wanted, bool is_needed, const char *what,
			GError **error)
{
	int64_t value = 0;
	LfSpan item;
	LfCbor cbor;

	if (!lf_cbor_find_int(map, what, label, &item, error))
		return false;
	if (!item.data && !is_needed)
		return true;
	lf_cbor_init(&cbor, item);
	if (!lf_cbor_int(&cbor, what, &value, error))
		return false;
	if (value != wanted)
		return lf_throw(error, LF_ERROR_INPUT,
				"%s: label %" G_GINT64_FORMAT
				" of the COSE key does not fit its type",
				what, label);
	return true;
}

/* OpenSSL refuses a point that is not on the curve. */
static EVP_PKEY *make_ec(const char *group, const uint8_t *point, size_t size)
{
	g_autoptr(EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)point, size),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY *pkey = NULL;

	if (!context || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
		pkey = NULL;
	ERR_clear_error();
	return pkey;
}

static bool parse_cose(LfCbor *cbor, const Row *row, const char *what, EVP_PKEY **ret,
		       GError **error)
{
	enum { KTY = 1, KTY_EC2 = 2, CRV = -1, X = -2, Y = -3 };
	uint8_t point[MAX_POINT_BYTES] = { 4 }; // uncompressed
	size_t size = row->coordinate_bytes;
	LfSpan map;

	if (!row->group)
		return lf_throw(error, LF_ERROR_UNSUPPORTED, "%s: an RSA key cannot be a COSE key",
				what);
	if (!lf_cbor_item(cbor, what, &map, error) ||
	    !check_label(map, KTY, KTY_EC2, false, what, error) ||
	    !check_label(map, CRV, row->curve, true, what, error) ||
	    !read_coordinate(map, X, what, size, point + 1, error) ||
	    !read_coordinate(map, Y, what, size, point + 1 + size, error))
		return false;
	*ret = make_ec(row->group, point, 1 + 2 * size);
	if (!*ret)
		return lf_throw(error, LF_ERROR_INPUT, "%s: the point is not on the curve", what);
	return true;
}

static bool parse_body(LfCbor *cbor, const Row *row, const char *what, LfKey *key, GError **error)
{
	switch (key->encoding) {
	case LF_KEY_X509:
		return parse_x509(cbor, what, &key->pkey, error);
	case LF_KEY_X5CHAIN:
		return parse_chain(cbor, what, key, error);
	case LF_KEY_COSE:
		return parse_cose(cbor, row, what, &key->pkey, error);
	default:
		return lf_throw(error, LF_ERROR_UNSUPPORTED,
				"%s: keys in encoding %d are not supported", what, key->encoding);
	}
}

LfKey *lf_key_parse(LfCbor *cbor, const char *what, GError **error)
{
	g_autoptr(LfKey) key = g_new0(LfKey, 1);
	uint64_t type, encoding;
	const Row *row;
	size_t length;
	LfCbor inner;

	if (!lf_cbor_item(cbor, what, &key->raw, error))
		return NULL;
	lf_cbor_init(&inner, key->raw);
	if (!lf_cbor_array(&inner, what, 3, 3, &length, error) ||
	    !lf_cbor_uint(&inner, what, G_MAXUINT8, &type, error) ||
	    !lf_cbor_uint(&inner, what, G_MAXUINT8, &encoding, error))
		return NULL;
	row = find_row(type);
	if (!row)
		return lf_throw_null(error, LF_ERROR_UNSUPPORTED,
				     "%s: keys of type %d are not supported", what, (int)type);
	key->type = row->type;
	key->encoding = (LfKeyEncoding)encoding;
	if (!parse_body(&inner, row, what, key, error) || !check_kind(key, row, what, error))
		return NULL;
	return g_steal_pointer(&key);
}

void lf_key_free(LfKey *key)
{
	if (!key)
		return;
	lf_chain_free(key->chain);
	EVP_PKEY_free(key->pkey);
	g_free(key);
}

bool lf_key_equal(const LfKey *a, const LfKey *b)
{
	bool is_equal = EVP_PKEY_eq(a->pkey, b->pkey) == 1;

	ERR_clear_error();
	return is_equal;
}

char *lf_key_fingerprint(const EVP_PKEY *pkey)
{
	unsigned char *der = NULL;
	int size = i2d_PUBKEY(pkey, &der);
	char *text = NULL;

	if (size > 0)
		text = g_compute_checksum_for_data(G_CHECKSUM_SHA256, der, (gsize)size);
	OPENSSL_free(der);
	ERR_clear_error();
	return text;
}

char *lf_key_describe(const EVP_PKEY *pkey)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		if (rows[i].group && is_group(pkey, rows[i].group))
			return g_strdup_printf("EC P-%zu", rows[i].coordinate_bytes * 8);
	return g_strdup_printf("%s %d", EVP_PKEY_get0_type_name(pkey), EVP_PKEY_get_bits(pkey));
}
