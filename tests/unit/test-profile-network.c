// The profile's network, time, logs and the site's own lines: values, and each refusal.
#include "tests/unit/kickstart.h"

#define ADDON(lines) "%addon com_landfall\n" lines "\n%end"

static LfProfile *profile_of(const char *snippet)
{
	g_autofree char *text = g_strconcat(snippet, "\n", LF_TEST_KS, NULL);
	g_autofree char *findings = NULL;
	LfProfile *profile = lf_test_parse(text, LF_KICKSTART_WHOLE, NULL, NULL, &findings);

	if (!profile)
		fail_msg("'%s': %s", snippet, findings);
	return profile;
}

static void assert_list(char **list, const char *joined)
{
	g_autofree char *found = NULL;

	assert_non_null(list);
	found = g_strjoinv(" ", list);
	assert_string_equal(found, joined);
}

// --- values of network --------------------------------------------------------------------------

static void nothing_given_leaves_empty_lists(void **state)
{
	g_autoptr(LfProfile) profile = profile_of("network --device=eno1");
	const LfNetwork *network = profile->networks->pdata[0];

	assert_list(network->nameservers, "");
	assert_list(network->dns_search, "");
	assert_null(network->bond_slaves);
	assert_null(network->bond_options);
	assert_null(network->bridge_slaves);
	assert_null(network->bridge_options);
	assert_int_equal(network->vlan_id, 0);
	assert_false(network->is_bound_to_mac);
	assert_list(profile->mirrors, "");
	assert_int_equal(profile->routes->len, 0);
	assert_int_equal(profile->time_sources->len, 0);
	assert_false(profile->is_ntp_disabled);
	assert_null(profile->log_host);
	assert_int_equal(profile->log_port, 0);
	assert_int_equal(profile->limit_bytes_per_s, 0);
	assert_null(profile->report_url);
	assert_null(profile->report_token);
	assert_null(profile->persist_label);
}

static void names_and_dns_are_typed(void **state)
{
	g_autoptr(LfProfile) profile = profile_of(
		"network --device=52:54:00:AB:cd:EF --bindto=mac --dhcpclass='PXE client' "
		"--ipv4-dns-search=a.example,b.example "
		"--ipv6-dns-search=b.example,c.example "
		"--ipv4-ignore-auto-dns --ipv6-ignore-auto-dns "
		"--nameserver=192.0.2.53,2001:db8::53");
	const LfNetwork *network = profile->networks->pdata[0];

	assert_string_equal(network->device, "52:54:00:ab:cd:ef");
	assert_true(network->is_bound_to_mac);
	assert_string_equal(network->dhcp_class, "PXE client");
	assert_list(network->dns_search, "a.example b.example c.example");
	assert_true(network->ignores_dns4 && network->ignores_dns6);
	assert_list(network->nameservers, "192.0.2.53 2001:db8::53");
	assert_null(lf_network_name(network));
}

static void a_bond_and_its_vlan_stand_in_one_line(void **state)
{
	g_autoptr(LfProfile) profile =
		profile_of("network --device=bond0 --bondslaves=eno1,eno2 "
			   "--bondopts=primary=eno2,mode=1,miimon=050 --vlanid=171 "
			   "--bootproto=static --ip=192.0.2.10 --netmask=255.255.255.128 "
			   "--gateway=192.0.2.1 --ipv6=2001:db8::10 --ipv6gateway=fe80::1 "
			   "--mtu=9000 --bindto=mac");
	const LfNetwork *network = profile->networks->pdata[0];
	g_autofree char *name = lf_network_name(network);

	assert_string_equal(name, "bond0.171");
	assert_int_equal(network->vlan_id, 171);
	assert_list(network->bond_slaves, "eno1 eno2");
	assert_list(network->bond_options, "mode=active-backup miimon=50 primary=eno2");
	assert_string_equal(network->ipv6, "2001:db8::10/64");
	assert_true(network->is_bound_to_mac);
}

