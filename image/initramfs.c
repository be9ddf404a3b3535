// Gathers the files of an initramfs with the shared libraries they need, and writes them as cpio.
// Not here: what belongs in (initramfs.list), kernel modules (modules.c), command line
// (mkinitramfs.c).
#include "image/initramfs.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/fd.h"
#include "image/elf.h"

// No single file of an installer is larger; a larger one is a mistake in the list.
#define MAX_FILE_BYTES (256 * 1024 * 1024)

typedef struct {
	mode_t mode;   // with its type bits
	GBytes *bytes; // content of a file, target of a link, NULL for a directory
} Entry;

struct LfInitramfs {
	int sysroot_fd;
	char *triplet;
	char *interpreter; // file name of the loader, once a program asked for it
	GTree *entries;	   // path → Entry
};

static void entry_free(gpointer data)
{
	Entry *entry = data;

	g_clear_pointer(&entry->bytes, g_bytes_unref);
	g_free(entry);
}

static gint compare_names(gconstpointer a, gconstpointer b, gpointer data)
{
	return strcmp(a, b);
}

static void insert(LfInitramfs *initramfs, const char *path, mode_t mode, GBytes *bytes)
{
	Entry *entry = g_new0(Entry, 1);

	entry->mode = mode;
	entry->bytes = bytes ? g_bytes_ref(bytes) : NULL;
	g_tree_replace(initramfs->entries, g_strdup(path), entry);
}

static void insert_parents(LfInitramfs *initramfs, const char *path)
{
	g_autofree char *parent = g_path_get_dirname(path);

	if (strcmp(parent, ".") == 0 || g_tree_lookup(initramfs->entries, parent))
		return;
	insert_parents(initramfs, parent);
	insert(initramfs, parent, S_IFDIR | 0755, NULL);
}

static void insert_text(LfInitramfs *initramfs, const char *path, mode_t mode, const char *text)
{
	g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));

	insert(initramfs, path, mode, bytes);
}

// bin, sbin, lib, lib64 … are links to their places below usr, as on the system the files come
// from.
static char *merge_path(LfInitramfs *initramfs, const char *path)
{
	g_autofree char *canonical = g_canonicalize_filename(path, "/");
	const char *rest = canonical + 1;
	g_autofree char *top = g_strndup(rest, strcspn(rest, "/"));
	g_autofree char *target = NULL;

	if (strcmp(top, "bin") != 0 && strcmp(top, "sbin") != 0 && !g_str_has_prefix(top, "lib"))
		return g_strdup(rest);
	target = g_strconcat("usr/", top, NULL);
	insert_text(initramfs, top, S_IFLNK | 0777, target);
	if (!g_tree_lookup(initramfs->entries, target)) {
		insert_parents(initramfs, target);
		insert(initramfs, target, S_IFDIR | 0755, NULL);
	}
	return g_strconcat("usr/", rest, NULL);
}

LfInitramfs *lf_initramfs_new(int sysroot_fd, const char *triplet)
{
	static const char *const merged[] = { "bin", "sbin", "lib" };
	LfInitramfs *initramfs = g_new0(LfInitramfs, 1);

	initramfs->sysroot_fd = sysroot_fd;
	initramfs->triplet = g_strdup(triplet);
	initramfs->entries = g_tree_new_full(compare_names, NULL, g_free, entry_free);
	for (unsigned i = 0; i < G_N_ELEMENTS(merged); i++)
		g_free(merge_path(initramfs, merged[i]));
	return initramfs;
}

void lf_initramfs_free(LfInitramfs *initramfs)
{
	if (!initramfs)
		return;
	g_tree_unref(initramfs->entries);
	g_free(initramfs->triplet);
	g_free(initramfs->interpreter);
	g_free(initramfs);
}

static void add_entry(LfInitramfs *initramfs, const char *path, mode_t mode, GBytes *bytes)
{
	g_autofree char *merged = merge_path(initramfs, path);

	insert_parents(initramfs, merged);
	insert(initramfs, merged, mode, bytes);
}

void lf_initramfs_add_directory(LfInitramfs *initramfs, const char *path, mode_t mode)
{
	add_entry(initramfs, path, S_IFDIR | mode, NULL);
}

