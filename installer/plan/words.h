#pragma once

#include "installer/plan/plan.h"

/** The words that plans use in JSON and in text: "esp", "tpm2", "post", "reboot", … */
const char *lf_role_word(LfRole role);
const char *lf_slot_word(LfSlotKind kind);
const char *lf_script_word(LfScriptKind kind);
const char *lf_finish_word(LfFinish finish);
/** NULL when the kickstart does not say. */
const char *lf_onfailure_word(LfOnFailure onfailure);
