// Decides the network: which links, which card each is, what each gets.
// Not here: the command line's words (netargs.c), options of bonds (net-options.c), the order of
// the links (net-graph.c).
#include <string.h>
#include <sys/socket.h>

#include "base/address.h"
#include "installer/plan/net-graph.h"
#include "installer/plan/net-options.h"
#include "installer/plan/netargs.h"
#include "installer/plan/text.h"

#define DEFAULT_PREFIX6 64

typedef struct {
	const LfProfile *profile; /* nullable */
	const LfNetArgs *args;
	const GPtrArray *nics;
	LfNet *net;
	guint n_kickstart; /* links that are the kickstart's; the command line's are behind them */
	bool is_for_later; /* only the installed system gets it */
} Planner;

static void append_text(char ***list, const char *text)
{
	guint n = g_strv_length(*list);

	*list = g_renew(char *, *list, n + 2);
	(*list)[n] = g_strdup(text);
	(*list)[n + 1] = NULL;
}

static void append_texts(char ***list, char **texts)
{
	for (; texts && *texts; texts++)
		append_text(list, *texts);
}

static LfNetLink *find_link(const LfNet *net, const char *name)
{
	for (guint i = 0; i < net->links->len; i++) {
		LfNetLink *link = net->links->pdata[i];

		if (g_strcmp0(link->name, name) == 0)
			return link;
	}
	return NULL;
}

// --- cards --------------------------------------------------------------------------------------

/* The name that `ifname=` gives a card; NULL when it keeps its own. */
static const char *name_given(const Planner *planner, const LfFactNic *nic)
{
	g_autofree char *mac = nic->mac ? lf_mac_parse(nic->mac) : NULL;

	for (guint i = 0; mac && i < planner->args->names->len; i++) {
		const LfNameArg *arg = planner->args->names->pdata[i];

		if (strcmp(arg->mac, mac) == 0)
			return arg->name;
	}
	return NULL;
}

static const char *name_of(const Planner *planner, const LfFactNic *nic)
{
	const char *name = name_given(planner, nic);

	return name ? name : nic->name;
}

static const LfFactNic *card_by_name(const Planner *planner, const char *name)
{
	for (guint i = 0; i < planner->nics->len; i++)
		if (strcmp(name_of(planner, planner->nics->pdata[i]), name) == 0)
			return planner->nics->pdata[i];
	return NULL;
}

static const LfFactNic *card_by_mac(const Planner *planner, const char *mac)
{
	for (guint i = 0; i < planner->nics->len; i++) {
		const LfFactNic *nic = planner->nics->pdata[i];

		if (nic->mac && g_ascii_strcasecmp(nic->mac, mac) == 0)
			return nic;
	}
	return NULL;
}

static const LfFactNic *card_with_carrier(const Planner *planner)
{
	if (planner->nics->len == 1)
		return planner->nics->pdata[0];
	for (guint i = 0; i < planner->nics->len; i++) {
		const LfFactNic *nic = planner->nics->pdata[i];

		if (nic->has_carrier)
			return nic;
	}
	return planner->is_for_later && planner->nics->len ? planner->nics->pdata[0] : NULL;
}

static char *list_cards(const Planner *planner)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < planner->nics->len && i < 32; i++) {
		const LfFactNic *nic = planner->nics->pdata[i];

		g_string_append_printf(text, "%s%.32s%s%.32s%s%s", i ? ", " : ": it has ",
				       name_of(planner, nic), nic->mac ? " (" : "",
				       nic->mac ? nic->mac : "", nic->mac ? ")" : "",
				       nic->has_carrier ? " with carrier" : "");
	}
	if (text->len == 0)
		g_string_append(text, ": it has none");
	return g_string_free(g_steal_pointer(&text), FALSE);
}

static const LfFactNic *need_card(const Planner *planner, const LfFactNic *nic, const char *what,
				  const LfPlace *place, GError **error)
{
	g_autofree char *cards = nic ? NULL : list_cards(planner);

	if (!nic)
		lf_throw_at(error, LF_ERROR_TARGET, place,
			    "'%s' fits no network card of this machine%s", what, cards);
	return nic;
}

