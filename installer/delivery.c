// The reports of one run: where they go, the final one, and what the first boot delivers.
// Not here: how they travel (installer/report), what happened (cmd-install.c).
#include "installer/delivery.h"

#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "base/runtime.h"
#include "installer/apply/efi.h"
#include "installer/apply/efivars.h"
#include "installer/apply/tree.h"
#include "installer/report/keep.h"
#include "installer/report/sign.h"

#define END_PATIENCE_MS	 10000
#define KEEP_PATIENCE_MS 2000
// The final event's number is known before it happens. No more events than this come before it.
#define RESERVED_EVENTS 10000

struct LfDelivery {
	const LfHost *host;
	LfEvents *events;
	const LfProfile *profile; /* nullable: not started */
	const LfHttpAccess *access;
	LfSecret *token;
	LfReporter *reporter;
	json_t *data;
	gint64 started_us;
	uint64_t final_seq; /* 0: not promised */
};

LfDelivery *lf_delivery_new(const LfHost *host, LfEvents *events)
{
	LfDelivery *delivery = g_new0(LfDelivery, 1);

	delivery->host = host;
	delivery->events = events;
	delivery->data = json_object();
	delivery->started_us = g_get_monotonic_time();
	return delivery;
}

static LfSecret *load_token(const char *name, LfFileLoad load, void *load_data, GError **error)
{
	g_autoptr(GBytes) bytes = load(name, load_data, error);
	LfSecret *token;
	gsize size;

	if (!bytes)
		return NULL;
	token = lf_secret_new(g_bytes_get_data(bytes, &size), g_bytes_get_size(bytes));
	// Nobody else has these bytes.
	lf_wipe((void *)(uintptr_t)g_bytes_get_data(bytes, NULL), size);
	return token;
}

static const char *hostname_of(const LfProfile *profile)
{
	const char *hostname = NULL;

	for (guint i = 0; i < profile->networks->len; i++) {
		const LfNetwork *network = g_ptr_array_index(profile->networks, i);

		if (network->hostname)
			hostname = network->hostname;
	}
	return hostname;
}

void lf_delivery_start(LfDelivery *delivery, const LfProfile *profile, const LfHttpAccess *access,
		       LfFileLoad load, void *load_data)
{
	g_autoptr(GError) error = NULL;
	LfReporterSpec spec = { .url = profile->report_url,
				.access = access,
				.log_host = profile->log_host,
				.log_port = profile->log_port,
				.hostname = hostname_of(profile) };

	delivery->profile = profile;
	delivery->access = access;
	if (spec.url && profile->report_token) {
		delivery->token = load_token(profile->report_token, load, load_data, &error);
		if (!delivery->token) {
			lf_events_note(delivery->events, "report",
				       "nothing is sent, the token cannot be read: %s",
				       error->message);
			spec.url = NULL;
		}
	}
	spec.token = delivery->token;
	delivery->reporter = lf_reporter_new(delivery->host, delivery->events, &spec);
}

json_t *lf_delivery_data(LfDelivery *delivery)
{
	return delivery->data;
}

// --- the final report ---------------------------------------------------------------------------

// The event as it will be, but for its number, signed as a whole.
static char *sign_event(const LfDelivery *delivery, const LfEvent *event, GError **error)
{
	const LfHttpAccess *access = delivery->access;
	g_autoptr(json_t) report = lf_event_to_json(delivery->events, event);
	g_autofree char *text = NULL;

	json_object_del(report, "seq");
	text = lf_json_print(report, false);
	return lf_sign_text(text, strlen(text), access->cert_file, access->key_file, error);
}

static void add_signature(const LfDelivery *delivery, json_t *data, const char *next)
{
	LfEvent event = { .step = "install",
			  .state = LF_EVENT_DONE,
			  .title = "install",
			  .next = next,
			  .data = data };
	g_autoptr(GError) error = NULL;
	g_autofree char *signature = NULL;

	if (!delivery->access || !delivery->access->cert_file || !delivery->access->key_file)
		return;
	signature = sign_event(delivery, &event, &error);
	if (signature)
		lf_json_set_string(data, "signed", signature);
	else
		lf_events_note(delivery->events, "report", "the final report is not signed: %s",
			       error->message);
}

