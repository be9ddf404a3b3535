// The medium this system was started from: waits for it and mounts it.
// Not here: which device it is (installer/probe).
#include "installer/medium.h"

#include <string.h>
#include <sys/mount.h>

#include "installer/apply/mounts.h"
#include "installer/apply/tools.h"
#include "installer/probe/probe.h"

#define DEADLINE_US (60 * G_USEC_PER_SEC)
#define POLL_US	    250000

bool lf_medium_is_needed(const char *url)
{
	const char *prefix = "file://" LF_MEDIUM;

	return url && g_str_has_prefix(url, prefix) &&
	       (url[strlen(prefix)] == '/' || url[strlen(prefix)] == '\0');
}

static bool wait_for_medium(const LfHost *host, char **ret_path, GError **error)
{
	gint64 end = g_get_monotonic_time() + DEADLINE_US;

	for (;;) {
		if (!lf_probe_medium(host, ret_path, error))
			return false;
		if (*ret_path)
			return true;
		if (g_get_monotonic_time() > end)
			return lf_throw(
				error, LF_ERROR_TARGET,
				"the medium this system was started from is not there any more: "
				"insert it again");
		g_usleep(POLL_US);
	}
}

bool lf_medium_mount(const LfHost *host, LfScope *held, GError **error)
{
	g_autofree char *path = NULL;

	lf_tools_load_driver("isofs");
	return wait_for_medium(host, &path, error) &&
	       lf_mount(path, LF_MEDIUM, "iso9660", MS_RDONLY | MS_NOSUID | MS_NODEV, NULL, held,
			error);
}
