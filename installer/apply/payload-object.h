#pragma once

#include "installer/apply/payload-source.h"

/** lf_payload_object_name: (transfer full): where it lies below objects/ of an archive repository.
 */
char *lf_payload_object_name(OstreeObjectType type, const char *checksum);

/**
 * lf_payload_object_copy:
 * @from: where the archive repository's objects lie
 * @to: bare repository, fsync off
 * @checksum: of a file object, 64 hex digits
 * @ret_bytes: (out): size of the file's content
 *
 * Reads one compressed file object and writes it to @to, which checks its content against
 * @checksum. Uses plain reads and large writes: an installation is made of ten thousand small
 * files, and libostree's streams spend more on each than its bytes cost. Thread-safe.
 *
 * Errors: TRUST when the object is missing, malformed, or not what its name says; IO when it cannot
 * be read, or @to cannot be written.
 */
bool lf_payload_object_copy(const LfPayloadSource *from, OstreeRepo *to, const char *checksum,
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
