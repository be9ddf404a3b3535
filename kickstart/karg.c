// The words of a kernel command line, and which of them are not the operator's.
// Not here: the order of the whole line (installer/plan/kargs.c).
#include "kickstart/karg.h"

#include <stdbool.h>
#include <string.h>

static bool is_decided(const char *word)
{
	static const char *const names[] = { "root",	     "ostree",		"ro",
					     "rootflags",    "rootfstype",	"init",
					     "rd.luks.name", "rd.luks.options", "rd.luks.uuid" };
	size_t length;

	// The kernel takes quotes around a whole word away.
	word += *word == '"';
	length = strcspn(word, "=\"");
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (strlen(names[i]) == length && strncmp(word, names[i], length) == 0)
			return true;
	return false;
}

static const char *word_end(const char *word)
{
	bool is_quoted = false;

	for (; *word && (is_quoted || !strchr(" \t", *word)); word++)
		is_quoted ^= *word == '"';
	return word;
}

char **lf_kargs_split(const char *text)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	const char *cursor = text ? text : "";

	for (cursor += strspn(cursor, " \t"); *cursor; cursor += strspn(cursor, " \t")) {
		const char *end = word_end(cursor);

		g_ptr_array_add(words, g_strndup(cursor, (gsize)(end - cursor)));
		cursor = end;
	}
	g_ptr_array_add(words, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&words), FALSE);
}

const char *lf_kargs_decided(char **words)
{
	for (; *words; words++)
		if (is_decided(*words))
			return *words;
	return NULL;
}
