#pragma once

#include "base/throw.h"

#include <stdint.h>

/**
 * The firmware's global variables, in efivarfs or, for tests, in any directory. Not through
 * libefivar's own access: that decides once, while the program is loaded, whether there are
 * variables, and on the installer's medium efivarfs is mounted only after that.
 */

#define LF_EFIVARS "/sys/firmware/efi/efivars"

/**
 * lf_efivars_read: the value of a variable, without its attributes; at most 64 KiB.
 * Returns: (transfer full) (nullable): NULL when there is none, or it cannot be read
 */
GBytes *lf_efivars_read(int dir_fd, const char *name);

/** lf_efivars_write: creates or replaces a variable that stays over reboots. Throws IO. */
bool lf_efivars_write(int dir_fd, const char *name, const void *data, size_t size, GError **error);

/** lf_efivars_remove: Throws IO. */
bool lf_efivars_remove(int dir_fd, const char *name, GError **error);

/** lf_efivars_list: (transfer full): names of the global variables, without the GUID. Throws IO. */
char **lf_efivars_list(int dir_fd, GError **error);
