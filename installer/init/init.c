// PID 1's life: starts udev and the installer, watches, retries, ends the machine.
// Not here: what follows from what (policy.c), how things are started, mounted and shown.
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
#include "installer/init/child.h"
#include "installer/init/devices.h"
#include "installer/init/end.h"
#include "installer/init/output.h"
#include "installer/init/policy.h"

#define INSTALLER	   "/usr/bin/landfall-installer"
#define SHELL		   "/bin/sh"
#define MAX_FINISH_BYTES   1024
#define MAX_DELAY_SECONDS  3600
#define DEFAULT_DELAY_S	   10
#define MAX_UDEV_STARTS	   5
#define RESTART_MS	   1000
#define MAX_WRITES_AT_ONCE 64

typedef struct {
	pid_t pid;	    /* 0: not running */
	gint64 start_at_ms; /* 0: is not to be started */
	unsigned starts;
	unsigned refusals; /* there could be no process, so often since the last start */
} Watched;

typedef struct {
	LfHost *host;
	LfOutput *output;
	char **consoles;
	int signal_fd;
	int notify_fd;
	int pipe_read, pipe_write; /* what the children say */
	Watched installer, udev, coldplug;
	Watched shells[LF_MAX_CONSOLES];
	bool is_debug;
	LfEnd end;
	gint64 end_at_ms; /* 0: not decided yet */
} Init;

static gint64 now_ms(void)
{
	return g_get_monotonic_time() / 1000;
}

static void say_error(Init *init, const GError *error)
{
	lf_output_say(init->output, "%s", error->message);
}

static void write_run_file(Init *init, const char *path, const char *text)
{
	g_autoptr(GError) error = NULL;

	if (!lf_write_file_at(init->host->root_fd, path, text, strlen(text), 0644, &error))
		say_error(init, error);
}

// Doubles with each failure, so that nothing is tried every second for ever.
static unsigned pause_ms(const Init *init, unsigned n_failed)
{
	uint32_t random = 0;

	(void)init->host->random(&random, sizeof random);
	return lf_policy_delay_ms(n_failed, random);
}

// --- starting -----------------------------------------------------------------------------------

// There was no memory or no free process number: that may heal, and nothing works without.
static void start_later(Init *init, Watched *watched)
{
	watched->refusals++;
	watched->start_at_ms = now_ms() + pause_ms(init, watched->refusals);
}

static void start_installer(Init *init)
{
	g_autoptr(GError) error = NULL;
	const LfChild child = { .argv = (const char *const[]){ INSTALLER, "install", NULL },
				.output_fd = init->pipe_write };
	unsigned attempt = init->installer.starts + 1;
	g_autofree char *text = g_strdup_printf("%u\n", attempt);

	init->installer.start_at_ms = 0;
	(void)unlinkat(init->host->root_fd, LF_RUN_FINISH, 0);
	write_run_file(init, LF_RUN_ATTEMPT, text);
	lf_output_say(init->output, "installer start=%u", attempt);
	if (lf_child_start(&child, &init->installer.pid, &error)) {
		init->installer.starts = attempt;
		init->installer.refusals = 0;
		return;
	}
	say_error(init, error);
	start_later(init, &init->installer);
}

static void start_udev(Init *init)
{
	g_autoptr(GError) error = NULL;
	// Of what it reads it complains line by line, which says nothing to a person at a console.
	static const char *const env[] = { "NOTIFY_SOCKET=" LF_UDEV_NOTIFY, "SYSTEMD_LOG_LEVEL=err",
					   NULL };
	const LfChild child = { .argv = lf_devices_argv(),
				.env = env,
				.output_fd = init->pipe_write };

	init->udev.start_at_ms = 0;
	if (lf_child_start(&child, &init->udev.pid, &error)) {
		init->udev.starts++;
		init->udev.refusals = 0;
		return;
	}
	say_error(init, error);
	start_later(init, &init->udev);
}

static int coldplug(void *user_data)
{
	Init *init = user_data;
	g_autoptr(GPtrArray) failed = g_ptr_array_new_with_free_func(g_free);

	lf_devices_coldplug(init->notify_fd, failed);
	for (guint i = 0; i < failed->len; i++)
		dprintf(1, "landfall-init: %s\n", (const char *)failed->pdata[i]);
	return failed->len == 0 ? 0 : 1;
}

static void start_coldplug(Init *init)
{
	g_autoptr(GError) error = NULL;

	if (lf_child_call(coldplug, init, init->pipe_write, &init->coldplug.pid, &error))
		return;
	say_error(init, error);
	write_run_file(init, LF_RUN_DEVICES, "");
}

