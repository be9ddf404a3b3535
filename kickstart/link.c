// The values of --bondopts and --bridgeopts, with a finding for each option that is wrong.
// Not here: which options there are (link-option.c), the network line they stand in (network.c).
#include "kickstart/link.h"

#include <string.h>

#include "kickstart/link-option.h"
#include "kickstart/near.h"

/* One reading of --bondopts or --bridgeopts. @values: by row of @table; NULL: not given */
typedef struct {
	LfCall *call;
	const char *option;
	const LfLinkOption *table;
	char **members;
	char *values[LF_MAX_LINK_OPTIONS];
} Reading;

static void reading_clear(Reading *reading)
{
	for (size_t i = 0; i < G_N_ELEMENTS(reading->values); i++)
		g_clear_pointer(&reading->values[i], g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reading, reading_clear)

static void unknown_setting(Reading *reading, const char *name)
{
	g_autofree char *advice = NULL;
	LfNear near;

	lf_near_init(&near, name);
	for (const LfLinkOption *option = reading->table; option->name; option++)
		lf_near_try(&near, option->name);
	advice = near.best ? lf_near_advice(&near) : g_strdup("leave it out");
	lf_call_error(reading->call, lf_call_place(reading->call, reading->option),
		      "unknown-setting", advice, "'%s' does not know '%s'", reading->option, name);
}

static void append_dividers(char **advice)
{
	char *both = g_strconcat(*advice, " with commas between them, and ';' between the options",
				 NULL);

	g_free(*advice);
	*advice = both;
}

static void take_setting(Reading *reading, const char *text)
{
	LfPlace place = lf_call_place(reading->call, reading->option);
	g_auto(GStrv) parts = g_strsplit(text, "=", 2);
	g_autofree char *advice = NULL;
	size_t i;

	if (!parts[0] || !*parts[0] || !parts[1] || !*parts[1]) {
		lf_call_error(reading->call, place, "invalid-value",
			      "write KEY=VALUE, with ',' between them, or ';' when a value has "
			      "commas in it",
			      "'%s' is no setting", text);
		return;
	}
	i = lf_link_option_row(reading->table, parts[0]);
	if (!reading->table[i].name) {
		unknown_setting(reading, parts[0]);
		return;
	}
	if (reading->values[i]) {
		lf_call_error(reading->call, place, "repeated-setting", "write it once",
			      "'%s' is given twice", parts[0]);
		return;
	}
	reading->values[i] =
		lf_link_option_value(&reading->table[i], parts[1], reading->members, &advice);
	if (reading->values[i])
		return;
	if (reading->table[i].kind == LF_SETTING_ADDRESSES)
		append_dividers(&advice);
	lf_call_error(reading->call, place, "invalid-value", advice, "'%s' is no value of '%s'",
		      parts[1], parts[0]);
}

// Anaconda's rule: a ';' anywhere divides, then commas belong to the values.
static void take_settings(Reading *reading, const char *text)
{
	bool has_semicolon = strchr(text, ';') != NULL;
	const char *divider = reading->table == lf_bond_table() && has_semicolon ? ";" : ",";
	g_auto(GStrv) settings = g_strsplit(text, divider, LF_MAX_LINK_OPTIONS + 1);

	for (char **setting = settings; *setting; setting++)
		take_setting(reading, *setting);
}

static char **to_list(const Reading *reading)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);

	for (size_t i = 0; reading->table[i].name; i++)
		if (reading->values[i])
			g_ptr_array_add(list, g_strconcat(reading->table[i].name, "=",
							  reading->values[i], NULL));
	g_ptr_array_add(list, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&list), FALSE);
}

static void conflict(const char *message, const char *advice, void *user_data)
{
	Reading *reading = user_data;

	lf_call_error(reading->call, lf_call_place(reading->call, reading->option),
		      "conflicting-options", advice, "%s", message);
}

char **lf_bond_options(LfCall *call, const char *text, char **members)
{
	g_auto(Reading) reading = { call, "--bondopts", lf_bond_table(), members, { NULL } };

	if (text)
		take_settings(&reading, text);
	// A value that is wrong would be blamed once more.
	if (!call->is_broken && !lf_bond_check(reading.values, conflict, &reading))
		lf_call_warn(call, lf_call_place(call, reading.option), "unwatched-links",
			     "leave 'miimon=0' out",
			     "this bond does not notice that a link is lost");
	return to_list(&reading);
}

char **lf_bridge_options(LfCall *call, const char *text, char **members)
{
	g_auto(Reading) reading = { call, "--bridgeopts", lf_bridge_table(), members, { NULL } };

	if (text)
		take_settings(&reading, text);
	return to_list(&reading);
}
