// The options of bonds and bridges: which there are, their values, which of them fit together.
// Not here: where they are written (link.c, installer/plan), who is a member of what (topology.c).
#include "kickstart/link-option.h"

#include <string.h>
#include <sys/socket.h>

#include "base/address.h"

#define MAX_ARP_TARGETS 16
#define MAX_MS		60000
#define MAX_DELAY_MS	600000
#define MAX_S		INT32_MAX

/* Modes of bonds, as bits. */
enum {
	MODE_RR = 1 << 0,
	MODE_BACKUP = 1 << 1,
	MODE_XOR = 1 << 2,
	MODE_BROADCAST = 1 << 3,
	MODE_8023AD = 1 << 4,
	MODE_TLB = 1 << 5,
	MODE_ALB = 1 << 6,
	MODE_PRIMARY = MODE_BACKUP | MODE_TLB | MODE_ALB,
	MODE_ARP = MODE_RR | MODE_BACKUP | MODE_XOR | MODE_BROADCAST,
};

static const char *const modes[] = { "balance-rr", "active-backup", "balance-xor", "broadcast",
				     "802.3ad",	   "balance-tlb",   "balance-alb", NULL };
static const char *const rates[] = { "slow", "fast", NULL };
static const char *const selections[] = { "stable", "bandwidth", "count", NULL };
static const char *const mac_policies[] = { "none", "active", "follow", NULL };
static const char *const reselections[] = { "always", "better", "failure", NULL };
static const char *const hash_policies[] = { "layer2",	 "layer3+4", "layer2+3",
					     "encap2+3", "encap3+4", NULL };
static const char *const validations[] = { "none", "active", "backup", "all", NULL };
static const char *const all_targets[] = { "any", "all", NULL };
static const char *const yes_no[] = { "no", "yes", NULL };

static const LfLinkOption bond_table[] = {
	{ "mode", LF_SETTING_WORD, .words = modes },
	{ "miimon", LF_SETTING_NUMBER, 0, MAX_MS },
	{ "updelay", LF_SETTING_NUMBER, 0, MAX_DELAY_MS },
	{ "downdelay", LF_SETTING_NUMBER, 0, MAX_DELAY_MS },
	{ "primary", LF_SETTING_MEMBER, .modes = MODE_PRIMARY },
	{ "primary_reselect", LF_SETTING_WORD, .words = reselections, .modes = MODE_PRIMARY },
	{ "fail_over_mac", LF_SETTING_WORD, .words = mac_policies },
	{ "lacp_rate", LF_SETTING_WORD, .words = rates, .modes = MODE_8023AD },
	{ "ad_select", LF_SETTING_WORD, .words = selections, .modes = MODE_8023AD },
	{ "ad_actor_sys_prio", LF_SETTING_NUMBER, 1, 65535, .modes = MODE_8023AD },
	{ "ad_actor_system", LF_SETTING_MAC, .modes = MODE_8023AD },
	{ "ad_user_port_key", LF_SETTING_NUMBER, 0, 1023, .modes = MODE_8023AD },
	{ "min_links", LF_SETTING_NUMBER, 0, 1024 },
	{ "xmit_hash_policy", LF_SETTING_WORD, .words = hash_policies,
	  .modes = MODE_XOR | MODE_8023AD | MODE_TLB | MODE_ALB },
	{ "arp_interval", LF_SETTING_NUMBER, 0, MAX_MS, .modes = MODE_ARP },
	{ "arp_ip_target", LF_SETTING_ADDRESSES, .modes = MODE_ARP },
	{ "arp_validate", LF_SETTING_WORD, .words = validations, .modes = MODE_ARP },
	{ "arp_all_targets", LF_SETTING_WORD, .words = all_targets, .modes = MODE_BACKUP },
	{ "num_grat_arp", LF_SETTING_NUMBER, 0, 255 },
	{ "num_unsol_na", LF_SETTING_NUMBER, 0, 255 },
	{ "resend_igmp", LF_SETTING_NUMBER, 0, 255 },
	{ "all_slaves_active", LF_SETTING_NUMBER, 0, 1 },
	{ "packets_per_slave", LF_SETTING_NUMBER, 0, 65535, .modes = MODE_RR },
	{ "tlb_dynamic_lb", LF_SETTING_NUMBER, 0, 1, .modes = MODE_TLB | MODE_ALB },
	{ "lp_interval", LF_SETTING_NUMBER, 1, MAX_S },
	{ NULL },
};
G_STATIC_ASSERT(G_N_ELEMENTS(bond_table) <= LF_MAX_LINK_OPTIONS);

static const LfLinkOption bridge_table[] = {
	{ "stp", LF_SETTING_ONLY_WORD, .words = yes_no },
	{ "priority", LF_SETTING_NUMBER, 0, 65535 },
	{ "forward-delay", LF_SETTING_NUMBER, 2, 30 },
	{ "hello-time", LF_SETTING_NUMBER, 1, 10 },
	{ "max-age", LF_SETTING_NUMBER, 6, 40 },
	{ "ageing-time", LF_SETTING_NUMBER, 0, 1000000 },
	{ "multicast-snooping", LF_SETTING_ONLY_WORD, .words = yes_no },
	{ NULL },
};

const LfLinkOption *lf_bond_table(void)
{
	return bond_table;
}

const LfLinkOption *lf_bridge_table(void)
{
	return bridge_table;
}

size_t lf_link_option_row(const LfLinkOption *table, const char *name)
{
	size_t i = 0;

	while (table[i].name && strcmp(table[i].name, name) != 0)
		i++;
	return i;
}

