// The machine behind LfHost: command line with the seed's words, waiting for init's devices.
#include "tests/unit/test.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/host.h"
#include "base/runtime.h"

static void put(const char *root, const char *path, const char *text)
{
	g_autofree char *full = g_build_filename(root, path, NULL);
	g_autofree char *dir = g_path_get_dirname(full);

	assert_int_equal(g_mkdir_with_parents(dir, 0755), 0);
	assert_true(g_file_set_contents(full, text, -1, NULL));
}

static LfHost *host_with(const char *root, const char *cmdline)
{
	g_autoptr(GError) error = NULL;
	LfHost *host;

	put(root, "proc/cmdline", cmdline);
	host = lf_host_new(root, &error);
	assert_ok(host, error);
	return host;
}

static void arguments_are_found_by_their_whole_name(void **state)
{
	static const struct {
		const char *cmdline;
		const char *name;
		const char *value; /* NULL: absent */
	} rows[] = {
		{ "quiet landfall.debug=1", "landfall.debug", "1" },
		{ "quiet landfall.debug", "landfall.debug", "" },
		{ "landfall.debug=", "landfall.debug", "" },
		{ "landfall.debugger=1", "landfall.debug", NULL },
		{ "xlandfall.debug=1", "landfall.debug", NULL },
		{ "a=1 a=2", "a", "2" },
		{ "a=\"x y\" b=1", "a", "x y" },
		{ "\"a=x y\" b=1", "a", "x y" },
		{ "a=\"open b=1", "b", NULL },
		{ "a==b=c", "a", "=b=c" },
		{ "  \t a=1 \n", "a", "1" },
		{ "", "a", NULL },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(LfTestDir) root = lf_test_dir();
		g_autoptr(LfHost) host = host_with(root, rows[i].cmdline);
		g_autofree char *value = lf_host_arg(host, rows[i].name);

		if (g_strcmp0(value, rows[i].value) != 0)
			fail_msg("'%s' in '%s' is '%s'", rows[i].name, rows[i].cmdline, value);
	}
}

static void words_end_at_white_space_outside_quotes(void **state)
{
	static const struct {
		const char *text;
		const char *words; /* with '|' behind each */
	} rows[] = {
		{ "", "" },
		{ " \t\n", "" },
		{ "a b", "a|b|" },
		{ "  a=\"x y\"\tb ", "a=x y|b|" },
		{ "\"a b\"c d", "a bc|d|" },
		{ "a=\"\" b", "a=|b|" },
		{ "\"\" b", "|b|" },
		{ "a=\"x\ny\"", "a=x\ny|" },
		{ "a \"b c", "a|b c|" },
		{ "a\"", "a|" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GString) words = g_string_new(NULL);
		const char *cursor = rows[i].text;
		char *word;

		while ((word = lf_host_next_word(&cursor))) {
			g_string_append_printf(words, "%s|", word);
			g_free(word);
		}
		assert_string_equal(words->str, rows[i].words);
		assert_null(lf_host_next_word(&cursor));
	}
}

static void all_values_come_in_their_order(void **state)
{
	g_autoptr(LfTestDir) root = lf_test_dir();
	g_autoptr(LfHost) host = host_with(root, "console=tty0 console=ttyS0,115200");
	g_auto(GStrv) values = lf_host_args(host, "console");
	g_auto(GStrv) none = lf_host_args(host, "absent");

	assert_string_equal(values[0], "tty0");
	assert_string_equal(values[1], "ttyS0,115200");
	assert_null(values[2]);
	assert_null(none[0]);
}

static void the_seeds_words_come_after_the_kernels(void **state)
{
	g_autoptr(LfTestDir) root = lf_test_dir();
	g_autoptr(LfHost) host = NULL;
	g_autofree char *value = NULL;

	put(root, LF_RUN_CMDLINE, "a=seed\n");
	host = host_with(root, "a=kernel\n");
	value = lf_host_arg(host, "a");
	assert_string_equal(value, "seed");
}

static void a_root_without_a_command_line_is_one(void **state)
{
	g_autoptr(LfTestDir) root = lf_test_dir();
	g_autoptr(GError) error = NULL;
	g_autoptr(LfHost) host = lf_host_new(root, &error);

	assert_ok(host, error);
	assert_null(lf_host_arg(host, "a"));
}

static void a_missing_root_is_an_error(void **state)
{
	g_autoptr(GError) error = NULL;

	assert_throws(lf_host_new("/nowhere", &error), error, LF_ERROR_IO, "/nowhere");
}

static void clock_and_randomness_are_real(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfHost) host = lf_host_new("/", &error);
	uint8_t a[32] = "", b[32] = "";

	assert_ok(host, error);
	assert_in_range(host->now_ms() / 1000, 1600000000, 4000000000);
	assert_true(host->random(a, sizeof a) && host->random(b, sizeof b));
	assert_memory_not_equal(a, b, sizeof a);
}

static void without_init_nobody_waits_for_devices(void **state)
{
	g_autoptr(LfTestDir) root = lf_test_dir();
	g_autoptr(LfHost) host = host_with(root, "");
	g_autoptr(GError) error = NULL;

	assert_ok(lf_host_wait_devices(host, 100000, &error), error);
}

static void devices_that_are_there_need_no_waiting(void **state)
{
	g_autoptr(LfTestDir) root = lf_test_dir();
	g_autoptr(LfHost) host = host_with(root, "");
	g_autoptr(GError) error = NULL;

	put(root, LF_RUN_INIT, "");
	put(root, LF_RUN_DEVICES, "");
	assert_ok(lf_host_wait_devices(host, 0, &error), error);
}

static void waiting_ends_when_init_says_so(void **state)
{
	g_autoptr(LfTestDir) root = lf_test_dir();
	g_autoptr(LfHost) host = host_with(root, "");
	g_autoptr(GError) error = NULL;
	gint64 begin_us = g_get_monotonic_time();
	pid_t pid;

	put(root, LF_RUN_INIT, "");
	pid = fork();
	if (pid == 0) {
		g_usleep(300000);
		_exit(lf_write_file_at(host->root_fd, LF_RUN_DEVICES, "", 0, 0644, NULL) ? 0 : 1);
	}
	assert_ok(lf_host_wait_devices(host, 20000, &error), error);
	assert_true(g_get_monotonic_time() - begin_us > 250000);
	assert_true(g_get_monotonic_time() - begin_us < 10000000);
}

static void waiting_has_an_end(void **state)
{
	g_autoptr(LfTestDir) root = lf_test_dir();
	g_autoptr(LfHost) host = host_with(root, "");
	g_autoptr(GError) error = NULL;

	put(root, LF_RUN_INIT, "");
	assert_throws(lf_host_wait_devices(host, 300, &error), error, LF_ERROR_TARGET, "devices");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(arguments_are_found_by_their_whole_name),
		LF_TEST(words_end_at_white_space_outside_quotes),
		LF_TEST(all_values_come_in_their_order),
		LF_TEST(the_seeds_words_come_after_the_kernels),
		LF_TEST(a_root_without_a_command_line_is_one),
		LF_TEST(a_missing_root_is_an_error),
		LF_TEST(clock_and_randomness_are_real),
		LF_TEST(without_init_nobody_waits_for_devices),
		LF_TEST(devices_that_are_there_need_no_waiting),
		LF_TEST(waiting_ends_when_init_says_so),
		LF_TEST(waiting_has_an_end),
	};

	return LF_TEST_MAIN(tests);
}
