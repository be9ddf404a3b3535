// The persistent partition in the plan: made at the end, found again, kept, and what is refused.
#include "installer/plan/persist.h"

#include "installer/plan/layout.h"
#include "tests/unit/machine.h"

#define LABEL	 "landfall-persist"
#define UUID	 "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
#define FS_UUID	 "11111111-2222-4333-8444-555555555555"
#define DISK_GIB 20

typedef struct {
	LfFacts *facts;
	LfProfile *profile;
	LfFactDisk *disk;
} Bench;

static void bench_clear(Bench *bench)
{
	lf_facts_free(bench->facts);
	lf_profile_free(bench->profile);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Bench, bench_clear)

static Bench bench_new(void)
{
	Bench bench = { lf_test_facts(), lf_test_profile(), NULL };

	bench.disk = lf_test_disk(bench.facts, "vda", DISK_GIB * TEST_GIB);
	bench.profile->persist_label = g_strdup(LABEL);
	bench.profile->persist_size_mib = 2048;
	return bench;
}

static LfFactPartition *add_persist(Bench *bench, unsigned number, uint64_t start, uint64_t size)
{
	LfFactPartition *partition = lf_test_partition(bench->disk, number, "ext4");

	partition->start_bytes = start;
	partition->size_bytes = size;
	partition->name = g_strdup(LABEL);
	partition->fslabel = g_strdup(LABEL);
	partition->uuid = g_strdup(UUID);
	partition->fs_uuid = g_strdup(FS_UUID);
	return partition;
}

static const LfPlanPartition *persist_of(const LfPlan *plan)
{
	const LfPlanPartition *partition = lf_plan_partition(plan, LF_ROLE_PERSIST);

	assert_non_null(partition);
	assert_int_equal(partition->number, plan->partitions->len);
	assert_string_equal(partition->name, LABEL);
	assert_string_equal(partition->fs_label, LABEL);
	assert_string_equal(partition->fstype, "ext4");
	assert_string_equal(partition->mount, LF_PERSIST_MOUNT);
	assert_contains(partition->mount_options, "nofail");
	assert_null(partition->luks);
	return partition;
}

static uint64_t end_of(const LfPlanPartition *partition)
{
	return partition->start_bytes + partition->size_bytes;
}

static void assert_nothing_overlaps(const LfPlan *plan)
{
	uint64_t end = TEST_MIB;

	for (guint i = 0; i < plan->partitions->len; i++) {
		const LfPlanPartition *partition = plan->partitions->pdata[i];

		assert_true(partition->start_bytes >= end);
		end = end_of(partition);
	}
	assert_true(end <= plan->disk_size_bytes - 16384 - plan->sector_bytes);
}

// --- made ---------------------------------------------------------------------------------------

static void a_new_one_lies_at_the_very_end(void **state)
{
	for (int is_grow = 0; is_grow < 2; is_grow++) {
		g_auto(Bench) bench = bench_new();
		LfPart *root = bench.profile->parts->pdata[0];
		g_autoptr(GError) error = NULL;
		g_autoptr(LfPlan) plan = NULL;

		root->is_grow = is_grow;
		root->size_mib = 4096;
		plan = lf_plan_make(bench.profile, bench.facts, &error);
		assert_ok(plan, error);
		assert_nothing_overlaps(plan);
		assert_int_equal(end_of(persist_of(plan)), lf_layout_end(bench.disk));
		assert_int_equal(persist_of(plan)->size_bytes, 2048 * TEST_MIB);
		assert_false(persist_of(plan)->is_kept);
		assert_int_equal(end_of(lf_plan_partition(plan, LF_ROLE_ROOT)) ==
					 persist_of(plan)->start_bytes,
				 is_grow);
	}
}

static void without_the_wish_there_is_none_and_an_old_one_is_lost(void **state)
{
	g_auto(Bench) bench = bench_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(LfPlan) plan = NULL;

	add_persist(&bench, 4, 18 * TEST_GIB, TEST_GIB);
	g_clear_pointer(&bench.profile->persist_label, g_free);
	plan = lf_plan_make(bench.profile, bench.facts, &error);
	assert_ok(plan, error);
	assert_null(lf_plan_partition(plan, LF_ROLE_PERSIST));
	assert_contains(plan->destroys[0], LABEL);
}

// --- kept ---------------------------------------------------------------------------------------

static void one_that_is_there_is_kept_with_place_and_uuids(void **state)
{
	static const struct {
		uint64_t start, size;
		bool is_small;
	} rows[] = {
		{ 17 * TEST_GIB, 2 * TEST_GIB, false },
		{ 17 * TEST_GIB + 512, 2 * TEST_GIB + 1024, false },
		{ 10 * TEST_GIB, TEST_GIB, true },
		{ 12 * TEST_GIB, 7 * TEST_GIB, false },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_auto(Bench) bench = bench_new();
		g_autoptr(GError) error = NULL;
		g_autoptr(LfPlan) plan = NULL;
		g_autofree char *text = NULL;

		lf_test_partition(bench.disk, 1, "vfat");
		add_persist(&bench, 9, rows[i].start, rows[i].size);
		plan = lf_plan_make(bench.profile, bench.facts, &error);
		assert_ok(plan, error);
		assert_nothing_overlaps(plan);
		assert_true(persist_of(plan)->is_kept);
		assert_int_equal(persist_of(plan)->start_bytes, rows[i].start);
		assert_int_equal(persist_of(plan)->size_bytes, rows[i].size);
		assert_string_equal(persist_of(plan)->uuid, UUID);
		assert_string_equal(persist_of(plan)->fs_uuid, FS_UUID);
		assert_int_equal(g_strv_length(plan->destroys), 1);
		assert_contains(plan->destroys[0], "partition 1");
		text = lf_plan_describe(plan);
		assert_contains(text, "is kept as it is");
		assert_int_equal(strstr(text, "to make it larger") != NULL, rows[i].is_small);
	}
}