void lf_initramfs_add_link(LfInitramfs *initramfs, const char *path, const char *target)
{
	g_autoptr(GBytes) bytes = g_bytes_new(target, strlen(target));

	add_entry(initramfs, path, S_IFLNK | 0777, bytes);
}

void lf_initramfs_add_bytes(LfInitramfs *initramfs, const char *path, GBytes *bytes, mode_t mode)
{
	add_entry(initramfs, path, S_IFREG | mode, bytes);
}

// Absolute links of a sysroot (alternatives, for one) must not lead into the build machine.
static bool open_in_root(int dir_fd, const char *path, int *ret_fd, GError **error)
{
	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	long fd = syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));

	if (fd < 0)
		return lf_throw_errno(error, "cannot open '%s'", path);
	*ret_fd = (int)fd;
	return true;
}

static GBytes *read_in_root(int dir_fd, const char *path, GError **error)
{
	g_autofree char *data = NULL;
	struct stat info;
	lf_autofd fd = -1;

	if (!open_in_root(dir_fd, path, &fd, error))
		return NULL;
	if (fstat(fd, &info) < 0)
		return lf_throw_errno_null(error, "cannot read '%s'", path);
	if (!S_ISREG(info.st_mode) || info.st_size > MAX_FILE_BYTES)
		return lf_throw_null(error, LF_ERROR_INPUT,
				     "'%s' is not a regular file of at most %d bytes", path,
				     MAX_FILE_BYTES);
	data = g_malloc((gsize)info.st_size + 1);
	if (!lf_pread_all(fd, data, (size_t)info.st_size, 0, error))
		return NULL;
	return g_bytes_new_take(g_steal_pointer(&data), (gsize)info.st_size);
}

bool lf_initramfs_add_file(LfInitramfs *initramfs, const char *path, int dir_fd, const char *source,
			   mode_t mode, GError **error)
{
	g_autoptr(GBytes) bytes = read_in_root(dir_fd, source, error);

	if (!bytes)
		return false;
	add_entry(initramfs, path, S_IFREG | mode, bytes);
	return true;
}

// Where a program or library looks before the default places; "$ORIGIN" is its own directory.
static GPtrArray *search_dirs(const LfInitramfs *initramfs, const LfElf *elf, const char *origin)
{
	GPtrArray *dirs = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) parts = g_strsplit(elf->runpath ? elf->runpath : "", ":", -1);

	for (char **part = parts; *part; part++) {
		g_autoptr(GString) dir = g_string_new(*part);

		g_string_replace(dir, "${ORIGIN}", origin, 0);
		g_string_replace(dir, "$ORIGIN", origin, 0);
		if (dir->len > 0)
			g_ptr_array_add(dirs, g_strdup(dir->str));
	}
	g_ptr_array_add(dirs, g_strdup_printf("usr/lib/%s", initramfs->triplet));
	g_ptr_array_add(dirs, g_strdup("usr/lib"));
	return dirs;
}

static char *find_library(const LfInitramfs *initramfs, GPtrArray *dirs, const char *soname,
			  GError **error)
{
	for (unsigned i = 0; i < dirs->len; i++) {
		g_autofree char *path = g_build_filename(g_ptr_array_index(dirs, i), soname, NULL);
		lf_autofd fd = -1;

		if (open_in_root(initramfs->sysroot_fd, path, &fd, NULL))
			return g_steal_pointer(&path);
	}
	return lf_throw_null(error, LF_ERROR_INPUT, "library '%s' is not in the sysroot", soname);
}

static bool add_needs(LfInitramfs *initramfs, GBytes *bytes, const char *path, GError **error);

// A library is stored under the name it was asked for, so that no links are needed.
static bool add_library_at(LfInitramfs *initramfs, const char *path, GError **error)
{
	g_autofree char *merged = merge_path(initramfs, path);
	g_autoptr(GBytes) bytes = NULL;

	if (g_tree_lookup(initramfs->entries, merged))
		return true;
	bytes = read_in_root(initramfs->sysroot_fd, path, error);
	if (!bytes)
		return false;
	insert_parents(initramfs, merged);
	insert(initramfs, merged, S_IFREG | 0755, bytes);
	return add_needs(initramfs, bytes, merged, error);
}

static bool add_interpreter(LfInitramfs *initramfs, const char *path, GError **error)
{
	g_free(initramfs->interpreter);
	initramfs->interpreter = g_path_get_basename(path);
	return add_library_at(initramfs, path, error);
}

