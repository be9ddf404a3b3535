// Judging a moment of the network: usable or not, and what each interface lacks.
#include "tests/unit/test.h"

#include <string.h>
#include <sys/socket.h>

#include "installer/net/state.h"

/** A moment in a few words: see build(). */
typedef struct {
	const char *interfaces; /* "NAME:FLAGS:ADDRESS…;…"; FLAGS: u up, c carrier, 4, 6 default
				   routes, v virtual, m member; ADDRESS: t: tentative, f: failed */
	const char *leases;	/* "INTERFACE.PROTOCOL:WORDS;…"; WORDS: r router, m, o flags, n
				   nameserver */
} Moment;

static void add_address(LfWorldLink *link, const char *word)
{
	LfWorldAddress *address = g_new0(LfWorldAddress, 1);
	bool is_marked = word[0] != '\0' && word[1] == '=';

	address->is_tentative = is_marked && word[0] == 't';
	address->is_failed = is_marked && word[0] == 'f';
	word += is_marked ? 2 : 0;
	address->text = g_strdup(word);
	address->family = strchr(word, ':') ? AF_INET6 : AF_INET;
	address->is_link_local =
		g_str_has_prefix(word, "fe80:") || g_str_has_prefix(word, "169.254.");
	g_ptr_array_add(link->addresses, address);
}

static void add_interface(LfWorld *world, const char *text)
{
	g_auto(GStrv) words = g_strsplit(text, " ", -1);
	LfWorldLink *link = lf_world_add(world, words[0]);
	const char *flags = words[1];

	link->mac = g_strdup("52:54:00:00:00:01");
	link->kind = strchr(flags, 'v') ? g_strdup("vlan") : NULL;
	link->is_ethernet = true;
	link->is_up = strchr(flags, 'u') != NULL;
	link->has_carrier = strchr(flags, 'c') != NULL;
	link->has_default4 = strchr(flags, '4') != NULL;
	link->has_default6 = strchr(flags, '6') != NULL;
	link->master = strchr(flags, 'm') ? 1 : 0;
	for (char **word = words + 2; *word; word++)
		add_address(link, *word);
}

static LfWorld *build_world(const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, ";", -1);
	LfWorld *world = lf_world_new();

	for (char **part = parts; *part && **part; part++)
		add_interface(world, *part);
	return world;
}

static void add_lease(GPtrArray *leases, const char *text)
{
	g_auto(GStrv) words = g_strsplit(text, " ", 2);
	g_autofree char *name = g_strconcat("lease.", words[0], NULL);
	const char *flags = words[1] ? words[1] : "";
	LfLease *lease = lf_lease_parse(name,
					strchr(flags, 'n') ? "new_domain_name_servers=10.0.0.1\n"
							     "nd1_rdnss1_servers=fd09::1\n"
							   : "",
					NULL);

	lease->has_router = strchr(flags, 'r') != NULL;
	lease->is_managed = strchr(flags, 'm') != NULL;
	lease->has_other = strchr(flags, 'o') != NULL;
	g_ptr_array_add(leases, lease);
}

static GPtrArray *build_leases(const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, ";", -1);
	GPtrArray *leases = g_ptr_array_new_with_free_func((GDestroyNotify)lf_lease_free);

	for (char **part = parts; *part && **part; part++)
		add_lease(leases, *part);
	return leases;
}

static LfNetVerdict judge(const Moment *moment, LfNetWant *wants, size_t n_wants, bool is_late,
			  char **ret_text)
{
	g_autoptr(LfWorld) world = build_world(moment->interfaces);
	g_autoptr(GPtrArray) leases = build_leases(moment->leases);
	g_autoptr(GPtrArray) array = g_ptr_array_new();
	g_autoptr(GPtrArray) states = NULL;
	LfNetVerdict verdict;

	for (size_t i = 0; i < n_wants; i++)
		g_ptr_array_add(array, &wants[i]);
	verdict = lf_state_judge(world, array, leases, is_late, &states);
	if (ret_text)
		*ret_text = lf_state_describe(states);
	return verdict;
}

static LfNetWant any = {
	.ipv4 = LF_IP_DHCP, .ipv6 = LF_IP_AUTO, .needs_route4 = true, .needs_route6 = true
};

