// The network that a kickstart and a command line ask for, and the files that are made of it.
#include "installer/plan/net-options.h"
#include "installer/plan/net.h"
#include "installer/plan/netargs.h"
#include "kickstart/link-option.h"
#include "tests/unit/machine.h"

typedef struct {
	GPtrArray *nics;
	LfProfile *profile;
} Case;

static void add_nic(Case *one, const char *name, const char *mac, bool has_carrier)
{
	LfFactNic *nic = g_new0(LfFactNic, 1);

	nic->name = g_strdup(name);
	nic->mac = g_strdup(mac);
	nic->has_carrier = has_carrier;
	g_ptr_array_add(one->nics, nic);
}

static Case new_case(void)
{
	Case one = { g_ptr_array_new_with_free_func((GDestroyNotify)lf_fact_nic_free),
		     lf_profile_new() };

	add_nic(&one, "eth0", "52:54:00:00:00:10", false);
	add_nic(&one, "eth1", "52:54:00:00:00:11", true);
	add_nic(&one, "eth2", "52:54:00:00:00:12", true);
	return one;
}

static void case_clear(Case *one)
{
	g_ptr_array_unref(one->nics);
	lf_profile_free(one->profile);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Case, case_clear)

static char **words(const char *text)
{
	return text ? g_strsplit(text, ",", -1) : g_new0(char *, 1);
}

/** A network line; what is not given is as the parser has it. */
static LfNetwork *add_line(Case *one, const char *device)
{
	LfNetwork *line = g_new0(LfNetwork, 1);

	line->device = g_strdup(device);
	line->is_onboot = true;
	line->is_activate = one->profile->networks->len == 0;
	line->nameservers = words(NULL);
	line->dns_search = words(NULL);
	line->place = (LfPlace){ .file = "site.ks", .line = one->profile->networks->len + 1 };
	g_ptr_array_add(one->profile->networks, line);
	return line;
}

static LfNet *plan(Case *one, const char *cmdline)
{
	g_autoptr(GError) error = NULL;
	LfNet *net = lf_net_plan(one->profile, cmdline, one->nics, &error);

	if (!net)
		fail_msg("'%s': %s", cmdline ? cmdline : "", error->message);
	return net;
}

static void add_list(GString *out, const char *name, char **list)
{
	g_autofree char *text = g_strjoinv(",", list);

	if (*text)
		g_string_append_printf(out, " %s=%s", name, text);
}

static void add_text(GString *out, const char *name, const char *text)
{
	if (text)
		g_string_append_printf(out, " %s=%s", name, text);
}

static void dump_link(GString *out, const LfNetLink *link)
{
	static const char kinds[] = "evbB";
	static const char modes[] = "-ads";

	g_string_append_printf(out, "%s%s:%c4%c6%c", out->len ? "; " : "",
			       link->name ? link->name : "*", kinds[link->kind], modes[link->ipv4],
			       modes[link->ipv6]);
	if (link->vlan_id)
		g_string_append_printf(out, " id=%u", link->vlan_id);
	add_text(out, "on", link->parent);
	add_list(out, "of", link->members);
	add_list(out, "opt", link->options);
	add_list(out, "addr", link->addresses);
	add_text(out, "gw", link->gateway4);
	add_text(out, "gw6", link->gateway6);
	add_list(out, "dns", link->nameservers);
	add_text(out, "mac", link->mac);
	add_text(out, "new", link->new_mac);
	if (link->mtu)
		g_string_append_printf(out, " mtu=%u", link->mtu);
	if (link->is_renamed)
		g_string_append(out, " renamed");
	if (link->has_no_default_route)
		g_string_append(out, " nodefault");
	if (link->ignores_dns4 || link->ignores_dns6)
		g_string_append(out, " nodns");
	if (!link->is_activate)
		g_string_append(out, " inactive");
	for (guint i = 0; i < link->routes->len; i++) {
		const LfNetRoute *route = link->routes->pdata[i];

		g_string_append_printf(out, " route=%s>%s", route->to, route->via);
	}
}

static char *dump(const LfNet *net)
{
	g_autoptr(GString) out = g_string_new(NULL);

	for (guint i = 0; i < net->links->len; i++)
		dump_link(out, net->links->pdata[i]);
	return g_string_free(g_steal_pointer(&out), FALSE);
}

static void assert_plan(Case *one, const char *cmdline, const char *expected)
{
	g_autoptr(LfNet) net = plan(one, cmdline);
	g_autofree char *text = dump(net);

	if (strcmp(text, expected) != 0)
		fail_msg("'%s'\n  wanted %s\n  got    %s", cmdline ? cmdline : "", expected, text);
}

static void assert_refused(Case *one, const char *cmdline, LfErrorCode code, const char *message)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfNet) net = lf_net_plan(one->profile, cmdline, one->nics, &error);

	if (net)
		fail_msg("'%s' was taken", cmdline ? cmdline : "");
	assert_throws(net, error, code, message);
}

// --- the command line ---------------------------------------------------------------------------

static void every_form_of_ip_is_understood(void **state)
{
	static const char *const rows[][2] = {
		{ "ip=dhcp", "*:e4d6-" },
		{ "ip=on", "*:e4d6a" },
		{ "ip=any", "*:e4d6a" },
		{ "ip=dhcp6", "*:e4-6d" },
		{ "ip=auto6", "*:e4-6a" },
		{ "ip=either6", "*:e4-6a" },
		{ "ip=off", "*:e4-6-" },
		{ "ip=eth1:dhcp", "eth1:e4d6-" },
		{ "ip=eth1:dhcp:9000", "eth1:e4d6- mtu=9000" },
		{ "ip=eth1:dhcp:9000:52:54:00:AA:BB:CC",
		  "eth1:e4d6- new=52:54:00:aa:bb:cc mtu=9000" },
		{ "ip=eth1:dhcp::52:54:00:aa:bb:cc", "eth1:e4d6- new=52:54:00:aa:bb:cc" },
		{ "ip=eth0:dhcp ip=eth1:auto6", "eth0:e4d6-; eth1:e4-6a" },
		{ "ip=eth0:dhcp ip=eth0:auto6", "eth0:e4d6a" },
		{ "ip=52-54-00-00-00-12:dhcp", "eth2:e4d6- mac=52:54:00:00:00:12" },
		{ "ip=192.0.2.5::192.0.2.1:255.255.255.0:edge:eth0:none",
		  "eth0:e4s6- addr=192.0.2.5/24 gw=192.0.2.1" },
		{ "ip=192.0.2.5::192.0.2.1:24:edge:eth0:none:192.0.2.2:192.0.2.3",
		  "eth0:e4s6- addr=192.0.2.5/24 gw=192.0.2.1 dns=192.0.2.2,192.0.2.3" },
		{ "ip=192.0.2.5::192.0.2.1:24::eth0:none:1400:52:54:00:aa:bb:cc",
		  "eth0:e4s6- addr=192.0.2.5/24 gw=192.0.2.1 new=52:54:00:aa:bb:cc mtu=1400" },
		{ "ip=192.0.2.5:192.0.2.9:192.0.2.1:24::eth0",
		  "eth0:e4s6- addr=192.0.2.5/24 gw=192.0.2.1" },
		{ "ip=192.0.2.5::192.0.2.1:24", "eth1:e4s6- addr=192.0.2.5/24 gw=192.0.2.1" },
		{ "ip=[2001:db8::5]::[2001:db8::1]:64::eth0:none:[2001:db8::2]",
		  "eth0:e4-6s addr=2001:db8::5/64 gw6=2001:db8::1 dns=2001:db8::2" },
		{ "ip=[2001:db8::5]::[fe80::1]:64::eth0:dhcp",
		  "eth0:e4d6s addr=2001:db8::5/64 gw6=fe80::1" },
		{ "ip=192.0.2.5::192.0.2.1:24::eth0:none "
		  "ip=[2001:db8::5]::[2001:db8::1]:64::eth0:none",
		  "eth0:e4s6s addr=192.0.2.5/24,2001:db8::5/64 gw=192.0.2.1 gw6=2001:db8::1" },
		{ "ip=:::::eth0:dhcp", "eth0:e4d6-" },
		{ "ip=192.0.2.5,,192.0.2.1,24,edge,eth0,none",
		  "eth0:e4s6- addr=192.0.2.5/24 gw=192.0.2.1" },
		{ "ip=[2001:db8::5],,[2001:db8::1],64,edge,eth0",
		  "eth0:e4-6s addr=2001:db8::5/64 gw6=2001:db8::1" },
		{ "ip=2001:db8::5,,2001:db8::1,64,edge,eth0,none,1500",
		  "eth0:e4-6s addr=2001:db8::5/64 gw6=2001:db8::1 mtu=1500" },
	};
	g_auto(Case) one = new_case();

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		assert_plan(&one, rows[i][0], rows[i][1]);
}

