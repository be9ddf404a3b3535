#pragma once

#include "installer/apply/payload.h"

/**
 * LfPayloadCopy: what to copy where.
 * @from: archive repository
 * @to: bare repository
 * @commit: the commit object whose trees are wanted
 * @total_bytes: sum of file sizes for progress; 0 unknown
 */
typedef struct {
	OstreeRepo *from;
	OstreeRepo *to;
	GVariant *commit;
	uint64_t total_bytes;
	LfPayloadProgress progress;
	void *user_data;
} LfPayloadCopy;

/**
 * lf_payload_copy:
 * Copies every tree and file object below the commit, not the commit itself. Each object is checked
 * against its name while it is written. Switches @to's fsync off for good: the caller syncs.
 *
 * Errors: TRUST when an object is missing or damaged; IO when the target cannot be written.
 */
bool lf_payload_copy(const LfPayloadCopy *copy, GError **error);
