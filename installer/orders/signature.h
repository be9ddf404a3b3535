#pragma once

#include "base/host.h"

/** LF_KS_KEYRING: keys of the image that may sign kickstarts, relative to the host's root. */
#define LF_KS_KEYRING "usr/share/landfall/ks-keyring.gpg"

/** LF_SIGNATURE_SUFFIX: where a file's signature stands: beside it, with this behind its name. */
#define LF_SIGNATURE_SUFFIX ".sig"

/** LF_SIGNATURE_MAX_BYTES: a longer one is refused. */
#define LF_SIGNATURE_MAX_BYTES (64 * 1024)

/**
 * lf_signature_is_wanted: whether orders must be signed: the image holds keys for them, or
 * `landfall.ks-key=` names one.
 */
bool lf_signature_is_wanted(const LfHost *host);

/**
 * lf_signature_check:
 * @name: of the file, for messages
 * @data: what was signed
 * @signature: detached OpenPGP signature of it; hostile
 * @ret_key: (out) (optional) (transfer full): fingerprint of the key that made it
 *
 * Checks with gpgv against the image's keys. With `landfall.ks-key=FINGERPRINT` that key must have
 * made it.
 *
 * Errors: TRUST: no good signature of a key that counts, or the image holds no keys; INPUT:
 * landfall.ks-key= is no fingerprint.
 */
bool lf_signature_check(const LfHost *host, const char *name, GBytes *data, GBytes *signature,
			char **ret_key, GError **error);

/**
 * lf_signature_good_key:
 * @status: what gpgv says on its status descriptor
 * @wanted: (nullable): fingerprint, upper case
 * Pure. Source: GnuPG, doc/DETAILS (GOODSIG, VALIDSIG). Returns: (transfer full) (nullable):
 * fingerprint of a key that is not expired or revoked and whose signature is good
 */
char *lf_signature_good_key(const char *status, const char *wanted);
