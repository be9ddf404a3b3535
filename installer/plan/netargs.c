// The words of a kernel command line that speak of the network.
// Not here: which cards they mean (net-card.c), bringing anything up (installer/net).
#include "installer/plan/netargs.h"

#include <string.h>
#include <sys/socket.h>

#include "base/host.h"
#include "base/address.h"
#include "kickstart/shape.h"

#define MAX_WORDS_BYTES 4096
#define MAX_MEMBERS	32
#define MAX_TIMEOUT_S	3600
#define MIN_MTU		68
#define MAX_MTU		65535

/** A word that is being read. @word: whole, for messages; @value: behind "=", "" without one */
typedef struct {
	const char *word;
	const char *value;
	LfNetArgs *args;
	GError **error;
} Word;

static bool refuse(const Word *word, const char *format, ...) G_GNUC_PRINTF(2, 3);

static bool refuse(const Word *word, const char *format, ...)
{
	g_autofree char *reason = NULL;
	va_list values;

	va_start(values, format);
	reason = g_strdup_vprintf(format, values);
	va_end(values);
	return lf_throw(word->error, LF_ERROR_INPUT, "kernel command line, '%.128s': %s",
			word->word, reason);
}

// --- values -------------------------------------------------------------------------------------

static void ip_arg_free(gpointer data)
{
	LfIpArg *arg = data;

	g_free(arg->word);
	g_free(arg->device);
	g_free(arg->address);
	g_free(arg->gateway);
	g_free(arg->hostname);
	g_strfreev(arg->nameservers);
	g_free(arg->new_mac);
	g_free(arg);
}

static void virtual_arg_free(gpointer data)
{
	LfVirtualArg *arg = data;

	g_free(arg->word);
	g_free(arg->name);
	g_free(arg->parent);
	g_strfreev(arg->members);
	g_strfreev(arg->options);
	g_free(arg);
}

static void name_arg_free(gpointer data)
{
	LfNameArg *arg = data;

	g_free(arg->name);
	g_free(arg->mac);
	g_free(arg);
}

static void route_arg_free(gpointer data)
{
	LfRouteArg *arg = data;

	g_free(arg->word);
	g_free(arg->device);
	g_free(arg->to);
	g_free(arg->via);
	g_free(arg);
}

void lf_netargs_free(LfNetArgs *args)
{
	if (!args)
		return;
	g_ptr_array_unref(args->ips);
	g_ptr_array_unref(args->virtuals);
	g_ptr_array_unref(args->names);
	g_ptr_array_unref(args->routes);
	g_strfreev(args->nameservers);
	g_free(args->bootif);
	g_free(args->bootdev);
	g_free(args->hostname);
	g_free(args);
}

static LfNetArgs *netargs_new(void)
{
	LfNetArgs *args = g_new0(LfNetArgs, 1);

	args->ips = g_ptr_array_new_with_free_func(ip_arg_free);
	args->virtuals = g_ptr_array_new_with_free_func(virtual_arg_free);
	args->names = g_ptr_array_new_with_free_func(name_arg_free);
	args->routes = g_ptr_array_new_with_free_func(route_arg_free);
	args->nameservers = g_new0(char *, 1);
	return args;
}

bool lf_ifname_fits(const char *name)
{
	return strlen(name) <= 15 && lf_shape_fits(LF_SHAPE_NIC, name);
}

static bool check_name(const Word *word, const char *name)
{
	return lf_ifname_fits(name) ||
	       refuse(word,
		      "'%.32s' is no name of an interface: write at most 15 letters, digits, '_', "
		      "'.' and '-'",
		      name);
}

// --- fields -------------------------------------------------------------------------------------

