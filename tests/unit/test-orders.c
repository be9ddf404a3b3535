// Orders: where the kickstart comes from, how servers are reached, what vouches for it.
#include "tests/unit/machine.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "base/runtime.h"
#include "installer/orders/labelled.h"
#include "installer/orders/place.h"
#include "installer/orders/signature.h"
#include "installer/orders/sources.h"
#include "installer/plan/template.h"

#define GOOD_KS                                                                                    \
	"zerombr\nclearpart --all\nrootpw --lock\nreqpart --add-boot\n"                            \
	"part / --fstype=ext4 --size=3000 --grow\n"                                                \
	"ostreesetup --osname=debian --url=file:///x --ref=a/b\n"

typedef struct {
	char *dir;
	LfHost *host;
	LfAccess *access;
} Machine;

static void put(const Machine *machine, const char *path, const char *text)
{
	g_autofree char *parent = g_path_get_dirname(path);
	g_autoptr(GError) error = NULL;

	assert_ok(lf_mkdirs_at(machine->host->root_fd, parent, 0755, &error), error);
	assert_ok(lf_write_file_at(machine->host->root_fd, path, text, strlen(text), 0644, &error),
		  error);
}

// A machine with a name, two cards, and these words on its command line.
static Machine *machine_new(const char *words)
{
	Machine *machine = g_new0(Machine, 1);
	g_autoptr(GError) error = NULL;

	machine->dir = lf_test_dir();
	machine->host = lf_host_new(machine->dir, &error);
	assert_ok(machine->host != NULL, error);
	put(machine, "sys/class/dmi/id/product_serial", "CZ 1234/7\n");
	put(machine, "sys/class/dmi/id/product_uuid", "4C4C4544-0042-3510-8052-B4C04F4D3532\n");
	g_free(machine->host->cmdline);
	machine->host->cmdline = g_strdup(words);
	return machine;
}

static void machine_free(Machine *machine)
{
	lf_access_free(machine->access);
	lf_host_free(machine->host);
	lf_test_dir_remove(machine->dir);
	g_free(machine);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Machine, machine_free)

static LfSources *sources_of(Machine *machine, const char *path)
{
	lf_access_free(machine->access);
	machine->access = lf_access_new(machine->host);
	return lf_sources_new(machine->host, path, machine->access);
}

// Reads the kickstart; @ret_name: what it is called.
static bool try(Machine *machine, const char *path, char **ret_name, GError **error)
{
	g_autoptr(LfSources) sources = sources_of(machine, path);
	g_autoptr(LfDiagnostics) diagnostics = lf_diagnostics_new();
	g_autoptr(LfProfile) profile =
		lf_sources_profile(sources, LF_KICKSTART_WHOLE, diagnostics, error);

	if (ret_name)
		*ret_name = g_strdup(lf_sources_name(sources));
	return profile != NULL;
}

static void assert_kickstart(Machine *machine, const char *name)
{
	g_autofree char *found = NULL;
	g_autoptr(GError) error = NULL;

	assert_ok(try(machine, NULL, &found, &error), error);
	assert_string_equal(found, name);
}

// --- places -------------------------------------------------------------------------------------

static void without_a_seed_the_message_says_how_to_make_one(void **state)
{
	g_autoptr(Machine) machine = machine_new("");
	g_autoptr(GError) error = NULL;

	assert_throws(try(machine, NULL, NULL, &error), error, LF_ERROR_INPUT,
		      "no kickstart in the seed: put one into the medium with 'landfall iso seed");
}

static void files_are_found_beside_the_kickstart_and_by_path(void **state)
{
	static const struct {
		const char *name, *text;
	} rows[] = {
		{ "escrow.pem", "beside" },
		{ "sub/escrow.pem", "below" },
		{ "/tmp/made-by-pre", "absolute" },
		{ "file:///tmp/made-by-pre", "absolute" },
	};
	g_autoptr(Machine) machine = machine_new("");
	g_autoptr(LfSources) sources = sources_of(machine, NULL);

	put(machine, LF_SEED_DIR "/escrow.pem", "beside");
	put(machine, LF_SEED_DIR "/sub/escrow.pem", "below");
	put(machine, "tmp/made-by-pre", "absolute");
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(GBytes) bytes = lf_sources_file(rows[i].name, sources, &error);

		assert_ok(bytes != NULL, error);
		assert_string_equal(g_bytes_get_data(bytes, NULL), rows[i].text);
	}
}

static void the_command_line_names_another_kickstart(void **state)
{
	g_autoptr(Machine) machine = machine_new("quiet landfall.ks=http://10.0.0.1/site.ks");
	g_autoptr(LfSources) named = sources_of(machine, NULL);
	g_autoptr(LfSources) given = lf_sources_new(machine->host, "/tmp/x.ks", machine->access);

	assert_string_equal(lf_sources_name(named), "http://10.0.0.1/site.ks");
	assert_true(lf_sources_needs_network(named));
	assert_string_equal(lf_sources_name(given), "/tmp/x.ks");
	assert_false(lf_sources_needs_network(given));
}

