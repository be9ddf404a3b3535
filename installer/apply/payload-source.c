// Where an archive repository's objects lie: files, or extents of an ISO 9660 medium.
// Not here: what is in them (payload-object.c), mounting the medium (installer/medium.c).
#include "installer/apply/payload-source.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "base/fd.h"
#include "base/iso9660.h"

// One request of the medium, in sectors of 512 bytes: 2 MiB.
#define READ_AHEAD_SECTORS 4096UL
#define MAX_MOUNTS_BYTES   (1024 * 1024)

struct LfPayloadSource {
	int objects_fd;
	int device_fd;	     /* -1: objects are files */
	GHashTable *extents; /* name → LfIsoExtent */
	GError *unread;	     /* nullable: why the medium's directories could not be read */
};

typedef struct {
	char *device;
	char *below; /* path of objects/ from the medium's root */
} Place;

static void place_clear(Place *place)
{
	g_free(place->device);
	g_free(place->below);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Place, place_clear)

static char *path_of_fd(int fd)
{
	g_autofree char *link = g_strdup_printf("/proc/self/fd/%d", fd);

	return g_file_read_link(link, NULL);
}

// mountinfo: "id parent major:minor root mount-point options … - type source super-options"
static bool match_mount(const char *line, const char *number, const char *path, Place *ret)
{
	g_auto(GStrv) words = g_strsplit(line, " ", -1);
	g_autofree char *mount = NULL;
	guint n = g_strv_length(words);
	guint dash = 6;

	while (dash < n && strcmp(words[dash], "-") != 0)
		dash++;
	if (dash + 2 >= n || strcmp(words[2], number) != 0 || strcmp(words[3], "/") != 0)
		return false;
	mount = g_strcompress(words[4]);
	if (!g_str_has_prefix(path, mount))
		return false;
	ret->device = g_strcompress(words[dash + 2]);
	ret->below = g_strdup(path + strlen(mount));
	return true;
}

static bool find_place(int fd, Place *ret)
{
	g_autofree char *path = path_of_fd(fd);
	g_autofree char *number = NULL;
	g_autoptr(GBytes) mounts = NULL;
	g_auto(GStrv) lines = NULL;
	struct stat st;

	mounts = lf_read_file_at(AT_FDCWD, "/proc/self/mountinfo", MAX_MOUNTS_BYTES, NULL);
	if (!path || !mounts || fstat(fd, &st) < 0)
		return false;
	number = g_strdup_printf("%u:%u", major(st.st_dev), minor(st.st_dev));
	lines = g_strsplit(g_bytes_get_data(mounts, NULL), "\n", -1);
	for (guint i = 0; lines[i]; i++)
		if (match_mount(lines[i], number, path, ret))
			return true;
	return false;
}

static bool remember(const char *path, const LfIsoExtent *extent, void *user_data, GError **error)
{
	LfPayloadSource *source = user_data;

	g_hash_table_replace(source->extents, g_strdup(path), g_memdup2(extent, sizeof *extent));
	return true;
}

static bool is_on_medium(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == ISOFS_SUPER_MAGIC;
}

// Who may not open the device cannot tell whether it can be read.
static bool open_device(const char *path, int *ret_fd, GError **error)
{
	if (lf_openat(AT_FDCWD, path, O_RDONLY, 0, ret_fd, error))
		return true;
	return errno == EACCES || errno == EPERM ? lf_rethrow(error, LF_ERROR_UNSUPPORTED) : false;
}

// A medium that cannot be read this way is no error: its files still can. But isofs hides why a
// file is not found, so a read error is kept.
static bool index_medium(LfPayloadSource *source)
{
	g_auto(Place) place = { NULL, NULL };
	g_autoptr(GError) local = NULL;
	lf_autofd device = -1;

	if (!is_on_medium(source->objects_fd) || !find_place(source->objects_fd, &place))
		return false;
	if (!open_device(place.device, &device, &local) ||
	    !lf_iso_walk(device, place.below, remember, source, &local)) {
		if (g_error_matches(local, LF_ERROR, LF_ERROR_IO))
			source->unread = g_steal_pointer(&local);
		return false;
	}
	// Only a wish: a medium that refuses is read in smaller pieces.
	(void)ioctl(device, BLKRASET, READ_AHEAD_SECTORS);
	source->device_fd = lf_steal_fd(&device);
	return true;
}

