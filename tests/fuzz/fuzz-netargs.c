// Fuzzer: any bytes as the network's words on a kernel command line, up to the files that are made
// of them.
#include <string.h>

#include "installer/plan/net.h"
#include "installer/plan/netargs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_nic(GPtrArray *nics, const char *name, const char *mac)
{
	LfFactNic *nic = g_new0(LfFactNic, 1);

	nic->name = g_strdup(name);
	nic->mac = g_strdup(mac);
	nic->has_carrier = nics->len == 1;
	g_ptr_array_add(nics, nic);
}

/* No name or value breaks out of its line. */
static void try_units(const LfNet *net)
{
	g_autoptr(GPtrArray) units = lf_net_units(net);
	g_autofree char *conf = lf_net_dhcpcd_conf(net);

	g_assert(units->len >= net->links->len);
	for (guint i = 0; i < units->len; i++) {
		const LfNetUnit *unit = units->pdata[i];

		g_assert(!strpbrk(unit->name, "/ \n") && strlen(unit->name) < 64);
		g_assert(!strpbrk(unit->text, "\"\\"));
	}
	g_assert(!strpbrk(conf, "?[\\"));
}

static void try_order(const LfNet *net)
{
	for (guint i = 0; i < net->links->len; i++) {
		const LfNetLink *link = net->links->pdata[i];

		g_assert(link->name || i + 1 == net->links->len);
		g_assert(!link->name || lf_ifname_fits(link->name));
		for (guint j = i + 1; j < net->links->len; j++) {
			const LfNetLink *later = net->links->pdata[j];

			g_assert(g_strcmp0(link->name, later->name) != 0);
			g_assert(!link->parent || g_strcmp0(link->parent, later->name) != 0);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *text = g_strndup((const char *)data, size);
	g_autoptr(GPtrArray) nics =
		g_ptr_array_new_with_free_func((GDestroyNotify)lf_fact_nic_free);
	g_autofree char *words = lf_netargs_words(text);
	g_autoptr(GError) error = NULL;
	g_autoptr(LfNet) net = NULL;
	g_autoptr(LfNet) again = NULL;
	g_autoptr(json_t) json = NULL;
	g_autoptr(json_t) json_again = NULL;

	add_nic(nics, "eth0", "52:54:00:00:00:10");
	add_nic(nics, "eth1", "52:54:00:00:00:11");
	net = lf_net_plan(NULL, text, nics, &error);
	g_assert((net != NULL) == (error == NULL));
	again = lf_net_plan(NULL, words, nics, NULL);
	g_assert((net != NULL) == (again != NULL));
	if (!net)
		return 0;
	try_units(net);
	try_order(net);
	json = lf_net_to_json(net);
	json_again = lf_net_to_json(again);
	// Facts carry only the network's words, and they mean the same.
	g_assert(json_equal(json, json_again));
	return 0;
}
