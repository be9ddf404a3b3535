// The verbs `landfall iso seed` and `landfall iso show`, run as an operator runs them.
#include "tests/files/program.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/proc.h"

#define GOOD_KS                                                                                    \
	"lang C.UTF-8\nkeyboard us\ntimezone UTC --utc\nrootpw hunter2secret\n"                    \
	"zerombr\nclearpart --all\nreqpart\npart /boot --size=512\npart / --size=2048 --grow\n"    \
	"ostreesetup --osname=debian --url=file:///run/landfall/medium/repo "                      \
	"--ref=debian/13/x86_64/standard\nreboot\n"

typedef struct {
	char *dir;
	char *landfall;
	char *iso;
} Desk;

static char *put(const Desk *desk, const char *name, const char *text, gssize size)
{
	char *path = g_build_filename(desk->dir, name, NULL);
	g_autofree char *dir = g_path_get_dirname(path);

	assert_int_equal(g_mkdir_with_parents(dir, 0755), 0);
	assert_true(g_file_set_contents(path, text, size, NULL));
	return path;
}

static void make_iso_of(Desk *desk, const char *manifest)
{
	g_autofree char *area = put(desk, "root/landfall/seed.img", "070701", 6);
	g_autofree char *other = put(desk, "root/landfall/manifest.json", manifest, -1);
	g_autofree char *root = g_build_filename(desk->dir, "root", NULL);
	g_autoptr(GError) error = NULL;

	assert_int_equal(truncate(area, 65536), 0);
	g_free(desk->iso);
	desk->iso = g_build_filename(desk->dir, "in.iso", NULL);
	(void)unlink(desk->iso);
	assert_ok(lf_proc_run(&(LfProc){ .argv = LF_PROC_ARGV("/usr/bin/xorriso", "-report_about",
							      "SORRY", "-as", "mkisofs", "-R", "-o",
							      desk->iso, root) },
			      NULL, &error),
		  error);
}

static void make_iso(Desk *desk)
{
	const char *manifest = "{\"v\":1,\"version\":\"1.2\",\"kernel\":\"6.12\\u001b[2J\","
			       "\"build_id\":\"abc\",\"refs\":{\"debian/13/x86_64/"
			       "standard\":{\"flavour\":\"standard\"},"
			       "\"debian/13/x\":{\"bytes\":5}}}";

	make_iso_of(desk, manifest);
}

static void open_desk(Desk *desk)
{
	desk->dir = lf_test_dir();
	desk->landfall = lf_test_program("landfall");
	make_iso(desk);
}

static void close_desk(Desk *desk)
{
	lf_test_dir_remove(desk->dir);
	g_free(desk->landfall);
	g_free(desk->iso);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Desk, close_desk)

// Runs landfall in the desk's directory. Returns the exit status; output and errors together.
static int landfall(const Desk *desk, const char *arguments, char **ret_output)
{
	g_autofree char *script = g_strdup_printf("'%s' %s 2>&1", desk->landfall, arguments);
	g_autoptr(GError) error = NULL;
	int status = -1;

	assert_ok(lf_proc_status(&(LfProc){ .argv = LF_PROC_ARGV("/bin/sh", "-c", script),
					    .cwd = desk->dir },
				 &status, ret_output, &error),
		  error);
	return status;
}

static bool exists(const Desk *desk, const char *name)
{
	g_autofree char *path = g_build_filename(desk->dir, name, NULL);

	return g_file_test(path, G_FILE_TEST_EXISTS);
}

static void a_seeded_iso_shows_its_files_and_none_of_their_secrets(void **state)
{
	g_auto(Desk) desk = { NULL, NULL, NULL };
	g_autofree char *seeded = NULL;
	g_autofree char *shown = NULL;
	g_autofree char *ks = NULL;
	g_autofree char *key = NULL;

	open_desk(&desk);
	ks = put(&desk, "site.ks", GOOD_KS, -1);
	key = put(&desk, "key", "t0psecret", -1);
	assert_int_equal(landfall(&desk,
				  "iso seed --kickstart=site.ks --file my.key=key "
				  "--append='landfall.debug=1 token=t0psecret' in.iso out.iso",
				  &seeded),
			 0);
	assert_contains(seeded, "out.iso: 3 files, ");
	assert_int_equal(landfall(&desk, "iso show out.iso", &shown), 0);
	assert_contains(shown, "version          1.2\n");
	assert_contains(shown, "debian/13/x");
	assert_contains(shown, "my.key");
	assert_contains(shown, "9 bytes");
	assert_contains(shown, "landfall.debug");
	assert_contains(shown, "| rootpw ");
	assert_null(strstr(shown, "t0psecret"));
	assert_null(strstr(shown, "hunter2secret"));
	assert_null(strstr(shown, "\033"));
}

