// PID 1's life: the beginning, and the loop that waits for what happens.
// Not here: how things are started (start.c), what follows their end (verdict.c), consoles
// (output.c).
#include "installer/init/init.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/host.h"
#include "base/runtime.h"
#include "installer/init/devices.h"
#include "installer/init/end.h"
#include "installer/init/output.h"
#include "installer/init/start.h"
#include "installer/init/verdict.h"

#define MAX_WRITES_AT_ONCE 64

// --- events -------------------------------------------------------------------------------------

static void on_remote_help_end(LfInit *init)
{
	init->remote_help.pid = 0;
	if (init->remote_help.starts < LF_MAX_STARTS)
		init->remote_help.start_at_ms = lf_init_now_ms() + LF_RESTART_MS;
	else
		lf_output_say(init->output, "the ssh server keeps ending: left alone");
}

static void on_udev_end(LfInit *init)
{
	init->udev.pid = 0;
	if (init->udev.starts >= LF_MAX_STARTS) {
		lf_output_say(init->output, "the udev daemon keeps ending: left alone");
		return;
	}
	lf_output_say(init->output, "the udev daemon ended: starting it again");
	init->udev.start_at_ms = lf_init_now_ms() + LF_RESTART_MS;
}

static void on_child_end(LfInit *init, pid_t pid, int wait_status)
{
	if (pid == init->installer.pid) {
		lf_verdict_on_end(init, wait_status);
	} else if (pid == init->udev.pid) {
		on_udev_end(init);
	} else if (pid == init->coldplug.pid) {
		init->coldplug.pid = 0;
		lf_init_write(init, LF_RUN_DEVICES, "");
	} else if (pid == init->remote_help.pid) {
		on_remote_help_end(init);
	}
	for (size_t i = 0; i < LF_MAX_CONSOLES; i++) {
		if (pid != init->shells[i].pid)
			continue;
		init->shells[i].pid = 0;
		init->shells[i].start_at_ms = lf_init_now_ms() + LF_RESTART_MS;
	}
}

// What a child wrote comes before what is said about its end.
static void on_output(LfInit *init)
{
	char chunk[4096];

	for (unsigned i = 0; i < MAX_WRITES_AT_ONCE; i++) {
		ssize_t n = read(init->pipe_read, chunk, sizeof chunk);

		if (n <= 0)
			return;
		lf_output_write(init->output, chunk, (size_t)n);
	}
}

static void reap(LfInit *init)
{
	int wait_status = 0;
	pid_t pid;

	on_output(init);
	while ((pid = waitpid(-1, &wait_status, WNOHANG)) > 0)
		on_child_end(init, pid, wait_status);
}

// The signals that busybox' halt, poweroff and reboot send to PID 1, and Ctrl-Alt-Del.
static void on_request(LfInit *init, uint32_t signal_number)
{
	LfEnd end = { LF_END_REBOOT, false };

	if (signal_number == SIGUSR1)
		end.action = LF_END_HALT;
	else if (signal_number == SIGUSR2 || signal_number == SIGPWR)
		end.action = LF_END_POWEROFF;
	lf_output_say(init->output, "asked by signal %u next=%s", signal_number,
		      lf_end_name(end.action));
	lf_init_decide_end(init, end, 0);
}

static void on_signals(LfInit *init)
{
	struct signalfd_siginfo info;

	while (read(init->signal_fd, &info, sizeof info) == sizeof info)
		if (info.ssi_signo != SIGCHLD)
			on_request(init, info.ssi_signo);
	reap(init);
}

static void start_when_due(LfInit *init, gint64 now)
{
	if (init->installer.start_at_ms && now >= init->installer.start_at_ms)
		lf_start_installer(init);
	if (init->udev.start_at_ms && now >= init->udev.start_at_ms)
		lf_start_udev(init);
	if (init->remote_help.start_at_ms && now >= init->remote_help.start_at_ms)
		lf_start_remote_help(init);
	if (init->look_at_ms && now >= init->look_at_ms)
		lf_verdict_on_step(init, now);
	for (size_t i = 0; i < LF_MAX_CONSOLES; i++)
		if (init->shells[i].start_at_ms && now >= init->shells[i].start_at_ms)
			lf_start_shell(init, i);
}

static void earliest(gint64 *deadline, gint64 at_ms)
{
	if (at_ms && (*deadline == 0 || at_ms < *deadline))
		*deadline = at_ms;
}

static int poll_timeout_ms(const LfInit *init)
{
	gint64 deadline = 0;

	earliest(&deadline, init->end_at_ms);
	earliest(&deadline, init->installer.start_at_ms);
	earliest(&deadline, init->udev.start_at_ms);
	earliest(&deadline, init->remote_help.start_at_ms);
	earliest(&deadline, init->look_at_ms);
	earliest(&deadline, init->watchdog.feed_at_ms);
	for (size_t i = 0; i < LF_MAX_CONSOLES; i++)
		earliest(&deadline, init->shells[i].start_at_ms);
	return deadline ? (int)CLAMP(deadline - lf_init_now_ms(), 0, 60000) : -1;
}

