// PID 1's decisions and parsers: what follows the installer's end, consoles, mounts, device nodes.
#include "tests/unit/test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/runtime.h"
#include "installer/init/child.h"
#include "installer/init/deadline.h"
#include "installer/init/mounts.h"
#include "installer/init/nodes.h"
#include "installer/init/output.h"
#include "installer/init/policy.h"
#include "installer/init/watchdog.h"

static void a_finish_file_names_one_action_and_perhaps_eject(void **state)
{
	static const struct {
		const char *text;
		LfEndAction action;
		bool wants_eject;
	} rows[] = {
		{ "reboot", LF_END_REBOOT, false },
		{ "poweroff\n", LF_END_POWEROFF, false },
		{ "halt\neject\n", LF_END_HALT, true },
		{ "eject reboot", LF_END_REBOOT, true },
		{ "  reboot \t eject ", LF_END_REBOOT, true },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		LfEnd end = { LF_END_HALT, false };

		assert_ok(lf_finish_parse(rows[i].text, strlen(rows[i].text), &end, &error), error);
		assert_int_equal(end.action, rows[i].action);
		assert_int_equal(end.wants_eject, rows[i].wants_eject);
	}
}

static void any_other_finish_file_is_refused(void **state)
{
	static const char *const texts[] = {
		"",	      "\n",	   "eject",
		"Reboot",     "restart",   "reboot halt",
		"reboot now", "reboot;rm", "e e e e e e e e e e e e e e e e e e e e e e",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(GError) error = NULL;
		LfEnd end = { LF_END_HALT, true };

		assert_throws(lf_finish_parse(texts[i], strlen(texts[i]), &end, &error), error,
			      LF_ERROR_INPUT, "reboot, poweroff or halt");
		assert_true(end.wants_eject);
	}
}

static int exited(int status)
{
	return W_EXITCODE(status, 0);
}

static void the_exit_status_tells_the_class(void **state)
{
	assert_null(lf_policy_class(exited(0), NULL));
	assert_string_equal(lf_policy_class(exited(2), NULL)->name, "input");
	assert_string_equal(lf_policy_class(exited(6), NULL)->name, "network");
	assert_string_equal(lf_policy_class(exited(127), NULL)->name, "internal");
	assert_string_equal(lf_policy_class(exited(1), NULL)->name, "internal");
	assert_string_equal(lf_policy_class(W_EXITCODE(0, SIGSEGV), NULL)->name, "internal");
}

static void retries_follow_the_table(void **state)
{
	const LfErrorClass *input = lf_policy_class(exited(2), NULL);
	const LfErrorClass *network = lf_policy_class(exited(6), NULL);
	const LfErrorClass *internal = lf_policy_class(exited(8), NULL);
	const LfFailureWish none = LF_FAILURE_NO_WISH;

	assert_true(lf_failure_retries(input, &none, (LfTries){ 3, 0 }));
	assert_false(lf_failure_retries(input, &none, (LfTries){ 4, 0 }));
	assert_true(lf_failure_retries(network, &none, (LfTries){ 1, 0 }));
	assert_true(lf_failure_retries(network, &none, (LfTries){ 4000000000u, 7 }));
	assert_true(lf_failure_retries(internal, &none,
				       (LfTries){ (unsigned)internal->max_retries, 0 }));
	assert_false(lf_failure_retries(internal, &none,
					(LfTries){ (unsigned)internal->max_retries + 1, 0 }));
}

static void an_outage_uses_up_no_try_of_another_failure(void **state)
{
	const LfErrorClass *trust = lf_policy_class(exited(5), NULL);
	const LfErrorClass *network = lf_policy_class(exited(6), NULL);
	const LfFailureWish none = LF_FAILURE_NO_WISH;
	const LfFailureWish one = { false, LF_END_POWEROFF, 1 };

	assert_true(lf_failure_retries(trust, &none, (LfTries){ 1000, 999 }));
	assert_true(lf_failure_retries(trust, &none, (LfTries){ 1002, 999 }));
	assert_false(lf_failure_retries(trust, &none, (LfTries){ 1003, 999 }));
	assert_true(lf_failure_retries(trust, &one, (LfTries){ 10, 9 }));
	assert_false(lf_failure_retries(network, &one, (LfTries){ 10, 9 }));
}

