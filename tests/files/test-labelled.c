// Volumes that bring orders, as real file systems on loop devices: mounted for reading alone.
#include "tests/unit/test.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "installer/apply/loop.h"
#include "installer/apply/tools.h"
#include "installer/orders/labelled.h"

#define SIZE_BYTES ((off_t)320 << 20) /* the least that mkfs.xfs makes is 300 MiB */

// Mounts in a name space of our own end with it.
static bool can_have_devices(void)
{
	return geteuid() == 0 && access("/dev/loop-control", R_OK | W_OK) == 0 &&
	       unshare(CLONE_NEWNS) == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("none", "/run", "tmpfs", 0, NULL) == 0;
}

static void run(const char *dir, const char *script)
{
	g_autoptr(GError) error = NULL;

	assert_ok(
		lf_proc_run(&(LfProc){ .argv = LF_PROC_ARGV("/bin/sh", "-ec", script), .cwd = dir },
			    NULL, &error),
		error);
}

// Shows the image as a device, and tries it with this file system and file.
static bool try(const char *image, const char *fstype, const char *file, LfScope *held)
{
	lf_autofd fd = open(image, O_RDONLY | O_CLOEXEC);
	LfLabelled labelled = { NULL, (char *)fstype, file };
	g_autoptr(GError) error = NULL;
	bool is_there;

	assert_ok(
		lf_loop_attach_readonly(fd, 0, (uint64_t)SIZE_BYTES, held, &labelled.path, &error),
		error);
	is_there = lf_labelled_try(&labelled, held);
	g_free(labelled.path);
	return is_there;
}

// A host's kernel may lack what the installer's has.
static bool kernel_has(const char *fstype)
{
	g_autofree char *line = g_strconcat("\t", fstype, "\n", NULL);
	g_autofree char *all = NULL;

	return g_file_get_contents("/proc/filesystems", &all, NULL, NULL) && strstr(all, line);
}

static bool is_mounted(void)
{
	struct stat below, above;

	return stat(LF_LABELLED, &below) == 0 && stat("/run/landfall", &above) == 0 &&
	       below.st_dev != above.st_dev;
}

static void assert_reads(const char *file, const char *wanted)
{
	g_autofree char *path = g_build_filename(LF_LABELLED, file, NULL);
	g_autofree char *text = NULL;
	struct statvfs st;

	assert_true(g_file_get_contents(path, &text, NULL, NULL));
	assert_string_equal(text, wanted);
	assert_int_equal(statvfs(LF_LABELLED, &st), 0);
	assert_int_equal(st.f_flag & (ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC),
			 ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC);
}

static void each_file_system_is_mounted_for_reading_alone(void **state)
{
	// Makes IMAGE with the folder `tree` in it.
	static const struct {
		const char *fstype, *kernel, *driver, *script;
	} rows[] = {
		{ "vfat", "vfat", "vfat",
		  "mkfs.vfat -n OEMDRV image; mcopy -i image tree/ks.cfg ::" },
		{ "ext4", "ext4", "ext4", "mkfs.ext4 -q -L OEMDRV -d tree image" },
		{ "ext3", "ext4", "ext4", "mkfs.ext3 -q -L OEMDRV -d tree image" },
		{ "ext2", "ext4", "ext4", "mkfs.ext2 -q -L OEMDRV -d tree image" },
		{ "iso9660", "iso9660", "isofs",
		  "rm image; xorriso -report_about SORRY -as mkisofs -R -V OEMDRV -o "
		  "image tree; truncate -s 320M image" },
		{ "xfs", "xfs", "xfs", "mkfs.xfs -q -L OEMDRV -p proto image" },
	};

	if (!can_have_devices())
		lf_test_skip("needs root and loop devices");
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(LfTestDir) dir = lf_test_dir();
		g_autofree char *image = g_build_filename(dir, "image", NULL);
		g_autofree char *before = NULL;
		g_autofree char *after = NULL;
		g_autofree char *sum = g_strdup_printf("sha256sum %s", image);
		g_autoptr(LfScope) held = lf_scope_new();
		g_autoptr(LfScope) none = lf_scope_new();

		run(dir,
		    "mkdir tree; echo orders >tree/ks.cfg; truncate -s 320M image; "
		    "printf '/\\n0 0\\nd--755 0 0\\nks.cfg ---644 0 0 tree/ks.cfg\\n$\\n' >proto");
		run(dir, rows[i].script);
		assert_true(g_spawn_command_line_sync(sum, &before, NULL, NULL, NULL));
		lf_tools_load_driver(rows[i].driver);
		if (!kernel_has(rows[i].kernel)) {
			print_message("# this kernel has no %s\n", rows[i].kernel);
			continue;
		}
		if (!try(image, rows[i].fstype, "ks.cfg", held))
			fail_msg("%s is not mounted", rows[i].fstype);
		assert_reads("ks.cfg", "orders\n");
		assert_true(lf_scope_unwind(held, 0, NULL));
		assert_false(is_mounted());
		// A volume without the file is let go at once.
		assert_false(try(image, rows[i].fstype, "site.ks", none));
		assert_false(is_mounted());
		assert_true(lf_scope_unwind(none, 0, NULL));
		assert_true(g_spawn_command_line_sync(sum, &after, NULL, NULL, NULL));
		assert_string_equal(before, after);
	}
}

static void what_is_no_file_system_is_passed_over(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *image = g_build_filename(dir, "image", NULL);
	g_autoptr(LfScope) held = lf_scope_new();

	if (!can_have_devices())
		lf_test_skip("needs root and loop devices");
	run(dir, "truncate -s 320M image");
	assert_false(try(image, "ext4", "ks.cfg", held));
	assert_false(try(image, "btrfs", "ks.cfg", held));
	assert_false(is_mounted());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(each_file_system_is_mounted_for_reading_alone),
		LF_TEST(what_is_no_file_system_is_passed_over),
	};

	return LF_TEST_MAIN(tests);
}
