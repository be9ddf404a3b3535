#pragma once

#include "ztp/fdo/credential.h"
#include "ztp/fdo/voucher.h"

#define LF_DOCUMENT_MAX_BYTES ((size_t)4 << 20)

/** LfDocument: a voucher or a credential, whichever it was: one of the two is there. */
typedef struct {
	LfVoucher *voucher;
	LfCredential *credential;
} LfDocument;

/**
 * lf_document_parse:
 * @file: a file's content: PEM with a block "OWNERSHIP VOUCHER", hexadecimal digits with white
 * space, or CBOR
 *
 * Errors: INPUT, UNSUPPORTED.
 * Returns: (transfer full) (nullable)
 */
LfDocument *lf_document_parse(LfSpan file, GError **error);

void lf_document_free(LfDocument *document);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfDocument, lf_document_free)
