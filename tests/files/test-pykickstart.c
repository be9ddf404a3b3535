// Our kickstarts stay valid for other tools: the language's reference parser reads what we ship.
#include "tests/files/program.h"

#include <string.h>

#define GOLDEN "tests/golden"

// Made by `make check-files` beside this test's folder; pykickstart is in no Debian release.
static char *validator(void)
{
	return lf_test_program("pykickstart/bin/ksvalidator");
}

#define need_validator(path)                                                                       \
	do {                                                                                       \
		if (!g_file_test(path, G_FILE_TEST_IS_EXECUTABLE))                                 \
			lf_test_skip("pykickstart could not be fetched, see above");               \
	} while (0)

typedef struct {
	int status; // how many errors it found
	GString *said;
} Verdict;

static void verdict_clear(Verdict *verdict)
{
	g_string_free(verdict->said, TRUE);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Verdict, verdict_clear)

static void collect(const char *line, void *user_data)
{
	g_string_append_printf(user_data, "%s\n", line);
}

static Verdict validate(const char *path, const char *version, GPtrArray *files)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_autofree char *folder = g_get_current_dir();
	g_autoptr(GError) error = NULL;
	Verdict verdict = { -1, g_string_new(NULL) };

	g_ptr_array_add(argv, (char *)path);
	g_ptr_array_add(argv, "-v");
	g_ptr_array_add(argv, (char *)version);
	for (guint i = 0; i < files->len; i++)
		g_ptr_array_add(argv, g_ptr_array_index(files, i));
	g_ptr_array_add(argv, NULL);
	assert_ok(lf_proc_status(&(LfProc){ .argv = (const char *const *)argv->pdata,
					    .cwd = folder,
					    .on_line = collect,
					    .user_data = verdict.said },
				 &verdict.status, NULL, &error),
		  error);
	return verdict;
}

// All FOLDER/*SUFFIX, as FOLDER/*.ks.
static GPtrArray *kickstarts(const char *folder, const char *suffix)
{
	GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	assert_non_null(dir);
	while ((name = g_dir_read_name(dir))) {
		g_autofree char *stem = NULL;

		if (!g_str_has_suffix(name, suffix))
			continue;
		stem = g_strndup(name, strlen(name) - strlen(suffix));
		g_ptr_array_add(files, g_strdup_printf("%s/%s.ks", folder, stem));
	}
	return files;
}

static void every_file_is_valid(const char *path, const char *version, GPtrArray *files)
{
	g_auto(Verdict) verdict = validate(path, version, files);

	if (verdict.status != 0)
		fail_msg("%s: %d errors: %s", version, verdict.status, verdict.said->str);
	// It says of each file that it looks at it.
	for (guint i = 0; i < files->len; i++)
		assert_contains(verdict.said->str, (char *)g_ptr_array_index(files, i));
}

static void the_shipped_profiles_are_valid_in_three_versions(void **state)
{
	static const char *const versions[] = { "RHEL9", "RHEL10", "F43" };
	g_autofree char *path = validator();
	g_autoptr(GPtrArray) files = kickstarts("kickstart/profiles", ".ks");

	need_validator(path);
	assert_true(files->len >= 4);
	for (size_t i = 0; i < G_N_ELEMENTS(versions); i++)
		every_file_is_valid(path, versions[i], files);
}

static void what_can_be_planned_here_is_valid_there(void **state)
{
	g_autofree char *path = validator();
	g_autoptr(GPtrArray) files = kickstarts(GOLDEN, ".plan.json");

	need_validator(path);
	assert_true(files->len >= 10);
	every_file_is_valid(path, "RHEL10", files);
}

#define REST                                                                                       \
	"ostreesetup --osname=debian --url=file:///repo --ref=debian/13/x86_64/standard\n"         \
	"reqpart --add-boot\npart / --size=100 --grow\nrootpw --iscrypted $6$a$abcdefgh\n"

/* Returns: (transfer full): how many errors each of the two finds in @text. */
static char *judge(const char *path, const char *version, const char *text)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *landfall = lf_test_program("landfall");
	char *file = g_build_filename(dir, "site.ks", NULL);
	g_auto(Verdict) theirs = { -1, NULL };
	g_autoptr(GString) said = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	int ours = -1;

	g_ptr_array_add(files, file);
	assert_true(g_file_set_contents(file, text, -1, NULL));
	theirs = validate(path, version, files);
	assert_ok(lf_proc_status(&(LfProc){ .argv = LF_PROC_ARGV(landfall, "check", file),
					    .on_line = collect,
					    .user_data = said },
				 &ours, NULL, &error),
		  error);
	return g_strdup_printf("%s there, %s here", theirs.status ? "wrong" : "right",
			       ours ? "wrong" : "right");
}

