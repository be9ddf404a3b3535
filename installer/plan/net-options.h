#pragma once

#include "installer/plan/net.h"

/**
 * lf_net_options_plan:
 * @kind: LF_LINK_BOND or LF_LINK_BRIDGE
 * @given: "key=value", as written: names of the kernel or of kickstart, numbers or words
 * @members: of the link
 *
 * Returns: (transfer full) (nullable): the options as LfNetLink has them: checked, each once, in
 * the order of our table, words instead of numbers. A bond watches its members every 100 ms when
 * nothing else is said: one without would go on with a dead member.
 * Errors: INPUT for values that do not fit; UNSUPPORTED for options that the installed system could
 * not be given
 */
char **lf_net_options_plan(LfLinkKind kind, char **given, char **members, GError **error);

/** lf_net_options_units: writes the section [Bond] or [Bridge] of a .netdev file. */
void lf_net_options_units(const LfNetLink *link, GString *text);
