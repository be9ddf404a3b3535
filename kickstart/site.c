// The lines of %addon com_landfall about a site: reports, mirrors, bandwidth, routes, what
// persists. Not here: kernel, encryption, upgrades, failures (addon.c), lines against each other
// (validate.c).
#include <string.h>
#include <sys/socket.h>

#include "base/address.h"
#include "kickstart/parser.h"
#include "kickstart/rate.h"

#define MAX_MIRRORS 16
#define MAX_ROUTES  256

// --- report -------------------------------------------------------------------------------------

typedef struct {
	char *url;
	char *token;
} Report;

static const LfOption report_options[] = {
	{ "--url", LF_OPTION_TEXT, LF_OPTION_REQUIRED, offsetof(Report, url), LF_SHAPE_REPORT_URL },
	{ "--token", LF_OPTION_TEXT, LF_OPTION_FILLED, offsetof(Report, token),
	  LF_SHAPE_SEED_FILE },
};

static void apply_report(LfParser *parser, LfCall *call, void *values)
{
	Report *report = values;

	if (lf_url_has_user(report->url) || lf_url_has_query(report->url))
		lf_call_error(call, lf_call_place(call, "--url"),
			      lf_url_has_user(report->url) ? "url-credentials" : "url-query",
			      "put the secret into a file of the seed, and write '--token=NAME'",
			      "a user, password or query in the URL would show in logs and on the "
			      "target");
	else if (report->token && !g_str_has_prefix(report->url, "https://"))
		lf_call_warn(call, lf_call_place(call, "--url"), "insecure-report",
			     "begin the URL with 'https://'",
			     "everybody on the way can read the token");
	lf_take_text(&parser->profile->report_url, &report->url);
	lf_take_text(&parser->profile->report_token, &report->token);
}

// --- mirror -------------------------------------------------------------------------------------

typedef struct {
	char *url;
} Mirror;

static const LfOption mirror_options[] = {
	{ "--url", LF_OPTION_TEXT, LF_OPTION_REQUIRED, offsetof(Mirror, url),
	  LF_SHAPE_PAYLOAD_URL },
};

static void apply_mirror(LfParser *parser, LfCall *call, void *values)
{
	LfProfile *profile = parser->profile;
	Mirror *mirror = values;
	guint n_mirrors = g_strv_length(profile->mirrors);

	lf_call_check_url(call, "--url", mirror->url);
	if (g_strv_contains((const char *const *)profile->mirrors, mirror->url)) {
		lf_call_warn(call, lf_call_place(call, "--url"), "repeated-mirror",
			     "remove one of them", "this mirror is there already");
		return;
	}
	if (n_mirrors >= MAX_MIRRORS) {
		lf_call_error(call, call->place, "too-many",
			      "keep those that are nearest to the machines", "more than %d mirrors",
			      MAX_MIRRORS);
		return;
	}
	profile->mirrors = g_renew(char *, profile->mirrors, n_mirrors + 2);
	profile->mirrors[n_mirrors] = g_steal_pointer(&mirror->url);
	profile->mirrors[n_mirrors + 1] = NULL;
}

// --- bandwidth ----------------------------------------------------------------------------------

typedef struct {
	char *limit;
} Bandwidth;

static const LfOption bandwidth_options[] = {
	{ "--limit", LF_OPTION_TEXT, LF_OPTION_REQUIRED, offsetof(Bandwidth, limit),
	  LF_SHAPE_RATE },
};

static void apply_bandwidth(LfParser *parser, LfCall *call, void *values)
{
	const Bandwidth *bandwidth = values;

	if (!lf_rate_parse(bandwidth->limit, &parser->profile->limit_bytes_per_s))
		lf_call_error(call, lf_call_place(call, "--limit"), "out-of-range",
			      LF_RATE_ADVICE ", or remove the line",
			      "'%s' is no limit to work with", bandwidth->limit);
}

// --- route --------------------------------------------------------------------------------------

static const LfOption route_options[] = {
	{ "--to", LF_OPTION_TEXT, LF_OPTION_REQUIRED, offsetof(LfRoute, to), LF_SHAPE_ROUTE },
	{ "--via", LF_OPTION_TEXT, LF_OPTION_REQUIRED, offsetof(LfRoute, via), LF_SHAPE_ADDRESS },
	{ "--device", LF_OPTION_TEXT, LF_OPTION_FILLED, offsetof(LfRoute, device),
	  LF_SHAPE_IFNAME },
	LF_OPTION_FIELD("--metric", U32, LfRoute, metric, 0, 1, UINT32_MAX),
};

