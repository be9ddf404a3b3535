// The verb deliver: on the first boot of an installed system, sends what the installer could not.
// Not here: how reports travel (installer/report).
#include <fcntl.h>
#include <ostree.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/runtime.h"
#include "installer/cmd.h"
#include "installer/report/courier.h"
#include "installer/report/kept.h"
#include "installer/report/post.h"
#include "installer/report/syslog.h"

#define PATIENCE_MS    60000
#define FIRST_DELAY_MS 1000
#define BOOT_ID	       "proc/sys/kernel/random/boot_id"
#define SECURE_BOOT    "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

static const char *machine_name(const LfKeep *keep, const char *member)
{
	return json_string_value(json_object_get(keep->machine, member));
}

static LfEvents *open_events(const LfHost *host, const LfKeep *keep)
{
	g_autofree char *boot_id = lf_read_text_at(host->root_fd, BOOT_ID, 64, NULL);
	LfEvents *events = lf_events_new(host->now_ms);
	LfEventSource source = { .boot_id = boot_id ? boot_id : "unknown",
				 .serial = machine_name(keep, "serial"),
				 .uuid = machine_name(keep, "uuid"),
				 .mac = machine_name(keep, "mac") };

	lf_events_set_source(events, &source);
	return events;
}

// Which commit runs; a system that was not started by OSTree has none.
static void add_deployment(json_t *data)
{
	g_autoptr(OstreeSysroot) sysroot = ostree_sysroot_new_default();
	OstreeDeployment *booted;

	if (!ostree_sysroot_load(sysroot, NULL, NULL))
		return;
	booted = ostree_sysroot_get_booted_deployment(sysroot);
	if (booted)
		lf_json_set_string(data, "commit", ostree_deployment_get_csum(booted));
}

// Attributes (4 bytes), then the value.
static void add_secure_boot(const LfHost *host, json_t *data)
{
	g_autoptr(GBytes) value = lf_read_file_at(host->root_fd, SECURE_BOOT, 64, NULL);

	if (value && g_bytes_get_size(value) == 5)
		lf_json_set_bool(data, "secure_boot",
				 ((const uint8_t *)g_bytes_get_data(value, NULL))[4] == 1);
}

static void emit_booted(const LfHost *host, LfEvents *events)
{
	g_autoptr(json_t) data = json_object();
	struct utsname names;

	add_deployment(data);
	add_secure_boot(host, data);
	if (uname(&names) == 0)
		lf_json_set_string(data, "kernel", names.release);
	lf_json_set_string(data, "version", LF_VERSION);
	lf_events_emit(events, &(LfEvent){ .step = "system.booted",
					   .state = LF_EVENT_DONE,
					   .title = "the installed system runs",
					   .data = data });
}

static bool has_booted_event(int dir_fd)
{
	g_auto(LfLogTail) tail = LF_LOG_TAIL_CLOSED;
	bool has = false;
	json_t *event;

	if (!lf_log_tail_open(dir_fd, LF_KEEP_EVENTS, &tail, NULL))
		return false;
	while ((event = lf_log_tail_next(&tail))) {
		const char *step = json_string_value(json_object_get(event, "step"));

		has = has || g_strcmp0(step, "system.booted") == 0;
		json_decref(event);
	}
	return has;
}

// Told once, also when this is not the first try to send it.
static bool tell_booted(const LfHost *host, const LfKeep *keep, int dir_fd, GError **error)
{
	LfEvents *events;
	bool ok;

	if (has_booted_event(dir_fd))
		return true;
	events = open_events(host, keep);
	ok = lf_log_attach(events, dir_fd, LF_KEEP_EVENTS, error);
	if (ok)
		emit_booted(host, events);
	lf_events_free(events);
	return ok;
}

/** One way off this machine. @error: NULL: all is delivered, or nothing is to be. */
typedef struct {
	LfCourier *courier;
	bool is_refused;
	GError *error;
} Way;

