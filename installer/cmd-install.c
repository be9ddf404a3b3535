// The verb install: sources, profile, facts, plan, apply, report, in this order.
// Not here: the steps that write (installer/apply).
#include <string.h>

#include "base/failure.h"
#include "base/runtime.h"
#include "installer/apply/leftovers.h"
#include "installer/apply/scripts.h"
#include "installer/apply/tools.h"
#include "installer/cards.h"
#include "installer/cmd.h"
#include "installer/delivery.h"
#include "installer/online.h"
#include "installer/orders/labelled.h"
#include "installer/orders/medium.h"
#include "installer/orders/sources.h"
#include "installer/persist.h"
#include "installer/plan/deadline.h"
#include "installer/probe/probe.h"
#include "installer/report/report.h"
#include "installer/watch.h"

#define KEYRING		   "/usr/share/landfall/keyring.gpg"
#define MEDIUM_REPO	   LF_MEDIUM "/repo"
#define DEVICES_TIMEOUT_MS 30000

/** What one run gathers on its way to the plan. */
typedef struct {
	const LfCmd *cmd;
	LfHost *host;
	LfEvents *events;
	LfDelivery *delivery;
	LfAccess *access;
	LfOnline *online;
	LfSources *sources;
	LfProfile *profile;
	LfScope *held;
	LfHttpLimit *limit;
	LfPayload *payload;
	LfFacts *facts;
	LfPlan *plan;
	LfInstall *install;
	LfWatch watch;
	bool has_run_onerror;
} Run;

static void run_clear(Run *run)
{
	lf_install_free(run->install);
	lf_delivery_free(run->delivery);
	lf_plan_free(run->plan);
	lf_facts_free(run->facts);
	lf_payload_free(run->payload);
	lf_http_limit_free(run->limit);
	lf_scope_free(run->held);
	lf_online_free(run->online);
	lf_profile_free(run->profile);
	lf_sources_free(run->sources);
	lf_access_free(run->access);
	if (run->watch.host)
		lf_watch_set("report.deliver", 0, &run->watch);
	lf_events_free(run->events);
	lf_host_free(run->host);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Run, run_clear)

static void tell_findings(const Run *run, const LfDiagnostics *diagnostics)
{
	const LfDiagnostic *finding;

	for (size_t i = 0; (finding = lf_diagnostics_get(diagnostics, i)); i++) {
		g_autofree char *text = lf_diagnostic_text(finding);

		lf_events_note(run->events, "profile.load", "%s", text);
	}
}

static void tell_kickstart(const Run *run)
{
	g_autofree char *text = lf_sources_describe(run->sources);

	lf_events_note(run->events, "profile.load", "%s", text);
}

// Errors are in the error already; warnings would be lost.
static bool load_profile(Run *run, LfKickstartPass pass, GError **error)
{
	g_autoptr(LfDiagnostics) diagnostics = lf_diagnostics_new();
	g_autoptr(LfProfile) former = NULL;
	LfProfile *profile = lf_sources_profile(run->sources, pass, diagnostics, error);

	if (pass == LF_KICKSTART_WHOLE || !profile)
		tell_findings(run, diagnostics);
	if (pass == LF_KICKSTART_WHOLE && profile)
		tell_kickstart(run);
	if (!profile)
		return false;
	lf_online_follow(run->online, profile);
	former = run->profile;
	run->profile = profile;
	// What %pre is still to make may say it too: then an earlier start's word stays.
	if (pass == LF_KICKSTART_WHOLE || profile->onfailure != LF_ONFAILURE_DEFAULT)
		lf_report_wish(run->events, run->host, profile);
	// So that a %pre script that fails, or a line that is wrong, is reported too.
	if (pass == LF_KICKSTART_WHOLE || profile->report_url)
		lf_delivery_start(run->delivery, profile, lf_access_http(run->access));
	return true;
}

static bool stage_access(Run *run, GError **error)
{
	return lf_access_check(run->access, error);
}

