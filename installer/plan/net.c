// A network's values, their JSON and their lines for people.
// Not here: deciding them (net-plan.c), files made of them (net-units.c, net-dhcpcd.c).
#include "installer/plan/net.h"

#include <string.h>

#include "base/address.h"
#include "installer/plan/members.h"

#define ADDRESS_S 45
#define DAD_S	  10

static const LfMember link_members[] = {
	LF_MEMBER(LfNetLink, name, TEXT),
	LF_MEMBER(LfNetLink, mac, TEXT),
	LF_MEMBER(LfNetLink, new_mac, TEXT),
	LF_MEMBER(LfNetLink, is_renamed, BOOL),
	LF_MEMBER(LfNetLink, parent, TEXT),
	LF_MEMBER(LfNetLink, mtu, UNSIGNED),
	LF_MEMBER(LfNetLink, addresses, TEXTS),
	LF_MEMBER(LfNetLink, gateway4, TEXT),
	LF_MEMBER(LfNetLink, gateway6, TEXT),
	LF_MEMBER(LfNetLink, nameservers, TEXTS),
	LF_MEMBER(LfNetLink, search, TEXTS),
	LF_MEMBER(LfNetLink, dhcp_class, TEXT),
	LF_MEMBER(LfNetLink, has_no_default_route, BOOL),
	LF_MEMBER(LfNetLink, ignores_dns4, BOOL),
	LF_MEMBER(LfNetLink, ignores_dns6, BOOL),
	LF_MEMBER(LfNetLink, is_onboot, BOOL),
	LF_MEMBER(LfNetLink, is_activate, BOOL),
	LF_MEMBER(LfNetLink, iaid, UNSIGNED),
};

static const LfMember group_members[] = {
	LF_MEMBER(LfNetLink, members, TEXTS),
	LF_MEMBER(LfNetLink, options, TEXTS),
};

static const LfMember net_members[] = {
	LF_MEMBER(LfNet, is_default, BOOL),    LF_MEMBER(LfNet, nameservers, TEXTS),
	LF_MEMBER(LfNet, duid_mac, TEXT),      LF_MEMBER(LfNet, carrier_s, UNSIGNED),
	LF_MEMBER(LfNet, address_s, UNSIGNED), LF_MEMBER(LfNet, dad_s, UNSIGNED),
};

static const char *const kinds[] = { "ethernet", "vlan", "bond", "bridge" };
static const char *const modes[] = { "none", "auto", "dhcp", "static" };

// --- values -------------------------------------------------------------------------------------

static void route_free(gpointer data)
{
	LfNetRoute *route = data;

	g_free(route->to);
	g_free(route->via);
	g_free(route);
}

LfNetRoute *lf_net_route_new(const char *to, const char *via, uint32_t metric)
{
	LfNetRoute *route = g_new0(LfNetRoute, 1);

	*route = (LfNetRoute){ g_strdup(to), g_strdup(via), metric };
	return route;
}

LfNetLink *lf_net_link_new(LfLinkKind kind, const char *name)
{
	LfNetLink *link = g_new0(LfNetLink, 1);

	link->kind = kind;
	link->name = g_strdup(name);
	link->members = g_new0(char *, 1);
	link->options = g_new0(char *, 1);
	link->addresses = g_new0(char *, 1);
	link->nameservers = g_new0(char *, 1);
	link->search = g_new0(char *, 1);
	link->cards = g_new0(char *, 1);
	link->routes = g_ptr_array_new_with_free_func(route_free);
	return link;
}

void lf_net_link_free(LfNetLink *link)
{
	if (!link)
		return;
	lf_members_clear(link_members, G_N_ELEMENTS(link_members), link);
	lf_members_clear(group_members, G_N_ELEMENTS(group_members), link);
	g_strfreev(link->cards);
	g_ptr_array_unref(link->routes);
	g_free(link);
}

LfNet *lf_net_new(void)
{
	LfNet *net = g_new0(LfNet, 1);

	net->links = g_ptr_array_new_with_free_func((GDestroyNotify)lf_net_link_free);
	net->nameservers = g_new0(char *, 1);
	net->carrier_s = LF_NET_CARRIER_S;
	net->address_s = ADDRESS_S;
	net->dad_s = DAD_S;
	return net;
}

void lf_net_free(LfNet *net)
{
	if (!net)
		return;
	lf_members_clear(net_members, G_N_ELEMENTS(net_members), net);
	g_ptr_array_unref(net->links);
	g_free(net);
}

LfNetLink *lf_net_find(const LfNet *net, const char *name)
{
	for (guint i = 0; i < net->links->len; i++) {
		LfNetLink *link = net->links->pdata[i];

		if (g_strcmp0(link->name, name) == 0)
			return link;
	}
	return NULL;
}

void lf_net_texts_add(char ***list, const char *text)
{
	guint n = g_strv_length(*list);

	*list = g_renew(char *, *list, n + 2);
	(*list)[n] = g_strdup(text);
	(*list)[n + 1] = NULL;
}

void lf_net_texts_add_all(char ***list, char **texts)
{
	for (; texts && *texts; texts++)
		lf_net_texts_add(list, *texts);
}

bool lf_net_is_for_dhcpcd(const LfNetLink *link)
{
	return link->is_activate &&
	       (link->ipv4 == LF_IP_DHCP || link->ipv6 == LF_IP_AUTO || link->ipv6 == LF_IP_DHCP);
}

bool lf_net_is_bare(const LfNetLink *link)
{
	return link->ipv4 == LF_IP_NONE && link->ipv6 == LF_IP_NONE;
}

