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
		LF_TEST(the_final_report_has_the_number_that_was_promised),
		LF_TEST(the_signature_holds_the_report_itself),
		LF_TEST(no_event_shows_the_token),
	};

	return LF_TEST_MAIN(tests);
}
