#pragma once

#include "ztp/verb.h"

/** The verbs of `landfall-fdo`; main.c has the table. */
extern const LfVerb lf_fdo_verb_inspect;
