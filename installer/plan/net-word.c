// Links of the kernel command line's words.
// Not here: reading the words (netargs.c), which card a device is (net-card.c).
#include <string.h>

#include "installer/plan/net-options.h"
#include "installer/plan/net-planner.h"

static bool is_of_kickstart(const LfNetPlanner *planner, const LfNetLink *link)
{
	guint index;

	return g_ptr_array_find(planner->net->links, link, &index) && index < planner->n_kickstart;
}

LfNetLink *lf_net_word_link(LfNetPlanner *planner, LfLinkKind kind, const char *name)
{
	LfNetLink *link = lf_net_link_new(kind, name);

	link->is_onboot = link->is_activate = true;
	link->ignores_dns4 = link->ignores_dns6 = planner->args->ignores_dns;
	g_ptr_array_add(planner->net->links, link);
	return link;
}

bool lf_net_word_prefix(GError **error, const char *word)
{
	return lf_prefix(error, "kernel command line, '%.128s'", word);
}

static bool fill_virtual(const LfNetPlanner *planner, const LfVirtualArg *arg, LfNetLink *link,
			 GError **error)
{
	link->mtu = arg->mtu;
	if (arg->kind == LF_LINK_VLAN) {
		link->vlan_id = arg->vlan_id;
		link->parent = lf_card_resolve(planner, arg->parent, NULL, error);
		return link->parent != NULL;
	}
	return lf_card_resolve_all(planner, arg->members, NULL, &link->members, error) &&
	       lf_net_options_set(link, arg->options, error);
}

static bool add_virtual(LfNetPlanner *planner, const LfVirtualArg *arg, GError **error)
{
	LfNetLink *link = lf_net_find(planner->net, arg->name);

	if (link && is_of_kickstart(planner, link))
		return true;
	if (link)
		return lf_throw(error, LF_ERROR_INPUT,
				"kernel command line, '%.128s': '%s' is already there: remove one",
				arg->word, arg->name);
	link = lf_net_word_link(planner, arg->kind, arg->name);
	return fill_virtual(planner, arg, link, error) || lf_net_word_prefix(error, arg->word);
}

static bool set_mode(LfIpMode *mode, LfIpMode wanted, const LfIpArg *arg, GError **error)
{
	if (wanted == LF_IP_NONE)
		return true;
	if (*mode != LF_IP_NONE && (*mode != wanted || wanted == LF_IP_STATIC))
		return lf_throw(error, LF_ERROR_INPUT,
				"kernel command line, '%.128s': the interface already has an "
				"address of this family: remove one of the words",
				arg->word);
	*mode = wanted;
	return true;
}

static bool fill_from_ip(const LfIpArg *arg, LfNetLink *link, GError **error)
{
	if (!set_mode(&link->ipv4, arg->ipv4, arg, error) ||
	    !set_mode(&link->ipv6, arg->ipv6, arg, error))
		return false;
	if (arg->address)
		lf_net_texts_add(&link->addresses, arg->address);
	if (arg->gateway && strchr(arg->gateway, ':'))
		link->gateway6 = g_strdup(arg->gateway);
	else if (arg->gateway)
		link->gateway4 = g_strdup(arg->gateway);
	lf_net_texts_add_all(&link->nameservers, arg->nameservers);
	if (arg->mtu)
		link->mtu = arg->mtu;
	if (arg->new_mac) {
		g_free(link->new_mac);
		link->new_mac = g_strdup(arg->new_mac);
	}
	return true;
}

/* The device of an `ip=` word; NULL: every Ethernet card. */
static const char *device_of(const LfNetPlanner *planner, const LfIpArg *arg)
{
	if (arg->device)
		return arg->device;
	if (planner->args->bootif)
		return "bootif";
	return arg->address || arg->new_mac ? "link" : NULL;
}

static bool add_ip(LfNetPlanner *planner, const LfIpArg *arg, GError **error)
{
	const char *device = device_of(planner, arg);
	g_autofree char *name = device ? lf_card_resolve(planner, device, NULL, error) : NULL;
	LfNetLink *link;

	if (device && !name)
		return lf_net_word_prefix(error, arg->word);
	link = lf_net_find(planner->net, name);
	if (link && is_of_kickstart(planner, link))
		return true;
	if (!link) {
		link = lf_net_word_link(planner, LF_LINK_ETHERNET, name);
		if (name)
			lf_card_bind(planner, link, device, false);
	}
	return fill_from_ip(arg, link, error);
}

static bool is_below_another(const LfNet *net, const LfNetLink *link)
{
	for (guint i = 0; i < net->links->len; i++) {
		const LfNetLink *other = net->links->pdata[i];

		if (g_strcmp0(other->parent, link->name) == 0 ||
		    g_strv_contains((const char *const *)other->members, link->name))
			return true;
	}
	return false;
}

/* What is made on the command line, with nothing on it and no address of its own, gets what `ip=`
 * gives to every device, or all that can be got. */
static void fill_tops(LfNetPlanner *planner)
{
	const LfNetLink *any = lf_net_find(planner->net, NULL);

	for (guint i = planner->n_kickstart; i < planner->net->links->len; i++) {
		LfNetLink *link = planner->net->links->pdata[i];

		if (link->kind == LF_LINK_ETHERNET || !lf_net_is_bare(link) ||
		    is_below_another(planner->net, link))
			continue;
		link->ipv4 = any ? any->ipv4 : LF_IP_DHCP;
		link->ipv6 = any ? any->ipv6 : LF_IP_AUTO;
	}
}

/* The default route is that of `bootdev=` alone. */
static bool apply_bootdev(LfNetPlanner *planner, GError **error)
{
	const char *device = planner->args->bootdev;
	const LfNetLink *any = lf_net_find(planner->net, NULL);
	g_autofree char *name = device ? lf_card_resolve(planner, device, NULL, error) : NULL;
	LfNetLink *link;

	if (!device)
		return true;
	if (!name)
		return lf_prefix(error, "kernel command line, 'bootdev='");
	if (!lf_net_find(planner->net, name)) {
		link = lf_net_word_link(planner, LF_LINK_ETHERNET, name);
		link->ipv4 = any ? any->ipv4 : LF_IP_DHCP;
		link->ipv6 = any ? any->ipv6 : LF_IP_AUTO;
		lf_card_bind(planner, link, device, false);
	}
	for (guint i = planner->n_kickstart; i < planner->net->links->len; i++) {
		link = planner->net->links->pdata[i];
		if (g_strcmp0(link->name, name) == 0)
			continue;
		link->has_no_default_route = true;
		g_clear_pointer(&link->gateway4, g_free);
		g_clear_pointer(&link->gateway6, g_free);
	}
	return true;
}

bool lf_net_words_add(LfNetPlanner *planner, GError **error)
{
	const LfNetArgs *args = planner->args;

	for (guint i = 0; i < args->virtuals->len; i++)
		if (!add_virtual(planner, args->virtuals->pdata[i], error))
			return false;
	for (guint i = 0; i < args->ips->len; i++)
		if (!add_ip(planner, args->ips->pdata[i], error))
			return false;
	fill_tops(planner);
	return apply_bootdev(planner, error);
}
