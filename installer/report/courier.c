// Delivers a growing log of events: batches, order, pauses after failures, what is delivered.
// Not here: how a batch travels (post.c, syslog.c), the log itself (log.c).
#include "installer/report/courier.h"

#include <string.h>
#include <sys/stat.h>

#include "base/json.h"

#define DEFAULT_WINDOW_MS      5000
#define DEFAULT_BATCH_BYTES    (16 * 1024)
#define DEFAULT_FIRST_DELAY_MS 1000
#define MAX_DELAY_FACTOR       64
#define FLUSH_RETRY_MS	       500
// The network comes up while the first events wait: a quarter of a minute is no news.
#define TELL_AFTER 5
#define NEVER	   G_MAXINT64

struct LfCourier {
	LfCourierSpec spec;
	char *name, *log, *mark_path;
	GThread *thread;

	// Of the thread alone.
	LfLogTail tail;
	LfLogMark mark;
	GPtrArray *batch; /* json_t */
	size_t batch_bytes;
	char *step; /* whose progress was seen last */
	int tenth;
	unsigned delay_ms;
	unsigned n_failed;     /* tries since something was delivered */
	uint64_t asked_offset; /* wanted_offset when the log was last read to its end */

	GMutex lock; /* over what follows */
	GCond changed;
	bool is_stopping;
	bool has_given_up;
	GError *error; /* of the last try; NULL: it did not fail */
	bool has_news;
	bool is_urgent;
	size_t news_bytes;
	gint64 news_us; /* when the oldest news came */
	bool has_batch; /* one is still to be sent again */
	gint64 tried_us, retry_us;
	uint64_t wanted_offset; /* of a flush; 0: none */
	uint64_t done_offset;	/* of the log: all before is delivered */
};

static unsigned or_default(unsigned value, unsigned fallback)
{
	return value ? value : fallback;
}

// --- when ---------------------------------------------------------------------------------------

static bool is_whole_run(const LfEvent *event)
{
	return g_strcmp0(event->step, "install") == 0 && event->state != LF_EVENT_PROGRESS &&
	       event->state != LF_EVENT_NOTE;
}

static void on_event(const LfEvent *event, const char *line, size_t size, void *user_data)
{
	LfCourier *courier = user_data;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&courier->lock);

	if (!courier->has_news)
		courier->news_us = g_get_monotonic_time();
	courier->has_news = true;
	courier->is_urgent = courier->is_urgent || is_whole_run(event);
	// Most progress is not sent.
	if (event->state != LF_EVENT_PROGRESS)
		courier->news_bytes += size;
	g_cond_broadcast(&courier->changed);
}

// When the thread has something to do; with the lock.
static gint64 due_us(const LfCourier *courier)
{
	gint64 window_us = (gint64)courier->spec.window_ms * 1000;
	bool is_full = courier->is_urgent || courier->news_bytes >= courier->spec.batch_bytes;

	if (courier->has_given_up)
		return NEVER;
	if (courier->wanted_offset > courier->done_offset)
		return MIN(courier->retry_us, courier->tried_us + FLUSH_RETRY_MS * 1000);
	if (courier->has_batch)
		return courier->retry_us;
	if (courier->has_news)
		return MAX(courier->retry_us, is_full ? 0 : courier->news_us + window_us);
	return NEVER;
}

// False when the thread shall end. What comes from now on is news again.
static bool wait_until_due(LfCourier *courier)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&courier->lock);

	while (!courier->is_stopping) {
		gint64 due = due_us(courier);

		if (due <= g_get_monotonic_time())
			break;
		if (due == NEVER)
			g_cond_wait(&courier->changed, &courier->lock);
		else
			g_cond_wait_until(&courier->changed, &courier->lock, due);
	}
	courier->has_news = false;
	courier->is_urgent = false;
	courier->news_bytes = 0;
	courier->tried_us = g_get_monotonic_time();
	courier->asked_offset = courier->wanted_offset;
	return !courier->is_stopping;
}

// --- what ---------------------------------------------------------------------------------------