static void of_appended_words_only_names_are_shown(void **state)
{
	static const struct {
		const char *append;
		const char *words;
	} rows[] = {
		{ "landfall.debug=1 x=\"t0p secret\"", "[\"landfall.debug\",\"x\"]" },
		{ "a=\"t0p secret=1\" b", "[\"a\",\"b\"]" },
		{ "\"a=t0p secret\" b=1", "[\"a\",\"b\"]" },
		{ "a=\"\"secret\"\" =secret", "[\"a\"]" },
	};
	g_auto(Desk) desk = { NULL, NULL, NULL };
	g_autofree char *ks = NULL;

	open_desk(&desk);
	ks = put(&desk, "site.ks", GOOD_KS, -1);
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *arguments = g_strdup_printf(
			"iso seed -k site.ks --append='%s' in.iso out.iso", rows[i].append);
		g_autofree char *seeded = NULL;
		g_autofree char *shown = NULL;

		assert_int_equal(landfall(&desk, arguments, &seeded), 0);
		assert_int_equal(landfall(&desk, "iso show out.iso", &shown), 0);
		if (!strstr(shown, rows[i].words))
			fail_msg("of '%s' it shows: %s", rows[i].append, shown);
		assert_null(strstr(shown, "t0p"));
	}
}

static void the_json_form_has_the_documented_members(void **state)
{
	g_auto(Desk) desk = { NULL, NULL, NULL };
	g_autofree char *ignored = NULL;
	g_autofree char *text = NULL;
	g_autofree char *ks = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(json_t) shown = NULL;
	json_t *seed;

	open_desk(&desk);
	ks = put(&desk, "site.ks", GOOD_KS, -1);
	assert_int_equal(landfall(&desk, "iso seed -k site.ks in.iso out.iso", &ignored), 0);
	assert_int_equal(landfall(&desk, "iso show --json out.iso", &text), 0);
	shown = lf_json_parse(text, strlen(text), "it", &error);
	assert_ok(shown, error);
	seed = json_object_get(shown, "seed");
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(shown, "manifest"), "version")),
		"1.2");
	assert_int_equal(json_array_size(json_object_get(seed, "files")), 1);
	assert_int_equal(json_integer_value(json_object_get(seed, "kickstart_errors")), 0);
	assert_contains(json_string_value(json_object_get(seed, "kickstart")), "rootpw");
	assert_null(strstr(text, "hunter2secret"));
}

static void a_kickstart_with_errors_is_refused_unless_told(void **state)
{
	g_auto(Desk) desk = { NULL, NULL, NULL };
	g_autofree char *refused = NULL;
	g_autofree char *taken = NULL;
	g_autofree char *shown = NULL;
	g_autofree char *ks = NULL;

	open_desk(&desk);
	ks = put(&desk, "site.ks", "rootpw hunter2secret\nnonsense here\n", -1);
	assert_int_equal(landfall(&desk, "iso seed -k site.ks in.iso out.iso", &refused), 2);
	assert_contains(refused, "site.ks:2:");
	assert_contains(refused, "--no-check");
	assert_false(exists(&desk, "out.iso"));
	assert_int_equal(landfall(&desk, "iso seed --no-check -k site.ks in.iso out.iso", &taken),
			 0);
	assert_int_equal(landfall(&desk, "iso show out.iso", &shown), 0);
	assert_contains(shown, "errors and is not shown");
	assert_null(strstr(shown, "hunter2secret"));
}

static void what_is_included_has_to_be_in_the_seed(void **state)
{
	g_auto(Desk) desk = { NULL, NULL, NULL };
	g_autofree char *refused = NULL;
	g_autofree char *taken = NULL;
	g_autofree char *ks = NULL;
	g_autofree char *common = NULL;

	open_desk(&desk);
	ks = put(&desk, "site.ks", "%include common.ks\n", -1);
	common = put(&desk, "common.ks", GOOD_KS, -1);
	assert_int_equal(landfall(&desk, "iso seed -k site.ks in.iso out.iso", &refused), 2);
	assert_contains(refused, "'common.ks' is not in the seed");
	assert_int_equal(landfall(&desk,
				  "iso seed -k site.ks -f common.ks=common.ks in.iso out.iso",
				  &taken),
			 0);
}

// Manifest and seed lie in front, so all that is read of it is whole.
static void a_cut_iso_is_refused_by_every_verb_and_nothing_is_written(void **state)
{
	static const char *const lines[] = {
		"iso show in.iso",
		"iso show --json in.iso",
		"iso seed -k site.ks in.iso out.iso",
		"iso seed --no-check -k site.ks in.iso out.iso",
		"iso seed --no-check -k site.ks in.iso in.iso",
	};
	g_auto(Desk) desk = { NULL, NULL, NULL };
	g_autofree char *ks = NULL;
	g_autofree char *says = NULL;
	g_autofree char *before = NULL;
	g_autofree char *after = NULL;
	gsize size = 0;

	open_desk(&desk);
	ks = put(&desk, "site.ks", GOOD_KS, -1);
	assert_true(g_file_get_contents(desk.iso, &before, &size, NULL));
	says = g_strdup_printf("landfall: 'in.iso': the ISO image ends after %zu of %zu bytes: "
			       "copy it again\n",
			       size - 100000, size);
	assert_int_equal(truncate(desk.iso, (off_t)size - 100000), 0);
	for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
		g_autofree char *output = NULL;

		assert_int_equal(landfall(&desk, lines[i], &output), 7);
		assert_string_equal(output, says);
		assert_false(exists(&desk, "out.iso"));
	}
	assert_true(g_file_get_contents(desk.iso, &after, NULL, NULL));
	assert_memory_equal(before, after, size - 100000);
}