static void check_host_bits(LfCall *call, LfRoute *route, const LfAddress *network, unsigned prefix)
{
	LfAddress masked = *network;
	g_autofree char *text = NULL;
	g_autofree char *canonical = NULL;
	g_autofree char *advice = NULL;

	masked.prefix = prefix;
	lf_address_mask(&masked);
	text = lf_address_text(&masked);
	canonical = g_strdup_printf("%s/%u", text, prefix);
	if (memcmp(masked.bytes, network->bytes, sizeof masked.bytes) != 0) {
		advice = g_strdup_printf("write '%s'", canonical);
		lf_call_error(call, lf_call_place(call, "--to"), "host-bits", advice,
			      "'%s' is no network: its address goes beyond the prefix", route->to);
	}
	lf_take_text(&route->to, &canonical);
}

/* The values have their shapes. */
static void check_route(LfCall *call, LfRoute *route)
{
	g_auto(GStrv) parts = g_strsplit(route->to, "/", 2);
	LfAddress network = { 0 };
	LfAddress via = { 0 };
	bool is_default = strcmp(route->to, "default") == 0;

	lf_address_parse(route->via, &via);
	if (!lf_address_is_host(&via))
		lf_call_error(call, lf_call_place(call, "--via"), "not-a-host",
			      "write the address of a router", "'%s' is no address of a host",
			      route->via);
	if (via.family == AF_INET6 && lf_address_is_local(&via) && !route->device)
		lf_call_error(call, lf_call_place(call, "--via"), "missing-option",
			      "add '--device=NAME'", "'%s' may be on any interface", route->via);
	if (is_default)
		return;
	lf_address_parse(parts[0], &network);
	if (network.family != via.family)
		lf_call_error(call, lf_call_place(call, "--via"), "mixed-families",
			      "write an address of the destination's family",
			      "'%s' is no way to '%s'", route->via, route->to);
	check_host_bits(call, route, &network, (unsigned)g_ascii_strtoull(parts[1], NULL, 10));
}

static bool is_ipv6(const LfRoute *route)
{
	return strchr(route->via, ':') != NULL;
}

static bool is_same(const LfRoute *a, const LfRoute *b)
{
	return is_ipv6(a) == is_ipv6(b) && strcmp(a->to, b->to) == 0 && a->metric == b->metric;
}

static void apply_route(LfParser *parser, LfCall *call, void *values)
{
	GPtrArray *routes = parser->profile->routes;
	LfRoute *route = values;

	check_route(call, route);
	for (guint i = 0; i < routes->len; i++)
		if (is_same(routes->pdata[i], route))
			lf_call_error(call, lf_call_place(call, "--to"), "repeated-route",
				      "remove one of them, or give each its own '--metric'",
				      "there is a route to '%s' already, on line %u", route->to,
				      ((const LfRoute *)routes->pdata[i])->place.line);
	if (routes->len >= MAX_ROUTES)
		lf_call_error(call, call->place, "too-many",
			      "put networks that lie beside each other into one route",
			      "more than %d routes", MAX_ROUTES);
	if (call->is_broken)
		return;
	route = g_memdup2(values, sizeof(LfRoute));
	memset(values, 0, sizeof(LfRoute));
	route->place = call->place;
	g_ptr_array_add(routes, route);
}

// --- persist ------------------------------------------------------------------------------------

typedef struct {
	char *label;
	uint64_t size_mib;
} Persist;

static const LfOption persist_options[] = {
	{ "--label", LF_OPTION_TEXT, LF_OPTION_FILLED, offsetof(Persist, label),
	  LF_SHAPE_DISK_LABEL },
	{ "--size", LF_OPTION_U64, LF_OPTION_REQUIRED, offsetof(Persist, size_mib), .min = 64,
	  .max = UINT64_C(1) << 34 },
};

static void apply_persist(LfParser *parser, LfCall *call, void *values)
{
	LfProfile *profile = parser->profile;
	Persist *persist = values;

	if (!persist->label)
		persist->label = g_strdup("landfall-persist");
	profile->persist_place = call->place;
	lf_take_text(&profile->persist_label, &persist->label);
	profile->persist_size_mib = persist->size_mib;
}

static const LfCommand commands[] = {
	{ "report", LF_COMMAND_OPTIONS(report_options), .values_size = sizeof(Report),
	  .flags = LF_COMMAND_ONCE, .apply = apply_report },
	{ "mirror", LF_COMMAND_OPTIONS(mirror_options), .values_size = sizeof(Mirror),
	  .apply = apply_mirror },
	{ "bandwidth", LF_COMMAND_OPTIONS(bandwidth_options), .values_size = sizeof(Bandwidth),
	  .flags = LF_COMMAND_ONCE, .apply = apply_bandwidth },
	{ "route", LF_COMMAND_OPTIONS(route_options), .values_size = sizeof(LfRoute),
	  .apply = apply_route },
	{ "persist", LF_COMMAND_OPTIONS(persist_options), .values_size = sizeof(Persist),
	  .flags = LF_COMMAND_ONCE, .apply = apply_persist },
};

LF_COMMAND_TABLE(lf_site_commands, commands);