static void options_of_bonds_are_in_the_kernels_words(void **state)
{
	static const struct {
		const char *text, *options;
	} rows[] = {
		{ "", "" },
		{ "mode=balance-rr,packets_per_slave=0", "mode=balance-rr packets_per_slave=0" },
		{ "mode=4,lacp_rate=1,ad_select=2,xmit_hash_policy=1,min_links=1",
		  "mode=802.3ad lacp_rate=fast ad_select=count min_links=1 "
		  "xmit_hash_policy=layer3+4" },
		{ "mode=802.3ad,ad_actor_sys_prio=1,ad_actor_system=02:00:00:00:00:0A,"
		  "ad_user_port_key=1023",
		  "mode=802.3ad ad_actor_sys_prio=1 ad_actor_system=02:00:00:00:00:0a "
		  "ad_user_port_key=1023" },
		{ "mode=active-backup;arp_interval=500;arp_ip_target=192.0.2.1,192.0.2.2;"
		  "arp_validate=3;arp_all_targets=all",
		  "mode=active-backup arp_interval=500 arp_ip_target=192.0.2.1,192.0.2.2 "
		  "arp_validate=all arp_all_targets=all" },
		{ "mode=6,primary=a,primary_reselect=2,fail_over_mac=0,num_grat_arp=2,resend_igmp="
		  "255,"
		  "all_slaves_active=1,tlb_dynamic_lb=0,lp_interval=1",
		  "mode=balance-alb primary=a primary_reselect=failure fail_over_mac=none "
		  "num_grat_arp=2 resend_igmp=255 all_slaves_active=1 tlb_dynamic_lb=0 "
		  "lp_interval=1" },
		{ "miimon=100,updelay=200,downdelay=0", "miimon=100 updelay=200 downdelay=0" },
		{ "mode=5,updelay=200,num_unsol_na=1",
		  "mode=balance-tlb updelay=200 num_unsol_na=1" },
		{ "mode=2", "mode=balance-xor" },
		{ "mode=3", "mode=broadcast" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *line = g_strdup_printf(
			"network --device=bond0 --bondslaves=a,b '--bondopts=%s'", rows[i].text);
		g_autoptr(LfProfile) profile = profile_of(line);

		assert_list(((const LfNetwork *)profile->networks->pdata[0])->bond_options,
			    rows[i].options);
	}
}

static void bridges_and_what_is_in_them_are_typed(void **state)
{
	g_autoptr(LfProfile) profile =
		profile_of("network --device=bond0 --bondslaves=eno1,eno2\n"
			   "network --device=eno3 --vlanid=7 --interfacename=mgmt\n"
			   "network --device=br0 --bridgeslaves=bond0,mgmt,eno4 "
			   "--bridgeopts=stp=no,priority=65535,forward-delay=2,hello-time=10,"
			   "max-age=6,ageing-time=0,multicast-snooping=yes --activate");
	const LfNetwork *vlan = profile->networks->pdata[1];
	const LfNetwork *bridge = profile->networks->pdata[2];
	g_autofree char *name = lf_network_name(vlan);

	assert_string_equal(name, "mgmt");
	assert_list(bridge->bridge_slaves, "bond0 mgmt eno4");
	assert_list(bridge->bridge_options,
		    "stp=no priority=65535 forward-delay=2 hello-time=10 max-age=6 ageing-time=0 "
		    "multicast-snooping=yes");
	assert_null(bridge->bond_slaves);
	assert_true(bridge->is_activate);
	assert_false(vlan->is_activate);
}

static void the_first_line_about_a_device_is_brought_up(void **state)
{
	static const struct {
		const char *text;
		guint index;
		bool is_activate;
	} rows[] = {
		{ "network --device=a\nnetwork --device=b", 0, true },
		{ "network --device=a\nnetwork --device=b", 1, false },
		{ "network --hostname=x\nnetwork --device=b", 1, true },
		{ "network --device=a --no-activate\nnetwork --device=b", 0, false },
		{ "network --device=a --no-activate\nnetwork --device=b", 1, false },
		{ "network --device=a\nnetwork --device=b --activate", 1, true },
		// What takes the place of the first line is the first line.
		{ "network --device=a\nnetwork --device=b\nnetwork --device=a", 1, true },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(LfProfile) profile = profile_of(rows[i].text);
		const LfNetwork *network = profile->networks->pdata[rows[i].index];

		if (network->is_activate != rows[i].is_activate)
			fail_msg("'%s', line %u", rows[i].text, rows[i].index + 1);
	}
}

static void an_address_without_a_device_goes_to_the_first_link(void **state)
{
	g_autoptr(LfProfile) profile =
		profile_of("network --bootproto=static --ip=192.0.2.1 --netmask=255.255.255.0");
	g_autoptr(LfProfile) dynamic = profile_of("network --bootproto=dhcp");

	assert_string_equal(((const LfNetwork *)profile->networks->pdata[0])->device, "link");
	assert_null(((const LfNetwork *)dynamic->networks->pdata[0])->device);
}

// --- refusals of network ------------------------------------------------------------------------

static void options_that_need_a_device_say_so(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "network --bindto=mac", "1:9 error missing-option" },
		{ "network --vlanid=5", "1:9 error missing-option" },
		{ "network --ipv4-dns-search=a.example", "1:9 error missing-option" },
		{ "network --ipv6-dns-search=a.example", "1:9 error missing-option" },
		{ "network --ipv4-ignore-auto-dns", "1:9 error missing-option" },
		{ "network --ipv6-ignore-auto-dns", "1:9 error missing-option" },
		{ "network --bondslaves=a", "1:9 error missing-option" },
		{ "network --bridgeslaves=a", "1:9 error missing-option" },
		{ "network --device=link --bondslaves=a", "1:9 error invalid-value" },
		{ "network --device=52:54:00:00:00:01 --bridgeslaves=a",
		  "1:9 error invalid-value" },
		{ "network --device=all --bondslaves=a", "1:9 error invalid-value" },
		{ "network --device=link --vlanid=5", "" },
		{ "network --device=bootif --bindto=mac", "" },
		{ "network --device=a --bindto=name", "1:29 error invalid-value" },
		{ "network --device=01:bb:cc:dd:ee:ff", "1:9 error impossible-mac" },
		{ "network --device=00:00:00:00:00:00", "1:9 error impossible-mac" },
		{ "network --device=02:BB:cc:dd:ee:ff", "" },
	};

	LF_TEST_SNIPPETS(rows);
}

static void vlans_are_numbered_and_named_as_the_language_has_it(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "network --device=a --vlanid=0", "1:29 error out-of-range" },
		{ "network --device=a --vlanid=4095", "1:29 error out-of-range" },
		{ "network --device=a --vlanid=x", "1:29 error invalid-number" },
		{ "network --device=a --vlanid=1\nnetwork --device=a --vlanid=4094", "" },
		{ "network --device=a --vlanid=5 --interfacename=vlan5", "" },
		{ "network --device=a --vlanid=5 --interfacename=vlan0005", "" },
		{ "network --device=a --vlanid=5 --interfacename=b.5", "" },
		{ "network --device=a --vlanid=5 --interfacename=storage", "" },
		{ "network --device=a --vlanid=5 --interfacename=vlan6",
		  "1:31 error invalid-value" },
		{ "network --device=a --vlanid=5 --interfacename=vlan",
		  "1:31 error invalid-value" },
		{ "network --device=a --vlanid=5 --interfacename=vlan.5",
		  "1:31 error invalid-value" },
		{ "network --device=a --vlanid=5 --interfacename=b.6", "1:31 error invalid-value" },
		{ "network --device=a --vlanid=5 --interfacename=b.c.5",
		  "1:31 error invalid-value" },
		{ "network --device=a --vlanid=5 --interfacename=a", "1:31 error own-member" },
		{ "network --device=a --vlanid=5 --interfacename=sixteen-bytes-xx",
		  "1:47 error invalid-value" },
		{ "network --device=a --vlanid=5 --interfacename=lo", "1:47 error invalid-value" },
		{ "network --device=a --vlanid=5 --interfacename=123", "1:47 error invalid-value" },
		{ "network --device=a --interfacename=b", "1:20 error missing-option" },
		{ "network --device=enp94s0f0np0 --vlanid=171", "1:31 error long-name" },
		{ "network --device=enp94s0f0np0 --vlanid=171 --interfacename=vlan171", "" },
		{ "network --device=a --vlanid=5 --bindto=mac", "1:31 error conflicting-options" },
	};

	LF_TEST_SNIPPETS(rows);
}