static void a_kickstarts_url_shows_no_secret_and_may_have_no_password(void **state)
{
	g_autoptr(Machine) machine = machine_new("");
	g_autoptr(LfSources) sources =
		sources_of(machine, "https://u:XSECRETX@127.0.0.1:1/a.ks?t=XSECRETX");
	g_autoptr(LfDiagnostics) diagnostics = lf_diagnostics_new();
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;

	assert_string_equal(lf_sources_name(sources), "https://127.0.0.1:1/a.ks");
	assert_null(lf_sources_profile(sources, LF_KICKSTART_WHOLE, diagnostics, &error));
	assert_int_equal(error->code, LF_ERROR_INPUT);
	assert_null(strstr(error->message, "XSECRETX"));
	assert_string_equal(lf_diagnostics_get(diagnostics, 0)->code, "url-credentials");
	text = lf_diagnostic_text(lf_diagnostics_get(diagnostics, 0));
	assert_null(strstr(text, "XSECRETX"));
}

static void a_kickstart_of_the_seed_is_read_with_its_includes(void **state)
{
	g_autoptr(Machine) machine = machine_new("");
	g_autoptr(LfSources) sources = sources_of(machine, NULL);
	g_autoptr(LfDiagnostics) diagnostics = lf_diagnostics_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(LfProfile) profile = NULL;

	put(machine, LF_SEED_PROFILE,
	    "%include common.ks\npart / --fstype=ext4 --size=3000 --grow\nreqpart "
	    "--add-boot\npoweroff\n"
	    "ostreesetup --osname=debian --url=file:///x --ref=a/b\n");
	put(machine, LF_SEED_DIR "/common.ks", "zerombr\nclearpart --all\nrootpw --lock\n");
	profile = lf_sources_profile(sources, LF_KICKSTART_WHOLE, diagnostics, &error);
	assert_ok(profile != NULL, error);
	assert_true(profile->is_zerombr);
	assert_int_equal(profile->finish, LF_FINISH_POWEROFF);
}

static void both_passes_see_the_same_kickstart_and_fresh_includes(void **state)
{
	g_autoptr(Machine) machine = machine_new("");
	g_autoptr(LfSources) sources = sources_of(machine, NULL);
	g_autoptr(LfDiagnostics) diagnostics = lf_diagnostics_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(LfProfile) first = NULL;
	g_autoptr(LfProfile) second = NULL;

	put(machine, LF_SEED_PROFILE, GOOD_KS "%include /tmp/made\n");
	first = lf_sources_profile(sources, LF_KICKSTART_SCRIPTS_ONLY, diagnostics, &error);
	assert_ok(first != NULL, error);
	put(machine, LF_SEED_PROFILE, "nonsense\n");
	put(machine, "tmp/made", "poweroff\n");
	second = lf_sources_profile(sources, LF_KICKSTART_WHOLE, diagnostics, &error);
	assert_ok(second != NULL, error);
	assert_int_equal(second->finish, LF_FINISH_POWEROFF);
}

static void places_are_asked_in_their_order(void **state)
{
	g_autoptr(Machine) machine = machine_new("landfall.ks=/tmp/named.ks");

	put(machine, LF_SEED_PROFILE, GOOD_KS);
	put(machine, LF_SEED_DIR "/ruled.ks", GOOD_KS);
	put(machine, LF_SEED_DIR "/rules", "serial=CZ* ruled.ks\n");
	put(machine, "tmp/named.ks", GOOD_KS);
	assert_kickstart(machine, "/tmp/named.ks");
	g_free(machine->host->cmdline);
	machine->host->cmdline = g_strdup("landfall.ks=file:/tmp/named.ks");
	assert_kickstart(machine, "/tmp/named.ks");
	g_free(machine->host->cmdline);
	machine->host->cmdline = g_strdup("landfall.ks=");
	assert_kickstart(machine, "/landfall/seed/ruled.ks");
	put(machine, LF_SEED_DIR "/rules", "serial=OTHER ruled.ks\n");
	assert_kickstart(machine, "/" LF_SEED_PROFILE);
}

static void no_rule_that_fits_names_the_machine(void **state)
{
	g_autoptr(Machine) machine = machine_new("");
	g_autoptr(GError) error = NULL;

	put(machine, LF_SEED_DIR "/ruled.ks", GOOD_KS);
	put(machine, LF_SEED_DIR "/rules", "serial=OTHER ruled.ks\n");
	assert_throws(try(machine, NULL, NULL, &error), error, LF_ERROR_INPUT,
		      "serial=CZ 1234/7, uuid=4c4c4544-0042-3510-8052-b4c04f4d3532");
}

