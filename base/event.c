// One event, three renderings: a person's screen, a plain log line, a JSON line.
// Not here: what happened (callers), and sending events to a server (listeners).
#include "base/event.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/text.h"

#define PROGRESS_INTERVAL_MS 200
#define WRITE_PATIENCE_MS    250
#define DEFAULT_COLUMNS	     80
#define MAX_COLUMNS	     200
#define MAX_BAR_CELLS	     40
#define MIN_BAR_CELLS	     8
#define MIN_SPEED_SECONDS    1
#define MAX_LEFT_SECONDS     (100 * 60 * 60)
#define MAX_TIME_S	     253402300799 /* the last second of the year 9999 */

typedef struct {
	LfEventListener call;
	void *user_data;
	GDestroyNotify destroy;
} Listener;

typedef struct {
	LfSinkKind kind;
	int fd;
	bool is_line_torn; /* the last write stopped in the middle of a line */
	int last_tenth;	   /* of progress, for plain sinks; -1: none of this step yet */
} Sink;

struct LfEvents {
	GMutex lock; /* over all that follows */
	uint64_t (*now_ms)(void);
	uint64_t seq; /* of the last event */
	char *boot_id, *serial, *uuid, *mac;
	GPtrArray *marks;
	GArray *sinks;
	GArray *listeners;
	char *progress_step;
	gint64 step_us;	     /* when its progress began */
	uint64_t step_bytes; /* what it had then */
	uint64_t last_progress_ms;
	bool has_progress;
};

typedef struct {
	const char *word;  /* in JSON and plain lines */
	const char *label; /* in front of a finished line on a screen */
	const char *colour;
} StateLook;

static const StateLook looks[] = {
	[LF_EVENT_STARTED] = { "started", NULL, NULL },
	[LF_EVENT_PROGRESS] = { "progress", NULL, NULL },
	[LF_EVENT_DONE] = { "done", "[ ok ]", "\033[32m" },
	[LF_EVENT_FAILED] = { "failed", "[fail]", "\033[1;31m" },
	[LF_EVENT_NOTE] = { "note", "[note]", "\033[33m" },
};

static void sink_clear(gpointer data)
{
	Sink *sink = data;

	lf_close_fd(&sink->fd);
}

static void listener_clear(gpointer data)
{
	Listener *listener = data;

	if (listener->destroy)
		listener->destroy(listener->user_data);
}

LfEvents *lf_events_new(uint64_t (*now_ms)(void))
{
	LfEvents *events = g_new0(LfEvents, 1);

	events->now_ms = now_ms;
	events->marks = g_ptr_array_new_with_free_func(g_free);
	events->sinks = g_array_new(FALSE, TRUE, sizeof(Sink));
	g_array_set_clear_func(events->sinks, sink_clear);
	events->listeners = g_array_new(FALSE, TRUE, sizeof(Listener));
	g_array_set_clear_func(events->listeners, listener_clear);
	g_mutex_init(&events->lock);
	return events;
}

static void replace_text(char **place, const char *text)
{
	char *copy = g_strdup(text);

	g_free(*place);
	*place = copy;
}

void lf_events_set_source(LfEvents *events, const LfEventSource *source)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&events->lock);

	replace_text(&events->boot_id, source->boot_id);
	replace_text(&events->serial, source->serial);
	replace_text(&events->uuid, source->uuid);
	replace_text(&events->mac, source->mac);
}

void lf_events_set_seq(LfEvents *events, uint64_t last)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&events->lock);

	events->seq = MAX(events->seq, last);
}

uint64_t lf_events_seq(LfEvents *events)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&events->lock);

	return events->seq;
}

void lf_events_mark(LfEvents *events, const char *mark)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&events->lock);

	for (guint i = 0; i < events->marks->len; i++)
		if (g_str_equal(events->marks->pdata[i], mark))
			return;
	g_ptr_array_add(events->marks, g_strdup(mark));
}

// A terminal or pipe gets an open file of our own, so that O_NONBLOCK does not spread to the
// program that gave us the descriptor. What cannot be opened again stays as it is.
static int own_nonblocking(int fd)
{
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
	struct stat info;
	int own;

	if (fstat(fd, &info) < 0 || !(S_ISCHR(info.st_mode) || S_ISFIFO(info.st_mode)))
		return fd;
	own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (own < 0)
		return fd;
	close(fd);
	return own;
}

