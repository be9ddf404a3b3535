// Finding a file in an ISO 9660 image, without mounting it and without trusting it.
// Not here: writing images (xorriso), what the files mean.
#include "base/iso9660.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

#define SECTOR_BYTES	  2048
#define FIRST_DESCRIPTOR  16
#define MAX_DESCRIPTORS	  64
#define MAX_DIR_BYTES	  (4 * 1024 * 1024)
#define MAX_PATH_NAMES	  16
#define MAX_NAME_BYTES	  1024
#define MAX_CONTINUATIONS 8
#define MAX_WALK_RECORDS  (1024 * 1024)
#define MAX_WALK_DEPTH	  8

// The place of the primary volume descriptor's fields, ECMA-119 8.4.
enum { VOLUME_SECTORS = 80, VOLUME_SECTOR_BYTES = 128, VOLUME_ROOT = 156, VOLUME_ROOT_BYTES = 34 };

#define RECORD_HEAD_BYTES 33
#define FLAG_DIRECTORY	  0x02
#define FLAG_MORE_EXTENTS 0x80

// The place of a directory record's fields, ECMA-119 9.1.
enum { REC_LENGTH = 0, REC_EXTENT = 2, REC_SIZE = 10, REC_FLAGS = 25, REC_UNIT = 26, REC_GAP = 27 };
enum { REC_NAME_LENGTH = 32, REC_NAME = 33 };

typedef struct {
	int fd;
	uint64_t size_bytes; /* of the image; nothing is read beyond */
	unsigned susp_skip;  /* bytes to pass over in each system use area (SUSP 5.3) */
} Iso;

typedef struct {
	uint64_t offset_bytes;
	uint64_t size_bytes;
	uint8_t flags;
	bool is_interleaved;
	char name[MAX_NAME_BYTES];
	bool is_rock_ridge;
} Record;

static uint32_t le32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

static bool throw_damaged(GError **error, const char *what)
{
	return lf_throw(error, LF_ERROR_INPUT, "the ISO image is damaged: %s", what);
}

static bool iso_pread(const Iso *iso, void *data, size_t size, uint64_t offset, GError **error)
{
	if (offset > iso->size_bytes || size > iso->size_bytes - offset)
		return throw_damaged(error, "it ends before something it points to");
	return lf_pread_all(iso->fd, data, size, offset, error);
}

// --- names --------------------------------------------------------------------------------------

// "KERNEL.IMG;1" and "KERNEL.;1" are written for "kernel.img" and "kernel".
static void set_plain_name(Record *record, const uint8_t *name, size_t length)
{
	size_t n = 0;

	for (; n < length && name[n] != ';'; n++)
		record->name[n] = (char)name[n];
	if (n > 1 && record->name[n - 1] == '.')
		n--;
	record->name[n] = '\0';
}

// One NM entry's part of a name. False when it does not fit.
static bool append_rock_ridge(Record *record, const uint8_t *part, size_t length)
{
	size_t used = record->is_rock_ridge ? strlen(record->name) : 0;

	if (length >= sizeof record->name - used || memchr(part, '\0', length))
		return false;
	memcpy(record->name + used, part, length);
	record->name[used + length] = '\0';
	record->is_rock_ridge = true;
	return true;
}

typedef struct {
	uint64_t offset_bytes;
	uint32_t size_bytes; /* 0: there is none */
} Continuation;

// Reads the entries of one system use area. A wrong one ends the reading: the plain name then
// stays.
static void read_system_use(Iso *iso, Record *record, const uint8_t *area, size_t size,
			    Continuation *ret_next)
{
	for (size_t at = 0; size - at >= 4;) {
		const uint8_t *entry = area + at;
		size_t length = entry[2];

		if (length < 4 || length > size - at)
			return;
		if (memcmp(entry, "ST", 2) == 0)
			return;
		if (memcmp(entry, "SP", 2) == 0 && length >= 7 && entry[4] == 0xbe &&
		    entry[5] == 0xef)
			iso->susp_skip = entry[6];
		if (memcmp(entry, "NM", 2) == 0 && length >= 5 && (entry[4] & 6) == 0 &&
		    !append_rock_ridge(record, entry + 5, length - 5))
			return;
		if (memcmp(entry, "CE", 2) == 0 && length >= 28)
			*ret_next = (Continuation){ (uint64_t)le32(entry + 4) * SECTOR_BYTES +
							    le32(entry + 12),
						    le32(entry + 20) };
		at += length;
	}
}

