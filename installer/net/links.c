// Links: waited for, made, configured and taken back, through libnl-route and sysfs.
// Not here: DHCP and router advertisements (dhcpcd.c), whether an address is usable (state.c).
#include "installer/net/links.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/link/bonding.h>
#include <netlink/route/link/bridge.h>
#include <netlink/route/link/vlan.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "installer/net/address.h"
#include "installer/net/world.h"

#define MAC_BYTES 6
// sysfs has a bridge's times in hundredths of a second.
#define BRIDGE_HZ 100

typedef struct rtnl_link RtnlLink;
typedef struct nl_addr NlAddr;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RtnlLink, rtnl_link_put)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NlAddr, nl_addr_put)

struct LfLinks {
	int root_fd;
	NlSock *socket;
	NlSock *events;
	GPtrArray *made;       /* names, in the order of their making */
	GPtrArray *configured; /* names */
};

LfLinks *lf_links_new(int root_fd, GError **error)
{
	g_autoptr(LfLinks) links = g_new0(LfLinks, 1);

	links->root_fd = root_fd;
	links->made = g_ptr_array_new_with_free_func(g_free);
	links->configured = g_ptr_array_new_with_free_func(g_free);
	links->socket = lf_world_connect(error);
	if (links->socket)
		links->events = lf_world_listen(error);
	return links->events ? g_steal_pointer(&links) : NULL;
}

static int find_index(LfLinks *links, const char *name)
{
	g_autoptr(RtnlLink) link = NULL;

	return rtnl_link_get_kernel(links->socket, 0, name, &link) < 0
		       ? 0
		       : rtnl_link_get_ifindex(link);
}

// --- waiting ------------------------------------------------------------------------------------

// The address that is burnt in: members of a bond wear another one.
static char *permanent_mac(const LfWorldLink *link)
{
	lf_autofd fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	union {
		struct ethtool_perm_addr head;
		unsigned char bytes[sizeof(struct ethtool_perm_addr) + 32];
	} answer = { .head = { .cmd = ETHTOOL_GPERMADDR, .size = MAC_BYTES } };
	static const unsigned char none[MAC_BYTES] = { 0 };
	struct ifreq request = { .ifr_data = (char *)&answer };
	const unsigned char *b = answer.head.data;

	g_strlcpy(request.ifr_name, link->name, sizeof request.ifr_name);
	if (fd < 0 || ioctl(fd, SIOCETHTOOL, &request) < 0 || answer.head.size != MAC_BYTES ||
	    memcmp(b, none, MAC_BYTES) == 0)
		return g_strdup(link->mac);
	return g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
}

static bool is_wanted(const LfWorldLink *link, const char *name, const char *mac)
{
	g_autofree char *own = NULL;

	if (name)
		return strcmp(link->name, name) == 0;
	if (!lf_world_is_card(link))
		return false;
	own = permanent_mac(link);
	return own && g_ascii_strcasecmp(own, mac) == 0;
}

static const LfWorldLink *find(const LfWorld *world, const char *name, const char *mac)
{
	for (guint i = 0; i < world->links->len; i++) {
		const LfWorldLink *link = g_ptr_array_index(world->links, i);

		if (is_wanted(link, name, mac))
			return link;
	}
	return NULL;
}

// What this machine has instead, for the message.
static char *list_cards(const LfWorld *world)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < world->links->len; i++) {
		const LfWorldLink *link = g_ptr_array_index(world->links, i);

		if (lf_world_is_card(link))
			g_string_append_printf(text, "%s%s (%s)", text->len ? ", " : "", link->name,
					       link->mac ? link->mac : "no address");
	}
	return g_strdup(text->len ? text->str : "none");
}

static bool throw_missing(const LfWorld *world, const char *name, const char *mac, GError **error)
{
	g_autofree char *cards = list_cards(world);

	return lf_throw(error, LF_ERROR_TARGET, "this machine has no network card '%s': it has %s",
			name ? name : mac, cards);
}

