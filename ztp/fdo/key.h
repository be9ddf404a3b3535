#pragma once

#include "ztp/fdo/chain.h"

/** LfKeyType: pkType. Source: FDO 1.1, 3.3.4. */
typedef enum {
	LF_KEY_RSA2048RESTR = 1,
	LF_KEY_RSAPKCS = 5,
	LF_KEY_RSAPSS = 6,
	LF_KEY_SECP256R1 = 10,
	LF_KEY_SECP384R1 = 11,
} LfKeyType;

/** LfKeyEncoding: pkEnc. Source: FDO 1.1, 3.3.4. */
typedef enum {
	LF_KEY_X509 = 1,
	LF_KEY_X5CHAIN = 2,
	LF_KEY_COSE = 3,
} LfKeyEncoding;

/**
 * LfKey: a public key as FDO carries it: [type, encoding, body].
 * @raw: the whole array as received, borrowed from the message; what DCPubKeyHash is made of
 * @chain: (nullable): the certificates of LF_KEY_X5CHAIN
 * @pkey: the key itself; its kind and size fit @type
 */
typedef struct {
	LfKeyType type;
	LfKeyEncoding encoding;
	LfSpan raw;
	LfChain *chain;
	EVP_PKEY *pkey;
} LfKey;

/**
 * lf_key_parse:
 * Tolerates COSE keys without kty, and coordinates that are shorter than the curve's or have zeros
 * in front.
 *
 * Errors: INPUT; UNSUPPORTED for a type or encoding that FDO 1.1 does not have, or has for EPID.
 * Returns: (transfer full) (nullable)
 */
LfKey *lf_key_parse(LfCbor *cbor, const char *what, GError **error);

void lf_key_free(LfKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfKey, lf_key_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)

/** lf_key_type_name: "SECP384R1", "RSA2048RESTR", … as the specification writes them. */
const char *lf_key_type_name(LfKeyType type);

/** lf_key_encoding_name: "X509", "X5CHAIN" or "COSEKEY". */
const char *lf_key_encoding_name(LfKeyEncoding encoding);

/** lf_key_equal: the same key, however encoded: one key comes in different encodings. */
bool lf_key_equal(const LfKey *a, const LfKey *b);

/** lf_key_fingerprint: (transfer full) (nullable): SHA-256 of the SubjectPublicKeyInfo, in
 * hexadecimal; the same for every encoding. */
char *lf_key_fingerprint(const EVP_PKEY *pkey);

/** lf_key_describe: (transfer full): "EC P-256", "RSA 3072", for any key. */
char *lf_key_describe(const EVP_PKEY *pkey);
