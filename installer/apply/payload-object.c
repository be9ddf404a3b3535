// One file object from an archive repository into a bare one.
// Not here: which objects (payload-copy.c).
#include "installer/apply/payload-object.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "base/fd.h"

#define PREFIX_BYTES	 8
#define MAX_HEADER_BYTES (1024 * 1024)
#define MAX_TREE_BYTES	 (16 * 1024 * 1024)
#define READ_BYTES	 (128 * 1024)
#define WRITE_BYTES	 (256 * 1024)
// Up to here a file is written from memory in one call; above, as a stream.
#define INLINE_BYTES (64 * 1024)

typedef struct {
	LfPayloadExtent extent; /* what of it is still to be read */
	GVariant *header;
	guint64 size;
	guint32 uid, gid, mode;
	const char *target; /* of a symbolic link; borrowed from header */
	GVariant *xattrs;
	Bytef *in; /* READ_BYTES */
	z_stream zlib;
	bool has_zlib;
} Object;

static void object_clear(Object *object)
{
	if (object->extent.owns_fd)
		lf_close_fd(&object->extent.fd);
	if (object->has_zlib)
		inflateEnd(&object->zlib);
	g_clear_pointer(&object->header, g_variant_unref);
	g_clear_pointer(&object->xattrs, g_variant_unref);
	g_free(object->in);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Object, object_clear)

char *lf_payload_object_name(OstreeObjectType type, const char *checksum)
{
	// In an archive, file objects are compressed: ".filez".
	return g_strdup_printf("%.2s/%s.%s%s", checksum, checksum + 2,
			       ostree_object_type_to_string(type),
			       type == OSTREE_OBJECT_TYPE_FILE ? "z" : "");
}

static bool throw_damaged(GError **error, const char *checksum, const char *what)
{
	return lf_throw(error, LF_ERROR_TRUST, "object %.12s of the payload is damaged: %s",
			checksum, what);
}

// Fills zlib's input with the next bytes of the object. Returns false when reading fails.
static bool fill(Object *object)
{
	LfPayloadExtent *extent = &object->extent;
	size_t size = MIN(READ_BYTES, extent->size_bytes);
	ssize_t n = TEMP_FAILURE_RETRY(
		pread(extent->fd, object->in, size, (off_t)extent->offset_bytes));

	if (n < 0)
		return false;
	extent->offset_bytes += (uint64_t)n;
	extent->size_bytes -= (uint64_t)n;
	object->zlib.next_in = object->in;
	object->zlib.avail_in = (uInt)n;
	return true;
}

// The first read holds the header, and the whole of most files.
static bool take_header_bytes(Object *object, void *out, size_t size)
{
	char *next = out;

	while (size > 0) {
		size_t n = MIN(size, object->zlib.avail_in);

		if (n == 0) {
			if (!fill(object) || object->zlib.avail_in == 0)
				return false;
			continue;
		}
		memcpy(next, object->zlib.next_in, n);
		object->zlib.next_in += n;
		object->zlib.avail_in -= (uInt)n;
		next += n;
		size -= n;
	}
	return true;
}

static bool parse_header(Object *object, GBytes *bytes)
{
	guint32 rdev;

	object->header = g_variant_ref_sink(
		g_variant_new_from_bytes(G_VARIANT_TYPE("(tuuuusa(ayay))"), bytes, FALSE));
	if (!g_variant_is_normal_form(object->header))
		return false;
	g_variant_get(object->header, "(tuuuu&s@a(ayay))", &object->size, &object->uid,
		      &object->gid, &object->mode, &rdev, &object->target, &object->xattrs);
	object->size = GUINT64_FROM_BE(object->size);
	object->uid = GUINT32_FROM_BE(object->uid);
	object->gid = GUINT32_FROM_BE(object->gid);
	object->mode = GUINT32_FROM_BE(object->mode);
	return S_ISREG(object->mode) || (S_ISLNK(object->mode) && object->size == 0);
}

