#pragma once

#include "installer/net/world.h"
#include "installer/plan/net.h"

/**
 * lf_address_flush: takes addresses and routes off an interface: those that an earlier start of the
 * installer, or anybody else, left. IPv6's link-local addresses and what the kernel itself keeps
 * stay. Errors: NETWORK.
 */
bool lf_address_flush(struct nl_sock *socket, int index, GError **error);

/**
 * lf_address_add:
 * @address: "address/prefix"
 * Errors: INPUT when it is malformed, NETWORK when the kernel refuses.
 */
bool lf_address_add(struct nl_sock *socket, int index, const char *address, GError **error);

/** lf_route_add: errors as lf_address_add(). @is_on_link: the gateway is reached on this interface
 * even though no network of it holds it. */
bool lf_route_add(struct nl_sock *socket, int index, const LfNetRoute *route, bool is_on_link,
		  GError **error);
