// The running step's deadline in a file: written where landfall-init works, gone between steps.
#include "installer/watch.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/runtime.h"
#include "installer/init/deadline.h"
#include "tests/unit/test.h"

static LfHost *machine(const char *root, bool has_init)
{
	g_autofree char *run = g_build_filename(root, LF_RUN_DIR, NULL);
	g_autofree char *init = g_build_filename(root, LF_RUN_INIT, NULL);
	g_autoptr(GError) error = NULL;
	LfHost *host;

	assert_int_equal(g_mkdir_with_parents(run, 0755), 0);
	if (has_init)
		assert_true(g_file_set_contents(init, "1\n", -1, NULL));
	host = lf_host_new(root, &error);
	assert_ok(host, error);
	return host;
}

static void init_reads_the_step_and_its_end(void **state)
{
	g_autoptr(LfTestDir) root = lf_test_dir();
	g_autoptr(LfHost) host = machine(root, true);
	LfWatch watch = { host, NULL };
	g_auto(LfDeadline) deadline = { NULL, 0 };
	g_autoptr(GError) error = NULL;
	gint64 now_ms = g_get_monotonic_time() / 1000;

	lf_watch_set("payload.pull", 600, &watch);
	assert_ok(lf_deadline_load(host->root_fd, &deadline, &error), error);
	assert_string_equal(deadline.step, "payload.pull");
	assert_in_range(deadline.at_ms, now_ms + 600000, now_ms + 660000);
	lf_watch_set("payload.pull", 0, &watch);
	lf_deadline_clear(&deadline);
	assert_ok(lf_deadline_load(host->root_fd, &deadline, &error), error);
	assert_null(deadline.step);
}

static void the_next_step_takes_its_place(void **state)
{
	g_autoptr(LfTestDir) root = lf_test_dir();
	g_autoptr(LfHost) host = machine(root, true);
	LfWatch watch = { host, NULL };
	g_auto(LfDeadline) deadline = { NULL, 0 };
	g_autoptr(GError) error = NULL;

	lf_watch_set("script.onerror", 3600, &watch);
	lf_watch_set("install.release", 900, &watch);
	assert_ok(lf_deadline_load(host->root_fd, &deadline, &error), error);
	assert_string_equal(deadline.step, "install.release");
}

static void without_init_nothing_is_written(void **state)
{
	g_autoptr(LfTestDir) root = lf_test_dir();
	g_autoptr(LfHost) host = machine(root, false);
	LfWatch watch = { host, NULL };

	lf_watch_set("payload.pull", 600, &watch);
	assert_int_equal(faccessat(host->root_fd, LF_RUN_DEADLINE, F_OK, 0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(init_reads_the_step_and_its_end),
		LF_TEST(the_next_step_takes_its_place),
		LF_TEST(without_init_nothing_is_written),
	};

	return LF_TEST_MAIN(tests);
}