static void virtual_links_come_behind_what_they_lie_on(void **state)
{
	static const char *const rows[][2] = {
		{ "vlan=vlan0005:eth0 ip=vlan0005:dhcp",
		  "eth0:e4-6-; vlan0005:v4d6- id=5 on=eth0" },
		{ "vlan=vlan5:eth0", "eth0:e4-6-; vlan5:v4d6a id=5 on=eth0" },
		{ "vlan=eth0.0100:eth0 ip=eth0.0100:auto6",
		  "eth0:e4-6-; eth0.0100:v4-6a id=100 on=eth0" },
		{ "ip=[2001:db8::5],,[2001:db8::1],64,edge,eth0.100,none vlan=eth0.100:eth0",
		  "eth0:e4-6-; eth0.100:v4-6s id=100 on=eth0 addr=2001:db8::5/64 "
		  "gw6=2001:db8::1" },
		{ "vlan=eth0.100:eth0 ip=eth0:dhcp ip=eth0.100:dhcp6",
		  "eth0:e4d6-; eth0.100:v4-6d id=100 on=eth0" },
		{ "bond=bond7:eth0,eth1:mode=1,primary=eth1:9000 ip=bond7:dhcp",
		  "eth0:e4-6- mtu=9000; eth1:e4-6- mtu=9000; bond7:b4d6- of=eth0,eth1 "
		  "opt=mode=active-backup,miimon=100,primary=eth1 new=52:54:00:00:00:10 mtu=9000" },
		{ "bond", "eth0:e4-6-; eth1:e4-6-; bond0:b4d6a of=eth0,eth1 "
			  "opt=mode=balance-rr,miimon=100 new=52:54:00:00:00:10" },
		{ "bridge=br1:eth1 ip=br1:dhcp",
		  "eth1:e4-6-; br1:B4d6- of=eth1 new=52:54:00:00:00:11" },
		{ "bond=bond0:eth0,eth1:mode=802.3ad,lacp_rate=1 vlan=bond0.7:bond0 "
		  "bridge=br0:bond0.7",
		  "eth0:e4-6-; eth1:e4-6-; bond0:b4-6- of=eth0,eth1 "
		  "opt=mode=802.3ad,miimon=100,lacp_rate=fast new=52:54:00:00:00:10; "
		  "bond0.7:v4-6- id=7 on=bond0; br0:B4d6a of=bond0.7 new=52:54:00:00:00:10" },
		{ "bridge=br0:eth2 bond=bond0:vlan1,vlan2:mode=active-backup vlan=vlan1:eth0 "
		  "vlan=vlan2:eth1",
		  "eth2:e4-6-; br0:B4d6a of=eth2 new=52:54:00:00:00:12; eth0:e4-6-; "
		  "vlan1:v4-6- id=1 on=eth0; eth1:e4-6-; vlan2:v4-6- id=2 on=eth1; bond0:b4d6a "
		  "of=vlan1,vlan2 opt=mode=active-backup,miimon=100 new=52:54:00:00:00:10" },
	};
	g_auto(Case) one = new_case();

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		assert_plan(&one, rows[i][0], rows[i][1]);
}

static void the_other_words_are_understood(void **state)
{
	static const char *const rows[][2] = {
		{ "quiet console=ttyS0 ipx=1 rd.neednet=1", "*:e4d6a" },
		{ "BOOTIF=01-52-54-00-00-00-12", "*:e4d6a" },
		{ "BOOTIF=01-52-54-00-00-00-12 ip=dhcp", "eth2:e4d6- mac=52:54:00:00:00:12" },
		{ "BOOTIF=52:54:00:00:00:12 ip=BOOTIF:auto6", "eth2:e4-6a mac=52:54:00:00:00:12" },
		{ "BOOTIF=01-52-54-00-00-00-12 rd.bootif=0 ip=dhcp", "*:e4d6-" },
		{ "rd.bootif=0 BOOTIF=01-52-54-00-00-00-12 ip=192.0.2.5::192.0.2.1:24",
		  "eth1:e4s6- addr=192.0.2.5/24 gw=192.0.2.1" },
		{ "rd.bootif=1 BOOTIF=01-52-54-00-00-00-12 ip=dhcp",
		  "eth2:e4d6- mac=52:54:00:00:00:12" },
		{ "ifname=lan0:52:54:00:00:00:10 ip=lan0:dhcp",
		  "lan0:e4d6- mac=52:54:00:00:00:10 renamed" },
		{ "ifname=eth0:52:54:00:00:00:10 ip=eth0:dhcp",
		  "eth0:e4d6- mac=52:54:00:00:00:10 renamed" },
		{ "bootdev=eth1 ip=eth0:dhcp ip=eth1:dhcp", "eth0:e4d6- nodefault; eth1:e4d6-" },
		{ "bootdev=eth1 ip=dhcp", "eth1:e4d6-; *:e4d6- nodefault" },
		{ "rd.peerdns=0 ip=dhcp", "*:e4d6- nodns" },
		{ "rd.route=198.51.100.7/24:192.0.2.1:eth0 ip=eth0:dhcp",
		  "eth0:e4d6- route=198.51.100.0/24>192.0.2.1" },
		{ "rd.route=[2001:db8:9::/48]:[2001:db8::1] ip=eth0:dhcp "
		  "ip=[2001:db8::5]::[2001:db8::1]:64::eth1:none",
		  "eth0:e4d6-; eth1:e4-6s addr=2001:db8::5/64 gw6=2001:db8::1 "
		  "route=2001:db8:9::/48>2001:db8::1" },
		{ "rd.route=0.0.0.0/0:192.0.2.1 ip=eth0:dhcp",
		  "eth0:e4d6- route=default>192.0.2.1" },
	};
	g_auto(Case) one = new_case();

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		assert_plan(&one, rows[i][0], rows[i][1]);
}