static void the_hash_is_that_of_the_plan_that_made_it(void **state)
{
	g_auto(Bench) bench = bench_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(LfPlan) first = lf_plan_make(bench.profile, bench.facts, &error);
	g_autoptr(LfPlan) second = NULL;
	g_autofree char *first_hash = NULL, *second_hash = NULL;

	assert_ok(first, error);
	add_persist(&bench, 4, persist_of(first)->start_bytes, persist_of(first)->size_bytes);
	second = lf_plan_make(bench.profile, bench.facts, &error);
	assert_ok(second, error);
	assert_true(persist_of(second)->is_kept);
	first_hash = lf_plan_hash(first);
	second_hash = lf_plan_hash(second);
	assert_string_equal(first_hash, second_hash);
}

// What is kept needs no permission to be cleared; everything else does as ever.
static void clearpart_decides_about_the_others_only(void **state)
{
	static const struct {
		LfClearMode mode;
		const char *list;
		bool has_other, is_refused;
	} rows[] = {
		{ LF_CLEAR_ALL, NULL, true, false },	     { LF_CLEAR_LIST, "vda1", true, false },
		{ LF_CLEAR_LIST, "vda1,vda4", true, false }, { LF_CLEAR_LIST, "vda4", true, true },
		{ LF_CLEAR_LINUX, NULL, false, false },	     { LF_CLEAR_LINUX, NULL, true, true },
		{ LF_CLEAR_NONE, NULL, false, false },	     { LF_CLEAR_NONE, NULL, true, true },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_auto(Bench) bench = bench_new();
		g_autoptr(GError) error = NULL;
		g_autoptr(LfPlan) plan = NULL;

		if (rows[i].has_other)
			lf_test_partition(bench.disk, 1, "ext4");
		add_persist(&bench, 4, 17 * TEST_GIB, 2 * TEST_GIB);
		bench.profile->clear_mode = rows[i].mode;
		bench.profile->is_zerombr = false;
		g_strfreev(bench.profile->clear_list);
		bench.profile->clear_list = rows[i].list ? lf_test_strv(rows[i].list) : NULL;
		plan = lf_plan_make(bench.profile, bench.facts, &error);
		if (rows[i].is_refused) {
			assert_throws(plan, error, LF_ERROR_TARGET, "no disk can be used");
			continue;
		}
		assert_ok(plan, error);
		assert_true(persist_of(plan)->is_kept);
	}
}

static void what_only_has_the_name_is_data_like_any_other(void **state)
{
	static const struct {
		size_t offset;
		const char *value;
	} rows[] = {
		{ offsetof(LfFactPartition, fstype), "xfs" },
		{ offsetof(LfFactPartition, fstype), NULL },
		{ offsetof(LfFactPartition, fslabel), "another" },
		{ offsetof(LfFactPartition, fslabel), NULL },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_auto(Bench) bench = bench_new();
		g_autoptr(GError) error = NULL;
		g_autoptr(LfPlan) plan = NULL;
		LfFactPartition *named = add_persist(&bench, 4, 17 * TEST_GIB, 2 * TEST_GIB);

		lf_test_set((char **)((char *)named + rows[i].offset), rows[i].value);
		plan = lf_plan_make(bench.profile, bench.facts, &error);
		assert_ok(plan, error);
		assert_false(persist_of(plan)->is_kept);
		assert_string_not_equal(persist_of(plan)->uuid, UUID);
		assert_contains(plan->destroys[0], "has the name of the persistent partition");
		bench.profile->clear_mode = LF_CLEAR_NONE;
		assert_throws(lf_plan_make(bench.profile, bench.facts, &error), error,
			      LF_ERROR_TARGET, "has the name of the persistent partition");
	}
}

// --- refused ------------------------------------------------------------------------------------

