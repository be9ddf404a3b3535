// A network as files of systemd-networkd, so that what worked in the installer works after it.
// Not here: deciding it (net-plan.c), writing files (installer/apply/configure.c).
#include <string.h>

#include "installer/plan/net-options.h"
#include "installer/plan/net.h"

typedef struct {
	const LfNet *net;
	GPtrArray *units;
} Writer;

static void unit_free(gpointer data)
{
	LfNetUnit *unit = data;

	g_free(unit->name);
	g_free(unit->text);
	g_free(unit);
}

static void add_unit(Writer *writer, char *name, GString *text)
{
	LfNetUnit *unit = g_new0(LfNetUnit, 1);

	unit->name = name;
	unit->text = g_string_free(text, FALSE);
	g_ptr_array_add(writer->units, unit);
}

static char *file_name(const LfNetLink *link, const char *suffix)
{
	return g_strdup_printf("10-landfall-%s.%s", link->name, suffix);
}

// --- .link and .netdev --------------------------------------------------------------------------

static void write_rename(Writer *writer, const LfNetLink *link)
{
	GString *text = g_string_new(NULL);

	g_string_append_printf(text,
			       "[Match]\nPermanentMACAddress=%s\nKind=!*\n\n[Link]\nName=%s\n",
			       link->mac, link->name);
	add_unit(writer, file_name(link, "link"), text);
}

static void write_netdev(Writer *writer, const LfNetLink *link)
{
	static const char *const kinds[] = { NULL, "vlan", "bond", "bridge" };
	GString *text = g_string_new(NULL);

	g_string_append_printf(text, "[NetDev]\nName=%s\nKind=%s\n", link->name, kinds[link->kind]);
	if (link->new_mac)
		g_string_append_printf(text, "MACAddress=%s\n", link->new_mac);
	if (link->mtu)
		g_string_append_printf(text, "MTUBytes=%u\n", link->mtu);
	if (link->kind == LF_LINK_VLAN)
		g_string_append_printf(text, "\n[VLAN]\nId=%u\n", link->vlan_id);
	else
		lf_net_options_units(link, text);
	add_unit(writer, file_name(link, "netdev"), text);
}

// --- .network -----------------------------------------------------------------------------------

static void write_match(GString *text, const LfNetLink *link, const char *card)
{
	g_string_append(text, "[Match]\n");
	if (card)
		g_string_append_printf(text, "PermanentMACAddress=%s\n", card);
	else if (!link->name)
		g_string_append(text, "Type=ether\nKind=!*\n");
	else if (link->mac && !link->is_renamed)
		g_string_append_printf(text, "PermanentMACAddress=%s\n", link->mac);
	else
		g_string_append_printf(text, "Name=%s\n", link->name);
	// A VLAN says that it has the permanent address of what it lies on.
	if (card || (link->mac && !link->is_renamed))
		g_string_append(text, "Kind=!*\n");
}

static void write_link(GString *text, const LfNetLink *link)
{
	bool is_wanted = !lf_net_is_bare(link) && link->is_onboot && !link->cards[0];

	g_string_append(text, "\n[Link]\n");
	if (!link->is_onboot)
		g_string_append(text, "ActivationPolicy=manual\n");
	g_string_append_printf(text, "RequiredForOnline=%s\n",
			       is_wanted || (link->cards[0] && !link->cards[1]) ? "yes" : "no");
	if (link->new_mac && link->kind == LF_LINK_ETHERNET)
		g_string_append_printf(text, "MACAddress=%s\n", link->new_mac);
	if (link->mtu)
		g_string_append_printf(text, "MTUBytes=%u\n", link->mtu);
}

static bool is_primary(const LfNetLink *bond, const char *name)
{
	g_autofree char *option = g_strconcat("primary=", name, NULL);

	return g_strv_contains((const char *const *)bond->options, option);
}

/* What lies on this link: VLANs, and the bond or bridge it is a member of. */
static void write_masters(GString *text, const LfNet *net, const LfNetLink *link)
{
	for (guint i = 0; link->name && i < net->links->len; i++) {
		const LfNetLink *other = net->links->pdata[i];

		if (other->kind == LF_LINK_VLAN && strcmp(other->parent, link->name) == 0)
			g_string_append_printf(text, "VLAN=%s\n", other->name);
		if (!g_strv_contains((const char *const *)other->members, link->name))
			continue;
		g_string_append_printf(text, "%s=%s\n",
				       other->kind == LF_LINK_BOND ? "Bond" : "Bridge",
				       other->name);
		if (other->kind == LF_LINK_BOND && is_primary(other, link->name))
			g_string_append(text, "PrimarySlave=yes\n");
	}
}

static const char *dhcp_word(const LfNetLink *link)
{
	if (link->ipv4 == LF_IP_DHCP)
		return link->ipv6 == LF_IP_DHCP ? "yes" : "ipv4";
	return link->ipv6 == LF_IP_DHCP ? "ipv6" : "no";
}

static bool is_ra_wanted(const LfNetLink *link)
{
	return link->ipv6 == LF_IP_AUTO || link->ipv6 == LF_IP_DHCP;
}

static void write_gateway(GString *text, const LfNetLink *link, const char *gateway)
{
	if (gateway && !lf_net_is_onlink(link, gateway))
		g_string_append_printf(text, "Gateway=%s\n", gateway);
}

