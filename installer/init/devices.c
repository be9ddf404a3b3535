// The first pass over all devices: udevd, and the kernel's announcements repeated for it.
// Not here: which modules there are (image/), what the devices are (installer/probe).
#include "installer/init/devices.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "installer/init/mounts.h"
#include "installer/init/nodes.h"

#define UDEVADM		 "/usr/bin/udevadm"
#define READY_TIMEOUT_MS 15000
#define SETTLE_SECONDS	 "120"
#define RUN_TIMEOUT_MS	 130000

const char *const *lf_devices_argv(void)
{
	static const char *const argv[] = { "/usr/lib/systemd/systemd-udevd",
					    "--resolve-names=never", NULL };

	return argv;
}

bool lf_devices_listen(int *ret_fd, GError **error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = LF_UDEV_NOTIFY };
	lf_autofd fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	(void)unlink(LF_UDEV_NOTIFY);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
		return lf_throw_errno(error, "cannot listen at '" LF_UDEV_NOTIFY "'");
	*ret_fd = lf_steal_fd(&fd);
	return true;
}

static bool says_ready(const char *message)
{
	g_auto(GStrv) lines = g_strsplit(message, "\n", 64);

	return g_strv_contains((const char *const *)lines, "READY=1");
}

// A device announced before udevd listens would be missed.
static bool wait_ready(int notify_fd, GError **error)
{
	gint64 deadline_us = g_get_monotonic_time() + (gint64)READY_TIMEOUT_MS * 1000;

	for (;;) {
		gint64 left_ms = (deadline_us - g_get_monotonic_time()) / 1000;
		struct pollfd item = { notify_fd, POLLIN, 0 };
		char message[1024];
		ssize_t n;

		if (left_ms <= 0)
			return lf_throw(error, LF_ERROR_IO, "the udev daemon does not get ready");
		if (poll(&item, 1, (int)left_ms) <= 0)
			continue;
		n = recv(notify_fd, message, sizeof message - 1, 0);
		if (n < 0)
			continue;
		message[n] = '\0';
		if (says_ready(message))
			return true;
	}
}

static bool udevadm(const char *const *argv, GError **error)
{
	return lf_proc_run(&(LfProc){ .argv = argv, .timeout_ms = RUN_TIMEOUT_MS }, NULL, error);
}

static bool make_nodes(int notify_fd, GError **error)
{
	return lf_nodes_create(error);
}

static bool trigger_subsystems(int notify_fd, GError **error)
{
	return udevadm(LF_PROC_ARGV(UDEVADM, "trigger", "--type=subsystems", "--action=add"),
		       error);
}

static bool trigger_devices(int notify_fd, GError **error)
{
	return udevadm(LF_PROC_ARGV(UDEVADM, "trigger", "--type=devices", "--action=add"), error);
}

static bool mount_efivars(int notify_fd, GError **error)
{
	return lf_mounts_efivarfs(error);
}

static bool settle(int notify_fd, GError **error)
{
	return udevadm(LF_PROC_ARGV(UDEVADM, "settle", "--timeout=" SETTLE_SECONDS), error);
}

void lf_devices_coldplug(int notify_fd, GPtrArray *failed)
{
	static bool (*const steps[])(int notify_fd, GError **error) = {
		make_nodes,	 wait_ready,	trigger_subsystems,
		trigger_devices, mount_efivars, settle, /* efivars while udevd works on its queue */
	};

	for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
		g_autoptr(GError) error = NULL;

		if (!steps[i](notify_fd, &error))
			g_ptr_array_add(failed, g_strdup(error->message));
	}
}
