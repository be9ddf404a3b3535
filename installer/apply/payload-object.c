// One object of an archive repository: a file copied into a bare one, a tree loaded.
// Not here: which objects (payload-copy.c).
#include "installer/apply/payload-object.h"

#include <string.h>

#include "base/fd.h"
#include "installer/apply/payload-filez.h"

#define MAX_TREE_BYTES (16 * 1024 * 1024)

char *lf_payload_object_name(OstreeObjectType type, const char *checksum)
{
	// In an archive, file objects are compressed: ".filez".
	return g_strdup_printf("%.2s/%s.%s%s", checksum, checksum + 2,
			       ostree_object_type_to_string(type),
			       type == OSTREE_OBJECT_TYPE_FILE ? "z" : "");
}

bool lf_payload_object_copy(const LfPayloadSource *from, const LfBare *to, const char *checksum,
			    uint64_t *ret_bytes, GError **error)
{
	g_autofree char *name = lf_payload_object_name(OSTREE_OBJECT_TYPE_FILE, checksum);
	g_auto(LfFilez) object = LF_FILEZ_INIT;
	LfPayloadExtent extent;

	if (!lf_payload_source_open(from, name, &extent, error) ||
	    !lf_filez_open(&object, &extent, checksum, error))
		return false;
	*ret_bytes = object.size_bytes;
	return lf_bare_write(to, &object, checksum, error);
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
