#pragma once

#include "base/throw.h"

#include <jansson.h>
#include <stdint.h>

/**
 * LfSyslog: sends events to a remote syslog (`logging --host`): RFC 5424 messages over TCP with
 * octet counting. What the message says of the event is documented in docs/formats.md.
 */
typedef struct LfSyslog LfSyslog;

#define LF_SYSLOG_PORT 514

/**
 * lf_syslog_new:
 * @port: 0: LF_SYSLOG_PORT
 * @hostname: (nullable): of this machine; NULL is the event's serial number, else "-"
 */
LfSyslog *lf_syslog_new(const char *host, uint32_t port, const char *hostname);

/**
 * lf_syslog_send: an LfCourierSend with the LfSyslog as user data. Done when the other side's
 * kernel has all of it; after a lost connection the batch is sent again.
 *
 * Errors: NETWORK.
 */
bool lf_syslog_send(const GPtrArray *events, void *syslog, GError **error);

/** lf_syslog_message: (transfer full): one event as a message of RFC 5424, without its frame. */
char *lf_syslog_message(const json_t *event, const char *hostname);

void lf_syslog_free(LfSyslog *syslog);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfSyslog, lf_syslog_free)