static void what_is_named_and_not_there_is_an_input_error(void **state)
{
	static const struct {
		const char *words, *said;
		LfErrorCode code;
	} rows[] = {
		{ "landfall.ks=/none.ks", "cannot open '/none.ks'", LF_ERROR_INPUT },
		{ "landfall.ks=file:///none.ks", "/none.ks", LF_ERROR_INPUT },
		{ "landfall.ks=cdrom:site.ks", "write cdrom:/path", LF_ERROR_INPUT },
		{ "landfall.ks=cdrom:/site.ks", "not started from a Landfall medium",
		  LF_ERROR_TARGET },
		{ "landfall.ks=https://h/{rack}.ks", "'{rack}'", LF_ERROR_INPUT },
		{ "landfall.ks=https://h/{asset-tag}.ks", "does not tell the '{asset-tag}'",
		  LF_ERROR_TARGET },
		{ "landfall.ks=https://server.invalid/a.ks", "server.invalid", LF_ERROR_NETWORK },
		{ "landfall.ks=https://h/a.ks landfall.ca=none.pem",
		  "landfall.ca=none.pem: there is "
		  "no such file in the seed",
		  LF_ERROR_INPUT },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(Machine) machine = machine_new(rows[i].words);
		g_autoptr(GError) error = NULL;

		assert_throws(try(machine, NULL, NULL, &error), error, rows[i].code, rows[i].said);
	}
}

static void http_needs_something_that_vouches_for_it(void **state)
{
	static const char hash[] =
		"landfall.ks=http://127.0.0.1:1/a.ks landfall.ks-sha256="
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
	static const struct {
		const char *words;
		LfErrorCode code;
	} rows[] = {
		{ "landfall.ks=http://127.0.0.1:1/a.ks", LF_ERROR_INPUT },
		{ "landfall.ks=http://127.0.0.1:1/a.ks landfall.insecure-http-ks=0",
		  LF_ERROR_INPUT },
		// These go as far as the server, which is not there.
		{ "landfall.ks=http://127.0.0.1:1/a.ks landfall.insecure-http-ks",
		  LF_ERROR_NETWORK },
		{ hash, LF_ERROR_NETWORK },
		{ "landfall.ks=http://127.0.0.1:1/a.ks "
		  "landfall.ks-key=0123456789abcdef0123456789abcdef01234567",
		  LF_ERROR_NETWORK },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(Machine) machine = machine_new(rows[i].words);
		g_autoptr(GError) error = NULL;

		assert_throws(try(machine, NULL, NULL, &error), error, rows[i].code, "127.0.0.1");
	}
}

static void an_include_by_http_is_not_covered_by_the_kickstarts_checksum(void **state)
{
	g_autofree char *text = g_strconcat(GOOD_KS, "%include http://127.0.0.1:1/b.ks\n", NULL);
	g_autofree char *hex = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
	g_autofree char *words = g_strconcat("landfall.ks-sha256=", hex, NULL);
	g_autoptr(Machine) machine = machine_new(words);
	g_autoptr(GError) error = NULL;

	put(machine, LF_SEED_PROFILE, text);
	assert_throws(try(machine, NULL, NULL, &error), error, LF_ERROR_INPUT,
		      "without protection");
}

static void an_include_whose_server_is_down_is_tried_again(void **state)
{
	static const LfKickstartPass passes[] = { LF_KICKSTART_SCRIPTS_ONLY, LF_KICKSTART_WHOLE };
	g_autoptr(Machine) machine = machine_new("");

	put(machine, LF_SEED_PROFILE, GOOD_KS "%include https://127.0.0.1:1/b.ks\n");
	for (size_t i = 0; i < G_N_ELEMENTS(passes); i++) {
		g_autoptr(LfSources) sources = sources_of(machine, NULL);
		g_autoptr(LfDiagnostics) diagnostics = lf_diagnostics_new();
		g_autoptr(GError) error = NULL;

		assert_throws(lf_sources_profile(sources, passes[i], diagnostics, &error), error,
			      LF_ERROR_NETWORK, "https://127.0.0.1:1/b.ks");
	}
}

static void the_checksum_must_be_the_kickstarts(void **state)
{
	g_autofree char *hex = g_compute_checksum_for_string(G_CHECKSUM_SHA256, GOOD_KS, -1);
	g_autofree char *right = g_strconcat("landfall.ks-sha256=", hex, NULL);
	g_autofree char *upper = g_ascii_strup(hex, -1);
	g_autofree char *large = g_strconcat("landfall.ks-sha256=", upper, NULL);
	const struct {
		const char *words;
		LfErrorCode code;
	} rows[] = { { right, 0 },
		     { large, 0 },
		     { "landfall.ks-sha256=abc", LF_ERROR_INPUT },
		     { "landfall.ks-sha256="
		       "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		       LF_ERROR_TRUST } };

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(Machine) machine = machine_new(rows[i].words);
		g_autoptr(GError) error = NULL;

		put(machine, LF_SEED_PROFILE, GOOD_KS);
		if (rows[i].code == 0)
			assert_ok(try(machine, NULL, NULL, &error), error);
		else
			assert_throws(try(machine, NULL, NULL, &error), error, rows[i].code,
				      "SHA-256");
	}
}

// --- templates ----------------------------------------------------------------------------------

static void add_nic(LfFacts *facts, const char *name, const char *mac, bool has_carrier)
{
	LfFactNic *nic = g_new0(LfFactNic, 1);

	nic->name = g_strdup(name);
	nic->mac = g_strdup(mac);
	nic->has_carrier = has_carrier;
	g_ptr_array_add(facts->nics, nic);
}

static LfFacts *known_machine(void)
{
	LfFacts *facts = lf_facts_new();

	facts->serial = g_strdup("CZ 12/../#?");
	facts->uuid = g_strdup("4c4c4544");
	add_nic(facts, "eno1", "aa:bb:cc:00:00:01", false);
	add_nic(facts, "eno2", "aa:bb:cc:00:00:02", true);
	return facts;
}

static void templates_become_percent_encoded_facts(void **state)
{
	static const struct {
		const char *text, *bootif, *wanted;
	} rows[] = {
		{ "https://h/a.ks", NULL, "https://h/a.ks" },
		{ "https://h/{uuid}/{mac}.ks", NULL,
		  "https://h/4c4c4544/aa%3Abb%3Acc%3A00%3A00%3A02.ks" },
		{ "{mac}", "01-AA-BB-CC-00-00-01", "aa%3Abb%3Acc%3A00%3A00%3A01" },
		{ "{mac}", "aa:bb:cc:00:00:01", "aa%3Abb%3Acc%3A00%3A00%3A01" },
		{ "{mac}", "01-ff-ff-ff-ff-ff-ff", "aa%3Abb%3Acc%3A00%3A00%3A02" },
		{ "x?s={serial}", NULL, "x?s=CZ%2012%2F..%2F%23%3F" },
	};
	g_autoptr(LfFacts) facts = known_machine();

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *url =
			lf_template_expand(rows[i].text, facts, rows[i].bootif, &error);

		assert_ok(url != NULL, error);
		assert_string_equal(url, rows[i].wanted);
	}
}

