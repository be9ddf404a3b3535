// Requests by HTTP(S), one at a time over kept connections.
// Not here: retries (the caller's policy), many transfers at once, one transfer (http-transfer.c),
// trust (http-access.c).
#include "base/http.h"

#include "base/http-private.h"

#define MAX_REDIRECTS	 5
#define MAX_MEMORY_BYTES ((uint64_t)G_MAXUINT32 / 2)

struct LfHttpClient {
	const LfHttpAccess *access;
	CURL *curl;
	bool is_checked;
};

typedef enum { VERB_POST, VERB_HEAD } Verb;

static void global_init(void)
{
	static gsize once;

	if (g_once_init_enter(&once)) {
		lf_http_memory_init();
		g_once_init_leave(&once, 1);
	}
}

static bool prepare(LfHttpClient *client, GError **error)
{
	global_init();
	if (!client->is_checked && !lf_http_access_check(client->access, error))
		return false;
	client->is_checked = true;
	if (!client->curl)
		client->curl = curl_easy_init();
	if (!client->curl)
		return lf_throw(error, LF_ERROR_INTERNAL, "libcurl cannot be started");
	return true;
}

static CurlList *header_list(const LfHttp *http)
{
	CurlList *list = NULL;

	for (size_t i = 0; http->headers && http->headers[i]; i++)
		list = curl_slist_append(list, http->headers[i]);
	return list;
}

// One hop of a GET into @transfer's body or descriptor.
static bool fetch(const LfHttpClient *client, LfHttpTransfer *transfer, CURLU *origin, CURLU *url,
		  CURLU **ret_next, GError **error)
{
	g_autoptr(CurlList) headers = NULL;
	bool ok;

	lf_http_transfer_begin(transfer, url, client->access);
	// The caller's headers may carry a credential: they are for the server that was named.
	if (lf_http_url_same_origin(origin, url))
		headers = header_list(transfer->http);
	curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
	ok = lf_http_transfer_perform(transfer, url, ret_next, error);
	curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, NULL);
	return ok;
}

// Follows redirects until a body comes; @transfer tells where it goes.
static bool follow(const LfHttpClient *client, LfHttpTransfer *transfer, GError **error)
{
	g_autoptr(CURLU) origin = NULL;
	g_autoptr(CURLU) url = NULL;

	if (!lf_http_url_parse(transfer->http->url, &origin, error))
		return false;
	url = curl_url_dup(origin);
	for (unsigned hop = 0; hop <= MAX_REDIRECTS; hop++) {
		g_autoptr(CURLU) next = NULL;

		if (!fetch(client, transfer, origin, url, &next, error))
			return false;
		if (!next)
			return true;
		curl_url_cleanup(url);
		url = g_steal_pointer(&next);
	}
	return lf_throw(error, LF_ERROR_INPUT, "redirected more than %d times: check the server",
			MAX_REDIRECTS);
}

LfHttpClient *lf_http_client_new(const LfHttpAccess *access)
{
	LfHttpClient *client = g_new0(LfHttpClient, 1);

	client->access = access;
	return client;
}

GBytes *lf_http_client_get(LfHttpClient *client, const LfHttp *http, GError **error)
{
	g_autoptr(GByteArray) body = g_byte_array_new();
	LfHttpTransfer transfer;

	if (!prepare(client, error))
		return NULL;
	lf_http_transfer_init(&transfer, client->curl, http, client->access);
	transfer.max_bytes = MIN(transfer.max_bytes, MAX_MEMORY_BYTES);
	transfer.body = body;
	if (!follow(client, &transfer, error))
		return NULL;
	return g_byte_array_free_to_bytes(g_steal_pointer(&body));
}

bool lf_http_client_download(LfHttpClient *client, const LfHttp *http, int fd,
			     uint64_t *inout_offset, GError **error)
{
	LfHttpTransfer transfer;
	bool ok;

	if (!prepare(client, error))
		return false;
	lf_http_transfer_init(&transfer, client->curl, http, client->access);
	if (*inout_offset > transfer.max_bytes)
		return lf_throw(error, LF_ERROR_INPUT,
				"more than the %" G_GUINT64_FORMAT
				" bytes allowed are there already",
				transfer.max_bytes);
	transfer.max_bytes -= *inout_offset;
	transfer.offset = *inout_offset;
	transfer.fd = fd;
	ok = follow(client, &transfer, error);
	*inout_offset = transfer.offset;
	return ok;
}