void lf_events_add_sink(LfEvents *events, LfSinkKind kind, int fd)
{
	Sink sink = { kind, own_nonblocking(fd), false, -1 };
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&events->lock);

	g_array_append_val(events->sinks, sink);
}

void lf_events_listen(LfEvents *events, LfEventListener call, void *user_data,
		      GDestroyNotify destroy)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&events->lock);
	Listener listener = { call, user_data, destroy };

	g_array_append_val(events->listeners, listener);
}

void lf_events_unlisten(LfEvents *events, LfEventListener call, void *user_data)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&events->lock);

	for (guint i = events->listeners->len; i > 0; i--) {
		const Listener *one = &g_array_index(events->listeners, Listener, i - 1);

		if (one->call == call && one->user_data == user_data)
			g_array_remove_index(events->listeners, i - 1);
	}
}

// --- writing ------------------------------------------------------------------------------------

// A reader that went away must not kill the program: the signal of this one write is taken back.
static ssize_t write_without_signal(int fd, const char *data, size_t size)
{
	const struct timespec at_once = { 0, 0 };
	sigset_t pipe_signal, before, pending;
	bool was_pending;
	int saved_errno;
	ssize_t n;

	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	sigpending(&pending);
	was_pending = sigismember(&pending, SIGPIPE) == 1;
	pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
	n = write(fd, data, size);
	saved_errno = errno;
	if (n < 0 && saved_errno == EPIPE && !was_pending)
		(void)TEMP_FAILURE_RETRY(sigtimedwait(&pipe_signal, NULL, &at_once));
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = saved_errno;
	return n;
}

static bool wait_writable(int fd, gint64 deadline_us)
{
	gint64 left_ms = (deadline_us - g_get_monotonic_time()) / 1000;
	struct pollfd item = { fd, POLLOUT, 0 };

	if (left_ms <= 0)
		return false;
	return poll(&item, 1, (int)left_ms) > 0 && (item.revents & POLLOUT);
}

// Writes what the sink takes within its patience; returns the number of bytes that went out.
static size_t write_patiently(int fd, const char *data, size_t size)
{
	gint64 deadline_us = g_get_monotonic_time() + WRITE_PATIENCE_MS * 1000;
	size_t done = 0;

	while (done < size) {
		ssize_t n;

		if (!wait_writable(fd, deadline_us))
			break;
		// A pipe that polls as writable takes this much without blocking.
		n = write_without_signal(fd, data + done, MIN(size - done, 512));
		if (n > 0)
			done += (size_t)n;
		else if (n < 0 && errno != EAGAIN && errno != EINTR)
			break;
	}
	return done;
}

static void sink_write(Sink *sink, const GString *line)
{
	size_t done;

	if (line->len == 0)
		return;
	if (sink->is_line_torn && write_patiently(sink->fd, "\n", 1) != 1)
		return;
	done = write_patiently(sink->fd, line->str, line->len);
	sink->is_line_torn = done > 0 && done < line->len;
}

// --- text ---------------------------------------------------------------------------------------

// A line break is kept only as @line_break: screens show several lines, logs one.
static void append_escaped(GString *out, const char *text, const char *line_break)
{
	g_autofree char *harmless = lf_text_escape(text, line_break);

	g_string_append(out, harmless);
}

static char *time_text(uint64_t now_ms)
{
	uint64_t seconds = MIN(now_ms / 1000, (uint64_t)MAX_TIME_S);
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc((gint64)seconds);
	g_autofree char *to_seconds = g_date_time_format(time, "%Y-%m-%dT%H:%M:%S");

	return g_strdup_printf("%s.%03uZ", to_seconds, (unsigned)(now_ms % 1000));
}

static unsigned percent_of(const LfEvent *event)
{
	if (event->total == 0)
		return 0;
	return (unsigned)((long double)MIN(event->bytes, event->total) * 100 / event->total);
}

static const char *title_of(const LfEvent *event)
{
	return event->title ? event->title : event->step;
}

