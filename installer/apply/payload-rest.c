// When a server that failed is asked again.
// Not here: asking (payload-store.c), how long all of them may be silent (payload-silence.c).
#include "installer/apply/payload-rest.h"

#define REST_US	      (30 * G_USEC_PER_SEC)
#define MAX_DOUBLINGS 4

static gint64 length_us(const LfRest *rest)
{
	return REST_US << MIN(rest->n_failed - 1, MAX_DOUBLINGS);
}

// Were it as bad as before, all who ask would hang on it: the first one makes the others wait.
bool lf_rest_may_ask(LfRest *rest, bool has_others, gint64 now_us)
{
	if (has_others && rest->until_us > now_us)
		return false;
	if (rest->n_failed > 0)
		rest->until_us = MAX(rest->until_us, now_us + REST_US);
	return true;
}

// Those who asked at the same time fail together: that is one failure.
void lf_rest_failed(LfRest *rest, gint64 asked_us, gint64 now_us)
{
	rest->n_failed += rest->n_failed == 0 || rest->failed_us <= asked_us;
	rest->failed_us = now_us;
	rest->until_us = now_us + length_us(rest);
}

// A server that is as slow as before has not recovered because something short came through.
void lf_rest_answered(LfRest *rest, uint64_t n_bytes, gint64 asked_us, gint64 now_us)
{
	uint64_t seconds = (uint64_t)((now_us - asked_us) / G_USEC_PER_SEC);

	if (n_bytes >= seconds * LF_REST_LEAST_BYTES_PER_S)
		rest->n_failed = 0;
	rest->until_us = rest->n_failed > 0 ? now_us + length_us(rest) : 0;
}
