#pragma once

#include "base/event.h"
#include "base/host.h"
#include "base/http.h"
#include "kickstart/profile.h"

/**
 * LfOnline: the machine's way to servers during a run: its network, and the clock that certificates
 * need. Nothing waits for it but what asks for a URL.
 */
typedef struct LfOnline LfOnline;

/**
 * lf_online_new:
 * @access: how servers are reached
 *
 * Sets a clock that stands before the image was built, or long after it, to that time. All three
 * must outlive the result. Returns: (transfer full)
 */
LfOnline *lf_online_new(const LfHost *host, const LfHttpAccess *access, LfEvents *events);

/** lf_online_is_wanted: whether the profile asks for the network: lines that bring one up, or
 * anything that lies at a server. */
bool lf_online_is_wanted(const LfProfile *profile);

/** lf_online_is_told: whether the kernel command line says anything of the network. */
bool lf_online_is_told(const LfOnline *online);

/** lf_online_follow: @profile: whose `network`, `route` and `timesource` lines count from now on,
 * beside the command line; must outlive the next call. */
void lf_online_follow(LfOnline *online, const LfProfile *profile);

/**
 * lf_online_start:
 * Brings the network up in the background, as profile and command line say. What is up already as
 * wanted stays up. Only what must be known first is waited for: the cards that are named, and a
 * carrier for `link`.
 *
 * Errors: INPUT, TARGET, NETWORK, INTERNAL: those of lf_cards_plan() and lf_net_start().
 */
bool lf_online_start(LfOnline *online, GError **error);

/** lf_online_prefer: @nics: (element-type LfFactNic): the machine's cards, from which the same
 * network is planned once more, for the installed system: `link` shall mean the same card. See
 * lf_cards_prefer(). */
void lf_online_prefer(const LfOnline *online, GPtrArray *nics);

/**
 * lf_online_need:
 * @url: http or https: what will be fetched
 * @online: an LfOnline; fits LfAccessGate
 *
 * Waits for the network and sets the clock: by NTP from the profile's time sources, else from those
 * that DHCP names; a clock that was not plausible at last from the server's own answer. Time that
 * cannot be had is a note.
 *
 * Errors: those of lf_online_start() and lf_net_wait().
 */
bool lf_online_need(const char *url, void *online, GError **error);

/**
 * lf_online_again:
 * @online: an LfOnline; fits LfAccessAgain
 *
 * After a request that failed: the first address that came is not always the one that leads to the
 * server. Waits until the network is another than when lf_online_need() was called last, for a
 * minute from when it came up at most. Returns: whether a request is worth another try.
 */
bool lf_online_again(void *online);

/**
 * lf_online_try: sets the clock when the network is already there, for those who do not wait for
 * it: reports, and the hardware clock at the end. Returns at once when it is not, or time was asked
 * for before.
 */
void lf_online_try(LfOnline *online);

/** lf_online_report: adds "network" (the interfaces) and "clock" (what the time comes from) to
 * @data. */
void lf_online_report(const LfOnline *online, json_t *data);

/** lf_online_know_zone: @root_fd: the installed system, which has the profile's time zone: for a
 * hardware clock that is to have local time. */
void lf_online_know_zone(LfOnline *online, int root_fd);

/** lf_online_keep_time: a clock that was set from a server is kept in the hardware; a failure is a
 * note. */
void lf_online_keep_time(LfOnline *online);

void lf_online_free(LfOnline *online);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfOnline, lf_online_free)
