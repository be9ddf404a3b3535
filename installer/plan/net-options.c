// Options of bonds and bridges in a plan: what the kernel calls them, and what systemd-networkd
// does. Not here: which options there are and what fits together (kickstart/link-option.c).
#include "installer/plan/net-options.h"

#include <string.h>

#include "kickstart/link-option.h"

/** How systemd-networkd wants a value. */
typedef enum { AS_IT_IS, WITH_BLANKS, IN_MS, FLAG } Writing;

/** @key: the kernel's, when it is another than @name; @unit: NULL: it belongs to a member */
typedef struct {
	const char *name;
	const char *key;
	const char *unit;
	Writing writing;
} Row;

// Source: systemd.netdev(5), [Bond], [Bridge]; times of a bridge are in seconds
static const Row rows[] = {
	{ "mode", NULL, "Mode", AS_IT_IS },
	{ "miimon", NULL, "MIIMonitorSec", IN_MS },
	{ "updelay", NULL, "UpDelaySec", IN_MS },
	{ "downdelay", NULL, "DownDelaySec", IN_MS },
	{ "lacp_rate", NULL, "LACPTransmitRate", AS_IT_IS },
	{ "xmit_hash_policy", NULL, "TransmitHashPolicy", AS_IT_IS },
	{ "ad_select", NULL, "AdSelect", AS_IT_IS },
	{ "ad_actor_sys_prio", NULL, "AdActorSystemPriority", AS_IT_IS },
	{ "ad_user_port_key", NULL, "AdUserPortKey", AS_IT_IS },
	{ "ad_actor_system", NULL, "AdActorSystem", AS_IT_IS },
	{ "fail_over_mac", NULL, "FailOverMACPolicy", AS_IT_IS },
	{ "arp_interval", NULL, "ARPIntervalSec", IN_MS },
	{ "arp_ip_target", NULL, "ARPIPTargets", WITH_BLANKS },
	{ "arp_validate", NULL, "ARPValidate", AS_IT_IS },
	{ "arp_all_targets", NULL, "ARPAllTargets", AS_IT_IS },
	{ "primary", NULL, NULL, AS_IT_IS },
	{ "primary_reselect", NULL, "PrimaryReselectPolicy", AS_IT_IS },
	{ "resend_igmp", NULL, "ResendIGMP", AS_IT_IS },
	{ "packets_per_slave", NULL, "PacketsPerSlave", AS_IT_IS },
	{ "num_grat_arp", NULL, "GratuitousARP", AS_IT_IS },
	{ "num_unsol_na", "num_grat_arp", "GratuitousARP", AS_IT_IS },
	{ "all_slaves_active", NULL, "AllSlavesActive", FLAG },
	{ "tlb_dynamic_lb", NULL, "DynamicTransmitLoadBalancing", FLAG },
	{ "min_links", NULL, "MinLinks", AS_IT_IS },
	{ "lp_interval", NULL, "LearnPacketIntervalSec", AS_IT_IS },
	{ "stp", "stp_state", "STP", FLAG },
	{ "priority", NULL, "Priority", AS_IT_IS },
	{ "forward-delay", "forward_delay", "ForwardDelaySec", AS_IT_IS },
	{ "hello-time", "hello_time", "HelloTimeSec", AS_IT_IS },
	{ "max-age", "max_age", "MaxAgeSec", AS_IT_IS },
	{ "ageing-time", "ageing_time", "AgeingTimeSec", AS_IT_IS },
	{ "multicast-snooping", "multicast_snooping", "MulticastSnooping", FLAG },
};

static const char *key_of(const Row *row)
{
	return row->key ? row->key : row->name;
}