static void make_keys(const Desk *desk)
{
	const char *const names[] = { "one", "two" };

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *key = g_strconcat(names[i], ".key", NULL);
		g_autofree char *pem = g_strconcat(names[i], ".pem", NULL);
		g_autoptr(GError) error = NULL;

		assert_ok(lf_proc_run(
				  &(LfProc){ .argv = LF_PROC_ARGV(
						     "/usr/bin/openssl", "req", "-x509", "-newkey",
						     "ec", "-pkeyopt",
						     "ec_paramgen_curve:prime256v1", "-nodes",
						     "-subj", "/CN=x", "-keyout", key, "-out", pem),
					     .cwd = desk->dir },
				  NULL, &error),
			  error);
	}
}

#define PIN "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static void keys_and_words_for_servers_go_into_the_seed(void **state)
{
	static const char *const told[] = {
		"ca.pem",	"client.pem",	  "client.key",	   "authorized_keys",
		"proxy ",	"landfall.ca",	  "landfall.cert", "landfall.key",
		"landfall.pin", "landfall.proxy", "landfall.ks",   "quiet",
	};
	g_auto(Desk) desk = { NULL, NULL, NULL };
	g_autofree char *proxy = NULL;
	g_autofree char *ssh = NULL;
	g_autofree char *seeded = NULL;
	g_autofree char *shown = NULL;
	int status;

	open_desk(&desk);
	make_keys(&desk);
	proxy = put(&desk, "proxy.url", "http://u:XSECRETX@p.test:3128\n", -1);
	ssh = put(&desk, "id.pub", "# ops\nssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI ops\n", -1);
	status = landfall(&desk,
			  "iso seed --ks-url='https://h.test/{serial}/{mac}.ks?t=XSECRETX' "
			  "--ca=two.pem --cert=one.pem --key=one.key --pin=" PIN
			  " --proxy=@proxy.url --ssh-key=id.pub -a quiet "
			  "in.iso out.iso",
			  &seeded);
	if (status != 0)
		fail_msg("%s", seeded);
	assert_int_equal(landfall(&desk, "iso show out.iso", &shown), 0);
	for (size_t i = 0; i < G_N_ELEMENTS(told); i++)
		assert_contains(shown, told[i]);
	assert_null(strstr(shown, "XSECRETX"));
	assert_null(strstr(shown, "PRIVATE"));
}

/* With @manifest of the ISO; NULL leaves the one that is there. */
static void expect_seeding(Desk *desk, const char *manifest, const char *arguments, int status,
			   const char *says)
{
	g_autofree char *line = g_strdup_printf("iso seed %s in.iso out.iso", arguments);
	g_autofree char *output = NULL;
	g_autofree char *out = g_build_filename(desk->dir, "out.iso", NULL);

	if (manifest)
		make_iso_of(desk, manifest);
	if (landfall(desk, line, &output) != status)
		fail_msg("%s: %s", line, output);
	assert_contains(output, says);
	assert_true(exists(desk, "out.iso") == (status == 0));
	(void)unlink(out);
}

#define HTTP	"--ks-url=http://h.test/{serial}.ks"
#define INCLUDE "-k http.ks"
#define SHA256	"0123456789abcdef0123456789abcdef0123456789ABCDEF0123456789abcdef"

