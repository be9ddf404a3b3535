// Which link lies on which, and in what order they are made.
// Not here: which links there are (net-plan.c).
#include "installer/plan/net-graph.h"

#include <string.h>

#define MAX_LINKS 512
#define USUAL_MTU 1500

static bool is_member(const LfNetLink *link, const char *name)
{
	return name && g_strv_contains((const char *const *)link->members, name);
}

static bool lies_on(const LfNetLink *link, const char *name)
{
	return name && (g_strcmp0(link->parent, name) == 0 || is_member(link, name));
}

static LfNetLink *find(const GPtrArray *links, const char *name)
{
	for (guint i = 0; i < links->len; i++) {
		LfNetLink *link = links->pdata[i];

		if (g_strcmp0(link->name, name) == 0)
			return link;
	}
	return NULL;
}

// --- checks -------------------------------------------------------------------------------------

/* A member belongs to its master alone. */
static bool check_member(const LfNet *net, const LfNetLink *master, const char *name,
			 GError **error)
{
	const LfNetLink *own = find(net->links, name);

	if (own && !lf_net_is_bare(own))
		return lf_throw(error, LF_ERROR_INPUT,
				"'%s' is a member of '%s' and has addresses of its own: give them "
				"to '%s'",
				name, master->name, master->name);
	for (guint i = 0; i < net->links->len; i++) {
		const LfNetLink *other = net->links->pdata[i];

		if (other == master || !lies_on(other, name))
			continue;
		return lf_throw(error, LF_ERROR_INPUT,
				"'%s' is below both '%s' and '%s': leave it to one of them", name,
				master->name, other->name);
	}
	return true;
}

static bool check_link(const LfNet *net, const LfNetLink *link, GError **error)
{
	bool is_group = link->kind == LF_LINK_BOND || link->kind == LF_LINK_BRIDGE;

	if (is_group && !*link->members)
		return lf_throw(error, LF_ERROR_INPUT, "'%s' has no members: name them",
				link->name);
	for (char **member = link->members; *member; member++) {
		if (is_member(&(LfNetLink){ .members = member + 1 }, *member))
			return lf_throw(error, LF_ERROR_INPUT,
					"'%s' is a member of '%s' twice: remove one", *member,
					link->name);
		if (!check_member(net, link, *member, error))
			return false;
	}
	return true;
}

// --- order --------------------------------------------------------------------------------------

/* Nothing that @link lies on is left in @waiting. */
static bool is_ready(const GPtrArray *waiting, const LfNetLink *link)
{
	for (guint i = 0; i < waiting->len; i++) {
		const LfNetLink *other = waiting->pdata[i];

		if (lies_on(link, other->name) || (!link->name && other != link))
			return false;
	}
	return true;
}

static LfNetLink *take_ready(GPtrArray *waiting)
{
	for (guint i = 0; i < waiting->len; i++) {
		LfNetLink *link = waiting->pdata[i];

		if (!is_ready(waiting, link))
			continue;
		g_ptr_array_remove_index(waiting, i);
		return link;
	}
	return NULL;
}

static bool throw_ring(const GPtrArray *waiting, GError **error)
{
	const LfNetLink *first = waiting->pdata[0];

	return lf_throw(error, LF_ERROR_INPUT,
			"'%s' lies on itself: say what it lies on by a card's name", first->name);
}

bool lf_net_graph_sort(LfNet *net, GError **error)
{
	g_autoptr(GPtrArray) waiting = g_ptr_array_new();
	g_autoptr(GPtrArray) sorted = g_ptr_array_new();

	if (net->links->len > MAX_LINKS)
		return lf_throw(error, LF_ERROR_INPUT, "more than %d interfaces", MAX_LINKS);
	for (guint i = 0; i < net->links->len; i++) {
		g_ptr_array_add(waiting, net->links->pdata[i]);
		if (!check_link(net, net->links->pdata[i], error))
			return false;
	}
	while (waiting->len > 0) {
		LfNetLink *link = take_ready(waiting);

		if (!link)
			return throw_ring(waiting, error);
		g_ptr_array_add(sorted, link);
	}
	for (guint i = 0; i < sorted->len; i++)
		net->links->pdata[i] = sorted->pdata[i];
	return true;
}

static bool carry_one(LfNetLink *below, const LfNetLink *above, GError **error)
{
	below->is_onboot |= above->is_onboot;
	below->is_activate |= above->is_activate;
	if (below->mtu == 0 && above->mtu > USUAL_MTU)
		below->mtu = above->mtu;
	if (below->mtu && above->mtu > below->mtu)
		return lf_throw(error, LF_ERROR_INPUT,
				"'%s' has an MTU of %u, and '%s' below it one of %u: make it "
				"larger",
				above->name, above->mtu, below->name, below->mtu);
	return true;
}

bool lf_net_graph_carry(LfNet *net, GError **error)
{
	for (guint i = net->links->len; i-- > 0;)
		for (guint j = 0; j < i; j++)
			if (lies_on(net->links->pdata[i],
				    ((LfNetLink *)net->links->pdata[j])->name) &&
			    !carry_one(net->links->pdata[j], net->links->pdata[i], error))
				return false;
	return true;
}