static void the_count_of_tries_can_be_read_back_and_nonsense_is_the_first(void **state)
{
	static const char *const wrong[] = { "",     "0 0",  "2",     "2 2",	      "2 x",
					     "2 0 ", "-1 0", "1 0 0", "99999999999 0" };
	g_autofree char *text = lf_tries_text((LfTries){ 12, 5 });
	LfTries tries = lf_tries_parse(text);

	assert_int_equal(tries.attempt, 12);
	assert_int_equal(tries.outages, 5);
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		tries = lf_tries_parse(wrong[i]);
		assert_int_equal(tries.attempt, 1);
		assert_int_equal(tries.outages, 0);
	}
}

static void the_profile_says_how_many_tries_and_which_end_also_after_a_crash(void **state)
{
	static const struct {
		int wait_status;
		const char *wish;
		unsigned attempt;
		bool retries;
		LfEndAction action;
	} rows[] = {
		{ W_EXITCODE(0, SIGSEGV), "", 3, true, LF_END_HALT },
		{ W_EXITCODE(0, SIGSEGV), "", 4, false, LF_END_HALT },
		{ W_EXITCODE(0, SIGSEGV), "reboot", 4, false, LF_END_REBOOT },
		{ W_EXITCODE(0, SIGKILL), "poweroff retry=0", 1, false, LF_END_POWEROFF },
		{ W_EXITCODE(0, SIGKILL), "reboot retry=1", 1, true, LF_END_REBOOT },
		{ W_EXITCODE(0, SIGKILL), "reboot retry=1", 2, false, LF_END_REBOOT },
		{ W_EXITCODE(0, SIGKILL), "reboot retry=5", 5, true, LF_END_REBOOT },
		{ W_EXITCODE(0, SIGKILL), "reboot retry=5", 6, false, LF_END_REBOOT },
		{ W_EXITCODE(6, 0), "reboot retry=1000", 1000, true, LF_END_REBOOT },
		{ W_EXITCODE(6, 0), "reboot retry=1000", 1001, false, LF_END_REBOOT },
		{ W_EXITCODE(2, 0), "reboot retry=0", 1, false, LF_END_REBOOT },
		{ W_EXITCODE(7, 0), "retry=1", 2, false, LF_END_HALT },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const LfErrorClass *class = lf_policy_class(rows[i].wait_status, NULL);
		g_autoptr(GError) error = NULL;
		LfFailureWish wish;

		assert_ok(lf_failure_parse(rows[i].wish, strlen(rows[i].wish), &wish, &error),
			  error);
		assert_int_equal(lf_failure_retries(class, &wish, (LfTries){ rows[i].attempt, 0 }),
				 rows[i].retries);
		assert_int_equal(lf_failure_action(&wish, "halt"), rows[i].action);
	}
}

static void without_a_word_the_machine_is_powered_off(void **state)
{
	const LfFailureWish none = LF_FAILURE_NO_WISH;

	assert_int_equal(lf_failure_action(&none, NULL), LF_END_POWEROFF);
	assert_int_equal(lf_failure_action(&none, "shell"), LF_END_POWEROFF);
	assert_int_equal(lf_failure_action(&none, ""), LF_END_POWEROFF);
	assert_int_equal(lf_failure_action(&none, "reboot"), LF_END_REBOOT);
}

static void a_wish_can_be_read_back(void **state)
{
	static const LfFailureWish wishes[] = { { false, LF_END_POWEROFF, -1 },
						{ false, LF_END_POWEROFF, 7 },
						{ true, LF_END_REBOOT, -1 },
						{ true, LF_END_HALT, 0 },
						{ true, LF_END_POWEROFF, 1000 } };

	for (size_t i = 0; i < G_N_ELEMENTS(wishes); i++) {
		g_autofree char *text = lf_failure_text(&wishes[i]);
		g_autoptr(GError) error = NULL;
		LfFailureWish back;

		assert_ok(lf_failure_parse(text, strlen(text), &back, &error), error);
		assert_int_equal(back.has_action, wishes[i].has_action);
		assert_int_equal(back.action, wishes[i].action);
		assert_int_equal(back.max_retries, wishes[i].max_retries);
	}
}

static void any_other_wish_is_refused_and_none_is_left(void **state)
{
	static const char *const texts[] = {
		"Reboot",	   "reboot poweroff",
		"retry",	   "retry=",
		"retry=-1",	   "retry=1001",
		"retry=1 retry=2", "retry=0x1",
		"reboot retry",	   "reboot;rm",
		"reboot \x1b[2J",  "retry=18446744073709551617",
		"reboot eject",	   "e e e e e e e e e e e e e e e e e e e e e e",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(GError) error = NULL;
		LfFailureWish wish = { true, LF_END_HALT, 5 };

		assert_throws(lf_failure_parse(texts[i], strlen(texts[i]), &wish, &error), error,
			      LF_ERROR_INPUT, "reboot, poweroff or halt");
		assert_int_equal(wish.action, LF_END_HALT);
		assert_int_equal(wish.max_retries, 5);
	}
}

