#pragma once

#include "base/throw.h"

#include <sys/types.h>

/**
 * LfChild: how PID 1 starts a program that it then watches over.
 * @argv: (array zero-terminated=1): absolute path, then arguments
 * @env: (array zero-terminated=1) (nullable): NAME=value, at most four, added to PATH, LANG,
 *   HOME and TERM
 * @output_fd: where standard output and error go; -1: with @console
 * @console: (nullable): path of a terminal that becomes the child's own; else its input is
 * /dev/null
 */
typedef struct {
	const char *const *argv;
	const char *const *env;
	int output_fd;
	const char *console;
} LfChild;

/**
 * lf_child_start: starts it in a session of its own; it ends with status 127, and a word on its
 * standard error, when the program cannot be run. Throws INTERNAL when there can be no new process.
 */
bool lf_child_start(const LfChild *child, pid_t *ret_pid, GError **error);

/**
 * lf_child_call: runs @function in a forked process, whose exit status is what it returns. Its
 * standard output and error go to @output_fd.
 */
bool lf_child_call(int (*function)(void *user_data), void *user_data, int output_fd, pid_t *ret_pid,
		   GError **error);
