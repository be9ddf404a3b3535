// Partition tables and wiping on image files, checked with sgdisk and by reading bytes.
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "installer/apply/disk.h"
#include "installer/apply/effects.h"
#include "installer/apply/gpt.h"
#include "tests/unit/test.h"

#define MIB	   ((uint64_t)1024 * 1024)
#define DISK_BYTES (2048 * MIB)

static LfPlanPartition rows[] = {
	{ .number = 1,
	  .role = LF_ROLE_ESP,
	  .start_bytes = 1 * MIB,
	  .size_bytes = 512 * MIB,
	  .type = (char *)"c12a7328-f81f-11d2-ba4b-00a0c93ec93b",
	  .uuid = (char *)"11111111-1111-4111-8111-111111111111",
	  .name = (char *)"esp" },
	{ .number = 2,
	  .role = LF_ROLE_BOOT,
	  .start_bytes = 513 * MIB,
	  .size_bytes = 512 * MIB,
	  .type = (char *)"bc13c2ff-59e6-4262-a352-b275fd6f7172",
	  .uuid = (char *)"22222222-2222-4222-8222-222222222222",
	  .name = (char *)"boot" },
	// A size that is no multiple of anything libfdisk would round to.
	{ .number = 3,
	  .role = LF_ROLE_ROOT,
	  .start_bytes = 1025 * MIB,
	  .size_bytes = 1000 * MIB + 12288,
	  .type = (char *)"4f68bce3-e8cd-4db1-96e7-fbcaf984b709",
	  .uuid = (char *)"33333333-3333-4333-8333-333333333333",
	  .name = (char *)"root of the system" },
};

static char *make_file(const char *dir, int *ret_fd)
{
	char *path = g_build_filename(dir, "disk.img", NULL);

	*ret_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(*ret_fd >= 0);
	assert_int_equal(ftruncate(*ret_fd, (off_t)DISK_BYTES), 0);
	return path;
}

static LfPlan *make_plan(const char *path, uint32_t sector_bytes)
{
	LfPlan *plan = g_new0(LfPlan, 1);

	plan->disk = g_strdup(path);
	plan->disk_size_bytes = DISK_BYTES;
	plan->sector_bytes = sector_bytes;
	plan->table_uuid = (char *)"44444444-4444-4444-8444-444444444444";
	plan->partitions = g_ptr_array_new();
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		g_ptr_array_add(plan->partitions, &rows[i]);
	return plan;
}

static void plan_free(LfPlan *plan)
{
	g_ptr_array_unref(plan->partitions);
	g_free(plan->disk);
	g_free(plan);
}

static void assert_sgdisk_agrees(const char *path)
{
	g_autofree char *output = NULL;
	g_autoptr(GError) error = NULL;
	LfProc proc = { .argv = LF_PROC_ARGV("/sbin/sgdisk", "--verify", "--info=3", path) };

	assert_ok(lf_proc_run(&proc, &output, &error), error);
	assert_contains(output, "Partition GUID code: 4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709");
	assert_contains(output, "Partition unique GUID: 33333333-3333-4333-8333-333333333333");
	assert_contains(output, "First sector: 2099200 ");
	assert_contains(output, "Partition size: 2048024 sectors");
	assert_contains(output, "Partition name: 'root of the system'");
}

static void the_written_table_reads_back(void **state)
{
	static const uint32_t sectors[] = { 512, 4096 };

	for (size_t i = 0; i < G_N_ELEMENTS(sectors); i++) {
		g_autoptr(LfTestDir) dir = lf_test_dir();
		lf_autofd fd = -1;
		g_autofree char *path = make_file(dir, &fd);
		LfPlan *plan = make_plan(path, sectors[i]);
		g_autoptr(GError) error = NULL;
		uint8_t signature[8];

		assert_ok(lf_gpt_write(fd, path, plan, &error), error);
		assert_ok(lf_gpt_verify(fd, path, plan, &error), error);
		assert_ok(lf_pread_all(fd, signature, 8, sectors[i], &error), error);
		assert_memory_equal(signature, "EFI PART", 8);
		assert_ok(lf_pread_all(fd, signature, 8, DISK_BYTES - sectors[i], &error), error);
		assert_memory_equal(signature, "EFI PART", 8);
		if (sectors[i] == 512)
			assert_sgdisk_agrees(path);
		plan_free(plan);
	}
}

static void the_same_plan_gives_the_same_bytes(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree uint8_t *first = g_malloc(MIB);
	g_autofree uint8_t *second = g_malloc(MIB);

	for (int i = 0; i < 2; i++) {
		lf_autofd fd = -1;
		g_autofree char *path = make_file(dir, &fd);
		LfPlan *plan = make_plan(path, 512);
		g_autoptr(GError) error = NULL;

		assert_ok(lf_gpt_write(fd, path, plan, &error), error);
		assert_ok(lf_pread_all(fd, i ? second : first, MIB, 0, &error), error);
		assert_int_equal(unlink(path), 0);
		plan_free(plan);
	}
	assert_memory_equal(first, second, MIB);
}

