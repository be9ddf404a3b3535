#pragma once

#include "installer/plan/facts.h"
#include "kickstart/profile.h"

#include <jansson.h>

/**
 * LfNet: the network of a machine, decided: which links exist and what each gets. It comes from the
 * kickstart's `network` lines and the kernel command line, is brought up by the installer
 * (installer/net) and written into the installed system as systemd-networkd units. Text is NULL
 * when not given; arrays are never NULL and own their elements.
 */

typedef enum { LF_LINK_ETHERNET, LF_LINK_VLAN, LF_LINK_BOND, LF_LINK_BRIDGE } LfLinkKind;

/** LfIpMode: AUTO is of IPv6: SLAAC, and DHCPv6 when the router says so. DHCP of IPv6 is DHCPv6
 * without SLAAC; routes come from the router. */
typedef enum { LF_IP_NONE, LF_IP_AUTO, LF_IP_DHCP, LF_IP_STATIC } LfIpMode;

/** LfNetRoute: @to: "network/prefix", "default"; @via: gateway. */
typedef struct {
	char *to;
	char *via;
	uint32_t metric; /* 0: the system's default */
} LfNetRoute;

/**
 * LfNetLink: one interface.
 * @name: NULL: every Ethernet card that no other link names; such a link is the last
 * @mac: matched by this permanent address; @name is then what the card is called now, and with
 * @is_renamed what it shall be called
 * @new_mac: address it shall have; bonds and bridges always have one, that of their first card, so
 * that a DHCP server knows the installed system again
 * @parent: of a VLAN: name of the interface it lies on
 * @members: of a bond or bridge: names of interfaces
 * @options: of a bond or bridge: "key=value" with the kernel's names (Linux, bonding.rst; sysfs
 * bridge/), words instead of numbers ("mode=802.3ad"), flags as 0 or 1, lists with ','; of a bond
 * "mode" is the first; times of a bridge are in seconds, of a bond in milliseconds
 * @addresses: "address/prefix" of both families, for STATIC
 * @gateway4, @gateway6: default routes; see lf_net_is_onlink()
 * @iaid: of DHCPv6; 0: each card has its own, the last four bytes of its MAC
 * @cards: of the link without a name: MACs of the cards it is for now, in natural order
 */
typedef struct {
	LfLinkKind kind;
	char *name;
	char *mac;
	bool is_renamed;
	char *new_mac;
	uint32_t vlan_id;
	char *parent;
	char **members;
	char **options;
	uint32_t mtu; /* 0: as it is */
	LfIpMode ipv4, ipv6;
	char **addresses;
	char *gateway4, *gateway6;
	char **nameservers;
	char **search;
	char *dhcp_class;
	GPtrArray *routes; /* LfNetRoute */
	bool has_no_default_route;
	bool ignores_dns4, ignores_dns6;
	bool is_onboot;	  /* of the installed system: brought up at boot */
	bool is_activate; /* of the installer: brought up now */
	uint32_t iaid;
	char **cards;
} LfNetLink;

/** LF_NET_CARRIER_S: how long to wait for a carrier when nobody says otherwise. */
#define LF_NET_CARRIER_S 30

/**
 * LfNet:
 * @is_default: nothing was said: every Ethernet interface tries DHCP and SLAAC, the first usable
 * wins
 * @nameservers: of no link (`nameserver=`)
 * @duid_mac: (nullable): the machine's DUID for DHCPv6 is the DUID-LL of this MAC, on all links, in
 * the installer and in the installed system; NULL: no card is known
 * @carrier_s, @address_s, @dad_s: how long to wait for a carrier, for an address after that, and
 * for duplicate address detection of IPv6 (rd.net.timeout.carrier, .dhcp, .ipv6dad)
 */
typedef struct {
	GPtrArray *links; /* LfNetLink: members and parents before those that need them */
	bool is_default;
	char **nameservers;
	char *duid_mac;
	unsigned carrier_s, address_s, dad_s;
} LfNet;

