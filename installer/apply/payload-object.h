#pragma once

#include "base/throw.h"

#include <ostree.h>
#include <stdint.h>

/**
 * lf_payload_object_copy:
 * @from: archive repository
 * @to: bare repository, fsync off
 * @checksum: of a file object, 64 hex digits
 * @ret_bytes: (out): size of the file's content
 *
 * Reads one compressed file object and writes it to @to, which checks its content against
 * @checksum. Uses plain reads and large writes: an installation is made of ten thousand small
 * files, and libostree's streams spend more on each than its bytes cost. Thread-safe.
 *
 * Errors: TRUST when the object is missing, malformed, or not what its name says; IO when @to
 * cannot be written. Source: libostree's archive format: big-endian header size, four zero bytes,
 * GVariant (tuuuusa(ayay)), raw deflate stream.
 */
bool lf_payload_object_copy(OstreeRepo *from, OstreeRepo *to, const char *checksum,
			    uint64_t *ret_bytes, GError **error);
