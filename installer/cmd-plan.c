// The verbs check and plan: what a kickstart says, and what an install would do here; nothing is
// written. Not here: plans for other machines (the operator's program `landfall`).
#include <stdio.h>

#include "installer/cmd.h"
#include "installer/medium.h"
#include "installer/sources.h"

static void print_findings(const LfDiagnostics *diagnostics)
{
	const LfDiagnostic *finding;

	for (size_t i = 0; (finding = lf_diagnostics_get(diagnostics, i)); i++) {
		g_autofree char *text = lf_diagnostic_text(finding);

		fprintf(stderr, "%s\n", text);
	}
}

static LfProfile *load(LfSources *sources, GError **error)
{
	g_autoptr(LfDiagnostics) diagnostics = lf_diagnostics_new();
	LfProfile *profile = lf_sources_profile(sources, LF_KICKSTART_WHOLE, diagnostics, error);

	print_findings(diagnostics);
	return profile;
}

int lf_cmd_check(const LfCmd *cmd, GError **error)
{
	g_autoptr(LfHost) host = lf_host_new(cmd->root, error);
	g_autoptr(LfSources) sources = NULL;
	g_autoptr(LfProfile) profile = NULL;

	if (!host)
		return 1;
	sources = lf_sources_new(host, cmd->args[0]);
	profile = load(sources, error);
	return profile ? 0 : 1;
}

bool lf_cmd_payload(const LfProfile *profile, const LfHost *host, LfFacts *facts, LfScope *held,
		    GError **error)
{
	g_autofree char *ref = lf_plan_ref(profile);
	g_autoptr(LfPayload) payload = NULL;

	if (!profile->ostree_url || !ref)
		return true;
	if (lf_medium_is_needed(profile->ostree_url) && !lf_medium_mount(host, held, error))
		return false;
	// A dry run needs the commit's facts; the install itself checks the signature.
	payload = lf_payload_open(profile->ostree_url, ref, NULL, error);
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
	g_autoptr(LfHost) host = lf_host_new(cmd->root, error);
	g_autoptr(LfScope) held = lf_scope_new();
	g_autoptr(LfSources) sources = NULL;
	g_autoptr(LfProfile) profile = NULL;
	g_autoptr(LfFacts) facts = NULL;
	g_autoptr(LfPlan) plan = NULL;

	if (!host)
		return 1;
	sources = lf_sources_new(host, cmd->args[0]);
	profile = load(sources, error);
	if (!profile)
		return 1;
	facts = lf_cmd_probe(cmd, host, error);
	if (!facts || !lf_cmd_payload(profile, host, facts, held, error))
		return 1;
	plan = lf_plan_make(profile, facts, error);
	if (!plan)
		return 1;
	print_plan(plan, cmd->is_json);
	return 0;
}
