#pragma once

#include "ztp/fdo/hash.h"

#include <openssl/x509.h>

#define LF_CHAIN_MAX_CERTS 10

/**
 * LfChain: certificates, the device's or key holder's first, each signed by the next.
 * @ders: (element-type LfSpan): as received, borrowed from the message
 * @certs: (element-type X509)
 */
typedef struct {
	GArray *ders;
	GPtrArray *certs;
} LfChain;

/** lf_chain_parse: [+bstr DER]. Returns: (transfer full) (nullable): never empty. Errors: INPUT */
LfChain *lf_chain_parse(LfCbor *cbor, const char *what, GError **error);

void lf_chain_free(LfChain *chain);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfChain, lf_chain_free)

/** lf_chain_leaf: (transfer none): the first certificate. */
X509 *lf_chain_leaf(const LfChain *chain);

/** lf_chain_is_linked: whether each certificate's signature is by the key of the next. Says nothing
 * about trust in the last one, nor about dates. */
bool lf_chain_is_linked(const LfChain *chain);

/** lf_chain_matches: whether @hash is that of all certificates, one behind the other. */
bool lf_chain_matches(const LfChain *chain, const LfHash *hash);

/** lf_cert_subject, lf_cert_issuer: (transfer full): RFC 2253 in UTF-8. */
char *lf_cert_subject(const X509 *cert);
char *lf_cert_issuer(const X509 *cert);

/** lf_cert_not_before, lf_cert_not_after: (transfer full) (nullable): "2026-01-31T12:00:00Z"; NULL
 * when the certificate holds no date. */
char *lf_cert_not_before(const X509 *cert);
char *lf_cert_not_after(const X509 *cert);