static void append_sizes(GString *out, const LfEvent *event)
{
	g_autofree char *done = g_format_size_full(event->bytes, G_FORMAT_SIZE_IEC_UNITS);
	g_autofree char *total = g_format_size_full(event->total, G_FORMAT_SIZE_IEC_UNITS);
	g_autoptr(GString) text = g_string_new(done);

	if (event->total > 0)
		g_string_append_printf(text, " of %s", total);
	// GLib puts a no-break space before the unit, which old consoles do not show.
	for (const char *c = text->str; *c; c = g_utf8_next_char(c)) {
		gunichar u = g_utf8_get_char(c);

		g_string_append_unichar(out, u == 0xa0 ? ' ' : u);
	}
}

static void append_marks(GString *out, const LfEvents *events)
{
	for (guint i = 0; i < events->marks->len; i++) {
		g_string_append(out, " [");
		append_escaped(out, events->marks->pdata[i], " ");
		g_string_append_c(out, ']');
	}
}

// Everything a person wants to know beyond the title, as "part<separator>part".
static void append_details(GString *out, const LfEvent *event, const char *separator,
			   const char *line_break)
{
	const struct {
		const char *label;
		const char *text;
	} parts[] = {
		{ "", event->message },
		{ "", event->error ? event->error->message : NULL },
		{ "what to do: ", event->error ? lf_error_class(event->error)->advice : NULL },
		{ "next: ", event->next },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
		if (!parts[i].text || !*parts[i].text)
			continue;
		g_string_append(out, separator);
		g_string_append(out, parts[i].label);
		append_escaped(out, parts[i].text, line_break);
	}
}

// --- plain lines --------------------------------------------------------------------------------

// True when this progress event is worth a line: a new tenth was reached.
static bool takes_tenth(Sink *sink, const LfEvent *event)
{
	int tenth = (int)percent_of(event) / 10;

	if (event->total == 0 || tenth <= sink->last_tenth)
		return false;
	sink->last_tenth = tenth;
	return true;
}

static void render_plain_line(GString *out, const LfEvents *events, const LfEvent *event,
			      uint64_t now_ms)
{
	g_autofree char *time = time_text(now_ms);

	g_string_append_printf(out, "%s ", time);
	append_escaped(out, event->step, " ");
	g_string_append_printf(out, " %s", looks[event->state].word);
	if (event->state == LF_EVENT_PROGRESS) {
		g_string_append_printf(out, " %u%% ", percent_of(event));
		append_sizes(out, event);
	} else if (event->title) {
		g_string_append(out, ": ");
		append_escaped(out, event->title, " ");
	}
	if (event->error)
		g_string_append_printf(out, ": error class '%s'",
				       lf_error_class(event->error)->name);
	append_details(out, event, "; ", "\\n");
	append_marks(out, events);
	g_string_append_c(out, '\n');
}

// The lines of a note are lines here too, each with what every line begins with.
static void render_plain_note(GString *out, const LfEvents *events, const LfEvent *event,
			      uint64_t now_ms)
{
	g_auto(GStrv) lines = g_strsplit(event->message, "\n", -1);

	for (char **line = lines; *line; line++) {
		LfEvent one = *event;

		one.message = *line;
		if (**line || !lines[1])
			render_plain_line(out, events, &one, now_ms);
	}
}

static void render_plain(GString *out, Sink *sink, const LfEvents *events, const LfEvent *event,
			 uint64_t now_ms)
{
	if (event->state == LF_EVENT_PROGRESS && !takes_tenth(sink, event))
		return;
	if (event->state != LF_EVENT_PROGRESS)
		sink->last_tenth = 0;
	if (event->state == LF_EVENT_NOTE && event->message && *event->message)
		render_plain_note(out, events, event, now_ms);
	else
		render_plain_line(out, events, event, now_ms);
}

// --- a person's screen --------------------------------------------------------------------------