static void plain_http_needs_something_that_vouches(void **state)
{
	static const char signing[] = "{\"v\":1,\"ks_keyring\":true,\"refs\":{}}";
	static const char unknown[] = "{\"v\":1,\"refs\":{}}";
	static const char plain[] = "{\"v\":1,\"ks_keyring\":false,\"refs\":{}}";
	static const struct {
		const char *manifest;
		const char *arguments;
		int status;
		const char *says;
	} rows[] = {
		{ NULL, HTTP, 2, "'http://h.test/{serial}.ks' comes without protection" },
		{ plain, HTTP, 2, "--append=landfall.insecure-http-ks" },
		{ NULL, HTTP " -a quiet", 2, "--append=landfall.ks-sha256=" },
		{ NULL, HTTP " -a landfall.ks-key=", 2, "landfall.ks-key=" },
		{ NULL, HTTP " -a landfall.insecure-http-ks=0", 2, "protection" },
		{ NULL, "-k any.ks -a landfall.ks=http://h.test/a.ks", 2, "protection" },
		{ NULL, HTTP " -a landfall.insecure-http-ks", 0, "cmdline" },
		{ NULL, HTTP " -a landfall.ks-sha256=" SHA256, 0, "cmdline" },
		{ NULL, HTTP " -a landfall.ks-sha256=ab", 2, "is no SHA-256" },
		{ plain, HTTP " -a landfall.ks-key=AB", 2, "build it with KS_KEYRING=FILE" },
		{ signing, HTTP " -a landfall.ks-key=AB", 0, "cmdline" },
		{ unknown, HTTP " -a landfall.ks-key=AB", 0, "cmdline" },
		{ NULL, HTTP " --no-check", 0, "cmdline" },
		{ signing, HTTP, 0, "cmdline" },
		{ plain, INCLUDE, 2, "'http://127.0.0.1:1/a.ks' comes without protection" },
		{ NULL, INCLUDE " -a landfall.ks-sha256=" SHA256, 2, "without protection" },
		{ NULL, INCLUDE " -a landfall.insecure-http-ks", 2, "cannot fetch" },
		{ NULL, "-k escrow.ks", 2, "unlock --escrow: 'http://h.test/c.pem' comes" },
	};
	g_auto(Desk) desk = { NULL, NULL, NULL };

	open_desk(&desk);
	g_free(put(&desk, "any.ks", GOOD_KS, -1));
	g_free(put(&desk, "http.ks", GOOD_KS "%include http://127.0.0.1:1/a.ks\n", -1));
	g_free(put(&desk, "escrow.ks",
		   "reqpart --add-boot\npart / --grow --encrypted\n"
		   "ostreesetup --osname=debian --url=https://h.test/r --ref=debian/13/x\n"
		   "%addon com_landfall\nunlock --tpm2 --recovery "
		   "--escrow=http://h.test/c.pem\n%end\n",
		   -1));
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		expect_seeding(&desk, rows[i].manifest, rows[i].arguments, rows[i].status,
			       rows[i].says);
}

static void what_is_only_unsupported_has_a_status_of_its_own(void **state)
{
	g_auto(Desk) desk = { NULL, NULL, NULL };

	open_desk(&desk);
	g_free(put(&desk, "other.ks", GOOD_KS "firewall --enabled\n", -1));
	g_free(put(&desk, "worse.ks", GOOD_KS "firewall --enabled\nnonsense\n", -1));
	expect_seeding(&desk, NULL, "-k other.ks", 3, "'other.ks' has 1 error: correct it");
	expect_seeding(&desk, NULL, "-k worse.ks", 2, "'worse.ks' has 2 errors");
}

static void rules_choose_among_kickstarts_of_the_seed(void **state)
{
	g_auto(Desk) desk = { NULL, NULL, NULL };
	g_autofree char *rules = NULL;
	g_autofree char *ks = NULL;
	g_autofree char *seeded = NULL;
	g_autofree char *shown = NULL;
	g_autofree char *text = NULL;
	g_autofree char *dumped = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(json_t) json = NULL;

	open_desk(&desk);
	rules = put(&desk, "sites", "# north\nserial=CZ*&vendor=HPE a.ks\n* b.ks\n", -1);
	ks = put(&desk, "any.ks", GOOD_KS, -1);
	assert_int_equal(landfall(&desk,
				  "iso seed --rules=sites -f a.ks=any.ks -f b.ks=any.ks in.iso "
				  "out.iso",
				  &seeded),
			 0);
	assert_int_equal(landfall(&desk, "iso show out.iso", &shown), 0);
	assert_contains(shown, "serial=CZ*&vendor=HPE → a.ks");
	assert_contains(shown, "* → b.ks");
	assert_null(strstr(shown, "hunter2secret"));
	assert_int_equal(landfall(&desk, "iso show --json out.iso", &text), 0);
	json = lf_json_parse(text, strlen(text), "it", &error);
	assert_ok(json, error);
	dumped = json_dumps(json_object_get(json_object_get(json, "seed"), "rules"), JSON_COMPACT);
	assert_string_equal(dumped, "[{\"terms\":\"serial=CZ*&vendor=HPE\",\"kickstart\":\"a.ks\"}"
				    ",{\"terms\":\"*\",\"kickstart\":\"b.ks\"}]");
}