static const LfFactNic *card_by_carrier(const Planner *planner, const LfPlace *place,
					GError **error)
{
	const LfFactNic *nic = card_with_carrier(planner);
	g_autofree char *cards = nic ? NULL : list_cards(planner);

	if (nic)
		return nic;
	lf_throw_at(error, planner->nics->len ? LF_ERROR_NETWORK : LF_ERROR_TARGET, place,
		    "no network card has a carrier: plug a cable in, or name the device%s", cards);
	return NULL;
}

static const LfFactNic *card_by_bootif(const Planner *planner, const LfPlace *place, GError **error)
{
	const char *mac = planner->args->bootif;

	if (!mac) {
		lf_throw_at(error, LF_ERROR_INPUT, place,
			    "'bootif' needs the word 'BOOTIF=' on the kernel command line");
		return NULL;
	}
	return need_card(planner, card_by_mac(planner, mac), mac, place, error);
}

/* The card that a word other than a name means; NULL without an error for a name. */
static const LfFactNic *card_of_word(const Planner *planner, const char *device,
				     const LfPlace *place, bool *ret_is_word, GError **error)
{
	g_autofree char *mac = lf_mac_parse(device);

	*ret_is_word = true;
	if (mac)
		return need_card(planner, card_by_mac(planner, mac), mac, place, error);
	if (strcmp(device, "link") == 0)
		return card_by_carrier(planner, place, error);
	if (strcmp(device, "bootif") == 0)
		return card_by_bootif(planner, place, error);
	*ret_is_word = false;
	return NULL;
}

/* The name of the interface that @device means. Whether it exists is asked when all are known. */
static char *resolve(const Planner *planner, const char *device, const LfPlace *place,
		     GError **error)
{
	bool is_word;
	const LfFactNic *nic = card_of_word(planner, device, place, &is_word, error);

	if (is_word)
		return nic ? g_strdup(name_of(planner, nic)) : NULL;
	return g_strdup(device);
}

static bool resolve_all(const Planner *planner, char **devices, const LfPlace *place, char ***list,
			GError **error)
{
	for (; *devices; devices++) {
		g_autofree char *name = resolve(planner, *devices, place, error);

		if (!name)
			return false;
		append_text(list, name);
	}
	return true;
}

/* A link is bound to its card's MAC where the wish names the card so, or renames it. */
static void bind_card(const Planner *planner, LfNetLink *link, const char *device, bool is_bound)
{
	const LfFactNic *nic = link->name ? card_by_name(planner, link->name) : NULL;

	if (link->kind != LF_LINK_ETHERNET || !nic || !nic->mac)
		return;
	link->is_renamed = name_given(planner, nic) != NULL;
	if (is_bound || link->is_renamed || strchr(device, ':') || strcmp(device, "bootif") == 0)
		link->mac = lf_mac_parse(nic->mac);
}

// --- kickstart lines ----------------------------------------------------------------------------

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
	append_text(&link->addresses, text);
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
	append_text(&link->addresses, text);
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
	append_texts(&link->nameservers, line->nameservers);
	append_texts(&link->search, line->dns_search);
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

static bool set_group(const Planner *planner, const LfNetwork *line, LfNetLink *link, char *name,
		      GError **error)
{
	bool is_bond = line->bond_slaves != NULL;
	char **slaves = is_bond ? line->bond_slaves : line->bridge_slaves;
	char *none[] = { NULL };
	char **given = is_bond ? line->bond_options : line->bridge_options;
	char **options;

	link->kind = is_bond ? LF_LINK_BOND : LF_LINK_BRIDGE;
	link->name = name;
	if (!resolve_all(planner, slaves, &line->place, &link->members, error))
		return false;
	options = lf_net_options_plan(link->kind, given ? given : none, link->members, error);
	if (!options)
		return lf_prefix_at(error, &line->place);
	g_strfreev(link->options);
	link->options = options;
	return true;
}

