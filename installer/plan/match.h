#pragma once

#include "installer/plan/facts.h"

/**
 * LfMatch: a wish for a disk, as written after ignoredisk --only-use=, clearpart --drives=,
 * part --ondisk= or bootloader --boot-drive=:
 *
 *     wish      = alternative *( "|" alternative )
 *     alternative = term *( "&" term )
 *     term      = name | key "=" text | "size>=" size | "size<=" size
 *     key       = "serial" | "wwn" | "model" | "transport"
 *     size      = number [ K M G T (10³ⁿ, as printed on disks) | KiB MiB GiB TiB (2¹⁰ⁿ) ]
 *
 * A name is `sda`, `/dev/sda`, or a link: `/dev/disk/by-id/…`, `disk/by-id/…`, `by-id/…` (by-path
 * and the other folders of /dev/disk alike). Names and texts may hold the globs `*` and `?`. Keys
 * and WWNs do not care for case; blanks and `_` are the same in a model, and udev's and sysfs's
 * forms of a WWN (0x…, naa.…, eui.…) too.
 */
typedef struct LfMatch LfMatch;

/**
 * lf_match_parse:
 * Errors: INPUT when the text is no such wish; the message says what is understood.
 * Returns: (transfer full) (nullable)
 */
LfMatch *lf_match_parse(const char *text, GError **error);

/** lf_match_disk: does the wish fit this disk? */
bool lf_match_disk(const LfMatch *match, const LfFactDisk *disk);

/**
 * lf_match_names: does the wish fit this disk and name it, that is, by an alternative with a term
 * that is not about the size and holds no glob? Removable disks are used only when they are named.
 */
bool lf_match_names(const LfMatch *match, const LfFactDisk *disk);

/** lf_match_text: (transfer none): the wish as written. */
const char *lf_match_text(const LfMatch *match);

void lf_match_free(LfMatch *match);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfMatch, lf_match_free)
