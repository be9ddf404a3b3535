#pragma once

#include "installer/plan/plan.h"

/**
 * lf_configure:
 * @root_fd: the installed system's tree, as it will see itself
 *
 * Writes hostname, locale, console keyboard, time zone, clock mode, time servers, fstab, crypttab
 * and networkd units. The machine id and host keys are left for the first boot.
 *
 * Errors: IO; INPUT when the time zone is unknown there.
 */
bool lf_configure(int root_fd, const LfPlan *plan, GError **error);

/**
 * lf_configure_fstab:
 * @real_path: turns a mount point into its path without links, (transfer full)
 * Returns: (transfer full): the text of fstab
 */
char *lf_configure_fstab(const LfPlan *plan, char *(*real_path)(const char *mount, void *user_data),
			 void *user_data);

/**
 * lf_configure_time: (transfer full) (nullable): configuration of systemd-timesyncd with the time
 * servers of the profile. It knows no NTS, so servers that were named for it are left out. NULL
 * when there are none
 */
char *lf_configure_time(const LfProfile *profile);

/** lf_configure_crypttab: (transfer full): of encrypted volumes that the initrd does not open; may
 * be "". */
char *lf_configure_crypttab(const LfPlan *plan);
