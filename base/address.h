#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/** LfAddress: an IP address as bytes. @family: AF_INET or AF_INET6; @prefix: bits of the network */
typedef struct {
	int family;
	unsigned prefix;
	uint8_t bytes[16];
} LfAddress;

/** lf_address_parse: @text: "192.0.2.1" or "2001:db8::1", without prefix or zone; the prefix
 * becomes that of one host. Source: inet_pton(3). */
bool lf_address_parse(const char *text, LfAddress *ret);

/** lf_address_parse_prefix: "address/prefix"; the prefix must be there. */
bool lf_address_parse_prefix(const char *text, LfAddress *ret);

/** lf_address_text: (transfer full): the usual short form, without the prefix. */
char *lf_address_text(const LfAddress *address);

/** lf_address_text_prefix: (transfer full): "address/prefix". */
char *lf_address_text_prefix(const LfAddress *address);

/** lf_address_mask: sets the bits behind the prefix to 0. */
void lf_address_mask(LfAddress *address);

/** lf_address_network: (transfer full): "network/prefix": the bits of the host are zero. */
char *lf_address_network(const LfAddress *address);

/** lf_address_holds: whether @address lies in the network of @network. */
bool lf_address_holds(const LfAddress *network, const LfAddress *address);

/** lf_address_shares: same family, and the first @prefix bits are the same? A @prefix beyond the
 * family's bits is the whole address. */
bool lf_address_shares(const LfAddress *a, const LfAddress *b, unsigned prefix);

/** lf_address_is_host: can one host have it: not unspecified, loopback, multicast, class E? */
bool lf_address_is_host(const LfAddress *address);

/** lf_address_is_edge: first or last address of its IPv4 network, which no host has (RFC 3021). */
bool lf_address_is_edge(const LfAddress *address, unsigned prefix);

/** lf_address_is_local: whether @address is of one link only (169.254.0.0/16, fe80::/10). */
bool lf_address_is_local(const LfAddress *address);

/** lf_address_netmask_prefix: @netmask: an IPv4 netmask, checked. Returns: how many bits are set */
unsigned lf_address_netmask_prefix(const char *netmask);

/**
 * lf_address_prefix_of: the length that @text means: "24", or an IPv4 netmask such as
 * "255.255.255.0". Returns: false when it is neither, or too long for @family
 */
bool lf_address_prefix_of(const char *text, int family, unsigned *ret);

/** lf_mac_parse: (transfer full) (nullable): "52:54:00:12:34:56" in lower case, of a text divided
 * by
 * ':' or '-'; NULL when it is none, or a group's or nobody's address. */
char *lf_mac_parse(const char *text);
