#pragma once

#include "base/throw.h"

/**
 * LfModules: the kernel modules of one kernel, what each needs, and what is built in.
 */
typedef struct LfModules LfModules;

void lf_modules_free(LfModules *modules);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfModules, lf_modules_free)

/**
 * lf_modules_new:
 * @dep: text of modules.dep
 * @softdep: text of modules.softdep and modules.weakdep together
 * @builtin: text of modules.builtin
 *
 * Errors: INPUT with the line that is not understood.
 * Source: modules.dep(5), depmod(8).
 * Returns: (transfer full) (nullable): NULL with @error set
 */
LfModules *lf_modules_new(const char *dep, const char *softdep, const char *builtin,
			  GError **error);

/** lf_modules_load: reads the files named above from the directory @tree_fd. */
LfModules *lf_modules_load(int tree_fd, GError **error);

/**
 * lf_modules_select:
 * @list: text of a module list. One pattern a line: with a slash it is matched against the path
 *	below the module directory, without one against the module's name. `*` and `?` match as in
 *	the shell, also across slashes. `-PATTERN` takes modules away again that were chosen so far
 *	(not those that others need), `?PATTERN` may match nothing. `#` starts a comment.
 * @list_name: for messages
 *
 * Chooses modules and everything they depend on, hard and soft.
 *
 * Errors: INPUT with file and line for a pattern that matches neither a module nor a built-in one.
 * Returns: (transfer full) (element-type utf8) (nullable): sorted paths below the module directory
 */
GPtrArray *lf_modules_select(const LfModules *modules, const char *list, const char *list_name,
			     GError **error);
