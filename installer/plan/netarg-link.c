// The words `vlan=`, `bond=`, `bridge=`, and `team=`, which is refused.
// Not here: options of bonds (net-options.c).
#include <string.h>

#include "installer/plan/netarg.h"

#define MAX_MEMBERS 32

static LfVirtualArg *virtual_new(const LfNetWord *word, LfLinkKind kind)
{
	LfVirtualArg *arg = g_new0(LfVirtualArg, 1);

	arg->kind = kind;
	arg->word = g_strdup(word->word);
	arg->members = g_new0(char *, 1);
	arg->options = g_new0(char *, 1);
	g_ptr_array_add(word->args->virtuals, arg);
	return arg;
}

bool lf_word_parse_vlan(const LfNetWord *word)
{
	g_auto(GStrv) fields = lf_word_split(word->value, ':');
	LfVirtualArg *arg = virtual_new(word, LF_LINK_VLAN);
	const char *id;

	if (g_strv_length(fields) != 2)
		return lf_word_refuse(word, "write 'vlan=NAME:INTERFACE'");
	id = strrchr(fields[0], '.');
	if (!id && g_str_has_prefix(fields[0], "vlan"))
		id = fields[0] + 3;
	if (!id)
		return lf_word_refuse(
			word, "the name of a VLAN must say its number: write it as in 'vlan5' or "
			      "'eth0.5'");
	if (!lf_word_check_name(word, fields[0]) ||
	    !lf_word_number(word, id + 1, 1, 4094, &arg->vlan_id) ||
	    !lf_word_device(word, fields[1], &arg->parent))
		return false;
	arg->name = g_strdup(fields[0]);
	return true;
}

static bool add_members(const LfNetWord *word, const char *list, LfVirtualArg *arg)
{
	g_auto(GStrv) names = g_strsplit(list, ",", MAX_MEMBERS + 1);

	if (g_strv_length(names) > MAX_MEMBERS)
		return lf_word_refuse(word, "more than %d members", MAX_MEMBERS);
	for (char **name = names; *name; name++) {
		g_autofree char *device = NULL;

		if (!lf_word_device(word, *name, &device))
			return false;
		lf_net_texts_add(&arg->members, device);
	}
	return true;
}

static bool add_options(const LfNetWord *word, const char *list, LfVirtualArg *arg)
{
	g_auto(GStrv) options = g_strsplit(list, ",", 64);

	for (char **option = options; *option; option++) {
		if (!**option)
			continue;
		if (!strchr(*option, '='))
			return lf_word_refuse(word,
					      "'%.32s' is no option: write it as in 'mode=802.3ad'",
					      *option);
		lf_net_texts_add(&arg->options, *option);
	}
	return true;
}

/* What is not given is as dracut has it. */
bool lf_word_parse_bond(const LfNetWord *word)
{
	g_auto(GStrv) fields = lf_word_split(word->value, ':');
	LfVirtualArg *arg = virtual_new(word, LF_LINK_BOND);
	guint n = g_strv_length(fields);
	const char *name = *fields[0] ? fields[0] : "bond0";

	if (n > 4)
		return lf_word_refuse(word, "write 'bond=NAME:MEMBERS:OPTIONS:MTU'");
	if (!lf_word_check_name(word, name) ||
	    !add_members(word, n > 1 && *fields[1] ? fields[1] : "eth0,eth1", arg) ||
	    !add_options(word, n > 2 && *fields[2] ? fields[2] : "mode=balance-rr", arg) ||
	    (n > 3 && *fields[3] &&
	     !lf_word_number(word, fields[3], LF_MIN_MTU, LF_MAX_MTU, &arg->mtu)))
		return false;
	arg->name = g_strdup(name);
	return true;
}

bool lf_word_parse_bridge(const LfNetWord *word)
{
	g_auto(GStrv) fields = lf_word_split(word->value, ':');
	LfVirtualArg *arg = virtual_new(word, LF_LINK_BRIDGE);
	guint n = g_strv_length(fields);
	const char *name = *fields[0] ? fields[0] : "br0";

	if (n > 2)
		return lf_word_refuse(word, "write 'bridge=NAME:MEMBERS'");
	if (!lf_word_check_name(word, name) ||
	    !add_members(word, n > 1 && *fields[1] ? fields[1] : "eth0", arg))
		return false;
	arg->name = g_strdup(name);
	return true;
}

bool lf_word_parse_team(const LfNetWord *word)
{
	return lf_throw(word->error, LF_ERROR_UNSUPPORTED,
			"kernel command line, '%.128s': teams are not supported: write 'bond='",
			word->word);
}
