// Programs of verbs: finds the verb, parses its options, tells what went wrong.
// Not here: what the verbs do (cmd-*.c, one file each), the tables (each program's main).
#include "ztp/verb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kickstart/near.h"

/* Returns: how many of @args are the words of @name; 0 when they are not. */
static size_t count_words(const char *name, char **args)
{
	g_auto(GStrv) words = g_strsplit(name, " ", -1);
	size_t n = 0;

	for (; words[n]; n++)
		if (!args[n] || strcmp(words[n], args[n]) != 0)
			return 0;
	return n;
}

const LfVerb *lf_verb_find(const LfVerb *const *verbs, char **args, size_t *ret_words)
{
	const LfVerb *found = NULL;

	*ret_words = 0;
	for (size_t i = 0; verbs[i]; i++) {
		size_t words = count_words(verbs[i]->name, args);

		if (words > *ret_words) {
			found = verbs[i];
			*ret_words = words;
		}
	}
	return found;
}

GOptionContext *lf_verb_context(const LfVerb *verb)
{
	GOptionContext *context = g_option_context_new(verb->arguments);
	g_autofree char *summary =
		g_strdup_printf("%c%s.", g_ascii_toupper(verb->summary[0]), verb->summary + 1);

	g_option_context_set_summary(context, summary);
	g_option_context_set_description(context, verb->description);
	if (verb->options)
		g_option_context_add_main_entries(context, verb->options, NULL);
	return context;
}

static void print_verbs(const LfProgram *program, const char *start, FILE *out)
{
	for (const LfVerb *const *verb = program->verbs; *verb; verb++)
		if (g_str_has_prefix((*verb)->name, start))
			fprintf(out, "  %-14s %s\n", (*verb)->name, (*verb)->summary);
}

static void print_help(const LfProgram *program, FILE *out)
{
	fprintf(out, "Usage: %s VERB [OPTION…] [ARGUMENT…]\n\n%s\n\n", program->name,
		program->summary);
	print_verbs(program, "", out);
	fprintf(out, "\n'%s VERB --help' tells more about a verb, '%s --version' the version.\n",
		program->name, program->name);
}

static int fail(const LfProgram *program, const GError *error)
{
	const LfErrorClass *class = lf_error_class(error);

	fprintf(stderr, "%s: %s\n", program->name, error->message);
	return class->exit_status;
}

// The verbs that begin with this word: "'iso seed', 'iso show'". Returns: (transfer full)
// (nullable)
static char *verbs_below(const LfProgram *program, const char *word)
{
	g_autofree char *start = g_strconcat(word, " ", NULL);
	g_autoptr(GString) list = g_string_new(NULL);

	for (size_t i = 0; program->verbs[i]; i++)
		if (g_str_has_prefix(program->verbs[i]->name, start))
			g_string_append_printf(list, "%s'%s'", list->len > 0 ? ", " : "",
					       program->verbs[i]->name);
	return list->len > 0 ? g_strdup(list->str) : NULL;
}

// 'landfall iso --help'. Returns: false when no verb begins with this word.
static bool print_group(const LfProgram *program, const char *word)
{
	g_autofree char *start = g_strconcat(word, " ", NULL);
	g_autofree char *below = verbs_below(program, word);

	if (!below)
		return false;
	printf("Usage: %s %s VERB [OPTION…] [ARGUMENT…]\n\n", program->name, word);
	print_verbs(program, start, stdout);
	printf("\n'%s %s VERB --help' tells more about a verb.\n", program->name, word);
	return true;
}

static char *nearest_verb(const LfProgram *program, const char *name)
{
	LfNear near;

	lf_near_init(&near, name);
	for (size_t i = 0; program->verbs[i]; i++)
		lf_near_try(&near, program->verbs[i]->name);
	return lf_near_advice(&near);
}

static bool throw_unknown(const LfProgram *program, char **args, GError **error)
{
	g_autofree char *below = verbs_below(program, args[0]);
	g_autofree char *advice = nearest_verb(program, args[0]);
	bool has_second = args[1] && *args[1] != '-';
	g_autofree char *pair = has_second ? g_strconcat(args[0], " ", args[1], NULL) : NULL;

	if (below)
		return lf_throw(error, LF_ERROR_INPUT, "there is no verb '%s': there are %s",
				pair ? pair : args[0], below);
	// 'ios seed': both words are needed to see what was meant.
	if (!advice && pair)
		advice = nearest_verb(program, pair);
	return lf_throw(error, LF_ERROR_INPUT, "there is no verb '%s': %s%s%s", args[0],
			advice ? advice : "'", advice ? "" : program->name,
			advice ? "" : " --help' lists them");
}

/* @args: the command line behind the program's name; owned, as GOption takes words out of it. */
static int run_verb(const LfProgram *program, const LfVerb *verb, size_t words, char ***args,
		    GError **error)
{
	g_autoptr(GOptionContext) context = lf_verb_context(verb);
	g_autofree char *name = g_strdup_printf("%s %s", program->name, verb->name);
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

static bool is_help(const char *word)
{
	return g_strcmp0(word, "--help") == 0 || g_strcmp0(word, "-h") == 0;
}

static int run(const LfProgram *program, char ***args, GError **error)
{
	char **line = *args;
	const LfVerb *verb;
	size_t words;

	if (!line[0] || is_help(line[0])) {
		print_help(program, line[0] ? stdout : stderr);
		return line[0] ? 0 : 2;
	}
	if (strcmp(line[0], "--version") == 0) {
		printf("%s %s\n", program->name, LF_VERSION);
		return 0;
	}
	verb = lf_verb_find(program->verbs, line, &words);
	if (verb)
		return run_verb(program, verb, words, args, error);
	if (!is_help(line[1]) || !print_group(program, line[0]))
		throw_unknown(program, line, error);
	return 0;
}

// What was not printed was not told: a full disk must not look like a good answer.
static bool end_output(GError **error)
{
	bool was_bad = ferror(stdout) != 0;

	if (fflush(stdout) != 0)
		return lf_throw_errno(error, "cannot write to standard output");
	return !was_bad || lf_throw(error, LF_ERROR_IO, "cannot write to standard output");
}

// GLib prints the help of a verb and leaves by exit().
static const LfProgram *running;

static void end_at_exit(void)
{
	g_autoptr(GError) error = NULL;

	if (!end_output(&error))
		_exit(fail(running, error));
}

int lf_program_main(const LfProgram *program, int argc, char **argv)
{
	g_auto(GStrv) args = g_strdupv(argc > 0 ? argv + 1 : argv);
	g_autoptr(GError) error = NULL;
	int status;

	g_set_print_handler(print_as_it_is);
	running = program;
	atexit(end_at_exit);
	status = run(program, &args, &error);
	return error ? fail(program, error) : status;
}
