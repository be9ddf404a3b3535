// Fetching: each way a server or the network can fail has its class; nothing is followed blindly.
// The server is tests/unit/http-server, on loopback, with certificates made for this run.
#include "tests/unit/test.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/http.h"

typedef struct {
	char *dir;
	char *ca, *other_ca;
	char *client_cert, *client_key, *pin;
	char *plain, *tls, *wrong_name, *wants_client, *wants_client_12; /* base URLs */
	pid_t pid;
} Server;

static Server server;

static char *url(const char *base, const char *path)
{
	return g_strconcat(base, path, NULL);
}

static GBytes *get(const char *base, const char *path, GError **error)
{
	g_autofree char *address = url(base, path);

	return lf_http_get(&(LfHttp){ .url = address,
				      .access = &(LfHttpAccess){ .ca_file = server.ca },
				      .stall_timeout_ms = 1000 },
			   error);
}

static void assert_body(GBytes *body, GError *error, const char *wanted)
{
	assert_ok(body, error);
	assert_int_equal(g_bytes_get_size(body), strlen(wanted));
	assert_memory_equal(g_bytes_get_data(body, NULL), wanted, strlen(wanted));
}

static void a_body_is_fetched_with_and_without_tls(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) plain = get(server.plain, "/hello", &error);
	g_autoptr(GBytes) tls = NULL;

	assert_body(plain, error, "hello\n");
	tls = get(server.tls, "/hello", &error);
	assert_body(tls, error, "hello\n");
}

static void a_chunked_body_and_an_empty_one_are_whole(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) chunked = get(server.plain, "/chunked", &error);
	g_autoptr(GBytes) empty = NULL;

	assert_body(chunked, error, "one two");
	empty = get(server.plain, "/empty", &error);
	assert_body(empty, error, "");
}

static void statuses_have_their_class(void **state)
{
	static const struct {
		const char *path;
		LfErrorCode code;
	} rows[] = { { "/status/404", LF_ERROR_INPUT },	  { "/status/403", LF_ERROR_INPUT },
		     { "/status/503", LF_ERROR_NETWORK }, { "/status/500", LF_ERROR_NETWORK },
		     { "/status/429", LF_ERROR_NETWORK }, { "/status/408", LF_ERROR_NETWORK },
		     { "/status/304", LF_ERROR_INPUT } };

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;

		assert_throws(get(server.plain, rows[i].path, &error), error, rows[i].code,
			      rows[i].path + strlen("/status/"));
	}
}

static void truncated_bodies_are_network_errors(void **state)
{
	static const char *const paths[] = { "/truncated", "/truncated-chunk", "/no-answer" };

	for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
		g_autoptr(GError) plain = NULL;
		g_autoptr(GError) tls = NULL;

		assert_throws(get(server.plain, paths[i], &plain), plain, LF_ERROR_NETWORK, "/");
		assert_throws(get(server.tls, paths[i], &tls), tls, LF_ERROR_NETWORK, "/");
	}
}

static void a_stalled_transfer_ends(void **state)
{
	g_autoptr(GError) error = NULL;
	gint64 begin_us = g_get_monotonic_time();

	assert_throws(get(server.plain, "/stall", &error), error, LF_ERROR_NETWORK,
		      "nothing arrived for 1000 ms");
	assert_true(g_get_monotonic_time() - begin_us < 15000000);
}

static void a_trickling_transfer_ends_too(void **state)
{
	g_autofree char *address = url(server.plain, "/trickle");
	g_autoptr(GError) error = NULL;
	gint64 begin_us = g_get_monotonic_time();

	assert_throws(lf_http_get(&(LfHttp){ .url = address, .timeout_ms = 1500 }, &error), error,
		      LF_ERROR_NETWORK, "timed out");
	assert_true(g_get_monotonic_time() - begin_us < 15000000);
}

static bool is_third_look(void *user_data)
{
	unsigned *n_looks = user_data;

	return ++*n_looks >= 3;
}

static void a_transfer_that_nobody_wants_any_more_ends(void **state)
{
	g_autofree char *address = url(server.plain, "/stall");
	g_autoptr(GError) error = NULL;
	unsigned n_looks = 0;
	const LfHttp http = { .url = address, .is_unwanted = is_third_look, .user_data = &n_looks };
	gint64 begin_us = g_get_monotonic_time();

	assert_throws(lf_http_get(&http, &error), error, LF_ERROR_NETWORK,
		      "given up before it was whole");
	assert_int_equal(n_looks, 3);
	assert_true(g_get_monotonic_time() - begin_us < 15000000);
}

