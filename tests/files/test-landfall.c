// The verbs `landfall check` and `landfall plan`, run as an operator runs them.
#include "tests/files/program.h"

#include <string.h>

#include "base/json.h"

#define FACTS "tests/golden/one-disk.facts.json"
#define KEY   "AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"

#define LANDFALL(status, ...) run_landfall(status, (const char *[]){ NULL, __VA_ARGS__, NULL })

/* Returns: (transfer full): what it printed. */
static char *run_landfall(int wanted_status, const char **argv)
{
	g_autofree char *path = lf_test_program("landfall");

	argv[0] = path;
	return lf_test_run(NULL, wanted_status, argv);
}

static void put(const char *dir, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);

	assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void help_and_version_are_printed(void **state)
{
	g_autofree char *help = LANDFALL(0, "--help");
	g_autofree char *version = LANDFALL(0, "--version");
	g_autofree char *check = LANDFALL(0, "check", "--help");

	assert_contains(help, "  check ");
	assert_contains(help, "  plan ");
	assert_true(g_str_has_prefix(version, "landfall "));
	assert_contains(check, "FILE…");
	assert_contains(check, "--strict");
	assert_contains(check, "--json");
}

static void a_wrong_command_line_ends_with_status_2(void **state)
{
	g_free(LANDFALL(2, "chekc"));
	g_free(LANDFALL(2, "check"));
	g_free(LANDFALL(2, "check", "--format=xml", "x.ks"));
	g_free(LANDFALL(2, "check", "--json", "--format=text", "x.ks"));
	g_free(LANDFALL(2, "check", "--bogus"));
	g_free(LANDFALL(2, "plan", "kickstart/profiles/edge-standard.ks"));
	g_free(LANDFALL(2, "plan", "--facts", FACTS));
}

/* Returns: (transfer full): a shipped profile with what everybody has to fill in. */
static char *own_profile(const char *dir, const char *name)
{
	g_autofree char *shipped = g_build_filename("kickstart/profiles", name, NULL);
	g_autoptr(GString) own = NULL;
	g_autofree char *text = NULL;

	assert_true(g_file_get_contents(shipped, &text, NULL, NULL));
	own = g_string_new(text);
	g_string_replace(own, "\"replace this passphrase\"", "\"one of my own\"", 0);
	g_string_replace(own, "#sshkey --username=operator \"ssh-ed25519 AAAA... ",
			 "sshkey --username=operator \"ssh-ed25519 " KEY " ", 0);
	put(dir, name, own->str);
	return g_build_filename(dir, name, NULL);
}

static void the_shipped_profiles_filled_in_have_no_findings(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *standard = own_profile(dir, "edge-standard.ks");
	g_autofree char *lowlatency = own_profile(dir, "edge-lowlatency.ks");
	g_autofree char *passphrase = own_profile(dir, "edge-passphrase.ks");
	g_autofree char *network = own_profile(dir, "edge-network.ks");
	g_autofree char *output =
		LANDFALL(0, "check", "--strict", standard, lowlatency, passphrase, network);

	assert_string_equal(output, "4 files, 0 errors, 0 warnings\n");
}

static void the_shipped_profiles_say_what_has_to_be_filled_in(void **state)
{
	g_autofree char *standard = LANDFALL(
		1, "check", "--strict", "kickstart/profiles/edge-standard.ks",
		"kickstart/profiles/edge-lowlatency.ks", "kickstart/profiles/edge-network.ks");
	g_autofree char *passphrase = LANDFALL(2, "check", "kickstart/profiles/edge-passphrase.ks");

	assert_contains(standard, "edge-standard.ks: warning: nobody can log in: ");
	assert_contains(standard, "3 files, 0 errors, 3 warnings\n");
	assert_contains(passphrase, "error: the passphrase of 'part /' is the example's");
	assert_contains(passphrase, "1 file, 1 error, 1 warning\n");
}

