// One transfer through libcurl: where its body goes, and what ends it early.
// Not here: redirects, verbs and kept connections (http.c), classes of failures (http-error.c).
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/http-private.h"

#define DEFAULT_MAX_BYTES	   (16 * 1024 * 1024)
#define DEFAULT_CONNECT_TIMEOUT_MS 15000
#define DEFAULT_STALL_TIMEOUT_MS   30000
#define DEFAULT_TIMEOUT_MS	   (15 * 60 * 1000)

static uint64_t max_bytes_of(const LfHttp *http)
{
	return http->max_bytes ? http->max_bytes : DEFAULT_MAX_BYTES;
}

long lf_http_status(CURL *curl)
{
	long status = 0;

	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

const char *lf_http_header(CURL *curl, const char *name)
{
	struct curl_header *header = NULL;

	return curl_easy_header(curl, name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK
		       ? header->value
		       : NULL;
}

// "bytes 4-9/10": the part must begin where ours ends. Looked at before the first byte is kept.
static bool is_wrong_range(const LfHttpTransfer *transfer)
{
	const char *range = lf_http_header(transfer->curl, "Content-Range");
	uint64_t begin = 0;
	char *end = NULL;

	if (transfer->fd < 0 || transfer->seen_bytes > 0)
		return false;
	if (transfer->offset == 0)
		return lf_http_status(transfer->curl) == 206;
	if (lf_http_status(transfer->curl) != 206 || !range ||
	    g_ascii_strncasecmp(range, "bytes ", 6) != 0 || !g_ascii_isdigit(range[6]))
		return true;
	begin = g_ascii_strtoull(range + 6, &end, 10);
	return *end != '-' || begin != transfer->offset;
}

static bool write_out(LfHttpTransfer *transfer, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = TEMP_FAILURE_RETRY(write(transfer->fd, data, size));

		if (n < 0) {
			transfer->write_errno = errno;
			return false;
		}
		transfer->offset += (uint64_t)n;
		data += n;
		size -= (size_t)n;
	}
	return true;
}

static bool keep(LfHttpTransfer *transfer, const char *data, size_t size)
{
	if (transfer->fd >= 0)
		return write_out(transfer, data, size);
	g_byte_array_append(transfer->body, (const guint8 *)data, (guint)size);
	return true;
}

// Of redirects, errors and answers that nobody wants only the first bytes are looked at.
static void keep_page(LfHttpTransfer *transfer, const char *data, size_t size)
{
	if (transfer->seen_bytes == 0)
		memcpy(transfer->page, data, MIN(size, sizeof transfer->page - 1));
}

static bool take(LfHttpTransfer *transfer, const char *data, size_t size)
{
	long status = lf_http_status(transfer->curl);
	bool is_wanted = transfer->fd >= 0 || transfer->body;

	if (status < 200 || status >= 300 || !is_wanted) {
		keep_page(transfer, data, size);
		return true;
	}
	transfer->is_wrong_range = is_wrong_range(transfer);
	return !transfer->is_wrong_range && keep(transfer, data, size);
}

static size_t on_body(char *data, size_t size, size_t count, void *user_data)
{
	LfHttpTransfer *transfer = user_data;
	size_t n = size * count; /* libcurl calls with size 1 and bounded chunks */
	gint64 begin_us = g_get_monotonic_time();

	if (n > transfer->max_bytes - transfer->seen_bytes) {
		transfer->is_too_long = true;
		return CURL_WRITEFUNC_ERROR;
	}
	if (!take(transfer, data, n))
		return CURL_WRITEFUNC_ERROR;
	transfer->seen_bytes += n;
	lf_http_limit_take(transfer->limit, n);
	// The server is not to blame for the time that passed here.
	transfer->window_us += g_get_monotonic_time() - begin_us;
	return n;
}

// Called about once a second also when nothing arrives.
static int on_progress(void *user_data, curl_off_t total, curl_off_t now, curl_off_t up_total,
		       curl_off_t up_now)
{
	LfHttpTransfer *transfer = user_data;
	gint64 now_us = g_get_monotonic_time();
	gint64 passed_us = now_us - transfer->window_us;
	curl_off_t moved = now + up_now - transfer->window_bytes;
	unsigned least = transfer->http->least_bytes_per_s;
	bool is_over = passed_us >= transfer->stall_us;

	if (is_over && moved < MAX((curl_off_t)least * passed_us / G_USEC_PER_SEC, 1))
		transfer->is_stalled = true;
	if (is_over || (least == 0 && moved > 0)) {
		transfer->window_us = now_us;
		transfer->window_bytes = now + up_now;
	}
	if (transfer->http->is_unwanted)
		transfer->is_unwanted = transfer->http->is_unwanted(transfer->http->user_data);
	return transfer->is_stalled || transfer->is_unwanted ? 1 : 0;
}

void lf_http_transfer_init(LfHttpTransfer *transfer, CURL *curl, const LfHttp *http,
			   const LfHttpAccess *access)
{
	unsigned stall_ms =
		http->stall_timeout_ms ? http->stall_timeout_ms : DEFAULT_STALL_TIMEOUT_MS;

	*transfer = (LfHttpTransfer){
		.http = http,
		.curl = curl,
		.limit = access ? access->limit : NULL,
		.max_bytes = max_bytes_of(http),
		.fd = -1,
		.stall_us = (gint64)stall_ms * 1000,
	};
}

static void set_limits(CURL *curl, const LfHttp *http, LfHttpTransfer *transfer)
{
	unsigned connect_ms =
		http->connect_timeout_ms ? http->connect_timeout_ms : DEFAULT_CONNECT_TIMEOUT_MS;
	unsigned timeout_ms = http->timeout_ms ? http->timeout_ms : DEFAULT_TIMEOUT_MS;
	curl_off_t max_bytes = (curl_off_t)MIN(transfer->max_bytes, (uint64_t)G_MAXINT64);

	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, max_bytes);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transfer);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
}

