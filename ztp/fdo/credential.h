#pragma once

#include "ztp/fdo/key.h"
#include "ztp/fdo/rendezvous.h"

#include "base/secret.h"

#define LF_CREDENTIAL_MAX_BYTES ((size_t)64 << 10)

/**
 * LfCredentialLayout: the specification leaves the layout to the device.
 * @LF_CREDENTIAL_GO: [active, version, info, GUID, rendezvous, key hash, HMAC secret, PKCS #8]
 * @LF_CREDENTIAL_RS: the same, secrets in a map {"Plain": {hmac_secret, private_key}}
 * @LF_CREDENTIAL_TPM: [version, info, GUID, rendezvous, key hash, key type, key handle]: DCTPM
 */
typedef enum {
	LF_CREDENTIAL_GO,
	LF_CREDENTIAL_RS,
	LF_CREDENTIAL_TPM,
} LfCredentialLayout;

/**
 * LfCredential: what a device keeps from its factory.
 * @bytes: what spans point into; holds secrets, overwritten by lf_credential_free()
 * @owner_key_hash: DCPubKeyHash
 * @hmac_secret: (nullable): NULL when it is in a TPM, as @key then
 * @private_key: (nullable): DER
 * @key: (nullable): @private_key, read
 */
typedef struct {
	GBytes *bytes;
	LfCredentialLayout layout;
	bool is_active;
	unsigned version;
	char *device_info;
	LfSpan guid;
	LfRendezvous *rendezvous;
	LfHash owner_key_hash;
	LfSecret *hmac_secret;
	LfSecret *private_key;
	EVP_PKEY *key;
	uint32_t tpm_key_type;
	uint32_t tpm_key_handle;
} LfCredential;

/**
 * lf_credential_parse:
 * @bytes: (transfer full): CBOR in writable memory of its own (g_bytes_new(), not static data); it
 * is overwritten when the result is freed, or at once on failure
 *
 * Errors: INPUT; UNSUPPORTED for another protocol version than 101. No message holds a secret.
 * Returns: (transfer full) (nullable)
 */
LfCredential *lf_credential_parse(GBytes *bytes, GError **error);

void lf_credential_free(LfCredential *credential);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfCredential, lf_credential_free)

/** lf_credential_layout_name: "go-fdo", "fdo-rs", "tpm" */
const char *lf_credential_layout_name(LfCredentialLayout layout);
