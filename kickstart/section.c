// Sections: what begins with %NAME and ends with %end.
// Not here: running scripts, the commands between sections.
#include <string.h>

#include "kickstart/near.h"
#include "kickstart/parser.h"
#include "kickstart/redact.h"

/**
 * LfSectionKind: a row of the table of sections.
 * @header: its first line; the name with its `%`
 * @line: (nullable): takes a line of the body
 * @end: (nullable): called at %end
 */
struct LfSectionKind {
	LfCommand header;
	void (*line)(LfParser *parser, const LfLine *line);
	void (*end)(LfParser *parser);
};

static bool is_blank_or_comment(const LfLine *line)
{
	size_t i = 0;

	while (i < line->size && g_ascii_isspace(line->text[i]))
		i++;
	return i == line->size || line->text[i] == '#';
}

// --- scripts ------------------------------------------------------------------------------------

static const struct {
	const char *name;
	LfScriptKind kind;
} script_kinds[] = {
	{ "%pre", LF_SCRIPT_PRE },
	{ "%pre-install", LF_SCRIPT_PRE_INSTALL },
	{ "%post", LF_SCRIPT_POST },
	{ "%onerror", LF_SCRIPT_ONERROR },
};

#define SCRIPT_OPTIONS                                                                             \
	LF_OPTION_FIELD("--interpreter", TEXT, LfScript, interpreter, LF_SHAPE_ABSOLUTE_PATH),     \
		LF_OPTION_FIELD("--erroronfail", FLAG, LfScript, is_erroronfail),                  \
		LF_OPTION_FIELD("--log", TEXT, LfScript, log, LF_SHAPE_ABSOLUTE_PATH),             \
		LF_OPTION_FIELD("--logfile", TEXT, LfScript, log, LF_SHAPE_ABSOLUTE_PATH)

static const LfOption script_options[] = { SCRIPT_OPTIONS };

static const LfOption post_options[] = {
	SCRIPT_OPTIONS,
	LF_OPTION_FIELD("--nochroot", FLAG, LfScript, is_nochroot),
};

static void begin_script(LfParser *parser, LfCall *call, void *values)
{
	LfScript *script = g_memdup2(values, sizeof(LfScript));

	memset(values, 0, sizeof(LfScript));
	script->place = call->place;
	for (size_t i = 0; i < G_N_ELEMENTS(script_kinds); i++)
		if (strcmp(script_kinds[i].name, call->command->name) == 0)
			script->kind = script_kinds[i].kind;
	lf_script_free(parser->section.script);
	parser->section.script = script;
}

static void script_line(LfParser *parser, const LfLine *line)
{
	g_string_append_len(parser->section.body, line->text, (gssize)line->size);
	g_string_append_c(parser->section.body, '\n');
	if (parser->redacted) {
		g_string_append_len(parser->redacted, line->text, (gssize)line->size);
		g_string_append_c(parser->redacted, '\n');
	}
}

static void end_script(LfParser *parser)
{
	LfSection *section = &parser->section;
	LfScript *script = g_steal_pointer(&section->script);

	if (!script)
		return;
	script->body = g_strdup(section->body->str);
	g_ptr_array_add(parser->profile->scripts, script);
}

// --- add-ons ------------------------------------------------------------------------------------

static void begin_addon(LfParser *parser, LfCall *call, void *values)
{
}

static void addon_line(LfParser *parser, const LfLine *line)
{
	g_auto(LfWords) words = { 0 };

	if (is_blank_or_comment(line)) {
		if (parser->redacted)
			lf_redact_line(parser->redacted, line->text, line->size, NULL, NULL);
		return;
	}
	if (lf_words_split(line->text, line->size, &line->place, parser->diagnostics, &words))
		lf_command_addon(parser, line, &words);
	else
		lf_parser_doubt(parser, "unlock");
}

static void begin_other_addon(LfParser *parser, LfCall *call, void *values)
{
	lf_parser_warn(parser, call->place, "ignored-addon",
		       "remove the section if other tools do not need it",
		       "this add-on is not known here and its section is ignored");
}

// --- sections that are not carried out ----------------------------------------------------------

static void begin_ignored(LfParser *parser, LfCall *call, void *values)
{
	lf_parser_warn(parser, call->place, "ignored-section", "remove it",
		       "'%s' has no meaning here and is ignored", call->command->name);
}

