// The final report, and what is left for the first boot of the installed system.
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/proc.h"
#include "base/runtime.h"
#include "installer/delivery.h"
#include "installer/report/kept.h"
#include "tests/unit/test.h"

#define OPENSSL "/usr/bin/openssl"

typedef struct {
	char *dir, *cert, *key;
	LfHost *host;
	LfEvents *events;
	LfProfile *profile;
	LfHttpAccess access;
	LfDelivery *delivery;
} Machine;

static void put(const Machine *m, const char *path, const char *text)
{
	g_autofree char *parent = g_path_get_dirname(path);

	assert_true(lf_mkdirs_at(m->host->root_fd, parent, 0755, NULL));
	assert_true(lf_write_file_at(m->host->root_fd, path, text, strlen(text), 0600, NULL));
}

// Nobody listens at the report's address.
static Machine *machine_new(void)
{
	Machine *m = g_new0(Machine, 1);
	g_autoptr(GError) error = NULL;

	m->dir = lf_test_dir();
	m->host = lf_host_new(m->dir, &error);
	assert_ok(m->host != NULL, error);
	m->cert = g_build_filename(m->dir, "machine.pem", NULL);
	m->key = g_build_filename(m->dir, "machine.key", NULL);
	assert_true(
		lf_proc_run(&(LfProc){ .argv = LF_PROC_ARGV(OPENSSL, "req", "-x509", "-nodes",
							    "-subj", "/CN=m", "-newkey", "rsa:2048",
							    "-keyout", m->key, "-out", m->cert) },
			    NULL, &error));
	m->access = (LfHttpAccess){ .cert_file = m->cert, .key_file = m->key };
	m->profile = lf_profile_new();
	m->profile->report_url = g_strdup("http://127.0.0.1:1/edge");
	m->profile->report_token = g_strdup("report.token");
	put(m, "landfall/seed/report.token", "secret-token\n");
	put(m, LF_RUN_DIR "/installer.log", "x\n");
	m->events = lf_report_open(m->host);
	lf_events_set_source(m->events, &(LfEventSource){ .boot_id = "boot", .serial = "S1" });
	m->delivery = lf_delivery_new(m->host, m->events);
	lf_delivery_start(m->delivery, m->profile, &m->access);
	return m;
}

static void machine_free(Machine *m)
{
	lf_delivery_free(m->delivery);
	lf_profile_free(m->profile);
	lf_events_free(m->events);
	lf_host_free(m->host);
	lf_test_dir_remove(m->dir);
	g_free(m->cert);
	g_free(m->key);
	g_free(m);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Machine, machine_free)

static json_t *last_line(const char *text)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *copy = g_strchomp(g_strdup(text));
	const char *line = strrchr(copy, '\n');
	json_t *event;

	line = line ? line + 1 : copy;
	event = lf_json_parse(line, strlen(line), "event", &error);
	assert_ok(event != NULL, error);
	return event;
}

static json_t *keep(Machine *m)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(json_t) report = json_object();
	g_autofree char *text = NULL;
	g_autofree char *root = g_build_filename(m->dir, "target", NULL);
	lf_autofd root_fd = -1;

	assert_true(lf_mkdirs_at(m->host->root_fd, "target/var", 0755, NULL));
	assert_true(lf_openat(AT_FDCWD, root, O_RDONLY | O_DIRECTORY, 0, &root_fd, NULL));
	lf_json_set_string(report, "commit", "c0ffee");
	assert_ok(lf_delivery_keep(root_fd, report, m->delivery, &error), error);
	text = lf_read_text_at(root_fd, LF_KEEP_DIR "/" LF_KEEP_EVENTS, 1 << 20, &error);
	assert_ok(text != NULL, error);
	return last_line(text);
}

static const char *text_of(const json_t *object, const char *member)
{
	return json_string_value(json_object_get(object, member));
}