/* Cuts at the separator, but not between brackets, which stay. */
static char **split(const char *text, char separator)
{
	g_autoptr(GPtrArray) fields = g_ptr_array_new();
	const char *start = text;
	bool is_inside = false;

	for (const char *c = text;; c++) {
		if (*c == '[' || *c == ']')
			is_inside = *c == '[';
		if (*c && (*c != separator || is_inside))
			continue;
		g_ptr_array_add(fields, g_strndup(start, (gsize)(c - start)));
		if (!*c)
			break;
		start = c + 1;
	}
	g_ptr_array_add(fields, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&fields), FALSE);
}

static bool has_outside_brackets(const char *text, char what)
{
	g_auto(GStrv) fields = split(text, what);

	return fields[1] != NULL;
}

static char *without_brackets(const char *text)
{
	size_t length = strlen(text);

	if (length >= 2 && text[0] == '[' && text[length - 1] == ']')
		return g_strndup(text + 1, length - 2);
	return g_strdup(text);
}

static bool parse_address(const char *field, LfAddress *ret)
{
	g_autofree char *text = without_brackets(field);

	return lf_address_parse(text, ret);
}

static bool get_address(const Word *word, const char *field, char **ret)
{
	LfAddress address;

	if (!parse_address(field, &address))
		return refuse(
			word,
			"'%.64s' is no address: write it as in '192.0.2.1' or '[2001:db8::1]'",
			field);
	*ret = lf_address_text(&address);
	return true;
}

static bool get_number(const Word *word, const char *field, uint32_t min, uint32_t max,
		       uint32_t *ret)
{
	guint64 value;

	if (!g_ascii_string_to_unsigned(field, 10, min, max, &value, NULL))
		return refuse(word, "'%.32s' must be a number from %u to %u", field, min, max);
	*ret = (uint32_t)value;
	return true;
}

static bool get_mac(const Word *word, const char *field, char **ret)
{
	*ret = lf_mac_parse(field);
	return *ret ||
	       refuse(word, "'%.32s' is no MAC address: write it as in '52:54:00:12:34:56'", field);
}

/* A name, a MAC with '-' or ':' in it, or BOOTIF. */
static bool get_device(const Word *word, const char *field, char **ret)
{
	if (strcmp(field, "BOOTIF") == 0 || strcmp(field, "bootif") == 0) {
		*ret = g_strdup("bootif");
		return true;
	}
	*ret = lf_mac_parse(field);
	if (*ret)
		return true;
	if (!check_name(word, field))
		return false;
	*ret = g_strdup(field);
	return true;
}

static bool get_hostname(const Word *word, const char *field, char **ret)
{
	if (!lf_shape_fits(LF_SHAPE_HOSTNAME, field))
		return refuse(word, "'%.64s' is not a host name: %s", field,
			      lf_shape_advice(LF_SHAPE_HOSTNAME));
	*ret = g_strdup(field);
	return true;
}

// --- ip= ----------------------------------------------------------------------------------------

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

static bool get_method(const Word *word, const char *field, LfIpArg *arg)
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
	return refuse(word,
		      "'%.32s' is no way to get an address: write 'dhcp', 'on', 'dhcp6', 'auto6' "
		      "or 'none'",
		      field);
}

static bool add_server(const Word *word, const char *field, char ***list)
{
	g_autofree char *server = NULL;

	if (!get_address(word, field, &server))
		return false;
	lf_net_texts_add(list, server);
	return true;
}

/* [mtu|dns1][:[mac|dns2]]; between colons a MAC is six fields. What stands behind the second
 * server, such as the kernel's time server, is not used. */
static bool get_tail(const Word *word, char **fields, LfIpArg *arg)
{
	bool is_mtu = *fields && **fields && strspn(*fields, "0123456789") == strlen(*fields);
	g_autofree char *second = *fields ? g_strjoinv(":", fields + 1) : g_strdup("");
	g_autofree char *mac = lf_mac_parse(second);

	if (is_mtu && !get_number(word, *fields, MIN_MTU, MAX_MTU, &arg->mtu))
		return false;
	if (!is_mtu && *fields && **fields && !add_server(word, *fields, &arg->nameservers))
		return false;
	if (!*second)
		return true;
	if (is_mtu || mac)
		return get_mac(word, second, &arg->new_mac);
	return !*fields[1] || add_server(word, fields[1], &arg->nameservers);
}

