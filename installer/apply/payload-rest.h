#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/** LF_REST_LEAST_BYTES_PER_S: what a server must bring not to count as slow. */
#define LF_REST_LEAST_BYTES_PER_S 4096

/**
 * LfRest: how long a server that failed is left alone while others answer: longer each time, and
 * then one tries it first. Times come in, of the monotonic clock; all zero is a server that never
 * failed. Not thread-safe.
 */
typedef struct {
	/*< private >*/
	gint64 until_us;
	gint64 failed_us;
	unsigned n_failed; /* in a row */
} LfRest;

/** lf_rest_may_ask: @has_others: false: it is asked even while it rests */
bool lf_rest_may_ask(LfRest *rest, bool has_others, gint64 now_us);

/** lf_rest_failed: @asked_us: when it was asked what it failed to bring */
void lf_rest_failed(LfRest *rest, gint64 asked_us, gint64 now_us);

/** lf_rest_answered: it brought @n_bytes, or said that it has none. */
void lf_rest_answered(LfRest *rest, uint64_t n_bytes, gint64 asked_us, gint64 now_us);
