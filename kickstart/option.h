#pragma once

#include <stdint.h>

#include "kickstart/lexer.h"
#include "kickstart/shape.h"

/** LfOptionKind: what an option takes, and what its field is. */
typedef enum {
	LF_OPTION_FLAG,	   /* nothing; bool, set to true */
	LF_OPTION_UNFLAG,  /* nothing; bool, set to false */
	LF_OPTION_SET,	   /* nothing; an enum (int), set to @min */
	LF_OPTION_BOOLEAN, /* yes, no, on, off, true, false, 1, 0; bool */
	LF_OPTION_TEXT,	   /* text of @shape; char * */
	LF_OPTION_SECRET,  /* LfSecret *; its text shows nowhere */
	LF_OPTION_LIST,	   /* texts of @shape divided by commas; char ** */
	LF_OPTION_CHOICE,  /* one of @choices; char * */
	LF_OPTION_U32,	   /* @min to @max; uint32_t */
	LF_OPTION_U64,
	LF_OPTION_I64,
} LfOptionKind;

enum {
	LF_OPTION_REQUIRED = 1 << 0,
	LF_OPTION_UNSUPPORTED =
		1 << 1,		    /* of the language, but not carried out: an error with @note */
	LF_OPTION_IGNORED = 1 << 2, /* accepted, and nothing has to be done for it */
	LF_OPTION_FILLED = 1 << 3,  /* an empty text is an error, not the same as none */
};

/** LfChoice: @note: (nullable): of the language, but not carried out: an error with this advice */
typedef struct {
	const char *name;
	const char *note;
} LfChoice;

/**
 * LfOption: a row of a command's table of options.
 * @name: with its dashes
 * @offset: of the field in the command's values
 * @choices: (array zero-terminated=1) (nullable)
 * @note: (nullable): advice when it is not supported
 */
typedef struct {
	const char *name;
	LfOptionKind kind;
	unsigned flags;
	size_t offset;
	LfShape shape;
	uint64_t min;
	uint64_t max;
	const LfChoice *choices;
	const char *note;
} LfOption;

// clang-format off
#define LF_OPTION_FIELD(name, kind, type, field, ...) \
	{ name, LF_OPTION_##kind, 0, offsetof(type, field), ##__VA_ARGS__ }
#define LF_OPTION_NOT_YET(name, kind, why) \
	{ name, LF_OPTION_##kind, LF_OPTION_UNSUPPORTED, .note = why }
// clang-format on

/** lf_option_is_same: are they two names of one option? */
bool lf_option_is_same(const LfOption *a, const LfOption *b);

typedef struct LfCall LfCall;
typedef struct LfParser LfParser;

enum {
	LF_COMMAND_ONCE = 1 << 0, /* a second line takes the first one's place, with a warning */
	LF_COMMAND_SECRET_WORDS = 1 << 1, /* its words are secrets */
	LF_COMMAND_FREE = 1 << 2,	  /* what follows its name is not looked at, nor kept */
};

/**
 * LfCommand: a row of a table of commands; section headers and add-on lines are commands too.
 * @options: (array length=n_options)
 * @values_size: of the struct that the options fill; zeroed before
 * @min_words, @max_words: how many words besides options
 * @words: what they are, for messages: "one mount point"
 * @word_shape: of each word, unless they are secret
 * @slot: (nullable): name that lines which replace each other share; NULL is the command's own
 * @apply: looks at all values together and puts them into the profile; called when each by itself
 * is right. What it steals from the values it sets to zero there.
 */
typedef struct {
	const char *name;
	const LfOption *options;
	size_t n_options;
	size_t values_size;
	unsigned min_words;
	unsigned max_words;
	const char *words;
	LfShape word_shape;
	unsigned flags;
	const char *slot;
	void (*apply)(LfParser *parser, LfCall *call, void *values);
} LfCommand;

#define LF_COMMAND_OPTIONS(table) .options = table, .n_options = G_N_ELEMENTS(table)

/** LfCut: bytes of a line that hold a secret, and what is written in their place. */
typedef struct {
	size_t start;
	size_t end;
	char *text;
} LfCut;

/**
 * LfCall: one line of a command, taken apart.
 * @given: (array length=command->n_options): where each option stands; line 0: it is not given
 * @words: (element-type LfWord): what is no option
 * @cuts: (element-type LfCut)
 * @is_broken: an error was found
 */
struct LfCall {
	const LfCommand *command;
	LfPlace place;
	LfDiagnostics *diagnostics;
	void *values;
	LfPlace *given;
	GArray *words;
	GArray *cuts;
	bool is_broken;
};

/**
 * lf_call_parse:
 * @place: of the line
 * @line: the line's words; the first is the command's name. Must outlive @ret
 * @ret: (out): to be given back with lf_call_clear(), also after a failure
 *
 * Options are understood as Python's argparse does: --opt=value, --opt value, every unique
 * beginning of a name, `--` ends them. Each value is checked against its row.
 *
 * Returns: false when there were errors; all of them became findings
 */
bool lf_call_parse(const LfCommand *command, const LfPlace *place, const LfWords *line,
		   LfDiagnostics *diagnostics, LfCall *ret);

void lf_call_clear(LfCall *call);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LfCall, lf_call_clear)

/** lf_call_has: was this option given? @name must be in the table. */
bool lf_call_has(const LfCall *call, const char *name);

/** lf_call_place: where an option stands, or the command when it was not given. @name: (nullable)
 */
LfPlace lf_call_place(const LfCall *call, const char *name);

/** lf_call_word: (transfer none) (nullable): the text of a word that is no option. */
const char *lf_call_word(const LfCall *call, guint index);

/** lf_call_word_place: where that word stands. */
LfPlace lf_call_word_place(const LfCall *call, guint index);

/**
 * lf_call_check_url: an error when @url, the value of @option, is a repository's address with a
 * user, password or query in it: it shows in the plan and on the target.
 */
void lf_call_check_url(LfCall *call, const char *option, const char *url);

/** lf_call_error: an error at @place; the line is not used any more. */
void lf_call_error(LfCall *call, LfPlace place, const char *code, const char *advice,
		   const char *format, ...) G_GNUC_PRINTF(5, 6);

void lf_call_warn(LfCall *call, LfPlace place, const char *code, const char *advice,
		  const char *format, ...) G_GNUC_PRINTF(5, 6);
