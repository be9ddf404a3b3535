// Options of bonds and bridges: what the kernel calls them, and what systemd-networkd does.
// Not here: which links there are (net-line.c, net-word.c).
#include "installer/plan/net-options.h"

#include <string.h>
#include <sys/socket.h>

#include "base/address.h"

/** What a value is. SECONDS and MS are whole numbers as they are written. */
typedef enum { WORD, NUMBER, FLAG, SECONDS, MS, MAC, ADDRESSES, MEMBER } ValueKind;

#define MAX_WORDS   8
#define MAX_TARGETS 16

enum {
	RR = 1 << 0,
	BACKUP = 1 << 1,
	XOR = 1 << 2,
	BROADCAST = 1 << 3,
	LACP = 1 << 4,
	TLB = 1 << 5,
	ALB = 1 << 6,
	ARP = RR | BACKUP | XOR | BROADCAST, /* modes that can ask by ARP */
	ALL = 127,
};

/** @words: in the order of the kernel's numbers; @modes: of a bond, that take it */
typedef struct {
	const char *key;
	const char *unit; /* systemd-networkd's; NULL: it belongs to a member */
	ValueKind kind;
	unsigned modes;
	uint32_t min, max;
	const char *words[MAX_WORDS];
} Row;

#define MODES                                                                                      \
	{                                                                                          \
		"balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad",              \
			"balance-tlb", "balance-alb"                                               \
	}

// Source: Linux, Documentation/networking/bonding.rst; systemd.netdev(5), [Bond]
// clang-format off
static const Row bond_rows[] = {
	{ "mode", "Mode", WORD, ALL, .words = MODES },
	{ "miimon", "MIIMonitorSec", MS, ALL, 0, 60000 },
	{ "updelay", "UpDelaySec", MS, ALL, 0, 600000 },
	{ "downdelay", "DownDelaySec", MS, ALL, 0, 600000 },
	{ "lacp_rate", "LACPTransmitRate", WORD, LACP, .words = { "slow", "fast" } },
	{ "xmit_hash_policy", "TransmitHashPolicy", WORD, XOR | LACP | TLB | ALB,
	  .words = { "layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4" } },
	{ "ad_select", "AdSelect", WORD, LACP, .words = { "stable", "bandwidth", "count" } },
	{ "ad_actor_sys_prio", "AdActorSystemPriority", NUMBER, LACP, 1, 65535 },
	{ "ad_user_port_key", "AdUserPortKey", NUMBER, LACP, 0, 1023 },
	{ "ad_actor_system", "AdActorSystem", MAC, LACP },
	{ "fail_over_mac", "FailOverMACPolicy", WORD, ALL, .words = { "none", "active", "follow" } },
	{ "arp_interval", "ARPIntervalSec", MS, ARP, 0, 60000 },
	{ "arp_ip_target", "ARPIPTargets", ADDRESSES, ARP },
	{ "arp_validate", "ARPValidate", WORD, ARP, .words = { "none", "active", "backup", "all" } },
	{ "arp_all_targets", "ARPAllTargets", WORD, BACKUP, .words = { "any", "all" } },
	{ "primary", NULL, MEMBER, BACKUP | TLB | ALB },
	{ "primary_reselect", "PrimaryReselectPolicy", WORD, BACKUP | TLB | ALB,
	  .words = { "always", "better", "failure" } },
	{ "resend_igmp", "ResendIGMP", NUMBER, ALL, 0, 255 },
	{ "packets_per_slave", "PacketsPerSlave", NUMBER, RR, 0, 65535 },
	{ "num_grat_arp", "GratuitousARP", NUMBER, ALL, 0, 255 },
	{ "all_slaves_active", "AllSlavesActive", FLAG, ALL },
	{ "tlb_dynamic_lb", "DynamicTransmitLoadBalancing", FLAG, TLB | ALB },
	{ "min_links", "MinLinks", NUMBER, ALL, 0, 1024 },
	{ "lp_interval", "LearnPacketIntervalSec", NUMBER, ALL, 1, 2147483647 },
};

// Times are in seconds, as people write them. Source: systemd.netdev(5), [Bridge]
static const Row bridge_rows[] = {
	{ "stp_state", "STP", FLAG, ALL },
	{ "priority", "Priority", NUMBER, ALL, 0, 65535 },
	{ "forward_delay", "ForwardDelaySec", SECONDS, ALL, 2, 30 },
	{ "hello_time", "HelloTimeSec", SECONDS, ALL, 1, 10 },
	{ "max_age", "MaxAgeSec", SECONDS, ALL, 6, 40 },
	{ "ageing_time", "AgeingTimeSec", SECONDS, ALL, 0, 1000000 },
	{ "group_fwd_mask", "GroupForwardMask", NUMBER, ALL, 0, 65535 },
	{ "multicast_snooping", "MulticastSnooping", FLAG, ALL },
	{ "multicast_querier", "MulticastQuerier", FLAG, ALL },
	{ "vlan_filtering", "VLANFiltering", FLAG, ALL },
};
// clang-format on

