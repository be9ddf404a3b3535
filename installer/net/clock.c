// The machine's clock: plausible at first, then true: by NTP, or by a web server's Date.
// Not here: which sources there are (kickstart, leases), and when each is asked (installer/).
#include "installer/net/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtc.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "base/fd.h"
#include "base/proc.h"
#include "installer/net/lease.h"

#define CHRONYD		"/usr/sbin/chronyd"
#define PIDFILE		"/run/landfall-chronyd.pid"
#define RTC		"/dev/rtc0"
#define TWENTY_YEARS_S	(20ULL * 366 * 24 * 3600)
#define EARLIEST_S	1577836800ULL /* 2020 */
#define MAX_SOURCES	32
#define MARGIN_MS	3000
#define HTTP_TIMEOUT_MS 10000

static const char *const names[] = {
	[LF_CLOCK_RTC] = "rtc",
	[LF_CLOCK_FLOOR] = "floor",
	[LF_CLOCK_HTTP] = "http",
	[LF_CLOCK_NTP] = "ntp",
};

const char *lf_clock_name(LfClockSource source)
{
	return names[source];
}

bool lf_clock_by_name(const char *name, LfClockSource *ret)
{
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		if (!g_str_equal(names[i], name))
			continue;
		*ret = (LfClockSource)i;
		return true;
	}
	return false;
}

bool lf_clock_is_plausible(uint64_t now_s, uint64_t built_s)
{
	uint64_t floor_s = MAX(built_s, EARLIEST_S);

	return now_s >= floor_s && now_s - floor_s <= TWENTY_YEARS_S;
}

static bool set_clock(uint64_t now_s, GError **error)
{
	struct timespec time = { .tv_sec = (time_t)now_s };

	return clock_settime(CLOCK_REALTIME, &time) == 0 ||
	       lf_throw(error, LF_ERROR_IO, "cannot set the clock: %s", g_strerror(errno));
}

bool lf_clock_floor(uint64_t built_s, LfClockSource *ret_source, GError **error)
{
	int64_t now_s = g_get_real_time() / G_USEC_PER_SEC;

	if (now_s > 0 && lf_clock_is_plausible((uint64_t)now_s, built_s)) {
		*ret_source = LF_CLOCK_RTC;
		return true;
	}
	if (!set_clock(MAX(built_s, EARLIEST_S), error))
		return false;
	*ret_source = LF_CLOCK_FLOOR;
	return true;
}

// --- NTP ----------------------------------------------------------------------------------------

// One sample of each is enough: a second more or less is nothing to a certificate.
static bool add_source(GPtrArray *argv, const LfTimeSource *source, GError **error)
{
	if (!lf_net_is_name(source->host) && !lf_net_is_address(source->host))
		return lf_throw(error, LF_ERROR_INPUT,
				"time source '%s': write a host's name or address", source->host);
	g_ptr_array_add(argv, g_strdup_printf("%s %s iburst maxsamples 1%s",
					      source->is_pool ? "pool" : "server", source->host,
					      source->is_nts ? " nts" : ""));
	return true;
}

static void add_words(GPtrArray *argv, const char *const *words)
{
	for (; *words; words++)
		g_ptr_array_add(argv, g_strdup(*words));
}

static bool has_nts(const GPtrArray *sources)
{
	for (guint i = 0; i < sources->len; i++)
		if (((const LfTimeSource *)sources->pdata[i])->is_nts)
			return true;
	return false;
}

// Before the first time there is none to judge a certificate's dates by (chrony.conf(5)); who made
// it is looked at all the same.
static void add_nts(GPtrArray *argv, const char *ca_file)
{
	g_ptr_array_add(argv, g_strdup("nocerttimecheck 1"));
	if (!ca_file)
		return;
	g_ptr_array_add(argv, g_strdup("nosystemcert"));
	g_ptr_array_add(argv, g_strconcat("ntstrustedcerts ", ca_file, NULL));
}

char **lf_clock_ntp_argv(const GPtrArray *sources, const char *ca_file, unsigned timeout_ms,
			 bool only_asks, GError **error)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *timeout = g_strdup_printf("%u", MAX(1, timeout_ms / 1000));

	if (sources->len == 0 || sources->len > MAX_SOURCES)
		return lf_throw_null(error, LF_ERROR_INPUT,
				     "there are %u time sources: name one to %d", sources->len,
				     MAX_SOURCES);
	add_words(argv, LF_PROC_ARGV(CHRONYD, only_asks ? "-Q" : "-q", "-d", "-u", "root", "-t",
				     timeout));
	// Directives instead of a file: nothing of the image's own configuration counts.
	add_words(argv, LF_PROC_ARGV("pidfile " PIDFILE, "cmdport 0"));
	if (has_nts(sources))
		add_nts(argv, ca_file);
	for (guint i = 0; i < sources->len; i++)
		if (!add_source(argv, g_ptr_array_index(sources, i), error))
			return NULL;
	g_ptr_array_add(argv, NULL);
	g_ptr_array_set_free_func(argv, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&argv), FALSE);
}

