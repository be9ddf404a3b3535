// The command network: one line for each device.
// Not here: options of bonds and bridges (link.c), lines among each other (topology.c), setting a
// network up.
#include <string.h>
#include <sys/socket.h>

#include "base/address.h"
#include "kickstart/link.h"
#include "kickstart/parser.h"

#define MAX_NETWORKS 256
#define MAX_MEMBERS  32
#define MAX_DOMAINS  32
#define LEAST_MTU6   1280

static const LfChoice bootprotos[] = {
	{ "dhcp", NULL },
	{ "bootp", NULL },
	{ "static", NULL },
	{ "query", "write 'dhcp' or 'static'" },
	{ "ibft", "write 'dhcp' or 'static'" },
	{ NULL, NULL },
};

static const LfChoice bindings[] = { { "mac", NULL }, { NULL, NULL } };

#define NO_WIRELESS "leave it out: wireless devices are not supported"
#define NO_TEAM	    "write a bond: '--bondslaves=eno1,eno2 --bondopts=mode=active-backup'"
#define NO_ETHTOOL  "leave it out: write a .link file of systemd in %post"

/* A line's options. What is not in the profile as it is written stands behind @network. */
typedef struct {
	LfNetwork network;
	char *binding;
	char **search4, **search6;
	char *bond_options, *bridge_options;
} Line;

#define FIELD(name, kind, field, ...) LF_OPTION_FIELD(name, kind, Line, field, ##__VA_ARGS__)

static const LfOption options[] = {
	FIELD("--device", TEXT, network.device, LF_SHAPE_NIC),
	{ "--bootproto", LF_OPTION_CHOICE, 0, offsetof(Line, network.bootproto),
	  .choices = bootprotos },
	FIELD("--hostname", TEXT, network.hostname, LF_SHAPE_HOSTNAME),
	FIELD("--ip", TEXT, network.ip, LF_SHAPE_IPV4),
	FIELD("--netmask", TEXT, network.netmask, LF_SHAPE_NETMASK),
	FIELD("--gateway", TEXT, network.gateway, LF_SHAPE_IPV4),
	FIELD("--nameserver", LIST, network.nameservers, LF_SHAPE_ADDRESS),
	FIELD("--ipv6", TEXT, network.ipv6, LF_SHAPE_IPV6_WISH),
	FIELD("--ipv6gateway", TEXT, network.ipv6gateway, LF_SHAPE_IPV6),
	FIELD("--noipv4", FLAG, network.is_noipv4),
	FIELD("--noipv6", FLAG, network.is_noipv6),
	FIELD("--nodefroute", FLAG, network.is_nodefroute),
	FIELD("--nodns", FLAG, network.is_nodns),
	FIELD("--onboot", BOOLEAN, network.is_onboot),
	FIELD("--activate", FLAG, network.is_activate),
	FIELD("--no-activate", UNFLAG, network.is_activate),
	FIELD("--mtu", U32, network.mtu, 0, 68, 65535),
	FIELD("--dhcpclass", TEXT, network.dhcp_class, LF_SHAPE_DHCP_CLASS),
	{ "--bindto", LF_OPTION_CHOICE, 0, offsetof(Line, binding), .choices = bindings },
	FIELD("--ipv4-dns-search", LIST, search4, LF_SHAPE_DOMAIN),
	FIELD("--ipv6-dns-search", LIST, search6, LF_SHAPE_DOMAIN),
	FIELD("--ipv4-ignore-auto-dns", FLAG, network.ignores_dns4),
	FIELD("--ipv6-ignore-auto-dns", FLAG, network.ignores_dns6),
	FIELD("--vlanid", U32, network.vlan_id, 0, 1, 4094),
	FIELD("--interfacename", TEXT, network.interface_name, LF_SHAPE_IFNAME),
	FIELD("--bondslaves", LIST, network.bond_slaves, LF_SHAPE_IFNAME),
	FIELD("--bondopts", TEXT, bond_options),
	FIELD("--bridgeslaves", LIST, network.bridge_slaves, LF_SHAPE_IFNAME),
	FIELD("--bridgeopts", TEXT, bridge_options),
	{ "--notksdevice", LF_OPTION_FLAG, LF_OPTION_IGNORED },
	LF_OPTION_NOT_YET("--ethtool", TEXT, NO_ETHTOOL),
	LF_OPTION_NOT_YET("--essid", TEXT, NO_WIRELESS),
	LF_OPTION_NOT_YET("--wepkey", SECRET, NO_WIRELESS),
	LF_OPTION_NOT_YET("--wpakey", SECRET, NO_WIRELESS),
	LF_OPTION_NOT_YET("--teamslaves", TEXT, NO_TEAM),
	LF_OPTION_NOT_YET("--teamconfig", TEXT, NO_TEAM),
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfNetwork, lf_network_free)

