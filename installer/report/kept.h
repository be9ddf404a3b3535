#pragma once

#include "installer/report/keep.h"

/**
 * LfKept: LfKeep as it was found on the installed system; owns everything. What nobody needs any
 * more is removed: first what is for the report's address, then the whole directory.
 */
typedef struct LfKept LfKept;

/** The events of a report that was given up: all that is left of it, for people. */
#define LF_KEPT_REFUSED "refused.jsonl"

/** How often a report is refused before it is given up. */
#define LF_KEPT_MAX_REFUSALS 50

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

/**
 * lf_kept_count_refusal: one more.
 * @ret: (out): how many there are now
 * Errors: IO.
 */
bool lf_kept_count_refusal(const char *dir, unsigned *ret, GError **error);

/** lf_kept_save_refused: the events of a report that is given up stay as LF_KEPT_REFUSED, whatever
 * is removed. Errors: IO. */
bool lf_kept_save_refused(const char *dir, GError **error);

/**
 * lf_kept_end_report: the report's address gets nothing any more: removes its token, key and the
 * like, and leaves the events for the log server.
 * Errors: IO.
 */
bool lf_kept_end_report(const LfKept *kept, const char *dir, GError **error);

/** lf_kept_is_rest: whether there is nothing in @dir but what a removal that was cut off has left.
 */
bool lf_kept_is_rest(const char *dir);

/** lf_kept_remove: removes the directory's files, the configuration first, and the directory.
 * Errors: IO. */
bool lf_kept_remove(const char *dir, GError **error);
