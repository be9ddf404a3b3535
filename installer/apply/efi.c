// The firmware's boot entry: device path and load option by libefiboot.
// Not here: the files it points to (boot.c), reading and writing variables (efivars.c).
#include "installer/apply/efi.h"

#include <efivar/efiboot.h>
#include <efivar/efivar.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "installer/apply/boot.h"
#include "installer/apply/effects.h"
#include "installer/apply/efivars.h"

#define MAX_ENTRIES    0x10000
#define GPT_FORMAT     2
#define OPTION_ACTIVE  1
#define OPTION_KIND    0x1f00 /* category: 0 boots a system. UEFI 2.10, 3.1.3 */
#define SIGNATURE_GUID 2

// HD node: type 4, subtype 1, length 42; number, start, size, signature, format, signature type.
#define HD_NODE_BYTES	  42
#define HD_SIGNATURE_AT	  24
#define NODE_HEADER_BYTES 4

static ssize_t make_device_path(uint8_t *buffer, size_t size, const LfPlanPartition *esp,
				uint32_t sector_bytes, const char *loader)
{
	efi_guid_t guid;
	ssize_t at = 0, n;
	g_autofree char *path = g_strdup(loader);

	if (efi_str_to_guid(esp->uuid, &guid) < 0)
		return -1;
	n = efidp_make_hd(buffer, (ssize_t)size, esp->number, esp->start_bytes / sector_bytes,
			  esp->size_bytes / sector_bytes, (uint8_t *)&guid, GPT_FORMAT,
			  SIGNATURE_GUID);
	if (n < 0)
		return n;
	at += n;
	n = efidp_make_file(buffer ? buffer + at : NULL, buffer ? (ssize_t)size - at : 0, path);
	if (n < 0)
		return n;
	at += n;
	n = efidp_make_end_entire(buffer ? buffer + at : NULL, buffer ? (ssize_t)size - at : 0);
	return n < 0 ? n : at + n;
}

GBytes *lf_efi_load_option(const LfPlanPartition *esp, uint32_t sector_bytes, const char *label,
			   const char *loader, GError **error)
{
	uint8_t path[1024];
	uint8_t option[2048];
	ssize_t path_size = make_device_path(path, sizeof path, esp, sector_bytes, loader);
	ssize_t size = -1;

	if (path_size > 0)
		size = efi_loadopt_create(option, sizeof option, OPTION_ACTIVE, (efidp)path,
					  path_size, (unsigned char *)(uintptr_t)label, NULL, 0);
	if (size < 0)
		return lf_throw_errno_null(error, "cannot form the boot entry");
	return g_bytes_new(option, (gsize)size);
}

// Finds the GUID of the HD node. libefivar's own walker trusts lengths, so this one does not use
// it.
static bool find_partition(const uint8_t *path, size_t size, char **ret_uuid)
{
	size_t at = 0;

	while (size - at >= NODE_HEADER_BYTES) {
		size_t length = (size_t)path[at + 2] | (size_t)path[at + 3] << 8;
		efi_guid_t guid;
		char *text = NULL;

		if (length < NODE_HEADER_BYTES || length > size - at)
			return false;
		if (path[at] == 4 && path[at + 1] == 1 && length >= HD_NODE_BYTES) {
			memcpy(&guid, path + at + HD_SIGNATURE_AT, sizeof guid);
			if (efi_guid_to_str(&guid, &text) < 0)
				return false;
			*ret_uuid = g_strdup(text);
			free(text);
			return true;
		}
		at += length;
	}
	return false;
}

static char *ucs2_text(const uint8_t *data, size_t size)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (size_t i = 0; i + 1 < size; i += 2) {
		unsigned c = data[i] | (unsigned)data[i + 1] << 8;

		if (c == 0)
			break;
		g_string_append_unichar(text, c);
	}
	return g_string_free(g_steal_pointer(&text), FALSE);
}

// The file node: type 4, subtype 4.
static char *find_file(const uint8_t *path, size_t size)
{
	size_t at = 0;

	while (size - at >= NODE_HEADER_BYTES) {
		size_t length = (size_t)path[at + 2] | (size_t)path[at + 3] << 8;

		if (length < NODE_HEADER_BYTES || length > size - at)
			return NULL;
		if (path[at] == 4 && path[at + 1] == 4)
			return ucs2_text(path + at + NODE_HEADER_BYTES, length - NODE_HEADER_BYTES);
		at += length;
	}
	return NULL;
}

// EFI_LOAD_OPTION: attributes (4), length of the device path (2), label in UCS-2 with its NUL,
// path.
static bool split_option(GBytes *option, char **ret_label, const uint8_t **ret_path,
			 size_t *ret_size)
{
	gsize size;
	const uint8_t *data = g_bytes_get_data(option, &size);
	size_t path_size, at = 6;

	if (size < at + 2)
		return false;
	path_size = (size_t)data[4] | (size_t)data[5] << 8;
	while (at + 1 < size && (data[at] || data[at + 1]))
		at += 2;
	if (at + 2 > size || path_size > size - at - 2)
		return false;
	*ret_label = ucs2_text(data + 6, size - 6);
	*ret_path = data + at + 2;
	*ret_size = path_size;
	return true;
}