static void replace_text(char **field, char *text)
{
	g_free(*field);
	*field = text;
}

// --- names --------------------------------------------------------------------------------------

static bool is_certain(const char *device)
{
	return device && !strchr(device, ':') && strcmp(device, "link") != 0 &&
	       strcmp(device, "bootif") != 0;
}

/* Returns: (transfer full) (nullable): what makes two lines be about one thing. */
static char *subject_of(const LfNetwork *network)
{
	if (network->vlan_id == 0 || !network->device)
		return g_strdup(network->device);
	if (network->interface_name)
		return g_strdup(network->interface_name);
	return g_strdup_printf("%s.%u", network->device, network->vlan_id);
}

char *lf_network_name(const LfNetwork *network)
{
	bool is_named = network->vlan_id > 0 && network->interface_name;

	return is_named || is_certain(network->device) ? subject_of(network) : NULL;
}

bool lf_network_is_host_only(const LfNetwork *network)
{
	return !network->device && !network->bootproto && network->hostname;
}

// --- addresses ----------------------------------------------------------------------------------

static const char *const static_options[] = { "--ip", "--netmask", "--gateway" };

static void check_static(LfCall *call, const LfNetwork *network)
{
	bool is_static = g_strcmp0(network->bootproto, "static") == 0;

	if (is_static && !network->is_noipv4 && !network->ip)
		lf_call_error(call, call->place, "missing-option",
			      "add '--ip' and '--netmask', or '--noipv4' when there is IPv6 alone",
			      "'network --bootproto=static' needs the option '--ip'");
	if (network->is_noipv4 && network->ip)
		lf_call_error(call, lf_call_place(call, "--ip"), "conflicting-options",
			      "leave one of them out",
			      "'--ip' and '--noipv4' cannot both be given");
	if (is_static && network->ip && !network->netmask)
		lf_call_error(call, call->place, "missing-option", NULL,
			      "'network --ip' needs the option '--netmask'");
	for (size_t i = 0; !is_static && i < G_N_ELEMENTS(static_options); i++)
		if (lf_call_has(call, static_options[i]))
			lf_call_error(call, lf_call_place(call, static_options[i]),
				      "conflicting-options",
				      "add '--bootproto=static', or leave it out",
				      "'%s' has no meaning with DHCP", static_options[i]);
	if ((is_static || network->is_noipv4) && network->dhcp_class)
		lf_call_error(call, lf_call_place(call, "--dhcpclass"), "conflicting-options",
			      "leave it out", "'--dhcpclass' has no meaning without DHCP");
}

static void check_families(LfCall *call, const LfNetwork *network)
{
	// For a device that is named it can be meant: a VLAN or a bridge lies on it.
	if (network->is_noipv4 && network->is_noipv6 && !network->device)
		lf_call_error(call, call->place, "conflicting-options", "leave one of them out",
			      "'--noipv4' and '--noipv6' leave no address");
	if (network->is_noipv6 && network->ipv6)
		lf_call_error(call, lf_call_place(call, "--ipv6"), "conflicting-options",
			      "leave one of them out",
			      "'--ipv6' and '--noipv6' cannot both be given");
	if (network->ipv6gateway && !(network->ipv6 && strchr(network->ipv6, ':')))
		lf_call_error(call, lf_call_place(call, "--ipv6gateway"), "conflicting-options",
			      "write an address in '--ipv6', or leave it out",
			      "'--ipv6gateway' has no meaning without a static address");
	if (network->mtu > 0 && network->mtu < LEAST_MTU6 && network->ipv6)
		lf_call_error(call, lf_call_place(call, "--mtu"), "conflicting-options",
			      "write 1280 or more", "IPv6 does not work with an MTU of %u",
			      network->mtu);
}

/* A static address: what it is, and how the options that say it are called. */
typedef struct {
	const char *text;
	unsigned prefix;
	const char *gateway; /* nullable */
	const char *option, *gateway_option;
} Static;

static void check_gateway(LfCall *call, const Static *wish, const LfAddress *address)
{
	LfPlace place = lf_call_place(call, wish->gateway_option);
	LfAddress gateway = { 0 };

	if (!wish->gateway || !lf_address_parse(wish->gateway, &gateway))
		return;
	if (!lf_address_is_host(&gateway))
		lf_call_error(call, place, "not-a-host", "write the address of a router",
			      "'%s' is no address of a host", wish->gateway);
	else if (lf_address_shares(address, &gateway, 128))
		lf_call_error(call, place, "own-gateway", "write the address of a router",
			      "'%s' is this machine's own address", wish->gateway);
	else if (!lf_address_shares(address, &gateway, wish->prefix) &&
		 !(gateway.family == AF_INET6 && lf_address_is_local(&gateway)))
		lf_call_warn(call, place, "gateway-outside",
			     "write a gateway in the network of the address, or another prefix",
			     "gateway '%s' is not in the network %s/%u", wish->gateway, wish->text,
			     wish->prefix);
}

