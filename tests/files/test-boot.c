// The ESP's files, and file systems made on files by the real programs.
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "installer/apply/boot.h"
#include "installer/apply/mkfs.h"
#include "installer/apply/tree.h"
#include "tests/unit/test.h"

#define MIB ((uint64_t)1024 * 1024)

typedef struct {
	char *dir, *tree, *esp;
	int tree_fd, esp_fd;
	const LfBootArch *arch;
} Bench;

static int make_dir(const char *parent, const char *name, char **ret_path)
{
	int fd;

	*ret_path = g_build_filename(parent, name, NULL);
	assert_int_equal(mkdir(*ret_path, 0755), 0);
	fd = open(*ret_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void put(int root_fd, const char *path)
{
	g_autofree char *parent = g_path_get_dirname(path);
	g_autoptr(GError) error = NULL;

	assert_ok(lf_tree_mkdirs(root_fd, parent, 0755, &error), error);
	assert_ok(lf_tree_write(root_fd, path, path, 0644, &error), error);
}

static Bench *bench_new(void)
{
	Bench *bench = g_new0(Bench, 1);
	g_autoptr(GError) error = NULL;

	bench->dir = lf_test_dir();
	bench->tree_fd = make_dir(bench->dir, "tree", &bench->tree);
	bench->esp_fd = make_dir(bench->dir, "esp", &bench->esp);
	bench->arch = lf_boot_arch("x86_64", &error);
	assert_ok(bench->arch != NULL, error);
	put(bench->tree_fd, bench->arch->shim);
	put(bench->tree_fd, bench->arch->grub);
	put(bench->tree_fd, bench->arch->mok);
	put(bench->tree_fd, bench->arch->csv);
	return bench;
}

static void bench_free(Bench *bench)
{
	close(bench->tree_fd);
	close(bench->esp_fd);
	g_free(bench->tree);
	g_free(bench->esp);
	lf_test_dir_remove(bench->dir);
	g_free(bench);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bench, bench_free)

static void assert_on_esp(const Bench *bench, const char *path, const char *text)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *found = lf_tree_read(bench->esp_fd, path, 4096, &error);

	assert_ok(found != NULL, error);
	assert_string_equal(found, text);
}

static void both_paths_of_the_esp_have_the_signed_chain(void **state)
{
	g_autoptr(Bench) bench = bench_new();
	g_autoptr(GError) error = NULL;

	assert_ok(lf_boot_write(bench->tree_fd, bench->esp_fd, bench->arch, "config\n", &error),
		  error);
	assert_on_esp(bench, "EFI/debian/shimx64.efi", bench->arch->shim);
	assert_on_esp(bench, "EFI/debian/grubx64.efi", bench->arch->grub);
	assert_on_esp(bench, "EFI/debian/mmx64.efi", bench->arch->mok);
	assert_on_esp(bench, "EFI/debian/BOOTX64.CSV", bench->arch->csv);
	assert_on_esp(bench, "EFI/debian/grub.cfg", "config\n");
	assert_on_esp(bench, "EFI/BOOT/BOOTX64.EFI", bench->arch->shim);
	assert_on_esp(bench, "EFI/BOOT/grubx64.efi", bench->arch->grub);
	assert_on_esp(bench, "EFI/BOOT/mmx64.efi", bench->arch->mok);
}

// shim would run it, and it resets the machine.
static void the_fallback_program_is_nowhere(void **state)
{
	g_autoptr(Bench) bench = bench_new();
	g_autoptr(GError) error = NULL;

	put(bench->tree_fd, "usr/lib/shim/fbx64.efi.signed");
	assert_ok(lf_boot_write(bench->tree_fd, bench->esp_fd, bench->arch, "", &error), error);
	assert_false(lf_tree_exists(bench->esp_fd, "EFI/BOOT/fbx64.efi"));
	assert_false(lf_tree_exists(bench->esp_fd, "EFI/debian/fbx64.efi"));
}

static void without_one_file_firmware_finds_nothing(void **state)
{
	g_autoptr(Bench) model = bench_new();
	const char *const missing[] = { model->arch->shim, model->arch->grub, model->arch->mok,
					model->arch->csv };

	for (size_t i = 0; i < G_N_ELEMENTS(missing); i++) {
		g_autoptr(Bench) bench = bench_new();
		g_autoptr(GError) error = NULL;

		assert_int_equal(unlinkat(bench->tree_fd, missing[i], 0), 0);
		assert_throws(lf_boot_write(bench->tree_fd, bench->esp_fd, bench->arch, "", &error),
			      error, LF_ERROR_TARGET, missing[i]);
		assert_false(lf_tree_exists(bench->esp_fd, "EFI/BOOT/BOOTX64.EFI"));
	}
}

static void an_unknown_architecture_is_unsupported(void **state)
{
	g_autoptr(GError) error = NULL;

	assert_throws(lf_boot_arch("vax", &error) != NULL, error, LF_ERROR_UNSUPPORTED, "vax");
}

static void the_static_menu_finds_boot_by_its_uuid(void **state)
{
	g_autofree char *own = lf_boot_grub_cfg("aaaa-bbbb", "", 7);
	g_autofree char *on_root = lf_boot_grub_cfg("aaaa-bbbb", "/boot", -1);

	assert_contains(own, "search --no-floppy --fs-uuid --set=root aaaa-bbbb\n");
	assert_contains(own, "\nsource ($root)/loader/grub.cfg\nset timeout=7\n");
	assert_contains(on_root, "\nsource ($root)/boot/loader/grub.cfg\nset timeout=1\n");
}

static char *make_node(const char *dir, uint64_t size_bytes)
{
	char *path = g_build_filename(dir, "node", NULL);
	lf_autofd fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)size_bytes), 0);
	return path;
}