bool lf_net_is_onlink(const LfNetLink *link, const char *via)
{
	LfAddress gateway, own;
	bool has_family = false;

	if (!lf_address_parse(via, &gateway) || lf_address_is_local(&gateway))
		return false;
	for (char **address = link->addresses; *address; address++) {
		if (!lf_address_parse_prefix(*address, &own) || own.family != gateway.family)
			continue;
		has_family = true;
		if (lf_address_holds(&own, &gateway))
			return false;
	}
	return has_family;
}

// --- JSON ---------------------------------------------------------------------------------------

static json_t *routes_to_json(const LfNetLink *link)
{
	json_t *routes = json_array();

	for (guint i = 0; i < link->routes->len; i++) {
		const LfNetRoute *route = link->routes->pdata[i];
		json_t *object = json_object();

		lf_json_set_string(object, "to", route->to);
		lf_json_set_string(object, "via", route->via);
		lf_json_set_uint(object, "metric", route->metric);
		lf_json_append(routes, object);
	}
	return routes;
}

static json_t *link_to_json(const LfNetLink *link)
{
	json_t *object = json_object();

	lf_json_set_string(object, "kind", kinds[link->kind]);
	lf_members_add(object, link_members, G_N_ELEMENTS(link_members), link);
	lf_json_set_string(object, "ipv4", modes[link->ipv4]);
	lf_json_set_string(object, "ipv6", modes[link->ipv6]);
	lf_json_set(object, "routes", routes_to_json(link));
	if (link->kind == LF_LINK_VLAN)
		lf_json_set_uint(object, "vlan_id", link->vlan_id);
	if (link->kind == LF_LINK_BOND || link->kind == LF_LINK_BRIDGE)
		lf_members_add(object, group_members, G_N_ELEMENTS(group_members), link);
	if (!link->name)
		lf_json_set(object, "cards", lf_json_strv((const char *const *)link->cards));
	return object;
}

json_t *lf_net_to_json(const LfNet *net)
{
	json_t *object = json_object();
	json_t *links = json_array();

	lf_members_add(object, net_members, G_N_ELEMENTS(net_members), net);
	for (guint i = 0; i < net->links->len; i++)
		lf_json_append(links, link_to_json(net->links->pdata[i]));
	lf_json_set(object, "links", links);
	return object;
}

json_t *lf_net_to_run(const LfNet *net)
{
	json_t *object = lf_net_to_json(net);
	json_t *link;
	size_t index;

	json_object_del(object, "duid_mac");
	json_array_foreach (json_object_get(object, "links"), index, link)
		json_object_del(link, "cards");
	return object;
}

// --- text ---------------------------------------------------------------------------------------

/* The mode of a family, or its addresses. */
static char *family_text(const LfNetLink *link, LfIpMode mode, bool is_v6)
{
	static const char *const words[] = { "off", "auto", "by DHCP", NULL };
	g_autoptr(GString) text = g_string_new(NULL);

	if (mode != LF_IP_STATIC)
		return g_strdup(words[mode]);
	for (char **address = link->addresses; *address; address++)
		if ((strchr(*address, ':') != NULL) == is_v6)
			g_string_append_printf(text, "%s%s", text->len ? ", " : "", *address);
	return g_string_free(g_steal_pointer(&text), FALSE);
}

static void describe_kind(GString *out, const LfNetLink *link)
{
	g_autofree char *members = g_strjoinv(", ", link->members);

	g_string_append(out, link->name ? link->name : "every Ethernet port");
	if (link->kind == LF_LINK_VLAN)
		g_string_append_printf(out, " (VLAN %u on %s)", link->vlan_id, link->parent);
	else if (link->kind != LF_LINK_ETHERNET)
		g_string_append_printf(out, " (%s of %s)", kinds[link->kind], members);
	else if (link->mac)
		g_string_append_printf(out, " (%s)", link->mac);
}

static void describe_rest(GString *out, const LfNetLink *link)
{
	const char *gateways[] = { link->gateway4, link->gateway6 };
	g_autofree char *servers = g_strjoinv(" ", link->nameservers);
	g_autofree char *options = link->options ? g_strjoinv(" ", link->options) : NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(gateways); i++)
		if (gateways[i])
			g_string_append_printf(out, ", router %s", gateways[i]);
	if (*servers)
		g_string_append_printf(out, ", name servers %s", servers);
	if (link->mtu > 0)
		g_string_append_printf(out, ", MTU %u", link->mtu);
	if (options && *options)
		g_string_append_printf(out, ", %s", options);
	for (guint i = 0; i < link->routes->len; i++) {
		const LfNetRoute *route = link->routes->pdata[i];

		g_string_append_printf(out, ", %s by %s", route->to, route->via);
	}
}

char **lf_net_describe(const LfNet *net)
{
	g_autoptr(GPtrArray) lines = g_ptr_array_new();

	for (guint i = 0; i < net->links->len; i++) {
		const LfNetLink *link = net->links->pdata[i];
		g_autofree char *ipv4 = family_text(link, link->ipv4, false);
		g_autofree char *ipv6 = family_text(link, link->ipv6, true);
		g_autoptr(GString) out = g_string_new(NULL);

		describe_kind(out, link);
		if (lf_net_is_bare(link))
			g_string_append(out, ": no addresses");
		else
			g_string_append_printf(out, ": IPv4 %s, IPv6 %s", ipv4, ipv6);
		describe_rest(out, link);
		g_ptr_array_add(lines, g_string_free(g_steal_pointer(&out), FALSE));
	}
	g_ptr_array_add(lines, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&lines), FALSE);
}
