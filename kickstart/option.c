// Takes a command's line apart by its table of options, as argparse would, and checks each value.
// Not here: what values mean together (each command's apply), the tables.
#include "kickstart/option.h"

#include <stdarg.h>
#include <string.h>

#include "base/secret.h"
#include "kickstart/near.h"

#define REDACTED "********"

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

static bool is_same(const LfOption *a, const LfOption *b)
{
	return a->kind == b->kind && a->flags == b->flags && a->offset == b->offset &&
	       a->min == b->min && !(a->flags & (LF_OPTION_UNSUPPORTED | LF_OPTION_IGNORED));
}

static void unknown_option(LfCall *call, const LfPlace *place, const char *name)
{
	g_autofree char *advice = NULL;
	LfNear near;

	lf_near_init(&near, name);
	for (size_t i = 0; i < call->command->n_options; i++)
		lf_near_try(&near, call->command->options[i].name);
	advice = lf_near_advice(&near);
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
		if (found && !is_same(found, option)) {
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

// --- values -------------------------------------------------------------------------------------

static void *field_of(const LfCall *call, const LfOption *option)
{
	return (char *)call->values + option->offset;
}

static void bad_shape(LfCall *call, const LfPlace *place, LfShape shape, const char *text)
{
	if (lf_url_has_user(text))
		lf_call_error(call, *place, "invalid-value", lf_shape_advice(shape),
			      "this is not %s", lf_shape_noun(shape));
	else
		lf_call_error(call, *place, "invalid-value", lf_shape_advice(shape),
			      "'%s' is not %s", text, lf_shape_noun(shape));
}

static void store_text(LfCall *call, const LfOption *option, const LfPlace *place, const char *text)
{
	char **field = field_of(call, option);

	// An empty text is the same as none, but it takes back one that was given before.
	g_clear_pointer(field, g_free);
	if (*text && !lf_shape_fits(option->shape, text))
		bad_shape(call, place, option->shape, text);
	else if (*text)
		*field = g_strdup(text);
	else if (option->flags & LF_OPTION_REQUIRED)
		lf_call_error(call, *place, "empty-value", NULL, "'%s' is empty", option->name);
}

static void store_secret(LfCall *call, const LfOption *option, const LfPlace *place,
			 const char *text)
{
	LfSecret **field = field_of(call, option);

	g_clear_pointer(field, lf_secret_free);
	if (*text == '\0')
		lf_call_error(call, *place, "empty-value", "write one, or leave the option out",
			      "'%s' is empty", option->name);
	else
		*field = lf_secret_new_text(text);
}

static void store_list(LfCall *call, const LfOption *option, const LfPlace *place, const char *text)
{
	char ***field = field_of(call, option);
	g_auto(GStrv) parts = g_strsplit(text, ",", -1);
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);

	for (char **part = parts; *part; part++) {
		g_strstrip(*part);
		if (**part == '\0')
			continue;
		if (!lf_shape_fits(option->shape, *part))
			bad_shape(call, place, option->shape, *part);
		g_ptr_array_add(list, g_strdup(*part));
	}
	if (list->len == 0)
		lf_call_error(call, *place, "empty-value", "write names divided by commas",
			      "the list of '%s' is empty", option->name);
	g_ptr_array_add(list, NULL);
	g_strfreev(*field);
	*field = (char **)g_ptr_array_free(g_steal_pointer(&list), FALSE);
}

static char *choices_text(const LfChoice *choices)
{
	GString *text = g_string_new("write ");

	for (const LfChoice *choice = choices; choice->name; choice++)
		if (!choice->note)
			g_string_append_printf(text, "%s'%s'", choice == choices ? "" : ", ",
					       choice->name);
	return g_string_free(text, FALSE);
}

static void store_choice(LfCall *call, const LfOption *option, const LfPlace *place,
			 const char *text)
{
	char **field = field_of(call, option);
	g_autofree char *advice = NULL;

	for (const LfChoice *choice = option->choices; choice->name; choice++) {
		if (strcmp(choice->name, text) != 0)
			continue;
		if (choice->note)
			lf_call_error(call, *place, "unsupported-value", choice->note,
				      "'%s=%s' is not supported", option->name, text);
		g_free(*field);
		*field = g_strdup(text);
		return;
	}
	advice = choices_text(option->choices);
	lf_call_error(call, *place, "invalid-value", advice, "'%s' is no value of '%s'", text,
		      option->name);
}

static void store_boolean(LfCall *call, const LfOption *option, const LfPlace *place,
			  const char *text)
{
	static const char *const words[] = { "no", "yes", "off", "on", "false", "true", "0", "1" };
	bool *field = field_of(call, option);

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		if (g_ascii_strcasecmp(words[i], text) == 0) {
			*field = i % 2 == 1;
			return;
		}
	}
	lf_call_error(call, *place, "invalid-value", "write 'yes' or 'no'",
		      "'%s' is neither yes nor no", text);
}

