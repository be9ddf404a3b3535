// Runs other programs: absolute path, argument array, clean environment, deadline, captured output.
// Not here: which programs, and PID 1's supervision.
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

#define DEFAULT_TIMEOUT_MS (10 * 60 * 1000)
#define MAX_OUTPUT_BYTES   (1024 * 1024)
#define MAX_LINE_BYTES	   4096
#define MAX_TAIL_BYTES	   600
#define MAX_DRAIN_READS	   64
#define MAX_FDS		   16
#define STOP_US		   (5 * G_USEC_PER_SEC)

typedef struct {
	int fd;
	GString *kept;
	gsize max_kept;
	bool keeps_tail;
	GString *line;
} Stream;

static void stream_init(Stream *stream, int fd, gsize max_kept, bool keeps_tail)
{
	*stream = (Stream){ fd, g_string_new(NULL), max_kept, keeps_tail, g_string_new(NULL) };
}

static void stream_clear(Stream *stream)
{
	lf_close_fd(&stream->fd);
	g_string_free(stream->kept, TRUE);
	g_string_free(stream->line, TRUE);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Stream, stream_clear)

static void stream_flush_line(Stream *stream, const LfProc *proc)
{
	if (proc->on_line)
		proc->on_line(stream->line->str, proc->user_data);
	g_string_truncate(stream->line, 0);
}

static void stream_take(Stream *stream, const LfProc *proc, const char *data, gsize size)
{
	g_string_append_len(stream->kept, data, (gssize)size);
	if (stream->kept->len > stream->max_kept) {
		if (stream->keeps_tail)
			g_string_erase(stream->kept, 0,
				       (gssize)(stream->kept->len - stream->max_kept));
		else
			g_string_truncate(stream->kept, stream->max_kept);
	}
	for (gsize i = 0; i < size; i++) {
		if (data[i] == '\n')
			stream_flush_line(stream, proc);
		else if (stream->line->len < MAX_LINE_BYTES)
			g_string_append_c(stream->line, data[i]);
	}
}

// Reads what is there; closes the stream at its end.
static void stream_read(Stream *stream, const LfProc *proc)
{
	char chunk[8192];
	ssize_t n = TEMP_FAILURE_RETRY(read(stream->fd, chunk, sizeof chunk));

	if (n > 0) {
		stream_take(stream, proc, chunk, (gsize)n);
		return;
	}
	if (stream->line->len > 0)
		stream_flush_line(stream, proc);
	lf_close_fd(&stream->fd);
}

typedef struct {
	int in, out, err;
	int failure; /* pipe that tells the parent why the program could not be started */
	char **env;
} ChildPlan;

// Descriptors are first moved above all wanted numbers so that none is overwritten before its turn.
// All others close when the program starts, also those that somebody forgot to mark so.
static bool child_place_fds(const LfProc *proc, ChildPlan *plan)
{
	int wanted[3 + MAX_FDS] = { plan->in, plan->out, plan->err };
	int numbers[3 + MAX_FDS] = { 0, 1, 2 };
	size_t n = 3;
	int floor = 64;

	for (size_t i = 0; i < proc->n_fds; i++, n++) {
		wanted[n] = proc->fds[i].fd;
		numbers[n] = proc->fds[i].child_fd;
		floor = MAX(floor, numbers[n] + 1);
	}
	for (size_t i = 0; i < n; i++)
		if ((wanted[i] = fcntl(wanted[i], F_DUPFD_CLOEXEC, floor)) < 0)
			return false;
	if ((plan->failure = fcntl(plan->failure, F_DUPFD_CLOEXEC, floor)) < 0)
		return false;
	(void)close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	for (size_t i = 0; i < n; i++)
		if (dup2(wanted[i], numbers[i]) < 0)
			return false;
	return true;
}

// Why the program could not be started, for the parent.
G_GNUC_NORETURN static void child_fail(const ChildPlan *plan)
{
	int reason = errno;

	(void)TEMP_FAILURE_RETRY(write(plan->failure, &reason, sizeof reason));
	_exit(127);
}

G_GNUC_NORETURN static void child_exec(const LfProc *proc, ChildPlan *plan)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setpgid(0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!child_place_fds(proc, plan) || (proc->root && chroot(proc->root) < 0) ||
	    chdir(proc->cwd ? proc->cwd : "/") < 0)
		child_fail(plan);
	execve(proc->argv[0], (char *const *)proc->argv, plan->env);
	child_fail(plan);
}

