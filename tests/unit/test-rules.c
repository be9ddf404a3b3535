// Rules of a seed: which kickstart is meant for which machine.
#include "tests/unit/machine.h"

#include "installer/plan/rules.h"

static LfRules *parse(const char *text, GError **error)
{
	g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));

	return lf_rules_parse(bytes, "rules", error);
}

static void add_nic(LfFacts *facts, const char *name, const char *mac)
{
	LfFactNic *nic = g_new0(LfFactNic, 1);

	nic->name = g_strdup(name);
	nic->mac = g_strdup(mac);
	g_ptr_array_add(facts->nics, nic);
}

static LfFacts *machine(void)
{
	LfFacts *facts = lf_facts_new();

	facts->serial = g_strdup("CZ1234");
	facts->uuid = g_strdup("4c4c4544-0042-3510-8052-b4c04f4d3532");
	facts->asset_tag = g_strdup("RACK 7");
	facts->vendor = g_strdup("Dell Inc.");
	facts->product = g_strdup("PowerEdge XR11");
	add_nic(facts, "eno1", "aa:bb:cc:00:00:01");
	add_nic(facts, "eno2", "aa:bb:cc:00:00:02");
	return facts;
}

static void terms_fit_by_their_fact(void **state)
{
	static const struct {
		const char *term;
		bool fits;
	} rows[] = {
		{ "serial=CZ1234", true },
		{ "serial=cz1234", false },
		{ "serial=CZ*", true },
		{ "serial=CZ12?4", true },
		{ "serial=CZ12?", false },
		{ "uuid=4C4C4544-0042-3510-8052-B4C04F4D3532", true },
		{ "uuid=4c4c*", true },
		{ "mac=AA:BB:CC:00:00:02", true },
		{ "mac=aa:bb:cc:*", true },
		{ "mac=aa:bb:cc:00:00:03", false },
		{ "asset-tag=RACK_7", true },
		{ "vendor=Dell*", true },
		{ "vendor=Dell_Inc.", true },
		{ "product=PowerEdge_XR11", true },
		{ "product=*", true },
		{ "*", true },
		{ "serial=CZ*&vendor=Dell*&mac=aa:*", true },
		{ "serial=CZ*&vendor=HPE", false },
	};
	g_autoptr(LfFacts) facts = machine();

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = g_strconcat(rows[i].term, " a.ks\n", NULL);
		g_autoptr(GError) error = NULL;
		g_autoptr(LfRules) rules = parse(text, &error);

		assert_ok(rules != NULL, error);
		if ((lf_rules_choose(rules, facts) != NULL) != rows[i].fits)
			fail_msg("%s", rows[i].term);
	}
}

static void the_first_rule_that_fits_wins(void **state)
{
	g_autoptr(LfFacts) facts = machine();
	g_autoptr(GError) error = NULL;
	g_autoptr(LfRules) rules = parse("# sites\r\n\n"
					 "serial=OTHER    other.ks\n"
					 "\tserial=CZ*\tfirst.ks # this one\n"
					 "vendor=Dell* second.ks\n"
					 "* rest.ks",
					 &error);

	assert_ok(rules != NULL, error);
	assert_string_equal(lf_rules_choose(rules, facts), "first.ks");
	assert_int_equal(lf_rules_count(rules), 4);
	assert_string_equal(lf_rules_name(rules, 3), "rest.ks");
	assert_int_equal(lf_rules_line(rules, 1), 4);
	assert_true(lf_rules_fits_all(rules));
}

static void a_machine_that_tells_nothing_fits_only_what_fits_all(void **state)
{
	g_autoptr(LfFacts) nobody = lf_facts_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(LfRules) some = parse("serial=* a.ks\nmac=* b.ks\n", &error);
	g_autoptr(LfRules) all = parse("serial=* a.ks\n* b.ks\n", &error);

	assert_ok(some && all, error);
	assert_null(lf_rules_choose(some, nobody));
	assert_false(lf_rules_fits_all(some));
	assert_string_equal(lf_rules_choose(all, nobody), "b.ks");
}

