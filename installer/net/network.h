#pragma once

#include "base/event.h"
#include "base/host.h"
#include "installer/plan/net.h"

/**
 * LfNetRun: a network while it is up: links made through libnl-route, addresses by
 * dhcpcd or static, the resolver's file. A thread of its own follows what the kernel and dhcpcd
 * tell, keeps the resolver's file true, and starts a dhcpcd that died again.
 */
typedef struct LfNetRun LfNetRun;

/** LfNetState: what is known of one interface, for reports and errors. */
typedef struct {
	char *name;
	char *mac;
	bool is_up, has_carrier;
	char **addresses; /* "address/prefix": usable ones; tentative and failed ones are not */
	char *trouble;	  /* nullable: one sentence: "no carrier", "no answer to DHCP", … */
} LfNetState;

/**
 * lf_net_start:
 * Makes the links of @net and starts dhcpcd; does not wait for an address. Interfaces that appear
 * later are taken up by dhcpcd when @net names none. What an earlier start left (a dhcpcd, virtual
 * links, addresses, routes) is taken back or made anew.
 *
 * Errors: TARGET when an interface that @net names is not there after its time; NETWORK when the
 * kernel refuses; UNSUPPORTED when it has no driver for a kind of link; INPUT for an option or
 * address that it does not know; INTERNAL when dhcpcd cannot be started.
 * Returns: (transfer full) (nullable)
 */
LfNetRun *lf_net_start(const LfHost *host, const LfNet *net, GError **error);

/**
 * lf_net_wait:
 * Waits until one interface has a usable address (not link-local, not tentative) and, unless the
 * plan says otherwise, a default route; as long as the plan's timeouts allow.
 *
 * When its time is over, an address is enough also without the default route that was expected. It
 * can be called again, as after a loss of the link.
 *
 * Errors: NETWORK, naming each interface and what it lacks: at once when nothing more can come,
 * such as when each static address is in use by another machine; INTERNAL when dhcpcd keeps dying.
 */
bool lf_net_wait(LfNetRun *run, GError **error);

/** lf_net_states: (transfer full) (element-type LfNetState). */
GPtrArray *lf_net_states(const LfNetRun *run);

/** lf_net_states_to_json: (transfer full): documented with the event `network.up`. */
json_t *lf_net_states_to_json(const GPtrArray *states);

/** lf_net_time_servers: (transfer full): NTP servers that DHCP offers; never NULL. */
char **lf_net_time_servers(const LfNetRun *run);

/**
 * lf_net_wait_other:
 * @than: (nullable): what lf_net_fingerprint() said before
 * @until_us: of the monotonic clock
 *
 * Waits until the network is another than @than: an address, route or name server has come or gone.
 * Returns: false when its time is over
 */
bool lf_net_wait_other(LfNetRun *run, const char *than, int64_t until_us);

/** lf_net_fingerprint: (transfer full): what can be reached from here depends on, as a text to
 * compare: states of the interfaces and name servers. */
char *lf_net_fingerprint(LfNetRun *run);

/** lf_net_same: whether @run already is what @net asks for, with the identity that DHCPv6 servers
 * shall know the installed system by; which cards were known at the start does not matter. */
bool lf_net_same(const LfNetRun *run, const LfNet *net);

/** lf_net_run_free: stops dhcpcd, which gives its addresses back, and takes back what was made:
 * virtual links, addresses, routes. */
void lf_net_run_free(LfNetRun *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfNetRun, lf_net_run_free)