static void a_body_of_the_allowed_size_passes_and_a_byte_more_does_not(void **state)
{
	static const char *const paths[] = { "/hello", "/unsized" };

	for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
		g_autofree char *address = url(server.plain, paths[i]);
		g_autoptr(GError) error = NULL;
		g_autoptr(GBytes) body =
			lf_http_get(&(LfHttp){ .url = address, .max_bytes = 6 }, &error);

		assert_body(body, error, "hello\n");
		assert_throws(lf_http_get(&(LfHttp){ .url = address, .max_bytes = 5 }, &error),
			      error, LF_ERROR_INPUT, "longer than the 5 bytes");
	}
}

static void redirects_are_followed_five_times(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) five = get(server.plain, "/hop/5", &error);
	g_autoptr(GBytes) upgraded = NULL;

	assert_body(five, error, "hello\n");
	upgraded = get(server.plain, "/to-tls", &error);
	assert_body(upgraded, error, "hello\n");
	assert_throws(get(server.plain, "/hop/6", &error), error, LF_ERROR_INPUT, "more than 5");
}

static void https_never_leads_to_http(void **state)
{
	g_autoptr(GError) direct = NULL;
	g_autoptr(GError) detour = NULL;

	assert_throws(get(server.tls, "/to-plain", &direct), direct, LF_ERROR_TRUST,
		      "from https to http");
	// http → https → http: the second step is the downgrade.
	assert_throws(get(server.plain, "/to-tls-to-plain", &detour), detour, LF_ERROR_TRUST,
		      "from https to http");
}

static void redirects_to_other_protocols_are_refused(void **state)
{
	g_autoptr(GError) error = NULL;

	assert_throws(get(server.plain, "/to-file", &error), error, LF_ERROR_INPUT, "'file' URLs");
}

static void headers_go_to_the_named_server_only(void **state)
{
	const char *const headers[] = { "Authorization: Bearer t0p", NULL };
	g_autofree char *direct = url(server.plain, "/echo-authorization");
	g_autofree char *same = url(server.plain, "/to-echo");
	g_autofree char *other = url(server.plain, "/to-echo-elsewhere");
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) sent = NULL;
	g_autoptr(GBytes) followed = NULL;
	g_autoptr(GBytes) leaked = NULL;

	sent = lf_http_get(&(LfHttp){ .url = direct, .headers = headers }, &error);
	assert_body(sent, error, "Bearer t0p");
	followed = lf_http_get(&(LfHttp){ .url = same, .headers = headers }, &error);
	assert_body(followed, error, "Bearer t0p");
	leaked = lf_http_get(&(LfHttp){ .url = other,
					.access = &(LfHttpAccess){ .ca_file = server.ca },
					.headers = headers },
			     &error);
	assert_body(leaked, error, "none");
}

// Ranges of memory that this program can write to; reserved address space is none of them.
#define MAX_RANGE_BYTES (64 << 20)

static unsigned found_in(const char *block, size_t size, const char *masked)
{
	size_t length = strlen(masked);
	unsigned found = 0;

	for (size_t at = 0; at + length <= size; at++) {
		size_t i = 0;

		while (i < length && block[at + i] == (char)~masked[i])
			i++;
		found += i == length;
	}
	return found;
}

// How often a text lies in our memory. It is given with each bit turned, so as not to count itself.
static unsigned copies_in_memory(const char *masked)
{
	g_autofree char *maps = lf_read_text_at(AT_FDCWD, "/proc/self/maps", 1 << 20, NULL);
	g_auto(GStrv) lines = g_strsplit(maps, "\n", -1);
	lf_autofd fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	unsigned found = 0;

	for (char **line = lines; *line; line++) {
		char *end = NULL;
		uint64_t from = g_ascii_strtoull(*line, &end, 16);
		uint64_t size = g_ascii_strtoull(end + 1, &end, 16) - from;
		g_autofree char *block = size > MAX_RANGE_BYTES || !g_str_has_prefix(end, " rw")
						 ? NULL
						 : g_malloc(size);

		if (block && lf_pread_all(fd, block, size, from, NULL))
			found += found_in(block, size, masked);
		// What was found here must not be found again in the next range.
		if (block)
			memset(block, 0, size);
	}
	return found;
}

