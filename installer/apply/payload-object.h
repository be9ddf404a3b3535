#pragma once

#include "installer/apply/payload-bare.h"
#include "installer/apply/payload-source.h"

/** lf_payload_object_name: (transfer full): where it lies below objects/ of an archive repository.
 */
char *lf_payload_object_name(OstreeObjectType type, const char *checksum);

/**
 * lf_payload_object_copy:
 * @from: where the archive repository's objects lie
 * @checksum: of a file object, 64 hex digits
 * @ret_bytes: (out): size of the file's content
 *
 * Reads one compressed file object and writes it, verified. Thread-safe.
 *
 * Errors: TRUST when the object is missing, malformed, or not what its name says; IO when it cannot
 * be read, or @to cannot be written.
 */
bool lf_payload_object_copy(const LfPayloadSource *from, const LfBare *to, const char *checksum,
			    uint64_t *ret_bytes, GError **error);

/**
 * lf_payload_object_load:
 * @type: OSTREE_OBJECT_TYPE_DIR_TREE or _DIR_META
 * @checksum: 64 hex digits
 *
 * Reads a tree object and checks its bytes against @checksum and its structure. Thread-safe.
 *
 * Errors: TRUST when it is missing, malformed or not what its name says; IO.
 * Returns: (transfer full) (nullable)
 */
GVariant *lf_payload_object_load(const LfPayloadSource *from, OstreeObjectType type,
				 const char *checksum, GError **error);
