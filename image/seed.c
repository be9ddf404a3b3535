// A site's files: packed as an initrd, put into an ISO's reserved area, read back.
// Not here: what the files mean (kickstart/), where in an ISO a file lies (iso9660.c).
#include "image/seed.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/runtime.h"
#include "base/iso9660.h"

#define MAX_FILES	  256
#define MAX_NAME_BYTES	  100
#define MAX_CMDLINE_BYTES 2048
#define MAX_AREA_BYTES	  (256 * 1024 * 1024)
#define NEWC_MAGIC	  "070701"

typedef struct archive Archive;
typedef struct archive_entry ArchiveEntry;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ArchiveEntry, archive_entry_free)

static void archive_writer_free(Archive *archive)
{
	archive_write_free(archive);
}

typedef Archive ArchiveWriter;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ArchiveWriter, archive_writer_free)

typedef struct {
	char *name;
	GBytes *bytes;
} SeedFile;

struct LfSeed {
	GPtrArray *files; /* SeedFile, sorted by name */
};

static void file_free(gpointer data)
{
	SeedFile *file = data;

	g_free(file->name);
	g_bytes_unref(file->bytes);
	g_free(file);
}

LfSeed *lf_seed_new(void)
{
	LfSeed *seed = g_new0(LfSeed, 1);

	seed->files = g_ptr_array_new_with_free_func(file_free);
	return seed;
}

void lf_seed_free(LfSeed *seed)
{
	if (!seed)
		return;
	g_ptr_array_unref(seed->files);
	g_free(seed);
}

static bool is_good_name(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length > MAX_NAME_BYTES || *name == '.' || *name == '-')
		return false;
	for (const char *c = name; *c; c++)
		if (!g_ascii_isalnum(*c) && !strchr("._-", *c))
			return false;
	return true;
}

static const SeedFile *file_at(const LfSeed *seed, size_t index)
{
	return seed->files->pdata[index];
}

// Where a name stands or would stand in the order.
static guint place_of(const LfSeed *seed, const char *name)
{
	guint i = 0;

	while (i < seed->files->len && strcmp(file_at(seed, i)->name, name) < 0)
		i++;
	return i;
}

bool lf_seed_add(LfSeed *seed, const char *name, GBytes *bytes, GError **error)
{
	guint place = place_of(seed, name);
	SeedFile *file;

	if (!is_good_name(name))
		return lf_throw(
			error, LF_ERROR_INPUT,
			"'%s' cannot be a file's name in a seed: use up to %d letters, digits, "
			"'.', '_' and '-', and begin with a letter or digit",
			name, MAX_NAME_BYTES);
	if (lf_seed_find(seed, name))
		return lf_throw(error, LF_ERROR_INPUT, "the seed has two files '%s'", name);
	if (seed->files->len >= MAX_FILES)
		return lf_throw(error, LF_ERROR_INPUT, "a seed holds at most %d files", MAX_FILES);
	file = g_new0(SeedFile, 1);
	*file = (SeedFile){ g_strdup(name), g_bytes_ref(bytes) };
	g_ptr_array_insert(seed->files, (gint)place, file);
	return true;
}

static bool is_plain_text(const char *text)
{
	if (!g_utf8_validate(text, -1, NULL))
		return false;
	for (const char *c = text; *c; c++)
		if (g_ascii_iscntrl(*c))
			return false;
	return true;
}

static bool has_open_quote(const char *text)
{
	bool is_open = false;

	for (const char *c = text; *c; c++)
		is_open ^= *c == '"';
	return is_open;
}

bool lf_seed_add_cmdline(LfSeed *seed, const char *words, GError **error)
{
	g_autofree char *line = g_strconcat(words, "\n", NULL);
	g_autoptr(GBytes) bytes = NULL;

	if (strlen(words) > MAX_CMDLINE_BYTES)
		return lf_throw(error, LF_ERROR_INPUT,
				"the words to append are longer than %d bytes", MAX_CMDLINE_BYTES);
	if (!is_plain_text(words))
		return lf_throw(error, LF_ERROR_INPUT,
				"the words to append hold a control character or are not UTF-8");
	if (has_open_quote(words))
		return lf_throw(error, LF_ERROR_INPUT,
				"the words to append hold a double quote that is not closed: write "
				"name=\"a b\"");
	bytes = g_bytes_new(line, strlen(line));
	return lf_seed_add(seed, LF_SEED_FILE_CMDLINE, bytes, error);
}

