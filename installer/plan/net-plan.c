// Decides the network: puts the links of kickstart and command line together, with what lies below
// them, their routes, and what servers know them by.
// Not here: the links themselves (net-line.c, net-word.c), cards (net-card.c), the order of the
// links (net-graph.c).
#include <string.h>

#include "base/address.h"
#include "installer/plan/net-graph.h"
#include "installer/plan/net-planner.h"
#include "installer/plan/text.h"

// --- routes -------------------------------------------------------------------------------------

static bool holds(const LfNetLink *link, const LfAddress *via)
{
	LfAddress own;

	for (char **address = link->addresses; *address; address++)
		if (lf_address_parse_prefix(*address, &own) && lf_address_holds(&own, via))
			return true;
	return false;
}

/* The link whose network holds the gateway, else the only one with addresses. */
static LfNetLink *link_for_route(const LfNet *net, const LfAddress *via)
{
	LfNetLink *only = NULL;
	guint n_links = 0;

	for (guint i = 0; i < net->links->len; i++) {
		LfNetLink *link = net->links->pdata[i];

		if (holds(link, via))
			return link;
		if (lf_net_is_bare(link))
			continue;
		only = link;
		n_links++;
	}
	return n_links == 1 ? only : NULL;
}

static char *canonical_to(const char *to, int family)
{
	LfAddress network;

	if (strcmp(to, "default") == 0)
		return g_strdup(to);
	if (!lf_address_parse_prefix(to, &network) || network.family != family)
		return NULL;
	return network.prefix ? lf_address_network(&network) : g_strdup("default");
}

static bool add_route(const LfNetPlanner *planner, const LfRoute *route, GError **error)
{
	g_autofree char *name =
		route->device ? lf_card_resolve(planner, route->device, &route->place, error)
			      : NULL;
	g_autofree char *to = NULL;
	LfNetLink *link;
	LfAddress via;

	if (route->device && !name)
		return false;
	if (!route->via || !lf_address_parse(route->via, &via))
		return lf_throw_at(error, LF_ERROR_INPUT, &route->place,
				   "the route to '%s' needs the address of a gateway", route->to);
	to = canonical_to(route->to, via.family);
	if (!to)
		return lf_throw_at(error, LF_ERROR_INPUT, &route->place,
				   "'%s' is no network that '%s' is a gateway for: write it as in "
				   "'192.0.2.0/24' or '2001:db8::/32'",
				   route->to, route->via);
	link = name ? lf_net_find(planner->net, name) : link_for_route(planner->net, &via);
	if (!link || lf_net_is_bare(link))
		return lf_throw_at(error, LF_ERROR_INPUT, &route->place,
				   "the route to '%s' by '%s' belongs to no interface with an "
				   "address: name its interface",
				   route->to, route->via);
	g_ptr_array_add(link->routes, lf_net_route_new(to, route->via, route->metric));
	return true;
}

static bool add_routes(const LfNetPlanner *planner, GError **error)
{
	for (guint i = 0; planner->profile && i < planner->profile->routes->len; i++)
		if (!add_route(planner, planner->profile->routes->pdata[i], error))
			return false;
	for (guint i = 0; i < planner->args->routes->len; i++) {
		const LfRouteArg *arg = planner->args->routes->pdata[i];
		const LfRoute route = { .device = arg->device, .to = arg->to, .via = arg->via };

		if (!add_route(planner, &route, error))
			return lf_net_word_prefix(error, arg->word);
	}
	return true;
}

// --- what lies below ----------------------------------------------------------------------------

static bool is_bound_member(const LfNetPlanner *planner, const char *name)
{
	for (guint i = 0; planner->profile && i < planner->profile->networks->len; i++) {
		const LfNetwork *line = planner->profile->networks->pdata[i];
		char **members = line->bond_slaves ? line->bond_slaves : line->bridge_slaves;

		if (line->is_bound_to_mac && members &&
		    g_strv_contains((const char *const *)members, name))
			return true;
	}
	return false;
}

static bool add_below(LfNetPlanner *planner, const char *name, const LfNetLink *above,
		      GError **error)
{
	LfNetLink *link = lf_net_find(planner->net, name);

	if (!link) {
		if (!lf_card_need(planner, lf_card_by_name(planner, name), name, NULL, error))
			return lf_prefix(error, "what '%s' lies on", above->name);
		link = lf_net_link_new(LF_LINK_ETHERNET, name);
		g_ptr_array_add(planner->net->links, link);
	}
	if (!link->mac)
		lf_card_bind(planner, link, name, is_bound_member(planner, name));
	return true;
}

static bool add_all_below(LfNetPlanner *planner, GError **error)
{
	for (guint i = 0; i < planner->net->links->len; i++) {
		const LfNetLink *link = planner->net->links->pdata[i];

		if (link->parent && !add_below(planner, link->parent, link, error))
			return false;
		for (char **member = link->members; *member; member++)
			if (!add_below(planner, *member, link, error))
				return false;
	}
	return true;
}

/* The line that speaks of an interface, for messages. */
static const LfPlace *place_of(const LfNetPlanner *planner, const char *name)
{
	for (guint i = 0; planner->profile && i < planner->profile->networks->len; i++) {
		const LfNetwork *line = planner->profile->networks->pdata[i];

		if (g_strcmp0(line->device, name) == 0)
			return &line->place;
	}
	return NULL;
}