static void check_address(LfCall *call, const Static *wish)
{
	LfPlace place = lf_call_place(call, wish->option);
	LfAddress address = { 0 };

	if (!lf_address_parse(wish->text, &address))
		return;
	if (!lf_address_is_host(&address))
		lf_call_error(call, place, "not-a-host", "write an address of this machine",
			      "'%s' is no address of a host", wish->text);
	else if (lf_address_is_edge(&address, wish->prefix))
		lf_call_error(call, place, "not-a-host", "write an address of this machine",
			      "'%s' is the network's first or last address, which no host has",
			      wish->text);
	check_gateway(call, wish, &address);
}

static void check_addresses(LfCall *call, const LfNetwork *network)
{
	if (network->ip && network->netmask)
		check_address(call,
			      &(Static){ network->ip, lf_address_netmask_prefix(network->netmask),
					 network->gateway, "--ip", "--gateway" });
	if (network->ipv6 && strchr(network->ipv6, ':')) {
		g_auto(GStrv) parts = g_strsplit(network->ipv6, "/", 2);
		unsigned prefix = parts[1] ? (unsigned)g_ascii_strtoull(parts[1], NULL, 10) : 64;

		check_address(call, &(Static){ parts[0], prefix, network->ipv6gateway, "--ipv6",
					       "--ipv6gateway" });
	}
}

// --- what is made -------------------------------------------------------------------------------

/* @is_name: it must be a name, not "link" or a MAC */
static const struct {
	const char *option;
	bool is_name;
} need_device[] = {
	{ "--bindto", false },
	{ "--vlanid", false },
	{ "--ipv4-dns-search", false },
	{ "--ipv6-dns-search", false },
	{ "--ipv4-ignore-auto-dns", false },
	{ "--ipv6-ignore-auto-dns", false },
	{ "--bondslaves", true },
	{ "--bridgeslaves", true },
};

static void check_mac(LfCall *call, const char *device)
{
	g_autofree char *mac = lf_mac_parse(device);

	if (strchr(device, ':') && !mac)
		lf_call_error(call, lf_call_place(call, "--device"), "impossible-mac",
			      "write the card's own address, as 'ip link' shows it",
			      "'%s' is a MAC address that no card can have", device);
}

static void check_device(LfCall *call, const LfNetwork *network)
{
	const char *device = network->device;

	if (device)
		check_mac(call, device);
	if (g_strcmp0(device, "ibft") == 0)
		lf_call_error(call, lf_call_place(call, "--device"), "unsupported-value",
			      "write the device's name, 'link' or 'bootif'",
			      "'--device=ibft' is not supported");
	for (size_t i = 0; i < G_N_ELEMENTS(need_device); i++) {
		const char *option = need_device[i].option;

		if (!lf_call_has(call, option))
			continue;
		if (!device)
			lf_call_error(call, lf_call_place(call, option), "missing-option",
				      "add '--device=NAME'", "'%s' needs the option '--device'",
				      option);
		else if (need_device[i].is_name &&
			 (!is_certain(device) || !lf_shape_fits(LF_SHAPE_IFNAME, device)))
			lf_call_error(call, lf_call_place(call, "--device"), "invalid-value",
				      "write the name it shall have, as in 'bond0'",
				      "'%s' cannot be the name of a bond or bridge", device);
	}
}

/* One option that has no meaning without another one, or together with it. */
static const struct {
	const char *option;
	const char *other;
	bool is_needed;
	const char *advice;
} pairs[] = {
	{ "--interfacename", "--vlanid", true, "add '--vlanid=NUMBER'" },
	{ "--bondopts", "--bondslaves", true, "add '--bondslaves=NAME,NAME'" },
	{ "--bridgeopts", "--bridgeslaves", true, "add '--bridgeslaves=NAME,NAME'" },
	{ "--bridgeslaves", "--bondslaves", false,
	  "write a line for the bond, and one for the bridge with the bond in it" },
	{ "--bridgeslaves", "--vlanid", false,
	  "write a line for the bridge, and one for the VLAN on it or in it" },
};

