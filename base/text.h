#pragma once

#include <glib.h>

/**
 * lf_text_escape:
 * @text: from anywhere; need not be UTF-8
 * @line_break: what a line break becomes, such as "\n" or " "
 *
 * Makes text harmless to a terminal: control characters become \xNN or \uNNNN, so do characters
 * that change the direction of writing; wrong UTF-8 becomes U+FFFD.
 *
 * Returns: (transfer full)
 */
char *lf_text_escape(const char *text, const char *line_break);
