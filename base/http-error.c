// What each way a transfer can fail means for the operator: one class for each.
// Not here: retries (the caller's policy).
#include <string.h>

#include "base/http-private.h"

static const struct {
	CURLcode curl;
	LfErrorCode code;
} codes[] = {
	{ CURLE_PEER_FAILED_VERIFICATION, LF_ERROR_TRUST },
	{ CURLE_SSL_ISSUER_ERROR, LF_ERROR_TRUST },
	{ CURLE_SSL_INVALIDCERTSTATUS, LF_ERROR_TRUST },
	{ CURLE_SSL_PINNEDPUBKEYNOTMATCH, LF_ERROR_TRUST },
	{ CURLE_SSL_CACERT_BADFILE, LF_ERROR_TRUST },
	{ CURLE_SSL_CLIENTCERT, LF_ERROR_TRUST },
	{ CURLE_SSL_CERTPROBLEM, LF_ERROR_INPUT },
	{ CURLE_URL_MALFORMAT, LF_ERROR_INPUT },
	{ CURLE_OUT_OF_MEMORY, LF_ERROR_INTERNAL },
	{ CURLE_FAILED_INIT, LF_ERROR_INTERNAL },
	{ CURLE_BAD_FUNCTION_ARGUMENT, LF_ERROR_INTERNAL },
	{ CURLE_UNKNOWN_OPTION, LF_ERROR_INTERNAL },
	{ CURLE_NOT_BUILT_IN, LF_ERROR_INTERNAL },
};

// libcurl has no code for a server that ends TLS because of our certificate; these are the words of
// GnuTLS and OpenSSL for the alerts of RFC 8446, 6.2 that say so.
static const char *const refusals[] = {
	"certificate is bad",
	"certificate is not supported",
	"certificate was revoked",
	"certificate is expired",
	"unknown certificate",
	"ca is unknown",
	"access was denied",
	"certificate is required",
	"fatal alert has been received",
	"alert bad certificate",
	"alert certificate",
	"alert unknown ca",
	"alert access denied",
	"handshake failed",
	"alert handshake failure",
};

static bool is_refusal(const LfHttpFailure *failure)
{
	g_autofree char *text = g_ascii_strdown(failure->message, -1);

	if (!failure->is_https ||
	    (failure->code != CURLE_SSL_CONNECT_ERROR && failure->code != CURLE_RECV_ERROR &&
	     failure->code != CURLE_SEND_ERROR))
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++)
		if (strstr(text, refusals[i]))
			return true;
	return false;
}

static bool throw_proxy(long status, const char *shown, GError **error)
{
	if (status == 407 || status == 401)
		return lf_throw(error, LF_ERROR_INPUT,
				"the proxy asks for a user and a password (%ld) on the way to "
				"'%s': give the right ones",
				status, shown);
	if (status == 408 || status == 429 || status >= 500)
		return lf_throw(error, LF_ERROR_NETWORK, "the proxy answers %ld on the way to '%s'",
				status, shown);
	return lf_throw(error, LF_ERROR_INPUT,
			"the proxy refuses the way to '%s' (%ld): let it pass there", shown,
			status);
}

bool lf_http_throw_failure(const LfHttpFailure *failure, const char *shown, GError **error)
{
	const char *what = *failure->message ? failure->message : curl_easy_strerror(failure->code);

	if (failure->connect_status >= 300)
		return throw_proxy(failure->connect_status, shown, error);
	if (is_refusal(failure))
		return lf_throw(error, LF_ERROR_TRUST,
				"'%s': the server refuses the connection: %s: check the client "
				"certificate",
				shown, what);
	for (size_t i = 0; i < G_N_ELEMENTS(codes); i++)
		if (codes[i].curl == failure->code)
			return lf_throw(error, codes[i].code, "cannot fetch '%s': %s", shown, what);
	return lf_throw(error, LF_ERROR_NETWORK, "cannot fetch '%s': %s", shown, what);
}

// nginx tells of a missing or refused client certificate by these pages and status 400.
static bool is_certificate_page(long status, const char *body)
{
	return status == 495 || status == 496 ||
	       (status == 400 && (strstr(body, "No required SSL certificate was sent") ||
				  strstr(body, "The SSL certificate error")));
}

bool lf_http_is_web_page(const char *body, size_t size)
{
	size_t i = size >= 3 && memcmp(body, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	while (i < size && g_ascii_isspace(body[i]))
		i++;
	return i < size && body[i] == '<';
}

// A server may well answer with XML, and says so then.
static bool is_page_type(const char *type)
{
	return !type || g_ascii_strncasecmp(type, "text/html", 9) == 0 ||
	       g_ascii_strncasecmp(type, "application/xhtml", 17) == 0;
}

bool lf_http_is_portal(const LfHttpTransfer *transfer)
{
	long status = lf_http_status(transfer->curl);
	bool is_page = is_page_type(lf_http_header(transfer->curl, "Content-Type")) &&
		       lf_http_is_web_page(transfer->page, strlen(transfer->page));

	return (status >= 300 && status < 400) || (status >= 200 && status < 300 && is_page);
}

bool lf_http_throw_portal(const char *shown, GError **error)
{
	return lf_throw(error, LF_ERROR_NETWORK,
			"'%s' answers with a web page or another address: something on the way "
			"answers in the server's place (a captive portal), or the address is not "
			"that of the server: let the machine through, or correct it",
			shown);
}

bool lf_http_throw_status(long status, const char *body, const char *shown, GError **error)
{
	bool may_heal = status >= 500 || status == 429 || status == 408;

	if (status == 407)
		return throw_proxy(status, shown, error);
	if (is_certificate_page(status, body))
		return lf_throw(error, LF_ERROR_TRUST,
				"the server of '%s' wants a client certificate that it knows: "
				"check it",
				shown);
	return lf_throw(error, may_heal ? LF_ERROR_NETWORK : LF_ERROR_INPUT,
			"the server answers %ld for '%s'%s", status, shown,
			may_heal ? "" : ": check the address and what the server has there");
}
