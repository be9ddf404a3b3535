#pragma once

#include "installer/apply/payload-delta.h"
#include "installer/apply/payload-sink.h"
#include "installer/apply/payload-store.h"
#include "installer/apply/payload.h"

/**
 * LfPayloadCopy: what to copy where.
 * @bare: (nullable): the same as @to when that is bare: then a static delta may be used
 * @checksum, @commit: the commit whose trees are wanted
 * @total_bytes: sum of file sizes for progress; 0 unknown
 * @progress, @note: (nullable): called from the calling thread
 */
typedef struct {
	LfPayloadStore *from;
	const LfPayloadSink *to;
	LfBare *bare;
	const char *checksum;
	GVariant *commit;
	uint64_t total_bytes;
	LfPayloadProgress progress;
	LfPayloadNote note;
	void *user_data;
} LfPayloadCopy;

/**
 * lf_payload_copy:
 * Copies every tree and file object below the commit, not the commit itself. Each object is checked
 * against its name; what is there and whole is not copied again. Nothing is synced.
 *
 * Errors: TRUST when an object is missing or damaged everywhere; NETWORK when the servers cannot be
 * reached for too long; IO when the target cannot be written.
 */
bool lf_payload_copy(const LfPayloadCopy *copy, GError **error);
