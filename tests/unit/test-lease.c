// Leases: what dhcpcd's hook wrote, hostile or not, and the resolver's file made of them.
#include "tests/unit/test.h"

#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "installer/net/lease.h"
#include "installer/net/resolver.h"

static LfLease *parse(const char *name, const char *text)
{
	g_autoptr(GError) error = NULL;
	LfLease *lease = lf_lease_parse(name, text, &error);

	assert_ok(lease != NULL, error);
	return lease;
}

static void assert_words(char **words, const char *joined)
{
	g_autofree char *text = g_strjoinv(" ", words);

	assert_string_equal(text, joined);
}

static void what_each_protocol_says_is_understood(void **state)
{
	static const struct {
		const char *name, *text;
		const char *nameservers, *search, *time_servers;
		bool has_router, is_managed, has_other;
	} rows[] = {
		{ "lease.eth0.dhcp",
		  "reason=BOUND\nnew_ip_address=10.9.0.66\nnew_routers=10.9.0.1\n"
		  "new_domain_name_servers=10.9.0.1 10.9.0.2\nnew_domain_name=site.example\n"
		  "new_ntp_servers=10.9.0.3\n",
		  "10.9.0.1 10.9.0.2", "site.example", "10.9.0.3", true, false, false },
		{ "lease.eth0.dhcp", "new_ip_address=10.9.0.66\n", "", "", "", false, false,
		  false },
		{ "lease.eth0.dhcp", "new_classless_static_routes=10.0.0.0/8 10.9.0.1\n", "", "",
		  "", false, false, false },
		{ "lease.eth0.dhcp",
		  "new_classless_static_routes=10.0.0.0/8 10.9.0.1 0.0.0.0/0 10.9.0.2\n", "", "",
		  "", true, false, false },
		{ "lease.eno1.dhcp6",
		  "new_dhcp6_name_servers=fd09::1 fe80::1\nnew_dhcp6_domain_search=a.test b.test\n"
		  "new_dhcp6_ntp_server_addr=fd09::5\nnew_dhcp6_ntp_server_fqdn=time.test\n"
		  "new_dhcp6_sntp_servers=fd09::6\n",
		  "fd09::1 fe80::1%eno1", "a.test b.test", "fd09::5 time.test fd09::6", false,
		  false, false },
		{ "lease.bond0.100.ra",
		  "nd1_from=fe80::2\nnd1_lifetime=1800\nnd1_flags=MO\n"
		  "nd1_prefix_information1_flags=LM\nnd1_rdnss1_servers=fe80::2 fd09::1\n"
		  "nd1_dnssl1_search=site.example\n",
		  "fe80::2%bond0.100 fd09::1", "site.example", "", true, true, true },
		{ "lease.eth0.ra", "nd1_lifetime=0\nnd1_flags=O\nnd2_flags=\n", "", "", "", false,
		  false, true },
		{ "lease.eth0.ra", "nd1_prefix_information1_flags=LM\n", "", "", "", false, false,
		  false },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(LfLease) lease = parse(rows[i].name, rows[i].text);

		assert_words(lease->nameservers, rows[i].nameservers);
		assert_words(lease->search, rows[i].search);
		assert_words(lease->time_servers, rows[i].time_servers);
		assert_int_equal(lease->has_router, rows[i].has_router);
		assert_int_equal(lease->is_managed, rows[i].is_managed);
		assert_int_equal(lease->has_other, rows[i].has_other);
	}
}

