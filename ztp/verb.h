#pragma once

#include "base/throw.h"

/**
 * LfVerb: a verb of a program such as `landfall`. `--help` and the manual page are made from it.
 * @name: one or two words: "check", "iso seed"
 * @arguments: what follows the options, such as "FILE…"; "" for nothing
 * @summary: one line, no full stop
 * @description: paragraphs for help and manual, separated by empty lines
 * @options: (array zero-terminated=1): what is on the command line ends up behind their arg_data
 * @run: does it. @args: (array zero-terminated=1): what is left after the options.
 * Returns: the exit status; with @error set it is not looked at, the error's class decides.
 */
typedef struct {
	const char *name;
	const char *arguments;
	const char *summary;
	const char *description;
	const GOptionEntry *options;
	int (*run)(char **args, GError **error);
} LfVerb;

/**
 * LfProgram: a program that is a table of verbs.
 * @name: as it is called: "landfall"
 * @summary: what it is for: one sentence, with a full stop
 * @verbs: (array zero-terminated=1): in the order of `--help`
 */
typedef struct {
	const char *name;
	const char *summary;
	const LfVerb *const *verbs;
} LfProgram;

/**
 * lf_program_main: finds the verb, parses its options, runs it, tells on standard error what went
 * wrong. What could not be written to standard output ends the process with the status of IO.
 * Returns: the exit status of the process.
 */
int lf_program_main(const LfProgram *program, int argc, char **argv);

/**
 * lf_verb_find:
 * @verbs: (array zero-terminated=1): the table
 * @args: (array zero-terminated=1): the command line behind the program's name
 * @ret_words: (out): how many of @args the verb's name takes
 * Returns: (transfer none) (nullable): the verb with the longest name that fits
 */
const LfVerb *lf_verb_find(const LfVerb *const *verbs, char **args, size_t *ret_words);

/** lf_verb_context: (transfer full): the parser of this verb's options, with its help. */
GOptionContext *lf_verb_context(const LfVerb *verb);

/** The verbs of `landfall`; landfall.c has the table. */
extern const LfVerb lf_verb_check;
extern const LfVerb lf_verb_iso_seed;
extern const LfVerb lf_verb_iso_show;
extern const LfVerb lf_verb_plan;
