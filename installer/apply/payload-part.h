#pragma once

#include "installer/apply/payload-content.h"
#include "installer/apply/payload-source.h"

/**
 * A part of a static delta made from nothing: many objects, compressed together. Whoever serves it
 * may have changed it: all is checked, and nothing in it is trusted. The operations of deltas
 * between two commits are refused.
 */

/**
 * lf_part_unpack:
 * @extent: the part as it lies on a server: a byte that says how it is compressed, and the rest
 * @max_bytes: of what comes out
 * @out: file that it is written to
 *
 * Errors: TRUST when it is malformed or too long; IO.
 */
bool lf_part_unpack(LfPayloadExtent *extent, uint64_t max_bytes, int out, GError **error);

/**
 * LfPartObject: takes one object, not yet compared with its name.
 * @content: of a file; NULL for others
 * @bytes: of another object; NULL for files
 */
typedef bool (*LfPartObject)(OstreeObjectType type, const char *checksum, LfContent *content,
			     GBytes *bytes, void *user_data, GError **error);

/**
 * lf_part_read:
 * @unpacked: as from lf_part_unpack()
 * @objects: (type ay): names of the part's objects in order: a byte for the type, 32 of checksum
 *
 * Errors: TRUST when it is malformed; those of @object.
 * Source: libostree's static delta format: GVariant (a(uuu)aa(ayay)ayay) of modes, extended
 * attributes, content and operations.
 */
bool lf_part_read(GBytes *unpacked, GVariant *objects, LfPartObject object, void *user_data,
		  GError **error);