static void by_default_the_first_usable_interface_wins(void **state)
{
	static const struct {
		Moment moment;
		LfNetVerdict verdict, late;
		const char *text;
	} rows[] = {
		{ { "", "" }, LF_NET_PENDING, LF_NET_PENDING, "this machine has no network card" },
		{ { "eth0 -", "" }, LF_NET_PENDING, LF_NET_PENDING, "eth0: is not up" },
		{ { "eth0 u", "" }, LF_NET_PENDING, LF_NET_PENDING, "eth0: no carrier" },
		{ { "eth0 uc", "" },
		  LF_NET_PENDING,
		  LF_NET_PENDING,
		  "eth0: no answer to DHCP, no router advertisement" },
		{ { "eth0 uc4 10.0.0.5/24", "" },
		  LF_NET_PENDING,
		  LF_NET_PENDING,
		  "eth0: no answer to DHCP" },
		{ { "eth0 uc4 10.0.0.5/24", "eth0.dhcp r" },
		  LF_NET_USABLE,
		  LF_NET_USABLE,
		  "eth0: 10.0.0.5/24" },
		{ { "eth0 uc 10.0.0.5/24", "eth0.dhcp r" },
		  LF_NET_PENDING,
		  LF_NET_USABLE,
		  "eth0: no default route of IPv4, no router advertisement" },
		{ { "eth0 uc 10.0.0.5/24", "eth0.dhcp" },
		  LF_NET_USABLE,
		  LF_NET_USABLE,
		  "eth0: 10.0.0.5/24" },
		{ { "eth0 u4 10.0.0.5/24", "eth0.dhcp r" },
		  LF_NET_PENDING,
		  LF_NET_PENDING,
		  "eth0: no carrier" },
		{ { "eth0 uc 169.254.3.4/16", "eth0.dhcp" },
		  LF_NET_PENDING,
		  LF_NET_PENDING,
		  "eth0: no IPv4 address, no router advertisement" },
		{ { "eth0 uc;eth1 uc4 10.0.0.5/24", "eth1.dhcp r" },
		  LF_NET_USABLE,
		  LF_NET_USABLE,
		  "eth0: no answer to DHCP, no router advertisement; eth1: 10.0.0.5/24" },
		{ { "bond0 ucv 10.0.0.5/24;eth0 ucm 10.0.0.6/24", "eth0.dhcp;bond0.dhcp" },
		  LF_NET_PENDING,
		  LF_NET_PENDING,
		  "this machine has no network card" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = NULL;

		assert_int_equal(judge(&rows[i].moment, &any, 1, false, &text), rows[i].verdict);
		assert_contains(text, rows[i].text);
		assert_int_equal(judge(&rows[i].moment, &any, 1, true, NULL), rows[i].late);
	}
}

static void a_network_of_ipv6_alone_is_usable(void **state)
{
	static const struct {
		Moment moment;
		LfNetVerdict verdict;
		const char *text;
	} rows[] = {
		{ { "eth0 uc fe80::1/64", "" }, LF_NET_PENDING, "no router advertisement" },
		{ { "eth0 uc6 fd09::2/64 fe80::1/64", "eth0.ra r" },
		  LF_NET_USABLE,
		  "eth0: fd09::2/64" },
		{ { "eth0 uc6 t=fd09::2/64", "eth0.ra r" },
		  LF_NET_PENDING,
		  "'fd09::2/64' is still being checked" },
		{ { "eth0 uc6 f=fd09::2/64", "eth0.ra r" },
		  LF_NET_PENDING,
		  "'fd09::2/64' is in use by another machine" },
		{ { "eth0 uc fd09::2/64", "eth0.ra r" },
		  LF_NET_PENDING,
		  "no default route of IPv6" },
		{ { "eth0 uc fd09::2/64", "eth0.ra" }, LF_NET_USABLE, "eth0: fd09::2/64" },
		{ { "eth0 uc6 fd09::2/64", "eth0.ra ro" }, LF_NET_PENDING, "no answer to DHCP" },
		{ { "eth0 uc6 fd09::2/64", "eth0.ra ron" }, LF_NET_USABLE, "eth0: fd09::2/64" },
		{ { "eth0 uc6 fd09::2/64", "eth0.ra ro;eth0.dhcp6" },
		  LF_NET_USABLE,
		  "eth0: fd09::2/64" },
		{ { "eth0 uc6 fe80::1/64", "eth0.ra rm" }, LF_NET_PENDING, "no answer to DHCPv6" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = NULL;

		assert_int_equal(judge(&rows[i].moment, &any, 1, false, &text), rows[i].verdict);
		assert_contains(text, rows[i].text);
	}
}

static void static_addresses_need_no_lease(void **state)
{
	static const struct {
		Moment moment;
		LfNetVerdict verdict;
	} rows[] = {
		{ { "eth0 uc4 192.0.2.5/24", "" }, LF_NET_USABLE },
		{ { "eth0 uc 192.0.2.5/24", "" }, LF_NET_PENDING },
		{ { "eth0 u4 192.0.2.5/24", "" }, LF_NET_PENDING },
		{ { "eth0 uc4", "" }, LF_NET_PENDING },
		{ { "eth1 uc4 192.0.2.5/24", "" }, LF_NET_PENDING },
	};
	LfNetWant want = { .name = (char *)"eth0", .ipv4 = LF_IP_STATIC, .needs_route4 = true };

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		assert_int_equal(judge(&rows[i].moment, &want, 1, false, NULL), rows[i].verdict);
}

static void an_interface_that_is_not_there_is_named(void **state)
{
	LfNetWant want = { .name = (char *)"eth7", .ipv4 = LF_IP_DHCP };
	g_autofree char *text = NULL;

	assert_int_equal(judge(&(Moment){ "eth0 uc", "" }, &want, 1, false, &text), LF_NET_PENDING);
	assert_string_equal(text, "eth7: is not there");
}

static void without_hope_nobody_waits(void **state)
{
	static const struct {
		LfNetWant want;
		Moment moment;
		LfNetVerdict verdict;
	} rows[] = {
		{ { .name = (char *)"eth0", .ipv6 = LF_IP_STATIC },
		  { "eth0 uc f=fd09::2/64 fe80::1/64", "" },
		  LF_NET_HOPELESS },
		{ { .name = (char *)"eth0", .ipv6 = LF_IP_STATIC },
		  { "eth0 uc f=fd09::2/64 t=fd09::3/64", "" },
		  LF_NET_PENDING },
		{ { .name = (char *)"eth0", .ipv6 = LF_IP_STATIC },
		  { "eth0 uc f=fd09::2/64 fd09::3/64", "" },
		  LF_NET_USABLE },
		{ { .name = (char *)"eth0", .ipv4 = LF_IP_DHCP, .ipv6 = LF_IP_STATIC },
		  { "eth0 uc f=fd09::2/64", "" },
		  LF_NET_PENDING },
		{ { .name = (char *)"eth0" }, { "eth0 uc", "" }, LF_NET_HOPELESS },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		LfNetWant want = rows[i].want;

		assert_int_equal(judge(&rows[i].moment, &want, 1, false, NULL), rows[i].verdict);
	}
}

static void a_member_of_a_bond_is_told_of_but_not_waited_for(void **state)
{
	LfNetWant wants[] = { { .name = (char *)"eth0" },
			      { .name = (char *)"bond0", .ipv4 = LF_IP_DHCP } };
	g_autofree char *text = NULL;

	assert_int_equal(judge(&(Moment){ "eth0 um;bond0 ucv 10.0.0.5/24", "bond0.dhcp" }, wants, 2,
			       false, &text),
			 LF_NET_USABLE);
	assert_string_equal(text, "eth0: no carrier; bond0: 10.0.0.5/24");
}

static void states_are_told_as_json(void **state)
{
	g_autoptr(LfWorld) world = build_world("eth0 uc4 10.0.0.5/24 t=fd09::2/64;eth1 u");
	g_autoptr(GPtrArray) leases = build_leases("eth0.dhcp r");
	g_autoptr(GPtrArray) wants = g_ptr_array_new();
	g_autoptr(GPtrArray) states = NULL;
	json_t *json;
	char *text;

	g_ptr_array_add(wants, &any);
	lf_state_judge(world, wants, leases, false, &states);
	json = lf_net_states_to_json(states);
	text = json_dumps(json, JSON_COMPACT);
	assert_string_equal(
		text, "[{\"name\":\"eth0\",\"mac\":\"52:54:00:00:00:01\",\"is_up\":true,"
		      "\"has_carrier\":true,\"addresses\":[\"10.0.0.5/24\"],\"trouble\":\"address "
		      "'fd09::2/64' is still being checked for a duplicate\"},"
		      "{\"name\":\"eth1\",\"mac\":\"52:54:00:00:00:01\",\"is_up\":true,"
		      "\"has_carrier\":false,\"addresses\":[],\"trouble\":\"no carrier\"}]");
	free(text);
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(by_default_the_first_usable_interface_wins),
		LF_TEST(a_network_of_ipv6_alone_is_usable),
		LF_TEST(static_addresses_need_no_lease),
		LF_TEST(an_interface_that_is_not_there_is_named),
		LF_TEST(without_hope_nobody_waits),
		LF_TEST(a_member_of_a_bond_is_told_of_but_not_waited_for),
		LF_TEST(states_are_told_as_json),
	};

	return LF_TEST_MAIN(tests);
}