// Long Rock Ridge names go on elsewhere; a chain of such areas has an end.
static bool read_continuations(Iso *iso, Record *record, Continuation next, GError **error)
{
	uint8_t area[SECTOR_BYTES];

	for (unsigned i = 0; next.size_bytes > 0; i++) {
		Continuation here = next;

		if (i == MAX_CONTINUATIONS || here.size_bytes > sizeof area)
			return throw_damaged(error, "a name has too many pieces");
		if (!iso_pread(iso, area, here.size_bytes, here.offset_bytes, error))
			return false;
		next = (Continuation){ 0, 0 };
		read_system_use(iso, record, area, here.size_bytes, &next);
	}
	return true;
}

// --- directories --------------------------------------------------------------------------------

// @bytes holds @room bytes, of which the record says how many are its own.
static bool record_parse(Iso *iso, const uint8_t *bytes, size_t room, Record *record,
			 GError **error)
{
	Continuation next = { 0, 0 };
	size_t length = bytes[REC_LENGTH], name_length, area;

	if (length < RECORD_HEAD_BYTES + 1 || length > room)
		return throw_damaged(error, "a directory record has a wrong length");
	name_length = bytes[REC_NAME_LENGTH];
	if (name_length == 0 || name_length > length - RECORD_HEAD_BYTES)
		return throw_damaged(error, "a name is longer than its record");
	*record = (Record){ .offset_bytes = (uint64_t)le32(bytes + REC_EXTENT) * SECTOR_BYTES,
			    .size_bytes = le32(bytes + REC_SIZE),
			    .flags = bytes[REC_FLAGS],
			    .is_interleaved = bytes[REC_UNIT] || bytes[REC_GAP] };
	set_plain_name(record, bytes + REC_NAME, name_length);
	area = RECORD_HEAD_BYTES + (name_length | 1); /* the area starts at an even offset */
	if (name_length > 1 || bytes[REC_NAME] > 1)
		area += iso->susp_skip;
	if (area < length)
		read_system_use(iso, record, bytes + area, length - area, &next);
	return read_continuations(iso, record, next, error);
}

static bool is_named(const Record *record, const char *name)
{
	return record->is_rock_ridge ? strcmp(record->name, name) == 0
				     : g_ascii_strcasecmp(record->name, name) == 0;
}

// Looks through one sector; records never cross into the next one.
static bool find_in_sector(Iso *iso, const uint8_t *sector, const char *name, Record *ret_record,
			   bool *ret_found, GError **error)
{
	for (size_t at = 0; at < SECTOR_BYTES && sector[at] > 0; at += sector[at]) {
		const uint8_t *bytes = sector + at;
		Record record;

		if (!record_parse(iso, bytes, SECTOR_BYTES - at, &record, error))
			return false;
		// "." and "..", which are a byte 0 and a byte 1
		if (bytes[REC_NAME_LENGTH] == 1 && bytes[REC_NAME] <= 1)
			continue;
		if (!is_named(&record, name))
			continue;
		*ret_record = record;
		*ret_found = true;
		return true;
	}
	return true;
}

static bool find_in_directory(Iso *iso, const Record *dir, const char *name, Record *ret_record,
			      GError **error)
{
	uint8_t sector[SECTOR_BYTES];
	bool is_found = false;

	if (!(dir->flags & FLAG_DIRECTORY))
		return lf_throw(error, LF_ERROR_INPUT, "'%s' is not a directory of the ISO image",
				dir->name);
	if (dir->size_bytes > MAX_DIR_BYTES)
		return throw_damaged(error, "a directory is larger than 4 MiB");
	for (uint64_t at = 0; at < dir->size_bytes && !is_found; at += SECTOR_BYTES)
		if (!iso_pread(iso, sector, sizeof sector, dir->offset_bytes + at, error) ||
		    !find_in_sector(iso, sector, name, ret_record, &is_found, error))
			return false;
	return is_found || lf_throw(error, LF_ERROR_INPUT,
				    "the ISO image has no '%s': is it one of Landfall's?", name);
}

