#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/**
 * Readers for sysfs and procfs that take what cannot be read as unknown. Paths are printf formats,
 * relative to @root_fd.
 */

/** lf_world_text: (transfer full) (nullable): short text, made fit for facts by lf_fact_text(). */
char *lf_world_text(int root_fd, const char *format, ...) G_GNUC_PRINTF(2, 3);

/** lf_world_bytes: (transfer full) (nullable): at most 64 KiB. */
GBytes *lf_world_bytes(int root_fd, const char *format, ...) G_GNUC_PRINTF(2, 3);

/** lf_world_uint: a decimal number; @fallback when there is none. */
uint64_t lf_world_uint(int root_fd, uint64_t fallback, const char *format, ...) G_GNUC_PRINTF(3, 4);

/** lf_world_has: does the path exist? */
bool lf_world_has(int root_fd, const char *format, ...) G_GNUC_PRINTF(2, 3);

/** lf_world_link: (transfer full) (nullable): where a symbolic link points to. */
char *lf_world_link(int root_fd, const char *format, ...) G_GNUC_PRINTF(2, 3);

/** lf_world_list: (transfer full): names in a directory in natural order, at most 4096; never NULL.
 */
char **lf_world_list(int root_fd, const char *format, ...) G_GNUC_PRINTF(2, 3);
