// Waiting for network cards, in a sysfs of files. No card of this machine is called as those are.
#include "installer/cards.h"
#include "tests/unit/test.h"

static void put_card(const char *root, const char *name, char last, bool has_carrier)
{
	g_autofree char *dir = g_strdup_printf("%s/sys/class/net/%s", root, name);
	g_autofree char *device = g_build_filename(dir, "device", NULL);
	g_autofree char *mac = g_strdup_printf("52:54:00:00:00:1%c\n", last);
	const char *const files[][2] = { { "type", "1\n" },
					 { "address", mac },
					 { "carrier", has_carrier ? "1\n" : "0\n" } };

	assert_int_equal(g_mkdir_with_parents(device, 0755), 0);
	for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *path = g_build_filename(dir, files[i][0], NULL);

		assert_true(g_file_set_contents(path, files[i][1], -1, NULL));
	}
}

static LfHost *host_new(const char *root, const char *cmdline)
{
	g_autoptr(GError) error = NULL;
	LfHost *host = lf_host_new(root, &error);

	assert_ok(host != NULL, error);
	g_free(host->cmdline);
	host->cmdline = g_strdup(cmdline);
	return host;
}

static const char *first_link(const LfNet *net)
{
	return ((const LfNetLink *)net->links->pdata[0])->name;
}

static void assert_link(const LfHost *host, char **link, const char *expected)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfNet) net = lf_cards_plan(host, NULL, link, &error);

	assert_ok(net != NULL, error);
	assert_string_equal(first_link(net), expected);
	assert_string_equal(*link, expected);
}

static void the_card_that_was_found_stays_the_one(void **state)
{
	g_autoptr(LfTestDir) root = lf_test_dir();
	g_autoptr(LfHost) host = host_new(root, "ip=192.0.2.5::192.0.2.1:24");
	g_autofree char *link = NULL;

	put_card(root, "lftest0", '0', false);
	put_card(root, "lftest1", '1', true);
	assert_link(host, &link, "lftest1");
	put_card(root, "lftest0", '0', true);
	assert_link(host, &link, "lftest1");
	put_card(root, "lftest1", '1', false);
	assert_link(host, &link, "lftest0");
}

static void what_can_come_is_waited_for(void **state)
{
	static const struct {
		const char *cmdline;
		LfErrorCode code;
		bool is_waited_for;
	} rows[] = {
		{ "ip=nonsense", LF_ERROR_INPUT, false },
		{ "ip=lftest0:link6", LF_ERROR_UNSUPPORTED, false },
		{ "ip=192.0.2.5::192.0.2.1:24", LF_ERROR_NETWORK, true },
		{ "ip=lftest7:dhcp", LF_ERROR_TARGET, true },
	};
	g_autoptr(LfTestDir) root = lf_test_dir();

	put_card(root, "lftest0", '0', false);
	put_card(root, "lftest1", '1', false);
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *cmdline =
			g_strconcat(rows[i].cmdline, " rd.net.timeout.carrier=1", NULL);
		g_autoptr(LfHost) host = host_new(root, cmdline);
		int64_t begin_us = g_get_monotonic_time();
		g_autofree char *link = NULL;
		g_autoptr(GError) error = NULL;

		assert_throws(lf_cards_plan(host, NULL, &link, &error), error, rows[i].code, "");
		assert_int_equal(g_get_monotonic_time() - begin_us >= G_USEC_PER_SEC,
				 rows[i].is_waited_for);
	}
}

static void a_machine_is_known_by_its_only_card_at_once(void **state)
{
	g_autoptr(LfTestDir) root = lf_test_dir();
	g_autoptr(LfHost) host = host_new(root, "rd.net.timeout.carrier=600");

	put_card(root, "lftest0", '0', false);
	lf_cards_await_mac(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(the_card_that_was_found_stays_the_one),
		LF_TEST(what_can_come_is_waited_for),
		LF_TEST(a_machine_is_known_by_its_only_card_at_once),
	};

	return LF_TEST_MAIN(tests);
}
