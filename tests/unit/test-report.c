// What follows a failure, and what the installer leaves for landfall-init.
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/runtime.h"
#include "installer/report/report.h"
#include "tests/unit/machine.h"

typedef struct {
	char *dir;
	LfHost *host;
	LfEvents *events;
} Machine;

static void put(const Machine *machine, const char *path, const char *text)
{
	g_autofree char *parent = g_path_get_dirname(path);
	g_autoptr(GError) error = NULL;

	assert_ok(lf_mkdirs_at(machine->host->root_fd, parent, 0755, &error), error);
	assert_ok(lf_write_file_at(machine->host->root_fd, path, text, strlen(text), 0644, &error),
		  error);
}

static Machine *machine_new(void)
{
	Machine *machine = g_new0(Machine, 1);
	g_autoptr(GError) error = NULL;

	machine->dir = lf_test_dir();
	machine->host = lf_host_new(machine->dir, &error);
	assert_ok(machine->host != NULL, error);
	put(machine, LF_RUN_INIT, "1\n");
	put(machine, "dev/ttyS0", "");
	put(machine, "dev/ttyS1", "");
	put(machine, "dev/tty0", "");
	put(machine, "sys/class/tty/console/active", "tty0 ttyS0\n");
	g_free(machine->host->cmdline);
	machine->host->cmdline = g_strdup("console=tty0 landfall.events=ttyS1");
	machine->events = lf_report_open(machine->host);
	return machine;
}

static void machine_free(Machine *machine)
{
	lf_events_free(machine->events);
	lf_host_free(machine->host);
	lf_test_dir_remove(machine->dir);
	g_free(machine);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Machine, machine_free)

static char *get(const Machine *machine, const char *path)
{
	return lf_read_text_at(machine->host->root_fd, path, 65536, NULL);
}

static void fail_with(Machine *machine, LfErrorCode code)
{
	g_autoptr(GError) cause = g_error_new(LF_ERROR, (int)code, "what went wrong");

	lf_report_failed(machine->events, cause,
			 lf_report_next(machine->events, machine->host, cause), NULL);
}

// The `next` of the last event on ttyS1.
static char *told_next(const Machine *machine)
{
	g_autofree char *text = get(machine, "dev/ttyS1");
	const char *line = strrchr(text, '\n');
	g_autoptr(GError) error = NULL;
	g_autoptr(json_t) event = NULL;

	line = line ? line + 1 : text;
	event = lf_json_parse(line, strlen(line), "event", &error);
	assert_ok(event != NULL, error);
	return g_strdup(json_string_value(json_object_get(event, "next")));
}

