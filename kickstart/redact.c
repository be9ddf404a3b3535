// Writes lines without their secrets, for the copy that stays on the installed system.
// Not here: which words are secrets (option.c knows). Scripts are the operator's and stay as they
// are.
#include "kickstart/redact.h"

#include <string.h>

#define REDACTED "********"

// Lines that were put behind a '#' keep their secrets in it. Behind these words everything goes.
static const char *const marks[] = {
	"rootpw", "sshpw", "--pas", "--wpak", "--wepk", "--md5p", "--activation-k", "--reverse-p",
};

static const char *find_mark(const char *comment, size_t size)
{
	const char *first = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(marks); i++) {
		size_t length = strlen(marks[i]);
		const char *found = memmem(comment, size, marks[i], length);

		if (found && (!first || found + length < first))
			first = found + length;
	}
	return first;
}

static void append_comment(GString *out, const char *comment, size_t size)
{
	const char *end = find_mark(comment, size);

	g_string_append_len(out, comment, end ? end - comment : (gssize)size);
	if (end)
		g_string_append(out, " " REDACTED);
}

static bool cuts_secret(const LfWords *words, const GArray *cuts)
{
	const LfCut *last;

	if (!words->is_word_cut || cuts->len == 0)
		return false;
	last = &g_array_index(cuts, LfCut, cuts->len - 1);
	return last->end == words->comment;
}

void lf_redact_line(GString *out, const char *line, size_t size, const LfWords *words,
		    const GArray *cuts)
{
	size_t position = 0;
	size_t comment = words ? words->comment : 0;

	for (guint i = 0; cuts && i < cuts->len; i++) {
		const LfCut *piece = &g_array_index(cuts, LfCut, i);

		g_string_append_len(out, line + position, (gssize)(piece->start - position));
		g_string_append(out, piece->text);
		position = piece->end;
	}
	if (comment > position)
		g_string_append_len(out, line + position, (gssize)(comment - position));
	if (words && cuts && cuts_secret(words, cuts))
		g_string_append(out, " # " REDACTED);
	else if (comment < size)
		append_comment(out, line + comment, size - comment);
	g_string_append_c(out, '\n');
}