static bool add_address(const Word *word, char **fields, LfIpArg *arg)
{
	LfAddress address;

	if (!parse_address(fields[0], &address))
		return refuse(
			word,
			"'%.64s' is no address: write it as in '192.0.2.1' or '[2001:db8::1]'",
			fields[0]);
	if (!*fields[3] || !lf_address_prefix_of(fields[3], address.family, &address.prefix) ||
	    address.prefix == 0)
		return refuse(word,
			      "'%.32s' is no netmask: write '255.255.255.0' or the length of the "
			      "prefix as the fourth field",
			      fields[3]);
	if ((address.family == AF_INET ? arg->ipv4 : arg->ipv6) != LF_IP_NONE)
		return refuse(word,
			      "'%.32s' gives an address too: write 'none', or leave '%.64s' out",
			      fields[6], fields[0]);
	*(address.family == AF_INET ? &arg->ipv4 : &arg->ipv6) = LF_IP_STATIC;
	arg->address = lf_address_text_prefix(&address);
	return true;
}

static bool check_gateway(const Word *word, const LfIpArg *arg)
{
	if (!arg->address)
		return refuse(word,
			      "the gateway '%s' needs an address: write it as the first field",
			      arg->gateway);
	if (!strchr(arg->gateway, ':') != !strchr(arg->address, ':'))
		return refuse(word,
			      "the gateway '%s' and the address '%s' are of two families: write "
			      "an 'ip=' for each",
			      arg->gateway, arg->address);
	return true;
}

/* client:peer:gateway:netmask:hostname:interface:method:… The peer is not used: where others put
 * the boot server's address. */
static bool parse_whole(const Word *word, char **given, LfIpArg *arg)
{
	const char *fields[8] = { "", "", "", "", "", "", "", NULL };
	guint n = g_strv_length(given);

	for (guint i = 0; i < MIN(n, 7); i++)
		fields[i] = given[i];
	if ((*fields[6] && !get_method(word, fields[6], arg)) ||
	    (*fields[0] && !add_address(word, (char **)fields, arg)) ||
	    (*fields[2] && !get_address(word, fields[2], &arg->gateway)) ||
	    (*fields[4] && !get_hostname(word, fields[4], &arg->hostname)) ||
	    (*fields[5] && !get_device(word, fields[5], &arg->device)) ||
	    (n > 7 && !get_tail(word, given + 7, arg)))
		return false;
	return !arg->gateway || check_gateway(word, arg);
}

static bool is_whole(char **fields)
{
	LfAddress address;

	return !*fields[0] || parse_address(fields[0], &address);
}

static bool parse_ip(const Word *word)
{
	char separator = has_outside_brackets(word->value, ',') ? ',' : ':';
	g_auto(GStrv) fields = split(word->value, separator);
	LfIpArg *arg = g_new0(LfIpArg, 1);

	g_ptr_array_add(word->args->ips, arg);
	arg->word = g_strdup(word->word);
	arg->nameservers = g_new0(char *, 1);
	if (!*word->value)
		return refuse(word, "it says nothing: write 'ip=dhcp' or an address");
	if (is_whole(fields))
		return parse_whole(word, fields, arg);
	if (!fields[1])
		return get_method(word, fields[0], arg);
	return get_device(word, fields[0], &arg->device) && get_method(word, fields[1], arg) &&
	       get_tail(word, fields + 2, arg);
}

// --- vlan=, bond=, bridge= ----------------------------------------------------------------------

static LfVirtualArg *virtual_new(const Word *word, LfLinkKind kind)
{
	LfVirtualArg *arg = g_new0(LfVirtualArg, 1);

	arg->kind = kind;
	arg->word = g_strdup(word->word);
	arg->members = g_new0(char *, 1);
	arg->options = g_new0(char *, 1);
	g_ptr_array_add(word->args->virtuals, arg);
	return arg;
}

