// Network lines among each other: who is a member of what, what lies on what, where routes go.
// Not here: a line by itself (network.c, site.c), whether a machine has these cards (the planner).
#include <string.h>
#include <sys/socket.h>

#include "base/address.h"
#include "kickstart/parser.h"

/**
 * Links: what the network lines make and use.
 * @made: name → LfNetwork: the line that makes or configures the interface
 * @owners: member → LfNetwork: the bond or bridge it belongs to
 * @bases: parent → LfNetwork: a VLAN on it
 */
typedef struct {
	GHashTable *made;
	GHashTable *owners;
	GHashTable *bases;
} Links;

static void links_clear(Links *links)
{
	g_hash_table_unref(links->made);
	g_hash_table_unref(links->owners);
	g_hash_table_unref(links->bases);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Links, links_clear)

static char **members_of(const LfNetwork *network)
{
	return network->bond_slaves ? network->bond_slaves : network->bridge_slaves;
}

static bool makes_two(const LfNetwork *network)
{
	return network->bond_slaves && network->vlan_id > 0;
}

// --- names --------------------------------------------------------------------------------------

static void add_made(LfParser *parser, Links *links, const char *name, LfNetwork *network)
{
	const LfNetwork *former = g_hash_table_lookup(links->made, name);

	if (former)
		lf_parser_error(parser, network->place, "repeated-device",
				"write the bond on a line of its own, and the VLAN on another",
				"interface '%s' is made by line %u already", name,
				former->place.line);
	else
		g_hash_table_insert(links->made, g_strdup(name), network);
}

static void add_owner(LfParser *parser, Links *links, char *member, LfNetwork *network)
{
	const LfNetwork *former = g_hash_table_lookup(links->owners, member);

	if (former)
		lf_parser_error(parser, network->place, "repeated-member", "name it in one of them",
				"'%s' is a member of '%s' already", member, former->device);
	else
		g_hash_table_insert(links->owners, member, network);
}

static void add_network(LfParser *parser, Links *links, LfNetwork *network)
{
	g_autofree char *name = lf_network_name(network);

	if (name)
		add_made(parser, links, name, network);
	if (makes_two(network))
		add_made(parser, links, network->device, network);
	else if (network->vlan_id > 0)
		g_hash_table_insert(links->bases, network->device, network);
	for (char **member = members_of(network); member && *member; member++)
		add_owner(parser, links, *member, network);
}

// --- members ------------------------------------------------------------------------------------

static bool says_address(const LfNetwork *network)
{
	return network->bootproto || network->ipv6 || network->nameservers[0];
}

static const char *unfit_for_bond(const Links *links, const LfNetwork *member, const char *name)
{
	if (member && (member->vlan_id > 0 || members_of(member)))
		return "a bond's members are network cards";
	return g_hash_table_contains(links->bases, name) ? "the VLAN belongs on the bond" : NULL;
}

static void check_member(LfParser *parser, const Links *links, const LfNetwork *owner,
			 const char *name)
{
	const LfNetwork *member = g_hash_table_lookup(links->made, name);
	const char *against = NULL;

	if (owner->bond_slaves)
		against = unfit_for_bond(links, member, name);
	else if (member && member->bridge_slaves)
		against = "a bridge cannot be a member of a bridge";
	if (against)
		lf_parser_error(parser, owner->place, "unfit-member", "name network cards",
				"'%s' cannot be a member of '%s': %s", name, owner->device,
				against);
	// The bond of a line that makes a VLAN too has no address anyway.
	else if (member && says_address(member) &&
		 !(makes_two(member) && g_str_equal(member->device, name)))
		lf_parser_error(parser, member->place, "member-with-address",
				"give the address to the bond or bridge",
				"'%s' is a member of '%s' and can have no address of its own", name,
				owner->device);
}

static void check_members(LfParser *parser, const Links *links)
{
	const GPtrArray *networks = parser->profile->networks;

	for (guint i = 0; i < networks->len; i++)
		for (char **member = members_of(networks->pdata[i]); member && *member; member++)
			check_member(parser, links, networks->pdata[i], *member);
}

// --- what lies on itself ------------------------------------------------------------------------

/* @grounded: lines that are known to stand on network cards at last */
static bool stands(const Links *links, GHashTable *grounded, const char *name)
{
	const LfNetwork *lower = g_hash_table_lookup(links->made, name);

	return !lower || g_hash_table_contains(grounded, lower);
}

static bool is_grounded(const Links *links, GHashTable *grounded, const LfNetwork *network)
{
	if (network->vlan_id > 0 && !makes_two(network) &&
	    !stands(links, grounded, network->device))
		return false;
	for (char **member = members_of(network); member && *member; member++)
		if (!stands(links, grounded, *member))
			return false;
	return true;
}

// Each round grounds at least one line, or there is none left but those in a circle.
static void check_circles(LfParser *parser, const Links *links)
{
	const GPtrArray *networks = parser->profile->networks;
	g_autoptr(GHashTable) grounded = g_hash_table_new(NULL, NULL);
	const LfNetwork *left = NULL;
	guint before;

	do {
		before = g_hash_table_size(grounded);
		left = NULL;
		for (guint i = 0; i < networks->len; i++)
			if (is_grounded(links, grounded, networks->pdata[i]))
				g_hash_table_add(grounded, networks->pdata[i]);
			else if (!left)
				left = networks->pdata[i];
	} while (left && g_hash_table_size(grounded) > before);
	if (left)
		lf_parser_error(parser, left->place, "circle",
				"let bonds, bridges and VLANs end at network cards",
				"'%s' lies on itself", left->device);
}

