#pragma once

#include "base/failure.h"

#include <stdint.h>

/** LfEnd: what to do in the end. @wants_eject: put the CD out first. */
typedef struct {
	LfEndAction action;
	bool wants_eject;
} LfEnd;

/**
 * lf_finish_parse:
 * @text: (array length=size): the finish file: one action and perhaps "eject", white space between
 *
 * Errors: INPUT for an empty text, two actions, or a word that is neither.
 */
bool lf_finish_parse(const char *text, size_t size, LfEnd *ret, GError **error);

/**
 * lf_policy_class:
 * @wait_status: as waitpid() gives it
 * @hung_step: (nullable): the step that was over its time, when the installer was killed for it
 *
 * Returns: (transfer none) (nullable): the class of error the installer ended with; NULL when it
 * ended well. A step that waits for servers counts as NETWORK when it hung; any other signal, and
 * an exit status of no class, as INTERNAL.
 */
const LfErrorClass *lf_policy_class(int wait_status, const char *hung_step);

/**
 * lf_policy_delay_ms:
 * @attempt: number of the start that failed, from 1
 * @random: any number; the same gives the same delay
 *
 * The pause before the next start: doubles from 4 s up to 5 min, of which the last half is random,
 * so that a thousand machines behind one broken server do not come back as one.
 */
unsigned lf_policy_delay_ms(unsigned attempt, uint32_t random);
