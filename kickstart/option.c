// Takes a command's line apart by its table of options, as argparse would.
// Not here: single values (value.c), what they mean together (each command's apply), the tables.
#include "kickstart/option.h"

#include <stdarg.h>
#include <string.h>

#include "kickstart/near.h"
#include "kickstart/value.h"

#define MAX_LISTED 6
#define REDACTED   "********"
#define PLAIN_NAME G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_-"

// --- findings -----------------------------------------------------------------------------------

static void add(const LfCall *call, LfSeverity severity, const LfPlace *place, const char *code,
		const char *advice, const char *format, va_list args)
{
	g_autofree char *message = g_strdup_vprintf(format, args);

	lf_diagnostics_add(call->diagnostics, severity, place, code, advice, "%s", message);
}

void lf_call_error(LfCall *call, LfPlace place, const char *code, const char *advice,
		   const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(call, LF_SEVERITY_ERROR, &place, code, advice, format, args);
	va_end(args);
	call->is_broken = true;
}

void lf_call_warn(LfCall *call, LfPlace place, const char *code, const char *advice,
		  const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(call, LF_SEVERITY_WARNING, &place, code, advice, format, args);
	va_end(args);
}

// --- looking up ---------------------------------------------------------------------------------

static const LfOption *find_exact(const LfCommand *command, const char *name)
{
	for (size_t i = 0; i < command->n_options; i++)
		if (strcmp(command->options[i].name, name) == 0)
			return &command->options[i];
	return NULL;
}

bool lf_option_is_same(const LfOption *a, const LfOption *b)
{
	return a->kind == b->kind && a->flags == b->flags && a->offset == b->offset &&
	       a->min == b->min && !(a->flags & (LF_OPTION_UNSUPPORTED | LF_OPTION_IGNORED));
}

/* The options that are carried out, when there are few. Returns: (transfer full) (nullable) */
static char *known_options(const LfCommand *command)
{
	g_autoptr(GString) text = g_string_new(NULL);
	size_t n = 0;

	for (size_t i = 0; i < command->n_options; i++) {
		if (command->options[i].flags & (LF_OPTION_UNSUPPORTED | LF_OPTION_IGNORED))
			continue;
		g_string_append_printf(text, "%s'%s'", n++ ? ", " : "", command->options[i].name);
	}
	if (n == 0)
		return g_strdup("leave it out: there are no options");
	return n <= MAX_LISTED ? g_strdup_printf("write %s", text->str)
			       : g_strdup("the kickstart page lists the options");
}

static void unknown_option(LfCall *call, const LfPlace *place, const char *name)
{
	g_autofree char *advice = NULL;
	LfNear near;

	lf_near_init(&near, name);
	for (size_t i = 0;
	     lf_diagnostics_has_room(call->diagnostics) && i < call->command->n_options; i++)
		lf_near_try(&near, call->command->options[i].name);
	advice = lf_near_advice(&near);
	if (!advice)
		advice = known_options(call->command);
	lf_call_error(call, *place, "unknown-option", advice, "'%s' has no option '%s'",
		      call->command->name, name);
}

// Any beginning of a name that fits no other one will do.
static const LfOption *find_option(LfCall *call, const LfPlace *place, const char *name)
{
	const LfOption *found = find_exact(call->command, name);

	if (found)
		return found;
	for (size_t i = 0; i < call->command->n_options && strlen(name) > 2; i++) {
		const LfOption *option = &call->command->options[i];

		if (!g_str_has_prefix(option->name, name))
			continue;
		if (found && !lf_option_is_same(found, option)) {
			lf_call_error(call, *place, "ambiguous-option", "write the whole name",
				      "'%s' could be '%s' or '%s'", name, found->name,
				      option->name);
			return NULL;
		}
		found = option;
	}
	if (!found)
		unknown_option(call, place, name);
	return found;
}

static size_t row_of(const LfCall *call, const char *name)
{
	const LfOption *option = find_exact(call->command, name);

	g_assert(option != NULL);
	return (size_t)(option - call->command->options);
}

bool lf_call_has(const LfCall *call, const char *name)
{
	return call->given[row_of(call, name)].line > 0;
}

LfPlace lf_call_place(const LfCall *call, const char *name)
{
	return name && lf_call_has(call, name) ? call->given[row_of(call, name)] : call->place;
}

const char *lf_call_word(const LfCall *call, guint index)
{
	return index < call->words->len ? g_array_index(call->words, LfWord, index).text : NULL;
}

