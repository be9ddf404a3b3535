// What becomes of the machine when the installer ends, fails or hangs.
// Not here: the rule itself (base/failure.c, policy.c), carrying the end out (end.c).
#include "installer/init/verdict.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/runtime.h"
#include "installer/init/deadline.h"
#include "installer/init/start.h"

#define MAX_FINISH_BYTES  1024
#define MAX_DELAY_SECONDS 3600
#define DEFAULT_DELAY_S	  10
#define KILL_PATIENCE_MS  30000

static unsigned failure_delay_ms(const LfInit *init)
{
	g_autofree char *text = lf_host_arg(init->host, "landfall.failure-delay");
	guint64 seconds;

	if (!text || !g_ascii_string_to_unsigned(text, 10, 0, MAX_DELAY_SECONDS, &seconds, NULL))
		seconds = DEFAULT_DELAY_S;
	return (unsigned)seconds * 1000;
}

// The installer's instruction; false when it left none that can be followed.
static bool read_finish(LfInit *init, LfEnd *ret_end)
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
	lf_init_say_error(init, error);
	return false;
}

// With a debug shell a person is there, who would lose what is to be looked at.
static void end_failed(LfInit *init, const LfFailureWish *wish)
{
	g_autofree char *argument = lf_host_arg(init->host, "landfall.onfailure");
	LfEndAction action = lf_failure_action(wish, argument);
	LfEnd end = { action, lf_failure_ejects(action) };
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
	lf_init_decide_end(init, end, failure_delay_ms(init));
}

// Who crashed or was killed could not report it, nor the log. The next start sees by the same rule
// that it has nothing else to do (installer/report).
static bool starts_farewell(LfInit *init)
{
	if (init->is_farewell || init->is_debug)
		return false;
	init->is_farewell = true;
	lf_output_say(init->output, "installer gave up: one more start to report it");
	lf_start_installer(init);
	return true;
}

static void retry_or_end(LfInit *init, int wait_status, const LfErrorClass *class)
{
	g_autoptr(GError) error = NULL;
	LfTries tries = { init->installer.starts, init->outages };
	LfFailureWish wish;
	unsigned delay_ms;

	if (!lf_failure_load(init->host->root_fd, &wish, &error))
		lf_init_say_error(init, error);
	if (init->is_farewell || !lf_failure_retries(class, &wish, tries)) {
		if (!WIFSIGNALED(wait_status) || !starts_farewell(init))
			end_failed(init, &wish);
		return;
	}
	init->outages += class->max_retries < 0;
	delay_ms = lf_init_pause_ms(init, init->installer.starts);
	lf_output_say(init->output, "installer next=retry in=%u.%us", delay_ms / 1000,
		      delay_ms / 100 % 10);
	init->installer.start_at_ms = lf_init_now_ms() + delay_ms;
}

// Tells the consoles, and the next start of the installer, which can tell everyone else.
static void report_failure(LfInit *init, int wait_status, const LfErrorClass *class)
{
	bool is_signal = WIFSIGNALED(wait_status);
	g_autofree char *text = g_strdup_printf(
		"class=%s %s=%d%s%s", class->name, is_signal ? "signal" : "status",
		is_signal ? WTERMSIG(wait_status) : WEXITSTATUS(wait_status),
		init->hung_step ? " hung=" : "", init->hung_step ? init->hung_step : "");

	lf_output_say(init->output, "installer failed start=%u %s", init->installer.starts, text);
	lf_init_write(init, LF_RUN_LAST, text);
}

void lf_verdict_on_end(LfInit *init, int wait_status)
{
	const LfErrorClass *class = lf_policy_class(wait_status, init->hung_step);
	LfEnd end = { LF_END_POWEROFF, false };

	(void)kill(-init->installer.pid, SIGKILL);
	init->installer.pid = 0;
	init->look_at_ms = init->killed_at_ms = 0;
	if (init->end_at_ms)
		return;
	if (class)
		report_failure(init, wait_status, class);
	g_clear_pointer(&init->hung_step, g_free);
	if (read_finish(init, &end)) {
		lf_output_say(init->output, "installer %s next=%s", class ? "gave up" : "done",
			      lf_end_name(end.action));
		lf_init_decide_end(init, end, class ? failure_delay_ms(init) : 0);
	} else if (class) {
		retry_or_end(init, wait_status, class);
	} else {
		lf_output_say(init->output, "installer done, left no instruction next=poweroff");
		lf_init_decide_end(init, end, 0);
	}
}

static void kill_installer(LfInit *init, LfDeadline *deadline)
{
	lf_output_say(init->output, "installer step=%s is over its time: killed", deadline->step);
	g_free(init->hung_step);
	init->hung_step = g_steal_pointer(&deadline->step);
	init->killed_at_ms = lf_init_now_ms();
	(void)kill(-init->installer.pid, SIGKILL);
}

// A process that waits for a device which never answers cannot be killed, and another one would
// wait for it too: it is left behind, and this start was the last.
static void give_up_on_installer(LfInit *init)
{
	g_autofree char *text =
		g_strdup_printf("class=io signal=9 hung=%s stuck=1", init->hung_step);
	g_autoptr(GError) error = NULL;
	LfFailureWish wish;

	lf_output_say(init->output, "installer cannot be killed: a device does not answer");
	if (!lf_failure_load(init->host->root_fd, &wish, &error))
		lf_init_say_error(init, error);
	lf_init_write(init, LF_RUN_LAST, text);
	g_clear_pointer(&init->hung_step, g_free);
	init->installer.pid = 0;
	init->look_at_ms = init->killed_at_ms = 0;
	if (!starts_farewell(init))
		end_failed(init, &wish);
}

void lf_verdict_on_step(LfInit *init, gint64 now)
{
	g_auto(LfDeadline) deadline = { NULL, 0 };
	g_autoptr(GError) error = NULL;

	init->look_at_ms = now + LF_LOOK_AT_STEP_MS;
	if (init->killed_at_ms) {
		if (now >= init->killed_at_ms + KILL_PATIENCE_MS)
			give_up_on_installer(init);
	} else if (!lf_deadline_load(init->host->root_fd, &deadline, &error)) {
		lf_init_say_error(init, error);
	} else if (deadline.step && now >= deadline.at_ms) {
		kill_installer(init, &deadline);
	}
}
