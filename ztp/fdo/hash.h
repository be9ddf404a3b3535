#pragma once

#include "ztp/fdo/cbor.h"

#include <openssl/evp.h>

/** LfHashType: COSE numbers. Source: FDO 1.1, 3.3.2. */
typedef enum {
	LF_HASH_NONE = 0,
	LF_HASH_HMAC_SHA256 = 5,
	LF_HASH_HMAC_SHA384 = 6,
	LF_HASH_SHA256 = -16,
	LF_HASH_SHA384 = -43,
} LfHashType;

/** LfHash: a hash or HMAC as it was received: [type, bytes]. Borrowed from the message. */
typedef struct {
	LfHashType type;
	LfSpan value;
	LfSpan raw; // the whole array
} LfHash;

/** lf_hash_parse: a hash without key. Errors: INPUT, also when its size does not fit its type. */
bool lf_hash_parse(LfCbor *cbor, const char *what, LfHash *ret, GError **error);

/** lf_hash_parse_hmac: an HMAC. */
bool lf_hash_parse_hmac(LfCbor *cbor, const char *what, LfHash *ret, GError **error);

/** lf_hash_name: "SHA-256", "HMAC-SHA-384", …; "none" for LF_HASH_NONE. */
const char *lf_hash_name(LfHashType type);

/** lf_hash_digest: the digest below a hash or HMAC type; NULL for LF_HASH_NONE. */
const EVP_MD *lf_hash_digest(LfHashType type);

/**
 * lf_hash_matches:
 * @hash: without key
 * @parts: (array length=n_parts): what was hashed, one behind the other
 */
bool lf_hash_matches(const LfHash *hash, const LfSpan *parts, size_t n_parts);

/** lf_hash_matches_hmac: compares in constant time. */
bool lf_hash_matches_hmac(const LfHash *hmac, LfSpan key, LfSpan message);