LfPlace lf_call_word_place(const LfCall *call, guint index)
{
	LfPlace place = call->place;

	if (index < call->words->len)
		place.column = g_array_index(call->words, LfWord, index).column;
	return place;
}

void lf_call_check_url(LfCall *call, const char *option, const char *url)
{
	LfPlace place = lf_call_place(call, option);

	if (lf_url_has_user(url))
		lf_call_error(call, place, "url-credentials",
			      "serve the repository without a password; its commits are signed",
			      "a user or password in the URL would show in logs and on the target");
	else if (lf_url_has_query(url))
		lf_call_error(call, place, "url-query",
			      "leave '?' or '#' and what follows out; commits are signed, so a "
			      "repository needs no token",
			      "a query in the URL would show in logs and on the target");
}

// --- words of the line --------------------------------------------------------------------------

static void cut(LfCall *call, const LfWord *word, const char *option_name)
{
	LfCut piece = { word->start, word->end,
			option_name ? g_strconcat(option_name, "=" REDACTED, NULL)
				    : g_strdup(REDACTED) };

	g_array_append_val(call->cuts, piece);
}

static LfPlace place_of(const LfCall *call, const LfWord *word)
{
	return (LfPlace){ call->place.file, call->place.line, word->column };
}

static bool is_beginning_of_option(const LfCommand *command, const char *text)
{
	size_t length = strcspn(text, "=");

	for (size_t i = 0; length > 2 && i < command->n_options; i++)
		if (strncmp(command->options[i].name, text, length) == 0)
			return true;
	return false;
}

// What begins with '-' is an option, but for negative numbers and for words with blanks that fit no
// option (argparse's rules).
static bool is_word(const LfCall *call, const char *text)
{
	if (*text != '-' || text[1] == '\0')
		return true;
	if (is_beginning_of_option(call->command, text))
		return false;
	return strchr(text, ' ') || strspn(text + 1, "0123456789.") == strlen(text + 1);
}

/* @value: (nullable): of an option that takes one */
static void store(LfCall *call, const LfOption *option, const LfPlace *place, const char *value)
{
	if (option->flags & LF_OPTION_UNSUPPORTED)
		lf_call_error(call, lf_call_place(call, option->name), "unsupported-option",
			      option->note, "option '%s' of '%s' is not supported", option->name,
			      call->command->name);
	else if (option->flags & LF_OPTION_IGNORED)
		return;
	else if (value)
		lf_value_store(call, option, place, value);
	else
		lf_value_set(call, option, place);
}

/* Returns: how many words were used. */
static size_t take_option(LfCall *call, const LfWords *line, size_t index)
{
	const LfWord *word = &line->items[index];
	const LfWord *next = index + 1 < line->count ? &line->items[index + 1] : NULL;
	const char *equals = strchr(word->text, '=');
	g_autofree char *name = equals ? g_strndup(word->text, (size_t)(equals - word->text))
				       : g_strdup(word->text);
	LfPlace place = place_of(call, word);
	LfPlace value_place = place;
	const LfOption *option = find_option(call, &place, name);
	bool takes_value = option && option->kind > LF_OPTION_SET;

	if (!option)
		return 1;
	call->given[option - call->command->options] = place;
	if (!takes_value) {
		if (equals)
			lf_call_error(call, place, "unexpected-value",
				      "leave '=' and what follows out", "'%s' takes no value",
				      option->name);
		else
			store(call, option, &place, NULL);
		return 1;
	}
	if (equals) {
		value_place.column = word->value_column;
		if (option->kind == LF_OPTION_SECRET)
			cut(call, word, option->name);
		store(call, option, &value_place, equals + 1);
		return 1;
	}
	if (!next || !is_word(call, next->text)) {
		g_autofree char *advice = g_strdup_printf("write %s=VALUE", option->name);

		lf_call_error(call, place, "missing-value", advice, "'%s' needs a value",
			      option->name);
		return 1;
	}
	value_place.column = next->column;
	if (option->kind == LF_OPTION_SECRET)
		cut(call, next, NULL);
	store(call, option, &value_place, next->text);
	return 2;
}

static void take_word(LfCall *call, const LfWord *word)
{
	if (call->command->flags & LF_COMMAND_SECRET_WORDS)
		cut(call, word, NULL);
	g_array_append_val(call->words, *word);
}