static void bonds_and_bridges_have_members(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "network --device=b --bondslaves=", "1:33 error empty-value" },
		{ "network --device=b --bridgeslaves=,", "1:35 error empty-value" },
		{ "network --device=b --bondopts=mode=1", "1:20 error missing-option" },
		{ "network --device=b --bridgeopts=stp=no", "1:20 error missing-option" },
		{ "network --device=b --bondslaves=a,a", "1:20 error repeated-member" },
		{ "network --device=b --bridgeslaves=a,b", "1:20 error own-member" },
		{ "network --device=b --bondslaves=52:54:00:00:00:01", "1:33 error invalid-value" },
		{ "network --device=b --bondslaves=link", "1:33 error invalid-value" },
		{ "network --device=b --bondslaves=a --bridgeslaves=c",
		  "1:35 error conflicting-options" },
		{ "network --device=b --vlanid=5 --bridgeslaves=c",
		  "1:31 error conflicting-options" },
		{ "network --device=b --bondslaves=a,c --noipv4 --noipv6",
		  "1:1 error conflicting-options" },
		{ "network --device=b --bondslaves=a,c --noipv4 --noipv6\n"
		  "network --device=b --vlanid=5",
		  "" },
	};

	LF_TEST_SNIPPETS(rows);
}

#define BOND(options) "network --device=bond0 --bondslaves=a,b '--bondopts=" options "'"
#define CONFLICT      "1:41 error conflicting-options"

static void options_of_bonds_are_checked(void **state)
{
	static const LfTestSnippet rows[] = {
		{ BOND("mode=7"), "1:41 error invalid-value" },
		{ BOND("mode=fast"), "1:41 error invalid-value" },
		{ BOND("mode=-1"), "1:41 error invalid-value" },
		{ BOND("mode"), "1:41 error invalid-value" },
		{ BOND("mode="), "1:41 error invalid-value" },
		{ BOND("=1"), "1:41 error invalid-value" },
		{ BOND("mode=1,"), "1:41 error invalid-value" },
		{ BOND("mode=1,mode=1"), "1:41 error repeated-setting" },
		{ BOND("moed=1"), "1:41 error unknown-setting" },
		{ BOND("miimon=fast"), "1:41 error invalid-value" },
		{ BOND("miimon=60001"), "1:41 error invalid-value" },
		{ BOND("miimon=99999999999999999999"), "1:41 error invalid-value" },
		{ BOND("mode=1,primary=c"), "1:41 error invalid-value" },
		{ BOND("mode=4,primary=a"), CONFLICT },
		{ BOND("primary=a"), CONFLICT },
		{ BOND("mode=1,lacp_rate=fast"), CONFLICT },
		{ BOND("mode=1,xmit_hash_policy=layer2"), CONFLICT },
		{ BOND("mode=1,packets_per_slave=3"), CONFLICT },
		{ BOND("mode=4,tlb_dynamic_lb=1"), CONFLICT },
		{ BOND("mode=1,ad_user_port_key=1"), CONFLICT },
		{ BOND("mode=4;arp_interval=100;arp_ip_target=192.0.2.1"), CONFLICT "; " CONFLICT },
		{ BOND("mode=1,arp_interval=100"), CONFLICT },
		{ BOND("mode=1,arp_ip_target=192.0.2.1"), CONFLICT },
		{ BOND("mode=1;arp_interval=9;arp_ip_target=192.0.2.1,x"),
		  "1:41 error invalid-value" },
		{ BOND("mode=1;arp_interval=9;arp_ip_target=2001:db8::1"),
		  "1:41 error invalid-value" },
		{ BOND("mode=1;arp_interval=9;arp_ip_target=0.0.0.0"), "1:41 error invalid-value" },
		{ BOND("mode=1,arp_interval=9,arp_ip_target=192.0.2.1,192.0.2.2"),
		  "1:41 error invalid-value" },
		{ BOND("mode=1,miimon=100,arp_interval=9,arp_ip_target=192.0.2.1"), CONFLICT },
		{ BOND("mode=1,arp_interval=9,arp_ip_target=192.0.2.1,updelay=5"), CONFLICT },
		{ BOND("mode=1,miimon=0,downdelay=5"), CONFLICT "; 1:41 warning unwatched-links" },
		{ BOND("mode=1,miimon=0"), "1:41 warning unwatched-links" },
		{ BOND("num_grat_arp=1,num_unsol_na=1"), CONFLICT },
		{ BOND("mode=4,ad_actor_system=bond0"), "1:41 error invalid-value" },
		{ BOND("mode=4,ad_actor_system=02:00"), "1:41 error invalid-value" },
		{ BOND("all_slaves_active=2"), "1:41 error invalid-value" },
	};

	LF_TEST_SNIPPETS(rows);
}

#define BRIDGE(options) "network --device=br0 --bridgeslaves=a --bridgeopts=" options

static void options_of_bridges_are_checked(void **state)
{
	static const LfTestSnippet rows[] = {
		{ BRIDGE("stp=yes"), "" },
		{ BRIDGE("stp=1"), "1:39 error invalid-value" },
		{ BRIDGE("stp=on"), "1:39 error invalid-value" },
		{ BRIDGE("forward-delay=1"), "1:39 error invalid-value" },
		{ BRIDGE("hello-time=11"), "1:39 error invalid-value" },
		{ BRIDGE("max-age=41"), "1:39 error invalid-value" },
		{ BRIDGE("priority=65536"), "1:39 error invalid-value" },
		{ BRIDGE("ageing-time=1000001"), "1:39 error invalid-value" },
		{ BRIDGE("vlan-filtering=yes"), "1:39 error unknown-setting" },
		{ BRIDGE("stp=yes;priority=5"), "1:39 error invalid-value" },
		{ BRIDGE("stp=yes,stp=no"), "1:39 error repeated-setting" },
	};

	LF_TEST_SNIPPETS(rows);
}

