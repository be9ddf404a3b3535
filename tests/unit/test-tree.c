// Files below a root: nothing leads out of it; and scopes: what is held is given back in reverse.
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "installer/apply/scope.h"
#include "installer/apply/tree.h"
#include "tests/unit/test.h"

static int open_root(const char *dir)
{
	int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void assert_file(const char *dir, const char *name, const char *text, mode_t mode)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	g_autofree char *found = NULL;
	struct stat st;

	assert_true(g_file_get_contents(path, &found, NULL, NULL));
	assert_string_equal(found, text);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(st.st_mode & 07777, mode);
}

static void a_file_is_written_with_exactly_this_mode(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	lf_autofd root = open_root(dir);
	g_autoptr(GError) error = NULL;

	assert_ok(lf_tree_mkdirs(root, "etc/deep/er", 0755, &error), error);
	assert_ok(lf_tree_write(root, "etc/deep/er/file", "one\n", 0666, &error), error);
	assert_file(dir, "etc/deep/er/file", "one\n", 0666);
	assert_ok(lf_tree_write(root, "etc/deep/er/file", "two\n", 0600, &error), error);
	assert_file(dir, "etc/deep/er/file", "two\n", 0600);
}

static void an_absolute_link_stays_inside(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	lf_autofd root = open_root(dir);
	g_autoptr(GError) error = NULL;

	assert_ok(lf_tree_mkdirs(root, "tmp", 0755, &error), error);
	assert_ok(lf_tree_link(root, "/tmp", "way", &error), error);
	assert_ok(lf_tree_write(root, "way/landfall-test-file", "inside\n", 0644, &error), error);
	assert_file(dir, "tmp/landfall-test-file", "inside\n", 0644);
	assert_int_not_equal(access("/tmp/landfall-test-file", F_OK), 0);
}

static void dots_and_links_do_not_lead_out(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *inner = g_build_filename(dir, "inner", NULL);
	g_autofree char *outside = g_build_filename(dir, "out", NULL);
	lf_autofd root = -1;
	g_autoptr(GError) error = NULL;

	assert_int_equal(mkdir(inner, 0755), 0);
	root = open_root(inner);
	assert_ok(lf_tree_link(root, "../../..", "up", &error), error);
	assert_ok(lf_tree_write(root, "up/out", "x", 0644, &error), error);
	assert_ok(lf_tree_write(root, "../out2", "x", 0644, &error), error);
	assert_int_not_equal(access(outside, F_OK), 0);
	assert_file(inner, "out", "x", 0644);
	assert_file(inner, "out2", "x", 0644);
}

static void a_link_is_replaced_and_not_followed_by_a_write(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	lf_autofd root = open_root(dir);
	g_autoptr(GError) error = NULL;

	assert_ok(lf_tree_write(root, "target", "kept", 0644, &error), error);
	assert_ok(lf_tree_link(root, "target", "link", &error), error);
	assert_ok(lf_tree_write(root, "link", "new", 0644, &error), error);
	assert_file(dir, "target", "kept", 0644);
	assert_file(dir, "link", "new", 0644);
	assert_ok(lf_tree_link(root, "target", "link", &error), error);
	assert_false(lf_tree_append(root, "link", "more", 0644, &error));
}

static void a_missing_file_reads_as_empty_and_a_long_one_is_refused(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	lf_autofd root = open_root(dir);
	g_autoptr(GError) error = NULL;
	g_autofree char *none = lf_tree_read(root, "none", 10, &error);

	assert_ok(none != NULL, error);
	assert_string_equal(none, "");
	assert_ok(lf_tree_write(root, "long", "0123456789a", 0644, &error), error);
	assert_throws(lf_tree_read(root, "long", 10, &error), error, LF_ERROR_INPUT, "long");
}

static void text_is_added_to_the_end(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	lf_autofd root = open_root(dir);
	g_autoptr(GError) error = NULL;

	assert_ok(lf_tree_append(root, "keys", "one\n", 0600, &error), error);
	assert_ok(lf_tree_append(root, "keys", "two\n", 0600, &error), error);
	assert_file(dir, "keys", "one\ntwo\n", 0600);
}

static GString *released;

static bool note_release(void *object, GError **error)
{
	const char *name = object;

	g_string_append(released, name);
	return *name != 'b' || lf_throw(error, LF_ERROR_IO, "%s is stuck", name);
}

static void a_scope_releases_in_reverse_down_to_a_mark(void **state)
{
	g_autoptr(LfScope) scope = lf_scope_new();
	g_autoptr(GError) error = NULL;
	guint mark;

	released = g_string_new(NULL);
	lf_scope_push(scope, note_release, (void *)"a", "a");
	mark = lf_scope_depth(scope);
	lf_scope_push(scope, note_release, (void *)"c", "c");
	lf_scope_push(scope, note_release, (void *)"d", "d");
	assert_ok(lf_scope_unwind(scope, mark, &error), error);
	assert_string_equal(released->str, "dc");
	assert_int_equal(lf_scope_depth(scope), 1);
	assert_ok(lf_scope_unwind(scope, 0, &error), error);
	assert_string_equal(released->str, "dca");
	g_string_free(released, TRUE);
}

static void a_scope_goes_on_after_an_error_and_tells_the_first(void **state)
{
	g_autoptr(LfScope) scope = lf_scope_new();
	g_autoptr(GError) error = NULL;

	released = g_string_new(NULL);
	lf_scope_push(scope, note_release, (void *)"a", "a");
	lf_scope_push(scope, note_release, (void *)"b1", "the first");
	lf_scope_push(scope, note_release, (void *)"b2", "the second");
	assert_throws(lf_scope_unwind(scope, 0, &error), error, LF_ERROR_IO,
		      "cannot release the second: b2 is stuck");
	assert_string_equal(released->str, "b2b1a");
	g_string_free(released, TRUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(a_file_is_written_with_exactly_this_mode),
		LF_TEST(an_absolute_link_stays_inside),
		LF_TEST(dots_and_links_do_not_lead_out),
		LF_TEST(a_link_is_replaced_and_not_followed_by_a_write),
		LF_TEST(a_missing_file_reads_as_empty_and_a_long_one_is_refused),
		LF_TEST(text_is_added_to_the_end),
		LF_TEST(a_scope_releases_in_reverse_down_to_a_mark),
		LF_TEST(a_scope_goes_on_after_an_error_and_tells_the_first),
	};

	return LF_TEST_MAIN(tests);
}
