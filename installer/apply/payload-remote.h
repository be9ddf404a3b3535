#pragma once

#include "installer/apply/payload-store.h"

/**
 * lf_payload_remote_fetch:
 * @store: with at least one server
 * @url: the first server, for messages
 * @ref: branch, checked to be one
 * @repo: an empty archive repository
 * @ret_checksum: (out): of the commit
 *
 * Asks the servers which commit the branch is, and puts the commit and its signatures into @repo.
 * The commit's checksum is compared; its signature is the caller's to check.
 *
 * Errors: TARGET when there is no repository; UNSUPPORTED when it is no archive; INPUT when it has
 * no such ref; TRUST when the commit is missing or damaged; NETWORK; IO.
 */
bool lf_payload_remote_fetch(LfPayloadStore *store, const char *url, const char *ref,
			     OstreeRepo *repo, char **ret_checksum, GError **error);

/** lf_payload_remote_is_url: whether it is http:// or https://. */
bool lf_payload_remote_is_url(const char *url);