static bool check_names(const LfNetPlanner *planner, GError **error)
{
	for (guint i = 0; i < planner->net->links->len; i++) {
		const LfNetLink *link = planner->net->links->pdata[i];

		if (link->name && !lf_ifname_fits(link->name))
			return lf_throw(error, LF_ERROR_INPUT,
					"'%.64s' is no name of an interface: write at most 15 "
					"letters, digits, '_', '.' and '-'%s",
					link->name,
					link->kind == LF_LINK_VLAN ? " as '--interfacename='" : "");
		if (link->kind != LF_LINK_ETHERNET && lf_card_by_name(planner, link->name))
			return lf_throw(error, LF_ERROR_INPUT,
					"'%s' is a network card's name: call the %s otherwise",
					link->name,
					link->kind == LF_LINK_VLAN ? "VLAN" : "bond or bridge");
		if (link->kind == LF_LINK_ETHERNET && link->name &&
		    !lf_card_need(planner, lf_card_by_name(planner, link->name), link->name,
				  place_of(planner, link->name), error))
			return false;
	}
	return true;
}

// --- identity -----------------------------------------------------------------------------------

/* The MAC that a link has in the end; (transfer none) (nullable). */
static const char *mac_of(const LfNetPlanner *planner, const LfNetLink *link, unsigned depth)
{
	const char *below = link->parent ? link->parent : link->members[0];
	const LfFactNic *nic = link->name ? lf_card_by_name(planner, link->name) : NULL;
	const LfNetLink *next =
		below && depth < LF_MAX_NETARGS ? lf_net_find(planner->net, below) : NULL;

	if (link->new_mac)
		return link->new_mac;
	if (link->kind == LF_LINK_ETHERNET)
		return nic ? nic->mac : NULL;
	return next ? mac_of(planner, next, depth + 1) : NULL;
}

static uint32_t hash_of(const char *name)
{
	uint32_t hash = UINT32_C(2166136261);

	// FNV-1a: the same everywhere, and no secret.
	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * UINT32_C(16777619);
	return hash ? hash : 1;
}

static bool is_named(const LfNetPlanner *planner, const LfFactNic *nic)
{
	return lf_net_find(planner->net, lf_card_name(planner, nic)) != NULL;
}

static void set_cards(const LfNetPlanner *planner, LfNetLink *any)
{
	for (guint i = 0; i < planner->nics->len; i++) {
		const LfFactNic *nic = planner->nics->pdata[i];
		g_autofree char *mac = nic->mac ? lf_mac_parse(nic->mac) : NULL;

		if (mac && !is_named(planner, nic))
			lf_net_texts_add(&any->cards, mac);
	}
}

/* Servers know a machine by its DUID and a link by its IAID: both follow from what does not change
 * between the installer and the installed system. */
static void set_identity(const LfNetPlanner *planner)
{
	LfNet *net = planner->net;

	for (guint i = 0; i < planner->nics->len && !net->duid_mac; i++) {
		const LfFactNic *nic = planner->nics->pdata[i];

		net->duid_mac = nic->mac ? lf_mac_parse(nic->mac) : NULL;
	}
	for (guint i = 0; i < net->links->len; i++) {
		LfNetLink *link = net->links->pdata[i];
		bool is_group = link->kind == LF_LINK_BOND || link->kind == LF_LINK_BRIDGE;
		const char *mac = is_group ? mac_of(planner, link, 0) : NULL;

		if (!link->name)
			set_cards(planner, link);
		else
			link->iaid = hash_of(link->name);
		if (mac && !link->new_mac)
			link->new_mac = lf_mac_parse(mac);
	}
}

// --- the whole ----------------------------------------------------------------------------------

static void add_default(LfNetPlanner *planner)
{
	LfNetLink *any = lf_net_word_link(planner, LF_LINK_ETHERNET, NULL);

	any->ipv4 = LF_IP_DHCP;
	any->ipv6 = LF_IP_AUTO;
	planner->net->is_default = true;
}

static void set_rest(LfNetPlanner *planner)
{
	const LfNetArgs *args = planner->args;
	LfNet *net = planner->net;

	lf_net_texts_add_all(&net->nameservers, args->nameservers);
	net->carrier_s = args->carrier_s ? args->carrier_s : net->carrier_s;
	net->address_s = args->address_s ? args->address_s : net->address_s;
	net->dad_s = args->dad_s ? args->dad_s : net->dad_s;
}

static LfNet *plan(const LfProfile *profile, const char *cmdline, const GPtrArray *nics,
		   bool is_for_later, GError **error)
{
	g_autoptr(LfNetArgs) args = lf_netargs_parse(cmdline, error);
	g_autoptr(LfNet) net = lf_net_new();
	LfNetPlanner planner = { profile, args, nics, net, 0, is_for_later };

	if (!args || !lf_card_check_names(&planner, error) || !lf_net_lines_add(&planner, error) ||
	    !lf_net_words_add(&planner, error))
		return NULL;
	if (net->links->len == 0)
		add_default(&planner);
	set_rest(&planner);
	if (!check_names(&planner, error) || !lf_net_graph_sort(net, error) ||
	    !add_all_below(&planner, error) || !lf_net_graph_sort(net, error) ||
	    !lf_net_graph_carry(net, error) || !add_routes(&planner, error))
		return NULL;
	set_identity(&planner);
	return g_steal_pointer(&net);
}

LfNet *lf_net_plan(const LfProfile *profile, const char *cmdline, const GPtrArray *nics,
		   GError **error)
{
	return plan(profile, cmdline, nics, false, error);
}

LfNet *lf_net_plan_installed(const LfProfile *profile, const char *cmdline, const GPtrArray *nics,
			     GError **error)
{
	return plan(profile, cmdline, nics, true, error);
}
