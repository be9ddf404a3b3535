// Where events go, the terminal event, and the words to landfall-init.
// Not here: rendering (base/event).
#include "installer/report/report.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/fd.h"
#include "base/runtime.h"
#include "installer/report/log.h"

#define CONSOLES "sys/class/tty/console/active"

static bool has_init(const LfHost *host)
{
	return faccessat(host->root_fd, LF_RUN_INIT, F_OK, 0) == 0;
}

static void add_sink(LfEvents *events, const LfHost *host, LfSinkKind kind, const char *path,
		     int flags)
{
	int fd = -1;

	if (lf_openat(host->root_fd, path, O_WRONLY | O_NOCTTY | flags, 0600, &fd, NULL))
		lf_events_add_sink(events, kind, fd);
}

// Virtual terminals (tty0, tty1, …) are screens; ttyS0, hvc0 and the like are lines somebody logs.
static LfSinkKind console_kind(const char *name)
{
	bool is_screen = g_str_has_prefix(name, "tty") && g_ascii_isdigit(name[3]);

	return is_screen ? LF_SINK_TERMINAL : LF_SINK_PLAIN;
}

static void add_consoles(LfEvents *events, const LfHost *host)
{
	g_autofree char *active = lf_read_text_at(host->root_fd, CONSOLES, 4096, NULL);
	g_auto(GStrv) names = g_strsplit_set(active ? active : "console", " \n", 16);

	for (char **name = names; *name; name++) {
		g_autofree char *path = g_strconcat("dev/", *name, NULL);

		if (**name && !strchr(*name, '/'))
			add_sink(events, host, console_kind(*name), path, O_NONBLOCK);
	}
}

static void add_standard_output(LfEvents *events)
{
	int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);

	if (fd >= 0)
		lf_events_add_sink(events, isatty(fd) ? LF_SINK_TERMINAL : LF_SINK_PLAIN, fd);
}

// "ttyS1" is /dev/ttyS1; anything with a slash is a path.
static void add_json_sinks(LfEvents *events, const LfHost *host)
{
	g_auto(GStrv) places = lf_host_args(host, "landfall.events");

	for (char **place = places; *place; place++) {
		g_autofree char *path = strchr(*place, '/') ? g_strdup(*place + strspn(*place, "/"))
							    : g_strconcat("dev/", *place, NULL);

		if (**place)
			add_sink(events, host, LF_SINK_JSON, path, O_NONBLOCK | O_APPEND);
	}
}

LfEvents *lf_report_open(const LfHost *host)
{
	LfEvents *events = lf_events_new(host->now_ms);
	g_autofree char *debug = lf_host_arg(host, "landfall.debug");

	// Without a log the consoles still tell what happens.
	if (lf_mkdirs_at(host->root_fd, LF_RUN_DIR, 0755, NULL))
		(void)lf_log_attach(events, host->root_fd, LF_EVENTS_LOG, NULL);
	add_json_sinks(events, host);
	if (has_init(host))
		add_consoles(events, host);
	else
		add_standard_output(events);
	if (g_strcmp0(debug, "1") == 0)
		lf_events_mark(events, "debug shell enabled");
	if (has_init(host) && faccessat(host->root_fd, LF_SEED_KEYS, F_OK, 0) == 0)
		lf_events_mark(events, "ssh server enabled");
	return events;
}

// The text is landfall-init's: "class=NAME signal=N hung=STEP" and the like.
static char *word_of(const char *text, const char *name)
{
	g_auto(GStrv) words = g_strsplit(text, " ", 8);

	for (char **word = words; *word; word++)
		if (g_str_has_prefix(*word, name) && (*word)[strlen(name)] == '=')
			return g_strdup(*word + strlen(name) + 1);
	return NULL;
}

static bool is_stuck(const char *text)
{
	g_autofree char *word = word_of(text, "stuck");

	return word != NULL;
}

// An end with a status was told by that start itself.
GError *lf_report_last_cause(const LfHost *host, char **ret_step)
{
	g_autofree char *text = lf_read_text_at(host->root_fd, LF_RUN_LAST, 256, NULL);
	g_autofree char *signal = text ? word_of(text, "signal") : NULL;
	g_autofree char *class = text ? word_of(text, "class") : NULL;
	g_autofree char *step = text ? word_of(text, "hung") : NULL;
	bool is_outage = g_strcmp0(class, "network") == 0;
	GError *cause = NULL;

	if (!signal)
		return NULL;
	if (is_stuck(text))
		lf_throw(&cause, LF_ERROR_IO,
			 "a device does not answer: the step '%s' waits for it for ever",
			 step ? step : "install");
	else if (step)
		lf_throw(&cause, is_outage ? LF_ERROR_NETWORK : LF_ERROR_INTERNAL,
			 "the step '%s' took longer than it may, and the installer was killed",
			 step);
	else
		lf_throw(&cause, LF_ERROR_INTERNAL, "the installer was ended by signal %s", signal);
	if (ret_step)
		*ret_step = g_steal_pointer(&step);
	return cause;
}

void lf_report_last(LfEvents *events, const LfHost *host)
{
	g_autofree char *step = NULL;
	g_autoptr(GError) cause = lf_report_last_cause(host, &step);
	LfEvent event = { .step = step ? step : "install",
			  .state = LF_EVENT_FAILED,
			  .error = cause,
			  .next = step ? NULL : "retry" };

	if (cause)
		lf_events_emit(events, &event);
}