size_t lf_seed_count(const LfSeed *seed)
{
	return seed->files->len;
}

const char *lf_seed_name(const LfSeed *seed, size_t index)
{
	return file_at(seed, index)->name;
}

GBytes *lf_seed_bytes(const LfSeed *seed, size_t index)
{
	return file_at(seed, index)->bytes;
}

GBytes *lf_seed_find(const LfSeed *seed, const char *name)
{
	guint place = place_of(seed, name);

	if (place >= seed->files->len || strcmp(file_at(seed, place)->name, name) != 0)
		return NULL;
	return file_at(seed, place)->bytes;
}

// --- packing ------------------------------------------------------------------------------------

// Inode numbers only have to differ: a kernel takes equal ones for hard links.
static bool write_entry(Archive *archive, const char *path, mode_t mode, GBytes *bytes,
			int64_t inode)
{
	g_autoptr(ArchiveEntry) entry = archive_entry_new();
	gsize size = 0;
	const void *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;

	archive_entry_set_pathname(entry, path);
	archive_entry_set_mode(entry, mode);
	archive_entry_set_ino64(entry, inode);
	archive_entry_set_nlink(entry, 1);
	archive_entry_set_uid(entry, 0);
	archive_entry_set_gid(entry, 0);
	archive_entry_set_mtime(entry, 0, 0);
	archive_entry_set_size(entry, (la_int64_t)size);
	if (archive_write_header(archive, entry) != ARCHIVE_OK)
		return false;
	return size == 0 || archive_write_data(archive, data, size) == (la_ssize_t)size;
}

static bool write_entries(Archive *archive, const LfSeed *seed)
{
	int64_t inode = 0;

	if (!write_entry(archive, "landfall", S_IFDIR | 0700, NULL, ++inode) ||
	    !write_entry(archive, LF_SEED_DIR, S_IFDIR | 0700, NULL, ++inode))
		return false;
	for (size_t i = 0; i < lf_seed_count(seed); i++) {
		g_autofree char *path = g_strconcat(LF_SEED_DIR "/", lf_seed_name(seed, i), NULL);

		if (!write_entry(archive, path, S_IFREG | 0600, lf_seed_bytes(seed, i), ++inode))
			return false;
	}
	return archive_write_close(archive) == ARCHIVE_OK;
}

static la_ssize_t append_bytes(Archive *archive, void *user_data, const void *data, size_t size)
{
	GByteArray *all = user_data;

	if (size > (size_t)MAX_AREA_BYTES - all->len) {
		archive_set_error(archive, EFBIG, "longer than any area");
		return -1;
	}
	g_byte_array_append(all, data, (guint)size);
	return (la_ssize_t)size;
}

GBytes *lf_seed_pack(const LfSeed *seed, GError **error)
{
	g_autoptr(ArchiveWriter) archive = archive_write_new();
	g_autoptr(GByteArray) all = g_byte_array_new();

	if (archive_write_set_format_cpio_newc(archive) == ARCHIVE_OK &&
	    archive_write_set_bytes_per_block(archive, 0) == ARCHIVE_OK &&
	    archive_write_open(archive, all, NULL, append_bytes, NULL) == ARCHIVE_OK &&
	    write_entries(archive, seed))
		return g_byte_array_free_to_bytes(g_steal_pointer(&all));
	lf_throw(error, archive_errno(archive) == EFBIG ? LF_ERROR_INPUT : LF_ERROR_INTERNAL,
		 "cannot pack the seed: %s", archive_error_string(archive));
	return NULL;
}

// --- reading ------------------------------------------------------------------------------------

// libarchive is not asked here: its cpio reader takes memory for a name as long as the header
// claims, and passes over a second archive behind the first one, which a kernel would unpack as
// well.

// Fields of a newc header behind its magic, eight hexadecimal digits each (cpio(5)).
enum { NEWC_MODE = 1, NEWC_NLINK = 4, NEWC_FILESIZE = 6, NEWC_NAMESIZE = 11, NEWC_FIELDS = 13 };
#define NEWC_HEADER_BYTES (6 + NEWC_FIELDS * 8)
#define NEWC_TRAILER	  "TRAILER!!!"

typedef struct {
	const char *data;
	size_t size;
	size_t at;
} Reader;

typedef struct {
	const char *path;
	const char *data;
	uint32_t mode, nlink, size;
} Entry;

static bool throw_no_seed(GError **error, const char *what)
{
	return lf_throw(error, LF_ERROR_INPUT, "the seed is damaged: %s", what);
}