// --- the volume ---------------------------------------------------------------------------------

// The first sector of the root directory tells how Rock Ridge is laid out (its SP entry).
static bool read_susp(Iso *iso, const Record *root, GError **error)
{
	uint8_t sector[SECTOR_BYTES];
	Record self;

	if (!iso_pread(iso, sector, sizeof sector, root->offset_bytes, error))
		return false;
	return record_parse(iso, sector, sizeof sector, &self, error);
}

// A cut copy would be good as far as it goes. A device may well be larger than its volume.
static bool check_volume_size(const Iso *iso, const uint8_t *volume, GError **error)
{
	uint64_t said = (uint64_t)le32(volume + VOLUME_SECTORS) * SECTOR_BYTES;

	return said <= iso->size_bytes || lf_throw(error, LF_ERROR_IO,
						   "the ISO image ends after %" G_GUINT64_FORMAT
						   " of %" G_GUINT64_FORMAT " bytes: copy it again",
						   iso->size_bytes, said);
}

static bool find_root(Iso *iso, Record *ret_root, GError **error)
{
	uint8_t sector[SECTOR_BYTES];

	for (unsigned i = 0; i < MAX_DESCRIPTORS; i++) {
		uint64_t offset = (uint64_t)(FIRST_DESCRIPTOR + i) * SECTOR_BYTES;

		if (offset + SECTOR_BYTES > iso->size_bytes)
			break;
		if (!iso_pread(iso, sector, sizeof sector, offset, error))
			return false;
		if (memcmp(sector + 1, "CD001", 5) != 0 || sector[0] == 255)
			break;
		if (sector[0] != 1)
			continue;
		if (sector[VOLUME_SECTOR_BYTES] != (SECTOR_BYTES & 0xff) ||
		    sector[VOLUME_SECTOR_BYTES + 1] != SECTOR_BYTES >> 8)
			return lf_throw(error, LF_ERROR_UNSUPPORTED,
					"the ISO image has blocks of another size than 2048 bytes");
		return check_volume_size(iso, sector, error) &&
		       record_parse(iso, sector + VOLUME_ROOT, VOLUME_ROOT_BYTES, ret_root,
				    error) &&
		       read_susp(iso, ret_root, error);
	}
	return lf_throw(error, LF_ERROR_INPUT, "this is not an ISO 9660 image");
}

static bool check_file(const Iso *iso, const Record *file, const char *path, GError **error)
{
	if (file->flags & FLAG_DIRECTORY)
		return lf_throw(error, LF_ERROR_INPUT, "'%s' is a directory in the ISO image",
				path);
	if ((file->flags & FLAG_MORE_EXTENTS) || file->is_interleaved)
		return lf_throw(error, LF_ERROR_UNSUPPORTED,
				"'%s' lies in several pieces in the ISO image", path);
	if (file->offset_bytes > iso->size_bytes ||
	    file->size_bytes > iso->size_bytes - file->offset_bytes)
		return lf_throw(error, LF_ERROR_INPUT,
				"the ISO image is damaged: it ends before the end of '%s'", path);
	return true;
}

// The size of a block device is not in its inode.
static bool iso_open(int fd, Iso *iso, GError **error)
{
	off_t end = lseek(fd, 0, SEEK_END);

	if (end < 0)
		return lf_throw_errno(error, "cannot find the end of the ISO image");
	*iso = (Iso){ fd, (uint64_t)end, 0 };
	return true;
}

static bool find_record(Iso *iso, const char *path, Record *ret_record, GError **error)
{
	g_auto(GStrv) names = g_strsplit(path, "/", -1);
	Record record = { 0 };

	if (g_strv_length(names) > MAX_PATH_NAMES)
		return lf_throw(error, LF_ERROR_INPUT, "'%s' has more than %d names", path,
				MAX_PATH_NAMES);
	if (!find_root(iso, &record, error))
		return false;
	for (size_t i = 0; names[i]; i++) {
		Record dir = record;

		if (*names[i] && !find_in_directory(iso, &dir, names[i], &record, error))
			return false;
	}
	*ret_record = record;
	return true;
}