static void times_and_name_servers_are_the_networks(void **state)
{
	g_auto(Case) one = new_case();
	g_autoptr(LfNet) usual = plan(&one, NULL);
	g_autoptr(LfNet) net = plan(&one, "nameserver=192.0.2.3 nameserver=[2001:db8::3] "
					  "rd.net.timeout.carrier=5 rd.net.timeout.dhcp=7 "
					  "rd.net.timeout.ipv6dad=60");

	assert_true(usual->is_default);
	assert_int_equal(usual->carrier_s, 30);
	assert_int_equal(usual->address_s, 45);
	assert_int_equal(usual->dad_s, 10);
	assert_string_equal(usual->duid_mac, "52:54:00:00:00:10");
	assert_true(net->is_default);
	assert_int_equal(net->carrier_s, 5);
	assert_int_equal(net->address_s, 7);
	assert_int_equal(net->dad_s, 60);
	assert_string_equal(net->nameservers[0], "192.0.2.3");
	assert_string_equal(net->nameservers[1], "2001:db8::3");
}

static void no_time_at_all_is_the_usual_time(void **state)
{
	g_auto(Case) one = new_case();
	g_autoptr(LfNet) net = plan(&one, "rd.net.timeout.carrier=0 rd.net.timeout.dhcp=0 "
					  "rd.net.timeout.ipv6dad=0");

	assert_int_equal(net->carrier_s, 30);
	assert_int_equal(net->address_s, 45);
	assert_int_equal(net->dad_s, 10);
}

static void what_the_kernel_writes_behind_two_name_servers_is_not_used(void **state)
{
	static const char *const tails[] = { "192.0.2.2:192.0.2.3:192.0.2.4",
					     "192.0.2.2:192.0.2.3:192.0.2.4:192.0.2.5",
					     "192.0.2.2:192.0.2.3:" };
	g_auto(Case) one = new_case();

	for (size_t i = 0; i < G_N_ELEMENTS(tails); i++) {
		g_autofree char *cmdline =
			g_strconcat("ip=192.0.2.5::192.0.2.1:24::eth0:none:", tails[i], NULL);

		assert_plan(&one, cmdline,
			    "eth0:e4s6- addr=192.0.2.5/24 gw=192.0.2.1 dns=192.0.2.2,192.0.2.3");
	}
	assert_plan(&one, "ip=eth0:dhcp:::192.0.2.4", "eth0:e4d6-");
	assert_plan(&one, "ip=eth0:dhcp:192.0.2.2::192.0.2.4", "eth0:e4d6- dns=192.0.2.2");
}

static void the_time_for_a_carrier_is_known_before_there_is_a_plan(void **state)
{
	assert_int_equal(lf_net_carrier_s(NULL), 30);
	assert_int_equal(lf_net_carrier_s("ip=eth7:dhcp rd.net.timeout.carrier=5"), 5);
	assert_int_equal(lf_net_carrier_s("ip=nonsense rd.net.timeout.carrier=5"), 30);
}

static void the_hosts_name_is_found(void **state)
{
	static const char *const rows[][2] = {
		{ "ip=dhcp", NULL },
		{ "ip=192.0.2.5::192.0.2.1:24:edge-7:eth0:none", "edge-7" },
		{ "ip=:::::eth0:dhcp ip=::::b.example:eth1:dhcp", "b.example" },
		{ "ip=192.0.2.5,,192.0.2.1,24,edge-7,eth0 hostname=other", "other" },
		{ "hostname=-no-", NULL },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *name = lf_net_hostname(rows[i][0]);

		if (g_strcmp0(name, rows[i][1]) != 0)
			fail_msg("'%s' gave '%s'", rows[i][0], name);
	}
}

typedef struct {
	const char *cmdline;
	LfErrorCode code;
	const char *message;
} Refusal;

static void assert_refusals(const Refusal *rows, size_t n)
{
	g_auto(Case) one = new_case();

	for (size_t i = 0; i < n; i++)
		assert_refused(&one, rows[i].cmdline, rows[i].code, rows[i].message);
}

static void wrong_addresses_are_named(void **state)
{
	static const Refusal rows[] = {
		{ "ip=", LF_ERROR_INPUT, "'ip=': it says nothing" },
		{ "ip=dchp", LF_ERROR_INPUT, "'dchp' is no way to get an address" },
		{ "ip=eth0:dchp", LF_ERROR_INPUT, "write 'dhcp', 'on'" },
		{ "ip=link6", LF_ERROR_UNSUPPORTED, "write 'auto6' or 'dhcp6'" },
		{ "ip=ibft", LF_ERROR_UNSUPPORTED, "iBFT" },
		{ "ip=192.0.2.5", LF_ERROR_INPUT, "is no netmask" },
		{ "ip=192.0.2.5::192.0.2.1:33::eth0", LF_ERROR_INPUT, "is no netmask" },
		{ "ip=192.0.2.5::192.0.2.1:255.0.255.0::eth0", LF_ERROR_INPUT, "is no netmask" },
		{ "ip=192.0.2.5::gateway:24::eth0", LF_ERROR_INPUT, "'gateway' is no address" },
		{ "ip=192.0.2.5::[2001:db8::1]:24::eth0", LF_ERROR_INPUT, "two families" },
		{ "ip=::192.0.2.1:24::eth0:dhcp", LF_ERROR_INPUT, "needs an address" },
		{ "ip=192.0.2.5::192.0.2.1:24::eth0:dhcp", LF_ERROR_INPUT, "write 'none'" },
		{ "ip=192.0.2.5::192.0.2.1:24:no_name:eth0", LF_ERROR_INPUT, "is not a host name" },
		{ "ip=192.0.2.5::192.0.2.1:24::an-interface-that-is-long", LF_ERROR_INPUT,
		  "is no name of an interface" },
		{ "ip=192.0.2.5::192.0.2.1:24::eth0:none:1:2:3:4", LF_ERROR_INPUT, "from 68" },
		{ "ip=192.0.2.5::192.0.2.1:24::eth0:none:192.0.2.2:zz:192.0.2.4", LF_ERROR_INPUT,
		  "'zz' is no address" },
		{ "ip=eth0:dhcp:1400:zz", LF_ERROR_INPUT, "'zz' is no MAC address" },
		{ "ip=eth0:dhcp:1400:01:00:5e:00:00:01", LF_ERROR_INPUT,
		  "MAC address that no card can have" },
		{ "ip=01:00:5e:00:00:01,dhcp", LF_ERROR_INPUT, "MAC address that no card can" },
		{ "ip=192.0.2.300", LF_ERROR_INPUT, "'192.0.2.300' is no address" },
		{ "ip=192.0.2.300::192.0.2.1:24::eth0:none", LF_ERROR_INPUT,
		  "'192.0.2.300' is no address" },
		{ "ip=192.0.2.5::192.0.2.300:24::eth0:none", LF_ERROR_INPUT,
		  "'192.0.2.300' is no address" },
		{ "ip=[2001:db8::g]::[2001:db8::1]:64::eth0:none", LF_ERROR_INPUT,
		  "'[2001:db8::g]' is no address" },
		{ "ip=2001:db8::5::[2001:db8::1]:64::eth0:none", LF_ERROR_INPUT,
		  "or '[2001:db8::1]'" },
		{ "ip=fe80::5::[2001:db8::1]:64::eth0:none", LF_ERROR_INPUT,
		  "'fe80' is no address" },
		{ "ip=[2001:db8::5]::2001:db8::1:64::eth0:none", LF_ERROR_INPUT,
		  "'2001' is no address" },
		{ "ip=[2001:db8::5]::[2001:db8::1]:129::eth0", LF_ERROR_INPUT, "is no netmask" },
		{ "ip=eth0:dhcp ip=192.0.2.5::192.0.2.1:24::eth0", LF_ERROR_INPUT,
		  "already has an address" },
	};

	assert_refusals(rows, G_N_ELEMENTS(rows));
}