// A step's progress is worth sending at each tenth.
static bool is_worth_sending(LfCourier *courier, const json_t *event)
{
	const char *state = json_string_value(json_object_get(event, "state"));
	const char *step = json_string_value(json_object_get(event, "step"));
	int tenth = (int)json_integer_value(json_object_get(event, "percent")) / 10;

	if (g_strcmp0(state, "progress") != 0) {
		if (g_strcmp0(step, courier->step) == 0)
			courier->tenth = 0;
		return true;
	}
	if (g_strcmp0(step, courier->step) != 0) {
		g_free(courier->step);
		courier->step = g_strdup(step);
		courier->tenth = 0;
	}
	if (tenth <= courier->tenth)
		return false;
	courier->tenth = tenth;
	return true;
}

static size_t size_of(const json_t *event)
{
	return json_dumpb(event, NULL, 0, JSON_COMPACT);
}

// Fills the batch. One event that is larger than a batch is a batch of its own.
// Returns: whether the log was read to its end.
static bool collect(LfCourier *courier)
{
	json_t *event;

	while (courier->batch_bytes < courier->spec.batch_bytes) {
		uint64_t before = courier->tail.offset;
		size_t size;

		event = lf_log_tail_next(&courier->tail);
		if (!event)
			return true;
		size = size_of(event) + 1;
		if (courier->batch->len > 0 &&
		    courier->batch_bytes + size > courier->spec.batch_bytes) {
			courier->tail.offset = before;
			json_decref(event);
			return false;
		}
		if (is_worth_sending(courier, event)) {
			g_ptr_array_add(courier->batch, event);
			courier->batch_bytes += size;
		} else {
			json_decref(event);
		}
	}
	return false;
}

// --- how it went --------------------------------------------------------------------------------

// Behind the last whole line there may be a torn one, which is no event.
static void settle(LfCourier *courier, bool is_all)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&courier->lock);

	g_clear_error(&courier->error);
	courier->has_batch = false;
	courier->done_offset = courier->tail.offset;
	courier->retry_us = 0;
	courier->delay_ms = 0;
	if (is_all) {
		courier->done_offset = MAX(courier->done_offset, courier->asked_offset);
	} else {
		courier->has_news = true;
		courier->is_urgent = true;
	}
	g_cond_broadcast(&courier->changed);
}

// A mark that cannot be written costs no more than that events may be sent again.
static void on_delivered(LfCourier *courier, bool is_all)
{
	json_t *last = g_ptr_array_index(courier->batch, courier->batch->len - 1);

	lf_log_mark_set(&courier->mark, last);
	(void)lf_log_mark_save(courier->spec.dir_fd, courier->mark_path, &courier->mark, NULL);
	g_ptr_array_set_size(courier->batch, 0);
	courier->batch_bytes = 0;
	courier->n_failed = 0;
	settle(courier, is_all);
}

static bool is_refused(const GError *error)
{
	LfErrorCode code = lf_error_class(error)->code;

	return code == LF_ERROR_INPUT || code == LF_ERROR_UNSUPPORTED;
}

// The first failure is told, so that somebody at the machine knows; its heirs are not.
static void tell(LfCourier *courier, const GError *error)
{
	bool is_outage = g_error_matches(error, LF_ERROR, LF_ERROR_NETWORK);

	courier->n_failed++;
	if (!courier->spec.events)
		return;
	if (is_refused(error))
		lf_events_note(courier->spec.events, courier->name,
			       "nothing more is sent, the events are kept: %s", error->message);
	else if (courier->n_failed == (is_outage ? TELL_AFTER : 1))
		lf_events_note(courier->spec.events, courier->name,
			       "events are kept and sent later: %s", error->message);
}

static void on_failed(LfCourier *courier, const GError *error)
{
	unsigned first = courier->spec.first_delay_ms;
	unsigned delay = courier->delay_ms ? courier->delay_ms : first;

	tell(courier, error);
	g_mutex_lock(&courier->lock);
	g_clear_error(&courier->error);
	courier->error = g_error_copy(error);
	courier->has_batch = true;
	courier->has_given_up = is_refused(error);
	courier->retry_us =
		g_get_monotonic_time() +
		((gint64)delay / 2 + g_random_int_range(0, (gint32)delay / 2 + 1)) * 1000;
	courier->delay_ms = MIN(delay * 2, first * MAX_DELAY_FACTOR);
	g_cond_broadcast(&courier->changed);
	g_mutex_unlock(&courier->lock);
}