bool lf_report_is_farewell(const LfHost *host)
{
	g_autofree char *text = lf_read_text_at(host->root_fd, LF_RUN_LAST, 256, NULL);
	g_autoptr(GError) cause = lf_report_last_cause(host, NULL);
	LfTries tries = lf_tries_load(host->root_fd);
	LfFailureWish wish;

	if (!cause || tries.attempt < 2)
		return false;
	if (is_stuck(text))
		return true;
	tries.attempt--;
	(void)lf_failure_load(host->root_fd, &wish, NULL);
	return !lf_failure_retries(lf_error_class(cause), &wish, tries);
}

void lf_report_source(LfEvents *events, const LfHost *host, const LfFacts *facts)
{
	g_autofree char *boot_id =
		lf_read_text_at(host->root_fd, "proc/sys/kernel/random/boot_id", 64, NULL);
	const LfFactNic *nic = facts && facts->nics->len ? g_ptr_array_index(facts->nics, 0) : NULL;
	LfEventSource source = { .boot_id = boot_id ? boot_id : "unknown",
				 .serial = facts ? facts->serial : NULL,
				 .uuid = facts ? facts->uuid : NULL,
				 .mac = nic ? nic->mac : NULL };

	lf_events_set_source(events, &source);
}

static json_t *disks_to_json(const LfPlan *plan)
{
	json_t *disk = json_object();
	json_t *list = json_array();

	lf_json_set_string(disk, "path", plan->disk);
	lf_json_set_string(disk, "serial", plan->disk_serial);
	lf_json_set_string(disk, "wwn", plan->disk_wwn);
	lf_json_set_string(disk, "model", plan->disk_model);
	lf_json_set_uint(disk, "size_bytes", plan->disk_size_bytes);
	lf_json_append(list, disk);
	return list;
}

static json_t *tpm_to_json(const LfPlan *plan, const LfFacts *facts)
{
	const LfPlanPartition *root = lf_plan_partition(plan, LF_ROLE_ROOT);
	json_t *tpm = json_object();

	lf_json_set_bool(tpm, "present", facts->tpm_version != NULL);
	lf_json_set_string(tpm, "version", facts->tpm_version);
	lf_json_set_string(tpm, "device", facts->tpm_device);
	lf_json_set_bool(tpm, "unlocks_root", root && root->luks && root->luks->wants_tpm2);
	return tpm;
}

json_t *lf_report_plan(const LfPlan *plan, const LfFacts *facts)
{
	json_t *data = json_object();
	g_autofree char *hash = lf_plan_hash(plan);

	lf_json_set_string(data, "plan_hash", hash);
	lf_json_set_string(data, "ref", plan->ref);
	lf_json_set_string(data, "commit", plan->checksum);
	lf_json_set_bool(data, "signature_verified", plan->verifies_signature);
	lf_json_set_string(data, "flavour", plan->flavour);
	lf_json_set(data, "disks", disks_to_json(plan));
	lf_json_set_bool(data, "secure_boot", facts->is_secure_boot);
	lf_json_set(data, "tpm", tpm_to_json(plan, facts));
	return data;
}

static void write_finish(LfEvents *events, const LfHost *host, const char *action, bool is_eject)
{
	g_autofree char *text = g_strdup_printf("%s%s\n", action, is_eject ? " eject" : "");
	g_autoptr(GError) error = NULL;

	if (!lf_write_file_at(host->root_fd, LF_RUN_FINISH, text, strlen(text), 0644, &error))
		lf_events_note(events, "install", "%s", error->message);
}

static const char *const finish_names[] = {
	[LF_FINISH_HALT] = "halt",
	[LF_FINISH_REBOOT] = "reboot",
	[LF_FINISH_POWEROFF] = "poweroff",
};

const char *lf_report_finish_name(LfFinish finish)
{
	return finish_names[finish];
}

static void emit_end(LfEvents *events, LfEventState state, const GError *cause, const char *next,
		     json_t *data)
{
	LfEvent event = { .step = "install",
			  .state = state,
			  .title = "install",
			  .error = cause,
			  .next = next,
			  .data = data };

	lf_events_emit(events, &event);
}

void lf_report_done(LfEvents *events, const LfHost *host, const LfPlan *plan, json_t *data)
{
	const char *next = lf_report_finish_name(plan->finish);

	write_finish(events, host, next, plan->is_eject);
	emit_end(events, LF_EVENT_DONE, NULL, next, data);
}

void lf_report_wish(LfEvents *events, const LfHost *host, const LfProfile *profile)
{
	LfFailureWish wish = LF_FAILURE_NO_WISH;
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;

	if (!has_init(host))
		return;
	wish.has_action = profile->onfailure != LF_ONFAILURE_DEFAULT;
	if (profile->onfailure == LF_ONFAILURE_REBOOT)
		wish.action = LF_END_REBOOT;
	wish.max_retries = profile->onfailure_retries;
	text = lf_failure_text(&wish);
	if (!lf_write_file_at(host->root_fd, LF_RUN_ONFAILURE, text, strlen(text), 0644, &error))
		lf_events_note(events, "profile.load", "%s", error->message);
}

const char *lf_report_next(LfEvents *events, const LfHost *host, const GError *cause)
{
	g_autofree char *argument = lf_host_arg(host, "landfall.onfailure");
	g_autoptr(GError) error = NULL;
	LfFailureWish wish;

	if (!has_init(host))
		return NULL;
	if (!lf_failure_load(host->root_fd, &wish, &error))
		lf_events_note(events, "install", "%s", error->message);
	if (!lf_report_is_farewell(host) &&
	    lf_failure_retries(lf_error_class(cause), &wish, lf_tries_load(host->root_fd)))
		return "retry";
	return lf_end_name(lf_failure_action(&wish, argument));
}

void lf_report_failed(LfEvents *events, const GError *cause, const char *next, json_t *data)
{
	emit_end(events, LF_EVENT_FAILED, cause, next, data);
}
