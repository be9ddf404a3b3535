#pragma once

#include "base/http.h"
#include "base/secret.h"

#include <jansson.h>

/**
 * LfPoster: sends events to the address of `report --url=` by HTTP POST: JSON lines, with the
 * site's token and the machine's names in headers (docs/formats.md, Reports).
 */
typedef struct LfPoster LfPoster;

/**
 * lf_poster_new:
 * @access: must outlive the poster
 * @token: (nullable): sent as `Authorization: Bearer`; white space around it does not count
 *
 * Errors: INPUT for a token that does not fit into a header.
 * Returns: (transfer full) (nullable)
 */
LfPoster *lf_poster_new(const char *url, const LfHttpAccess *access, const LfSecret *token,
			GError **error);

/** lf_poster_send: an LfCourierSend with the poster as user data; one thread at a time. */
bool lf_poster_send(const GPtrArray *events, void *poster, GError **error);

/**
 * lf_poster_send_log: sends a text, by a connection of its own; may run beside lf_poster_send().
 * @machine: (nullable): an event's `machine`, for the headers
 */
bool lf_poster_send_log(LfPoster *poster, const json_t *machine, GBytes *text, GError **error);

void lf_poster_free(LfPoster *poster);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfPoster, lf_poster_free)