// A network that cannot be had now may not be needed: it is tried again when something needs it.
static bool start_network(Run *run, GError **error)
{
	g_autoptr(GError) local = NULL;

	if (lf_online_start(run->online, &local))
		return true;
	if (g_error_matches(local, LF_ERROR, LF_ERROR_NETWORK)) {
		lf_events_note(run->events, "network.start", "%s", local->message);
		return true;
	}
	g_propagate_error(error, g_steal_pointer(&local));
	return false;
}

// What is fetched waits for what it needs; here only for cards, as far as the wish names them.
static bool stage_network(Run *run, GError **error)
{
	if (!lf_sources_needs_network(run->sources) && !lf_online_is_told(run->online))
		return true;
	if (!start_network(run, error))
		return false;
	if (lf_sources_needs_mac(run->sources))
		lf_cards_await_mac(run->host);
	return true;
}

static bool follow_network(Run *run, GError **error)
{
	return !lf_online_is_wanted(run->profile) || start_network(run, error);
}

static bool stage_scripts(Run *run, GError **error)
{
	LfScriptPlace place = { NULL, "script.pre", LF_SCRIPT_DIR };

	return load_profile(run, LF_KICKSTART_SCRIPTS_ONLY, error) && follow_network(run, error) &&
	       lf_scripts_run(run->profile->scripts, LF_SCRIPT_PRE, &place, run->events, error);
}

static bool stage_profile(Run *run, GError **error)
{
	return load_profile(run, LF_KICKSTART_WHOLE, error) && follow_network(run, error);
}

static void *load_drivers(void *user_data)
{
	lf_tools_load_usual_drivers();
	return NULL;
}

static bool stage_devices(Run *run, GError **error)
{
	GThread *drivers = g_thread_new("drivers", load_drivers, NULL);
	g_autoptr(GError) local = NULL;

	// A device that never settles must not stop an install onto another one.
	if (!lf_host_wait_devices(run->host, DEVICES_TIMEOUT_MS, &local))
		lf_events_note(run->events, "devices.wait", "%s", local->message);
	g_thread_join(drivers);
	return true;
}

static bool stage_medium(Run *run, GError **error)
{
	return !lf_medium_is_needed(run->profile->ostree_url) ||
	       lf_medium_mount(run->host, run->held, error);
}

static void note_payload(const char *text, void *user_data)
{
	const Run *run = user_data;

	lf_events_note(run->events, "payload.open", "%s", text);
}

static bool reach_servers(const char *url, void *user_data, GError **error)
{
	const Run *run = user_data;

	return lf_access_open(run->access, url, error);
}

// A medium that holds most objects saves the network; one that cannot be read is missed by nobody.
static const char *find_medium_repo(Run *run)
{
	const char *url = run->profile->ostree_url;

	return url && !g_str_has_prefix(url, "file://") &&
			       lf_medium_mount_if_there(run->host, run->held) &&
			       g_file_test(MEDIUM_REPO, G_FILE_TEST_IS_DIR)
		       ? MEDIUM_REPO
		       : NULL;
}

static void limit_bandwidth(Run *run)
{
	if (run->profile->limit_bytes_per_s > 0 && !run->limit)
		run->limit = lf_http_limit_new(run->profile->limit_bytes_per_s);
	lf_access_set_limit(run->access, run->limit);
}

static bool stage_payload(Run *run, GError **error)
{
	const LfProfile *profile = run->profile;
	const char *persist = profile->ostree_url
				      ? lf_persist_mount(run->facts, profile->persist_label,
							 run->events, run->held)
				      : NULL;
	g_autofree char *prestaged = persist ? g_build_filename(persist, "repo", NULL) : NULL;
	g_autofree char *ref = lf_plan_ref(profile);
	const char *const caches[] = { find_medium_repo(run), NULL };
	const LfPayloadRequest request = {
		.url = profile->ostree_url,
		.mirrors = (const char *const *)profile->mirrors,
		.ref = ref,
		.keyring = profile->is_nogpg ? NULL : KEYRING,
		.access = lf_access_http(run->access),
		.prestaged =
			prestaged && g_file_test(prestaged, G_FILE_TEST_IS_DIR) ? prestaged : NULL,
		.caches = caches,
		// What was put here beforehand needs no server, unless it is damaged.
		.reach = reach_servers,
		.reach_data = run,
		.note = note_payload,
		.user_data = run,
	};

	if (!profile->ostree_url || !ref)
		return true;
	limit_bandwidth(run);
	if (profile->is_nogpg)
		lf_events_note(run->events, "payload.open",
			       "ostreesetup --nogpg: the payload's signature is not checked");
	run->payload = lf_payload_open(&request, error);
	if (!run->payload)
		return false;
	run->facts->payload = lf_payload_facts(run->payload);
	return true;
}