static void a_credential_is_in_no_memory_that_was_given_back(void **state)
{
	g_autofree char *header = g_strdup("Authorization: Bearer 7f3c9a51e8d24b60");
	const char *const headers[] = { header, NULL };
	g_autofree char *address = url(server.plain, "/hello");
	// An allocator writes over the first bytes of what it gets back.
	g_autofree char *masked = g_strdup(header + strlen("Authorization: Bearer "));
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) body = NULL;

	for (char *c = masked; *c; c++)
		*c = (char)~*c;
	assert_int_equal(copies_in_memory(masked), 1);
	body = lf_http_get(&(LfHttp){ .url = address, .headers = headers }, &error);
	assert_body(body, error, "hello\n");
	assert_int_equal(copies_in_memory(masked), 1);
}

static void a_certificate_of_another_authority_is_a_trust_error(void **state)
{
	g_autofree char *address = url(server.tls, "/hello");
	g_autoptr(GError) error = NULL;
	g_autoptr(GError) by_system = NULL;

	assert_throws(
		lf_http_get(&(LfHttp){ .url = address,
				       .access = &(LfHttpAccess){ .ca_file = server.other_ca } },
			    &error),
		error, LF_ERROR_TRUST, "certificate");
	assert_throws(lf_http_get(&(LfHttp){ .url = address }, &by_system), by_system,
		      LF_ERROR_TRUST, "certificate");
}

static void a_certificate_for_another_name_is_a_trust_error(void **state)
{
	g_autoptr(GError) error = NULL;

	assert_throws(get(server.wrong_name, "/hello", &error), error, LF_ERROR_TRUST,
		      "certificate");
}

static void a_missing_authority_file_is_the_operators_to_correct(void **state)
{
	g_autofree char *address = url(server.tls, "/hello");
	g_autoptr(GError) error = NULL;

	assert_throws(
		lf_http_get(&(LfHttp){ .url = address,
				       .access = &(LfHttpAccess){ .ca_file = "/nowhere.pem" } },
			    &error),
		error, LF_ERROR_INPUT, "cannot open '/nowhere.pem'");
}

static GBytes *get_by(const char *base, const char *path, const LfHttpAccess *access,
		      GError **error)
{
	g_autofree char *address = url(base, path);

	return lf_http_get(&(LfHttp){ .url = address, .access = access, .stall_timeout_ms = 3000 },
			   error);
}

static char *file_of(const char *name, const char *text)
{
	char *path = g_build_filename(server.dir, name, NULL);

	assert_true(g_file_set_contents(path, text, -1, NULL));
	return path;
}

static void words_of_the_access_that_are_wrong_are_named_before_a_server_is_asked(void **state)
{
	g_autofree char *garbage = file_of("garbage.pem", "no certificate\n");
	g_autofree char *empty = file_of("empty.pem", "");
	const struct {
		LfHttpAccess access;
		const char *text;
	} rows[] = {
		{ { .ca_file = garbage }, "holds no X.509 certificate" },
		{ { .ca_file = empty }, "empty" },
		{ { .ca_file = server.client_key }, "holds no X.509 certificate" },
		{ { .cert_file = server.client_cert }, "give both" },
		{ { .key_file = server.client_key }, "give both" },
		{ { .cert_file = server.client_cert, .key_file = "/nowhere.key" }, "/nowhere.key" },
		{ { .cert_file = garbage, .key_file = server.client_key }, "no X.509" },
		{ { .cert_file = server.client_cert, .key_file = garbage }, "no private key" },
		{ { .cert_file = server.ca, .key_file = server.client_key }, "does not belong" },
		{ { .pin = "md5//xxxx" }, "pinned public key" },
		{ { .pin = "" }, "pinned public key" },
		{ { .pin = "sha256//" }, "pinned public key" },
		{ { .pin = "sha256//AAAA" }, "pinned public key" },
		{ { .pin = "/etc/passwd" }, "pinned public key" },
		{ { .proxy = "socks5://127.0.0.1:1080" }, "proxy: not a URL" },
		{ { .proxy = "" }, "proxy: not a URL" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;

		assert_throws(get_by("http://127.0.0.1:1", "/", &rows[i].access, &error), error,
			      LF_ERROR_INPUT, rows[i].text);
	}
}

static void a_client_certificate_opens_the_server_that_wants_one(void **state)
{
	const LfHttpAccess access = { .ca_file = server.ca,
				      .cert_file = server.client_cert,
				      .key_file = server.client_key };
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) body = get_by(server.wants_client, "/hello", &access, &error);
	g_autoptr(GBytes) body12 = NULL;

	assert_body(body, error, "hello\n");
	body12 = get_by(server.wants_client_12, "/hello", &access, &error);
	assert_body(body12, error, "hello\n");
}

