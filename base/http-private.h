#pragma once

#include "base/http.h"

#include <curl/curl.h>

/** What the parts of base/http share; nothing for others. */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CURL, curl_easy_cleanup)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CURLU, curl_url_cleanup)
typedef struct curl_slist CurlList;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CurlList, curl_slist_free_all)

/** lf_http_memory_init: starts libcurl, once for the program, with memory that it wipes before it
 * gives it back. */
void lf_http_memory_init(void);

/** lf_http_url_parse: errors: INPUT when it is no http or https URL. */
bool lf_http_url_parse(const char *text, CURLU **ret_url, GError **error);

/** lf_http_url_display: (transfer full): as messages may show it: a user part and a query can hold
 * secrets. */
char *lf_http_url_display(CURLU *url);

bool lf_http_url_is_https(CURLU *url);

/** lf_http_url_make_plain: of an https URL only the server is left, asked by http at its usual
 * port; an http URL stays as it is. */
void lf_http_url_make_plain(CURLU *url);
bool lf_http_url_same_origin(CURLU *a, CURLU *b);

/** lf_http_access_apply: @access: (nullable): checked before. */
void lf_http_access_apply(CURL *curl, const LfHttpAccess *access);

/**
 * LfHttpFailure: what is known of a transfer that libcurl gave up.
 * @message: libcurl's; may be empty
 * @connect_status: what a proxy answered to CONNECT; 0 when it did not
 */
typedef struct {
	CURLcode code;
	const char *message;
	long connect_status;
	bool is_https;
} LfHttpFailure;

/** lf_http_throw_failure: @shown: lf_http_url_display(). Returns: false */
bool lf_http_throw_failure(const LfHttpFailure *failure, const char *shown, GError **error);

/** lf_http_throw_status: @body: first bytes of the answer. Returns: false */
bool lf_http_throw_status(long status, const char *body, const char *shown, GError **error);

/**
 * LfHttpTransfer: one request and what it has brought so far. A redirect is a new one.
 * @body: collects the body; NULL when it is written to @fd or not wanted
 * @fd: -1 when not written
 * @offset: bytes of the whole body that are there already
 * @page: the first bytes of an answer that is no success, or whose body is not wanted
 * @write_errno, @is_…: why our callbacks ended the transfer
 */
typedef struct {
	const LfHttp *http;
	CURL *curl;
	LfHttpLimit *limit;
	uint64_t max_bytes;
	GByteArray *body;
	int fd;
	uint64_t offset;
	uint64_t seen_bytes;
	char page[512];
	gint64 window_us;
	curl_off_t window_bytes;
	gint64 stall_us;
	int write_errno;
	bool is_too_long;
	bool is_stalled;
	bool is_unwanted;
	bool is_wrong_range;
	char message[CURL_ERROR_SIZE];
} LfHttpTransfer;

void lf_http_transfer_init(LfHttpTransfer *transfer, CURL *curl, const LfHttp *http,
			   const LfHttpAccess *access);

/** lf_http_transfer_begin: sets up the handle anew, for a GET; connections stay. */
void lf_http_transfer_begin(LfHttpTransfer *transfer, CURLU *url, const LfHttpAccess *access);

/** lf_http_transfer_perform: @ret_next: (out) (optional): set when the answer is a redirect; NULL
 * says that a redirect is an error. */
bool lf_http_transfer_perform(LfHttpTransfer *transfer, CURLU *url, CURLU **ret_next,
			      GError **error);

/** lf_http_is_portal: whether the answer to a POST is one that only something on the way gives. */
bool lf_http_is_portal(const LfHttpTransfer *transfer);

/** lf_http_throw_portal: @shown: lf_http_url_display(). Returns: false */
bool lf_http_throw_portal(const char *shown, GError **error);

/** lf_http_status: of the handle's last answer; 0 when there was none. */
long lf_http_status(CURL *curl);

/** lf_http_header: (transfer none) (nullable): of the handle's last answer. */
const char *lf_http_header(CURL *curl, const char *name);