static void what_dhcpv6_servers_know_the_machine_by_is_compared(void **state)
{
	static const struct {
		const char *text;
		bool is_known;
	} rows[] = {
		{ "new_dhcp6_client_id=0003000152540000ab10\n", true },
		{ "new_dhcp6_client_id=0003000152540000AB10\n", true },
		{ "new_dhcp6_client_id=0003000152540000ab11\n", false },
		{ "new_dhcp6_client_id=000100012b5a52540000ab10\n", false },
		{ "new_dhcp6_client_id=00:03\n", true },
		{ "new_dhcp6_name_servers=fd09::1\n", true },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GPtrArray) leases =
			g_ptr_array_new_with_free_func((GDestroyNotify)lf_lease_free);

		g_ptr_array_add(leases, parse("lease.eth0.dhcp", "new_routers=10.9.0.1\n"));
		g_ptr_array_add(leases, parse("lease.eth0.dhcp6", rows[i].text));
		assert_int_equal(lf_leases_know(leases, "52:54:00:00:ab:10"), rows[i].is_known);
	}
}

static void an_interface_and_a_kind_come_from_the_files_name(void **state)
{
	static const struct {
		const char *name, *interface;
		LfLeaseKind kind;
	} rows[] = {
		{ "lease.eth0.dhcp", "eth0", LF_LEASE_DHCP4 },
		{ "lease.eth0.100.dhcp6", "eth0.100", LF_LEASE_DHCP6 },
		{ "lease.bond0.ra", "bond0", LF_LEASE_RA },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(LfLease) lease = parse(rows[i].name, "");

		assert_string_equal(lease->interface, rows[i].interface);
		assert_int_equal(lease->kind, rows[i].kind);
	}
}

static void a_file_of_another_name_is_no_lease(void **state)
{
	static const char *const files[] = { "",
					     "lease.",
					     "lease.dhcp",
					     "lease..dhcp",
					     "lease.eth0.link",
					     "eth0.dhcp",
					     "lease.a-name-that-is-too-long.dhcp",
					     "lease.a b.ra",
					     "lease.a\nb.ra" };

	for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autoptr(GError) error = NULL;

		assert_throws(lf_lease_parse(files[i], "", &error) != NULL, error, LF_ERROR_INPUT,
			      "is no lease");
	}
}

static void only_addresses_and_names_come_through(void **state)
{
	g_autoptr(LfLease) four =
		parse("lease.eth0.dhcp", "new_domain_name_servers=10.0.0.1;reboot 10.0.0.256 $(id) "
					 "10.0.0.2 nameserver fe80::1%eth9 fe80::3%eth0 1.2.3\n"
					 "new_domain_search=ok.test -bad.test b..ad a/b x\ty \\ "
					 "\xc3\xa4.test\n"
					 "new_ntp_servers=10.0.0.3 --help \"a\" good.test\n"
					 "new_routers=0.0.0.0\n");
	g_autofree char *label = g_strnfill(64, 'a');
	g_autofree char *lines = g_strdup_printf("new_domain_search=%s.test x.test\n", label);
	g_autoptr(LfLease) long_label = parse("lease.eth0.dhcp", lines);

	assert_words(four->nameservers, "10.0.0.2 fe80::3%eth0");
	assert_words(four->search, "ok.test");
	assert_words(four->time_servers, "10.0.0.3 good.test");
	assert_false(four->has_router);
	assert_words(long_label->search, "x.test");
}

static void lists_are_bounded_and_hold_each_word_once(void **state)
{
	g_autoptr(GString) text = g_string_new("new_domain_name_servers=10.0.0.1 10.0.0.1");

	for (int i = 0; i < 200; i++)
		g_string_append_printf(text, " 10.0.1.%d", i);
	g_autoptr(LfLease) lease = parse("lease.eth0.dhcp", text->str);

	assert_int_equal(g_strv_length(lease->nameservers), LF_LEASE_MAX_WORDS);
	assert_string_equal(lease->nameservers[1], "10.0.1.0");
}

static void write_file(int dir_fd, const char *name, const char *text)
{
	g_autoptr(GError) error = NULL;

	assert_ok(lf_write_file_at(dir_fd, name, text, strlen(text), 0644, &error), error);
}

