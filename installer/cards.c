// Waiting for network cards: brought up, looked at, and looked at again when a link has changed.
// Not here: what is wanted of them (installer/plan), configuring them (installer/net).
#include "installer/cards.h"

#include "installer/net/links.h"
#include "installer/plan/netargs.h"
#include "installer/plan/template.h"
#include "installer/probe/probe.h"

#define DEVICES_TIMEOUT_MS 30000
// The step that waits has a deadline too (installer/plan/deadline.c).
#define MAX_CARRIER_S 600

struct LfCards {
	const LfHost *host;
	int64_t deadline_us;
	GPtrArray *seen; /* LfFactNic; nullable */
	LfLinks *links;	 /* nullable: nobody had to wait */
};

LfCards *lf_cards_new(const LfHost *host)
{
	LfCards *cards = g_new0(LfCards, 1);
	unsigned carrier_s = MIN(lf_net_carrier_s(host->cmdline), MAX_CARRIER_S);

	// A device that never settles must not keep the others from being used.
	(void)lf_host_wait_devices(host, DEVICES_TIMEOUT_MS, NULL);
	cards->host = host;
	cards->deadline_us = g_get_monotonic_time() + carrier_s * G_USEC_PER_SEC;
	return cards;
}

GPtrArray *lf_cards_look(LfCards *cards)
{
	g_clear_pointer(&cards->seen, g_ptr_array_unref);
	cards->seen = lf_probe_nics(cards->host);
	return g_ptr_array_ref(cards->seen);
}

// What changed before somebody listened is seen by looking once more.
bool lf_cards_wait(LfCards *cards)
{
	bool is_first = !cards->links;

	if (is_first)
		cards->links = lf_links_new(cards->host->root_fd, NULL);
	if (!cards->links)
		return false;
	lf_links_wake(cards->links, cards->seen);
	return is_first || lf_links_wait_change(cards->links, cards->deadline_us);
}

void lf_cards_free(LfCards *cards)
{
	if (!cards)
		return;
	g_clear_pointer(&cards->seen, g_ptr_array_unref);
	lf_links_free(cards->links);
	g_free(cards);
}

// --- the plan -----------------------------------------------------------------------------------

static const char *first_with_carrier(const GPtrArray *nics)
{
	for (guint i = 0; i < nics->len; i++) {
		const LfFactNic *nic = nics->pdata[i];

		if (nic->has_carrier)
			return nic->name;
	}
	return NULL;
}

void lf_cards_prefer(GPtrArray *nics, const char *link)
{
	guint n = 0;

	while (n < nics->len && g_strcmp0(((LfFactNic *)nics->pdata[n])->name, link) != 0)
		n++;
	if (n == nics->len || !((LfFactNic *)nics->pdata[n])->has_carrier)
		return;
	while (n-- > 0)
		((LfFactNic *)nics->pdata[n])->has_carrier = false;
}

// A card may still appear, and a cable may still be plugged in; what is written does not change.
static bool may_come(const GError *error)
{
	return g_error_matches(error, LF_ERROR, LF_ERROR_TARGET) ||
	       g_error_matches(error, LF_ERROR, LF_ERROR_NETWORK);
}

LfNet *lf_cards_plan(const LfHost *host, const LfProfile *profile, char **inout_link,
		     GError **error)
{
	g_autoptr(LfCards) cards = lf_cards_new(host);
	g_autoptr(GError) local = NULL;
	LfNet *net;

	do {
		g_autoptr(GPtrArray) nics = lf_cards_look(cards);

		lf_cards_prefer(nics, *inout_link);
		g_clear_error(&local);
		net = lf_net_plan(profile, host->cmdline, nics, &local);
		g_free(*inout_link);
		*inout_link = g_strdup(first_with_carrier(nics));
	} while (!net && may_come(local) && lf_cards_wait(cards));
	if (local)
		g_propagate_error(error, g_steal_pointer(&local));
	return net;
}

// --- who the machine is -------------------------------------------------------------------------

static bool is_known(const GPtrArray *nics, const char *bootif)
{
	for (guint i = 0; bootif && i < nics->len; i++) {
		const LfFactNic *nic = nics->pdata[i];

		if (nic->mac && g_ascii_strcasecmp(nic->mac, bootif) == 0)
			return true;
	}
	return !bootif && lf_template_mac(nics, NULL);
}

void lf_cards_await_mac(const LfHost *host)
{
	g_autoptr(LfCards) cards = lf_cards_new(host);
	g_autofree char *bootif = lf_net_bootif(host->cmdline);
	bool is_over = false;

	while (!is_over) {
		g_autoptr(GPtrArray) nics = lf_cards_look(cards);

		is_over = is_known(nics, bootif) || !lf_cards_wait(cards);
	}
}
