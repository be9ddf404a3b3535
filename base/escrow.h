#pragma once

#include "base/secret.h"

/**
 * lf_escrow_check:
 * @certificate: X.509 certificate, PEM or DER; hostile
 *
 * Errors: INPUT when it is none; UNSUPPORTED when its key is not RSA of 2048 bits or more.
 * Returns: whether a key can be sealed to it
 */
bool lf_escrow_check(GBytes *certificate, GError **error);

/**
 * lf_escrow_seal:
 * @certificate: as lf_escrow_check() accepts it
 * @secret: what only the certificate's owner shall read
 *
 * Encrypts to the certificate: CMS enveloped data, AES-256, RSA-OAEP. Opened with
 * `openssl cms -decrypt -inform PEM -inkey KEY`.
 *
 * Source: RFC 5652, 6; RFC 3560.
 * Returns: (transfer full) (nullable): PEM text ("BEGIN CMS")
 */
char *lf_escrow_seal(GBytes *certificate, const LfSecret *secret, GError **error);

/**
 * lf_escrow_recovery_key:
 * 256 random bits in the letters and groups that systemd uses for recovery keys, so that people can
 * type them on any keyboard. Source: systemd, src/shared/recovery-key.c. Returns: (transfer full)
 * (nullable)
 */
LfSecret *lf_escrow_recovery_key(GError **error);
