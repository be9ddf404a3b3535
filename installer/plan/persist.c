// The persistent partition: found and kept, or made at the end of the disk.
// Not here: where the others go (layout.c), what is in it (installer/persist.c).
#include "installer/plan/persist.h"

#include <string.h>

#include "installer/plan/layout.h"
#include "installer/plan/spec.h"
#include "installer/plan/text.h"

// Discoverable Partitions Specification: Linux filesystem data.
#define TYPE		"0fc63daf-8483-4772-8e79-3d69d8477de4"
#define MAX_LABEL_BYTES 16 /* ext4's */
#define LEAST_MIB	16
#define MAX_MIB		((uint64_t)1 << 34)
// Nothing of the system needs it to start, and nothing on it is a program or device of the system.
#define MOUNT_OPTIONS "nofail,nosuid,nodev"

static bool is_persistent(const LfFactPartition *partition, const char *label)
{
	return partition->number > 0 && g_strcmp0(partition->name, label) == 0 &&
	       g_strcmp0(partition->fstype, "ext4") == 0 &&
	       g_strcmp0(partition->fslabel, label) == 0;
}

static const LfFactPartition *find_from(const LfFactDisk *disk, const char *label, guint first)
{
	if (!label || g_strcmp0(disk->table, "gpt") != 0)
		return NULL;
	for (guint i = first; i < disk->partitions->len; i++)
		if (is_persistent(disk->partitions->pdata[i], label))
			return disk->partitions->pdata[i];
	return NULL;
}

const LfFactPartition *lf_persist_find(const LfFactDisk *disk, const char *label)
{
	return find_from(disk, label, 0);
}

// --- without a disk -----------------------------------------------------------------------------

static bool check_label(const LfProfile *profile, GError **error)
{
	const char *label = profile->persist_label;

	if (!*label || strlen(label) > MAX_LABEL_BYTES)
		return lf_throw_at(error, LF_ERROR_INPUT, &profile->persist_place,
				   "'persist --label=%s': a label has 1 to %d characters", label,
				   MAX_LABEL_BYTES);
	for (const char *c = label; *c; c++)
		if (!g_ascii_isgraph(*c))
			return lf_throw_at(
				error, LF_ERROR_INPUT, &profile->persist_place,
				"'persist --label=%s': a label may hold plain characters "
				"only, no blanks",
				label);
	return true;
}

bool lf_persist_check(const LfProfile *profile, const GPtrArray *specs, GError **error)
{
	if (!profile->persist_label)
		return true;
	if (!check_label(profile, error))
		return false;
	if (profile->persist_size_mib < LEAST_MIB || profile->persist_size_mib > MAX_MIB)
		return lf_throw_at(error, LF_ERROR_INPUT, &profile->persist_place,
				   "'persist --size=%" G_GUINT64_FORMAT
				   "' is out of range: write MiB, at least %d",
				   profile->persist_size_mib, LEAST_MIB);
	for (guint i = 0; i < specs->len; i++) {
		const LfSpec *spec = specs->pdata[i];

		if (g_strcmp0(spec->mount, LF_PERSIST_MOUNT) == 0)
			return lf_throw_at(error, LF_ERROR_INPUT,
					   spec->part ? &spec->part->place : NULL,
					   "'" LF_PERSIST_MOUNT
					   "' is the place of 'persist': leave one of them out");
	}
	return true;
}

// --- on a disk ----------------------------------------------------------------------------------

static const char *fault_of(const LfFactPartition *kept, const LfFactDisk *disk)
{
	// UEFI 2.10, 5.3.2: the second header and its entries are the disk's end.
	uint64_t end_bytes = disk->size_bytes - MIN(disk->size_bytes, LF_GPT_TAIL_BYTES(disk));

	if (kept->start_bytes > end_bytes || kept->size_bytes > end_bytes - kept->start_bytes)
		return "reaches into the place of the second partition table";
	if (kept->size_bytes == 0 || kept->start_bytes % disk->sector_bytes != 0 ||
	    kept->size_bytes % disk->sector_bytes != 0)
		return "does not lie on whole sectors";
	if (!kept->uuid || !g_uuid_string_is_valid(kept->uuid))
		return "has no UUID in the partition table";
	if (!kept->fs_uuid || !g_uuid_string_is_valid(kept->fs_uuid))
		return "has a file system without a UUID";
	return NULL;
}

static bool has_two(const LfFactDisk *disk, const char *label)
{
	unsigned n = 0;

	for (guint i = 0; i < disk->partitions->len; i++)
		n += is_persistent(disk->partitions->pdata[i], label);
	return n > 1;
}

char *lf_persist_against(const LfProfile *profile, const LfFactDisk *disk)
{
	const LfFactPartition *kept = lf_persist_find(disk, profile->persist_label);
	const char *fault = kept ? fault_of(kept, disk) : NULL;

	if (!kept)
		return NULL;
	if (has_two(disk, profile->persist_label))
		return g_strdup_printf("has more than one persistent partition '%s', and which to "
				       "keep cannot be told: rename or remove all but one",
				       profile->persist_label);
	if (!fault)
		return NULL;
	return g_strdup_printf(
		"has a persistent partition '%s' that cannot be kept, because it %s: "
		"save what is on it and rename or remove it",
		profile->persist_label, fault);
}

uint64_t lf_persist_room(const LfProfile *profile, const LfFactDisk *disk)
{
	const LfFactPartition *kept = lf_persist_find(disk, profile->persist_label);

	// Behind the others stands this partition in the place of the second table's MiB.
	if (kept)
		return kept->start_bytes / LF_MIB * LF_MIB + LF_MIB;
	if (!profile->persist_label)
		return disk->size_bytes;
	return disk->size_bytes - MIN(disk->size_bytes, profile->persist_size_mib * LF_MIB);
}

static LfPlanPartition *partition_new(const char *label)
{
	LfPlanPartition *partition = g_new0(LfPlanPartition, 1);

	partition->role = LF_ROLE_PERSIST;
	partition->type = g_strdup(TYPE);
	partition->name = g_strdup(label);
	partition->fstype = g_strdup("ext4");
	partition->fs_label = g_strdup(label);
	partition->mount = g_strdup(LF_PERSIST_MOUNT);
	partition->mount_options = g_strdup(MOUNT_OPTIONS);
	return partition;
}

LfPlanPartition *lf_persist_plan(const LfProfile *profile, const LfFactDisk *disk)
{
	const LfFactPartition *kept = lf_persist_find(disk, profile->persist_label);
	LfPlanPartition *partition;

	if (!profile->persist_label)
		return NULL;
	partition = partition_new(profile->persist_label);
	if (kept) {
		partition->is_kept = true;
		partition->start_bytes = kept->start_bytes;
		partition->size_bytes = kept->size_bytes;
		partition->uuid = g_ascii_strdown(kept->uuid, -1);
		partition->fs_uuid = g_strdup(kept->fs_uuid);
		return partition;
	}
	// At the very end, so that any later layout fits before it.
	partition->size_bytes = profile->persist_size_mib * LF_MIB;
	partition->start_bytes =
		lf_layout_end(disk) - MIN(lf_layout_end(disk), partition->size_bytes);
	return partition;
}
