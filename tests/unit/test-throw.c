// The error domain: one table for classes, exit statuses and retries; throwing in one line.
#include "tests/unit/test.h"

#include <errno.h>
#include <gio/gio.h>
#include <string.h>

static const LfErrorCode all_codes[] = {
	LF_ERROR_INPUT,	  LF_ERROR_UNSUPPORTED, LF_ERROR_TARGET,   LF_ERROR_TRUST,
	LF_ERROR_NETWORK, LF_ERROR_IO,		LF_ERROR_INTERNAL,
};

static void every_code_has_its_own_row_and_exit_status(void **state)
{
	bool is_taken[256] = { [0] = true, [1] = true };

	for (size_t i = 0; i < G_N_ELEMENTS(all_codes); i++) {
		g_autoptr(GError) error = NULL;
		const LfErrorClass *class;

		lf_throw(&error, all_codes[i], "x");
		class = lf_error_class(error);
		assert_int_equal(class->code, all_codes[i]);
		assert_in_range(class->exit_status, 2, 125);
		assert_false(is_taken[class->exit_status]);
		is_taken[class->exit_status] = true;
		assert_ptr_equal(lf_error_class_by_status(class->exit_status), class);
		assert_true(strlen(class->advice) > 10);
	}
}

static void exit_statuses_are_the_documented_ones(void **state)
{
	static const char *const names[] = { "input",	"unsupported", "target",  "trust",
					     "network", "io",	       "internal" };

	for (int i = 0; i < 7; i++)
		assert_string_equal(lf_error_class_by_status(i + 2)->name, names[i]);
	assert_null(lf_error_class_by_status(0));
	assert_null(lf_error_class_by_status(1));
	assert_null(lf_error_class_by_status(9));
	assert_null(lf_error_class_by_status(-1));
}

static void what_a_person_must_change_is_tried_three_times_more(void **state)
{
	assert_int_equal(lf_error_class_by_status(2)->max_retries, 3);
	assert_int_equal(lf_error_class_by_status(3)->max_retries, 3);
	assert_int_equal(lf_error_class_by_status(4)->max_retries, 3);
}

static void a_network_failure_is_tried_for_ever(void **state)
{
	assert_int_equal(lf_error_class_by_status(6)->max_retries, -1);
}

static void foreign_errors_are_internal_and_gio_errors_are_io(void **state)
{
	g_autoptr(GError) foreign = g_error_new(g_quark_from_string("else"), 1, "x");
	g_autoptr(GError) gio = g_error_new(G_IO_ERROR, G_IO_ERROR_FAILED, "x");
	g_autoptr(GError) file = g_error_new(G_FILE_ERROR, G_FILE_ERROR_NOENT, "x");

	assert_int_equal(lf_error_class(foreign)->code, LF_ERROR_INTERNAL);
	assert_int_equal(lf_error_class(NULL)->code, LF_ERROR_INTERNAL);
	assert_int_equal(lf_error_class(gio)->code, LF_ERROR_IO);
	assert_int_equal(lf_error_class(file)->code, LF_ERROR_IO);
}

static void an_unknown_code_of_our_domain_is_internal(void **state)
{
	g_autoptr(GError) error = g_error_new(LF_ERROR, 77, "x");

	assert_int_equal(lf_error_class(error)->code, LF_ERROR_INTERNAL);
}

static void throwing_returns_false_or_null_and_sets_the_message(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GError) other = NULL;

	assert_throws(lf_throw(&error, LF_ERROR_TRUST, "key '%s' is %d", "a", 1), error,
		      LF_ERROR_TRUST, "key 'a' is 1");
	assert_null(lf_throw_null(&other, LF_ERROR_INPUT, "no"));
	assert_string_equal(other->message, "no");
}

static void nobody_needs_to_listen(void **state)
{
	assert_false(lf_throw(NULL, LF_ERROR_IO, "x"));
	assert_null(lf_throw_null(NULL, LF_ERROR_IO, "x"));
	errno = EIO;
	assert_false(lf_throw_errno(NULL, "x"));
	assert_false(lf_prefix(NULL, "x"));
	assert_false(lf_rethrow(NULL, LF_ERROR_IO));
}

static void errno_chooses_the_class_and_survives(void **state)
{
	static const struct {
		int value;
		LfErrorCode code;
	} rows[] = { { EIO, LF_ERROR_IO },
		     { ENOSPC, LF_ERROR_IO },
		     { ECONNREFUSED, LF_ERROR_NETWORK },
		     { EHOSTUNREACH, LF_ERROR_NETWORK },
		     { ETIMEDOUT, LF_ERROR_NETWORK } };

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(GError) from_null = NULL;

		errno = rows[i].value;
		assert_throws(lf_throw_errno(&error, "cannot open '%s'", "f"), error, rows[i].code,
			      g_strerror(rows[i].value));
		assert_int_equal(errno, rows[i].value);
		assert_true(g_str_has_prefix(error->message, "cannot open 'f': "));
		assert_null(lf_throw_errno_null(&from_null, "x"));
		assert_int_equal(from_null->code, rows[i].code);
	}
}

static void a_prefix_keeps_the_code(void **state)
{
	g_autoptr(GError) error = NULL;

	lf_throw(&error, LF_ERROR_TARGET, "too small");
	assert_throws(lf_prefix(&error, "disk '%s'", "a"), error, LF_ERROR_TARGET,
		      "disk 'a': too small");
}

static void rethrowing_moves_into_our_domain(void **state)
{
	g_autoptr(GError) error = g_error_new(G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "gone");

	assert_throws(lf_rethrow(&error, LF_ERROR_TRUST), error, LF_ERROR_TRUST, "gone");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(every_code_has_its_own_row_and_exit_status),
		LF_TEST(exit_statuses_are_the_documented_ones),
		LF_TEST(what_a_person_must_change_is_tried_three_times_more),
		LF_TEST(a_network_failure_is_tried_for_ever),
		LF_TEST(foreign_errors_are_internal_and_gio_errors_are_io),
		LF_TEST(an_unknown_code_of_our_domain_is_internal),
		LF_TEST(throwing_returns_false_or_null_and_sets_the_message),
		LF_TEST(nobody_needs_to_listen),
		LF_TEST(errno_chooses_the_class_and_survives),
		LF_TEST(a_prefix_keeps_the_code),
		LF_TEST(rethrowing_moves_into_our_domain),
	};

	return LF_TEST_MAIN(tests);
}