static void what_is_left_for_the_first_boot_is_all_it_needs_and_roots_alone(void **state)
{
	static const char *const files[] = { "",       "/events.jsonl", "/config.json",
					     "/token", "/client.pem",	"/client.key" };
	g_autoptr(Machine) m = machine_new();
	g_autoptr(json_t) last = keep(m);
	g_autoptr(GError) error = NULL;
	g_autofree char *dir = g_build_filename(m->dir, "target/" LF_KEEP_DIR, NULL);
	g_autoptr(LfKept) kept = lf_kept_load(dir, &error);

	assert_ok(kept != NULL, error);
	assert_string_equal(lf_kept(kept)->url, "http://127.0.0.1:1/edge");
	assert_string_equal(text_of(lf_kept(kept)->machine, "serial"), "S1");
	assert_string_equal(text_of(last, "step"), "install");
	assert_string_equal(text_of(last, "state"), "done");
	assert_string_equal(text_of(json_object_get(last, "data"), "commit"), "c0ffee");
	for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *path = g_strconcat(dir, files[i], NULL);
		struct stat info;

		assert_int_equal(stat(path, &info), 0);
		assert_int_equal(info.st_mode & 0777, i == 0 ? 0700 : 0600);
	}
	assert_ok(lf_kept_remove(dir, &error), error);
	assert_false(g_file_test(dir, G_FILE_TEST_EXISTS));
}

static LfKept *kept_of(const char *dir)
{
	g_autoptr(GError) error = NULL;
	LfKept *kept = lf_kept_load(dir, &error);

	assert_ok(kept != NULL, error);
	return kept;
}

static bool has_file(const char *dir, const char *name)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);

	return g_file_test(path, G_FILE_TEST_EXISTS);
}

static void for_a_log_server_alone_no_secret_is_left(void **state)
{
	g_autoptr(Machine) m = machine_new();
	g_autofree char *dir = g_build_filename(m->dir, "target/" LF_KEEP_DIR, NULL);
	g_autoptr(json_t) last = NULL;
	g_autoptr(LfKept) kept = NULL;

	g_clear_pointer(&m->profile->report_url, g_free);
	g_clear_pointer(&m->profile->report_token, g_free);
	m->profile->log_host = g_strdup("127.0.0.1");
	m->profile->log_port = 1;
	lf_delivery_start(m->delivery, m->profile, &m->access);
	last = keep(m);
	kept = kept_of(dir);
	assert_null(lf_kept(kept)->url);
	assert_string_equal(lf_kept(kept)->log_host, "127.0.0.1");
	assert_int_equal(lf_kept(kept)->log_port, 1);
	assert_string_equal(text_of(last, "state"), "done");
	assert_false(has_file(dir, LF_KEEP_TOKEN));
	assert_false(has_file(dir, LF_KEEP_KEY));
	assert_false(has_file(dir, LF_KEEP_CERT));
}

static void with_nowhere_to_send_to_nothing_is_left(void **state)
{
	g_autoptr(Machine) m = machine_new();
	g_autoptr(json_t) report = json_object();
	g_autoptr(GError) error = NULL;

	g_clear_pointer(&m->profile->report_url, g_free);
	lf_delivery_start(m->delivery, m->profile, &m->access);
	assert_ok(lf_delivery_keep(m->host->root_fd, report, m->delivery, &error), error);
	assert_false(has_file(m->dir, LF_KEEP_DIR));
}

// The numbers of the events in a directory, but for the last.
static char *numbers_in(const char *dir)
{
	g_autofree char *path = g_build_filename(dir, LF_KEEP_EVENTS, NULL);
	g_autofree char *text = lf_read_text_at(AT_FDCWD, path, 1 << 20, NULL);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	GString *numbers = g_string_new(NULL);

	for (char **line = lines; line[0] && line[1]; line++) {
		g_autoptr(json_t) event = lf_json_parse(*line, strlen(*line), "event", NULL);

		g_string_append_printf(numbers, "%d ",
				       (int)json_integer_value(json_object_get(event, "seq")));
	}
	return g_string_free(numbers, FALSE);
}

