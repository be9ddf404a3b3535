// A network as the configuration of dhcpcd, which gets addresses for all links in the installer.
// Not here: deciding it (net-plan.c), static addresses and starting dhcpcd (installer/net).
#include "installer/plan/net.h"

/* nodelay: nobody else starts at the same time. noarp: a server gives no address that somebody has;
 * asking all the same takes five seconds. The order of duid and clientid counts: the last decides
 * what DHCPv4 sends, and systemd-networkd sends the same. */
#define HEAD                                                                                       \
	"# Written by Landfall for this start; see dhcpcd.conf(5).\n"                              \
	"nodelay\nnoarp\nnoipv4ll\nslaac hwaddr\nvendorclassid\n"                                  \
	"option ntp_servers, classless_static_routes\noption dhcp6_sntp_servers\n"                 \
	"require dhcp_server_identifier\n"

static const char *on_off(bool is_on, const char *word)
{
	return is_on ? word + 2 : word;
}

/* All of it is said in each section: what stands before the first section holds for all links, and
 * may be that of the link without a name. */
static void write_modes(GString *text, const LfNetLink *link)
{
	bool has_ra = link->ipv6 == LF_IP_AUTO || link->ipv6 == LF_IP_DHCP;

	g_string_append_printf(text, "%s\n%s\n%s\n%s\n", on_off(link->ipv4 == LF_IP_DHCP, "noipv4"),
			       on_off(has_ra, "noipv6"),
			       on_off(!link->has_no_default_route, "nogateway"),
			       link->ipv6 == LF_IP_DHCP ? "ipv6ra_noautoconf" : "ipv6ra_autoconf");
	if (link->ipv6 == LF_IP_DHCP)
		g_string_append(text, "ia_na\n");
}

static void write_wishes(GString *text, const LfNetLink *link)
{
	g_string_append_printf(text, "%s domain_name_servers, domain_name, domain_search\n",
			       on_off(!link->ignores_dns4, "nooption"));
	g_string_append_printf(text, "%s dhcp6_name_servers, dhcp6_domain_search\n",
			       on_off(!link->ignores_dns6, "nooption"));
	if (link->ignores_dns6)
		g_string_append(text, "nooption nd_rdnss, nd_dnssl\n");
	g_string_append_printf(text, "%s interface_mtu\n", on_off(link->mtu == 0, "nooption"));
	if (link->dhcp_class)
		g_string_append_printf(text, "vendorclassid \"%s\"\n", link->dhcp_class);
}

/* An empty list would allow all. */
static void write_names(GString *text, const LfNet *net, bool has_any)
{
	g_autoptr(GString) names = g_string_new(has_any ? " lo" : NULL);

	for (guint i = 0; i < net->links->len; i++) {
		const LfNetLink *link = net->links->pdata[i];

		if (link->name && lf_net_is_for_dhcpcd(link) != has_any)
			g_string_append_printf(names, " %s", link->name);
	}
	if (names->len == 0)
		g_string_append(text, "denyinterfaces *\n");
	else
		g_string_append_printf(text, "%sinterfaces%s\n", has_any ? "deny" : "allow",
				       names->str);
}

static const LfNetLink *find_any(const LfNet *net)
{
	for (guint i = 0; i < net->links->len; i++) {
		const LfNetLink *link = net->links->pdata[i];

		if (!link->name && lf_net_is_for_dhcpcd(link))
			return link;
	}
	return NULL;
}

char *lf_net_dhcpcd_conf(const LfNet *net)
{
	g_autoptr(GString) text = g_string_new(HEAD);
	const LfNetLink *any = find_any(net);

	if (net->duid_mac)
		g_string_append_printf(text, "duid 00:03:00:01:%s\n", net->duid_mac);
	else
		g_string_append(text, "duid ll\n");
	g_string_append(text, "clientid\n");
	write_names(text, net, any != NULL);
	if (any) {
		write_modes(text, any);
		write_wishes(text, any);
	}
	for (guint i = 0; i < net->links->len; i++) {
		const LfNetLink *link = net->links->pdata[i];

		if (!link->name || !lf_net_is_for_dhcpcd(link))
			continue;
		g_string_append_printf(text, "\ninterface %s\n", link->name);
		if (link->iaid)
			g_string_append_printf(text, "iaid %u\n", link->iaid);
		write_modes(text, link);
		write_wishes(text, link);
	}
	return g_string_free(g_steal_pointer(&text), FALSE);
}
