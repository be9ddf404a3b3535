#pragma once

#include "installer/apply/payload-bare.h"
#include "installer/apply/payload-store.h"

/**
 * LfPayloadDelta: a static delta from nothing to a commit: its objects in a few long files instead
 * of thousands of short ones. It is not signed: it is a hint where objects are, and each object is
 * compared with its name like all others.
 */
typedef struct LfPayloadDelta LfPayloadDelta;

/**
 * lf_payload_delta_fetch:
 * @checksum: of the commit
 * @total_bytes: of the commit's files; 0 unknown
 *
 * Fetches the list of parts. There is none (NULL) when no server offers a delta, when it is not
 * usable (which is noted in the store), and when the local repositories of the store have most
 * objects anyway.
 */
LfPayloadDelta *lf_payload_delta_fetch(LfPayloadStore *store, const char *checksum,
				       uint64_t total_bytes);

/**
 * lf_payload_delta_parse:
 * @superblock: as it lies on a server
 * Errors: TRUST when it is malformed, of another commit, or longer than @total_bytes allows.
 * Source: libostree's static delta format. Returns: (transfer full) (nullable)
 */
LfPayloadDelta *lf_payload_delta_parse(GBytes *superblock, const char *checksum,
				       uint64_t total_bytes, GError **error);

guint lf_payload_delta_n_parts(const LfPayloadDelta *delta);

/** lf_payload_delta_n_singles: how many objects are too long for a part. */
guint lf_payload_delta_n_singles(const LfPayloadDelta *delta);

/**
 * lf_payload_delta_single: the name of the @i-th of these.
 * @ret_checksum: (out): room for OSTREE_SHA256_STRING_LEN + 1
 * @ret_bytes: (out): its size as the delta says
 * Returns: false when it is no file object
 */
bool lf_payload_delta_single(const LfPayloadDelta *delta, guint i, char *ret_checksum,
			     uint64_t *ret_bytes);

/** lf_payload_delta_enter: waits until a transfer may begin; the parts' own do that by themselves.
 */
void lf_payload_delta_enter(LfPayloadDelta *delta);
void lf_payload_delta_leave(LfPayloadDelta *delta);

/**
 * lf_payload_delta_apply:
 * @ret_bytes: (out): sum of the file sizes that were written
 *
 * Fetches a part and writes its objects, each verified. Thread-safe for different parts.
 *
 * Errors: TRUST when the part is missing or not what it should be; NETWORK; IO.
 */
bool lf_payload_delta_apply(LfPayloadDelta *delta, guint part, LfPayloadStore *from,
			    const LfBare *to, uint64_t *ret_bytes, GError **error);

/** lf_payload_delta_each: calls @each with every object that the delta names. */
void lf_payload_delta_each(const LfPayloadDelta *delta,
			   void (*each)(OstreeObjectType type, const char *checksum,
					void *user_data),
			   void *user_data);

void lf_payload_delta_free(LfPayloadDelta *delta);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfPayloadDelta, lf_payload_delta_free)