static void start_shell(Init *init, size_t index)
{
	g_autofree char *console = g_strdup_printf("/dev/%s", init->consoles[index]);
	const LfChild child = { .argv = (const char *const[]){ SHELL, "-i", NULL },
				.output_fd = -1,
				.console = console };
	g_autoptr(GError) error = NULL;

	init->shells[index].start_at_ms = 0;
	init->shells[index].starts++;
	if (!lf_child_start(&child, &init->shells[index].pid, &error))
		say_error(init, error);
}

// --- ending -------------------------------------------------------------------------------------

static void decide_end(Init *init, LfEnd end, gint64 delay_ms)
{
	init->end = end;
	init->end_at_ms = now_ms() + delay_ms;
	init->installer.start_at_ms = 0;
}

static unsigned failure_delay_ms(const Init *init)
{
	g_autofree char *text = lf_host_arg(init->host, "landfall.failure-delay");
	guint64 seconds;

	if (!text || !g_ascii_string_to_unsigned(text, 10, 0, MAX_DELAY_SECONDS, &seconds, NULL))
		seconds = DEFAULT_DELAY_S;
	return (unsigned)seconds * 1000;
}

// The installer's instruction; false when it left none that can be followed.
static bool read_finish(Init *init, LfEnd *ret_end)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) bytes = NULL;
	gsize size;
	const char *text;

	if (faccessat(init->host->root_fd, LF_RUN_FINISH, F_OK, 0) < 0)
		return false;
	bytes = lf_read_file_at(init->host->root_fd, LF_RUN_FINISH, MAX_FINISH_BYTES, &error);
	text = bytes ? g_bytes_get_data(bytes, &size) : NULL;
	if (text && lf_finish_parse(text, size, ret_end, &error))
		return true;
	say_error(init, error);
	return false;
}

// With a debug shell a person is there, who would lose what is to be looked at.
static void end_failed(Init *init, const LfFailureWish *wish)
{
	g_autofree char *argument = lf_host_arg(init->host, "landfall.onfailure");
	LfEnd end = { lf_failure_action(wish, argument), false };
	LfEndAction known;

	if (argument && !lf_end_action(argument, &known))
		lf_output_say(init->output,
			      "landfall.onfailure=%s is not known: write reboot, poweroff or halt",
			      argument);
	if (init->is_debug) {
		lf_output_say(init->output, "installer gave up next=wait: 'kill 1' reboots");
		return;
	}
	lf_output_say(init->output, "installer gave up next=%s", lf_end_name(end.action));
	decide_end(init, end, failure_delay_ms(init));
}

static void retry_or_end(Init *init, const LfErrorClass *class)
{
	g_autoptr(GError) error = NULL;
	LfFailureWish wish;
	unsigned delay_ms;

	if (!lf_failure_load(init->host->root_fd, &wish, &error))
		say_error(init, error);
	if (!lf_failure_retries(class, &wish, init->installer.starts)) {
		end_failed(init, &wish);
		return;
	}
	delay_ms = pause_ms(init, init->installer.starts);
	lf_output_say(init->output, "installer next=retry in=%u.%us", delay_ms / 1000,
		      delay_ms / 100 % 10);
	init->installer.start_at_ms = now_ms() + delay_ms;
}

// Tells the consoles, and the next start of the installer, which can tell everyone else.
static void report_failure(Init *init, int wait_status, const LfErrorClass *class)
{
	bool is_signal = WIFSIGNALED(wait_status);
	g_autofree char *text =
		g_strdup_printf("class=%s %s=%d", class->name, is_signal ? "signal" : "status",
				is_signal ? WTERMSIG(wait_status) : WEXITSTATUS(wait_status));

	lf_output_say(init->output, "installer failed start=%u %s", init->installer.starts, text);
	write_run_file(init, LF_RUN_LAST, text);
}

static void on_installer_end(Init *init, int wait_status)
{
	const LfErrorClass *class = lf_policy_class(wait_status);
	LfEnd end = { LF_END_POWEROFF, false };

	(void)kill(-init->installer.pid, SIGKILL);
	init->installer.pid = 0;
	if (init->end_at_ms)
		return;
	if (class)
		report_failure(init, wait_status, class);
	if (read_finish(init, &end)) {
		lf_output_say(init->output, "installer %s next=%s", class ? "gave up" : "done",
			      lf_end_name(end.action));
		decide_end(init, end, class ? failure_delay_ms(init) : 0);
	} else if (class) {
		retry_or_end(init, class);
	} else {
		lf_output_say(init->output, "installer done, left no instruction next=poweroff");
		decide_end(init, end, 0);
	}
}

// --- events -------------------------------------------------------------------------------------

static void on_udev_end(Init *init)
{
	init->udev.pid = 0;
	if (init->udev.starts >= MAX_UDEV_STARTS) {
		lf_output_say(init->output, "the udev daemon keeps ending: left alone");
		return;
	}
	lf_output_say(init->output, "the udev daemon ended: starting it again");
	init->udev.start_at_ms = now_ms() + RESTART_MS;
}