/* Other names for the same. */
static const char *const aliases[][2] = {
	{ "num_unsol_na", "num_grat_arp" },
	{ "stp", "stp_state" },
	{ "group_forward_mask", "group_fwd_mask" },
};

typedef struct {
	const Row *rows;
	size_t n_rows;
	const char *noun;
	char **members;
} Table;

static Table table_of(LfLinkKind kind)
{
	if (kind == LF_LINK_BOND)
		return (Table){ bond_rows, G_N_ELEMENTS(bond_rows), "bond", NULL };
	return (Table){ bridge_rows, G_N_ELEMENTS(bridge_rows), "bridge", NULL };
}

static char *key_of(const char *option)
{
	g_autofree char *key = g_strndup(option, strcspn(option, "="));

	g_strdelimit(key, "-", '_');
	for (size_t i = 0; i < G_N_ELEMENTS(aliases); i++)
		if (strcmp(aliases[i][0], key) == 0)
			return g_strdup(aliases[i][1]);
	return g_steal_pointer(&key);
}

static size_t find_row(const Table *table, const char *key)
{
	size_t i = 0;

	while (i < table->n_rows && strcmp(table->rows[i].key, key) != 0)
		i++;
	return i;
}

// --- values -------------------------------------------------------------------------------------

static char *word_value(const Row *row, const char *text)
{
	guint64 number;

	for (size_t i = 0; i < MAX_WORDS && row->words[i]; i++)
		if (strcmp(row->words[i], text) == 0)
			return g_strdup(text);
	if (g_ascii_string_to_unsigned(text, 10, 0, MAX_WORDS - 1, &number, NULL))
		return g_strdup(row->words[number]);
	return NULL;
}

static char *flag_value(const char *text)
{
	static const char *const words[][2] = {
		{ "0", "1" }, { "no", "yes" }, { "off", "on" }, { "false", "true" }
	};

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		for (size_t j = 0; j < 2; j++)
			if (strcmp(words[i][j], text) == 0)
				return g_strdup(words[0][j]);
	return NULL;
}

static char *number_value(const Row *row, const char *text)
{
	guint64 number;

	if (!g_ascii_string_to_unsigned(text, 10, row->min, row->max, &number, NULL))
		return NULL;
	return g_strdup_printf("%" G_GUINT64_FORMAT, number);
}

static char *addresses_value(const char *text)
{
	g_auto(GStrv) items = g_strsplit_set(text, ",; ", MAX_TARGETS + 1);
	LfAddress address;

	if (!*items || g_strv_length(items) > MAX_TARGETS)
		return NULL;
	for (char **item = items; *item; item++)
		if (!lf_address_parse(*item, &address) || address.family != AF_INET)
			return NULL;
	return g_strjoinv(",", items);
}

static char *member_value(char **members, const char *text)
{
	return g_strv_contains((const char *const *)members, text) ? g_strdup(text) : NULL;
}

static char *canonical(const Row *row, char **members, const char *text)
{
	switch (row->kind) {
	case WORD:
		return word_value(row, text);
	case FLAG:
		return flag_value(text);
	case MAC:
		return lf_mac_parse(text);
	case ADDRESSES:
		return addresses_value(text);
	case MEMBER:
		return member_value(members, text);
	case NUMBER:
	case SECONDS:
	case MS:
		return number_value(row, text);
	}
	return NULL;
}

static bool throw_value(const Table *table, const Row *row, const char *text, GError **error)
{
	g_autofree char *words =
		row->kind == WORD ? g_strjoinv("', '", (char **)(void *)row->words) : NULL;

	if (words)
		return lf_throw(error, LF_ERROR_INPUT,
				"%s option '%s': '%.64s' is no value of it: write one of '%s'",
				table->noun, row->key, text, words);
	if (row->kind == MEMBER)
		return lf_throw(error, LF_ERROR_INPUT,
				"%s option '%s': '%.64s' is not one of the members", table->noun,
				row->key, text);
	if (row->kind == FLAG)
		return lf_throw(error, LF_ERROR_INPUT, "%s option '%s': write 0 or 1 for '%.64s'",
				table->noun, row->key, text);
	if (row->kind == MAC || row->kind == ADDRESSES)
		return lf_throw(error, LF_ERROR_INPUT, "%s option '%s': '%.64s' is no %s",
				table->noun, row->key, text,
				row->kind == MAC ? "MAC address" : "list of IPv4 addresses");
	return lf_throw(error, LF_ERROR_INPUT,
			"%s option '%s': '%.64s' must be a number from %u to %u", table->noun,
			row->key, text, row->min, row->max);
}