// --- values -------------------------------------------------------------------------------------

/* Returns: (transfer full) (nullable): the word that @value is or is the number of. */
static char *take_word(const LfLinkOption *option, const char *value, char **ret_advice)
{
	g_autofree char *joined = NULL;

	for (unsigned i = 0; option->words[i]; i++) {
		g_autofree char *number = g_strdup_printf("%u", i);

		if (strcmp(option->words[i], value) == 0 ||
		    (option->kind == LF_SETTING_WORD && strcmp(number, value) == 0))
			return g_strdup(option->words[i]);
	}
	joined = g_strjoinv("', '", (char **)option->words);
	*ret_advice = g_strdup_printf("write '%s'", joined);
	return NULL;
}

static char *take_number(const LfLinkOption *option, const char *value, char **ret_advice)
{
	guint64 number;

	if (g_ascii_string_to_unsigned(value, 10, option->min, option->max, &number, NULL))
		return g_strdup_printf("%" G_GUINT64_FORMAT, number);
	*ret_advice = g_strdup_printf("write a whole number from %" G_GUINT64_FORMAT
				      " to %" G_GUINT64_FORMAT,
				      option->min, option->max);
	return NULL;
}

/* The command line divides them by ';', as commas stand between its options. */
static char *take_addresses(const char *value, char **ret_advice)
{
	g_auto(GStrv) addresses = g_strsplit_set(value, ",;", MAX_ARP_TARGETS + 1);
	bool are_hosts = g_strv_length(addresses) <= MAX_ARP_TARGETS;

	for (char **text = addresses; *text; text++) {
		LfAddress address;

		are_hosts = are_hosts && lf_address_parse(*text, &address) &&
			    address.family == AF_INET && lf_address_is_host(&address);
	}
	if (are_hosts && *addresses)
		return g_strjoinv(",", addresses);
	*ret_advice = g_strdup_printf("write up to %d IPv4 addresses", MAX_ARP_TARGETS);
	return NULL;
}

static char *take_mac(const char *value, char **ret_advice)
{
	char *mac = lf_mac_parse(value);

	if (!mac)
		*ret_advice = g_strdup("write it as in '02:00:00:00:00:01'");
	return mac;
}

static char *take_member(const char *value, char **members, char **ret_advice)
{
	if (g_strv_contains((const char *const *)members, value))
		return g_strdup(value);
	*ret_advice = g_strdup("name one of the bond's members");
	return NULL;
}

char *lf_link_option_value(const LfLinkOption *option, const char *text, char **members,
			   char **ret_advice)
{
	switch (option->kind) {
	case LF_SETTING_WORD:
	case LF_SETTING_ONLY_WORD:
		return take_word(option, text, ret_advice);
	case LF_SETTING_ADDRESSES:
		return take_addresses(text, ret_advice);
	case LF_SETTING_MAC:
		return take_mac(text, ret_advice);
	case LF_SETTING_MEMBER:
		return take_member(text, members, ret_advice);
	case LF_SETTING_NUMBER:
		break;
	}
	return take_number(option, text, ret_advice);
}

// --- what fits together in a bond ---------------------------------------------------------------

static const char *value_of(char *const *values, const char *name)
{
	return values[lf_link_option_row(bond_table, name)];
}

static bool is_on(char *const *values, const char *name)
{
	const char *value = value_of(values, name);

	return value && strcmp(value, "0") != 0;
}

static void check_mode(char *const *values, LfBondConflict tell, void *user_data)
{
	const char *mode = values[0] ? values[0] : modes[0];
	unsigned bit = 0;

	while (strcmp(modes[bit], mode) != 0)
		bit++;
	for (size_t i = 0; bond_table[i].name; i++) {
		g_autofree char *message = NULL;

		if (!values[i] || !bond_table[i].modes || bond_table[i].modes & 1u << bit)
			continue;
		message = g_strdup_printf("'%s' has no meaning in the mode '%s'",
					  bond_table[i].name, mode);
		tell(message, "write another 'mode', or leave it out", user_data);
	}
}

/* The kernel takes no delay without a miimon. */
static void check_delays(char *const *values, LfBondConflict tell, void *user_data)
{
	static const char *const delays[] = { "updelay", "downdelay" };

	for (size_t i = 0; i < G_N_ELEMENTS(delays); i++) {
		g_autofree char *message = g_strdup_printf("'%s' needs 'miimon'", delays[i]);

		if (is_on(values, delays[i]))
			tell(message, "add 'miimon=100'", user_data);
	}
}

bool lf_bond_check(char *const *values, LfBondConflict tell, void *user_data)
{
	bool has_arp = is_on(values, "arp_interval");
	bool has_miimon = value_of(values, "miimon") ? is_on(values, "miimon") : !has_arp;

	check_mode(values, tell, user_data);
	if (has_miimon && has_arp)
		tell("a bond looks at its links by 'miimon' or by 'arp_interval'",
		     "leave one of them out", user_data);
	if (has_arp != (value_of(values, "arp_ip_target") != NULL))
		tell("'arp_interval' and 'arp_ip_target' need each other", "write both, or neither",
		     user_data);
	if (!has_miimon)
		check_delays(values, tell, user_data);
	if (value_of(values, "num_grat_arp") && value_of(values, "num_unsol_na"))
		tell("'num_grat_arp' and 'num_unsol_na' are two names of one thing",
		     "leave one of them out", user_data);
	return has_miimon || has_arp;
}