static bool object_open(Object *object, const LfPayloadSource *from, const char *checksum,
			GError **error)
{
	g_autofree char *name = lf_payload_object_name(OSTREE_OBJECT_TYPE_FILE, checksum);
	g_autofree char *header = NULL;
	g_autoptr(GBytes) bytes = NULL;
	guint32 prefix[2];
	guint32 size;

	if (!lf_payload_source_open(from, name, &object->extent, error))
		return false;
	object->in = g_malloc(READ_BYTES);
	if (!take_header_bytes(object, prefix, PREFIX_BYTES))
		return throw_damaged(error, checksum, "it ends early");
	size = GUINT32_FROM_BE(prefix[0]);
	if (size > MAX_HEADER_BYTES)
		return throw_damaged(error, checksum, "its header is too long");
	header = g_malloc(size);
	if (!take_header_bytes(object, header, size))
		return throw_damaged(error, checksum, "it ends early");
	bytes = g_bytes_new_take(g_steal_pointer(&header), size);
	if (!parse_header(object, bytes))
		return throw_damaged(error, checksum, "its header is not well formed");
	if (inflateInit2(&object->zlib, -MAX_WBITS) != Z_OK)
		return lf_throw(error, LF_ERROR_INTERNAL, "zlib does not start");
	object->has_zlib = true;
	return true;
}

// Inflates up to @size bytes. Fewer come only at the end of the stream.
static bool object_inflate(Object *object, const char *checksum, void *out, size_t size,
			   size_t *ret_size, GError **error)
{
	int status = Z_OK;

	object->zlib.next_out = out;
	object->zlib.avail_out = (uInt)size;
	while (status == Z_OK && object->zlib.avail_out > 0) {
		if (object->zlib.avail_in == 0 && !fill(object))
			return throw_damaged(error, checksum, g_strerror(errno));
		status = inflate(&object->zlib, Z_NO_FLUSH);
	}
	if (status != Z_OK && status != Z_STREAM_END)
		return throw_damaged(error, checksum, "its compressed data is broken");
	*ret_size = size - object->zlib.avail_out;
	return true;
}

// What libostree refuses while writing is either a wrong checksum or the target's own trouble.
static bool throw_unwritten(GError **error, const char *checksum, const GError *cause)
{
	bool is_target = cause->domain == G_IO_ERROR && cause->code != G_IO_ERROR_FAILED;

	if (is_target || strstr(cause->message, g_strerror(EIO)))
		return lf_throw(error, LF_ERROR_IO, "cannot write file object %.12s: %s", checksum,
				cause->message);
	return throw_damaged(error, checksum, cause->message);
}

static bool write_link(OstreeRepo *to, const Object *object, const char *checksum, GError **error)
{
	g_autoptr(GError) local = NULL;
	g_autofree char *written =
		ostree_repo_write_symlink(to, checksum, object->uid, object->gid, object->xattrs,
					  object->target, NULL, &local);

	return written || throw_unwritten(error, checksum, local);
}

static bool write_inline(OstreeRepo *to, Object *object, const char *checksum, GError **error)
{
	g_autofree guint8 *content = g_malloc(object->size + 1);
	g_autoptr(GError) local = NULL;
	g_autofree char *written = NULL;
	size_t size = 0;

	// One byte more is asked for, so that a stream longer than it says is seen.
	if (!object_inflate(object, checksum, content, object->size + 1, &size, error))
		return false;
	if (size != object->size)
		return throw_damaged(error, checksum, "it is not as long as its header says");
	written = ostree_repo_write_regfile_inline(to, checksum, object->uid, object->gid,
						   object->mode, object->xattrs, content, size,
						   NULL, &local);
	return written || throw_unwritten(error, checksum, local);
}

