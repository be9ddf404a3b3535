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

static const char *const chain[] = {
	"EFI/BOOT/BOOTX64.EFI",	  "EFI/BOOT/grubx64.efi",   "EFI/BOOT/mmx64.efi",
	"EFI/debian/shimx64.efi", "EFI/debian/grubx64.efi", "EFI/debian/mmx64.efi",
	"EFI/debian/BOOTX64.CSV",
};

static char *in_chain(const char *path)
{
	return g_build_filename(LF_BOOT_CHAIN_DIR, path, NULL);
}

static Bench *bench_new(void)
{
	Bench *bench = g_new0(Bench, 1);

	bench->dir = lf_test_dir();
	bench->tree_fd = make_dir(bench->dir, "tree", &bench->tree);
	bench->esp_fd = make_dir(bench->dir, "esp", &bench->esp);
	for (size_t i = 0; i < G_N_ELEMENTS(chain); i++) {
		g_autofree char *path = in_chain(chain[i]);

		put(bench->tree_fd, path);
	}
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

static bool write_chain(const Bench *bench, const char *grub_cfg, GError **error)
{
	g_auto(GStrv) paths = NULL;
	lf_autofd fd = -1;

	return lf_boot_open_chain(bench->tree_fd, &fd, &paths, error) &&
	       lf_boot_write(fd, (const char *const *)paths, bench->esp_fd, grub_cfg, error);
}

static void both_paths_of_the_esp_have_the_signed_chain(void **state)
{
	g_autoptr(Bench) bench = bench_new();
	g_autoptr(GError) error = NULL;

	assert_ok(write_chain(bench, "config\n", &error), error);
	for (size_t i = 0; i < G_N_ELEMENTS(chain); i++) {
		g_autofree char *text = in_chain(chain[i]);

		assert_on_esp(bench, chain[i], text);
	}
	assert_on_esp(bench, "EFI/debian/grub.cfg", "config\n");
}

static void what_firmware_finds_by_itself_is_written_last(void **state)
{
	g_autoptr(Bench) bench = bench_new();
	g_autoptr(GError) error = NULL;
	g_auto(GStrv) paths = NULL;
	lf_autofd fd = -1;

	assert_ok(lf_boot_open_chain(bench->tree_fd, &fd, &paths, &error), error);
	assert_int_equal(g_strv_length(paths), G_N_ELEMENTS(chain));
	assert_string_equal(paths[G_N_ELEMENTS(chain) - 1], "EFI/BOOT/BOOTX64.EFI");
}

static void the_firmware_entry_starts_shim(void **state)
{
	const char *const paths[] = { "EFI/BOOT/grubaa64.efi", "EFI/debian/shimaa64.efi", NULL };
	g_autofree char *loader = lf_boot_loader(paths);

	assert_string_equal(loader, "\\EFI\\debian\\shimaa64.efi");
}

static void without_one_file_firmware_finds_nothing(void **state)
{
	const char *const missing[] = { "EFI/debian/shimx64.efi", "EFI/debian/grubx64.efi",
					"EFI/BOOT/grubx64.efi", "EFI/BOOT/BOOTX64.EFI" };

	for (size_t i = 0; i < G_N_ELEMENTS(missing); i++) {
		g_autoptr(Bench) bench = bench_new();
		g_autoptr(GError) error = NULL;
		g_autofree char *path = in_chain(missing[i]);
		g_autofree char *dir = g_path_get_dirname(missing[i]);

		assert_int_equal(unlinkat(bench->tree_fd, path, 0), 0);
		assert_throws(write_chain(bench, "", &error), error, LF_ERROR_TARGET, dir);
		assert_false(lf_tree_exists(bench->esp_fd, "EFI/BOOT/BOOTX64.EFI"));
	}
}

static void a_system_without_a_boot_chain_is_refused(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	lf_autofd fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	g_auto(GStrv) paths = NULL;
	g_autoptr(GError) error = NULL;
	int chain_fd;

	assert_throws(lf_boot_open_chain(fd, &chain_fd, &paths, &error), error, LF_ERROR_TARGET,
		      LF_BOOT_CHAIN_DIR);
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
		LF_TEST(what_firmware_finds_by_itself_is_written_last),
		LF_TEST(the_firmware_entry_starts_shim),
		LF_TEST(without_one_file_firmware_finds_nothing),
		LF_TEST(a_system_without_a_boot_chain_is_refused),
		LF_TEST(the_static_menu_finds_boot_by_its_uuid),
		LF_TEST(ext4_is_made_as_planned_and_never_asks),
		LF_TEST(vfat_is_made_as_planned_and_never_asks),
		LF_TEST(options_of_the_kickstart_come_last),
		LF_TEST(options_that_do_not_parse_are_refused),
		LF_TEST(an_unknown_file_system_is_unsupported),
	};

	return LF_TEST_MAIN(tests);
}
