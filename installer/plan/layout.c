// Where each partition goes on the disk.
// Not here: which partitions there are (spec.c), how they are encrypted (luks.c), writing them.
#include "installer/plan/layout.h"

#include "installer/plan/disk.h"
#include "installer/plan/grow.h"
#include "installer/plan/luks.h"
#include "installer/plan/spec.h"
#include "installer/plan/text.h"

// FAT32 needs 65525 clusters of at least a sector each, and tables: mkfs.fat refuses less.
#define ESP_LEAST_4K_BYTES (260 * LF_MIB)

void lf_plan_partition_free(LfPlanPartition *partition)
{
	if (!partition)
		return;
	g_free(partition->type);
	g_free(partition->uuid);
	g_free(partition->name);
	g_free(partition->fstype);
	g_free(partition->fs_uuid);
	g_free(partition->fs_label);
	g_free(partition->mount);
	g_free(partition->mount_options);
	g_free(partition->mkfs_options);
	lf_plan_luks_free(partition->luks);
	g_free(partition);
}

// First and last byte are the tables'; between them, whole MiB.
uint64_t lf_layout_end(const LfFactDisk *disk)
{
	uint64_t tail_bytes = LF_GPT_TAIL_BYTES(disk);

	if (disk->size_bytes < LF_MIB + tail_bytes)
		return 0;
	return (disk->size_bytes - tail_bytes) / LF_MIB * LF_MIB;
}

static bool share(const GPtrArray *specs, const LfFactDisk *disk, uint64_t limit_bytes,
		  LfGrow *items, GError **error)
{
	uint64_t end_mib = MIN(lf_layout_end(disk), limit_bytes) / LF_MIB;
	uint64_t usable = end_mib - MIN(end_mib, 1);
	uint64_t sum = 0;

	for (guint i = 0; i < specs->len; i++) {
		const LfSpec *spec = specs->pdata[i];

		items[i].size =
			MAX(spec->least_bytes, MIN(spec->base_bytes, spec->most_bytes)) / LF_MIB;
		items[i].max = spec->most_bytes / LF_MIB;
		items[i].weight = MAX(spec->base_bytes / LF_MIB, 1);
		sum += items[i].size;
	}
	if (sum > usable) {
		g_autofree char *text = lf_disk_text(disk);
		g_autofree char *needed = lf_size_text(lf_specs_least(specs));

		return lf_throw(error, LF_ERROR_TARGET,
				"%s is too small: the kickstart's layout and the payload need %s",
				text, needed);
	}
	lf_grow_share(items, specs->len, usable - sum);
	return true;
}

static bool has_name(const GPtrArray *partitions, const char *name)
{
	for (guint i = 0; i < partitions->len; i++)
		if (g_str_equal(((const LfPlanPartition *)partitions->pdata[i])->name, name))
			return true;
	return false;
}

// The GPT name, of at most 36 characters, and the device mapper's when encrypted: no two are the
// same.
static char *partition_name(const LfSpec *spec, const GPtrArray *partitions)
{
	static const char *const names[] = {
		[LF_ROLE_ESP] = "esp",
		[LF_ROLE_BOOT] = "boot",
		[LF_ROLE_ROOT] = "root",
		[LF_ROLE_SWAP] = "swap",
	};
	const char *base = spec->role == LF_ROLE_DATA ? spec->mount + 1 : names[spec->role];
	g_autofree char *name = g_strdelimit(g_strndup(base, 32), "/", '-');

	if (!has_name(partitions, name))
		return g_steal_pointer(&name);
	return g_strdup_printf("%s-%u", name, partitions->len + 1);
}

static LfPlanPartition *partition_new(const LfSpec *spec, const GPtrArray *partitions,
				      uint64_t start_bytes, uint64_t size_bytes)
{
	LfPlanPartition *partition = g_new0(LfPlanPartition, 1);

	partition->number = partitions->len + 1;
	partition->role = spec->role;
	partition->start_bytes = start_bytes;
	partition->size_bytes = size_bytes;
	partition->type = g_strdup(spec->type);
	partition->name = partition_name(spec, partitions);
	partition->fstype = g_strdup(spec->fstype);
	partition->mount = g_strdup(spec->mount);
	if (spec->role == LF_ROLE_ESP)
		partition->mount_options = g_strdup("umask=0077,shortname=winnt");
	if (!spec->part)
		return partition;
	partition->fs_label = g_strdup(spec->part->label);
	partition->mkfs_options = g_strdup(spec->part->mkfsoptions);
	if (spec->part->fsoptions) {
		g_free(partition->mount_options);
		partition->mount_options = g_strdup(spec->part->fsoptions);
	}
	return partition;
}

static bool check_sectors(const LfSpec *spec, const LfFactDisk *disk, uint64_t size_bytes,
			  GError **error)
{
	if (spec->role != LF_ROLE_ESP || disk->sector_bytes < 4096 ||
	    size_bytes >= ESP_LEAST_4K_BYTES)
		return true;
	return lf_throw_at(error, LF_ERROR_INPUT, spec->part ? &spec->part->place : NULL,
			   "'part /boot/efi' is too small for %s, which has sectors of 4096 bytes: "
			   "write at least --size=%" G_GUINT64_FORMAT,
			   disk->path, ESP_LEAST_4K_BYTES / LF_MIB);
}

bool lf_layout_plan(const GPtrArray *specs, const LfFactDisk *disk, uint64_t limit_bytes,
		    GPtrArray *partitions, GError **error)
{
	g_autofree LfGrow *items = g_new0(LfGrow, specs->len);
	uint64_t next_bytes = LF_MIB;

	if (!share(specs, disk, limit_bytes, items, error))
		return false;
	for (guint i = 0; i < specs->len; i++) {
		uint64_t size_bytes = items[i].size * LF_MIB;

		if (!check_sectors(specs->pdata[i], disk, size_bytes, error))
			return false;
		g_ptr_array_add(partitions,
				partition_new(specs->pdata[i], partitions, next_bytes, size_bytes));
		next_bytes += size_bytes;
	}
	return true;
}
