// A commit as a tree of files that are fetched when they are looked at.
// Not here: what is looked at (commit.c, commit-check.c), fetching (payload-store.c).
#include "installer/apply/payload-tree.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "installer/apply/payload-filez.h"
#include "installer/apply/payload-object.h"

// What is looked at before the install is short; it may have to be held in memory.
#define MAX_FILE_BYTES (64 * 1024 * 1024)

/* What all files of a tree share. */
typedef struct {
	LfPayloadStore *store;
	GVariant *commit;
	GHashTable *trees; /* checksum → GVariant */
	GHashTable *heads; /* checksum → Head */
	GError *failure;   /* nullable */
} Tree;

/* What is known of a file object without its content. */
typedef struct {
	uint64_t size_bytes;
	uint32_t mode;
	char *target;
} Head;

typedef struct {
	GObject parent;
	Tree *tree;
	char *path; /* without '/' in front; "" is the top */
} LfTreeFile;

typedef struct {
	GObjectClass parent;
} LfTreeFileClass;

/* Where a path leads. @meta is of directories. */
typedef struct {
	bool is_dir;
	char checksum[OSTREE_SHA256_STRING_LEN + 1];
	char meta[OSTREE_SHA256_STRING_LEN + 1];
} Found;

static GType lf_tree_file_get_type(void);
static void file_iface_init(GFileIface *iface);
G_DEFINE_TYPE_WITH_CODE(LfTreeFile, lf_tree_file, G_TYPE_OBJECT,
			G_IMPLEMENT_INTERFACE(G_TYPE_FILE, file_iface_init))

static void head_free(Head *head)
{
	g_free(head->target);
	g_free(head);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Head, head_free)

static void tree_clear(Tree *tree)
{
	g_variant_unref(tree->commit);
	g_hash_table_unref(tree->trees);
	g_hash_table_unref(tree->heads);
	g_clear_error(&tree->failure);
}

static void tree_unref(Tree *tree)
{
	g_rc_box_release_full(tree, (GDestroyNotify)tree_clear);
}

static void lf_tree_file_init(LfTreeFile *file)
{
	file->tree = NULL;
}

static void lf_tree_file_finalize(GObject *object)
{
	LfTreeFile *file = (LfTreeFile *)object;

	tree_unref(file->tree);
	g_free(file->path);
	G_OBJECT_CLASS(lf_tree_file_parent_class)->finalize(object);
}

static void lf_tree_file_class_init(LfTreeFileClass *class)
{
	G_OBJECT_CLASS(class)->finalize = lf_tree_file_finalize;
}

static GFile *file_new(Tree *tree, const char *path)
{
	LfTreeFile *file = g_object_new(lf_tree_file_get_type(), NULL);

	file->tree = g_rc_box_acquire(tree);
	file->path = g_strdup(path);
	return G_FILE(file);
}

static LfTreeFile *file_of(GFile *file)
{
	return (LfTreeFile *)file;
}

// --- objects ------------------------------------------------------------------------------------

static void keep_failure(Tree *tree, const GError *failure)
{
	if (!tree->failure)
		tree->failure = g_error_copy(failure);
}

static GVariant *load(Tree *tree, OstreeObjectType type, const char *checksum, GError **error)
{
	GVariant *object = g_hash_table_lookup(tree->trees, checksum);
	GError *local = NULL;

	if (object)
		return object;
	object = lf_payload_object_load(tree->store, type, checksum, &local);
	if (!object) {
		keep_failure(tree, local);
		g_propagate_error(error, local);
		return NULL;
	}
	g_hash_table_insert(tree->trees, g_strdup(checksum), object);
	return object;
}

typedef struct {
	const char *checksum;
	int fd; /* -1: only the head is wanted */
	Head *head;
} Fetch;

