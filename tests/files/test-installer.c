// What landfall-installer says of itself, run as an operator runs it.
#include "tests/unit/test.h"

#include <string.h>

#include "base/proc.h"

/* The program stands one directory above this test. */
static char *program(void)
{
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *tests = g_path_get_dirname(self);
	g_autofree char *build = g_path_get_dirname(tests);

	return g_build_filename(build, "landfall-installer", NULL);
}

#define INSTALLER(status, ...) run_installer(status, (const char *[]){ NULL, __VA_ARGS__, NULL })

/* Returns: (transfer full): what it printed. */
static char *run_installer(int wanted_status, const char **argv)
{
	g_autofree char *path = program();
	g_autofree char *folder = g_get_current_dir();
	g_autoptr(GError) error = NULL;
	char *output = NULL;
	int status = -1;

	argv[0] = path;
	assert_ok(
		lf_proc_status(&(LfProc){ .argv = argv, .cwd = folder }, &status, &output, &error),
		error);
	if (status != wanted_status)
		fail_msg("status %d, not %d: %s", status, wanted_status, output);
	return output;
}

static void help_is_whole_in_every_locale(void **state)
{
	g_autofree char *help = INSTALLER(0, "--help");

	assert_contains(help, "[OPTION…] VERB [ARGUMENT…]");
	assert_contains(help, "  check ");
	assert_contains(help, "--sector-size=BYTES");
	assert_contains(help, "7 io");
	assert_null(strchr(help, '?'));
}

static void each_verb_tells_its_own_options(void **state)
{
	static const struct {
		const char *verb;
		const char *usage;
		const char *has, *has_not;
	} rows[] = {
		{ "install", "landfall-installer install [OPTION…] [KICKSTART]\n", "--disk=PATH",
		  "--json" },
		{ "facts", "landfall-installer facts [OPTION…] [KICKSTART]\n", "--sector-size",
		  "--json" },
		{ "plan", "landfall-installer plan [OPTION…] KICKSTART\n", "--json", "--version" },
		{ "check", "landfall-installer check [OPTION…] KICKSTART\n", "--root=DIR",
		  "--disk" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *behind = INSTALLER(0, rows[i].verb, "--help");
		g_autofree char *before = INSTALLER(0, "-h", rows[i].verb);

		assert_contains(behind, rows[i].usage);
		assert_contains(behind, rows[i].has);
		assert_null(strstr(behind, rows[i].has_not));
		assert_string_equal(behind, before);
	}
}

static void wrong_words_are_input_errors(void **state)
{
	g_autofree char *none = INSTALLER(2, "--root=/");
	g_autofree char *unknown = INSTALLER(2, "instal", "--help");
	g_autofree char *option = INSTALLER(2, "plan", "--nothing");
	g_autofree char *missing = INSTALLER(2, "plan");
	g_autofree char *version = INSTALLER(0, "--version");

	assert_true(g_str_has_prefix(version, "landfall-installer "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(help_is_whole_in_every_locale),
		LF_TEST(each_verb_tells_its_own_options),
		LF_TEST(wrong_words_are_input_errors),
	};

	return LF_TEST_MAIN(tests);
}