static bool parse_vlan(const Word *word)
{
	g_auto(GStrv) fields = split(word->value, ':');
	LfVirtualArg *arg = virtual_new(word, LF_LINK_VLAN);
	const char *id;

	if (g_strv_length(fields) != 2)
		return refuse(word, "write 'vlan=NAME:INTERFACE'");
	id = strrchr(fields[0], '.');
	if (!id && g_str_has_prefix(fields[0], "vlan"))
		id = fields[0] + 3;
	if (!id)
		return refuse(word,
			      "the name of a VLAN must say its number: write it as in 'vlan5' or "
			      "'eth0.5'");
	if (!check_name(word, fields[0]) || !get_number(word, id + 1, 1, 4094, &arg->vlan_id) ||
	    !get_device(word, fields[1], &arg->parent))
		return false;
	arg->name = g_strdup(fields[0]);
	return true;
}

static bool add_members(const Word *word, const char *list, LfVirtualArg *arg)
{
	g_auto(GStrv) names = g_strsplit(list, ",", MAX_MEMBERS + 1);

	if (g_strv_length(names) > MAX_MEMBERS)
		return refuse(word, "more than %d members", MAX_MEMBERS);
	for (char **name = names; *name; name++) {
		g_autofree char *device = NULL;

		if (!get_device(word, *name, &device))
			return false;
		lf_net_texts_add(&arg->members, device);
	}
	return true;
}

static bool add_options(const Word *word, const char *list, LfVirtualArg *arg)
{
	g_auto(GStrv) options = g_strsplit(list, ",", 64);

	for (char **option = options; *option; option++) {
		if (!**option)
			continue;
		if (!strchr(*option, '='))
			return refuse(word, "'%.32s' is no option: write it as in 'mode=802.3ad'",
				      *option);
		lf_net_texts_add(&arg->options, *option);
	}
	return true;
}

/* What is not given is as dracut has it. */
static bool parse_bond(const Word *word)
{
	g_auto(GStrv) fields = split(word->value, ':');
	LfVirtualArg *arg = virtual_new(word, LF_LINK_BOND);
	guint n = g_strv_length(fields);
	const char *name = *fields[0] ? fields[0] : "bond0";

	if (n > 4)
		return refuse(word, "write 'bond=NAME:MEMBERS:OPTIONS:MTU'");
	if (!check_name(word, name) ||
	    !add_members(word, n > 1 && *fields[1] ? fields[1] : "eth0,eth1", arg) ||
	    !add_options(word, n > 2 && *fields[2] ? fields[2] : "mode=balance-rr", arg) ||
	    (n > 3 && *fields[3] && !get_number(word, fields[3], MIN_MTU, MAX_MTU, &arg->mtu)))
		return false;
	arg->name = g_strdup(name);
	return true;
}

static bool parse_bridge(const Word *word)
{
	g_auto(GStrv) fields = split(word->value, ':');
	LfVirtualArg *arg = virtual_new(word, LF_LINK_BRIDGE);
	guint n = g_strv_length(fields);
	const char *name = *fields[0] ? fields[0] : "br0";

	if (n > 2)
		return refuse(word, "write 'bridge=NAME:MEMBERS'");
	if (!check_name(word, name) ||
	    !add_members(word, n > 1 && *fields[1] ? fields[1] : "eth0", arg))
		return false;
	arg->name = g_strdup(name);
	return true;
}

static bool parse_team(const Word *word)
{
	return lf_throw(word->error, LF_ERROR_UNSUPPORTED,
			"kernel command line, '%.128s': teams are not supported: write 'bond='",
			word->word);
}

// --- the others ---------------------------------------------------------------------------------

static bool parse_nameserver(const Word *word)
{
	return add_server(word, word->value, &word->args->nameservers);
}

