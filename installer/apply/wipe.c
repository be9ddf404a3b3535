// Wipes the signatures of what the plan destroys, so that no tool later asks and no prober is
// fooled. Not here: overwriting data; that is not a promise of an install.
#include "installer/apply/disk.h"
#include "installer/apply/effects.h"

#define MIB (1024 * 1024)
// Behind the start lie second headers of LUKS2 (up to 4 MiB), superblocks of btrfs, md and ZFS
// labels; at the end those of md 1.0, ZFS and the second partition table.
#define HEAD_BYTES (5 * (uint64_t)MIB)
#define TAIL_BYTES (1 * (uint64_t)MIB)

static bool wipe_range(const LfDisk *disk, uint64_t start, uint64_t size, GError **error)
{
	if (size <= HEAD_BYTES + TAIL_BYTES)
		return lf_disk_zero(disk, start, size, error);
	return lf_disk_zero(disk, start, HEAD_BYTES, error) &&
	       lf_disk_zero(disk, start + size - TAIL_BYTES, TAIL_BYTES, error);
}

static const LfFactDisk *find_disk(const LfFacts *facts, const char *path)
{
	for (guint i = 0; i < facts->disks->len; i++) {
		const LfFactDisk *disk = g_ptr_array_index(facts->disks, i);

		if (g_strcmp0(disk->path, path) == 0)
			return disk;
	}
	return NULL;
}

static bool wipe_old(const LfInstall *install, GError **error)
{
	const LfFactDisk *old = find_disk(install->facts, install->plan->disk);

	for (guint i = 0; old && i < old->partitions->len; i++) {
		const LfFactPartition *partition = g_ptr_array_index(old->partitions, i);

		if (!wipe_range(install->disk, partition->start_bytes, partition->size_bytes,
				error))
			return false;
	}
	return true;
}

static bool wipe_new(const LfInstall *install, GError **error)
{
	const GPtrArray *partitions = install->plan->partitions;

	for (guint i = 0; i < partitions->len; i++) {
		const LfPlanPartition *partition = g_ptr_array_index(partitions, i);

		if (!wipe_range(install->disk, partition->start_bytes, partition->size_bytes,
				error))
			return false;
	}
	return true;
}

// The table goes first: from here on the old system does not boot, and nothing else does either.
bool lf_effect_wipe(LfInstall *install, GError **error)
{
	return wipe_range(install->disk, 0, lf_disk_size_bytes(install->disk), error) &&
	       wipe_old(install, error) && wipe_new(install, error);
}
