#pragma once

#include "installer/plan/facts.h"

#include <ostree.h>

/**
 * LfPayload: an OSTree commit in the repository it comes from (a local archive
 * repository behind a file:// URL, as on the medium), with its signature checked when it is opened.
 */
typedef struct LfPayload LfPayload;

/** LfPayloadProgress: called now and then from the calling thread. Totals are 0 until known. */
typedef void (*LfPayloadProgress)(uint64_t bytes, uint64_t total_bytes, void *user_data);

/**
 * lf_payload_open:
 * @url: file:// URL of an archive repository
 * @ref: branch
 * @keyring: (nullable): file with the trusted OpenPGP keys; NULL checks no signature (--nogpg)
 *
 * Resolves the ref and checks the commit's checksum and signature. Writes nothing.
 *
 * Errors: TARGET when there is no repository at the URL; INPUT when it has no such ref (names those
 * it has); TRUST when the commit is unsigned, wrongly signed or damaged; IO when the repository or
 * its medium cannot be read. Returns: (transfer full) (nullable)
 */
LfPayload *lf_payload_open(const char *url, const char *ref, const char *keyring, GError **error);

/** lf_payload_facts: (transfer full): what the commit says of itself. */
LfFactPayload *lf_payload_facts(const LfPayload *payload);

/**
 * lf_payload_pull:
 * @repo: the target's repository: bare, new, with no transaction open
 * @remote: name of the remote the ref is recorded under
 *
 * Copies every object of the commit, on all processors, each verified against its own name while it
 * is written. Nothing is synced to disk here: the caller syncs the file system
 * once.
 *
 * Errors: TRUST when an object is damaged; IO.
 */
bool lf_payload_pull(LfPayload *payload, OstreeRepo *repo, const char *remote,
		     LfPayloadProgress progress, void *user_data, GError **error);

void lf_payload_free(LfPayload *payload);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfPayload, lf_payload_free)
