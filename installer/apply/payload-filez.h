#pragma once

#include "installer/apply/payload-content.h"
#include "installer/apply/payload-source.h"

#include <zlib.h>

/**
 * LfFilez: one file object of an archive repository while it is read; all zero at first.
 * @content: what it is; its read function inflates
 */
typedef struct {
	LfContent content;
	/*< private >*/
	const char *checksum;
	LfPayloadExtent *extent; /* what of it is still to be read */
	GVariant *header;
	uint8_t *in;
	z_stream zlib;
	bool has_zlib;
} LfFilez;

/**
 * lf_filez_open:
 * @extent: where it lies; must outlive @file, as must @checksum, its name, for messages
 *
 * Reads the header. Bounded: a header over 1 MiB is refused.
 *
 * Errors: TRUST when it is malformed, or is neither a file nor an empty link; IO.
 * Source: libostree's archive format: big-endian header size, four zero bytes, GVariant
 * (tuuuusa(ayay)), raw deflate stream.
 */
bool lf_filez_open(LfFilez *file, LfPayloadExtent *extent, const char *checksum, GError **error);

void lf_filez_clear(LfFilez *file);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LfFilez, lf_filez_clear)
