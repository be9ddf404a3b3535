// Links of the kickstart's `network` lines.
// Not here: which card a device is (net-card.c), options of bonds (net-options.c).
#include <string.h>
#include <sys/socket.h>

#include "base/address.h"
#include "installer/plan/net-options.h"
#include "installer/plan/net-planner.h"
#include "installer/plan/text.h"

#define DEFAULT_PREFIX6 64

static bool add_static4(const LfNetwork *line, LfNetLink *link, GError **error)
{
	g_autofree char *text = NULL;
	LfAddress address;

	if (!lf_address_parse(line->ip, &address) || address.family != AF_INET)
		return lf_throw_at(error, LF_ERROR_INPUT, &line->place,
				   "'%s' is no IPv4 address: write it as in '192.0.2.10'",
				   line->ip);
	if (!line->netmask || !lf_address_prefix_of(line->netmask, AF_INET, &address.prefix) ||
	    address.prefix == 0)
		return lf_throw_at(error, LF_ERROR_INPUT, &line->place,
				   "'network --ip' needs the option '--netmask'");
	text = lf_address_text_prefix(&address);
	lf_net_texts_add(&link->addresses, text);
	link->ipv4 = LF_IP_STATIC;
	return true;
}

static bool add_static6(const LfNetwork *line, LfNetLink *link, GError **error)
{
	g_autofree char *text = NULL;
	LfAddress address;

	if (!lf_address_parse_prefix(line->ipv6, &address)) {
		if (!lf_address_parse(line->ipv6, &address))
			return lf_throw_at(error, LF_ERROR_INPUT, &line->place,
					   "'%s' is no IPv6 address: write it as in "
					   "'2001:db8::10/64'",
					   line->ipv6);
		address.prefix = DEFAULT_PREFIX6;
	}
	text = lf_address_text_prefix(&address);
	lf_net_texts_add(&link->addresses, text);
	link->ipv6 = LF_IP_STATIC;
	return true;
}

static bool add_modes(const LfNetwork *line, LfNetLink *link, GError **error)
{
	link->ipv4 = line->is_noipv4 ? LF_IP_NONE : LF_IP_DHCP;
	if (!line->is_noipv4 && line->ip && !add_static4(line, link, error))
		return false;
	if (line->is_noipv6)
		link->ipv6 = LF_IP_NONE;
	else if (!line->ipv6 || strcmp(line->ipv6, "auto") == 0)
		link->ipv6 = LF_IP_AUTO;
	else if (strcmp(line->ipv6, "dhcp") == 0)
		link->ipv6 = LF_IP_DHCP;
	else if (!add_static6(line, link, error))
		return false;
	return true;
}

static bool check_class(const LfNetwork *line, GError **error)
{
	const char *text = line->dhcp_class ? line->dhcp_class : "";

	// It stands in files of two programs that quote in two ways.
	for (const char *c = text; *c; c++)
		if (!g_ascii_isprint(*c) || strchr("\"'\\%#", *c) || strlen(text) > 128)
			return lf_throw_at(
				error, LF_ERROR_UNSUPPORTED, &line->place,
				"'--dhcpclass' takes at most 128 letters, digits, blanks "
				"and punctuation without quotes, '\\', '%%' and '#'");
	return true;
}

static bool fill_from_line(const LfNetwork *line, LfNetLink *link, GError **error)
{
	if (!add_modes(line, link, error) || !check_class(line, error))
		return false;
	if (link->ipv4 == LF_IP_STATIC && !line->is_nodefroute)
		link->gateway4 = g_strdup(line->gateway);
	if (!line->is_noipv6 && !line->is_nodefroute)
		link->gateway6 = g_strdup(line->ipv6gateway);
	lf_net_texts_add_all(&link->nameservers, line->nameservers);
	lf_net_texts_add_all(&link->search, line->dns_search);
	link->dhcp_class =
		line->dhcp_class && *line->dhcp_class ? g_strdup(line->dhcp_class) : NULL;
	link->mtu = line->mtu;
	link->has_no_default_route = line->is_nodefroute;
	link->ignores_dns4 = line->is_nodns || line->ignores_dns4;
	link->ignores_dns6 = line->is_nodns || line->ignores_dns6;
	link->is_onboot = line->is_onboot;
	link->is_activate = line->is_activate;
	return true;
}

static bool set_vlan(const LfNetwork *line, LfNetLink *link, char *parent)
{
	link->kind = LF_LINK_VLAN;
	link->vlan_id = line->vlan_id;
	link->parent = parent;
	link->name = line->interface_name ? g_strdup(line->interface_name)
					  : g_strdup_printf("%s.%u", parent, line->vlan_id);
	return true;
}

