#pragma once

#include "installer/plan/plan.h"

/**
 * lf_source_check:
 * Checks that the profile names a payload, that facts hold just this one, and that it is of the
 * flavour asked for.
 *
 * Errors: INPUT when names are wrong or contradict each other; TARGET when the payload is not there
 * or of another flavour.
 */
bool lf_source_check(const LfProfile *profile, const LfFacts *facts, GError **error);
