#pragma once

#include "installer/plan/plan.h"

#define LF_MIB ((uint64_t)1 << 20)

/** LF_LUKS_HEADER_BYTES: what LUKS2 takes of a partition (cryptsetup's default data offset). */
#define LF_LUKS_HEADER_BYTES (16 * LF_MIB)

/**
 * LfSpec: a wanted partition, before there is a disk. Sizes are whole MiB.
 * @base_bytes: size as written; 0: only the least matters
 * @least_bytes: it must never be smaller
 * @most_bytes: it must never be larger; G_MAXUINT64 when it may take all
 * @part: (nullable): its line; NULL when reqpart asks for it
 */
typedef struct {
	LfRole role;
	const char *type; /* GPT type GUID */
	char *mount;	  /* as on the installed system; NULL for swap */
	const char *fstype;
	uint64_t base_bytes;
	uint64_t least_bytes;
	uint64_t most_bytes;
	const LfPart *part;
} LfSpec;

/**
 * lf_specs_new:
 * The partitions the profile asks for, those of reqpart added, in disk order: ESP, /boot, then as
 * written. Checks everything that needs no disk: mount points, file systems, labels, least sizes.
 * @facts: its architecture and the payload's size count
 *
 * Errors: INPUT, UNSUPPORTED, with the line of the part.
 * Returns: (transfer full) (nullable) (element-type LfSpec)
 */
GPtrArray *lf_specs_new(const LfProfile *profile, const LfFacts *facts, GError **error);

/** lf_specs_least: the smallest disk on which the partitions and the partition table fit. */
uint64_t lf_specs_least(const GPtrArray *specs);
