#pragma once

#include "base/throw.h"

/** LF_PEM_MAX_BYTES: longer files of certificates and keys are refused. */
#define LF_PEM_MAX_BYTES (1024 * 1024)

/**
 * lf_pem_check_certificates:
 * @pem: hostile
 * Errors: INPUT when it holds no X.509 certificate, or one that cannot be read.
 */
bool lf_pem_check_certificates(GBytes *pem, GError **error);

/**
 * lf_pem_check_pair:
 * @certificate: client certificate, perhaps with the chain behind it; hostile
 * @key: its private key, without a passphrase; hostile
 * Errors: INPUT when one of them is none, or they do not belong together.
 */
bool lf_pem_check_pair(GBytes *certificate, GBytes *key, GError **error);
