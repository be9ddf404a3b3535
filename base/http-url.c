// URLs as the transfers need them: parsed, compared, and shown without their secrets.
// Not here: fetching (http.c).
#include "base/http-private.h"

#include <string.h>

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

// Port 0 is none: nobody can listen there.
static bool has_port_0(CURLU *url)
{
	char *port = NULL;
	bool is_0 = curl_url_get(url, CURLUPART_PORT, &port, 0) == CURLUE_OK &&
		    strspn(port, "0") == strlen(port);

	curl_free(port);
	return is_0;
}

static CURLUcode set_url(CURLU *url, const char *text)
{
	CURLUcode code = url ? curl_url_set(url, CURLUPART_URL, text, 0) : CURLUE_OUT_OF_MEMORY;

	return code == CURLUE_OK && has_port_0(url) ? CURLUE_BAD_PORT_NUMBER : code;
}

bool lf_http_url_parse(const char *text, CURLU **ret_url, GError **error)
{
	g_autoptr(CURLU) url = curl_url();
	g_autofree char *scheme = NULL;
	CURLUcode code = set_url(url, text);

	if (code == CURLUE_BAD_PORT_NUMBER)
		return lf_throw(error, LF_ERROR_INPUT,
				"the port in the URL is wrong: write a number from 1 to 65535 "
				"behind the host, "
				"as in https://host:8443/path, or leave ':' and the port out");
	if (code != CURLUE_OK)
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

char *lf_http_url_display(CURLU *url)
{
	g_autoptr(CURLU) shown = curl_url_dup(url);

	curl_url_set(shown, CURLUPART_USER, NULL, 0);
	curl_url_set(shown, CURLUPART_PASSWORD, NULL, 0);
	curl_url_set(shown, CURLUPART_OPTIONS, NULL, 0);
	curl_url_set(shown, CURLUPART_QUERY, NULL, 0);
	curl_url_set(shown, CURLUPART_FRAGMENT, NULL, 0);
	return url_part(shown, CURLUPART_URL);
}

bool lf_http_url_is_https(CURLU *url)
{
	g_autofree char *scheme = url_part(url, CURLUPART_SCHEME);

	return g_str_equal(scheme, "https");
}

bool lf_http_url_same_origin(CURLU *a, CURLU *b)
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

void lf_http_url_make_plain(CURLU *url)
{
	static const CURLUPart parts[] = { CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS,
					   CURLUPART_PORT, CURLUPART_QUERY,    CURLUPART_FRAGMENT };

	if (!lf_http_url_is_https(url))
		return;
	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
		curl_url_set(url, parts[i], NULL, 0);
	curl_url_set(url, CURLUPART_PATH, "/", 0);
	curl_url_set(url, CURLUPART_SCHEME, "http", 0);
}
