#pragma once

#include "installer/plan/plan.h"

/** LF_GPT_TAIL_BYTES: what the second partition table takes: 128 entries of 128 bytes, a header. */
#define LF_GPT_TAIL_BYTES(disk) ((uint64_t)16384 + (disk)->sector_bytes)

/** lf_layout_end: where the last partition may end: a whole MiB; 0 when there is no place. */
uint64_t lf_layout_end(const LfFactDisk *disk);

/**
 * lf_layout_plan:
 * @specs: (element-type LfSpec): what is wanted, in disk order
 * @disk: where
 * @limit_bytes: they end there at the latest; UINT64_MAX: at the end of the disk
 * @partitions: (element-type LfPlanPartition): filled; UUIDs and encryption are not set here
 *
 * Decides where every partition goes: GPT, each start and size a whole MiB, so that flash pages,
 * RAID stripes and both sector sizes are met. What is left is shared among those that grow, in
 * proportion to their written sizes.
 *
 * Errors: TARGET when the disk is too small; INPUT when the ESP is too small for this disk's
 * sectors. Source: UEFI 2.10, 5.3 (GPT: usable blocks); blivet (sharing).
 */
bool lf_layout_plan(const GPtrArray *specs, const LfFactDisk *disk, uint64_t limit_bytes,
		    GPtrArray *partitions, GError **error);

/** lf_plan_partition_free: frees an LfPlanPartition. */
void lf_plan_partition_free(LfPlanPartition *partition);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfPlanPartition, lf_plan_partition_free)