bool lf_links_wait(LfLinks *links, const char *name, const char *mac, int64_t deadline_us,
		   char **ret_name, GError **error)
{
	for (;;) {
		g_autoptr(LfWorld) world = lf_world_load(links->socket, error);
		struct pollfd event = { nl_socket_get_fd(links->events), POLLIN, 0 };
		int64_t left_us = deadline_us - g_get_monotonic_time();
		const LfWorldLink *found;

		if (!world)
			return false;
		found = find(world, name, mac);
		if (found) {
			*ret_name = g_strdup(found->name);
			return true;
		}
		if (left_us <= 0)
			return throw_missing(world, name, mac, error);
		if (poll(&event, 1, (int)(left_us / 1000) + 1) > 0)
			lf_world_drain(links->events);
	}
}

bool lf_links_wait_change(LfLinks *links, int64_t deadline_us)
{
	struct pollfd event = { nl_socket_get_fd(links->events), POLLIN, 0 };
	int64_t left_us;

	while ((left_us = deadline_us - g_get_monotonic_time()) > 0)
		if (poll(&event, 1, (int)(left_us / 1000) + 1) > 0) {
			lf_world_drain(links->events);
			return true;
		}
	return false;
}

// --- changing -----------------------------------------------------------------------------------

static bool change(LfLinks *links, const char *name, RtnlLink *changes, const char *what,
		   GError **error)
{
	g_autoptr(RtnlLink) link = NULL;
	int code = rtnl_link_get_kernel(links->socket, 0, name, &link);

	if (code >= 0)
		code = rtnl_link_change(links->socket, link, changes, 0);
	return code >= 0 || lf_throw_nl(error, code, "cannot %s '%s'", what, name);
}

bool lf_links_up(LfLinks *links, const char *name, GError **error)
{
	g_autoptr(RtnlLink) changes = rtnl_link_alloc();

	rtnl_link_set_flags(changes, IFF_UP);
	return change(links, name, changes, "bring up the interface", error);
}

static bool bring_down(LfLinks *links, const char *name, GError **error)
{
	g_autoptr(RtnlLink) changes = rtnl_link_alloc();

	rtnl_link_unset_flags(changes, IFF_UP);
	return change(links, name, changes, "take down the interface", error);
}

bool lf_links_rename(LfLinks *links, const char *name, const char *new_name, GError **error)
{
	g_autoptr(RtnlLink) changes = rtnl_link_alloc();
	g_autofree char *what = g_strdup_printf("give the name '%s' to", new_name);

	rtnl_link_set_name(changes, new_name);
	return bring_down(links, name, error) && change(links, name, changes, what, error);
}

static bool has_mac(LfLinks *links, const char *name, struct nl_addr *mac)
{
	g_autoptr(RtnlLink) link = NULL;

	return rtnl_link_get_kernel(links->socket, 0, name, &link) >= 0 &&
	       rtnl_link_get_addr(link) && nl_addr_cmp(rtnl_link_get_addr(link), mac) == 0;
}

// Many drivers take another address only while they are down.
static bool set_mac(LfLinks *links, const char *name, const char *text, GError **error)
{
	g_autoptr(RtnlLink) changes = rtnl_link_alloc();
	g_autoptr(NlAddr) mac = NULL;

	if (nl_addr_parse(text, AF_LLC, &mac) < 0 || nl_addr_get_len(mac) != MAC_BYTES)
		return lf_throw(error, LF_ERROR_INPUT, "'%s' is no MAC address", text);
	if (has_mac(links, name, mac))
		return true;
	rtnl_link_set_addr(changes, mac);
	return bring_down(links, name, error) &&
	       change(links, name, changes, "change the MAC address of", error);
}

static bool set_mtu(LfLinks *links, const char *name, uint32_t mtu, GError **error)
{
	g_autoptr(RtnlLink) changes = rtnl_link_alloc();
	g_autofree char *what = g_strdup_printf("set MTU %u of", mtu);

	rtnl_link_set_mtu(changes, mtu);
	return change(links, name, changes, what, error);
}

// --- making -------------------------------------------------------------------------------------

static const char *const kinds[] = {
	[LF_LINK_VLAN] = "vlan",
	[LF_LINK_BOND] = "bond",
	[LF_LINK_BRIDGE] = "bridge",
};

