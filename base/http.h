#pragma once

#include "base/throw.h"

#include <stdint.h>

/**
 * LfHttpLimit: one bandwidth limit that all transfers of a program share. Thread-safe.
 */
typedef struct LfHttpLimit LfHttpLimit;

/** lf_http_limit_new: @bytes_per_s: 0 is no limit; less than 1024 counts as 1024. */
LfHttpLimit *lf_http_limit_new(uint64_t bytes_per_s);

/** lf_http_limit_take: @limit: (nullable). Sleeps until the line could carry @bytes more; transfers
 * with a limit in their access do this themselves. */
void lf_http_limit_take(LfHttpLimit *limit, size_t bytes);

void lf_http_limit_free(LfHttpLimit *limit);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfHttpLimit, lf_http_limit_free)

/**
 * LfHttpAccess: how servers are reached and what of them is trusted; all zero is plain access with
 * the system's authorities. Files are PEM.
 * @ca_file: authorities used instead of the system's
 * @cert_file, @key_file: client certificate and its key
 * @pin: public key the server must have: "sha256//BASE64", several with ';' between; of https only
 * @proxy: http://host:port or https://host:port, perhaps with a user part; all requests go through
 * it (https by CONNECT). The environment's proxies are never used. libcurl's copies are wiped.
 * @is_insecure_tls: certificates are not checked (a pin still is)
 * @limit: nullable: of what is received
 */
typedef struct {
	const char *ca_file;
	const char *cert_file;
	const char *key_file;
	const char *pin;
	const char *proxy;
	bool is_insecure_tls;
	LfHttpLimit *limit;
} LfHttpAccess;

/**
 * lf_http_access_check:
 * @access: (nullable)
 * Reads the files and looks at the words, without a server. Every request does this first.
 * Errors: INPUT, naming what to correct.
 */
bool lf_http_access_check(const LfHttpAccess *access, GError **error);

/**
 * LfHttp: one request.
 * @url: http:// or https://
 * @access: (nullable)
 * @max_bytes: a longer body is an INPUT error; 0 is 16 MiB. Of a download it is the whole file.
 * @connect_timeout_ms: 0 is 15 s
 * @stall_timeout_ms: less than @least_bytes_per_s on average for this long ends the transfer; 0 is
 * 30 s. Time that a limit or a slow reader of a pipe takes does not count.
 * @least_bytes_per_s: 0: one byte in the whole time is enough
 * @is_unwanted: (nullable): asked now and then, at least about once a second, with @user_data: true
 * ends the transfer with NETWORK
 * @timeout_ms: the whole transfer; 0 is 15 min
 * @headers: (array zero-terminated=1) (nullable): "Name: value"; libcurl's copies of them are wiped
 * when the request is over
 */
typedef struct {
	const char *url;
	const LfHttpAccess *access;
	uint64_t max_bytes;
	unsigned connect_timeout_ms;
	unsigned stall_timeout_ms;
	unsigned least_bytes_per_s;
	unsigned timeout_ms;
	bool (*is_unwanted)(void *user_data);
	void *user_data;
	const char *const *headers;
} LfHttp;

/** lf_http_check_url: whether @url can be fetched at all. Errors: INPUT when it is no http or https
 * URL with a host and a possible port. */
bool lf_http_check_url(const char *url, GError **error);

/**
 * lf_http_get:
 * Fetches a body into memory; follows up to five redirects, never from https to http. One try: the
 * caller owns the retry policy (lf_error_class()).
 *
 * Errors: NETWORK (name not found, no route, time-out, stall, 5xx, 429, 408, truncated, proxy that
 * fails), TRUST (certificate, pin, client certificate missing or refused, redirect from https to
 * http), INPUT (4xx, too long, not a URL, too many redirects, the access's files, proxy that
 * refuses the way or wants a password).
 * @headers go to the server of @url only, not to where it redirects. No message shows a URL's user
 * part or query. Returns: (transfer full) (nullable)
 */
GBytes *lf_http_get(const LfHttp *http, GError **error);

/** lf_http_is_web_page: whether a body begins like a page, such as the one where a captive portal
 * wants people to log in. */
bool lf_http_is_web_page(const char *body, size_t size);

/**
 * lf_http_post:
 * Sends a body; what the server answers with is not kept. Follows no redirect. Errors: as
 * lf_http_get(), and NETWORK when what answers at an http URL is a web page or a redirect: the
 * server would not, a captive portal does. An https URL has its certificate against that.
 */
bool lf_http_post(const LfHttp *http, const char *content_type, GBytes *body, GError **error);

/**
 * lf_http_date:
 * @is_plain: of an https URL the server is asked by plain HTTP, at the usual port, for "/": before
 * the time is known no certificate can be judged
 * @ret_s: (out): the Date of the server's answer, seconds since 1970; the answer's status does not
 * matter
 * Asks with HEAD and follows no redirect. Errors: NETWORK, also when the answer has no Date that
 * can be read; INPUT for another URL.
 */
bool lf_http_date(const LfHttp *http, bool is_plain, uint64_t *ret_s, GError **error);

/**
 * LfHttpClient: requests one after the other over connections that are kept. Not thread-safe: one
 * for each thread.
 */
typedef struct LfHttpClient LfHttpClient;

/** lf_http_client_new: @access: (nullable): must outlive the client. Returns: (transfer full) */
LfHttpClient *lf_http_client_new(const LfHttpAccess *access);

/** lf_http_client_get: as lf_http_get(); the client's access counts, not the request's. */
GBytes *lf_http_client_get(LfHttpClient *client, const LfHttp *http, GError **error);

/** lf_http_client_post: as lf_http_post(); the client's access counts, not the request's. */
bool lf_http_client_post(LfHttpClient *client, const LfHttp *http, const char *content_type,
			 GBytes *body, GError **error);

/**
 * lf_http_client_download:
 * @fd: file or pipe (blocking, SIGPIPE ignored); written from where it stands
 * @inout_offset: bytes of the body that are there already; grows with what is written, also when
 * the transfer fails, so that the next try goes on from there
 *
 * Writes a body, from an offset on (a range request), to a file. A body that is there as a whole
 * already is no error. Errors: as lf_http_get(), and IO when @fd cannot be written; a server that
 * does not know ranges, or answers with another one, is an INPUT error when @inout_offset is not 0.
 * Source: RFC 9110, 14.
 */
bool lf_http_client_download(LfHttpClient *client, const LfHttp *http, int fd,
			     uint64_t *inout_offset, GError **error);

void lf_http_client_free(LfHttpClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfHttpClient, lf_http_client_free)
