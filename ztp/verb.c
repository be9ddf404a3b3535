// The table of all verbs, and what `--help` makes of a row.
// Not here: what the verbs do (one file each).
#include "ztp/verb.h"

#include <string.h>

const LfVerb *const lf_verbs[] = {
	&lf_verb_check, &lf_verb_plan, &lf_verb_iso_seed, &lf_verb_iso_show, NULL,
};

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

const LfVerb *lf_verb_find(char **args, size_t *ret_words)
{
	const LfVerb *found = NULL;

	*ret_words = 0;
	for (size_t i = 0; lf_verbs[i]; i++) {
		size_t words = count_words(lf_verbs[i]->name, args);

		if (words > *ret_words) {
			found = lf_verbs[i];
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