// --- addresses and routes -----------------------------------------------------------------------

static void check_addresses(LfParser *parser)
{
	const GPtrArray *networks = parser->profile->networks;
	const LfNetwork *last = NULL;

	for (guint i = 0; i < networks->len; i++) {
		const LfNetwork *network = networks->pdata[i];

		if (lf_network_is_host_only(network))
			continue;
		if (!network->is_noipv4 || !network->is_noipv6)
			return;
		last = network;
	}
	if (last)
		lf_parser_error(parser, last->place, "conflicting-options",
				"leave one of them out, or add a line for a device with an address",
				"'--noipv4' and '--noipv6' leave no address");
}

static bool needs_network(const LfProfile *profile)
{
	bool is_remote = profile->ostree_url && !g_str_has_prefix(profile->ostree_url, "file:");

	return is_remote || profile->mirrors[0] || profile->report_url || profile->log_host;
}

// Only the first line is brought up by itself, and it may be the bond below a VLAN that has the
// address.
static void check_activation(LfParser *parser, const Links *links)
{
	const GPtrArray *networks = parser->profile->networks;
	const LfNetwork *last = NULL;

	for (guint i = 0; i < networks->len; i++) {
		const LfNetwork *network = networks->pdata[i];
		g_autofree char *name = lf_network_name(network);

		if (lf_network_is_host_only(network) ||
		    (network->is_noipv4 && network->is_noipv6) ||
		    (name && g_hash_table_contains(links->owners, name)))
			continue;
		if (network->is_activate)
			return;
		last = network;
	}
	if (last && needs_network(parser->profile))
		lf_parser_warn(parser, last->place, "inactive-network",
			       "add '--activate' to this line, unless the kernel's command line "
			       "brings up a network",
			       "the installer needs the network, and brings up no device with an "
			       "address");
}

/* Is it certain that @via is not in the network that @network has? */
static bool is_far(const LfNetwork *network, const LfAddress *via)
{
	g_auto(GStrv) parts = NULL;
	LfAddress own = { 0 };
	unsigned prefix = 64;

	if (via->family == AF_INET) {
		if (network->is_noipv4)
			return true;
		return network->ip && lf_address_parse(network->ip, &own) &&
		       !lf_address_shares(&own, via, lf_address_netmask_prefix(network->netmask));
	}
	if (network->is_noipv6)
		return true;
	if (!network->ipv6 || !strchr(network->ipv6, ':') || lf_address_is_local(via))
		return false;
	parts = g_strsplit(network->ipv6, "/", 2);
	prefix = (unsigned)g_ascii_strtoull(parts[1], NULL, 10);
	return lf_address_parse(parts[0], &own) && !lf_address_shares(&own, via, prefix);
}

static bool is_via_far(const GPtrArray *networks, const LfRoute *route)
{
	LfAddress via = { 0 };
	guint n_lines = 0;

	lf_address_parse(route->via, &via);
	for (guint i = 0; i < networks->len; i++) {
		const LfNetwork *network = networks->pdata[i];
		g_autofree char *name = lf_network_name(network);

		if (lf_network_is_host_only(network) ||
		    (route->device && name && g_strcmp0(name, route->device) != 0))
			continue;
		if (!is_far(network, &via))
			return false;
		n_lines++;
	}
	return n_lines > 0;
}

/* Do the lines say which devices there are, and it is none of them? */
static bool is_unknown(const GPtrArray *networks, const Links *links, const char *device)
{
	guint n_lines = 0;

	if (!device || g_hash_table_contains(links->made, device))
		return false;
	for (guint i = 0; i < networks->len; i++) {
		g_autofree char *name = lf_network_name(networks->pdata[i]);

		if (lf_network_is_host_only(networks->pdata[i]))
			continue;
		if (!name)
			return false;
		n_lines++;
	}
	return n_lines > 0;
}

static void check_routes(LfParser *parser, const Links *links)
{
	const LfProfile *profile = parser->profile;

	for (guint i = 0; i < profile->routes->len; i++) {
		const LfRoute *route = profile->routes->pdata[i];

		if (is_unknown(profile->networks, links, route->device))
			lf_parser_warn(parser, route->place, "unknown-device",
				       "write the name of a 'network' line's device",
				       "no 'network' line is about '%s', the device of this route",
				       route->device);
		else if (is_via_far(profile->networks, route))
			lf_parser_warn(parser, route->place, "unreachable-router",
				       "write a router in the network of one of the addresses",
				       "no 'network' line has an address in the network of '%s'",
				       route->via);
	}
}

void lf_validate_network(LfParser *parser)
{
	const GPtrArray *networks = parser->profile->networks;
	g_auto(Links) links = { g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
				g_hash_table_new(g_str_hash, g_str_equal),
				g_hash_table_new(g_str_hash, g_str_equal) };

	if (lf_parser_is_doubtful(parser, "network"))
		return;
	for (guint i = 0; i < networks->len; i++)
		add_network(parser, &links, networks->pdata[i]);
	check_members(parser, &links);
	check_circles(parser, &links);
	check_addresses(parser);
	check_activation(parser, &links);
	check_routes(parser, &links);
}
