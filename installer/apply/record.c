// What is kept on the target: the kickstart without secrets, the plan, the events so far.
// Not here: the events after this point; they are on the consoles and at the report's address.
#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "installer/apply/effects.h"
#include "installer/apply/tree.h"

#define LOG_DIR		 "var/log/landfall"
#define MAX_EVENTS_BYTES (16 * 1024 * 1024)

static bool write_json(int root_fd, const char *path, const json_t *value, GError **error)
{
	g_autofree char *text = lf_json_print(value, true);

	return lf_tree_write(root_fd, path, text, 0600, error);
}

// A log that cannot be read is no reason to fail an install.
static bool copy_events(const LfInstall *install, GError **error)
{
	g_autofree char *text = NULL;

	if (!install->events_log)
		return true;
	text = lf_read_text_at(AT_FDCWD, install->events_log, MAX_EVENTS_BYTES, NULL);
	if (!text)
		return true;
	g_autofree char *lines = g_strconcat(text, "\n", NULL);
	return lf_tree_write(install->root_fd, LOG_DIR "/events.jsonl", lines, 0600, error);
}

bool lf_effect_record(LfInstall *install, GError **error)
{
	int root_fd = install->root_fd;
	const char *kickstart = install->plan->profile->redacted;
	g_autoptr(json_t) plan = lf_plan_to_json(install->plan);

	return lf_tree_mkdirs(root_fd, LOG_DIR, 0700, error) &&
	       lf_tree_write(root_fd, LOG_DIR "/kickstart.ks", kickstart ? kickstart : "", 0600,
			     error) &&
	       write_json(root_fd, LOG_DIR "/plan.json", plan, error) &&
	       write_json(root_fd, LOG_DIR "/report.json", install->report, error) &&
	       copy_events(install, error);
}
