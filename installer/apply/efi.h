#pragma once

#include "installer/plan/plan.h"

/**
 * lf_efi_load_option:
 * @esp: the ESP's row of the plan
 * @loader: path on the ESP with backslashes
 *
 * Returns: (transfer full) (nullable): the bytes of a Boot#### variable whose device path is the
 * partition (by GUID) and the file
 * Source: UEFI 2.10, 3.1.3, 10.3.5.1.
 */
GBytes *lf_efi_load_option(const LfPlanPartition *esp, uint32_t sector_bytes, const char *label,
			   const char *loader, GError **error);

/**
 * lf_efi_is_stale:
 * @option: bytes of a Boot#### variable; hostile
 * @kept_uuids: (array zero-terminated=1): partitions of other disks, which stay
 *
 * Returns: whether the entry has this label and file, and points to none of these partitions.
 */
bool lf_efi_is_stale(GBytes *option, const char *label, const char *loader,
		     const char *const *kept_uuids);

/**
 * lf_efi_write_entry:
 * @dir_fd: the firmware's variables (efivars.h)
 * @is_first: puts the entry at the head of BootOrder, else at its end
 *
 * Removes stale entries, writes the new one into a free Boot#### and updates BootOrder.
 *
 * Errors: IO; the firmware's variables may be full, read-only or broken.
 */
bool lf_efi_write_entry(int dir_fd, GBytes *option, const char *label, const char *loader,
			const char *const *kept_uuids, bool is_first, GError **error);

/**
 * lf_efi_leads_elsewhere:
 * @option, @current: (nullable): bytes of Boot#### variables; hostile
 *
 * Returns: whether @option could start a system, from another device than that of @current
 */
bool lf_efi_leads_elsewhere(GBytes *option, GBytes *current);

/**
 * lf_efi_leave_medium:
 * @dir_fd: the firmware's variables (efivars.h)
 * @ret_has_left: (out): whether there is another entry
 *
 * Makes the next start, once, go to the first entry of BootOrder that does not lead to what this
 * system was started from (BootCurrent), so that a machine whose medium stays in place does not
 * start it again. Entries that are switched off or are programs of the firmware do not count.
 *
 * Errors: IO.
 */
bool lf_efi_leave_medium(int dir_fd, bool *ret_has_left, GError **error);
