// Starting the processes that PID 1 watches over.
// Not here: watching (init.c); programs that are run to their end (base/proc).
#include "installer/init/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MAX_ENV 4

static void reset_signals(void)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		(void)signal(i, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

// All descriptors of PID 1 are close-on-exec; only 0, 1 and 2 are set here.
static bool place_streams(const char *console, int output_fd)
{
	int in = open(console ? console : "/dev/null", console ? O_RDWR : O_RDONLY);
	int out = output_fd >= 0 ? output_fd : in;

	if (in < 0)
		return false;
	if (console)
		(void)ioctl(in, TIOCSCTTY, 1);
	return dup2(in, 0) == 0 && dup2(out, 1) == 1 && dup2(out, 2) == 2;
}

G_GNUC_NORETURN static void child_exec(const LfChild *child)
{
	const char *env[4 + MAX_ENV + 1] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"LANG=C.UTF-8",
		"HOME=/root",
		"TERM=linux",
	};

	for (size_t i = 0; child->env && child->env[i] && i < MAX_ENV; i++)
		env[4 + i] = child->env[i];
	reset_signals();
	(void)setsid();
	if (!place_streams(child->console, child->output_fd))
		_exit(127);
	execve(child->argv[0], (char *const *)child->argv, (char *const *)env);
	dprintf(2, "cannot run '%s': %s\n", child->argv[0], strerror(errno));
	_exit(127);
}

static bool fork_child(pid_t *ret_pid, GError **error)
{
	pid_t pid = fork();

	if (pid < 0)
		return lf_throw(error, LF_ERROR_INTERNAL, "cannot start a process: %s",
				g_strerror(errno));
	*ret_pid = pid;
	return true;
}

bool lf_child_start(const LfChild *child, pid_t *ret_pid, GError **error)
{
	pid_t pid = -1;

	if (!fork_child(&pid, error))
		return false;
	if (pid == 0)
		child_exec(child);
	*ret_pid = pid;
	return true;
}

bool lf_child_call(int (*function)(void *user_data), void *user_data, int output_fd, pid_t *ret_pid,
		   GError **error)
{
	pid_t pid = -1;

	if (!fork_child(&pid, error))
		return false;
	if (pid == 0) {
		reset_signals();
		(void)setsid();
		_exit(place_streams(NULL, output_fd) ? function(user_data) : 127);
	}
	*ret_pid = pid;
	return true;
}
