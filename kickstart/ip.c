// Addresses as numbers: families, prefixes, what a host can have.
// Not here: how a value must look (shape.c), which address belongs where (network.c, topology.c).
#include "kickstart/ip.h"

#include <arpa/inet.h>
#include <glib.h>
#include <string.h>

bool lf_ip_parse(const char *text, LfIp *ret)
{
	LfIp address = { .n_bytes = 4 };

	if (inet_pton(AF_INET, text, address.bytes) != 1) {
		address.n_bytes = 16;
		if (inet_pton(AF_INET6, text, address.bytes) != 1)
			return false;
	}
	*ret = address;
	return true;
}

bool lf_ip_is_host(const LfIp *address)
{
	static const uint8_t loopback[16] = { [15] = 1 };
	static const uint8_t unspecified[16] = { 0 };
	uint8_t first = address->bytes[0];

	if (address->n_bytes == 4)
		return first > 0 && first < 224 && first != 127;
	return first != 0xff && memcmp(address->bytes, loopback, 16) != 0 &&
	       memcmp(address->bytes, unspecified, 16) != 0;
}

bool lf_ip_is_link_local(const LfIp *address)
{
	if (address->n_bytes == 4)
		return address->bytes[0] == 169 && address->bytes[1] == 254;
	return address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80;
}

bool lf_ip_is_edge(const LfIp *address, unsigned prefix)
{
	uint32_t host_bits = prefix < 32 ? UINT32_MAX >> prefix : 0;
	uint32_t value;

	if (address->n_bytes != 4 || prefix > 30)
		return false;
	memcpy(&value, address->bytes, sizeof(value));
	value = ntohl(value) & host_bits;
	return value == 0 || value == host_bits;
}

void lf_ip_mask(LfIp *address, unsigned prefix)
{
	for (size_t i = 0; i < address->n_bytes; i++) {
		size_t before = i * 8;

		if (prefix <= before)
			address->bytes[i] = 0;
		else if (prefix < before + 8)
			address->bytes[i] &= (uint8_t)(0xff << (before + 8 - prefix));
	}
}

bool lf_ip_shares(const LfIp *a, const LfIp *b, unsigned prefix)
{
	LfIp masked_a = *a;
	LfIp masked_b = *b;

	lf_ip_mask(&masked_a, prefix);
	lf_ip_mask(&masked_b, prefix);
	return a->n_bytes == b->n_bytes && memcmp(masked_a.bytes, masked_b.bytes, a->n_bytes) == 0;
}

char *lf_ip_text(const LfIp *address)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(address->n_bytes == 4 ? AF_INET : AF_INET6, address->bytes, text, sizeof(text));
	return g_strdup(text);
}

unsigned lf_ip_netmask_prefix(const char *netmask)
{
	struct in_addr address = { 0 };

	inet_pton(AF_INET, netmask, &address);
	return (unsigned)__builtin_popcount(address.s_addr);
}