static void wait_for_something(LfInit *init)
{
	struct pollfd polls[2 + LF_MAX_CONSOLES] = { { init->signal_fd, POLLIN, 0 },
						     { init->pipe_read, POLLIN, 0 } };
	size_t n = 2 + lf_output_polls(init->output, polls + 2);

	if (poll(polls, n, poll_timeout_ms(init)) <= 0)
		return;
	if (polls[1].revents)
		on_output(init);
	if (polls[0].revents)
		on_signals(init);
	lf_output_drain(init->output);
}

// --- the beginning ------------------------------------------------------------------------------

static int open_signals(void)
{
	static const int wanted[] = { SIGCHLD, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGPWR };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++)
		sigaddset(&set, wanted[i]);
	(void)sigprocmask(SIG_SETMASK, &set, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

// The seed's words have to be in place before the command line is read.
static void place_seed_cmdline(int root_fd)
{
	(void)lf_mkdirs_at(root_fd, LF_RUN_DIR, 0755, NULL);
	if (faccessat(root_fd, LF_SEED_CMDLINE, F_OK, 0) == 0)
		(void)lf_copy_file_at(root_fd, LF_SEED_CMDLINE, root_fd, LF_RUN_CMDLINE, 0600,
				      NULL);
}

static bool is_debug_wanted(const LfHost *host)
{
	g_autofree char *value = lf_host_arg(host, "landfall.debug");

	return g_strcmp0(value, "1") == 0;
}

static void open_output(LfInit *init)
{
	int root_fd = init->host->root_fd;
	g_autofree char *active =
		lf_read_text_at(root_fd, "sys/class/tty/console/active", 1024, NULL);
	int log_fd = -1;

	init->is_debug = is_debug_wanted(init->host);
	init->consoles = lf_console_names(active ? active : "");
	init->output = lf_output_new(root_fd, (const char *const *)init->consoles,
				     init->is_debug ? "debug shell enabled" : NULL);
	if (lf_openat(root_fd, LF_RUN_LOG, O_WRONLY | O_CREAT | O_APPEND, 0600, &log_fd, NULL))
		lf_output_log(init->output, log_fd);
}

static bool init_open(LfInit *init, GError **error)
{
	int ends[2];
	lf_autofd root_fd = -1;

	if (!lf_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0, &root_fd, error))
		return false;
	place_seed_cmdline(root_fd);
	init->host = lf_host_new("/", error);
	if (!init->host)
		return false;
	open_output(init);
	init->signal_fd = open_signals();
	if (init->signal_fd < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return lf_throw_errno(error, "cannot open signals and pipe");
	init->pipe_read = ends[0];
	init->pipe_write = ends[1];
	// Only our end: the installer's writes must wait for us, not fail.
	(void)fcntl(init->pipe_read, F_SETFL, O_NONBLOCK);
	return true;
}

static void start_watchdog(LfInit *init)
{
	g_autofree char *argument = lf_host_arg(init->host, "landfall.watchdog");

	lf_watchdog_init(&init->watchdog, argument, lf_init_now_ms());
}

static void feed_watchdog(LfInit *init)
{
	bool is_found;

	lf_watchdog_tick(&init->watchdog, init->host->root_fd, lf_init_now_ms(), &is_found);
	if (is_found)
		lf_output_say(init->output, "watchdog timeout=%us", init->watchdog.timeout_s);
}

static void start_all(LfInit *init)
{
	g_autoptr(GError) error = NULL;

	lf_init_write(init, LF_RUN_INIT, LF_VERSION "\n");
	// First, so that its first report does not wait for a single device.
	lf_start_installer(init);
	if (!lf_devices_listen(&init->notify_fd, &error))
		lf_init_say_error(init, error);
	lf_start_udev(init);
	lf_start_coldplug(init);
	start_watchdog(init);
	if (faccessat(init->host->root_fd, LF_SEED_KEYS, F_OK, 0) == 0)
		lf_start_remote_help(init);
	for (size_t i = 0; init->is_debug && init->consoles[i]; i++)
		lf_start_shell(init, i);
}

void lf_init_run(GPtrArray *early_failures)
{
	static LfInit init = { .signal_fd = -1, .notify_fd = -1 };
	g_autoptr(GError) error = NULL;

	if (!init_open(&init, &error))
		lf_end_without_output(error->message);
	lf_output_say(init.output, "landfall " LF_VERSION);
	for (guint i = 0; i < early_failures->len; i++)
		lf_output_say(init.output, "%s", (const char *)early_failures->pdata[i]);
	start_all(&init);
	while (init.end_at_ms == 0 || lf_init_now_ms() < init.end_at_ms) {
		wait_for_something(&init);
		start_when_due(&init, lf_init_now_ms());
		feed_watchdog(&init);
	}
	lf_watchdog_end(&init.watchdog, init.end.action);
	lf_end_machine(&init.end, init.output);
}