static void one_that_cannot_be_kept_is_never_lost(void **state)
{
	static const struct {
		uint64_t start, size;
		const char *uuid, *fs_uuid, *says;
	} rows[] = {
		{ 17 * TEST_GIB, 3 * TEST_GIB, UUID, FS_UUID, "second partition table" },
		{ 17 * TEST_GIB, UINT64_C(1) << 59, UUID, FS_UUID, "second partition table" },
		{ 30 * TEST_GIB, TEST_GIB, UUID, FS_UUID, "second partition table" },
		{ 17 * TEST_GIB + 1, TEST_GIB, UUID, FS_UUID, "whole sectors" },
		{ 17 * TEST_GIB, 0, UUID, FS_UUID, "whole sectors" },
		{ 17 * TEST_GIB, TEST_GIB, NULL, FS_UUID, "no UUID" },
		{ 17 * TEST_GIB, TEST_GIB, UUID, "odd # text", "without a UUID" },
		{ 2 * TEST_GIB, 17 * TEST_GIB, UUID, FS_UUID, "before it lie" },
		{ 512, 17 * TEST_GIB, UUID, FS_UUID, "before it lie" },
		{ 0, 17 * TEST_GIB, UUID, FS_UUID, "before it lie" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_auto(Bench) bench = bench_new();
		g_autoptr(GError) error = NULL;
		LfFactPartition *kept = add_persist(&bench, 4, rows[i].start, rows[i].size);

		lf_test_set(&kept->uuid, rows[i].uuid);
		lf_test_set(&kept->fs_uuid, rows[i].fs_uuid);
		assert_throws(lf_plan_make(bench.profile, bench.facts, &error), error,
			      LF_ERROR_TARGET, rows[i].says);
	}
}

static void of_two_none_is_taken(void **state)
{
	g_auto(Bench) bench = bench_new();
	g_autoptr(GError) error = NULL;

	add_persist(&bench, 4, 15 * TEST_GIB, TEST_GIB);
	add_persist(&bench, 5, 17 * TEST_GIB, TEST_GIB);
	assert_throws(lf_plan_make(bench.profile, bench.facts, &error), error, LF_ERROR_TARGET,
		      "more than one persistent partition");
}

static void a_disk_too_small_for_both_is_refused(void **state)
{
	g_auto(Bench) bench = bench_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(LfPlan) plan = NULL;

	// 512 and 1024 MiB, 756 of root, 2048 of this, two for the tables.
	bench.disk->size_bytes = (512 + 1024 + 756 + 2048 + 2) * TEST_MIB;
	plan = lf_plan_make(bench.profile, bench.facts, &error);
	assert_ok(plan, error);
	bench.disk->size_bytes -= 512;
	assert_throws(lf_plan_make(bench.profile, bench.facts, &error), error, LF_ERROR_TARGET,
		      "too small: the kickstart's layout and the payload need 4.2 GiB");
	g_clear_error(&error);
	bench.disk->size_bytes = 100 * TEST_MIB;
	assert_throws(lf_plan_make(bench.profile, bench.facts, &error), error, LF_ERROR_TARGET,
		      "too small");
}

// Just as much before it as the layout needs, and a MiB less.
static void the_room_before_a_kept_one_counts_to_the_mib(void **state)
{
	for (uint64_t less = 0; less < 2; less++) {
		g_auto(Bench) bench = bench_new();
		g_autoptr(GError) error = NULL;
		g_autoptr(LfPlan) plan = NULL;

		add_persist(&bench, 4, (1 + 512 + 1024 + 756 - less) * TEST_MIB, TEST_GIB);
		plan = lf_plan_make(bench.profile, bench.facts, &error);
		assert_int_equal(plan == NULL, less);
	}
}

static void a_wish_that_cannot_be_is_refused(void **state)
{
	static const struct {
		const char *label;
		uint64_t size_mib;
		const char *mount, *says;
	} rows[] = {
		{ "", 100, NULL, "1 to 16 characters" },
		{ "landfall-persist1", 100, NULL, "1 to 16 characters" },
		{ "a b", 100, NULL, "no blanks" },
		{ LABEL, 0, NULL, "at least 16" },
		{ LABEL, 15, NULL, "at least 16" },
		{ LABEL, UINT64_MAX, NULL, "out of range" },
		{ LABEL, 100, LF_PERSIST_MOUNT, "is the place of 'persist'" },
		{ "root", 100, NULL, "is the name of partition 3" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_auto(Bench) bench = bench_new();
		g_autoptr(GError) error = NULL;

		lf_test_set(&bench.profile->persist_label, rows[i].label);
		bench.profile->persist_size_mib = rows[i].size_mib;
		if (rows[i].mount)
			lf_test_part(bench.profile, rows[i].mount, 100, false);
		assert_throws(lf_plan_make(bench.profile, bench.facts, &error), error,
			      LF_ERROR_INPUT, rows[i].says);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(a_new_one_lies_at_the_very_end),
		LF_TEST(without_the_wish_there_is_none_and_an_old_one_is_lost),
		LF_TEST(one_that_is_there_is_kept_with_place_and_uuids),
		LF_TEST(the_hash_is_that_of_the_plan_that_made_it),
		LF_TEST(clearpart_decides_about_the_others_only),
		LF_TEST(what_only_has_the_name_is_data_like_any_other),
		LF_TEST(one_that_cannot_be_kept_is_never_lost),
		LF_TEST(of_two_none_is_taken),
		LF_TEST(a_disk_too_small_for_both_is_refused),
		LF_TEST(the_room_before_a_kept_one_counts_to_the_mib),
		LF_TEST(a_wish_that_cannot_be_is_refused),
	};

	return LF_TEST_MAIN(tests);
}