static void make(const LfPlanPartition *partition, const char *node)
{
	g_autoptr(GError) error = NULL;
	g_auto(GStrv) argv = lf_mkfs_argv(partition, node, &error);
	LfProc proc = { .argv = (const char *const *)argv };

	assert_ok(argv != NULL, error);
	assert_ok(lf_proc_run(&proc, NULL, &error), error);
}

static char *probe(const char *node, const char *tag)
{
	g_autoptr(GError) error = NULL;
	LfProc proc = { .argv = LF_PROC_ARGV("/sbin/blkid", "-p", "-o", "value", "-s", tag, node) };
	char *output = NULL;

	assert_ok(lf_proc_run(&proc, &output, &error), error);
	return g_strchomp(output);
}

static void assert_probe(const char *node, const char *tag, const char *wanted)
{
	g_autofree char *found = probe(node, tag);

	assert_string_equal(found, wanted);
}

// The second time there is something to lose, which tools ask about.
static void ext4_is_made_as_planned_and_never_asks(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *node = make_node(dir, 64 * MIB);
	LfPlanPartition partition = { .fstype = (char *)"ext4",
				      .fs_uuid = (char *)"77777777-5555-4555-8555-555555555555",
				      .fs_label = (char *)"boot",
				      .size_bytes = 64 * MIB };

	make(&partition, node);
	make(&partition, node);
	assert_probe(node, "TYPE", "ext4");
	assert_probe(node, "UUID", partition.fs_uuid);
	assert_probe(node, "LABEL", "boot");
}

static void vfat_is_made_as_planned_and_never_asks(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *node = make_node(dir, 512 * MIB);
	LfPlanPartition partition = { .fstype = (char *)"vfat",
				      .fs_uuid = (char *)"ABCD-1234",
				      .fs_label = (char *)"ESP",
				      .size_bytes = 512 * MIB };

	make(&partition, node);
	make(&partition, node);
	assert_probe(node, "TYPE", "vfat");
	assert_probe(node, "VERSION", "FAT32");
	assert_probe(node, "UUID", "ABCD-1234");
	assert_probe(node, "LABEL", "ESP");
}

static void options_of_the_kickstart_come_last(void **state)
{
	LfPlanPartition partition = { .fstype = (char *)"ext4",
				      .mkfs_options = (char *)"-m 1 -L 'two words'" };
	g_autoptr(GError) error = NULL;
	g_auto(GStrv) argv = lf_mkfs_argv(&partition, "/dev/x", &error);
	guint n;

	assert_ok(argv != NULL, error);
	n = g_strv_length(argv);
	assert_string_equal(argv[n - 1], "/dev/x");
	assert_string_equal(argv[n - 2], "two words");
	assert_string_equal(argv[n - 5], "-m");
}

static void options_that_do_not_parse_are_refused(void **state)
{
	LfPlanPartition partition = { .fstype = (char *)"ext4", .mkfs_options = (char *)"-L 'x" };
	g_autoptr(GError) error = NULL;

	assert_throws(lf_mkfs_argv(&partition, "/dev/x", &error) != NULL, error, LF_ERROR_INPUT,
		      "--mkfsoptions");
}

static void an_unknown_file_system_is_unsupported(void **state)
{
	LfPlanPartition partition = { .fstype = (char *)"zfs" };
	g_autoptr(GError) error = NULL;

	assert_throws(lf_mkfs_argv(&partition, "/dev/x", &error) != NULL, error,
		      LF_ERROR_UNSUPPORTED, "zfs");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(both_paths_of_the_esp_have_the_signed_chain),
		LF_TEST(the_fallback_program_is_nowhere),
		LF_TEST(without_one_file_firmware_finds_nothing),
		LF_TEST(an_unknown_architecture_is_unsupported),
		LF_TEST(the_static_menu_finds_boot_by_its_uuid),
		LF_TEST(ext4_is_made_as_planned_and_never_asks),
		LF_TEST(vfat_is_made_as_planned_and_never_asks),
		LF_TEST(options_of_the_kickstart_come_last),
		LF_TEST(options_that_do_not_parse_are_refused),
		LF_TEST(an_unknown_file_system_is_unsupported),
	};

	return LF_TEST_MAIN(tests);
}