// A link of this name that is in the way: left over by an earlier start, or made by the bonding
// driver itself while it was loaded.
static bool remove_old(LfLinks *links, const char *name, const char *kind, GError **error)
{
	g_autoptr(RtnlLink) link = NULL;
	int code;

	if (rtnl_link_get_kernel(links->socket, 0, name, &link) < 0)
		return true;
	if (g_strcmp0(rtnl_link_get_type(link), kind) != 0)
		return lf_throw(error, LF_ERROR_TARGET,
				"cannot make the %s '%s': this machine has another interface of "
				"that name",
				kind, name);
	code = rtnl_link_delete(links->socket, link);
	return code >= 0 || lf_throw_nl(error, code, "cannot remove the old %s '%s'", kind, name);
}

// A bond or bridge that is made with its address keeps it when members come.
static RtnlLink *describe(LfLinks *links, const LfNetLink *link)
{
	g_autoptr(NlAddr) mac = NULL;
	RtnlLink *wanted;

	if (link->kind == LF_LINK_BOND) {
		wanted = rtnl_link_bond_alloc();
	} else if (link->kind == LF_LINK_BRIDGE) {
		wanted = rtnl_link_bridge_alloc();
	} else {
		wanted = rtnl_link_vlan_alloc();
		rtnl_link_set_link(wanted, find_index(links, link->parent));
		rtnl_link_vlan_set_id(wanted, (uint16_t)link->vlan_id);
	}
	rtnl_link_set_name(wanted, link->name);
	if (link->new_mac && nl_addr_parse(link->new_mac, AF_LLC, &mac) >= 0)
		rtnl_link_set_addr(wanted, mac);
	return wanted;
}

static bool create(LfLinks *links, const LfNetLink *link, GError **error)
{
	const char *kind = kinds[link->kind];
	int code = -NLE_EXIST;

	for (unsigned i = 0; i < 2 && code == -NLE_EXIST; i++) {
		g_autoptr(RtnlLink) wanted = describe(links, link);

		if (!remove_old(links, link->name, kind, error))
			return false;
		code = rtnl_link_add(links->socket, wanted, NLM_F_CREATE | NLM_F_EXCL);
	}
	if (code == -NLE_OPNOTSUPP)
		return lf_throw(error, LF_ERROR_UNSUPPORTED,
				"this kernel has no driver for '%s', which is a %s", link->name,
				kind);
	if (code < 0)
		return lf_throw_nl(error, code, "cannot make the %s '%s'", kind, link->name);
	g_ptr_array_add(links->made, g_strdup(link->name));
	return true;
}