static void the_report_says_what_init_will_do(void **state)
{
	static const struct {
		LfErrorCode code;
		LfOnFailure wish;
		int64_t retries;
		const char *attempt;
		const char *next;
	} rows[] = {
		// What the class says.
		{ LF_ERROR_INPUT, LF_ONFAILURE_DEFAULT, -1, "1 0", "retry" },
		{ LF_ERROR_INPUT, LF_ONFAILURE_DEFAULT, -1, "4 0", "poweroff" },
		{ LF_ERROR_IO, LF_ONFAILURE_DEFAULT, -1, "1 0", "retry" },
		{ LF_ERROR_IO, LF_ONFAILURE_DEFAULT, -1, "3 0", "retry" },
		{ LF_ERROR_IO, LF_ONFAILURE_DEFAULT, -1, "4 0", "poweroff" },
		{ LF_ERROR_NETWORK, LF_ONFAILURE_DEFAULT, -1, "1000 0", "retry" },
		// The profile's wish.
		{ LF_ERROR_INPUT, LF_ONFAILURE_REBOOT, -1, "4 0", "reboot" },
		{ LF_ERROR_INPUT, LF_ONFAILURE_REBOOT, 5, "5 0", "retry" },
		{ LF_ERROR_INPUT, LF_ONFAILURE_REBOOT, 0, "1 0", "reboot" },
		{ LF_ERROR_IO, LF_ONFAILURE_POWEROFF, 0, "1 0", "poweroff" },
		{ LF_ERROR_IO, LF_ONFAILURE_DEFAULT, 1, "2 0", "poweroff" },
		{ LF_ERROR_IO, LF_ONFAILURE_REBOOT, 1, "1 0", "retry" },
		{ LF_ERROR_NETWORK, LF_ONFAILURE_REBOOT, 2, "3 0", "reboot" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(Machine) machine = machine_new();
		g_autoptr(LfProfile) profile = lf_profile_new();
		g_autofree char *next = NULL;

		profile->onfailure = rows[i].wish;
		profile->onfailure_retries = rows[i].retries;
		put(machine, LF_RUN_ATTEMPT, rows[i].attempt);
		lf_report_wish(machine->events, machine->host, profile);
		fail_with(machine, rows[i].code);
		next = told_next(machine);
		assert_string_equal(next, rows[i].next);
		assert_null(get(machine, LF_RUN_FINISH));
	}
}

static void without_a_profile_class_and_command_line_decide(void **state)
{
	g_autoptr(Machine) machine = machine_new();
	g_autofree char *first = NULL;
	g_autofree char *second = NULL;

	put(machine, LF_RUN_ATTEMPT, "4 0");
	fail_with(machine, LF_ERROR_INPUT);
	first = told_next(machine);
	assert_string_equal(first, "poweroff");
	g_free(machine->host->cmdline);
	machine->host->cmdline = g_strdup("landfall.onfailure=halt");
	fail_with(machine, LF_ERROR_INPUT);
	second = told_next(machine);
	assert_string_equal(second, "halt");
}

static void the_profiles_wish_goes_before_the_command_lines(void **state)
{
	g_autoptr(Machine) machine = machine_new();
	g_autoptr(LfProfile) profile = lf_profile_new();
	g_autofree char *next = NULL;

	g_free(machine->host->cmdline);
	machine->host->cmdline = g_strdup("landfall.onfailure=halt");
	profile->onfailure = LF_ONFAILURE_REBOOT;
	lf_report_wish(machine->events, machine->host, profile);
	put(machine, LF_RUN_ATTEMPT, "4 0");
	fail_with(machine, LF_ERROR_INPUT);
	next = told_next(machine);
	assert_string_equal(next, "reboot");
}

static void a_failure_is_on_every_console_and_in_the_log(void **state)
{
	g_autoptr(Machine) machine = machine_new();
	static const char *const places[] = { "dev/tty0", "dev/ttyS0", "dev/ttyS1", LF_EVENTS_LOG };

	fail_with(machine, LF_ERROR_TARGET);
	for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
		g_autofree char *text = get(machine, places[i]);

		assert_contains(text, "what went wrong");
	}
	assert_null(get(machine, LF_RUN_FINISH));
}

static void events_are_json_where_asked(void **state)
{
	g_autoptr(Machine) machine = machine_new();
	g_autofree char *text = NULL;
	g_autoptr(json_t) event = NULL;
	g_autoptr(GError) error = NULL;

	fail_with(machine, LF_ERROR_TARGET);
	text = get(machine, "dev/ttyS1");
	event = lf_json_parse(text, strlen(text), "event", &error);
	assert_ok(event != NULL, error);
	assert_string_equal(json_string_value(json_object_get(event, "step")), "install");
	assert_string_equal(json_string_value(json_object_get(event, "state")), "failed");
	assert_string_equal(json_string_value(json_object_get(event, "next")), "retry");
}

static void the_profiles_wish_is_there_before_anything_fails(void **state)
{
	static const struct {
		LfOnFailure action;
		int64_t retries;
		const char *text;
	} rows[] = {
		{ LF_ONFAILURE_REBOOT, 3, "reboot retry=3" },
		{ LF_ONFAILURE_POWEROFF, -1, "poweroff" },
		{ LF_ONFAILURE_POWEROFF, 0, "poweroff retry=0" },
		{ LF_ONFAILURE_DEFAULT, -1, "" },
	};
	g_autoptr(Machine) machine = machine_new();
	g_autoptr(LfProfile) profile = lf_profile_new();

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = NULL;

		profile->onfailure = rows[i].action;
		profile->onfailure_retries = rows[i].retries;
		lf_report_wish(machine->events, machine->host, profile);
		text = get(machine, LF_RUN_ONFAILURE);
		assert_string_equal(text, rows[i].text);
	}
}

