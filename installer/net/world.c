// What the kernel knows of links, addresses and routes, read through libnl-route.
// Not here: changing it (links.c), judging it (state.c).
#include "installer/net/world.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/route.h>
#include <string.h>
#include <sys/socket.h>

#define MAX_DUMPS	4
#define MAX_DRAIN_READS 1024

typedef struct nl_cache NlCache;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NlCache, nl_cache_free)

// What the kernel will never take does not heal by waiting.
static LfErrorCode code_of_nl(int code)
{
	switch (-code) {
	case NLE_INVAL:
	case NLE_RANGE:
	case NLE_OPNOTSUPP:
		return LF_ERROR_TARGET;
	default:
		return LF_ERROR_NETWORK;
	}
}

bool lf_throw_nl(GError **error, int code, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	return lf_throw(error, code_of_nl(code), "%s: %s", text, nl_geterror(code));
}

// --- values -------------------------------------------------------------------------------------

static void address_free(void *data)
{
	LfWorldAddress *address = data;

	g_free(address->text);
	g_free(address);
}

static void link_free(void *data)
{
	LfWorldLink *link = data;

	g_free(link->name);
	g_free(link->mac);
	g_free(link->kind);
	g_ptr_array_unref(link->addresses);
	g_free(link);
}

LfWorld *lf_world_new(void)
{
	LfWorld *world = g_new0(LfWorld, 1);

	world->links = g_ptr_array_new_with_free_func(link_free);
	return world;
}

void lf_world_free(LfWorld *world)
{
	if (!world)
		return;
	g_ptr_array_unref(world->links);
	g_free(world);
}

LfWorldLink *lf_world_add(LfWorld *world, const char *name)
{
	LfWorldLink *link = g_new0(LfWorldLink, 1);

	link->name = g_strdup(name);
	link->addresses = g_ptr_array_new_with_free_func(address_free);
	g_ptr_array_add(world->links, link);
	return link;
}

LfWorldLink *lf_world_find(const LfWorld *world, const char *name)
{
	for (guint i = 0; i < world->links->len; i++) {
		LfWorldLink *link = g_ptr_array_index(world->links, i);

		if (strcmp(link->name, name) == 0)
			return link;
	}
	return NULL;
}

// Containers and network namespaces have veth and macvlan where a machine has cards.
bool lf_world_is_card(const LfWorldLink *link)
{
	static const char *const kinds[] = { "veth", "macvlan", NULL };

	return link->is_ethernet && (!link->kind || g_strv_contains(kinds, link->kind));
}

// --- sockets ------------------------------------------------------------------------------------

struct nl_sock *lf_world_connect(GError **error)
{
	g_autoptr(NlSock) socket = nl_socket_alloc();
	int code = socket ? nl_connect(socket, NETLINK_ROUTE) : -NLE_NOMEM;

	if (code < 0) {
		lf_throw_nl(error, code, "cannot ask the kernel for its network");
		return NULL;
	}
	return g_steal_pointer(&socket);
}

struct nl_sock *lf_world_listen(GError **error)
{
	g_autoptr(NlSock) socket = lf_world_connect(error);
	int code;

	if (!socket)
		return NULL;
	code = nl_socket_add_memberships(socket, RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR,
					 RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE,
					 RTNLGRP_IPV6_ROUTE, RTNLGRP_NONE);
	if (code >= 0)
		code = nl_socket_set_nonblocking(socket);
	if (code < 0) {
		lf_throw_nl(error, code, "cannot listen for changes of the network");
		return NULL;
	}
	return g_steal_pointer(&socket);
}

// What changed is looked up anew, so that a lost message (ENOBUFS) loses nothing.
void lf_world_drain(struct nl_sock *socket)
{
	char message[16384];

	for (unsigned i = 0; i < MAX_DRAIN_READS; i++)
		if (recv(nl_socket_get_fd(socket), message, sizeof message, MSG_DONTWAIT) < 0 &&
		    errno != ENOBUFS && errno != EINTR)
			return;
}

// --- reading ------------------------------------------------------------------------------------

typedef int (*Dump)(struct nl_sock *socket, struct nl_cache **ret_cache);

static int dump_links(struct nl_sock *socket, struct nl_cache **ret_cache)
{
	return rtnl_link_alloc_cache(socket, AF_UNSPEC, ret_cache);
}

static int dump_addresses(struct nl_sock *socket, struct nl_cache **ret_cache)
{
	return rtnl_addr_alloc_cache(socket, ret_cache);
}

static int dump_routes(struct nl_sock *socket, struct nl_cache **ret_cache)
{
	return rtnl_route_alloc_cache(socket, AF_UNSPEC, 0, ret_cache);
}

