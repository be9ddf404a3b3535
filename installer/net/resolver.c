// The resolver's file: who is asked for names, out of the plan and of what servers and routers say.
// Not here: writing it (network.c).
#include "installer/net/resolver.h"

#include <string.h>

// The resolver of libc looks at no more.
#define MAX_SERVERS 3
#define MAX_SEARCH  6

static void add(GPtrArray *list, char *const *words, guint max)
{
	for (; words && *words && list->len < max; words++)
		if (!g_ptr_array_find_with_equal_func(list, *words, g_str_equal, NULL))
			g_ptr_array_add(list, *words);
}

static bool is_ignored(const GPtrArray *links, const LfLease *lease)
{
	const LfNetLink *found = NULL;

	for (guint i = 0; i < links->len; i++) {
		const LfNetLink *link = g_ptr_array_index(links, i);

		if (!link->name && !found)
			found = link;
		else if (link->name && strcmp(link->name, lease->interface) == 0)
			found = link;
	}
	if (!found)
		return false;
	return lease->kind == LF_LEASE_DHCP4 ? found->ignores_dns4 : found->ignores_dns6;
}

char *lf_resolver_text(const GPtrArray *links, char *const *nameservers, const GPtrArray *leases)
{
	g_autoptr(GPtrArray) servers = g_ptr_array_new();
	g_autoptr(GPtrArray) search = g_ptr_array_new();
	g_autoptr(GString) text = g_string_new("# Written by Landfall for this start.\n");

	for (guint i = 0; i < links->len; i++) {
		const LfNetLink *link = g_ptr_array_index(links, i);

		add(servers, link->nameservers, MAX_SERVERS);
		add(search, link->search, MAX_SEARCH);
	}
	add(servers, nameservers, MAX_SERVERS);
	for (guint i = 0; i < leases->len; i++) {
		const LfLease *lease = g_ptr_array_index(leases, i);

		if (is_ignored(links, lease))
			continue;
		add(servers, lease->nameservers, MAX_SERVERS);
		add(search, lease->search, MAX_SEARCH);
	}
	for (guint i = 0; i < servers->len; i++)
		g_string_append_printf(text, "nameserver %s\n", (char *)servers->pdata[i]);
	for (guint i = 0; i < search->len; i++)
		g_string_append_printf(text, "%s%s%s", i ? " " : "search ",
				       (char *)search->pdata[i], i + 1 < search->len ? "" : "\n");
	// A server that is silent is passed over before the one who asks gives up.
	g_string_append(text, "options timeout:2 attempts:2\n");
	return g_string_free(g_steal_pointer(&text), FALSE);
}
