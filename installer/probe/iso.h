#pragma once

#include "base/throw.h"

#include <stdint.h>

/**
 * lf_iso_read:
 * @fd: the medium
 * @start_bytes: where its ISO 9660 file system begins
 * @label: its volume label
 * @path: of a file, such as "landfall/manifest.json", as Rock Ridge or plain ISO 9660 name it
 * @max_bytes: a longer file counts as not there
 *
 * Reads one small file without mounting. Hostile media cost no more than a few MiB of reading.
 *
 * Source: ECMA-119, 8.4 and 9.1; SUSP 1.12 and RRIP 1.12, 4.1.4 (NM).
 * Returns: (transfer full) (nullable): NULL when there is no such file system or file
 */
GBytes *lf_iso_read(int fd, uint64_t start_bytes, const char *label, const char *path,
		    size_t max_bytes);
