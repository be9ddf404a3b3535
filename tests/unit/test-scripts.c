// The operator's scripts: interpreter, order, log, output as events, failures.
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "installer/apply/scripts.h"
#include "tests/unit/test.h"

typedef struct {
	char *dir, *scratch, *log;
	GPtrArray *scripts;
	LfEvents *events;
	LfScriptPlace place;
} Bench;

static uint64_t no_clock(void)
{
	return 0;
}

static void script_free(void *object)
{
	LfScript *script = object;

	g_free(script->interpreter);
	g_free(script->log);
	g_free(script->body);
	g_free(script);
}

static Bench *bench_new(void)
{
	Bench *bench = g_new0(Bench, 1);
	int fd;

	bench->dir = lf_test_dir();
	bench->scratch = g_build_filename(bench->dir, "scratch", NULL);
	bench->log = g_build_filename(bench->dir, "events", NULL);
	bench->scripts = g_ptr_array_new_with_free_func(script_free);
	bench->events = lf_events_new(no_clock);
	fd = open(bench->log, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	lf_events_add_sink(bench->events, LF_SINK_JSON, fd);
	bench->place = (LfScriptPlace){ NULL, "script.test", bench->scratch };
	return bench;
}

static void bench_free(Bench *bench)
{
	lf_events_free(bench->events);
	g_ptr_array_unref(bench->scripts);
	g_free(bench->log);
	g_free(bench->scratch);
	lf_test_dir_remove(bench->dir);
	g_free(bench);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bench, bench_free)

static LfScript *add(Bench *bench, LfScriptKind kind, const char *body)
{
	LfScript *script = g_new0(LfScript, 1);

	script->kind = kind;
	script->body = g_strdup(body);
	script->place = (LfPlace){ "site.ks", bench->scripts->len + 10, 1 };
	g_ptr_array_add(bench->scripts, script);
	return script;
}

static bool run(Bench *bench, LfScriptKind kind, GError **error)
{
	return lf_scripts_run(bench->scripts, kind, &bench->place, bench->events, error);
}

static char *events_text(const Bench *bench)
{
	char *text = NULL;

	assert_true(g_file_get_contents(bench->log, &text, NULL, NULL));
	return text;
}

static void scripts_of_one_kind_run_in_their_order(void **state)
{
	g_autoptr(Bench) bench = bench_new();
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;
	const char *first, *second;

	add(bench, LF_SCRIPT_PRE, "echo first\n");
	add(bench, LF_SCRIPT_POST, "echo other\n");
	add(bench, LF_SCRIPT_PRE, "echo second >&2\n");
	assert_ok(run(bench, LF_SCRIPT_PRE, &error), error);
	text = events_text(bench);
	first = strstr(text, "\"message\":\"first\"");
	second = strstr(text, "\"message\":\"second\"");
	assert_non_null(first);
	assert_non_null(second);
	assert_true(first < second);
	assert_null(strstr(text, "other"));
	assert_contains(text, "script.test");
}

static void the_interpreter_is_the_one_asked_for(void **state)
{
	g_autoptr(Bench) bench = bench_new();
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;

	add(bench, LF_SCRIPT_PRE, "# not run by a shell\nprint(6 * 7)\n")->interpreter =
		g_strdup("/usr/bin/python3");
	assert_ok(run(bench, LF_SCRIPT_PRE, &error), error);
	text = events_text(bench);
	assert_contains(text, "\"message\":\"42\"");
}

static void output_goes_to_the_log_as_well(void **state)
{
	g_autoptr(Bench) bench = bench_new();
	g_autofree char *log = g_build_filename(bench->dir, "deep/er/pre.log", NULL);
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;
	struct stat st;

	add(bench, LF_SCRIPT_PRE, "echo one; echo; echo two\n")->log = g_strdup(log);
	assert_ok(run(bench, LF_SCRIPT_PRE, &error), error);
	assert_true(g_file_get_contents(log, &text, NULL, NULL));
	assert_string_equal(text, "one\n\ntwo\n");
	assert_int_equal(stat(log, &st), 0);
	assert_int_equal(st.st_mode & 0077, 0);
}

static void a_failing_script_is_a_note_and_the_next_one_runs(void **state)
{
	g_autoptr(Bench) bench = bench_new();
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;

	add(bench, LF_SCRIPT_POST, "exit 3\n");
	add(bench, LF_SCRIPT_POST, "echo went on\n");
	assert_ok(run(bench, LF_SCRIPT_POST, &error), error);
	text = events_text(bench);
	assert_contains(text, "site.ks:10: %post: the script ended with status 3");
	assert_contains(text, "went on");
}

static void erroronfail_makes_it_an_error(void **state)
{
	g_autoptr(Bench) bench = bench_new();
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;

	add(bench, LF_SCRIPT_POST, "exit 3\n")->is_erroronfail = true;
	add(bench, LF_SCRIPT_POST, "echo went on\n");
	assert_throws(run(bench, LF_SCRIPT_POST, &error), error, LF_ERROR_INPUT,
		      "site.ks:10: %post: the script ended with status 3");
	text = events_text(bench);
	assert_null(strstr(text, "went on"));
}

static void a_missing_interpreter_is_told(void **state)
{
	g_autoptr(Bench) bench = bench_new();
	LfScript *script = add(bench, LF_SCRIPT_PRE, "x\n");
	g_autoptr(GError) error = NULL;

	script->is_erroronfail = true;
	script->interpreter = g_strdup("/no/such/interpreter");
	assert_throws(run(bench, LF_SCRIPT_PRE, &error), error, LF_ERROR_INPUT,
		      "/no/such/interpreter");
}

static void nothing_of_the_script_stays_behind(void **state)
{
	g_autoptr(Bench) bench = bench_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(GDir) dir = NULL;

	add(bench, LF_SCRIPT_PRE, "echo secret\n");
	assert_ok(run(bench, LF_SCRIPT_PRE, &error), error);
	dir = g_dir_open(bench->scratch, 0, NULL);
	assert_non_null(dir);
	assert_null(g_dir_read_name(dir));
}

static void bytes_that_are_no_text_do_not_break_the_events(void **state)
{
	g_autoptr(Bench) bench = bench_new();
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;

	add(bench, LF_SCRIPT_PRE, "printf 'a\\377\\033b\\n'\n");
	assert_ok(run(bench, LF_SCRIPT_PRE, &error), error);
	text = events_text(bench);
	assert_true(g_utf8_validate(text, -1, NULL));
	assert_null(strchr(text, 033));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(scripts_of_one_kind_run_in_their_order),
		LF_TEST(the_interpreter_is_the_one_asked_for),
		LF_TEST(output_goes_to_the_log_as_well),
		LF_TEST(a_failing_script_is_a_note_and_the_next_one_runs),
		LF_TEST(erroronfail_makes_it_an_error),
		LF_TEST(a_missing_interpreter_is_told),
		LF_TEST(nothing_of_the_script_stays_behind),
		LF_TEST(bytes_that_are_no_text_do_not_break_the_events),
	};

	return LF_TEST_MAIN(tests);
}
