#pragma once

#include "kickstart/option.h"

/**
 * lf_bond_options, lf_bridge_options:
 * @call: line of `network`; what is wrong becomes a finding at its option
 * @text: (nullable): value of --bondopts or --bridgeopts
 * @members: (array zero-terminated=1): names of the interfaces in it
 *
 * Checks each option, and for bonds what options mean together, with the plan's "miimon=100" when
 * neither way of watching the links is written.
 *
 * Returns: (transfer full) (array zero-terminated=1): "key=value" each; words where the kernel
 * takes a number or a word: "mode=802.3ad"
 */
char **lf_bond_options(LfCall *call, const char *text, char **members);
char **lf_bridge_options(LfCall *call, const char *text, char **members);
