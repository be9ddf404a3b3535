// Files below the root of a system that is not running; no link leads out of it.
// Not here: what is written into them.
#include "installer/apply/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/fd.h"

bool lf_tree_open(int root_fd, const char *path, int flags, mode_t mode, int *ret_fd,
		  GError **error)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
		.mode = flags & O_CREAT ? mode : 0,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd;

	// EAGAIN: something was renamed during the walk.
	do
		fd = (int)syscall(SYS_openat2, root_fd, path, &how, sizeof how);
	while (fd < 0 && (errno == EAGAIN || errno == EINTR));
	if (fd < 0)
		return lf_throw_errno(error, "cannot open '%s'", path);
	*ret_fd = fd;
	return true;
}

bool lf_tree_exists(int root_fd, const char *path)
{
	lf_autofd fd = -1;

	return lf_tree_open(root_fd, path, O_PATH, 0, &fd, NULL);
}

// Opens the directory that holds @path and gives the last part of the name.
static bool open_parent(int root_fd, const char *path, int *ret_fd, const char **ret_leaf,
			GError **error)
{
	const char *slash = strrchr(path, '/');
	g_autofree char *parent = slash ? g_strndup(path, (gsize)(slash - path)) : g_strdup(".");

	if (!lf_tree_open(root_fd, *parent ? parent : ".", O_PATH | O_DIRECTORY, 0, ret_fd, error))
		return false;
	*ret_leaf = slash ? slash + 1 : path;
	return true;
}

char *lf_tree_read(int root_fd, const char *path, size_t max_bytes, GError **error)
{
	g_autoptr(GBytes) bytes = NULL;
	g_autofree char *magic = NULL;
	lf_autofd fd = -1;

	if (!lf_tree_open(root_fd, path, O_RDONLY, 0, &fd, NULL)) {
		if (errno == ENOENT)
			return g_strdup("");
		return lf_throw_errno_null(error, "cannot open '%s'", path);
	}
	magic = g_strdup_printf("/proc/self/fd/%d", fd);
	bytes = lf_read_file_at(AT_FDCWD, magic, max_bytes, error);
	if (!bytes) {
		lf_prefix(error, "'%s'", path);
		return NULL;
	}
	return g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

static bool write_beside(int dir_fd, const char *temp, const char *text, mode_t mode,
			 GError **error)
{
	lf_autofd fd = -1;

	if (!lf_openat(dir_fd, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600, &fd, error) ||
	    !lf_write_all(fd, text, strlen(text), error))
		return false;
	if (fchmod(fd, mode) < 0)
		return lf_throw_errno(error, "cannot set the mode");
	return true;
}

static bool rename_into_place(int dir_fd, const char *temp, const char *leaf, GError **error)
{
	if (renameat(dir_fd, temp, dir_fd, leaf) < 0)
		return lf_throw_errno(error, "cannot rename");
	return true;
}

bool lf_tree_write(int root_fd, const char *path, const char *text, mode_t mode, GError **error)
{
	g_autofree char *temp = NULL;
	const char *leaf = NULL;
	lf_autofd dir_fd = -1;

	if (!open_parent(root_fd, path, &dir_fd, &leaf, error))
		return lf_prefix(error, "cannot write '%s'", path);
	temp = g_strdup_printf(".%s.landfall~", leaf);
	unlinkat(dir_fd, temp, 0);
	if (write_beside(dir_fd, temp, text, mode, error) &&
	    rename_into_place(dir_fd, temp, leaf, error))
		return true;
	unlinkat(dir_fd, temp, 0);
	return lf_prefix(error, "cannot write '%s'", path);
}

bool lf_tree_append(int root_fd, const char *path, const char *text, mode_t mode, GError **error)
{
	lf_autofd fd = -1;

	if (!lf_tree_open(root_fd, path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, mode, &fd,
			  error) ||
	    !lf_write_all(fd, text, strlen(text), error))
		return lf_prefix(error, "cannot add to '%s'", path);
	return true;
}

bool lf_tree_link(int root_fd, const char *target, const char *path, GError **error)
{
	g_autofree char *temp = NULL;
	const char *leaf = NULL;
	lf_autofd dir_fd = -1;

	if (!open_parent(root_fd, path, &dir_fd, &leaf, error))
		return lf_prefix(error, "cannot link '%s'", path);
	temp = g_strdup_printf(".%s.landfall~", leaf);
	unlinkat(dir_fd, temp, 0);
	if (symlinkat(target, dir_fd, temp) < 0)
		return lf_throw_errno(error, "cannot link '%s'", path);
	if (rename_into_place(dir_fd, temp, leaf, error))
		return true;
	unlinkat(dir_fd, temp, 0);
	return lf_prefix(error, "cannot link '%s'", path);
}

static bool make_directory(int root_fd, const char *path, mode_t mode, GError **error)
{
	const char *leaf = NULL;
	lf_autofd dir_fd = -1;

	if (!open_parent(root_fd, path, &dir_fd, &leaf, error))
		return false;
	if (mkdirat(dir_fd, leaf, mode) == 0) {
		// mkdir's mode passes through the umask; this one is meant exactly.
		if (fchmodat(dir_fd, leaf, mode, 0) < 0)
			return lf_throw_errno(error, "cannot set the mode of '%s'", path);
		return true;
	}
	if (errno == EEXIST)
		return true;
	return lf_throw_errno(error, "cannot create directory '%s'", path);
}

bool lf_tree_mkdirs(int root_fd, const char *path, mode_t mode, GError **error)
{
	g_autofree char *part = g_strdup(path);

	if (lf_tree_exists(root_fd, path))
		return true;
	for (char *slash = strchr(part, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (*part && !lf_tree_exists(root_fd, part) &&
		    !make_directory(root_fd, part, mode, error))
			return false;
		*slash = '/';
	}
	return make_directory(root_fd, part, mode, error);
}

bool lf_tree_chown(int root_fd, const char *path, uid_t uid, gid_t gid, GError **error)
{
	const char *leaf = NULL;
	lf_autofd dir_fd = -1;

	if (!open_parent(root_fd, path, &dir_fd, &leaf, error))
		return false;
	if (fchownat(dir_fd, leaf, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
		return lf_throw_errno(error, "cannot give '%s' to user %u", path, (unsigned)uid);
	return true;
}
