// The table of steps and the runner: order, events, and giving everything back.
// Not here: what a step does (one file per effect).
#include "installer/apply/apply.h"

#include "installer/plan/deadline.h"
#include "installer/plan/text.h"

static bool has_luks(const LfPlan *plan)
{
	for (guint i = 0; i < plan->partitions->len; i++)
		if (((LfPlanPartition *)g_ptr_array_index(plan->partitions, i))->luks)
			return true;
	return false;
}

static bool has_script(const LfPlan *plan, LfScriptKind kind)
{
	for (guint i = 0; i < plan->profile->scripts->len; i++)
		if (((LfScript *)g_ptr_array_index(plan->profile->scripts, i))->kind == kind)
			return true;
	return false;
}

static bool has_pre_install(const LfPlan *plan)
{
	return has_script(plan, LF_SCRIPT_PRE_INSTALL);
}

static bool has_post(const LfPlan *plan)
{
	return has_script(plan, LF_SCRIPT_POST);
}

static bool has_services(const LfPlan *plan)
{
	return *plan->profile->services_enabled || *plan->profile->services_disabled;
}

// The pull is where the time goes. The boot entry is last: nothing half-made boots.
static const LfStep steps[LF_STEPS] = {
	[LF_STEP_CHECK_DISK] = { "check.disk", "lock the disk", 1, false, NULL },
	[LF_STEP_CHECK_TOOLS] = { "check.tools", "find programs and drivers", 1, false, NULL },
	[LF_STEP_CHECK_PAYLOAD] = { "check.payload", "look into the payload", 1, false, NULL },
	[LF_STEP_CHECK_KEYS] = { "check.keys", "ask TPM and certificate", 1, false, has_luks },
	[LF_STEP_WIPE] = { "disk.wipe", "wipe old signatures", 1, true, NULL },
	[LF_STEP_TABLE] = { "disk.table", "write the partition table", 1, true, NULL },
	[LF_STEP_ENCRYPT] = { "disk.encrypt", "create encrypted volumes", 2, true, has_luks },
	[LF_STEP_ENROLL] = { "keys.enroll", "enrol keys", 4, true, has_luks },
	[LF_STEP_FORMAT] = { "disk.format", "create file systems", 2, true, NULL },
	[LF_STEP_MOUNT] = { "disk.mount", "mount the target", 1, true, NULL },
	[LF_STEP_PRE_INSTALL] = { "script.pre-install", "run %pre-install", 1, true,
				  has_pre_install },
	[LF_STEP_SYSROOT] = { "payload.prepare", "prepare the OSTree root", 1, true, NULL },
	[LF_STEP_PULL] = { "payload.pull", "copy the system", 25, true, NULL },
	[LF_STEP_DEPLOY] = { "payload.deploy", "deploy the system", 8, true, NULL },
	[LF_STEP_CONFIGURE] = { "system.configure", "configure the system", 1, true, NULL },
	[LF_STEP_ACCOUNTS] = { "system.accounts", "create accounts", 1, true, NULL },
	[LF_STEP_SERVICES] = { "system.services", "choose services", 1, true, has_services },
	[LF_STEP_POST] = { "script.post", "run %post", 2, true, has_post },
	[LF_STEP_SEAL] = { "keys.seal", "remove the temporary key", 1, true, has_luks },
	[LF_STEP_RECORD] = { "system.record", "keep plan and log", 1, true, NULL },
	[LF_STEP_SYNC] = { "disk.sync", "write everything out", 3, true, NULL },
	[LF_STEP_VERIFY] = { "disk.verify", "verify what was written", 1, true, NULL },
	[LF_STEP_BOOT_FILES] = { "boot.files", "write the boot loader", 1, true, NULL },
	[LF_STEP_CLOSE] = { "disk.close", "unmount and close", 1, true, NULL },
	[LF_STEP_BOOT_ENTRY] = { "boot.entry", "write the firmware's boot entry", 1, true, NULL },
};

const LfStep *lf_apply_step(LfStepKind kind)
{
	return &steps[kind];
}

static bool is_wanted(const LfStep *step, const LfPlan *plan)
{
	return !step->is_wanted || step->is_wanted(plan);
}

