// Fuzzer: any bytes as a lease that dhcpcd's hook wrote, on each protocol.
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "installer/net/lease.h"
#include "installer/net/resolver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_words(char **words)
{
	g_assert(g_strv_length(words) <= LF_LEASE_MAX_WORDS);
	for (; *words; words++)
		for (const char *c = *words; *c; c++)
			g_assert(g_ascii_isalnum(*c) || strchr(".:-_%", *c));
}

// The text is the resolver's: one word of ours at the begin of each line, whatever was said.
static void check_resolver(GPtrArray *leases)
{
	static const char *const words[] = { "#", "nameserver ", "search ", "options " };
	g_autoptr(GPtrArray) links = g_ptr_array_new();
	g_autofree char *text = lf_resolver_text(links, NULL, leases);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line && **line; line++) {
		bool is_known = false;

		for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
			is_known |= g_str_has_prefix(*line, words[i]);
		g_assert(is_known);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "lease.eth0.dhcp", "lease.eth0.dhcp6",
					     "lease.eth0.ra" };
	g_autofree char *text = g_strndup((const char *)data, size);
	g_autoptr(GPtrArray) leases = g_ptr_array_new_with_free_func((GDestroyNotify)lf_lease_free);
	LfLease *named = lf_lease_parse(text, "", NULL);

	lf_lease_free(named);
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		LfLease *lease = lf_lease_parse(names[i], text, NULL);

		check_words(lease->nameservers);
		check_words(lease->search);
		check_words(lease->time_servers);
		g_ptr_array_add(leases, lease);
	}
	check_resolver(leases);
	return 0;
}