// The kernel says so when something changed while it was telling.
static NlCache *load(struct nl_sock *socket, Dump dump, const char *what, GError **error)
{
	NlCache *cache = NULL;
	int code = -NLE_DUMP_INTR;

	for (unsigned i = 0; i < MAX_DUMPS && code == -NLE_DUMP_INTR; i++)
		code = dump(socket, &cache);
	if (code >= 0)
		return cache;
	lf_throw_nl(error, code, "cannot read the kernel's %s", what);
	return NULL;
}

static void read_link(struct nl_object *object, void *data)
{
	struct rtnl_link *from = (struct rtnl_link *)object;
	const char *name = rtnl_link_get_name(from);
	unsigned flags = rtnl_link_get_flags(from);
	struct nl_addr *mac = rtnl_link_get_addr(from);
	const char *kind = rtnl_link_get_type(from);
	LfWorldLink *link;
	char text[64];

	if (!name)
		return;
	link = lf_world_add(data, name);
	link->index = rtnl_link_get_ifindex(from);
	link->mac = mac ? g_strdup(nl_addr2str(mac, text, sizeof text)) : NULL;
	link->kind = g_strdup(kind);
	link->is_ethernet = rtnl_link_get_arptype(from) == ARPHRD_ETHER;
	link->is_up = (flags & IFF_UP) != 0;
	link->has_carrier = (flags & IFF_UP) && (flags & IFF_LOWER_UP);
	link->master = rtnl_link_get_master(from);
}

static LfWorldLink *find_index(const LfWorld *world, int index)
{
	for (guint i = 0; i < world->links->len; i++) {
		LfWorldLink *link = g_ptr_array_index(world->links, i);

		if (link->index == index)
			return link;
	}
	return NULL;
}

static bool is_link_local(struct nl_addr *address)
{
	const unsigned char *bytes = nl_addr_get_binary_addr(address);

	if (nl_addr_get_family(address) == AF_INET)
		return bytes[0] == 169 && bytes[1] == 254;
	return bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
}

// libnl leaves out the prefix of a host's address.
static char *address_text(struct nl_addr *address, unsigned prefix)
{
	char text[128];
	char *slash;

	nl_addr2str(address, text, sizeof text);
	slash = strchr(text, '/');
	if (slash)
		*slash = '\0';
	return g_strdup_printf("%s/%u", text, prefix);
}

static void read_address(struct nl_object *object, void *data)
{
	struct rtnl_addr *from = (struct rtnl_addr *)object;
	LfWorldLink *link = find_index(data, rtnl_addr_get_ifindex(from));
	struct nl_addr *local = rtnl_addr_get_local(from);
	unsigned flags = rtnl_addr_get_flags(from);
	LfWorldAddress *address;

	if (!link || !local ||
	    (nl_addr_get_family(local) != AF_INET && nl_addr_get_family(local) != AF_INET6))
		return;
	address = g_new0(LfWorldAddress, 1);
	address->family = nl_addr_get_family(local);
	address->text = address_text(local, (unsigned)rtnl_addr_get_prefixlen(from));
	address->is_link_local = is_link_local(local);
	address->is_failed = (flags & IFA_F_DADFAILED) != 0;
	address->is_tentative = (flags & IFA_F_TENTATIVE) && !(flags & IFA_F_OPTIMISTIC);
	g_ptr_array_add(link->addresses, address);
}

typedef struct {
	LfWorld *world;
	int family;
} Default;

static void read_hop(struct rtnl_nexthop *hop, void *data)
{
	const Default *found = data;
	LfWorldLink *link = find_index(found->world, rtnl_route_nh_get_ifindex(hop));

	if (link && found->family == AF_INET)
		link->has_default4 = true;
	else if (link)
		link->has_default6 = true;
}

static void read_route(struct nl_object *object, void *data)
{
	struct rtnl_route *route = (struct rtnl_route *)object;
	struct nl_addr *to = rtnl_route_get_dst(route);
	Default found = { data, rtnl_route_get_family(route) };

	if (rtnl_route_get_table(route) != RT_TABLE_MAIN ||
	    rtnl_route_get_type(route) != RTN_UNICAST || (to && nl_addr_get_prefixlen(to) != 0) ||
	    (found.family != AF_INET && found.family != AF_INET6))
		return;
	rtnl_route_foreach_nexthop(route, read_hop, &found);
}

LfWorld *lf_world_load(struct nl_sock *socket, GError **error)
{
	g_autoptr(LfWorld) world = lf_world_new();
	g_autoptr(NlCache) links = load(socket, dump_links, "links", error);
	g_autoptr(NlCache) addresses = NULL;
	g_autoptr(NlCache) routes = NULL;

	if (!links || !(addresses = load(socket, dump_addresses, "addresses", error)) ||
	    !(routes = load(socket, dump_routes, "routes", error)))
		return NULL;
	nl_cache_foreach(links, read_link, world);
	nl_cache_foreach(addresses, read_address, world);
	nl_cache_foreach(routes, read_route, world);
	return g_steal_pointer(&world);
}