static void a_client_certificate_missing_or_refused_is_a_trust_error(void **state)
{
	g_autofree char *other_key = g_build_filename(server.dir, "other-ca.key", NULL);
	const LfHttpAccess none = { .ca_file = server.ca };
	const LfHttpAccess other = { .ca_file = server.ca,
				     .cert_file = server.other_ca,
				     .key_file = other_key };
	const struct {
		const char *base;
		const LfHttpAccess *access;
	} rows[] = { { server.wants_client, &none },
		     { server.wants_client, &other },
		     { server.wants_client_12, &none },
		     { server.wants_client_12, &other } };
	g_autoptr(GError) by_page = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;

		assert_throws(get_by(rows[i].base, "/hello", rows[i].access, &error), error,
			      LF_ERROR_TRUST, "check the client certificate");
	}
	assert_throws(get(server.tls, "/wants-certificate", &by_page), by_page, LF_ERROR_TRUST,
		      "wants a client certificate");
}

static void a_pinned_key_must_be_the_servers(void **state)
{
	const char *wrong = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
	g_autofree char *both = g_strconcat(wrong, ";", server.pin, NULL);
	const LfHttpAccess right[] = { { .ca_file = server.ca, .pin = server.pin },
				       { .ca_file = server.ca, .pin = both },
				       { .is_insecure_tls = true, .pin = server.pin } };
	const LfHttpAccess other[] = { { .ca_file = server.ca, .pin = wrong },
				       { .is_insecure_tls = true, .pin = wrong },
				       { .ca_file = server.other_ca, .pin = server.pin } };

	for (size_t i = 0; i < G_N_ELEMENTS(right); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(GBytes) body = get_by(server.tls, "/hello", &right[i], &error);

		assert_body(body, error, "hello\n");
	}
	for (size_t i = 0; i < G_N_ELEMENTS(other); i++) {
		g_autoptr(GError) error = NULL;

		assert_throws(get_by(server.tls, "/hello", &other[i], &error), error,
			      LF_ERROR_TRUST, "cannot fetch");
	}
}

static void without_checks_any_certificate_passes(void **state)
{
	const LfHttpAccess access = { .is_insecure_tls = true };
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) body = get_by(server.wrong_name, "/hello", &access, &error);

	assert_body(body, error, "hello\n");
}

static void a_proxy_carries_plain_requests_and_tls(void **state)
{
	const LfHttpAccess access = { .proxy = server.plain, .ca_file = server.ca };
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) plain = get_by("http://proxied.test", "/hello", &access, &error);
	g_autoptr(GBytes) tls = NULL;

	assert_body(plain, error, "hello\n");
	tls = get_by(server.tls, "/hello", &access, &error);
	assert_body(tls, error, "hello\n");
}

static void exceptions_from_the_proxy_in_the_environment_do_not_count(void **state)
{
	const LfHttpAccess access = { .proxy = server.plain };
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) body = NULL;

	g_setenv("no_proxy", "*", TRUE);
	body = get_by("http://proxied.test", "/hello", &access, &error);
	g_unsetenv("no_proxy");
	assert_body(body, error, "hello\n");
}

static void what_a_proxy_answers_has_its_class(void **state)
{
	static const struct {
		const char *base;
		LfErrorCode code;
		const char *text;
	} rows[] = {
		{ "https://status-403.test", LF_ERROR_INPUT, "refuses the way" },
		{ "https://status-407.test", LF_ERROR_INPUT, "asks for a user" },
		{ "https://status-502.test", LF_ERROR_NETWORK, "answers 502" },
		{ "https://status-503.test", LF_ERROR_NETWORK, "answers 503" },
		{ "http://proxied.test/status/407?", LF_ERROR_INPUT, "asks for a user" },
	};
	const LfHttpAccess access = { .proxy = server.plain };
	const LfHttpAccess closed = { .proxy = "http://u:hunter2@127.0.0.1:1" };
	const LfHttpAccess nameless = { .proxy = "http://proxy.invalid:3128" };
	g_autoptr(GError) absent = NULL;
	g_autoptr(GError) unknown = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;

		assert_throws(get_by(rows[i].base, "", &access, &error), error, rows[i].code,
			      rows[i].text);
	}
	assert_throws(get_by("http://proxied.test", "/", &closed, &absent), absent,
		      LF_ERROR_NETWORK, "proxied.test");
	assert_null(strstr(absent->message, "hunter2"));
	assert_throws(get_by("http://proxied.test", "/", &nameless, &unknown), unknown,
		      LF_ERROR_NETWORK, "proxy");
}

