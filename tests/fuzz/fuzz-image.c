// Fuzzer: any bytes as what a disk or udev's database holds.
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "installer/probe/probe.h"
#include "installer/probe/table.h"
#include "installer/probe/udev.h"

#define DISK_BYTES (2 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// The probed facts must be facts that can be read back.
static void check_disk(LfFactDisk *disk)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfFacts) facts = lf_facts_new();
	g_autoptr(json_t) object = NULL;
	g_autoptr(LfFacts) back = NULL;

	facts->salt = g_strnfill(32, '0');
	g_ptr_array_add(facts->disks, disk);
	object = lf_facts_to_json(facts);
	back = lf_facts_from_json(object, &error);
	g_assert(back && !error);
}

static void probe_table(int fd, uint32_t sector_bytes)
{
	LfFactDisk *disk = lf_fact_disk_new();

	disk->path = g_strdup("/dev/vda");
	disk->name = g_strdup("vda");
	disk->size_bytes = DISK_BYTES;
	disk->sector_bytes = disk->physical_bytes = sector_bytes;
	lf_table_probe(fd, disk);
	check_disk(disk);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(LfUdev) udev = lf_udev_parse((const char *)data, size);
	g_autofree char *model = lf_udev_get(udev, "ID_MODEL");
	lf_autofd fd = memfd_create("disk", MFD_CLOEXEC);

	if (fd < 0 || size > DISK_BYTES || !lf_write_all(fd, data, size, NULL) ||
	    ftruncate(fd, DISK_BYTES) < 0)
		return 0;
	probe_table(fd, 512);
	probe_table(fd, 4096);
	return 0;
}
