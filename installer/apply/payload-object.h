#pragma once

#include "installer/apply/payload-sink.h"
#include "installer/apply/payload-store.h"

/** lf_payload_object_path: (transfer full): where it lies in an archive repository:
 * "objects/ab/cdef….filez". */
char *lf_payload_object_path(OstreeObjectType type, const char *checksum);

/**
 * lf_payload_object_copy:
 * @checksum: of a file object, 64 hex digits
 * @max_bytes: a longer one is not taken from a server
 * @ret_bytes: (out): size of the file's content
 *
 * Reads one compressed file object and writes it, verified. Thread-safe.
 *
 * Errors: those of lf_payload_store_get(); IO when @to cannot be written.
 */
bool lf_payload_object_copy(LfPayloadStore *from, const LfPayloadSink *to, const char *checksum,
			    uint64_t max_bytes, uint64_t *ret_bytes, GError **error);

/**
 * lf_payload_object_load:
 * @type: OSTREE_OBJECT_TYPE_DIR_TREE, _DIR_META or _COMMIT
 * @checksum: 64 hex digits
 *
 * Reads an object and checks its bytes against @checksum and its structure. Thread-safe.
 *
 * Errors: those of lf_payload_store_get(). Returns: (transfer full) (nullable)
 */
GVariant *lf_payload_object_load(LfPayloadStore *from, OstreeObjectType type, const char *checksum,
				 GError **error);

/** lf_payload_object_check: the same check for bytes at hand. Errors: TRUST. */
GVariant *lf_payload_object_check(OstreeObjectType type, GBytes *bytes, const char *checksum,
				  GError **error);

/**
 * lf_payload_object_read: (transfer full) (nullable): a tree object of a repository of any mode, or
 * NULL when it is not there or not whole. @objects_fd: the repository's directory objects/
 */
GVariant *lf_payload_object_read(int objects_fd, OstreeObjectType type, const char *checksum);
