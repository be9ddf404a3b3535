#pragma once

#include "base/host.h"
#include "base/http.h"
#include "kickstart/profile.h"

/** LfClockSource: what the machine's time was last set from. */
typedef enum {
	LF_CLOCK_RTC,	/* plausible as it was */
	LF_CLOCK_FLOOR, /* was not plausible: set to the day the image was built */
	LF_CLOCK_HTTP,	/* the Date of a server's answer */
	LF_CLOCK_NTP,
} LfClockSource;

/** lf_clock_name: (transfer none): "rtc", "floor", "http", "ntp". */
const char *lf_clock_name(LfClockSource source);

/**
 * lf_clock_floor:
 * @built_s: when the image was built, seconds since 1970
 *
 * A clock that stands before @built_s, or more than twenty years after it, is set to @built_s.
 * Errors: IO when the kernel refuses.
 */
bool lf_clock_floor(uint64_t built_s, LfClockSource *ret_source, GError **error);

/**
 * lf_clock_ntp:
 * @sources: (element-type LfTimeSource): asked all at once
 * Sets the clock once from NTP or NTS (chronyd -q), within @timeout_ms.
 * Errors: NETWORK when none answers.
 */
bool lf_clock_ntp(const GPtrArray *sources, unsigned timeout_ms, GError **error);

/**
 * lf_clock_http:
 * @url: whose server is asked, by plain HTTP; nothing else of the answer is used
 * Sets the clock from the Date of the answer, when that is not before @built_s. The last resort.
 * Errors: NETWORK.
 */
bool lf_clock_http(const char *url, const LfHttpAccess *access, uint64_t built_s, GError **error);

/** lf_clock_write_rtc: sets the hardware clock, to UTC or local time. Errors: IO. */
bool lf_clock_write_rtc(bool is_utc, const char *timezone, GError **error);