static void begin_unsupported(LfParser *parser, LfCall *call, void *values)
{
	lf_parser_error(parser, call->place, "unsupported-section",
			"leave it out, or do it in %post", "'%s' is not supported yet",
			call->command->name);
}

static void begin_packages(LfParser *parser, LfCall *call, void *values)
{
}

// Many files for OSTree have an empty one, which asks for nothing.
static void end_packages(LfParser *parser)
{
	const LfSection *section = &parser->section;

	if (section->has_content)
		lf_parser_error(parser, section->place, "unsupported-section",
				"put the packages into the image, and remove the section",
				"packages cannot be added: the payload is an OSTree commit");
	else
		lf_parser_warn(parser, section->place, "ignored-section", "remove it",
			       "'%%packages' has no meaning here and is ignored");
}

static const LfOption packages_options[] = {
	{ "--default", LF_OPTION_FLAG, LF_OPTION_IGNORED },
	{ "--excludedocs", LF_OPTION_FLAG, LF_OPTION_IGNORED },
	{ "--ignoremissing", LF_OPTION_FLAG, LF_OPTION_IGNORED },
	{ "--inst-langs", LF_OPTION_TEXT, LF_OPTION_IGNORED },
	{ "--instLangs", LF_OPTION_TEXT, LF_OPTION_IGNORED },
	{ "--nocore", LF_OPTION_FLAG, LF_OPTION_IGNORED },
	{ "--exclude-weakdeps", LF_OPTION_FLAG, LF_OPTION_IGNORED },
	{ "--excludeWeakdeps", LF_OPTION_FLAG, LF_OPTION_IGNORED },
	{ "--timeout", LF_OPTION_TEXT, LF_OPTION_IGNORED },
	{ "--retries", LF_OPTION_TEXT, LF_OPTION_IGNORED },
	{ "--multilib", LF_OPTION_FLAG, LF_OPTION_IGNORED },
	{ "--ignorebroken", LF_OPTION_FLAG, LF_OPTION_IGNORED },
};

static const LfOption certificate_options[] = {
	{ "--filename", LF_OPTION_TEXT, LF_OPTION_IGNORED },
	{ "--dir", LF_OPTION_TEXT, LF_OPTION_IGNORED },
	{ "--type", LF_OPTION_TEXT, LF_OPTION_IGNORED },
};

// --- the table ----------------------------------------------------------------------------------

// clang-format off
#define SCRIPT(section_name, table) \
	{ { section_name, LF_COMMAND_OPTIONS(table), .values_size = sizeof(LfScript), \
	    .apply = begin_script }, \
	  script_line, end_script }
// clang-format on

static const LfSectionKind kinds[] = {
	SCRIPT("%pre", script_options),
	SCRIPT("%pre-install", script_options),
	SCRIPT("%post", post_options),
	SCRIPT("%onerror", script_options),
	{ { "%addon", .min_words = 1, .max_words = 1, .words = "a name", .apply = begin_addon },
	  addon_line },
	{ { "%packages", LF_COMMAND_OPTIONS(packages_options), .apply = begin_packages },
	  .end = end_packages },
	{ { "%certificate", LF_COMMAND_OPTIONS(certificate_options), .apply = begin_unsupported } },
	{ { "%traceback", LF_COMMAND_OPTIONS(script_options), .values_size = sizeof(LfScript),
	    .apply = begin_unsupported } },
	{ { "%anaconda", .flags = LF_COMMAND_FREE, .apply = begin_ignored } },
};

// An add-on of another name: whatever stands in its lines is its own affair.
static const LfSectionKind other_addon = {
	{ "%addon", .flags = LF_COMMAND_FREE, .apply = begin_other_addon },
};

static const LfSectionKind *find_kind(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (strcmp(kinds[i].header.name, name) == 0)
			return &kinds[i];
	return NULL;
}

// --- opening and closing ------------------------------------------------------------------------

static void close_section(LfParser *parser)
{
	LfSection *section = &parser->section;

	g_clear_pointer(&section->script, lf_script_free);
	if (section->body)
		g_string_free(section->body, TRUE);
	*section = (LfSection){ 0 };
}

static void open_kind(LfParser *parser, const LfSectionKind *kind, const LfLine *line,
		      const LfWords *words)
{
	LfPlace place = { line->place.file, line->place.line, words->items[0].column };

	parser->section = (LfSection){ kind, place, line->depth, NULL, g_string_new(NULL), false };
	lf_command_run_row(parser, &kind->header, line, words);
	if (parser->redacted && !kind->line)
		g_string_append(parser->redacted, "# (what stood here is not kept)\n");
}