static char **child_environment(const LfProc *proc)
{
	g_autoptr(GPtrArray) env = g_ptr_array_new();

	g_ptr_array_add(env, g_strdup("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"));
	g_ptr_array_add(env, g_strdup("LANG=C.UTF-8"));
	g_ptr_array_add(env, g_strdup("HOME=/root"));
	for (size_t i = 0; proc->env && proc->env[i]; i++)
		g_ptr_array_add(env, g_strdup(proc->env[i]));
	g_ptr_array_add(env, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&env), FALSE);
}

static bool open_input(const LfProc *proc, int *ret_fd, GError **error)
{
	if (!proc->input)
		return lf_openat(AT_FDCWD, "/dev/null", O_RDONLY, 0, ret_fd, error);
	if (!lf_secret_memfd(proc->input, ret_fd, error))
		return false;
	lseek(*ret_fd, 0, SEEK_SET);
	return true;
}

static bool open_pipe(int *ret_read, int *ret_write, GError **error)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return lf_throw_errno(error, "cannot create a pipe");
	*ret_read = ends[0];
	*ret_write = ends[1];
	return true;
}

// The pipe ends without a byte when the program has started.
static bool wait_started(const LfProc *proc, pid_t pid, int failure, GError **error)
{
	int reason = 0;
	ssize_t n = TEMP_FAILURE_RETRY(read(failure, &reason, sizeof reason));

	if (n != sizeof reason)
		return true;
	(void)TEMP_FAILURE_RETRY(waitpid(pid, NULL, 0));
	return lf_throw(error, LF_ERROR_INTERNAL, "cannot run '%s': %s", proc->argv[0],
			g_strerror(reason));
}

static bool spawn(const LfProc *proc, pid_t *ret_pid, int *ret_out, int *ret_err, GError **error)
{
	lf_autofd in = -1;
	lf_autofd out_read = -1;
	lf_autofd out_write = -1;
	lf_autofd err_read = -1;
	lf_autofd err_write = -1;
	lf_autofd failure_read = -1;
	lf_autofd failure_write = -1;
	g_auto(GStrv) env = child_environment(proc);

	if (!open_input(proc, &in, error) || !open_pipe(&out_read, &out_write, error) ||
	    !open_pipe(&err_read, &err_write, error) ||
	    !open_pipe(&failure_read, &failure_write, error))
		return false;
	ChildPlan plan = { in, out_write, err_write, failure_write, env };

	*ret_pid = fork();
	if (*ret_pid < 0)
		return lf_throw(error, LF_ERROR_INTERNAL, "cannot start '%s': %s", proc->argv[0],
				g_strerror(errno));
	if (*ret_pid == 0)
		child_exec(proc, &plan);
	lf_close_fd(&failure_write);
	if (!wait_started(proc, *ret_pid, failure_read, error))
		return false;
	*ret_out = lf_steal_fd(&out_read);
	*ret_err = lf_steal_fd(&err_read);
	return true;
}

static int remaining_ms(gint64 deadline_us)
{
	gint64 left = (deadline_us - g_get_monotonic_time()) / 1000;

	return (int)CLAMP(left, 0, G_MAXINT);
}

// What the program wrote before it ended is in the pipe, which holds less than this. Somebody who
// keeps writing (a daemon started by a script) must not hold us.
static void stream_drain(Stream *stream, const LfProc *proc)
{
	for (unsigned i = 0; i < MAX_DRAIN_READS && stream->fd >= 0; i++) {
		struct pollfd item = { stream->fd, POLLIN, 0 };

		if (poll(&item, 1, 0) <= 0)
			break;
		stream_read(stream, proc);
	}
	if (stream->line->len > 0)
		stream_flush_line(stream, proc);
}