static void wrong_bonds_are_named(void **state)
{
	static const Refusal rows[] = {
		{ "bond=bond0:eth0,eth0:mode=1", LF_ERROR_INPUT, "twice" },
		{ "bond=bond0:eth0 bridge=br0:eth0", LF_ERROR_INPUT, "below both" },
		{ "bond=bond0:eth0 vlan=eth0.5:eth0", LF_ERROR_INPUT, "below both" },
		{ "bond=bond0:eth0 ip=eth0:dhcp", LF_ERROR_INPUT, "addresses of its own" },
		{ "bond=bond0:eth0,eth9", LF_ERROR_TARGET, "eth0 (52:54:00:00:00:10), eth1" },
		{ "bond=eth0:eth1", LF_ERROR_INPUT, "is a network card's name" },
		{ "bond=bond0:eth0:mode", LF_ERROR_INPUT, "'mode' is no option" },
		{ "bond=bond0:eth0:mode=9", LF_ERROR_INPUT, "'balance-rr', 'active-backup'" },
		{ "bond=bond0:eth0:mode=1,lacp_rate=1", LF_ERROR_INPUT,
		  "no meaning in the mode 'active-backup'" },
		{ "bond=bond0:eth0:mode=1,use_carrier=0", LF_ERROR_UNSUPPORTED, "'use_carrier'" },
		{ "bond=bond0:eth0:mode=1,miimon=9,arp_interval=9", LF_ERROR_INPUT,
		  "leave one of them out" },
		{ "bond=bond0:eth0:mode=1,arp_interval=9,arp_ip_target=192.0.2.1,updelay=5",
		  LF_ERROR_INPUT, "'updelay' needs 'miimon'" },
		{ "bond=bond0:eth0:mode=1,num_grat_arp=1,num_unsol_na=1", LF_ERROR_INPUT,
		  "two names of one thing" },
		{ "bond=bond0:eth0:mode=1,arp_interval=9", LF_ERROR_INPUT, "need each other" },
		{ "bond=bond0:eth0:mode=1,arp_interval=9,arp_ip_target=a", LF_ERROR_INPUT,
		  "IPv4 addresses" },
		{ "bond=bond0:eth0:mode=1,primary=eth1", LF_ERROR_INPUT,
		  "name one of the bond's members" },
		{ "bond=bond0:eth0:mode=1,mode=2", LF_ERROR_INPUT, "given twice" },
		{ "bond=bond0:eth0:mode=1:1400:x", LF_ERROR_INPUT, "bond=NAME" },
	};

	assert_refusals(rows, G_N_ELEMENTS(rows));
}

static void other_wrong_words_are_named(void **state)
{
	static const Refusal rows[] = {
		{ "vlan=vlan5", LF_ERROR_INPUT, "vlan=NAME:INTERFACE" },
		{ "vlan=five:eth0", LF_ERROR_INPUT, "must say its number" },
		{ "vlan=vlan4095:eth0", LF_ERROR_INPUT, "from 1 to 4094" },
		{ "vlan=eth0.0:eth0", LF_ERROR_INPUT, "from 1 to 4094" },
		{ "vlan=vlan5:eth7", LF_ERROR_TARGET, "'eth7' fits no network card" },
		{ "vlan=vlan5:eth0 vlan=vlan5:eth1", LF_ERROR_INPUT, "is already there" },
		{ "vlan=vlan5:vlan5", LF_ERROR_INPUT, "lies on itself" },
		{ "vlan=a.5:b.6 vlan=b.6:a.5", LF_ERROR_INPUT, "lies on itself" },
		{ "team=team0:eth0", LF_ERROR_UNSUPPORTED, "write 'bond='" },
		{ "bridge=br0:eth0:eth1", LF_ERROR_INPUT, "bridge=NAME:MEMBERS" },
		{ "nameserver=dns.example", LF_ERROR_INPUT, "is no address" },
		{ "rd.route=192.0.2.0/24", LF_ERROR_INPUT, "rd.route=NETWORK" },
		{ "rd.route=192.0.2.0:192.0.2.1", LF_ERROR_INPUT, "is no network" },
		{ "rd.route=192.0.2.0/24:[2001:db8::1] ip=eth0:dhcp", LF_ERROR_INPUT,
		  "is no network that" },
		{ "rd.route=198.51.100.0/24:192.0.2.1 ip=eth0:dhcp ip=eth1:dhcp", LF_ERROR_INPUT,
		  "name its interface" },
		{ "ifname=lan0", LF_ERROR_INPUT, "ifname=NAME:MAC" },
		{ "ifname=lan0:52:54:00:00:00:99", LF_ERROR_TARGET, "fits no network card" },
		{ "ifname=a:52:54:00:00:00:10 ifname=a:52:54:00:00:00:11", LF_ERROR_INPUT,
		  "remove an 'ifname='" },
		{ "BOOTIF=nothing", LF_ERROR_INPUT, "is no MAC address" },
		{ "BOOTIF=01-52-54-00-00-00-99 ip=dhcp", LF_ERROR_TARGET, "52:54:00:00:00:99" },
		{ "ip=bootif:dhcp", LF_ERROR_INPUT, "needs the word 'BOOTIF='" },
		{ "rd.peerdns=no", LF_ERROR_INPUT, "from 0 to 1" },
		{ "rd.bootif=off", LF_ERROR_INPUT, "from 0 to 1" },
		{ "rd.bootif=0 BOOTIF=01-52-54-00-00-00-12 ip=bootif:dhcp", LF_ERROR_INPUT,
		  "needs the word 'BOOTIF='" },
		{ "rd.net.timeout.dhcp=3601", LF_ERROR_INPUT, "from 0 to 3600" },
		{ "rd.net.timeout.carrier=-1", LF_ERROR_INPUT, "from 0 to 3600" },
		{ "hostname=a..b", LF_ERROR_INPUT, "is not a host name" },
	};

	assert_refusals(rows, G_N_ELEMENTS(rows));
}

static void a_command_line_without_end_is_refused(void **state)
{
	g_auto(Case) one = new_case();
	g_autoptr(GString) text = g_string_new(NULL);

	for (unsigned i = 0; i < 300; i++)
		g_string_append(text, "bond ");
	assert_refused(&one, text->str, LF_ERROR_INPUT, "too much of the network");
	g_string_assign(text, "nameserver=");
	for (unsigned i = 0; i < 5000; i++)
		g_string_append_c(text, '1');
	assert_refused(&one, text->str, LF_ERROR_INPUT, "too much of the network");
}

