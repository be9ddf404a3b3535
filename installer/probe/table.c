// Partition tables and signatures, by libblkid.
// Not here: which disks there are (disks.c), what is in use (holders.c).
#include "installer/probe/table.h"

#include <blkid.h>
#include <string.h>

#define MAX_PARTITIONS 255
#define BLOCK_BYTES    512

static void free_probe(blkid_probe probe)
{
	if (probe)
		blkid_free_probe(probe);
}
typedef struct blkid_struct_probe ProbeStruct;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ProbeStruct, free_probe)

static ProbeStruct *open_range(int fd, uint64_t start_bytes, uint64_t size_bytes,
			       uint32_t sector_bytes)
{
	g_autoptr(ProbeStruct) probe = blkid_new_probe();

	// libblkid makes its probes without a device; out of memory is the only failure.
	g_assert(probe != NULL);
	if (blkid_probe_set_device(probe, fd, (blkid_loff_t)start_bytes,
				   (blkid_loff_t)size_bytes) != 0 ||
	    blkid_probe_set_sectorsize(probe, sector_bytes) != 0)
		return NULL;
	return g_steal_pointer(&probe);
}

// --- signatures ---------------------------------------------------------------------------------

static char *value_of(blkid_probe probe, const char *name)
{
	const char *value = NULL;

	if (blkid_probe_lookup_value(probe, name, &value, NULL) != 0)
		return NULL;
	return lf_fact_text(value);
}

// Several signatures that contradict each other are a fact too: something is there.
static void probe_signature(int fd, uint64_t start_bytes, uint64_t size_bytes,
			    uint32_t sector_bytes, LfFactPartition *partition, char **ret_usage)
{
	g_autoptr(ProbeStruct) probe = open_range(fd, start_bytes, size_bytes, sector_bytes);
	int result = -1;

	if (probe) {
		blkid_probe_enable_superblocks(probe, 1);
		blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_LABEL |
								 BLKID_SUBLKS_UUID |
								 BLKID_SUBLKS_USAGE);
		result = blkid_do_safeprobe(probe);
	}
	if (result == 1)
		return;
	if (result == 0) {
		partition->fstype = value_of(probe, "TYPE");
		partition->fslabel = value_of(probe, "LABEL");
		partition->fs_uuid = value_of(probe, "UUID");
		*ret_usage = value_of(probe, "USAGE");
		return;
	}
	partition->fstype = g_strdup(result == -2 ? LF_FACT_AMBIGUOUS : LF_FACT_UNREADABLE);
}

// --- partitions ---------------------------------------------------------------------------------

char *lf_table_partition_path(const char *disk_path, unsigned number)
{
	size_t length = strlen(disk_path);
	bool ends_in_digit = length > 0 && g_ascii_isdigit(disk_path[length - 1]);

	return g_strdup_printf("%s%s%u", disk_path, ends_in_digit ? "p" : "", number);
}

static char *partition_type(blkid_partition part)
{
	const char *guid = blkid_partition_get_type_string(part);

	if (guid)
		return lf_fact_text(guid);
	return g_strdup_printf("0x%02x", (unsigned)blkid_partition_get_type(part));
}

// A table may claim anything: places are cut at the disk's end.
static void set_place(LfFactPartition *partition, blkid_partition part, uint64_t disk_bytes)
{
	uint64_t start = (uint64_t)blkid_partition_get_start(part);
	uint64_t size = (uint64_t)blkid_partition_get_size(part);

	partition->start_bytes = MIN(start, disk_bytes / BLOCK_BYTES) * BLOCK_BYTES;
	partition->size_bytes = MIN(size, disk_bytes / BLOCK_BYTES) * BLOCK_BYTES;
	partition->size_bytes =
		MIN(partition->size_bytes, disk_bytes - MIN(disk_bytes, partition->start_bytes));
}

static void add_partition(int fd, LfFactDisk *disk, blkid_partition part)
{
	LfFactPartition *partition = lf_fact_partition_new();
	g_autofree char *usage = NULL;

	partition->number = (unsigned)blkid_partition_get_partno(part);
	partition->path = lf_table_partition_path(disk->path, partition->number);
	partition->type = partition_type(part);
	partition->uuid = lf_fact_text(blkid_partition_get_uuid(part));
	partition->name = lf_fact_text(blkid_partition_get_name(part));
	set_place(partition, part, disk->size_bytes);
	// An extended partition has logical ones in it, and no content of its own.
	if (!blkid_partition_is_extended(part) && partition->size_bytes > 0)
		probe_signature(fd, partition->start_bytes, partition->size_bytes,
				disk->sector_bytes, partition, &usage);
	g_ptr_array_add(disk->partitions, partition);
}

static int compare_partitions(gconstpointer a, gconstpointer b)
{
	unsigned number_a = (*(LfFactPartition *const *)a)->number;
	unsigned number_b = (*(LfFactPartition *const *)b)->number;

	return number_a < number_b ? -1 : number_a > number_b;
}

static void probe_table(int fd, LfFactDisk *disk)
{
	g_autoptr(ProbeStruct) probe = open_range(fd, 0, disk->size_bytes, disk->sector_bytes);
	blkid_partlist list;
	blkid_parttable table;
	int n_parts;

	if (!probe) {
		disk->table = g_strdup(LF_FACT_UNREADABLE);
		return;
	}
	blkid_probe_enable_superblocks(probe, 0);
	blkid_probe_enable_partitions(probe, 1);
	list = blkid_probe_get_partitions(probe);
	table = list ? blkid_partlist_get_table(list) : NULL;
	if (!table)
		return;
	disk->table = lf_fact_text(blkid_parttable_get_type(table));
	n_parts = blkid_partlist_numof_partitions(list);
	for (int i = 0; i < n_parts && disk->partitions->len < MAX_PARTITIONS; i++)
		add_partition(fd, disk, blkid_partlist_get_partition(list, i));
	g_ptr_array_sort(disk->partitions, compare_partitions);
}

// A member of a RAID may carry a table that belongs to the whole array; other signatures beside a
// table are what an earlier use, or a hybrid ISO, left.
static void probe_bare(int fd, LfFactDisk *disk)
{
	g_autoptr(LfFactPartition) bare = lf_fact_partition_new();
	g_autofree char *usage = NULL;

	probe_signature(fd, 0, disk->size_bytes, disk->sector_bytes, bare, &usage);
	if (!bare->fstype || (disk->table && g_strcmp0(usage, "raid") != 0))
		return;
	bare->path = g_strdup(disk->path);
	bare->size_bytes = disk->size_bytes;
	g_ptr_array_insert(disk->partitions, 0, g_steal_pointer(&bare));
}

static bool can_read(int fd, uint64_t size_bytes)
{
	char byte;

	return pread(fd, &byte, 1, 0) == 1 && pread(fd, &byte, 1, (off_t)size_bytes - 1) == 1;
}

void lf_table_probe(int fd, LfFactDisk *disk)
{
	if (disk->size_bytes == 0)
		return;
	if (!can_read(fd, disk->size_bytes)) {
		disk->table = g_strdup(LF_FACT_UNREADABLE);
		return;
	}
	probe_table(fd, disk);
	probe_bare(fd, disk);
}
