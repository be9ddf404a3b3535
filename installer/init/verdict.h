#pragma once

#include "installer/init/state.h"

/**
 * lf_verdict_on_end: the installer has ended: its instruction, one more try, or the end that the
 * profile wants.
 * @wait_status: as waitpid() gives it
 */
void lf_verdict_on_end(LfInit *init, int wait_status);

/**
 * lf_verdict_on_step: an installer whose step is beyond its deadline is killed, which counts as a
 * crash; when that does not end it, the machine is restarted.
 */
void lf_verdict_on_step(LfInit *init, gint64 now);