static void on_child_end(Init *init, pid_t pid, int wait_status)
{
	if (pid == init->installer.pid) {
		on_installer_end(init, wait_status);
	} else if (pid == init->udev.pid) {
		on_udev_end(init);
	} else if (pid == init->coldplug.pid) {
		init->coldplug.pid = 0;
		write_run_file(init, LF_RUN_DEVICES, "");
	}
	for (size_t i = 0; i < LF_MAX_CONSOLES; i++) {
		if (pid != init->shells[i].pid)
			continue;
		init->shells[i].pid = 0;
		init->shells[i].start_at_ms = now_ms() + RESTART_MS;
	}
}

// What a child wrote comes before what is said about its end.
static void on_output(Init *init)
{
	char chunk[4096];

	for (unsigned i = 0; i < MAX_WRITES_AT_ONCE; i++) {
		ssize_t n = read(init->pipe_read, chunk, sizeof chunk);

		if (n <= 0)
			return;
		lf_output_write(init->output, chunk, (size_t)n);
	}
}

static void reap(Init *init)
{
	int wait_status = 0;
	pid_t pid;

	on_output(init);
	while ((pid = waitpid(-1, &wait_status, WNOHANG)) > 0)
		on_child_end(init, pid, wait_status);
}

// The signals that busybox' halt, poweroff and reboot send to PID 1, and Ctrl-Alt-Del.
static void on_request(Init *init, uint32_t signal_number)
{
	LfEnd end = { LF_END_REBOOT, false };

	if (signal_number == SIGUSR1)
		end.action = LF_END_HALT;
	else if (signal_number == SIGUSR2 || signal_number == SIGPWR)
		end.action = LF_END_POWEROFF;
	lf_output_say(init->output, "asked by signal %u next=%s", signal_number,
		      lf_end_name(end.action));
	decide_end(init, end, 0);
}

static void on_signals(Init *init)
{
	struct signalfd_siginfo info;

	while (read(init->signal_fd, &info, sizeof info) == sizeof info)
		if (info.ssi_signo != SIGCHLD)
			on_request(init, info.ssi_signo);
	reap(init);
}

static void start_when_due(Init *init, gint64 now)
{
	if (init->installer.start_at_ms && now >= init->installer.start_at_ms)
		start_installer(init);
	if (init->udev.start_at_ms && now >= init->udev.start_at_ms)
		start_udev(init);
	for (size_t i = 0; i < LF_MAX_CONSOLES; i++)
		if (init->shells[i].start_at_ms && now >= init->shells[i].start_at_ms)
			start_shell(init, i);
}

static void earliest(gint64 *deadline, gint64 at_ms)
{
	if (at_ms && (*deadline == 0 || at_ms < *deadline))
		*deadline = at_ms;
}

static int poll_timeout_ms(const Init *init)
{
	gint64 deadline = 0;

	earliest(&deadline, init->end_at_ms);
	earliest(&deadline, init->installer.start_at_ms);
	earliest(&deadline, init->udev.start_at_ms);
	for (size_t i = 0; i < LF_MAX_CONSOLES; i++)
		earliest(&deadline, init->shells[i].start_at_ms);
	return deadline ? (int)CLAMP(deadline - now_ms(), 0, 60000) : -1;
}

static void wait_for_something(Init *init)
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

static void open_output(Init *init)
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

static bool init_open(Init *init, GError **error)
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

static void start_all(Init *init)
{
	g_autoptr(GError) error = NULL;

	write_run_file(init, LF_RUN_INIT, LF_VERSION "\n");
	// First, so that its first report does not wait for a single device.
	start_installer(init);
	if (!lf_devices_listen(&init->notify_fd, &error))
		say_error(init, error);
	start_udev(init);
	start_coldplug(init);
	for (size_t i = 0; init->is_debug && init->consoles[i]; i++)
		start_shell(init, i);
}

void lf_init_run(GPtrArray *early_failures)
{
	static Init init = { .signal_fd = -1, .notify_fd = -1 };
	g_autoptr(GError) error = NULL;

	if (!init_open(&init, &error))
		lf_end_without_output(error->message);
	lf_output_say(init.output, "landfall " LF_VERSION);
	for (guint i = 0; i < early_failures->len; i++)
		lf_output_say(init.output, "%s", (const char *)early_failures->pdata[i]);
	start_all(&init);
	while (init.end_at_ms == 0 || now_ms() < init.end_at_ms) {
		wait_for_something(&init);
		start_when_due(&init, now_ms());
	}
	lf_end_machine(&init.end, init.output);
}