bool lf_efi_is_stale(GBytes *option, const char *label, const char *loader,
		     const char *const *kept_uuids)
{
	g_autofree char *found_label = NULL;
	g_autofree char *uuid = NULL;
	g_autofree char *file = NULL;
	const uint8_t *path = NULL;
	size_t size = 0;

	if (!split_option(option, &found_label, &path, &size) ||
	    g_ascii_strcasecmp(found_label, label) != 0)
		return false;
	file = find_file(path, size);
	if (!file || g_ascii_strcasecmp(file, loader) != 0 || !find_partition(path, size, &uuid))
		return false;
	for (size_t i = 0; kept_uuids[i]; i++)
		if (g_ascii_strcasecmp(kept_uuids[i], uuid) == 0)
			return false;
	return true;
}

// The number of a variable called Boot and four hexadecimal digits.
static bool parse_number(const char *name, unsigned *ret)
{
	if (strlen(name) != 8 || strncmp(name, "Boot", 4) != 0)
		return false;
	for (size_t i = 4; i < 8; i++)
		if (!g_ascii_isxdigit(name[i]))
			return false;
	*ret = (unsigned)strtoul(name + 4, NULL, 16);
	return true;
}

typedef struct {
	GArray *used;  /* unsigned: numbers that stay */
	GArray *stale; /* unsigned */
} Entries;

static bool list_entries(int dir_fd, const char *label, const char *loader,
			 const char *const *kept_uuids, Entries *entries, GError **error)
{
	g_auto(GStrv) names = lf_efivars_list(dir_fd, error);
	unsigned number;

	for (char **name = names; name && *name; name++) {
		g_autoptr(GBytes) option = NULL;

		if (!parse_number(*name, &number))
			continue;
		option = lf_efivars_read(dir_fd, *name);
		if (option && lf_efi_is_stale(option, label, loader, kept_uuids))
			g_array_append_val(entries->stale, number);
		else
			g_array_append_val(entries->used, number);
	}
	return names != NULL;
}

static bool contains(const GArray *numbers, unsigned number)
{
	for (guint i = 0; i < numbers->len; i++)
		if (g_array_index(numbers, unsigned, i) == number)
			return true;
	return false;
}

static unsigned free_number(const Entries *entries)
{
	unsigned number = 0;

	while (number < MAX_ENTRIES - 1 && contains(entries->used, number))
		number++;
	return number;
}

static bool remove_stale(int dir_fd, const Entries *entries, GError **error)
{
	for (guint i = 0; i < entries->stale->len; i++) {
		char name[16];

		snprintf(name, sizeof name, "Boot%04X", g_array_index(entries->stale, unsigned, i));
		if (!lf_efivars_remove(dir_fd, name, error))
			return false;
	}
	return true;
}

static bool update_order(int dir_fd, const Entries *entries, unsigned number, bool is_first,
			 GError **error)
{
	g_autoptr(GBytes) old = lf_efivars_read(dir_fd, "BootOrder");
	g_autoptr(GArray) order = g_array_new(FALSE, FALSE, sizeof(uint16_t));
	const uint8_t *data = old ? g_bytes_get_data(old, NULL) : NULL;
	size_t size = old ? g_bytes_get_size(old) : 0;
	uint16_t ours = GUINT16_TO_LE((uint16_t)number);

	if (is_first)
		g_array_append_val(order, ours);
	for (size_t i = 0; i + 1 < size; i += 2) {
		unsigned entry = data[i] | (unsigned)data[i + 1] << 8;
		uint16_t value = GUINT16_TO_LE((uint16_t)entry);

		if (entry != number && !contains(entries->stale, entry))
			g_array_append_val(order, value);
	}
	if (!is_first)
		g_array_append_val(order, ours);
	return lf_efivars_write(dir_fd, "BootOrder", order->data, order->len * sizeof(uint16_t),
				error);
}

bool lf_efi_write_entry(int dir_fd, GBytes *option, const char *label, const char *loader,
			const char *const *kept_uuids, bool is_first, GError **error)
{
	g_autoptr(GArray) used = g_array_new(FALSE, FALSE, sizeof(unsigned));
	g_autoptr(GArray) stale = g_array_new(FALSE, FALSE, sizeof(unsigned));
	Entries entries = { used, stale };
	char name[16];
	unsigned number;

	if (!list_entries(dir_fd, label, loader, kept_uuids, &entries, error) ||
	    !remove_stale(dir_fd, &entries, error))
		return false;
	number = free_number(&entries);
	snprintf(name, sizeof name, "Boot%04X", number);
	return lf_efivars_write(dir_fd, name, g_bytes_get_data(option, NULL),
				g_bytes_get_size(option), error) &&
	       update_order(dir_fd, &entries, number, is_first, error);
}

