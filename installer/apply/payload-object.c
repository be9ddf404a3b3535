// One object of a payload: a file copied, a tree or commit loaded; both verified.
// Not here: which objects (payload-copy.c), where from (payload-store.c).
#include "installer/apply/payload-object.h"

#include <string.h>

#include "base/fd.h"

#define MAX_TREE_BYTES (16 * 1024 * 1024)

char *lf_payload_object_path(OstreeObjectType type, const char *checksum)
{
	// In an archive, file objects are compressed: ".filez".
	return g_strdup_printf("objects/%.2s/%s.%s%s", checksum, checksum + 2,
			       ostree_object_type_to_string(type),
			       type == OSTREE_OBJECT_TYPE_FILE ? "z" : "");
}

// --- files --------------------------------------------------------------------------------------

typedef struct {
	const LfPayloadSink *to;
	const char *checksum;
	uint64_t *ret_bytes;
} File;

static bool write_file(LfPayloadExtent *extent, void *user_data, GError **error)
{
	const File *file = user_data;

	return file->to->write_file(file->to->repo, extent, file->checksum, file->ret_bytes, error);
}

bool lf_payload_object_copy(LfPayloadStore *from, const LfPayloadSink *to, const char *checksum,
			    uint64_t max_bytes, uint64_t *ret_bytes, GError **error)
{
	g_autofree char *path = lf_payload_object_path(OSTREE_OBJECT_TYPE_FILE, checksum);
	File file = { to, checksum, ret_bytes };
	LfPayloadWant want = {
		.path = path, .max_bytes = max_bytes, .use = write_file, .user_data = &file
	};

	return lf_payload_store_get(from, &want, error);
}

// --- trees and commits --------------------------------------------------------------------------

static const GVariantType *format_of(OstreeObjectType type)
{
	switch (type) {
	case OSTREE_OBJECT_TYPE_COMMIT:
		return OSTREE_COMMIT_GVARIANT_FORMAT;
	case OSTREE_OBJECT_TYPE_DIR_TREE:
		return OSTREE_TREE_GVARIANT_FORMAT;
	default:
		return OSTREE_DIRMETA_GVARIANT_FORMAT;
	}
}

static bool check_structure(OstreeObjectType type, GVariant *object, GError **error)
{
	switch (type) {
	case OSTREE_OBJECT_TYPE_COMMIT:
		return ostree_validate_structureof_commit(object, error);
	case OSTREE_OBJECT_TYPE_DIR_TREE:
		return ostree_validate_structureof_dirtree(object, error);
	default:
		return ostree_validate_structureof_dirmeta(object, error);
	}
}

GVariant *lf_payload_object_check(OstreeObjectType type, GBytes *bytes, const char *checksum,
				  GError **error)
{
	g_autoptr(GVariant) object =
		g_variant_ref_sink(g_variant_new_from_bytes(format_of(type), bytes, FALSE));
	g_autoptr(GError) local = NULL;
	gsize size;
	const void *data = g_bytes_get_data(bytes, &size);

	if (!lf_payload_check_bytes(data, size, checksum, error))
		return NULL;
	if (!check_structure(type, object, &local)) {
		lf_payload_throw_damaged(error, checksum, local->message);
		return NULL;
	}
	return g_steal_pointer(&object);
}

typedef struct {
	OstreeObjectType type;
	const char *checksum;
	GVariant *object;
} Tree;

static bool read_tree(LfPayloadExtent *extent, void *user_data, GError **error)
{
	Tree *tree = user_data;
	g_autoptr(GBytes) bytes =
		lf_payload_extent_bytes(extent, tree->checksum, MAX_TREE_BYTES, error);

	tree->object =
		bytes ? lf_payload_object_check(tree->type, bytes, tree->checksum, error) : NULL;
	return tree->object != NULL;
}

GVariant *lf_payload_object_load(LfPayloadStore *from, OstreeObjectType type, const char *checksum,
				 GError **error)
{
	g_autofree char *path = lf_payload_object_path(type, checksum);
	Tree tree = { type, checksum, NULL };
	LfPayloadWant want = {
		.path = path, .max_bytes = MAX_TREE_BYTES, .use = read_tree, .user_data = &tree
	};

	return lf_payload_store_get(from, &want, error) ? tree.object : NULL;
}

GVariant *lf_payload_object_read(int objects_fd, OstreeObjectType type, const char *checksum)
{
	g_autofree char *path = lf_payload_object_path(type, checksum);
	g_autoptr(GBytes) bytes =
		lf_read_file_at(objects_fd, path + strlen("objects/"), MAX_TREE_BYTES, NULL);

	return bytes ? lf_payload_object_check(type, bytes, checksum, NULL) : NULL;
}
