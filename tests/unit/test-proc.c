// Running programs: clean surroundings, deadlines, captured output, nothing inherited.
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"

#define SH(script) LF_PROC_ARGV("/bin/sh", "-c", script)

static double seconds_since(gint64 begin_us)
{
	return (double)(g_get_monotonic_time() - begin_us) / 1e6;
}

static void output_comes_back(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *output = NULL;

	assert_ok(lf_proc_run(&(LfProc){ .argv = SH("echo one; echo two") }, &output, &error),
		  error);
	assert_string_equal(output, "one\ntwo\n");
}

static void the_last_words_on_standard_error_become_the_message(void **state)
{
	g_autoptr(GError) error = NULL;

	assert_throws(lf_proc_run(&(LfProc){ .argv = SH("echo 'no such disk' >&2; exit 3") }, NULL,
				  &error),
		      error, LF_ERROR_IO, "'/bin/sh' failed with status 3: no such disk");
}

static void a_long_complaint_is_cut_to_its_end(void **state)
{
	g_autoptr(GError) error = NULL;
	const char *script = "i=0; while [ $i -lt 500 ]; do echo \"line $i of many\" >&2; "
			     "i=$((i+1)); done; exit 1";

	assert_throws(lf_proc_run(&(LfProc){ .argv = SH(script) }, NULL, &error), error,
		      LF_ERROR_IO, "line 499 of many");
	assert_true(strlen(error->message) < 1000);
}

static void a_status_is_given_back_and_is_no_error(void **state)
{
	g_autoptr(GError) error = NULL;
	int status = -1;

	assert_ok(lf_proc_status(&(LfProc){ .argv = SH("exit 42") }, &status, NULL, &error), error);
	assert_int_equal(status, 42);
}

static void death_by_signal_is_an_error_also_for_status(void **state)
{
	g_autoptr(GError) error = NULL;
	int status = -1;

	assert_throws(lf_proc_status(&(LfProc){ .argv = SH("kill -9 $$") }, &status, NULL, &error),
		      error, LF_ERROR_IO, "signal 9");
	assert_int_equal(status, -1);
}

static void a_missing_program_is_named(void **state)
{
	g_autoptr(GError) error = NULL;

	assert_throws(lf_proc_run(&(LfProc){ .argv = LF_PROC_ARGV("/nowhere/tool") }, NULL, &error),
		      error, LF_ERROR_INTERNAL, "/nowhere/tool");
}

static void a_program_that_cannot_run_is_no_status(void **state)
{
	g_autoptr(GError) error = NULL;
	int status = -1;

	assert_throws(lf_proc_status(&(LfProc){ .argv = LF_PROC_ARGV("/etc/passwd") }, &status,
				     NULL, &error),
		      error, LF_ERROR_INTERNAL, "cannot run '/etc/passwd': Permission denied");
	assert_int_equal(status, -1);
}

static void a_relative_path_is_our_bug(void **state)
{
	g_autoptr(GError) error = NULL;

	assert_throws(
		lf_proc_run(&(LfProc){ .argv = LF_PROC_ARGV("sh", "-c", "true") }, NULL, &error),
		error, LF_ERROR_INTERNAL, "not an absolute path");
}

static void the_environment_is_clean(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *output = NULL;

	g_setenv("LANDFALL_TEST_LEAK", "leaked", TRUE);
	assert_ok(lf_proc_run(&(LfProc){ .argv = LF_PROC_ARGV("/usr/bin/env"),
					 .env = (const char *const[]){ "EXTRA=1", NULL } },
			      &output, &error),
		  error);
	assert_null(strstr(output, "LANDFALL_TEST_LEAK"));
	assert_contains(output, "LANG=C.UTF-8\n");
	assert_contains(output, "PATH=/usr/");
	assert_contains(output, "EXTRA=1\n");
}

static void a_tool_that_asks_reads_the_end_of_its_input(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *output = NULL;

	assert_ok(lf_proc_run(&(LfProc){ .argv = SH("read x || echo nobody"), .timeout_ms = 5000 },
			      &output, &error),
		  error);
	assert_string_equal(output, "nobody\n");
}