// The deepest directory above @path that is there.
static int open_ancestor(const char *path, size_t *ret_length)
{
	g_autofree char *dir = g_path_get_dirname(path);
	int fd;

	while ((fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0 && dir[1]) {
		char *up = g_path_get_dirname(dir);

		g_free(dir);
		dir = up;
	}
	*ret_length = strlen(dir);
	return fd;
}

bool lf_payload_source_check(const char *path, GError **error)
{
	g_auto(Place) place = { NULL, NULL };
	g_autofree char *below = NULL;
	g_autoptr(GError) local = NULL;
	lf_autofd device = -1;
	LfIsoExtent extent;
	size_t length = 0;
	lf_autofd dir = open_ancestor(path, &length);

	if (dir < 0 || !is_on_medium(dir) || !find_place(dir, &place))
		return true;
	below = g_strconcat(place.below, path + length, NULL);
	if ((open_device(place.device, &device, &local) &&
	     lf_iso_find(device, below, &extent, &local)) ||
	    !g_error_matches(local, LF_ERROR, LF_ERROR_IO))
		return true;
	return lf_throw(error, LF_ERROR_IO,
			"the medium in '%s' cannot be read (%s): " LF_PAYLOAD_UNREADABLE,
			place.device, local->message);
}

void lf_payload_extent_clear(LfPayloadExtent *extent)
{
	if (extent->owns_fd)
		lf_close_fd(&extent->fd);
}

bool lf_payload_extent_read(LfPayloadExtent *extent, const char *checksum, void *data, size_t size,
			    size_t *ret_size, GError **error)
{
	ssize_t n = TEMP_FAILURE_RETRY(pread(extent->fd, data, MIN(size, extent->size_bytes),
					     (off_t)extent->offset_bytes));

	if (n < 0) {
		g_autofree char *reason = g_strdup(g_strerror(errno));
		g_autofree char *path = path_of_fd(extent->fd);

		extent->is_unreadable = true;
		return lf_throw(error, LF_ERROR_IO,
				"object %.12s of the payload cannot be read ('%s' at byte "
				"%" G_GUINT64_FORMAT ": %s): " LF_PAYLOAD_UNREADABLE,
				checksum, path ? path : "?", extent->offset_bytes, reason);
	}
	extent->offset_bytes += (uint64_t)n;
	extent->size_bytes -= (uint64_t)n;
	*ret_size = (size_t)n;
	return true;
}

LfPayloadSource *lf_payload_source_new(OstreeRepo *repo)
{
	LfPayloadSource *source = g_new0(LfPayloadSource, 1);

	source->device_fd = -1;
	source->objects_fd =
		openat(ostree_repo_get_dfd(repo), "objects", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	source->extents = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	if (!index_medium(source))
		g_hash_table_remove_all(source->extents);
	return source;
}

static bool throw_unopened(const LfPayloadSource *source, const char *name, GError **error)
{
	const char *reason = g_strerror(errno);
	bool is_missing = errno == ENOENT || errno == ENOTDIR || errno == ELOOP;

	if (is_missing && !source->unread)
		return lf_throw(error, LF_ERROR_TRUST, "object '%s' of the payload is missing: %s",
				name, reason);
	return lf_throw(error, LF_ERROR_IO,
			"object '%s' of the payload cannot be read (%s): " LF_PAYLOAD_UNREADABLE,
			name, source->unread ? source->unread->message : reason);
}

static bool open_file(const LfPayloadSource *source, const char *name, LfPayloadExtent *ret,
		      GError **error)
{
	lf_autofd fd = openat(source->objects_fd, name, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return throw_unopened(source, name, error);
	*ret = (LfPayloadExtent){ .fd = lf_steal_fd(&fd),
				  .owns_fd = true,
				  .size_bytes = (uint64_t)st.st_size };
	return true;
}

bool lf_payload_source_open(const LfPayloadSource *source, const char *name,
			    LfPayloadExtent *ret_extent, GError **error)
{
	const LfIsoExtent *extent = g_hash_table_lookup(source->extents, name);

	if (source->device_fd < 0)
		return open_file(source, name, ret_extent, error);
	if (!extent)
		return lf_throw(error, LF_ERROR_TRUST,
				"object '%s' of the payload is missing on the medium", name);
	*ret_extent = (LfPayloadExtent){ .fd = source->device_fd,
					 .offset_bytes = extent->offset_bytes,
					 .size_bytes = extent->size_bytes };
	return true;
}

bool lf_payload_source_is_medium(const LfPayloadSource *source)
{
	return source->device_fd >= 0;
}

uint64_t lf_payload_source_place(const LfPayloadSource *source, const char *name)
{
	const LfIsoExtent *extent = g_hash_table_lookup(source->extents, name);

	return extent ? extent->offset_bytes : 0;
}

void lf_payload_source_free(LfPayloadSource *source)
{
	if (!source)
		return;
	lf_close_fd(&source->objects_fd);
	lf_close_fd(&source->device_fd);
	g_hash_table_unref(source->extents);
	g_clear_error(&source->unread);
	g_free(source);
}
