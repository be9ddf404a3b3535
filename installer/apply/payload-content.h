#pragma once

#include "base/throw.h"

#include <ostree.h>
#include <stdint.h>

/**
 * LfContent: one file object while it is read, wherever it comes from.
 * @size_bytes: of the content, as the object says
 * @mode: of a regular file or a symbolic link, nothing else
 * @target: of a symbolic link
 * @xattrs: a(ayay)
 * @read: (nullable for links): the next @size bytes; fewer come only at the end
 */
typedef struct LfContent LfContent;
struct LfContent {
	uint64_t size_bytes;
	uint32_t uid, gid, mode;
	const char *target;
	GVariant *xattrs;
	bool (*read)(LfContent *content, void *out, size_t size, size_t *ret_size, GError **error);
};

/** lf_content_is_supported: whether it is what a repository can hold: a file, or an empty link. */
bool lf_content_is_supported(const LfContent *content);

/**
 * lf_content_copy:
 * @checksum: the object's name, 64 hex digits
 * @fd: where the content of a regular file is written, from where it stands; -1: nowhere
 *
 * Reads the object to its end and compares its checksum with its name.
 *
 * Errors: TRUST when it is not what its name says; IO; those of @read.
 * Source: libostree's content checksum: SHA-256 of big-endian header size, four zero bytes,
 * GVariant (uuuusa(ayay)), content.
 */
bool lf_content_copy(LfContent *content, const char *checksum, int fd, GError **error);

/** lf_payload_throw_damaged: TRUST: the object is not what it should be. Returns: false. */
bool lf_payload_throw_damaged(GError **error, const char *checksum, const char *what);

/** lf_payload_check_bytes: whether the SHA-256 of @data is @checksum. Errors: TRUST. */
bool lf_payload_check_bytes(const void *data, size_t size, const char *checksum, GError **error);

/** LfPayloadSum: the same for bytes that come one after the other. */
typedef struct evp_md_ctx_st LfPayloadSum;

/** lf_payload_sum_new: (transfer full) (nullable) */
LfPayloadSum *lf_payload_sum_new(GError **error);
bool lf_payload_sum_add(LfPayloadSum *sum, const void *data, size_t size, GError **error);

/** lf_payload_sum_check: ends it. Errors: TRUST when it is not @checksum. */
bool lf_payload_sum_check(LfPayloadSum *sum, const char *checksum, GError **error);
void lf_payload_sum_free(LfPayloadSum *sum);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfPayloadSum, lf_payload_sum_free)