static unsigned total_weight(const LfPlan *plan)
{
	unsigned total = 0;

	for (size_t i = 0; i < LF_STEPS; i++)
		total += is_wanted(&steps[i], plan) ? steps[i].weight : 0;
	return total;
}

static unsigned begin_watch(LfInstall *install, const char *id)
{
	unsigned deadline_s = lf_deadline_s(install->plan, id);

	if (install->watch)
		install->watch(id, deadline_s, install->watch_data);
	return deadline_s;
}

static void end_watch(LfInstall *install, const char *id)
{
	if (install->watch)
		install->watch(id, 0, install->watch_data);
}

static void emit_started(LfInstall *install, const LfStep *step, unsigned deadline_s)
{
	g_autoptr(json_t) data = json_object();
	LfEvent event = {
		.step = step->id, .state = LF_EVENT_STARTED, .title = step->title, .data = data
	};

	lf_json_set_uint(data, "deadline_s", deadline_s);
	lf_events_emit(install->events, &event);
}

static void emit_done(LfInstall *install, const LfStep *step, gint64 started_us, unsigned percent)
{
	g_autoptr(json_t) data = json_object();
	uint64_t spent_ms = (uint64_t)(g_get_monotonic_time() - started_us) / 1000;
	LfEvent event = {
		.step = step->id, .state = LF_EVENT_DONE, .title = step->title, .data = data
	};
	json_t *durations = json_object_get(install->report, "durations_ms");

	lf_json_set_uint(data, "duration_ms", spent_ms);
	lf_json_set_uint(data, "percent", percent);
	if (durations)
		lf_json_set_uint(durations, step->id, spent_ms);
	lf_events_emit(install->events, &event);
}

static bool run_step(LfInstall *install, LfEffect effect, const LfStep *step, unsigned percent,
		     GError **error)
{
	gint64 started_us = g_get_monotonic_time();
	LfEvent failed = { .step = step->id, .state = LF_EVENT_FAILED, .title = step->title };
	g_autoptr(GError) local = NULL;
	bool is_ok;

	emit_started(install, step, begin_watch(install, step->id));
	is_ok = effect(install, &local);
	end_watch(install, step->id);
	if (is_ok) {
		emit_done(install, step, started_us, percent);
		return true;
	}
	failed.error = local;
	lf_events_emit(install->events, &failed);
	g_propagate_error(error, g_steal_pointer(&local));
	return false;
}

static bool run_steps(LfInstall *install, const LfEffects *effects, GError **error)
{
	unsigned total = total_weight(install->plan);
	unsigned done = 0;

	for (size_t i = 0; i < LF_STEPS; i++) {
		if (!is_wanted(&steps[i], install->plan))
			continue;
		done += steps[i].weight;
		if (!run_step(install, effects->run[i], &steps[i], done * 100 / total, error))
			return false;
	}
	return true;
}

static void give_back(LfInstall *install)
{
	g_autoptr(GError) local = NULL;

	begin_watch(install, "install.release");
	if (!lf_scope_unwind(install->held, 0, &local))
		lf_events_note(install->events, "install", "%s", local->message);
	end_watch(install, "install.release");
}

bool lf_apply(LfInstall *install, const LfEffects *effects, GError **error)
{
	g_autoptr(GError) local = NULL;

	lf_json_set(install->report, "durations_ms", json_object());
	if (run_steps(install, effects, &local)) {
		install->is_whole = true;
		give_back(install);
		return true;
	}
	begin_watch(install, "script.onerror");
	if (effects->failed)
		effects->failed(install, local);
	give_back(install);
	g_propagate_error(error, g_steal_pointer(&local));
	return false;
}

char *lf_apply_describe(const LfPlan *plan)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (size_t i = 0; i < LF_STEPS; i++) {
		g_autofree char *most = lf_duration_text(lf_deadline_s(plan, steps[i].id));

		if (is_wanted(&steps[i], plan))
			g_string_append_printf(text, "%c %-18s %-31s  at most %s\n",
					       steps[i].destroys ? '*' : ' ', steps[i].id,
					       steps[i].title, most);
	}
	return g_string_free(g_steal_pointer(&text), FALSE);
}
