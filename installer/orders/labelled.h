#pragma once

#include "base/host.h"
#include "installer/apply/scope.h"
#include "installer/plan/facts.h"

/** LF_LABELLED: where a volume with orders on it is mounted. */
#define LF_LABELLED "/run/landfall/orders"

/**
 * LfLabelled: a volume that may hold a kickstart, by its label.
 * @file: the kickstart's name on it
 */
typedef struct {
	char *path;   /* /dev/sdb1 */
	char *fstype; /* libblkid's word */
	const char *file;
} LfLabelled;

/**
 * lf_labelled_list:
 * Volumes that may hold a kickstart: label OEMDRV with /ks.cfg, then label LANDFALL with /site.ks;
 * within a label in the order of the facts. The medium this system was started from is none. Pure.
 * Returns: (transfer full) (element-type LfLabelled)
 */
GPtrArray *lf_labelled_list(const LfFacts *facts);

/**
 * lf_labelled_find:
 * @timeout_ms: how long to wait for such a volume to appear
 * @held: the volume stays mounted as long as this is kept
 * @ret_path: (out) (transfer full) (nullable): the kickstart's path below LF_LABELLED; NULL when
 * there is none
 *
 * Mounts, for reading only, the first volume that has its kickstart. One that cannot be mounted is
 * passed over. Errors: INTERNAL.
 */
bool lf_labelled_find(const LfHost *host, unsigned timeout_ms, LfScope *held, char **ret_path,
		      GError **error);

/** lf_labelled_try: mounts one volume; true when its kickstart is there, else it is not mounted. */
bool lf_labelled_try(const LfLabelled *labelled, LfScope *held);