static void findings_are_printed_and_decide_the_status(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *site = g_build_filename(dir, "site.ks", NULL);
	g_autofree char *wrong = g_build_filename(dir, "wrong.ks", NULL);
	g_autofree char *warned = NULL;
	g_autofree char *strict = NULL;
	g_autofree char *failed = NULL;

	put(dir, "base.ks",
	    "reqpart --add-boot\npart / --grow\n"
	    "ostreesetup --osname=debian --url=file:///r --ref=debian/13/x86_64/standard\n");
	put(dir, "site.ks", "%include base.ks\nlang C\nlang C\nrootpw x\n");
	put(dir, "wrong.ks", "%include base.ks\nfoo\nrootpw x\n");
	warned = LANDFALL(0, "check", site);
	strict = LANDFALL(1, "check", "--strict", site);
	failed = LANDFALL(2, "check", site, wrong);
	assert_contains(warned, "site.ks:3:1: warning: ");
	assert_contains(warned, "1 file, 0 errors, 1 warning\n");
	assert_contains(failed, "wrong.ks:2:1: error: there is no command 'foo'");
	assert_contains(failed, "2 files, 1 error, 1 warning\n");
}

static void findings_as_json_are_a_list(void **state)
{
	g_autofree char *output = LANDFALL(2, "check", "--json", "/nonexistent.ks");
	g_autofree char *same = LANDFALL(2, "check", "--format=json", "/nonexistent.ks");
	g_autoptr(GError) error = NULL;
	g_autoptr(json_t) list = lf_json_parse(output, strlen(output), "findings", &error);
	const json_t *first;

	assert_ok(list, error);
	assert_string_equal(output, same);
	assert_int_equal(json_array_size(list), 1);
	first = json_array_get(list, 0);
	assert_string_equal(json_string_value(json_object_get(first, "file")), "/nonexistent.ks");
	assert_string_equal(json_string_value(json_object_get(first, "code")), "unreadable");
	assert_string_equal(json_string_value(json_object_get(first, "severity")), "error");
}

static void a_disk_that_cannot_be_understood_is_found_at_the_desk(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *site = g_build_filename(dir, "site.ks", NULL);
	g_autofree char *output = NULL;

	put(dir, "site.ks",
	    "ignoredisk --only-use='size>=x'\nreqpart --add-boot\npart / --grow\n"
	    "ostreesetup --osname=debian --url=file:///r --ref=debian/13/x86_64/standard\n");
	output = LANDFALL(2, "check", site);
	assert_contains(output, "site.ks:1:1: error: ");
}

static void a_kickstarts_url_shows_no_secret_and_may_have_no_password(void **state)
{
	static const char user[] = "http://u:XSECRETX@127.0.0.1:1/a.ks";
	static const char query[] = "http://127.0.0.1:1/a.ks?token=XSECRETX";
	g_autofree char *refused = LANDFALL(2, "check", user);
	g_autofree char *gone = LANDFALL(6, "check", query);
	g_autofree char *as_json = LANDFALL(2, "check", "--json", user, query);

	assert_contains(refused, "http://127.0.0.1:1/a.ks: error: a user or password in a URL");
	assert_contains(gone, "http://127.0.0.1:1/a.ks: error: ");
	assert_null(strstr(refused, "XSECRETX"));
	assert_null(strstr(gone, "XSECRETX"));
	assert_null(strstr(as_json, "XSECRETX"));
	assert_contains(as_json, "\"url-credentials\"");
	g_free(LANDFALL(2, "plan", user, "--facts", FACTS));
}

static void a_url_that_cannot_be_fetched_ends_with_the_status_of_its_class(void **state)
{
	static const char url[] = "https://127.0.0.1:1/x.ks";
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *bad = g_build_filename(dir, "bad.ks", NULL);
	g_autofree char *gone = LANDFALL(6, "check", url);
	g_autofree char *other = LANDFALL(2, "check", "ftp://h.test/x.ks");
	g_autofree char *port = LANDFALL(2, "check", "https://h.test:99999/x.ks");

	assert_contains(gone, "— check the URL, the network and the server, and try again");
	assert_contains(other, "'ftp' URLs cannot be fetched: use https or http");
	assert_contains(other, "— write the https or http URL of a kickstart");
	assert_contains(port, "the port in the URL is wrong");
	put(dir, "bad.ks", "nonsense\n");
	g_free(LANDFALL(2, "check", url, bad));
	g_free(LANDFALL(2, "check", bad, url));
	g_free(LANDFALL(6, "plan", url, "--facts", FACTS));
}