static void teams_wireless_and_ethtool_stay_refused(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "network --device=team0 --teamslaves=a,b", "1:24 error unsupported-option" },
		{ "network --device=team0 --teamconfig=x", "1:24 error unsupported-option" },
		{ "network --device=a --ethtool='autoneg off'", "1:20 error unsupported-option" },
		{ "network --device=a --essid=x --wpakey=y",
		  "1:20 error unsupported-option; 1:30 error unsupported-option" },
	};
	static const char team[] = "network --device=team0 --teamslaves=a,b\n" LF_TEST_KS;
	g_autoptr(LfDiagnostics) diagnostics = lf_diagnostics_new();
	g_autoptr(GBytes) bytes = g_bytes_new_static(team, strlen(team));

	LF_TEST_SNIPPETS(rows);
	assert_null(lf_kickstart_parse(bytes, "site.ks", LF_KICKSTART_WHOLE, NULL, NULL,
				       diagnostics, NULL));
	assert_contains(lf_diagnostics_get(diagnostics, 0)->advice, "--bondslaves=");
}

#define STATIC "network --device=a --bootproto=static "

static void addresses_are_those_of_hosts_in_one_network(void **state)
{
	static const LfTestSnippet rows[] = {
		{ STATIC "--ip=192.0.2.9 --netmask=255.255.255.0 --gateway=192.0.2.1", "" },
		{ STATIC "--ip=192.0.2.9 --netmask=255.255.255.0 --gateway=192.0.3.1",
		  "1:78 warning gateway-outside" },
		{ STATIC "--ip=192.0.2.9 --netmask=255.255.255.255 --gateway=192.0.2.1",
		  "1:80 warning gateway-outside" },
		{ STATIC "--ip=192.0.2.9 --netmask=255.255.255.0 --gateway=192.0.2.9",
		  "1:78 error own-gateway" },
		{ STATIC "--ip=192.0.2.9 --netmask=255.255.255.0 --gateway=224.0.0.1",
		  "1:78 error not-a-host" },
		{ STATIC "--ip=192.0.2.0 --netmask=255.255.255.0", "1:39 error not-a-host" },
		{ STATIC "--ip=192.0.2.255 --netmask=255.255.255.0", "1:39 error not-a-host" },
		{ STATIC "--ip=192.0.2.0 --netmask=255.255.255.254 --gateway=192.0.2.1", "" },
		{ STATIC "--ip=127.0.0.1 --netmask=255.0.0.0", "1:39 error not-a-host" },
		{ STATIC "--ip=0.0.0.0 --netmask=255.0.0.0", "1:39 error not-a-host" },
		{ "network --device=a --ipv6=2001:db8::2/64 --ipv6gateway=2001:db8::1", "" },
		{ "network --device=a --ipv6=2001:db8::2/64 --ipv6gateway=fe80::1", "" },
		{ "network --device=a --ipv6=2001:db8::2 --ipv6gateway=2001:db8:0:1::1",
		  "1:39 warning gateway-outside" },
		{ "network --device=a --ipv6=2001:db8::2/128 --ipv6gateway=2001:db8::2",
		  "1:43 error own-gateway" },
		{ "network --device=a --ipv6=::1/64", "1:20 error not-a-host" },
		{ "network --device=a --ipv6=ff02::1/64", "1:20 error not-a-host" },
		{ "network --device=a --ipv6=::/64", "1:20 error not-a-host" },
		{ "network --device=a --ipv6=auto --ipv6gateway=fe80::1",
		  "1:32 error conflicting-options" },
		{ "network --device=a --ipv6gateway=fe80::1", "1:20 error conflicting-options" },
		{ "network --device=a --ipv6=auto --mtu=1279", "1:32 error conflicting-options" },
		{ "network --device=a --noipv6 --mtu=576", "" },
		{ "network --device=a --mtu=67", "1:26 error out-of-range" },
		{ STATIC "--ip=192.0.2.9 --netmask=255.255.255.0 --dhcpclass=x",
		  "1:78 error conflicting-options" },
		{ "network --device=a --noipv4 --dhcpclass=x", "1:29 error conflicting-options" },
		{ "network --device=a --dhcpclass='a\"b'", "1:32 error invalid-value" },
		{ "network --device=a --ipv4-dns-search=-x", "1:38 error invalid-value" },
		{ "network --device=a --nameserver=dns.example", "1:33 error invalid-value" },
	};

	LF_TEST_SNIPPETS(rows);
}

// --- lines among each other ---------------------------------------------------------------------

static void vlans_on_one_parent_are_devices_of_their_own(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "network --device=a\nnetwork --device=a --vlanid=5\n"
		  "network --device=a --vlanid=6",
		  "" },
		{ "network --device=a --vlanid=5\nnetwork --device=a --vlanid=5",
		  "2:9 warning repeated-device" },
		{ "network --device=a --vlanid=5 --interfacename=x\n"
		  "network --device=b --vlanid=6 --interfacename=x",
		  "2:9 warning repeated-device" },
		{ "network --device=a --vlanid=5 --interfacename=b\nnetwork --device=b",
		  "2:9 warning repeated-device" },
		{ "network --device=52:54:00:00:00:AA\nnetwork --device=52:54:00:00:00:aa",
		  "2:9 warning repeated-device" },
		{ "network --device=b --bondslaves=c,d --vlanid=5\nnetwork --device=b --vlanid=6",
		  "" },
		{ "network --device=b --bondslaves=c,d --vlanid=5\nnetwork --device=b --vlanid=5",
		  "2:9 error repeated-device" },
		{ "network --device=b --bondslaves=c,d --vlanid=5\nnetwork --device=b",
		  "2:1 error repeated-device" },
		{ "network --device=b --bondslaves=c,d --vlanid=5\n"
		  "network --device=b --bondslaves=e,f --vlanid=6",
		  "2:1 error repeated-device" },
	};
	g_autoptr(LfProfile) profile =
		profile_of("network --device=a --vlanid=5\nnetwork --device=a --vlanid=6\n"
			   "network --device=a --vlanid=5 --onboot=no");

	LF_TEST_SNIPPETS(rows);
	assert_int_equal(profile->networks->len, 2);
	assert_int_equal(((const LfNetwork *)profile->networks->pdata[1])->vlan_id, 5);
}

