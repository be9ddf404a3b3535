// The medium this system was started from: waits for it and mounts it.
// Not here: which device it is (installer/probe).
#include "installer/orders/medium.h"

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

static bool throw_trouble(LfMedium *medium, GError **error)
{
	g_propagate_error(error, g_steal_pointer(&medium->trouble));
	return false;
}

static bool throw_absent(LfMedium *medium, GError **error)
{
	if (!medium->trouble)
		return lf_throw(error, LF_ERROR_TARGET,
				"the medium this system was started from is not there any more: "
				"insert it again");
	throw_trouble(medium, error);
	return lf_prefix(error, "the medium this system was started from is not found");
}

// A medium of ours that cannot be read does not heal by waiting; the next try looks again.
static bool wait_for_medium(const LfHost *host, gint64 patience_us, char **ret_path, GError **error)
{
	gint64 end = g_get_monotonic_time() + patience_us;

	for (;;) {
		g_auto(LfMedium) medium = { NULL, NULL, false };

		if (!lf_probe_medium(host, &medium, error))
			return false;
		if (medium.path) {
			*ret_path = g_steal_pointer(&medium.path);
			return true;
		}
		if (medium.trouble && medium.is_ours)
			return throw_trouble(&medium, error);
		if (g_get_monotonic_time() >= end)
			return throw_absent(&medium, error);
		g_usleep(POLL_US);
	}
}

static bool mount_medium(const LfHost *host, gint64 patience_us, LfScope *held, GError **error)
{
	g_autofree char *path = NULL;
	g_autoptr(GError) local = NULL;

	lf_tools_load_driver("isofs");
	if (!wait_for_medium(host, patience_us, &path, error))
		return false;
	// Orders may have come from it: the kernel refuses to mount it there twice.
	if (lf_mount_is_there(LF_MEDIUM))
		return true;
	if (lf_mount(path, LF_MEDIUM, "iso9660", MS_RDONLY | MS_NOSUID | MS_NODEV, NULL, held,
		     &local))
		return true;
	return lf_throw(error, LF_ERROR_IO, "%s: write the medium again or use another drive",
			local->message);
}

bool lf_medium_mount(const LfHost *host, LfScope *held, GError **error)
{
	return mount_medium(host, DEADLINE_US, held, error);
}

bool lf_medium_mount_if_there(const LfHost *host, LfScope *held)
{
	return mount_medium(host, 0, held, NULL);
}