static void a_directory_of_leases_is_read_in_order_and_the_rest_passed_over(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	lf_autofd fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	g_autofree char *big = g_strnfill(LF_LEASE_MAX_BYTES + 1, 'a');
	g_autoptr(GPtrArray) leases = NULL;

	write_file(fd, "lease.eth1.dhcp", "");
	write_file(fd, "lease.eth0.ra", "");
	write_file(fd, "lease.eth0.dhcp", "");
	write_file(fd, "lease.eth0.link", "");
	write_file(fd, "lease.eth2.dhcp", big);
	write_file(fd, "dhcpcd.conf", "");
	leases = lf_leases_load(fd);
	assert_int_equal(leases->len, 3);
	assert_string_equal(((LfLease *)leases->pdata[0])->interface, "eth0");
	assert_int_equal(((LfLease *)leases->pdata[0])->kind, LF_LEASE_DHCP4);
	assert_int_equal(((LfLease *)leases->pdata[1])->kind, LF_LEASE_RA);
	assert_string_equal(((LfLease *)leases->pdata[2])->interface, "eth1");
}

// --- the resolver's file ------------------------------------------------------------------------

static char *resolver(LfNetLink *links, size_t n_links, char **nameservers, const char *eth0,
		      const char *eth1)
{
	g_autoptr(GPtrArray) said = g_ptr_array_new();
	g_autoptr(GPtrArray) leases = g_ptr_array_new_with_free_func((GDestroyNotify)lf_lease_free);

	for (size_t i = 0; i < n_links; i++)
		g_ptr_array_add(said, &links[i]);
	g_ptr_array_add(leases, parse("lease.eth0.dhcp", eth0));
	g_ptr_array_add(leases, parse("lease.eth1.ra", eth1));
	return lf_resolver_text(said, nameservers, leases);
}

#define ETH0 "new_domain_name_servers=10.0.0.1\nnew_domain_name=four.test\n"
#define ETH1 "nd1_rdnss1_servers=fe80::1\nnd1_dnssl1_search=six.test\n"

static void servers_of_the_plan_come_before_those_of_leases(void **state)
{
	char *own[] = { (char *)"192.0.2.1", NULL };
	char *search[] = { (char *)"plan.test", NULL };
	char *general[] = { (char *)"192.0.2.2", NULL };
	LfNetLink link = { .name = (char *)"eth0", .nameservers = own, .search = search };
	g_autofree char *text = resolver(&link, 1, general, ETH0, ETH1);

	assert_contains(text, "nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 10.0.0.1\n"
			      "search plan.test four.test six.test\n");
	assert_null(strstr(text, "fe80::1"));
}

static void servers_of_all_leases_are_asked(void **state)
{
	LfNetLink link = { .name = NULL };
	g_autofree char *text = resolver(&link, 1, NULL, ETH0, ETH1);

	assert_contains(text, "nameserver 10.0.0.1\nnameserver fe80::1%eth1\n"
			      "search four.test six.test\n");
}

static void what_a_link_ignores_is_left_out(void **state)
{
	LfNetLink links[] = { { .name = NULL, .ignores_dns6 = true },
			      { .name = (char *)"eth0", .ignores_dns4 = true } };
	g_autofree char *text = resolver(links, 2, NULL, ETH0, ETH1);

	assert_null(strstr(text, "nameserver"));
	assert_null(strstr(text, "search"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(what_each_protocol_says_is_understood),
		LF_TEST(what_dhcpv6_servers_know_the_machine_by_is_compared),
		LF_TEST(an_interface_and_a_kind_come_from_the_files_name),
		LF_TEST(a_file_of_another_name_is_no_lease),
		LF_TEST(only_addresses_and_names_come_through),
		LF_TEST(lists_are_bounded_and_hold_each_word_once),
		LF_TEST(a_directory_of_leases_is_read_in_order_and_the_rest_passed_over),
		LF_TEST(servers_of_the_plan_come_before_those_of_leases),
		LF_TEST(servers_of_all_leases_are_asked),
		LF_TEST(what_a_link_ignores_is_left_out),
	};

	return LF_TEST_MAIN(tests);
}
