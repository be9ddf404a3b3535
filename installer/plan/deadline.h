#pragma once

#include "installer/plan/plan.h"

/**
 * LF_PULL_SILENCE_S: how long the servers of a pull may be silent, all outages together. A new
 * start would begin with an empty disk, and links to remote sites are away for longer than minutes.
 * The deadline of the pull has this on top, so that it fails as a network does, not as what hangs.
 */
#define LF_PULL_SILENCE_S (4 * 60 * 60)

/**
 * lf_deadline_s:
 * @plan: (nullable): NULL while there is none yet
 * @step: event id of a step or stage
 *
 * After how many seconds a step hangs. Long enough for the slowest machine and link that get
 * through at all: what is killed for being slow is slow again.
 */
unsigned lf_deadline_s(const LfPlan *plan, const char *step);

/** lf_deadlines_to_json: (transfer full): seconds by step, of all that a plan may have. */
json_t *lf_deadlines_to_json(const LfPlan *plan);

/** lf_deadline_is_known: whether @step has a row of its own. */
bool lf_deadline_is_known(const char *step);