static void a_name_that_is_not_found_is_a_network_error(void **state)
{
	g_autoptr(GError) error = NULL;

	assert_throws(get("http://server.invalid", "/x", &error), error, LF_ERROR_NETWORK,
		      "server.invalid");
}

static void a_server_below_the_least_speed_is_left(void **state)
{
	g_autofree char *address = url(server.plain, "/trickle");
	const LfHttp http = { .url = address, .stall_timeout_ms = 1500, .least_bytes_per_s = 100 };
	g_autoptr(GError) error = NULL;
	gint64 begin_us = g_get_monotonic_time();

	assert_throws(lf_http_get(&http, &error), error, LF_ERROR_NETWORK,
		      "less than 100 bytes a second arrived for 1500 ms");
	assert_true(g_get_monotonic_time() - begin_us < 10000000);
}

static void *fetch_big(void *user_data)
{
	g_autofree char *address = url(server.plain, "/big");
	g_autoptr(GError) error = NULL;
	// As slow as the limit is, the server is not to blame for it.
	g_autoptr(GBytes) body = lf_http_get(&(LfHttp){ .url = address,
							.access = user_data,
							.stall_timeout_ms = 200,
							.least_bytes_per_s = 200000 },
					     &error);

	return body && g_bytes_get_size(body) == 65536 ? g_strdup("whole") : NULL;
}

static void transfers_share_one_limit(void **state)
{
	g_autoptr(LfHttpLimit) limit = lf_http_limit_new(131072);
	LfHttpAccess access = { .limit = limit };
	GThread *threads[3];
	gint64 begin_us = g_get_monotonic_time();
	double seconds;

	for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
		threads[i] = g_thread_new("fetch", fetch_big, &access);
	for (size_t i = 0; i < G_N_ELEMENTS(threads); i++) {
		g_autofree char *whole = g_thread_join(threads[i]);

		assert_non_null(whole);
	}
	seconds = (double)(g_get_monotonic_time() - begin_us) / G_USEC_PER_SEC;
	// 192 KiB at 128 KiB/s are 1.5 s.
	assert_true(seconds > 1.3 && seconds < 5);
}

static void a_body_is_posted(void **state)
{
	g_autofree char *address = url(server.tls, "/posted");
	g_autofree char *moved = url(server.plain, "/hop/1");
	g_autofree char *down = url(server.plain, "/status/503");
	g_autoptr(GBytes) body = g_bytes_new_static("a report\n", 9);
	const LfHttpAccess access = { .ca_file = server.ca };
	g_autoptr(GError) error = NULL;
	g_autoptr(GError) by_redirect = NULL;
	g_autoptr(GError) by_status = NULL;

	assert_ok(lf_http_post(&(LfHttp){ .url = address, .access = &access }, "text/plain", body,
			       &error),
		  error);
	assert_throws(lf_http_post(&(LfHttp){ .url = moved }, "text/plain", body, &by_redirect),
		      by_redirect, LF_ERROR_NETWORK, "captive portal");
	assert_throws(lf_http_post(&(LfHttp){ .url = down }, "text/plain", body, &by_status),
		      by_status, LF_ERROR_NETWORK, "answers 503");
}

static bool post_to(const char *base, const char *path, GError **error)
{
	g_autofree char *address = url(base, path);
	g_autoptr(GBytes) body = g_bytes_new_static("x", 1);

	return lf_http_post(
		&(LfHttp){ .url = address, .access = &(LfHttpAccess){ .ca_file = server.ca } },
		"text/plain", body, error);
}

static void a_page_in_a_plain_servers_place_takes_nothing(void **state)
{
	static const struct {
		const char *path;
		bool is_page;
	} rows[] = {
		{ "/page/text_html", true },
		{ "/page/text_html; charset=utf-8", true },
		{ "/page/Text_HTML", true },
		{ "/page/application_xhtml+xml", true },
		{ "/page/none", true },
		{ "/hop/1", true },
		{ "/page/application_xml", false },
		{ "/page/empty", false },
		{ "/page/word", false },
		{ "/hello", false },
		{ "/empty", false },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *path = g_uri_escape_string(rows[i].path, "/", FALSE);
		g_autoptr(GError) error = NULL;
		bool ok = post_to(server.plain, path, &error);

		if (!rows[i].is_page) {
			assert_ok(ok, error);
			continue;
		}
		assert_false(ok);
		assert_true(g_error_matches(error, LF_ERROR, LF_ERROR_NETWORK));
		assert_contains(error->message, "captive portal");
	}
}

