#pragma once

#include "base/host.h"
#include "installer/plan/facts.h"
#include "installer/probe/holders.h"

/**
 * lf_disks_load:
 * Adds every disk that sysfs shows to @disks (element-type LfFactDisk), with what is on it and what
 * uses it. Left out: RAM disks, loop devices, and what is made of other disks (device mapper, md).
 */
void lf_disks_load(const LfHost *host, const LfHolders *holders, GPtrArray *disks);

/** lf_disk_node: (transfer full): device node of a sysfs name, "/dev/cciss/c0d0" of "cciss!c0d0".
 */
char *lf_disk_node(const char *name);

/** lf_disk_is_virtual: RAM disk, loop device, device mapper, md, …: nothing one could install to.
 */
bool lf_disk_is_virtual(const char *name);