static bool read_file(LfPayloadExtent *extent, void *user_data, GError **error)
{
	g_auto(LfFilez) file = { .checksum = NULL };
	Fetch *fetch = user_data;

	// An earlier place may have had it damaged.
	if (fetch->fd >= 0 && (ftruncate(fetch->fd, 0) < 0 || lseek(fetch->fd, 0, SEEK_SET) < 0))
		return lf_throw_errno(error, "cannot empty a file in memory");
	if (!lf_filez_open(&file, extent, fetch->checksum, error))
		return false;
	if (fetch->fd >= 0 && file.content.size_bytes > MAX_FILE_BYTES)
		return lf_throw(error, LF_ERROR_TARGET,
				"object %.12s of the payload is too long to be looked at",
				fetch->checksum);
	if (!lf_content_copy(&file.content, fetch->checksum, fetch->fd, error))
		return false;
	fetch->head = g_new0(Head, 1);
	fetch->head->size_bytes = file.content.size_bytes;
	fetch->head->mode = file.content.mode;
	fetch->head->target = g_strdup(file.content.target);
	return true;
}

static bool fetch_file(Tree *tree, Fetch *fetch, GError **error)
{
	g_autofree char *path = lf_payload_object_path(OSTREE_OBJECT_TYPE_FILE, fetch->checksum);
	LfPayloadWant want = {
		.path = path, .max_bytes = MAX_FILE_BYTES, .use = read_file, .user_data = fetch
	};
	GError *local = NULL;

	if (lf_payload_store_get(tree->store, &want, &local))
		return true;
	keep_failure(tree, local);
	g_propagate_error(error, local);
	return false;
}

static const Head *load_head(Tree *tree, const char *checksum, GError **error)
{
	Head *head = g_hash_table_lookup(tree->heads, checksum);
	Fetch fetch = { checksum, -1, NULL };

	if (head)
		return head;
	if (!fetch_file(tree, &fetch, error))
		return NULL;
	g_hash_table_insert(tree->heads, g_strdup(checksum), fetch.head);
	return fetch.head;
}

// --- paths --------------------------------------------------------------------------------------

static bool throw_absent(const char *path, GError **error)
{
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "there is no '%s' in the payload",
		    path);
	return false;
}

static void peek_checksum(GVariant *csum_v, char *ret)
{
	ostree_checksum_inplace_from_bytes(ostree_checksum_bytes_peek(csum_v), ret);
}

// A tree is (files, directories): a(say) and a(sayay), each checksum 32 bytes.
static bool find_child(GVariant *object, const char *name, gsize length, Found *ret)
{
	for (gsize kind = 0; kind < 2; kind++) {
		g_autoptr(GVariant) list = g_variant_get_child_value(object, kind);

		for (gsize i = 0; i < g_variant_n_children(list); i++) {
			g_autoptr(GVariant) child = g_variant_get_child_value(list, i);
			g_autoptr(GVariant) csum = g_variant_get_child_value(child, 1);
			g_autoptr(GVariant) meta = NULL;
			const char *its;

			g_variant_get_child(child, 0, "&s", &its);
			if (strlen(its) != length || memcmp(its, name, length) != 0)
				continue;
			ret->is_dir = kind == 1;
			peek_checksum(csum, ret->checksum);
			if (ret->is_dir) {
				meta = g_variant_get_child_value(child, 2);
				peek_checksum(meta, ret->meta);
			}
			return true;
		}
	}
	return false;
}

static bool find(Tree *tree, const char *path, Found *ret, GError **error)
{
	g_autoptr(GVariant) root = g_variant_get_child_value(tree->commit, 6);
	g_autoptr(GVariant) meta = g_variant_get_child_value(tree->commit, 7);
	const char *next = path;

	ret->is_dir = true;
	peek_checksum(root, ret->checksum);
	peek_checksum(meta, ret->meta);
	while (*next) {
		gsize length = strcspn(next, "/");
		GVariant *object = NULL;

		if (ret->is_dir)
			object = load(tree, OSTREE_OBJECT_TYPE_DIR_TREE, ret->checksum, error);
		if (ret->is_dir && !object)
			return false;
		if (!object || !find_child(object, next, length, ret))
			return throw_absent(path, error);
		next += length + strspn(next + length, "/");
	}
	return true;
}

// --- what GFile wants ---------------------------------------------------------------------------

static GFile *dup_file(GFile *file)
{
	return file_new(file_of(file)->tree, file_of(file)->path);
}

static guint hash_file(GFile *file)
{
	return g_str_hash(file_of(file)->path);
}

