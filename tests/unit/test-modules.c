// Choosing kernel modules: patterns, hard and soft dependencies, what is built in, what is wrong.
#include "tests/unit/test.h"

#include <string.h>

#include "image/modules.h"

static const char dep[] =
	"kernel/drivers/nvme/host/nvme.ko.xz: kernel/drivers/nvme/host/nvme-core.ko.xz\n"
	"kernel/drivers/nvme/host/nvme-core.ko.xz:\n"
	"kernel/drivers/nvme/host/nvme-tcp.ko.xz: kernel/drivers/nvme/host/nvme-core.ko.xz\n"
	"kernel/fs/ext4/ext4.ko.xz: kernel/fs/jbd2/jbd2.ko.xz\n"
	"kernel/fs/jbd2/jbd2.ko.xz: kernel/lib/crc16.ko.xz\n"
	"kernel/lib/crc16.ko.xz:\n"
	"kernel/crypto/crc32c_generic.ko.xz:\n";
static const char softdep[] = "# Soft dependencies extracted from modules themselves.\n"
			      "softdep ext4 pre: crc32c-generic absent-module\n"
			      "softdep jbd2 post: ext4\n";
static const char builtin[] = "kernel/drivers/char/tpm/tpm.ko\nkernel/fs/proc/proc-fs.ko\n";

static char *select_from(const char *dep_text, const char *list, GError **error)
{
	g_autoptr(LfModules) modules = lf_modules_new(dep_text, softdep, builtin, error);
	g_autoptr(GPtrArray) paths = NULL;
	g_autoptr(GString) names = g_string_new(NULL);

	if (!modules)
		return NULL;
	paths = lf_modules_select(modules, list, "t.list", error);
	if (!paths)
		return NULL;
	for (guint i = 0; i < paths->len; i++) {
		g_autofree char *base = g_path_get_basename(g_ptr_array_index(paths, i));

		*strchr(base, '.') = '\0';
		g_string_append_printf(names, "%s%s", i ? " " : "", base);
	}
	return g_strdup(names->str);
}

static void patterns_choose_modules_with_all_they_need(void **state)
{
	static const struct {
		const char *list;
		const char *names;
	} rows[] = {
		{ "", "" },
		{ "# only a comment\n\n", "" },
		{ "nvme", "nvme-core nvme" },
		{ "nvme-core # a reason", "nvme-core" },
		{ "nvme_core", "nvme-core" },
		{ "kernel/drivers/nvme/*", "nvme-core nvme-tcp nvme" },
		{ "kernel/drivers/*/nvme.ko.xz", "nvme-core nvme" },
		{ "kernel/drivers/nvme/*\n-nvme-tcp", "nvme-core nvme" },
		{ "nvme\n-nvme-core", "nvme-core nvme" },
		{ "nvme*\n-nvme*", "" },
		{ "ext4", "crc32c_generic ext4 jbd2 crc16" },
		{ "jbd2", "crc32c_generic ext4 jbd2 crc16" },
		{ "tpm", "" },
		{ "proc_fs", "" },
		{ "?no-such-driver", "" },
		{ "  \tnvme-core  \r", "nvme-core" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *names = select_from(dep, rows[i].list, &error);

		assert_ok(names, error);
		assert_string_equal(names, rows[i].names);
	}
}

static void a_pattern_that_matches_nothing_is_named_with_its_line(void **state)
{
	static const char *const lists[] = { "nvme\nno-such-driver", "nvme\nkernel/no/such/*",
					     "nvme\n-no-such-driver" };

	for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
		g_autoptr(GError) error = NULL;

		assert_null(select_from(dep, lists[i], &error));
		assert_true(g_error_matches(error, LF_ERROR, LF_ERROR_INPUT));
		assert_non_null(strstr(error->message, "t.list:2"));
	}
}

static void a_damaged_dependency_file_is_refused(void **state)
{
	static const char *const texts[] = { "no colon here\n", ": kernel/a.ko\n" };

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(GError) error = NULL;

		assert_null(select_from(texts[i], "", &error));
		assert_non_null(strstr(error->message, "modules.dep:1"));
	}
}

static void a_dependency_that_is_not_listed_is_refused(void **state)
{
	g_autoptr(GError) error = NULL;

	assert_null(select_from("kernel/a.ko: kernel/b.ko\n", "a", &error));
	assert_non_null(strstr(error->message, "kernel/b.ko"));
}

static void a_circle_of_dependencies_ends(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *names =
		select_from("kernel/a.ko: kernel/b.ko\nkernel/b.ko: kernel/a.ko\n", "a", &error);

	assert_ok(names, error);
	assert_string_equal(names, "a b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_choose_modules_with_all_they_need),
		cmocka_unit_test(a_pattern_that_matches_nothing_is_named_with_its_line),
		cmocka_unit_test(a_damaged_dependency_file_is_refused),
		cmocka_unit_test(a_dependency_that_is_not_listed_is_refused),
		cmocka_unit_test(a_circle_of_dependencies_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
