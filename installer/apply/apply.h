#pragma once

#include "installer/apply/install.h"

/** LfStepKind: the steps of an install in their order. Those that destroy stand behind all checks.
 */
typedef enum {
	LF_STEP_CHECK_DISK,
	LF_STEP_CHECK_TOOLS,
	LF_STEP_CHECK_PAYLOAD,
	LF_STEP_CHECK_KEYS,
	LF_STEP_WIPE,
	LF_STEP_TABLE,
	LF_STEP_ENCRYPT,
	LF_STEP_ENROLL,
	LF_STEP_FORMAT,
	LF_STEP_MOUNT,
	LF_STEP_PRE_INSTALL,
	LF_STEP_SYSROOT,
	LF_STEP_PULL,
	LF_STEP_DEPLOY,
	LF_STEP_CONFIGURE,
	LF_STEP_ACCOUNTS,
	LF_STEP_SERVICES,
	LF_STEP_POST,
	LF_STEP_SEAL,
	LF_STEP_RECORD,
	LF_STEP_SYNC,
	LF_STEP_VERIFY,
	LF_STEP_BOOT_FILES,
	LF_STEP_CLOSE,
	LF_STEP_BOOT_ENTRY,
	LF_STEPS,
} LfStepKind;

/**
 * LfStep: a row of the step table. Progress, dry run and log render the same rows.
 * @id: stable event id
 * @title: what a person reads
 * @weight: its share of the time, in about seconds on a small machine
 * @destroys: writes to the target; no step before the first such one changes anything
 * @is_wanted: (nullable): whether the plan asks for it; NULL is always
 */
typedef struct {
	const char *id;
	const char *title;
	unsigned weight;
	bool destroys;
	bool (*is_wanted)(const LfPlan *plan);
} LfStep;

/** lf_apply_step: (transfer none): the row of @kind. */
const LfStep *lf_apply_step(LfStepKind kind);

typedef bool (*LfEffect)(LfInstall *install, GError **error);

/**
 * LfEffects: what the steps really do, one function for each. Filled with the real ones in main.c
 * alone.
 * @run: one function a step
 * @failed: (nullable): called once when a step failed, with everything still held; @cause is its
 * error
 */
typedef struct {
	LfEffect run[LF_STEPS];
	void (*failed)(LfInstall *install, const GError *cause);
} LfEffects;

/**
 * lf_apply:
 * Runs the steps in their order. After a failure no further step runs, everything held is released
 * in reverse, and the error is the failed step's; what could not be released is told as notes.
 *
 * Errors: those of the steps.
 */
bool lf_apply(LfInstall *install, const LfEffects *effects, GError **error);

/** lf_apply_describe: (transfer full): the steps this plan takes and the time each has, one a line,
 * for the dry run. */
char *lf_apply_describe(const LfPlan *plan);
