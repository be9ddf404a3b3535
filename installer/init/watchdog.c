// Feeds the hardware watchdog.
// Not here: steps that hang (deadline.c).
#include "installer/init/watchdog.h"

#include <fcntl.h>
#include <linux/watchdog.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/fd.h"

#define DEVICE		  "dev/watchdog0"
#define DEFAULT_TIMEOUT_S 60
#define MIN_TIMEOUT_S	  10
#define MAX_TIMEOUT_S	  3600
#define REBOOT_TIMEOUT_S  600
#define LOOK_EVERY_MS	  2000
#define LOOK_FOR_MS	  180000

void lf_watchdog_init(LfWatchdog *watchdog, const char *argument, gint64 now_ms)
{
	guint64 seconds = DEFAULT_TIMEOUT_S;

	*watchdog = (LfWatchdog){ .fd = -1 };
	if (argument && strcmp(argument, "off") == 0)
		return;
	if (argument &&
	    !g_ascii_string_to_unsigned(argument, 10, MIN_TIMEOUT_S, MAX_TIMEOUT_S, &seconds, NULL))
		seconds = DEFAULT_TIMEOUT_S;
	watchdog->timeout_s = (unsigned)seconds;
	watchdog->feed_at_ms = now_ms;
	watchdog->give_up_at_ms = now_ms + LOOK_FOR_MS;
}

// A driver takes another time than asked for, and says which.
static unsigned set_timeout(int fd, unsigned seconds)
{
	int taken = (int)seconds;

	if (ioctl(fd, WDIOC_SETTIMEOUT, &taken) < 0 && ioctl(fd, WDIOC_GETTIMEOUT, &taken) < 0)
		taken = MIN_TIMEOUT_S;
	return taken > 0 ? (unsigned)taken : MIN_TIMEOUT_S;
}

static bool look_for(LfWatchdog *watchdog, int root_fd, gint64 now_ms)
{
	int fd = -1;

	if (lf_openat(root_fd, DEVICE, O_WRONLY, 0, &fd, NULL)) {
		watchdog->fd = fd;
		watchdog->timeout_s = set_timeout(fd, watchdog->timeout_s);
		return true;
	}
	watchdog->feed_at_ms = now_ms < watchdog->give_up_at_ms ? now_ms + LOOK_EVERY_MS : 0;
	return false;
}

void lf_watchdog_tick(LfWatchdog *watchdog, int root_fd, gint64 now_ms, bool *ret_found)
{
	*ret_found = false;
	if (watchdog->feed_at_ms == 0 || now_ms < watchdog->feed_at_ms)
		return;
	if (watchdog->fd < 0)
		*ret_found = look_for(watchdog, root_fd, now_ms);
	if (watchdog->fd < 0)
		return;
	(void)ioctl(watchdog->fd, WDIOC_KEEPALIVE, 0);
	watchdog->feed_at_ms = now_ms + (gint64)watchdog->timeout_s * 1000 / 4;
}

void lf_watchdog_end(LfWatchdog *watchdog, LfEndAction action)
{
	if (watchdog->fd < 0)
		return;
	if (action == LF_END_REBOOT) {
		(void)set_timeout(watchdog->fd, REBOOT_TIMEOUT_S);
		(void)ioctl(watchdog->fd, WDIOC_KEEPALIVE, 0);
		return;
	}
	// The kernel's sign that the watchdog is closed on purpose.
	(void)!write(watchdog->fd, "V", 1);
	lf_close_fd(&watchdog->fd);
}
