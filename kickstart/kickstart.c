// Reads a kickstart: lines, sections, commands, then the whole.
// Not here: each of these (source.c, section.c, command.c, validate.c), loading files (the caller).
#include "kickstart/kickstart.h"

#include <string.h>

#include "kickstart/parser.h"
#include "kickstart/redact.h"

static bool is_blank_or_comment(const LfLine *line)
{
	size_t i = 0;

	while (i < line->size && (line->text[i] == ' ' || line->text[i] == '\t'))
		i++;
	return i == line->size || line->text[i] == '#';
}

static bool begins_with_percent(const LfLine *line)
{
	size_t i = 0;

	while (i < line->size && (line->text[i] == ' ' || line->text[i] == '\t'))
		i++;
	return i < line->size && line->text[i] == '%';
}

static bool has_pre_script(const LfParser *parser)
{
	const LfProfile *profile = parser->profile;

	if (parser->has_pre)
		return true;
	for (guint i = 0; i < profile->scripts->len; i++)
		if (((const LfScript *)profile->scripts->pdata[i])->kind == LF_SCRIPT_PRE)
			return true;
	return false;
}

// Wherever it stands, it runs before the other lines count; most files have it at their end.
static bool is_pre_ahead(GBytes *text)
{
	gsize size;
	const char *data = g_bytes_get_data(text, &size);
	const char *end = data ? data + size : NULL;

	while (data < end) {
		const char *newline = memchr(data, '\n', (size_t)(end - data));
		const char *line_end = newline ? newline : end;

		while (data < line_end && (*data == ' ' || *data == '\t'))
			data++;
		if (line_end - data >= 4 && memcmp(data, "%pre", 4) == 0 &&
		    (line_end - data == 4 || g_ascii_isspace(data[4])))
			return true;
		data = newline ? newline + 1 : end;
	}
	return false;
}

static LfIncludeNeed include_need(const LfParser *parser, const char *name)
{
	if (parser->pass == LF_KICKSTART_SCRIPTS_ONLY || parser->pass == LF_KICKSTART_SHOW)
		return LF_INCLUDE_OPTIONAL;
	if (parser->pass == LF_KICKSTART_DESK && *name == '/' && has_pre_script(parser))
		return LF_INCLUDE_LATER;
	return LF_INCLUDE_REQUIRED;
}

static void keep_include(LfParser *parser, const char *name)
{
	g_autofree char *shown = lf_kickstart_public_name(name);

	g_string_append_printf(parser->redacted, "%%include %s\n", shown);
}

// What a file would have said that cannot be read is not known.
static void doubt_all(LfParser *parser)
{
	static const char *const slots[] = { "part",   "reqpart", "ostreesetup",
					     "unlock", "user",	  "network" };

	for (size_t i = 0; i < G_N_ELEMENTS(slots); i++)
		lf_parser_doubt(parser, slots[i]);
}

void lf_include(LfParser *parser, const LfLine *line, const LfWords *words)
{
	LfPlace place = { line->place.file, line->place.line, words->items[0].column };
	const char *name = words->count > 1 ? words->items[1].text : "";
	bool is_loaded = false;

	if (*name) {
		place.column = words->items[1].column;
		is_loaded = lf_source_include(&parser->source, name, &place,
					      include_need(parser, name));
	} else {
		lf_parser_error(parser, place, "missing-argument", "write '%include FILE'",
				"'%%include' needs a file");
	}
	if (!is_loaded && parser->pass == LF_KICKSTART_SHOW)
		keep_include(parser, name);
	if (!is_loaded)
		doubt_all(parser);
}

static void top_line(LfParser *parser, const LfLine *line)
{
	g_auto(LfWords) words = { 0 };

	if (is_blank_or_comment(line)) {
		if (parser->redacted)
			lf_redact_line(parser->redacted, line->text, line->size, NULL, NULL);
		return;
	}
	if (parser->pass == LF_KICKSTART_SCRIPTS_ONLY && !begins_with_percent(line))
		return;
	if (!lf_words_split(line->text, line->size, &line->place, parser->diagnostics, &words)) {
		if (words.count > 0)
			lf_command_doubt(parser, words.items[0].text);
		return;
	}
	if (strcmp(words.items[0].text, "%include") == 0)
		lf_include(parser, line, &words);
	else if (words.items[0].text[0] == '%')
		lf_section_open(parser, line, &words);
	else
		lf_command_run(parser, line, &words);
}