static gboolean is_equal(GFile *a, GFile *b)
{
	return file_of(a)->tree == file_of(b)->tree &&
	       strcmp(file_of(a)->path, file_of(b)->path) == 0;
}

static gboolean is_native(GFile *file)
{
	return FALSE;
}

static char *get_basename(GFile *file)
{
	return g_path_get_basename(*file_of(file)->path ? file_of(file)->path : "/");
}

static char *get_path(GFile *file)
{
	return NULL;
}

static char *get_name(GFile *file)
{
	return g_strconcat("payload:/", file_of(file)->path, NULL);
}

static GFile *get_parent(GFile *file)
{
	const char *slash = strrchr(file_of(file)->path, '/');
	g_autofree char *path = NULL;

	if (!*file_of(file)->path)
		return NULL;
	path = g_strndup(file_of(file)->path, slash ? (gsize)(slash - file_of(file)->path) : 0);
	return file_new(file_of(file)->tree, path);
}

static GFile *resolve_relative_path(GFile *file, const char *path)
{
	g_autofree char *whole = g_strconcat("/", file_of(file)->path, "/", path, NULL);
	g_autofree char *clean = g_canonicalize_filename(*path == '/' ? path : whole, "/");

	return file_new(file_of(file)->tree, clean + strspn(clean, "/"));
}

static GFileType type_of(uint32_t mode)
{
	if (S_ISDIR(mode))
		return G_FILE_TYPE_DIRECTORY;
	return S_ISLNK(mode) ? G_FILE_TYPE_SYMBOLIC_LINK : G_FILE_TYPE_REGULAR;
}

static bool head_of(Tree *tree, const Found *found, Head *ret, GError **error)
{
	const Head *head;
	GVariant *meta;

	*ret = (Head){ 0, 0, NULL };
	if (!found->is_dir) {
		head = load_head(tree, found->checksum, error);
		if (head)
			*ret = *head;
		return head != NULL;
	}
	meta = load(tree, OSTREE_OBJECT_TYPE_DIR_META, found->meta, error);
	if (meta)
		g_variant_get_child(meta, 2, "u", &ret->mode);
	ret->mode = GUINT32_FROM_BE(ret->mode);
	return meta != NULL;
}

static GFileInfo *query_info(GFile *file, const char *attributes, GFileQueryInfoFlags flags,
			     GCancellable *cancellable, GError **error)
{
	g_autofree char *name = get_basename(file);
	g_autoptr(GFileInfo) info = NULL;
	Found found;
	Head head; /* its target is borrowed */

	if (!find(file_of(file)->tree, file_of(file)->path, &found, error) ||
	    !head_of(file_of(file)->tree, &found, &head, error))
		return NULL;
	info = g_file_info_new();
	g_file_info_set_name(info, name);
	g_file_info_set_file_type(info, type_of(head.mode));
	g_file_info_set_is_symlink(info, S_ISLNK(head.mode));
	g_file_info_set_size(info, (goffset)MIN(head.size_bytes, G_MAXINT64));
	g_file_info_set_attribute_uint32(info, "unix::mode", head.mode);
	if (S_ISLNK(head.mode))
		g_file_info_set_symlink_target(info, head.target);
	return g_steal_pointer(&info);
}

static GFileInputStream *read_fn(GFile *file, GCancellable *cancellable, GError **error)
{
	lf_autofd fd = memfd_create("landfall-payload", MFD_CLOEXEC);
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
	g_autoptr(GFile) copy = g_file_new_for_path(path);
	g_autoptr(Head) head = NULL;
	Fetch fetch = { .fd = fd };
	Found found;

	if (fd < 0) {
		lf_throw_errno(error, "no memory to look at the payload");
		return NULL;
	}
	if (!find(file_of(file)->tree, file_of(file)->path, &found, error))
		return NULL;
	fetch.checksum = found.checksum;
	if (found.is_dir || !fetch_file(file_of(file)->tree, &fetch, error)) {
		if (found.is_dir)
			throw_absent(file_of(file)->path, error);
		return NULL;
	}
	head = fetch.head;
	return g_file_read(copy, cancellable, error);
}