static bool append_link(Planner *planner, const LfNetwork *line, LfNetLink *link, GError **error)
{
	g_autoptr(LfNetLink) owned = link;

	if (find_link(planner->net, link->name))
		return lf_throw_at(error, LF_ERROR_INPUT, &line->place,
				   "a second 'network' line for %s%s%s: remove one of them",
				   link->name ? "'" : "", link->name ? link->name : "every device",
				   link->name ? "'" : "");
	g_ptr_array_add(planner->net->links, g_steal_pointer(&owned));
	return true;
}

/* A line with a bond and a VLAN makes both; the VLAN has the addresses. */
static bool add_bond_below(Planner *planner, const LfNetwork *line, const char *name,
			   GError **error)
{
	g_autoptr(LfNetLink) bond = lf_net_link_new(LF_LINK_BOND, NULL);

	bond->is_onboot = line->is_onboot;
	bond->is_activate = line->is_activate;
	return set_group(planner, line, bond, g_strdup(name), error) &&
	       append_link(planner, line, g_steal_pointer(&bond), error);
}

/* Static addresses are for one card: without a device they are for that with a carrier. */
static const char *device_of_line(const Planner *planner, const LfNetwork *line)
{
	bool is_for_one = line->ip || (line->ipv6 && strchr(line->ipv6, ':')) || line->vlan_id;

	if (line->device || !is_for_one)
		return line->device;
	return planner->args->bootif ? "bootif" : "link";
}

static bool set_device(Planner *planner, const LfNetwork *line, LfNetLink *link, GError **error)
{
	const char *device = device_of_line(planner, line);
	char *name;

	if (!device && (line->bond_slaves || line->bridge_slaves))
		return lf_throw_at(error, LF_ERROR_INPUT, &line->place,
				   "a bond or bridge needs a name: write it as '--device='");
	if (!device)
		return true;
	name = resolve(planner, device, &line->place, error);
	if (!name)
		return false;
	if (line->vlan_id)
		return set_vlan(line, link, name) &&
		       (!line->bond_slaves || add_bond_below(planner, line, name, error));
	if (line->bond_slaves || line->bridge_slaves)
		return set_group(planner, line, link, name, error);
	link->name = name;
	bind_card(planner, link, device, line->is_bound_to_mac);
	return true;
}

static bool add_line(Planner *planner, const LfNetwork *line, GError **error)
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

static bool add_lines(Planner *planner, GError **error)
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

// --- the command line ---------------------------------------------------------------------------

static bool is_of_kickstart(const Planner *planner, const LfNetLink *link)
{
	guint index;

	return g_ptr_array_find(planner->net->links, link, &index) && index < planner->n_kickstart;
}

static LfNetLink *link_of_cmdline(Planner *planner, LfLinkKind kind, const char *name)
{
	LfNetLink *link = lf_net_link_new(kind, name);

	link->is_onboot = link->is_activate = true;
	link->ignores_dns4 = link->ignores_dns6 = planner->args->ignores_dns;
	g_ptr_array_add(planner->net->links, link);
	return link;
}

static bool prefix_word(GError **error, const char *word)
{
	return lf_prefix(error, "kernel command line, '%.128s'", word);
}

static bool fill_virtual(const Planner *planner, const LfVirtualArg *arg, LfNetLink *link,
			 GError **error)
{
	char **options;

	link->mtu = arg->mtu;
	if (arg->kind == LF_LINK_VLAN) {
		link->vlan_id = arg->vlan_id;
		link->parent = resolve(planner, arg->parent, NULL, error);
		return link->parent != NULL;
	}
	if (!resolve_all(planner, arg->members, NULL, &link->members, error))
		return false;
	options = lf_net_options_plan(arg->kind, arg->options, link->members, error);
	if (!options)
		return false;
	g_strfreev(link->options);
	link->options = options;
	return true;
}

