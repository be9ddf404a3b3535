#pragma once

#include "base/throw.h"
#include "kickstart/diagnostic.h"

#include <stdint.h>

/** lf_size_text: (transfer full): "20.0 GiB", "512 MiB", "33 B". */
char *lf_size_text(uint64_t size_bytes);

/** lf_duration_text: (transfer full): "40 s", "15 min", "2 h 26 min"; rounded up to what shows. */
char *lf_duration_text(unsigned seconds);

/**
 * lf_throw_at: like lf_throw(), with "file:line: " of @place in front when it is known. Kickstart
 * values that only turn out wrong on this machine are reported where they are written.
 */
bool lf_throw_at(GError **error, LfErrorCode code, const LfPlace *place, const char *format, ...)
	G_GNUC_PRINTF(4, 5);

/** lf_prefix_at: puts "file:line: " in front of an error when @place is known. Returns: false. */
bool lf_prefix_at(GError **error, const LfPlace *place);
