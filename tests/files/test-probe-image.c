// Facts about image files that sfdisk, mkfs and xorriso really made.
#include "installer/probe/probe.h"

#include <fcntl.h>
#include <libfdisk.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "installer/probe/table.h"
#include "tests/unit/machine.h"

#define IMAGE_BYTES (64 * (off_t)TEST_MIB)

// --- making images ------------------------------------------------------------------------------

static void run_input(const char *input, const char *const *argv)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfSecret) text = input ? lf_secret_new_text(input) : NULL;
	LfProc proc = { .argv = argv, .input = text };

	assert_ok(lf_proc_run(&proc, NULL, &error), error);
}

#define run(...) run_input(NULL, LF_PROC_ARGV(__VA_ARGS__))

static char *new_image(const char *dir, const char *name, off_t size_bytes)
{
	char *path = g_build_filename(dir, name, NULL);
	g_autoptr(GError) error = NULL;

	assert_ok(g_file_set_contents(path, "", 0, &error), error);
	assert_int_equal(truncate(path, size_bytes), 0);
	return path;
}

// Makes a file system in a file of its own and copies it to its place in the image.
static void put_filesystem(const char *dir, const char *image, uint64_t offset_bytes,
			   uint64_t size_bytes, const char *const *mkfs)
{
	g_autofree char *path = new_image(dir, "fs.img", (off_t)size_bytes);
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_autoptr(GError) error = NULL;
	lf_autofd in = -1;
	lf_autofd out = -1;

	for (; *mkfs; mkfs++)
		g_ptr_array_add(argv, (char *)*mkfs);
	g_ptr_array_add(argv, path);
	g_ptr_array_add(argv, NULL);
	run_input(NULL, (const char *const *)argv->pdata);
	assert_ok(lf_openat(AT_FDCWD, path, O_RDONLY, 0, &in, &error), error);
	assert_ok(lf_openat(AT_FDCWD, image, O_WRONLY, 0, &out, &error), error);
	assert_int_equal(lseek(out, (off_t)offset_bytes, SEEK_SET), (off_t)offset_bytes);
	assert_ok(lf_copy_fd(in, out, &error), error);
}

#define MKFS(...) LF_PROC_ARGV(__VA_ARGS__)

static LfFactDisk *probe(const char *path, uint32_t sector_bytes)
{
	g_autoptr(GError) error = NULL;
	LfFactDisk *disk = lf_probe_image(path, sector_bytes, &error);

	assert_ok(disk, error);
	return disk;
}

static const LfFactPartition *partition(const LfFactDisk *disk, guint index)
{
	assert_true(index < disk->partitions->len);
	return disk->partitions->pdata[index];
}

// --- tables -------------------------------------------------------------------------------------

static void a_blank_file_is_a_blank_disk(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *image = new_image(dir, "disk.img", IMAGE_BYTES);
	g_autoptr(LfFactDisk) disk = probe(image, 512);

	assert_null(disk->table);
	assert_int_equal(disk->partitions->len, 0);
	assert_int_equal(disk->size_bytes, IMAGE_BYTES);
	assert_string_equal(disk->name, "disk.img");
	assert_string_equal(disk->transport, "file");
}

static void a_gpt_is_read_with_what_its_partitions_hold(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *image = new_image(dir, "disk.img", IMAGE_BYTES);
	g_autoptr(LfFactDisk) disk = NULL;
	const LfFactPartition *one, *two, *three;

	run_input("label: gpt\n"
		  "start=2048, size=32768, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, name=esp\n"
		  "start=34816, size=32768, uuid=11111111-2222-4333-8444-555555555555\n"
		  "start=67584, size=2048\n",
		  LF_PROC_ARGV("/usr/sbin/sfdisk", "-q", image));
	put_filesystem(dir, image, TEST_MIB, 16 * TEST_MIB,
		       MKFS("/usr/sbin/mkfs.vfat", "-n", "EFI"));
	put_filesystem(dir, image, 17 * TEST_MIB, 16 * TEST_MIB,
		       MKFS("/usr/sbin/mkfs.ext4", "-q", "-F", "-L", "data"));
	disk = probe(image, 512);
	assert_string_equal(disk->table, "gpt");
	assert_int_equal(disk->partitions->len, 3);
	one = partition(disk, 0);
	two = partition(disk, 1);
	three = partition(disk, 2);
	assert_int_equal(one->number, 1);
	assert_int_equal(one->start_bytes, TEST_MIB);
	assert_int_equal(one->size_bytes, 16 * TEST_MIB);
	assert_string_equal(one->type, "c12a7328-f81f-11d2-ba4b-00a0c93ec93b");
	assert_string_equal(one->name, "esp");
	assert_string_equal(one->fstype, "vfat");
	assert_string_equal(one->fslabel, "EFI");
	assert_string_equal(two->uuid, "11111111-2222-4333-8444-555555555555");
	assert_string_equal(two->fstype, "ext4");
	assert_string_equal(two->fslabel, "data");
	assert_non_null(two->fs_uuid);
	assert_true(g_uuid_string_is_valid(two->fs_uuid));
	assert_null(three->fstype);
}