static void input_reaches_the_program(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfSecret) input = lf_secret_new_text("pass phrase");
	g_autofree char *output = NULL;

	assert_ok(lf_proc_run(&(LfProc){ .argv = LF_PROC_ARGV("/bin/cat"), .input = input },
			      &output, &error),
		  error);
	assert_string_equal(output, "pass phrase");
}

static void given_descriptors_have_their_numbers_also_crosswise(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfSecret) one = lf_secret_new_text("one");
	g_autoptr(LfSecret) two = lf_secret_new_text("two");
	lf_autofd first = -1;
	lf_autofd second = -1;
	g_autofree char *output = NULL;

	assert_ok(lf_secret_memfd(one, &first, &error) && lf_secret_memfd(two, &second, &error),
		  error);
	const LfProcFd fds[] = {
		{ first, 4 }, { second, 3 }, { first, second }, { second, first }
	};

	assert_ok(lf_proc_run(&(LfProc){ .argv = SH("cat /proc/self/fd/4 /proc/self/fd/3"),
					 .fds = fds,
					 .n_fds = 2 },
			      &output, &error),
		  error);
	assert_string_equal(output, "onetwo");
	assert_ok(
		lf_proc_run(&(LfProc){ .argv = SH("cat /proc/self/fd/3"), .fds = fds, .n_fds = 4 },
			    NULL, &error),
		error);
}

static void no_other_descriptor_is_inherited(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *output = NULL;
	int leaked = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_ok(lf_proc_run(&(LfProc){ .argv = SH("ls /proc/self/fd") }, &output, &error), error);
	// 3 is ls's own view of the directory.
	assert_string_equal(output, "0\n1\n2\n3\n");
	close(leaked);
}

static void the_whole_group_is_killed_at_the_deadline(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autoptr(GError) error = NULL;
	g_autofree char *path = g_build_filename(dir, "pid", NULL);
	g_autofree char *script = g_strdup_printf("sleep 100 & echo $! > %s; wait", path);
	g_autofree char *pid_text = NULL;
	gint64 begin_us = g_get_monotonic_time();
	pid_t pid;

	assert_throws(lf_proc_run(&(LfProc){ .argv = LF_PROC_ARGV("/bin/sh", "-c", script),
					     .timeout_ms = 1500 },
				  NULL, &error),
		      error, LF_ERROR_IO, "did not end within 1 s and was killed");
	assert_true(seconds_since(begin_us) < 10);
	assert_true(g_file_get_contents(path, &pid_text, NULL, NULL));
	pid = (pid_t)atoi(pid_text);
	assert_true(pid > 1);
	for (unsigned i = 0; i < 250; i++) {
		g_autofree char *stat_path = g_strdup_printf("/proc/%d/stat", pid);
		g_autofree char *stat = NULL;

		// Gone, or a zombie that whoever adopted it has not collected yet.
		if (!g_file_get_contents(stat_path, &stat, NULL, NULL) || strstr(stat, ") Z"))
			return;
		g_usleep(20000);
	}
	fail_msg("process %d outlived its group", pid);
}

static void a_daemon_that_keeps_the_streams_does_not_hold_us(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *output = NULL;
	gint64 begin_us = g_get_monotonic_time();

	assert_ok(lf_proc_run(&(LfProc){ .argv = SH("setsid sleep 20 & echo started"),
					 .timeout_ms = 15000 },
			      &output, &error),
		  error);
	assert_string_equal(output, "started\n");
	assert_true(seconds_since(begin_us) < 10);
}

static void a_daemon_that_keeps_talking_does_not_hold_us(void **state)
{
	g_autoptr(GError) error = NULL;
	const char *script = "setsid timeout 20 yes & sleep 0.2";
	gint64 begin_us = g_get_monotonic_time();

	assert_ok(lf_proc_run(&(LfProc){ .argv = SH(script), .timeout_ms = 15000 }, NULL, &error),
		  error);
	assert_true(seconds_since(begin_us) < 10);
}

