// What a failed install leaves on the disk: its logs, wherever it had come to.
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "installer/apply/effects.h"
#include "installer/apply/record.h"
#include "tests/unit/test.h"

#define EVENTS "{\"seq\":1}\n"
#define OUTPUT "what was said\n"

typedef struct {
	char *dir, *events_log, *output_log;
	LfProfile *profile;
	LfPlan plan;
	LfFacts *facts;
	LfEvents *events;
	GString *notes;
	LfInstall *install;
} Failed;

static uint64_t no_clock(void)
{
	return 0;
}

static void on_event(const LfEvent *event, const char *line, size_t size, void *user_data)
{
	g_string_append_len(user_data, line, (gssize)size);
}

static Failed *failed_new(void)
{
	Failed *failed = g_new0(Failed, 1);

	failed->dir = lf_test_dir();
	failed->events_log = g_build_filename(failed->dir, "events", NULL);
	failed->output_log = g_build_filename(failed->dir, "output", NULL);
	assert_true(g_file_set_contents(failed->events_log, EVENTS, -1, NULL));
	assert_true(g_file_set_contents(failed->output_log, OUTPUT, -1, NULL));
	failed->profile = lf_profile_new();
	failed->plan.profile = failed->profile;
	failed->facts = lf_facts_new();
	failed->events = lf_events_new(no_clock);
	failed->notes = g_string_new(NULL);
	lf_events_listen(failed->events, on_event, failed->notes, NULL);
	failed->install = lf_install_new(&failed->plan, failed->facts, failed->events);
	failed->install->events_log = failed->events_log;
	failed->install->output_log = failed->output_log;
	return failed;
}

static void failed_free(Failed *failed)
{
	lf_install_free(failed->install);
	lf_events_free(failed->events);
	lf_facts_free(failed->facts);
	lf_profile_free(failed->profile);
	g_string_free(failed->notes, TRUE);
	g_free(failed->events_log);
	g_free(failed->output_log);
	lf_test_dir_remove(failed->dir);
	g_free(failed);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Failed, failed_free)

static void fail_install(Failed *failed)
{
	g_autoptr(GError) cause = g_error_new_literal(LF_ERROR, LF_ERROR_IO, "the disk broke");

	lf_effect_failed(failed->install, cause);
}

static void assert_kept(const char *root)
{
	static const struct {
		const char *name, *text;
	} rows[] = { { "events.jsonl", EVENTS }, { "installer.log", OUTPUT } };
	g_autofree char *dir = g_build_filename(root, "var/log/landfall", NULL);
	struct stat info;

	assert_int_equal(stat(dir, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0700);
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *path = g_build_filename(dir, rows[i].name, NULL);
		g_autofree char *text = NULL;

		assert_true(g_file_get_contents(path, &text, NULL, NULL));
		assert_string_equal(text, rows[i].text);
		assert_int_equal(stat(path, &info), 0);
		assert_int_equal(info.st_mode & 07777, 0600);
	}
}

// A target of our own, in a namespace of our own; mounted as the install's steps do.
static bool mount_target(void)
{
	return unshare(CLONE_NEWNS) == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("tmpfs", "/mnt", "tmpfs", 0, "mode=0755") == 0 &&
	       g_mkdir_with_parents(LF_SYSIMAGE, 0755) == 0 &&
	       mount("tmpfs", LF_SYSIMAGE, "tmpfs", 0, "mode=0755") == 0;
}

static void before_there_is_a_deployment_the_logs_are_on_the_root_file_system(void **state)
{
	if (!mount_target())
		lf_test_skip("cannot mount here");
	g_autoptr(Failed) failed = failed_new();

	fail_install(failed);
	assert_kept(LF_SYSIMAGE);
	assert_string_equal(failed->notes->str, "");
}

static void the_logs_are_in_the_installed_system_when_there_is_one(void **state)
{
	if (!mount_target())
		lf_test_skip("cannot mount here");
	g_autoptr(Failed) failed = failed_new();
	g_autofree char *root = g_build_filename(failed->dir, "root", NULL);
	g_autoptr(GError) error = NULL;

	assert_int_equal(g_mkdir(root, 0755), 0);
	assert_ok(lf_openat(AT_FDCWD, root, O_RDONLY | O_DIRECTORY, 0, &failed->install->root_fd,
			    &error),
		  error);
	fail_install(failed);
	assert_kept(root);
	assert_false(g_file_test(LF_SYSIMAGE "/var", G_FILE_TEST_EXISTS));
	lf_close_fd(&failed->install->root_fd);
}

static void a_disk_that_takes_nothing_is_told_and_changes_nothing(void **state)
{
	if (!mount_target())
		lf_test_skip("cannot mount here");
	g_autoptr(Failed) failed = failed_new();

	assert_int_equal(mount(NULL, LF_SYSIMAGE, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	fail_install(failed);
	assert_contains(failed->notes->str, "the logs are not on the disk");
}

static void a_target_that_is_not_mounted_is_left_alone(void **state)
{
	if (!mount_target() || umount(LF_SYSIMAGE) < 0)
		lf_test_skip("cannot mount here");
	g_autoptr(Failed) failed = failed_new();

	fail_install(failed);
	assert_false(g_file_test(LF_SYSIMAGE "/var", G_FILE_TEST_EXISTS));
	assert_string_equal(failed->notes->str, "");
}

static void of_a_log_that_is_too_long_the_end_is_kept(void **state)
{
	if (!mount_target())
		lf_test_skip("cannot mount here");
	g_autoptr(Failed) failed = failed_new();
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *kept = NULL;
	gsize size = 0;

	while (text->len < (5 << 20))
		g_string_append_printf(text, "line %zu\n", text->len);
	assert_true(g_file_set_contents(failed->output_log, text->str, (gssize)text->len, NULL));
	fail_install(failed);
	assert_true(g_file_get_contents(LF_SYSIMAGE "/var/log/landfall/installer.log", &kept, &size,
					NULL));
	assert_in_range(size, (4 << 20) - 64, 4 << 20);
	assert_true(g_str_has_prefix(kept, "line "));
	assert_true(g_str_has_suffix(text->str, kept));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(before_there_is_a_deployment_the_logs_are_on_the_root_file_system),
		LF_TEST(the_logs_are_in_the_installed_system_when_there_is_one),
		LF_TEST(a_disk_that_takes_nothing_is_told_and_changes_nothing),
		LF_TEST(a_target_that_is_not_mounted_is_left_alone),
		LF_TEST(of_a_log_that_is_too_long_the_end_is_kept),
	};

	return LF_TEST_MAIN(tests);
}
