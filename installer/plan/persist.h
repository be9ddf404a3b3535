#pragma once

#include "installer/plan/plan.h"

/** LF_PERSIST_MOUNT: where the persistent partition is on the installed system. */
#define LF_PERSIST_MOUNT "/var/lib/landfall/persist"

/**
 * lf_persist_find:
 * @label: (nullable): of `persist`
 *
 * Returns: (transfer none) (nullable): the first partition of @disk that is the persistent one: in
 * a GPT, named @label, and ext4 labelled so too
 */
const LfFactPartition *lf_persist_find(const LfFactDisk *disk, const char *label);

/**
 * lf_persist_check:
 * @specs: (element-type LfSpec): the other partitions
 *
 * What can be told of `persist` without a disk: its label, its size, its mount point.
 * Errors: INPUT.
 */
bool lf_persist_check(const LfProfile *profile, const GPtrArray *specs, GError **error);

/** lf_persist_against: (transfer full) (nullable): why what @disk has of it cannot be kept. */
char *lf_persist_against(const LfProfile *profile, const LfFactDisk *disk);

/**
 * lf_persist_room: how large a disk without it would be that has as much room for the other
 * partitions: what lies before it.
 */
uint64_t lf_persist_room(const LfProfile *profile, const LfFactDisk *disk);

/**
 * lf_persist_plan:
 * The persistent partition on @disk: the one that is there, or a new one at the end. Number, name
 * and UUIDs of a new one are not set here. lf_persist_against() had nothing to say.
 *
 * Returns: (transfer full) (nullable): NULL when the profile does not ask for it
 */
LfPlanPartition *lf_persist_plan(const LfProfile *profile, const LfFactDisk *disk);
