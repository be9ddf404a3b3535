// The two kinds of repository that a payload is copied into: bare, and archive.
// Not here: writing bare objects (payload-bare.c), which objects (payload-copy.c).
#include "installer/apply/payload-sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "installer/apply/payload-filez.h"
#include "installer/apply/payload-object.h"

// --- bare ---------------------------------------------------------------------------------------

static bool bare_has_file(void *repo, const char *checksum, uint64_t *ret_bytes)
{
	*ret_bytes = 0;
	return lf_bare_has_file(repo, checksum);
}

static GVariant *bare_load_tree(void *repo, OstreeObjectType type, const char *checksum)
{
	return lf_payload_object_read(lf_bare_dir(repo), type, checksum);
}

static bool bare_write_file(void *repo, LfPayloadExtent *extent, const char *checksum,
			    uint64_t *ret_bytes, GError **error)
{
	g_auto(LfFilez) file = { .checksum = NULL };

	if (!lf_filez_open(&file, extent, checksum, error))
		return false;
	*ret_bytes = file.content.size_bytes;
	return lf_bare_write(repo, &file.content, checksum, error);
}

static bool bare_write_tree(void *repo, OstreeObjectType type, const char *checksum,
			    GVariant *object, GError **error)
{
	return lf_bare_write_tree(repo, type, checksum, object, error);
}

LfPayloadSink lf_payload_sink_bare(LfBare *bare)
{
	return (LfPayloadSink){ bare, bare_has_file, bare_load_tree, bare_write_file,
				bare_write_tree };
}

// --- archive ------------------------------------------------------------------------------------

#define COPY_BYTES (128 * 1024)

struct LfArchive {
	int objects_fd;
	int tmp_fd;
};

/* "ab/cdef….filez" */
typedef struct {
	char path[OSTREE_SHA256_STRING_LEN + sizeof "/.dirtree"];
} Name;

static Name name_of(OstreeObjectType type, const char *checksum)
{
	Name name;

	(void)snprintf(name.path, sizeof name.path, "%.2s/%.62s.%s%s", checksum, checksum + 2,
		       ostree_object_type_to_string(type),
		       type == OSTREE_OBJECT_TYPE_FILE ? "z" : "");
	return name;
}

LfArchive *lf_archive_new(OstreeRepo *repo, GError **error)
{
	g_autoptr(LfArchive) archive = g_new0(LfArchive, 1);
	int dir_fd = ostree_repo_get_dfd(repo);

	archive->objects_fd = archive->tmp_fd = -1;
	if (ostree_repo_get_mode(repo) != OSTREE_REPO_MODE_ARCHIVE)
		return lf_throw_null(error, LF_ERROR_INTERNAL, "the repository is no archive");
	if (!lf_openat(dir_fd, "objects", O_RDONLY | O_DIRECTORY, 0, &archive->objects_fd, error) ||
	    !lf_openat(dir_fd, "tmp", O_RDONLY | O_DIRECTORY, 0, &archive->tmp_fd, error))
		return NULL;
	return g_steal_pointer(&archive);
}

void lf_archive_free(LfArchive *archive)
{
	if (!archive)
		return;
	lf_close_fd(&archive->objects_fd);
	lf_close_fd(&archive->tmp_fd);
	g_free(archive);
}

// Reads a file object to its end and compares it with its name.
static bool check_file(LfPayloadExtent extent, const char *checksum, uint64_t *ret_bytes,
		       bool *ret_is_unreadable, GError **error)
{
	g_auto(LfFilez) file = { .checksum = NULL };
	bool is_whole = lf_filez_open(&file, &extent, checksum, error) &&
			lf_content_copy(&file.content, checksum, -1, error);

	*ret_bytes = file.content.size_bytes;
	*ret_is_unreadable = extent.is_unreadable;
	return is_whole;
}

// A disk may have lost what was written before a power cut, or since.
static bool archive_has_file(void *repo, const char *checksum, uint64_t *ret_bytes)
{
	const LfArchive *archive = repo;
	Name name = name_of(OSTREE_OBJECT_TYPE_FILE, checksum);
	g_auto(LfPayloadExtent) extent = LF_PAYLOAD_EXTENT_INIT;
	bool is_unreadable;
	struct stat st;

	extent.fd = openat(archive->objects_fd, name.path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	extent.owns_fd = true;
	if (extent.fd < 0 || fstat(extent.fd, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	extent.size_bytes = (uint64_t)st.st_size;
	return check_file(extent, checksum, ret_bytes, &is_unreadable, NULL);
}

static GVariant *archive_load_tree(void *repo, OstreeObjectType type, const char *checksum)
{
	const LfArchive *archive = repo;

	return lf_payload_object_read(archive->objects_fd, type, checksum);
}

// Nothing is synced for each: what a power cut spoils is seen by the next run, or by who reads it.
static bool put_in_place(const LfArchive *archive, int fd, const Name *name, GError **error)
{
	g_autofree char *from = g_strdup_printf("/proc/self/fd/%d", fd);
	char dir[] = { name->path[0], name->path[1], '\0' };

	if (fchmod(fd, 0644) < 0 ||
	    (mkdirat(archive->objects_fd, dir, 0755) < 0 && errno != EEXIST) ||
	    (unlinkat(archive->objects_fd, name->path, 0) < 0 && errno != ENOENT) ||
	    linkat(AT_FDCWD, from, archive->objects_fd, name->path, AT_SYMLINK_FOLLOW) < 0)
		return lf_throw_errno(error, "cannot write object '%s'", name->path);
	return true;
}

static bool copy_extent(LfPayloadExtent *extent, const char *checksum, int fd, GError **error)
{
	g_autofree char *chunk = g_malloc(COPY_BYTES);
	size_t n = 1;

	while (n > 0) {
		if (!lf_payload_extent_read(extent, checksum, chunk, COPY_BYTES, &n, error) ||
		    !lf_write_all(fd, chunk, n, error))
			return false;
	}
	return true;
}

static bool archive_write_file(void *repo, LfPayloadExtent *extent, const char *checksum,
			       uint64_t *ret_bytes, GError **error)
{
	const LfArchive *archive = repo;
	Name name = name_of(OSTREE_OBJECT_TYPE_FILE, checksum);
	lf_autofd fd = -1;

	return check_file(*extent, checksum, ret_bytes, &extent->is_unreadable, error) &&
	       lf_openat(archive->tmp_fd, ".", O_TMPFILE | O_WRONLY, 0600, &fd, error) &&
	       copy_extent(extent, checksum, fd, error) && put_in_place(archive, fd, &name, error);
}

static bool archive_write_tree(void *repo, OstreeObjectType type, const char *checksum,
			       GVariant *object, GError **error)
{
	const LfArchive *archive = repo;
	Name name = name_of(type, checksum);
	lf_autofd fd = -1;

	return lf_openat(archive->tmp_fd, ".", O_TMPFILE | O_WRONLY, 0600, &fd, error) &&
	       lf_write_all(fd, g_variant_get_data(object), g_variant_get_size(object), error) &&
	       put_in_place(archive, fd, &name, error);
}

LfPayloadSink lf_payload_sink_archive(LfArchive *archive)
{
	return (LfPayloadSink){ archive, archive_has_file, archive_load_tree, archive_write_file,
				archive_write_tree };
}
