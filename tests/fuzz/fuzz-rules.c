// Fuzzer: any text as a seed's rules, asked for a machine.
#include <string.h>

#include "installer/plan/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static LfFacts *machine(void)
{
	LfFacts *facts = lf_facts_new();
	LfFactNic *nic = g_new0(LfFactNic, 1);

	facts->serial = g_strdup("S-1");
	facts->uuid = g_strdup("4c4c4544-0000-1000-8000-000000000001");
	facts->vendor = g_strdup("Dell Inc.");
	facts->product = g_strdup("PowerEdge");
	nic->name = g_strdup("eth0");
	nic->mac = g_strdup("aa:bb:cc:00:11:22");
	g_ptr_array_add(facts->nics, nic);
	return facts;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GBytes) text = g_bytes_new(data, size);
	g_autoptr(GError) error = NULL;
	g_autoptr(LfRules) rules = lf_rules_parse(text, "rules", &error);
	g_autoptr(LfFacts) facts = machine();
	g_autoptr(LfFacts) nobody = lf_facts_new();
	bool is_chosen = false;

	g_assert((rules != NULL) == (error == NULL));
	if (!rules)
		return 0;
	for (size_t i = 0; i < lf_rules_count(rules); i++)
		is_chosen |= lf_rules_choose(rules, facts) == lf_rules_name(rules, i);
	g_assert(is_chosen == (lf_rules_choose(rules, facts) != NULL));
	// A machine that tells nothing gets what every machine gets.
	g_assert((lf_rules_choose(rules, nobody) != NULL) == lf_rules_fits_all(rules));
	return 0;
}
