#pragma once

#include "installer/net/lease.h"
#include "installer/plan/net.h"

/**
 * lf_resolver_text:
 * @links: (element-type LfNetLink): those of the plan; their own servers come first
 * @nameservers: of no link; they come next
 * @leases: (element-type LfLease): then these, without what a link ignores
 *
 * Returns: (transfer full): the text of /etc/resolv.conf. Pure. Source: resolv.conf(5)
 */
char *lf_resolver_text(const GPtrArray *links, char *const *nameservers, const GPtrArray *leases);
