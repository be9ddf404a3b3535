// Network and clock of one run: started when they are wanted, waited for when they are needed.
// Not here: links and addresses (installer/net), what is fetched.
#include "installer/online.h"

#include <string.h>

#include "base/fd.h"
#include "base/runtime.h"
#include "installer/cards.h"
#include "installer/net/clock.h"
#include "installer/net/network.h"
#include "installer/probe/probe.h"

#define NTP_TIMEOUT_MS 10000
#define SETTLE_US      (60 * G_USEC_PER_SEC)
#define STEP_NETWORK   "network.up"
#define STEP_CLOCK     "clock.set"

struct LfOnline {
	const LfHost *host;
	const LfHttpAccess *access;
	LfEvents *events;
	const LfProfile *profile; /* nullable */
	LfNetRun *run;		  /* nullable: not started */
	char *link;		  /* nullable: name of the card that `link` means */
	bool is_up;
	int64_t settled_us; /* what has not come by then, of the monotonic clock, never will */
	char *tried;	    /* nullable: the network as it was before the last request */
	uint64_t built_s;   /* 0: unknown */
	LfClockSource clock;
	bool has_asked_time; /* the servers that are known by now */
	char *asked_url;     /* nullable: whose time was asked for last */
	GTimeZone *zone;     /* nullable: of the hardware clock; NULL: UTC */
};

// A file that cannot be written costs the next start what this one knew.
static void set_source(LfOnline *online, LfClockSource source)
{
	const char *name = lf_clock_name(source);

	online->clock = source;
	(void)lf_write_file_at(online->host->root_fd, LF_RUN_CLOCK, name, strlen(name), 0644, NULL);
}

static void load_source(LfOnline *online)
{
	g_autofree char *name = lf_read_text_at(online->host->root_fd, LF_RUN_CLOCK, 16, NULL);

	if (name)
		(void)lf_clock_by_name(g_strchomp(name), &online->clock);
}

// Outside the installer's medium nothing is known of a build, and the clock is not ours.
static void check_clock(LfOnline *online)
{
	g_autoptr(GError) error = NULL;
	LfClockSource source = LF_CLOCK_RTC;

	if (!lf_probe_built(online->host, &online->built_s, &error))
		return;
	load_source(online);
	if (!lf_clock_floor(online->built_s, &source, &error)) {
		lf_events_note(online->events, STEP_CLOCK, "%s", error->message);
	} else if (source == LF_CLOCK_FLOOR) {
		set_source(online, source);
		lf_events_note(online->events, STEP_CLOCK,
			       "the hardware clock was not plausible: set to when the image was "
			       "built");
	}
}

LfOnline *lf_online_new(const LfHost *host, const LfHttpAccess *access, LfEvents *events)
{
	LfOnline *online = g_new0(LfOnline, 1);

	online->host = host;
	online->access = access;
	online->events = events;
	check_clock(online);
	return online;
}

static bool is_of_servers(const char *url)
{
	return url && (g_str_has_prefix(url, "http://") || g_str_has_prefix(url, "https://"));
}

bool lf_online_is_wanted(const LfProfile *profile)
{
	for (guint i = 0; i < profile->networks->len; i++)
		if (((const LfNetwork *)profile->networks->pdata[i])->is_activate)
			return true;
	return is_of_servers(profile->ostree_url) || profile->report_url || profile->log_host ||
	       profile->time_sources->len > 0;
}

// What names cards can be planned only when they are there. Nothing said can start at once: dhcpcd
// takes up what appears.
static LfNet *plan(LfOnline *online, GError **error)
{
	g_autoptr(GPtrArray) nics = lf_probe_nics(online->host);
	LfNet *net = lf_net_plan(online->profile, online->host->cmdline, nics, NULL);

	if (net && net->is_default)
		return net;
	g_clear_pointer(&net, lf_net_free);
	return lf_cards_plan(online->host, online->profile, &online->link, error);
}

void lf_online_prefer(const LfOnline *online, GPtrArray *nics)
{
	lf_cards_prefer(nics, online->link);
}

