// The word `ip=`.
// Not here: its fields' values (netarg-field.c), which card it means (net-card.c).
#include <string.h>
#include <sys/socket.h>

#include "installer/plan/netarg.h"

#define HEX "0123456789abcdefABCDEF"

typedef struct {
	const char *word;
	LfIpMode ipv4, ipv6;
	const char *advice; /* not NULL: cannot be done */
} Method;

static const Method methods[] = {
	{ "none", LF_IP_NONE, LF_IP_NONE, NULL },
	{ "off", LF_IP_NONE, LF_IP_NONE, NULL },
	{ "static", LF_IP_NONE, LF_IP_NONE, NULL },
	{ "dhcp", LF_IP_DHCP, LF_IP_NONE, NULL },
	{ "dhcp4", LF_IP_DHCP, LF_IP_NONE, NULL },
	{ "single-dhcp", LF_IP_DHCP, LF_IP_NONE, NULL },
	{ "on", LF_IP_DHCP, LF_IP_AUTO, NULL },
	{ "any", LF_IP_DHCP, LF_IP_AUTO, NULL },
	{ "dhcp6", LF_IP_NONE, LF_IP_DHCP, NULL },
	{ "auto6", LF_IP_NONE, LF_IP_AUTO, NULL },
	{ "either6", LF_IP_NONE, LF_IP_AUTO, NULL },
	{ "link6", LF_IP_NONE, LF_IP_NONE,
	  "an address of the link alone reaches no server: write 'auto6' or 'dhcp6'" },
	{ "link-local", LF_IP_NONE, LF_IP_NONE,
	  "an address of the link alone reaches no server: write 'dhcp' or 'auto6'" },
	{ "ibft", LF_IP_NONE, LF_IP_NONE, "iBFT is not supported: write 'dhcp' or an address" },
};

static bool get_method(const LfNetWord *word, const char *field, LfIpArg *arg)
{
	for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
		if (strcmp(methods[i].word, field) != 0)
			continue;
		if (methods[i].advice)
			return lf_throw(word->error, LF_ERROR_UNSUPPORTED,
					"kernel command line, '%.128s': %s", word->word,
					methods[i].advice);
		arg->ipv4 = methods[i].ipv4;
		arg->ipv6 = methods[i].ipv6;
		return true;
	}
	return lf_word_refuse(
		word,
		"'%.32s' is no way to get an address: write 'dhcp', 'on', 'dhcp6', 'auto6' "
		"or 'none'",
		field);
}

/* [mtu|dns1][:[mac|dns2]]; between colons a MAC is six fields. What stands behind the second
 * server, such as the kernel's time server, is not used. */
static bool get_tail(const LfNetWord *word, char **fields, LfIpArg *arg)
{
	bool is_mtu = *fields && **fields && strspn(*fields, "0123456789") == strlen(*fields);
	g_autofree char *second = *fields ? g_strjoinv(":", fields + 1) : g_strdup("");
	g_autofree char *mac = lf_mac_parse(second);

	if (is_mtu && !lf_word_number(word, *fields, LF_MIN_MTU, LF_MAX_MTU, &arg->mtu))
		return false;
	if (!is_mtu && *fields && **fields && !lf_word_add_server(word, *fields, &arg->nameservers))
		return false;
	if (!*second)
		return true;
	if (is_mtu || mac)
		return lf_word_mac(word, second, &arg->new_mac);
	return !*fields[1] || lf_word_add_server(word, fields[1], &arg->nameservers);
}

