#pragma once

#include "base/throw.h"

/** LfDhcpcd: dhcpcd(8) while it works for all links. */
typedef struct LfDhcpcd LfDhcpcd;

/** Where the configuration and the leases are, relative to the host's root. */
#define LF_DHCPCD_DIR "run/landfall/net"

/** lf_dhcpcd_end_old: ends a dhcpcd that an earlier start left, and forgets its leases: before its
 * links are touched. @root_fd: "/" */
void lf_dhcpcd_end_old(int root_fd);

/**
 * lf_dhcpcd_start:
 * @root_fd: "/"
 * @conf: its configuration
 *
 * Starts dhcpcd in the foreground. Errors: INTERNAL when it cannot be started, IO.
 * Returns: (transfer full) (nullable)
 */
LfDhcpcd *lf_dhcpcd_start(int root_fd, const char *conf, GError **error);

/** lf_dhcpcd_fd: readable when dhcpcd has ended by itself. */
int lf_dhcpcd_fd(const LfDhcpcd *dhcpcd);

/** lf_dhcpcd_check: Errors: IO with dhcpcd's last words when it has ended. */
bool lf_dhcpcd_check(LfDhcpcd *dhcpcd, GError **error);

/** lf_dhcpcd_free: ends it; it takes its addresses and routes with it. */
void lf_dhcpcd_free(LfDhcpcd *dhcpcd);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfDhcpcd, lf_dhcpcd_free)
