#pragma once

#include "base/throw.h"

/** LfLeaseKind: who gave it: a DHCPv4 server, a DHCPv6 server, a router's advertisement. */
typedef enum { LF_LEASE_DHCP4, LF_LEASE_DHCP6, LF_LEASE_RA } LfLeaseKind;

#define LF_LEASE_MAX_BYTES 65536
#define LF_LEASE_MAX_WORDS 16

/**
 * LfLease: what one interface was told through one protocol. Lists are never NULL; at most
 * LF_LEASE_MAX_WORDS each.
 * @nameservers: addresses; a link-local one carries "%interface"
 * @search: domains
 * @time_servers: addresses and names
 * @has_router: of DHCPv4 and RA: there is a default route in it
 * @is_managed, @has_other: of RA: addresses, or all other settings, come by DHCPv6
 * @client_id: (nullable): of DHCPv6: the DUID the server knows us by, in hexadecimal
 */
typedef struct {
	char *interface;
	LfLeaseKind kind;
	char **nameservers;
	char **search;
	char **time_servers;
	bool has_router;
	bool is_managed, has_other;
	char *client_id;
} LfLease;

/**
 * lf_lease_parse:
 * @name: name of the file: "lease.INTERFACE.PROTOCOL" with the protocol dhcp, dhcp6 or ra
 * @text: what image/files/dhcpcd-hook wrote: NAME=VALUE lines, hostile
 *
 * Takes what is well-formed and drops the rest: only addresses and host names come through.
 *
 * Errors: INPUT when @name is not a lease's.
 * Returns: (transfer full) (nullable)
 */
LfLease *lf_lease_parse(const char *name, const char *text, GError **error);

void lf_lease_free(LfLease *lease);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfLease, lf_lease_free)

/** lf_leases_load: (transfer full) (element-type LfLease): all below the directory, sorted by
 * interface and kind; files that are no lease, or too long, are passed over. */
GPtrArray *lf_leases_load(int dir_fd);

/** lf_leases_know: whether all servers of DHCPv6 that gave @leases know the machine by the DUID-LL
 * of @mac; with none of them it is true. */
bool lf_leases_know(const GPtrArray *leases, const char *mac);

/** lf_net_is_address: whether @text is an IPv4 or IPv6 address and nothing else. */
bool lf_net_is_address(const char *text);

/** lf_net_is_name: whether @text is a host or domain name: letters, digits, '-', '_' and dots. */
bool lf_net_is_name(const char *text);

/** lf_net_is_interface: whether the kernel would take @text as an interface's name. */
bool lf_net_is_interface(const char *text);