static void a_member_belongs_to_one_and_has_no_address(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "network --device=b --bondslaves=c,d\nnetwork --device=e --bridgeslaves=d",
		  "2:1 error repeated-member" },
		{ "network --device=c --bootproto=dhcp\nnetwork --device=b --bondslaves=c,d",
		  "1:1 error member-with-address" },
		{ "network --device=c --ipv6=auto\nnetwork --device=b --bridgeslaves=c",
		  "1:1 error member-with-address" },
		{ "network --device=c --nameserver=192.0.2.1\nnetwork --device=b --bridgeslaves=c",
		  "1:1 error member-with-address" },
		{ "network --device=c --mtu=9000\nnetwork --device=b --bondslaves=c,d", "" },
		{ "network --device=c --vlanid=5\nnetwork --device=b --bondslaves=c,d",
		  "2:1 error unfit-member" },
		{ "network --device=c --vlanid=5 --interfacename=x\n"
		  "network --device=b --bondslaves=x,d",
		  "2:1 error unfit-member" },
		{ "network --device=b --bondslaves=c,d\nnetwork --device=e --bondslaves=b,f",
		  "2:1 error unfit-member" },
		{ "network --device=b --bridgeslaves=c\nnetwork --device=e --bridgeslaves=b",
		  "2:1 error unfit-member" },
		{ "network --device=b --bondslaves=c,d\nnetwork --device=e --bridgeslaves=b", "" },
		{ "network --device=b --bondslaves=c,d --bootproto=dhcp\n"
		  "network --device=e --bridgeslaves=b",
		  "1:1 error member-with-address" },
		{ "network --device=b --bondslaves=c,d --vlanid=5 --bootproto=dhcp\n"
		  "network --device=e --bridgeslaves=b",
		  "" },
		{ "network --device=c --vlanid=5\nnetwork --device=b --bridgeslaves=c.5", "" },
	};

	LF_TEST_SNIPPETS(rows);
}

static void nothing_lies_on_itself(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "network --device=x --vlanid=5 --interfacename=y\n"
		  "network --device=y --vlanid=6 --interfacename=x",
		  "1:1 error circle" },
		{ "network --device=br0 --bridgeslaves=br0.5,c\nnetwork --device=br0 --vlanid=5",
		  "1:1 error circle" },
		{ "network --device=c --vlanid=5\nnetwork --device=c.5 --vlanid=6", "" },
		{ "network --device=br1 --vlanid=5\nnetwork --device=br0 --bridgeslaves=br1.5\n"
		  "network --device=br1 --bridgeslaves=c",
		  "" },
	};

	LF_TEST_SNIPPETS(rows);
}

// Each level may be reached in 32 ways: whoever walks all ways never comes to an end.
static void deep_towers_are_checked_in_no_time(void **state)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *findings = NULL;
	g_autoptr(LfProfile) profile = NULL;

	for (int level = 0; level < 7; level++) {
		g_string_append_printf(text, "network --device=b%d --bridgeslaves=c%d", level,
				       level);
		for (int i = 1; i < 32; i++)
			g_string_append_printf(text, ",b%d.%d", level + 1, i);
		g_string_append_c(text, '\n');
		for (int i = 1; i < 32; i++)
			g_string_append_printf(text, "network --device=b%d --vlanid=%d\n",
					       level + 1, i);
	}
	g_string_append(text, LF_TEST_KS);
	profile = lf_test_parse(text->str, LF_KICKSTART_WHOLE, NULL, NULL, &findings);
	assert_string_equal(findings, "");
	assert_non_null(profile);
}

static void some_device_must_have_an_address(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "network --device=a --noipv4 --noipv6", "1:1 error conflicting-options" },
		{ "network --hostname=x\nnetwork --device=a --noipv4 --noipv6",
		  "2:1 error conflicting-options" },
		{ "network --device=a --noipv4 --noipv6\nnetwork --device=b --noipv4", "" },
		{ "network --hostname=x", "" },
	};

	LF_TEST_SNIPPETS(rows);
}

#define LOGGING "\nlogging --host=a"

static void a_network_that_is_needed_is_brought_up(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "network --device=a" LOGGING, "" },
		{ "network --device=a --no-activate", "" },
		{ "network --device=a --no-activate" LOGGING, "1:1 warning inactive-network" },
		{ "network --hostname=a" LOGGING, "" },
		{ "network --device=b --bondslaves=a,c --noipv4 --noipv6\n"
		  "network --device=b --vlanid=5" LOGGING,
		  "2:1 warning inactive-network" },
		{ "network --device=b --bondslaves=a,c --noipv4 --noipv6\n"
		  "network --device=b --vlanid=5 --activate" LOGGING,
		  "" },
		{ "network --device=b --bondslaves=a,c\nnetwork --device=d "
		  "--bridgeslaves=b" LOGGING,
		  "2:1 warning inactive-network" },
		{ "network --device=a --no-activate\n" ADDON("report --url=https://h/"),
		  "1:1 warning inactive-network" },
		{ "network --device=a --no-activate\n" ADDON("mirror --url=https://h/"),
		  "1:1 warning inactive-network" },
	};

	LF_TEST_SNIPPETS(rows);
}

