// The events log: appended, bounded, read on, and how far it is delivered.
// Not here: rendering events (base/event), delivering them (courier.c).
#include "installer/report/log.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/json.h"

#define MAX_LINE_BYTES	 (256 * 1024)
#define CHUNK_BYTES	 4096
#define MINOR_MAX_BYTES	 (LF_LOG_MAX_BYTES / 8 * 7)
#define COMPACT_AT_BYTES (LF_LOG_MAX_BYTES / 2)
#define COMPACT_TO_BYTES (LF_LOG_MAX_BYTES / 4)
#define MAX_MARK_BYTES	 256

typedef struct {
	int fd;
	uint64_t size;
	bool is_torn;
} Log;

static void log_free(gpointer data)
{
	Log *log = data;

	lf_close_fd(&log->fd);
	g_free(log);
}

// --- reading ------------------------------------------------------------------------------------

bool lf_log_tail_open(int dir_fd, const char *path, LfLogTail *ret, GError **error)
{
	int fd = -1;

	if (!lf_openat(dir_fd, path, O_RDONLY, 0, &fd, error))
		return false;
	*ret = (LfLogTail){ fd, 0 };
	return true;
}

void lf_log_tail_clear(LfLogTail *tail)
{
	lf_close_fd(&tail->fd);
}

// Steps to behind the next line feed. False when there is none yet, and @tail stays.
static bool take_line(LfLogTail *tail, GString *line, bool *ret_is_whole)
{
	uint64_t at = tail->offset;
	char chunk[CHUNK_BYTES];

	*ret_is_whole = true;
	for (;;) {
		ssize_t n = TEMP_FAILURE_RETRY(pread(tail->fd, chunk, sizeof chunk, (off_t)at));
		const char *end = n > 0 ? memchr(chunk, '\n', (size_t)n) : NULL;
		size_t size = end ? (size_t)(end - chunk) : (size_t)MAX(n, 0);

		if (n <= 0)
			return false;
		if (line->len + size > MAX_LINE_BYTES)
			*ret_is_whole = false;
		else
			g_string_append_len(line, chunk, (gssize)size);
		at += size;
		if (!end)
			continue;
		tail->offset = at + 1;
		return true;
	}
}

json_t *lf_log_tail_next(LfLogTail *tail)
{
	g_autoptr(GString) line = g_string_new(NULL);
	bool is_whole;

	while (take_line(tail, line, &is_whole)) {
		json_t *event = is_whole && line->len > 0
					? lf_json_parse(line->str, line->len, "event", NULL)
					: NULL;

		if (json_is_object(event))
			return event;
		json_decref(event);
		g_string_truncate(line, 0);
	}
	return NULL;
}

// --- how far it is delivered --------------------------------------------------------------------

void lf_log_mark_clear(LfLogMark *mark)
{
	g_clear_pointer(&mark->boot_id, g_free);
}

void lf_log_mark_set(LfLogMark *mark, const json_t *event)
{
	const char *boot_id = json_string_value(json_object_get(event, "boot_id"));
	json_int_t seq = json_integer_value(json_object_get(event, "seq"));

	if (!boot_id || seq <= 0)
		return;
	if (g_strcmp0(mark->boot_id, boot_id) != 0) {
		g_free(mark->boot_id);
		mark->boot_id = g_strdup(boot_id);
	}
	mark->seq = (uint64_t)seq;
}

void lf_log_mark_load(int dir_fd, const char *path, LfLogMark *ret)
{
	g_autofree char *text = lf_read_text_at(dir_fd, path, MAX_MARK_BYTES, NULL);
	const char *blank = text ? strchr(text, ' ') : NULL;
	guint64 seq;

	*ret = (LfLogMark){ NULL, 0 };
	if (!blank || !g_ascii_string_to_unsigned(blank + 1, 10, 1, G_MAXINT64, &seq, NULL))
		return;
	ret->boot_id = g_strndup(text, (gsize)(blank - text));
	ret->seq = seq;
}

bool lf_log_mark_save(int dir_fd, const char *path, const LfLogMark *mark, GError **error)
{
	g_autofree char *text = NULL;

	if (!mark->boot_id)
		return true;
	text = g_strdup_printf("%s %" G_GUINT64_FORMAT "\n", mark->boot_id, mark->seq);
	return lf_write_file_at(dir_fd, path, text, strlen(text), 0600, error);
}