// systemd would mount a home partition at /home by itself, beside what fstab says.
static void data_partitions_are_left_to_fstab(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	lf_autofd fd = -1;
	g_autofree char *path = make_file(dir, &fd);
	LfPlan *plan = make_plan(path, 512);
	LfPlanPartition home = rows[2];
	g_autofree char *output = NULL;
	g_autoptr(GError) error = NULL;
	LfProc proc = { .argv = LF_PROC_ARGV("/sbin/sgdisk", "--info=3", path) };

	home.role = LF_ROLE_DATA;
	home.mount = (char *)"/home";
	home.type = (char *)"933ac7e1-2eb4-4f13-b844-0e14e2aef915";
	plan->partitions->pdata[2] = &home;
	assert_ok(lf_gpt_write(fd, path, plan, &error), error);
	assert_ok(lf_gpt_verify(fd, path, plan, &error), error);
	assert_ok(lf_proc_run(&proc, &output, &error), error);
	assert_contains(output, "Attribute flags: 8000000000000000");
	plan->partitions->pdata[2] = &rows[2];
	assert_throws(lf_gpt_verify(fd, path, plan, &error), error, LF_ERROR_IO, "partition 3");
	plan_free(plan);
}

static void any_difference_is_found(void **state)
{
	static const struct {
		size_t offset;
		const char *text;
	} changes[] = {
		{ offsetof(LfPlanPartition, type), "type" },
		{ offsetof(LfPlanPartition, uuid), "UUID" },
		{ offsetof(LfPlanPartition, name), "name" },
	};
	g_autoptr(LfTestDir) dir = lf_test_dir();
	lf_autofd fd = -1;
	g_autofree char *path = make_file(dir, &fd);
	LfPlan *plan = make_plan(path, 512);
	LfPlanPartition changed = rows[2];
	g_autoptr(GError) error = NULL;

	assert_ok(lf_gpt_write(fd, path, plan, &error), error);
	for (size_t i = 0; i < G_N_ELEMENTS(changes); i++) {
		changed = rows[2];
		*(char **)((char *)&changed + changes[i].offset) =
			(char *)"0fc63daf-8483-4772-8e79-3d69d8477de4";
		plan->partitions->pdata[2] = &changed;
		assert_throws(lf_gpt_verify(fd, path, plan, &error), error, LF_ERROR_IO,
			      changes[i].text);
		g_clear_error(&error);
	}
	changed = rows[2];
	changed.size_bytes -= 4096;
	assert_throws(lf_gpt_verify(fd, path, plan, &error), error, LF_ERROR_IO, "place");
	g_clear_error(&error);
	g_ptr_array_set_size(plan->partitions, 2);
	assert_throws(lf_gpt_verify(fd, path, plan, &error), error, LF_ERROR_IO, "unplanned");
	plan_free(plan);
}

static void a_partition_outside_the_disk_is_an_error(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	lf_autofd fd = -1;
	g_autofree char *path = make_file(dir, &fd);
	LfPlan *plan = make_plan(path, 512);
	LfPlanPartition far = rows[2];
	g_autoptr(GError) error = NULL;

	far.size_bytes = DISK_BYTES;
	plan->partitions->pdata[2] = &far;
	assert_throws(lf_gpt_write(fd, path, plan, &error), error, LF_ERROR_IO, "partition 3");
	plan_free(plan);
}

static LfFacts *facts_of(const char *path)
{
	LfFacts *facts = lf_facts_new();
	LfFactDisk *disk = lf_fact_disk_new();
	LfFactPartition *old = lf_fact_partition_new();

	disk->path = g_strdup(path);
	old->number = 1;
	old->start_bytes = 700 * MIB;
	old->size_bytes = 50 * MIB;
	g_ptr_array_add(disk->partitions, old);
	g_ptr_array_add(facts->disks, disk);
	return facts;
}

static uint64_t no_clock(void)
{
	return 0;
}

static bool is_zero_at(int fd, uint64_t offset)
{
	uint8_t bytes[4096];
	g_autoptr(GError) error = NULL;

	assert_ok(lf_pread_all(fd, bytes, sizeof bytes, offset, &error), error);
	for (size_t i = 0; i < sizeof bytes; i++)
		if (bytes[i])
			return false;
	return true;
}

static void fill(int fd)
{
	g_autofree uint8_t *bytes = g_malloc(MIB);
	g_autoptr(GError) error = NULL;

	memset(bytes, 0xa5, MIB);
	for (uint64_t at = 0; at < DISK_BYTES; at += MIB)
		assert_ok(lf_pwrite_all(fd, bytes, MIB, at, &error), error);
}