static void templates_that_cannot_be_filled_are_refused(void **state)
{
	static const struct {
		const char *text;
		LfErrorCode code;
		const char *said;
	} rows[] = {
		{ "{asset-tag}", LF_ERROR_TARGET, "does not tell the '{asset-tag}'" },
		{ "{Serial}", LF_ERROR_INPUT, "'{Serial}'" },
		{ "{}", LF_ERROR_INPUT, "'{}'" },
		{ "{serial", LF_ERROR_INPUT, "brace" },
		{ "serial}", LF_ERROR_INPUT, "brace" },
		{ "{{serial}}", LF_ERROR_INPUT, "brace" },
		{ "{uuid}{", LF_ERROR_INPUT, "brace" },
	};
	g_autoptr(LfFacts) facts = known_machine();
	g_autoptr(LfFacts) walker = lf_facts_new();
	g_autoptr(GError) walked = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;

		assert_throws(lf_template_expand(rows[i].text, facts, NULL, &error), error,
			      rows[i].code, rows[i].said);
	}
	walker->serial = g_strdup("..");
	assert_throws(lf_template_expand("{serial}", walker, NULL, &walked), walked,
		      LF_ERROR_TARGET, "no name");
}

static void a_machine_without_carrier_is_known_by_its_only_card(void **state)
{
	g_autoptr(LfFacts) facts = lf_facts_new();

	assert_null(lf_template_mac(facts->nics, NULL));
	add_nic(facts, "eno1", "aa:bb:cc:00:00:01", false);
	assert_string_equal(lf_template_mac(facts->nics, NULL), "aa:bb:cc:00:00:01");
	add_nic(facts, "eno2", "aa:bb:cc:00:00:02", false);
	assert_null(lf_template_mac(facts->nics, NULL));
}

// A cable can be plugged in, so it is tried again; a machine without a card has to be changed.
static void a_mac_that_no_carrier_tells_is_an_error_of_the_network(void **state)
{
	g_autoptr(LfFacts) facts = lf_facts_new();
	g_autoptr(GError) none = NULL;
	g_autoptr(GError) error = NULL;

	assert_throws(lf_template_expand("https://h/{mac}", facts, NULL, &none), none,
		      LF_ERROR_TARGET, "does not tell the '{mac}'");
	add_nic(facts, "eno1", "aa:bb:cc:00:00:01", false);
	add_nic(facts, "eno2", "aa:bb:cc:00:00:02", false);
	assert_throws(lf_template_expand("https://h/{mac}", facts, NULL, &error), error,
		      LF_ERROR_NETWORK, "plug a cable in");
	assert_true(lf_place_asks_mac("https://h/{mac}.ks"));
	assert_false(lf_place_asks_mac("https://h/{uuid}.ks"));
	assert_false(lf_place_asks_mac("/srv/{mac}.ks"));
}

static void headers_tell_who_asks_and_hold_no_line_break(void **state)
{
	g_autoptr(LfFacts) facts = known_machine();
	g_auto(GStrv) headers = NULL;
	g_autofree char *all = NULL;

	facts->asset_tag = g_strdup("a\r\nEvil: 1 \303\244");
	headers = lf_template_headers(facts);
	all = g_strjoinv("|", headers);
	assert_string_equal(all, "X-Landfall-Serial: CZ 12/../#?|X-Landfall-UUID: 4c4c4544|"
				 "X-Landfall-Asset-Tag: a__Evil: 1 __|"
				 "X-Landfall-MAC: aa:bb:cc:00:00:02|"
				 "X-Landfall-MAC: aa:bb:cc:00:00:01");
}

// --- access -------------------------------------------------------------------------------------