static glong columns_of(int fd)
{
	struct winsize size = { 0 };

	if (ioctl(fd, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return DEFAULT_COLUMNS;
	return MIN(size.ws_col, MAX_COLUMNS);
}

// Cuts a line that would wrap: only a line that did not wrap can be drawn over.
static void cut_to_columns(GString *line, glong columns)
{
	if (g_utf8_strlen(line->str, -1) < columns)
		return;
	g_string_truncate(line,
			  (gsize)(g_utf8_offset_to_pointer(line->str, columns - 1) - line->str));
}

// How fast, and how long it takes from here, once there is something to reckon with.
static void append_speed(GString *line, const LfEvents *events, const LfEvent *event)
{
	double seconds = (double)(g_get_monotonic_time() - events->step_us) / G_USEC_PER_SEC;
	double done = (double)event->bytes - (double)events->step_bytes;
	double left = (double)event->total - (double)event->bytes;

	if (seconds < MIN_SPEED_SECONDS || done <= 0)
		return;
	g_string_append_printf(line, ", %.1f MiB/s", done / seconds / (1 << 20));
	left = left * seconds / done;
	if (event->total > event->bytes && left < MAX_LEFT_SECONDS)
		g_string_append_printf(line, ", %u:%02u left", (unsigned)left / 60,
				       (unsigned)left % 60);
}

// Fills what is left of the line, so that a long title costs cells and not the numbers.
static void append_bar(GString *line, const LfEvent *event, glong columns)
{
	glong room = columns - g_utf8_strlen(line->str, -1) - 4;
	glong cells = MIN(room, MAX_BAR_CELLS);
	glong filled = cells * (glong)percent_of(event) / 100;

	if (event->total == 0 || cells < MIN_BAR_CELLS)
		return;
	g_string_append(line, " [");
	for (glong i = 0; i < cells; i++)
		g_string_append_c(line, i < filled ? '#' : '.');
	g_string_append_c(line, ']');
}

// The line of a running step: no line break, so that the next one is drawn over it.
static void render_running(GString *out, const Sink *sink, const LfEvents *events,
			   const LfEvent *event)
{
	g_autoptr(GString) line = g_string_new(NULL);
	glong columns = columns_of(sink->fd);

	if (event->total > 0)
		g_string_append_printf(line, "[%3u%%] ", percent_of(event));
	else
		g_string_append(line, "[    ] ");
	append_escaped(line, title_of(event), " ");
	append_marks(line, events);
	if (event->state == LF_EVENT_PROGRESS) {
		g_string_append_c(line, ' ');
		append_sizes(line, event);
		append_speed(line, events, event);
		append_bar(line, event, columns);
	}
	cut_to_columns(line, columns);
	g_string_append(out, line->str);
}

static void render_terminal(GString *out, const Sink *sink, const LfEvents *events,
			    const LfEvent *event)
{
	const StateLook *look = &looks[event->state];

	g_string_append(out, "\r\033[K");
	if (event->state == LF_EVENT_STARTED || event->state == LF_EVENT_PROGRESS) {
		render_running(out, sink, events, event);
		return;
	}
	g_string_append_printf(out, "%s%s\033[0m ", look->colour, look->label);
	append_escaped(out, title_of(event), " ");
	if (event->error)
		g_string_append_printf(out, " (%s)", lf_error_class(event->error)->name);
	append_marks(out, events);
	append_details(out, event, "\n       ", "\n         ");
	g_string_append_c(out, '\n');
}

// --- JSON ---------------------------------------------------------------------------------------

static json_t *machine_to_json(const LfEvents *events)
{
	json_t *machine = json_object();

	lf_json_set_string(machine, "serial", events->serial);
	lf_json_set_string(machine, "uuid", events->uuid);
	lf_json_set_string(machine, "mac", events->mac);
	return machine;
}

static json_t *error_to_json(const GError *error)
{
	const LfErrorClass *class = lf_error_class(error);
	json_t *object = json_object();

	lf_json_set_string(object, "class", class->name);
	lf_json_set_string(object, "message", error->message);
	lf_json_set_string(object, "advice", class->advice);
	return object;
}

static void set_progress(json_t *object, const LfEvent *event)
{
	if (event->bytes > 0 || event->state == LF_EVENT_PROGRESS)
		lf_json_set_uint(object, "bytes", event->bytes);
	if (event->total > 0) {
		lf_json_set_uint(object, "total", event->total);
		lf_json_set_uint(object, "percent", percent_of(event));
	}
}

static json_t *marks_to_json(const LfEvents *events)
{
	json_t *marks = json_array();

	for (guint i = 0; i < events->marks->len; i++) {
		g_autofree char *text = g_utf8_make_valid(events->marks->pdata[i], -1);

		lf_json_append(marks, json_string(text));
	}
	return marks;
}

static json_t *event_to_json(const LfEvents *events, const LfEvent *event, uint64_t seq,
			     uint64_t now_ms)
{
	g_autofree char *time = time_text(now_ms);
	json_t *object = json_object();

	lf_json_set_uint(object, "v", 1);
	lf_json_set_string(object, "time", time);
	lf_json_set_string(object, "boot_id", events->boot_id);
	lf_json_set_uint(object, "seq", seq);
	lf_json_set(object, "machine", machine_to_json(events));
	lf_json_set_string(object, "step", event->step);
	lf_json_set_string(object, "state", looks[event->state].word);
	lf_json_set_string(object, "title", title_of(event));
	lf_json_set_string(object, "message", event->message);
	set_progress(object, event);
	if (event->error)
		lf_json_set(object, "error", error_to_json(event->error));
	lf_json_set_string(object, "next", event->next);
	if (events->marks->len > 0)
		lf_json_set(object, "marks", marks_to_json(events));
	if (event->data)
		lf_json_set(object, "data", json_incref(event->data));
	return object;
}

json_t *lf_event_to_json(LfEvents *events, const LfEvent *event)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&events->lock);

	return event_to_json(events, event, events->seq + 1, events->now_ms());
}