static void check_pairs(LfCall *call, const LfNetwork *network)
{
	for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
		LfPlace place = lf_call_place(call, pairs[i].option);

		if (!lf_call_has(call, pairs[i].option) ||
		    lf_call_has(call, pairs[i].other) == pairs[i].is_needed)
			continue;
		if (pairs[i].is_needed)
			lf_call_error(call, place, "missing-option", pairs[i].advice,
				      "'%s' needs the option '%s'", pairs[i].option,
				      pairs[i].other);
		else
			lf_call_error(call, place, "conflicting-options", pairs[i].advice,
				      "'%s' and '%s' cannot both be given", pairs[i].other,
				      pairs[i].option);
	}
	if (lf_call_has(call, "--bindto") && network->vlan_id > 0 && !network->bond_slaves)
		lf_call_error(call, lf_call_place(call, "--bindto"), "conflicting-options",
			      "write a line '--device=… --bindto=mac' for what the VLAN lies on",
			      "a VLAN cannot be bound to a MAC address");
}

static void check_members(LfCall *call, const char *option, const char *device, char **members)
{
	LfPlace place = lf_call_place(call, option);

	if (members && g_strv_length(members) > MAX_MEMBERS) {
		lf_call_error(call, place, "too-many", "leave some of them out",
			      "more than %d members", MAX_MEMBERS);
		return;
	}
	for (char **member = members; member && *member; member++) {
		if (g_strcmp0(*member, device) == 0)
			lf_call_error(call, place, "own-member", "name the interfaces in it",
				      "'%s' cannot be a member of itself", *member);
		if (g_strv_contains((const char *const *)member + 1, *member))
			lf_call_error(call, place, "repeated-member", "name it once",
				      "'%s' is named twice", *member);
	}
}

/* Returns: is the number at the end of @text, which nothing else may stand in, that VLAN's? */
static bool is_number_of(const char *text, uint32_t vlan_id)
{
	guint64 number;

	return g_ascii_string_to_unsigned(text, 10, 1, 4094, &number, NULL) && number == vlan_id;
}

// The language's rule: behind a dot, and behind 'vlan', comes the VLAN's number.
static void check_vlan_name(LfCall *call, const LfNetwork *network)
{
	const char *name = network->interface_name;
	const char *dot = name ? strchr(name, '.') : NULL;
	bool is_wrong = false;

	if (network->vlan_id == 0)
		return;
	if (name && g_str_has_prefix(name, "vlan"))
		is_wrong = !is_number_of(name + strlen("vlan"), network->vlan_id);
	else if (dot)
		is_wrong = !is_number_of(dot + 1, network->vlan_id);
	if (is_wrong)
		lf_call_error(call, lf_call_place(call, "--interfacename"), "invalid-value",
			      "write the number of '--vlanid' behind 'vlan' or the dot, or a name "
			      "without both",
			      "'%s' cannot be the name of VLAN %u", name, network->vlan_id);
	if (name && g_strcmp0(name, network->device) == 0)
		lf_call_error(call, lf_call_place(call, "--interfacename"), "own-member",
			      "write another name", "'%s' is the name of what the VLAN lies on",
			      name);
	if (!name && is_certain(network->device)) {
		g_autofree char *made = subject_of(network);

		if (!lf_shape_fits(LF_SHAPE_IFNAME, made))
			lf_call_error(call, lf_call_place(call, "--vlanid"), "long-name",
				      "add '--interfacename=NAME'",
				      "the VLAN's name '%s' would be longer than 15 bytes", made);
	}
}

static void check_kind(LfCall *call, const LfNetwork *network)
{
	check_device(call, network);
	check_pairs(call, network);
	check_members(call, "--bondslaves", network->device, network->bond_slaves);
	check_members(call, "--bridgeslaves", network->device, network->bridge_slaves);
	check_vlan_name(call, network);
}

// --- the same device again ----------------------------------------------------------------------

static guint find_subject(const GPtrArray *networks, const char *subject)
{
	guint i = 0;

	for (; i < networks->len; i++) {
		g_autofree char *other = subject_of(networks->pdata[i]);

		if (g_strcmp0(other, subject) == 0)
			break;
	}
	return i;
}

static guint find_first_device(const GPtrArray *networks)
{
	guint i = 0;

	while (i < networks->len && lf_network_is_host_only(networks->pdata[i]))
		i++;
	return i;
}

static bool makes_two(const LfNetwork *network)
{
	return network->bond_slaves && network->vlan_id > 0;
}

