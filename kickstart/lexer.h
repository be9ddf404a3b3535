#pragma once

#include "kickstart/diagnostic.h"

/**
 * LfWord: a word of a line, quotes and backslashes resolved.
 * @text: lives in the line's LfWords
 * @start, @end: the bytes of the line it was written as
 * @column: of its first character, from 1
 * @value_column: of the character behind its first '='; 0 when there is none
 */
typedef struct {
	char *text;
	size_t start;
	size_t end;
	unsigned column;
	unsigned value_column;
} LfWord;

/**
 * LfWords: the words of one line. All texts lie in one piece of memory that is wiped.
 * @comment: where in the line the comment begins; the line's size when there is none
 * @is_word_cut: the comment began in the middle of a word
 */
typedef struct {
	LfWord *items;
	size_t count;
	char *storage;
	size_t storage_size;
	size_t comment;
	bool is_word_cut;
} LfWords;

/**
 * lf_words_split:
 * @line: (array length=size): a line without its line end; hostile
 * @place: file and line; the column is of the line's first byte
 * @ret: (out): to be given back with lf_words_clear(), also after a failure
 *
 * Splits a line as a POSIX shell would split words, without expansions: single and double quotes,
 * backslash, `#` begins a comment also in the middle of a word (a warning). A backslash at the end
 * is an error, for the language has no continued lines.
 *
 * Source: shlex.split(line, comments=True) of Python 3, which pykickstart uses.
 * Returns: false when the line is wrong; a finding was added
 */
bool lf_words_split(const char *line, size_t size, const LfPlace *place, LfDiagnostics *diagnostics,
		    LfWords *ret);

/** lf_words_clear: wipes and frees; @words can be used again. */
void lf_words_clear(LfWords *words);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LfWords, lf_words_clear)
