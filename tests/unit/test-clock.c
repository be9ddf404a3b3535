// The clock: what is plausible, and how chronyd is asked. Setting it is a machine's test.
#include "tests/unit/test.h"

#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "installer/net/clock.h"

#define BUILT_S 1790000000ULL
#define YEAR_S	31557600ULL

static void a_clock_is_plausible_from_the_build_on_for_twenty_years(void **state)
{
	static const struct {
		uint64_t now_s, built_s;
		bool is_plausible;
	} rows[] = {
		{ 0, BUILT_S, false },
		{ BUILT_S - 1, BUILT_S, false },
		{ BUILT_S, BUILT_S, true },
		{ BUILT_S + 19 * YEAR_S, BUILT_S, true },
		{ BUILT_S + 21 * YEAR_S, BUILT_S, false },
		{ 4070908800ULL, BUILT_S, false }, /* 2099 */
		{ UINT64_MAX, BUILT_S, false },
		{ 0, 0, false },
		{ 946684800ULL, 0, false }, /* 2000 */
		{ BUILT_S, 0, true },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		assert_int_equal(lf_clock_is_plausible(rows[i].now_s, rows[i].built_s),
				 rows[i].is_plausible);
}

static GPtrArray *sources_of(LfTimeSource *sources, size_t n)
{
	GPtrArray *array = g_ptr_array_new();

	for (size_t i = 0; i < n; i++)
		g_ptr_array_add(array, &sources[i]);
	return array;
}

static void each_source_is_one_directive(void **state)
{
	LfTimeSource rows[] = { { .host = (char *)"192.0.2.1" },
				{ .host = (char *)"pool.test", .is_pool = true },
				{ .host = (char *)"time.test", .is_nts = true },
				{ .host = (char *)"2001:db8::1" } };
	g_autoptr(GPtrArray) sources = sources_of(rows, G_N_ELEMENTS(rows));
	g_autoptr(GError) error = NULL;
	g_auto(GStrv) argv = lf_clock_ntp_argv(sources, "/seed/ca.pem", 10000, false, &error);
	g_autofree char *line = argv ? g_strjoinv("|", argv) : NULL;

	assert_ok(argv != NULL, error);
	assert_contains(line, "/usr/sbin/chronyd|-q|");
	assert_contains(line, "|-t|10|");
	assert_contains(line, "|server 192.0.2.1 iburst maxsamples 1|"
			      "pool pool.test iburst maxsamples 1|"
			      "server time.test iburst maxsamples 1 nts|"
			      "server 2001:db8::1 iburst maxsamples 1");
	assert_contains(line, "|nocerttimecheck 1|nosystemcert|ntstrustedcerts /seed/ca.pem|");
}

static void a_source_that_is_no_host_reaches_no_command_line(void **state)
{
	static const char *const hosts[] = { "", "a b", "a\nmakestep 0 -1", "-x", "a;b", "a#b" };

	for (size_t i = 0; i < G_N_ELEMENTS(hosts); i++) {
		LfTimeSource row = { .host = (char *)hosts[i] };
		g_autoptr(GPtrArray) sources = sources_of(&row, 1);
		g_autoptr(GError) error = NULL;

		assert_throws(lf_clock_ntp(sources, NULL, 1000, &error), error, LF_ERROR_INPUT,
			      "write a host's name or address");
	}
}

static void no_source_at_all_is_an_error(void **state)
{
	g_autoptr(GPtrArray) sources = g_ptr_array_new();
	g_autoptr(GError) error = NULL;

	assert_throws(lf_clock_ntp(sources, NULL, 1000, &error), error, LF_ERROR_INPUT, "name one");
}

// tzfile(5), version 1: no transitions, one kind of local time: 5:30 h east, "IST".
static const char india[] = "TZif\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
			    "\0\0\0\0\0\0\0\1\0\0\0\4"
			    "\0\0\x4d\x58\0\0IST";

static void time_zones_are_those_of_the_installed_system(void **state)
{
	char *dir = lf_test_dir();
	lf_autofd root_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	g_autoptr(GTimeZone) zone = NULL;
	g_autoptr(GTimeZone) none = NULL;
	g_autoptr(GError) error = NULL;

	assert_ok(lf_mkdirs_at(root_fd, "usr/share/zoneinfo/Asia", 0755, &error), error);
	assert_ok(lf_write_file_at(root_fd, "usr/share/zoneinfo/Asia/Kolkata", india, sizeof india,
				   0644, &error),
		  error);
	zone = lf_clock_zone(root_fd, "Asia/Kolkata", &error);
	assert_ok(zone != NULL, error);
	assert_int_equal(g_time_zone_get_offset(zone, 0), 19800);
	none = lf_clock_zone(root_fd, "Nowhere/Atlantis", &error);
	assert_throws(none != NULL, error, LF_ERROR_INPUT, "no time zone 'Nowhere/Atlantis'");
	lf_test_dir_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(a_clock_is_plausible_from_the_build_on_for_twenty_years),
		LF_TEST(each_source_is_one_directive),
		LF_TEST(a_source_that_is_no_host_reaches_no_command_line),
		LF_TEST(no_source_at_all_is_an_error),
		LF_TEST(time_zones_are_those_of_the_installed_system),
	};

	return LF_TEST_MAIN(tests);
}
