#pragma once

#include "base/http.h"
#include "base/secret.h"

#include <jansson.h>

/**
 * What is kept on the installed system so that its first boot delivers what the installer could
 * not: a directory (0700) with the events that are left and all that is needed to send them
 * (docs/formats.md, Reports). The last event in it is that of the whole installation.
 */

/** Where it is on the installed system. */
#define LF_KEEP_DIR "var/lib/landfall/report"

/** Files in it. */
#define LF_KEEP_EVENTS "events.jsonl"
#define LF_KEEP_MARK   "reported"
#define LF_KEEP_CONFIG "config.json"

/**
 * LfKeep: what is kept beside the events.
 * @machine: (nullable): the events' `machine`
 */
typedef struct {
	const char *url;
	const LfHttpAccess *access;
	const LfSecret *token;
	const json_t *machine;
} LfKeep;

/**
 * lf_keep_write:
 * @dir_fd: the directory, which exists
 * @root_fd, @log, @mark: events log of the installer and what of it is delivered; what is left is
 * copied
 * @last: the event of the whole installation, as it is known now
 *
 * Errors: IO.
 */
bool lf_keep_write(int dir_fd, const LfKeep *keep, int root_fd, const char *log, const char *mark,
		   const json_t *last, GError **error);

/** LfKept: LfKeep as it was found; owns everything. */
typedef struct LfKept LfKept;

/**
 * lf_kept_load:
 * @dir: path of the directory
 * Errors: IO, INPUT.
 * Returns: (transfer full) (nullable)
 */
LfKept *lf_kept_load(const char *dir, GError **error);
const LfKeep *lf_kept(const LfKept *kept);
void lf_kept_free(LfKept *kept);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfKept, lf_kept_free)

/** lf_kept_is_rest: whether there is nothing in @dir but what a removal that was cut off has left.
 */
bool lf_kept_is_rest(const char *dir);

/** lf_kept_remove: removes the directory's files, the configuration first, and the directory.
 * Errors: IO. */
bool lf_kept_remove(const char *dir, GError **error);
