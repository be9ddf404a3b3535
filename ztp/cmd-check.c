// `landfall check`: all findings about kickstart files, for people or as JSON.
// Not here: finding them (kickstart/).
#include <stdio.h>
#include <string.h>

#include "ztp/cmd-load.h"
#include "ztp/verb.h"

#define STATUS_WARNINGS 1
#define STATUS_ERRORS	2

static char *format;
static gboolean is_json;
static gboolean is_strict;

static const GOptionEntry options[] = {
	{ "format", 0, 0, G_OPTION_ARG_STRING, &format,
	  "How to print findings: text or json (text)", "FORMAT" },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &is_json, "The same as --format=json", NULL },
	{ "strict", 0, 0, G_OPTION_ARG_NONE, &is_strict,
	  "End with status 1 when there are warnings", NULL },
	{ NULL },
};

/* What to do about a kickstart that could not even be read. */
static const char *advice_of(const char *path, const GError *error)
{
	if (!lf_kickstart_is_url(path))
		return "write the name of a kickstart file";
	if (g_error_matches(error, LF_ERROR, LF_ERROR_INPUT))
		return "write the https or http URL of a kickstart";
	return g_error_matches(error, LF_ERROR, LF_ERROR_NETWORK)
		       ? "check the URL, the network and the server, and try again"
		       : lf_error_class(error)->advice;
}

/* Returns: the exit status */
static int check_file(const char *path, LfDiagnostics *diagnostics)
{
	size_t errors = lf_diagnostics_count(diagnostics, LF_SEVERITY_ERROR);
	g_autoptr(GError) error = NULL;
	g_autoptr(LfProfile) profile = lf_kickstart_load(path, diagnostics, &error);
	g_autofree char *shown = lf_kickstart_public_name(path);
	LfPlace place = { g_intern_string(shown), 0, 0 };

	if (profile)
		lf_kickstart_check_disks(profile, shown, diagnostics);
	if (lf_diagnostics_count(diagnostics, LF_SEVERITY_ERROR) > errors)
		return STATUS_ERRORS;
	if (profile)
		return 0;
	lf_diagnostics_add(diagnostics, LF_SEVERITY_ERROR, &place, "unreadable",
			   advice_of(path, error), "%s", error->message);
	return lf_error_class(error)->exit_status;
}

/* Errors in a kickstart count more than one that cannot be reached. */
static int worse(int a, int b)
{
	return a == STATUS_ERRORS || b == 0 ? a : b;
}

static void print_text(const LfDiagnostics *diagnostics, size_t n_files)
{
	size_t errors = lf_diagnostics_count(diagnostics, LF_SEVERITY_ERROR);
	size_t warnings = lf_diagnostics_count(diagnostics, LF_SEVERITY_WARNING);
	const LfDiagnostic *diagnostic;
	size_t shown = 0;

	for (; (diagnostic = lf_diagnostics_get(diagnostics, shown)); shown++) {
		g_autofree char *text = lf_diagnostic_text(diagnostic);

		puts(text);
	}
	if (shown < errors + warnings)
		printf("… and %zu more\n", errors + warnings - shown);
	printf("%zu file%s, %zu error%s, %zu warning%s\n", n_files, n_files == 1 ? "" : "s", errors,
	       errors == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s");
}

static void print_json(const LfDiagnostics *diagnostics)
{
	g_autoptr(json_t) array = lf_diagnostics_to_json(diagnostics);
	g_autofree char *text = lf_json_print(array, true);

	fputs(text, stdout);
}

static bool read_format(GError **error)
{
	if (!format)
		return true;
	if (strcmp(format, "json") != 0 && (is_json || strcmp(format, "text") != 0))
		return lf_throw(error, LF_ERROR_INPUT, "--format=%s%s: write 'text' or 'json'",
				format, is_json ? " and --json" : "");
	is_json = is_json || strcmp(format, "json") == 0;
	return true;
}

static int run(char **args, GError **error)
{
	g_autoptr(LfDiagnostics) diagnostics = lf_diagnostics_new();
	int status = 0;

	if (!read_format(error))
		return 0;
	if (!args[0])
		return lf_throw(error, LF_ERROR_INPUT, "no file to check: landfall check FILE…");
	for (char **path = args; *path; path++)
		status = worse(status, check_file(*path, diagnostics));
	if (is_json)
		print_json(diagnostics);
	else
		print_text(diagnostics, g_strv_length(args));
	if (status != 0)
		return status;
	return is_strict && lf_diagnostics_count(diagnostics, LF_SEVERITY_WARNING) > 0
		       ? STATUS_WARNINGS
		       : 0;
}

const LfVerb lf_verb_check = {
	.name = "check",
	.arguments = "FILE…",
	.summary = "check kickstart files and tell all that is wrong with them",
	.description = "FILE is a path or a URL. Files that it includes are read too.\n\n"
		       "Each finding is a line 'file:line:column: error: what — what to write "
		       "instead', or an\n"
		       "object with file, line, column, severity, code, message and advice.\n\n"
		       "Exit status: 0 no errors, 1 warnings (with --strict), 2 errors. When a URL "
		       "could not be\nfetched, and no kickstart has errors: 5 a certificate is "
		       "wrong, 6 the server does not answer.",
	.options = options,
	.run = run,
};
