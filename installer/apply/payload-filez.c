// Reads one compressed file object of an archive repository: header, then content.
// Not here: where it lies (payload-source.c), what becomes of it (payload-object.c).
#include "installer/apply/payload-filez.h"

#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"

#define PREFIX_BYTES	 8
#define MAX_HEADER_BYTES (1024 * 1024)
#define READ_BYTES	 (128 * 1024)

void lf_filez_clear(LfFilez *file)
{
	if (file->has_zlib)
		inflateEnd(&file->zlib);
	g_clear_pointer(&file->header, g_variant_unref);
	g_clear_pointer(&file->content.xattrs, g_variant_unref);
	g_clear_pointer(&file->in, g_free);
}

// Fills zlib's input with the next bytes of the object; none at its end.
static bool fill(LfFilez *file, GError **error)
{
	size_t n;

	if (!lf_payload_extent_read(file->extent, file->checksum, file->in, READ_BYTES, &n, error))
		return false;
	file->zlib.next_in = file->in;
	file->zlib.avail_in = (uInt)n;
	return true;
}

// The first read holds the header, and the whole of most files.
static bool take_header_bytes(LfFilez *file, void *out, size_t size, GError **error)
{
	char *next = out;

	while (size > 0) {
		size_t n = MIN(size, file->zlib.avail_in);

		if (n == 0) {
			if (!fill(file, error))
				return false;
			if (file->zlib.avail_in == 0)
				return lf_payload_throw_damaged(error, file->checksum,
								"it ends early");
			continue;
		}
		memcpy(next, file->zlib.next_in, n);
		file->zlib.next_in += n;
		file->zlib.avail_in -= (uInt)n;
		next += n;
		size -= n;
	}
	return true;
}

static bool parse_header(LfFilez *file, GBytes *bytes)
{
	LfContent *content = &file->content;
	guint32 rdev;

	file->header = g_variant_ref_sink(
		g_variant_new_from_bytes(G_VARIANT_TYPE("(tuuuusa(ayay))"), bytes, FALSE));
	if (!g_variant_is_normal_form(file->header))
		return false;
	g_variant_get(file->header, "(tuuuu&s@a(ayay))", &content->size_bytes, &content->uid,
		      &content->gid, &content->mode, &rdev, &content->target, &content->xattrs);
	content->size_bytes = GUINT64_FROM_BE(content->size_bytes);
	content->uid = GUINT32_FROM_BE(content->uid);
	content->gid = GUINT32_FROM_BE(content->gid);
	content->mode = GUINT32_FROM_BE(content->mode);
	return lf_content_is_supported(content);
}

// Fewer bytes come only at the end of the stream, which is not compared with the header here.
static bool inflate_next(LfContent *content, void *out, size_t size, size_t *ret_size,
			 GError **error)
{
	LfFilez *file = (LfFilez *)content;
	int status = Z_OK;

	file->zlib.next_out = out;
	file->zlib.avail_out = (uInt)size;
	while (status == Z_OK && file->zlib.avail_out > 0) {
		if (file->zlib.avail_in == 0 && !fill(file, error))
			return false;
		status = inflate(&file->zlib, Z_NO_FLUSH);
	}
	if (status != Z_OK && status != Z_STREAM_END)
		return lf_payload_throw_damaged(error, file->checksum,
						"its compressed data is broken");
	*ret_size = size - file->zlib.avail_out;
	return true;
}

bool lf_filez_open(LfFilez *file, LfPayloadExtent *extent, const char *checksum, GError **error)
{
	g_autofree char *header = NULL;
	g_autoptr(GBytes) bytes = NULL;
	guint32 prefix[PREFIX_BYTES / sizeof(guint32)];
	guint32 size;

	file->extent = extent;
	file->checksum = checksum;
	file->content.read = inflate_next;
	file->in = g_malloc(READ_BYTES);
	if (!take_header_bytes(file, prefix, sizeof prefix, error))
		return false;
	size = GUINT32_FROM_BE(prefix[0]);
	if (size > MAX_HEADER_BYTES)
		return lf_payload_throw_damaged(error, checksum, "its header is too long");
	header = g_malloc(size);
	if (!take_header_bytes(file, header, size, error))
		return false;
	bytes = g_bytes_new_take(g_steal_pointer(&header), size);
	if (!parse_header(file, bytes))
		return lf_payload_throw_damaged(error, checksum, "its header is not well formed");
	if (inflateInit2(&file->zlib, -MAX_WBITS) != Z_OK)
		return lf_throw(error, LF_ERROR_INTERNAL, "zlib does not start");
	file->has_zlib = true;
	return true;
}