static void what_answers_by_https_is_the_server(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GError) by_redirect = NULL;

	assert_ok(post_to(server.tls, "/page/text_html", &error), error);
	assert_throws(post_to(server.tls, "/hop/1", &by_redirect), by_redirect, LF_ERROR_INPUT,
		      "answers 302");
}

static void the_date_of_any_answer_is_read(void **state)
{
	g_autofree char *dated = url(server.plain, "/dated");
	g_autofree char *dateless = url(server.plain, "/dateless");
	g_autofree char *secure = url(server.tls, "/dated");
	g_autoptr(GError) error = NULL;
	g_autoptr(GError) without = NULL;
	g_autoptr(GError) by_tls = NULL;
	g_autoptr(GError) closed = NULL;
	g_autoptr(GError) unjudged = NULL;
	uint64_t date_s = 0;

	assert_ok(lf_http_date(&(LfHttp){ .url = dated }, true, &date_s, &error), error);
	assert_int_equal(date_s, 784111777);
	assert_throws(lf_http_date(&(LfHttp){ .url = dateless }, true, &date_s, &without), without,
		      LF_ERROR_NETWORK, "no date");
	// Of an https address only the server is asked, at the port of http, where none listens
	// here.
	assert_throws(lf_http_date(&(LfHttp){ .url = secure }, true, &date_s, &by_tls), by_tls,
		      LF_ERROR_NETWORK, "'http://127.0.0.1/'");
	assert_throws(
		lf_http_date(&(LfHttp){ .url = "http://127.0.0.1:1/" }, true, &date_s, &closed),
		closed, LF_ERROR_NETWORK, "127.0.0.1");
	assert_int_equal(date_s, 784111777);
	// Whose certificate cannot be judged may say the time, if the caller wants that.
	date_s = 0;
	assert_ok(lf_http_date(&(LfHttp){ .url = secure,
					  .access = &(LfHttpAccess){ .is_insecure_tls = true } },
			       false, &date_s, &unjudged),
		  unjudged);
	assert_int_equal(date_s, 784111777);
}

static void a_client_keeps_its_connection(void **state)
{
	g_autofree char *address = url(server.plain, "/connection");
	g_autofree char *closing = url(server.plain, "/hello");
	g_autoptr(LfHttpClient) client = lf_http_client_new(NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) first = lf_http_client_get(client, &(LfHttp){ .url = address }, &error);
	g_autoptr(GBytes) second = lf_http_client_get(client, &(LfHttp){ .url = address }, &error);
	g_autoptr(GBytes) closed = lf_http_client_get(client, &(LfHttp){ .url = closing }, &error);
	g_autoptr(GBytes) fourth = lf_http_client_get(client, &(LfHttp){ .url = address }, &error);

	assert_ok(first && second && closed && fourth, error);
	assert_true(g_bytes_equal(first, second));
	assert_false(g_bytes_equal(first, fourth));
}

static bool download(const char *path, int fd, uint64_t max_bytes, uint64_t *inout_offset,
		     GError **error)
{
	g_autofree char *address = url(server.plain, path);
	g_autoptr(LfHttpClient) client = lf_http_client_new(NULL);

	return lf_http_client_download(client, &(LfHttp){ .url = address, .max_bytes = max_bytes },
				       fd, inout_offset, error);
}

static void a_download_goes_on_where_it_broke_off(void **state)
{
	g_autofree char *path = file_of("download", "");
	lf_autofd fd = open(path, O_RDWR | O_CLOEXEC);
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;
	uint64_t offset = 0;

	assert_throws(download("/alphabet-cut", fd, 0, &offset, &error), error, LF_ERROR_NETWORK,
		      "alphabet-cut");
	assert_int_equal(offset, 10);
	g_clear_error(&error);
	assert_ok(download("/alphabet", fd, 0, &offset, &error), error);
	assert_int_equal(offset, 26);
	assert_true(g_file_get_contents(path, &text, NULL, NULL));
	assert_string_equal(text, "abcdefghijklmnopqrstuvwxyz");
	// Once more: nothing is missing.
	assert_ok(download("/alphabet", fd, 0, &offset, &error), error);
	assert_int_equal(offset, 26);
}