static void wiping_takes_every_place_of_old_and_new_signatures(void **state)
{
	static const uint64_t wiped[] = { 0,
					  4 * MIB,
					  DISK_BYTES - 4096,
					  DISK_BYTES - MIB,
					  700 * MIB,
					  704 * MIB,
					  750 * MIB - 4096,
					  513 * MIB,
					  1025 * MIB,
					  1025 * MIB + 1000 * MIB };
	static const uint64_t kept[] = { 720 * MIB, 1500 * MIB };
	g_autoptr(LfTestDir) dir = lf_test_dir();
	lf_autofd fd = -1;
	g_autofree char *path = make_file(dir, &fd);
	LfPlan *plan = make_plan(path, 512);
	g_autoptr(LfFacts) facts = facts_of(path);
	g_autoptr(LfEvents) events = lf_events_new(no_clock);
	g_autoptr(LfInstall) install = lf_install_new(plan, facts, events);
	g_autoptr(GError) error = NULL;

	fill(fd);
	assert_ok(lf_effect_check_disk(install, &error), error);
	assert_false(is_zero_at(fd, 0));
	assert_ok(lf_effect_wipe(install, &error), error);
	for (size_t i = 0; i < G_N_ELEMENTS(wiped); i++)
		if (!is_zero_at(fd, wiped[i]))
			fail_msg("%" G_GUINT64_FORMAT " is not wiped", wiped[i]);
	for (size_t i = 0; i < G_N_ELEMENTS(kept); i++)
		assert_false(is_zero_at(fd, kept[i]));
	g_clear_pointer(&install, lf_install_free);
	plan_free(plan);
}

static void a_disk_that_somebody_has_locked_is_refused(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	lf_autofd fd = -1;
	g_autofree char *path = make_file(dir, &fd);
	g_autoptr(GError) error = NULL;
	g_autoptr(LfDisk) first = lf_disk_open(path, &error);
	g_autoptr(LfDisk) second = NULL;

	assert_ok(first != NULL, error);
	second = lf_disk_open(path, &error);
	assert_throws(second != NULL, error, LF_ERROR_TARGET, "locked");
}

static void a_disk_of_another_size_than_planned_is_refused(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	lf_autofd fd = -1;
	g_autofree char *path = make_file(dir, &fd);
	LfPlan *plan = make_plan(path, 512);
	g_autoptr(LfFacts) facts = lf_facts_new();
	g_autoptr(LfEvents) events = lf_events_new(no_clock);
	g_autoptr(LfInstall) install = lf_install_new(plan, facts, events);
	g_autoptr(GError) error = NULL;

	plan->disk_size_bytes -= 512;
	assert_throws(lf_effect_check_disk(install, &error), error, LF_ERROR_TARGET, "planned");
	g_clear_pointer(&install, lf_install_free);
	plan_free(plan);
}

static void after_a_failure_the_esp_starts_nothing_and_after_success_it_stays(void **state)
{
	for (int is_whole = 0; is_whole < 2; is_whole++) {
		g_autoptr(LfTestDir) dir = lf_test_dir();
		lf_autofd fd = -1;
		g_autofree char *path = make_file(dir, &fd);
		LfPlan *plan = make_plan(path, 512);
		g_autoptr(LfFacts) facts = lf_facts_new();
		g_autoptr(LfEvents) events = lf_events_new(no_clock);
		g_autoptr(LfInstall) install = lf_install_new(plan, facts, events);
		g_autoptr(GError) error = NULL;

		assert_ok(lf_pwrite_all(fd, "FAT", 3, 1 * MIB, &error), error);
		assert_ok(lf_effect_check_disk(install, &error), error);
		install->is_bootable = true;
		install->is_whole = is_whole;
		assert_ok(lf_scope_unwind(install->held, 0, &error), error);
		assert_int_equal(is_zero_at(fd, 1 * MIB), !is_whole);
		g_clear_pointer(&install, lf_install_free);
		plan_free(plan);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(the_written_table_reads_back),
		LF_TEST(the_same_plan_gives_the_same_bytes),
		LF_TEST(data_partitions_are_left_to_fstab),
		LF_TEST(any_difference_is_found),
		LF_TEST(a_partition_outside_the_disk_is_an_error),
		LF_TEST(wiping_takes_every_place_of_old_and_new_signatures),
		LF_TEST(a_disk_that_somebody_has_locked_is_refused),
		LF_TEST(a_disk_of_another_size_than_planned_is_refused),
		LF_TEST(after_a_failure_the_esp_starts_nothing_and_after_success_it_stays),
	};

	return LF_TEST_MAIN(tests);
}
