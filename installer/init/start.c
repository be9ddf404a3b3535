// Starts what PID 1 watches over: the installer, udev, the ssh server, shells.
// Not here: processes as such (child.c), what follows when one ends (init.c, verdict.c).
#include "installer/init/start.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/runtime.h"
#include "installer/init/child.h"
#include "installer/init/devices.h"

#define INSTALLER   "/usr/bin/landfall-installer"
#define SHELL	    "/bin/sh"
#define REMOTE_HELP "/usr/lib/landfall/remote-help"

// There was no memory or no free process number: that may heal, and nothing works without.
static void start_later(LfInit *init, LfWatched *watched)
{
	watched->refusals++;
	watched->start_at_ms = lf_init_now_ms() + lf_init_pause_ms(init, watched->refusals);
}

void lf_start_installer(LfInit *init)
{
	g_autoptr(GError) error = NULL;
	const LfChild child = { .argv = (const char *const[]){ INSTALLER, "install", NULL },
				.output_fd = init->pipe_write };
	unsigned attempt = init->installer.starts + 1;
	g_autofree char *text = lf_tries_text((LfTries){ attempt, init->outages });

	init->installer.start_at_ms = 0;
	(void)unlinkat(init->host->root_fd, LF_RUN_FINISH, 0);
	(void)unlinkat(init->host->root_fd, LF_RUN_DEADLINE, 0);
	lf_init_write(init, LF_RUN_ATTEMPT, text);
	lf_output_say(init->output, "installer start=%u", attempt);
	if (lf_child_start(&child, &init->installer.pid, &error)) {
		init->installer.starts = attempt;
		init->installer.refusals = 0;
		init->look_at_ms = lf_init_now_ms() + LF_LOOK_AT_STEP_MS;
		return;
	}
	lf_init_say_error(init, error);
	start_later(init, &init->installer);
}

void lf_start_udev(LfInit *init)
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
	lf_init_say_error(init, error);
	start_later(init, &init->udev);
}

static int coldplug(void *user_data)
{
	LfInit *init = user_data;
	g_autoptr(GPtrArray) failed = g_ptr_array_new_with_free_func(g_free);

	lf_devices_coldplug(init->notify_fd, failed);
	for (guint i = 0; i < failed->len; i++)
		dprintf(1, "landfall-init: %s\n", (const char *)failed->pdata[i]);
	return failed->len == 0 ? 0 : 1;
}

void lf_start_coldplug(LfInit *init)
{
	g_autoptr(GError) error = NULL;

	if (lf_child_call(coldplug, init, init->pipe_write, &init->coldplug.pid, &error))
		return;
	lf_init_say_error(init, error);
	lf_init_write(init, LF_RUN_DEVICES, "");
}

// For people who hold a key that is in the seed; there is none by default.
void lf_start_remote_help(LfInit *init)
{
	g_autoptr(GError) error = NULL;
	const LfChild child = { .argv = (const char *const[]){ REMOTE_HELP, NULL },
				.output_fd = init->pipe_write };

	init->remote_help.start_at_ms = 0;
	init->remote_help.starts++;
	if (!lf_child_start(&child, &init->remote_help.pid, &error))
		lf_init_say_error(init, error);
}

void lf_start_shell(LfInit *init, size_t index)
{
	g_autofree char *console = g_strdup_printf("/dev/%s", init->consoles[index]);
	const LfChild child = { .argv = (const char *const[]){ SHELL, "-i", NULL },
				.output_fd = -1,
				.console = console };
	g_autoptr(GError) error = NULL;

	init->shells[index].start_at_ms = 0;
	init->shells[index].starts++;
	if (!lf_child_start(&child, &init->shells[index].pid, &error))
		lf_init_say_error(init, error);
}