static void output_beyond_a_mebibyte_is_dropped(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *output = NULL;

	assert_ok(lf_proc_run(&(LfProc){ .argv = SH("head -c 5000000 /dev/zero | tr '\\0' x") },
			      &output, &error),
		  error);
	assert_int_equal(strlen(output), 1024 * 1024);
}

typedef struct {
	GString *lines;
	size_t longest;
} Seen;

static void on_line(const char *line, void *user_data)
{
	Seen *seen = user_data;

	seen->longest = MAX(seen->longest, strlen(line));
	g_string_append_printf(seen->lines, "<%s>", strlen(line) < 20 ? line : "long");
}

static void lines_are_seen_while_it_runs_and_cut_when_too_long(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) lines = g_string_new(NULL);
	Seen seen = { lines, 0 };
	const char *script = "echo a; head -c 9000 /dev/zero | tr '\\0' x; echo; printf b";

	assert_ok(
		lf_proc_run(&(LfProc){ .argv = SH(script), .on_line = on_line, .user_data = &seen },
			    NULL, &error),
		error);
	assert_string_equal(lines->str, "<a><long><b>");
	assert_int_equal(seen.longest, 4096);
}

static void a_program_can_have_another_working_directory(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *output = NULL;

	assert_ok(lf_proc_run(&(LfProc){ .argv = LF_PROC_ARGV("/bin/pwd"), .cwd = "/usr" }, &output,
			      &error),
		  error);
	assert_string_equal(output, "/usr\n");
}

static void a_root_that_cannot_be_entered_is_an_error(void **state)
{
	g_autoptr(GError) error = NULL;

	assert_throws(
		lf_proc_run(&(LfProc){ .argv = SH("true"), .root = "/nowhere" }, NULL, &error),
		error, LF_ERROR_INTERNAL, "cannot run '/bin/sh'");
}

// The program's end of the pipe closes when it is gone.
static void a_program_dies_with_who_runs_it(void **state)
{
	struct pollfd end = { -1, POLLIN, 0 };
	int ends[2];
	char byte = 0;
	pid_t pid;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		LfProcFd pass = { ends[1], 3 };
		LfProc proc = { .argv = SH("echo >&3; exec sleep 60"), .fds = &pass, .n_fds = 1 };

		(void)lf_proc_run(&proc, NULL, NULL);
		_exit(1);
	}
	assert_true(pid > 0);
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	end.fd = ends[0];
	assert_int_equal(poll(&end, 1, 10000), 1);
	assert_int_equal(read(ends[0], &byte, 1), 0);
	close(ends[0]);
}

static void see_line(const char *line, void *user_data)
{
	g_async_queue_push(user_data, g_strdup(line));
}

static void a_child_runs_beside_us_and_is_heard(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GAsyncQueue) lines = g_async_queue_new_full(g_free);
	g_autoptr(LfProcChild) child =
		lf_proc_start(&(LfProc){ .argv = SH("echo here; exec sleep 60"),
					 .on_line = see_line,
					 .user_data = lines },
			      &error);
	g_autofree char *line = NULL;

	assert_ok(child != NULL, error);
	line = g_async_queue_timeout_pop(lines, 10 * G_USEC_PER_SEC);
	assert_non_null(line);
	assert_string_equal(line, "here");
	assert_ok(lf_proc_child_check(child, &error), error);
}

static void a_child_that_ends_is_an_error_with_its_last_words(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfProcChild) child =
		lf_proc_start(&(LfProc){ .argv = SH("echo 'no more' >&2; exit 4") }, &error);
	struct pollfd end;

	assert_ok(child != NULL, error);
	end = (struct pollfd){ lf_proc_child_fd(child), POLLIN, 0 };
	assert_int_equal(poll(&end, 1, 10000), 1);
	assert_throws(lf_proc_child_check(child, &error), error, LF_ERROR_IO,
		      "ended by itself with status 4: no more");
}

