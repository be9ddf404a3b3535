// The runner: order of the steps, what happens after a failure at any of them, giving back.
#include <string.h>

#include "installer/apply/apply.h"
#include "installer/plan/deadline.h"
#include "tests/unit/test.h"

/** What the recorders share; tests run one after the other. */
static struct {
	GString *calls; /* one word a call */
	int fail_at;	/* LfStepKind; LF_STEPS: nowhere */
	int fail_release_of;
	LfErrorCode code;
	char *cause;
	bool was_whole;
} record;

typedef struct {
	LfProfile *profile;
	LfPlan *plan;
	LfFacts *facts;
	LfEvents *events;
	LfInstall *install;
} Bench;

static bool release(void *object, GError **error)
{
	int kind = GPOINTER_TO_INT(object);

	g_string_append_printf(record.calls, "-%s ", lf_apply_step((LfStepKind)kind)->id);
	if (kind == record.fail_release_of)
		return lf_throw(error, LF_ERROR_IO, "stuck");
	return true;
}

static bool recorded(LfInstall *install, int kind, GError **error)
{
	g_string_append_printf(record.calls, "%s ", lf_apply_step((LfStepKind)kind)->id);
	lf_scope_push(install->held, release, GINT_TO_POINTER(kind), "%s",
		      lf_apply_step((LfStepKind)kind)->id);
	if (kind == record.fail_at)
		return lf_throw(error, record.code, "step %d broke", kind);
	return true;
}

#define RECORDER(kind)                                                                             \
	static bool record_##kind(LfInstall *install, GError **error)                              \
	{                                                                                          \
		return recorded(install, kind, error);                                             \
	}
#define ALL_STEPS(X)                                                                               \
	X(LF_STEP_CHECK_DISK)                                                                      \
	X(LF_STEP_CHECK_TOOLS)                                                                     \
	X(LF_STEP_CHECK_PAYLOAD)                                                                   \
	X(LF_STEP_CHECK_KEYS)                                                                      \
	X(LF_STEP_WIPE)                                                                            \
	X(LF_STEP_TABLE)                                                                           \
	X(LF_STEP_ENCRYPT)                                                                         \
	X(LF_STEP_ENROLL)                                                                          \
	X(LF_STEP_FORMAT)                                                                          \
	X(LF_STEP_MOUNT)                                                                           \
	X(LF_STEP_PRE_INSTALL)                                                                     \
	X(LF_STEP_SYSROOT)                                                                         \
	X(LF_STEP_PULL)                                                                            \
	X(LF_STEP_DEPLOY)                                                                          \
	X(LF_STEP_CONFIGURE)                                                                       \
	X(LF_STEP_ACCOUNTS)                                                                        \
	X(LF_STEP_SERVICES)                                                                        \
	X(LF_STEP_POST)                                                                            \
	X(LF_STEP_SEAL)                                                                            \
	X(LF_STEP_RECORD)                                                                          \
	X(LF_STEP_SYNC)                                                                            \
	X(LF_STEP_VERIFY)                                                                          \
	X(LF_STEP_BOOT_FILES)                                                                      \
	X(LF_STEP_CLOSE)                                                                           \
	X(LF_STEP_BOOT_ENTRY)
ALL_STEPS(RECORDER)

static void on_failed(LfInstall *install, const GError *cause)
{
	g_string_append(record.calls, "onerror ");
	record.cause = g_strdup(cause->message);
	record.was_whole = install->is_whole;
}

#define ROW(kind) [kind] = record_##kind,
static const LfEffects recorders = { .run = { ALL_STEPS(ROW) }, .failed = on_failed };

static uint64_t no_clock(void)
{
	return 0;
}

static void add_script(LfProfile *profile, LfScriptKind kind)
{
	LfScript *script = g_new0(LfScript, 1);

	script->kind = kind;
	script->body = g_strdup("true\n");
	g_ptr_array_add(profile->scripts, script);
}

// A plan in which every step is wanted.
static LfPlan *full_plan(const LfProfile *profile)
{
	LfPlan *plan = g_new0(LfPlan, 1);
	LfPlanPartition *partition = g_new0(LfPlanPartition, 1);

	partition->luks = g_new0(LfPlanLuks, 1);
	plan->partitions = g_ptr_array_new();
	plan->profile = profile;
	g_ptr_array_add(plan->partitions, partition);
	return plan;
}

