// The options of bonds and bridges: which there are, their values, which of them fit together.
// Not here: the network line they stand in (network.c), who is a member of what (topology.c).
#include "kickstart/link.h"

#include <string.h>
#include <sys/socket.h>

#include "base/address.h"
#include "kickstart/near.h"

#define MAX_ARP_TARGETS 16
#define MAX_MS		60000
#define MAX_DELAY_MS	600000
#define MAX_S		INT32_MAX

typedef enum {
	VALUE_NUMBER,	 /* @min to @max */
	VALUE_WORD,	 /* one of @words, or its number */
	VALUE_ONLY_WORD, /* one of @words */
	VALUE_ADDRESSES, /* IPv4, divided by commas */
	VALUE_MAC,
	VALUE_MEMBER,
} ValueKind;

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

typedef struct {
	const char *name;
	ValueKind kind;
	uint64_t min;
	uint64_t max;
	const char *const *words; /* zero-terminated; the index is the kernel's number */
	unsigned modes;		  /* of a bond in which the kernel takes it; 0: in all */
} Setting;

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

static const Setting bond_settings[] = {
	{ "mode", VALUE_WORD, .words = modes },
	{ "miimon", VALUE_NUMBER, 0, MAX_MS },
	{ "updelay", VALUE_NUMBER, 0, MAX_DELAY_MS },
	{ "downdelay", VALUE_NUMBER, 0, MAX_DELAY_MS },
	{ "primary", VALUE_MEMBER, .modes = MODE_PRIMARY },
	{ "primary_reselect", VALUE_WORD, .words = reselections, .modes = MODE_PRIMARY },
	{ "fail_over_mac", VALUE_WORD, .words = mac_policies },
	{ "lacp_rate", VALUE_WORD, .words = rates, .modes = MODE_8023AD },
	{ "ad_select", VALUE_WORD, .words = selections, .modes = MODE_8023AD },
	{ "ad_actor_sys_prio", VALUE_NUMBER, 1, 65535, .modes = MODE_8023AD },
	{ "ad_actor_system", VALUE_MAC, .modes = MODE_8023AD },
	{ "ad_user_port_key", VALUE_NUMBER, 0, 1023, .modes = MODE_8023AD },
	{ "min_links", VALUE_NUMBER, 0, 1024, .modes = MODE_8023AD },
	{ "xmit_hash_policy", VALUE_WORD, .words = hash_policies,
	  .modes = MODE_XOR | MODE_8023AD | MODE_TLB | MODE_ALB },
	{ "arp_interval", VALUE_NUMBER, 0, MAX_MS, .modes = MODE_ARP },
	{ "arp_ip_target", VALUE_ADDRESSES, .modes = MODE_ARP },
	{ "arp_validate", VALUE_WORD, .words = validations, .modes = MODE_ARP },
	{ "arp_all_targets", VALUE_WORD, .words = all_targets, .modes = MODE_BACKUP },
	{ "num_grat_arp", VALUE_NUMBER, 0, 255 },
	{ "num_unsol_na", VALUE_NUMBER, 0, 255 },
	{ "resend_igmp", VALUE_NUMBER, 0, 255 },
	{ "all_slaves_active", VALUE_NUMBER, 0, 1 },
	{ "packets_per_slave", VALUE_NUMBER, 0, 65535, .modes = MODE_RR },
	{ "tlb_dynamic_lb", VALUE_NUMBER, 0, 1, .modes = MODE_TLB | MODE_ALB },
	{ "lp_interval", VALUE_NUMBER, 1, MAX_S, .modes = MODE_TLB | MODE_ALB },
	{ NULL },
};

static const Setting bridge_settings[] = {
	{ "stp", VALUE_ONLY_WORD, .words = yes_no },
	{ "priority", VALUE_NUMBER, 0, 65535 },
	{ "forward-delay", VALUE_NUMBER, 2, 30 },
	{ "hello-time", VALUE_NUMBER, 1, 10 },
	{ "max-age", VALUE_NUMBER, 6, 40 },
	{ "ageing-time", VALUE_NUMBER, 0, 1000000 },
	{ "multicast-snooping", VALUE_ONLY_WORD, .words = yes_no },
	{ NULL },
};

/* One reading of --bondopts or --bridgeopts. @values: by row of @settings; NULL: not given */
typedef struct {
	LfCall *call;
	const char *option;
	const Setting *settings;
	char **members;
	char *values[G_N_ELEMENTS(bond_settings)];
} Reading;

