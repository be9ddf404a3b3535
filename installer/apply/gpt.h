#pragma once

#include "installer/plan/plan.h"

/** LF_GPT_ENTRIES_BYTES: 128 entries of 128 bytes, as every tool writes. */
#define LF_GPT_ENTRIES_BYTES ((uint64_t)16384)

/** lf_gpt_head_bytes: what the protective MBR, the first header and its entries take. */
uint64_t lf_gpt_head_bytes(uint32_t sector_bytes);

/** lf_gpt_tail_bytes: what the second entries and their header take, at the disk's end. */
uint64_t lf_gpt_tail_bytes(uint32_t sector_bytes);

/**
 * lf_gpt_write:
 * @fd: the disk or a plain file, opened for reading and writing
 * @path: its name for messages
 *
 * Writes the plan's partition table: protective MBR, both GPT headers, types, names, UUIDs. An old
 * table may be there: when the power fails in between, the old or the new one can be read, so that
 * a partition which both have is never lost. The kernel is not told.
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
