#pragma once

#include "installer/report/log.h"

/**
 * LfCourier: a thread that delivers the events of a log, in order, in batches, and keeps trying
 * while the other side is away. The log is the buffer; the courier itself never holds more than one
 * batch. What is delivered is marked in a file, so that another start goes on behind it: an event
 * is sent again only when its delivery was not known to have worked. Progress is thinned to each
 * tenth of a step.
 */
typedef struct LfCourier LfCourier;

/**
 * LfCourierSend: delivers a batch as a whole, or not.
 * @events: (element-type json_t): in order, never empty
 *
 * Errors: INPUT and UNSUPPORTED: the other side will never take it: the courier gives up for this
 * start. Any other: it tries again.
 */
typedef bool (*LfCourierSend)(const GPtrArray *events, void *user_data, GError **error);

/**
 * LfCourierSpec: what a courier does. Text is copied, the rest must outlive it.
 * @name: step of its own notes, such as "report"
 * @dir_fd: where @log and @mark are
 * @log: the events log
 * @mark: file that says what is delivered
 * @events: (nullable): those of the log: each of them wakes the courier, and it puts its notes
 * there; NULL: the log does not grow
 * @window_ms: how long a batch is waited for; 0 is 5 s. `started`, `done` and `failed` of the
 * whole installation go at once
 * @batch_bytes: a batch of this size does not wait; 0 is 16 KiB
 * @first_delay_ms: pause after the first failure; doubles up to 64 times this, its last half is
 * random; 0 is 1 s
 */
typedef struct {
	const char *name;
	int dir_fd;
	const char *log;
	const char *mark;
	LfEvents *events;
	LfCourierSend send;
	void *user_data;
	unsigned window_ms;
	size_t batch_bytes;
	unsigned first_delay_ms;
} LfCourierSpec;

/** lf_courier_start: begins with what an earlier start left. Errors: IO. */
LfCourier *lf_courier_start(const LfCourierSpec *spec, GError **error);

/**
 * lf_courier_flush: waits until everything that is in the log now is delivered; meanwhile it tries
 * at least twice a second.
 * Returns: whether it is; false after @timeout_ms, or when the courier gave up
 */
bool lf_courier_flush(LfCourier *courier, unsigned timeout_ms);

/** lf_courier_has_given_up: whether the other side will never take what is sent. */
bool lf_courier_has_given_up(LfCourier *courier);

/** lf_courier_error: (transfer full) (nullable): why the last try failed; NULL when it did not. */
GError *lf_courier_error(LfCourier *courier);

/** lf_courier_free: ends the thread; waits for a batch that is on its way. */
void lf_courier_free(LfCourier *courier);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfCourier, lf_courier_free)