static bool add_needed(LfInitramfs *initramfs, GPtrArray *dirs, const char *soname, GError **error)
{
	g_autofree char *path = NULL;

	// The loader is in memory before any library asks for it by name.
	if (g_strcmp0(soname, initramfs->interpreter) == 0)
		return true;
	path = find_library(initramfs, dirs, soname, error);
	return path && add_library_at(initramfs, path, error);
}

static bool add_needs(LfInitramfs *initramfs, GBytes *bytes, const char *path, GError **error)
{
	g_autofree char *parent = g_path_get_dirname(path);
	g_autofree char *origin = g_strconcat("/", parent, NULL);
	g_autoptr(GPtrArray) dirs = NULL;
	g_autoptr(LfElf) elf = NULL;
	gsize size;
	const void *data = g_bytes_get_data(bytes, &size);

	if (!lf_elf_is(data, size))
		return true;
	elf = lf_elf_parse(data, size, error);
	if (!elf)
		return lf_prefix(error, "'%s'", path);
	if (elf->interpreter && !add_interpreter(initramfs, elf->interpreter, error))
		return lf_prefix(error, "'%s'", path);
	dirs = search_dirs(initramfs, elf, origin);
	for (unsigned i = 0; i < elf->needed->len; i++) {
		if (!add_needed(initramfs, dirs, g_ptr_array_index(elf->needed, i), error))
			return lf_prefix(error, "'%s'", path);
	}
	return true;
}

bool lf_initramfs_add_program(LfInitramfs *initramfs, const char *path, int dir_fd,
			      const char *source, GError **error)
{
	g_autoptr(GBytes) bytes = read_in_root(dir_fd, source, error);
	g_autofree char *merged = merge_path(initramfs, path);

	if (!bytes)
		return false;
	insert_parents(initramfs, merged);
	insert(initramfs, merged, S_IFREG | 0755, bytes);
	return add_needs(initramfs, bytes, merged, error);
}

bool lf_initramfs_add_library(LfInitramfs *initramfs, const char *soname, GError **error)
{
	LfElf nothing = { 0 };
	g_autoptr(GPtrArray) dirs = search_dirs(initramfs, &nothing, "/");
	g_autofree char *path = find_library(initramfs, dirs, soname, error);

	return path && add_library_at(initramfs, path, error);
}

static bool add_tree_of(LfInitramfs *initramfs, const char *path, int dir_fd, GError **error);

static bool add_tree_entry(LfInitramfs *initramfs, const char *path, int dir_fd, const char *name,
			   GError **error)
{
	struct stat info;
	char target[PATH_MAX];
	ssize_t length;

	if (fstatat(dir_fd, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
		return lf_throw_errno(error, "cannot read '%s'", path);
	if (S_ISREG(info.st_mode))
		return lf_initramfs_add_file(initramfs, path, dir_fd, name,
					     info.st_mode & 0100 ? 0755 : 0644, error);
	if (S_ISDIR(info.st_mode)) {
		lf_autofd fd = -1;

		lf_initramfs_add_directory(initramfs, path, 0755);
		return lf_openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &fd,
				 error) &&
		       add_tree_of(initramfs, path, fd, error);
	}
	if (!S_ISLNK(info.st_mode))
		return lf_throw(error, LF_ERROR_INPUT, "'%s' is a special file", path);
	length = readlinkat(dir_fd, name, target, sizeof(target) - 1);
	if (length < 0)
		return lf_throw_errno(error, "cannot read link '%s'", path);
	target[length] = '\0';
	lf_initramfs_add_link(initramfs, path, target);
	return true;
}

static bool add_tree_of(LfInitramfs *initramfs, const char *path, int dir_fd, GError **error)
{
	int copy = fcntl(dir_fd, F_DUPFD_CLOEXEC, 3);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *item;
	bool is_good = true;

	if (!dir) {
		lf_close_fd(&copy);
		return lf_throw_errno(error, "cannot read directory '%s'", path);
	}
	while (is_good && (item = readdir(dir))) {
		g_autofree char *below = g_build_filename(path, item->d_name, NULL);

		if (strcmp(item->d_name, ".") != 0 && strcmp(item->d_name, "..") != 0)
			is_good = add_tree_entry(initramfs, below, dir_fd, item->d_name, error);
	}
	closedir(dir);
	return is_good;
}

bool lf_initramfs_add_tree(LfInitramfs *initramfs, const char *path, int dir_fd, const char *source,
			   GError **error)
{
	lf_autofd fd = -1;

	return open_in_root(dir_fd, *source ? source : ".", &fd, error) &&
	       add_tree_of(initramfs, path, fd, error);
}

static gboolean hash_entry(gpointer path, gpointer value, gpointer data)
{
	const Entry *entry = value;
	gsize size = 0;
	const void *bytes = entry->bytes ? g_bytes_get_data(entry->bytes, &size) : NULL;
	g_autofree char *head = g_strdup_printf("%s%c%o%c%" G_GSIZE_FORMAT "%c", (char *)path, '\n',
						entry->mode, '\n', size, '\n');

	g_checksum_update(data, (const guchar *)head, -1);
	if (size > 0)
		g_checksum_update(data, bytes, (gssize)size);
	return FALSE;
}

char *lf_initramfs_build_id(const LfInitramfs *initramfs)
{
	g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);

	g_tree_foreach(initramfs->entries, hash_entry, checksum);
	return g_strdup(g_checksum_get_string(checksum));
}

