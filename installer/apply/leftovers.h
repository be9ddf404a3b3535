#pragma once

#include "base/event.h"

/**
 * lf_leftovers_end_processes:
 * Ends what scripts left at work in the target (root or working directory there): asks, waits two
 * seconds, kills. Such a process would keep the target from being unmounted.
 *
 * Returns: (transfer full) (nullable): their names, "gpg-agent, sleep"; NULL: there were none
 */
char *lf_leftovers_end_processes(void);

/**
 * lf_leftovers_clear:
 * @sources: where sources to install from are mounted, besides the target; NULL at the end
 * @events: is told of what was found
 *
 * Takes back what an earlier start of the installer held when it was killed: processes, mounts and
 * LUKS mappings, so that its disk is free again. Every LUKS2 mapping of this machine is taken for
 * one of ours, so this is only for a machine that landfall-init has started.
 */
void lf_leftovers_clear(const char *const *sources, LfEvents *events);