static void what_is_only_unsupported_ends_with_status_3(void **state)
{
	static const struct {
		const char *line;
		int status;
	} rows[] = {
		{ "network --essid=x", 3 },
		{ "network --device=wlan0 --essid=x --wpakey=y", 3 },
		{ "network --device=team0 --teamslaves='a,b'", 3 },
		{ "network --bootproto=ibft", 3 },
		{ "firewall --enabled\nselinux --enforcing", 3 },
		{ "firewall --enabled\nnonsense", 2 },
		{ "nonsense", 2 },
	};
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *site = g_build_filename(dir, "site.ks", NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = g_strconcat(rows[i].line,
						    "\nreqpart --add-boot\npart / --grow\n"
						    "ostreesetup --osname=debian --url=file:///r "
						    "--ref=debian/13/x86_64/standard\n",
						    NULL);

		put(dir, "site.ks", text);
		g_free(LANDFALL(rows[i].status, "plan", site, "--facts", FACTS));
		g_free(LANDFALL(2, "check", site));
	}
}

static void facts_that_are_not_there_end_with_status_2(void **state)
{
	static const char *const rows[] = { "/nonexistent.json", "/tmp", "" };

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		g_free(LANDFALL(2, "plan", "kickstart/profiles/edge-standard.ks", "--facts",
				rows[i]));
}

static void the_same_input_has_the_same_plan(void **state)
{
	g_autofree char *first = LANDFALL(0, "plan", "--json", "--facts=" FACTS,
					  "kickstart/profiles/edge-standard.ks");
	g_autofree char *second = LANDFALL(0, "plan", "kickstart/profiles/edge-standard.ks",
					   "--json", "--facts", FACTS);
	g_autofree char *text =
		LANDFALL(0, "plan", "kickstart/profiles/edge-standard.ks", "--facts", FACTS);
	g_autoptr(GError) error = NULL;
	g_autoptr(json_t) plan = lf_json_parse(first, strlen(first), "plan", &error);

	assert_ok(plan, error);
	assert_string_equal(first, second);
	assert_contains(text, "/boot/efi");
}

static void a_machine_that_does_not_fit_ends_with_status_4(void **state)
{
	g_free(LANDFALL(4, "plan", "kickstart/profiles/edge-standard.ks", "--facts",
			"tests/golden/no-disk.facts.json"));
	g_free(LANDFALL(4, "plan", "kickstart/profiles/edge-standard.ks", "--facts",
			"tests/golden/no-tpm.facts.json"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(help_and_version_are_printed),
		LF_TEST(a_wrong_command_line_ends_with_status_2),
		LF_TEST(the_shipped_profiles_filled_in_have_no_findings),
		LF_TEST(the_shipped_profiles_say_what_has_to_be_filled_in),
		LF_TEST(findings_are_printed_and_decide_the_status),
		LF_TEST(findings_as_json_are_a_list),
		LF_TEST(a_disk_that_cannot_be_understood_is_found_at_the_desk),
		LF_TEST(a_kickstarts_url_shows_no_secret_and_may_have_no_password),
		LF_TEST(a_url_that_cannot_be_fetched_ends_with_the_status_of_its_class),
		LF_TEST(what_is_only_unsupported_ends_with_status_3),
		LF_TEST(facts_that_are_not_there_end_with_status_2),
		LF_TEST(the_same_input_has_the_same_plan),
		LF_TEST(a_machine_that_does_not_fit_ends_with_status_4),
	};

	return LF_TEST_MAIN(tests);
}