static void reading_clear(Reading *reading)
{
	for (size_t i = 0; i < G_N_ELEMENTS(reading->values); i++)
		g_clear_pointer(&reading->values[i], g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reading, reading_clear)

// --- single values ------------------------------------------------------------------------------

static char *words_text(const char *const *words)
{
	g_autofree char *joined = g_strjoinv("', '", (char **)words);

	return g_strdup_printf("write '%s'", joined);
}

/* Returns: (transfer full) (nullable): the word that @value is or is the number of. */
static char *take_word(const Setting *setting, const char *value, char **ret_advice)
{
	for (unsigned i = 0; setting->words[i]; i++) {
		g_autofree char *number = g_strdup_printf("%u", i);

		if (strcmp(setting->words[i], value) == 0 ||
		    (setting->kind == VALUE_WORD && strcmp(number, value) == 0))
			return g_strdup(setting->words[i]);
	}
	*ret_advice = words_text(setting->words);
	return NULL;
}

static char *take_number(const Setting *setting, const char *value, char **ret_advice)
{
	guint64 number;

	if (g_ascii_string_to_unsigned(value, 10, setting->min, setting->max, &number, NULL))
		return g_strdup_printf("%" G_GUINT64_FORMAT, number);
	*ret_advice = g_strdup_printf("write a whole number from %" G_GUINT64_FORMAT
				      " to %" G_GUINT64_FORMAT,
				      setting->min, setting->max);
	return NULL;
}

static char *take_addresses(const char *value, char **ret_advice)
{
	g_auto(GStrv) addresses = g_strsplit(value, ",", -1);
	bool are_hosts = g_strv_length(addresses) <= MAX_ARP_TARGETS;

	for (char **text = addresses; *text; text++) {
		LfAddress address;

		are_hosts = are_hosts && lf_address_parse(*text, &address) &&
			    address.family == AF_INET && lf_address_is_host(&address);
	}
	if (are_hosts)
		return g_strdup(value);
	*ret_advice = g_strdup_printf("write up to %d IPv4 addresses with commas between them, and "
				      "';' between the options",
				      MAX_ARP_TARGETS);
	return NULL;
}

static char *take_mac(const char *value, char **ret_advice)
{
	if (strchr(value, ':') && lf_shape_fits(LF_SHAPE_NIC, value))
		return g_ascii_strdown(value, -1);
	*ret_advice = g_strdup("write it as in '02:00:00:00:00:01'");
	return NULL;
}

static char *take_value(const Reading *reading, const Setting *setting, const char *value,
			char **ret_advice)
{
	switch (setting->kind) {
	case VALUE_WORD:
	case VALUE_ONLY_WORD:
		return take_word(setting, value, ret_advice);
	case VALUE_ADDRESSES:
		return take_addresses(value, ret_advice);
	case VALUE_MAC:
		return take_mac(value, ret_advice);
	case VALUE_MEMBER:
		if (g_strv_contains((const char *const *)reading->members, value))
			return g_strdup(value);
		*ret_advice = g_strdup("name one of '--bondslaves'");
		return NULL;
	default:
		return take_number(setting, value, ret_advice);
	}
}

// --- the list -----------------------------------------------------------------------------------

static void unknown_setting(Reading *reading, const char *name)
{
	g_autofree char *advice = NULL;
	LfNear near;

	lf_near_init(&near, name);
	for (const Setting *setting = reading->settings; setting->name; setting++)
		lf_near_try(&near, setting->name);
	advice = near.best ? lf_near_advice(&near) : g_strdup("leave it out");
	lf_call_error(reading->call, lf_call_place(reading->call, reading->option),
		      "unknown-setting", advice, "'%s' does not know '%s'", reading->option, name);
}

static void take_setting(Reading *reading, const char *text)
{
	LfPlace place = lf_call_place(reading->call, reading->option);
	g_auto(GStrv) parts = g_strsplit(text, "=", 2);
	g_autofree char *advice = NULL;
	size_t i = 0;

	if (!parts[0] || !*parts[0] || !parts[1] || !*parts[1]) {
		lf_call_error(reading->call, place, "invalid-value",
			      "write KEY=VALUE, with ',' between them, or ';' when a value has "
			      "commas in it",
			      "'%s' is no setting", text);
		return;
	}
	while (reading->settings[i].name && strcmp(reading->settings[i].name, parts[0]) != 0)
		i++;
	if (!reading->settings[i].name) {
		unknown_setting(reading, parts[0]);
		return;
	}
	if (reading->values[i]) {
		lf_call_error(reading->call, place, "repeated-setting", "write it once",
			      "'%s' is given twice", parts[0]);
		return;
	}
	reading->values[i] = take_value(reading, &reading->settings[i], parts[1], &advice);
	if (!reading->values[i])
		lf_call_error(reading->call, place, "invalid-value", advice,
			      "'%s' is no value of '%s'", parts[1], parts[0]);
}

// Anaconda's rule: a ';' anywhere divides, then commas belong to the values.
static void take_settings(Reading *reading, const char *text)
{
	bool has_semicolon = strchr(text, ';') != NULL;
	const char *divider = reading->settings == bond_settings && has_semicolon ? ";" : ",";
	g_auto(GStrv) settings = g_strsplit(text, divider, G_N_ELEMENTS(bond_settings) + 1);

	for (char **setting = settings; *setting; setting++)
		take_setting(reading, *setting);
}

static char **to_list(const Reading *reading)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);

	for (size_t i = 0; reading->settings[i].name; i++)
		if (reading->values[i])
			g_ptr_array_add(list, g_strconcat(reading->settings[i].name, "=",
							  reading->values[i], NULL));
	g_ptr_array_add(list, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&list), FALSE);
}

