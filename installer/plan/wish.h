#pragma once

#include "installer/plan/match.h"
#include "kickstart/profile.h"

/** LfWishKind: the option that a wish for a disk comes from. */
typedef enum {
	LF_WISH_ONLY_USE,
	LF_WISH_IGNORE,
	LF_WISH_CLEAR,
	LF_WISH_ON_DISK,
	LF_WISH_BOOT_DRIVE,
} LfWishKind;

typedef struct {
	LfWishKind kind;
	LfPlace place; /* line 0 when not known */
	LfMatch *match;
} LfWish;

/**
 * lf_wishes_new:
 * Collects every name of a disk in the profile, in the order of LfWishKind.
 *
 * Errors: INPUT when one cannot be understood.
 * Returns: (transfer full) (nullable) (element-type LfWish)
 */
GPtrArray *lf_wishes_new(const LfProfile *profile, GError **error);

/** lf_wish_option: the option's name, such as "ignoredisk --only-use". */
const char *lf_wish_option(LfWishKind kind);

/** lf_wishes_have: is there a wish of this kind? */
bool lf_wishes_have(const GPtrArray *wishes, LfWishKind kind);

/** lf_wishes_any: does one of the wishes of this kind fit the disk? */
bool lf_wishes_any(const GPtrArray *wishes, LfWishKind kind, const LfFactDisk *disk);

/** lf_wishes_all: do all wishes of this kind fit the disk? True when there is none. */
bool lf_wishes_all(const GPtrArray *wishes, LfWishKind kind, const LfFactDisk *disk);

/** lf_wishes_name: is the disk named (lf_match_names()) by a wish that asks for disks? */
bool lf_wishes_name(const GPtrArray *wishes, const LfFactDisk *disk);

/** lf_wishes_text: (transfer full): "ignoredisk --only-use=sda,sdb". */
char *lf_wishes_text(const GPtrArray *wishes, LfWishKind kind);
