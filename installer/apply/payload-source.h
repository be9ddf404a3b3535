#pragma once

#include "installer/apply/payload-content.h"

#include <ostree.h>
#include <stdint.h>

/**
 * LfPayloadSource: where the objects of an archive repository lie. A repository on a mounted ISO
 * 9660 medium is read by its extents from the device itself, in the medium's order: looking up ten
 * thousand small files through the file system, one by one, takes longer than reading the whole
 * medium, and a virtual CD behind a slow link answers each request alone.
 */
typedef struct LfPayloadSource LfPayloadSource;

/**
 * LfPayloadExtent: an object's bytes. @fd belongs to the caller when @owns_fd.
 * @is_unreadable: reading failed, which says nothing of the object
 */
typedef struct {
	int fd;
	bool owns_fd;
	bool is_unreadable;
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

/** lf_payload_extent_clear: closes what belongs to the caller. */
void lf_payload_extent_clear(LfPayloadExtent *extent);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LfPayloadExtent, lf_payload_extent_clear)

#define LF_PAYLOAD_EXTENT_INIT                                                                     \
	{                                                                                          \
		.fd = -1                                                                           \
	}

/** LF_PAYLOAD_UNREADABLE: what to do about a read error; the end of its message. */
#define LF_PAYLOAD_UNREADABLE "write the medium again or use another drive"

/**
 * lf_payload_extent_read:
 * @extent: what is left of the object; grows shorter by what was read
 * @checksum: the object's name, for the message
 * @ret_size: (out): 0 at the end
 *
 * Reads the next bytes, at most @size. Thread-safe for extents of one source.
 *
 * Errors: IO, which names device or file and place.
 */
bool lf_payload_extent_read(LfPayloadExtent *extent, const char *checksum, void *data, size_t size,
			    size_t *ret_size, GError **error);

/**
 * lf_payload_source_check:
 * @path: absolute path of a file that is said to be missing or damaged
 *
 * Whether the directories that lead to @path can be read. The kernel's isofs takes a directory that
 * it cannot read for an empty one, so the medium's device itself is asked. True on all other file
 * systems.
 *
 * Errors: IO.
 */
bool lf_payload_source_check(const char *path, GError **error);

/** lf_payload_source_is_medium: whether it lies on a medium that is best read in its order. */
bool lf_payload_source_is_medium(const LfPayloadSource *source);

/** lf_payload_source_place: the object's place on the medium, for sorting; 0 when it has none. */
uint64_t lf_payload_source_place(const LfPayloadSource *source, const char *name);

void lf_payload_source_free(LfPayloadSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfPayloadSource, lf_payload_source_free)