static bool add_virtual(Planner *planner, const LfVirtualArg *arg, GError **error)
{
	LfNetLink *link = find_link(planner->net, arg->name);

	if (link && is_of_kickstart(planner, link))
		return true;
	if (link)
		return lf_throw(error, LF_ERROR_INPUT,
				"kernel command line, '%.128s': '%s' is already there: remove one",
				arg->word, arg->name);
	link = link_of_cmdline(planner, arg->kind, arg->name);
	return fill_virtual(planner, arg, link, error) || prefix_word(error, arg->word);
}

static bool set_mode(LfIpMode *mode, LfIpMode wanted, const LfIpArg *arg, GError **error)
{
	if (wanted == LF_IP_NONE)
		return true;
	if (*mode != LF_IP_NONE && (*mode != wanted || wanted == LF_IP_STATIC))
		return lf_throw(error, LF_ERROR_INPUT,
				"kernel command line, '%.128s': the interface already has an "
				"address of this family: remove one of the words",
				arg->word);
	*mode = wanted;
	return true;
}

static bool fill_from_ip(const LfIpArg *arg, LfNetLink *link, GError **error)
{
	if (!set_mode(&link->ipv4, arg->ipv4, arg, error) ||
	    !set_mode(&link->ipv6, arg->ipv6, arg, error))
		return false;
	if (arg->address)
		append_text(&link->addresses, arg->address);
	if (arg->gateway && strchr(arg->gateway, ':'))
		link->gateway6 = g_strdup(arg->gateway);
	else if (arg->gateway)
		link->gateway4 = g_strdup(arg->gateway);
	append_texts(&link->nameservers, arg->nameservers);
	if (arg->mtu)
		link->mtu = arg->mtu;
	if (arg->new_mac) {
		g_free(link->new_mac);
		link->new_mac = g_strdup(arg->new_mac);
	}
	return true;
}

/* The device of an `ip=` word; NULL: every Ethernet card. */
static const char *device_of(const Planner *planner, const LfIpArg *arg)
{
	if (arg->device)
		return arg->device;
	if (planner->args->bootif)
		return "bootif";
	return arg->address || arg->new_mac ? "link" : NULL;
}

static bool add_ip(Planner *planner, const LfIpArg *arg, GError **error)
{
	const char *device = device_of(planner, arg);
	g_autofree char *name = device ? resolve(planner, device, NULL, error) : NULL;
	LfNetLink *link;

	if (device && !name)
		return prefix_word(error, arg->word);
	link = find_link(planner->net, name);
	if (link && is_of_kickstart(planner, link))
		return true;
	if (!link) {
		link = link_of_cmdline(planner, LF_LINK_ETHERNET, name);
		if (name)
			bind_card(planner, link, device, false);
	}
	return fill_from_ip(arg, link, error);
}

static bool is_below_another(const LfNet *net, const LfNetLink *link)
{
	for (guint i = 0; i < net->links->len; i++) {
		const LfNetLink *other = net->links->pdata[i];

		if (g_strcmp0(other->parent, link->name) == 0 ||
		    g_strv_contains((const char *const *)other->members, link->name))
			return true;
	}
	return false;
}

/* What is made on the command line, with nothing on it and no address of its own, gets what `ip=`
 * gives to every device, or all that can be got. */
static void fill_tops(Planner *planner)
{
	const LfNetLink *any = find_link(planner->net, NULL);

	for (guint i = planner->n_kickstart; i < planner->net->links->len; i++) {
		LfNetLink *link = planner->net->links->pdata[i];

		if (link->kind == LF_LINK_ETHERNET || !lf_net_is_bare(link) ||
		    is_below_another(planner->net, link))
			continue;
		link->ipv4 = any ? any->ipv4 : LF_IP_DHCP;
		link->ipv6 = any ? any->ipv6 : LF_IP_AUTO;
	}
}

