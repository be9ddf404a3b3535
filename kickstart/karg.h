#pragma once

#include <glib.h>

/**
 * lf_kargs_split:
 * @text: (nullable): words with blanks between them, quoted as the kernel understands it
 *
 * Returns: (transfer full) (array zero-terminated=1): the words; quotes stay
 */
char **lf_kargs_split(const char *text);

/**
 * lf_kargs_decided:
 * @words: as from lf_kargs_split()
 *
 * Looks for an argument that the plan decides (root=, ostree=, ro, …): nobody else may set it.
 *
 * Returns: (transfer none) (nullable): the first such word
 */
const char *lf_kargs_decided(char **words);
