// Wipes the signatures of what the plan destroys, so that no tool later asks and no prober is
// fooled. Not here: overwriting data; that is not a promise of an install.
#include "installer/apply/wipe.h"

#include "installer/apply/disk.h"
#include "installer/apply/effects.h"
#include "installer/apply/gpt.h"

#define MIB (1024 * 1024)
// Behind the start lie second headers of LUKS2 (up to 4 MiB), superblocks of btrfs, md and ZFS
// labels; at the end those of md 1.0, ZFS and the second partition table.
#define HEAD_BYTES (5 * (uint64_t)MIB)
#define TAIL_BYTES (1 * (uint64_t)MIB)
#define ESP_TYPE   "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"

typedef struct {
	uint64_t start, end;
} Range;

static bool zero(const LfDisk *disk, uint64_t start, uint64_t end, const Range *within,
		 GError **error)
{
	uint64_t first = MAX(start, within->start);
	uint64_t last = MIN(end, within->end);

	return first >= last || lf_disk_zero(disk, first, last - first, error);
}

// @within: what lies outside stays
static bool wipe_range(const LfDisk *disk, uint64_t start, uint64_t size, const Range *within,
		       GError **error)
{
	uint64_t end = start + size;

	if (size <= HEAD_BYTES + TAIL_BYTES)
		return zero(disk, start, end, within, error);
	return zero(disk, start, start + HEAD_BYTES, within, error) &&
	       zero(disk, end - TAIL_BYTES, end, within, error);
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

static const LfPlanPartition *find_kept(const LfPlan *plan)
{
	for (guint i = 0; i < plan->partitions->len; i++) {
		const LfPlanPartition *partition = g_ptr_array_index(plan->partitions, i);

		if (partition->is_kept)
			return partition;
	}
	return NULL;
}

static bool is_esp(const LfFactPartition *partition)
{
	return g_strcmp0(partition->type, ESP_TYPE) == 0;
}

// The ESP goes first: from then on the old system does not boot. The kept partition is spared by
// the disk itself.
static bool wipe_old(const LfInstall *install, const Range *within, GError **error)
{
	const LfFactDisk *old = find_disk(install->facts, install->plan->disk);

	for (int pass = 0; pass < 2; pass++)
		for (guint i = 0; old && i < old->partitions->len; i++) {
			const LfFactPartition *partition = g_ptr_array_index(old->partitions, i);

			if (is_esp(partition) == (pass == 0) &&
			    !wipe_range(install->disk, partition->start_bytes,
					partition->size_bytes, within, error))
				return false;
		}
	return true;
}

static bool wipe_new(const LfInstall *install, const Range *within, GError **error)
{
	const GPtrArray *partitions = install->plan->partitions;

	for (guint i = 0; i < partitions->len; i++) {
		const LfPlanPartition *partition = g_ptr_array_index(partitions, i);

		if (!partition->is_kept && !wipe_range(install->disk, partition->start_bytes,
						       partition->size_bytes, within, error))
			return false;
	}
	return true;
}

// Where no old table lies.
static Range between_tables(const LfInstall *install)
{
	uint32_t sector = install->plan->sector_bytes;
	uint64_t size = lf_disk_size_bytes(install->disk);

	return (Range){ lf_gpt_head_bytes(sector), size - MIN(size, lf_gpt_tail_bytes(sector)) };
}

// The table goes first: from here on the old system does not boot, and nothing else does either.
// When a partition is kept the table must stay, since it leads there; the new one goes over it.
bool lf_effect_wipe(LfInstall *install, GError **error)
{
	uint64_t size = lf_disk_size_bytes(install->disk);
	Range within = { 0, size };

	if (find_kept(install->plan))
		within = between_tables(install);
	else if (!wipe_range(install->disk, 0, size, &within, error))
		return false;
	return wipe_old(install, &within, error) && wipe_new(install, &within, error) &&
	       lf_disk_flush(install->disk, error);
}

bool lf_wipe_around_table(const LfInstall *install, GError **error)
{
	Range within = between_tables(install);

	if (!find_kept(install->plan))
		return true;
	return zero(install->disk, 0, MIB, &within, error) &&
	       zero(install->disk, lf_disk_size_bytes(install->disk) - TAIL_BYTES, UINT64_MAX,
		    &within, error);
}
