#pragma once

#include "kickstart/option.h"

/**
 * lf_value_store: checks and stores the value of an option that takes one; what is wrong becomes a
 * finding at @place. A former value is replaced.
 */
void lf_value_store(LfCall *call, const LfOption *option, const LfPlace *place, const char *text);

/** lf_value_set: the same for an option that takes none. */
void lf_value_set(LfCall *call, const LfOption *option, const LfPlace *place);

/** lf_value_clear: frees what is in the option's field. */
void lf_value_clear(const LfCall *call, const LfOption *option);

/** lf_value_bad_shape: the finding for a text that does not fit @shape. */
void lf_value_bad_shape(LfCall *call, const LfPlace *place, LfShape shape, const char *text);