static void what_no_machine_could_use_is_refused(void **state)
{
	static const struct {
		const char *arguments;
		const char *says;
	} rows[] = {
		{ "--rules=missing", "rules:1: 'a.ks' is not in the seed: add --file a.ks=PATH" },
		{ "--rules=beyond -f a.ks=any.ks", "rules:2: never reached" },
		{ "--rules=empty", "has no rule" },
		{ "--rules=missing -f a.ks=bad.ks", "a.ks:1:" },
		{ "--rules=site -f site.ks=bad.ks", "site.ks:1:" },
		{ "-k any.ks -f rules=missing", "use --rules" },
		{ "-k any.ks --ca=any.ks", "no X.509 certificate" },
		{ "-k any.ks --ca=one.key", "no X.509 certificate" },
		{ "-k any.ks --ca=nowhere", "nowhere" },
		{ "-k any.ks --cert=one.pem", "give both" },
		{ "-k any.ks --cert=one.pem --key=two.key", "does not belong" },
		{ "-k any.ks --pin=abc", "pinned public key" },
		{ "-k any.ks --proxy=socks5://h", "proxy" },
		{ "--ks-url=https://", "--ks-url" },
		{ "--ks-url=https://[::1/x", "--ks-url" },
		{ "--ks-url=https://h:99999/x", ": --ks-url: the port in the URL is wrong" },
		{ "-k any.ks --proxy=http://u:p@h:1", "give --proxy=@FILE" },
		{ "-k any.ks --proxy=@nowhere", "nowhere" },
		{ "-k any.ks --ssh-key=one.key", "is a private key" },
		{ "-k any.ks --ssh-key=any.ks", "is no public SSH key" },
		{ "-k any.ks --ssh-key=empty", "holds no public SSH key" },
		{ "--ks-url=ftp://h/a", "write https://host/path" },
		{ "--ks-url='https://h/a b'", "write https://host/path" },
		{ "--ks-url=https://u:p@h/a", "user or password" },
		{ "--ks-url=https://h/{rack}", "'{rack}'" },
		{ "-k any.ks --ca=two.pem in.iso two.pem", "a file for the seed" },
	};
	g_auto(Desk) desk = { NULL, NULL, NULL };

	open_desk(&desk);
	make_keys(&desk);
	g_free(put(&desk, "any.ks", GOOD_KS, -1));
	g_free(put(&desk, "bad.ks", "nonsense\n", -1));
	g_free(put(&desk, "missing", "serial=A a.ks\n", -1));
	g_free(put(&desk, "beyond", "* a.ks\nserial=A a.ks\n", -1));
	g_free(put(&desk, "site", "* site.ks\n", -1));
	g_free(put(&desk, "empty", "# nothing\n", -1));
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		bool is_whole = strstr(rows[i].arguments, "in.iso") != NULL;
		g_autofree char *line = g_strdup_printf("iso seed %s%s", rows[i].arguments,
							is_whole ? "" : " in.iso out.iso");
		g_autofree char *output = NULL;

		assert_int_equal(landfall(&desk, line, &output), 2);
		assert_contains(output, rows[i].says);
		assert_false(exists(&desk, "out.iso"));
	}
}

static void wrong_command_lines_are_refused(void **state)
{
	static const struct {
		const char *arguments;
		const char *says;
	} rows[] = {
		{ "iso seed in.iso out.iso", "--kickstart=FILE is missing" },
		{ "iso seed -k site.ks in.iso", "name two ISO images" },
		{ "iso seed -k missing.ks in.iso out.iso", "missing.ks" },
		{ "iso seed -k site.ks -f key in.iso out.iso", "write NAME=PATH" },
		{ "iso seed -k site.ks -f a= in.iso out.iso", "write NAME=PATH" },
		{ "iso seed -k site.ks -f ../a=site.ks in.iso out.iso", "'../a' cannot be" },
		{ "iso seed -k site.ks -f site.ks=site.ks in.iso out.iso", "two files" },
		{ "iso seed -k site.ks -f cmdline=site.ks in.iso out.iso", "use --append" },
		{ "iso seed -k site.ks -a 'a=\"b c' in.iso out.iso", "quote that is not closed" },
		{ "iso seed -k site.ks site.ks out.iso", "not an ISO 9660 image" },
		{ "iso seed -k site.ks -a '' in.iso out.iso", "--append= is empty" },
		{ "iso seed -k site.ks -a 'a=\"b' -a 'c\"' in.iso out.iso", "not closed" },
		{ "iso seed -k site.ks in.iso site.ks", "'site.ks' is the kickstart" },
		{ "iso seed -k site.ks -f a=key in.iso key", "'key' goes into the seed" },
		{ "iso seed -k site.ks missing.iso out.iso", "missing.iso" },
		{ "iso seed -k site.ks . out.iso", "neither a file nor a block device" },
		{ "iso seed -k site.ks in.iso .", "a directory" },
		{ "iso seed -k site.ks in.iso ''", "the ISO to write has no name" },
		{ "iso show missing.iso", "missing.iso" },
		{ "iso show .", "neither a file nor a block device" },
		{ "iso", "there is no verb 'iso': there are 'iso seed', 'iso show'" },
		{ "iso sed", "there is no verb 'iso sed': there are 'iso seed', 'iso show'" },
		{ "ios seed", "did you mean 'iso seed'?" },
		{ "iso show", "name one ISO image" },
		{ "iso show site.ks", "not an ISO 9660 image" },
	};
	g_auto(Desk) desk = { NULL, NULL, NULL };
	g_autofree char *ks = NULL;
	g_autofree char *key = NULL;

	open_desk(&desk);
	ks = put(&desk, "site.ks", GOOD_KS, -1);
	key = put(&desk, "key", "t0psecret", -1);
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *output = NULL;

		assert_int_equal(landfall(&desk, rows[i].arguments, &output), 2);
		assert_contains(output, rows[i].says);
		assert_false(exists(&desk, "out.iso"));
	}
}

