// `landfall plan`: what an installation would do to a machine, without the machine.
// Not here: deciding it (installer/plan/).
#include <stdio.h>

#include "installer/plan/plan.h"
#include "ztp/cmd-load.h"
#include "ztp/verb.h"

static char *facts_path;
static gboolean is_json;

static const GOptionEntry options[] = {
	{ "facts", 0, 0, G_OPTION_ARG_FILENAME, &facts_path,
	  "The machine, as 'landfall-installer facts' prints it", "FILE" },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &is_json, "Print the plan as JSON", NULL },
	{ NULL },
};

/* Findings go to standard error, so that the plan alone is on standard output. */
static LfProfile *load_profile(const char *path, GError **error)
{
	g_autoptr(LfDiagnostics) diagnostics = lf_diagnostics_new();
	g_autoptr(GError) local = NULL;
	LfProfile *profile = lf_kickstart_load(path, diagnostics, &local);
	size_t errors = lf_diagnostics_count(diagnostics, LF_SEVERITY_ERROR);
	const LfDiagnostic *diagnostic;

	for (size_t i = 0; (diagnostic = lf_diagnostics_get(diagnostics, i)); i++) {
		g_autofree char *text = lf_diagnostic_text(diagnostic);

		fprintf(stderr, "%s\n", text);
	}
	if (!profile && errors > 0) {
		g_autofree char *shown = lf_kickstart_public_name(path);

		lf_throw(error, (LfErrorCode)local->code, "'%s' has %zu error%s", shown, errors,
			 errors == 1 ? "" : "s");
	} else if (!profile) {
		g_propagate_error(error, g_steal_pointer(&local));
	}
	return profile;
}

static LfFacts *load_facts(GError **error)
{
	g_autoptr(json_t) object = NULL;
	LfFacts *facts;

	if (!facts_path)
		return lf_throw_null(error, LF_ERROR_INPUT,
				     "which machine? add --facts=FILE, with what "
				     "'landfall-installer facts' prints there");
	object = lf_json_load(facts_path, error);
	// What the operator named is not there: the command line is wrong, not the machine.
	if (!object)
		lf_rethrow(error, LF_ERROR_INPUT);
	facts = object ? lf_facts_from_json(object, error) : NULL;
	if (!facts)
		lf_prefix(error, "facts '%s'", facts_path);
	return facts;
}

static void print_plan(const LfPlan *plan)
{
	g_autofree char *text = NULL;

	if (is_json) {
		g_autoptr(json_t) object = lf_plan_to_json(plan);

		text = lf_json_print(object, true);
	} else {
		text = lf_plan_describe(plan);
	}
	fputs(text, stdout);
}

static int run(char **args, GError **error)
{
	g_autoptr(LfProfile) profile = NULL;
	g_autoptr(LfFacts) facts = NULL;
	g_autoptr(LfPlan) plan = NULL;

	if (!args[0] || args[1])
		return lf_throw(error, LF_ERROR_INPUT,
				"name one kickstart file: landfall plan FILE --facts=FACTS");
	profile = load_profile(args[0], error);
	facts = profile ? load_facts(error) : NULL;
	plan = facts ? lf_plan_make(profile, facts, error) : NULL;
	if (plan)
		print_plan(plan);
	return 0;
}

const LfVerb lf_verb_plan = {
	.name = "plan",
	.arguments = "FILE",
	.summary = "print what an installation would do to a machine, and why",
	.description =
		"FILE is the kickstart, a path or a URL. Nothing is written anywhere; the "
		"same input\n"
		"gives the same plan.\n\n"
		"Exit status: 0 there is a plan, 2 the kickstart is wrong, 3 it asks for "
		"what is not\n"
		"supported, 4 the machine does not fit, 5 a certificate is wrong, 6 a server "
		"does not answer.",
	.options = options,
	.run = run,
};
