// What is kept on the target: the kickstart without secrets, the plan, events and output so far.
// Not here: the events after this point; they are on the consoles and at the report's address.
#include "installer/apply/record.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "installer/apply/effects.h"
#include "installer/apply/mounts.h"
#include "installer/apply/tree.h"

#define LOG_DIR	      "var/log/landfall"
#define MAX_LOG_BYTES (4 * 1024 * 1024)

static bool write_json(int root_fd, const char *path, const json_t *value, GError **error)
{
	g_autofree char *text = lf_json_print(value, true);

	return lf_tree_write(root_fd, path, text, 0600, error);
}

// A log that cannot be read is no reason to fail an install.
static bool copy_log(int root_fd, const char *log, const char *path, GError **error)
{
	g_autoptr(GBytes) text = log ? lf_read_tail_at(AT_FDCWD, log, MAX_LOG_BYTES, NULL) : NULL;

	return !text || lf_tree_write(root_fd, path, g_bytes_get_data(text, NULL), 0600, error);
}

static bool copy_logs(const LfInstall *install, int root_fd, GError **error)
{
	return copy_log(root_fd, install->events_log, LOG_DIR "/events.jsonl", error) &&
	       copy_log(root_fd, install->output_log, LOG_DIR "/installer.log", error);
}

// Nor is a report that cannot be delivered later.
static void keep_reports(const LfInstall *install)
{
	g_autoptr(GError) local = NULL;

	if (install->keep &&
	    !install->keep(install->root_fd, install->report, install->keep_data, &local))
		lf_events_note(install->events, lf_apply_step(LF_STEP_RECORD)->id,
			       "nothing is reported by the first boot: %s", local->message);
}

bool lf_effect_record(LfInstall *install, GError **error)
{
	int root_fd = install->root_fd;
	const char *kickstart = install->plan->profile->redacted;
	g_autoptr(json_t) plan = lf_plan_to_json(install->plan);

	keep_reports(install);
	return lf_tree_mkdirs(root_fd, LOG_DIR, 0700, error) &&
	       lf_tree_write(root_fd, LOG_DIR "/kickstart.ks", kickstart ? kickstart : "", 0600,
			     error) &&
	       write_json(root_fd, LOG_DIR "/plan.json", plan, error) &&
	       write_json(root_fd, LOG_DIR "/report.json", install->report, error) &&
	       copy_logs(install, root_fd, error);
}

// Before there is a deployment the logs lie on the target's own root file system.
static bool keep_logs(const LfInstall *install, GError **error)
{
	lf_autofd sysimage = -1;
	int root_fd = install->root_fd;

	if (root_fd < 0) {
		if (!lf_openat(AT_FDCWD, LF_SYSIMAGE, O_RDONLY | O_DIRECTORY, 0, &sysimage, error))
			return false;
		root_fd = sysimage;
	}
	return lf_tree_mkdirs(root_fd, "var/log", 0755, error) &&
	       lf_tree_mkdirs(root_fd, LOG_DIR, 0700, error) && copy_logs(install, root_fd, error);
}

void lf_record_failure(LfInstall *install)
{
	g_autoptr(GError) local = NULL;

	if (!lf_mount_is_there(LF_SYSIMAGE))
		return;
	if (!keep_logs(install, &local))
		lf_events_note(install->events, "install", "the logs are not on the disk: %s",
			       local->message);
}
