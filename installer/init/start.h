#pragma once

#include "installer/init/state.h"

/** How often a program that keeps ending is started again. */
#define LF_MAX_STARTS 5

/** The pause before that. */
#define LF_RESTART_MS 1000

/** How often the running step's deadline is looked at. */
#define LF_LOOK_AT_STEP_MS 5000

/** lf_start_*: each starts its program, or plans to do so later when there can be no process. */
void lf_start_installer(LfInit *init);
void lf_start_udev(LfInit *init);
void lf_start_coldplug(LfInit *init);
void lf_start_remote_help(LfInit *init);

/** lf_start_shell: a shell on the console number @index. */
void lf_start_shell(LfInit *init, size_t index);