/* The default route is that of `bootdev=` alone. */
static bool apply_bootdev(Planner *planner, GError **error)
{
	const char *device = planner->args->bootdev;
	const LfNetLink *any = find_link(planner->net, NULL);
	g_autofree char *name = device ? resolve(planner, device, NULL, error) : NULL;
	LfNetLink *link;

	if (!device)
		return true;
	if (!name)
		return lf_prefix(error, "kernel command line, 'bootdev='");
	if (!find_link(planner->net, name)) {
		link = link_of_cmdline(planner, LF_LINK_ETHERNET, name);
		link->ipv4 = any ? any->ipv4 : LF_IP_DHCP;
		link->ipv6 = any ? any->ipv6 : LF_IP_AUTO;
		bind_card(planner, link, device, false);
	}
	for (guint i = planner->n_kickstart; i < planner->net->links->len; i++) {
		link = planner->net->links->pdata[i];
		if (g_strcmp0(link->name, name) == 0)
			continue;
		link->has_no_default_route = true;
		g_clear_pointer(&link->gateway4, g_free);
		g_clear_pointer(&link->gateway6, g_free);
	}
	return true;
}

static bool add_words(Planner *planner, GError **error)
{
	const LfNetArgs *args = planner->args;

	for (guint i = 0; i < args->virtuals->len; i++)
		if (!add_virtual(planner, args->virtuals->pdata[i], error))
			return false;
	for (guint i = 0; i < args->ips->len; i++)
		if (!add_ip(planner, args->ips->pdata[i], error))
			return false;
	fill_tops(planner);
	return apply_bootdev(planner, error);
}

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

static bool add_route(const Planner *planner, const LfRoute *route, GError **error)
{
	g_autofree char *name =
		route->device ? resolve(planner, route->device, &route->place, error) : NULL;
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
	link = name ? find_link(planner->net, name) : link_for_route(planner->net, &via);
	if (!link || lf_net_is_bare(link))
		return lf_throw_at(error, LF_ERROR_INPUT, &route->place,
				   "the route to '%s' by '%s' belongs to no interface with an "
				   "address: name its interface",
				   route->to, route->via);
	g_ptr_array_add(link->routes, lf_net_route_new(to, route->via, route->metric));
	return true;
}

static bool add_routes(const Planner *planner, GError **error)
{
	for (guint i = 0; planner->profile && i < planner->profile->routes->len; i++)
		if (!add_route(planner, planner->profile->routes->pdata[i], error))
			return false;
	for (guint i = 0; i < planner->args->routes->len; i++) {
		const LfRouteArg *arg = planner->args->routes->pdata[i];
		const LfRoute route = { .device = arg->device, .to = arg->to, .via = arg->via };

		if (!add_route(planner, &route, error))
			return prefix_word(error, arg->word);
	}
	return true;
}

// --- what lies below ----------------------------------------------------------------------------

static bool is_bound_member(const Planner *planner, const char *name)
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

static bool add_below(Planner *planner, const char *name, const LfNetLink *above, GError **error)
{
	LfNetLink *link = find_link(planner->net, name);

	if (!link) {
		if (!need_card(planner, card_by_name(planner, name), name, NULL, error))
			return lf_prefix(error, "what '%s' lies on", above->name);
		link = lf_net_link_new(LF_LINK_ETHERNET, name);
		g_ptr_array_add(planner->net->links, link);
	}
	if (!link->mac)
		bind_card(planner, link, name, is_bound_member(planner, name));
	return true;
}

static bool add_all_below(Planner *planner, GError **error)
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
static const LfPlace *place_of(const Planner *planner, const char *name)
{
	for (guint i = 0; planner->profile && i < planner->profile->networks->len; i++) {
		const LfNetwork *line = planner->profile->networks->pdata[i];

		if (g_strcmp0(line->device, name) == 0)
			return &line->place;
	}
	return NULL;
}