static json_t *all_data(const LfDelivery *delivery, const json_t *report)
{
	json_t *data = json_object();
	gint64 spent_us = g_get_monotonic_time() - delivery->started_us;

	if (report)
		json_object_update(data, (json_t *)(uintptr_t)report);
	json_object_update(data, delivery->data);
	lf_json_set_string(data, "version", LF_VERSION);
	lf_json_set_uint(data, "duration_ms", (uint64_t)spent_us / 1000);
	return data;
}

void lf_delivery_done(LfDelivery *delivery, const LfPlan *plan, const json_t *report)
{
	g_autoptr(json_t) data = all_data(delivery, report);

	add_signature(delivery, data, lf_report_finish_name(plan->finish));
	if (delivery->final_seq)
		lf_events_set_seq(delivery->events, delivery->final_seq - 1);
	lf_report_done(delivery->events, delivery->host, plan, data);
	if (delivery->reporter)
		(void)lf_reporter_flush(delivery->reporter, END_PATIENCE_MS);
}

// A machine whose firmware has no variables, or no other entry, starts what it likes.
static void leave_medium(const LfDelivery *delivery)
{
	g_autoptr(GError) error = NULL;
	lf_autofd dir_fd = -1;
	bool has_left = false;

	if (!lf_openat(delivery->host->root_fd, &LF_EFIVARS[1], O_RDONLY | O_DIRECTORY, 0, &dir_fd,
		       NULL))
		return;
	if (!lf_efi_leave_medium(dir_fd, &has_left, &error))
		lf_events_note(delivery->events, "install", "the medium may start again: %s",
			       error->message);
	else if (has_left)
		lf_events_note(delivery->events, "install",
			       "the next start is that of the firmware's next entry");
}

void lf_delivery_failed(LfDelivery *delivery, const GError *cause, const json_t *report)
{
	const char *next = lf_report_next(delivery->events, delivery->host, cause);
	g_autoptr(json_t) data = all_data(delivery, report);

	if (g_strcmp0(next, "reboot") == 0)
		leave_medium(delivery);
	lf_report_failed(delivery->events, cause, next, data);
	if (!delivery->reporter || !lf_reporter_flush(delivery->reporter, END_PATIENCE_MS))
		return;
	if (g_strcmp0(next, "retry") != 0)
		lf_reporter_send_log(delivery->reporter);
}

// --- what the first boot delivers ---------------------------------------------------------------

static bool open_dir(int root_fd, int *ret_fd, GError **error)
{
	g_autofree char *parent = g_path_get_dirname(LF_KEEP_DIR);

	return lf_tree_mkdirs(root_fd, parent, 0755, error) &&
	       lf_tree_mkdirs(root_fd, LF_KEEP_DIR, 0700, error) &&
	       lf_tree_open(root_fd, LF_KEEP_DIR, O_RDONLY | O_DIRECTORY, 0, ret_fd, error);
}

// The final event as it will be when all goes well from here: only then the system boots.
static json_t *final_event(LfDelivery *delivery, const json_t *report)
{
	const char *next = lf_report_finish_name(delivery->profile->finish);
	g_autoptr(json_t) data = all_data(delivery, report);
	LfEvent event = { .step = "install",
			  .state = LF_EVENT_DONE,
			  .title = "install",
			  .next = next,
			  .data = data };
	json_t *object;

	add_signature(delivery, data, next);
	delivery->final_seq = lf_events_seq(delivery->events) + RESERVED_EVENTS;
	object = lf_event_to_json(delivery->events, &event);
	lf_json_set_uint(object, "seq", delivery->final_seq);
	return object;
}

bool lf_delivery_keep(int root_fd, const json_t *report, void *user_data, GError **error)
{
	LfDelivery *delivery = user_data;
	g_autoptr(json_t) last = NULL;
	lf_autofd dir_fd = -1;
	LfKeep keep;

	if (!delivery->profile || !delivery->profile->report_url)
		return true;
	// What arrives now need not be sent again.
	(void)lf_reporter_flush(delivery->reporter, KEEP_PATIENCE_MS);
	last = final_event(delivery, report);
	keep = (LfKeep){ delivery->profile->report_url, delivery->access, delivery->token,
			 json_object_get(last, "machine") };
	return open_dir(root_fd, &dir_fd, error) &&
	       lf_keep_write(dir_fd, &keep, delivery->host->root_fd, LF_EVENTS_LOG, LF_REPORT_MARK,
			     last, error);
}

void lf_delivery_free(LfDelivery *delivery)
{
	if (!delivery)
		return;
	lf_reporter_free(delivery->reporter);
	lf_secret_free(delivery->token);
	json_decref(delivery->data);
	g_free(delivery);
}