static void *run(void *data)
{
	LfCourier *courier = data;

	while (wait_until_due(courier)) {
		g_autoptr(GError) error = NULL;
		bool is_all = collect(courier);

		if (courier->batch->len == 0)
			settle(courier, is_all);
		else if (courier->spec.send(courier->batch, courier->spec.user_data, &error))
			on_delivered(courier, is_all);
		else
			on_failed(courier, error);
	}
	return NULL;
}

// --- from outside -------------------------------------------------------------------------------

static void courier_init(LfCourier *courier, const LfCourierSpec *spec)
{
	courier->spec = *spec;
	courier->spec.window_ms = or_default(spec->window_ms, DEFAULT_WINDOW_MS);
	courier->spec.first_delay_ms = or_default(spec->first_delay_ms, DEFAULT_FIRST_DELAY_MS);
	if (spec->batch_bytes == 0)
		courier->spec.batch_bytes = DEFAULT_BATCH_BYTES;
	courier->name = g_strdup(spec->name);
	courier->log = g_strdup(spec->log);
	courier->mark_path = g_strdup(spec->mark);
	courier->batch = g_ptr_array_new_with_free_func((GDestroyNotify)json_decref);
	courier->tail = LF_LOG_TAIL_CLOSED;
	courier->has_news = true;
	courier->is_urgent = true;
	g_mutex_init(&courier->lock);
	g_cond_init(&courier->changed);
}

LfCourier *lf_courier_start(const LfCourierSpec *spec, GError **error)
{
	g_autoptr(LfCourier) courier = g_new0(LfCourier, 1);

	courier_init(courier, spec);
	if (!lf_log_tail_open(spec->dir_fd, spec->log, &courier->tail, error))
		return NULL;
	lf_log_mark_load(spec->dir_fd, spec->mark, &courier->mark);
	lf_log_tail_skip(&courier->tail, &courier->mark);
	courier->done_offset = courier->tail.offset;
	if (spec->events)
		lf_events_listen(spec->events, on_event, courier, NULL);
	courier->thread = g_thread_new("courier", run, courier);
	return g_steal_pointer(&courier);
}

bool lf_courier_flush(LfCourier *courier, unsigned timeout_ms)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&courier->lock);
	gint64 end = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
	struct stat info;
	uint64_t wanted;

	if (fstat(courier->tail.fd, &info) < 0)
		return false;
	wanted = (uint64_t)info.st_size;
	courier->wanted_offset = wanted;
	g_cond_broadcast(&courier->changed);
	while (courier->done_offset < wanted && !courier->has_given_up &&
	       g_cond_wait_until(&courier->changed, &courier->lock, end))
		;
	courier->wanted_offset = 0;
	return courier->done_offset >= wanted;
}

bool lf_courier_has_given_up(LfCourier *courier)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&courier->lock);

	return courier->has_given_up;
}

GError *lf_courier_error(LfCourier *courier)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&courier->lock);

	return courier->error ? g_error_copy(courier->error) : NULL;
}

static void stop(LfCourier *courier)
{
	if (courier->spec.events)
		lf_events_unlisten(courier->spec.events, on_event, courier);
	g_mutex_lock(&courier->lock);
	courier->is_stopping = true;
	g_cond_broadcast(&courier->changed);
	g_mutex_unlock(&courier->lock);
	g_thread_join(courier->thread);
}

void lf_courier_free(LfCourier *courier)
{
	if (!courier)
		return;
	if (courier->thread)
		stop(courier);
	lf_log_tail_clear(&courier->tail);
	lf_log_mark_clear(&courier->mark);
	g_ptr_array_unref(courier->batch);
	g_clear_error(&courier->error);
	g_mutex_clear(&courier->lock);
	g_cond_clear(&courier->changed);
	g_free(courier->step);
	g_free(courier->name);
	g_free(courier->log);
	g_free(courier->mark_path);
	g_free(courier);
}