static void write_network(GString *text, const LfNet *net, const LfNetLink *link)
{
	g_string_append_printf(text,
			       "\n[Network]\nDHCP=%s\nIPv6AcceptRA=%s\nLinkLocalAddressing=%s\n",
			       dhcp_word(link), is_ra_wanted(link) ? "yes" : "no",
			       link->ipv6 == LF_IP_NONE ? "no" : "ipv6");
	write_masters(text, net, link);
	if (lf_net_is_bare(link))
		return;
	for (char **address = link->addresses; *address; address++)
		g_string_append_printf(text, "Address=%s\n", *address);
	write_gateway(text, link, link->gateway4);
	write_gateway(text, link, link->gateway6);
	for (char **server = link->nameservers; *server; server++)
		g_string_append_printf(text, "DNS=%s\n", *server);
	for (char **server = net->nameservers; *server; server++)
		g_string_append_printf(text, "DNS=%s\n", *server);
	for (char **domain = link->search; *domain; domain++)
		g_string_append_printf(text, "Domains=%s\n", *domain);
}

static void write_route(GString *text, const LfNetLink *link, const char *to, const char *via,
			uint32_t metric)
{
	g_string_append(text, "\n[Route]\n");
	if (strcmp(to, "default") == 0)
		to = strchr(via, ':') ? "::/0" : "0.0.0.0/0";
	g_string_append_printf(text, "Destination=%s\nGateway=%s\n", to, via);
	if (lf_net_is_onlink(link, via))
		g_string_append(text, "GatewayOnLink=yes\n");
	if (metric)
		g_string_append_printf(text, "Metric=%u\n", metric);
}

static void write_routes(GString *text, const LfNetLink *link)
{
	if (link->gateway4 && lf_net_is_onlink(link, link->gateway4))
		write_route(text, link, "default", link->gateway4, 0);
	if (link->gateway6 && lf_net_is_onlink(link, link->gateway6))
		write_route(text, link, "default", link->gateway6, 0);
	for (guint i = 0; i < link->routes->len; i++) {
		const LfNetRoute *route = link->routes->pdata[i];

		write_route(text, link, route->to, route->via, route->metric);
	}
}

static void write_uses(GString *text, const LfNetLink *link, bool ignores_dns, bool has_gateway)
{
	if (link->has_no_default_route && has_gateway)
		g_string_append(text, "UseGateway=no\n");
	g_string_append_printf(text, "%sUseDomains=%s\n", ignores_dns ? "UseDNS=no\n" : "",
			       ignores_dns ? "no" : "yes");
}

/* The server shall know the machine again: what dhcpcd sends in the installer is sent here. */
static void write_dhcp4(GString *text, const LfNetLink *link)
{
	g_string_append(text, "\n[DHCPv4]\nClientIdentifier=mac\n");
	if (link->dhcp_class)
		g_string_append_printf(text, "VendorClassIdentifier=%s\n", link->dhcp_class);
	if (!link->mtu)
		g_string_append(text, "UseMTU=yes\n");
	write_uses(text, link, link->ignores_dns4, true);
}

static void write_dhcp6(GString *text, const LfNet *net, const LfNetLink *link, uint32_t iaid)
{
	g_string_append(text, "\n[DHCPv6]\nDUIDType=link-layer\n");
	if (net->duid_mac)
		g_string_append_printf(text, "DUIDRawData=00:01:%s\n", net->duid_mac);
	if (iaid)
		g_string_append_printf(text, "IAID=%u\n", iaid);
	if (link->ipv6 == LF_IP_DHCP)
		g_string_append(text, "WithoutRA=solicit\n");
	write_uses(text, link, link->ignores_dns6, false);
	g_string_append(text, "\n[IPv6AcceptRA]\nToken=eui64\n");
	if (link->ipv6 == LF_IP_DHCP)
		g_string_append(text, "UseAutonomousPrefix=no\nDHCPv6Client=always\n");
	write_uses(text, link, link->ignores_dns6, true);
}

/* @card: (nullable): MAC of the card it is for, when the link is for many */
static void write_file(Writer *writer, const LfNetLink *link, const char *card, uint32_t iaid)
{
	GString *text = g_string_new(NULL);
	g_autofree char *mac = g_strdup(card);

	write_match(text, link, card);
	write_link(text, link);
	write_network(text, writer->net, link);
	write_routes(text, link);
	if (link->ipv4 == LF_IP_DHCP)
		write_dhcp4(text, link);
	if (is_ra_wanted(link))
		write_dhcp6(text, writer->net, link, iaid);
	if (card)
		g_strdelimit(mac, ":", '-');
	add_unit(writer,
		 link->name ? file_name(link, "network")
		 : card	    ? g_strdup_printf("15-landfall-%s.network", mac)
			    : g_strdup("20-landfall-any.network"),
		 text);
}

static uint32_t iaid_of_card(const char *mac)
{
	uint32_t iaid = 0;

	for (size_t i = 6; i < 17; i += 3)
		iaid = iaid << 8 | (uint32_t)(g_ascii_xdigit_value(mac[i]) << 4 |
					      g_ascii_xdigit_value(mac[i + 1]));
	return iaid;
}

GPtrArray *lf_net_units(const LfNet *net)
{
	g_autoptr(GPtrArray) units = g_ptr_array_new_with_free_func(unit_free);
	Writer writer = { net, units };

	for (guint i = 0; i < net->links->len; i++) {
		const LfNetLink *link = net->links->pdata[i];

		if (link->is_renamed)
			write_rename(&writer, link);
		if (link->kind != LF_LINK_ETHERNET)
			write_netdev(&writer, link);
		for (char **card = link->cards; is_ra_wanted(link) && *card; card++)
			write_file(&writer, link, *card, iaid_of_card(*card));
		write_file(&writer, link, NULL, link->iaid);
	}
	return g_steal_pointer(&units);
}