static void way_clear(Way *way)
{
	g_clear_pointer(&way->courier, lf_courier_free);
	g_clear_error(&way->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Way, way_clear)

static void start(Way *way, int dir_fd, const char *mark, LfCourierSend send, void *transport)
{
	LfCourierSpec spec = { .name = mark,
			       .dir_fd = dir_fd,
			       .log = LF_KEEP_EVENTS,
			       .mark = mark,
			       .send = send,
			       .user_data = transport,
			       .first_delay_ms = FIRST_DELAY_MS };

	way->courier = lf_courier_start(&spec, &way->error);
}

static LfPoster *start_report(Way *way, const LfKeep *keep, int dir_fd)
{
	LfPoster *poster = lf_poster_new(keep->url, keep->access, keep->token, &way->error);

	// A token that fits into no header is refused before anybody saw it.
	way->is_refused = !poster;
	if (poster)
		start(way, dir_fd, LF_KEEP_REPORT_MARK, lf_poster_send, poster);
	return poster;
}

static void finish(Way *way, gint64 end_us)
{
	gint64 left_us = MAX(end_us - g_get_monotonic_time(), 0);

	if (!way->courier || lf_courier_flush(way->courier, (unsigned)(left_us / 1000)))
		return;
	way->is_refused = lf_courier_has_given_up(way->courier);
	way->error = lf_courier_error(way->courier);
	if (!way->error)
		lf_throw(&way->error, LF_ERROR_NETWORK, "the server did not take all in time");
}

// Both at once: one that is away does not hold the other.
static void send_all(const LfKeep *keep, int dir_fd, Way *report, Way *logging)
{
	gint64 end_us = g_get_monotonic_time() + (gint64)PATIENCE_MS * 1000;
	LfPoster *poster = keep->url ? start_report(report, keep, dir_fd) : NULL;
	LfSyslog *syslog = NULL;

	if (keep->log_host) {
		syslog = lf_syslog_new(keep->log_host, keep->log_port, keep->hostname);
		start(logging, dir_fd, LF_KEEP_LOGGING_MARK, lf_syslog_send, syslog);
	}
	finish(report, end_us);
	finish(logging, end_us);
	g_clear_pointer(&report->courier, lf_courier_free);
	g_clear_pointer(&logging->courier, lf_courier_free);
	lf_poster_free(poster);
	lf_syslog_free(syslog);
}

// A server may be set up after its machines; but keys do not lie on a disk for ever.
static bool is_given_up(const Way *report, const char *dir, bool *ret, GError **error)
{
	unsigned n = 0;

	if (!report->is_refused)
		return true;
	if (!lf_kept_count_refusal(dir, &n, error))
		return false;
	*ret = n >= LF_KEPT_MAX_REFUSALS;
	return true;
}

// What nobody needs any more goes at once.
static bool clean_up(const LfKept *kept, const char *dir, const Way *report, const Way *logging,
		     GError **error)
{
	bool has_given_up = false;

	if (!is_given_up(report, dir, &has_given_up, error))
		return false;
	if (report->error && !has_given_up)
		return true;
	if (has_given_up && !lf_kept_save_refused(dir, error))
		return false;
	if (logging->error)
		return !lf_kept(kept)->url || lf_kept_end_report(kept, dir, error);
	return lf_kept_remove(dir, error);
}

static bool deliver(const LfKept *kept, const char *dir, int dir_fd, GError **error)
{
	g_auto(Way) report = { NULL, false, NULL };
	g_auto(Way) logging = { NULL, false, NULL };
	Way *failed;

	send_all(lf_kept(kept), dir_fd, &report, &logging);
	if (!clean_up(kept, dir, &report, &logging, error))
		return false;
	failed = report.error ? &report : &logging;
	if (!failed->error)
		return true;
	g_propagate_error(error, g_steal_pointer(&failed->error));
	return false;
}

// All was delivered, and the end came while it was removed. A directory that somebody names may be
// anything.
static bool end_removal(const LfCmd *cmd, const char *dir, GError **error)
{
	if (!cmd->dir || lf_kept_is_rest(dir))
		return lf_kept_remove(dir, error);
	return lf_throw(error, LF_ERROR_INPUT,
			"there is no report in '%s': it has no '" LF_KEEP_CONFIG "'", dir);
}

static bool open_dir(const char *dir, int *ret_fd, GError **error)
{
	if (g_file_test(dir, G_FILE_TEST_IS_DIR))
		return lf_openat(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY, 0, ret_fd, error);
	return lf_throw(error, LF_ERROR_INPUT,
			"there is no directory '%s': every report was delivered, or '--dir' names "
			"another place",
			dir);
}

int lf_cmd_deliver(const LfCmd *cmd, GError **error)
{
	const char *dir = cmd->dir ? cmd->dir : "/" LF_KEEP_DIR;
	g_autoptr(LfHost) host = lf_cmd_host(cmd, error);
	g_autoptr(LfKept) kept = NULL;
	lf_autofd dir_fd = -1;

	if (!host || !open_dir(dir, &dir_fd, error))
		return 1;
	if (faccessat(dir_fd, LF_KEEP_CONFIG, F_OK, 0) < 0)
		return end_removal(cmd, dir, error) ? 0 : 1;
	kept = lf_kept_load(dir, error);
	if (!kept)
		return 1;
	return tell_booted(host, lf_kept(kept), dir_fd, error) && deliver(kept, dir, dir_fd, error)
		       ? 0
		       : 1;
}