static void unknown_section(LfParser *parser, const LfLine *line, const LfWords *words)
{
	static const LfSectionKind unknown = { { "%…" } };
	LfPlace place = { line->place.file, line->place.line, words->items[0].column };
	const char *name = words->items[0].text;
	g_autofree char *shown = lf_parser_quotable(name);
	g_autofree char *advice = NULL;
	LfNear near;

	lf_near_init(&near, shown ? shown : name);
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
		lf_near_try(&near, kinds[i].header.name);
	advice = lf_near_advice(&near);
	lf_parser_error(parser, place, "unknown-section", advice, "there is no section '%s'",
			shown ? shown : "%…");
	// Its lines are no commands, so they are stepped over until its end.
	parser->section =
		(LfSection){ &unknown, place, line->depth, NULL, g_string_new(NULL), false };
}

void lf_section_open(LfParser *parser, const LfLine *line, const LfWords *words)
{
	const char *name = words->items[0].text;
	const LfSectionKind *kind = find_kind(name);
	LfPlace place = { line->place.file, line->place.line, words->items[0].column };

	if (strcmp(name, "%end") == 0)
		lf_parser_error(parser, place, "stray-end",
				"remove it; a line '%end' ends a section even inside a "
				"here-document",
				"'%%end' without a section");
	else if (strcmp(name, "%ksappend") == 0)
		lf_parser_error(parser, place, "unsupported-section", "write '%include'",
				"'%%ksappend' is not supported");
	else if (kind && strcmp(name, "%addon") == 0 && words->count > 1 &&
		 strcmp(words->items[1].text, "com_landfall") != 0)
		open_kind(parser, &other_addon, line, words);
	else if (kind)
		open_kind(parser, kind, line, words);
	else
		unknown_section(parser, line, words);
}

static void end_section(LfParser *parser, const LfLine *line)
{
	const LfSectionKind *kind = parser->section.kind;

	if (line->depth != parser->section.depth)
		lf_parser_error(parser, line->place, "stray-end",
				"put it into the file in which the section begins",
				"'%%end' in an included file ends no section of that file");
	if (kind->end)
		kind->end(parser);
	if (parser->redacted)
		g_string_append(parser->redacted, "%end\n");
	close_section(parser);
}

static void unterminated(LfParser *parser)
{
	g_autofree char *name = g_strdup(parser->section.kind->header.name);

	lf_parser_error(parser, parser->section.place, "unterminated-section",
			"write a line '%end' behind its last line", "section '%s' has no '%%end'",
			name);
	close_section(parser);
}

void lf_section_check(LfParser *parser, const LfLine *line)
{
	if (parser->section.kind && (!line || line->depth < parser->section.depth))
		unterminated(parser);
}

// --- lines of the body --------------------------------------------------------------------------

/* Returns: (transfer full): the first word of a line as blanks divide it. */
static char *first_word(const LfLine *line)
{
	size_t start = 0;
	size_t end;

	while (start < line->size && g_ascii_isspace(line->text[start]))
		start++;
	end = start;
	while (end < line->size && !g_ascii_isspace(line->text[end]))
		end++;
	return g_strndup(line->text + start, end - start);
}

static void marked_line(LfParser *parser, const LfLine *line, bool is_include)
{
	g_auto(LfWords) words = { 0 };

	if (!lf_words_split(line->text, line->size, &line->place, parser->diagnostics, &words))
		return;
	if (is_include) {
		lf_include(parser, line, &words);
		return;
	}
	unterminated(parser);
	lf_section_open(parser, line, &words);
}

void lf_section_line(LfParser *parser, const LfLine *line)
{
	const LfSectionKind *kind = parser->section.kind;
	g_autofree char *word = first_word(line);

	if (*word == '%') {
		bool is_include = strcmp(word, "%include") == 0;

		if (strcmp(word, "%end") == 0) {
			end_section(parser, line);
			return;
		}
		// Other words of this shape are a script's own.
		if (is_include || find_kind(word)) {
			marked_line(parser, line, is_include);
			return;
		}
	}
	if (!is_blank_or_comment(line))
		parser->section.has_content = true;
	if (kind->line)
		kind->line(parser, line);
}
