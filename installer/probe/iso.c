// One small file out of an ISO 9660 file system, by reading blocks.
// Not here: mounting, reading payload (the kernel does that).
#include "installer/probe/iso.h"

#include <string.h>

#include "base/fd.h"

#define BLOCK_BYTES	    2048
#define DESCRIPTOR_BLOCK    16
#define MAX_DIRECTORY_BYTES (1024 * 1024)
#define FLAG_DIRECTORY	    2

typedef struct {
	int fd;
	uint64_t start_bytes;
} Iso;

typedef struct {
	uint32_t block;
	uint32_t size_bytes;
	bool is_directory;
} Entry;

static uint32_t le32(const uint8_t *bytes)
{
	return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

// A directory record; at least 34 bytes. ECMA-119, 9.1
static Entry entry_of(const uint8_t *record)
{
	return (Entry){ le32(record + 2), le32(record + 10), (record[25] & FLAG_DIRECTORY) != 0 };
}

static GBytes *read_entry(const Iso *iso, const Entry *entry, size_t max_bytes)
{
	g_autofree uint8_t *data = NULL;
	uint64_t offset = iso->start_bytes + (uint64_t)entry->block * BLOCK_BYTES;

	if (entry->size_bytes > max_bytes)
		return NULL;
	data = g_malloc(entry->size_bytes + 1);
	if (!lf_pread_all(iso->fd, data, entry->size_bytes, offset, NULL))
		return NULL;
	data[entry->size_bytes] = 0;
	return g_bytes_new_take(g_steal_pointer(&data), entry->size_bytes);
}

// The name that Rock Ridge puts behind the record: entries of signature, length, version, data.
static bool has_rock_ridge_name(const uint8_t *area, size_t size, const char *name,
				bool *ret_has_any)
{
	size_t length = strlen(name);

	while (size >= 5 && area[2] >= 4 && area[2] <= size) {
		if (memcmp(area, "NM", 2) == 0 && area[2] >= 5) {
			*ret_has_any = true;
			return (size_t)area[2] - 5 == length && memcmp(area + 5, name, length) == 0;
		}
		size -= area[2];
		area += area[2];
	}
	return false;
}

// A plain name is upper case and ends in ";1".
static bool has_plain_name(const uint8_t *record, const char *name)
{
	size_t length = record[32];
	const char *plain = (const char *)record + 33;

	if (length > 2 && memcmp(plain + length - 2, ";1", 2) == 0)
		length -= 2;
	return length == strlen(name) && g_ascii_strncasecmp(plain, name, length) == 0;
}

static bool has_name(const uint8_t *record, const char *name)
{
	size_t length = record[0];
	size_t area = 33 + (size_t)record[32];
	bool has_any = false;

	area += area % 2;
	if (33 + (size_t)record[32] > length)
		return false;
	if (area < length && has_rock_ridge_name(record + area, length - area, name, &has_any))
		return true;
	return !has_any && has_plain_name(record, name);
}

static bool find_in(const Iso *iso, const Entry *directory, const char *name, Entry *ret)
{
	g_autoptr(GBytes) bytes = read_entry(iso, directory, MAX_DIRECTORY_BYTES);
	gsize size = 0;
	const uint8_t *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;
	size_t at = 0;

	while (at + 34 <= size) {
		size_t length = data[at];

		// Records do not cross blocks; the rest of a block is zero.
		if (length == 0) {
			at = (at / BLOCK_BYTES + 1) * BLOCK_BYTES;
			continue;
		}
		if (length < 34 || length > size - at)
			return false;
		if (has_name(data + at, name)) {
			*ret = entry_of(data + at);
			return true;
		}
		at += length;
	}
	return false;
}

static bool has_label(const uint8_t *descriptor, const char *label)
{
	g_autofree char *text = g_strchomp(g_strndup((const char *)descriptor + 40, 32));

	return strcmp(text, label) == 0;
}

static bool open_root(const Iso *iso, const char *label, Entry *ret)
{
	uint8_t descriptor[BLOCK_BYTES];

	if (!lf_pread_all(iso->fd, descriptor, sizeof descriptor,
			  iso->start_bytes + DESCRIPTOR_BLOCK * BLOCK_BYTES, NULL) ||
	    memcmp(descriptor, "\1CD001\1", 7) != 0 ||
	    (descriptor[128] | descriptor[129] << 8) != BLOCK_BYTES ||
	    !has_label(descriptor, label))
		return false;
	*ret = entry_of(descriptor + 156);
	return true;
}

GBytes *lf_iso_read(int fd, uint64_t start_bytes, const char *label, const char *path,
		    size_t max_bytes)
{
	g_auto(GStrv) names = g_strsplit(path, "/", -1);
	Iso iso = { fd, start_bytes };
	Entry entry;

	if (!open_root(&iso, label, &entry))
		return NULL;
	for (char **name = names; *name; name++)
		if (!entry.is_directory || !find_in(&iso, &entry, *name, &entry))
			return NULL;
	return entry.is_directory ? NULL : read_entry(&iso, &entry, max_bytes);
}
