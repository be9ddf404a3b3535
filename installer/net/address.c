// Addresses and routes of one interface, given and taken through libnl-route.
// Not here: links (links.c), duplicate addresses (state.c judges them).
#include "installer/net/address.h"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/route.h>
#include <string.h>
#include <sys/socket.h>

#define MAX_LEFT 4096

typedef struct nl_cache NlCache;
typedef struct nl_addr NlAddr;
typedef struct rtnl_addr RtnlAddr;
typedef struct rtnl_route RtnlRoute;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NlCache, nl_cache_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NlAddr, nl_addr_put)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RtnlAddr, rtnl_addr_put)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RtnlRoute, rtnl_route_put)

// --- taking -------------------------------------------------------------------------------------

typedef struct {
	struct nl_sock *socket;
	int index;
} Flush;

static bool is_link_local6(struct nl_addr *address)
{
	const unsigned char *bytes = nl_addr_get_binary_addr(address);

	return nl_addr_get_family(address) == AF_INET6 && bytes[0] == 0xfe &&
	       (bytes[1] & 0xc0) == 0x80;
}

// What is gone in between is no error; what stays shows in the states.
static void flush_address(struct nl_object *object, void *data)
{
	struct rtnl_addr *address = (struct rtnl_addr *)object;
	const Flush *flush = data;
	struct nl_addr *local = rtnl_addr_get_local(address);

	if (rtnl_addr_get_ifindex(address) == flush->index && local && !is_link_local6(local))
		(void)rtnl_addr_delete(flush->socket, address, 0);
}

static void flush_route(struct nl_object *object, void *data)
{
	struct rtnl_route *route = (struct rtnl_route *)object;
	const Flush *flush = data;
	struct rtnl_nexthop *hop = rtnl_route_nexthop_n(route, 0);

	if (hop && rtnl_route_nh_get_ifindex(hop) == flush->index &&
	    rtnl_route_get_table(route) == RT_TABLE_MAIN &&
	    rtnl_route_get_protocol(route) != RTPROT_KERNEL)
		(void)rtnl_route_delete(flush->socket, route, 0);
}

bool lf_address_flush(struct nl_sock *socket, int index, GError **error)
{
	g_autoptr(NlCache) addresses = NULL;
	g_autoptr(NlCache) routes = NULL;
	Flush flush = { socket, index };
	int code = rtnl_route_alloc_cache(socket, AF_UNSPEC, 0, &routes);

	if (code >= 0)
		nl_cache_foreach(routes, flush_route, &flush);
	if (code >= 0)
		code = rtnl_addr_alloc_cache(socket, &addresses);
	if (code < 0)
		return lf_throw_nl(error, code, "cannot read the kernel's addresses and routes");
	nl_cache_foreach(addresses, flush_address, &flush);
	return true;
}

// --- giving -------------------------------------------------------------------------------------

static NlAddr *parse(const char *text, int family, GError **error)
{
	struct nl_addr *address = NULL;

	if (nl_addr_parse(text, family, &address) >= 0 &&
	    (nl_addr_get_family(address) == AF_INET || nl_addr_get_family(address) == AF_INET6))
		return address;
	nl_addr_put(address);
	return lf_throw_null(error, LF_ERROR_INPUT, "'%s' is no address", text);
}

// An IPv4 network that is no point-to-point link has its last address for all.
static NlAddr *broadcast_of(struct nl_addr *address)
{
	unsigned prefix = nl_addr_get_prefixlen(address);
	uint32_t number;

	if (nl_addr_get_family(address) != AF_INET || prefix >= 31)
		return NULL;
	memcpy(&number, nl_addr_get_binary_addr(address), sizeof number);
	number |= htonl(prefix ? (1U << (32 - prefix)) - 1 : 0xffffffffU);
	return nl_addr_build(AF_INET, &number, sizeof number);
}

bool lf_address_add(struct nl_sock *socket, int index, const char *address, GError **error)
{
	g_autoptr(NlAddr) local = parse(address, AF_UNSPEC, error);
	g_autoptr(NlAddr) broadcast = local ? broadcast_of(local) : NULL;
	g_autoptr(RtnlAddr) wanted = rtnl_addr_alloc();
	int code;

	if (!local)
		return false;
	rtnl_addr_set_ifindex(wanted, index);
	code = rtnl_addr_set_local(wanted, local);
	if (code >= 0 && broadcast)
		code = rtnl_addr_set_broadcast(wanted, broadcast);
	if (code >= 0)
		code = rtnl_addr_add(socket, wanted, NLM_F_REPLACE);
	return code >= 0 || lf_throw_nl(error, code, "cannot set the address '%s'", address);
}

// libnl's word "default" needs the family, which the gateway tells.
static bool fill_route(RtnlRoute *wanted, int index, const LfNetRoute *route, bool is_on_link,
		       GError **error)
{
	g_autoptr(NlAddr) via = route->via ? parse(route->via, AF_UNSPEC, error) : NULL;
	g_autoptr(NlAddr) to = NULL;
	struct rtnl_nexthop *hop;

	if (route->via && !via)
		return false;
	to = parse(route->to, via ? nl_addr_get_family(via) : AF_UNSPEC, error);
	if (!to)
		return false;
	hop = rtnl_route_nh_alloc();
	rtnl_route_nh_set_ifindex(hop, index);
	if (via)
		rtnl_route_nh_set_gateway(hop, via);
	if (via && is_on_link)
		rtnl_route_nh_set_flags(hop, RTNH_F_ONLINK);
	rtnl_route_set_family(wanted, (uint8_t)nl_addr_get_family(to));
	rtnl_route_set_dst(wanted, to);
	rtnl_route_set_table(wanted, RT_TABLE_MAIN);
	rtnl_route_set_protocol(wanted, RTPROT_STATIC);
	rtnl_route_set_type(wanted, RTN_UNICAST);
	rtnl_route_set_scope(wanted, via ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK);
	if (route->metric)
		rtnl_route_set_priority(wanted, route->metric);
	rtnl_route_add_nexthop(wanted, hop);
	return true;
}

bool lf_route_add(struct nl_sock *socket, int index, const LfNetRoute *route, bool is_on_link,
		  GError **error)
{
	g_autoptr(RtnlRoute) wanted = rtnl_route_alloc();
	int code;

	if (!fill_route(wanted, index, route, is_on_link, error))
		return false;
	code = rtnl_route_add(socket, wanted, NLM_F_REPLACE);
	return code >= 0 || lf_throw_nl(error, code,
					"cannot set the route to '%s' via '%s': look whether an "
					"address of the interface reaches it",
					route->to, route->via ? route->via : "the link");
}