static const Row *row_of_name(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

// --- plan ---------------------------------------------------------------------------------------

typedef struct {
	const char *noun;
	const LfLinkOption *table;
	char *values[LF_MAX_LINK_OPTIONS]; /* by row of @table; NULL: not given */
} Choice;

static void choice_clear(Choice *choice)
{
	for (size_t i = 0; i < G_N_ELEMENTS(choice->values); i++)
		g_clear_pointer(&choice->values[i], g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Choice, choice_clear)

static bool read_option(Choice *choice, const char *option, char **members, GError **error)
{
	g_autofree char *name = g_strndup(option, strcspn(option, "="));
	const char *text = strchr(option, '=') ? strchr(option, '=') + 1 : "";
	size_t i = lf_link_option_row(choice->table, name);
	g_autofree char *advice = NULL;

	if (!choice->table[i].name || !row_of_name(name))
		return lf_throw(error, LF_ERROR_UNSUPPORTED,
				"%s option '%.64s' cannot be set on the installed system: leave it "
				"out",
				choice->noun, name);
	if (choice->values[i])
		return lf_throw(error, LF_ERROR_INPUT,
				"%s option '%s' is given twice: leave one out", choice->noun, name);
	choice->values[i] = lf_link_option_value(&choice->table[i], text, members, &advice);
	return choice->values[i] ||
	       lf_throw(error, LF_ERROR_INPUT, "%s option '%s': '%.64s' is no value of it: %s",
			choice->noun, name, text, advice);
}

/* The first conflict is the error. */
static void conflict(const char *message, const char *advice, void *user_data)
{
	GError **local = user_data;

	if (!*local)
		lf_throw(local, LF_ERROR_INPUT, "bond options: %s: %s", message, advice);
}

static bool check_bond(Choice *choice, GError **error)
{
	char **miimon = &choice->values[lf_link_option_row(choice->table, "miimon")];
	const char *arp = choice->values[lf_link_option_row(choice->table, "arp_interval")];
	GError *local = NULL;

	(void)lf_bond_check(choice->values, conflict, &local);
	if (local) {
		g_propagate_error(error, local);
		return false;
	}
	if (!choice->values[0])
		choice->values[0] = g_strdup(choice->table[0].words[0]);
	if (!*miimon && (!arp || strcmp(arp, "0") == 0))
		*miimon = g_strdup("100");
	return true;
}

static char *option_text(const Row *row, const char *value)
{
	bool is_word = row->writing == FLAG && !g_ascii_isdigit(*value);

	return g_strconcat(key_of(row), "=",
			   !is_word		       ? value
			   : strcmp(value, "yes") == 0 ? "1"
						       : "0",
			   NULL);
}

bool lf_net_options_set(LfNetLink *link, char **given, GError **error)
{
	bool is_bond = link->kind == LF_LINK_BOND;
	g_auto(Choice) choice = { is_bond ? "bond" : "bridge",
				  is_bond ? lf_bond_table() : lf_bridge_table(),
				  { NULL } };

	for (char **option = given; option && *option; option++)
		if (!read_option(&choice, *option, link->members, error))
			return false;
	if (is_bond && !check_bond(&choice, error))
		return false;
	for (size_t i = 0; choice.table[i].name; i++) {
		g_autofree char *text =
			choice.values[i]
				? option_text(row_of_name(choice.table[i].name), choice.values[i])
				: NULL;

		if (text)
			lf_net_texts_add(&link->options, text);
	}
	return true;
}

// --- units --------------------------------------------------------------------------------------

static const Row *row_of_option(const char *option)
{
	size_t length = strcspn(option, "=");

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		if (strlen(key_of(&rows[i])) == length &&
		    strncmp(key_of(&rows[i]), option, length) == 0)
			return &rows[i];
	return NULL;
}

static void write_unit(GString *text, const Row *row, const char *value)
{
	g_autofree char *copy = g_strdup(value);

	if (row->writing == WITH_BLANKS)
		g_strdelimit(copy, ",", ' ');
	if (row->writing == FLAG)
		g_string_append_printf(text, "%s=%s\n", row->unit,
				       strcmp(value, "1") == 0 ? "yes" : "no");
	else
		g_string_append_printf(text, "%s=%s%s\n", row->unit, copy,
				       row->writing == IN_MS ? "ms" : "");
}

void lf_net_options_units(const LfNetLink *link, GString *text)
{
	if (!*link->options)
		return;
	g_string_append(text, link->kind == LF_LINK_BOND ? "\n[Bond]\n" : "\n[Bridge]\n");
	for (char **option = link->options; *option; option++) {
		const Row *row = row_of_option(*option);

		if (row && row->unit)
			write_unit(text, row, strchr(*option, '=') + 1);
	}
}
