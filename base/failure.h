#pragma once

#include "base/throw.h"

#include <stddef.h>
#include <stdint.h>

/** LfEndAction: how the machine ends. */
typedef enum { LF_END_REBOOT, LF_END_POWEROFF, LF_END_HALT } LfEndAction;

/** lf_end_name: (transfer none): "reboot", "poweroff" or "halt". */
const char *lf_end_name(LfEndAction action);

/** lf_end_action: finds an action by its name. Returns: false, @ret untouched, when there is none.
 */
bool lf_end_action(const char *name, LfEndAction *ret);

/**
 * LfFailureWish: what the profile wants after a failed installation. The installer keeps it in
 * LF_RUN_ONFAILURE as soon as it has read the profile, so that landfall-init knows it also when the
 * installer crashes. Both decide by the functions below.
 * @has_action: whether @action was given
 * @max_retries: most tries after the first; -1: not given
 */
typedef struct {
	bool has_action;
	LfEndAction action;
	int64_t max_retries;
} LfFailureWish;

/** LF_FAILURE_NO_WISH: nothing was given. */
#define LF_FAILURE_NO_WISH ((LfFailureWish){ false, LF_END_POWEROFF, -1 })

/**
 * lf_failure_parse:
 * @text: (array length=size): of LF_RUN_ONFAILURE: an action, perhaps "retry=N" (at most 1000),
 * white space between; both may be missing
 *
 * Errors: INPUT for a word that is neither, or the same twice; @ret is untouched then.
 */
bool lf_failure_parse(const char *text, size_t size, LfFailureWish *ret, GError **error);

/** lf_failure_text: (transfer full): what lf_failure_parse() reads back. */
char *lf_failure_text(const LfFailureWish *wish);

/**
 * lf_failure_load:
 * @root_fd: directory that stands for "/"
 * Reads LF_RUN_ONFAILURE; without that file there is no wish.
 *
 * Errors: INPUT, IO; @ret is then LF_FAILURE_NO_WISH.
 */
bool lf_failure_load(int root_fd, LfFailureWish *ret, GError **error);

/**
 * LfTries: the starts of the installer in this boot.
 * @attempt: number of this one, from 1
 * @outages: how many before it ended with a class that is tried again for ever. A night without a
 * network must not use up the tries that a bad sector or a crash has.
 */
typedef struct {
	unsigned attempt;
	unsigned outages;
} LfTries;

/** lf_tries_parse: @text: of LF_RUN_ATTEMPT, "ATTEMPT OUTAGES"; what makes no sense is the first
 * start. */
LfTries lf_tries_parse(const char *text);

/** lf_tries_text: (transfer full): what lf_tries_parse() reads back. */
char *lf_tries_text(LfTries tries);

/** lf_tries_load: reads LF_RUN_ATTEMPT; the first start where no landfall-init works. */
LfTries lf_tries_load(int root_fd);

/**
 * lf_failure_retries:
 * @tries: of the start that failed
 *
 * Returns: whether one more try follows: as often as @wish says, else as the class allows
 */
bool lf_failure_retries(const LfErrorClass *class, const LfFailureWish *wish, LfTries tries);

/**
 * lf_failure_action:
 * @argument: (nullable): value of `landfall.onfailure=`
 *
 * Returns: what follows the last try: the profile's wish, else @argument, else (also when @argument
 * is no action) power off
 */
LfEndAction lf_failure_action(const LfFailureWish *wish, const char *argument);

/**
 * lf_failure_ejects: whether the medium is put out before @action, after the last try: a machine
 * that starts again would start the same medium, and fail, for ever.
 */
bool lf_failure_ejects(LfEndAction action);
