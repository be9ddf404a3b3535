#pragma once

#include "base/throw.h"

/**
 * lf_init_run:
 * The life of PID 1 from mounted API file systems to reboot(2): consoles, udev, the installer under
 * supervision, its retries, and the end. Never returns.
 */
G_GNUC_NORETURN void lf_init_run(GPtrArray *early_failures);
