#pragma once

#include "ztp/fdo/key.h"

#define LF_COSE_TAG_SIGN1 18

/** LfCoseAlgorithm: of signatures. Source: RFC 9053, RFC 8812. */
typedef enum {
	LF_COSE_ES256 = -7,
	LF_COSE_ES384 = -35,
	LF_COSE_PS256 = -37,
	LF_COSE_PS384 = -38,
	LF_COSE_RS256 = -257,
	LF_COSE_RS384 = -258,
} LfCoseAlgorithm;

/**
 * LfCoseSign1: a signed message as received; all spans are borrowed from it.
 * @raw: the whole, with its tag
 * @protected_header, @unprotected_header: maps; the protected one without its byte string
 * @algorithm: as the protected header says; any number
 */
typedef struct {
	LfSpan raw;
	LfSpan protected_bytes;
	LfSpan protected_header;
	LfSpan unprotected_header;
	LfSpan payload;
	LfSpan signature;
	int64_t algorithm;
} LfCoseSign1;

/**
 * lf_cose_sign1_parse: 18([bstr, {}, bstr, bstr]); tag and payload must be there.
 * Errors: INPUT; UNSUPPORTED when the header asks for understanding of what we do not (crit).
 */
bool lf_cose_sign1_parse(LfCbor *cbor, const char *what, LfCoseSign1 *ret, GError **error);

/**
 * lf_cose_sign1_verify:
 * Checks the signature, over exactly the bytes received, and that its algorithm is the one for
 * this key.
 *
 * Errors: TRUST.
 * Source: RFC 9052, 4.4.
 */
bool lf_cose_sign1_verify(const LfCoseSign1 *message, const LfKey *key, GError **error);

/** lf_cose_algorithm_name: "ES256", …; NULL for others than LfCoseAlgorithm. */
const char *lf_cose_algorithm_name(int64_t algorithm);

/** lf_cose_algorithm_for: the algorithm that a key of this type and size signs with. */
LfCoseAlgorithm lf_cose_algorithm_for(LfKeyType type, const EVP_PKEY *pkey);

/** lf_cose_signed_bytes: (transfer full): the Sig_structure, which is what is signed. */
GByteArray *lf_cose_signed_bytes(LfSpan protected_bytes, LfSpan payload);