// The device path of an entry that could start a system, without the end node.
static bool bootable_path(GBytes *option, const uint8_t **ret_path, size_t *ret_size)
{
	g_autofree char *label = NULL;
	const uint8_t *data = g_bytes_get_data(option, NULL);
	size_t at = 0;

	if (!split_option(option, &label, ret_path, ret_size))
		return false;
	// Attributes: little-endian, the first four bytes.
	if (!(data[0] & OPTION_ACTIVE) || (data[1] << 8 & OPTION_KIND))
		return false;
	while (*ret_size - at >= NODE_HEADER_BYTES && (*ret_path)[at] != 0x7f) {
		size_t length = (size_t)(*ret_path)[at + 2] | (size_t)(*ret_path)[at + 3] << 8;

		if (length < NODE_HEADER_BYTES || length > *ret_size - at)
			return false;
		at += length;
	}
	*ret_size = at;
	return at > 0;
}

static GBytes *read_entry(int dir_fd, unsigned number)
{
	char name[16];

	snprintf(name, sizeof name, "Boot%04X", number);
	return lf_efivars_read(dir_fd, name);
}

// Firmware has an entry for a stick and others for what lies on it: their paths begin alike.
bool lf_efi_leads_elsewhere(GBytes *option, GBytes *current)
{
	const uint8_t *path, *current_path;
	size_t size, current_size;

	if (!bootable_path(option, &path, &size))
		return false;
	if (!current || !bootable_path(current, &current_path, &current_size))
		return true;
	return memcmp(path, current_path, MIN(size, current_size)) != 0;
}

static bool can_start(int dir_fd, unsigned number, GBytes *current)
{
	g_autoptr(GBytes) option = read_entry(dir_fd, number);

	return option && lf_efi_leads_elsewhere(option, current);
}

static bool read_number(GBytes *value, size_t at, unsigned *ret)
{
	gsize size = value ? g_bytes_get_size(value) : 0;
	const uint8_t *data = value ? g_bytes_get_data(value, NULL) : NULL;

	if (at + 2 > size)
		return false;
	*ret = data[at] | (unsigned)data[at + 1] << 8;
	return true;
}

bool lf_efi_leave_medium(int dir_fd, bool *ret_has_left, GError **error)
{
	g_autoptr(GBytes) order = lf_efivars_read(dir_fd, "BootOrder");
	g_autoptr(GBytes) current_value = lf_efivars_read(dir_fd, "BootCurrent");
	g_autoptr(GBytes) current = NULL;
	unsigned current_number = MAX_ENTRIES, number;

	if (read_number(current_value, 0, &current_number))
		current = read_entry(dir_fd, current_number);
	*ret_has_left = false;
	for (size_t at = 0; read_number(order, at, &number); at += 2) {
		uint16_t next = GUINT16_TO_LE((uint16_t)number);

		if (number == current_number || !can_start(dir_fd, number, current))
			continue;
		*ret_has_left = lf_efivars_write(dir_fd, "BootNext", &next, sizeof next, error);
		return *ret_has_left;
	}
	return true;
}

// Partitions of disks that were not touched: entries that start from them are somebody's.
static char **other_partitions(const LfInstall *install)
{
	g_autoptr(GPtrArray) uuids = g_ptr_array_new();

	for (guint i = 0; i < install->facts->disks->len; i++) {
		const LfFactDisk *disk = g_ptr_array_index(install->facts->disks, i);

		if (g_strcmp0(disk->path, install->plan->disk) == 0)
			continue;
		for (guint j = 0; j < disk->partitions->len; j++) {
			const LfFactPartition *partition = g_ptr_array_index(disk->partitions, j);

			if (partition->uuid)
				g_ptr_array_add(uuids, g_strdup(partition->uuid));
		}
	}
	g_ptr_array_add(uuids, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&uuids), FALSE);
}

static bool write_entry(const LfInstall *install, GError **error)
{
	const LfPlan *plan = install->plan;
	const LfPlanPartition *esp = lf_plan_partition(plan, LF_ROLE_ESP);
	g_autoptr(GBytes) option = NULL;
	g_auto(GStrv) kept = other_partitions(install);
	lf_autofd dir_fd = -1;

	if (!esp || !lf_openat(AT_FDCWD, LF_EFIVARS, O_RDONLY | O_DIRECTORY, 0, &dir_fd, error))
		return false;
	option = lf_efi_load_option(esp, plan->sector_bytes, LF_BOOT_ENTRY_LABEL, install->loader,
				    error);
	return option &&
	       lf_efi_write_entry(dir_fd, option, LF_BOOT_ENTRY_LABEL, install->loader,
				  (const char *const *)kept, !plan->leaves_boot_order, error);
}

// The removable path on the ESP boots as well: broken firmware variables are a warning.
bool lf_effect_boot_entry(LfInstall *install, GError **error)
{
	g_autoptr(GError) local = NULL;

	if (!install->facts->has_efi_variables || !write_entry(install, &local))
		lf_events_note(install->events, lf_apply_step(LF_STEP_BOOT_ENTRY)->id,
			       "the firmware got no boot entry (%s); the disk boots by its default "
			       "path EFI/BOOT",
			       local ? local->message : "it has no variables");
	return true;
}
