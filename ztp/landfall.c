// The operator's program: finds the verb, parses its options, tells what went wrong.
// Not here: the verbs (cmd-*.c), their table (verb.c).
#include <stdio.h>
#include <string.h>

#include "kickstart/near.h"
#include "ztp/verb.h"

static void print_help(FILE *out)
{
	fputs("Usage: landfall VERB [OPTION…] [ARGUMENT…]\n\n"
	      "Takes bare servers to an encrypted Debian with nobody on site.\n\n",
	      out);
	for (size_t i = 0; lf_verbs[i]; i++)
		fprintf(out, "  %-14s %s\n", lf_verbs[i]->name, lf_verbs[i]->summary);
	fputs("\n'landfall VERB --help' tells more about a verb, 'landfall --version' the "
	      "version.\n",
	      out);
}

static int fail(const GError *error)
{
	const LfErrorClass *class = lf_error_class(error);

	fprintf(stderr, "landfall: %s\n", error->message);
	return class->exit_status;
}

static bool throw_unknown(const char *name, GError **error)
{
	g_autofree char *advice = NULL;
	LfNear near;

	lf_near_init(&near, name);
	for (size_t i = 0; lf_verbs[i]; i++)
		lf_near_try(&near, lf_verbs[i]->name);
	advice = lf_near_advice(&near);
	return lf_throw(error, LF_ERROR_INPUT, "there is no verb '%s': %s", name,
			advice ? advice : "'landfall --help' lists them");
}

/* @args: the command line behind the program's name; owned, as GOption takes words out of it. */
static int run_verb(const LfVerb *verb, size_t words, char ***args, GError **error)
{
	g_autoptr(GOptionContext) context = lf_verb_context(verb);
	g_autofree char *name = g_strdup_printf("landfall %s", verb->name);
	char **line = *args;

	// GOption wants the program's name in front: that is the verb.
	for (size_t i = 0; i + 1 < words; i++)
		g_free(line[i]);
	memmove(line, line + words - 1, (g_strv_length(line + words - 1) + 1) * sizeof(char *));
	g_free(line[0]);
	line[0] = g_steal_pointer(&name);
	g_set_prgname(line[0]);
	if (!g_option_context_parse_strv(context, args, error)) {
		lf_rethrow(error, LF_ERROR_INPUT);
		return 0;
	}
	line = *args;
	if (line[1] && strcmp(line[1], "--") == 0)
		return verb->run(line + 2, error);
	return verb->run(line + 1, error);
}

// GLib would put '?' for every letter that a locale of C does not have.
static void print_as_it_is(const char *text)
{
	fputs(text, stdout);
}

int main(int argc, char **argv)
{
	g_auto(GStrv) args = g_strdupv(argc > 0 ? argv + 1 : argv);
	g_autoptr(GError) error = NULL;
	const LfVerb *verb;
	size_t words;
	int status = 0;

	g_set_print_handler(print_as_it_is);
	if (!args[0] || strcmp(args[0], "--help") == 0 || strcmp(args[0], "-h") == 0) {
		print_help(args[0] ? stdout : stderr);
		return args[0] ? 0 : 2;
	}
	if (strcmp(args[0], "--version") == 0) {
		puts("landfall " LF_VERSION);
		return 0;
	}
	verb = lf_verb_find(args, &words);
	if (verb)
		status = run_verb(verb, words, &args, &error);
	else
		throw_unknown(args[0], &error);
	return error ? fail(error) : status;
}