static void set_range(CURL *curl, const LfHttpTransfer *transfer)
{
	g_autofree char *range = NULL;

	if (transfer->offset == 0)
		return;
	range = g_strdup_printf("%" G_GUINT64_FORMAT "-", transfer->offset);
	curl_easy_setopt(curl, CURLOPT_RANGE, range); /* copied */
}

static void set_request(CURL *curl, CURLU *url, LfHttpTransfer *transfer)
{
	curl_easy_setopt(curl, CURLOPT_CURLU, url);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer->message);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "landfall/" LF_VERSION);
	set_limits(curl, transfer->http, transfer);
	set_range(curl, transfer);
}

static bool throw_range(const char *shown, GError **error)
{
	return lf_throw(error, LF_ERROR_INPUT,
			"the server of '%s' does not send the range it was asked for: let it serve "
			"ranges",
			shown);
}

static bool throw_stall(const LfHttpTransfer *transfer, const char *shown, GError **error)
{
	unsigned stall_ms = (unsigned)(transfer->stall_us / 1000);

	if (transfer->http->least_bytes_per_s == 0)
		return lf_throw(error, LF_ERROR_NETWORK, "'%s': nothing arrived for %u ms", shown,
				stall_ms);
	return lf_throw(error, LF_ERROR_NETWORK,
			"'%s': less than %u bytes a second arrived for %u ms", shown,
			transfer->http->least_bytes_per_s, stall_ms);
}

static bool throw_too_long(const LfHttpTransfer *transfer, const char *shown, GError **error)
{
	return lf_throw(error, LF_ERROR_INPUT,
			"'%s' is longer than the %" G_GUINT64_FORMAT " bytes allowed", shown,
			max_bytes_of(transfer->http));
}

static bool throw_transfer(CURLcode code, const LfHttpTransfer *transfer, CURLU *url,
			   GError **error)
{
	g_autofree char *shown = lf_http_url_display(url);
	LfHttpFailure failure = { .code = code,
				  .message = transfer->message,
				  .is_https = lf_http_url_is_https(url) };

	if (transfer->is_too_long || code == CURLE_FILESIZE_EXCEEDED)
		return throw_too_long(transfer, shown, error);
	if (transfer->is_wrong_range)
		return throw_range(shown, error);
	if (transfer->write_errno)
		return lf_throw(error, LF_ERROR_IO, "cannot write what '%s' sends: %s", shown,
				g_strerror(transfer->write_errno));
	if (transfer->is_stalled)
		return throw_stall(transfer, shown, error);
	if (transfer->is_unwanted)
		return lf_throw(error, LF_ERROR_NETWORK, "'%s' was given up before it was whole",
				shown);
	curl_easy_getinfo(transfer->curl, CURLINFO_HTTP_CONNECTCODE, &failure.connect_status);
	return lf_http_throw_failure(&failure, shown, error);
}

// 416 to "from the end on": nothing is missing.
static bool is_whole_already(const LfHttpTransfer *transfer, long status)
{
	const char *range = lf_http_header(transfer->curl, "Content-Range");
	g_autofree char *wanted = g_strdup_printf("bytes */%" G_GUINT64_FORMAT, transfer->offset);

	return status == 416 && transfer->offset > 0 && g_strcmp0(range, wanted) == 0;
}

// Where the answer sends us; an error when it does not.
static bool next_url(const LfHttpTransfer *transfer, CURLU *from, CURLU **ret_next, GError **error)
{
	g_autofree char *shown = lf_http_url_display(from);
	g_autoptr(CURLU) next = NULL;
	char *location = NULL;

	curl_easy_getinfo(transfer->curl, CURLINFO_REDIRECT_URL, &location);
	if (!location)
		return lf_http_throw_status(lf_http_status(transfer->curl), transfer->page, shown,
					    error);
	if (!lf_http_url_parse(location, &next, error))
		return lf_prefix(error, "'%s' redirects to a wrong address", shown);
	if (lf_http_url_is_https(from) && !lf_http_url_is_https(next))
		return lf_throw(
			error, LF_ERROR_TRUST,
			"'%s' redirects from https to http: let the server redirect to https",
			shown);
	*ret_next = g_steal_pointer(&next);
	return true;
}

bool lf_http_transfer_perform(LfHttpTransfer *transfer, CURLU *url, CURLU **ret_next,
			      GError **error)
{
	CURLcode code = curl_easy_perform(transfer->curl);
	g_autofree char *shown = NULL;
	long status;

	if (code != CURLE_OK)
		return throw_transfer(code, transfer, url, error);
	status = lf_http_status(transfer->curl);
	if (status >= 300 && status < 400 && ret_next)
		return next_url(transfer, url, ret_next, error);
	shown = lf_http_url_display(url);
	if (status >= 200 && status < 300 && is_wrong_range(transfer))
		return throw_range(shown, error);
	if ((status >= 200 && status < 300) || is_whole_already(transfer, status))
		return true;
	return lf_http_throw_status(status, transfer->page, shown, error);
}

// The connections of a handle outlive its reset.
void lf_http_transfer_begin(LfHttpTransfer *transfer, CURLU *url, const LfHttpAccess *access)
{
	transfer->seen_bytes = 0;
	transfer->window_bytes = 0;
	transfer->window_us = g_get_monotonic_time();
	curl_easy_reset(transfer->curl);
	set_request(transfer->curl, url, transfer);
	lf_http_access_apply(transfer->curl, access);
}
