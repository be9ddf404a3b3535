#pragma once

#include "base/throw.h"

#include <stdint.h>

/**
 * LfSeed: a site's files, which ride in a reserved area of the ISO and which the kernel unpacks to
 * /landfall/seed as a second initrd. Files are kept sorted by name. The form is in docs/formats.md.
 */
typedef struct LfSeed LfSeed;

/** The files with a meaning of their own. */
#define LF_SEED_FILE_PROFILE "site.ks"
#define LF_SEED_FILE_CMDLINE "cmdline"
#define LF_SEED_FILE_RULES   "rules"

/** Where in the ISO the area lies. */
#define LF_SEED_AREA_PATH "/landfall/seed.img"

LfSeed *lf_seed_new(void);
void lf_seed_free(LfSeed *seed);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfSeed, lf_seed_free)

/**
 * lf_seed_add:
 * @name: letters, digits, '.', '_' and '-'; 1 to 100 of them, the first no '.' or '-'
 * @bytes: borrowed
 *
 * Errors: INPUT for any other name, a name that is there already, more than 256 files.
 */
bool lf_seed_add(LfSeed *seed, const char *name, GBytes *bytes, GError **error);

/**
 * lf_seed_add_cmdline:
 * @words: what landfall-init and the installer shall read behind the kernel's own command line
 *
 * Errors: INPUT for more than 2048 bytes, control characters, text that is not UTF-8, an open
 * quote.
 */
bool lf_seed_add_cmdline(LfSeed *seed, const char *words, GError **error);

size_t lf_seed_count(const LfSeed *seed);
/** lf_seed_name, lf_seed_bytes: (transfer none): of file number @index, in the order of names. */
const char *lf_seed_name(const LfSeed *seed, size_t index);
GBytes *lf_seed_bytes(const LfSeed *seed, size_t index);
/** lf_seed_find: (transfer none) (nullable): the bytes of the file with this name. */
GBytes *lf_seed_find(const LfSeed *seed, const char *name);

/**
 * lf_seed_pack: (transfer full): a newc cpio archive: directories 0700, files 0600, all of root and
 * of 1970. The same files give the same bytes. Throws INTERNAL.
 */
GBytes *lf_seed_pack(const LfSeed *seed, GError **error);

/**
 * lf_seed_parse:
 * @data: (array length=size): an archive, perhaps with zeros behind it; hostile
 * Returns: (transfer full) (nullable): NULL with an INPUT error when it is no seed
 */
LfSeed *lf_seed_parse(const void *data, size_t size, GError **error);

/**
 * lf_seed_open:
 * @iso_path: ISO image or block device
 * Opens it for reading. Errors: INPUT when it cannot be opened or is neither of the two.
 */
bool lf_seed_open(const char *iso_path, int *ret_fd, GError **error);

/**
 * lf_seed_read:
 * @iso_path: ISO image or device
 * Returns: (transfer full) (nullable): the seed in its reserved area; an area that was never filled
 * is a seed without files. Throws INPUT when this is no ISO with such an area, IO.
 */
LfSeed *lf_seed_read(const char *iso_path, GError **error);

/**
 * lf_seed_write:
 * @iso_in: an ISO with a reserved area
 * @iso_out: the ISO to make; may be @iso_in, which is then changed in place; a block device, or a
 * link to one, is written into and synchronized
 * @ret_used, @ret_room: (out): bytes of the seed and of its area
 *
 * Puts the seed into a copy of the ISO. A file has mode 0600 before the seed is in, because
 * kickstarts hold secrets; a new one appears under its name only when it is whole. The old seed is
 * overwritten to the area's end.
 *
 * Errors: INPUT when @iso_in is missing or has no reserved area, the seed is larger than it,
 * @iso_out is a device too small for the ISO, any other link, or no regular file; IO, also for a
 * device that is in use. Nothing is written before these are found.
 */
bool lf_seed_write(const LfSeed *seed, const char *iso_in, const char *iso_out, uint64_t *ret_used,
		   uint64_t *ret_room, GError **error);