// The header of a GPT is in block 1, wherever that is.
static void a_gpt_for_other_sectors_is_no_table_of_this_disk(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *image = new_image(dir, "disk.img", IMAGE_BYTES);
	g_autoptr(LfFactDisk) disk = NULL;

	run_input("label: gpt\nstart=2048, size=32768\n",
		  LF_PROC_ARGV("/usr/sbin/sfdisk", "-q", image));
	disk = probe(image, 4096);
	assert_string_not_equal(disk->table ? disk->table : "", "gpt");
}

// Of 4096 bytes: 512 sectors from 512 on, that is 2 MiB from 2 MiB on.
static void make_4k_table(const char *image)
{
	struct fdisk_context *context = fdisk_new_context();
	struct fdisk_partition *wish = fdisk_new_partition();

	assert_int_equal(fdisk_save_user_sector_size(context, 4096, 4096), 0);
	assert_int_equal(fdisk_assign_device(context, image, 0), 0);
	assert_int_equal(fdisk_create_disklabel(context, "gpt"), 0);
	assert_int_equal(fdisk_partition_set_start(wish, 512), 0);
	assert_int_equal(fdisk_partition_set_size(wish, 512), 0);
	assert_int_equal(fdisk_partition_set_partno(wish, 0), 0);
	assert_int_equal(fdisk_partition_set_name(wish, "big"), 0);
	assert_int_equal(fdisk_add_partition(context, wish, NULL), 0);
	assert_int_equal(fdisk_write_disklabel(context), 0);
	assert_int_equal(fdisk_deassign_device(context, 0), 0);
	fdisk_unref_partition(wish);
	fdisk_unref_context(context);
}

static void a_gpt_for_large_sectors_is_read(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *image = new_image(dir, "disk.img", IMAGE_BYTES);
	g_autoptr(LfFactDisk) disk = NULL;

	make_4k_table(image);
	disk = probe(image, 4096);
	assert_string_equal(disk->table, "gpt");
	assert_int_equal(disk->partitions->len, 1);
	assert_int_equal(partition(disk, 0)->start_bytes, 2 * TEST_MIB);
	assert_int_equal(partition(disk, 0)->size_bytes, 2 * TEST_MIB);
	assert_string_equal(partition(disk, 0)->name, "big");
}

static void a_dos_table_is_read_with_logical_partitions(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *image = new_image(dir, "disk.img", IMAGE_BYTES);
	g_autoptr(LfFactDisk) disk = NULL;

	run_input("label: dos\nstart=2048, size=32768, type=83\nstart=34816, type=5\n"
		  "start=36864, size=2048, type=82\n",
		  LF_PROC_ARGV("/usr/sbin/sfdisk", "-q", image));
	disk = probe(image, 512);
	assert_string_equal(disk->table, "dos");
	assert_int_equal(disk->partitions->len, 3);
	assert_string_equal(partition(disk, 0)->type, "0x83");
	assert_int_equal(partition(disk, 2)->number, 5);
	assert_string_equal(partition(disk, 2)->type, "0x82");
}

static void a_file_system_without_a_table_is_partition_0(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *image = new_image(dir, "disk.img", IMAGE_BYTES);
	g_autoptr(LfFactDisk) disk = NULL;

	run("/usr/sbin/mkfs.ext4", "-q", "-F", "-L", "whole", image);
	disk = probe(image, 512);
	assert_null(disk->table);
	assert_int_equal(disk->partitions->len, 1);
	assert_int_equal(partition(disk, 0)->number, 0);
	assert_string_equal(partition(disk, 0)->fstype, "ext4");
	assert_string_equal(partition(disk, 0)->fslabel, "whole");
	assert_int_equal(partition(disk, 0)->size_bytes, IMAGE_BYTES);
}