static void a_kickstart_that_the_machine_would_refuse_is_refused_here(void **state)
{
	static const struct {
		const char *from;
		const char *to;
		const char *says;
	} rows[] = {
		{ "reboot\n", "%include DIR/outside.ks\n", "is not in the seed" },
		{ "reboot\n", "%include file://DIR/outside.ks\n", "is not in the seed" },
		{ "reboot\n", "%include FILE://DIR/outside.ks\n", "is not in the seed" },
		{ "--all", "--all --drives=size>=nonsense", "disk" },
		{ "reboot\n", "ESCROW/landfall/seed/nope.pem", "no such file in the seed" },
		{ "reboot\n", "ESCROWsub/nope.pem", "no such file in the seed" },
		{ "reboot\n", "ESCROWfile:///landfall/seed/nope.pem", "no such file in the seed" },
		{ "standard", "nosuch", "it has debian/13/x86_64/standard, debian/13/x" },
		{ "reboot\n", "KERNEL", "write the same flavour in both" },
	};
	g_auto(Desk) desk = { NULL, NULL, NULL };
	g_autofree char *outside = NULL;

	open_desk(&desk);
	outside = put(&desk, "outside.ks", "reboot\n", -1);
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GString) text = g_string_new(GOOD_KS);
		g_autofree char *output = NULL;
		g_autofree char *ks = NULL;

		g_string_replace(text, rows[i].from, rows[i].to, 1);
		g_string_replace(text, "DIR", desk.dir, 0);
		if (strstr(text->str, "ESCROW"))
			g_string_replace(text, "part / ", "part / --encrypted ", 1);
		if (g_string_replace(text, "ESCROW",
				     "%addon com_landfall\nunlock --tpm2 --recovery --escrow=", 0))
			g_string_append(text, "\n%end\n");
		g_string_replace(text, "KERNEL",
				 "%addon com_landfall\nkernel --flavour=lowlatency\n%end\n", 0);
		ks = put(&desk, "site.ks", text->str, -1);
		if (landfall(&desk, "iso seed -k site.ks in.iso out.iso", &output) != 2 ||
		    !strstr(output, rows[i].says))
			fail_msg("of '%s' it says: %s", rows[i].to, output);
		assert_false(exists(&desk, "out.iso"));
	}
}

// Makes a certificate with a key of this kind at @name.
static void make_certificate(const Desk *desk, const char *kind, const char *name)
{
	g_autofree char *path = g_build_filename(desk->dir, name, NULL);
	g_autofree char *key = g_build_filename(desk->dir, "private", NULL);
	g_autoptr(GError) error = NULL;

	assert_ok(
		lf_proc_run(&(LfProc){ .argv = LF_PROC_ARGV("/usr/bin/openssl", "req", "-x509",
							    "-nodes", "-newkey", kind, "-pkeyopt",
							    g_str_equal(kind, "ec")
								    ? "ec_paramgen_curve:prime256v1"
								    : "rsa_keygen_pubexp:65537",
							    "-subj", "/CN=escrow", "-keyout", key,
							    "-out", path) },
			    NULL, &error),
		error);
}

static void an_escrow_certificate_has_to_be_one_that_can_be_used(void **state)
{
	static const struct {
		const char *file;
		int status;
		const char *says;
	} rows[] = {
		{ "text.pem", 2, "holds no X.509 certificate" },
		{ "empty.pem", 2, "empty or too long" },
		{ "private", 2, "holds no X.509 certificate" },
		{ "ec.pem", 3, "not RSA" },
		{ "short.pem", 3, "of 2048 or more" },
		{ "good.pem", 0, "recovery.pem" },
	};
	g_auto(Desk) desk = { NULL, NULL, NULL };
	g_autoptr(GString) text = g_string_new(GOOD_KS);
	g_autofree char *plain = NULL;
	g_autofree char *empty = NULL;
	g_autofree char *ks = NULL;

	open_desk(&desk);
	g_string_replace(text, "part / ", "part / --encrypted ", 1);
	g_string_append(text, "%addon com_landfall\nunlock --tpm2 --recovery "
			      "--escrow=recovery.pem\n%end\n");
	ks = put(&desk, "site.ks", text->str, -1);
	plain = put(&desk, "text.pem", "no certificate", -1);
	empty = put(&desk, "empty.pem", "", 0);
	make_certificate(&desk, "ec", "ec.pem");
	make_certificate(&desk, "rsa:1024", "short.pem");
	make_certificate(&desk, "rsa:2048", "good.pem");
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *line = g_strdup_printf(
			"iso seed -k site.ks -f recovery.pem=%s in.iso out.iso", rows[i].file);
		g_autofree char *output = NULL;

		if (landfall(&desk, line, &output) != rows[i].status ||
		    !strstr(output, rows[i].says))
			fail_msg("of '%s' it says: %s", rows[i].file, output);
		assert_int_equal(exists(&desk, "out.iso"), rows[i].status == 0);
	}
}

