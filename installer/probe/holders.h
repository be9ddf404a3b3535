#pragma once

#include "installer/plan/facts.h"

/** LfHolders: what the kernel has mounted and swaps to. */
typedef struct LfHolders LfHolders;

/** lf_holders_load: reads proc/self/mountinfo and proc/swaps below @root_fd. Never NULL. */
LfHolders *lf_holders_load(int root_fd);

/**
 * lf_holders_fill:
 * @sysfs: folder of the block device below @root_fd, such as "sys/block/vda/vda1"
 * @path: its device node
 * @partition: its holders are filled in: "mounted on /x", "dm-0 (root)", "md127", "swap"
 */
void lf_holders_fill(const LfHolders *holders, int root_fd, const char *sysfs, const char *path,
		     LfFactPartition *partition);

/**
 * lf_holders_source: (transfer full) (nullable): the device number ("8:1") of what is mounted at
 * @target, the last one when several are.
 */
char *lf_holders_source(const LfHolders *holders, const char *target);

/** lf_holders_writable: is a file system of this type mounted at @target, and not read-only? */
bool lf_holders_writable(const LfHolders *holders, const char *target, const char *fstype);

void lf_holders_free(LfHolders *holders);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfHolders, lf_holders_free)
