#pragma once

#include "base/throw.h"

/**
 * lf_sign_text:
 * @text: (array length=size)
 * @cert_file, @key_file: PEM; the first certificate is the signer's, those behind it go along
 *
 * Signs with the machine's key, so that a reader can tell who said it and that nothing was changed.
 * The result holds the text itself (CMS SignedData, RFC 5652) in PEM: `openssl cms -verify -inform
 * PEM` gives it back.
 *
 * Errors: IO when a file cannot be read; INPUT when it is no certificate or key, the key is
 * encrypted, or they do not fit together; INTERNAL.
 * Returns: (transfer full) (nullable)
 */
char *lf_sign_text(const char *text, size_t size, const char *cert_file, const char *key_file,
		   GError **error);