static Bench *bench_new(void)
{
	Bench *bench = g_new0(Bench, 1);

	record.calls = g_string_new(NULL);
	record.fail_at = record.fail_release_of = LF_STEPS;
	record.code = LF_ERROR_IO;
	record.cause = NULL;
	bench->profile = lf_profile_new();
	add_script(bench->profile, LF_SCRIPT_PRE_INSTALL);
	add_script(bench->profile, LF_SCRIPT_POST);
	g_strfreev(bench->profile->services_enabled);
	bench->profile->services_enabled = g_strsplit("ssh", ",", -1);
	bench->plan = full_plan(bench->profile);
	bench->facts = lf_facts_new();
	bench->events = lf_events_new(no_clock);
	bench->install = lf_install_new(bench->plan, bench->facts, bench->events);
	return bench;
}

static void bench_free(Bench *bench)
{
	LfPlanPartition *partition = g_ptr_array_index(bench->plan->partitions, 0);

	lf_install_free(bench->install);
	lf_events_free(bench->events);
	lf_facts_free(bench->facts);
	g_free(partition->luks);
	g_free(partition);
	g_ptr_array_unref(bench->plan->partitions);
	g_free(bench->plan);
	lf_profile_free(bench->profile);
	g_string_free(record.calls, TRUE);
	g_free(record.cause);
	g_free(bench);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bench, bench_free)

static char *expected(int last, const char *between)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (int i = 0; i <= last; i++)
		g_string_append_printf(text, "%s ", lf_apply_step((LfStepKind)i)->id);
	g_string_append(text, between);
	for (int i = last; i >= 0; i--)
		g_string_append_printf(text, "-%s ", lf_apply_step((LfStepKind)i)->id);
	return g_string_free(g_steal_pointer(&text), FALSE);
}

static void all_steps_run_in_order_and_everything_is_given_back(void **state)
{
	g_autoptr(Bench) bench = bench_new();
	g_autofree char *calls = expected(LF_STEPS - 1, "");
	g_autoptr(GError) error = NULL;

	assert_ok(lf_apply(bench->install, &recorders, &error), error);
	assert_string_equal(record.calls->str, calls);
	assert_true(bench->install->is_whole);
}

static void a_failure_at_any_step_ends_there_and_undoes_in_reverse(void **state)
{
	for (int step = 0; step < LF_STEPS; step++) {
		g_autoptr(Bench) bench = bench_new();
		g_autofree char *calls = expected(step, "onerror ");
		g_autofree char *text = g_strdup_printf("step %d broke", step);
		g_autoptr(GError) error = NULL;

		record.fail_at = step;
		assert_throws(lf_apply(bench->install, &recorders, &error), error, LF_ERROR_IO,
			      text);
		assert_string_equal(record.calls->str, calls);
		assert_string_equal(record.cause, text);
		assert_false(record.was_whole);
		assert_false(bench->install->is_whole);
	}
}

static void the_class_of_the_failed_step_is_kept(void **state)
{
	g_autoptr(Bench) bench = bench_new();
	g_autoptr(GError) error = NULL;

	record.fail_at = LF_STEP_PULL;
	record.code = LF_ERROR_TRUST;
	assert_throws(lf_apply(bench->install, &recorders, &error), error, LF_ERROR_TRUST, "broke");
}

static void a_thing_that_cannot_be_given_back_does_not_keep_the_rest(void **state)
{
	g_autoptr(Bench) bench = bench_new();
	g_autofree char *calls = expected(LF_STEP_DEPLOY, "onerror ");
	g_autoptr(GError) error = NULL;

	record.fail_at = LF_STEP_DEPLOY;
	record.fail_release_of = LF_STEP_MOUNT;
	assert_throws(lf_apply(bench->install, &recorders, &error), error, LF_ERROR_IO,
		      "step 13 broke");
	assert_string_equal(record.calls->str, calls);
}

static void steps_that_the_plan_does_not_ask_for_are_left_out(void **state)
{
	g_autoptr(Bench) bench = bench_new();
	LfPlanPartition *partition = g_ptr_array_index(bench->plan->partitions, 0);
	LfPlanLuks *luks = g_steal_pointer(&partition->luks);
	g_autoptr(GError) error = NULL;

	g_ptr_array_set_size(bench->profile->scripts, 0);
	g_clear_pointer(&bench->profile->services_enabled[0], g_free);
	assert_ok(lf_apply(bench->install, &recorders, &error), error);
	for (size_t i = 0; i < 7; i++) {
		static const char *const unwanted[] = { "check.keys",	      "disk.encrypt",
							"keys.enroll",	      "keys.seal",
							"script.pre-install", "script.post",
							"system.services" };

		assert_null(strstr(record.calls->str, unwanted[i]));
	}
	g_free(luks);
}

