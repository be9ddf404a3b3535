#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** LfIp: an IPv4 or IPv6 address. @bytes: (array length=n_bytes): in network order; 4 or 16 */
typedef struct {
	uint8_t bytes[16];
	size_t n_bytes;
} LfIp;

/** lf_ip_parse: @text: without a prefix or zone. Returns: false when it is no address */
bool lf_ip_parse(const char *text, LfIp *ret);

/** lf_ip_is_host: can one host have it: not unspecified, loopback, multicast, class E? */
bool lf_ip_is_host(const LfIp *address);

/** lf_ip_is_link_local: 169.254.0.0/16, fe80::/10. */
bool lf_ip_is_link_local(const LfIp *address);

/** lf_ip_is_edge: first or last address of its IPv4 network, which no host has (RFC 3021). */
bool lf_ip_is_edge(const LfIp *address, unsigned prefix);

/** lf_ip_shares: same family, and the first @prefix bits are the same? */
bool lf_ip_shares(const LfIp *a, const LfIp *b, unsigned prefix);

/** lf_ip_mask: sets the bits behind @prefix to 0. */
void lf_ip_mask(LfIp *address, unsigned prefix);

/** lf_ip_text: (transfer full): as the system writes it (RFC 5952). */
char *lf_ip_text(const LfIp *address);

/** lf_ip_netmask_prefix: @netmask: fits LF_SHAPE_NETMASK. Returns: how many bits are set */
unsigned lf_ip_netmask_prefix(const char *netmask);