static void a_download_never_mixes_two_ranges(void **state)
{
	static const struct {
		const char *path;
		uint64_t offset;
		LfErrorCode code;
	} rows[] = { { "/hello", 3, LF_ERROR_INPUT },
		     { "/empty", 3, LF_ERROR_INPUT },
		     { "/alphabet-other", 3, LF_ERROR_INPUT },
		     { "/alphabet-nameless", 3, LF_ERROR_INPUT },
		     { "/alphabet-other", 0, LF_ERROR_INPUT },
		     { "/alphabet", 27, LF_ERROR_INPUT },
		     { "/status/503", 3, LF_ERROR_NETWORK },
		     { "/status/404", 0, LF_ERROR_INPUT } };
	g_autofree char *path = file_of("download", "");

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		lf_autofd fd = open(path, O_RDWR | O_CLOEXEC);
		g_autoptr(GError) error = NULL;
		uint64_t offset = rows[i].offset;

		assert_throws(download(rows[i].path, fd, 0, &offset, &error), error, rows[i].code,
			      "127.0.0.1");
		assert_int_equal(offset, rows[i].offset);
		assert_int_equal(lseek(fd, 0, SEEK_END), 0);
	}
}

static void a_download_heeds_the_size_of_the_whole_file(void **state)
{
	g_autofree char *path = file_of("download", "");
	lf_autofd fd = open(path, O_RDWR | O_CLOEXEC);
	g_autoptr(GError) error = NULL;
	g_autoptr(GError) beyond = NULL;
	uint64_t offset = 10;

	assert_throws(download("/alphabet", fd, 25, &offset, &error), error, LF_ERROR_INPUT,
		      "longer than the 25 bytes");
	g_clear_error(&error);
	assert_ok(download("/alphabet", fd, 26, &offset, &error), error);
	assert_throws(download("/alphabet", fd, 25, &offset, &beyond), beyond, LF_ERROR_INPUT,
		      "25 bytes");
}

static void a_download_that_cannot_be_written_is_an_io_error(void **state)
{
	lf_autofd full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	g_autoptr(GError) error = NULL;
	uint64_t offset = 0;

	assert_throws(download("/alphabet", full, 0, &offset, &error), error, LF_ERROR_IO,
		      "cannot write");
	assert_int_equal(offset, 0);
}

static void a_closed_port_is_a_network_error(void **state)
{
	g_autoptr(GError) error = NULL;

	assert_throws(lf_http_get(&(LfHttp){ .url = "http://127.0.0.1:1/" }, &error), error,
		      LF_ERROR_NETWORK, "http://127.0.0.1:1/");
}

static void what_is_no_url_is_an_input_error(void **state)
{
	static const char *const urls[] = {
		"",
		"site.ks",
		"/etc/passwd",
		"file:///etc/passwd",
		"ftp://h/f",
		"http://",
		"http://h:99999/",
		"http://a b/",
		"http://h:0/",
		"http://h:abc/",
		"https://[::1/x",
		"http://h:-1/",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(urls); i++) {
		g_autoptr(GError) error = NULL;

		assert_throws(lf_http_get(&(LfHttp){ .url = urls[i] }, &error), error,
			      LF_ERROR_INPUT, "URL");
	}
}

static void secrets_of_a_url_are_in_no_message(void **state)
{
	g_autoptr(GError) error = NULL;

	assert_throws(lf_http_get(&(LfHttp){ .url = "http://u:hunter2@127.0.0.1:1/f?token=t0p#x" },
				  &error),
		      error, LF_ERROR_NETWORK, "127.0.0.1");
	assert_null(strstr(error->message, "hunter2"));
	assert_null(strstr(error->message, "t0p"));
}

static void a_proxy_in_the_environment_is_not_used(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) body = NULL;

	g_setenv("http_proxy", "http://127.0.0.1:1", TRUE);
	body = get(server.plain, "/hello", &error);
	g_unsetenv("http_proxy");
	assert_body(body, error, "hello\n");
}

// --- the server ---------------------------------------------------------------------------------

