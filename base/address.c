// IP and MAC addresses as values.
// Not here: which interface has which (installer/plan).
#include "base/address.h"

#include <arpa/inet.h>
#include <string.h>

static unsigned bits_of(int family)
{
	return family == AF_INET ? 32 : 128;
}

bool lf_address_parse(const char *text, LfAddress *ret)
{
	LfAddress address = { 0 };

	address.family = strchr(text, ':') ? AF_INET6 : AF_INET;
	address.prefix = bits_of(address.family);
	if (inet_pton(address.family, text, address.bytes) != 1)
		return false;
	*ret = address;
	return true;
}

bool lf_address_parse_prefix(const char *text, LfAddress *ret)
{
	g_auto(GStrv) parts = g_strsplit(text, "/", 2);
	LfAddress address;
	guint64 prefix;

	if (!parts[0] || !parts[1] || !lf_address_parse(parts[0], &address) ||
	    !g_ascii_string_to_unsigned(parts[1], 10, 0, bits_of(address.family), &prefix, NULL))
		return false;
	address.prefix = (unsigned)prefix;
	*ret = address;
	return true;
}

char *lf_address_text(const LfAddress *address)
{
	char text[INET6_ADDRSTRLEN];

	return g_strdup(inet_ntop(address->family, address->bytes, text, sizeof text));
}

char *lf_address_text_prefix(const LfAddress *address)
{
	g_autofree char *text = lf_address_text(address);

	return g_strdup_printf("%s/%u", text, address->prefix);
}

static uint8_t mask_of(unsigned prefix, unsigned byte)
{
	unsigned bits = prefix > byte * 8 ? MIN(prefix - byte * 8, 8) : 0;

	return (uint8_t)(0xff00u >> bits);
}

void lf_address_mask(LfAddress *address)
{
	for (unsigned i = 0; i < sizeof address->bytes; i++)
		address->bytes[i] &= mask_of(address->prefix, i);
}

char *lf_address_network(const LfAddress *address)
{
	LfAddress network = *address;

	lf_address_mask(&network);
	return lf_address_text_prefix(&network);
}

bool lf_address_shares(const LfAddress *a, const LfAddress *b, unsigned prefix)
{
	if (a->family != b->family)
		return false;
	for (unsigned i = 0; i < sizeof a->bytes; i++)
		if ((a->bytes[i] ^ b->bytes[i]) & mask_of(prefix, i))
			return false;
	return true;
}

bool lf_address_holds(const LfAddress *network, const LfAddress *address)
{
	return lf_address_shares(network, address, network->prefix);
}

bool lf_address_is_host(const LfAddress *address)
{
	static const uint8_t loopback[16] = { [15] = 1 };
	static const uint8_t unspecified[16] = { 0 };
	uint8_t first = address->bytes[0];

	if (address->family == AF_INET)
		return first > 0 && first < 224 && first != 127;
	return first != 0xff && memcmp(address->bytes, loopback, 16) != 0 &&
	       memcmp(address->bytes, unspecified, 16) != 0;
}

bool lf_address_is_edge(const LfAddress *address, unsigned prefix)
{
	uint32_t host_bits = prefix < 32 ? UINT32_MAX >> prefix : 0;
	uint32_t value;

	if (address->family != AF_INET || prefix > 30)
		return false;
	memcpy(&value, address->bytes, sizeof(value));
	value = ntohl(value) & host_bits;
	return value == 0 || value == host_bits;
}

bool lf_address_is_local(const LfAddress *address)
{
	if (address->family == AF_INET)
		return address->bytes[0] == 169 && address->bytes[1] == 254;
	return address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80;
}

static bool prefix_of_netmask(const char *text, unsigned *ret)
{
	LfAddress mask;
	uint32_t host_bits;

	if (!lf_address_parse(text, &mask) || mask.family != AF_INET)
		return false;
	memcpy(&host_bits, mask.bytes, sizeof host_bits);
	host_bits = ~ntohl(host_bits);
	if ((host_bits & (host_bits + 1)) != 0)
		return false;
	*ret = 32 - (unsigned)__builtin_popcount(host_bits);
	return true;
}

unsigned lf_address_netmask_prefix(const char *netmask)
{
	unsigned prefix = 0;

	(void)prefix_of_netmask(netmask, &prefix);
	return prefix;
}

bool lf_address_prefix_of(const char *text, int family, unsigned *ret)
{
	guint64 prefix;

	if (family == AF_INET && strchr(text, '.'))
		return prefix_of_netmask(text, ret);
	if (!g_ascii_string_to_unsigned(text, 10, 0, bits_of(family), &prefix, NULL))
		return false;
	*ret = (unsigned)prefix;
	return true;
}

char *lf_mac_parse(const char *text)
{
	g_autofree char *mac = g_ascii_strdown(text, -1);

	if (strlen(mac) != 17)
		return NULL;
	g_strdelimit(mac, "-", ':');
	for (size_t i = 0; i < 17; i++)
		if (i % 3 == 2 ? mac[i] != ':' : !g_ascii_isxdigit(mac[i]))
			return NULL;
	// The lowest bit of the first byte: an address of a group.
	if (g_ascii_xdigit_value(mac[1]) & 1 || strcmp(mac, "00:00:00:00:00:00") == 0)
		return NULL;
	return g_steal_pointer(&mac);
}