static void what_is_no_rule_is_named_with_its_line(void **state)
{
	static const struct {
		const char *text, *said;
	} rows[] = {
		{ "", "has no rule" },
		{ "# nothing\n\n", "has no rule" },
		{ "serial=A\n", "rules:1: write TERM" },
		{ "\nserial=A a.ks b.ks\n", "rules:2: write TERM" },
		{ "serial=Dell Inc. a.ks\n", "rules:1: write TERM" },
		{ "serial= a.ks\n", "rules:1: 'serial=' is no term" },
		{ "CZ1234 a.ks\n", "'CZ1234' is no term" },
		{ "size=5 a.ks\n", "'size=5' is no term" },
		{ "*&serial=A a.ks\n", "'*' is no term" },
		{ "serial=A& a.ks\n", "'' is no term" },
		{ "serial=A ../a.ks\n", "'../a.ks' cannot be the name" },
		{ "serial=A .a\n", "cannot be the name" },
		{ "serial=A -a\n", "cannot be the name" },
		{ "* a.ks\nserial=A b.ks\n", "rules:2: never reached" },
		{ "mac=zz a.ks\n", "rules:1: 'mac=zz' fits no MAC address" },
		{ "mac=aa:bb:cc:00:11 a.ks\n", "fits no MAC address" },
		{ "mac=aa:bb:cc:00:11:22:33 a.ks\n", "fits no MAC address" },
		{ "mac=aa-bb-cc-00-11-22 a.ks\n", "write mac=52:54:00:12:34:56" },
		{ "mac=aabbcc001122 a.ks\n", "fits no MAC address" },
		{ "mac=*:*:*:*:*:*:* a.ks\n", "fits no MAC address" },
		{ "mac=aaa* a.ks\n", "fits no MAC address" },
		{ "mac=* a.ks\nserial=A&mac=*g b.ks\n", "rules:2: 'mac=*g' fits no" },
		{ "serial=\001 a.ks\n", "control character" },
		{ "serial=\377 a.ks\n", "not UTF-8" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;

		assert_throws(parse(rows[i].text, &error), error, LF_ERROR_INPUT, rows[i].said);
	}
}

static void globs_that_some_mac_address_fits_are_taken(void **state)
{
	static const char *const rows[] = {
		"mac=* a.ks\n",
		"mac=AA:bb:* a.ks\n",
		"mac=*:22 a.ks\n",
		"mac=aa:??:cc:0?:11:22 a.ks\n",
		"mac=????????????????? a.ks\n",
		"mac=*:*:*:*:*:* a.ks\n",
		"mac=aa:bb:cc:00:11:22* a.ks\n",
		"mac=**a**b** a.ks\n",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(LfRules) rules = parse(rows[i], &error);

		assert_ok(rules, error);
	}
}

static void the_size_of_rules_is_bounded(void **state)
{
	g_autoptr(GString) many = g_string_new(NULL);
	g_autoptr(GString) wide = g_string_new("serial=A");
	g_autoptr(GString) large = g_string_new("# ");
	g_autoptr(GError) by_rules = NULL;
	g_autoptr(GError) by_terms = NULL;
	g_autoptr(GError) by_bytes = NULL;

	for (unsigned i = 0; i < 1025; i++)
		g_string_append_printf(many, "serial=%u a.ks\n", i);
	for (unsigned i = 0; i < 16; i++)
		g_string_append(wide, "&serial=A");
	g_string_append(wide, " a.ks\n");
	while (large->len <= 65536)
		g_string_append(large, "xxxxxxxxxxxxxxxx");
	assert_throws(parse(many->str, &by_rules), by_rules, LF_ERROR_INPUT, "more than 1024");
	assert_throws(parse(wide->str, &by_terms), by_terms, LF_ERROR_INPUT, "more than 16");
	assert_throws(parse(large->str, &by_bytes), by_bytes, LF_ERROR_INPUT, "longer than 65536");
}

static void a_machine_is_described_as_rules_see_it(void **state)
{
	g_autoptr(LfFacts) facts = machine();
	g_autoptr(LfFacts) nobody = lf_facts_new();
	g_autofree char *text = lf_rules_describe_machine(facts);
	g_autofree char *nothing = lf_rules_describe_machine(nobody);

	assert_string_equal(text, "serial=CZ1234, uuid=4c4c4544-0042-3510-8052-b4c04f4d3532, "
				  "asset-tag=RACK 7, vendor=Dell Inc., product=PowerEdge XR11, "
				  "mac=aa:bb:cc:00:00:01, mac=aa:bb:cc:00:00:02");
	assert_contains(nothing, "nothing");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(terms_fit_by_their_fact),
		LF_TEST(the_first_rule_that_fits_wins),
		LF_TEST(a_machine_that_tells_nothing_fits_only_what_fits_all),
		LF_TEST(what_is_no_rule_is_named_with_its_line),
		LF_TEST(globs_that_some_mac_address_fits_are_taken),
		LF_TEST(the_size_of_rules_is_bounded),
		LF_TEST(a_machine_is_described_as_rules_see_it),
	};

	return LF_TEST_MAIN(tests);
}
