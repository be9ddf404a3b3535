// The verbs check and plan: what a kickstart says, and what an install would do here; nothing is
// written. Not here: plans for other machines (the operator's program `landfall`).
#include <stdio.h>

#include "installer/cmd.h"
#include "installer/orders/medium.h"
#include "installer/orders/sources.h"

// Somebody waits for a dry run.
#define DRY_RUN_S 30

static void print_findings(const LfDiagnostics *diagnostics)
{
	size_t n = lf_diagnostics_count(diagnostics, LF_SEVERITY_ERROR) +
		   lf_diagnostics_count(diagnostics, LF_SEVERITY_WARNING);
	const LfDiagnostic *finding;
	size_t shown = 0;

	for (; (finding = lf_diagnostics_get(diagnostics, shown)); shown++) {
		g_autofree char *text = lf_diagnostic_text(finding);

		fprintf(stderr, "%s\n", text);
	}
	if (shown < n)
		fprintf(stderr, "… and %zu more\n", n - shown);
}

/* The error repeats the first finding: @error is set only when there is none.
 * Returns: 0 with a profile, else the exit status. */
static int load(LfSources *sources, LfProfile **ret_profile, GError **error)
{
	g_autoptr(LfDiagnostics) diagnostics = lf_diagnostics_new();
	g_autoptr(GError) local = NULL;
	int status;

	*ret_profile = lf_sources_profile(sources, LF_KICKSTART_WHOLE, diagnostics, &local);
	print_findings(diagnostics);
	if (*ret_profile)
		return 0;
	status = lf_error_class(local)->exit_status;
	if (lf_diagnostics_count(diagnostics, LF_SEVERITY_ERROR) == 0)
		g_propagate_error(error, g_steal_pointer(&local));
	return status;
}

int lf_cmd_check(const LfCmd *cmd, GError **error)
{
	g_autoptr(LfHost) host = lf_cmd_host(cmd, error);
	g_autoptr(LfAccess) access = NULL;
	g_autoptr(LfSources) sources = NULL;
	g_autoptr(LfProfile) profile = NULL;

	if (!host)
		return 1;
	access = lf_access_new(host);
	sources = lf_sources_new(host, cmd->args[0], access);
	return load(sources, &profile, error);
}

bool lf_cmd_payload(const LfProfile *profile, const LfHost *host, const LfAccess *access,
		    LfFacts *facts, LfScope *held, GError **error)
{
	g_autofree char *ref = lf_plan_ref(profile);
	g_autoptr(LfPayload) payload = NULL;
	// A dry run needs the commit's facts; the install itself checks the signature.
	const LfPayloadRequest request = { .url = profile->ostree_url,
					   .mirrors = (const char *const *)profile->mirrors,
					   .ref = ref,
					   .access = lf_access_http(access),
					   .give_up_s = DRY_RUN_S };

	if (!profile->ostree_url || !ref)
		return true;
	if (lf_medium_is_needed(profile->ostree_url) && !lf_medium_mount(host, held, error))
		return lf_prefix(error, "the facts of the payload '%s' are read on its medium",
				 profile->ostree_url);
	payload = lf_payload_open(&request, error);
	if (!payload)
		return false;
	facts->payload = lf_payload_facts(payload);
	return true;
}

static void print_plan(const LfPlan *plan, bool is_json)
{
	g_autoptr(json_t) object = lf_plan_to_json(plan);
	g_autofree char *text = is_json ? lf_json_print(object, true) : lf_plan_describe(plan);
	g_autofree char *steps = is_json ? NULL : lf_apply_describe(plan);

	fputs(text, stdout);
	if (steps)
		printf("\nsteps (* writes to the disk):\n%s", steps);
}

int lf_cmd_plan(const LfCmd *cmd, GError **error)
{
	g_autoptr(LfHost) host = lf_cmd_host(cmd, error);
	g_autoptr(LfScope) held = lf_scope_new();
	g_autoptr(LfAccess) access = NULL;
	g_autoptr(LfSources) sources = NULL;
	g_autoptr(LfProfile) profile = NULL;
	g_autoptr(LfFacts) facts = NULL;
	g_autoptr(LfPlan) plan = NULL;
	int status;

	if (!host)
		return 1;
	access = lf_access_new(host);
	sources = lf_sources_new(host, cmd->args[0], access);
	status = load(sources, &profile, error);
	if (!profile)
		return status;
	facts = lf_cmd_probe(cmd, host, error);
	if (!facts || !lf_cmd_payload(profile, host, access, facts, held, error))
		return 1;
	plan = lf_plan_make(profile, facts, error);
	if (!plan)
		return 1;
	print_plan(plan, cmd->is_json);
	return 0;
}