// --- plan ---------------------------------------------------------------------------------------

static bool read_options(const Table *table, char **given, char **values, GError **error)
{
	for (char **option = given; *option; option++) {
		g_autofree char *key = key_of(*option);
		const char *equals = strchr(*option, '=');
		size_t i = find_row(table, key);

		if (i == table->n_rows)
			return lf_throw(error, LF_ERROR_UNSUPPORTED,
					"%s option '%.64s' cannot be set on the installed system: "
					"leave it out",
					table->noun, key);
		if (values[i])
			return lf_throw(error, LF_ERROR_INPUT,
					"%s option '%s' is given twice: leave one out", table->noun,
					key);
		values[i] = canonical(&table->rows[i], table->members, equals ? equals + 1 : "");
		if (!values[i])
			return throw_value(table, &table->rows[i], equals ? equals + 1 : "", error);
	}
	return true;
}

static unsigned mode_bit(const char *mode)
{
	const Row *row = &bond_rows[0];

	for (unsigned i = 0; row->words[i]; i++)
		if (strcmp(row->words[i], mode) == 0)
			return 1u << i;
	return 0;
}

static bool is_on(const Table *table, char **values, const char *key)
{
	const char *value = values[find_row(table, key)];

	return value && strcmp(value, "0") != 0;
}

static bool check_bond(const Table *table, char **values, GError **error)
{
	unsigned mode;

	if (!values[0])
		values[0] = g_strdup("balance-rr");
	mode = mode_bit(values[0]);
	for (size_t i = 1; i < table->n_rows; i++)
		if (values[i] && !(table->rows[i].modes & mode))
			return lf_throw(error, LF_ERROR_INPUT,
					"bond option '%s' has no meaning in the mode '%s': leave "
					"it out",
					table->rows[i].key, values[0]);
	if (is_on(table, values, "arp_interval") && is_on(table, values, "miimon"))
		return lf_throw(error, LF_ERROR_INPUT,
				"bond options 'miimon' and 'arp_interval' exclude each other: "
				"leave one out");
	if (is_on(table, values, "arp_interval") !=
	    (values[find_row(table, "arp_ip_target")] != NULL))
		return lf_throw(error, LF_ERROR_INPUT,
				"bond options 'arp_interval' and 'arp_ip_target' need each other");
	if (!is_on(table, values, "arp_interval") && !values[find_row(table, "miimon")])
		values[find_row(table, "miimon")] = g_strdup("100");
	return true;
}

char **lf_net_options_plan(LfLinkKind kind, char **given, char **members, GError **error)
{
	Table table = table_of(kind);
	g_auto(GStrv) options = g_new0(char *, table.n_rows + 1);
	char *values[G_N_ELEMENTS(bond_rows)] = { NULL };
	bool is_fine;
	size_t n = 0;

	table.members = members;
	is_fine = read_options(&table, given, values, error) &&
		  (kind != LF_LINK_BOND || check_bond(&table, values, error));
	for (size_t i = 0; i < table.n_rows; i++) {
		if (values[i])
			options[n++] = g_strconcat(table.rows[i].key, "=", values[i], NULL);
		g_free(values[i]);
	}
	return is_fine ? g_steal_pointer(&options) : NULL;
}

// --- units --------------------------------------------------------------------------------------

static void write_unit(GString *text, const Row *row, const char *value)
{
	g_autofree char *copy = g_strdup(value);

	g_strdelimit(copy, ",", ' ');
	if (row->kind == FLAG)
		g_string_append_printf(text, "%s=%s\n", row->unit,
				       strcmp(value, "1") == 0 ? "yes" : "no");
	else
		g_string_append_printf(text, "%s=%s%s\n", row->unit, copy,
				       row->kind == MS ? "ms" : "");
}

void lf_net_options_units(const LfNetLink *link, GString *text)
{
	Table table = table_of(link->kind);

	if (!*link->options)
		return;
	g_string_append(text, link->kind == LF_LINK_BOND ? "\n[Bond]\n" : "\n[Bridge]\n");
	for (char **option = link->options; *option; option++) {
		g_autofree char *key = key_of(*option);
		size_t i = find_row(&table, key);

		if (i < table.n_rows && table.rows[i].unit)
			write_unit(text, &table.rows[i], strchr(*option, '=') + 1);
	}
}