/* @ret_is_first: (out): is it the first line that speaks of a device? */
static void replace_former(LfCall *call, GPtrArray *networks, const LfNetwork *network,
			   bool *ret_is_first)
{
	g_autofree char *subject = subject_of(network);
	guint first = find_first_device(networks);
	guint former = subject ? find_subject(networks, subject) : networks->len;

	*ret_is_first = first >= networks->len;
	if (former >= networks->len)
		return;
	if (makes_two(network) || makes_two(networks->pdata[former])) {
		lf_call_error(call, lf_call_place(call, "--device"), "repeated-device",
			      "remove one of them",
			      "device '%s' is already there, with a bond in the same line",
			      subject);
		return;
	}
	lf_call_warn(call, lf_call_place(call, "--device"), "repeated-device", "remove one of them",
		     "device '%s' is already there; this line counts", subject);
	g_ptr_array_remove_index(networks, former);
	*ret_is_first = former == first;
}

// --- the line -----------------------------------------------------------------------------------

/* Returns: (transfer full): both lists, each domain once. */
static char **join_domains(LfCall *call, char **search4, char **search6)
{
	char **const lists[] = { search4, search6 };
	g_autoptr(GPtrArray) domains = g_ptr_array_new_with_free_func(g_free);

	for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
		for (char **domain = lists[i]; domain && *domain && domains->len <= MAX_DOMAINS;
		     domain++)
			if (!g_ptr_array_find_with_equal_func(domains, *domain, g_str_equal, NULL))
				g_ptr_array_add(domains, g_strdup(*domain));
	if (domains->len > MAX_DOMAINS)
		lf_call_error(call, call->place, "too-many", NULL, "more than %d domains to search",
			      MAX_DOMAINS);
	g_ptr_array_add(domains, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&domains), FALSE);
}

static void fill_links(LfCall *call, const Line *line, LfNetwork *network)
{
	if (network->bond_slaves)
		network->bond_options =
			lf_bond_options(call, line->bond_options, network->bond_slaves);
	if (network->bridge_slaves)
		network->bridge_options =
			lf_bridge_options(call, line->bridge_options, network->bridge_slaves);
	network->dns_search = join_domains(call, line->search4, line->search6);
	network->is_bound_to_mac = line->binding != NULL;
}

static void fill_defaults(const LfCall *call, LfNetwork *network, bool is_first)
{
	network->place = call->place;
	if (!network->nameservers)
		network->nameservers = g_new0(char *, 1);
	if (!lf_call_has(call, "--onboot"))
		network->is_onboot = true;
	if (!lf_call_has(call, "--activate") && !lf_call_has(call, "--no-activate"))
		network->is_activate = is_first;
	// The old name for the same thing.
	if (g_strcmp0(network->bootproto, "bootp") == 0)
		replace_text(&network->bootproto, g_strdup("dhcp"));
	if (network->ipv6 && strchr(network->ipv6, ':') && !strchr(network->ipv6, '/'))
		replace_text(&network->ipv6, g_strconcat(network->ipv6, "/64", NULL));
}

// One address cannot be on every interface; the language takes the first with a link then.
static void choose_device(LfCall *call, LfNetwork *network)
{
	bool has_address = network->ip || (network->ipv6 && strchr(network->ipv6, ':'));

	if (network->device && strchr(network->device, ':'))
		replace_text(&network->device, g_ascii_strdown(network->device, -1));
	if (network->device || !has_address)
		return;
	lf_call_warn(call, call->place, "missing-device", "add '--device=NAME', or a MAC address",
		     "no device is named: the first with a link gets this address");
	network->device = g_strdup("link");
}

static void check_line(LfCall *call, const LfNetwork *network)
{
	check_static(call, network);
	check_families(call, network);
	check_addresses(call, network);
	check_kind(call, network);
}

static void apply_network(LfParser *parser, LfCall *call, void *values)
{
	GPtrArray *networks = parser->profile->networks;
	Line *line = values;
	g_autoptr(LfNetwork) network = g_memdup2(&line->network, sizeof(LfNetwork));
	bool is_first = false;

	memset(&line->network, 0, sizeof(line->network));
	check_line(call, network);
	fill_links(call, line, network);
	if (networks->len >= MAX_NETWORKS)
		lf_call_error(call, call->place, "too-many", NULL, "more than %d network lines",
			      MAX_NETWORKS);
	if (call->is_broken)
		return;
	choose_device(call, network);
	replace_former(call, networks, network, &is_first);
	if (call->is_broken)
		return;
	fill_defaults(call, network, is_first);
	g_ptr_array_add(networks, g_steal_pointer(&network));
}

static const LfCommand commands[] = {
	{ "network", LF_COMMAND_OPTIONS(options), .values_size = sizeof(Line),
	  .apply = apply_network },
};

LF_COMMAND_TABLE(lf_network_commands, commands);
