// Facts of a machine, put together.
// Not here: reading each kind of them, the payload's facts (main.c puts them in).
#include "installer/probe/probe.h"

#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <linux/fs.h>
#include <unistd.h>

#include "base/fd.h"
#include "installer/probe/disks.h"
#include "installer/probe/holders.h"
#include "installer/probe/machine.h"
#include "installer/probe/table.h"
#include "installer/probe/world.h"

#define MEDIUM_MOUNT "/run/landfall/medium"
#define SALT_BYTES   16

// --- the boot medium ----------------------------------------------------------------------------

// The disk a device number belongs to: itself, or one of its partitions.
static bool has_number(const LfHost *host, const LfFactDisk *disk, const char *number)
{
	g_auto(GStrv) names = lf_world_list(host->root_fd, "sys/block/%s", disk->name);
	g_autofree char *own = lf_world_text(host->root_fd, "sys/block/%s/dev", disk->name);

	if (g_strcmp0(own, number) == 0)
		return true;
	for (char **name = names; *name; name++) {
		g_autofree char *part =
			lf_world_text(host->root_fd, "sys/block/%s/%s/dev", disk->name, *name);

		if (part && strcmp(part, number) == 0)
			return true;
	}
	return false;
}

// Where the medium is mounted it is known; else it is looked for.
static void mark_boot_medium(const LfHost *host, const LfHolders *holders, LfFacts *facts)
{
	g_autofree char *number = lf_holders_source(holders, MEDIUM_MOUNT);
	g_auto(LfMedium) medium = { NULL, NULL, false };

	(void)lf_probe_medium(host, &medium, NULL);
	for (guint i = 0; i < facts->disks->len; i++) {
		LfFactDisk *disk = facts->disks->pdata[i];

		disk->is_boot_medium = (number && has_number(host, disk, number)) ||
				       g_strcmp0(medium.path, disk->path) == 0;
		if (disk->is_boot_medium && !facts->boot_medium)
			facts->boot_medium = g_strdup(disk->path);
	}
}

// --- the machine --------------------------------------------------------------------------------

static char *salt_new(const LfHost *host)
{
	g_autoptr(GString) text = g_string_new(NULL);
	uint8_t bytes[SALT_BYTES];

	if (!host->random(bytes, sizeof bytes))
		return NULL;
	for (size_t i = 0; i < sizeof bytes; i++)
		g_string_append_printf(text, "%02x", bytes[i]);
	return g_string_free(g_steal_pointer(&text), FALSE);
}

LfFacts *lf_probe_machine(const LfHost *host, GError **error)
{
	g_autoptr(LfFacts) facts = lf_facts_new();
	g_autoptr(LfHolders) holders = lf_holders_load(host->root_fd);

	facts->salt = salt_new(host);
	if (!facts->salt)
		return lf_throw_null(error, LF_ERROR_INTERNAL, "the kernel gives no randomness");
	lf_machine_load(host, holders, facts);
	lf_disks_load(host, holders, facts->disks);
	mark_boot_medium(host, holders, facts);
	lf_facts_sort(facts);
	return g_steal_pointer(&facts);
}

// --- a file as a disk ---------------------------------------------------------------------------

static bool fill_size(int fd, uint32_t sector_bytes, LfFactDisk *disk, GError **error)
{
	struct stat info;
	int sector = 0;
	unsigned physical = 0;

	if (fstat(fd, &info) < 0)
		return lf_throw_errno(error, "cannot look at '%s'", disk->path);
	disk->sector_bytes = disk->physical_bytes = sector_bytes;
	disk->size_bytes = (uint64_t)info.st_size;
	if (!S_ISBLK(info.st_mode))
		return true;
	if (ioctl(fd, BLKSSZGET, &sector) < 0 || ioctl(fd, BLKPBSZGET, &physical) < 0 ||
	    ioctl(fd, BLKGETSIZE64, &disk->size_bytes) < 0)
		return lf_throw_errno(error, "cannot ask '%s' for its size", disk->path);
	disk->sector_bytes = (uint32_t)sector;
	disk->physical_bytes = physical;
	return true;
}

LfFactDisk *lf_probe_image(const char *path, uint32_t sector_bytes, GError **error)
{
	g_autoptr(LfFactDisk) disk = lf_fact_disk_new();
	lf_autofd fd = -1;

	if (sector_bytes != 512 && sector_bytes != 4096)
		return lf_throw_null(error, LF_ERROR_INPUT,
				     "a sector size of %u is not supported: write 512 or 4096",
				     sector_bytes);
	disk->path = g_canonicalize_filename(path, NULL);
	disk->name = g_path_get_basename(disk->path);
	disk->transport = g_strdup("file");
	if (!lf_openat(AT_FDCWD, path, O_RDONLY, 0, &fd, error) ||
	    !fill_size(fd, sector_bytes, disk, error))
		return NULL;
	if (disk->size_bytes == 0)
		return lf_throw_null(error, LF_ERROR_INPUT, "'%s' is empty: no disk", path);
	disk->is_readonly = access(path, W_OK) < 0;
	lf_table_probe(fd, disk);
	return g_steal_pointer(&disk);
}
