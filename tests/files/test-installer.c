// What landfall-installer says of itself, run as an operator runs it.
#include "tests/files/program.h"

#include <string.h>

static const char site[] =
	"lang C.UTF-8\nkeyboard us\ntimezone Etc/UTC --utc\nrootpw --lock\n"
	"network --bootproto=dhcp --hostname=edge-1\nzerombr\nclearpart --all --initlabel\n"
	"reqpart --add-boot\npart / --fstype=ext4 --grow\n"
	"ostreesetup --osname=debian --url=file:///run/landfall/medium/repo "
	"--ref=debian/13/x86_64/standard\npoweroff\n";

/* Its standard output goes to the file @place. Returns: (transfer full): its standard error. */
static char *run_with_output(const char *place, int wanted_status, const char *arguments)
{
	g_autofree char *path = lf_test_program("landfall-installer");
	g_autofree char *line = g_strdup_printf("exec '%s' %s 2>&1 >%s", path, arguments, place);

	return lf_test_run(NULL, wanted_status, LF_PROC_ARGV("/bin/sh", "-c", line));
}

#define INSTALLER(status, ...) run_installer(status, (const char *[]){ NULL, __VA_ARGS__, NULL })

/* Returns: (transfer full): what it printed. */
static char *run_installer(int wanted_status, const char **argv)
{
	g_autofree char *path = lf_test_program("landfall-installer");

	argv[0] = path;
	return lf_test_run(NULL, wanted_status, argv);
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
		{ "plan", "landfall-installer plan [OPTION…] [KICKSTART]\n", "--json",
		  "--version" },
		{ "check", "landfall-installer check [OPTION…] [KICKSTART]\n", "--root=DIR",
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
	static const struct {
		const char *arguments;
		const char *says;
	} rows[] = {
		{ "", "Usage:" },
		{ "--root=/", "Usage:" },
		{ "instal --help", "there is no verb 'instal'" },
		{ "plan --nothing", "--nothing" },
		{ "plan a b", "usage: landfall-installer plan [OPTION…] [KICKSTART]" },
		{ "check --json site.ks", "'check' has no option --json: write --root, or" },
		{ "check --disk=x --sector-size=7 site.ks", "'check' has no option --disk" },
		{ "facts --json", "has no option --json: write --root, --disk, --sector-size" },
		{ "facts --disk=x --sector-size=513", "--sector-size=513: write 512 or 4096" },
		{ "facts --disk=x --sector-size=-1", "--sector-size=-1: write 512 or 4096" },
		{ "facts --sector-size=512", "give --disk=FILE too" },
		{ "facts --disk=/dev/null --sector-size=512", "'/dev/null' is no plain file" },
		{ "facts --root=/nonexistent", "--root: cannot open '/nonexistent'" },
		{ "check --root=/nonexistent site.ks", "error class input" },
		{ "facts /nonexistent", "kickstart: cannot open '/nonexistent': No such file" },
		{ "check /tmp", "kickstart: '/tmp': cannot read: Is a directory" },
		{ "check file:///nonexistent", "cannot open '/nonexistent': No such file" },
		{ "check --root=/usr /nonexistent", "cannot open '/nonexistent': No such file" },
		{ "prestage https://localhost:99999/x r",
		  "prestage: the port in the URL is wrong" },
		{ "prestage https://[::1/x r", "prestage: not a URL that can be fetched" },
		{ "prestage ftp://h/x r",
		  "prestage: 'ftp' URLs cannot be fetched: use https or http" },
		{ "prestage https://u:XSECRETX@h/x r", "prestage: a user or password in the URL" },
		{ "prestage 'https://h/x?q=XSECRETX' r", "prestage: leave '?' or '#'" },
		{ "prestage --mirror=https://u:XSECRETX@h/x file:///x r", "--mirror: a user" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *output = run_with_output("/dev/null", 2, rows[i].arguments);

		assert_contains(output, rows[i].says);
		assert_null(strstr(output, "XSECRETX"));
	}
}

static void a_full_disk_behind_the_output_is_told(void **state)
{
	static const char *const rows[] = { "--version", "--help", "facts", "facts --help" };

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *good = run_with_output("/dev/null", 0, rows[i]);
		g_autofree char *output = run_with_output("/dev/full", 7, rows[i]);

		assert_string_equal(good, "");
		assert_contains(output, "No space left on device");
		assert_contains(output, "error class io");
	}
}

static void each_finding_is_told_once(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *path = g_build_filename(dir, "bad.ks", NULL);
	g_autofree char *check = g_strconcat("check ", path, NULL);
	g_autofree char *plan = g_strconcat("plan ", path, NULL);
	const char *found;

	assert_true(g_file_set_contents(path, "nonsense\n", -1, NULL));
	for (size_t i = 0; i < 2; i++) {
		g_autofree char *output = run_with_output("/dev/null", 2, i ? plan : check);

		found = strstr(output, "'nonsense'");
		assert_non_null(found);
		assert_null(strstr(found + 1, "'nonsense'"));
	}
}

static void what_is_only_unsupported_has_a_status_of_its_own(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *path = g_build_filename(dir, "bad.ks", NULL);
	g_autofree char *text = g_strconcat(site, "firewall --enabled\n", NULL);
	g_autofree char *check = g_strconcat("check ", path, NULL);
	g_autofree char *plan = g_strconcat("plan ", path, NULL);

	assert_true(g_file_set_contents(path, text, -1, NULL));
	g_free(run_with_output("/dev/null", 3, check));
	g_free(run_with_output("/dev/null", 3, plan));
}

static void the_payload_of_a_medium_is_asked_for_only_there(void **state)
{
	static const char *const verbs[] = { "facts", "plan" };
	g_autoptr(LfTestDir) root = lf_test_dir();
	g_autofree char *path = g_build_filename(root, "site.ks", NULL);

	assert_true(g_file_set_contents(path, site, -1, NULL));
	for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++) {
		g_autofree char *arguments =
			g_strdup_printf("%s --root=%s /site.ks", verbs[i], root);
		g_autofree char *output = run_with_output("/dev/null", 4, arguments);

		assert_contains(output, "the payload 'file:///run/landfall/medium/repo'");
		assert_contains(output, "not started from a Landfall medium");
		assert_contains(output, "'/etc/landfall/manifest.json'");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(help_is_whole_in_every_locale),
		LF_TEST(each_verb_tells_its_own_options),
		LF_TEST(wrong_words_are_input_errors),
		LF_TEST(a_full_disk_behind_the_output_is_told),
		LF_TEST(each_finding_is_told_once),
		LF_TEST(what_is_only_unsupported_has_a_status_of_its_own),
		LF_TEST(the_payload_of_a_medium_is_asked_for_only_there),
	};

	return LF_TEST_MAIN(tests);
}
