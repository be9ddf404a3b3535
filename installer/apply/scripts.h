#pragma once

#include "base/event.h"
#include "installer/plan/plan.h"

/**
 * LfScriptPlace: where the scripts of one kind run.
 * @chroot: (nullable): directory they are chrooted to
 * @event: step id their output lines are told under
 * @scratch: directory for the script's file; the same one must stand at this path inside the chroot
 */
typedef struct {
	const char *chroot;
	const char *event;
	const char *scratch;
} LfScriptPlace;

/** LF_SCRIPT_DIR: the scratch directory on a machine; /run is shown inside the target as well. */
#define LF_SCRIPT_DIR "/run/landfall/scripts"

/**
 * lf_scripts_run:
 * @scripts: (element-type LfScript)
 * @kind: which of them, in their order
 * @place: of scripts without --nochroot; those with it run outside
 *
 * Runs the operator's scripts. Their output goes to their log, if they name one, and line by line
 * to
 * @events. A script that fails is a note, or with --erroronfail an error.
 *
 * Errors: INPUT with the script's place and status.
 */
bool lf_scripts_run(const GPtrArray *scripts, LfScriptKind kind, const LfScriptPlace *place,
		    LfEvents *events, GError **error);