static void a_child_is_asked_to_end_before_it_is_forced(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GAsyncQueue) lines = g_async_queue_new_full(g_free);
	LfProcChild *child =
		lf_proc_start(&(LfProc){ .argv = SH("trap 'echo bye; exit 0' TERM; echo here; "
						    "while :; do sleep 60 & wait; done"),
					 .on_line = see_line,
					 .user_data = lines },
			      &error);
	g_autofree char *first = NULL;
	g_autofree char *last = NULL;
	gint64 begin_us = g_get_monotonic_time();

	assert_ok(child != NULL, error);
	first = g_async_queue_timeout_pop(lines, 10 * G_USEC_PER_SEC);
	lf_proc_child_free(child);
	last = g_async_queue_try_pop(lines);
	assert_string_equal(first, "here");
	assert_non_null(last);
	assert_string_equal(last, "bye");
	assert_true(seconds_since(begin_us) < 4);
}

static void a_child_that_will_not_end_is_forced_with_its_group(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GAsyncQueue) lines = g_async_queue_new_full(g_free);
	LfProcChild *child =
		lf_proc_start(&(LfProc){ .argv = SH("trap '' TERM; sleep 60 & echo $!; wait; wait"),
					 .on_line = see_line,
					 .user_data = lines },
			      &error);
	g_autofree char *line = NULL;
	g_autofree char *path = NULL;

	assert_ok(child != NULL, error);
	line = g_async_queue_timeout_pop(lines, 10 * G_USEC_PER_SEC);
	assert_non_null(line);
	path = g_strdup_printf("/proc/%s/status", line);
	lf_proc_child_free(child);
	// Whoever reaps orphans here may still be at it.
	for (int i = 0; i < 100 && g_file_test(path, G_FILE_TEST_EXISTS); i++) {
		g_autofree char *text = NULL;

		if (g_file_get_contents(path, &text, NULL, NULL) && strstr(text, "zombie"))
			break;
		g_usleep(10000);
		assert_true(i < 99);
	}
}

static void a_child_that_cannot_start_is_our_bug(void **state)
{
	g_autoptr(GError) error = NULL;

	assert_throws(lf_proc_start(&(LfProc){ .argv = LF_PROC_ARGV("/no/such") }, &error) != NULL,
		      error, LF_ERROR_INTERNAL, "cannot run '/no/such'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(output_comes_back),
		LF_TEST(the_last_words_on_standard_error_become_the_message),
		LF_TEST(a_long_complaint_is_cut_to_its_end),
		LF_TEST(a_status_is_given_back_and_is_no_error),
		LF_TEST(death_by_signal_is_an_error_also_for_status),
		LF_TEST(a_missing_program_is_named),
		LF_TEST(a_program_that_cannot_run_is_no_status),
		LF_TEST(a_relative_path_is_our_bug),
		LF_TEST(the_environment_is_clean),
		LF_TEST(a_tool_that_asks_reads_the_end_of_its_input),
		LF_TEST(input_reaches_the_program),
		LF_TEST(given_descriptors_have_their_numbers_also_crosswise),
		LF_TEST(no_other_descriptor_is_inherited),
		LF_TEST(the_whole_group_is_killed_at_the_deadline),
		LF_TEST(a_daemon_that_keeps_the_streams_does_not_hold_us),
		LF_TEST(a_daemon_that_keeps_talking_does_not_hold_us),
		LF_TEST(output_beyond_a_mebibyte_is_dropped),
		LF_TEST(lines_are_seen_while_it_runs_and_cut_when_too_long),
		LF_TEST(a_program_can_have_another_working_directory),
		LF_TEST(a_root_that_cannot_be_entered_is_an_error),
		LF_TEST(a_program_dies_with_who_runs_it),
		LF_TEST(a_child_runs_beside_us_and_is_heard),
		LF_TEST(a_child_that_ends_is_an_error_with_its_last_words),
		LF_TEST(a_child_is_asked_to_end_before_it_is_forced),
		LF_TEST(a_child_that_will_not_end_is_forced_with_its_group),
		LF_TEST(a_child_that_cannot_start_is_our_bug),
	};

	return LF_TEST_MAIN(tests);
}