static void take_words(LfCall *call, const LfWords *line)
{
	bool is_only_words = false;
	size_t i = 1;

	while (i < line->count) {
		const char *text = line->items[i].text;

		if (is_only_words || is_word(call, text)) {
			take_word(call, &line->items[i]);
			i++;
		} else if (strcmp(text, "--") == 0) {
			is_only_words = true;
			i++;
		} else {
			i += take_option(call, line, i);
		}
	}
}

// Whose options are not known may have a secret in any of them: only the first word, which is a
// name, and the options' names are kept.
static void cut_free_words(LfCall *call, const LfWords *line)
{
	for (size_t i = 1; i < line->count; i++) {
		const char *text = line->items[i].text;
		const char *equals = strchr(text, '=');
		g_autofree char *name = equals ? g_strndup(text, (size_t)(equals - text)) : NULL;
		bool is_plain = name && *name && strspn(name, PLAIN_NAME) == strlen(name);

		if (!equals && (g_str_has_prefix(text, "--") || (i == 1 && *text != '-')))
			continue;
		cut(call, &line->items[i], is_plain ? name : NULL);
	}
}

// --- the line as a whole ------------------------------------------------------------------------

static bool holds_secrets(const LfCommand *command)
{
	if (command->flags & LF_COMMAND_SECRET_WORDS)
		return true;
	for (size_t i = 0; i < command->n_options; i++)
		if (command->options[i].kind == LF_OPTION_SECRET)
			return true;
	return false;
}

// The extra word can be a part of a password with a blank in it: it is only shown where none can
// be.
static void too_many_words(LfCall *call)
{
	const LfCommand *command = call->command;
	LfPlace place = lf_call_word_place(call, command->max_words);
	const char *advice = "put a value with blanks in quotes; a list has no blanks";

	if (holds_secrets(command))
		lf_call_error(call, place, "unexpected-argument", advice,
			      "'%s' cannot use this word", command->name);
	else
		lf_call_error(call, place, "unexpected-argument", advice,
			      "'%s' cannot use the word '%s'", command->name,
			      lf_call_word(call, command->max_words));
}

static void check_words(LfCall *call)
{
	const LfCommand *command = call->command;

	if (call->words->len > command->max_words)
		too_many_words(call);
	else if (call->words->len < command->min_words)
		lf_call_error(call, call->place, "missing-argument", NULL, "'%s' needs %s",
			      command->name, command->words);
	else if (!(command->flags & LF_COMMAND_SECRET_WORDS))
		for (guint i = 0; i < call->words->len; i++) {
			LfPlace place = lf_call_word_place(call, i);
			const char *text = lf_call_word(call, i);

			if (!lf_shape_fits(command->word_shape, text))
				lf_value_bad_shape(call, &place, command->word_shape, text);
		}
}

static void check_required(LfCall *call)
{
	for (size_t i = 0; i < call->command->n_options; i++) {
		const LfOption *option = &call->command->options[i];

		if ((option->flags & LF_OPTION_REQUIRED) && call->given[i].line == 0)
			lf_call_error(call, call->place, "missing-option", NULL,
				      "'%s' needs the option '%s'", call->command->name,
				      option->name);
	}
}

static void cut_clear(void *cut_pointer)
{
	g_free(((LfCut *)cut_pointer)->text);
}

bool lf_call_parse(const LfCommand *command, const LfPlace *place, const LfWords *line,
		   LfDiagnostics *diagnostics, LfCall *ret)
{
	*ret = (LfCall){ .command = command, .place = *place, .diagnostics = diagnostics };
	ret->place.column = line->items[0].column;
	ret->values = g_malloc0(MAX(command->values_size, 1));
	ret->given = g_new0(LfPlace, MAX(command->n_options, 1));
	ret->words = g_array_new(FALSE, FALSE, sizeof(LfWord));
	ret->cuts = g_array_new(FALSE, FALSE, sizeof(LfCut));
	g_array_set_clear_func(ret->cuts, cut_clear);
	if (!(command->flags & LF_COMMAND_FREE)) {
		take_words(ret, line);
		check_words(ret);
		check_required(ret);
	} else {
		cut_free_words(ret, line);
	}
	return !ret->is_broken;
}

void lf_call_clear(LfCall *call)
{
	if (call->values)
		for (size_t i = 0; i < call->command->n_options; i++)
			lf_value_clear(call, &call->command->options[i]);
	g_clear_pointer(&call->values, g_free);
	g_clear_pointer(&call->given, g_free);
	g_clear_pointer(&call->words, g_array_unref);
	g_clear_pointer(&call->cuts, g_array_unref);
}
