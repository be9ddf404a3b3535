// The machine's end: processes, CD, file systems, reboot(2). Also when PID 1 itself has crashed.
// Not here: deciding that and how it ends.
#include "installer/init/end.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/cdrom.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "installer/init/mounts.h"

#define TERM_PATIENCE_MS   5000
#define KILL_PATIENCE_MS   2000
#define FLUSH_PATIENCE_MS  3000
#define CRASH_PATIENCE_S   60
#define DEVICE_PATIENCE_MS 60000
#define POLL_INTERVAL_MS   20

static const int commands[] = {
	[LF_END_REBOOT] = RB_AUTOBOOT,
	[LF_END_POWEROFF] = RB_POWER_OFF,
	[LF_END_HALT] = RB_HALT_SYSTEM,
};

G_GNUC_NORETURN static void stand_still(void)
{
	for (;;)
		pause();
}

// @which: a child, -1: all. Returns: false when the time is over before it has ended.
static bool wait_for_end(pid_t which, unsigned patience_ms)
{
	for (unsigned waited = 0; waited < patience_ms; waited += POLL_INTERVAL_MS) {
		pid_t pid;

		do
			pid = waitpid(which, NULL, WNOHANG);
		while (pid > 0);
		if (pid < 0)
			return true;
		g_usleep(POLL_INTERVAL_MS * 1000);
	}
	return false;
}

static void end_processes(void)
{
	(void)kill(-1, SIGTERM);
	(void)wait_for_end(-1, TERM_PATIENCE_MS);
	(void)kill(-1, SIGKILL);
	(void)wait_for_end(-1, KILL_PATIENCE_MS);
}

static void eject(const char *name, LfOutput *output)
{
	g_autofree char *path = g_strdup_printf("/dev/%s", name);
	lf_autofd fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)ioctl(fd, CDROM_LOCKDOOR, 0);
	if (ioctl(fd, CDROMEJECT, 0) < 0)
		lf_output_say(output, "cannot eject '%s': %s", path, g_strerror(errno));
	else
		lf_output_say(output, "ejected '%s'", path);
}

static void eject_all(LfOutput *output)
{
	g_autoptr(GDir) dir = g_dir_open("/sys/block", 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir)))
		if (g_str_has_prefix(name, "sr"))
			eject(name, output);
}

static void put_devices_away(const LfEnd *end, LfOutput *output)
{
	sync();
	lf_mounts_undo();
	// A mounted CD cannot be ejected.
	if (end->wants_eject)
		eject_all(output);
	sync();
	lf_output_flush(output, FLUSH_PATIENCE_MS);
}

// A device that does not answer holds whoever asks it for ever, and nothing can end that wait.
static void put_devices_away_in_time(const LfEnd *end, LfOutput *output)
{
	pid_t pid;

	// What is not written yet would be written by both.
	lf_output_flush(output, FLUSH_PATIENCE_MS);
	pid = fork();
	if (pid <= 0)
		put_devices_away(end, output);
	if (pid == 0)
		_exit(0);
	if (pid > 0 && !wait_for_end(pid, DEVICE_PATIENCE_MS))
		lf_output_say(output, "a device does not answer: it is left as it is");
}

void lf_end_machine(const LfEnd *end, LfOutput *output)
{
	lf_output_say(output, "machine next=%s", lf_end_name(end->action));
	end_processes();
	put_devices_away_in_time(end, output);
	lf_output_flush(output, FLUSH_PATIENCE_MS);
	(void)reboot(commands[end->action]);
	lf_output_say(output, "the kernel refuses to %s: %s", lf_end_name(end->action),
		      g_strerror(errno));
	lf_output_flush(output, FLUSH_PATIENCE_MS);
	(void)reboot(RB_AUTOBOOT);
	stand_still();
}

// Only calls that are allowed in a signal handler.
static void say_on_console(const char *message)
{
	int fd = open("/dev/console", O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	(void)!write(fd, "\nlandfall-init: ", 16);
	(void)!write(fd, message, strlen(message));
	(void)!write(fd, "\n", 1);
	(void)close(fd);
}

void lf_end_without_output(const char *message)
{
	say_on_console(message);
	(void)sleep(CRASH_PATIENCE_S);
	sync();
	(void)reboot(RB_POWER_OFF);
	stand_still();
}

G_GNUC_NORETURN static void on_crash(int signal_number)
{
	say_on_console("crashed; this is a bug in landfall; rebooting in a minute");
	(void)sleep(CRASH_PATIENCE_S);
	sync();
	(void)reboot(RB_AUTOBOOT);
	stand_still();
}

void lf_end_on_crash(void)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS };
	struct sigaction action = { .sa_handler = on_crash, .sa_flags = SA_RESETHAND };

	for (size_t i = 0; i < G_N_ELEMENTS(faults); i++)
		(void)sigaction(faults[i], &action, NULL);
}
