#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/throw.h"

/**
 * What all tests share. A test is one function whose name is a sentence; LF_TEST() puts it into the
 * table, which LF_TEST_MAIN() runs.
 */
#define LF_TEST(name)	    cmocka_unit_test(name)
#define LF_TEST_MAIN(table) cmocka_run_group_tests((table), NULL, NULL)

/** lf_test_skip: leaves the test, and says why; the reason shows in the summary. */
#define lf_test_skip(reason)                                                                       \
	do {                                                                                       \
		print_message("# skip %s: %s\n", __func__, reason);                                \
		skip();                                                                            \
	} while (0)

/** assert_ok: the call succeeded; shows the error's message when not. */
#define assert_ok(ok, error)                                                                       \
	do {                                                                                       \
		if (!(ok))                                                                         \
			fail_msg("%s: %s", #ok, (error) ? (error)->message : "no error set");      \
		assert_null(error);                                                                \
	} while (0)

/** assert_throws: the call failed with this code, and its message holds @text. */
#define assert_throws(ok, error, wanted_code, text)                                                \
	do {                                                                                       \
		assert_false(ok);                                                                  \
		assert_non_null(error);                                                            \
		if ((error)->domain != LF_ERROR || (error)->code != (int)(wanted_code))            \
			fail_msg("wrong class '%s': %s", lf_error_class(error)->name,              \
				 (error)->message);                                                \
		if (!strstr((error)->message, text))                                               \
			fail_msg("message '%s' does not say '%s'", (error)->message, text);        \
	} while (0)

/** assert_contains: a text is part of another. */
#define assert_contains(haystack, needle)                                                          \
	do {                                                                                       \
		if (!strstr(haystack, needle))                                                     \
			fail_msg("'%s' is not in '%s'", needle, haystack);                         \
	} while (0)

/** lf_test_dir: (transfer full): a new empty directory, removed by lf_test_dir_remove(). */
static inline char *lf_test_dir(void)
{
	g_autoptr(GError) error = NULL;
	char *path = g_dir_make_tmp("landfall-test-XXXXXX", &error);

	if (!path)
		fail_msg("%s", error->message);
	return path;
}

static inline void lf_test_dir_remove(char *path)
{
	const char *argv[] = { "/bin/rm", "-rf", path, NULL };

	g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, NULL, NULL,
		     NULL);
	g_free(path);
}

/** LfTestDir: `g_autoptr(LfTestDir) dir = lf_test_dir();` is removed with its contents at the
 * scope's end. */
typedef char LfTestDir;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfTestDir, lf_test_dir_remove)
