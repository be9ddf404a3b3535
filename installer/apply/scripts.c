// The operator's scripts: %pre, %pre-install, %post, %onerror.
// Not here: when they run.
#include "installer/apply/scripts.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "installer/apply/effects.h"
#include "installer/apply/record.h"
#include "installer/apply/tree.h"

#define DEFAULT_SHELL "/bin/sh"
// A script may fetch much, but a machine with nobody there must not wait for ever.
#define TIMEOUT_MS (60 * 60 * 1000)

static const char *const kind_names[] = {
	[LF_SCRIPT_PRE] = "%pre",
	[LF_SCRIPT_PRE_INSTALL] = "%pre-install",
	[LF_SCRIPT_POST] = "%post",
	[LF_SCRIPT_ONERROR] = "%onerror",
};

typedef struct {
	LfEvents *events;
	const char *event;
	int log_fd; /* -1: none */
} Output;

static void take_line(const char *line, void *user_data)
{
	const Output *output = user_data;
	g_autofree char *text = g_utf8_make_valid(line, -1);

	if (output->log_fd >= 0)
		dprintf(output->log_fd, "%s\n", line);
	if (*text)
		lf_events_note(output->events, output->event, "%s", text);
}

// The log is where the script would see it: inside the chroot when there is one.
static bool open_log(const LfScript *script, const char *chroot, int *ret_fd, GError **error)
{
	const char *path = script->log ? script->log + strspn(script->log, "/") : "";
	g_autofree char *parent = g_path_get_dirname(path);
	lf_autofd root_fd = -1;

	if (!*path)
		return true;
	return lf_openat(AT_FDCWD, chroot ? chroot : "/", O_PATH | O_DIRECTORY, 0, &root_fd,
			 error) &&
	       lf_tree_mkdirs(root_fd, parent, 0755, error) &&
	       lf_tree_open(root_fd, path, O_WRONLY | O_CREAT | O_TRUNC, 0600, ret_fd, error);
}

static bool store_body(const LfScript *script, const char *scratch, char **ret_path, GError **error)
{
	g_autofree char *path = g_strdup_printf("%s/%s-%u", scratch, kind_names[script->kind] + 1,
						script->place.line);

	if (!lf_mkdirs_at(AT_FDCWD, scratch, 0700, error) ||
	    !lf_write_file_at(AT_FDCWD, path, script->body, strlen(script->body), 0700, error))
		return false;
	*ret_path = g_steal_pointer(&path);
	return true;
}

static bool run_stored(const LfScript *script, const char *path, const char *chroot, Output *output,
		       int *ret_status, GError **error)
{
	const char *interpreter = script->interpreter ? script->interpreter : DEFAULT_SHELL;
	LfProc proc = { .argv = LF_PROC_ARGV(interpreter, path),
			.env = LF_PROC_ARGV("LANDFALL_SYSROOT=" LF_SYSROOT,
					    "ANA_INSTALL_PATH=" LF_SYSROOT),
			.root = chroot,
			.timeout_ms = TIMEOUT_MS,
			.on_line = take_line,
			.user_data = output };

	return lf_proc_status(&proc, ret_status, NULL, error);
}

static bool run_script(const LfScript *script, const LfScriptPlace *place, Output *output,
		       GError **error)
{
	const char *chroot = script->is_nochroot ? NULL : place->chroot;
	g_autofree char *path = NULL;
	lf_autofd log_fd = -1;
	int status = 0;
	bool is_ok;

	if (!open_log(script, chroot, &log_fd, error) ||
	    !store_body(script, place->scratch, &path, error))
		return false;
	output->log_fd = log_fd;
	is_ok = run_stored(script, path, chroot, output, &status, error);
	output->log_fd = -1;
	unlink(path);
	if (!is_ok)
		return false;
	if (status != 0)
		return lf_throw(error, LF_ERROR_INPUT, "the script ended with status %d", status);
	return true;
}

bool lf_scripts_run(const GPtrArray *scripts, LfScriptKind kind, const LfScriptPlace *place,
		    LfEvents *events, GError **error)
{
	for (guint i = 0; i < scripts->len; i++) {
		const LfScript *script = g_ptr_array_index(scripts, i);
		Output output = { events, place->event, -1 };
		g_autoptr(GError) local = NULL;

		if (script->kind != kind || run_script(script, place, &output, &local))
			continue;
		lf_prefix(&local, "%s:%u: %s",
			  script->place.file ? script->place.file : "kickstart", script->place.line,
			  kind_names[kind]);
		if (script->is_erroronfail) {
			lf_rethrow(&local, LF_ERROR_INPUT);
			g_propagate_error(error, g_steal_pointer(&local));
			return false;
		}
		lf_events_note(events, place->event, "%s", local->message);
	}
	return true;
}

bool lf_effect_pre_install(LfInstall *install, GError **error)
{
	LfScriptPlace place = { NULL, lf_apply_step(LF_STEP_PRE_INSTALL)->id, LF_SCRIPT_DIR };

	return lf_scripts_run(install->plan->profile->scripts, LF_SCRIPT_PRE_INSTALL, &place,
			      install->events, error);
}

bool lf_effect_post(LfInstall *install, GError **error)
{
	LfScriptPlace place = { LF_SYSROOT, lf_apply_step(LF_STEP_POST)->id, LF_SCRIPT_DIR };

	return lf_scripts_run(install->plan->profile->scripts, LF_SCRIPT_POST, &place,
			      install->events, error);
}

void lf_effect_failed(LfInstall *install, const GError *cause)
{
	LfScriptPlace place = { NULL, "script.onerror", LF_SCRIPT_DIR };
	g_autoptr(GError) local = NULL;

	if (!lf_scripts_run(install->plan->profile->scripts, LF_SCRIPT_ONERROR, &place,
			    install->events, &local))
		lf_events_note(install->events, place.event, "%s", local->message);
	lf_record_failure(install);
}