static void a_wish_file_that_makes_no_sense_counts_as_none(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *run = g_build_filename(dir, LF_RUN_DIR, NULL);
	g_autofree char *path = g_build_filename(dir, LF_RUN_ONFAILURE, NULL);
	g_autofree char *long_text = g_strnfill(300, ' ');
	g_autoptr(GError) error = NULL;
	lf_autofd root_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	LfFailureWish wish;

	assert_ok(lf_failure_load(root_fd, &wish, &error), error);
	assert_false(wish.has_action);
	assert_int_equal(g_mkdir_with_parents(run, 0755), 0);
	assert_true(g_file_set_contents(path, "reboot retry=2\n", -1, NULL));
	assert_ok(lf_failure_load(root_fd, &wish, &error), error);
	assert_int_equal(wish.action, LF_END_REBOOT);
	assert_true(g_file_set_contents(path, "reboot\0retry=x", 14, NULL));
	assert_ok(lf_failure_load(root_fd, &wish, &error), error);
	assert_int_equal(wish.max_retries, -1);
	assert_true(g_file_set_contents(path, long_text, 300, NULL));
	assert_throws(lf_failure_load(root_fd, &wish, &error), error, LF_ERROR_INPUT, "256");
	assert_false(wish.has_action);
	g_clear_error(&error);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_throws(lf_failure_load(root_fd, &wish, &error), error, LF_ERROR_IO, "onfailure");
	assert_int_equal(wish.max_retries, -1);
}

static void pauses_double_up_to_five_minutes_and_the_last_half_is_random(void **state)
{
	static const unsigned whole_ms[] = { 4000, 8000, 16000, 32000, 64000, 128000, 256000 };

	for (unsigned i = 0; i < G_N_ELEMENTS(whole_ms); i++) {
		assert_int_equal(lf_policy_delay_ms(i + 1, 0), whole_ms[i] / 2);
		assert_int_equal(lf_policy_delay_ms(i + 1, whole_ms[i] / 2), whole_ms[i]);
		for (uint32_t random = 1; random < 4000000000u; random = random * 3 + 1)
			assert_in_range(lf_policy_delay_ms(i + 1, random), whole_ms[i] / 2,
					whole_ms[i]);
	}
	assert_int_equal(lf_policy_delay_ms(8, 0), 150000);
	assert_int_equal(lf_policy_delay_ms(4000000000u, 150000), 300000);
}