static void the_token_of_reports_is_a_file_of_the_seed(void **state)
{
	static const struct {
		const char *file;
		int status;
		const char *says;
	} rows[] = {
		{ "", 2, "no such file in the seed: add --file site.token=PATH" },
		{ "--file site.token=empty ", 2, "the file is empty" },
		{ "--file site.token=token ", 0, "site.token" },
	};
	g_auto(Desk) desk = { NULL, NULL, NULL };
	g_autofree char *ks = NULL;
	g_autofree char *empty = NULL;
	g_autofree char *token = NULL;

	open_desk(&desk);
	ks = put(&desk, "site.ks",
		 GOOD_KS "%addon com_landfall\nreport --url=https://reports.example.org/ "
			 "--token=site.token\n%end\n",
		 -1);
	empty = put(&desk, "empty", "", 0);
	token = put(&desk, "token", "XSECRETX\n", -1);
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *line =
			g_strdup_printf("iso seed -k site.ks %sin.iso out.iso", rows[i].file);
		g_autofree char *output = NULL;

		assert_int_equal(landfall(&desk, line, &output), rows[i].status);
		assert_contains(output, rows[i].says);
		assert_null(strstr(output, "XSECRETX"));
	}
}

static void an_include_of_the_seed_may_be_named_as_the_machine_names_it(void **state)
{
	static const char *const names[] = { "common.ks", "./common.ks", "/landfall/seed/common.ks",
					     "file:///landfall/seed/common.ks" };
	g_auto(Desk) desk = { NULL, NULL, NULL };
	g_autofree char *common = NULL;

	open_desk(&desk);
	common = put(&desk, "common.ks", GOOD_KS, -1);
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *text = g_strdup_printf("%%include %s\n", names[i]);
		g_autofree char *ks = put(&desk, "site.ks", text, -1);
		g_autofree char *seeded = NULL;
		g_autofree char *shown = NULL;

		assert_int_equal(landfall(&desk,
					  "iso seed -k site.ks -f common.ks=common.ks "
					  "in.iso out.iso",
					  &seeded),
				 0);
		assert_int_equal(landfall(&desk, "iso show out.iso", &shown), 0);
		assert_contains(shown, "| rootpw ");
		assert_null(strstr(shown, "%include"));
	}
}

static void nothing_outside_the_iso_is_shown(void **state)
{
	g_auto(Desk) desk = { NULL, NULL, NULL };
	g_autofree char *outside = NULL;
	g_autofree char *seeded = NULL;
	g_autofree char *shown = NULL;
	g_autofree char *text = NULL;
	g_autofree char *ks = NULL;

	open_desk(&desk);
	outside = put(&desk, "outside.ks", "lang en_GB.UTF-8\n", -1);
	text = g_strdup_printf("%%include file://%s/outside.ks\n%%include %s/outside.ks\n"
			       "%%include http://127.0.0.1:9/x.ks?token=t0psecret\n"
			       "%%post\n%%include outside.ks\n%%end\nreboot\n",
			       desk.dir, desk.dir);
	ks = put(&desk, "site.ks", text, -1);
	assert_int_equal(landfall(&desk, "iso seed --no-check -k site.ks in.iso out.iso", &seeded),
			 0);
	assert_contains(seeded, "out.iso: 1 file, ");
	assert_int_equal(landfall(&desk, "iso show out.iso", &shown), 0);
	assert_contains(shown, "| %include file:///");
	assert_contains(shown, "| %include /");
	assert_contains(shown, "| %include http://127.0.0.1:9/x.ks\n");
	assert_contains(shown, "| %post\n  | %include outside.ks\n  | %end\n  | reboot\n");
	assert_null(strstr(shown, "en_GB"));
	assert_null(strstr(shown, "t0psecret"));
}

static void an_iso_without_payload_is_no_medium_to_install_from(void **state)
{
	g_auto(Desk) desk = { NULL, NULL, NULL };
	g_autofree char *refused = NULL;
	g_autofree char *taken = NULL;
	g_autofree char *ks = NULL;
	g_autofree char *web = NULL;
	g_autoptr(GString) text = g_string_new(GOOD_KS);

	open_desk(&desk);
	make_iso_of(&desk, "{\"v\":1,\"refs\":{}}");
	ks = put(&desk, "site.ks", text->str, -1);
	assert_int_equal(landfall(&desk, "iso seed -k site.ks in.iso out.iso", &refused), 2);
	assert_contains(refused, "'in.iso' holds no payload");
	g_string_replace(text, "file:///run/landfall/medium/repo", "https://[::1]/repo", 1);
	web = put(&desk, "web.ks", text->str, -1);
	assert_int_equal(landfall(&desk, "iso seed -k web.ks in.iso out.iso", &taken), 0);
}