static bool write_stream(OstreeRepo *to, Object *object, const char *checksum, GError **error)
{
	g_autoptr(OstreeContentWriter) writer = NULL;
	g_autofree guint8 *chunk = g_malloc(WRITE_BYTES);
	g_autoptr(GError) local = NULL;
	g_autofree char *written = NULL;
	guint64 left = object->size;
	size_t size = WRITE_BYTES;

	writer = ostree_repo_write_regfile(to, checksum, object->uid, object->gid, object->mode,
					   object->size, object->xattrs, &local);
	if (!writer)
		return throw_unwritten(error, checksum, local);
	while (size == WRITE_BYTES) {
		if (!object_inflate(object, checksum, chunk, WRITE_BYTES, &size, error))
			return false;
		if (size > left)
			return throw_damaged(error, checksum, "it is longer than its header says");
		left -= size;
		if (!g_output_stream_write_all(G_OUTPUT_STREAM(writer), chunk, size, NULL, NULL,
					       &local))
			return throw_unwritten(error, checksum, local);
	}
	if (left > 0)
		return throw_damaged(error, checksum, "it is shorter than its header says");
	written = ostree_content_writer_finish(writer, NULL, &local);
	return written || throw_unwritten(error, checksum, local);
}

bool lf_payload_object_copy(const LfPayloadSource *from, OstreeRepo *to, const char *checksum,
			    uint64_t *ret_bytes, GError **error)
{
	g_auto(Object) object = { .extent = { -1, false, 0, 0 } };
	bool is_written;

	if (!object_open(&object, from, checksum, error))
		return false;
	if (S_ISLNK(object.mode))
		is_written = write_link(to, &object, checksum, error);
	else if (object.size <= INLINE_BYTES)
		is_written = write_inline(to, &object, checksum, error);
	else
		is_written = write_stream(to, &object, checksum, error);
	*ret_bytes = object.size;
	return is_written;
}

// --- tree objects -------------------------------------------------------------------------------

static GBytes *read_whole(LfPayloadExtent *extent, const char *checksum, GError **error)
{
	g_autofree char *data = NULL;

	if (extent->size_bytes > MAX_TREE_BYTES) {
		throw_damaged(error, checksum, "it is too long for a tree");
		return NULL;
	}
	data = g_malloc(extent->size_bytes + 1);
	if (!lf_pread_all(extent->fd, data, extent->size_bytes, extent->offset_bytes, error))
		return NULL;
	return g_bytes_new_take(g_steal_pointer(&data), extent->size_bytes);
}

static bool check_tree(OstreeObjectType type, GVariant *object, GError **error)
{
	return type == OSTREE_OBJECT_TYPE_DIR_TREE
		       ? ostree_validate_structureof_dirtree(object, error)
		       : ostree_validate_structureof_dirmeta(object, error);
}

GVariant *lf_payload_object_load(const LfPayloadSource *from, OstreeObjectType type,
				 const char *checksum, GError **error)
{
	g_autofree char *name = lf_payload_object_name(type, checksum);
	const GVariantType *format = type == OSTREE_OBJECT_TYPE_DIR_TREE
					     ? OSTREE_TREE_GVARIANT_FORMAT
					     : OSTREE_DIRMETA_GVARIANT_FORMAT;
	LfPayloadExtent extent = { -1, false, 0, 0 };
	g_autoptr(GVariant) object = NULL;
	g_autoptr(GError) local = NULL;
	g_autoptr(GBytes) bytes = NULL;
	g_autofree char *actual = NULL;

	if (!lf_payload_source_open(from, name, &extent, error))
		return NULL;
	bytes = read_whole(&extent, checksum, error);
	if (extent.owns_fd)
		lf_close_fd(&extent.fd);
	if (!bytes)
		return NULL;
	actual = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes);
	object = g_variant_ref_sink(g_variant_new_from_bytes(format, bytes, FALSE));
	if (strcmp(actual, checksum) != 0) {
		throw_damaged(error, checksum, "its checksum is another");
		return NULL;
	}
	if (!check_tree(type, object, &local)) {
		throw_damaged(error, checksum, local->message);
		return NULL;
	}
	return g_steal_pointer(&object);
}
