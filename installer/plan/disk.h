#pragma once

#include "installer/plan/plan.h"

/**
 * lf_disk_choose:
 * @min_bytes: what the layout needs at least, without the persistent partition
 * @considered: (element-type LfPlanDisk): every disk is added with what became of it, also on
 * failure
 * @ret_disk: (transfer none): the one disk, borrowed from @facts
 *
 * Chooses the disk to install on. A disk is a candidate when it can be written, is not the boot
 * medium, is named by every one of ignoredisk --only-use, clearpart --drives, part --ondisk and
 * bootloader
 * --boot-drive that is given, not by ignoredisk --drives, may be cleared (clearpart, zerombr), and
 * is large enough. Removable and USB disks must be named. Exactly one candidate must remain, and
 * nothing may be using it.
 *
 * Errors: INPUT when a name cannot be understood; TARGET when no disk or several remain, a name
 * fits nothing, or the disk is in use; UNSUPPORTED when the parts are on several disks. The message
 * lists the disks.
 */
bool lf_disk_choose(const LfProfile *profile, const LfFacts *facts, uint64_t min_bytes,
		    GPtrArray *considered, const LfFactDisk **ret_disk, GError **error);

/**
 * lf_disk_destroys:
 * @persist_label: (nullable): of the persistent partition, which is kept
 * Returns: (transfer full): a line for each thing on the disk that is lost; never NULL
 */
char **lf_disk_destroys(const LfFactDisk *disk, const char *persist_label);

/** lf_disk_text: (transfer full): "/dev/vda (model 'X', serial Y, 20.0 GiB)". */
char *lf_disk_text(const LfFactDisk *disk);

/** lf_plan_disk_free: frees an LfPlanDisk. */
void lf_plan_disk_free(LfPlanDisk *disk);