static bool stage_facts(Run *run, GError **error)
{
	run->facts = lf_cmd_probe(run->cmd, run->host, error);
	if (!run->facts)
		return false;
	lf_online_prefer(run->online, run->facts->nics);
	lf_report_source(run->events, run->host, run->facts);
	return true;
}

static void tell_plan(const Run *run)
{
	g_autofree char *text = lf_plan_describe(run->plan);

	lf_events_note(run->events, "plan.make", "%s", g_strchomp(text));
}

static bool stage_plan(Run *run, GError **error)
{
	run->plan = lf_plan_make(run->profile, run->facts, error);
	if (!run->plan)
		return false;
	tell_plan(run);
	return true;
}

// What happens before the steps of the plan, none of which writes to a disk. The payload is opened
// before the plan is made, so that a bad signature is not hidden behind a disk that does not fit.
static const struct {
	const char *id;
	const char *title;
	bool (*run)(Run *run, GError **error);
} stages[] = {
	{ "access.check", "check keys and certificates for servers", stage_access },
	{ "network.start", "start the network", stage_network },
	{ "devices.wait", "wait for devices", stage_devices },
	{ "script.pre", "run %pre", stage_scripts },
	{ "profile.load", "read the kickstart", stage_profile },
	{ "medium.mount", "find the medium", stage_medium },
	{ "facts.probe", "look at the machine", stage_facts },
	{ "payload.open", "find the payload, check its signature", stage_payload },
	{ "plan.make", "make the plan", stage_plan },
};

static bool run_stage(Run *run, size_t index, GError **error)
{
	const char *id = stages[index].id;
	unsigned deadline_s = lf_deadline_s(NULL, id);
	g_autoptr(json_t) data = json_object();
	LfEvent event = {
		.step = id, .state = LF_EVENT_STARTED, .title = stages[index].title, .data = data
	};
	g_autoptr(GError) local = NULL;

	lf_json_set_uint(data, "deadline_s", deadline_s);
	lf_events_emit(run->events, &event);
	lf_watch_set(id, deadline_s, &run->watch);
	event.state = stages[index].run(run, &local) ? LF_EVENT_DONE : LF_EVENT_FAILED;
	lf_online_try(run->online);
	lf_watch_set(id, 0, &run->watch);
	event.data = NULL;
	event.error = local;
	lf_events_emit(run->events, &event);
	if (!local)
		return true;
	g_propagate_error(error, g_steal_pointer(&local));
	return false;
}

// While the installed system can be looked into: what its local time is.
static bool keep(int root_fd, const json_t *report, void *user_data, GError **error)
{
	Run *run = user_data;

	lf_online_know_zone(run->online, root_fd);
	return lf_delivery_keep(root_fd, report, run->delivery, error);
}

static bool apply(Run *run, GError **error)
{
	LfInstall *install = lf_install_new(run->plan, run->facts, run->events);
	g_autofree char *log =
		g_strdup_printf("/proc/self/fd/%d/" LF_EVENTS_LOG, run->host->root_fd);
	g_autofree char *output =
		g_strdup_printf("/proc/self/fd/%d/" LF_RUN_LOG, run->host->root_fd);
	g_autoptr(json_t) data = lf_report_plan(run->plan, run->facts);

	run->install = install;
	lf_online_report(run->online, lf_delivery_data(run->delivery));
	json_object_update(install->report, data);
	install->payload = run->payload;
	install->access = lf_access_http(run->access);
	install->keyring = KEYRING;
	install->events_log = log;
	install->output_log = output;
	install->keep = keep;
	install->keep_data = run;
	install->load = lf_sources_file;
	install->load_data = run->sources;
	install->watch = lf_watch_set;
	install->watch_data = &run->watch;
	// From the first step on the runner calls %onerror itself, with the target still mounted.
	run->has_run_onerror = true;
	return lf_apply(install, run->cmd->effects, error);
}