static void an_encrypted_disk_and_swap_are_told(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *luks = new_image(dir, "luks.img", IMAGE_BYTES);
	g_autofree char *swap = new_image(dir, "swap.img", IMAGE_BYTES);
	g_autoptr(LfFactDisk) luks_disk = NULL;
	g_autoptr(LfFactDisk) swap_disk = NULL;

	run_input("secret", LF_PROC_ARGV("/usr/sbin/cryptsetup", "luksFormat", "-q", "--type",
					 "luks2", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations",
					 "1000", "--key-file=-", luks));
	run("/usr/sbin/mkswap", "-q", "-L", "sw", swap);
	luks_disk = probe(luks, 512);
	swap_disk = probe(swap, 512);
	assert_string_equal(partition(luks_disk, 0)->fstype, "crypto_LUKS");
	assert_string_equal(partition(swap_disk, 0)->fstype, "swap");
}

// A GPT whose entries were overwritten has a second copy; one cut short has none.
static void damaged_tables_do_no_harm(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *image = new_image(dir, "disk.img", IMAGE_BYTES);
	g_autofree char *junk = g_malloc(16384);
	g_autoptr(GError) error = NULL;
	g_autoptr(LfFactDisk) backup = NULL;
	g_autoptr(LfFactDisk) cut = NULL;
	lf_autofd fd = -1;

	run_input("label: gpt\nstart=2048, size=32768\n",
		  LF_PROC_ARGV("/usr/sbin/sfdisk", "-q", image));
	memset(junk, 0xff, 16384);
	assert_ok(lf_openat(AT_FDCWD, image, O_WRONLY, 0, &fd, &error), error);
	assert_ok(lf_pwrite_all(fd, junk, 16384, 512, &error), error);
	backup = probe(image, 512);
	assert_string_equal(backup->table, "gpt");
	assert_int_equal(backup->partitions->len, 1);
	assert_int_equal(ftruncate(fd, IMAGE_BYTES / 2), 0);
	cut = probe(image, 512);
	assert_true(cut->partitions->len <= 1);
}

static void the_facts_of_an_image_can_be_read_back(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *image = new_image(dir, "disk.img", IMAGE_BYTES);
	g_autoptr(GError) error = NULL;
	g_autoptr(LfFacts) facts = lf_test_facts();
	g_autoptr(LfFacts) back = NULL;
	g_autoptr(json_t) object = NULL;

	run_input("label: gpt\nstart=2048, size=32768\n",
		  LF_PROC_ARGV("/usr/sbin/sfdisk", "-q", image));
	g_ptr_array_add(facts->disks, probe(image, 512));
	object = lf_facts_to_json(facts);
	back = lf_facts_from_json(object, &error);
	assert_ok(back, error);
}

static void what_is_no_disk_is_refused(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *empty = new_image(dir, "empty.img", 0);
	g_autoptr(GError) error = NULL;

	assert_throws(lf_probe_image(empty, 512, &error), error, LF_ERROR_INPUT, "is empty");
	g_clear_error(&error);
	assert_throws(lf_probe_image(empty, 2048, &error), error, LF_ERROR_INPUT, "512 or 4096");
	g_clear_error(&error);
	assert_throws(lf_probe_image("/nonexistent", 512, &error), error, LF_ERROR_IO,
		      "/nonexistent");
}

// --- the boot medium ----------------------------------------------------------------------------

static void put_text(const char *dir, const char *path, const char *text)
{
	g_autofree char *full = g_build_filename(dir, path, NULL);
	g_autofree char *folder = g_path_get_dirname(full);
	g_autoptr(GError) error = NULL;

	assert_int_equal(g_mkdir_with_parents(folder, 0755), 0);
	assert_ok(g_file_set_contents(full, text, -1, &error), error);
}