// A request without redirects; @url is parsed already.
static bool ask(LfHttpClient *client, LfHttpTransfer *transfer, CURLU *url, Verb verb,
		CurlList *headers, GBytes *body, GError **error)
{
	CURL *curl = client->curl;
	bool ok;

	lf_http_transfer_begin(transfer, url, client->access);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_NOBODY, verb == VERB_HEAD ? 1L : 0L);
	if (verb == VERB_POST) {
		curl_easy_setopt(curl, CURLOPT_POST, 1L);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
				 (curl_off_t)g_bytes_get_size(body));
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
				 g_bytes_get_size(body) ? g_bytes_get_data(body, NULL) : "");
	}
	ok = lf_http_transfer_perform(transfer, url, NULL, error);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, NULL);
	return ok;
}

// Over plain http anybody on the way may answer; what he answers is no delivery.
static bool post(LfHttpClient *client, LfHttpTransfer *transfer, CURLU *url, CurlList *headers,
		 GBytes *body, GError **error)
{
	g_autofree char *shown = lf_http_url_display(url);
	g_autoptr(GError) local = NULL;
	bool ok = ask(client, transfer, url, VERB_POST, headers, body, &local);

	if (!lf_http_url_is_https(url) && lf_http_is_portal(transfer))
		return lf_http_throw_portal(shown, error);
	if (!ok)
		g_propagate_error(error, g_steal_pointer(&local));
	return ok;
}

bool lf_http_client_post(LfHttpClient *client, const LfHttp *http, const char *content_type,
			 GBytes *body, GError **error)
{
	g_autofree char *type = g_strdup_printf("Content-Type: %s", content_type);
	g_autoptr(CurlList) headers = NULL;
	g_autoptr(CURLU) url = NULL;
	LfHttpTransfer transfer;

	if (!prepare(client, error) || !lf_http_url_parse(http->url, &url, error))
		return false;
	lf_http_transfer_init(&transfer, client->curl, http, client->access);
	headers = curl_slist_append(header_list(http), type);
	// No round trip to ask whether the body is welcome.
	headers = curl_slist_append(headers, "Expect:");
	return post(client, &transfer, url, headers, body, error);
}

void lf_http_client_free(LfHttpClient *client)
{
	if (!client)
		return;
	if (client->curl)
		curl_easy_cleanup(client->curl);
	g_free(client);
}

GBytes *lf_http_get(const LfHttp *http, GError **error)
{
	g_autoptr(LfHttpClient) client = lf_http_client_new(http->access);

	return lf_http_client_get(client, http, error);
}

bool lf_http_post(const LfHttp *http, const char *content_type, GBytes *body, GError **error)
{
	g_autoptr(LfHttpClient) client = lf_http_client_new(http->access);

	return lf_http_client_post(client, http, content_type, body, error);
}

static bool read_date(CURL *curl, uint64_t *ret_s, GError **error)
{
	const char *text = lf_http_header(curl, "Date");
	time_t date = text ? curl_getdate(text, NULL) : -1;

	if (date <= 0)
		return lf_throw(error, LF_ERROR_NETWORK, "the server's answer has no date");
	*ret_s = (uint64_t)date;
	return true;
}

bool lf_http_check_url(const char *url, GError **error)
{
	g_autoptr(CURLU) parsed = NULL;

	return lf_http_url_parse(url, &parsed, error);
}

bool lf_http_date(const LfHttp *http, bool is_plain, uint64_t *ret_s, GError **error)
{
	g_autoptr(LfHttpClient) client = lf_http_client_new(http->access);
	g_autoptr(CurlList) headers = NULL;
	g_autoptr(GError) local = NULL;
	g_autoptr(CURLU) url = NULL;
	LfHttpTransfer transfer;

	if (!prepare(client, error) || !lf_http_url_parse(http->url, &url, error))
		return false;
	if (is_plain)
		lf_http_url_make_plain(url);
	lf_http_transfer_init(&transfer, client->curl, http, client->access);
	// What a cache kept has the date of its own day.
	headers = curl_slist_append(header_list(http), "Cache-Control: no-cache");
	// Any answer tells the time, also one that refuses.
	if (!ask(client, &transfer, url, VERB_HEAD, headers, NULL, &local) &&
	    lf_http_status(client->curl) == 0) {
		g_propagate_error(error, g_steal_pointer(&local));
		return false;
	}
	return read_date(client->curl, ret_s, error);
}
