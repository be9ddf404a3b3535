// Events by HTTP POST: body and headers of one batch.
// Not here: when to send and what to do after a failure (courier.c), HTTP (base/http).
#include "installer/report/post.h"

#include <string.h>

#include "base/json.h"

#define CONNECT_TIMEOUT_MS 10000
#define STALL_TIMEOUT_MS   10000
#define TIMEOUT_MS	   15000
// 4 MiB by a line of 64 kbit/s, within the half hour that the last reports may take.
#define LOG_TIMEOUT_MS	 (15 * 60 * 1000)
#define MAX_ANSWER_BYTES 65536
#define MAX_NAME_BYTES	 128
#define MAX_TOKEN_BYTES	 4096

struct LfPoster {
	char *url;
	const LfHttpAccess *access;
	LfHttpClient *client;
	LfSecret *authorization; /* the whole header; nullable */
};

// RFC 6750, 2.1: a token is made of these. Others could end the header.
static bool is_token(const char *text, size_t size)
{
	if (size == 0 || size > MAX_TOKEN_BYTES)
		return false;
	for (size_t i = 0; i < size; i++)
		if (!g_ascii_isalnum(text[i]) && !strchr("-._~+/=", text[i]))
			return false;
	return true;
}

static bool make_authorization(const LfSecret *token, LfSecret **ret, GError **error)
{
	static const char prefix[] = "Authorization: Bearer ";
	const char *text = lf_secret_data(token);
	size_t size = lf_secret_size(token);
	char *header;

	while (size > 0 && g_ascii_isspace(*text)) {
		text++;
		size--;
	}
	while (size > 0 && g_ascii_isspace(text[size - 1]))
		size--;
	if (!is_token(text, size))
		return lf_throw(error, LF_ERROR_INPUT,
				"the report's token may have letters, digits and - . _ ~ + / = "
				"alone: write another into its file");
	header = g_malloc(sizeof prefix + size);
	memcpy(header, prefix, sizeof prefix - 1);
	memcpy(header + sizeof prefix - 1, text, size);
	*ret = lf_secret_new(header, sizeof prefix - 1 + size);
	lf_wipe(header, sizeof prefix + size);
	g_free(header);
	return true;
}

LfPoster *lf_poster_new(const char *url, const LfHttpAccess *access, const LfSecret *token,
			GError **error)
{
	g_autoptr(LfPoster) poster = g_new0(LfPoster, 1);

	if (token && !make_authorization(token, &poster->authorization, error))
		return NULL;
	poster->url = g_strdup(url);
	poster->access = access;
	poster->client = lf_http_client_new(access);
	return g_steal_pointer(&poster);
}

// A board may call itself anything; a header takes printable ASCII alone.
static char *name_header(const char *header, const char *name)
{
	g_autofree char *harmless = g_strndup(name, MAX_NAME_BYTES);

	for (char *c = harmless; *c; c++)
		if (!g_ascii_isprint(*c))
			*c = '?';
	return g_strdup_printf("%s: %s", header, harmless);
}

static const struct {
	const char *member;
	const char *header;
} names[] = {
	{ "serial", "X-Landfall-Serial" },
	{ "uuid", "X-Landfall-UUID" },
	{ "mac", "X-Landfall-MAC" },
};

static GPtrArray *make_headers(const json_t *machine)
{
	GPtrArray *headers = g_ptr_array_new_with_free_func(g_free);

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		const char *name = json_string_value(json_object_get(machine, names[i].member));

		if (name && *name)
			g_ptr_array_add(headers, name_header(names[i].header, name));
	}
	return headers;
}

// The token's header is borrowed: here it stays in its locked memory. libcurl copies it, for the
// time of a request, to memory that is not locked but is wiped (base/http-memory.c).
static const char **all_headers(const LfPoster *poster, const GPtrArray *own)
{
	GPtrArray *all = g_ptr_array_new();

	for (guint i = 0; i < own->len; i++)
		g_ptr_array_add(all, g_ptr_array_index(own, i));
	if (poster->authorization)
		g_ptr_array_add(all, (gpointer)(uintptr_t)lf_secret_data(poster->authorization));
	g_ptr_array_add(all, NULL);
	return (const char **)g_ptr_array_free(all, FALSE);
}

static LfHttp request(const LfPoster *poster, const char *const *headers, unsigned timeout_ms)
{
	return (LfHttp){
		.url = poster->url,
		.access = poster->access,
		.max_bytes = MAX_ANSWER_BYTES,
		.connect_timeout_ms = CONNECT_TIMEOUT_MS,
		.stall_timeout_ms = STALL_TIMEOUT_MS,
		.timeout_ms = timeout_ms,
		.headers = headers,
	};
}

static GBytes *lines_of(const GPtrArray *events)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < events->len; i++) {
		g_autofree char *line = lf_json_print(g_ptr_array_index(events, i), false);

		g_string_append(text, line);
		g_string_append_c(text, '\n');
	}
	return g_string_free_to_bytes(text);
}

bool lf_poster_send(const GPtrArray *events, void *user_data, GError **error)
{
	LfPoster *poster = user_data;
	const json_t *last = g_ptr_array_index(events, events->len - 1);
	g_autoptr(GPtrArray) own = make_headers(json_object_get(last, "machine"));
	g_autofree const char **headers = all_headers(poster, own);
	g_autoptr(GBytes) body = lines_of(events);
	LfHttp http = request(poster, headers, TIMEOUT_MS);

	return lf_http_client_post(poster->client, &http, "application/x-ndjson", body, error);
}

bool lf_poster_send_log(LfPoster *poster, const json_t *machine, GBytes *text, GError **error)
{
	g_autoptr(GPtrArray) own = make_headers(machine);
	g_autofree const char **headers = NULL;
	LfHttp http;

	g_ptr_array_add(own, g_strdup("X-Landfall-Log: installer"));
	headers = all_headers(poster, own);
	http = request(poster, headers, LOG_TIMEOUT_MS);
	return lf_http_post(&http, "text/plain; charset=utf-8", text, error);
}

void lf_poster_free(LfPoster *poster)
{
	if (!poster)
		return;
	g_clear_pointer(&poster->client, lf_http_client_free);
	lf_secret_free(poster->authorization);
	g_free(poster->url);
	g_free(poster);
}