static bool is_number(const char *text)
{
	const char *digits = *text == '-' || *text == '+' ? text + 1 : text;

	return *digits && strspn(digits, "0123456789") == strlen(digits);
}

static void store_number(LfCall *call, const LfOption *option, const LfPlace *place,
			 const char *text)
{
	uint64_t max = option->max ? option->max : UINT32_MAX;
	const char *digits = *text == '+' ? text + 1 : text;
	g_autofree char *advice = g_strdup_printf("write a whole number from %" G_GUINT64_FORMAT
						  " to %" G_GUINT64_FORMAT,
						  option->min, max);
	guint64 value = 0;

	if (!is_number(text)) {
		lf_call_error(call, *place, "invalid-number", advice, "'%s' is not a whole number",
			      text);
		return;
	}
	if (!g_ascii_string_to_unsigned(digits, 10, option->min, max, &value, NULL)) {
		lf_call_error(call, *place, "out-of-range", advice, "'%s=%s' is out of range",
			      option->name, text);
		return;
	}
	if (option->kind == LF_OPTION_U32)
		*(uint32_t *)field_of(call, option) = (uint32_t)value;
	else
		*(uint64_t *)field_of(call, option) = value;
}

static void (*const stores[])(LfCall *, const LfOption *, const LfPlace *, const char *) = {
	[LF_OPTION_BOOLEAN] = store_boolean, [LF_OPTION_TEXT] = store_text,
	[LF_OPTION_SECRET] = store_secret,   [LF_OPTION_LIST] = store_list,
	[LF_OPTION_CHOICE] = store_choice,   [LF_OPTION_U32] = store_number,
	[LF_OPTION_U64] = store_number,	     [LF_OPTION_I64] = store_number,
};

static void clear_field(LfCall *call, const LfOption *option)
{
	if (option->flags & (LF_OPTION_UNSUPPORTED | LF_OPTION_IGNORED))
		return;
	if (option->kind == LF_OPTION_TEXT || option->kind == LF_OPTION_CHOICE)
		g_clear_pointer((char **)field_of(call, option), g_free);
	else if (option->kind == LF_OPTION_LIST)
		g_clear_pointer((char ***)field_of(call, option), g_strfreev);
	else if (option->kind == LF_OPTION_SECRET)
		g_clear_pointer((LfSecret **)field_of(call, option), lf_secret_free);
}

// --- flags --------------------------------------------------------------------------------------

// Two flags that set one field to different values cannot both be meant.
static bool contradicts(LfCall *call, const LfOption *option, const LfPlace *place)
{
	for (size_t i = 0; i < call->command->n_options; i++) {
		const LfOption *other = &call->command->options[i];

		if (call->given[i].line == 0 || other == option || other->kind > LF_OPTION_SET ||
		    other->offset != option->offset || is_same(other, option))
			continue;
		if (other->flags || option->flags)
			continue;
		lf_call_error(call, *place, "conflicting-options", "leave one of them out",
			      "'%s' and '%s' cannot both be given", other->name, option->name);
		return true;
	}
	return false;
}

static void store_flag(LfCall *call, const LfOption *option, const LfPlace *place)
{
	if (contradicts(call, option, place))
		return;
	if (option->kind == LF_OPTION_SET)
		*(int *)field_of(call, option) = (int)option->min;
	else
		*(bool *)field_of(call, option) = option->kind == LF_OPTION_FLAG;
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

// A word behind an option is its value unless it looks like an option itself; negative numbers and
// words with blanks do not (argparse's rule).
static bool is_value(const char *text)
{
	if (*text != '-' || text[1] == '\0' || strchr(text, ' '))
		return true;
	return text[1] != '-' && strspn(text + 1, "0123456789.") == strlen(text + 1);
}

static void not_supported(LfCall *call, const LfOption *option, const LfPlace *place)
{
	lf_call_error(call, *place, "unsupported-option", option->note,
		      "option '%s' of '%s' is not supported", option->name, call->command->name);
}

static void store(LfCall *call, const LfOption *option, const LfPlace *place, const char *value)
{
	if (option->flags & LF_OPTION_UNSUPPORTED)
		not_supported(call, option, place);
	else if (option->flags & LF_OPTION_IGNORED)
		return;
	else if (value)
		stores[option->kind](call, option, place, value);
	else
		store_flag(call, option, place);
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
	if (!next || !is_value(next->text)) {
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

		if (is_only_words || text[0] != '-' || is_value(text)) {
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
				bad_shape(call, &place, command->word_shape, text);
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
	take_words(ret, line);
	check_words(ret);
	check_required(ret);
	return !ret->is_broken;
}

void lf_call_clear(LfCall *call)
{
	if (call->values)
		for (size_t i = 0; i < call->command->n_options; i++)
			clear_field(call, &call->command->options[i]);
	g_clear_pointer(&call->values, g_free);
	g_clear_pointer(&call->given, g_free);
	g_clear_pointer(&call->words, g_array_unref);
	g_clear_pointer(&call->cuts, g_array_unref);
}
