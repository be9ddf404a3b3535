#pragma once

#include "kickstart/option.h"

/**
 * lf_redact_line:
 * @out: where the line goes, with a newline behind it
 * @line: (array length=size): as written
 * @words: (nullable): what the line was split into; NULL: the whole line is a comment or blank
 * @cuts: (nullable) (element-type LfCut): in the order of the line
 *
 * Writes a line without its secrets. A comment loses what follows the name of a command or option
 * that takes a secret, and a comment that cut a secret word in two is left out.
 */
void lf_redact_line(GString *out, const char *line, size_t size, const LfWords *words,
		    const GArray *cuts);