// --- what fits together in a bond ---------------------------------------------------------------

static size_t bond_row(const char *name)
{
	size_t i = 0;

	while (strcmp(bond_settings[i].name, name) != 0)
		i++;
	return i;
}

static const char *bond_value(const Reading *reading, const char *name)
{
	return reading->values[bond_row(name)];
}

static bool is_on(const Reading *reading, const char *name)
{
	return g_strcmp0(bond_value(reading, name) ? bond_value(reading, name) : "0", "0") != 0;
}

static void conflict(Reading *reading, const char *advice, const char *format, ...)
	G_GNUC_PRINTF(3, 4);

static void conflict(Reading *reading, const char *advice, const char *format, ...)
{
	g_autofree char *message = NULL;
	va_list args;

	va_start(args, format);
	message = g_strdup_vprintf(format, args);
	va_end(args);
	lf_call_error(reading->call, lf_call_place(reading->call, reading->option),
		      "conflicting-options", advice, "%s", message);
}

static void check_mode(Reading *reading)
{
	const char *mode = bond_value(reading, "mode") ? bond_value(reading, "mode") : modes[0];
	unsigned bit = 0;

	while (strcmp(modes[bit], mode) != 0)
		bit++;
	for (size_t i = 0; bond_settings[i].name; i++)
		if (reading->values[i] && bond_settings[i].modes &&
		    !(bond_settings[i].modes & 1u << bit))
			conflict(reading, "write another 'mode', or leave it out",
				 "'%s' has no meaning in the mode '%s'", bond_settings[i].name,
				 mode);
}

static void check_monitoring(Reading *reading)
{
	static const char *const delays[] = { "updelay", "downdelay" };
	bool has_arp = is_on(reading, "arp_interval");
	// Not given, it is 100: the plan sets it.
	bool has_miimon = bond_value(reading, "miimon") ? is_on(reading, "miimon") : !has_arp;

	if (has_miimon && has_arp)
		conflict(reading, "leave one of them out",
			 "a bond looks at its links by 'miimon' or by 'arp_interval'");
	if (has_arp != (bond_value(reading, "arp_ip_target") != NULL))
		conflict(reading, "write both, or neither",
			 "'arp_interval' and 'arp_ip_target' need each other");
	for (size_t i = 0; i < G_N_ELEMENTS(delays); i++)
		if (is_on(reading, delays[i]) && !has_miimon)
			conflict(reading, "add 'miimon=100'", "'%s' needs 'miimon'", delays[i]);
	if (!has_miimon && !has_arp)
		lf_call_warn(reading->call, lf_call_place(reading->call, reading->option),
			     "unwatched-links", "leave 'miimon=0' out",
			     "this bond does not notice that a link is lost");
}

char **lf_bond_options(LfCall *call, const char *text, char **members)
{
	g_auto(Reading) reading = { call, "--bondopts", bond_settings, members, { NULL } };

	if (text)
		take_settings(&reading, text);
	// A value that is wrong would be blamed once more.
	if (call->is_broken)
		return to_list(&reading);
	check_mode(&reading);
	check_monitoring(&reading);
	if (bond_value(&reading, "num_grat_arp") && bond_value(&reading, "num_unsol_na"))
		conflict(&reading, "leave one of them out",
			 "'num_grat_arp' and 'num_unsol_na' are two names of one thing");
	return to_list(&reading);
}

char **lf_bridge_options(LfCall *call, const char *text, char **members)
{
	g_auto(Reading) reading = { call, "--bridgeopts", bridge_settings, members, { NULL } };

	if (text)
		take_settings(&reading, text);
	return to_list(&reading);
}