static void no_check_stands_behind_a_step_that_destroys(void **state)
{
	bool has_destroyed = false;

	for (int i = 0; i < LF_STEPS; i++) {
		const LfStep *step = lf_apply_step((LfStepKind)i);
		bool is_check = g_str_has_prefix(step->id, "check.");

		assert_int_equal(step->destroys, !is_check);
		assert_false(is_check && has_destroyed);
		has_destroyed = has_destroyed || step->destroys;
	}
}

static void firmware_finds_nothing_before_all_is_verified(void **state)
{
	assert_true(LF_STEP_BOOT_FILES > LF_STEP_VERIFY);
	assert_true(LF_STEP_VERIFY > LF_STEP_SYNC);
	assert_true(LF_STEP_SYNC > LF_STEP_POST);
	assert_true(LF_STEP_CLOSE > LF_STEP_BOOT_FILES);
	assert_int_equal(LF_STEP_BOOT_ENTRY, LF_STEPS - 1);
}

static void every_step_has_an_id_of_its_own_a_title_and_a_weight(void **state)
{
	for (int i = 0; i < LF_STEPS; i++) {
		const LfStep *step = lf_apply_step((LfStepKind)i);

		assert_non_null(step->id);
		assert_non_null(step->title);
		assert_true(step->weight > 0);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(step->id, lf_apply_step((LfStepKind)j)->id);
	}
}

static void the_dry_run_lists_the_steps_of_the_plan(void **state)
{
	g_autoptr(Bench) bench = bench_new();
	g_autofree char *text = lf_apply_describe(bench->plan);

	assert_contains(text, "  check.disk");
	assert_contains(text, "* disk.wipe");
	assert_contains(text, "* boot.entry");
	assert_contains(text, "keys.enroll");
	assert_contains(text, "write the partition table        at most 10 min\n");
}

static void record_watch(const char *step, unsigned deadline_s, void *user_data)
{
	g_string_append_printf(user_data, "%s=%u ", step, deadline_s);
}

static void every_step_has_a_deadline_that_ends_with_it(void **state)
{
	for (int fail_at = LF_STEP_POST; fail_at <= LF_STEPS; fail_at++) {
		g_autoptr(Bench) bench = bench_new();
		g_autoptr(GString) told = g_string_new(NULL);
		g_autoptr(GString) wanted = g_string_new(NULL);
		g_autoptr(GError) error = NULL;

		record.fail_at = fail_at;
		bench->install->watch = record_watch;
		bench->install->watch_data = told;
		assert_int_equal(lf_apply(bench->install, &recorders, &error), fail_at == LF_STEPS);
		for (int i = 0; i <= MIN(fail_at, LF_STEPS - 1); i++) {
			const char *id = lf_apply_step((LfStepKind)i)->id;

			assert_true(lf_deadline_is_known(id));
			g_string_append_printf(wanted, "%s=%u %s=0 ", id,
					       lf_deadline_s(bench->plan, id), id);
		}
		if (fail_at < LF_STEPS)
			g_string_append(wanted, "script.onerror=3600 ");
		g_string_append_printf(wanted, "install.release=%u install.release=0 ",
				       lf_deadline_s(bench->plan, "install.release"));
		assert_string_equal(told->str, wanted->str);
	}
}

static void durations_are_in_the_report(void **state)
{
	g_autoptr(Bench) bench = bench_new();
	g_autoptr(GError) error = NULL;
	json_t *durations;

	assert_ok(lf_apply(bench->install, &recorders, &error), error);
	durations = json_object_get(bench->install->report, "durations_ms");
	assert_int_equal(json_object_size(durations), LF_STEPS);
	assert_true(json_is_integer(json_object_get(durations, "payload.pull")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(all_steps_run_in_order_and_everything_is_given_back),
		LF_TEST(a_failure_at_any_step_ends_there_and_undoes_in_reverse),
		LF_TEST(the_class_of_the_failed_step_is_kept),
		LF_TEST(a_thing_that_cannot_be_given_back_does_not_keep_the_rest),
		LF_TEST(steps_that_the_plan_does_not_ask_for_are_left_out),
		LF_TEST(no_check_stands_behind_a_step_that_destroys),
		LF_TEST(firmware_finds_nothing_before_all_is_verified),
		LF_TEST(every_step_has_an_id_of_its_own_a_title_and_a_weight),
		LF_TEST(the_dry_run_lists_the_steps_of_the_plan),
		LF_TEST(every_step_has_a_deadline_that_ends_with_it),
		LF_TEST(durations_are_in_the_report),
	};

	return LF_TEST_MAIN(tests);
}
