// What DHCP servers and routers said, from the files that dhcpcd's hook keeps.
// Not here: what is made of it (resolver.c, network.c).
#include "installer/net/lease.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <net/if.h>
#include <string.h>

#include "base/fd.h"

#define MAX_LEASES 256
#define MAX_LABEL  63
#define MAX_NAME   253
// RFC 8415, 11.1: a type of two bytes, then at most 128.
#define MAX_DUID_CHARS (2 * 130)

static const struct {
	const char *suffix;
	LfLeaseKind kind;
} protocols[] = {
	{ ".dhcp", LF_LEASE_DHCP4 },
	{ ".dhcp6", LF_LEASE_DHCP6 },
	{ ".ra", LF_LEASE_RA },
};

bool lf_net_is_address(const char *text)
{
	unsigned char bytes[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

static bool is_link_local(const char *text)
{
	struct in6_addr address;

	return inet_pton(AF_INET6, text, &address) == 1 && IN6_IS_ADDR_LINKLOCAL(&address);
}

bool lf_net_is_name(const char *text)
{
	size_t length = strlen(text);
	size_t label = 0;

	if (length == 0 || length > MAX_NAME || *text == '.' || *text == '-')
		return false;
	for (const char *c = text; *c; c++) {
		if (*c != '.' && !g_ascii_isalnum(*c) && *c != '-' && *c != '_')
			return false;
		if (*c == '.' && (label == 0 || c[-1] == '-'))
			return false;
		label = *c == '.' ? 0 : label + 1;
		if (label > MAX_LABEL)
			return false;
	}
	return true;
}

bool lf_net_is_interface(const char *text)
{
	size_t length = strlen(text);

	if (length == 0 || length >= IFNAMSIZ || strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
		return false;
	for (const char *c = text; *c; c++)
		if (!g_ascii_isgraph(*c) || *c == '/' || *c == ':')
			return false;
	return true;
}

// --- the words behind a name --------------------------------------------------------------------

typedef void (*Take)(LfLease *lease, const char *word);

static void add(char ***list, const char *word)
{
	size_t n = g_strv_length(*list);

	if (n >= LF_LEASE_MAX_WORDS || g_strv_contains((const char *const *)*list, word))
		return;
	*list = g_renew(char *, *list, n + 2);
	(*list)[n] = g_strdup(word);
	(*list)[n + 1] = NULL;
}

// A link-local address means something on its link alone.
static void take_nameserver(LfLease *lease, const char *word)
{
	g_auto(GStrv) parts = g_strsplit(word, "%", 2);
	g_autofree char *scoped = NULL;

	if (!parts[0] || !lf_net_is_address(parts[0]) ||
	    (parts[1] && strcmp(parts[1], lease->interface) != 0))
		return;
	if (is_link_local(parts[0]))
		scoped = g_strdup_printf("%s%%%s", parts[0], lease->interface);
	add(&lease->nameservers, scoped ? scoped : parts[0]);
}

static void take_search(LfLease *lease, const char *word)
{
	if (lf_net_is_name(word))
		add(&lease->search, word);
}

static void take_time_server(LfLease *lease, const char *word)
{
	if (lf_net_is_address(word) || lf_net_is_name(word))
		add(&lease->time_servers, word);
}

static void take_router(LfLease *lease, const char *word)
{
	if (lf_net_is_address(word) && strcmp(word, "0.0.0.0") != 0)
		lease->has_router = true;
}

// Pairs of network and gateway; dhcpcd writes the default as 0.0.0.0/0.
static void take_route(LfLease *lease, const char *word)
{
	if (strcmp(word, "0.0.0.0/0") == 0)
		lease->has_router = true;
}

// How long the router is one by default; 0: not at all.
static void take_lifetime(LfLease *lease, const char *word)
{
	if (g_ascii_strtoull(word, NULL, 10) > 0)
		lease->has_router = true;
}

static void take_flags(LfLease *lease, const char *word)
{
	lease->is_managed |= strchr(word, 'M') != NULL;
	lease->has_other |= strchr(word, 'O') != NULL;
}

static void take_client_id(LfLease *lease, const char *word)
{
	if (lease->client_id || strlen(word) > MAX_DUID_CHARS ||
	    strspn(word, "0123456789abcdefABCDEF") != strlen(word))
		return;
	lease->client_id = g_ascii_strdown(word, -1);
}

// Names as dhcpcd gives them (dhcpcd --variables); routers and their options are numbered.
static const struct {
	LfLeaseKind kind;
	const char *pattern;
	Take take;
} names[] = {
	{ LF_LEASE_DHCP4, "new_domain_name_servers", take_nameserver },
	{ LF_LEASE_DHCP4, "new_domain_search", take_search },
	{ LF_LEASE_DHCP4, "new_domain_name", take_search },
	{ LF_LEASE_DHCP4, "new_ntp_servers", take_time_server },
	{ LF_LEASE_DHCP4, "new_routers", take_router },
	{ LF_LEASE_DHCP4, "new_classless_static_routes", take_route },
	{ LF_LEASE_DHCP4, "new_ms_classless_static_routes", take_route },
	{ LF_LEASE_DHCP6, "new_dhcp6_client_id", take_client_id },
	{ LF_LEASE_DHCP6, "new_dhcp6_name_servers", take_nameserver },
	{ LF_LEASE_DHCP6, "new_dhcp6_domain_search", take_search },
	{ LF_LEASE_DHCP6, "new_dhcp6_sntp_servers", take_time_server },
	{ LF_LEASE_DHCP6, "new_dhcp6_ntp_server_addr", take_time_server },
	{ LF_LEASE_DHCP6, "new_dhcp6_ntp_server_fqdn", take_time_server },
	{ LF_LEASE_RA, "nd*_rdnss*_servers", take_nameserver },
	{ LF_LEASE_RA, "nd*_dnssl*_search", take_search },
	{ LF_LEASE_RA, "nd?_flags", take_flags },
	{ LF_LEASE_RA, "nd??_flags", take_flags },
	{ LF_LEASE_RA, "nd?_lifetime", take_lifetime },
	{ LF_LEASE_RA, "nd??_lifetime", take_lifetime },
};

static void take_line(LfLease *lease, char *line)
{
	char *value = strchr(line, '=');

	if (!value)
		return;
	*value++ = '\0';
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		if (names[i].kind != lease->kind || fnmatch(names[i].pattern, line, 0) != 0)
			continue;
		g_auto(GStrv) words = g_strsplit(value, " ", 4 * LF_LEASE_MAX_WORDS);

		for (char **word = words; *word; word++)
			if (**word)
				names[i].take(lease, *word);
		return;
	}
}

// --- the file -----------------------------------------------------------------------------------

static bool parse_name(const char *name, LfLease *lease)
{
	if (!g_str_has_prefix(name, "lease."))
		return false;
	name += strlen("lease.");
	for (size_t i = 0; i < G_N_ELEMENTS(protocols); i++) {
		if (!g_str_has_suffix(name, protocols[i].suffix))
			continue;
		lease->kind = protocols[i].kind;
		lease->interface = g_strndup(name, strlen(name) - strlen(protocols[i].suffix));
		return lf_net_is_interface(lease->interface);
	}
	return false;
}

LfLease *lf_lease_parse(const char *name, const char *text, GError **error)
{
	g_autoptr(LfLease) lease = g_new0(LfLease, 1);
	g_auto(GStrv) lines = NULL;

	lease->nameservers = g_new0(char *, 1);
	lease->search = g_new0(char *, 1);
	lease->time_servers = g_new0(char *, 1);
	if (!parse_name(name, lease))
		return lf_throw_null(error, LF_ERROR_INPUT, "'%s' is no lease", name);
	lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line; line++)
		take_line(lease, *line);
	return g_steal_pointer(&lease);
}

void lf_lease_free(LfLease *lease)
{
	if (!lease)
		return;
	g_free(lease->interface);
	g_strfreev(lease->nameservers);
	g_strfreev(lease->search);
	g_strfreev(lease->time_servers);
	g_free(lease->client_id);
	g_free(lease);
}

static void load_one(int dir_fd, const char *name, GPtrArray *leases)
{
	g_autofree char *text = lf_read_text_at(dir_fd, name, LF_LEASE_MAX_BYTES, NULL);
	LfLease *lease = text ? lf_lease_parse(name, text, NULL) : NULL;

	if (lease)
		g_ptr_array_add(leases, lease);
}

static int compare(gconstpointer a, gconstpointer b)
{
	const LfLease *left = *(const LfLease *const *)a;
	const LfLease *right = *(const LfLease *const *)b;
	int order = strcmp(left->interface, right->interface);

	return order ? order : (int)left->kind - (int)right->kind;
}

GPtrArray *lf_leases_load(int dir_fd)
{
	GPtrArray *leases = g_ptr_array_new_with_free_func((GDestroyNotify)lf_lease_free);
	int copy = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
	struct dirent *entry;

	if (!dir) {
		lf_close_fd(&copy);
		return leases;
	}
	while (leases->len < MAX_LEASES && (entry = readdir(dir)))
		if (g_str_has_prefix(entry->d_name, "lease."))
			load_one(dir_fd, entry->d_name, leases);
	closedir(dir);
	g_ptr_array_sort(leases, compare);
	return leases;
}

// DUID-LL on Ethernet. Source: RFC 8415, 11.4
bool lf_leases_know(const GPtrArray *leases, const char *mac)
{
	g_auto(GStrv) bytes = g_strsplit(mac, ":", -1);
	g_autofree char *digits = g_strjoinv("", bytes);
	g_autofree char *duid = g_strconcat("00030001", digits, NULL);

	for (guint i = 0; i < leases->len; i++) {
		const LfLease *lease = g_ptr_array_index(leases, i);

		if (lease->client_id && g_ascii_strcasecmp(lease->client_id, duid) != 0)
			return false;
	}
	return true;
}
