#pragma once

#include "kickstart/option.h"
#include "kickstart/source.h"

typedef struct LfSectionKind LfSectionKind;

/**
 * LfSection: the section that is open.
 * @kind: (nullable): NULL between sections
 * @depth: of the file its first line is in
 * @script: (nullable): the script whose body is being collected
 * @body: its lines so far
 * @has_content: a line that is neither blank nor a comment was seen
 */
typedef struct {
	const LfSectionKind *kind;
	LfPlace place;
	size_t depth;
	LfScript *script;
	GString *body;
	bool has_content;
} LfSection;

/**
 * LfParser: what the reading of one kickstart has at hand.
 * @file: name of the outermost file (interned)
 * @is_timesource_disabled: a line `timesource --ntp-disable` was there
 * @has_pre: a %pre section stands somewhere in the outermost file, perhaps further on
 * @redacted: (nullable): the text for the target; complete only without errors
 * @seen: slot of a command → place of its last line
 * @doubtful: slots of commands with an error or that are not supported: what they would have said
 * is not known, so nobody shall say that it is missing
 */
struct LfParser {
	LfProfile *profile;
	LfDiagnostics *diagnostics;
	LfKickstartPass pass;
	const char *file;
	bool has_pre;
	bool is_timesource_disabled;
	LfSource source;
	GString *redacted;
	GHashTable *seen;
	GHashTable *doubtful;
	LfSection section;
};

/** LfCommandTable: commands of one kind. */
typedef struct {
	const LfCommand *rows;
	size_t n_rows;
} LfCommandTable;

/** LF_COMMAND_TABLE: defines the table that the header of this folder declares. */
#define LF_COMMAND_TABLE(name, array)                                                              \
	const LfCommandTable name = { .rows = array, .n_rows = G_N_ELEMENTS(array) }

extern const LfCommandTable lf_system_commands;
extern const LfCommandTable lf_account_commands;
extern const LfCommandTable lf_disk_commands;
extern const LfCommandTable lf_part_commands;
extern const LfCommandTable lf_boot_commands;
extern const LfCommandTable lf_network_commands;
extern const LfCommandTable lf_time_commands;
extern const LfCommandTable lf_addon_commands;
extern const LfCommandTable lf_site_commands;

/** lf_command_find: (transfer none) (nullable): the row with exactly this name. */
const LfCommand *lf_command_find(const LfCommandTable *table, const char *name);

/** lf_command_run: one line of the command section. @words: at least one. */
void lf_command_run(LfParser *parser, const LfLine *line, const LfWords *words);

/** lf_command_addon: one line inside %addon com_landfall. @words: at least one. */
void lf_command_addon(LfParser *parser, const LfLine *line, const LfWords *words);

/** lf_command_run_row: a line that is known to be of this command, such as a section's first line.
 */
void lf_command_run_row(LfParser *parser, const LfCommand *command, const LfLine *line,
			const LfWords *words);

/** lf_command_doubt: lf_parser_doubt() for the command of this name, if there is one. */
void lf_command_doubt(LfParser *parser, const char *name);

/**
 * lf_parser_quotable: (transfer full) (nullable): what of the first word of a line may be shown:
 * its part before '=' when that is a short plain word. The rest may be a secret.
 */
char *lf_parser_quotable(const char *name);

/** lf_parser_place: where the last line of this slot stands; line 0 when there was none. */
LfPlace lf_parser_place(const LfParser *parser, const char *slot);

/** lf_parser_doubt: what commands of this slot say is not known. @slot: text that lives on */
void lf_parser_doubt(LfParser *parser, const char *slot);
bool lf_parser_is_doubtful(const LfParser *parser, const char *slot);

/** lf_parser_error, lf_parser_warn: findings outside of a command's line. */
void lf_parser_error(LfParser *parser, LfPlace place, const char *code, const char *advice,
		     const char *format, ...) G_GNUC_PRINTF(5, 6);
void lf_parser_warn(LfParser *parser, LfPlace place, const char *code, const char *advice,
		    const char *format, ...) G_GNUC_PRINTF(5, 6);

/** lf_call_check_kargs: an error when @text, the value of @option, sets what the plan decides. */
void lf_call_check_kargs(LfCall *call, const char *option, const char *text);

/** lf_section_open: a line that begins with `%` and opens a section, or is wrong. */
void lf_section_open(LfParser *parser, const LfLine *line, const LfWords *words);

/** lf_section_line: any line while a section is open. */
void lf_section_line(LfParser *parser, const LfLine *line);

/**
 * lf_section_check: to be called before each line, and with NULL at the end of the text: a section
 * must end in the file it began in.
 */
void lf_section_check(LfParser *parser, const LfLine *line);

/** lf_include: a line `%include NAME`. */
void lf_include(LfParser *parser, const LfLine *line, const LfWords *words);

/** lf_validate: what only the whole profile tells. Adds findings. */
void lf_validate(LfParser *parser);

/** lf_validate_network: the same for network lines among each other, and for routes. */
void lf_validate_network(LfParser *parser);

/** lf_account_free, lf_part_free, …: free functions of the profile's arrays. */
void lf_account_free(LfAccount *account);
void lf_ssh_key_free(LfSshKey *key);
void lf_part_free(LfPart *part);
void lf_network_free(LfNetwork *network);
void lf_route_free(LfRoute *route);
void lf_script_free(LfScript *script);

/** lf_take_text, lf_take_list: moves a value to where a former one may be. */
static inline void lf_take_text(char **to, char **from)
{
	g_free(*to);
	*to = g_steal_pointer(from);
}

/** lf_take_list: a missing list becomes an empty one. */
static inline void lf_take_list(char ***to, char ***from)
{
	g_strfreev(*to);
	*to = *from ? g_steal_pointer(from) : g_new0(char *, 1);
}
