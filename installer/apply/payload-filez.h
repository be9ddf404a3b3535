#pragma once

#include "installer/apply/payload-source.h"

#include <zlib.h>

/**
 * LfFilez: one file object of an archive repository while it is read; `LF_FILEZ_INIT` at first.
 * @size_bytes: of the content, as the header says
 * @mode: of a regular file or a symbolic link, nothing else
 * @target: of a symbolic link
 */
typedef struct {
	uint64_t size_bytes;
	uint32_t uid, gid, mode;
	const char *target;
	GVariant *xattrs;
	/*< private >*/
	const char *checksum;
	LfPayloadExtent extent; /* what of it is still to be read */
	GVariant *header;
	uint8_t *in;
	z_stream zlib;
	bool has_zlib;
} LfFilez;

#define LF_FILEZ_INIT                                                                              \
	{                                                                                          \
		.extent = { -1, false, 0, 0 }                                                      \
	}

/**
 * lf_filez_open:
 * @extent: (transfer full): where it lies
 * @checksum: its name, for messages; must outlive @file
 *
 * Reads the header. Bounded: a header over 1 MiB is refused.
 *
 * Errors: TRUST when it is malformed; IO.
 * Source: libostree's archive format: big-endian header size, four zero bytes, GVariant
 * (tuuuusa(ayay)), raw deflate stream.
 */
bool lf_filez_open(LfFilez *file, const LfPayloadExtent *extent, const char *checksum,
		   GError **error);

/**
 * lf_filez_read:
 * @out: (array length=size)
 *
 * Inflates the next @size bytes of the content. Fewer come only at the end of the stream, which is
 * not compared with @size_bytes here.
 *
 * Errors: TRUST when the stream is broken; IO.
 */
bool lf_filez_read(LfFilez *file, void *out, size_t size, size_t *ret_size, GError **error);

void lf_filez_clear(LfFilez *file);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LfFilez, lf_filez_clear)