static bool hex_field(const char *header, unsigned index, uint32_t *ret)
{
	const char *digits = header + strlen(NEWC_MAGIC) + (size_t)index * 8;
	uint32_t value = 0;

	for (unsigned i = 0; i < 8; i++) {
		int digit = g_ascii_xdigit_value(digits[i]);

		if (digit < 0)
			return false;
		value = value << 4 | (uint32_t)digit;
	}
	*ret = value;
	return true;
}

// Takes @size bytes and what is missing to the next multiple of four.
static const char *reader_take(Reader *reader, size_t size)
{
	const char *taken = reader->data + reader->at;
	size_t padding;

	if (size > reader->size - reader->at)
		return NULL;
	reader->at += size;
	padding = (4 - reader->at % 4) % 4;
	reader->at += MIN(padding, reader->size - reader->at);
	return taken;
}

static bool read_entry(Reader *reader, Entry *ret, GError **error)
{
	const char *header = reader->data + reader->at;
	uint32_t name_size = 0;
	Entry entry = { 0 };

	// The name follows its header without padding.
	if (reader->size - reader->at < NEWC_HEADER_BYTES ||
	    memcmp(header, NEWC_MAGIC, strlen(NEWC_MAGIC)) != 0 ||
	    !hex_field(header, NEWC_MODE, &entry.mode) ||
	    !hex_field(header, NEWC_NLINK, &entry.nlink) ||
	    !hex_field(header, NEWC_FILESIZE, &entry.size) ||
	    !hex_field(header, NEWC_NAMESIZE, &name_size))
		return throw_no_seed(error, "not a newc archive, or one that ends early");
	reader->at += NEWC_HEADER_BYTES;
	entry.path = reader_take(reader, name_size);
	if (!entry.path || name_size == 0 || strnlen(entry.path, name_size) != name_size - 1)
		return throw_no_seed(error, "a name does not end where it should");
	entry.data = reader_take(reader, entry.size);
	if (!entry.data)
		return throw_no_seed(error, "a file is longer than the archive");
	*ret = entry;
	return true;
}

static bool take_entry(LfSeed *seed, const Entry *entry, GError **error)
{
	g_autoptr(GBytes) bytes = NULL;

	if (S_ISDIR(entry->mode) &&
	    (g_str_equal(entry->path, "landfall") || g_str_equal(entry->path, LF_SEED_DIR)))
		return true;
	if (!S_ISREG(entry->mode) || entry->nlink != 1 ||
	    !g_str_has_prefix(entry->path, LF_SEED_DIR "/"))
		return throw_no_seed(error, "it holds more than files of a site");
	bytes = g_bytes_new(entry->data, entry->size);
	return lf_seed_add(seed, entry->path + strlen(LF_SEED_DIR "/"), bytes, error);
}

static bool is_rest_empty(const Reader *reader)
{
	for (size_t i = reader->at; i < reader->size; i++)
		if (reader->data[i] != '\0')
			return false;
	return true;
}

LfSeed *lf_seed_parse(const void *data, size_t size, GError **error)
{
	g_autoptr(LfSeed) seed = lf_seed_new();
	Reader reader = { data, size, 0 };
	Entry entry = { 0 };

	for (;;) {
		if (!read_entry(&reader, &entry, error))
			return NULL;
		if (g_str_equal(entry.path, NEWC_TRAILER))
			break;
		if (!take_entry(seed, &entry, error))
			return NULL;
	}
	if (!is_rest_empty(&reader)) {
		throw_no_seed(error, "something follows its end");
		return NULL;
	}
	return g_steal_pointer(&seed);
}

// Not to be held up by a fifo that nobody writes to.
bool lf_seed_open(const char *iso_path, int *ret_fd, GError **error)
{
	struct stat st;
	lf_autofd fd = -1;

	if (!lf_openat(AT_FDCWD, iso_path, O_RDONLY | O_NONBLOCK, 0, &fd, error))
		return lf_rethrow(error, LF_ERROR_INPUT);
	if (fstat(fd, &st) < 0)
		return lf_throw_errno(error, "cannot look at '%s'", iso_path);
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return lf_throw(error, LF_ERROR_INPUT,
				"'%s' is neither a file nor a block device: name an ISO image",
				iso_path);
	*ret_fd = lf_steal_fd(&fd);
	return true;
}