static bool run_all(Run *run, GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(stages); i++)
		if (!run_stage(run, i, error))
			return false;
	return apply(run, error);
}

// Nothing is installed any more: who shall know is found out, and the cause is told as the end.
static bool say_farewell(Run *run, GError **error)
{
	g_autoptr(GError) local = NULL;

	lf_watch_set("profile.load", lf_deadline_s(NULL, "profile.load"), &run->watch);
	if (!load_profile(run, LF_KICKSTART_WHOLE, &local) || !follow_network(run, &local))
		lf_events_note(run->events, "profile.load", "%s", local->message);
	g_propagate_error(error, lf_report_last_cause(run->host, NULL));
	return false;
}

static void run_onerror(Run *run)
{
	LfScriptPlace place = { NULL, "script.onerror", LF_SCRIPT_DIR };
	g_autoptr(GError) local = NULL;

	if (run->has_run_onerror || !run->profile)
		return;
	lf_watch_set(place.event, lf_deadline_s(NULL, place.event), &run->watch);
	if (!lf_scripts_run(run->profile->scripts, LF_SCRIPT_ONERROR, &place, run->events, &local))
		lf_events_note(run->events, place.event, "%s", local->message);
	lf_watch_set(place.event, 0, &run->watch);
}

// A disk that hung once may hang again.
static void clear_leftovers(Run *run)
{
	static const char *const sources[] = { LF_MEDIUM, LF_PERSIST, LF_LABELLED, NULL };

	lf_watch_set("install.release", lf_deadline_s(NULL, "install.release"), &run->watch);
	lf_leftovers_clear(sources, run->events);
	lf_watch_set("install.release", 0, &run->watch);
}

static bool run_or_tell(Run *run, GError **error)
{
	if (lf_report_is_farewell(run->host))
		return say_farewell(run, error);
	if (lf_tries_load(run->host->root_fd).attempt > 1)
		clear_leftovers(run);
	return run_all(run, error);
}

// After a success, what the machine does next is written before the wait for a receiver.
static void watch_delivery(Run *run)
{
	lf_watch_set("report.deliver", lf_deadline_s(NULL, "report.deliver"), &run->watch);
}

static void begin(Run *run)
{
	LfEvent event = { .step = "install", .state = LF_EVENT_STARTED, .title = "install" };
	g_autoptr(LfFacts) identity = lf_probe_identity(run->host);
	g_autoptr(json_t) data = json_object();

	run->events = lf_report_open(run->host);
	run->watch = (LfWatch){ run->host, run->events };
	lf_access_mark(run->access, run->events);
	lf_report_source(run->events, run->host, identity);
	run->delivery = lf_delivery_new(run->host, run->events);
	run->online = lf_online_new(run->host, lf_access_http(run->access), run->events);
	lf_access_set_gate(run->access, lf_online_need, lf_online_again, run->online);
	lf_json_set_string(data, "version", LF_VERSION);
	lf_json_set_string(data, "kickstart", lf_sources_name(run->sources));
	event.data = data;
	lf_events_emit(run->events, &event);
	lf_report_last(run->events, run->host);
}

int lf_cmd_install(const LfCmd *cmd, GError **error)
{
	g_auto(Run) run = { .cmd = cmd };
	g_autoptr(GError) local = NULL;

	run.host = lf_cmd_host(cmd, error);
	if (!run.host)
		return 1;
	run.access = lf_access_new(run.host);
	run.sources = lf_sources_new(run.host, cmd->args[0], run.access);
	run.held = lf_scope_new();
	begin(&run);
	if (run_or_tell(&run, &local)) {
		lf_online_keep_time(run.online);
		watch_delivery(&run);
		lf_delivery_done(run.delivery, run.plan, run.install->report);
		return 0;
	}
	run_onerror(&run);
	watch_delivery(&run);
	lf_delivery_failed(run.delivery, local, run.install ? run.install->report : NULL);
	return lf_error_class(local)->exit_status;
}
