#pragma once

#include "installer/plan/plan.h"

/**
 * lf_layout_plan:
 * @specs: (element-type LfSpec): what is wanted, in disk order
 * @disk: where
 * @partitions: (element-type LfPlanPartition): filled; UUIDs and encryption are not set here
 *
 * Decides where every partition goes: GPT, each start and size a whole MiB, so that flash pages,
 * RAID stripes and both sector sizes are met. What is left is shared among those that grow, in
 * proportion to their written sizes.
 *
 * Errors: TARGET when the disk is too small; INPUT when the ESP is too small for this disk's
 * sectors. Source: UEFI 2.10, 5.3 (GPT: usable blocks); blivet (sharing).
 */
bool lf_layout_plan(const GPtrArray *specs, const LfFactDisk *disk, GPtrArray *partitions,
		    GError **error);

/** lf_plan_partition_free: frees an LfPlanPartition. */
void lf_plan_partition_free(LfPlanPartition *partition);