static void only_the_networks_words_are_facts(void **state)
{
	g_autofree char *words_only = lf_netargs_words(
		"BOOT_IMAGE=/vmlinuz ip=dhcp quiet vlan=vlan5:eth0 landfall.ks=/a bond");
	g_autofree char *none = lf_netargs_words("quiet ip ipx=1");
	g_autofree char *odd = lf_netargs_words("ip=\"a b\tc\"");

	assert_string_equal(words_only, "ip=dhcp vlan=vlan5:eth0 bond");
	assert_null(none);
	assert_string_equal(odd, "\"ip=a b?c\"");
}

// --- kickstart lines ----------------------------------------------------------------------------

static void lines_without_a_device_are_for_every_port(void **state)
{
	g_auto(Case) one = new_case();

	lf_test_set(&add_line(&one, NULL)->hostname, "edge");
	assert_plan(&one, NULL, "*:e4d6a");
	lf_test_set(&add_line(&one, NULL)->bootproto, "dhcp");
	((LfNetwork *)one.profile->networks->pdata[1])->is_activate = true;
	assert_plan(&one, NULL, "*:e4d6a");
}

static void the_last_link_is_for_the_other_cards(void **state)
{
	g_auto(Case) one = new_case();
	g_autoptr(LfNet) net = NULL;
	const LfNetLink *any;

	lf_test_set(&add_line(&one, NULL)->bootproto, "dhcp");
	add_line(&one, "eth1");
	net = plan(&one, NULL);
	assert_int_equal(net->links->len, 2);
	any = net->links->pdata[1];
	assert_null(any->name);
	assert_string_equal(any->cards[0], "52:54:00:00:00:10");
	assert_string_equal(any->cards[1], "52:54:00:00:00:12");
	assert_null(any->cards[2]);
	assert_int_equal(any->iaid, 0);
	assert_int_not_equal(((LfNetLink *)net->links->pdata[0])->iaid, 0);
}

