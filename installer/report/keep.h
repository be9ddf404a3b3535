#pragma once

#include "base/http.h"
#include "base/secret.h"

#include <jansson.h>

/**
 * What is kept on the installed system so that its first boot delivers what the installer could
 * not: a directory (0700) with the events that are left and all that is needed to send them
 * (docs/formats.md, Reports). The last event in it is that of the whole installation. How it is
 * found there is in kept.h.
 */

/** Where it is on the installed system. */
#define LF_KEEP_DIR "var/lib/landfall/report"

/** Files in it: events, what of them is delivered to the report's address and to the log server,
 * and what is needed for that. */
#define LF_KEEP_EVENTS	     "events.jsonl"
#define LF_KEEP_REPORT_MARK  "reported"
#define LF_KEEP_LOGGING_MARK "logged"
#define LF_KEEP_CONFIG	     "config.json"

/** Files in it for the report's address alone; secrets among them. */
#define LF_KEEP_TOKEN "token"
#define LF_KEEP_PROXY "proxy"
#define LF_KEEP_CA    "ca.pem"
#define LF_KEEP_CERT  "client.pem"
#define LF_KEEP_KEY   "client.key"

/**
 * LfKeep: what is kept beside the events.
 * @url: (nullable): of `report`; @access and @token are for it
 * @access: (nullable)
 * @token: (nullable)
 * @log_host: (nullable), @log_port: of `logging`; 0: the usual port
 * @hostname: (nullable): what the log server calls this machine
 * @machine: (nullable): the events' `machine`
 */
typedef struct {
	const char *url;
	const LfHttpAccess *access;
	const LfSecret *token;
	const char *log_host;
	uint32_t log_port;
	const char *hostname;
	const json_t *machine;
} LfKeep;

/**
 * LfKeepLog: the events log of the installer, and what of it is delivered to whom. All are relative
 * to @root_fd.
 */
typedef struct {
	int root_fd;
	const char *events, *report_mark, *logging_mark;
} LfKeepLog;

/**
 * lf_keep_write:
 * @dir_fd: the directory, which exists
 * @log: what is left of it, for the one of both that has least, is copied
 * @last: the event of the whole installation, as it is known now
 *
 * Errors: IO.
 */
bool lf_keep_write(int dir_fd, const LfKeep *keep, const LfKeepLog *log, const json_t *last,
		   GError **error);

/**
 * lf_keep_config: (transfer full): what LF_KEEP_CONFIG says; it holds no secret.
 */
char *lf_keep_config(const LfKeep *keep);
