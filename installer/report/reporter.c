// The couriers of a run: started from what the profile says, flushed and ended together.
// Not here: how a courier works (courier.c), how a batch travels (post.c, syslog.c).
#include "installer/report/reporter.h"

#include "base/fd.h"
#include "base/runtime.h"
#include "installer/report/courier.h"
#include "installer/report/syslog.h"

// landfall-init lets it grow no further.
#define MAX_LOG_BYTES (4 * 1024 * 1024)

struct LfReporter {
	const LfHost *host;
	LfEvents *events;
	LfPoster *poster;
	LfCourier *report;
	LfSyslog *syslog;
	LfCourier *logging;
};

static LfCourier *start(LfReporter *reporter, const char *name, const char *mark,
			LfCourierSend send, void *user_data)
{
	LfCourierSpec spec = { .name = name,
			       .dir_fd = reporter->host->root_fd,
			       .log = LF_EVENTS_LOG,
			       .mark = mark,
			       .events = reporter->events,
			       .send = send,
			       .user_data = user_data };
	g_autoptr(GError) error = NULL;
	LfCourier *courier = lf_courier_start(&spec, &error);

	if (!courier)
		lf_events_note(reporter->events, name, "nothing is sent: %s", error->message);
	return courier;
}

static void start_report(LfReporter *reporter, const LfReporterSpec *spec)
{
	g_autoptr(GError) error = NULL;

	reporter->poster = lf_poster_new(spec->url, spec->access, spec->token, &error);
	if (reporter->poster)
		reporter->report =
			start(reporter, "report", LF_REPORT_MARK, lf_poster_send, reporter->poster);
	else
		lf_events_note(reporter->events, "report", "nothing is sent: %s", error->message);
}

LfReporter *lf_reporter_new(const LfHost *host, LfEvents *events, const LfReporterSpec *spec)
{
	LfReporter *reporter = g_new0(LfReporter, 1);

	reporter->host = host;
	reporter->events = events;
	if (spec->url)
		start_report(reporter, spec);
	if (spec->log_host) {
		reporter->syslog = lf_syslog_new(spec->log_host, spec->log_port, spec->hostname);
		reporter->logging = start(reporter, "logging", LF_LOGGING_MARK, lf_syslog_send,
					  reporter->syslog);
	}
	return reporter;
}

bool lf_reporter_flush(LfReporter *reporter, unsigned timeout_ms)
{
	LfCourier *couriers[] = { reporter->report, reporter->logging };
	gint64 end_us = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
	bool is_all = true;

	for (size_t i = 0; i < G_N_ELEMENTS(couriers); i++) {
		gint64 left_us = MAX(end_us - g_get_monotonic_time(), 0);

		if (couriers[i] && !lf_courier_flush(couriers[i], (unsigned)(left_us / 1000)))
			is_all = false;
	}
	return is_all;
}

void lf_reporter_send_log(LfReporter *reporter)
{
	g_autoptr(GBytes) text = NULL;
	g_autoptr(json_t) last = NULL;
	g_autoptr(GError) error = NULL;

	if (!reporter->report || lf_courier_has_given_up(reporter->report))
		return;
	text = lf_read_tail_at(reporter->host->root_fd, LF_RUN_LOG, MAX_LOG_BYTES, NULL);
	last = lf_event_to_json(reporter->events, &(LfEvent){ .step = "report" });
	if (text && g_bytes_get_size(text) > 0 &&
	    !lf_poster_send_log(reporter->poster, json_object_get(last, "machine"), text, &error))
		lf_events_note(reporter->events, "report", "the log is not sent: %s",
			       error->message);
}

void lf_reporter_free(LfReporter *reporter)
{
	if (!reporter)
		return;
	lf_courier_free(reporter->report);
	lf_courier_free(reporter->logging);
	lf_poster_free(reporter->poster);
	lf_syslog_free(reporter->syslog);
	g_free(reporter);
}
