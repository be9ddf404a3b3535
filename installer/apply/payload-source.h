#pragma once

#include "base/throw.h"

#include <ostree.h>
#include <stdint.h>

/**
 * LfPayloadSource: where the objects of an archive repository lie. A repository on a mounted ISO
 * 9660 medium is read by its extents from the device itself, in the medium's order: looking up ten
 * thousand small files through the file system, one by one, takes longer than reading the whole
 * medium, and a virtual CD behind a slow link answers each request alone.
 */
typedef struct LfPayloadSource LfPayloadSource;

/** LfPayloadExtent: an object's bytes. @fd belongs to the caller when @owns_fd. */
typedef struct {
	int fd;
	bool owns_fd;
	uint64_t offset_bytes;
	uint64_t size_bytes;
} LfPayloadExtent;

/**
 * lf_payload_source_new:
 * @repo: an open archive repository; must outlive the source
 *
 * Finds out whether @repo lies on an ISO 9660 medium whose device can be read, and then reads the
 * medium's directories. Everything else, and a medium that cannot be read that way, is read as
 * files.
 *
 * Returns: (transfer full)
 */
LfPayloadSource *lf_payload_source_new(OstreeRepo *repo);

/**
 * lf_payload_source_open:
 * @name: below objects/, such as "ab/cdef….filez"
 * Errors: TRUST when the object is not there; IO. Thread-safe.
 */
bool lf_payload_source_open(const LfPayloadSource *source, const char *name,
			    LfPayloadExtent *ret_extent, GError **error);

/** lf_payload_source_place: the object's place on the medium, for sorting; 0 when it has none. */
uint64_t lf_payload_source_place(const LfPayloadSource *source, const char *name);

void lf_payload_source_free(LfPayloadSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfPayloadSource, lf_payload_source_free)
