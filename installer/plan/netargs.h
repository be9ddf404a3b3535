#pragma once

#include "installer/plan/net.h"

/**
 * LfNetArgs: what a kernel command line says of the network, in dracut's words. Nothing is decided
 * here that depends on a machine. Text is NULL when not given; arrays are never NULL and own their
 * elements.
 */

/** LfIpArg: an `ip=` word. @device: name, MAC, "bootif"; NULL: none is named */
typedef struct {
	char *word; /* as written, for messages */
	char *device;
	LfIpMode ipv4, ipv6;
	char *address; /* "address/prefix" */
	char *gateway;
	char *hostname;
	char **nameservers;
	uint32_t mtu;
	char *new_mac;
} LfIpArg;

/** LfVirtualArg: a `vlan=`, `bond=` or `bridge=` word. */
typedef struct {
	char *word;
	LfLinkKind kind;
	char *name;
	char *parent;
	uint32_t vlan_id;
	char **members;
	char **options;
	uint32_t mtu;
} LfVirtualArg;

/** LfNameArg: an `ifname=` word: the card with @mac is called @name. */
typedef struct {
	char *name;
	char *mac;
} LfNameArg;

/** LfRouteArg: an `rd.route=` word. */
typedef struct {
	char *word;
	char *device;
	char *to;
	char *via;
} LfRouteArg;

/** LfNetArgs: times are 0 when not given. */
typedef struct {
	GPtrArray *ips;	     /* LfIpArg */
	GPtrArray *virtuals; /* LfVirtualArg */
	GPtrArray *names;    /* LfNameArg */
	GPtrArray *routes;   /* LfRouteArg */
	char **nameservers;
	char *bootif; /* MAC; NULL also when `rd.bootif=0` is there */
	char *bootdev;
	char *hostname; /* `hostname=`, else that of the first `ip=` with one */
	bool ignores_dns;
	bool ignores_bootif;
	unsigned carrier_s, address_s, dad_s;
} LfNetArgs;

#define LF_MAX_NETARGS 256

/**
 * lf_netargs_parse:
 * @cmdline: (nullable): a kernel command line: hostile
 *
 * Errors: INPUT and UNSUPPORTED, with the word and what to write; INPUT when there are more than
 * LF_MAX_NETARGS words of the network. Source: dracut.cmdline(7), Network
 */
LfNetArgs *lf_netargs_parse(const char *cmdline, GError **error);

/** lf_netargs_words: (transfer full) (nullable): only the words of the network, fit for facts; NULL
 * when there are none. */
char *lf_netargs_words(const char *cmdline);

/** lf_ifname_fits: whether the kernel takes @name for an interface, and files and tools too. */
bool lf_ifname_fits(const char *name);

void lf_netargs_free(LfNetArgs *args);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfNetArgs, lf_netargs_free)