static void openssl(const Machine *machine, const char *name)
{
	g_autofree char *key = g_strdup_printf("%s/landfall/seed/%s.key", machine->dir, name);
	g_autofree char *pem = g_strdup_printf("%s/landfall/seed/%s.pem", machine->dir, name);
	g_autoptr(GError) error = NULL;

	assert_ok(lf_mkdirs_at(machine->host->root_fd, LF_SEED_DIR, 0755, &error), error);
	assert_ok(lf_proc_run(&(LfProc){ .argv = LF_PROC_ARGV(
						 "/usr/bin/openssl", "req", "-x509", "-newkey",
						 "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
						 "-nodes", "-days", "2", "-subj", "/CN=x",
						 "-keyout", key, "-out", pem) },
			      NULL, &error),
		  error);
}

static void words_name_files_of_the_seed(void **state)
{
	g_autoptr(Machine) machine = machine_new(
		"landfall.ca=a.pem landfall.cert=a.pem landfall.key=/landfall/seed/a.key "
		"landfall.proxy=@proxy landfall.insecure-tls");
	g_autoptr(LfAccess) access = NULL;
	g_autoptr(GError) error = NULL;
	const LfHttpAccess *http;
	g_autofree char *ca = NULL;

	openssl(machine, "a");
	put(machine, LF_SEED_DIR "/proxy", "http://u:p@proxy.test:3128\n");
	access = lf_access_new(machine->host);
	assert_ok(lf_access_check(access, &error), error);
	http = lf_access_http(access);
	assert_true(g_file_get_contents(http->ca_file, &ca, NULL, NULL));
	assert_contains(ca, "BEGIN CERTIFICATE");
	assert_string_equal(http->proxy, "http://u:p@proxy.test:3128");
	assert_true(http->is_insecure_tls);
	assert_false(lf_access_allows_http(access));
}