static void lists_are_bounded(void **state)
{
	g_autoptr(GString) members = g_string_new("network --device=bond0 --bondslaves=a");
	g_autoptr(GString) domains = g_string_new("network --device=a --ipv4-dns-search=a");
	g_autoptr(GString) sources = g_string_new(NULL);
	g_autoptr(GString) mirrors = g_string_new("%addon com_landfall\n");
	g_autoptr(GString) routes = g_string_new("%addon com_landfall\n");
	const GString *const texts[] = { members, domains, sources, mirrors, routes };

	for (int i = 0; i < 32; i++) {
		g_string_append_printf(members, ",m%d", i);
		g_string_append_printf(domains, ",d%d.example", i);
	}
	for (int i = 0; i < 33; i++)
		g_string_append_printf(sources, "timesource --ntp-server=s%d.example\n", i);
	for (int i = 0; i < 17; i++)
		g_string_append_printf(mirrors, "mirror --url=https://m%d.example/\n", i);
	g_string_append(mirrors, "%end");
	for (int i = 0; i < 257; i++)
		g_string_append_printf(routes, "route --to=default --via=192.0.2.1 --metric=%d\n",
				       i + 1);
	g_string_append(routes, "%end");
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autofree char *text = g_strconcat(texts[i]->str, "\n", LF_TEST_KS, NULL);
		g_autofree char *findings = NULL;

		assert_null(lf_test_parse(text, LF_KICKSTART_WHOLE, NULL, NULL, &findings));
		assert_contains(findings, " error too-many");
	}
}

// --- time and logs ------------------------------------------------------------------------------

static void time_sources_are_typed(void **state)
{
	g_autoptr(LfProfile) profile = profile_of("timezone UTC --utc\n"
						  "timesource --ntp-server=ntp.example --nts\n"
						  "timesource --ntp-pool=pool.example\n"
						  "timesource --ntp-server=2001:db8::1");
	g_autoptr(LfProfile) old = profile_of("timezone UTC --ntpservers=a.example,192.0.2.1");
	g_autoptr(LfProfile) off = profile_of("timesource --ntp-disable");
	g_autoptr(LfProfile) old_off = profile_of("timezone UTC --nontp");
	const LfTimeSource *first = profile->time_sources->pdata[0];
	const LfTimeSource *second = profile->time_sources->pdata[1];
	const LfTimeSource *old_first = old->time_sources->pdata[0];

	assert_int_equal(profile->time_sources->len, 3);
	assert_string_equal(first->host, "ntp.example");
	assert_true(first->is_nts && !first->is_pool && !first->is_of_timezone);
	assert_true(second->is_pool && !second->is_nts);
	assert_int_equal(second->place.line, 3);
	assert_false(profile->is_ntp_disabled);
	assert_int_equal(old->time_sources->len, 2);
	assert_string_equal(old_first->host, "a.example");
	assert_true(old_first->is_of_timezone);
	assert_true(off->is_ntp_disabled);
	assert_true(old_off->is_ntp_disabled);
}

static void the_last_timezone_line_takes_its_servers_along(void **state)
{
	g_autoptr(LfProfile) profile =
		profile_of("timesource --ntp-server=c.example\n"
			   "timezone UTC --ntpservers=a.example\ntimezone UTC");
	g_autoptr(LfProfile) on = profile_of("timezone UTC --nontp\ntimezone UTC");
	g_autoptr(LfProfile) off = profile_of("timesource --ntp-disable\ntimezone UTC");

	assert_int_equal(profile->time_sources->len, 1);
	assert_false(on->is_ntp_disabled);
	assert_true(off->is_ntp_disabled);
}

static void time_sources_are_checked(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "timesource", "1:1 error missing-option" },
		{ "timesource --nts", "1:1 error missing-option" },
		{ "timesource --ntp-server=a --ntp-pool=b", "1:1 error conflicting-options" },
		{ "timesource --ntp-server=a --ntp-disable", "1:1 error conflicting-options" },
		{ "timesource --ntp-disable --nts", "1:26 error conflicting-options" },
		{ "timesource --ntp-server=a_b", "1:25 error invalid-value" },
		{ "timesource --ntp-server=1.2.3", "1:25 error invalid-value" },
		{ "timesource --ntp-server=a..b", "1:25 error invalid-value" },
		{ "timesource --ntp-server=a\ntimesource --ntp-pool=A",
		  "2:12 warning repeated-source" },
		{ "timesource --ntp-server=a\ntimesource --ntp-disable",
		  "1:1 error conflicting-options" },
		{ "timezone UTC --nontp", "1:14 warning old-option" },
		{ "timezone --nontp", "1:10 warning old-option" },
		{ "timezone UTC --ntpservers=a", "1:14 warning old-option" },
		{ "timezone UTC --ntpservers=a --nontp",
		  "1:14 error conflicting-options; 1:14 warning old-option; 1:29 warning "
		  "old-option" },
		{ "timezone UTC --ntpservers=a\ntimesource --ntp-server=b",
		  "1:1 warning mixed-sources; 1:14 warning old-option" },
		{ "timezone UTC --nontp\ntimesource --ntp-server=b",
		  "1:14 warning old-option; 2:1 error conflicting-options" },
	};

	LF_TEST_SNIPPETS(rows);
}

static void a_remote_log_is_typed_and_checked(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "logging --host=logs.example", "" },
		{ "logging --host=192.0.2.1 --level=debug", "1:26 warning no-effect" },
		{ "logging --level=info", "1:9 warning no-effect" },
		{ "logging", "1:1 error missing-option" },
		{ "logging --port=514", "1:9 error missing-option" },
		{ "logging --host=a --port=0", "1:25 error out-of-range" },
		{ "logging --host=a --port=65536", "1:25 error out-of-range" },
		{ "logging --host=a:514", "1:16 error invalid-value" },
		{ "logging --host=a\nlogging --host=b", "2:1 warning repeated-command" },
	};
	g_autoptr(LfProfile) profile = profile_of("logging --host=2001:db8::5 --port=1514");

	LF_TEST_SNIPPETS(rows);
	assert_string_equal(profile->log_host, "2001:db8::5");
	assert_int_equal(profile->log_port, 1514);
}

// --- the site's lines ---------------------------------------------------------------------------

