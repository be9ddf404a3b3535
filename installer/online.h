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

/**
 * lf_online_start:
 * @profile: (nullable): whose `network`, `route` and `timesource` lines count beside the kernel
 * command line; must outlive the next call. NULL: the command line alone
 *
 * Brings the network up in the background. What is up already as wanted stays up.
 *
 * Errors: INPUT, TARGET, NETWORK, INTERNAL: those of lf_net_plan() and lf_net_start().
 */
bool lf_online_start(LfOnline *online, const LfProfile *profile, GError **error);

/**
 * lf_online_need:
 * @url: what will be fetched; nothing is done for what is no http or https URL
 *
 * Waits for the network and sets the clock: by NTP from the profile's time sources, else from those
 * that DHCP names; a clock that was not plausible at last from the server's own answer. Time that
 * cannot be had is a note.
 *
 * Errors: those of lf_online_start() and lf_net_wait().
 */
bool lf_online_need(LfOnline *online, const char *url, GError **error);

/** lf_online_to_json: (transfer full): "interfaces" and "clock", for reports. */
json_t *lf_online_to_json(const LfOnline *online);

/** lf_online_keep_time: a clock that was set from a server is kept in the hardware; a failure is a
 * note. */
void lf_online_keep_time(LfOnline *online);

void lf_online_free(LfOnline *online);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfOnline, lf_online_free)
