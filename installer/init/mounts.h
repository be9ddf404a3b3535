#pragma once

#include "base/throw.h"

/**
 * lf_mounts_api:
 * @failed: (element-type utf8): gets one sentence for each that could not be mounted
 *
 * Mounts /proc, /sys, /dev, /dev/pts, /dev/shm, /run and /tmp; one that is there stays.
 */
void lf_mounts_api(GPtrArray *failed);

/** lf_mounts_efivarfs: on UEFI; the kernel loads the module itself. True also where there is no
 * UEFI. */
bool lf_mounts_efivarfs(GError **error);

/**
 * lf_mounts_parse:
 * @mountinfo: text of /proc/self/mountinfo
 *
 * Returns: (transfer full): the mount points that must be unmounted before the machine ends, the
 * last mounted first; the root and the API file systems are left out. Octal escapes are resolved.
 */
char **lf_mounts_parse(const char *mountinfo);

/** lf_mounts_undo: unmounts all of them; what is busy becomes read-only. */
void lf_mounts_undo(void);
