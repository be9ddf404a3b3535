// Fetching: each way a server or the network can fail has its class; nothing is followed blindly.
// The server is tests/unit/http-server, on loopback, with certificates made for this run.
#include "tests/unit/test.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/http.h"

typedef struct {
	char *dir;
	char *ca, *other_ca;
	char *plain, *tls, *wrong_name; /* base URLs */
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
		error, LF_ERROR_INPUT, "cannot fetch");
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
		"",	     "site.ks", "/etc/passwd",	   "file:///etc/passwd",
		"ftp://h/f", "http://", "http://h:99999/", "http://a b/"
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
	server.plain = g_strdup(urls[0]);
	server.tls = g_strdup(urls[1]);
	server.wrong_name = g_strdup(urls[2]);
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
		LF_TEST(a_body_of_the_allowed_size_passes_and_a_byte_more_does_not),
		LF_TEST(redirects_are_followed_five_times),
		LF_TEST(https_never_leads_to_http),
		LF_TEST(redirects_to_other_protocols_are_refused),
		LF_TEST(headers_go_to_the_named_server_only),
		LF_TEST(a_certificate_of_another_authority_is_a_trust_error),
		LF_TEST(a_certificate_for_another_name_is_a_trust_error),
		LF_TEST(a_missing_authority_file_is_the_operators_to_correct),
		LF_TEST(a_closed_port_is_a_network_error),
		LF_TEST(what_is_no_url_is_an_input_error),
		LF_TEST(secrets_of_a_url_are_in_no_message),
		LF_TEST(a_proxy_in_the_environment_is_not_used),
	};

	return cmocka_run_group_tests(tests, start_server, stop_server);
}
