// One file object from an archive repository into a bare one.
// Not here: which objects (payload-copy.c).
#include "installer/apply/payload-object.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "installer/apply/payload-filez.h"

#define MAX_TREE_BYTES (16 * 1024 * 1024)
#define WRITE_BYTES    (256 * 1024)
// Up to here a file is written from memory in one call; above, as a stream.
#define INLINE_BYTES (64 * 1024)

char *lf_payload_object_name(OstreeObjectType type, const char *checksum)
{
	// In an archive, file objects are compressed: ".filez".
	return g_strdup_printf("%.2s/%s.%s%s", checksum, checksum + 2,
			       ostree_object_type_to_string(type),
			       type == OSTREE_OBJECT_TYPE_FILE ? "z" : "");
}

// What libostree refuses while writing is either a wrong checksum or the target's own trouble.
static bool throw_unwritten(GError **error, const char *checksum, const GError *cause)
{
	bool is_target = cause->domain == G_IO_ERROR && cause->code != G_IO_ERROR_FAILED;

	if (is_target || strstr(cause->message, g_strerror(EIO)))
		return lf_throw(error, LF_ERROR_IO, "cannot write file object %.12s: %s", checksum,
				cause->message);
	return lf_payload_throw_damaged(error, checksum, cause->message);
}

static bool write_link(OstreeRepo *to, const LfFilez *object, const char *checksum, GError **error)
{
	g_autoptr(GError) local = NULL;
	g_autofree char *written =
		ostree_repo_write_symlink(to, checksum, object->uid, object->gid, object->xattrs,
					  object->target, NULL, &local);

	return written || throw_unwritten(error, checksum, local);
}

static bool write_inline(OstreeRepo *to, LfFilez *object, const char *checksum, GError **error)
{
	g_autofree guint8 *content = g_malloc(object->size_bytes + 1);
	g_autoptr(GError) local = NULL;
	g_autofree char *written = NULL;
	size_t size = 0;

	// One byte more is asked for, so that a stream longer than it says is seen.
	if (!lf_filez_read(object, content, object->size_bytes + 1, &size, error))
		return false;
	if (size != object->size_bytes)
		return lf_payload_throw_damaged(error, checksum,
						"it is not as long as its header says");
	written = ostree_repo_write_regfile_inline(to, checksum, object->uid, object->gid,
						   object->mode, object->xattrs, content, size,
						   NULL, &local);
	return written || throw_unwritten(error, checksum, local);
}

static bool write_stream(OstreeRepo *to, LfFilez *object, const char *checksum, GError **error)
{
	g_autoptr(OstreeContentWriter) writer = NULL;
	g_autofree guint8 *chunk = g_malloc(WRITE_BYTES);
	g_autoptr(GError) local = NULL;
	g_autofree char *written = NULL;
	guint64 left = object->size_bytes;
	size_t size = WRITE_BYTES;

	writer = ostree_repo_write_regfile(to, checksum, object->uid, object->gid, object->mode,
					   object->size_bytes, object->xattrs, &local);
	if (!writer)
		return throw_unwritten(error, checksum, local);
	while (size == WRITE_BYTES) {
		if (!lf_filez_read(object, chunk, WRITE_BYTES, &size, error))
			return false;
		if (size > left)
			return lf_payload_throw_damaged(error, checksum,
							"it is longer than its header says");
		left -= size;
		if (!g_output_stream_write_all(G_OUTPUT_STREAM(writer), chunk, size, NULL, NULL,
					       &local))
			return throw_unwritten(error, checksum, local);
	}
	if (left > 0)
		return lf_payload_throw_damaged(error, checksum,
						"it is shorter than its header says");
	written = ostree_content_writer_finish(writer, NULL, &local);
	return written || throw_unwritten(error, checksum, local);
}

bool lf_payload_object_copy(const LfPayloadSource *from, OstreeRepo *to, const char *checksum,
			    uint64_t *ret_bytes, GError **error)
{
	g_autofree char *name = lf_payload_object_name(OSTREE_OBJECT_TYPE_FILE, checksum);
	g_auto(LfFilez) object = LF_FILEZ_INIT;
	LfPayloadExtent extent;
	bool is_written;

	if (!lf_payload_source_open(from, name, &extent, error) ||
	    !lf_filez_open(&object, &extent, checksum, error))
		return false;
	if (S_ISLNK(object.mode))
		is_written = write_link(to, &object, checksum, error);
	else if (object.size_bytes <= INLINE_BYTES)
		is_written = write_inline(to, &object, checksum, error);
	else
		is_written = write_stream(to, &object, checksum, error);
	*ret_bytes = object.size_bytes;
	return is_written;
}

// --- tree objects -------------------------------------------------------------------------------

static GBytes *read_whole(LfPayloadExtent *extent, const char *checksum, GError **error)
{
	size_t size = extent->size_bytes;
	g_autofree char *data = NULL;
	size_t used = 0;
	size_t n = 1;

	if (extent->size_bytes > MAX_TREE_BYTES) {
		lf_payload_throw_damaged(error, checksum, "it is too long for a tree");
		return NULL;
	}
	data = g_malloc(size + 1);
	while (used < size && n > 0) {
		if (!lf_payload_extent_read(extent, checksum, data + used, size - used, &n, error))
			return NULL;
		used += n;
	}
	return g_bytes_new_take(g_steal_pointer(&data), used);
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
		lf_payload_throw_damaged(error, checksum, "its checksum is another");
		return NULL;
	}
	if (!check_tree(type, object, &local)) {
		lf_payload_throw_damaged(error, checksum, local->message);
		return NULL;
	}
	return g_steal_pointer(&object);
}
