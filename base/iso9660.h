#pragma once

#include "base/throw.h"

#include <stdint.h>

/** LfIsoExtent: where a file lies in an image; offset and size in bytes. */
typedef struct {
	uint64_t offset_bytes;
	uint64_t size_bytes;
} LfIsoExtent;

/**
 * lf_iso_find:
 * @fd: an ISO 9660 image or device, readable by pread(); hostile
 * @path: such as "/landfall/seed.img"; at most 16 names
 *
 * Finds a regular file. Rock Ridge names are compared exactly, plain ones without regard to case
 * and without their version number. Reads volume descriptor and directories only; a directory over
 * 4 MiB is refused, and so is an image that ends before its volume does, whatever is looked for.
 *
 * Errors: INPUT when this is no ISO 9660 image, when it is damaged, or has no such file;
 * UNSUPPORTED for a file in several pieces; IO when it cannot be read or is cut. Source: ECMA-119
 * (8.4, 9.1), SUSP 1.12, Rock Ridge 1.12 (4.1.4 NM).
 */
bool lf_iso_find(int fd, const char *path, LfIsoExtent *ret_extent, GError **error);

/**
 * lf_iso_read:
 * @max_bytes: a longer file is an INPUT error
 * Reads a whole file, found as by lf_iso_find().
 * Returns: (transfer full) (nullable)
 */
GBytes *lf_iso_read(int fd, const char *path, uint64_t max_bytes, GError **error);

/** LfIsoVisit: called for each file; @path is relative to the directory that is walked. False
 * stops. */
typedef bool (*LfIsoVisit)(const char *path, const LfIsoExtent *extent, void *user_data,
			   GError **error);

/**
 * lf_iso_walk:
 * @dir: directory such as "/repo/objects"
 *
 * Visits every regular file in and below a directory, in the order of the image's directories.
 * Files in several pieces are passed over. At most a million records are read, 8 levels deep.
 *
 * Errors: as lf_iso_find(); what @visit throws.
 */
bool lf_iso_walk(int fd, const char *dir, LfIsoVisit visit, void *user_data, GError **error);
