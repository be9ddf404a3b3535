// Writes objects into a bare repository and checks each file against its name.
// Not here: reading them (payload-filez.c, payload-object.c), the commit (libostree writes that).
#include "installer/apply/payload-bare.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"

#define CHUNK_BYTES (256 * 1024)
#define N_DIRS	    256

typedef EVP_MD_CTX Sum;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sum, EVP_MD_CTX_free)

struct LfBare {
	int objects_fd;
	uid_t uid; /* whose our files are at first */
	gid_t gid;
	EVP_MD *sha256;
};

/* "ab/cdef….file" */
typedef struct {
	char path[OSTREE_SHA256_STRING_LEN + sizeof "/.dirtree"];
} Name;

static Name name_of(OstreeObjectType type, const char *checksum)
{
	Name name;

	(void)snprintf(name.path, sizeof name.path, "%.2s/%.62s.%s", checksum, checksum + 2,
		       ostree_object_type_to_string(type));
	return name;
}

static bool throw_unwritten(GError **error, const char *checksum)
{
	return lf_throw_errno(error, "cannot write file object %.12s", checksum);
}

static bool make_dirs(int objects_fd, GError **error)
{
	for (unsigned i = 0; i < N_DIRS; i++) {
		char name[3];

		(void)snprintf(name, sizeof name, "%02x", i);
		if (mkdirat(objects_fd, name, 0755) < 0 && errno != EEXIST)
			return lf_throw_errno(error, "cannot make the repository's folder '%s'",
					      name);
	}
	return true;
}

LfBare *lf_bare_new(OstreeRepo *repo, GError **error)
{
	g_autoptr(LfBare) bare = g_new0(LfBare, 1);

	bare->objects_fd = -1;
	bare->uid = geteuid();
	bare->gid = getegid();
	if (ostree_repo_get_mode(repo) != OSTREE_REPO_MODE_BARE)
		return lf_throw_null(error, LF_ERROR_INTERNAL,
				     "the target's repository is not a bare one");
	if (!lf_openat(ostree_repo_get_dfd(repo), "objects", O_RDONLY | O_DIRECTORY, 0,
		       &bare->objects_fd, error) ||
	    !make_dirs(bare->objects_fd, error))
		return NULL;
	bare->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (!bare->sha256)
		return lf_throw_null(error, LF_ERROR_INTERNAL, "OpenSSL has no SHA-256");
	return g_steal_pointer(&bare);
}

void lf_bare_free(LfBare *bare)
{
	if (!bare)
		return;
	lf_close_fd(&bare->objects_fd);
	EVP_MD_free(bare->sha256);
	g_free(bare);
}

// --- the checksum -------------------------------------------------------------------------------

static bool add(Sum *sum, const void *data, size_t size, GError **error)
{
	return EVP_DigestUpdate(sum, data, size) == 1 ||
	       lf_throw(error, LF_ERROR_INTERNAL, "OpenSSL cannot compute a checksum");
}

// The archive's header without what is only the archive's: length and compression.
static bool add_header(Sum *sum, const LfFilez *object, GError **error)
{
	g_autoptr(GVariant) header = g_variant_ref_sink(g_variant_new(
		"(uuuus@a(ayay))", GUINT32_TO_BE(object->uid), GUINT32_TO_BE(object->gid),
		GUINT32_TO_BE(object->mode), 0, object->target, object->xattrs));
	guint32 size = GUINT32_TO_BE((guint32)g_variant_get_size(header));
	const guint32 prefix[] = { size, 0 };

	return add(sum, prefix, sizeof prefix, error) &&
	       add(sum, g_variant_get_data(header), g_variant_get_size(header), error);
}

static Sum *sum_new(const LfBare *bare, const LfFilez *object, GError **error)
{
	g_autoptr(Sum) sum = EVP_MD_CTX_new();

	if (!sum || EVP_DigestInit_ex2(sum, bare->sha256, NULL) != 1)
		return lf_throw_null(error, LF_ERROR_INTERNAL, "OpenSSL cannot compute a checksum");
	return add_header(sum, object, error) ? g_steal_pointer(&sum) : NULL;
}

static bool check_sum(Sum *sum, const char *checksum, GError **error)
{
	guchar digest[OSTREE_SHA256_DIGEST_LEN];
	char actual[OSTREE_SHA256_STRING_LEN + 1];

	if (EVP_DigestFinal_ex(sum, digest, NULL) != 1)
		return lf_throw(error, LF_ERROR_INTERNAL, "OpenSSL cannot compute a checksum");
	ostree_checksum_inplace_from_bytes(digest, actual);
	return strcmp(actual, checksum) == 0 ||
	       lf_payload_throw_damaged(error, checksum, "its checksum is another");
}