/**
 * lf_net_plan:
 * @profile: (nullable): its `network` and `route` lines; NULL before there is a profile
 * @cmdline: (nullable): kernel command line: ip=, vlan=, bond=, bridge=, nameserver=, BOOTIF=,
 * ifname=, rd.route=, rd.net.timeout.*, rd.peerdns=, bootdev=, in dracut's syntax, and ip= in
 * StarlingX's comma form
 * @nics: (element-type LfFactNic): network cards, in natural order: what `link`, `bootif` and a MAC
 * mean
 *
 * Decides the network. Pure. A kickstart line takes the place of what the command line says about
 * the same device; lines that only name the host say nothing of a device.
 *
 * Errors: INPUT for words that are malformed or contradict each other; UNSUPPORTED for what the
 * installed system could not be given; TARGET when a name, MAC or BOOTIF fits no card; NETWORK when
 * `link` finds no carrier. Source: dracut.cmdline(7)
 * Returns: (transfer full) (nullable)
 */
LfNet *lf_net_plan(const LfProfile *profile, const char *cmdline, const GPtrArray *nics,
		   GError **error);

/** lf_net_plan_installed: as lf_net_plan(), for the installed system alone: when no card has a
 * carrier, `link` is the first card. */
LfNet *lf_net_plan_installed(const LfProfile *profile, const char *cmdline, const GPtrArray *nics,
			     GError **error);

/** lf_net_hostname: (transfer full) (nullable): the host's name on the command line (hostname=,
 * ip=); NULL also when the network's words are wrong, as lf_net_plan() tells. */
char *lf_net_hostname(const char *cmdline);

/** lf_net_carrier_s: how long the command line lets a carrier be waited for, also when its other
 * words are wrong. */
unsigned lf_net_carrier_s(const char *cmdline);

/** lf_net_bootif: (transfer full) (nullable): MAC of the card the machine was started from
 * (BOOTIF=); NULL also when the network's words are wrong. */
char *lf_net_bootif(const char *cmdline);

/** lf_net_is_onlink: whether the gateway @via lies outside all networks of the link's static
 * addresses of its family, and is not of the link alone: the kernel then takes it only with the
 * flag RTNH_F_ONLINK. */
bool lf_net_is_onlink(const LfNetLink *link, const char *via);

/** lf_net_find: (transfer none) (nullable): the link of this name; NULL: that for every other card.
 */
LfNetLink *lf_net_find(const LfNet *net, const char *name);

/** lf_net_texts_add, lf_net_texts_add_all: append copies to a list, as a link has them.
 * @texts: (nullable) */
void lf_net_texts_add(char ***list, const char *text);
void lf_net_texts_add_all(char ***list, char **texts);

/** lf_net_is_for_dhcpcd: whether the installer brings the link up and gets addresses for it. */
bool lf_net_is_for_dhcpcd(const LfNetLink *link);

/** lf_net_is_bare: whether a link gets no addresses: a parent, a member, or one that is so wished.
 */
bool lf_net_is_bare(const LfNetLink *link);

/** lf_net_to_json: (transfer full): the documented object (docs/formats.md); equal networks are
 * equal. */
json_t *lf_net_to_json(const LfNet *net);

/** lf_net_to_run: (transfer full): of that object what a network depends on while it is up: without
 * the cards that were known when it was planned. */
json_t *lf_net_to_run(const LfNet *net);

/** lf_net_describe: (transfer full) (element-type utf8): one line for people for each link. */
char **lf_net_describe(const LfNet *net);

/** LfNetUnit: a file of systemd-networkd. @name: such as "10-landfall-bond0.netdev" */
typedef struct {
	char *name;
	char *text;
} LfNetUnit;

/** lf_net_units: (transfer full) (element-type LfNetUnit): what the installed system gets in
 * /etc/systemd/network. Pure. */
GPtrArray *lf_net_units(const LfNet *net);

/** lf_net_dhcpcd_conf: (transfer full): dhcpcd's configuration for this network: for one dhcpcd
 * (10 or 9.4) that manages all links. Links that are static, bare or not activated are none of its
 * business. Pure. */
char *lf_net_dhcpcd_conf(const LfNet *net);

/** lf_net_new, lf_net_link_new, lf_net_route_new: values without content, for those who build a
 * network by hand. A link is freed by the array it is put into. */
LfNet *lf_net_new(void);
LfNetLink *lf_net_link_new(LfLinkKind kind, const char *name);
LfNetRoute *lf_net_route_new(const char *to, const char *via, uint32_t metric);
void lf_net_link_free(LfNetLink *link);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfNetLink, lf_net_link_free)

void lf_net_free(LfNet *net);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfNet, lf_net_free)
