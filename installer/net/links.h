#pragma once

#include "installer/plan/net.h"

/**
 * LfLinks: the links that were made or configured through it. With it they are taken back: virtual
 * ones are deleted, others lose the addresses and routes they were given.
 */
typedef struct LfLinks LfLinks;

/** lf_links_new: @root_fd: "/"; must outlive it. Errors: NETWORK. Returns: (transfer full)
 * (nullable)
 */
LfLinks *lf_links_new(int root_fd, GError **error);

/**
 * lf_links_wait:
 * @name: (nullable): of the interface
 * @mac: (nullable): its permanent address; of a card that has none, the present one
 * @deadline_us: of the monotonic clock
 * @ret_name: (out) (transfer full): its name
 *
 * Waits until there is such an interface.
 * Errors: TARGET when there is none in time.
 */
bool lf_links_wait(LfLinks *links, const char *name, const char *mac, int64_t deadline_us,
		   char **ret_name, GError **error);

/** lf_links_rename: gives a card another name, for which it is taken down. Errors: NETWORK. */
bool lf_links_rename(LfLinks *links, const char *name, const char *new_name, GError **error);

/**
 * lf_links_make:
 * @link: VLAN, bond or bridge, with its parent or members there
 *
 * Makes a virtual link with its options and members. One of the same name and kind that is there
 * already, as after a crash, is made anew; drivers are loaded by the kernel itself.
 *
 * Errors: INPUT for an option that the kernel does not know or take; TARGET when the name belongs
 * to something else; UNSUPPORTED when the kernel has no driver; NETWORK when it refuses.
 */
bool lf_links_make(LfLinks *links, const LfNetLink *link, GError **error);

/**
 * lf_links_configure:
 * @link: its name is not NULL
 * Takes what somebody else left off the link; gives it its address, MTU, static addresses and
 * routes; brings it up. Errors: INPUT, NETWORK.
 */
bool lf_links_configure(LfLinks *links, const LfNetLink *link, GError **error);

/** lf_links_clear_rest: takes addresses and routes off all cards that were neither configured here
 * nor belong to a bond or bridge: whoever manages them now begins anew. Errors: NETWORK. */
bool lf_links_clear_rest(LfLinks *links, GError **error);

/** lf_links_up: brings a link up that needs nothing else: parent of a VLAN. Errors: NETWORK. */
bool lf_links_up(LfLinks *links, const char *name, GError **error);

/** lf_links_wake: @nics: (element-type LfFactNic): brings cards up that are down, so that they can
 * have a carrier. Nothing is configured on them, and they stay up. One that cannot be brought up
 * has no carrier. */
void lf_links_wake(LfLinks *links, const GPtrArray *nics);

/** lf_links_wait_change: waits until something about links has changed since @links was made, or
 * since the last call. @deadline_us: of the monotonic clock. Returns: false when the time is over.
 */
bool lf_links_wait_change(LfLinks *links, int64_t deadline_us);

void lf_links_free(LfLinks *links);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfLinks, lf_links_free)
