// What the installed system needs to deliver the installer's last events, written by the installer.
// Not here: how it is found there and removed (kept.c), where the directory is made (installer/).
#include "installer/report/keep.h"

#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "base/json.h"
#include "installer/report/log.h"

#define MAX_PEM_BYTES  (1024 * 1024)
#define MAX_MARK_BYTES 256

// Not synced, as all of the target: the whole file system is, once.
static bool write_text(int dir_fd, const char *name, const void *text, size_t size, GError **error)
{
	lf_autofd fd = -1;

	return lf_openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600, &fd,
			 error) &&
	       lf_write_all(fd, text, size, error);
}

static bool write_secret(int dir_fd, const char *name, const LfSecret *secret, GError **error)
{
	return write_text(dir_fd, name, lf_secret_data(secret), lf_secret_size(secret), error);
}

// One of them is a key.
static bool copy_file(int dir_fd, const char *from, const char *name, GError **error)
{
	g_autoptr(LfSecret) pem = lf_secret_load(AT_FDCWD, from, MAX_PEM_BYTES, error);

	return pem && write_secret(dir_fd, name, pem, error);
}

static bool write_access(int dir_fd, const LfHttpAccess *access, GError **error)
{
	const struct {
		const char *from, *name;
	} files[] = {
		{ access->ca_file, LF_KEEP_CA },
		{ access->cert_file, LF_KEEP_CERT },
		{ access->key_file, LF_KEEP_KEY },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
		if (files[i].from && !copy_file(dir_fd, files[i].from, files[i].name, error))
			return false;
	return !access->proxy ||
	       write_text(dir_fd, LF_KEEP_PROXY, access->proxy, strlen(access->proxy), error);
}

char *lf_keep_config(const LfKeep *keep)
{
	g_autoptr(json_t) config = json_object();

	lf_json_set_uint(config, "v", 1);
	lf_json_set_string(config, "url", keep->url);
	if (keep->url && keep->access) {
		lf_json_set_string(config, "pin", keep->access->pin);
		lf_json_set_bool(config, "insecure_tls", keep->access->is_insecure_tls);
	}
	lf_json_set_string(config, "log_host", keep->log_host);
	if (keep->log_host) {
		lf_json_set_uint(config, "log_port", keep->log_port);
		lf_json_set_string(config, "hostname", keep->hostname);
	}
	if (keep->machine)
		lf_json_set(config, "machine", json_deep_copy(keep->machine));
	return lf_json_print(config, true);
}

// --- the events ---------------------------------------------------------------------------------

static uint64_t delivered_offset(const LfKeepLog *log, const char *mark, LfLogTail tail)
{
	g_auto(LfLogMark) delivered = { NULL, 0 };

	lf_log_mark_load(log->root_fd, mark, &delivered);
	lf_log_tail_skip(&tail, &delivered);
	return tail.offset;
}

static void skip_delivered(const LfKeep *keep, const LfKeepLog *log, LfLogTail *tail)
{
	const LfLogTail whole = *tail;
	uint64_t report = keep->url ? delivered_offset(log, log->report_mark, whole) : G_MAXUINT64;
	uint64_t logging =
		keep->log_host ? delivered_offset(log, log->logging_mark, whole) : G_MAXUINT64;

	tail->offset = MIN(report, logging);
}

static GString *events_left(const LfKeep *keep, const LfKeepLog *log, const json_t *last)
{
	g_auto(LfLogTail) tail = LF_LOG_TAIL_CLOSED;
	g_autofree char *last_line = lf_json_print(last, false);
	GString *text = g_string_new(NULL);
	json_t *event;

	if (lf_log_tail_open(log->root_fd, log->events, &tail, NULL)) {
		skip_delivered(keep, log, &tail);
		while ((event = lf_log_tail_next(&tail))) {
			g_autofree char *line = lf_json_print(event, false);

			g_string_append_printf(text, "%s\n", line);
			json_decref(event);
		}
	}
	g_string_append_printf(text, "%s\n", last_line);
	return text;
}

// One of both may have more of the events than the other.
static bool copy_marks(int dir_fd, const LfKeepLog *log, GError **error)
{
	const struct {
		const char *from, *name;
	} marks[] = {
		{ log->report_mark, LF_KEEP_REPORT_MARK },
		{ log->logging_mark, LF_KEEP_LOGGING_MARK },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(marks); i++) {
		g_autofree char *text =
			lf_read_text_at(log->root_fd, marks[i].from, MAX_MARK_BYTES, NULL);

		if (text && !write_text(dir_fd, marks[i].name, text, strlen(text), error))
			return false;
	}
	return true;
}

// The configuration is last: without it nothing is delivered.
bool lf_keep_write(int dir_fd, const LfKeep *keep, const LfKeepLog *log, const json_t *last,
		   GError **error)
{
	g_autoptr(GString) events = events_left(keep, log, last);
	g_autofree char *config = lf_keep_config(keep);

	return write_text(dir_fd, LF_KEEP_EVENTS, events->str, events->len, error) &&
	       copy_marks(dir_fd, log, error) &&
	       (!keep->url || !keep->access || write_access(dir_fd, keep->access, error)) &&
	       (!keep->url || !keep->token ||
		write_secret(dir_fd, LF_KEEP_TOKEN, keep->token, error)) &&
	       write_text(dir_fd, LF_KEEP_CONFIG, config, strlen(config), error);
}