// One line of each option of networks, time and logs that both understand, and the ways in which
// both refuse them.
static const struct {
	const char *version;
	const char *text;
	const char *verdict;
} judgements[] = {
	{ "RHEL10",
	  "network --device=eno1 --bindto=mac --dhcpclass=pxe --ipv4-ignore-auto-dns\n"
	  "network --device=eno2 --ipv6-ignore-auto-dns --ipv4-dns-search=a.example "
	  "--ipv6-dns-search=b.example,c.example --mtu=9000\n"
	  "network --device=eno3 --vlanid=5 --interfacename=vlan5\n"
	  "network --device=bond0 --bondslaves=eno4,eno5 --bindto=mac "
	  "--bondopts=mode=1;arp_interval=100;arp_ip_target=192.0.2.1,192.0.2.2 "
	  "--vlanid=7\n"
	  "network --device=br0 --bridgeslaves=eno6 --bridgeopts=stp=yes,priority=4096 "
	  "--noipv4 --ipv6=2001:db8::1/64 --ipv6gateway=fe80::1 --nodefroute\n"
	  "timesource --ntp-server=ntp.example.org --nts\n"
	  "timesource --ntp-pool=pool.example.org\n"
	  "logging --host=logs.example.org --port=514\n",
	  "right there, right here" },
	{ "RHEL10", "timesource --ntp-disable\n", "right there, right here" },
	{ "RHEL8", "timezone UTC --nontp\nlogging --level=debug\n", "right there, right here" },
	{ "RHEL8", "timezone UTC --ntpservers=a.example,b.example\n", "right there, right here" },
	{ "RHEL8", "timezone UTC --nontp --ntpservers=a.example\n", "wrong there, wrong here" },
	{ "RHEL10", "timesource --nts\n", "wrong there, wrong here" },
	{ "RHEL10", "timesource --ntp-server=a --ntp-pool=b\n", "wrong there, wrong here" },
	{ "RHEL10", "logging --port=514\n", "wrong there, wrong here" },
	{ "RHEL10", "network --ipv4-dns-search=a.example\n", "wrong there, wrong here" },
	{ "RHEL10", "network --device=a --vlanid=5 --bindto=mac\n", "wrong there, wrong here" },
	{ "RHEL7", "network --device=a --vlanid=5 --interfacename=vlan5\n",
	  "right there, right here" },
	{ "RHEL7", "network --device=a --vlanid=5 --interfacename=vlan.5\n",
	  "wrong there, wrong here" },
	{ "RHEL7", "network --device=a --vlanid=5 --interfacename=b.x\n",
	  "wrong there, wrong here" },
	{ "RHEL10", "network --device=a --bridgeopts=stp=yes\n", "wrong there, wrong here" },
	// Anaconda takes it with a warning, which this checker makes an error.
	{ "RHEL10",
	  "network --device=a --vlanid=5 --interfacename=mgmt\n"
	  "network --device=a --vlanid=6\n",
	  "wrong there, right here" },
	// What it takes, and what would fail on the machine.
	{ "RHEL10", "network --device=a --vlanid=5000\n", "right there, wrong here" },
	{ "RHEL10", "network --device=b --bondslaves=a --bondopts=mode=9\n",
	  "right there, wrong here" },
};

static void lines_about_networks_mean_the_same_in_both(void **state)
{
	g_autofree char *path = validator();

	need_validator(path);
	for (size_t i = 0; i < G_N_ELEMENTS(judgements); i++) {
		g_autofree char *text = g_strconcat(judgements[i].text, REST, NULL);
		g_autofree char *verdict = judge(path, judgements[i].version, text);

		if (strcmp(verdict, judgements[i].verdict) != 0)
			fail_msg("'%s': %s", judgements[i].text, verdict);
	}
}

static void refuses(const char *path, const char *text, const char *says)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
	char *file = g_build_filename(dir, "wrong.ks", NULL);
	Verdict verdict;

	g_ptr_array_add(files, file);
	assert_true(g_file_set_contents(file, text, -1, NULL));
	verdict = validate(path, "RHEL10", files);
	assert_int_not_equal(verdict.status, 0);
	assert_contains(verdict.said->str, says);
	verdict_clear(&verdict);
}

static void our_lines_outside_their_section_are_refused(void **state)
{
	g_autofree char *path = validator();

	need_validator(path);
	refuses(path, "lang C\nunlock --tpm2\n", "Unknown command: unlock");
	refuses(path, "%addon com_landfall\nunlock --tpm2\n", "does not end with %end");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(the_shipped_profiles_are_valid_in_three_versions),
		LF_TEST(what_can_be_planned_here_is_valid_there),
		LF_TEST(lines_about_networks_mean_the_same_in_both),
		LF_TEST(our_lines_outside_their_section_are_refused),
	};

	return LF_TEST_MAIN(tests);
}
