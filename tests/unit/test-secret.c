// Keys and passphrases: held in locked memory, wiped, compared, handed over by descriptor.
#include "tests/unit/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/secret.h"

static void a_secret_holds_its_bytes_and_a_nul_behind(void **state)
{
	g_autoptr(LfSecret) secret = lf_secret_new("a\0b", 3);

	assert_int_equal(lf_secret_size(secret), 3);
	assert_memory_equal(lf_secret_data(secret), "a\0b", 4);
}

static void text_ends_at_its_nul(void **state)
{
	g_autoptr(LfSecret) secret = lf_secret_new_text("word");

	assert_int_equal(lf_secret_size(secret), 4);
	assert_string_equal(lf_secret_data(secret), "word");
}

static void an_empty_secret_is_one(void **state)
{
	g_autoptr(LfSecret) secret = lf_secret_new(NULL, 0);

	assert_int_equal(lf_secret_size(secret), 0);
	assert_string_equal(lf_secret_data(secret), "");
}

static void equality_looks_at_size_and_bytes(void **state)
{
	g_autoptr(LfSecret) a = lf_secret_new_text("abc");
	g_autoptr(LfSecret) b = lf_secret_new_text("abc");
	g_autoptr(LfSecret) c = lf_secret_new_text("abd");
	g_autoptr(LfSecret) d = lf_secret_new_text("abcd");

	assert_true(lf_secret_equal(a, b));
	assert_false(lf_secret_equal(a, c));
	assert_false(lf_secret_equal(a, d));
}

static void a_file_becomes_a_secret_as_it_is(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *path = g_build_filename(dir, "key", NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(GError) long_error = NULL;
	g_autoptr(LfSecret) secret = NULL;

	assert_true(g_file_set_contents(path, "a\0b\n", 4, NULL));
	secret = lf_secret_load(AT_FDCWD, path, 4, &error);
	assert_ok(secret != NULL, error);
	assert_int_equal(lf_secret_size(secret), 4);
	assert_memory_equal(lf_secret_data(secret), "a\0b\n", 5);
	assert_throws(lf_secret_load(AT_FDCWD, path, 3, &long_error), long_error, LF_ERROR_INPUT,
		      "longer than the 3 bytes");
	assert_throws(lf_secret_load(AT_FDCWD, "/nowhere/key", 3, &error), error, LF_ERROR_IO,
		      "/nowhere/key");
}

static void a_copy_is_equal_and_its_own(void **state)
{
	g_autoptr(LfSecret) a = lf_secret_new_text("abc");
	g_autoptr(LfSecret) b = lf_secret_copy(a);

	assert_true(lf_secret_equal(a, b));
	assert_ptr_not_equal(lf_secret_data(a), lf_secret_data(b));
	assert_null(lf_secret_copy(NULL));
}

static void random_secrets_differ(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfSecret) a = lf_secret_random(64, &error);
	g_autoptr(LfSecret) b = lf_secret_random(64, &error);

	assert_ok(a && b, error);
	assert_int_equal(lf_secret_size(a), 64);
	assert_false(lf_secret_equal(a, b));
}

static void a_memory_file_starts_at_its_first_byte(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfSecret) secret = lf_secret_new_text("key");
	lf_autofd fd = -1;
	char back[8] = "";

	assert_ok(lf_secret_memfd(secret, &fd, &error), error);
	assert_int_equal(read(fd, back, sizeof back), 3);
	assert_memory_equal(back, "key", 3);
}

// The memory's flags as the kernel tells them: lo = locked, dd = left out of core dumps.
static char *flags_of(const void *address)
{
	g_autofree char *maps = NULL;
	g_auto(GStrv) lines = NULL;
	bool is_ours = false;

	assert_true(g_file_get_contents("/proc/self/smaps", &maps, NULL, NULL));
	lines = g_strsplit(maps, "\n", -1);
	for (size_t i = 0; lines[i]; i++) {
		unsigned long begin, end;

		if (sscanf(lines[i], "%lx-%lx ", &begin, &end) == 2)
			is_ours = begin <= (unsigned long)address && (unsigned long)address < end;
		else if (is_ours && g_str_has_prefix(lines[i], "VmFlags:"))
			return g_strdup(lines[i]);
	}
	return g_strdup("");
}

static void its_memory_is_left_out_of_core_dumps(void **state)
{
	g_autoptr(LfSecret) secret = lf_secret_new_text("word");
	g_autofree char *flags = flags_of(lf_secret_data(secret));

	assert_contains(flags, " dd");
}

static void its_memory_is_locked(void **state)
{
#ifdef __SANITIZE_ADDRESS__
	lf_test_skip("AddressSanitizer puts nothing in the place of mlock()");
#else
	g_autoptr(LfSecret) secret = lf_secret_new_text("word");
	g_autofree char *flags = flags_of(lf_secret_data(secret));

	assert_contains(flags, " lo");
#endif
}

static void wiping_leaves_zeros(void **state)
{
	char bytes[4] = "abc";

	lf_wipe(bytes, sizeof bytes);
	assert_memory_equal(bytes, "\0\0\0\0", 4);
}

static void freeing_nothing_is_harmless(void **state)
{
	lf_secret_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(a_secret_holds_its_bytes_and_a_nul_behind),
		LF_TEST(text_ends_at_its_nul),
		LF_TEST(an_empty_secret_is_one),
		LF_TEST(equality_looks_at_size_and_bytes),
		LF_TEST(a_file_becomes_a_secret_as_it_is),
		LF_TEST(a_copy_is_equal_and_its_own),
		LF_TEST(random_secrets_differ),
		LF_TEST(a_memory_file_starts_at_its_first_byte),
		LF_TEST(its_memory_is_left_out_of_core_dumps),
		LF_TEST(its_memory_is_locked),
		LF_TEST(wiping_leaves_zeros),
		LF_TEST(freeing_nothing_is_harmless),
	};

	return LF_TEST_MAIN(tests);
}