static bool write_option(LfLinks *links, const LfNetLink *link, const char *key, const char *value,
			 GError **error)
{
	g_autofree char *path =
		g_strdup_printf("sys/class/net/%s/%s/%s", link->name,
				link->kind == LF_LINK_BOND ? "bonding" : "bridge", key);
	lf_autofd fd = openat(links->root_fd, path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return lf_throw(error, LF_ERROR_INPUT, "option '%s' of the %s '%s': %s", key,
				kinds[link->kind], link->name,
				errno == ENOENT ? "the kernel has no such option"
						: g_strerror(errno));
	if (write(fd, value, strlen(value)) < 0)
		return lf_throw(error, LF_ERROR_INPUT,
				"option '%s=%s' of the %s '%s': the kernel does not take it: %s",
				key, value, kinds[link->kind], link->name, g_strerror(errno));
	return true;
}

// Addresses to watch are added one by one.
static bool write_targets(LfLinks *links, const LfNetLink *link, const char *key, const char *list,
			  GError **error)
{
	g_auto(GStrv) targets = g_strsplit_set(list, ",; ", -1);

	for (char **target = targets; *target; target++) {
		g_autofree char *value = g_strconcat("+", *target, NULL);

		if (**target && !write_option(links, link, key, value, error))
			return false;
	}
	return true;
}

/** When an option can be set: the mode before all others, and before there are members; who is
 * first among them only when they are there. */
typedef enum { STAGE_MODE, STAGE_MONITOR, STAGE_REST, STAGE_MEMBERS } Stage;

/** How the plan's value becomes the kernel's. */
typedef enum { AS_IT_IS, ONE_BY_ONE, IN_HUNDREDTHS } Writing;

static const struct {
	const char *key;
	Stage stage;
	Writing writing;
} special_options[] = {
	{ "mode", STAGE_MODE, AS_IT_IS },
	{ "miimon", STAGE_MONITOR, AS_IT_IS },
	{ "arp_interval", STAGE_MONITOR, AS_IT_IS },
	{ "primary", STAGE_MEMBERS, AS_IT_IS },
	{ "arp_ip_target", STAGE_REST, ONE_BY_ONE },
	{ "forward_delay", STAGE_REST, IN_HUNDREDTHS },
	{ "hello_time", STAGE_REST, IN_HUNDREDTHS },
	{ "max_age", STAGE_REST, IN_HUNDREDTHS },
	{ "ageing_time", STAGE_REST, IN_HUNDREDTHS },
};

static Stage stage_of(const char *key, Writing *ret_writing)
{
	for (size_t i = 0; i < G_N_ELEMENTS(special_options); i++) {
		if (strcmp(key, special_options[i].key) != 0)
			continue;
		*ret_writing = special_options[i].writing;
		return special_options[i].stage;
	}
	*ret_writing = AS_IT_IS;
	return STAGE_REST;
}

static bool write_as(LfLinks *links, const LfNetLink *link, const char *key, const char *value,
		     Writing writing, GError **error)
{
	g_autofree char *hundredths = NULL;

	if (writing == ONE_BY_ONE)
		return write_targets(links, link, key, value, error);
	if (writing == AS_IT_IS)
		return write_option(links, link, key, value, error);
	hundredths = g_strdup_printf("%" G_GUINT64_FORMAT,
				     g_ascii_strtoull(value, NULL, 10) * BRIDGE_HZ);
	return write_option(links, link, key, hundredths, error);
}

static bool set_options(LfLinks *links, const LfNetLink *link, Stage stage, GError **error)
{
	for (char **option = link->options; option && *option; option++) {
		g_auto(GStrv) parts = g_strsplit(*option, "=", 2);
		Writing writing;

		if (!parts[0] || !parts[1] || strchr(parts[0], '/') || !*parts[0])
			return lf_throw(error, LF_ERROR_INPUT,
					"option '%s' of '%s': write 'key=value'", *option,
					link->name);
		if (stage_of(parts[0], &writing) == stage &&
		    !write_as(links, link, parts[0], parts[1], writing, error))
			return false;
	}
	return true;
}

// A bond takes only members that are down, and brings them up itself; a bridge does not.
static bool enslave(LfLinks *links, const LfNetLink *link, const char *member, GError **error)
{
	int index = find_index(links, member);
	int code;

	if (index && !lf_address_flush(links->socket, index, error))
		return false;
	(void)rtnl_link_release_ifindex(links->socket, index);
	if (!bring_down(links, member, error))
		return false;
	code = rtnl_link_enslave_ifindex(links->socket, find_index(links, link->name), index);
	if (code < 0)
		return lf_throw_nl(error, code, "cannot put '%s' into the %s '%s'", member,
				   kinds[link->kind], link->name);
	return lf_links_up(links, member, error);
}

bool lf_links_make(LfLinks *links, const LfNetLink *link, GError **error)
{
	if (link->kind == LF_LINK_VLAN && !lf_links_up(links, link->parent, error))
		return false;
	if (!create(links, link, error) || !set_options(links, link, STAGE_MODE, error) ||
	    !set_options(links, link, STAGE_MONITOR, error) ||
	    !set_options(links, link, STAGE_REST, error))
		return false;
	for (char **member = link->members; member && *member; member++)
		if (!enslave(links, link, *member, error))
			return false;
	return set_options(links, link, STAGE_MEMBERS, error);
}

// --- configuring --------------------------------------------------------------------------------

// The kernel by itself takes up what routers advertise; dhcpcd does that where it is wanted, and
// turns the kernel off. A kernel without IPv6 has no such file.
static void ignore_routers(LfLinks *links, const char *name)
{
	g_autofree char *path = g_strdup_printf("proc/sys/net/ipv6/conf/%s/accept_ra", name);
	lf_autofd fd = openat(links->root_fd, path, O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		(void)TEMP_FAILURE_RETRY(write(fd, "0", 1));
}

// Before DHCP has answered there is no address at all, and so no network that holds the gateway.
static bool is_on_link(const LfNetLink *link, const char *via)
{
	LfIpMode mode = via && strchr(via, ':') ? link->ipv6 : link->ipv4;

	return via && (mode != LF_IP_STATIC || lf_net_is_onlink(link, via));
}

static bool add_gateway(LfLinks *links, int index, const LfNetLink *link, char *gateway,
			GError **error)
{
	LfNetRoute route = { .to = (char *)"default", .via = gateway };

	if (!gateway || link->has_no_default_route)
		return true;
	return lf_route_add(links->socket, index, &route, is_on_link(link, gateway), error);
}

static bool add_addresses(LfLinks *links, const LfNetLink *link, GError **error)
{
	int index = find_index(links, link->name);

	for (char **address = link->addresses; address && *address; address++)
		if (!lf_address_add(links->socket, index, *address, error))
			return false;
	if ((link->ipv4 == LF_IP_STATIC &&
	     !add_gateway(links, index, link, link->gateway4, error)) ||
	    (link->ipv6 == LF_IP_STATIC && !add_gateway(links, index, link, link->gateway6, error)))
		return false;
	for (guint i = 0; link->routes && i < link->routes->len; i++) {
		const LfNetRoute *route = g_ptr_array_index(link->routes, i);

		if (!lf_route_add(links->socket, index, route, is_on_link(link, route->via), error))
			return false;
	}
	return true;
}

static bool configure(LfLinks *links, const LfNetLink *link, GError **error)
{
	if (!lf_address_flush(links->socket, find_index(links, link->name), error) ||
	    (link->new_mac && !set_mac(links, link->name, link->new_mac, error)) ||
	    (link->mtu && !set_mtu(links, link->name, link->mtu, error)))
		return false;
	ignore_routers(links, link->name);
	return lf_links_up(links, link->name, error) && add_addresses(links, link, error);
}

bool lf_links_configure(LfLinks *links, const LfNetLink *link, GError **error)
{
	g_ptr_array_add(links->configured, g_strdup(link->name));
	return configure(links, link, error) || lf_prefix(error, "interface '%s'", link->name);
}

// A card that is only looked at must not take up routes by itself.
void lf_links_wake(LfLinks *links, const GPtrArray *nics)
{
	g_autoptr(LfWorld) world = lf_world_load(links->socket, NULL);

	for (guint i = 0; world && i < nics->len; i++) {
		const LfFactNic *nic = g_ptr_array_index(nics, i);
		const LfWorldLink *link = lf_world_find(world, nic->name);

		if (!link || link->is_up)
			continue;
		ignore_routers(links, nic->name);
		(void)lf_links_up(links, nic->name, NULL);
	}
}

static bool is_configured(const LfLinks *links, const char *name)
{
	return g_ptr_array_find_with_equal_func(links->configured, name, g_str_equal, NULL);
}

bool lf_links_clear_rest(LfLinks *links, GError **error)
{
	g_autoptr(LfWorld) world = lf_world_load(links->socket, error);

	if (!world)
		return false;
	for (guint i = 0; i < world->links->len; i++) {
		const LfWorldLink *link = g_ptr_array_index(world->links, i);

		if (lf_world_is_card(link) && link->master == 0 &&
		    !is_configured(links, link->name) && link->addresses->len > 0 &&
		    !lf_address_flush(links->socket, link->index, error))
			return false;
	}
	return true;
}

// --- taking back --------------------------------------------------------------------------------

static void delete_link(LfLinks *links, const char *name)
{
	g_autoptr(RtnlLink) link = NULL;

	if (rtnl_link_get_kernel(links->socket, 0, name, &link) >= 0)
		(void)rtnl_link_delete(links->socket, link);
}

static void take_back(LfLinks *links)
{
	for (guint i = links->made->len; i-- > 0;)
		delete_link(links, g_ptr_array_index(links->made, i));
	for (guint i = links->configured->len; i-- > 0;) {
		int index = find_index(links, g_ptr_array_index(links->configured, i));

		if (index)
			(void)lf_address_flush(links->socket, index, NULL);
	}
}

void lf_links_free(LfLinks *links)
{
	if (!links)
		return;
	if (links->socket)
		take_back(links);
	g_ptr_array_unref(links->made);
	g_ptr_array_unref(links->configured);
	g_clear_pointer(&links->socket, nl_socket_free);
	g_clear_pointer(&links->events, nl_socket_free);
	g_free(links);
}
