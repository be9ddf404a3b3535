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

/** LfIpMode: AUTO is of IPv6: SLAAC, and DHCPv6 when the router says so. */
typedef enum { LF_IP_NONE, LF_IP_AUTO, LF_IP_DHCP, LF_IP_STATIC } LfIpMode;

/** LfNetRoute: @to: "network/prefix", "default"; @via: gateway. */
typedef struct {
	char *to;
	char *via;
	uint32_t metric; /* 0: the system's default */
} LfNetRoute;

/**
 * LfNetLink: one interface.
 * @name: NULL with @mac NULL: every Ethernet interface that no other link names
 * @mac: matched by this permanent address, whatever its name
 * @new_mac: address it shall have; nullable
 * @parent: of a VLAN: name of the interface it lies on
 * @members: of a bond or bridge: names of interfaces
 * @options: of a bond or bridge: "key=value", the kernel's names
 * @addresses: "address/prefix" of both families, for STATIC
 */
typedef struct {
	LfLinkKind kind;
	char *name;
	char *mac;
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
} LfNetLink;

/**
 * LfNet:
 * @is_default: nothing was said: every Ethernet interface tries DHCP and SLAAC, the first usable
 * wins; nothing is written into the installed system, which does the same by itself
 * @nameservers: of no link (`nameserver=`)
 * @carrier_s, @address_s, @dad_s: how long to wait for a carrier, for an address after that, and
 * for duplicate address detection of IPv6 (rd.net.timeout.carrier, .dhcp, .ipv6dad)
 */
typedef struct {
	GPtrArray *links; /* LfNetLink: members and parents before those that need them */
	bool is_default;
	char **nameservers;
	unsigned carrier_s, address_s, dad_s;
} LfNet;

/**
 * lf_net_plan:
 * @profile: (nullable): its `network` and `route` lines; NULL before there is a profile
 * @cmdline: kernel command line: ip=, vlan=, bond=, bridge=, nameserver=, BOOTIF=, ifname=,
 * rd.route=, rd.net.timeout.*, bootdev=, in dracut's syntax, and ip= in StarlingX's comma form
 * @nics: (element-type LfFactNic): network cards: what `link`, `bootif` and a MAC mean
 *
 * Decides the network. Pure. A kickstart line takes the place of what the command line says about
 * the same device; lines that only name the host say nothing of a device.
 *
 * Errors: INPUT for words that are malformed or contradict each other; TARGET when a MAC or BOOTIF
 * fits no card. Source: dracut.cmdline(7); Returns: (transfer full) (nullable)
 */
LfNet *lf_net_plan(const LfProfile *profile, const char *cmdline, const GPtrArray *nics,
		   GError **error);

/** lf_net_hostname: (transfer full) (nullable): the host's name on the command line (ip=,
 * hostname=). */
char *lf_net_hostname(const char *cmdline);

/** lf_net_to_json: (transfer full): the documented object (docs/formats.md); equal networks are
 * equal. */
json_t *lf_net_to_json(const LfNet *net);

/** LfNetUnit: a file of systemd-networkd. @name: such as "10-landfall-bond0.netdev" */
typedef struct {
	char *name;
	char *text;
} LfNetUnit;

/** lf_net_units: (transfer full) (element-type LfNetUnit): what the installed system gets. Pure. */
GPtrArray *lf_net_units(const LfNet *net);

/** lf_net_dhcpcd_conf: (transfer full): dhcpcd's configuration for this network. Pure. */
char *lf_net_dhcpcd_conf(const LfNet *net);

void lf_net_free(LfNet *net);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfNet, lf_net_free)
