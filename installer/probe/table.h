#pragma once

#include "installer/plan/facts.h"

/**
 * lf_table_probe:
 * @fd: the disk or a file that stands for one, open for reading; its position may change
 * @disk: path, size and sector size are set; table and partitions are filled in
 *
 * Reads the partition table and the signatures on the partitions and on the bare disk, with
 * libblkid. Nothing is mounted, and the kernel's idea of partitions is not asked. What cannot be
 * read gets the word LF_FACT_UNREADABLE for its table or file system, so that nobody takes it for
 * empty.
 */
void lf_table_probe(int fd, LfFactDisk *disk);

/** lf_table_partition_path: (transfer full): "/dev/vda1", "/dev/nvme0n1p1". */
char *lf_table_partition_path(const char *disk_path, unsigned number);