bool lf_online_is_told(const LfOnline *online)
{
	g_autoptr(GPtrArray) none = g_ptr_array_new();
	g_autoptr(LfNet) net = lf_net_plan(NULL, online->host->cmdline, none, NULL);

	return !net || !net->is_default;
}

void lf_online_follow(LfOnline *online, const LfProfile *profile)
{
	online->profile = profile;
	online->has_asked_time = false;
}

bool lf_online_start(LfOnline *online, GError **error)
{
	g_autoptr(LfNet) net = plan(online, error);

	if (!net)
		return false;
	if (online->run && lf_net_same(online->run, net))
		return true;
	g_clear_pointer(&online->run, lf_net_run_free);
	online->is_up = false;
	online->run = lf_net_start(online->host, net, error);
	return online->run != NULL;
}

// --- the clock ----------------------------------------------------------------------------------

static GPtrArray *offered_sources(const LfOnline *online)
{
	g_auto(GStrv) servers = lf_net_time_servers(online->run);
	GPtrArray *sources = g_ptr_array_new_with_free_func((GDestroyNotify)lf_time_source_free);

	for (char **server = servers; *server; server++) {
		LfTimeSource *source = g_new0(LfTimeSource, 1);

		source->host = g_strdup(*server);
		g_ptr_array_add(sources, source);
	}
	return sources;
}

static bool ask_time_servers(LfOnline *online)
{
	bool has_own = online->profile && online->profile->time_sources->len > 0;
	g_autoptr(GPtrArray) sources =
		has_own ? g_ptr_array_ref(online->profile->time_sources) : offered_sources(online);
	g_autoptr(GError) error = NULL;

	if (sources->len == 0 || (online->profile && online->profile->is_ntp_disabled))
		return false;
	if (lf_clock_ntp(sources, online->access->ca_file, NTP_TIMEOUT_MS, &error))
		return true;
	lf_events_note(online->events, STEP_CLOCK, "%s", error->message);
	return false;
}

// A time server may be wrong, and DHCP may name anyone.
static bool is_plausible_now(LfOnline *online)
{
	LfClockSource source = LF_CLOCK_RTC;
	g_autoptr(GError) error = NULL;

	if (lf_clock_is_plausible(online->host->now_ms() / 1000, online->built_s))
		return true;
	lf_events_note(online->events, STEP_CLOCK, "what the time servers say is not plausible");
	if (lf_clock_floor(online->built_s, &source, &error))
		set_source(online, source);
	else
		lf_events_note(online->events, STEP_CLOCK, "%s", error->message);
	return false;
}

static void emit_clock(LfOnline *online)
{
	g_autoptr(json_t) data = json_object();
	LfEvent event = { .step = STEP_CLOCK,
			  .state = LF_EVENT_DONE,
			  .title = "set the clock",
			  .message = lf_clock_name(online->clock),
			  .data = data };

	lf_json_set_string(data, "source", lf_clock_name(online->clock));
	lf_events_emit(online->events, &event);
}

static void take_time(LfOnline *online, LfClockSource source)
{
	set_source(online, source);
	emit_clock(online);
}

// A clock that may be right is left alone when no time server answers; who could answer in its
// place could also make it wrong. A server is asked once.
static void ask_web_server(LfOnline *online, const char *url)
{
	g_autoptr(GError) error = NULL;

	if (online->clock != LF_CLOCK_FLOOR || g_strcmp0(url, online->asked_url) == 0)
		return;
	g_free(online->asked_url);
	online->asked_url = g_strdup(url);
	if (lf_clock_http(url, online->access, online->built_s, &error))
		take_time(online, LF_CLOCK_HTTP);
	else
		lf_events_note(online->events, STEP_CLOCK, "%s", error->message);
}

// @url: (nullable): of the server that is asked last
static void set_clock(LfOnline *online, const char *url)
{
	if (online->built_s == 0)
		return;
	if (!online->has_asked_time) {
		online->has_asked_time = true;
		if (ask_time_servers(online) && is_plausible_now(online))
			take_time(online, LF_CLOCK_NTP);
	}
	if (url)
		ask_web_server(online, url);
}