bool lf_iso_find(int fd, const char *path, LfIsoExtent *ret_extent, GError **error)
{
	Iso iso = { 0 };
	Record record = { 0 };

	if (!iso_open(fd, &iso, error) || !find_record(&iso, path, &record, error) ||
	    !check_file(&iso, &record, path, error))
		return false;
	*ret_extent = (LfIsoExtent){ record.offset_bytes, record.size_bytes };
	return true;
}

GBytes *lf_iso_read(int fd, const char *path, uint64_t max_bytes, GError **error)
{
	LfIsoExtent extent = { 0, 0 };
	g_autofree char *data = NULL;

	if (!lf_iso_find(fd, path, &extent, error))
		return NULL;
	if (extent.size_bytes > max_bytes)
		return lf_throw_null(error, LF_ERROR_INPUT,
				     "'%s' in the ISO image is longer than the %" G_GUINT64_FORMAT
				     " bytes allowed",
				     path, max_bytes);
	data = g_malloc(extent.size_bytes + 1);
	if (!lf_pread_all(fd, data, extent.size_bytes, extent.offset_bytes, error)) {
		lf_prefix(error, "'%s' in the ISO image", path);
		return NULL;
	}
	data[extent.size_bytes] = '\0';
	return g_bytes_new_take(g_steal_pointer(&data), extent.size_bytes);
}

// --- walking ------------------------------------------------------------------------------------

typedef struct {
	Iso iso;
	LfIsoVisit visit;
	void *user_data;
	unsigned n_records;
} Walk;

static bool walk_directory(Walk *walk, const Record *dir, const char *path, unsigned depth,
			   GError **error);

static bool walk_record(Walk *walk, const Record *record, const char *dir, unsigned depth,
			GError **error)
{
	g_autofree char *path =
		*dir ? g_strconcat(dir, "/", record->name, NULL) : g_strdup(record->name);
	LfIsoExtent extent = { record->offset_bytes, record->size_bytes };

	if (++walk->n_records > MAX_WALK_RECORDS)
		return throw_damaged(error, "a directory has too many files");
	if (record->flags & FLAG_DIRECTORY)
		return walk_directory(walk, record, path, depth + 1, error);
	if ((record->flags & FLAG_MORE_EXTENTS) || record->is_interleaved)
		return true;
	return check_file(&walk->iso, record, path, error) &&
	       walk->visit(path, &extent, walk->user_data, error);
}

static bool walk_sector(Walk *walk, const uint8_t *sector, const char *path, unsigned depth,
			GError **error)
{
	for (size_t at = 0; at < SECTOR_BYTES && sector[at] > 0; at += sector[at]) {
		const uint8_t *bytes = sector + at;
		Record record;

		if (!record_parse(&walk->iso, bytes, SECTOR_BYTES - at, &record, error))
			return false;
		if (bytes[REC_NAME_LENGTH] == 1 && bytes[REC_NAME] <= 1)
			continue;
		if (!walk_record(walk, &record, path, depth, error))
			return false;
	}
	return true;
}

static bool walk_directory(Walk *walk, const Record *dir, const char *path, unsigned depth,
			   GError **error)
{
	g_autofree uint8_t *sectors = NULL;

	if (depth > MAX_WALK_DEPTH || dir->size_bytes > MAX_DIR_BYTES ||
	    dir->size_bytes % SECTOR_BYTES)
		return throw_damaged(error, "a directory is too deep, too large or incomplete");
	sectors = g_malloc(dir->size_bytes + 1);
	if (!iso_pread(&walk->iso, sectors, dir->size_bytes, dir->offset_bytes, error))
		return false;
	for (uint64_t at = 0; at < dir->size_bytes; at += SECTOR_BYTES)
		if (!walk_sector(walk, sectors + at, path, depth, error))
			return false;
	return true;
}

bool lf_iso_walk(int fd, const char *dir, LfIsoVisit visit, void *user_data, GError **error)
{
	Walk walk = { .visit = visit, .user_data = user_data };
	Record record = { 0 };

	if (!iso_open(fd, &walk.iso, error) || !find_record(&walk.iso, dir, &record, error))
		return false;
	if (!(record.flags & FLAG_DIRECTORY))
		return lf_throw(error, LF_ERROR_INPUT, "'%s' is not a directory of the ISO image",
				dir);
	return walk_directory(&walk, &record, "", 0, error);
}