static void consoles_are_plain_device_names(void **state)
{
	static const struct {
		const char *active;
		const char *names;
	} rows[] = {
		{ "tty0 ttyS0\n", "tty0,ttyS0" },
		{ "ttyAMA0", "ttyAMA0" },
		{ "", "console" },
		{ "../sda ttyS0 a/b .", "ttyS0" },
		{ "ttyS0123456789012345678901234567890123456789", "console" },
		{ "a b c d e f g h i j", "a,b,c,d,e,f,g,h" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_auto(GStrv) names = lf_console_names(rows[i].active);
		g_autofree char *joined = g_strjoinv(",", names);

		assert_string_equal(joined, rows[i].names);
	}
}

// A console that is a fifo: what is read from it is what a person sees.
typedef struct {
	char *dir;
	int root_fd, read_fd, log_fd;
	LfOutput *output;
} Screen;

static void open_screen(Screen *screen, const char *mark)
{
	g_autofree char *dev = NULL;
	g_autofree char *path = NULL;

	screen->dir = lf_test_dir();
	dev = g_build_filename(screen->dir, "dev", NULL);
	path = g_build_filename(dev, "ttyX", NULL);
	assert_int_equal(mkdir(dev, 0700), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	screen->read_fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	screen->root_fd = open(screen->dir, O_PATH | O_CLOEXEC);
	screen->log_fd = memfd_create("log", MFD_CLOEXEC);
	screen->output = lf_output_new(screen->root_fd,
				       (const char *const[]){ "missing", "ttyX", NULL }, mark);
	lf_output_log(screen->output, dup(screen->log_fd));
}

static void close_screen(Screen *screen)
{
	lf_output_free(screen->output);
	lf_close_fd(&screen->read_fd);
	lf_close_fd(&screen->root_fd);
	lf_close_fd(&screen->log_fd);
	lf_test_dir_remove(screen->dir);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Screen, close_screen)

static char *seen_on(Screen *screen)
{
	g_autoptr(GString) all = g_string_new(NULL);
	char chunk[4096];
	ssize_t n;

	for (;;) {
		lf_output_drain(screen->output);
		n = read(screen->read_fd, chunk, sizeof chunk);
		if (n <= 0)
			return g_string_free(g_steal_pointer(&all), FALSE);
		g_string_append_len(all, chunk, n);
	}
}

static void console_and_log_show_the_same(void **state)
{
	g_auto(Screen) screen = { NULL, -1, -1, -1, NULL };
	g_autofree char *seen = NULL;
	char logged[256] = "";

	open_screen(&screen, NULL);
	lf_output_write(screen.output, "half a line", 11);
	lf_output_say(screen.output, "it ended with %d", 7);
	seen = seen_on(&screen);
	assert_string_equal(seen, "half a line\nlandfall-init: it ended with 7\n");
	assert_true(pread(screen.log_fd, logged, sizeof logged - 1, 0) > 0);
	assert_string_equal(logged, seen);
}

static void a_debug_shell_is_told_in_every_line(void **state)
{
	g_auto(Screen) screen = { NULL, -1, -1, -1, NULL };
	g_autofree char *seen = NULL;

	open_screen(&screen, "debug shell enabled");
	lf_output_say(screen.output, "x");
	seen = seen_on(&screen);
	assert_string_equal(seen, "landfall-init: x [debug shell enabled]\n");
}

static void a_slow_console_gets_everything_later(void **state)
{
	g_auto(Screen) screen = { NULL, -1, -1, -1, NULL };
	g_autofree char *data = g_strnfill(150000, 'x');
	g_autofree char *seen = NULL;
	struct pollfd polls[LF_MAX_CONSOLES];

	open_screen(&screen, NULL);
	lf_output_write(screen.output, data, 150000);
	assert_int_equal(lf_output_polls(screen.output, polls), 1);
	seen = seen_on(&screen);
	assert_string_equal(seen, data);
	assert_int_equal(lf_output_polls(screen.output, polls), 0);
}

static void a_stuck_console_loses_output_and_says_so_later(void **state)
{
	g_auto(Screen) screen = { NULL, -1, -1, -1, NULL };
	g_autofree char *data = g_strnfill(150000, 'x');
	g_autofree char *first = NULL;
	g_autofree char *second = NULL;

	open_screen(&screen, NULL);
	for (unsigned i = 0; i < 20; i++)
		lf_output_write(screen.output, data, 150000);
	first = seen_on(&screen);
	assert_true(strlen(first) <= 2 * 150000 + 65536);
	lf_output_say(screen.output, "again");
	second = seen_on(&screen);
	assert_contains(second, "[output was lost: the console is too slow]");
	assert_contains(second, "landfall-init: again\n");
}

static void the_log_stops_at_four_mebibytes(void **state)
{
	g_auto(Screen) screen = { NULL, -1, -1, -1, NULL };
	g_autofree char *data = g_strnfill(1000000, 'x');
	struct stat info;

	open_screen(&screen, NULL);
	for (unsigned i = 0; i < 6; i++)
		lf_output_write(screen.output, data, 1000000);
	assert_int_equal(fstat(screen.log_fd, &info), 0);
	assert_int_equal(info.st_size, 4 * 1024 * 1024);
}

static void flushing_a_stuck_console_has_an_end(void **state)
{
	g_auto(Screen) screen = { NULL, -1, -1, -1, NULL };
	g_autofree char *data = g_strnfill(150000, 'x');
	gint64 begin_us = g_get_monotonic_time();

	open_screen(&screen, NULL);
	lf_output_write(screen.output, data, 150000);
	lf_output_flush(screen.output, 200);
	assert_true(g_get_monotonic_time() - begin_us < 5000000);
}

static void what_was_mounted_last_is_unmounted_first(void **state)
{
	g_auto(GStrv) points = lf_mounts_parse(
		"1 0 0:2 / / rw - rootfs rootfs rw\n"
		"2 1 0:3 / /proc rw - proc proc rw\n"
		"3 1 0:4 / /sys/firmware/efi/efivars rw - efivarfs e rw\n"
		"4 1 0:5 / /dev/pts rw - devpts d rw\n"
		"5 1 0:6 / /run rw - tmpfs t rw\n"
		"6 1 0:6 / /tmp rw - tmpfs t rw\n"
		"7 1 254:0 / /run/landfall/target rw - ext4 /dev/dm-0 rw\n"
		"8 7 254:1 / /run/landfall/target/boot\\040one rw - ext4 /dev/vda2 rw\n"
		"9 1 11:0 / /devices ro - iso9660 /dev/sr0 ro\n");
	g_autofree char *joined = g_strjoinv(",", points);

	assert_string_equal(joined, "/devices,/run/landfall/target/boot one,/run/landfall/target");
}

static void mountinfo_that_makes_no_sense_is_passed_over(void **state)
{
	g_auto(GStrv) points = lf_mounts_parse("\n\n1 2 3\nx\n1 0 0:2 / relative rw\n"
					       "1 0 0:2 / /a\\9b\\1 rw\n1 0 0:2 / \n");
	g_autofree char *joined = g_strjoinv(",", points);

	assert_string_equal(joined, "/a\\9b\\1");
}

static void device_nodes_are_read_from_the_modules_list(void **state)
{
	g_autoptr(GPtrArray) nodes = lf_nodes_parse("# Device nodes to trigger on-demand\n"
						    "dm_mod mapper/control c10:236\n"
						    "loop loop-control c10:237\n"
						    "brd ram0 b1:0\n");
	const LfNode *node;

	assert_int_equal(nodes->len, 3);
	node = nodes->pdata[0];
	assert_string_equal(node->name, "mapper/control");
	assert_false(node->is_block);
	assert_int_equal(node->major, 10);
	assert_int_equal(node->minor, 236);
	assert_true(((const LfNode *)nodes->pdata[2])->is_block);
}

static void a_device_node_cannot_leave_dev(void **state)
{
	g_autoptr(GPtrArray) nodes =
		lf_nodes_parse("m ../etc/passwd c1:1\nm /abs c1:1\nm a//b c1:1\n"
			       "m a/./b c1:1\nm x p1:1\nm x c1\nm x c-1:1\n"
			       "m x c99999999:1\nm x c1:99999999\n");

	assert_int_equal(nodes->len, 0);
}

static int wait_for(pid_t pid)
{
	int status = -1;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void a_missing_program_ends_with_127_and_a_word(void **state)
{
	g_autoptr(GError) error = NULL;
	char text[256] = "";
	pid_t pid = -1;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_ok(lf_child_start(&(LfChild){ .argv = (const char *const[]){ "/nowhere/x", NULL },
					     .output_fd = ends[1] },
				 &pid, &error),
		  error);
	assert_int_equal(WEXITSTATUS(wait_for(pid)), 127);
	assert_true(read(ends[0], text, sizeof text - 1) > 0);
	assert_string_equal(text, "cannot run '/nowhere/x': No such file or directory\n");
	close(ends[0]);
	close(ends[1]);
}

static void a_child_has_a_session_and_a_clean_environment(void **state)
{
	static const char *const argv[] = {
		"/bin/sh", "-c", "test \"$(ps -o sid= -p $$ | tr -d ' ')\" = $$ && exec env", NULL
	};
	g_autoptr(GError) error = NULL;
	char text[2048] = "";
	pid_t pid = -1;
	int ends[2];

	g_setenv("LANDFALL_TEST_LEAK", "1", TRUE);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_ok(lf_child_start(
			  &(LfChild){ .argv = argv,
				      .env = (const char *const[]){ "EXTRA=1", "MORE=2", NULL },
				      .output_fd = ends[1] },
			  &pid, &error),
		  error);
	assert_int_equal(wait_for(pid), 0);
	assert_true(read(ends[0], text, sizeof text - 1) > 0);
	assert_contains(text, "EXTRA=1\n");
	assert_contains(text, "MORE=2\n");
	assert_contains(text, "TERM=linux\n");
	assert_null(strstr(text, "LANDFALL_TEST_LEAK"));
	close(ends[0]);
	close(ends[1]);
}

static int answer(void *user_data)
{
	dprintf(1, "said");
	return *(int *)user_data;
}

static void a_function_runs_in_a_process_of_its_own(void **state)
{
	g_autoptr(GError) error = NULL;
	char text[16] = "";
	int wanted = 7;
	pid_t pid = -1;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_ok(lf_child_call(answer, &wanted, ends[1], &pid, &error), error);
	assert_int_equal(WEXITSTATUS(wait_for(pid)), 7);
	assert_int_equal(read(ends[0], text, sizeof text), 4);
	close(ends[0]);
	close(ends[1]);
}

static void a_deadline_names_its_step_and_time(void **state)
{
	static const char text[] = "payload.pull 1234567\n";
	g_auto(LfDeadline) deadline = { NULL, 0 };
	g_autoptr(GError) error = NULL;

	assert_ok(lf_deadline_parse(text, strlen(text), &deadline, &error), error);
	assert_string_equal(deadline.step, "payload.pull");
	assert_int_equal(deadline.at_ms, 1234567);
}

static void any_other_deadline_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"payload.pull",
		"payload.pull x",
		"payload.pull 0",
		"payload.pull -5",
		"Payload.pull 12",
		"a b 12",
		"payload.pull 99999999999999999999",
		" 12",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_auto(LfDeadline) deadline = { NULL, 0 };
		g_autoptr(GError) error = NULL;

		assert_throws(lf_deadline_parse(texts[i], strlen(texts[i]), &deadline, &error),
			      error, LF_ERROR_INPUT, "STEP MILLISECONDS");
		assert_null(deadline.step);
	}
}

static void a_watchdog_is_looked_for_for_three_minutes_and_can_be_forbidden(void **state)
{
	lf_autofd root = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool is_found = true;
	LfWatchdog watchdog;

	lf_watchdog_init(&watchdog, NULL, 1000);
	assert_int_equal(watchdog.timeout_s, 60);
	lf_watchdog_tick(&watchdog, root, 1000, &is_found);
	assert_false(is_found);
	assert_int_equal(watchdog.feed_at_ms, 3000);
	lf_watchdog_tick(&watchdog, root, 181000, &is_found);
	assert_int_equal(watchdog.feed_at_ms, 0);
	lf_watchdog_init(&watchdog, "off", 1000);
	assert_int_equal(watchdog.feed_at_ms, 0);
	lf_watchdog_init(&watchdog, "20", 1000);
	assert_int_equal(watchdog.timeout_s, 20);
	lf_watchdog_init(&watchdog, "many", 1000);
	assert_int_equal(watchdog.timeout_s, 60);
}

static void only_a_machine_that_starts_again_puts_the_medium_out(void **state)
{
	assert_true(lf_failure_ejects(LF_END_REBOOT));
	assert_false(lf_failure_ejects(LF_END_POWEROFF));
	assert_false(lf_failure_ejects(LF_END_HALT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(only_a_machine_that_starts_again_puts_the_medium_out),
		LF_TEST(a_finish_file_names_one_action_and_perhaps_eject),
		LF_TEST(any_other_finish_file_is_refused),
		LF_TEST(the_exit_status_tells_the_class),
		LF_TEST(retries_follow_the_table),
		LF_TEST(an_outage_uses_up_no_try_of_another_failure),
		LF_TEST(the_count_of_tries_can_be_read_back_and_nonsense_is_the_first),
		LF_TEST(the_profile_says_how_many_tries_and_which_end_also_after_a_crash),
		LF_TEST(without_a_word_the_machine_is_powered_off),
		LF_TEST(a_wish_can_be_read_back),
		LF_TEST(any_other_wish_is_refused_and_none_is_left),
		LF_TEST(a_wish_file_that_makes_no_sense_counts_as_none),
		LF_TEST(pauses_double_up_to_five_minutes_and_the_last_half_is_random),
		LF_TEST(consoles_are_plain_device_names),
		LF_TEST(console_and_log_show_the_same),
		LF_TEST(a_debug_shell_is_told_in_every_line),
		LF_TEST(a_slow_console_gets_everything_later),
		LF_TEST(a_stuck_console_loses_output_and_says_so_later),
		LF_TEST(the_log_stops_at_four_mebibytes),
		LF_TEST(flushing_a_stuck_console_has_an_end),
		LF_TEST(what_was_mounted_last_is_unmounted_first),
		LF_TEST(mountinfo_that_makes_no_sense_is_passed_over),
		LF_TEST(device_nodes_are_read_from_the_modules_list),
		LF_TEST(a_device_node_cannot_leave_dev),
		LF_TEST(a_missing_program_ends_with_127_and_a_word),
		LF_TEST(a_child_has_a_session_and_a_clean_environment),
		LF_TEST(a_function_runs_in_a_process_of_its_own),
		LF_TEST(a_deadline_names_its_step_and_time),
		LF_TEST(any_other_deadline_is_refused),
		LF_TEST(a_watchdog_is_looked_for_for_three_minutes_and_can_be_forbidden),
	};

	return LF_TEST_MAIN(tests);
}