static void read_lines(LfParser *parser)
{
	LfLine line;

	while (lf_source_next(&parser->source, &line)) {
		lf_section_check(parser, &line);
		if (parser->section.kind)
			lf_section_line(parser, &line);
		else
			top_line(parser, &line);
	}
	lf_section_check(parser, NULL);
}

/* @n_errors: of @diagnostics, from number @first on */
static bool throw_first(const LfDiagnostics *diagnostics, size_t first, size_t n_errors,
			LfErrorCode code, GError **error)
{
	const LfDiagnostic *diagnostic;
	g_autofree char *text = NULL;

	while ((diagnostic = lf_diagnostics_get(diagnostics, first)) &&
	       diagnostic->severity != LF_SEVERITY_ERROR)
		first++;
	text = diagnostic ? lf_diagnostic_text(diagnostic) : g_strdup("the kickstart has errors");
	if (n_errors == 1)
		return lf_throw(error, code, "%s", text);
	return lf_throw(error, code, "%s (and %zu more)", text, n_errors - 1);
}

static void parser_init(LfParser *parser, GBytes *text, const char *file, LfKickstartPass pass,
			LfKickstartLoad load, void *user_data, LfDiagnostics *diagnostics)
{
	g_autofree char *shown = lf_kickstart_public_name(file);

	*parser = (LfParser){ .profile = lf_profile_new(),
			      .diagnostics = diagnostics,
			      .pass = pass,
			      .file = g_intern_string(shown),
			      .has_pre = pass == LF_KICKSTART_DESK && is_pre_ahead(text) };
	parser->seen = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
	parser->doubtful = g_hash_table_new(g_str_hash, g_str_equal);
	if (pass != LF_KICKSTART_SCRIPTS_ONLY)
		parser->redacted = g_string_new(NULL);
	lf_source_init(&parser->source, text, parser->file, load, user_data, diagnostics);
}

static void parser_clear(LfParser *parser)
{
	lf_profile_free(parser->profile);
	lf_source_clear(&parser->source);
	g_hash_table_unref(parser->seen);
	g_hash_table_unref(parser->doubtful);
	if (parser->redacted)
		g_string_free(parser->redacted, TRUE);
}

LfProfile *lf_kickstart_parse(GBytes *text, const char *file, LfKickstartPass pass,
			      LfKickstartLoad load, void *user_data, LfDiagnostics *diagnostics,
			      GError **error)
{
	size_t former_errors = lf_diagnostics_count(diagnostics, LF_SEVERITY_ERROR);
	size_t former_unsupported = lf_diagnostics_count_unsupported(diagnostics);
	size_t first = 0;
	size_t n_errors, n_unsupported;
	LfProfile *profile = NULL;
	LfParser parser;

	while (lf_diagnostics_get(diagnostics, first))
		first++;
	parser_init(&parser, text, file, pass, load, user_data, diagnostics);
	read_lines(&parser);
	if (parser.source.has_unreadable)
		doubt_all(&parser);
	if (pass != LF_KICKSTART_SCRIPTS_ONLY)
		lf_validate(&parser);
	lf_diagnostics_sort(diagnostics, first, lf_source_rank, &parser.source);
	n_errors = lf_diagnostics_count(diagnostics, LF_SEVERITY_ERROR) - former_errors;
	n_unsupported = lf_diagnostics_count_unsupported(diagnostics) - former_unsupported;
	if (n_errors > 0) {
		throw_first(diagnostics, first, n_errors,
			    n_errors == n_unsupported ? LF_ERROR_UNSUPPORTED : LF_ERROR_INPUT,
			    error);
	} else {
		profile = g_steal_pointer(&parser.profile);
		if (parser.redacted)
			profile->redacted = g_string_free(g_steal_pointer(&parser.redacted), FALSE);
	}
	parser_clear(&parser);
	return profile;
}