static bool is_behind(const LfLogMark *mark, const json_t *event)
{
	const char *boot_id = json_string_value(json_object_get(event, "boot_id"));
	json_int_t seq = json_integer_value(json_object_get(event, "seq"));

	return g_strcmp0(boot_id, mark->boot_id) == 0 && seq > 0 && (uint64_t)seq <= mark->seq;
}

void lf_log_tail_skip(LfLogTail *tail, const LfLogMark *mark)
{
	uint64_t found = tail->offset;
	json_t *event;

	if (!mark->boot_id)
		return;
	while ((event = lf_log_tail_next(tail))) {
		if (is_behind(mark, event))
			found = tail->offset;
		json_decref(event);
	}
	tail->offset = found;
}

// --- writing ------------------------------------------------------------------------------------

static bool is_minor(const LfEvent *event)
{
	return event->state == LF_EVENT_PROGRESS || event->state == LF_EVENT_NOTE;
}

// A line that could be written only in part is ended, so that the next one is whole.
static void on_event(const LfEvent *event, const char *line, size_t size, void *user_data)
{
	Log *log = user_data;

	if (log->size + size > (is_minor(event) ? MINOR_MAX_BYTES : LF_LOG_MAX_BYTES))
		return;
	if (log->is_torn && lf_write_all(log->fd, "\n", 1, NULL))
		log->is_torn = false;
	if (!lf_write_all(log->fd, line, size, NULL))
		log->is_torn = true;
	log->size += size;
}

static bool is_kept(const json_t *event)
{
	const char *state = json_string_value(json_object_get(event, "state"));

	return g_strcmp0(state, "progress") != 0 && g_strcmp0(state, "note") != 0;
}

// What still fits of the lines that matter, the newest of them.
static GString *compacted(LfLogTail *tail)
{
	GString *kept = g_string_new(NULL);
	json_t *event;

	while ((event = lf_log_tail_next(tail))) {
		g_autofree char *line = is_kept(event) ? lf_json_print(event, false) : NULL;

		if (line)
			g_string_append_printf(kept, "%s\n", line);
		json_decref(event);
		if (kept->len > 2 * COMPACT_TO_BYTES) {
			const char *cut = strchr(kept->str + kept->len - COMPACT_TO_BYTES, '\n');

			g_string_erase(kept, 0, cut + 1 - kept->str);
		}
	}
	return kept;
}

static bool compact(int dir_fd, const char *path, GError **error)
{
	g_auto(LfLogTail) tail = LF_LOG_TAIL_CLOSED;
	g_autoptr(GString) kept = NULL;

	if (!lf_log_tail_open(dir_fd, path, &tail, error))
		return false;
	kept = compacted(&tail);
	return lf_write_file_at(dir_fd, path, kept->str, kept->len, 0600, error);
}

static uint64_t last_seq(int dir_fd, const char *path)
{
	g_auto(LfLogTail) tail = LF_LOG_TAIL_CLOSED;
	json_int_t last = 0;
	json_t *event;

	if (!lf_log_tail_open(dir_fd, path, &tail, NULL))
		return 0;
	while ((event = lf_log_tail_next(&tail))) {
		last = MAX(last, json_integer_value(json_object_get(event, "seq")));
		json_decref(event);
	}
	return (uint64_t)last;
}

// A start that was killed in the middle of a line left it without its end.
static bool ends_torn(int fd, uint64_t size)
{
	char last = '\n';

	return size > 0 && lf_pread_all(fd, &last, 1, size - 1, NULL) && last != '\n';
}

static bool open_log(int dir_fd, const char *path, Log *log, GError **error)
{
	struct stat info;

	if (!lf_openat(dir_fd, path, O_RDWR | O_CREAT | O_APPEND, 0600, &log->fd, error))
		return false;
	if (fstat(log->fd, &info) < 0)
		return lf_throw_errno(error, "cannot look at '%s'", path);
	log->size = (uint64_t)info.st_size;
	log->is_torn = ends_torn(log->fd, log->size);
	return true;
}

bool lf_log_attach(LfEvents *events, int dir_fd, const char *path, GError **error)
{
	struct stat info;
	Log log = { .fd = -1 };

	lf_events_set_seq(events, last_seq(dir_fd, path));
	if (fstatat(dir_fd, path, &info, 0) == 0 && info.st_size > COMPACT_AT_BYTES &&
	    !compact(dir_fd, path, error))
		return false;
	if (!open_log(dir_fd, path, &log, error)) {
		lf_close_fd(&log.fd);
		return false;
	}
	lf_events_listen(events, on_event, g_memdup2(&log, sizeof log), log_free);
	return true;
}
