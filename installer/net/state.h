#pragma once

#include "installer/net/lease.h"
#include "installer/net/network.h"
#include "installer/net/world.h"

/**
 * LfNetWant: what an interface shall get, as far as waiting for it goes.
 * @name: NULL: every card that no other want names
 * @needs_route4, @needs_route6: it is of use only with a default route; of DHCP and router
 * advertisements, only when they offer one
 */
typedef struct {
	char *name;
	LfIpMode ipv4, ipv6;
	bool needs_route4, needs_route6;
} LfNetWant;

/**
 * LfNetVerdict:
 * @LF_NET_PENDING: nothing yet; @LF_NET_USABLE: one interface can be used; @LF_NET_HOPELESS:
 * nothing more can come: each address was refused, or no interface shall have one
 */
typedef enum { LF_NET_PENDING, LF_NET_USABLE, LF_NET_HOPELESS } LfNetVerdict;

/**
 * lf_state_judge:
 * @wants: (element-type LfNetWant)
 * @leases: (element-type LfLease)
 * @is_late: time is up: an address is taken without the default route or the DHCPv6 answer that
 * should have come with it
 * @ret_states: (out) (optional) (transfer full) (element-type LfNetState): one for each interface
 * that is wanted, also for those that are not there
 *
 * Judges a moment of the network. Pure.
 */
LfNetVerdict lf_state_judge(const LfWorld *world, const GPtrArray *wants, const GPtrArray *leases,
			    bool is_late, GPtrArray **ret_states);

/** lf_state_is_checking: whether a wanted interface has an address that IPv6 still looks for a
 * duplicate of. */
bool lf_state_is_checking(const LfWorld *world, const GPtrArray *wants);

/** lf_state_has_carrier: whether a wanted interface has one. */
bool lf_state_has_carrier(const LfWorld *world, const GPtrArray *wants);

/** lf_state_describe: (transfer full): "eth0: no carrier; eth1: no answer to DHCP". */
char *lf_state_describe(const GPtrArray *states);

void lf_net_want_free(LfNetWant *want);