static void the_sites_lines_are_typed(void **state)
{
	g_autoptr(LfProfile) profile =
		profile_of(ADDON("report --url=https://h.example/a --token=site.token\n"
				 "mirror --url=https://m1.example/repo\n"
				 "mirror --url=file:///srv/repo\n"
				 "bandwidth --limit=20Mbit\n"
				 "route --to=2001:DB8:0:1::/64 --via=2001:db8::1\n"
				 "route --to=default --via=192.0.2.1 --device=eno1 --metric=50\n"
				 "persist --size=1024"));
	g_autoptr(LfProfile) other = profile_of(ADDON("persist --label=keep --size=64"));
	const LfRoute *first = profile->routes->pdata[0];
	const LfRoute *second = profile->routes->pdata[1];

	assert_string_equal(profile->report_url, "https://h.example/a");
	assert_string_equal(profile->report_token, "site.token");
	assert_list(profile->mirrors, "https://m1.example/repo file:///srv/repo");
	assert_int_equal(profile->limit_bytes_per_s, 2500000);
	assert_string_equal(first->to, "2001:db8:0:1::/64");
	assert_string_equal(first->via, "2001:db8::1");
	assert_null(first->device);
	assert_int_equal(first->metric, 0);
	assert_string_equal(second->to, "default");
	assert_string_equal(second->device, "eno1");
	assert_int_equal(second->metric, 50);
	assert_int_equal(second->place.line, 7);
	assert_string_equal(profile->persist_label, "landfall-persist");
	assert_int_equal(profile->persist_size_mib, 1024);
	assert_string_equal(other->persist_label, "keep");
}

static void reports_go_to_a_url_without_secrets(void **state)
{
	static const LfTestSnippet rows[] = {
		{ ADDON("report --url=http://h.example/"), "" },
		{ ADDON("report --url=http://h.example/ --token=t"),
		  "2:8 warning insecure-report" },
		{ ADDON("report --token=t"), "2:1 error missing-option" },
		{ ADDON("report --url=https://a:b@h.example/"), "2:8 error url-credentials" },
		{ ADDON("report --url=https://h.example/?t=x"), "2:8 error url-query" },
		{ ADDON("report --url=ftp://h.example/"), "2:14 error invalid-value" },
		{ ADDON("report --url=file:///x"), "2:14 error invalid-value" },
		{ ADDON("report --url=https://h.example:99999/x"), "2:14 error invalid-value" },
		{ ADDON("report --url=https://h.example:0/x"), "2:14 error invalid-value" },
		{ ADDON("report --url=https://h.example:65535/x"), "" },
		{ ADDON("report --url=https://[2001:db8::1]:8443/x"), "" },
		{ ADDON("mirror --url=https://h.example:abc/x"), "2:14 error invalid-value" },
		{ ADDON("mirror --url=https://[::1/x"), "2:14 error invalid-value" },
		{ ADDON("upgrade --url=http://h.example:70000/x"), "2:15 error invalid-value" },
		{ ADDON("upgrade --url=file:///srv:99999/x"), "" },
		{ ADDON("report --url=https://h.example/ --token="), "2:41 error empty-value" },
		{ ADDON("report --url=https://h.example/ --token=../x"),
		  "2:41 error invalid-value" },
		{ ADDON("report --url=https://h.example/ --token=/etc/x"),
		  "2:41 error invalid-value" },
		{ ADDON("report --url=https://a/\nreport --url=https://b/"),
		  "3:1 warning repeated-command" },
	};

	LF_TEST_SNIPPETS(rows);
}

static void mirrors_are_checked_as_the_repository_is(void **state)
{
	static const LfTestSnippet rows[] = {
		{ ADDON("mirror"), "2:1 error missing-option" },
		{ ADDON("mirror --url=rsync://h/r"), "2:14 error invalid-value" },
		{ ADDON("mirror --url=https://u@h/r"), "2:8 error url-credentials" },
		{ ADDON("mirror --url=https://h/r?x"), "2:8 error url-query" },
		{ ADDON("mirror --url=https://h/r\nmirror --url=https://h/r"),
		  "3:8 warning repeated-mirror" },
		{ ADDON("mirror --url=file:///repo"), "2:1 warning repeated-mirror" },
	};

	LF_TEST_SNIPPETS(rows);
}

static void rates_have_a_unit_and_are_not_nothing(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes_per_s;
	} good[] = {
		{ "8000bit", 1000 },	      { "8kbit", 1000 },
		{ "500kbit", 62500 },	      { "1gbit", 125000000 },
		{ "1000GBIT", 125000000000 },
	};
	static const LfTestSnippet rows[] = {
		{ ADDON("bandwidth --limit=0kbit"), "2:11 error out-of-range" },
		{ ADDON("bandwidth --limit=7kbit"), "2:11 error out-of-range" },
		{ ADDON("bandwidth --limit=1001gbit"), "2:11 error out-of-range" },
		{ ADDON("bandwidth --limit=999999999999gbit"), "2:11 error out-of-range" },
		{ ADDON("bandwidth --limit=20"), "2:19 error invalid-value" },
		{ ADDON("bandwidth --limit=1.5mbit"), "2:19 error invalid-value" },
		{ ADDON("bandwidth --limit=-1mbit"), "2:19 error invalid-value" },
		{ ADDON("bandwidth --limit=20MB"), "2:19 error invalid-value" },
		{ ADDON("bandwidth --limit=mbit"), "2:19 error invalid-value" },
		{ ADDON("bandwidth"), "2:1 error missing-option" },
	};

	LF_TEST_SNIPPETS(rows);
	for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
		g_autofree char *line = g_strdup_printf(
			"%%addon com_landfall\nbandwidth --limit=%s\n%%end", good[i].text);
		g_autoptr(LfProfile) profile = profile_of(line);

		assert_int_equal(profile->limit_bytes_per_s, good[i].bytes_per_s);
	}
}