static bool parse_ifname(const Word *word)
{
	g_auto(GStrv) fields = g_strsplit(word->value, ":", 2);
	LfNameArg *arg = g_new0(LfNameArg, 1);

	g_ptr_array_add(word->args->names, arg);
	if (g_strv_length(fields) != 2)
		return refuse(word, "write 'ifname=NAME:MAC'");
	if (!check_name(word, fields[0]) || !get_mac(word, fields[1], &arg->mac))
		return false;
	arg->name = g_strdup(fields[0]);
	return true;
}

static bool get_network(const Word *word, const char *field, char **ret)
{
	g_autofree char *bare = without_brackets(field);
	char *slash = strchr(bare, '/');
	g_autofree char *host = NULL;
	LfAddress address;

	if (slash)
		*slash = '\0';
	host = without_brackets(bare);
	if (!slash || !lf_address_parse(host, &address) ||
	    !lf_address_prefix_of(slash + 1, address.family, &address.prefix))
		return refuse(word,
			      "'%.64s' is no network: write it as in '192.0.2.0/24' or "
			      "'[2001:db8::]/32'",
			      field);
	*ret = address.prefix == 0 ? g_strdup("default") : lf_address_network(&address);
	return true;
}

static bool parse_route(const Word *word)
{
	g_auto(GStrv) fields = split(word->value, ':');
	LfRouteArg *arg = g_new0(LfRouteArg, 1);
	guint n = g_strv_length(fields);

	g_ptr_array_add(word->args->routes, arg);
	arg->word = g_strdup(word->word);
	if (n < 2 || n > 3)
		return refuse(word, "write 'rd.route=NETWORK/PREFIX:GATEWAY:INTERFACE'");
	return get_network(word, fields[0], &arg->to) && get_address(word, fields[1], &arg->via) &&
	       (n < 3 || !*fields[2] || get_device(word, fields[2], &arg->device));
}

static bool parse_bootif(const Word *word)
{
	const char *text = word->value;

	g_clear_pointer(&word->args->bootif, g_free);
	// The type of the hardware, as PXELINUX writes it in front.
	if (strlen(text) == 20 && (g_str_has_prefix(text, "01-") || g_str_has_prefix(text, "01:")))
		text += 3;
	return get_mac(word, text, &word->args->bootif);
}

static bool parse_bootif_switch(const Word *word)
{
	uint32_t value = 1;

	if (!get_number(word, word->value, 0, 1, &value))
		return false;
	word->args->ignores_bootif = value == 0;
	return true;
}

static bool parse_bootdev(const Word *word)
{
	g_clear_pointer(&word->args->bootdev, g_free);
	return get_device(word, word->value, &word->args->bootdev);
}

static bool parse_hostname(const Word *word)
{
	g_clear_pointer(&word->args->hostname, g_free);
	return get_hostname(word, word->value, &word->args->hostname);
}

static bool parse_peerdns(const Word *word)
{
	uint32_t value = 1;

	if (!get_number(word, word->value, 0, 1, &value))
		return false;
	word->args->ignores_dns = value == 0;
	return true;
}

/* 0 is as if it were not given: no time at all would be no network at all. */
static bool parse_carrier(const Word *word)
{
	return get_number(word, word->value, 0, MAX_TIMEOUT_S, &word->args->carrier_s);
}

static bool parse_address_time(const Word *word)
{
	return get_number(word, word->value, 0, MAX_TIMEOUT_S, &word->args->address_s);
}

static bool parse_dad(const Word *word)
{
	return get_number(word, word->value, 0, MAX_TIMEOUT_S, &word->args->dad_s);
}

// --- the line -----------------------------------------------------------------------------------

typedef struct {
	const char *name;
	bool (*parse)(const Word *word);
	bool is_bare; /* means something without a value */
} Row;

