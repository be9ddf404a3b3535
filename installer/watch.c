// The running step's deadline, left in a file for landfall-init.
// Not here: how long a step may take (installer/plan/deadline.c), killing it (installer/init).
#include "installer/watch.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/runtime.h"

void lf_watch_set(const char *step, unsigned deadline_s, void *user_data)
{
	const LfWatch *watch = user_data;
	int root_fd = watch->host->root_fd;
	gint64 at_ms = g_get_monotonic_time() / 1000 + (gint64)deadline_s * 1000;
	g_autofree char *text = g_strdup_printf("%s %" G_GINT64_FORMAT "\n", step, at_ms);
	g_autoptr(GError) error = NULL;

	if (faccessat(root_fd, LF_RUN_INIT, F_OK, 0) < 0)
		return;
	if (deadline_s == 0) {
		(void)unlinkat(root_fd, LF_RUN_DEADLINE, 0);
		return;
	}
	if (!lf_write_file_at(root_fd, LF_RUN_DEADLINE, text, strlen(text), 0644, &error) &&
	    watch->events)
		lf_events_note(watch->events, step, "%s", error->message);
}
