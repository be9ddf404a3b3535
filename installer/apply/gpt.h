#pragma once

#include "installer/plan/plan.h"

/**
 * lf_gpt_write:
 * @fd: the disk or a plain file, opened for reading and writing
 * @path: its name for messages
 *
 * Writes the plan's partition table: protective MBR, both GPT headers, types, names, UUIDs. An old
 * table is not looked at. The kernel is not told.
 *
 * Errors: IO.
 * Source: UEFI 2.10, 5.3; Discoverable Partitions Specification.
 */
bool lf_gpt_write(int fd, const char *path, const LfPlan *plan, GError **error);

/**
 * lf_gpt_verify: reads the table back and compares it with the plan, partition by partition.
 * Errors: IO naming the first difference.
 */
bool lf_gpt_verify(int fd, const char *path, const LfPlan *plan, GError **error);