static void where_no_init_works_nothing_is_left_for_it(void **state)
{
	g_autoptr(Machine) machine = machine_new();
	g_autoptr(LfProfile) profile = lf_profile_new();

	assert_int_equal(unlinkat(machine->host->root_fd, LF_RUN_INIT, 0), 0);
	profile->onfailure = LF_ONFAILURE_REBOOT;
	lf_report_wish(machine->events, machine->host, profile);
	assert_null(get(machine, LF_RUN_ONFAILURE));
}

// What the report says of a TPM of this version, with a root that it unlocks or a passphrase does.
static char *told_tpm(const char *version, bool unlocks_root)
{
	g_autoptr(LfProfile) profile = lf_test_profile();
	g_autoptr(LfFacts) facts = lf_test_facts();
	LfPart *root = profile->parts->pdata[0];
	g_autoptr(GError) error = NULL;
	g_autoptr(LfPlan) plan = NULL;
	g_autoptr(json_t) data = NULL;

	lf_test_disk(facts, "vda", 20 * TEST_GIB);
	lf_test_set(&facts->tpm_version, version);
	lf_test_set(&facts->tpm_device, version ? "/dev/tpmrm0" : NULL);
	lf_test_encrypt(profile);
	profile->unlock.wants_tpm2 = unlocks_root;
	root->encryption.passphrase = lf_secret_new_text("open sesame");
	plan = lf_plan_make(profile, facts, &error);
	assert_ok(plan != NULL, error);
	data = lf_report_plan(plan, facts);
	return lf_json_print(json_object_get(data, "tpm"), false);
}

