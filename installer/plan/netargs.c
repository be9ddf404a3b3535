// The words of a kernel command line that speak of the network.
// Not here: what stands in them (netarg-*.c), which cards they mean (net-card.c).
#include "installer/plan/netargs.h"

#include <string.h>

#include "base/host.h"
#include "installer/plan/netarg.h"

#define MAX_WORDS_BYTES 4096
#define MAX_TIMEOUT_S	3600

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

// --- the others ---------------------------------------------------------------------------------

static bool parse_nameserver(const LfNetWord *word)
{
	return lf_word_add_server(word, word->value, &word->args->nameservers);
}

static bool parse_ifname(const LfNetWord *word)
{
	g_auto(GStrv) fields = g_strsplit(word->value, ":", 2);
	LfNameArg *arg = g_new0(LfNameArg, 1);

	g_ptr_array_add(word->args->names, arg);
	if (g_strv_length(fields) != 2)
		return lf_word_refuse(word, "write 'ifname=NAME:MAC'");
	if (!lf_word_check_name(word, fields[0]) || !lf_word_mac(word, fields[1], &arg->mac))
		return false;
	arg->name = g_strdup(fields[0]);
	return true;
}

static bool get_network(const LfNetWord *word, const char *field, char **ret)
{
	g_autofree char *bare = lf_word_without_brackets(field);
	char *slash = strchr(bare, '/');
	g_autofree char *host = NULL;
	LfAddress address;

	if (slash)
		*slash = '\0';
	host = lf_word_without_brackets(bare);
	if (!slash || !lf_address_parse(host, &address) ||
	    !lf_address_prefix_of(slash + 1, address.family, &address.prefix))
		return lf_word_refuse(word,
				      "'%.64s' is no network: write it as in '192.0.2.0/24' or "
				      "'[2001:db8::]/32'",
				      field);
	*ret = address.prefix == 0 ? g_strdup("default") : lf_address_network(&address);
	return true;
}

static bool parse_route(const LfNetWord *word)
{
	g_auto(GStrv) fields = lf_word_split(word->value, ':');
	LfRouteArg *arg = g_new0(LfRouteArg, 1);
	guint n = g_strv_length(fields);

	g_ptr_array_add(word->args->routes, arg);
	arg->word = g_strdup(word->word);
	if (n < 2 || n > 3)
		return lf_word_refuse(word, "write 'rd.route=NETWORK/PREFIX:GATEWAY:INTERFACE'");
	return get_network(word, fields[0], &arg->to) &&
	       lf_word_address(word, fields[1], &arg->via) &&
	       (n < 3 || !*fields[2] || lf_word_device(word, fields[2], &arg->device));
}

static bool parse_bootif(const LfNetWord *word)
{
	const char *text = word->value;

	g_clear_pointer(&word->args->bootif, g_free);
	// The type of the hardware, as PXELINUX writes it in front.
	if (strlen(text) == 20 && (g_str_has_prefix(text, "01-") || g_str_has_prefix(text, "01:")))
		text += 3;
	return lf_word_mac(word, text, &word->args->bootif);
}

static bool parse_bootif_switch(const LfNetWord *word)
{
	uint32_t value = 1;

	if (!lf_word_number(word, word->value, 0, 1, &value))
		return false;
	word->args->ignores_bootif = value == 0;
	return true;
}

static bool parse_bootdev(const LfNetWord *word)
{
	g_clear_pointer(&word->args->bootdev, g_free);
	return lf_word_device(word, word->value, &word->args->bootdev);
}

static bool parse_hostname(const LfNetWord *word)
{
	g_clear_pointer(&word->args->hostname, g_free);
	return lf_word_hostname(word, word->value, &word->args->hostname);
}

static bool parse_peerdns(const LfNetWord *word)
{
	uint32_t value = 1;

	if (!lf_word_number(word, word->value, 0, 1, &value))
		return false;
	word->args->ignores_dns = value == 0;
	return true;
}

/* 0 is as if it were not given: no time at all would be no network at all. */
static bool parse_carrier(const LfNetWord *word)
{
	return lf_word_number(word, word->value, 0, MAX_TIMEOUT_S, &word->args->carrier_s);
}

static bool parse_address_time(const LfNetWord *word)
{
	return lf_word_number(word, word->value, 0, MAX_TIMEOUT_S, &word->args->address_s);
}

static bool parse_dad(const LfNetWord *word)
{
	return lf_word_number(word, word->value, 0, MAX_TIMEOUT_S, &word->args->dad_s);
}

// --- the line -----------------------------------------------------------------------------------

typedef struct {
	const char *name;
	bool (*parse)(const LfNetWord *word);
	bool is_bare; /* means something without a value */
} Row;

static const Row rows[] = {
	{ "ip", lf_word_parse_ip, false },
	{ "vlan", lf_word_parse_vlan, false },
	{ "bond", lf_word_parse_bond, true },
	{ "bridge", lf_word_parse_bridge, true },
	{ "team", lf_word_parse_team, false },
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
		LfNetWord word = { .word = valid, .args = args, .error = error };
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