static GString *render_json(const LfEvents *events, const LfEvent *event, uint64_t now_ms)
{
	g_autoptr(json_t) object = event_to_json(events, event, events->seq, now_ms);
	g_autofree char *text = lf_json_print(object, false);
	GString *line = g_string_new(text);

	g_string_append_c(line, '\n');
	return line;
}

// --- emitting -----------------------------------------------------------------------------------

// A clock that was set back (time synchronisation) must not silence progress.
static bool is_too_soon(LfEvents *events, const LfEvent *event, uint64_t now_ms)
{
	if (event->state != LF_EVENT_PROGRESS)
		return false;
	if (events->has_progress && now_ms >= events->last_progress_ms &&
	    now_ms - events->last_progress_ms < PROGRESS_INTERVAL_MS)
		return true;
	events->has_progress = true;
	events->last_progress_ms = now_ms;
	return false;
}

// Progress of another step starts at its own first tenth.
static void note_step(LfEvents *events, const LfEvent *event)
{
	if (event->state != LF_EVENT_PROGRESS || g_strcmp0(events->progress_step, event->step) == 0)
		return;
	replace_text(&events->progress_step, event->step);
	events->step_us = g_get_monotonic_time();
	events->step_bytes = event->bytes;
	for (guint i = 0; i < events->sinks->len; i++)
		g_array_index(events->sinks, Sink, i).last_tenth = 0;
}

static void write_sink(LfEvents *events, Sink *sink, const LfEvent *event, const GString *json,
		       uint64_t now_ms)
{
	g_autoptr(GString) line = g_string_new(NULL);

	if (sink->kind == LF_SINK_JSON) {
		sink_write(sink, json);
		return;
	}
	if (sink->kind == LF_SINK_PLAIN)
		render_plain(line, sink, events, event, now_ms);
	else
		render_terminal(line, sink, events, event);
	sink_write(sink, line);
}

void lf_events_emit(LfEvents *events, const LfEvent *event)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&events->lock);
	uint64_t now_ms = events->now_ms();
	g_autoptr(GString) json = NULL;

	if (is_too_soon(events, event, now_ms))
		return;
	note_step(events, event);
	events->seq++;
	json = render_json(events, event, now_ms);
	for (guint i = 0; i < events->sinks->len; i++)
		write_sink(events, &g_array_index(events->sinks, Sink, i), event, json, now_ms);
	for (guint i = 0; i < events->listeners->len; i++) {
		const Listener *listener = &g_array_index(events->listeners, Listener, i);

		listener->call(event, json->str, json->len, listener->user_data);
	}
}

void lf_events_note(LfEvents *events, const char *step, const char *format, ...)
{
	g_autofree char *message = NULL;
	va_list args;

	va_start(args, format);
	message = g_strdup_vprintf(format, args);
	va_end(args);
	lf_events_emit(events,
		       &(LfEvent){ .step = step, .state = LF_EVENT_NOTE, .message = message });
}

void lf_events_free(LfEvents *events)
{
	if (!events)
		return;
	g_free(events->boot_id);
	g_free(events->serial);
	g_free(events->uuid);
	g_free(events->mac);
	g_free(events->progress_step);
	g_ptr_array_unref(events->marks);
	g_array_unref(events->sinks);
	g_array_unref(events->listeners);
	g_mutex_clear(&events->lock);
	g_free(events);
}
