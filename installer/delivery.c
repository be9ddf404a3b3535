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
#include "installer/orders/access.h"
#include "installer/report/keep.h"
#include "installer/report/sign.h"

#define END_PATIENCE_MS	 10000
#define KEEP_PATIENCE_MS 2000
#define MAX_TOKEN_BYTES	 4096
// The final event's number is known before it happens. No more events than this come before it.
#define RESERVED_EVENTS 10000

struct LfDelivery {
	const LfHost *host;
	LfEvents *events;
	char *url, *token_name, *log_host, *hostname; /* nullable */
	uint32_t log_port;
	LfFinish finish;
	const LfHttpAccess *access;
	LfSecret *token;
	LfReporter *reporter; /* NULL: not started */
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

// A file of the seed, wherever the kickstart came from.
static LfSecret *load_token(const LfDelivery *delivery, const char *name, GError **error)
{
	g_autofree char *path = lf_access_seed_path(name);

	if (!path)
		return lf_throw_null(error, LF_ERROR_INPUT, "'%s' is no file of the seed", name);
	return lf_secret_load(delivery->host->root_fd, path, MAX_TOKEN_BYTES, error);
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

static bool is_same(const LfDelivery *delivery, const LfProfile *profile)
{
	return delivery->reporter && g_strcmp0(delivery->url, profile->report_url) == 0 &&
	       g_strcmp0(delivery->token_name, profile->report_token) == 0 &&
	       g_strcmp0(delivery->log_host, profile->log_host) == 0 &&
	       delivery->log_port == profile->log_port;
}

static void forget(LfDelivery *delivery)
{
	g_clear_pointer(&delivery->reporter, lf_reporter_free);
	g_clear_pointer(&delivery->token, lf_secret_free);
	g_clear_pointer(&delivery->url, g_free);
	g_clear_pointer(&delivery->token_name, g_free);
	g_clear_pointer(&delivery->log_host, g_free);
	g_clear_pointer(&delivery->hostname, g_free);
}

static void remember(LfDelivery *delivery, const LfProfile *profile)
{
	g_autoptr(GError) error = NULL;

	forget(delivery);
	delivery->url = g_strdup(profile->report_url);
	delivery->token_name = g_strdup(profile->report_token);
	delivery->log_host = g_strdup(profile->log_host);
	delivery->log_port = profile->log_port;
	delivery->hostname = g_strdup(hostname_of(profile));
	if (!delivery->url || !delivery->token_name)
		return;
	delivery->token = load_token(delivery, delivery->token_name, &error);
	if (delivery->token)
		return;
	lf_events_note(delivery->events, "report", "nothing is sent, the token cannot be read: %s",
		       error->message);
	g_clear_pointer(&delivery->url, g_free);
}

void lf_delivery_start(LfDelivery *delivery, const LfProfile *profile, const LfHttpAccess *access)
{
	LfReporterSpec spec;

	delivery->finish = profile->finish;
	if (is_same(delivery, profile))
		return;
	remember(delivery, profile);
	delivery->access = access;
	spec = (LfReporterSpec){ .url = delivery->url,
				 .access = access,
				 .token = delivery->token,
				 .log_host = delivery->log_host,
				 .log_port = delivery->log_port,
				 .hostname = delivery->hostname };
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
	const char *next = lf_report_finish_name(delivery->finish);
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
	LfKeep keep = { .url = delivery->url,
			.access = delivery->access,
			.token = delivery->token,
			.log_host = delivery->log_host,
			.log_port = delivery->log_port,
			.hostname = delivery->hostname };
	LfKeepLog log = { delivery->host->root_fd, LF_EVENTS_LOG, LF_REPORT_MARK, LF_LOGGING_MARK };

	if (!delivery->reporter || (!delivery->url && !delivery->log_host))
		return true;
	// What arrives now need not be sent again.
	(void)lf_reporter_flush(delivery->reporter, KEEP_PATIENCE_MS);
	last = final_event(delivery, report);
	keep.machine = json_object_get(last, "machine");
	return open_dir(root_fd, &dir_fd, error) && lf_keep_write(dir_fd, &keep, &log, last, error);
}

void lf_delivery_free(LfDelivery *delivery)
{
	if (!delivery)
		return;
	forget(delivery);
	json_decref(delivery->data);
	g_free(delivery);
}
