#pragma once

#include "installer/plan/net.h"

/**
 * lf_net_graph_sort:
 * Puts what lies below before what lies above, else leaves the order; the link without a name comes
 * last. Links that are named but not there count as cards.
 *
 * Refuses what cannot lie on what: a ring, a member of two links, a member that has addresses or
 * VLANs of its own, a member twice, a bond or bridge of nothing, more than 512 links, a link that
 * is larger than what it lies on.
 *
 * Errors: INPUT
 */
bool lf_net_graph_sort(LfNet *net, GError **error);

/** lf_net_graph_carry: of a sorted network: what is needed above is needed below: to be brought up,
 * and room for a packet. Errors: INPUT when a link has less room than one above it */
bool lf_net_graph_carry(LfNet *net, GError **error);
