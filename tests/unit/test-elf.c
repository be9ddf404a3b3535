// Reading ELF files: what real programs ask for, and that no damaged file is believed.
#include "tests/unit/elf.h"

#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "image/elf.h"

static void refuses(const LfTestElf *sample, size_t size, int code)
{
	g_autoptr(GError) error = NULL;
	// An exact allocation lets the address sanitizer see a read past the end.
	g_autofree char *copy = g_malloc(size ? size : 1);
	LfElf *elf;

	memcpy(copy, sample, size);
	elf = lf_elf_parse(copy, size, &error);
	assert_null(elf);
	assert_true(g_error_matches(error, LF_ERROR, code));
}

static void names_are_read_in_the_order_of_the_file(void **state)
{
	LfTestElf sample = lf_test_elf();
	g_autoptr(GError) error = NULL;
	g_autoptr(LfElf) elf = lf_elf_parse(&sample, sizeof(sample), &error);

	assert_ok(elf, error);
	assert_int_equal(elf->needed->len, 2);
	assert_string_equal(g_ptr_array_index(elf->needed, 0), "liba.1");
	assert_string_equal(g_ptr_array_index(elf->needed, 1), "libb.2");
	assert_string_equal(elf->runpath, "$ORIGIN/x");
	assert_string_equal(elf->interpreter, "/lib/ld.so");
}

static void this_very_program_needs_the_c_library(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) bytes =
		lf_read_file_at(AT_FDCWD, "/proc/self/exe", 64 * 1024 * 1024, &error);
	g_autoptr(LfElf) elf = NULL;
	gboolean has_libc = FALSE;

	assert_ok(bytes, error);
	elf = lf_elf_parse(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), &error);
	assert_ok(elf, error);
	assert_non_null(elf->interpreter);
	for (guint i = 0; i < elf->needed->len; i++)
		has_libc |= strcmp(g_ptr_array_index(elf->needed, i), "libc.so.6") == 0;
	assert_true(has_libc);
}

static void a_static_program_asks_for_nothing(void **state)
{
	LfTestElf sample = lf_test_elf();
	g_autoptr(GError) error = NULL;
	g_autoptr(LfElf) elf = NULL;

	sample.header.e_phnum = 1;
	elf = lf_elf_parse(&sample, sizeof(sample), &error);
	assert_ok(elf, error);
	assert_int_equal(elf->needed->len, 0);
	assert_null(elf->interpreter);
	assert_null(elf->runpath);
}

static void a_script_is_not_elf(void **state)
{
	assert_false(lf_elf_is("#!/bin/sh\n", 10));
	assert_false(lf_elf_is("\177EL", 3));
	assert_true(lf_elf_is(ELFMAG, SELFMAG));
}

static void a_file_cut_anywhere_is_refused_or_read_within_bounds(void **state)
{
	LfTestElf sample = lf_test_elf();

	// The load segment claims the whole file, so every cut breaks something that is read.
	for (size_t size = 0; size <= offsetof(LfTestElf, interpreter); size++)
		refuses(&sample, size, LF_ERROR_INPUT);
}

static void other_classes_are_unsupported(void **state)
{
	LfTestElf sample = lf_test_elf();

	sample.header.e_ident[EI_CLASS] = ELFCLASS32;
	refuses(&sample, sizeof(sample), LF_ERROR_UNSUPPORTED);
	sample = lf_test_elf();
	sample.header.e_ident[EI_DATA] = ELFDATA2MSB;
	refuses(&sample, sizeof(sample), LF_ERROR_UNSUPPORTED);
}

static void hostile_numbers_are_refused(void **state)
{
	static const struct {
		size_t offset;
		uint64_t value;
	} rows[] = {
		{ offsetof(LfTestElf, header.e_phoff), UINT64_MAX },
		{ offsetof(LfTestElf, header.e_phoff), UINT64_MAX - 56 },
		{ offsetof(LfTestElf, segments[1].p_offset), UINT64_MAX },
		{ offsetof(LfTestElf, segments[1].p_filesz), UINT64_MAX },
		{ offsetof(LfTestElf, segments[1].p_filesz), 16 * 65537 },
		{ offsetof(LfTestElf, segments[2].p_offset), UINT64_MAX - 3 },
		{ offsetof(LfTestElf, segments[2].p_filesz), UINT64_MAX },
		{ offsetof(LfTestElf, segments[0].p_offset), UINT64_MAX },
		{ offsetof(LfTestElf, segments[0].p_vaddr), UINT64_MAX },
		{ offsetof(LfTestElf, segments[0].p_filesz), 1 },
		{ offsetof(LfTestElf, dynamic[0].d_un), 0 },
		{ offsetof(LfTestElf, dynamic[0].d_un), UINT64_MAX },
		{ offsetof(LfTestElf, dynamic[1].d_un), UINT64_MAX },
		{ offsetof(LfTestElf, dynamic[1].d_un), 0 },
		{ offsetof(LfTestElf, dynamic[2].d_un), sizeof(((LfTestElf *)0)->strings) },
		{ offsetof(LfTestElf, dynamic[2].d_un), UINT64_MAX },
		{ offsetof(LfTestElf, dynamic[4].d_un), UINT64_MAX },
		{ offsetof(LfTestElf, dynamic[0].d_tag), DT_DEBUG },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		LfTestElf sample = lf_test_elf();

		memcpy((char *)&sample + rows[i].offset, &rows[i].value, sizeof(rows[i].value));
		refuses(&sample, sizeof(sample), LF_ERROR_INPUT);
	}
}

static void a_name_without_an_end_is_refused(void **state)
{
	LfTestElf sample = lf_test_elf();

	memset(sample.strings + LIBB, 'x', sizeof(sample.strings) - LIBB);
	refuses(&sample, sizeof(sample), LF_ERROR_INPUT);
	sample = lf_test_elf();
	memset(sample.interpreter, 'x', sizeof(sample.interpreter));
	refuses(&sample, sizeof(sample), LF_ERROR_INPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_read_in_the_order_of_the_file),
		cmocka_unit_test(this_very_program_needs_the_c_library),
		cmocka_unit_test(a_static_program_asks_for_nothing),
		cmocka_unit_test(a_script_is_not_elf),
		cmocka_unit_test(a_file_cut_anywhere_is_refused_or_read_within_bounds),
		cmocka_unit_test(other_classes_are_unsupported),
		cmocka_unit_test(hostile_numbers_are_refused),
		cmocka_unit_test(a_name_without_an_end_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
