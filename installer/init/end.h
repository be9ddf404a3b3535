#pragma once

#include "installer/init/output.h"
#include "installer/init/policy.h"

/**
 * lf_end_machine:
 * Ends all processes, ejects when wanted, unmounts, and ends the machine as @end says. Never
 * returns: a machine that cannot do it stands still with everything on disk.
 */
G_GNUC_NORETURN void lf_end_machine(const LfEnd *end, LfOutput *output);

/** lf_end_without_output: says one line on /dev/console and powers off; for when nothing else
 * works. */
G_GNUC_NORETURN void lf_end_without_output(const char *message);

/**
 * lf_end_on_crash: a fault in PID 1 would be a kernel panic; from now on it is a line on
 * /dev/console and a reboot a minute later.
 */
void lf_end_on_crash(void);