static bool set_group(const LfNetPlanner *planner, const LfNetwork *line, LfNetLink *link,
		      char *name, GError **error)
{
	bool is_bond = line->bond_slaves != NULL;
	char **slaves = is_bond ? line->bond_slaves : line->bridge_slaves;
	char **given = is_bond ? line->bond_options : line->bridge_options;

	link->kind = is_bond ? LF_LINK_BOND : LF_LINK_BRIDGE;
	link->name = name;
	if (!lf_card_resolve_all(planner, slaves, &line->place, &link->members, error))
		return false;
	return lf_net_options_set(link, given, error) || lf_prefix_at(error, &line->place);
}

static bool append_link(LfNetPlanner *planner, const LfNetwork *line, LfNetLink *link,
			GError **error)
{
	g_autoptr(LfNetLink) owned = link;

	if (lf_net_find(planner->net, link->name))
		return lf_throw_at(error, LF_ERROR_INPUT, &line->place,
				   "a second 'network' line for %s%s%s: remove one of them",
				   link->name ? "'" : "", link->name ? link->name : "every device",
				   link->name ? "'" : "");
	g_ptr_array_add(planner->net->links, g_steal_pointer(&owned));
	return true;
}

/* A line with a bond and a VLAN makes both; the VLAN has the addresses. */
static bool add_bond_below(LfNetPlanner *planner, const LfNetwork *line, const char *name,
			   GError **error)
{
	g_autoptr(LfNetLink) bond = lf_net_link_new(LF_LINK_BOND, NULL);

	bond->is_onboot = line->is_onboot;
	bond->is_activate = line->is_activate;
	return set_group(planner, line, bond, g_strdup(name), error) &&
	       append_link(planner, line, g_steal_pointer(&bond), error);
}

/* Static addresses are for one card: without a device they are for that with a carrier. */
static const char *device_of_line(const LfNetPlanner *planner, const LfNetwork *line)
{
	bool is_for_one = line->ip || (line->ipv6 && strchr(line->ipv6, ':')) || line->vlan_id;

	if (line->device || !is_for_one)
		return line->device;
	return planner->args->bootif ? "bootif" : "link";
}

static bool set_device(LfNetPlanner *planner, const LfNetwork *line, LfNetLink *link,
		       GError **error)
{
	const char *device = device_of_line(planner, line);
	char *name;

	if (!device && (line->bond_slaves || line->bridge_slaves))
		return lf_throw_at(error, LF_ERROR_INPUT, &line->place,
				   "a bond or bridge needs a name: write it as '--device='");
	if (!device)
		return true;
	name = lf_card_resolve(planner, device, &line->place, error);
	if (!name)
		return false;
	if (line->vlan_id)
		return set_vlan(line, link, name) &&
		       (!line->bond_slaves || add_bond_below(planner, line, name, error));
	if (line->bond_slaves || line->bridge_slaves)
		return set_group(planner, line, link, name, error);
	link->name = name;
	lf_card_bind(planner, link, device, line->is_bound_to_mac);
	return true;
}

static bool add_line(LfNetPlanner *planner, const LfNetwork *line, GError **error)
{
	g_autoptr(LfNetLink) link = lf_net_link_new(LF_LINK_ETHERNET, NULL);

	return set_device(planner, line, link, error) && fill_from_line(line, link, error) &&
	       append_link(planner, line, g_steal_pointer(&link), error);
}

static bool is_member(const LfNet *net, const LfNetLink *link)
{
	for (guint i = 0; link->name && i < net->links->len; i++) {
		const LfNetLink *other = net->links->pdata[i];

		if (g_strv_contains((const char *const *)other->members, link->name))
			return true;
	}
	return false;
}

/* A line about a member gives it no address. */
static void strip_members(const LfNet *net)
{
	for (guint i = 0; i < net->links->len; i++) {
		LfNetLink *link = net->links->pdata[i];

		if (!is_member(net, link))
			continue;
		link->ipv4 = link->ipv6 = LF_IP_NONE;
		g_clear_pointer(&link->gateway4, g_free);
		g_clear_pointer(&link->gateway6, g_free);
		g_strfreev(link->addresses);
		link->addresses = g_new0(char *, 1);
	}
}

bool lf_net_lines_add(LfNetPlanner *planner, GError **error)
{
	for (guint i = 0; planner->profile && i < planner->profile->networks->len; i++) {
		const LfNetwork *line = planner->profile->networks->pdata[i];

		if (!lf_network_is_host_only(line) && !add_line(planner, line, error))
			return false;
	}
	strip_members(planner->net);
	planner->n_kickstart = planner->net->links->len;
	return true;
}