static void the_final_report_tells_what_the_tpm_does(void **state)
{
	static const struct {
		const char *version;
		bool unlocks_root;
		const char *json;
	} rows[] = {
		{ "2", true,
		  "{\"present\":true,\"version\":\"2\",\"device\":\"/dev/tpmrm0\","
		  "\"unlocks_root\":true}" },
		{ "1.2", false,
		  "{\"present\":true,\"version\":\"1.2\",\"device\":\"/dev/tpmrm0\","
		  "\"unlocks_root\":false}" },
		{ NULL, false, "{\"present\":false,\"unlocks_root\":false}" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = told_tpm(rows[i].version, rows[i].unlocks_root);

		assert_string_equal(text, rows[i].json);
	}
}

static void a_good_end_leaves_the_plans_instruction(void **state)
{
	g_autoptr(Machine) machine = machine_new();
	LfPlan plan = { .finish = LF_FINISH_REBOOT, .is_eject = true };
	g_autofree char *finish = NULL;

	lf_report_done(machine->events, machine->host, &plan, NULL);
	finish = get(machine, LF_RUN_FINISH);
	assert_string_equal(finish, "reboot eject");
}

static void a_debug_shell_shows_in_every_report(void **state)
{
	g_autoptr(Machine) machine = machine_new();
	g_autofree char *text = NULL;

	g_free(machine->host->cmdline);
	machine->host->cmdline = g_strdup("landfall.debug=1 landfall.events=ttyS1");
	lf_events_free(machine->events);
	machine->events = lf_report_open(machine->host);
	fail_with(machine, LF_ERROR_IO);
	text = get(machine, "dev/ttyS1");
	assert_contains(text, "debug shell enabled");
}

static void an_ssh_server_shows_in_every_report(void **state)
{
	g_autoptr(Machine) machine = machine_new();
	g_autofree char *text = NULL;

	put(machine, LF_SEED_KEYS, "ssh-ed25519 AAAA\n");
	g_free(machine->host->cmdline);
	machine->host->cmdline = g_strdup("landfall.events=ttyS1");
	lf_events_free(machine->events);
	machine->events = lf_report_open(machine->host);
	fail_with(machine, LF_ERROR_IO);
	text = get(machine, "dev/ttyS1");
	assert_contains(text, "ssh server enabled");
}

static void what_a_killed_start_could_not_say_is_told_by_the_next(void **state)
{
	static const struct {
		const char *last;
		const char *step; /* NULL: nothing is told */
		const char *message;
	} rows[] = {
		{ "class=network signal=9 hung=payload.pull", "\"payload.pull\"", "\"network\"" },
		{ "class=internal signal=9 hung=disk.sync", "\"disk.sync\"", "longer than" },
		{ "class=internal signal=11", "\"install\"", "signal 11" },
		{ "class=io signal=9 hung=disk.sync stuck=1", "\"disk.sync\"", "does not answer" },
		{ "class=network status=6", NULL, NULL },
		{ "", NULL, NULL },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(Machine) machine = machine_new();
		g_autofree char *text = NULL;

		g_free(machine->host->cmdline);
		machine->host->cmdline = g_strdup("landfall.events=ttyS1");
		lf_events_free(machine->events);
		machine->events = lf_report_open(machine->host);
		put(machine, LF_RUN_LAST, rows[i].last);
		lf_report_last(machine->events, machine->host);
		text = get(machine, "dev/ttyS1");
		if (!rows[i].step) {
			assert_string_equal(text, "");
			continue;
		}
		assert_contains(text, rows[i].step);
		assert_contains(text, rows[i].message);
	}
}

static void the_start_after_the_last_crash_only_reports_it(void **state)
{
	static const struct {
		const char *last, *attempt, *wish;
		bool is_farewell;
	} rows[] = {
		{ "class=internal signal=11", "5 0", "", true },
		{ "class=internal signal=11", "4 0", "", false },
		{ "class=internal signal=11", "9 5", "", false },
		{ "class=internal signal=11", "10 5", "", true },
		{ "class=internal signal=11", "2 0", "reboot retry=0", true },
		{ "class=network signal=9 hung=payload.pull", "1000 998", "", false },
		{ "class=internal status=8", "5 0", "", false },
		{ "class=io signal=9 hung=disk.sync stuck=1", "2 0", "", true },
		{ "class=io signal=9 hung=disk.sync stuck=1", "2 0", "retry=9", true },
		{ "class=internal signal=11", "1 0", "retry=0", false },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(Machine) machine = machine_new();

		put(machine, LF_RUN_LAST, rows[i].last);
		put(machine, LF_RUN_ATTEMPT, rows[i].attempt);
		put(machine, LF_RUN_ONFAILURE, rows[i].wish);
		assert_int_equal(lf_report_is_farewell(machine->host), rows[i].is_farewell);
	}
}

static void nothing_follows_a_device_that_does_not_answer(void **state)
{
	g_autoptr(Machine) machine = machine_new();
	g_autoptr(GError) cause = NULL;

	put(machine, LF_RUN_LAST, "class=io signal=9 hung=disk.sync stuck=1");
	put(machine, LF_RUN_ATTEMPT, "2 0");
	cause = lf_report_last_cause(machine->host, NULL);
	assert_true(g_error_matches(cause, LF_ERROR, LF_ERROR_IO));
	assert_string_equal(lf_report_next(machine->events, machine->host, cause), "poweroff");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(the_report_says_what_init_will_do),
		LF_TEST(without_a_profile_class_and_command_line_decide),
		LF_TEST(the_profiles_wish_goes_before_the_command_lines),
		LF_TEST(a_failure_is_on_every_console_and_in_the_log),
		LF_TEST(events_are_json_where_asked),
		LF_TEST(the_profiles_wish_is_there_before_anything_fails),
		LF_TEST(where_no_init_works_nothing_is_left_for_it),
		LF_TEST(the_final_report_tells_what_the_tpm_does),
		LF_TEST(a_good_end_leaves_the_plans_instruction),
		LF_TEST(a_debug_shell_shows_in_every_report),
		LF_TEST(an_ssh_server_shows_in_every_report),
		LF_TEST(what_a_killed_start_could_not_say_is_told_by_the_next),
		LF_TEST(the_start_after_the_last_crash_only_reports_it),
		LF_TEST(nothing_follows_a_device_that_does_not_answer),
	};

	return LF_TEST_MAIN(tests);
}
