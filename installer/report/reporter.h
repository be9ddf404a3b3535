#pragma once

#include "base/host.h"
#include "installer/report/post.h"
#include "installer/report/report.h"

/**
 * LfReporter: what carries the events of a run off the machine: `report --url=` and
 * `logging --host=`, each with a courier of its own, so that one that is down does not hold the
 * other.
 */
typedef struct LfReporter LfReporter;

/**
 * LfReporterSpec:
 * @url: (nullable): of `report`
 * @access: (nullable): must outlive the reporter
 * @token: (nullable)
 * @log_host: (nullable), @log_port: of `logging`; 0: the usual port
 * @hostname: (nullable): what the log server calls this machine
 */
typedef struct {
	const char *url;
	const LfHttpAccess *access;
	const LfSecret *token;
	const char *log_host;
	uint32_t log_port;
	const char *hostname;
} LfReporterSpec;

/**
 * lf_reporter_new:
 * @events: must outlive the reporter; what does not work is told there as notes, and stops nothing
 */
LfReporter *lf_reporter_new(const LfHost *host, LfEvents *events, const LfReporterSpec *spec);

/** lf_reporter_flush: waits until all events are delivered, or @timeout_ms are over. Returns:
 * whether all are, also when there is nowhere to deliver to. */
bool lf_reporter_flush(LfReporter *reporter, unsigned timeout_ms);

/**
 * lf_reporter_send_log: sends the installer's log (at most 4 MiB: all of it) to the report's
 * address, once. Does nothing without one, or when it refuses what is sent.
 */
void lf_reporter_send_log(LfReporter *reporter);

void lf_reporter_free(LfReporter *reporter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfReporter, lf_reporter_free)