static bool find_area(int fd, const char *path, LfIsoExtent *ret_area, GError **error)
{
	char magic[sizeof NEWC_MAGIC - 1];
	LfIsoExtent area = { 0, 0 };

	if (!lf_iso_find(fd, LF_SEED_AREA_PATH, &area, error))
		return lf_prefix(error, "'%s'", path);
	if (area.size_bytes < sizeof magic || area.size_bytes > MAX_AREA_BYTES)
		return lf_throw(error, LF_ERROR_INPUT,
				"'%s' has an area for the seed of no sensible size", path);
	if (!lf_pread_all(fd, magic, sizeof magic, area.offset_bytes, error))
		return lf_prefix(error, "'%s'", path);
	if (memcmp(magic, NEWC_MAGIC, sizeof magic) != 0)
		return lf_throw(error, LF_ERROR_INPUT,
				"'%s' has something else where the seed belongs: is it one of "
				"Landfall's?",
				path);
	*ret_area = area;
	return true;
}

LfSeed *lf_seed_read(const char *iso_path, GError **error)
{
	g_autofree char *data = NULL;
	LfIsoExtent area = { 0, 0 };
	lf_autofd fd = -1;
	LfSeed *seed;

	if (!lf_seed_open(iso_path, &fd, error) || !find_area(fd, iso_path, &area, error))
		return NULL;
	data = g_malloc(area.size_bytes);
	if (!lf_pread_all(fd, data, area.size_bytes, area.offset_bytes, error))
		return NULL;
	seed = lf_seed_parse(data, area.size_bytes, error);
	if (!seed)
		lf_prefix(error, "'%s'", iso_path);
	return seed;
}

// --- writing ------------------------------------------------------------------------------------

// Fills the whole area, so that nothing of an older seed stays behind.
static bool fill_area(int fd, const LfIsoExtent *area, GBytes *packed, GError **error)
{
	g_autofree char *all = g_malloc0(area->size_bytes);
	gsize size;
	const void *data = g_bytes_get_data(packed, &size);

	memcpy(all, data, size);
	return lf_pwrite_all(fd, all, area->size_bytes, area->offset_bytes, error);
}

static bool check_room(const LfIsoExtent *area, GBytes *packed, GError **error)
{
	gsize size = g_bytes_get_size(packed);

	if (size <= area->size_bytes)
		return true;
	return lf_throw(error, LF_ERROR_INPUT,
			"the seed needs %" G_GSIZE_FORMAT
			" bytes and the ISO has room for %" G_GUINT64_FORMAT
			": leave out files or let the machine fetch them",
			size, area->size_bytes);
}

// What is to be written: a file, which may not be there yet, or a device, through links to it.
typedef struct {
	char path[PATH_MAX];
	bool is_device;
	bool is_original; /* the file or device that is read */
} Target;

static bool throw_bad_target(GError **error, const char *path, mode_t mode)
{
	if (S_ISLNK(mode))
		return lf_throw(error, LF_ERROR_INPUT,
				"'%s' is a link, and not one to a block device: name the file "
				"itself",
				path);
	return lf_throw(error, LF_ERROR_INPUT,
			"'%s' is %s: name a file or a block device to write to", path,
			S_ISDIR(mode) ? "a directory" : "neither a file nor a block device");
}

static bool is_same(const struct stat *in, const struct stat *out)
{
	if (S_ISBLK(in->st_mode) && S_ISBLK(out->st_mode))
		return in->st_rdev == out->st_rdev;
	return in->st_dev == out->st_dev && in->st_ino == out->st_ino;
}

static bool find_target(int in, const char *path, Target *ret, GError **error)
{
	struct stat named, st, original;

	if (fstat(in, &original) < 0)
		return lf_throw_errno(error, "cannot look at the ISO");
	if (*path == '\0')
		return lf_throw(error, LF_ERROR_INPUT,
				"the ISO to write has no name: name a file or a block device");
	if (g_strlcpy(ret->path, path, sizeof ret->path) >= sizeof ret->path)
		return lf_throw(error, LF_ERROR_INPUT, "the name '%.40s…' is too long", path);
	if (lstat(path, &named) < 0)
		return errno == ENOENT || lf_throw_errno(error, "cannot look at '%s'", path);
	st = named;
	// The links below /dev/disk are how a stick is told from a disk.
	if (S_ISLNK(named.st_mode) &&
	    (stat(path, &st) < 0 || !S_ISBLK(st.st_mode) || !realpath(path, ret->path)))
		return throw_bad_target(error, path, named.st_mode);
	ret->is_device = S_ISBLK(st.st_mode);
	ret->is_original = is_same(&original, &st);
	return ret->is_device || S_ISREG(st.st_mode) || throw_bad_target(error, path, st.st_mode);
}