// Reads both streams and waits for the end of the process itself: a grandchild that keeps the
// streams open must not hold us either. Returns false at the deadline.
static bool follow(const LfProc *proc, pid_t pid, Stream *out, Stream *err, gint64 deadline_us)
{
	lf_autofd pid_fd = pidfd_open(pid, 0);

	for (;;) {
		struct pollfd polls[] = { { out->fd, POLLIN, 0 },
					  { err->fd, POLLIN, 0 },
					  { pid_fd, POLLIN, 0 } };
		int n = poll(polls, G_N_ELEMENTS(polls), remaining_ms(deadline_us));

		if (n == 0)
			return false;
		if (n < 0)
			continue;
		if (polls[0].revents)
			stream_read(out, proc);
		if (polls[1].revents)
			stream_read(err, proc);
		if (!polls[2].revents)
			continue;
		stream_drain(out, proc);
		stream_drain(err, proc);
		return true;
	}
}

static bool check(const LfProc *proc, GError **error)
{
	if (!g_path_is_absolute(proc->argv[0]))
		return lf_throw(error, LF_ERROR_INTERNAL, "'%s' is not an absolute path",
				proc->argv[0]);
	if (proc->n_fds > MAX_FDS)
		return lf_throw(error, LF_ERROR_INTERNAL, "more than %d descriptors for '%s'",
				MAX_FDS, proc->argv[0]);
	return true;
}

static bool run(const LfProc *proc, int *ret_wait, char **ret_output, char **ret_tail,
		GError **error)
{
	unsigned timeout_ms = proc->timeout_ms ? proc->timeout_ms : DEFAULT_TIMEOUT_MS;
	gint64 deadline_us = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
	g_auto(Stream) out = { -1, NULL, 0, false, NULL };
	g_auto(Stream) err = { -1, NULL, 0, false, NULL };
	int out_fd = -1, err_fd = -1, status = 0;
	bool is_in_time;
	pid_t pid = -1;

	stream_init(&out, -1, MAX_OUTPUT_BYTES, false);
	stream_init(&err, -1, MAX_TAIL_BYTES, true);
	if (!check(proc, error) || !spawn(proc, &pid, &out_fd, &err_fd, error))
		return false;
	out.fd = out_fd;
	err.fd = err_fd;
	is_in_time = follow(proc, pid, &out, &err, deadline_us);
	if (!is_in_time)
		kill(-pid, SIGKILL);
	TEMP_FAILURE_RETRY(waitpid(pid, &status, 0));
	if (!is_in_time)
		return lf_throw(error, LF_ERROR_IO, "'%s' did not end within %u s and was killed",
				proc->argv[0], timeout_ms / 1000);
	*ret_wait = status;
	if (ret_output)
		*ret_output = g_strdup(out.kept->str);
	*ret_tail = g_strdup(g_strstrip(err.kept->str));
	return true;
}

// Runs to the end; death by signal is an error, any exit status is not yet one.
static bool run_to_exit(const LfProc *proc, int *ret_status, char **ret_output, char **ret_tail,
			GError **error)
{
	g_autofree char *output = NULL;
	g_autofree char *tail = NULL;
	int status = 0;

	if (!run(proc, &status, &output, &tail, error))
		return false;
	if (WIFSIGNALED(status))
		return lf_throw(error, LF_ERROR_IO, "'%s' was ended by signal %d%s%s",
				proc->argv[0], WTERMSIG(status), *tail ? ": " : "", tail);
	*ret_status = WEXITSTATUS(status);
	*ret_tail = g_steal_pointer(&tail);
	if (ret_output)
		*ret_output = g_steal_pointer(&output);
	return true;
}

bool lf_proc_status(const LfProc *proc, int *ret_status, char **ret_output, GError **error)
{
	g_autofree char *tail = NULL;

	return run_to_exit(proc, ret_status, ret_output, &tail, error);
}

bool lf_proc_run(const LfProc *proc, char **ret_output, GError **error)
{
	g_autofree char *output = NULL;
	g_autofree char *tail = NULL;
	int status = 0;

	if (!run_to_exit(proc, &status, &output, &tail, error))
		return false;
	if (status != 0)
		return lf_throw(error, LF_ERROR_IO, "'%s' failed with status %d%s%s", proc->argv[0],
				status, *tail ? ": " : "", tail);
	if (ret_output)
		*ret_output = g_steal_pointer(&output);
	return true;
}

/** The thread that starts the program also waits for it: a program dies with the thread that made
 * it. */
struct LfProcChild {
	LfProc proc; /* argv is our own */
	char **argv;
	GThread *thread;
	GMutex mutex;
	GCond cond;
	bool is_started, has_ended; /* under the mutex, as the rest */
	GError *failure;	    /* why it could not be started */
	int pid_fd;
	int status;
	char *tail;
};