typedef struct {
	struct archive *archive;
	int64_t mtime;
	int64_t inode;
	bool is_good;
} Writer;

static gboolean write_entry(gpointer path, gpointer value, gpointer data)
{
	Writer *writer = data;
	const Entry *entry = value;
	struct archive_entry *header = archive_entry_new();
	gsize size = 0;
	const void *bytes = entry->bytes ? g_bytes_get_data(entry->bytes, &size) : NULL;

	archive_entry_set_pathname(header, path);
	archive_entry_set_mode(header, entry->mode);
	archive_entry_set_mtime(header, writer->mtime, 0);
	archive_entry_set_ino64(header, ++writer->inode);
	archive_entry_set_nlink(header, 1);
	archive_entry_set_uid(header, 0);
	archive_entry_set_gid(header, 0);
	if (S_ISLNK(entry->mode)) {
		g_autofree char *target = g_strndup(bytes, size);

		archive_entry_set_symlink(header, target);
		size = 0;
	}
	archive_entry_set_size(header, (la_int64_t)size);
	writer->is_good =
		archive_write_header(writer->archive, header) == ARCHIVE_OK &&
		(size == 0 || archive_write_data(writer->archive, bytes, size) == (la_ssize_t)size);
	archive_entry_free(header);
	return !writer->is_good;
}

static bool throw_archive(struct archive *archive, const char *path, GError **error)
{
	return lf_throw(error, LF_ERROR_IO, "cannot write '%s': %s", path,
			archive_error_string(archive) ? archive_error_string(archive) : "unknown");
}

static bool write_entries(const LfInitramfs *initramfs, struct archive *archive, const char *path,
			  int64_t mtime, GError **error)
{
	Writer writer = { .archive = archive, .mtime = mtime, .is_good = true };

	if (archive_write_set_format_cpio_newc(archive) != ARCHIVE_OK ||
	    archive_write_add_filter_zstd(archive) != ARCHIVE_OK ||
	    archive_write_set_filter_option(archive, "zstd", "compression-level", "19") !=
		    ARCHIVE_OK ||
	    archive_write_open_filename(archive, path) != ARCHIVE_OK)
		return throw_archive(archive, path, error);
	g_tree_foreach(initramfs->entries, write_entry, &writer);
	if (!writer.is_good || archive_write_close(archive) != ARCHIVE_OK)
		return throw_archive(archive, path, error);
	return true;
}

bool lf_initramfs_write(const LfInitramfs *initramfs, const char *path, int64_t mtime,
			GError **error)
{
	g_autofree char *part = g_strconcat(path, ".part", NULL);
	struct archive *archive = archive_write_new();
	bool is_good;

	if (!archive)
		return lf_throw(error, LF_ERROR_INTERNAL, "cannot allocate an archive");
	is_good = write_entries(initramfs, archive, part, mtime, error);
	archive_write_free(archive);
	if (is_good && rename(part, path) < 0)
		is_good = lf_throw_errno(error, "cannot rename '%s'", part);
	return is_good;
}