// Before the secrets are in.
static bool close_to_others(int fd, const char *path, GError **error)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && (!S_ISREG(st.st_mode) || (st.st_mode & 0077) == 0))
		return true;
	return fchmod(fd, 0600) == 0 ||
	       lf_throw_errno(error, "cannot make '%s' readable by its owner only", path);
}

static bool sync_device(int fd, const Target *target, GError **error)
{
	return !target->is_device || fsync(fd) == 0 ||
	       lf_throw_errno(error, "cannot write '%s' to its end", target->path);
}

static bool write_in_place(const Target *target, const LfIsoExtent *area, GBytes *packed,
			   GError **error)
{
	lf_autofd fd = -1;

	return lf_openat(AT_FDCWD, target->path, O_WRONLY | O_NOFOLLOW, 0, &fd, error) &&
	       close_to_others(fd, target->path, error) && fill_area(fd, area, packed, error) &&
	       sync_device(fd, target, error);
}

static bool check_device_size(int in, int out, const char *path, GError **error)
{
	off_t needed = lseek(in, 0, SEEK_END);
	off_t size = lseek(out, 0, SEEK_END);

	if (needed < 0 || size < 0 || lseek(in, 0, SEEK_SET) < 0 || lseek(out, 0, SEEK_SET) < 0)
		return lf_throw_errno(error, "cannot find the size of '%s'", path);
	if (size >= needed)
		return true;
	return lf_throw(error, LF_ERROR_INPUT,
			"'%s' has %jd bytes and the ISO needs %jd: take a larger device", path,
			(intmax_t)size, (intmax_t)needed);
}

// The kernel gives a device that is mounted to nobody who wants it alone.
static bool write_device(int in, const Target *target, const LfIsoExtent *area, GBytes *packed,
			 GError **error)
{
	lf_autofd out = -1;

	return lf_openat(AT_FDCWD, target->path, O_WRONLY | O_EXCL | O_NOFOLLOW, 0, &out, error) &&
	       check_device_size(in, out, target->path, error) && lf_copy_fd(in, out, error) &&
	       fill_area(out, area, packed, error) && sync_device(out, target, error);
}

// The copy shares its blocks with the original where the file system can do that.
static bool write_copy_to(int in, const char *temp, const LfIsoExtent *area, GBytes *packed,
			  GError **error)
{
	lf_autofd out = -1;

	if (!lf_openat(AT_FDCWD, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600, &out, error))
		return false;
	if (lseek(in, 0, SEEK_SET) < 0)
		return lf_throw_errno(error, "cannot read from the beginning");
	return lf_copy_fd(in, out, error) && fill_area(out, area, packed, error);
}

static bool write_copy(int in, const char *path, const LfIsoExtent *area, GBytes *packed,
		       GError **error)
{
	g_autofree char *temp = g_strdup_printf("%s.%08x~", path, g_random_int());

	if (write_copy_to(in, temp, area, packed, error)) {
		if (rename(temp, path) == 0)
			return true;
		lf_throw_errno(error, "cannot rename '%s'", temp);
	}
	(void)unlink(temp);
	return lf_prefix(error, "cannot write '%s'", path);
}

static bool write_target(int in, const Target *target, const LfIsoExtent *area, GBytes *packed,
			 GError **error)
{
	if (target->is_original)
		return write_in_place(target, area, packed, error);
	if (target->is_device)
		return write_device(in, target, area, packed, error);
	return write_copy(in, target->path, area, packed, error);
}

bool lf_seed_write(const LfSeed *seed, const char *iso_in, const char *iso_out, uint64_t *ret_used,
		   uint64_t *ret_room, GError **error)
{
	g_autoptr(GBytes) packed = lf_seed_pack(seed, error);
	LfIsoExtent area = { 0, 0 };
	Target target = { .is_device = false };
	lf_autofd in = -1;

	if (!packed || !lf_seed_open(iso_in, &in, error) ||
	    !find_target(in, iso_out, &target, error) || !find_area(in, iso_in, &area, error) ||
	    !check_room(&area, packed, error) || !write_target(in, &target, &area, packed, error))
		return false;
	*ret_used = g_bytes_get_size(packed);
	*ret_room = area.size_bytes;
	return true;
}
