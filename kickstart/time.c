// The commands timezone and timesource: which time the machine has, and who tells it.
// Not here: asking a time server, setting a clock.
#include <string.h>

#include "kickstart/parser.h"

#define MAX_SOURCES 32

// --- servers ------------------------------------------------------------------------------------

static bool has_source(const GPtrArray *sources, const char *host)
{
	for (guint i = 0; i < sources->len; i++)
		if (g_ascii_strcasecmp(((const LfTimeSource *)sources->pdata[i])->host, host) == 0)
			return true;
	return false;
}

static void add_source(LfParser *parser, LfCall *call, const char *option,
		       const LfTimeSource *source)
{
	GPtrArray *sources = parser->profile->time_sources;
	LfTimeSource *copy;

	if (has_source(sources, source->host)) {
		lf_call_warn(call, lf_call_place(call, option), "repeated-source",
			     "remove one of them", "'%s' is there already", source->host);
		return;
	}
	if (sources->len >= MAX_SOURCES) {
		lf_call_error(call, lf_call_place(call, option), "too-many", NULL,
			      "more than %d time servers", MAX_SOURCES);
		return;
	}
	copy = g_memdup2(source, sizeof(*source));
	copy->place = call->place;
	copy->host = g_strdup(source->host);
	g_ptr_array_add(sources, copy);
}

// --- timezone -----------------------------------------------------------------------------------

typedef struct {
	bool is_utc;
	bool is_utc_old;
	bool is_nontp;
	char **servers;
} Timezone;

static const LfOption timezone_options[] = {
	LF_OPTION_FIELD("--utc", FLAG, Timezone, is_utc),
	LF_OPTION_FIELD("--isUtc", FLAG, Timezone, is_utc_old),
	LF_OPTION_FIELD("--nontp", FLAG, Timezone, is_nontp),
	LF_OPTION_FIELD("--ntpservers", LIST, Timezone, servers, LF_SHAPE_HOST),
};

static const struct {
	const char *option;
	const char *advice;
} old_options[] = {
	{ "--isUtc", "write '--utc'" },
	{ "--nontp", "write 'timesource --ntp-disable'" },
	{ "--ntpservers", "write 'timesource --ntp-server=HOST', a line for each" },
};

static void warn_old(LfCall *call)
{
	for (size_t i = 0; i < G_N_ELEMENTS(old_options); i++)
		if (lf_call_has(call, old_options[i].option))
			lf_call_warn(call, lf_call_place(call, old_options[i].option), "old-option",
				     old_options[i].advice, "'%s' is gone from the language",
				     old_options[i].option);
}

static bool is_any_given(const LfCall *call)
{
	for (size_t i = 0; i < G_N_ELEMENTS(timezone_options); i++)
		if (lf_call_has(call, timezone_options[i].name))
			return true;
	return false;
}

// A second line takes the place of the first one, so the first one's servers go.
static void forget_servers(GPtrArray *sources)
{
	for (guint i = sources->len; i > 0; i--)
		if (((const LfTimeSource *)sources->pdata[i - 1])->is_of_timezone)
			g_ptr_array_remove_index(sources, i - 1);
}

static void apply_timezone(LfParser *parser, LfCall *call, void *values)
{
	LfProfile *profile = parser->profile;
	Timezone *timezone = values;
	const char *name = lf_call_word(call, 0);

	if (!name && !is_any_given(call)) {
		lf_call_error(call, call->place, "missing-argument",
			      "write it as in 'timezone Europe/Berlin --utc'",
			      "'timezone' needs a time zone");
		return;
	}
	if (timezone->is_nontp && timezone->servers)
		lf_call_error(call, lf_call_place(call, "--ntpservers"), "conflicting-options",
			      "leave one of them out",
			      "'--nontp' and '--ntpservers' cannot both be given");
	warn_old(call);
	forget_servers(profile->time_sources);
	for (char **server = timezone->servers; server && *server; server++)
		add_source(parser, call, "--ntpservers",
			   &(LfTimeSource){ .host = *server, .is_of_timezone = true });
	profile->is_ntp_disabled = timezone->is_nontp || parser->is_timesource_disabled;
	g_free(profile->timezone);
	profile->timezone = g_strdup(name);
	profile->is_utc = timezone->is_utc || timezone->is_utc_old;
}

// --- timesource ---------------------------------------------------------------------------------

typedef struct {
	char *server;
	char *pool;
	bool is_disabled;
	bool is_nts;
} Timesource;

static const LfOption timesource_options[] = {
	LF_OPTION_FIELD("--ntp-server", TEXT, Timesource, server, LF_SHAPE_HOST),
	LF_OPTION_FIELD("--ntp-pool", TEXT, Timesource, pool, LF_SHAPE_HOST),
	LF_OPTION_FIELD("--ntp-disable", FLAG, Timesource, is_disabled),
	LF_OPTION_FIELD("--nts", FLAG, Timesource, is_nts),
};

static bool check_timesource(LfCall *call, const Timesource *line)
{
	unsigned n_given = (line->server != NULL) + (line->pool != NULL) + line->is_disabled;

	if (n_given == 0)
		lf_call_error(call, call->place, "missing-option",
			      "write it as in 'timesource --ntp-server=ntp.example.org'",
			      "'timesource' needs '--ntp-server', '--ntp-pool' or '--ntp-disable'");
	if (n_given > 1)
		lf_call_error(call, call->place, "conflicting-options", "write a line for each",
			      "only one of '--ntp-server', '--ntp-pool' and '--ntp-disable' can be "
			      "given");
	if (line->is_nts && line->is_disabled)
		lf_call_error(call, lf_call_place(call, "--nts"), "conflicting-options",
			      "leave '--nts' out", "'--nts' has no meaning with '--ntp-disable'");
	return !call->is_broken;
}

static void apply_timesource(LfParser *parser, LfCall *call, void *values)
{
	Timesource *line = values;
	LfTimeSource source = { .host = line->server ? line->server : line->pool,
				.is_pool = line->pool != NULL,
				.is_nts = line->is_nts };

	if (!check_timesource(call, line))
		return;
	if (line->is_disabled) {
		parser->is_timesource_disabled = true;
		parser->profile->is_ntp_disabled = true;
		return;
	}
	add_source(parser, call, source.is_pool ? "--ntp-pool" : "--ntp-server", &source);
}

static const LfCommand commands[] = {
	{ "timezone", LF_COMMAND_OPTIONS(timezone_options), .values_size = sizeof(Timezone),
	  .max_words = 1, .words = "a time zone", .word_shape = LF_SHAPE_TIMEZONE,
	  .flags = LF_COMMAND_ONCE, .apply = apply_timezone },
	{ "timesource", LF_COMMAND_OPTIONS(timesource_options), .values_size = sizeof(Timesource),
	  .apply = apply_timesource },
};

LF_COMMAND_TABLE(lf_time_commands, commands);