static bool has_address(const LfOnline *online)
{
	g_autoptr(GPtrArray) states = lf_net_states(online->run);

	for (guint i = 0; i < states->len; i++)
		if (*((const LfNetState *)states->pdata[i])->addresses)
			return true;
	return false;
}

void lf_online_try(LfOnline *online)
{
	const char *url = online->profile ? online->profile->report_url : NULL;

	if (online->run && has_address(online))
		set_clock(online, url);
}

void lf_online_know_zone(LfOnline *online, int root_fd)
{
	const LfProfile *profile = online->profile;
	g_autoptr(GError) error = NULL;

	if (!profile || !profile->timezone || profile->is_utc)
		return;
	g_clear_pointer(&online->zone, g_time_zone_unref);
	online->zone = lf_clock_zone(root_fd, profile->timezone, &error);
	if (!online->zone)
		lf_events_note(online->events, STEP_CLOCK, "%s", error->message);
}

void lf_online_keep_time(LfOnline *online)
{
	g_autoptr(GError) error = NULL;

	if (online->clock != LF_CLOCK_NTP && online->clock != LF_CLOCK_HTTP)
		return;
	if (!lf_clock_write_rtc(online->zone, &error))
		lf_events_note(online->events, STEP_CLOCK, "%s", error->message);
}

// --- the network --------------------------------------------------------------------------------

// For whoever stands before the screen: "enp0s1 10.0.2.15/24 fec0::5054:ff:fe12:3456/64".
static char *describe_addresses(const LfOnline *online)
{
	g_autoptr(GPtrArray) states = lf_net_states(online->run);
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < states->len; i++) {
		const LfNetState *state = states->pdata[i];
		g_autofree char *addresses = g_strjoinv(" ", state->addresses);

		if (*addresses)
			g_string_append_printf(text, "%s%s %s", text->len ? ", " : "", state->name,
					       addresses);
	}
	return g_string_free(g_steal_pointer(&text), FALSE);
}

static bool wait_for_network(LfOnline *online, GError **error)
{
	LfEvent event = { .step = STEP_NETWORK,
			  .state = LF_EVENT_STARTED,
			  .title = "bring the network up" };
	g_autoptr(json_t) data = json_object();
	g_autofree char *addresses = NULL;
	g_autoptr(GError) local = NULL;

	lf_events_emit(online->events, &event);
	online->is_up = (online->run || lf_online_start(online, &local)) &&
			lf_net_wait(online->run, &local);
	online->settled_us = g_get_monotonic_time() + SETTLE_US;
	lf_online_report(online, data);
	event.state = online->is_up ? LF_EVENT_DONE : LF_EVENT_FAILED;
	event.error = local;
	event.data = data;
	event.message = addresses = online->is_up ? describe_addresses(online) : NULL;
	lf_events_emit(online->events, &event);
	if (!online->is_up)
		g_propagate_error(error, g_steal_pointer(&local));
	return online->is_up;
}

bool lf_online_need(const char *url, void *user_data, GError **error)
{
	LfOnline *online = user_data;

	if (!online->is_up && !wait_for_network(online, error))
		return false;
	g_free(online->tried);
	online->tried = lf_net_fingerprint(online->run);
	set_clock(online, url);
	return true;
}

bool lf_online_again(void *user_data)
{
	LfOnline *online = user_data;

	if (!online->is_up || !lf_net_wait_other(online->run, online->tried, online->settled_us))
		return false;
	// What did not lead to the server did not lead to its time.
	online->has_asked_time = online->clock != LF_CLOCK_FLOOR;
	g_clear_pointer(&online->asked_url, g_free);
	return true;
}

void lf_online_report(const LfOnline *online, json_t *data)
{
	g_autoptr(GPtrArray) states = online->run ? lf_net_states(online->run) : NULL;

	if (states)
		lf_json_set(data, "network", lf_net_states_to_json(states));
	if (online->built_s > 0)
		lf_json_set_string(data, "clock", lf_clock_name(online->clock));
}

void lf_online_free(LfOnline *online)
{
	if (!online)
		return;
	lf_net_run_free(online->run);
	g_free(online->link);
	g_clear_pointer(&online->zone, g_time_zone_unref);
	g_free(online->asked_url);
	g_free(online->tried);
	g_free(online);
}