static bool check_names(const Planner *planner, GError **error)
{
	for (guint i = 0; i < planner->net->links->len; i++) {
		const LfNetLink *link = planner->net->links->pdata[i];

		if (link->name && !lf_ifname_fits(link->name))
			return lf_throw(error, LF_ERROR_INPUT,
					"'%.64s' is no name of an interface: write at most 15 "
					"letters, digits, '_', '.' and '-'%s",
					link->name,
					link->kind == LF_LINK_VLAN ? " as '--interfacename='" : "");
		if (link->kind != LF_LINK_ETHERNET && card_by_name(planner, link->name))
			return lf_throw(error, LF_ERROR_INPUT,
					"'%s' is a network card's name: call the %s otherwise",
					link->name,
					link->kind == LF_LINK_VLAN ? "VLAN" : "bond or bridge");
		if (link->kind == LF_LINK_ETHERNET && link->name &&
		    !need_card(planner, card_by_name(planner, link->name), link->name,
			       place_of(planner, link->name), error))
			return false;
	}
	return true;
}

static bool check_ifnames(const Planner *planner, GError **error)
{
	const GPtrArray *names = planner->args->names;

	for (guint i = 0; i < names->len; i++) {
		const LfNameArg *arg = names->pdata[i];

		if (!need_card(planner, card_by_mac(planner, arg->mac), arg->mac, NULL, error))
			return lf_prefix(error, "kernel command line, 'ifname=%s:…'", arg->name);
		for (guint j = 0; j < i; j++) {
			const LfNameArg *other = names->pdata[j];

			if (strcmp(other->name, arg->name) == 0 ||
			    strcmp(other->mac, arg->mac) == 0)
				return lf_throw(error, LF_ERROR_INPUT,
						"kernel command line: '%s' and '%s' are one card "
						"or one name: remove an 'ifname='",
						other->name, arg->name);
		}
	}
	return true;
}

// --- identity -----------------------------------------------------------------------------------

/* The MAC that a link has in the end; (transfer none) (nullable). */
static const char *mac_of(const Planner *planner, const LfNetLink *link, unsigned depth)
{
	const char *below = link->parent ? link->parent : link->members[0];
	const LfFactNic *nic = link->name ? card_by_name(planner, link->name) : NULL;
	const LfNetLink *next =
		below && depth < LF_MAX_NETARGS ? find_link(planner->net, below) : NULL;

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

static bool is_named(const Planner *planner, const LfFactNic *nic)
{
	return find_link(planner->net, name_of(planner, nic)) != NULL;
}

static void set_cards(const Planner *planner, LfNetLink *any)
{
	for (guint i = 0; i < planner->nics->len; i++) {
		const LfFactNic *nic = planner->nics->pdata[i];
		g_autofree char *mac = nic->mac ? lf_mac_parse(nic->mac) : NULL;

		if (mac && !is_named(planner, nic))
			append_text(&any->cards, mac);
	}
}

/* Servers know a machine by its DUID and a link by its IAID: both follow from what does not change
 * between the installer and the installed system. */
static void set_identity(const Planner *planner)
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

static void add_default(Planner *planner)
{
	LfNetLink *any = link_of_cmdline(planner, LF_LINK_ETHERNET, NULL);

	any->ipv4 = LF_IP_DHCP;
	any->ipv6 = LF_IP_AUTO;
	planner->net->is_default = true;
}

static void set_rest(Planner *planner)
{
	const LfNetArgs *args = planner->args;
	LfNet *net = planner->net;

	append_texts(&net->nameservers, args->nameservers);
	net->carrier_s = args->carrier_s ? args->carrier_s : net->carrier_s;
	net->address_s = args->address_s ? args->address_s : net->address_s;
	net->dad_s = args->dad_s ? args->dad_s : net->dad_s;
}

static LfNet *plan(const LfProfile *profile, const char *cmdline, const GPtrArray *nics,
		   bool is_for_later, GError **error)
{
	g_autoptr(LfNetArgs) args = lf_netargs_parse(cmdline, error);
	g_autoptr(LfNet) net = lf_net_new();
	Planner planner = { profile, args, nics, net, 0, is_for_later };

	if (!args || !check_ifnames(&planner, error) || !add_lines(&planner, error) ||
	    !add_words(&planner, error))
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
