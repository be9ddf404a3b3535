#pragma once

#include "base/event.h"
#include "base/host.h"
#include "installer/plan/plan.h"

/** LF_EVENTS_LOG: the JSON event log of this boot, relative to the host's root. */
#define LF_EVENTS_LOG "run/landfall/events.jsonl"

/** LF_REPORT_MARK, LF_LOGGING_MARK: what of it is delivered to the report's address and to the log
 * server (installer/report/log.h). */
#define LF_REPORT_MARK	"run/landfall/reported"
#define LF_LOGGING_MARK "run/landfall/logged"

/**
 * lf_report_open:
 * Opens every place events go to: the consoles of `console=` (when landfall-init started us; else
 * standard output), the log, and `landfall.events=DEVICE-OR-FILE` as JSON. What cannot be opened is
 * left out. Marks the reports of a machine with a debug shell.
 *
 * Returns: (transfer full)
 */
LfEvents *lf_report_open(const LfHost *host);

/**
 * lf_report_last_cause:
 * @ret_step: (out) (optional): the step that hung, else NULL
 * Returns: (transfer full) (nullable): why the start of the installer before this one crashed or
 * was killed, which it could not tell itself; NULL when it ended by itself.
 */
GError *lf_report_last_cause(const LfHost *host, char **ret_step);

/** lf_report_last: that, as an event `failed` of its step. */
void lf_report_last(LfEvents *events, const LfHost *host);

/**
 * lf_report_is_farewell: whether that was the last try, or the start before still waits for a
 * device that does not answer: then landfall-init starts the installer once more, only to report
 * it.
 */
bool lf_report_is_farewell(const LfHost *host);

/** lf_report_source: tells the events who speaks, once the facts are known. */
void lf_report_source(LfEvents *events, const LfHost *host, const LfFacts *facts);

/** lf_report_plan: (transfer full): what the terminal event says of the plan: hash, commit, disk, …
 */
json_t *lf_report_plan(const LfPlan *plan, const LfFacts *facts);

/**
 * lf_report_done: the terminal event, and the instruction for landfall-init.
 * @data: (transfer none): members of the event
 */
void lf_report_done(LfEvents *events, const LfHost *host, const LfPlan *plan, json_t *data);

/**
 * lf_report_wish:
 * Leaves the profile's `onfailure` for landfall-init (LF_RUN_ONFAILURE), which heeds it after every
 * failure, also after a crash of this program. Does nothing where no landfall-init works.
 */
void lf_report_wish(LfEvents *events, const LfHost *host, const LfProfile *profile);

/**
 * lf_report_next: what landfall-init will do after this failure, by the rule in base/failure.h.
 * Returns: (transfer none) (nullable): "retry", "reboot", "poweroff" or "halt"; NULL where no
 * landfall-init works
 */
const char *lf_report_next(LfEvents *events, const LfHost *host, const GError *cause);

/**
 * lf_report_failed: the terminal event of a failed run.
 * @next: (nullable): of lf_report_next()
 * @data: (nullable) (transfer none)
 */
void lf_report_failed(LfEvents *events, const GError *cause, const char *next, json_t *data);

/** lf_report_finish_name: (transfer none): "reboot", "poweroff" or "halt". */
const char *lf_report_finish_name(LfFinish finish);
