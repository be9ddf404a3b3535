#pragma once

#include "installer/plan/plan.h"

#include <gio/gio.h>

/**
 * lf_commit_open: (transfer full) (nullable): the top directory of the plan's commit, in the
 * repository it comes from. Errors: TRUST when it cannot be read.
 */
GFile *lf_commit_open(const LfPlan *plan, GError **error);

/**
 * lf_commit_check:
 * @root: as from lf_commit_open()
 *
 * Whether the commit holds what the plan will need of it: boot files, time zone, places to mount
 * and to write, accounts that the profile's fit to, units to enable. Writes nothing.
 *
 * Errors: INPUT when the kickstart asks for what the commit does not have; TARGET when the commit
 * lacks what every system needs.
 */
bool lf_commit_check(GFile *root, const LfPlan *plan, GError **error);
