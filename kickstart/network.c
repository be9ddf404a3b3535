// The command network: one line for each device.
// Not here: setting a network up.
#include <string.h>

#include "kickstart/parser.h"

#define MAX_NETWORKS 256

static const LfChoice bootprotos[] = {
	{ "dhcp", NULL },
	{ "bootp", NULL },
	{ "static", NULL },
	{ "query", "write 'dhcp' or 'static'" },
	{ "ibft", "write 'dhcp' or 'static'" },
	{ NULL, NULL },
};

#define NO_WIRELESS "leave it out: wireless devices are not supported"
#define NO_VLAN	    "leave it out: VLANs are not supported yet"
#define NO_BOND	    "leave it out: bonds, bridges and teams are not supported yet"
#define NO_DNS	    "leave it out: it cannot be set yet"

static const LfOption options[] = {
	LF_OPTION_FIELD("--device", TEXT, LfNetwork, device, LF_SHAPE_NIC),
	{ "--bootproto", LF_OPTION_CHOICE, 0, offsetof(LfNetwork, bootproto),
	  .choices = bootprotos },
	LF_OPTION_FIELD("--hostname", TEXT, LfNetwork, hostname, LF_SHAPE_HOSTNAME),
	LF_OPTION_FIELD("--ip", TEXT, LfNetwork, ip, LF_SHAPE_IPV4),
	LF_OPTION_FIELD("--netmask", TEXT, LfNetwork, netmask, LF_SHAPE_NETMASK),
	LF_OPTION_FIELD("--gateway", TEXT, LfNetwork, gateway, LF_SHAPE_IPV4),
	LF_OPTION_FIELD("--nameserver", LIST, LfNetwork, nameservers, LF_SHAPE_ADDRESS),
	LF_OPTION_FIELD("--ipv6", TEXT, LfNetwork, ipv6, LF_SHAPE_IPV6_WISH),
	LF_OPTION_FIELD("--ipv6gateway", TEXT, LfNetwork, ipv6gateway, LF_SHAPE_IPV6),
	LF_OPTION_FIELD("--noipv4", FLAG, LfNetwork, is_noipv4),
	LF_OPTION_FIELD("--noipv6", FLAG, LfNetwork, is_noipv6),
	LF_OPTION_FIELD("--nodefroute", FLAG, LfNetwork, is_nodefroute),
	LF_OPTION_FIELD("--nodns", FLAG, LfNetwork, is_nodns),
	LF_OPTION_FIELD("--onboot", BOOLEAN, LfNetwork, is_onboot),
	LF_OPTION_FIELD("--activate", FLAG, LfNetwork, is_activate),
	LF_OPTION_FIELD("--no-activate", UNFLAG, LfNetwork, is_activate),
	LF_OPTION_FIELD("--mtu", U32, LfNetwork, mtu, 0, 68, 65535),
	{ "--notksdevice", LF_OPTION_FLAG, LF_OPTION_IGNORED },
	LF_OPTION_NOT_YET("--dhcpclass", TEXT, NO_DNS),
	LF_OPTION_NOT_YET("--ethtool", TEXT, NO_DNS),
	LF_OPTION_NOT_YET("--bindto", TEXT, NO_DNS),
	LF_OPTION_NOT_YET("--ipv4-dns-search", TEXT, NO_DNS),
	LF_OPTION_NOT_YET("--ipv6-dns-search", TEXT, NO_DNS),
	LF_OPTION_NOT_YET("--ipv4-ignore-auto-dns", FLAG, NO_DNS),
	LF_OPTION_NOT_YET("--ipv6-ignore-auto-dns", FLAG, NO_DNS),
	LF_OPTION_NOT_YET("--essid", TEXT, NO_WIRELESS),
	LF_OPTION_NOT_YET("--wepkey", SECRET, NO_WIRELESS),
	LF_OPTION_NOT_YET("--wpakey", SECRET, NO_WIRELESS),
	LF_OPTION_NOT_YET("--vlanid", TEXT, NO_VLAN),
	LF_OPTION_NOT_YET("--interfacename", TEXT, NO_VLAN),
	LF_OPTION_NOT_YET("--bondslaves", TEXT, NO_BOND),
	LF_OPTION_NOT_YET("--bondopts", TEXT, NO_BOND),
	LF_OPTION_NOT_YET("--bridgeslaves", TEXT, NO_BOND),
	LF_OPTION_NOT_YET("--bridgeopts", TEXT, NO_BOND),
	LF_OPTION_NOT_YET("--teamslaves", TEXT, NO_BOND),
	LF_OPTION_NOT_YET("--teamconfig", TEXT, NO_BOND),
};

