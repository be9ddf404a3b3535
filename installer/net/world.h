#pragma once

#include "base/throw.h"

#include <netlink/socket.h>

typedef struct nl_sock NlSock;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NlSock, nl_socket_free)

/** LfWorldAddress: @text: "address/prefix". @is_tentative: IPv6 still looks for a duplicate;
 * @is_failed: it found one. */
typedef struct {
	char *text;
	int family; /* AF_INET or AF_INET6 */
	bool is_link_local, is_tentative, is_failed;
} LfWorldAddress;

/**
 * LfWorldLink: an interface as the kernel has it.
 * @kind: (nullable): of virtual ones, the kernel's word: "vlan", "bond", "bridge", "veth", …
 * @is_ethernet: speaks Ethernet; true of many virtual ones too
 * @master: index of the bond or bridge it belongs to; 0: none
 * @has_default4, @has_default6: a default route leaves by it
 */
typedef struct {
	int index;
	char *name;
	char *mac;
	char *kind;
	bool is_ethernet, is_up, has_carrier;
	int master;
	GPtrArray *addresses; /* LfWorldAddress */
	bool has_default4, has_default6;
} LfWorldLink;

/** LfWorld: what the kernel knows of the network at one moment. */
typedef struct {
	GPtrArray *links; /* LfWorldLink, in the kernel's order */
} LfWorld;

/**
 * lf_world_load:
 * @socket: connected to NETLINK_ROUTE, without memberships
 * Errors: NETWORK. Returns: (transfer full) (nullable)
 */
LfWorld *lf_world_load(struct nl_sock *socket, GError **error);

LfWorld *lf_world_new(void);
LfWorldLink *lf_world_add(LfWorld *world, const char *name);
void lf_world_free(LfWorld *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfWorld, lf_world_free)

/** lf_world_find: (transfer none) (nullable) */
LfWorldLink *lf_world_find(const LfWorld *world, const char *name);

/** lf_world_is_card: whether it is a card, or what stands for one in a container: neither made by
 * software nor the loopback. */
bool lf_world_is_card(const LfWorldLink *link);

/** lf_world_connect: (transfer full) (nullable): a socket for requests. Errors: NETWORK. */
struct nl_sock *lf_world_connect(GError **error);

/**
 * lf_world_listen: (transfer full) (nullable): a socket that becomes readable whenever links,
 * addresses or routes change; lf_world_drain() empties it. Errors: NETWORK.
 */
struct nl_sock *lf_world_listen(GError **error);
void lf_world_drain(struct nl_sock *socket);

/** lf_throw_nl: throws NETWORK with libnl's word for @code appended. */
bool lf_throw_nl(GError **error, int code, const char *format, ...) G_GNUC_PRINTF(3, 4);
