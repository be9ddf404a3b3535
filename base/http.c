// Fetching one body by HTTP(S) through libcurl, with every limit set and every failure classed.
// Not here: retries (the caller's policy), many transfers at once, sending.
#include "base/http.h"

#include <curl/curl.h>
#include <string.h>

#define DEFAULT_MAX_BYTES	   (16 * 1024 * 1024)
#define DEFAULT_CONNECT_TIMEOUT_MS 15000
#define DEFAULT_STALL_TIMEOUT_MS   30000
#define DEFAULT_TIMEOUT_MS	   (15 * 60 * 1000)
#define MAX_REDIRECTS		   5

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CURL, curl_easy_cleanup)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CURLU, curl_url_cleanup)
typedef struct curl_slist CurlList;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CurlList, curl_slist_free_all)

// One transfer. A redirect is a new one.
typedef struct {
	const LfHttp *http;
	uint64_t max_bytes;
	GByteArray *body;
	gint64 last_byte_us;
	gint64 stall_us;
	curl_off_t seen;
	bool is_too_long;
	bool is_stalled;
	char message[CURL_ERROR_SIZE];
} Transfer;

static void global_init(void)
{
	static gsize once;

	if (g_once_init_enter(&once)) {
		curl_global_init(CURL_GLOBAL_DEFAULT);
		g_once_init_leave(&once, 1);
	}
}

static char *url_part(CURLU *url, CURLUPart part)
{
	char *text = NULL;
	char *copy;

	if (curl_url_get(url, part, &text, part == CURLUPART_PORT ? CURLU_DEFAULT_PORT : 0) !=
	    CURLUE_OK)
		return g_strdup("");
	copy = g_strdup(text);
	curl_free(text);
	return copy;
}

static bool url_parse(const char *text, CURLU **ret_url, GError **error)
{
	g_autoptr(CURLU) url = curl_url();
	g_autofree char *scheme = NULL;

	if (!url || curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK)
		return lf_throw(error, LF_ERROR_INPUT,
				"not a URL that can be fetched: write http://host/path or "
				"https://host/path");
	scheme = url_part(url, CURLUPART_SCHEME);
	if (!g_str_equal(scheme, "http") && !g_str_equal(scheme, "https"))
		return lf_throw(error, LF_ERROR_INPUT,
				"'%s' URLs cannot be fetched: use https or http", scheme);
	*ret_url = g_steal_pointer(&url);
	return true;
}

// The URL as messages may show it: a user part and a query can hold secrets.
static char *url_display(CURLU *url)
{
	g_autoptr(CURLU) shown = curl_url_dup(url);

	curl_url_set(shown, CURLUPART_USER, NULL, 0);
	curl_url_set(shown, CURLUPART_PASSWORD, NULL, 0);
	curl_url_set(shown, CURLUPART_OPTIONS, NULL, 0);
	curl_url_set(shown, CURLUPART_QUERY, NULL, 0);
	curl_url_set(shown, CURLUPART_FRAGMENT, NULL, 0);
	return url_part(shown, CURLUPART_URL);
}

static bool is_https(CURLU *url)
{
	g_autofree char *scheme = url_part(url, CURLUPART_SCHEME);

	return g_str_equal(scheme, "https");
}

static bool is_same_origin(CURLU *a, CURLU *b)
{
	static const CURLUPart parts[] = { CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT };

	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
		g_autofree char *left = url_part(a, parts[i]);
		g_autofree char *right = url_part(b, parts[i]);

		if (g_ascii_strcasecmp(left, right) != 0)
			return false;
	}
	return true;
}

static size_t on_body(char *data, size_t size, size_t count, void *user_data)
{
	Transfer *transfer = user_data;
	size_t n = size * count; /* libcurl calls with size 1 and bounded chunks */

	if (n > transfer->max_bytes - transfer->body->len) {
		transfer->is_too_long = true;
		return CURL_WRITEFUNC_ERROR;
	}
	g_byte_array_append(transfer->body, (const guint8 *)data, (guint)n);
	return n;
}

// Called about once a second also when nothing arrives.
static int on_progress(void *user_data, curl_off_t total, curl_off_t now, curl_off_t up_total,
		       curl_off_t up_now)
{
	Transfer *transfer = user_data;
	gint64 now_us = g_get_monotonic_time();

	if (now != transfer->seen) {
		transfer->seen = now;
		transfer->last_byte_us = now_us;
	}
	transfer->is_stalled = now_us - transfer->last_byte_us >= transfer->stall_us;
	return transfer->is_stalled ? 1 : 0;
}

static CurlList *header_list(const LfHttp *http)
{
	CurlList *list = NULL;

	for (size_t i = 0; http->headers && http->headers[i]; i++)
		list = curl_slist_append(list, http->headers[i]);
	return list;
}

static void set_limits(CURL *curl, const LfHttp *http, const Transfer *transfer)
{
	unsigned connect_ms =
		http->connect_timeout_ms ? http->connect_timeout_ms : DEFAULT_CONNECT_TIMEOUT_MS;
	unsigned timeout_ms = http->timeout_ms ? http->timeout_ms : DEFAULT_TIMEOUT_MS;

	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)transfer->max_bytes);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transfer);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
}

static void set_trust(CURL *curl, const LfHttp *http)
{
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (!http->access || !http->access->ca_file)
		return;
	curl_easy_setopt(curl, CURLOPT_CAINFO, http->access->ca_file);
	// Debian's libcurl also has a directory compiled in; it would stay in force beside the
	// file.
	curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
}

static void set_request(CURL *curl, CURLU *url, Transfer *transfer)
{
	curl_easy_setopt(curl, CURLOPT_CURLU, url);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer->message);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	// An empty proxy also keeps libcurl from looking for one in the environment.
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "landfall/" LF_VERSION);
}