static void devices_are_found_by_what_they_are(void **state)
{
	static const struct {
		const char *device;
		bool is_bound;
		const char *expected;
	} rows[] = {
		{ "eth0", false, "eth0:e4d6a" },
		{ "eth0", true, "eth0:e4d6a mac=52:54:00:00:00:10" },
		{ "52:54:00:00:00:12", false, "eth2:e4d6a mac=52:54:00:00:00:12" },
		{ "link", false, "eth1:e4d6a" },
		{ "link", true, "eth1:e4d6a mac=52:54:00:00:00:11" },
		{ "bootif", false, "eth2:e4d6a mac=52:54:00:00:00:12" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_auto(Case) one = new_case();

		add_line(&one, rows[i].device)->is_bound_to_mac = rows[i].is_bound;
		assert_plan(&one, "BOOTIF=01-52-54-00-00-00-12", rows[i].expected);
	}
}

static void static_addresses_without_a_device_are_for_one_card(void **state)
{
	g_auto(Case) one = new_case();
	LfNetwork *line = add_line(&one, NULL);

	line->bootproto = g_strdup("static");
	line->ip = g_strdup("192.0.2.5");
	line->netmask = g_strdup("255.255.252.0");
	line->gateway = g_strdup("192.0.2.1");
	line->ipv6 = g_strdup("2001:db8::5");
	line->ipv6gateway = g_strdup("fe80::1");
	assert_plan(&one, NULL,
		    "eth1:e4s6s addr=192.0.2.5/22,2001:db8::5/64 gw=192.0.2.1 gw6=fe80::1");
	line->is_nodefroute = true;
	assert_plan(&one, NULL, "eth1:e4s6s addr=192.0.2.5/22,2001:db8::5/64 nodefault");
}

static void vlans_bonds_and_bridges_are_made(void **state)
{
	g_auto(Case) one = new_case();
	LfNetwork *bond = add_line(&one, "bond0");
	LfNetwork *vlan;
	LfNetwork *bridge;

	bond->bond_slaves = words("eth0,eth1");
	bond->bond_options = words("mode=802.3ad,xmit_hash_policy=layer3+4");
	bond->is_noipv4 = bond->is_noipv6 = true;
	vlan = add_line(&one, "bond0");
	vlan->vlan_id = 100;
	vlan->mtu = 9000;
	bridge = add_line(&one, "br0");
	bridge->bridge_slaves = words("eth2");
	bridge->bridge_options = words("stp=no,forward-delay=4");
	assert_plan(&one, NULL,
		    "eth0:e4-6- mtu=9000; eth1:e4-6- mtu=9000; bond0:b4-6- of=eth0,eth1 "
		    "opt=mode=802.3ad,miimon=100,xmit_hash_policy=layer3+4 new=52:54:00:00:00:10 "
		    "mtu=9000; bond0.100:v4d6a id=100 on=bond0 mtu=9000 inactive; eth2:e4-6- "
		    "inactive; br0:B4d6a of=eth2 opt=stp_state=0,forward_delay=4 "
		    "new=52:54:00:00:00:12 inactive");
}

static void what_is_below_an_active_link_is_active(void **state)
{
	g_auto(Case) one = new_case();
	LfNetwork *parent = add_line(&one, "eth0");
	LfNetwork *vlan = add_line(&one, "eth0");

	parent->is_activate = parent->is_onboot = false;
	vlan->vlan_id = 5;
	vlan->interface_name = g_strdup("vlan5");
	vlan->is_activate = true;
	assert_plan(&one, NULL, "eth0:e4d6a; vlan5:v4d6a id=5 on=eth0");
}

static void a_line_with_a_bond_and_a_vlan_makes_both(void **state)
{
	g_auto(Case) one = new_case();
	LfNetwork *line = add_line(&one, "bond0");

	line->bond_slaves = words("eth0,eth1");
	line->vlan_id = 7;
	line->is_bound_to_mac = true;
	assert_plan(&one, NULL,
		    "eth0:e4-6- mac=52:54:00:00:00:10; eth1:e4-6- mac=52:54:00:00:00:11; "
		    "bond0:b4-6- of=eth0,eth1 opt=mode=balance-rr,miimon=100 "
		    "new=52:54:00:00:00:10; bond0.7:v4d6a id=7 on=bond0");
}

static void a_line_about_a_member_gives_it_no_address(void **state)
{
	g_auto(Case) one = new_case();

	add_line(&one, "eth0")->mtu = 9000;
	add_line(&one, "br0")->bridge_slaves = words("eth0");
	assert_plan(&one, NULL,
		    "eth0:e4-6- mtu=9000; br0:B4d6a of=eth0 "
		    "new=52:54:00:00:00:10 inactive");
}

static void a_line_takes_the_place_of_the_command_line(void **state)
{
	g_auto(Case) one = new_case();

	add_line(&one, "eth1");
	assert_plan(&one, "ip=eth1:dhcp6 ip=eth2:auto6", "eth1:e4d6a; eth2:e4-6a");
	assert_plan(&one, "ip=dhcp vlan=vlan5:eth0",
		    "eth1:e4d6a; eth0:e4-6-; vlan5:v4d6- id=5 on=eth0; *:e4d6-");
}

static void routes_go_to_the_link_that_knows_the_gateway(void **state)
{
	g_auto(Case) one = new_case();
	LfRoute near_one = { .to = (char *)"198.51.100.0/24", .via = (char *)"192.0.2.9" };
	LfRoute named = { .to = (char *)"default",
			  .via = (char *)"2001:db8::9",
			  .device = (char *)"eth2" };
	g_autoptr(GPtrArray) routes = g_ptr_array_new();
	GPtrArray *own = one.profile->routes;
	LfNetwork *line = add_line(&one, "eth0");

	line->ip = g_strdup("192.0.2.5");
	line->netmask = g_strdup("255.255.255.0");
	add_line(&one, "eth2");
	g_ptr_array_add(routes, &near_one);
	g_ptr_array_add(routes, &named);
	one.profile->routes = routes;
	assert_plan(&one, NULL,
		    "eth0:e4s6a addr=192.0.2.5/24 route=198.51.100.0/24>192.0.2.9; eth2:e4d6a "
		    "inactive route=default>2001:db8::9");
	one.profile->routes = own;
}

static void lines_that_cannot_be_are_refused(void **state)
{
	static const struct {
		LfNetwork line;
		LfErrorCode code;
		const char *message;
	} rows[] = {
		{ { .device = (char *)"eth9" }, LF_ERROR_TARGET, "'eth9' fits no network card" },
		{ { .device = (char *)"52:54:00:00:00:99" }, LF_ERROR_TARGET, "site.ks:1" },
		{ { .device = (char *)"bootif" }, LF_ERROR_INPUT, "BOOTIF=" },
		{ { .device = (char *)"eth0", .ip = (char *)"192.0.2.5" },
		  LF_ERROR_INPUT,
		  "'--netmask'" },
		{ { .device = (char *)"eth0", .ipv6 = (char *)"2001:db8" },
		  LF_ERROR_INPUT,
		  "is no IPv6 address" },
		{ { .device = (char *)"eth0", .dhcp_class = (char *)"a\"b" },
		  LF_ERROR_UNSUPPORTED,
		  "--dhcpclass" },
		{ { .device = (char *)"eth0",
		    .vlan_id = 5,
		    .interface_name = (char *)"a-name-with-seventeen" },
		  LF_ERROR_INPUT,
		  "--interfacename=" },
		{ { .device = (char *)"eth1" }, LF_ERROR_INPUT, "a second 'network' line" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_auto(Case) one = new_case();
		LfNetwork *line = add_line(&one, NULL);
		LfNetwork spare = *line;

		*line = rows[i].line;
		line->place = spare.place;
		line->nameservers = spare.nameservers;
		if (i == G_N_ELEMENTS(rows) - 1)
			add_line(&one, "eth1");
		assert_refused(&one, NULL, rows[i].code, rows[i].message);
		*line = spare;
	}
}

static void without_a_carrier_a_link_cannot_be_told(void **state)
{
	g_auto(Case) one = new_case();

	for (guint i = 0; i < one.nics->len; i++)
		((LfFactNic *)one.nics->pdata[i])->has_carrier = false;
	add_line(&one, "link");
	assert_refused(&one, NULL, LF_ERROR_NETWORK, "plug a cable in");
	g_ptr_array_set_size(one.nics, 1);
	assert_plan(&one, NULL, "eth0:e4d6a");
	g_ptr_array_set_size(one.nics, 0);
	assert_refused(&one, NULL, LF_ERROR_TARGET, "it has none");
}

/* A value that every bond with this option takes. */
static char *some_value(const LfLinkOption *option)
{
	switch (option->kind) {
	case LF_SETTING_WORD:
	case LF_SETTING_ONLY_WORD:
		return g_strdup(option->words[0]);
	case LF_SETTING_ADDRESSES:
		return g_strdup("192.0.2.1,192.0.2.2");
	case LF_SETTING_MAC:
		return g_strdup("02:00:00:00:00:0a");
	case LF_SETTING_MEMBER:
		return g_strdup("eth0");
	case LF_SETTING_NUMBER:
		break;
	}
	return g_strdup_printf("%" G_GUINT64_FORMAT, option->max);
}

/* What an option cannot be without, as options in front of it. */
static const char *needed_by(const char *name)
{
	if (strcmp(name, "arp_interval") == 0)
		return ";arp_ip_target=192.0.2.1;";
	return strcmp(name, "arp_ip_target") == 0 ? ";arp_interval=9;" : ";";
}

/* Plans a link with one option, a bond in the first mode that takes it; returns its unit. */
static char *unit_with(Case *one, bool is_bond, const LfLinkOption *option)
{
	g_autofree char *value = some_value(option);
	bool has_mode = is_bond && strcmp(option->name, "mode") != 0;
	unsigned mode = option->modes ? (unsigned)__builtin_ctz(option->modes) : 1;
	g_autofree char *before =
		has_mode ? g_strdup_printf("mode=%u%s", mode, needed_by(option->name)) : NULL;
	g_autofree char *given =
		g_strdup_printf("%s%s=%s", before ? before : "", option->name, value);
	LfNetwork *line = add_line(one, "top0");
	g_autoptr(LfNet) net = NULL;
	g_autoptr(GString) text = g_string_new(NULL);

	*(is_bond ? &line->bond_slaves : &line->bridge_slaves) = words("eth0");
	*(is_bond ? &line->bond_options : &line->bridge_options) = g_strsplit(given, ";", -1);
	net = plan(one, NULL);
	lf_net_options_units(net->links->pdata[net->links->len - 1], text);
	return g_string_free(g_steal_pointer(&text), FALSE);
}

// The primary is its member's, in the member's file.
static void each_option_of_the_kickstart_reaches_the_installed_system(void **state)
{
	const LfLinkOption *const tables[] = { lf_bridge_table(), lf_bond_table() };

	for (size_t i = 0; i < G_N_ELEMENTS(tables); i++)
		for (const LfLinkOption *option = tables[i]; option->name; option++) {
			g_auto(Case) one = new_case();
			g_autofree char *unit = unit_with(&one, i == 1, option);
			g_auto(GStrv) lines = g_strsplit(unit, "\n", -1);
			// An empty one, the section, the mode and its monitoring, the last.
			guint n_others = i == 0 ? 3 : 5;

			if (strcmp(option->name, "mode") == 0 ||
			    strcmp(option->name, "miimon") == 0 ||
			    strcmp(option->name, "primary") == 0)
				n_others--;
			if (g_strv_length(lines) != n_others + 1)
				fail_msg("'%s' makes '%s'", option->name, unit);
		}
}

// An installation from a medium needs no cable; what is installed is planned all the same.
static void without_a_carrier_the_installed_system_takes_the_first_card(void **state)
{
	g_auto(Case) one = new_case();
	g_autoptr(GError) error = NULL;
	g_autoptr(LfNet) with = NULL;
	g_autoptr(LfNet) without = NULL;

	add_line(&one, "link");
	with = lf_net_plan_installed(one.profile, NULL, one.nics, &error);
	assert_ok(with != NULL, error);
	assert_string_equal(((const LfNetLink *)with->links->pdata[0])->name, "eth1");
	for (guint i = 0; i < one.nics->len; i++)
		((LfFactNic *)one.nics->pdata[i])->has_carrier = false;
	without = lf_net_plan_installed(one.profile, NULL, one.nics, &error);
	assert_ok(without != NULL, error);
	assert_string_equal(((const LfNetLink *)without->links->pdata[0])->name, "eth0");
	g_ptr_array_set_size(one.nics, 0);
	assert_throws(lf_net_plan_installed(one.profile, NULL, one.nics, &error), error,
		      LF_ERROR_TARGET, "it has none");
}

static void an_mtu_must_fit_what_lies_below(void **state)
{
	g_auto(Case) one = new_case();
	LfNetwork *vlan = add_line(&one, "eth0");

	add_line(&one, "eth0")->mtu = 1400;
	vlan->vlan_id = 5;
	vlan->mtu = 9000;
	assert_refused(&one, NULL, LF_ERROR_INPUT, "MTU of 9000");
}

// --- what is made of it -------------------------------------------------------------------------

static const char *unit_text(GPtrArray *units, const char *name)
{
	for (guint i = 0; i < units->len; i++) {
		const LfNetUnit *unit = units->pdata[i];

		if (strcmp(unit->name, name) == 0)
			return unit->text;
	}
	fail_msg("no unit '%s'", name);
	return NULL;
}

static void assert_unit(GPtrArray *units, const char *name, const char *expected)
{
	const char *text = unit_text(units, name);

	if (strcmp(text, expected) != 0)
		fail_msg("%s:\n%s\nwanted:\n%s", name, text, expected);
}

static void networks_become_networkd_units(void **state)
{
	g_auto(Case) one = new_case();
	g_autoptr(LfNet) net = plan(
		&one, "bond=bond0:eth0,eth1:mode=1,primary=eth1,updelay=200 vlan=bond0.7:bond0 "
		      "ip=[2001:db8::5]::[2001:db8:1::1]:64::bond0.7:none:[2001:db8::2] "
		      "nameserver=192.0.2.3 rd.route=[2001:db8:9::]/48:[2001:db8::9]");
	g_autoptr(GPtrArray) units = lf_net_units(net);

	assert_int_equal(units->len, 6);
	assert_unit(units, "10-landfall-bond0.netdev",
		    "[NetDev]\nName=bond0\nKind=bond\nMACAddress=52:54:00:00:00:10\n\n[Bond]\n"
		    "Mode=active-backup\nMIIMonitorSec=100ms\nUpDelaySec=200ms\n");
	assert_unit(units, "10-landfall-bond0.7.netdev",
		    "[NetDev]\nName=bond0.7\nKind=vlan\n\n[VLAN]\nId=7\n");
	assert_unit(units, "10-landfall-eth1.network",
		    "[Match]\nName=eth1\n\n[Link]\nRequiredForOnline=no\n\n[Network]\nDHCP=no\n"
		    "IPv6AcceptRA=no\nLinkLocalAddressing=no\nBond=bond0\nPrimarySlave=yes\n");
	assert_unit(units, "10-landfall-bond0.network",
		    "[Match]\nName=bond0\n\n[Link]\nRequiredForOnline=no\n\n[Network]\nDHCP=no\n"
		    "IPv6AcceptRA=no\nLinkLocalAddressing=no\nVLAN=bond0.7\n");
	assert_unit(units, "10-landfall-bond0.7.network",
		    "[Match]\nName=bond0.7\n\n[Link]\nRequiredForOnline=yes\n\n[Network]\n"
		    "DHCP=no\nIPv6AcceptRA=no\nLinkLocalAddressing=ipv6\nAddress=2001:db8::5/64\n"
		    "DNS=2001:db8::2\nDNS=192.0.2.3\n\n[Route]\nDestination=::/0\n"
		    "Gateway=2001:db8:1::1\nGatewayOnLink=yes\n\n[Route]\n"
		    "Destination=2001:db8:9::/48\nGateway=2001:db8::9\n");
}

static void the_installed_system_is_known_to_the_dhcp_server(void **state)
{
	g_auto(Case) one = new_case();
	g_autoptr(LfNet) net = NULL;
	g_autoptr(GPtrArray) units = NULL;
	LfNetwork *line = add_line(&one, "52:54:00:00:00:12");

	line->ipv6 = g_strdup("dhcp");
	line->dhcp_class = g_strdup("site x");
	g_strfreev(line->dns_search);
	line->dns_search = words("a.example,b.example");
	line->is_nodns = line->is_nodefroute = true;
	net = plan(&one, NULL);
	((LfNetLink *)net->links->pdata[0])->iaid = 77;
	units = lf_net_units(net);
	assert_unit(units, "10-landfall-eth2.network",
		    "[Match]\nPermanentMACAddress=52:54:00:00:00:12\nKind=!*\n\n[Link]\n"
		    "RequiredForOnline=yes\n\n[Network]\nDHCP=yes\nIPv6AcceptRA=yes\n"
		    "LinkLocalAddressing=ipv6\nDomains=a.example\nDomains=b.example\n\n[DHCPv4]\n"
		    "ClientIdentifier=mac\nVendorClassIdentifier=site x\nUseMTU=yes\n"
		    "UseGateway=no\nUseDNS=no\nUseDomains=no\n\n[DHCPv6]\nDUIDType=link-layer\n"
		    "DUIDRawData=00:01:52:54:00:00:00:10\nIAID=77\nWithoutRA=solicit\nUseDNS=no\n"
		    "UseDomains=no\n\n[IPv6AcceptRA]\nToken=eui64\nUseAutonomousPrefix=no\n"
		    "DHCPv6Client=always\nUseGateway=no\nUseDNS=no\nUseDomains=no\n");
}

static void each_known_card_keeps_its_own_identity(void **state)
{
	g_auto(Case) one = new_case();
	g_autoptr(LfNet) net = plan(&one, "ip=eth1:dhcp ip=on");
	g_autoptr(GPtrArray) units = lf_net_units(net);

	assert_int_equal(units->len, 4);
	assert_contains(unit_text(units, "15-landfall-52-54-00-00-00-10.network"),
			"[Match]\nPermanentMACAddress=52:54:00:00:00:10\nKind=!*\n");
	// 0x00000010
	assert_contains(unit_text(units, "15-landfall-52-54-00-00-00-10.network"), "\nIAID=16\n");
	assert_contains(unit_text(units, "20-landfall-any.network"),
			"[Match]\nType=ether\nKind=!*\n\n[Link]\nRequiredForOnline=no\n");
	assert_null(strstr(unit_text(units, "20-landfall-any.network"), "IAID"));
}

static void cards_are_renamed_and_left_alone_as_asked(void **state)
{
	g_auto(Case) one = new_case();
	g_autoptr(LfNet) net = NULL;
	g_autoptr(GPtrArray) units = NULL;
	LfNetwork *line = add_line(&one, "lan0");

	line->is_onboot = false;
	line->is_noipv6 = true;
	line->mtu = 9000;
	net = plan(&one, "ifname=lan0:52:54:00:00:00:10");
	units = lf_net_units(net);
	assert_unit(
		units, "10-landfall-lan0.link",
		"[Match]\nPermanentMACAddress=52:54:00:00:00:10\nKind=!*\n\n[Link]\nName=lan0\n");
	assert_unit(units, "10-landfall-lan0.network",
		    "[Match]\nName=lan0\n\n[Link]\nActivationPolicy=manual\n"
		    "RequiredForOnline=no\nMTUBytes=9000\n\n[Network]\nDHCP=ipv4\n"
		    "IPv6AcceptRA=no\nLinkLocalAddressing=no\n\n[DHCPv4]\nClientIdentifier=mac\n"
		    "UseDomains=yes\n");
}

static void dhcpcd_is_told_which_links_are_its_own(void **state)
{
	static const struct {
		const char *cmdline;
		const char *text; /* from the DUID on, as far as it tells */
	} rows[] = {
		{ "ip=eth0:dhcp ip=192.0.2.5::192.0.2.1:24::eth1:none",
		  "duid 00:03:00:01:52:54:00:00:00:10\nclientid\nallowinterfaces eth0\n\n"
		  "interface eth0\niaid 1739691812\nipv4\nnoipv6\ngateway\nipv6ra_autoconf\n"
		  "option domain_name_servers, domain_name, domain_search\n"
		  "option dhcp6_name_servers, dhcp6_domain_search\noption interface_mtu\n" },
		{ "ip=192.0.2.5::192.0.2.1:24::eth1:none",
		  "duid 00:03:00:01:52:54:00:00:00:10\nclientid\ndenyinterfaces *\n" },
		{ "ip=on bond=bond0:eth1 vlan=vlan5:eth0 rd.peerdns=0 ip=vlan5:dhcp6",
		  "duid 00:03:00:01:52:54:00:00:00:10\nclientid\ndenyinterfaces lo eth1 eth0\n"
		  "ipv4\nipv6\ngateway\nipv6ra_autoconf\n"
		  "nooption domain_name_servers, domain_name, domain_search\n"
		  "nooption dhcp6_name_servers, dhcp6_domain_search\nnooption nd_rdnss, nd_dnssl\n"
		  "option interface_mtu\n" },
	};
	g_auto(Case) one = new_case();

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(LfNet) net = plan(&one, rows[i].cmdline);
		g_autofree char *text = lf_net_dhcpcd_conf(net);
		const char *tail = strstr(text, "duid ");

		assert_non_null(tail);
		if (!g_str_has_prefix(tail, rows[i].text))
			fail_msg("'%s':\n%s\nwanted:\n%s", rows[i].cmdline, tail, rows[i].text);
	}
}

static void equal_networks_are_equal_in_json(void **state)
{
	g_auto(Case) one = new_case();
	g_autoptr(LfNet) a = plan(&one, "bond=bond0:eth0,eth1:mode=1 ip=bond0:dhcp");
	g_autoptr(LfNet) b = plan(&one, "ip=bond0:dhcp4 bond=bond0:eth0,eth1:mode=active-backup");
	g_autoptr(LfNet) c = plan(&one, "ip=bond0:dhcp4 bond=bond0:eth0,eth1:mode=balance-xor");
	g_autoptr(json_t) json_a = lf_net_to_json(a);
	g_autoptr(json_t) json_b = lf_net_to_json(b);
	g_autoptr(json_t) json_c = lf_net_to_json(c);

	assert_true(json_equal(json_a, json_b));
	assert_false(json_equal(json_a, json_c));
}

// dhcpcd takes up the cards that come; one more of them must not end it.
static void while_it_is_up_a_network_is_the_same_with_more_cards(void **state)
{
	static const char *const cmdlines[] = { NULL, "ip=dhcp", "nameserver=192.0.2.3" };
	g_autoptr(GPtrArray) none = g_ptr_array_new();
	g_auto(Case) one = new_case();
	g_autoptr(json_t) named = NULL;
	g_autoptr(LfNet) other = plan(&one, "ip=eth0:dhcp");

	named = lf_net_to_run(other);
	for (size_t i = 0; i < G_N_ELEMENTS(cmdlines); i++) {
		g_autoptr(LfNet) early = lf_net_plan(NULL, cmdlines[i], none, NULL);
		g_autoptr(LfNet) late = plan(&one, cmdlines[i]);
		g_autoptr(json_t) json_early = lf_net_to_run(early);
		g_autoptr(json_t) json_late = lf_net_to_run(late);

		assert_true(json_equal(json_early, json_late));
		assert_false(json_equal(json_late, named));
	}
}

static void people_read_a_line_for_each_link(void **state)
{
	static const char *const lines[] = {
		"eth0: no addresses",
		"eth1 (52:54:00:00:00:11): IPv4 by DHCP, IPv6 off",
		"vlan5 (VLAN 5 on eth0): IPv4 off, IPv6 2001:db8::5/64",
		"eth2: no addresses",
		"br0 (bridge of eth2): IPv4 by DHCP, IPv6 auto",
	};
	g_auto(Case) one = new_case();
	g_autoptr(LfNet) net =
		plan(&one, "ip=52-54-00-00-00-11:dhcp vlan=vlan5:eth0 bridge=br0:eth2 "
			   "ip=[2001:db8::5]:::64::vlan5:none ip=br0:on");
	g_auto(GStrv) text = lf_net_describe(net);

	assert_int_equal(g_strv_length(text), G_N_ELEMENTS(lines));
	for (size_t i = 0; i < G_N_ELEMENTS(lines); i++)
		assert_true(g_strv_contains((const char *const *)text, lines[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(every_form_of_ip_is_understood),
		LF_TEST(virtual_links_come_behind_what_they_lie_on),
		LF_TEST(the_other_words_are_understood),
		LF_TEST(times_and_name_servers_are_the_networks),
		LF_TEST(no_time_at_all_is_the_usual_time),
		LF_TEST(what_the_kernel_writes_behind_two_name_servers_is_not_used),
		LF_TEST(the_time_for_a_carrier_is_known_before_there_is_a_plan),
		LF_TEST(the_hosts_name_is_found),
		LF_TEST(wrong_addresses_are_named),
		LF_TEST(wrong_bonds_are_named),
		LF_TEST(other_wrong_words_are_named),
		LF_TEST(a_command_line_without_end_is_refused),
		LF_TEST(only_the_networks_words_are_facts),
		LF_TEST(lines_without_a_device_are_for_every_port),
		LF_TEST(the_last_link_is_for_the_other_cards),
		LF_TEST(devices_are_found_by_what_they_are),
		LF_TEST(static_addresses_without_a_device_are_for_one_card),
		LF_TEST(vlans_bonds_and_bridges_are_made),
		LF_TEST(what_is_below_an_active_link_is_active),
		LF_TEST(a_line_with_a_bond_and_a_vlan_makes_both),
		LF_TEST(a_line_about_a_member_gives_it_no_address),
		LF_TEST(a_line_takes_the_place_of_the_command_line),
		LF_TEST(routes_go_to_the_link_that_knows_the_gateway),
		LF_TEST(lines_that_cannot_be_are_refused),
		LF_TEST(without_a_carrier_a_link_cannot_be_told),
		LF_TEST(without_a_carrier_the_installed_system_takes_the_first_card),
		LF_TEST(each_option_of_the_kickstart_reaches_the_installed_system),
		LF_TEST(an_mtu_must_fit_what_lies_below),
		LF_TEST(networks_become_networkd_units),
		LF_TEST(the_installed_system_is_known_to_the_dhcp_server),
		LF_TEST(each_known_card_keeps_its_own_identity),
		LF_TEST(cards_are_renamed_and_left_alone_as_asked),
		LF_TEST(dhcpcd_is_told_which_links_are_its_own),
		LF_TEST(equal_networks_are_equal_in_json),
		LF_TEST(while_it_is_up_a_network_is_the_same_with_more_cards),
		LF_TEST(people_read_a_line_for_each_link),
	};

	return LF_TEST_MAIN(tests);
}
