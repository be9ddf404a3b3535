// Writes objects into a bare repository and checks each file against its name.
// Not here: reading them (payload-filez.c, payload-object.c), the commit (libostree writes that).
#include "installer/apply/payload-bare.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"

#define N_DIRS 256

struct LfBare {
	int objects_fd;
	uid_t uid; /* whose our files are at first */
	gid_t gid;
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
	return g_steal_pointer(&bare);
}

void lf_bare_free(LfBare *bare)
{
	if (!bare)
		return;
	lf_close_fd(&bare->objects_fd);
	g_free(bare);
}

// The way by /proc works for links too, which can only be opened as a place.
static bool set_xattrs(const LfContent *content, int fd)
{
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);

	for (gsize i = 0; i < g_variant_n_children(content->xattrs); i++) {
		g_autoptr(GVariant) value = NULL;
		const char *key;

		g_variant_get_child(content->xattrs, i, "(^&ay@ay)", &key, &value);
		if (setxattr(path, key, g_variant_get_data(value), g_variant_get_size(value), 0) <
		    0)
			return false;
	}
	return true;
}

// Setting what is already so would cost as much as a change.
static bool set_owner(const LfBare *bare, const LfContent *content, int fd)
{
	return (content->uid == bare->uid && content->gid == bare->gid) ||
	       fchownat(fd, "", content->uid, content->gid, AT_EMPTY_PATH) == 0;
}

// A write or a change of owner takes capabilities and set-id bits away, so these come last.
static bool set_metadata(const LfBare *bare, const LfContent *content, const char *checksum, int fd,
			 GError **error)
{
	static const struct timespec times[] = { { OSTREE_TIMESTAMP, 0 }, { OSTREE_TIMESTAMP, 0 } };

	return (set_owner(bare, content, fd) &&
		(S_ISLNK(content->mode) || fchmod(fd, content->mode & ~(mode_t)S_IFMT) == 0) &&
		set_xattrs(content, fd) && utimensat(fd, "", times, AT_EMPTY_PATH) == 0) ||
	       throw_unwritten(error, checksum);
}

// Returns in @ret_fd a link as a place alone (O_PATH).
static bool make(const LfBare *bare, const LfContent *content, const char *path, int *ret_fd,
		 GError **error)
{
	if (!S_ISLNK(content->mode))
		return lf_openat(bare->objects_fd, path, O_WRONLY | O_CREAT | O_EXCL, 0600, ret_fd,
				 error);
	if (symlinkat(content->target, bare->objects_fd, path) < 0)
		return lf_throw_errno(error, "cannot make the link '%s'", path);
	return lf_openat(bare->objects_fd, path, O_PATH | O_NOFOLLOW, 0, ret_fd, error);
}

bool lf_bare_has_file(const LfBare *bare, const char *checksum)
{
	Name name = name_of(OSTREE_OBJECT_TYPE_FILE, checksum);

	return faccessat(bare->objects_fd, name.path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int lf_bare_dir(const LfBare *bare)
{
	return bare->objects_fd;
}

void lf_bare_remove(const LfBare *bare, OstreeObjectType type, const char *checksum)
{
	Name name = name_of(type, checksum);

	(void)unlinkat(bare->objects_fd, name.path, 0);
}

bool lf_bare_write(const LfBare *bare, LfContent *content, const char *checksum, GError **error)
{
	Name name = name_of(OSTREE_OBJECT_TYPE_FILE, checksum);
	lf_autofd fd = -1;

	if (!make(bare, content, name.path, &fd, error))
		return lf_prefix(error, "cannot write file object %.12s", checksum);
	if (lf_content_copy(content, checksum, fd, error) &&
	    set_metadata(bare, content, checksum, fd, error))
		return true;
	(void)unlinkat(bare->objects_fd, name.path, 0);
	return false;
}

bool lf_bare_write_tree(const LfBare *bare, OstreeObjectType type, const char *checksum,
			GVariant *object, GError **error)
{
	Name name = name_of(type, checksum);
	lf_autofd fd = -1;

	if (!lf_openat(bare->objects_fd, name.path, O_WRONLY | O_CREAT | O_EXCL, 0644, &fd, error))
		return lf_prefix(error, "cannot write object %.12s", checksum);
	if (lf_write_all(fd, g_variant_get_data(object), g_variant_get_size(object), error))
		return true;
	(void)unlinkat(bare->objects_fd, name.path, 0);
	return lf_prefix(error, "cannot write object %.12s", checksum);
}