static void the_help_of_a_group_of_verbs_lists_them(void **state)
{
	static const char *const lines[] = { "iso --help", "iso -h" };
	g_auto(Desk) desk = { NULL, NULL, NULL };
	g_autofree char *verb = NULL;

	open_desk(&desk);
	for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
		g_autofree char *help = NULL;

		assert_int_equal(landfall(&desk, lines[i], &help), 0);
		assert_true(g_str_has_prefix(help, "Usage: landfall iso VERB "));
		assert_contains(help, "\n  iso seed       put a site's");
		assert_contains(help, "\n  iso show       tell what");
		assert_null(strstr(help, "  check"));
		assert_null(strstr(help, "  plan"));
	}
	assert_int_equal(landfall(&desk, "isos --help", &verb), 2);
	assert_contains(verb, "there is no verb 'isos'");
}

static void the_help_of_each_verb_names_its_exit_statuses(void **state)
{
	static const char *const lines[] = { "check --help", "plan --help", "iso seed --help",
					     "iso show --help" };
	g_auto(Desk) desk = { NULL, NULL, NULL };

	open_desk(&desk);
	for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
		g_autofree char *help = NULL;

		assert_int_equal(landfall(&desk, lines[i], &help), 0);
		assert_contains(help, "\nExit status: 0 ");
		assert_contains(help, ", 2 ");
	}
}

static void words_of_several_options_add_up(void **state)
{
	g_auto(Desk) desk = { NULL, NULL, NULL };
	g_autofree char *seeded = NULL;
	g_autofree char *shown = NULL;
	g_autofree char *ks = NULL;

	open_desk(&desk);
	ks = put(&desk, "site.ks", GOOD_KS, -1);
	assert_int_equal(landfall(&desk,
				  "iso seed -k site.ks -a a=1 --append 'b=2 c' in.iso out.iso",
				  &seeded),
			 0);
	assert_int_equal(landfall(&desk, "iso show out.iso", &shown), 0);
	assert_contains(shown, "[\"a\",\"b\",\"c\"]");
}

static void output_that_cannot_be_written_is_an_error(void **state)
{
	static const char *const lines[] = { "check site.ks", "iso seed --help", "--help",
					     "check --help", "--version" };
	g_auto(Desk) desk = { NULL, NULL, NULL };
	g_autofree char *ks = NULL;

	open_desk(&desk);
	ks = put(&desk, "site.ks", GOOD_KS, -1);
	for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
		g_autofree char *line =
			g_strdup_printf("%s 2>errors >/dev/full; exit $?; :", lines[i]);
		g_autofree char *errors = g_build_filename(desk.dir, "errors", NULL);
		g_autofree char *ignored = NULL;
		g_autofree char *said = NULL;

		assert_int_equal(landfall(&desk, line, &ignored), 7);
		assert_true(g_file_get_contents(errors, &said, NULL, NULL));
		assert_contains(said, "landfall: cannot write to standard output: No space left");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(a_seeded_iso_shows_its_files_and_none_of_their_secrets),
		LF_TEST(of_appended_words_only_names_are_shown),
		LF_TEST(the_json_form_has_the_documented_members),
		LF_TEST(a_kickstart_with_errors_is_refused_unless_told),
		LF_TEST(what_is_included_has_to_be_in_the_seed),
		LF_TEST(a_cut_iso_is_refused_by_every_verb_and_nothing_is_written),
		LF_TEST(keys_and_words_for_servers_go_into_the_seed),
		LF_TEST(plain_http_needs_something_that_vouches),
		LF_TEST(what_is_only_unsupported_has_a_status_of_its_own),
		LF_TEST(rules_choose_among_kickstarts_of_the_seed),
		LF_TEST(what_no_machine_could_use_is_refused),
		LF_TEST(wrong_command_lines_are_refused),
		LF_TEST(a_kickstart_that_the_machine_would_refuse_is_refused_here),
		LF_TEST(an_escrow_certificate_has_to_be_one_that_can_be_used),
		LF_TEST(the_token_of_reports_is_a_file_of_the_seed),
		LF_TEST(an_include_of_the_seed_may_be_named_as_the_machine_names_it),
		LF_TEST(nothing_outside_the_iso_is_shown),
		LF_TEST(an_iso_without_payload_is_no_medium_to_install_from),
		LF_TEST(the_help_of_a_group_of_verbs_lists_them),
		LF_TEST(the_help_of_each_verb_names_its_exit_statuses),
		LF_TEST(words_of_several_options_add_up),
		LF_TEST(output_that_cannot_be_written_is_an_error),
	};

	return LF_TEST_MAIN(tests);
}