// --- directories --------------------------------------------------------------------------------

typedef struct {
	GFileEnumerator parent;
	GVariant *object;
	gsize kind, next;
} LfTreeList;

typedef struct {
	GFileEnumeratorClass parent;
} LfTreeListClass;

static GType lf_tree_list_get_type(void);
G_DEFINE_TYPE(LfTreeList, lf_tree_list, G_TYPE_FILE_ENUMERATOR)

static void lf_tree_list_init(LfTreeList *list)
{
	list->object = NULL;
}

static void lf_tree_list_finalize(GObject *object)
{
	g_clear_pointer(&((LfTreeList *)object)->object, g_variant_unref);
	G_OBJECT_CLASS(lf_tree_list_parent_class)->finalize(object);
}

static GFileInfo *next_file(GFileEnumerator *enumerator, GCancellable *cancellable, GError **error)
{
	LfTreeList *list = (LfTreeList *)enumerator;

	for (; list->kind < 2; list->kind++, list->next = 0) {
		g_autoptr(GVariant) names = g_variant_get_child_value(list->object, list->kind);
		g_autoptr(GVariant) child = NULL;
		g_autoptr(GFile) file = NULL;
		const char *name;

		if (list->next >= g_variant_n_children(names))
			continue;
		child = g_variant_get_child_value(names, list->next++);
		g_variant_get_child(child, 0, "&s", &name);
		file = g_file_resolve_relative_path(g_file_enumerator_get_container(enumerator),
						    name);
		return query_info(file, "", G_FILE_QUERY_INFO_NOFOLLOW_SYMLINKS, cancellable,
				  error);
	}
	return NULL;
}

static gboolean close_list(GFileEnumerator *enumerator, GCancellable *cancellable, GError **error)
{
	return TRUE;
}

static void lf_tree_list_class_init(LfTreeListClass *class)
{
	G_OBJECT_CLASS(class)->finalize = lf_tree_list_finalize;
	class->parent.next_file = next_file;
	class->parent.close_fn = close_list;
}

static GFileEnumerator *enumerate_children(GFile *file, const char *attributes,
					   GFileQueryInfoFlags flags, GCancellable *cancellable,
					   GError **error)
{
	LfTreeList *list;
	GVariant *object;
	Found found;

	if (!find(file_of(file)->tree, file_of(file)->path, &found, error))
		return NULL;
	if (!found.is_dir) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY, "'%s' is no directory",
			    file_of(file)->path);
		return NULL;
	}
	object = load(file_of(file)->tree, OSTREE_OBJECT_TYPE_DIR_TREE, found.checksum, error);
	if (!object)
		return NULL;
	list = g_object_new(lf_tree_list_get_type(), "container", file, NULL);
	list->object = g_variant_ref(object);
	return (GFileEnumerator *)list;
}

static void file_iface_init(GFileIface *iface)
{
	iface->dup = dup_file;
	iface->hash = hash_file;
	iface->equal = is_equal;
	iface->is_native = is_native;
	iface->get_basename = get_basename;
	iface->get_path = get_path;
	iface->get_uri = get_name;
	iface->get_parse_name = get_name;
	iface->get_parent = get_parent;
	iface->resolve_relative_path = resolve_relative_path;
	iface->query_info = query_info;
	iface->read_fn = read_fn;
	iface->enumerate_children = enumerate_children;
}

GFile *lf_payload_tree_new(LfPayloadStore *store, GVariant *commit)
{
	Tree *tree = g_rc_box_new0(Tree);
	GFile *root;

	tree->store = store;
	tree->commit = g_variant_ref(commit);
	tree->trees = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					    (GDestroyNotify)g_variant_unref);
	tree->heads =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)head_free);
	root = file_new(tree, "");
	tree_unref(tree);
	return root;
}

bool lf_payload_tree_check(GFile *root, GError **error)
{
	const Tree *tree = G_TYPE_CHECK_INSTANCE_TYPE(root, lf_tree_file_get_type())
				   ? file_of(root)->tree
				   : NULL;

	if (!tree || !tree->failure)
		return true;
	g_propagate_error(error, g_error_copy(tree->failure));
	return false;
}
