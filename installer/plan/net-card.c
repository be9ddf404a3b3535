// Which card of the machine a word means, and what the card is called in the end.
// Not here: which links there are (net-line.c, net-word.c).
#include <string.h>

#include "base/address.h"
#include "installer/plan/net-planner.h"
#include "installer/plan/text.h"

/* The name that `ifname=` gives a card; NULL when it keeps its own. */
static const char *name_given(const LfNetPlanner *planner, const LfFactNic *nic)
{
	g_autofree char *mac = nic->mac ? lf_mac_parse(nic->mac) : NULL;

	for (guint i = 0; mac && i < planner->args->names->len; i++) {
		const LfNameArg *arg = planner->args->names->pdata[i];

		if (strcmp(arg->mac, mac) == 0)
			return arg->name;
	}
	return NULL;
}

const char *lf_card_name(const LfNetPlanner *planner, const LfFactNic *nic)
{
	const char *name = name_given(planner, nic);

	return name ? name : nic->name;
}

const LfFactNic *lf_card_by_name(const LfNetPlanner *planner, const char *name)
{
	for (guint i = 0; i < planner->nics->len; i++)
		if (strcmp(lf_card_name(planner, planner->nics->pdata[i]), name) == 0)
			return planner->nics->pdata[i];
	return NULL;
}

static const LfFactNic *card_by_mac(const LfNetPlanner *planner, const char *mac)
{
	for (guint i = 0; i < planner->nics->len; i++) {
		const LfFactNic *nic = planner->nics->pdata[i];

		if (nic->mac && g_ascii_strcasecmp(nic->mac, mac) == 0)
			return nic;
	}
	return NULL;
}

static const LfFactNic *card_with_carrier(const LfNetPlanner *planner)
{
	if (planner->nics->len == 1)
		return planner->nics->pdata[0];
	for (guint i = 0; i < planner->nics->len; i++) {
		const LfFactNic *nic = planner->nics->pdata[i];

		if (nic->has_carrier)
			return nic;
	}
	return planner->is_for_later && planner->nics->len ? planner->nics->pdata[0] : NULL;
}

static char *list_cards(const LfNetPlanner *planner)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < planner->nics->len && i < 32; i++) {
		const LfFactNic *nic = planner->nics->pdata[i];

		g_string_append_printf(text, "%s%.32s%s%.32s%s%s", i ? ", " : ": it has ",
				       lf_card_name(planner, nic), nic->mac ? " (" : "",
				       nic->mac ? nic->mac : "", nic->mac ? ")" : "",
				       nic->has_carrier ? " with carrier" : "");
	}
	if (text->len == 0)
		g_string_append(text, ": it has none");
	return g_string_free(g_steal_pointer(&text), FALSE);
}

const LfFactNic *lf_card_need(const LfNetPlanner *planner, const LfFactNic *nic, const char *what,
			      const LfPlace *place, GError **error)
{
	g_autofree char *cards = nic ? NULL : list_cards(planner);

	if (!nic)
		lf_throw_at(error, LF_ERROR_TARGET, place,
			    "'%s' fits no network card of this machine%s", what, cards);
	return nic;
}

static const LfFactNic *card_by_carrier(const LfNetPlanner *planner, const LfPlace *place,
					GError **error)
{
	const LfFactNic *nic = card_with_carrier(planner);
	g_autofree char *cards = nic ? NULL : list_cards(planner);

	if (nic)
		return nic;
	lf_throw_at(error, planner->nics->len ? LF_ERROR_NETWORK : LF_ERROR_TARGET, place,
		    "no network card has a carrier: plug a cable in, or name the device%s", cards);
	return NULL;
}

static const LfFactNic *card_by_bootif(const LfNetPlanner *planner, const LfPlace *place,
				       GError **error)
{
	const char *mac = planner->args->bootif;

	if (!mac) {
		lf_throw_at(error, LF_ERROR_INPUT, place,
			    "'bootif' needs the word 'BOOTIF=' on the kernel command line");
		return NULL;
	}
	return lf_card_need(planner, card_by_mac(planner, mac), mac, place, error);
}

/* The card that a word other than a name means; NULL without an error for a name. */
static const LfFactNic *card_of_word(const LfNetPlanner *planner, const char *device,
				     const LfPlace *place, bool *ret_is_word, GError **error)
{
	g_autofree char *mac = lf_mac_parse(device);

	*ret_is_word = true;
	if (mac)
		return lf_card_need(planner, card_by_mac(planner, mac), mac, place, error);
	if (strcmp(device, "link") == 0)
		return card_by_carrier(planner, place, error);
	if (strcmp(device, "bootif") == 0)
		return card_by_bootif(planner, place, error);
	*ret_is_word = false;
	return NULL;
}

char *lf_card_resolve(const LfNetPlanner *planner, const char *device, const LfPlace *place,
		      GError **error)
{
	bool is_word;
	const LfFactNic *nic = card_of_word(planner, device, place, &is_word, error);

	if (is_word)
		return nic ? g_strdup(lf_card_name(planner, nic)) : NULL;
	return g_strdup(device);
}

bool lf_card_resolve_all(const LfNetPlanner *planner, char **devices, const LfPlace *place,
			 char ***list, GError **error)
{
	for (; *devices; devices++) {
		g_autofree char *name = lf_card_resolve(planner, *devices, place, error);

		if (!name)
			return false;
		lf_net_texts_add(list, name);
	}
	return true;
}

void lf_card_bind(const LfNetPlanner *planner, LfNetLink *link, const char *device, bool is_bound)
{
	const LfFactNic *nic = link->name ? lf_card_by_name(planner, link->name) : NULL;

	if (link->kind != LF_LINK_ETHERNET || !nic || !nic->mac)
		return;
	link->is_renamed = name_given(planner, nic) != NULL;
	if (is_bound || link->is_renamed || strchr(device, ':') || strcmp(device, "bootif") == 0)
		link->mac = lf_mac_parse(nic->mac);
}

bool lf_card_check_names(const LfNetPlanner *planner, GError **error)
{
	const GPtrArray *names = planner->args->names;

	for (guint i = 0; i < names->len; i++) {
		const LfNameArg *arg = names->pdata[i];

		if (!lf_card_need(planner, card_by_mac(planner, arg->mac), arg->mac, NULL, error))
			return lf_prefix(error, "kernel command line, 'ifname=%s:…'", arg->name);
		for (guint j = 0; j < i; j++) {
			const LfNameArg *other = names->pdata[j];

			if (strcmp(other->name, arg->name) == 0 ||
			    strcmp(other->mac, arg->mac) == 0)
				return lf_throw(error, LF_ERROR_INPUT,
						"kernel command line: '%s' and '%s' are one card "
						"or one name: remove an 'ifname='",
						other->name, arg->name);
		}
	}
	return true;
}