static const Row rows[] = {
	{ "ip", parse_ip, false },
	{ "vlan", parse_vlan, false },
	{ "bond", parse_bond, true },
	{ "bridge", parse_bridge, true },
	{ "team", parse_team, false },
	{ "nameserver", parse_nameserver, false },
	{ "ifname", parse_ifname, false },
	{ "rd.route", parse_route, false },
	{ "BOOTIF", parse_bootif, false },
	{ "rd.bootif", parse_bootif_switch, false },
	{ "bootdev", parse_bootdev, false },
	{ "hostname", parse_hostname, false },
	{ "rd.peerdns", parse_peerdns, false },
	{ "rd.net.timeout.carrier", parse_carrier, false },
	{ "rd.net.timeout.dhcp", parse_address_time, false },
	{ "rd.net.timeout.ipv6dad", parse_dad, false },
};

/* The row of a word, and what stands behind its "=". */
static const Row *row_of(const char *word, const char **ret_value)
{
	size_t length = strcspn(word, "=");

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (strlen(rows[i].name) != length || strncmp(rows[i].name, word, length) != 0)
			continue;
		if (!word[length] && !rows[i].is_bare)
			return NULL;
		*ret_value = word[length] ? word + length + 1 : "";
		return &rows[i];
	}
	return NULL;
}

static bool parse_line(const char *cmdline, LfNetArgs *args, GError **error)
{
	const char *cursor = cmdline;
	size_t n_words = 0, n_bytes = 0;
	char *text;

	while ((text = lf_host_next_word(&cursor))) {
		g_autofree char *valid = g_utf8_make_valid(text, -1);
		Word word = { .word = valid, .args = args, .error = error };
		const Row *row = row_of(valid, &word.value);

		g_free(text);
		if (!row)
			continue;
		n_words++;
		n_bytes += strlen(valid) + 1;
		if (n_words > LF_MAX_NETARGS || n_bytes > MAX_WORDS_BYTES)
			return lf_throw(error, LF_ERROR_INPUT,
					"the kernel command line says too much of the network: "
					"write at most %d words and %d bytes",
					LF_MAX_NETARGS, MAX_WORDS_BYTES);
		if (!row->parse(&word))
			return false;
	}
	return true;
}

LfNetArgs *lf_netargs_parse(const char *cmdline, GError **error)
{
	g_autoptr(LfNetArgs) args = netargs_new();

	if (!parse_line(cmdline ? cmdline : "", args, error))
		return NULL;
	if (args->ignores_bootif)
		g_clear_pointer(&args->bootif, g_free);
	for (guint i = 0; !args->hostname && i < args->ips->len; i++)
		args->hostname = g_strdup(((const LfIpArg *)args->ips->pdata[i])->hostname);
	return g_steal_pointer(&args);
}

static void append_word(GString *text, char *word)
{
	const char *quote = strpbrk(word, " \t") ? "\"" : "";

	// Facts hold no control characters; a word with one is refused either way.
	for (char *c = word; *c; c++)
		if (!g_ascii_isprint(*c))
			*c = '?';
	g_string_append_printf(text, "%s%s%s%s", text->len ? " " : "", quote, word, quote);
}

char *lf_netargs_words(const char *cmdline)
{
	g_autoptr(GString) text = g_string_new(NULL);
	const char *cursor = cmdline ? cmdline : "";
	const char *value;
	char *word;

	while ((word = lf_host_next_word(&cursor))) {
		if (row_of(word, &value))
			append_word(text, word);
		g_free(word);
	}
	return text->len ? g_string_free(g_steal_pointer(&text), FALSE) : NULL;
}

char *lf_net_hostname(const char *cmdline)
{
	g_autoptr(LfNetArgs) args = lf_netargs_parse(cmdline, NULL);

	return args ? g_steal_pointer(&args->hostname) : NULL;
}

unsigned lf_net_carrier_s(const char *cmdline)
{
	g_autoptr(LfNetArgs) args = lf_netargs_parse(cmdline, NULL);

	return args && args->carrier_s ? args->carrier_s : LF_NET_CARRIER_S;
}

char *lf_net_bootif(const char *cmdline)
{
	g_autoptr(LfNetArgs) args = lf_netargs_parse(cmdline, NULL);

	return args ? g_steal_pointer(&args->bootif) : NULL;
}