static void the_events_begin_where_the_one_that_has_least_stands(void **state)
{
	static const struct {
		bool has_report, has_log;
		const char *numbers;
	} rows[] = {
		{ true, true, "3 4 5 6 " },
		{ true, false, "5 6 " },
		{ false, true, "3 4 5 6 " },
	};
	const LfKeepLog log = { -1, "log", "reported", "logged" };

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(Machine) m = machine_new();
		g_autoptr(json_t) last = json_object();
		g_autoptr(GString) text = g_string_new(NULL);
		g_autoptr(GError) error = NULL;
		g_autofree char *numbers = NULL;
		LfKeep keep = { .url = rows[i].has_report ? "http://h/" : NULL,
				.log_host = rows[i].has_log ? "h" : NULL };
		LfKeepLog from = log;

		from.root_fd = m->host->root_fd;
		for (unsigned seq = 1; seq <= 6; seq++)
			g_string_append_printf(text, "{\"boot_id\":\"b\",\"seq\":%u}\n", seq);
		put(m, "log", text->str);
		put(m, "reported", "b 4\n");
		put(m, "logged", "b 2\n");
		assert_true(lf_mkdirs_at(m->host->root_fd, "kept", 0700, NULL));
		lf_autofd dir_fd = openat(m->host->root_fd, "kept", O_RDONLY | O_CLOEXEC);

		assert_ok(lf_keep_write(dir_fd, &keep, &from, last, &error), error);
		g_autofree char *dir = g_build_filename(m->dir, "kept", NULL);

		numbers = numbers_in(dir);
		assert_string_equal(numbers, rows[i].numbers);
		assert_true(has_file(dir, LF_KEEP_REPORT_MARK));
		assert_true(has_file(dir, LF_KEEP_LOGGING_MARK));
	}
}

static void a_proxys_password_is_in_a_file_of_its_own(void **state)
{
	g_autoptr(Machine) m = machine_new();
	g_autofree char *dir = g_build_filename(m->dir, "target/" LF_KEEP_DIR, NULL);
	g_autofree char *config = g_build_filename(dir, LF_KEEP_CONFIG, NULL);
	g_autoptr(json_t) last = NULL;
	g_autoptr(LfKept) kept = NULL;
	g_autofree char *text = NULL;

	m->access.proxy = "http://user:pass-word@127.0.0.1:1/";
	last = keep(m);
	kept = kept_of(dir);
	text = lf_read_text_at(AT_FDCWD, config, 65536, NULL);
	assert_string_equal(lf_kept(kept)->access->proxy, m->access.proxy);
	assert_null(strstr(text, "pass-word"));
}