static bool add_address(const LfNetWord *word, char **fields, LfIpArg *arg)
{
	LfAddress address;

	if (!lf_word_parse_address(fields[0], &address))
		return lf_word_refuse(
			word,
			"'%.64s' is no address: write it as in '192.0.2.1' or '[2001:db8::1]'",
			fields[0]);
	if (!*fields[3] || !lf_address_prefix_of(fields[3], address.family, &address.prefix) ||
	    address.prefix == 0)
		return lf_word_refuse(
			word,
			"'%.32s' is no netmask: write '255.255.255.0' or the length of the "
			"prefix as the fourth field",
			fields[3]);
	if ((address.family == AF_INET ? arg->ipv4 : arg->ipv6) != LF_IP_NONE)
		return lf_word_refuse(
			word, "'%.32s' gives an address too: write 'none', or leave '%.64s' out",
			fields[6], fields[0]);
	*(address.family == AF_INET ? &arg->ipv4 : &arg->ipv6) = LF_IP_STATIC;
	arg->address = lf_address_text_prefix(&address);
	return true;
}

static bool check_gateway(const LfNetWord *word, const LfIpArg *arg)
{
	if (!arg->address)
		return lf_word_refuse(
			word, "the gateway '%s' needs an address: write it as the first field",
			arg->gateway);
	if (!strchr(arg->gateway, ':') != !strchr(arg->address, ':'))
		return lf_word_refuse(
			word,
			"the gateway '%s' and the address '%s' are of two families: write "
			"an 'ip=' for each",
			arg->gateway, arg->address);
	return true;
}

/* client:peer:gateway:netmask:hostname:interface:method:… The peer is not used: where others put
 * the boot server's address. */
static bool parse_whole(const LfNetWord *word, char **given, LfIpArg *arg)
{
	const char *fields[8] = { "", "", "", "", "", "", "", NULL };
	guint n = g_strv_length(given);

	for (guint i = 0; i < MIN(n, 7); i++)
		fields[i] = given[i];
	// The gateway first: an IPv6 address without brackets is several fields.
	if ((*fields[2] && !lf_word_address(word, fields[2], &arg->gateway)) ||
	    (*fields[6] && !get_method(word, fields[6], arg)) ||
	    (*fields[0] && !add_address(word, (char **)fields, arg)) ||
	    (*fields[4] && !lf_word_hostname(word, fields[4], &arg->hostname)) ||
	    (*fields[5] && !lf_word_device(word, fields[5], &arg->device)) ||
	    (n > 7 && !get_tail(word, given + 7, arg)))
		return false;
	return !arg->gateway || check_gateway(word, arg);
}

static bool is_whole(char **fields)
{
	LfAddress address;

	return !*fields[0] || lf_word_parse_address(fields[0], &address);
}

static bool consists_of(const char *text, const char *letters)
{
	return strspn(text, letters) == strlen(text);
}

/* Whether the first field is meant as an address: no interface is called '192.0.2.300', and an IPv6
 * address without brackets is several fields. */
static bool is_meant_as_address(char **fields)
{
	const char *dot = strchr(fields[0], '.');

	if (*fields[0] == '[')
		return true;
	if (dot && strchr(dot + 1, '.') && consists_of(fields[0], "0123456789."))
		return true;
	return fields[1] && strlen(fields[0]) <= 4 && consists_of(fields[0], HEX) &&
	       consists_of(fields[1], HEX);
}

static bool has_outside_brackets(const char *text, char what)
{
	g_auto(GStrv) fields = lf_word_split(text, what);

	return fields[1] != NULL;
}

bool lf_word_parse_ip(const LfNetWord *word)
{
	char separator = has_outside_brackets(word->value, ',') ? ',' : ':';
	g_auto(GStrv) fields = lf_word_split(word->value, separator);
	LfIpArg *arg = g_new0(LfIpArg, 1);

	g_ptr_array_add(word->args->ips, arg);
	arg->word = g_strdup(word->word);
	arg->nameservers = g_new0(char *, 1);
	if (!*word->value)
		return lf_word_refuse(word, "it says nothing: write 'ip=dhcp' or an address");
	if (is_whole(fields))
		return parse_whole(word, fields, arg);
	if (is_meant_as_address(fields))
		return lf_word_address(word, fields[0], &arg->address);
	if (!fields[1])
		return get_method(word, fields[0], arg);
	return lf_word_device(word, fields[0], &arg->device) && get_method(word, fields[1], arg) &&
	       get_tail(word, fields + 2, arg);
}