static char *list_hosts(const GPtrArray *sources)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < sources->len; i++) {
		const LfTimeSource *source = g_ptr_array_index(sources, i);

		g_string_append_printf(text, "%s'%s'", i ? ", " : "", source->host);
	}
	return g_string_free(g_steal_pointer(&text), FALSE);
}

bool lf_clock_ntp(const GPtrArray *sources, const char *ca_file, unsigned timeout_ms,
		  GError **error)
{
	g_auto(GStrv) argv = lf_clock_ntp_argv(sources, ca_file, timeout_ms, false, error);
	g_autofree char *hosts = argv ? list_hosts(sources) : NULL;
	g_autoptr(GError) local = NULL;

	if (!argv)
		return false;
	if (lf_proc_run(&(LfProc){ .argv = (const char *const *)argv,
				   .timeout_ms = timeout_ms + MARGIN_MS },
			NULL, &local))
		return true;
	if (g_error_matches(local, LF_ERROR, LF_ERROR_INTERNAL)) {
		g_propagate_error(error, g_steal_pointer(&local));
		return false;
	}
	return lf_throw(error, LF_ERROR_NETWORK, "no time from %s: %s", hosts, local->message);
}

// --- HTTP ---------------------------------------------------------------------------------------

// What may listen at port 80 says no less of the time than who shows a certificate that cannot be
// judged yet, and no more. Ours is not shown to it.
static bool ask_date(const char *url, const LfHttpAccess *access, uint64_t *ret_s, GError **error)
{
	LfHttpAccess unjudged = *access;
	LfHttp http = { .url = url,
			.access = access,
			.connect_timeout_ms = HTTP_TIMEOUT_MS,
			.timeout_ms = HTTP_TIMEOUT_MS };

	if (lf_http_date(&http, true, ret_s, error))
		return true;
	if (!g_str_has_prefix(url, "https://"))
		return false;
	g_clear_error(error);
	unjudged.is_insecure_tls = true;
	unjudged.cert_file = unjudged.key_file = NULL;
	http.access = &unjudged;
	return lf_http_date(&http, false, ret_s, error);
}

bool lf_clock_http(const char *url, const LfHttpAccess *access, uint64_t built_s, GError **error)
{
	uint64_t date_s = 0;

	if (!ask_date(url, access, &date_s, error))
		return false;
	if (!lf_clock_is_plausible(date_s, built_s))
		return lf_throw(error, LF_ERROR_NETWORK,
				"the server's Date is not plausible: it is %" G_GUINT64_FORMAT
				" s after 1970",
				date_s);
	return set_clock(date_s, error);
}

// --- the hardware clock -------------------------------------------------------------------------

GTimeZone *lf_clock_zone(int root_fd, const char *name, GError **error)
{
	g_autofree char *path =
		g_strdup_printf("/proc/self/fd/%d/usr/share/zoneinfo/%s", root_fd, name);
	// GLib takes an absolute path for the file of a zone.
	GTimeZone *zone = g_time_zone_new_identifier(path);

	return zone ? zone
		    : lf_throw_null(error, LF_ERROR_INPUT,
				    "the system knows no time zone '%s': write a name such as "
				    "'Europe/Berlin'",
				    name);
}

bool lf_clock_write_rtc(GTimeZone *zone, GError **error)
{
	g_autoptr(GDateTime) now = zone ? g_date_time_new_now(zone) : g_date_time_new_now_utc();
	lf_autofd fd = -1;
	struct rtc_time time;

	if (!lf_openat(AT_FDCWD, RTC, O_RDONLY, 0, &fd, error))
		return false;
	time = (struct rtc_time){ .tm_sec = g_date_time_get_second(now),
				  .tm_min = g_date_time_get_minute(now),
				  .tm_hour = g_date_time_get_hour(now),
				  .tm_mday = g_date_time_get_day_of_month(now),
				  .tm_mon = g_date_time_get_month(now) - 1,
				  .tm_year = g_date_time_get_year(now) - 1900 };
	return ioctl(fd, RTC_SET_TIME, &time) == 0 ||
	       lf_throw(error, LF_ERROR_IO, "cannot set the hardware clock: %s", g_strerror(errno));
}
