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

/** lf_clock_by_name: Returns: false, @ret untouched, when there is none. */
bool lf_clock_by_name(const char *name, LfClockSource *ret);

/**
 * lf_clock_is_plausible: whether @now_s can be true of a machine whose image was built at @built_s:
 * not before, and not more than twenty years after. Pure. Both in seconds since 1970; a @built_s of
 * 0 is not known, and then the year 2020 stands for it.
 */
bool lf_clock_is_plausible(uint64_t now_s, uint64_t built_s);

/**
 * lf_clock_floor:
 * @built_s: when the image was built, seconds since 1970
 *
 * A clock that is not plausible is set to @built_s.
 * Errors: IO when the kernel refuses.
 */
bool lf_clock_floor(uint64_t built_s, LfClockSource *ret_source, GError **error);

/**
 * lf_clock_ntp:
 * @sources: (element-type LfTimeSource): asked all at once
 * @ca_file: (nullable): authorities of NTS servers, in place of the public ones
 * Sets the clock once from NTP or NTS (chronyd -q), within @timeout_ms.
 * Errors: NETWORK when none answers.
 */
bool lf_clock_ntp(const GPtrArray *sources, const char *ca_file, unsigned timeout_ms,
		  GError **error);

/**
 * lf_clock_ntp_argv:
 * @only_asks: the clock is not set (chronyd -Q instead of -q)
 * Errors: INPUT for a source that is neither name nor address, or when there are none or too many.
 * Returns: (transfer full) (nullable): the command line of lf_clock_ntp(). Pure.
 */
char **lf_clock_ntp_argv(const GPtrArray *sources, const char *ca_file, unsigned timeout_ms,
			 bool only_asks, GError **error);

/**
 * lf_clock_http:
 * @url: whose server is asked; nothing else of the answer is used
 * Sets the clock from the Date of the answer, by plain HTTP; when nothing answers there, by HTTPS
 * without a look at the certificate, which needs the time first. The last resort.
 * Errors: NETWORK, also when the Date is not plausible.
 */
bool lf_clock_http(const char *url, const LfHttpAccess *access, uint64_t built_s, GError **error);

/**
 * lf_clock_zone:
 * @root_fd: of a system that has time zones: the installer has none
 * @name: such as "Europe/Berlin"
 *
 * Errors: INPUT when it knows no such zone. Returns: (transfer full) (nullable)
 */
GTimeZone *lf_clock_zone(int root_fd, const char *name, GError **error);

/**
 * lf_clock_write_rtc:
 * @zone: (nullable): of local time; NULL for UTC
 * Sets the hardware clock to the system's. Errors: IO.
 */
bool lf_clock_write_rtc(GTimeZone *zone, GError **error);