static void when_the_report_is_through_its_secrets_go(void **state)
{
	static const char *const gone[] = { LF_KEEP_TOKEN, LF_KEEP_CERT, LF_KEEP_KEY,
					    LF_KEEP_PROXY };
	g_autoptr(Machine) m = machine_new();
	g_autofree char *dir = g_build_filename(m->dir, "target/" LF_KEEP_DIR, NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(json_t) last = NULL;
	g_autoptr(LfKept) before = NULL;
	g_autoptr(LfKept) after = NULL;

	m->profile->log_host = g_strdup("127.0.0.1");
	m->profile->log_port = 1;
	m->access.proxy = "http://user:pass-word@127.0.0.1:1/";
	lf_delivery_start(m->delivery, m->profile, &m->access);
	last = keep(m);
	before = kept_of(dir);
	assert_non_null(lf_kept(before)->url);
	assert_ok(lf_kept_end_report(before, dir, &error), error);
	after = kept_of(dir);
	assert_null(lf_kept(after)->url);
	assert_string_equal(lf_kept(after)->log_host, "127.0.0.1");
	assert_string_equal(text_of(lf_kept(after)->machine, "serial"), "S1");
	for (size_t i = 0; i < G_N_ELEMENTS(gone); i++)
		assert_false(has_file(dir, gone[i]));
	assert_true(has_file(dir, LF_KEEP_EVENTS));
}

static void a_report_that_is_given_up_leaves_its_events_alone(void **state)
{
	g_autoptr(Machine) m = machine_new();
	g_autofree char *dir = g_build_filename(m->dir, "target/" LF_KEEP_DIR, NULL);
	g_autoptr(json_t) last = keep(m);
	g_autoptr(GError) error = NULL;
	g_autoptr(GDir) list = NULL;
	unsigned n = 0;

	for (unsigned i = 1; i <= 3; i++) {
		assert_ok(lf_kept_count_refusal(dir, &n, &error), error);
		assert_int_equal(n, i);
	}
	// A start that was cut off may have come to this already.
	assert_ok(lf_kept_save_refused(dir, &error), error);
	assert_ok(lf_kept_save_refused(dir, &error), error);
	assert_ok(lf_kept_remove(dir, &error), error);
	list = g_dir_open(dir, 0, NULL);
	assert_string_equal(g_dir_read_name(list), LF_KEPT_REFUSED);
	assert_null(g_dir_read_name(list));
}

static void files_of_others_stay(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *mark = g_build_filename(dir, "reported", NULL);
	g_autofree char *other = g_build_filename(dir, "thesis.txt", NULL);
	g_autoptr(GError) error = NULL;

	assert_false(lf_kept_is_rest(dir));
	assert_true(g_file_set_contents(mark, "x", -1, NULL));
	assert_true(lf_kept_is_rest(dir));
	assert_true(g_file_set_contents(other, "x", -1, NULL));
	assert_false(lf_kept_is_rest(dir));
	assert_ok(lf_kept_remove(dir, &error), error);
	assert_false(g_file_test(mark, G_FILE_TEST_EXISTS));
	assert_true(g_file_test(other, G_FILE_TEST_EXISTS));
}

static void the_final_report_has_the_number_that_was_promised(void **state)
{
	g_autoptr(Machine) m = machine_new();
	g_autoptr(json_t) promised = keep(m);
	g_autoptr(json_t) report = json_object();
	g_autoptr(json_t) told = NULL;
	g_autofree char *text = NULL;
	LfPlan plan = { .finish = LF_FINISH_REBOOT };

	// No need to wait for a server that is not there.
	g_clear_pointer(&m->profile->report_url, g_free);
	lf_delivery_start(m->delivery, m->profile, &m->access);
	lf_events_note(m->events, "disk.sync", "one more");
	lf_delivery_done(m->delivery, &plan, report);
	text = lf_read_text_at(m->host->root_fd, LF_EVENTS_LOG, 1 << 20, NULL);
	told = last_line(text);
	assert_string_equal(text_of(told, "state"), "done");
	assert_int_equal(json_integer_value(json_object_get(told, "seq")),
			 json_integer_value(json_object_get(promised, "seq")));
}

static void the_signature_holds_the_report_itself(void **state)
{
	g_autoptr(Machine) m = machine_new();
	g_autoptr(json_t) last = keep(m);
	g_autoptr(GError) error = NULL;
	g_autoptr(json_t) inside = NULL;
	g_autofree char *path = g_build_filename(m->dir, "report.pem", NULL);
	g_autofree char *output = NULL;

	put(m, "report.pem", text_of(json_object_get(last, "data"), "signed"));
	assert_true(lf_proc_run(
		&(LfProc){ .argv = LF_PROC_ARGV(OPENSSL, "cms", "-verify", "-binary", "-inform",
						"PEM", "-in", path, "-CAfile", m->cert, "-purpose",
						"any") },
		&output, &error));
	inside = lf_json_parse(output, strlen(output), "report", &error);
	assert_ok(inside != NULL, error);
	assert_string_equal(text_of(inside, "boot_id"), "boot");
	assert_string_equal(text_of(json_object_get(inside, "machine"), "serial"), "S1");
	assert_string_equal(text_of(json_object_get(inside, "data"), "commit"), "c0ffee");
	assert_null(json_object_get(inside, "seq"));
}

static void no_event_shows_the_token(void **state)
{
	g_autoptr(Machine) m = machine_new();
	g_autoptr(json_t) last = keep(m);
	g_autofree char *text = lf_read_text_at(m->host->root_fd, LF_EVENTS_LOG, 1 << 20, NULL);

	assert_null(strstr(text, "secret-token"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(files_of_others_stay),
		LF_TEST(what_is_left_for_the_first_boot_is_all_it_needs_and_roots_alone),
		LF_TEST(for_a_log_server_alone_no_secret_is_left),
		LF_TEST(with_nowhere_to_send_to_nothing_is_left),
		LF_TEST(the_events_begin_where_the_one_that_has_least_stands),
		LF_TEST(a_proxys_password_is_in_a_file_of_its_own),
		LF_TEST(when_the_report_is_through_its_secrets_go),
		LF_TEST(a_report_that_is_given_up_leaves_its_events_alone),
		LF_TEST(the_final_report_has_the_number_that_was_promised),
		LF_TEST(the_signature_holds_the_report_itself),
		LF_TEST(no_event_shows_the_token),
	};

	return LF_TEST_MAIN(tests);
}