static void routes_go_to_networks_by_hosts(void **state)
{
	static const LfTestSnippet rows[] = {
		{ ADDON("route --to=198.51.100.0/24 --via=192.0.2.1"), "" },
		{ ADDON("route --to=0.0.0.0/0 --via=192.0.2.1"), "" },
		{ ADDON("route --to=192.0.2.7/32 --via=192.0.2.1"), "" },
		{ ADDON("route --via=192.0.2.1"), "2:1 error missing-option" },
		{ ADDON("route --to=default"), "2:1 error missing-option" },
		{ ADDON("route --to=198.51.100.1/24 --via=192.0.2.1"), "2:7 error host-bits" },
		{ ADDON("route --to=2001:db8::1/32 --via=2001:db8::2"), "2:7 error host-bits" },
		{ ADDON("route --to=198.51.100.0/33 --via=192.0.2.1"), "2:12 error invalid-value" },
		{ ADDON("route --to=198.51.100.0 --via=192.0.2.1"), "2:12 error invalid-value" },
		{ ADDON("route --to=somewhere --via=192.0.2.1"), "2:12 error invalid-value" },
		{ ADDON("route --to=198.51.100.0/24 --via=2001:db8::1"),
		  "2:28 error mixed-families" },
		{ ADDON("route --to=default --via=0.0.0.0"), "2:20 error not-a-host" },
		{ ADDON("route --to=default --via=router"), "2:26 error invalid-value" },
		{ ADDON("route --to=default --via=fe80::1"), "2:20 error missing-option" },
		{ ADDON("route --to=default --via=fe80::1 --device=a"), "" },
		{ ADDON("route --to=default --via=192.0.2.1 --metric=0"),
		  "2:45 error out-of-range" },
		{ ADDON("route --to=default --via=192.0.2.1 --device=link"),
		  "2:45 error invalid-value" },
		{ ADDON("route --to=default --via=192.0.2.1\nroute --to=default --via=192.0.2.2"),
		  "3:7 error repeated-route" },
		{ ADDON("route --to=default --via=192.0.2.1\n"
			"route --to=default --via=192.0.2.2 --metric=9\n"
			"route --to=default --via=2001:db8::1"),
		  "" },
	};

	LF_TEST_SNIPPETS(rows);
}

#define HOST_A STATIC "--ip=192.0.2.9 --netmask=255.255.255.0\n"

static void routes_are_compared_with_the_networks(void **state)
{
	static const LfTestSnippet rows[] = {
		{ HOST_A ADDON("route --to=default --via=192.0.2.1"), "" },
		{ HOST_A ADDON("route --to=default --via=192.0.2.1 --device=a"), "" },
		{ HOST_A ADDON("route --to=default --via=192.0.2.1 --device=b"),
		  "3:1 warning unknown-device" },
		{ HOST_A ADDON("route --to=default --via=192.0.3.1"),
		  "3:1 warning unreachable-router" },
		{ HOST_A "network --device=c\n" ADDON("route --to=default --via=192.0.3.1"), "" },
		{ HOST_A ADDON("route --to=default --via=2001:db8::1"), "" },
		{ "network --device=a --ipv6=2001:db8::9/64\n" ADDON(
			  "route --to=default --via=2001:db8:1::1"),
		  "3:1 warning unreachable-router" },
		{ "network --device=a --noipv6\n" ADDON("route --to=default --via=2001:db8:1::1"),
		  "3:1 warning unreachable-router" },
		{ "network --device=link\n" ADDON("route --to=default --via=192.0.2.1 --device=b"),
		  "" },
		{ "network --device=b --bondslaves=c,d --vlanid=5\n" ADDON(
			  "route --to=default --via=192.0.2.1 --device=b.5"),
		  "" },
	};

	LF_TEST_SNIPPETS(rows);
}

static void what_persists_has_a_label_of_its_own(void **state)
{
	static const LfTestSnippet rows[] = {
		{ ADDON("persist"), "2:1 error missing-option" },
		{ ADDON("persist --size=63"), "2:16 error out-of-range" },
		{ ADDON("persist --size=x"), "2:16 error invalid-number" },
		{ ADDON("persist --size=64 --label="), "2:27 error empty-value" },
		{ ADDON("persist --size=64 --label=seventeen-letters"),
		  "2:27 error invalid-value" },
		{ ADDON("persist --size=64 --label='a b'"), "2:27 error invalid-value" },
		{ ADDON("persist --size=64 --label=root"), "2:1 error repeated-label" },
		{ "part /srv --size=9 --label=keep\n" ADDON("persist --size=64 --label=keep"),
		  "3:1 error repeated-label" },
		{ "part /var/log --size=9\n" ADDON("persist --size=64 --label=var-log"),
		  "3:1 error repeated-label" },
		{ "part /srv --size=9\n" ADDON("persist --size=64"), "" },
	};

	LF_TEST_SNIPPETS(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(nothing_given_leaves_empty_lists),
		LF_TEST(names_and_dns_are_typed),
		LF_TEST(a_bond_and_its_vlan_stand_in_one_line),
		LF_TEST(options_of_bonds_are_in_the_kernels_words),
		LF_TEST(bridges_and_what_is_in_them_are_typed),
		LF_TEST(the_first_line_about_a_device_is_brought_up),
		LF_TEST(an_address_without_a_device_goes_to_the_first_link),
		LF_TEST(options_that_need_a_device_say_so),
		LF_TEST(vlans_are_numbered_and_named_as_the_language_has_it),
		LF_TEST(bonds_and_bridges_have_members),
		LF_TEST(options_of_bonds_are_checked),
		LF_TEST(options_of_bridges_are_checked),
		LF_TEST(teams_wireless_and_ethtool_stay_refused),
		LF_TEST(addresses_are_those_of_hosts_in_one_network),
		LF_TEST(vlans_on_one_parent_are_devices_of_their_own),
		LF_TEST(a_member_belongs_to_one_and_has_no_address),
		LF_TEST(nothing_lies_on_itself),
		LF_TEST(deep_towers_are_checked_in_no_time),
		LF_TEST(some_device_must_have_an_address),
		LF_TEST(a_network_that_is_needed_is_brought_up),
		LF_TEST(lists_are_bounded),
		LF_TEST(time_sources_are_typed),
		LF_TEST(the_last_timezone_line_takes_its_servers_along),
		LF_TEST(time_sources_are_checked),
		LF_TEST(a_remote_log_is_typed_and_checked),
		LF_TEST(the_sites_lines_are_typed),
		LF_TEST(reports_go_to_a_url_without_secrets),
		LF_TEST(mirrors_are_checked_as_the_repository_is),
		LF_TEST(rates_have_a_unit_and_are_not_nothing),
		LF_TEST(routes_go_to_networks_by_hosts),
		LF_TEST(routes_are_compared_with_the_networks),
		LF_TEST(what_persists_has_a_label_of_its_own),
	};

	return LF_TEST_MAIN(tests);
}
