#pragma once

#include "installer/plan/net.h"

/**
 * lf_net_options_set:
 * @link: a bond or bridge with its members and without options
 * @given: (nullable): "key=value", as written on the command line or read from the kickstart
 *
 * Gives the link its options, as LfNetLink has them: checked, each once, in the order of the
 * table. A bond watches its members every 100 ms when nothing else is said: one without would go on
 * with a dead member.
 *
 * Errors: INPUT for values that do not fit; UNSUPPORTED for options that the installed system could
 * not be given
 */
bool lf_net_options_set(LfNetLink *link, char **given, GError **error);

/** lf_net_options_units: writes the section [Bond] or [Bridge] of a .netdev file. */
void lf_net_options_units(const LfNetLink *link, GString *text);