// An ISO with the manifest, and so many other files that directories take several blocks.
static void make_iso(const char *dir, const char *iso, const char *label, const char *build_id,
		     const char *option)
{
	g_autofree char *tree = g_build_filename(dir, "tree", NULL);
	g_autofree char *manifest = g_strdup_printf("{\"build_id\":\"%s\"}", build_id);

	for (int i = 0; i < 60; i++) {
		g_autofree char *name = g_strdup_printf("tree/aa-%d-a-rather-long-name.txt", i);

		put_text(dir, name, "x");
	}
	put_text(dir, "tree/landfall/manifest.json", manifest);
	run("/usr/bin/xorriso", "-report_about", "WARNING", "-as", "mkisofs", option, "-V", label,
	    "-o", iso, tree);
}

static void look_for_medium(const char *root, LfMedium *medium)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfHost) host = lf_host_new(root, &error);

	assert_ok(lf_probe_medium(host, medium, &error), error);
}

static char *find_medium(const char *root)
{
	g_auto(LfMedium) medium = { NULL, NULL, false };

	look_for_medium(root, &medium);
	assert_null(medium.trouble);
	return g_steal_pointer(&medium.path);
}

static void the_medium_is_found_by_label_and_build_id(void **state)
{
	static const char *const options[] = { "-R", "-J" };

	for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
		g_autoptr(LfTestDir) root = lf_test_dir();
		g_autofree char *other = g_build_filename(root, "dev/sda", NULL);
		g_autofree char *iso = g_build_filename(root, "dev/sr0", NULL);
		g_autofree char *before = NULL;
		g_autofree char *path = NULL;

		put_text(root, "etc/landfall/manifest.json", "{\"build_id\":\"b2\"}");
		put_text(root, "sys/block/sda/size", "1\n");
		put_text(root, "sys/block/sr0/size", "1\n");
		put_text(root, "dev/null", "");
		make_iso(root, other, "LANDFALL", "b1", options[i]);
		make_iso(root, iso, "OTHER", "b2", options[i]);
		before = find_medium(root);
		assert_null(before);
		assert_int_equal(unlink(iso), 0);
		make_iso(root, iso, "LANDFALL", "b2", options[i]);
		path = find_medium(root);
		assert_string_equal(path, "/dev/sr0");
	}
}

// Only the descriptor is left: the label is there, and what it points to is not.
static void a_medium_of_ours_that_is_cut_short_is_told_and_another_drive_still_serves(void **state)
{
	g_autoptr(LfTestDir) root = lf_test_dir();
	g_autofree char *cut = g_build_filename(root, "dev/sda", NULL);
	g_autofree char *whole = g_build_filename(root, "dev/sr0", NULL);
	g_auto(LfMedium) alone = { NULL, NULL, false };
	g_auto(LfMedium) both = { NULL, NULL, false };

	put_text(root, "etc/landfall/manifest.json", "{\"build_id\":\"b2\"}");
	put_text(root, "sys/block/sda/size", "1\n");
	put_text(root, "dev/null", "");
	make_iso(root, cut, "LANDFALL", "b2", "-R");
	assert_int_equal(truncate(cut, 34 * 1024), 0);
	look_for_medium(root, &alone);
	assert_null(alone.path);
	assert_throws(false, alone.trouble, LF_ERROR_IO, "'/dev/sda' cannot be read (");
	put_text(root, "sys/block/sr0/size", "1\n");
	make_iso(root, whole, "LANDFALL", "b2", "-R");
	look_for_medium(root, &both);
	assert_string_equal(both.path, "/dev/sr0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(a_blank_file_is_a_blank_disk),
		LF_TEST(a_gpt_is_read_with_what_its_partitions_hold),
		LF_TEST(a_gpt_for_other_sectors_is_no_table_of_this_disk),
		LF_TEST(a_gpt_for_large_sectors_is_read),
		LF_TEST(a_dos_table_is_read_with_logical_partitions),
		LF_TEST(a_file_system_without_a_table_is_partition_0),
		LF_TEST(an_encrypted_disk_and_swap_are_told),
		LF_TEST(damaged_tables_do_no_harm),
		LF_TEST(the_facts_of_an_image_can_be_read_back),
		LF_TEST(what_is_no_disk_is_refused),
		LF_TEST(the_medium_is_found_by_label_and_build_id),
		LF_TEST(a_medium_of_ours_that_is_cut_short_is_told_and_another_drive_still_serves),
	};

	return LF_TEST_MAIN(tests);
}
