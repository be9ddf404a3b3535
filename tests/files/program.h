#pragma once

#include "base/proc.h"
#include "tests/unit/test.h"

/** Our programs, run as an operator runs them. */

/** lf_test_program: (transfer full): path of one of our programs, which stand one directory above
 * the tests. */
static inline char *lf_test_program(const char *name)
{
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *tests = g_path_get_dirname(self);
	g_autofree char *build = g_path_get_dirname(tests);

	return g_build_filename(build, name, NULL);
}

/** lf_test_run: runs @argv in @dir (NULL: here) and fails unless it ends with @wanted_status.
 * Returns: (transfer full): what it printed */
static inline char *lf_test_run(const char *dir, int wanted_status, const char *const *argv)
{
	g_autofree char *here = g_get_current_dir();
	g_autofree char *line = g_strjoinv(" ", (char **)argv);
	g_autoptr(GError) error = NULL;
	char *output = NULL;
	int status = -1;

	assert_ok(lf_proc_status(&(LfProc){ .argv = argv, .cwd = dir ? dir : here }, &status,
				 &output, &error),
		  error);
	if (status != wanted_status)
		fail_msg("'%s' ended with %d, not %d: %s", line, status, wanted_status, output);
	return output;
}

/** lf_test_shell: the same with a line of shell; what it says on standard error counts as printed.
 */
static inline char *lf_test_shell(const char *dir, int wanted_status, const char *line)
{
	g_autofree char *both = g_strdup_printf("{ %s; } 2>&1", line);

	return lf_test_run(dir, wanted_status, LF_PROC_ARGV("/bin/sh", "-c", both));
}
