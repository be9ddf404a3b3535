#pragma once

#include "installer/apply/scope.h"
#include "installer/plan/plan.h"

/** LfDisk: the target disk, locked against everybody else; a plain file is a disk too. */
typedef struct LfDisk LfDisk;

/**
 * lf_disk_open:
 * @path: block device or plain file
 *
 * Takes the advisory lock that udev honours, for as long as the disk is open, and claims the device
 * so that nothing on it is in use. Writes nothing.
 *
 * Errors: TARGET when something uses the disk, or it is read-only; IO.
 * Source: systemd, Locking Block Device Access (flock on the whole disk).
 * Returns: (transfer full) (nullable)
 */
LfDisk *lf_disk_open(const char *path, GError **error);

/** lf_disk_fd: of the whole disk, for reading and writing. */
int lf_disk_fd(const LfDisk *disk);
const char *lf_disk_path(const LfDisk *disk);
/** lf_disk_is_file: it is a plain file; its partitions become loop devices. */
bool lf_disk_is_file(const LfDisk *disk);
uint64_t lf_disk_size_bytes(const LfDisk *disk);
/** lf_disk_sector_bytes: logical sector size; 0 for a plain file, which has none of its own. */
uint32_t lf_disk_sector_bytes(const LfDisk *disk);

/** lf_disk_spare: the one range that lf_disk_zero() leaves alone from now on. */
void lf_disk_spare(LfDisk *disk, uint64_t start_bytes, uint64_t size_bytes);

/**
 * lf_disk_zero: overwrites a range with zeros, by the device's own command where it has one. The
 * range is cut at the end of the disk, and around what is spared.
 */
bool lf_disk_zero(const LfDisk *disk, uint64_t start_bytes, uint64_t size_bytes, GError **error);

/**
 * lf_disk_reread: makes the kernel read the partition table and gives up the claim, so that
 * partitions can be used; the lock stays. Nothing happens for a plain file.
 */
bool lf_disk_reread(LfDisk *disk, GError **error);

/**
 * lf_disk_partition_node:
 * @held: takes the loop device of a plain file's partition
 * @ret_node: (out) (transfer full): device node of the partition
 *
 * Waits up to ten seconds until the kernel shows the partition exactly as planned.
 *
 * Errors: IO that tells what was there instead.
 */
bool lf_disk_partition_node(const LfDisk *disk, const LfPlanPartition *partition, LfScope *held,
			    char **ret_node, GError **error);

/** lf_disk_flush: flushes what was written, down to the medium. */
bool lf_disk_flush(const LfDisk *disk, GError **error);

void lf_disk_free(LfDisk *disk);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfDisk, lf_disk_free)
