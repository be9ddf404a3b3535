#pragma once

#include "base/secret.h"
#include "base/throw.h"

/**
 * LfProcFd: a descriptor the child gets under a fixed number (3 or more), such as a key file that
 * it opens as /proc/self/fd/N.
 */
typedef struct {
	int fd;
	int child_fd;
} LfProcFd;

/**
 * LfProcLine: called for each line the child writes to its standard output or error, while it runs.
 * @line: without its newline, cut at 4096 bytes; not necessarily UTF-8
 */
typedef void (*LfProcLine)(const char *line, void *user_data);

/**
 * LfProc: how to run a program. Everything not given is safe: clean environment (PATH,
 * LANG=C.UTF-8), standard input from /dev/null so that no tool can ask a question, no inherited
 * descriptors, killed when the thread that runs it dies.
 * @argv: (array zero-terminated=1): absolute path of the program, then its arguments
 * @env: (array zero-terminated=1) (nullable): NAME=value added to the clean environment
 * @root: (nullable): chroot to this directory first
 * @cwd: (nullable): working directory (inside @root)
 * @input: (nullable): bytes for standard input
 * @fds: (array length=n_fds) (nullable): extra descriptors
 * @timeout_ms: the whole process group is killed after this; 0 is ten minutes
 * @on_line: (nullable): sees output line by line
 */
typedef struct {
	const char *const *argv;
	const char *const *env;
	const char *root;
	const char *cwd;
	const LfSecret *input;
	const LfProcFd *fds;
	size_t n_fds;
	unsigned timeout_ms;
	LfProcLine on_line;
	void *user_data;
} LfProc;

#define LF_PROC_ARGV(...) ((const char *const[]){ __VA_ARGS__, NULL })

/**
 * lf_proc_run:
 * @proc: what to run
 * @ret_output: (out) (optional) (transfer full): standard output, at most 1 MiB; the rest is
 * dropped
 *
 * Runs a program to its end. A failing program's last lines on standard error become the message.
 *
 * Errors: IO when it exits non-zero or dies, or exceeds its time; INTERNAL when it cannot be
 * started. Returns: true when it exited with 0.
 */
bool lf_proc_run(const LfProc *proc, char **ret_output, GError **error);

/**
 * lf_proc_status: like lf_proc_run(), but any exit status is success and comes back in @ret_status;
 * death by signal and time-outs stay errors.
 */
bool lf_proc_status(const LfProc *proc, int *ret_status, char **ret_output, GError **error);

/** LfProcChild: a program that runs beside us, such as a daemon in the foreground. */
typedef struct LfProcChild LfProcChild;

/**
 * lf_proc_start:
 * @proc: what to run; needed only during the call, except its user_data. on_line is called from a
 * thread of the child's own; timeout_ms means nothing here
 *
 * Starts a program and returns while it runs. What it writes is read for as long as it lives.
 *
 * Errors: INTERNAL when it cannot be started.
 * Returns: (transfer full) (nullable)
 */
LfProcChild *lf_proc_start(const LfProc *proc, GError **error);

/** lf_proc_child_fd: (transfer none): a descriptor that can be polled: readable when the program
 * has ended. */
int lf_proc_child_fd(const LfProcChild *child);

/**
 * lf_proc_child_check:
 * Errors: IO when the program has ended, whatever its status, with its last words.
 * Returns: whether it still runs
 */
bool lf_proc_child_check(LfProcChild *child, GError **error);

/** lf_proc_child_free: asks the program to end (SIGTERM) and waits for that; after 5 s, and for
 * what is left of its process group, by force. */
void lf_proc_child_free(LfProcChild *child);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfProcChild, lf_proc_child_free)
