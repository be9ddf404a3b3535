#pragma once

#include "installer/apply/payload-content.h"

/**
 * A part of a static delta made from nothing: many objects, compressed together. Whoever serves it
 * may have changed it: all is checked, and nothing in it is trusted. The operations of deltas
 * between two commits are refused.
 */

/** LfPartUnpacker: unpacks a part while it arrives. */
typedef struct LfPartUnpacker LfPartUnpacker;

/**
 * lf_part_unpacker_new:
 * @out: file that it is written to, from where it stands; borrowed
 * @max_bytes: of what comes out
 */
LfPartUnpacker *lf_part_unpacker_new(int out, uint64_t max_bytes);

/**
 * lf_part_unpacker_feed: the next bytes of the part as it lies on a server: a byte that says how it
 * is compressed, and the rest.
 * Errors: TRUST when it is malformed or too long; IO.
 */
bool lf_part_unpacker_feed(LfPartUnpacker *unpacker, const void *data, size_t size, GError **error);

/** lf_part_unpacker_end: that was all. Errors: as before. */
bool lf_part_unpacker_end(LfPartUnpacker *unpacker, GError **error);

void lf_part_unpacker_free(LfPartUnpacker *unpacker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfPartUnpacker, lf_part_unpacker_free)

/**
 * LfPartObject: takes one object, not yet compared with its name.
 * @content: of a file; NULL for others
 * @bytes: of another object; NULL for files
 */
typedef bool (*LfPartObject)(OstreeObjectType type, const char *checksum, LfContent *content,
			     GBytes *bytes, void *user_data, GError **error);

/**
 * lf_part_read:
 * @unpacked: what the unpacker wrote
 * @objects: (type ay): names of the part's objects in order: a byte for the type, 32 of checksum
 *
 * Errors: TRUST when it is malformed; those of @object.
 * Source: libostree's static delta format: GVariant (a(uuu)aa(ayay)ayay) of modes, extended
 * attributes, content and operations.
 */
bool lf_part_read(GBytes *unpacked, GVariant *objects, LfPartObject object, void *user_data,
		  GError **error);
