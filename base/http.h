#pragma once

#include "base/throw.h"

#include <stdint.h>

/**
 * LfHttp: how to fetch. TLS is verified against the system's or the given authorities; there is no
 * switch here that turns that off.
 * @url: http:// or https://
 * @ca_file: (nullable): PEM authorities used instead of the system's
 * @max_bytes: a longer body is an INPUT error; 0 is 16 MiB
 * @connect_timeout_ms: 0 is 15 s
 * @stall_timeout_ms: no byte for this long ends the transfer; 0 is 30 s
 * @timeout_ms: the whole transfer; 0 is 15 min
 * @headers: (array zero-terminated=1) (nullable): "Name: value"
 */
typedef struct {
	const char *url;
	const char *ca_file;
	uint64_t max_bytes;
	unsigned connect_timeout_ms;
	unsigned stall_timeout_ms;
	unsigned timeout_ms;
	const char *const *headers;
} LfHttp;

/**
 * lf_http_get:
 * Fetches a body into memory; follows up to five redirects, never from https to http. One try: the
 * caller owns the retry policy (lf_error_class()).
 *
 * Errors: NETWORK (no route, time-out, stall, 5xx, 429, truncated), TRUST (certificate, redirect
 * from https to http), INPUT (4xx, too long, not a URL, too many redirects).
 * @headers go to the server of @url only, not to where it redirects. No message shows a URL's user
 * part or query. No proxy is used. Returns: (transfer full) (nullable)
 */
GBytes *lf_http_get(const LfHttp *http, GError **error);