// --- the file -----------------------------------------------------------------------------------

// The way by /proc works for links too, which can only be opened as a place.
static bool set_xattrs(const LfFilez *object, int fd)
{
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);

	for (gsize i = 0; i < g_variant_n_children(object->xattrs); i++) {
		g_autoptr(GVariant) value = NULL;
		const char *key;

		g_variant_get_child(object->xattrs, i, "(^&ay@ay)", &key, &value);
		if (setxattr(path, key, g_variant_get_data(value), g_variant_get_size(value), 0) <
		    0)
			return false;
	}
	return true;
}

// Setting what is already so would cost as much as a change.
static bool set_owner(const LfBare *bare, const LfFilez *object, int fd)
{
	return (object->uid == bare->uid && object->gid == bare->gid) ||
	       fchownat(fd, "", object->uid, object->gid, AT_EMPTY_PATH) == 0;
}

// A write or a change of owner takes capabilities and set-id bits away, so these come last.
static bool set_metadata(const LfBare *bare, const LfFilez *object, const char *checksum, int fd,
			 GError **error)
{
	static const struct timespec times[] = { { OSTREE_TIMESTAMP, 0 }, { OSTREE_TIMESTAMP, 0 } };

	return (set_owner(bare, object, fd) &&
		(S_ISLNK(object->mode) || fchmod(fd, object->mode & ~(mode_t)S_IFMT) == 0) &&
		set_xattrs(object, fd) && utimensat(fd, "", times, AT_EMPTY_PATH) == 0) ||
	       throw_unwritten(error, checksum);
}

static bool copy_content(Sum *sum, LfFilez *object, const char *checksum, int fd, GError **error)
{
	// One byte more is asked for, so that a stream longer than it says is seen.
	size_t chunk_size = MIN(object->size_bytes, CHUNK_BYTES - 1) + 1;
	g_autofree guint8 *chunk = g_malloc(chunk_size);
	uint64_t total = 0;
	size_t size = chunk_size;

	while (size == chunk_size) {
		if (!lf_filez_read(object, chunk, chunk_size, &size, error))
			return false;
		total += size;
		if (total > object->size_bytes)
			return lf_payload_throw_damaged(error, checksum,
							"it is longer than its header says");
		if (!add(sum, chunk, size, error))
			return false;
		if (!lf_write_all(fd, chunk, size, error))
			return lf_prefix(error, "cannot write file object %.12s", checksum);
	}
	return total == object->size_bytes ||
	       lf_payload_throw_damaged(error, checksum, "it is shorter than its header says");
}

// Returns in @ret_fd a link as a place alone (O_PATH).
static bool make(const LfBare *bare, const LfFilez *object, const char *path, int *ret_fd,
		 GError **error)
{
	if (!S_ISLNK(object->mode))
		return lf_openat(bare->objects_fd, path, O_WRONLY | O_CREAT | O_EXCL, 0600, ret_fd,
				 error);
	if (symlinkat(object->target, bare->objects_fd, path) < 0)
		return lf_throw_errno(error, "cannot make the link '%s'", path);
	return lf_openat(bare->objects_fd, path, O_PATH | O_NOFOLLOW, 0, ret_fd, error);
}

static bool fill(const LfBare *bare, LfFilez *object, const char *checksum, int fd, GError **error)
{
	g_autoptr(Sum) sum = sum_new(bare, object, error);

	return sum && (S_ISLNK(object->mode) || copy_content(sum, object, checksum, fd, error)) &&
	       check_sum(sum, checksum, error) && set_metadata(bare, object, checksum, fd, error);
}

bool lf_bare_write(const LfBare *bare, LfFilez *object, const char *checksum, GError **error)
{
	Name name = name_of(OSTREE_OBJECT_TYPE_FILE, checksum);
	lf_autofd fd = -1;

	if (!make(bare, object, name.path, &fd, error))
		return lf_prefix(error, "cannot write file object %.12s", checksum);
	if (fill(bare, object, checksum, fd, error))
		return true;
	(void)unlinkat(bare->objects_fd, name.path, 0);
	return false;
}

bool lf_bare_write_tree(const LfBare *bare, OstreeObjectType type, const char *checksum,
			GVariant *object, GError **error)
{
	Name name = name_of(type, checksum);
	lf_autofd fd = -1;

	if (!lf_openat(bare->objects_fd, name.path, O_WRONLY | O_CREAT | O_EXCL, 0644, &fd,
		       error) ||
	    !lf_write_all(fd, g_variant_get_data(object), g_variant_get_size(object), error))
		return lf_prefix(error, "cannot write object %.12s", checksum);
	return true;
}