static const char *const static_options[] = { "--ip", "--netmask", "--gateway" };

static void check_static(LfCall *call, const LfNetwork *network)
{
	bool is_static = g_strcmp0(network->bootproto, "static") == 0;

	if (is_static && !network->is_noipv4 && !network->ip)
		lf_call_error(call, call->place, "missing-option", NULL,
			      "'network --bootproto=static' needs the option '--ip'");
	if (is_static && network->ip && !network->netmask)
		lf_call_error(call, call->place, "missing-option", NULL,
			      "'network --ip' needs the option '--netmask'");
	for (size_t i = 0; !is_static && i < G_N_ELEMENTS(static_options); i++)
		if (lf_call_has(call, static_options[i]))
			lf_call_error(call, lf_call_place(call, static_options[i]),
				      "conflicting-options",
				      "add '--bootproto=static', or leave it out",
				      "'%s' has no meaning with DHCP", static_options[i]);
	if (network->is_noipv4 && network->is_noipv6)
		lf_call_error(call, call->place, "conflicting-options", "leave one of them out",
			      "'--noipv4' and '--noipv6' leave no address");
	if (network->is_noipv6 && network->ipv6)
		lf_call_error(call, lf_call_place(call, "--ipv6"), "conflicting-options",
			      "leave one of them out",
			      "'--ipv6' and '--noipv6' cannot both be given");
}

static guint find_device(const GPtrArray *networks, const char *device)
{
	guint i = 0;

	while (i < networks->len &&
	       g_strcmp0(((const LfNetwork *)networks->pdata[i])->device, device) != 0)
		i++;
	return i;
}

static void replace_former(LfCall *call, GPtrArray *networks, const LfNetwork *network)
{
	guint former = find_device(networks, network->device);

	if (!network->device || former >= networks->len)
		return;
	lf_call_warn(call, lf_call_place(call, "--device"), "repeated-device", "remove one of them",
		     "device '%s' is already there; this line counts", network->device);
	g_ptr_array_remove_index(networks, former);
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
	if (g_strcmp0(network->bootproto, "bootp") == 0) {
		g_free(network->bootproto);
		network->bootproto = g_strdup("dhcp");
	}
}

static void apply_network(LfParser *parser, LfCall *call, void *values)
{
	GPtrArray *networks = parser->profile->networks;
	LfNetwork *network = values;

	check_static(call, network);
	if (g_strcmp0(network->device, "ibft") == 0)
		lf_call_error(call, lf_call_place(call, "--device"), "unsupported-value",
			      "write the device's name, 'link' or 'bootif'",
			      "'--device=ibft' is not supported");
	if (networks->len >= MAX_NETWORKS) {
		lf_call_error(call, call->place, "too-many", NULL, "more than %d network lines",
			      MAX_NETWORKS);
		return;
	}
	replace_former(call, networks, network);
	network = g_memdup2(values, sizeof(LfNetwork));
	memset(values, 0, sizeof(LfNetwork));
	fill_defaults(call, network, networks->len == 0);
	g_ptr_array_add(networks, network);
}

static const LfCommand commands[] = {
	{ "network", LF_COMMAND_OPTIONS(options), .values_size = sizeof(LfNetwork),
	  .apply = apply_network },
};

LF_COMMAND_TABLE(lf_network_commands, commands);
