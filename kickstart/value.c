// Checks the value of one option against its row and stores it in the option's field.
// Not here: which option a word belongs to (option.c).
#include "kickstart/value.h"

#include <string.h>

#include "base/secret.h"

// --- texts and numbers
// -------------------------------------------------------------------------------------

static void *field_of(const LfCall *call, const LfOption *option)
{
	return (char *)call->values + option->offset;
}

void lf_value_bad_shape(LfCall *call, const LfPlace *place, LfShape shape, const char *text)
{
	if (lf_url_has_user(text) || lf_url_has_query(text))
		lf_call_error(call, *place, "invalid-value", lf_shape_advice(shape),
			      "this is not %s", lf_shape_noun(shape));
	else
		lf_call_error(call, *place, "invalid-value", lf_shape_advice(shape),
			      "'%s' is not %s", text, lf_shape_noun(shape));
}

static void empty_text(LfCall *call, const LfOption *option, const LfPlace *place)
{
	bool is_required = option->flags & LF_OPTION_REQUIRED;

	lf_call_error(call, *place, "empty-value",
		      is_required ? "write a value behind '='"
				  : "write a value behind '=', or leave the option out",
		      "'%s' is empty", option->name);
}

static void store_text(LfCall *call, const LfOption *option, const LfPlace *place, const char *text)
{
	char **field = field_of(call, option);

	// An empty text is the same as none, but it takes back one that was given before.
	g_clear_pointer(field, g_free);
	if (*text && !lf_shape_fits(option->shape, text))
		lf_value_bad_shape(call, place, option->shape, text);
	else if (*text)
		*field = g_strdup(text);
	else if (option->flags & (LF_OPTION_REQUIRED | LF_OPTION_FILLED))
		empty_text(call, option, place);
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
			lf_value_bad_shape(call, place, option->shape, *part);
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

void lf_value_store(LfCall *call, const LfOption *option, const LfPlace *place, const char *text)
{
	stores[option->kind](call, option, place, text);
}

void lf_value_clear(const LfCall *call, const LfOption *option)
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
		    other->offset != option->offset || lf_option_is_same(other, option))
			continue;
		if (other->flags || option->flags)
			continue;
		lf_call_error(call, *place, "conflicting-options", "leave one of them out",
			      "'%s' and '%s' cannot both be given", other->name, option->name);
		return true;
	}
	return false;
}

void lf_value_set(LfCall *call, const LfOption *option, const LfPlace *place)
{
	if (contradicts(call, option, place))
		return;
	if (option->kind == LF_OPTION_SET)
		*(int *)field_of(call, option) = (int)option->min;
	else
		*(bool *)field_of(call, option) = option->kind == LF_OPTION_FLAG;
}