static void words_that_are_wrong_are_named(void **state)
{
	static const struct {
		const char *words, *said;
	} rows[] = {
		{ "landfall.ca=none.pem",
		  "landfall.ca=none.pem: there is no such file in the seed" },
		{ "landfall.ca=/none.pem", "landfall.ca=/none.pem: there is no such file" },
		{ "landfall.ca=../a.pem", "landfall.ca=../a.pem: write the name" },
		{ "landfall.ca=sub/a.pem", "write the name" },
		{ "landfall.ca=a.key", "no X.509 certificate" },
		{ "landfall.cert=a.pem", "give both" },
		{ "landfall.key=a.key", "give both" },
		{ "landfall.cert=a.pem landfall.key=b.key", "does not belong" },
		{ "landfall.pin=x", "pinned public key" },
		{ "landfall.proxy=proxy:3128x", "proxy" },
		{ "landfall.proxy=@none", "landfall.proxy=@none" },
		{ "landfall.proxy=http://u:XSECRETX@h:1", "write landfall.proxy=@NAME" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(Machine) machine = machine_new(rows[i].words);
		g_autoptr(LfAccess) access = NULL;
		g_autoptr(GError) error = NULL;

		openssl(machine, "a");
		openssl(machine, "b");
		access = lf_access_new(machine->host);
		assert_throws(lf_access_check(access, &error), error, LF_ERROR_INPUT, rows[i].said);
		assert_null(strstr(error->message, "XSECRETX"));
	}
}

static void insecure_words_are_on_every_event(void **state)
{
	g_autoptr(Machine) machine =
		machine_new("landfall.insecure-tls landfall.insecure-http-ks=1");
	g_autoptr(LfAccess) access = lf_access_new(machine->host);
	LfEvents *events = lf_events_new(machine->host->now_ms);
	const LfEvent event = { .step = "install", .state = LF_EVENT_DONE };
	g_autoptr(json_t) object = NULL;
	g_autofree char *text = NULL;

	lf_access_mark(access, events);
	object = lf_event_to_json(events, &event);
	text = json_dumps(json_object_get(object, "marks"), 0);
	assert_string_equal(text, "[\"insecure-tls\", \"insecure-http-ks\"]");
	lf_events_free(events);
}

// --- signatures ---------------------------------------------------------------------------------

#define OUR_KEY		    "1111111111111111111111111111111111111111"
#define OTHER_KEY	    "2222222222222222222222222222222222222222"
#define VALID(key, primary) "[GNUPG:] VALIDSIG " key " 2026-01-01 1 0 4 0 22 8 00 " primary "\n"

static void only_a_good_signature_of_a_living_key_counts(void **state)
{
	static const struct {
		const char *status, *wanted, *key;
	} rows[] = {
		{ "", NULL, NULL },
		{ "[GNUPG:] NEWSIG\n[GNUPG:] GOODSIG 1 x\n" VALID(OUR_KEY, OUR_KEY), NULL,
		  OUR_KEY },
		{ "[GNUPG:] GOODSIG 1 x\n" VALID(OTHER_KEY, OUR_KEY), OUR_KEY, OUR_KEY },
		{ "[GNUPG:] GOODSIG 1 x\n" VALID(OTHER_KEY, OUR_KEY), OTHER_KEY, OUR_KEY },
		{ "[GNUPG:] GOODSIG 1 x\n" VALID(OTHER_KEY, OTHER_KEY), OUR_KEY, NULL },
		{ "[GNUPG:] EXPKEYSIG 1 x\n" VALID(OUR_KEY, OUR_KEY), NULL, NULL },
		{ "[GNUPG:] REVKEYSIG 1 x\n" VALID(OUR_KEY, OUR_KEY), NULL, NULL },
		{ "[GNUPG:] EXPSIG 1 x\n" VALID(OUR_KEY, OUR_KEY), NULL, NULL },
		{ "[GNUPG:] BADSIG 1 x\n", NULL, NULL },
		// The second of two signatures is the living one, of another key.
		{ "[GNUPG:] GOODSIG 1 x\n" VALID(OTHER_KEY, OTHER_KEY) "[GNUPG:] NEWSIG\n"
								       "[GNUPG:] EXPKEYSIG 1 "
								       "x\n" VALID(OUR_KEY,
										   OUR_KEY),
		  OUR_KEY, NULL },
		{ "x [GNUPG:] GOODSIG 1 x\n" VALID(OUR_KEY, OUR_KEY), NULL, NULL },
		{ "[GNUPG:] GOODSIG 1 x\n[GNUPG:] VALIDSIG \n", OUR_KEY, NULL },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *key = lf_signature_good_key(rows[i].status, rows[i].wanted);

		if (g_strcmp0(key, rows[i].key) != 0)
			fail_msg("row %zu: %s", i, key);
	}
}

// Runs a line of shell with a GnuPG home of its own in the machine's directory.
static char *gpg(const Machine *machine, const char *line)
{
	g_autofree char *home = g_strdup_printf("GNUPGHOME=%s/gpg", machine->dir);
	g_autofree char *script = g_strconcat("set -e; mkdir -p -m 700 gpg; ", line, NULL);
	g_autoptr(GError) error = NULL;
	char *output = NULL;

	assert_ok(lf_proc_run(&(LfProc){ .argv = LF_PROC_ARGV("/bin/sh", "-c", script),
					 .env = LF_PROC_ARGV(home),
					 .cwd = machine->dir },
			      &output, &error),
		  error);
	return g_strchomp(output);
}

#define NEW_KEY(name)                                                                              \
	"gpg -q --batch --passphrase '' --quick-gen-key " name " ed25519 sign never 2>&1; "        \
	"gpg --with-colons --list-keys " name " | awk -F: '/^fpr/ { print $10; exit }'"
#define SIGN(name, file)                                                                           \
	"gpg -q --batch --yes -u " name " -o " file ".sig --detach-sign " file                     \
	"; gpgconf --kill all"

static void set_words(Machine *machine, const char *words, const char *value)
{
	g_free(machine->host->cmdline);
	machine->host->cmdline = g_strconcat(words, value, NULL);
}

static void a_signature_is_demanded_by_the_image_or_the_word(void **state)
{
	g_autoptr(Machine) machine = machine_new("");
	g_autofree char *key = gpg(machine, NEW_KEY("ours"));
	g_autofree char *other = gpg(machine, NEW_KEY("other"));
	g_autoptr(GError) unsigned_yet = NULL;
	g_autoptr(GError) by_other = NULL;
	g_autoptr(GError) by_word = NULL;
	g_autoptr(GError) changed = NULL;
	g_autoptr(GError) no_keys = NULL;
	g_autoptr(GError) short_key = NULL;

	put(machine, LF_SEED_PROFILE, GOOD_KS "%include /tmp/made\n");
	put(machine, "tmp/made", "poweroff\n");
	// A word without keys in the image.
	set_words(machine, "landfall.ks-key=", key);
	g_free(gpg(machine, SIGN("ours", "landfall/seed/site.ks")));
	assert_throws(try(machine, NULL, NULL, &no_keys), no_keys, LF_ERROR_TRUST, "holds no keys");
	put(machine, LF_KS_KEYRING, "");
	g_free(gpg(machine, "gpg --export >usr/share/landfall/ks-keyring.gpg"));
	assert_kickstart(machine, "/" LF_SEED_PROFILE);
	set_words(machine, "landfall.ks-key=", key + 24);
	assert_throws(try(machine, NULL, NULL, &short_key), short_key, LF_ERROR_INPUT,
		      "whole fingerprint");
	// Another key of the image is good enough for the image, not for the word.
	g_free(gpg(machine, SIGN("other", "landfall/seed/site.ks")));
	set_words(machine, "", "");
	assert_kickstart(machine, "/" LF_SEED_PROFILE);
	set_words(machine, "landfall.ks-key=", key);
	assert_throws(try(machine, NULL, NULL, &by_word), by_word, LF_ERROR_TRUST,
		      "landfall.ks-key=");
	// A key that is not in the image is good for nothing.
	g_free(gpg(machine, "gpg --export ours >usr/share/landfall/ks-keyring.gpg"));
	set_words(machine, "", "");
	assert_throws(try(machine, NULL, NULL, &by_other), by_other, LF_ERROR_TRUST,
		      "a key in "
		      "the image");
	g_free(gpg(machine, SIGN("ours", "landfall/seed/site.ks")));
	put(machine, LF_SEED_PROFILE, GOOD_KS);
	assert_throws(try(machine, NULL, NULL, &changed), changed, LF_ERROR_TRUST, "not a good");
	put(machine, LF_SEED_DIR "/site.ks.sig", "");
	assert_int_equal(unlinkat(machine->host->root_fd, LF_SEED_DIR "/site.ks.sig", 0), 0);
	assert_throws(try(machine, NULL, NULL, &unsigned_yet), unsigned_yet, LF_ERROR_TRUST,
		      "a signature is demanded");
}

static void files_that_were_brought_must_be_signed_as_well(void **state)
{
	g_autoptr(Machine) machine = machine_new("");
	g_autofree char *key = gpg(machine, NEW_KEY("ours"));
	g_autoptr(GError) error = NULL;
	g_autoptr(GError) detour = NULL;

	put(machine, LF_KS_KEYRING, "");
	g_free(gpg(machine, "gpg --export >usr/share/landfall/ks-keyring.gpg"));
	put(machine, LF_SEED_PROFILE, GOOD_KS "%include common.ks\n");
	put(machine, LF_SEED_DIR "/common.ks", "poweroff\n");
	g_free(gpg(machine, SIGN("ours", "landfall/seed/site.ks")));
	assert_throws(try(machine, NULL, NULL, &error), error, LF_ERROR_TRUST, "common.ks");
	g_free(gpg(machine, SIGN("ours", "landfall/seed/common.ks")));
	assert_kickstart(machine, "/" LF_SEED_PROFILE);
	put(machine, LF_SEED_DIR "/other.ks", "poweroff\n");
	put(machine, LF_SEED_PROFILE, GOOD_KS "%include /tmp/../landfall/seed/other.ks\n");
	put(machine, "tmp/x", "");
	g_free(gpg(machine, SIGN("ours", "landfall/seed/site.ks")));
	assert_throws(try(machine, NULL, NULL, &detour), detour, LF_ERROR_TRUST, "other.ks");
}

static void signatures_stand_beside_their_file(void **state)
{
	static const struct {
		const char *place, *signature;
	} rows[] = {
		{ "/landfall/seed/site.ks", "/landfall/seed/site.ks.sig" },
		{ "https://h/a.ks", "https://h/a.ks.sig" },
		{ "https://h/a.ks?t=1", "https://h/a.ks.sig?t=1" },
		{ "https://h/a.ks#x", "https://h/a.ks.sig#x" },
		{ "/odd?name", "/odd?name.sig" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *place = lf_place_signature(rows[i].place);

		assert_string_equal(place, rows[i].signature);
	}
}

static void what_was_brought_is_told_from_what_was_made(void **state)
{
	static const struct {
		const char *path, *kickstart;
		bool was_brought;
	} rows[] = {
		{ "/landfall/seed/a", "https://h/a.ks", true },
		{ "/run/landfall/medium/a", "https://h/a.ks", true },
		{ "/run/landfall/orders/a", "/run/landfall/orders/ks.cfg", true },
		{ "/tmp/../landfall/seed/a", "https://h/a.ks", true },
		{ "file:///landfall/seed/a", "https://h/a.ks", true },
		{ "/srv/ks/a", "/srv/ks/site.ks", true },
		{ "/srv/ks/a", "file:///srv/ks/site.ks", true },
		{ "a", "/srv/ks/site.ks", true },
		{ "/tmp/a", "/landfall/seed/site.ks", false },
		{ "/landfall/seeds/a", "/landfall/seed/site.ks", false },
		{ "file:///tmp/a", "https://h/a.ks", false },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		if (lf_place_was_brought(rows[i].path, rows[i].kickstart) != rows[i].was_brought)
			fail_msg("%s", rows[i].path);
}

static void servers_are_compared_as_written(void **state)
{
	assert_true(lf_place_same_server("https://h/a", "https://H/b?c"));
	assert_true(lf_place_same_server("https://h:1/a", "https://h:1"));
	assert_false(lf_place_same_server("https://h/a", "https://h:1/a"));
	assert_false(lf_place_same_server("https://h/a", "http://h/a"));
	assert_false(lf_place_same_server("https://h/a", "https://h.evil/a"));
	assert_false(lf_place_same_server("/a", "/a"));
}

// --- labelled volumes ---------------------------------------------------------------------------

static void add_volume(LfFacts *facts, const char *disk, const char *fstype, const char *label,
		       bool is_boot_medium)
{
	LfFactDisk *fact = lf_test_disk(facts, disk, TEST_GIB);
	LfFactPartition *partition = lf_test_partition(fact, 1, fstype);

	fact->is_boot_medium = is_boot_medium;
	partition->fslabel = g_strdup(label);
}

static void volumes_are_taken_by_label_and_never_the_boot_medium(void **state)
{
	g_autoptr(LfFacts) facts = lf_facts_new();
	g_autoptr(GPtrArray) list = NULL;
	g_autoptr(GString) text = g_string_new(NULL);

	add_volume(facts, "sda", "iso9660", "LANDFALL", true);
	add_volume(facts, "sdb", "ext4", "LANDFALL", false);
	add_volume(facts, "sdc", "vfat", "OEMDRV", false);
	add_volume(facts, "sdd", "btrfs", "OEMDRV", false);
	add_volume(facts, "sde", "xfs", "oemdrv", false);
	add_volume(facts, "sdf", NULL, "OEMDRV", false);
	add_volume(facts, "sdg", "iso9660", "OEMDRV", false);
	list = lf_labelled_list(facts);
	for (guint i = 0; i < list->len; i++) {
		const LfLabelled *labelled = list->pdata[i];

		g_string_append_printf(text, "%s %s %s|", labelled->path, labelled->fstype,
				       labelled->file);
	}
	assert_string_equal(text->str, "/dev/sdc1 vfat ks.cfg|/dev/sdg1 iso9660 ks.cfg|"
				       "/dev/sdb1 ext4 site.ks|");
}

/** How often the gate and its question were asked. @better: the network gets better so often */
typedef struct {
	unsigned opened, asked, better;
} Gate;

static bool open_gate(const char *url, void *user_data, GError **error)
{
	((Gate *)user_data)->opened++;
	return true;
}

static bool gets_better(void *user_data)
{
	Gate *gate = user_data;

	return gate->asked++ < gate->better;
}

static void a_server_that_is_not_reached_is_asked_again_while_the_network_gets_better(void **state)
{
	g_autoptr(Machine) machine = machine_new("landfall.insecure-http-ks");
	g_autoptr(LfSources) sources = sources_of(machine, "http://127.0.0.1:1/a.ks");
	g_autoptr(LfDiagnostics) diagnostics = lf_diagnostics_new();
	g_autoptr(GError) error = NULL;
	Gate gate = { .better = 2 };

	lf_access_set_gate(machine->access, open_gate, gets_better, &gate);
	assert_throws(lf_sources_profile(sources, LF_KICKSTART_WHOLE, diagnostics, &error) != NULL,
		      error, LF_ERROR_NETWORK, "127.0.0.1");
	assert_int_equal(gate.opened, 3);
	assert_int_equal(gate.asked, 3);
}

static void what_no_network_heals_is_not_asked_again(void **state)
{
	g_autoptr(Machine) machine = machine_new("landfall.ca=none.pem");
	g_autoptr(LfSources) sources = sources_of(machine, "https://127.0.0.1:1/a.ks");
	g_autoptr(LfDiagnostics) diagnostics = lf_diagnostics_new();
	g_autoptr(GError) error = NULL;
	Gate gate = { .better = 2 };

	lf_access_set_gate(machine->access, open_gate, gets_better, &gate);
	assert_throws(lf_sources_profile(sources, LF_KICKSTART_WHOLE, diagnostics, &error) != NULL,
		      error, LF_ERROR_INPUT, "landfall.ca=");
	assert_int_equal(gate.asked, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(without_a_seed_the_message_says_how_to_make_one),
		LF_TEST(files_are_found_beside_the_kickstart_and_by_path),
		LF_TEST(the_command_line_names_another_kickstart),
		LF_TEST(a_kickstarts_url_shows_no_secret_and_may_have_no_password),
		LF_TEST(a_kickstart_of_the_seed_is_read_with_its_includes),
		LF_TEST(both_passes_see_the_same_kickstart_and_fresh_includes),
		LF_TEST(places_are_asked_in_their_order),
		LF_TEST(no_rule_that_fits_names_the_machine),
		LF_TEST(what_is_named_and_not_there_is_an_input_error),
		LF_TEST(http_needs_something_that_vouches_for_it),
		LF_TEST(an_include_by_http_is_not_covered_by_the_kickstarts_checksum),
		LF_TEST(an_include_whose_server_is_down_is_tried_again),
		LF_TEST(the_checksum_must_be_the_kickstarts),
		LF_TEST(templates_become_percent_encoded_facts),
		LF_TEST(templates_that_cannot_be_filled_are_refused),
		LF_TEST(a_machine_without_carrier_is_known_by_its_only_card),
		LF_TEST(a_mac_that_no_carrier_tells_is_an_error_of_the_network),
		LF_TEST(headers_tell_who_asks_and_hold_no_line_break),
		LF_TEST(words_name_files_of_the_seed),
		LF_TEST(words_that_are_wrong_are_named),
		LF_TEST(insecure_words_are_on_every_event),
		LF_TEST(only_a_good_signature_of_a_living_key_counts),
		LF_TEST(a_signature_is_demanded_by_the_image_or_the_word),
		LF_TEST(files_that_were_brought_must_be_signed_as_well),
		LF_TEST(signatures_stand_beside_their_file),
		LF_TEST(what_was_brought_is_told_from_what_was_made),
		LF_TEST(servers_are_compared_as_written),
		LF_TEST(volumes_are_taken_by_label_and_never_the_boot_medium),
		LF_TEST(a_server_that_is_not_reached_is_asked_again_while_the_network_gets_better),
		LF_TEST(what_no_network_heals_is_not_asked_again),
	};

	return LF_TEST_MAIN(tests);
}