// The server prints one line: its three base URLs. It ends with us.
static int start_server(void **state)
{
	g_autofree char *line = g_malloc0(4096);
	g_auto(GStrv) urls = NULL;
	g_autofree char *pin = NULL;
	int ends[2];

	server.dir = lf_test_dir();
	assert_int_equal(pipe(ends), 0);
	server.pid = fork();
	if (server.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ends[1], 1);
		execl("/usr/bin/python3", "/usr/bin/python3", "tests/unit/http-server", server.dir,
		      NULL);
		_exit(127);
	}
	close(ends[1]);
	for (size_t n = 0; n < 4000 && !strchr(line, '\n'); n++)
		if (read(ends[0], line + n, 1) != 1)
			return -1;
	urls = g_strsplit(g_strchomp(line), " ", -1);
	assert_int_equal(g_strv_length(urls), 5);
	server.plain = g_strdup(urls[0]);
	server.tls = g_strdup(urls[1]);
	server.wrong_name = g_strdup(urls[2]);
	server.wants_client = g_strdup(urls[3]);
	server.wants_client_12 = g_strdup(urls[4]);
	server.client_cert = g_build_filename(server.dir, "client.pem", NULL);
	server.client_key = g_build_filename(server.dir, "client.key", NULL);
	pin = g_build_filename(server.dir, "pin", NULL);
	assert_true(g_file_get_contents(pin, &server.pin, NULL, NULL));
	server.ca = g_build_filename(server.dir, "ca.pem", NULL);
	server.other_ca = g_build_filename(server.dir, "other-ca.pem", NULL);
	return 0;
}

static int stop_server(void **state)
{
	kill(server.pid, SIGKILL);
	waitpid(server.pid, NULL, 0);
	g_free(server.plain);
	g_free(server.tls);
	g_free(server.wrong_name);
	g_free(server.wants_client);
	g_free(server.wants_client_12);
	g_free(server.client_cert);
	g_free(server.client_key);
	g_free(server.pin);
	g_free(server.ca);
	g_free(server.other_ca);
	lf_test_dir_remove(server.dir);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(a_body_is_fetched_with_and_without_tls),
		LF_TEST(a_chunked_body_and_an_empty_one_are_whole),
		LF_TEST(statuses_have_their_class),
		LF_TEST(truncated_bodies_are_network_errors),
		LF_TEST(a_stalled_transfer_ends),
		LF_TEST(a_trickling_transfer_ends_too),
		LF_TEST(a_transfer_that_nobody_wants_any_more_ends),
		LF_TEST(a_body_of_the_allowed_size_passes_and_a_byte_more_does_not),
		LF_TEST(redirects_are_followed_five_times),
		LF_TEST(https_never_leads_to_http),
		LF_TEST(redirects_to_other_protocols_are_refused),
		LF_TEST(headers_go_to_the_named_server_only),
		LF_TEST(a_credential_is_in_no_memory_that_was_given_back),
		LF_TEST(a_certificate_of_another_authority_is_a_trust_error),
		LF_TEST(a_certificate_for_another_name_is_a_trust_error),
		LF_TEST(a_missing_authority_file_is_the_operators_to_correct),
		LF_TEST(words_of_the_access_that_are_wrong_are_named_before_a_server_is_asked),
		LF_TEST(a_client_certificate_opens_the_server_that_wants_one),
		LF_TEST(a_client_certificate_missing_or_refused_is_a_trust_error),
		LF_TEST(a_pinned_key_must_be_the_servers),
		LF_TEST(without_checks_any_certificate_passes),
		LF_TEST(a_proxy_carries_plain_requests_and_tls),
		LF_TEST(exceptions_from_the_proxy_in_the_environment_do_not_count),
		LF_TEST(what_a_proxy_answers_has_its_class),
		LF_TEST(a_name_that_is_not_found_is_a_network_error),
		LF_TEST(a_server_below_the_least_speed_is_left),
		LF_TEST(transfers_share_one_limit),
		LF_TEST(a_body_is_posted),
		LF_TEST(a_page_in_a_plain_servers_place_takes_nothing),
		LF_TEST(what_answers_by_https_is_the_server),
		LF_TEST(the_date_of_any_answer_is_read),
		LF_TEST(a_client_keeps_its_connection),
		LF_TEST(a_download_goes_on_where_it_broke_off),
		LF_TEST(a_download_never_mixes_two_ranges),
		LF_TEST(a_download_heeds_the_size_of_the_whole_file),
		LF_TEST(a_download_that_cannot_be_written_is_an_io_error),
		LF_TEST(a_closed_port_is_a_network_error),
		LF_TEST(what_is_no_url_is_an_input_error),
		LF_TEST(secrets_of_a_url_are_in_no_message),
		LF_TEST(a_proxy_in_the_environment_is_not_used),
	};

	return cmocka_run_group_tests(tests, start_server, stop_server);
}
