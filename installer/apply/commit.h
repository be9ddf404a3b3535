#pragma once

#include "installer/plan/plan.h"

#include <gio/gio.h>
#include <ostree.h>

/**
 * lf_commit_open: (transfer full) (nullable): the top directory of the plan's commit in a
 * repository that holds all of it. Before the pull there is lf_payload_root(). Errors: TRUST when
 * it cannot be read.
 */
GFile *lf_commit_open(OstreeRepo *repo, const LfPlan *plan, GError **error);

/**
 * lf_commit_resolve:
 * @root: as from lf_commit_open() or lf_payload_root()
 * @path: as the installed system will see it, with or without a '/' in front
 *
 * Follows all links as the installed system will: its /etc is usr/etc here, "..", absolute links
 * and what is not there yet stay below the top.
 *
 * Returns: (transfer full) (nullable): the same place without links and without a '/' in front, ""
 * for the top; NULL when links go round in circles
 */
char *lf_commit_resolve(GFile *root, const char *path);

/**
 * lf_commit_info: (transfer full) (nullable): standard::* and unix::mode of what stands at a path
 * without links, itself perhaps one; NULL when there is nothing.
 */
GFileInfo *lf_commit_info(GFile *root, const char *path);

/**
 * lf_commit_file: (transfer full) (nullable): the regular file that @path leads to, links followed
 * as by lf_commit_resolve(); NULL when there is none.
 * @ret_info: (optional) (transfer full): as from lf_commit_info(); untouched when there is none
 */
GFile *lf_commit_file(GFile *root, const char *path, GFileInfo **ret_info);

/**
 * lf_commit_check:
 * @root: as from lf_commit_open() or lf_payload_root()
 *
 * Whether the commit holds what the plan will need of it: boot files, time zone, places to mount
 * and to write, accounts that the profile's fit to, their shells, units to enable. Writes nothing.
 *
 * Errors: INPUT when the kickstart asks for what the commit does not have; TARGET when the commit
 * lacks what every system needs.
 */
bool lf_commit_check(GFile *root, const LfPlan *plan, GError **error);