static void child_announce(LfProcChild *child, GError *failure, int pid_fd)
{
	g_mutex_lock(&child->mutex);
	child->failure = failure;
	child->pid_fd = pid_fd;
	child->is_started = true;
	g_cond_broadcast(&child->cond);
	g_mutex_unlock(&child->mutex);
}

static void child_ended(LfProcChild *child, int status, const char *tail)
{
	g_mutex_lock(&child->mutex);
	child->status = status;
	child->tail = g_strdup(tail);
	child->has_ended = true;
	g_cond_broadcast(&child->cond);
	g_mutex_unlock(&child->mutex);
}

static void *child_thread(void *data)
{
	LfProcChild *child = data;
	g_auto(Stream) out = { -1, NULL, 0, false, NULL };
	g_auto(Stream) err = { -1, NULL, 0, false, NULL };
	GError *failure = NULL;
	int status = 0;
	pid_t pid = -1;

	stream_init(&out, -1, 0, false);
	stream_init(&err, -1, MAX_TAIL_BYTES, true);
	if (!spawn(&child->proc, &pid, &out.fd, &err.fd, &failure)) {
		child_announce(child, failure, -1);
		return NULL;
	}
	child_announce(child, NULL, pidfd_open(pid, 0));
	while (!follow(&child->proc, pid, &out, &err, G_MAXINT64))
		continue;
	kill(-pid, SIGKILL);
	TEMP_FAILURE_RETRY(waitpid(pid, &status, 0));
	child_ended(child, status, g_strstrip(err.kept->str));
	return NULL;
}

LfProcChild *lf_proc_start(const LfProc *proc, GError **error)
{
	g_autoptr(LfProcChild) child = NULL;

	if (!check(proc, error))
		return NULL;
	child = g_new0(LfProcChild, 1);
	child->proc = *proc;
	child->argv = g_strdupv((char **)proc->argv);
	child->proc.argv = (const char *const *)child->argv;
	child->pid_fd = -1;
	g_mutex_init(&child->mutex);
	g_cond_init(&child->cond);
	child->thread = g_thread_new("child", child_thread, child);
	g_mutex_lock(&child->mutex);
	while (!child->is_started)
		g_cond_wait(&child->cond, &child->mutex);
	g_mutex_unlock(&child->mutex);
	if (!child->failure)
		return g_steal_pointer(&child);
	g_propagate_error(error, g_steal_pointer(&child->failure));
	return NULL;
}

int lf_proc_child_fd(const LfProcChild *child)
{
	return child->pid_fd;
}

bool lf_proc_child_check(LfProcChild *child, GError **error)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&child->mutex);
	struct pollfd end = { child->pid_fd, POLLIN, 0 };

	if (!child->has_ended && poll(&end, 1, 0) <= 0)
		return true;
	// Its thread is about to say so.
	while (!child->has_ended)
		g_cond_wait(&child->cond, &child->mutex);
	return lf_throw(error, LF_ERROR_IO, "'%s' ended by %s %d%s%s", child->argv[0],
			WIFSIGNALED(child->status) ? "signal" : "itself with status",
			WIFSIGNALED(child->status) ? WTERMSIG(child->status)
						   : WEXITSTATUS(child->status),
			*child->tail ? ": " : "", child->tail);
}

static bool child_wait(LfProcChild *child, gint64 until_us)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&child->mutex);

	while (!child->has_ended)
		if (!g_cond_wait_until(&child->cond, &child->mutex, until_us))
			return child->has_ended;
	return true;
}

void lf_proc_child_free(LfProcChild *child)
{
	if (!child)
		return;
	if (child->pid_fd >= 0) {
		(void)pidfd_send_signal(child->pid_fd, SIGTERM, NULL, 0);
		if (!child_wait(child, g_get_monotonic_time() + STOP_US))
			(void)pidfd_send_signal(child->pid_fd, SIGKILL, NULL, 0);
	}
	g_thread_join(child->thread);
	lf_close_fd(&child->pid_fd);
	g_clear_error(&child->failure);
	g_mutex_clear(&child->mutex);
	g_cond_clear(&child->cond);
	g_strfreev(child->argv);
	g_free(child->tail);
	g_free(child);
}
