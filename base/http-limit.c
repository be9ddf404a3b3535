// One bandwidth limit for many transfers: who has taken bytes sleeps until the line is free again.
// Not here: the transfers (http.c).
#include "base/http.h"

#define MIN_BYTES_PER_S 1024
// Bytes that may come at once after a pause, as time of the line.
#define BURST_US 50000

struct LfHttpLimit {
	GMutex mutex;
	uint64_t bytes_per_s;
	gint64 free_us; /* when the line has carried all bytes taken so far */
};

LfHttpLimit *lf_http_limit_new(uint64_t bytes_per_s)
{
	LfHttpLimit *limit = g_new0(LfHttpLimit, 1);

	g_mutex_init(&limit->mutex);
	limit->bytes_per_s = bytes_per_s ? MAX(bytes_per_s, MIN_BYTES_PER_S) : 0;
	return limit;
}

void lf_http_limit_take(LfHttpLimit *limit, size_t bytes)
{
	gint64 now_us = g_get_monotonic_time();
	gint64 free_us;

	if (!limit || limit->bytes_per_s == 0)
		return;
	g_mutex_lock(&limit->mutex);
	limit->free_us = MAX(limit->free_us, now_us - BURST_US);
	limit->free_us += (gint64)((double)bytes * G_USEC_PER_SEC / (double)limit->bytes_per_s);
	free_us = limit->free_us;
	g_mutex_unlock(&limit->mutex);
	if (free_us > now_us)
		g_usleep((gulong)(free_us - now_us));
}

void lf_http_limit_free(LfHttpLimit *limit)
{
	if (!limit)
		return;
	g_mutex_clear(&limit->mutex);
	g_free(limit);
}