static LfErrorCode code_of_curl(CURLcode code, const LfHttp *http)
{
	switch (code) {
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
		return LF_ERROR_TRUST;
	case CURLE_SSL_CACERT_BADFILE:
		return http->access && http->access->ca_file ? LF_ERROR_INPUT : LF_ERROR_TRUST;
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_FILESIZE_EXCEEDED:
		return LF_ERROR_INPUT;
	case CURLE_OUT_OF_MEMORY:
	case CURLE_FAILED_INIT:
	case CURLE_BAD_FUNCTION_ARGUMENT:
	case CURLE_UNKNOWN_OPTION:
	case CURLE_NOT_BUILT_IN:
		return LF_ERROR_INTERNAL;
	default:
		return LF_ERROR_NETWORK;
	}
}

static bool throw_curl(CURLcode code, const Transfer *transfer, const char *shown, GError **error)
{
	const char *what = *transfer->message ? transfer->message : curl_easy_strerror(code);

	if (transfer->is_too_long || code == CURLE_FILESIZE_EXCEEDED)
		return lf_throw(error, LF_ERROR_INPUT,
				"'%s' is longer than the %" G_GUINT64_FORMAT " bytes allowed",
				shown, transfer->max_bytes);
	if (transfer->is_stalled)
		return lf_throw(error, LF_ERROR_NETWORK, "'%s': nothing arrived for %u ms", shown,
				(unsigned)(transfer->stall_us / 1000));
	return lf_throw(error, code_of_curl(code, transfer->http), "cannot fetch '%s': %s", shown,
			what);
}

static bool throw_status(long status, const char *shown, GError **error)
{
	bool may_heal = status >= 500 || status == 429 || status == 408;

	return lf_throw(error, may_heal ? LF_ERROR_NETWORK : LF_ERROR_INPUT,
			"the server answers %ld for '%s'%s", status, shown,
			may_heal ? "" : ": check the address and what the server has there");
}

// Where the answer sends us; NULL when it does not.
static bool next_url(CURL *curl, CURLU *from, long status, const char *shown, CURLU **ret_next,
		     GError **error)
{
	g_autoptr(CURLU) next = NULL;
	char *location = NULL;

	curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &location);
	if (!location)
		return throw_status(status, shown, error);
	if (!url_parse(location, &next, error))
		return lf_prefix(error, "'%s' redirects to a wrong address", shown);
	if (is_https(from) && !is_https(next))
		return lf_throw(
			error, LF_ERROR_TRUST,
			"'%s' redirects from https to http: let the server redirect to https",
			shown);
	*ret_next = g_steal_pointer(&next);
	return true;
}

// One request. Returns the body, or the next address in @ret_next.
static bool fetch_once(CURL *curl, CURLU *url, Transfer *transfer, const char *shown,
		       CURLU **ret_next, GError **error)
{
	CURLcode code = curl_easy_perform(curl);
	long status = 0;

	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	if (code != CURLE_OK)
		return throw_curl(code, transfer, shown, error);
	if (status >= 300 && status < 400)
		return next_url(curl, url, status, shown, ret_next, error);
	if (status < 200 || status >= 300)
		return throw_status(status, shown, error);
	return true;
}

static void transfer_init(Transfer *transfer, const LfHttp *http)
{
	unsigned stall_ms =
		http->stall_timeout_ms ? http->stall_timeout_ms : DEFAULT_STALL_TIMEOUT_MS;

	*transfer = (Transfer){
		.http = http,
		.max_bytes = MIN(http->max_bytes ? http->max_bytes : DEFAULT_MAX_BYTES,
				 (uint64_t)G_MAXUINT32 / 2),
		.body = g_byte_array_new(),
		.last_byte_us = g_get_monotonic_time(),
		.stall_us = (gint64)stall_ms * 1000,
	};
}

static bool fetch(const LfHttp *http, CURLU *origin, CURLU *url, GBytes **ret_body,
		  CURLU **ret_next, GError **error)
{
	g_autoptr(CURL) curl = curl_easy_init();
	g_autoptr(CurlList) headers = NULL;
	g_autoptr(GByteArray) body = NULL;
	g_autofree char *shown = url_display(url);
	Transfer transfer;

	if (!curl)
		return lf_throw(error, LF_ERROR_INTERNAL, "libcurl cannot be started");
	transfer_init(&transfer, http);
	body = transfer.body;
	set_request(curl, url, &transfer);
	set_limits(curl, http, &transfer);
	set_trust(curl, http);
	// The caller's headers may carry a credential: they are for the server that was named.
	if (is_same_origin(origin, url))
		headers = header_list(http);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	if (!fetch_once(curl, url, &transfer, shown, ret_next, error))
		return false;
	*ret_body = g_byte_array_free_to_bytes(g_steal_pointer(&body));
	return true;
}

GBytes *lf_http_get(const LfHttp *http, GError **error)
{
	g_autoptr(CURLU) origin = NULL;
	g_autoptr(CURLU) url = NULL;

	global_init();
	if (!url_parse(http->url, &origin, error))
		return NULL;
	url = curl_url_dup(origin);
	for (unsigned hop = 0; hop <= MAX_REDIRECTS; hop++) {
		g_autoptr(GBytes) body = NULL;
		g_autoptr(CURLU) next = NULL;

		if (!fetch(http, origin, url, &body, &next, error))
			return NULL;
		if (!next)
			return g_steal_pointer(&body);
		curl_url_cleanup(url);
		url = g_steal_pointer(&next);
	}
	return lf_throw_null(error, LF_ERROR_INPUT,
			     "redirected more than %d times: check the server", MAX_REDIRECTS);
}
