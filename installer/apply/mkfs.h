#pragma once

#include "installer/plan/plan.h"

/**
 * lf_mkfs_argv:
 * @partition: what the file system shall be
 * @node: where it goes
 *
 * The command that makes it, with options by which it never asks and does not wait for the medium.
 *
 * Errors: UNSUPPORTED for a file system without a program; INPUT for options that do not parse or
 * would not make that file system there (a dry run, an offset).
 * Returns: (transfer full) (nullable): arguments, the program's path first
 */
char **lf_mkfs_argv(const LfPlanPartition *partition, const char *node, GError **error);

/**
 * lf_mkfs_check:
 * @sector_bytes: of the disk; an encrypted partition has its own
 *
 * Runs the same command on a sparse file in memory of the planned size, as if it had these sectors,
 * before the first write. What vfat makes of more than 4 GiB stays unseen.
 *
 * Errors: INPUT when the program refuses the options, with its own words; IO.
 */
bool lf_mkfs_check(const LfPlanPartition *partition, unsigned sector_bytes, GError **error);
