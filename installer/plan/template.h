#pragma once

#include "installer/plan/facts.h"

/**
 * lf_template_mac:
 * @nics: (element-type LfFactNic): the machine's cards
 * @bootif: (nullable): BOOTIF= of the kernel command line: "01-aa-bb-cc-dd-ee-ff" or plain
 *
 * The network card that a machine is known by: the one it was started over, else the first with
 * carrier, else, when there is only one, that one. Pure. Returns: (transfer none) (nullable)
 */
const char *lf_template_mac(const GPtrArray *nics, const char *bootif);

/**
 * lf_template_expand:
 * @text: URL with {serial}, {uuid}, {mac}, {asset-tag}
 * @machine: identity and network cards
 * @bootif: as lf_template_mac()
 *
 * Puts the machine's facts, percent-encoded, into a URL. Pure. A text without braces stays.
 *
 * Errors: INPUT for an unknown name or a brace without its other; TARGET when the machine does not
 * tell the fact; NETWORK when that is {mac}, and several cards have no carrier. Returns: (transfer
 * full) (nullable)
 */
char *lf_template_expand(const char *text, const LfFacts *machine, const char *bootif,
			 GError **error);

/**
 * lf_template_headers:
 * Headers that tell a server who asks: X-Landfall-Serial, X-Landfall-UUID, X-Landfall-Asset-Tag,
 * and an X-Landfall-MAC for each card, those with carrier first. Bytes that are not printable ASCII
 * become '_'. Pure. Returns: (transfer full)
 */
char **lf_template_headers(const LfFacts *machine);
