// Splits a line into words as Python's shlex does in POSIX mode.
// Not here: what the words mean, where lines come from.
#include "kickstart/lexer.h"

#include <string.h>

#include "base/secret.h"

typedef struct {
	const char *line;
	size_t size;
	size_t position;
	LfPlace place; /* column: of @position */
	LfDiagnostics *diagnostics;
	LfWords *words;
	GArray *items; /* LfWord */
	char *out;     /* next free byte of the storage */
} Lexer;

static bool refuse(const Lexer *lexer, const LfPlace *place, const char *code, const char *message,
		   const char *advice)
{
	lf_diagnostics_add(lexer->diagnostics, LF_SEVERITY_ERROR, place, code, advice, "%s",
			   message);
	return false;
}

static bool at_end(const Lexer *lexer)
{
	return lexer->position >= lexer->size;
}

static char peek(const Lexer *lexer)
{
	return at_end(lexer) ? '\0' : lexer->line[lexer->position];
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

// Goes over one character and copies it when @is_kept. A word never gets longer by being read, so
// the storage, which is as long as the line, always has room.
static bool take(Lexer *lexer, bool is_kept)
{
	const char *c = lexer->line + lexer->position;
	gunichar code = g_utf8_get_char_validated(c, (gssize)(lexer->size - lexer->position));
	size_t bytes;

	if (code == (gunichar)-1 || code == (gunichar)-2)
		return refuse(lexer, &lexer->place, "not-utf8", "this byte is not UTF-8 text",
			      "save the file as UTF-8");
	if ((code < 0x20 && code != '\t') || code == 0x7f)
		return refuse(lexer, &lexer->place, "control-character",
			      "there is a control character in the line", "remove it");
	bytes = (size_t)(g_utf8_next_char(c) - c);
	if (is_kept) {
		memcpy(lexer->out, c, bytes);
		lexer->out += bytes;
	}
	lexer->position += bytes;
	lexer->place.column++;
	return true;
}

// Behind a backslash. In double quotes it only stands before '"' and itself; else it is kept.
static bool take_escaped(Lexer *lexer, bool is_quoted)
{
	LfPlace place = lexer->place;

	if (lexer->position + 1 >= lexer->size)
		return refuse(lexer, &place, "line-continuation",
			      "a backslash does not continue a line",
			      "write the whole command on one line");
	if (!take(lexer, false))
		return false;
	if (is_quoted && peek(lexer) != '"' && peek(lexer) != '\\')
		*lexer->out++ = '\\';
	return take(lexer, true);
}

static bool take_quoted(Lexer *lexer)
{
	LfPlace opening = lexer->place;
	char quote = peek(lexer);

	if (!take(lexer, false))
		return false;
	while (!at_end(lexer) && peek(lexer) != quote) {
		bool is_escape = quote == '"' && peek(lexer) == '\\';

		// At the end the missing quote is the better thing to say.
		if (is_escape && lexer->position + 1 >= lexer->size)
			break;
		if (!(is_escape ? take_escaped(lexer, true) : take(lexer, true)))
			return false;
	}
	if (peek(lexer) != quote)
		return refuse(lexer, &opening, "unterminated-quote",
			      "this quote has no closing quote on the line",
			      "close it; a value cannot go over several lines");
	return take(lexer, false);
}

static void note_comment(Lexer *lexer, bool is_word_cut)
{
	lexer->words->comment = lexer->position;
	lexer->words->is_word_cut = is_word_cut;
	if (is_word_cut)
		lf_diagnostics_add(lexer->diagnostics, LF_SEVERITY_WARNING, &lexer->place,
				   "comment-in-word",
				   "put the word in quotes if '#' belongs to it, else write a "
				   "blank before '#'",
				   "'#' begins a comment here and cuts off the rest of the word");
	lexer->position = lexer->size;
}

static bool take_part(Lexer *lexer, LfWord *word)
{
	char c = peek(lexer);

	if (c == '\'' || c == '"') {
		char *before = lexer->out;
		unsigned column = lexer->place.column;
		bool is_ok = take_quoted(lexer);
		const char *equals = memchr(before, '=', (size_t)(lexer->out - before));

		if (is_ok && equals && word->value_column == 0)
			word->value_column = column;
		return is_ok;
	}
	if (c == '\\')
		return take_escaped(lexer, false);
	if (c == '=' && word->value_column == 0)
		word->value_column = lexer->place.column + 1;
	return take(lexer, true);
}

static bool take_word(Lexer *lexer)
{
	LfWord word = { .text = lexer->out,
			.start = lexer->position,
			.column = lexer->place.column };

	while (!at_end(lexer) && !is_blank(peek(lexer)) && peek(lexer) != '#')
		if (!take_part(lexer, &word))
			return false;
	*lexer->out++ = '\0';
	word.end = lexer->position;
	g_array_append_val(lexer->items, word);
	if (peek(lexer) == '#')
		note_comment(lexer, true);
	return true;
}

static bool take_words(Lexer *lexer)
{
	while (!at_end(lexer)) {
		if (is_blank(peek(lexer))) {
			if (!take(lexer, false))
				return false;
		} else if (peek(lexer) == '#') {
			note_comment(lexer, false);
		} else if (!take_word(lexer)) {
			return false;
		}
	}
	return true;
}

bool lf_words_split(const char *line, size_t size, const LfPlace *place, LfDiagnostics *diagnostics,
		    LfWords *ret)
{
	Lexer lexer = { line, size, 0, *place, diagnostics, ret, NULL, NULL };
	bool is_ok;

	*ret = (LfWords){ .storage_size = size + 1, .comment = size };
	ret->storage = g_malloc0(ret->storage_size);
	lexer.out = ret->storage;
	lexer.items = g_array_new(FALSE, FALSE, sizeof(LfWord));
	is_ok = take_words(&lexer);
	ret->count = lexer.items->len;
	ret->items = (LfWord *)(void *)g_array_free(lexer.items, FALSE);
	return is_ok;
}

void lf_words_clear(LfWords *words)
{
	if (words->storage)
		lf_wipe(words->storage, words->storage_size);
	g_free(words->storage);
	g_free(words->items);
	*words = (LfWords){ 0 };
}
