#pragma once

#include "base/http.h"
#include "installer/plan/facts.h"

#include <gio/gio.h>
#include <ostree.h>

/**
 * LfPayload: an OSTree commit with its signature checked when it is opened, in a repository on this
 * machine or behind HTTP, and where its objects may come from.
 */
typedef struct LfPayload LfPayload;

/** LfPayloadProgress: called now and then from the calling thread. Totals are 0 until known. */
typedef void (*LfPayloadProgress)(uint64_t bytes, uint64_t total_bytes, void *user_data);

/** LfPayloadNote: a sentence for people, such as that a cache is damaged; from the calling thread.
 */
typedef void (*LfPayloadNote)(const char *text, void *user_data);

/**
 * LfPayloadRequest: what to open; must outlive only the call, but for @access.
 * @url: of an archive repository: file://, http:// or https://
 * @mirrors: (array zero-terminated=1) (nullable): tried after @url, in order
 * @ref: branch
 * @keyring: (nullable): file with the trusted OpenPGP keys; NULL checks no signature (--nogpg)
 * @access: (nullable): how servers are reached; must outlive the payload
 * @prestaged: (nullable): path of an archive repository that was filled ahead of time: its ref is
 * taken without asking any server
 * @caches: (array zero-terminated=1) (nullable): paths of archive repositories whose objects are
 * looked for first; their refs mean nothing
 * @give_up_s: how long servers may be silent, all outages together; 0 is 5 min
 * @pull_give_up_s: the same for lf_payload_pull(), which would have to begin from nothing again; 0
 * is LF_PULL_SILENCE_S
 * @reach: (nullable): asked before the first request, also later by a pull; until the payload is
 * freed
 * @note: (nullable)
 */
typedef struct {
	const char *url;
	const char *const *mirrors;
	const char *ref;
	const char *keyring;
	const LfHttpAccess *access;
	const char *prestaged;
	const char *const *caches;
	unsigned give_up_s;
	unsigned pull_give_up_s;
	bool (*reach)(const char *url, void *reach_data, GError **error);
	void *reach_data;
	LfPayloadNote note;
	void *user_data;
} LfPayloadRequest;

/**
 * lf_payload_open:
 * Resolves the ref and checks the commit's checksum and signature. A prestaged repository or a
 * cache that is absent or damaged is passed over, with a note.
 *
 * Errors: TARGET when there is no repository at the URL; INPUT when it has no such ref (names those
 * it has); TRUST when the commit is unsigned, wrongly signed or damaged; IO when the repository or
 * its medium cannot be read; NETWORK when no server answers as one. Returns: (transfer full)
 * (nullable)
 */
LfPayload *lf_payload_open(const LfPayloadRequest *request, GError **error);

/** lf_payload_facts: (transfer full): what the commit says of itself. */
LfFactPayload *lf_payload_facts(const LfPayload *payload);

/**
 * lf_payload_root: (transfer full): the commit as a tree of files, fetched as they are looked at;
 * @payload must outlive it. What cannot be fetched seems absent: ask lf_payload_tree_check().
 */
GFile *lf_payload_root(LfPayload *payload);

/**
 * lf_payload_pull:
 * @repo: the target's repository: bare, new, with no transaction open
 * @remote: name of the remote the ref is recorded under
 *
 * Copies every object of the commit, many at once, each verified against its own name while it is
 * written. Nothing is synced to disk here: the caller syncs the file system once.
 *
 * Errors: TRUST when an object is missing or damaged everywhere; NETWORK; IO.
 */
bool lf_payload_pull(LfPayload *payload, OstreeRepo *repo, const char *remote,
		     LfPayloadProgress progress, LfPayloadNote note, void *user_data,
		     GError **error);

/**
 * lf_payload_prestage:
 * @repo: an archive repository, perhaps in use, perhaps of a run that was cut off
 *
 * Copies every object of the commit that is not there whole, each verified, then the commit and its
 * ref; removes what no ref needs any more. Synced at the end.
 *
 * Errors: as lf_payload_pull().
 */
bool lf_payload_prestage(LfPayload *payload, OstreeRepo *repo, LfPayloadProgress progress,
			 LfPayloadNote note, void *user_data, GError **error);

void lf_payload_free(LfPayload *payload);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfPayload, lf_payload_free)
