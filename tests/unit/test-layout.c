// Places and sizes: sharing, alignment, least sizes, labels, mount points.
#include "installer/plan/layout.h"

#include "installer/plan/grow.h"
#include "installer/plan/spec.h"
#include "tests/unit/machine.h"

// --- sharing ------------------------------------------------------------------------------------

static void free_space_is_shared_in_proportion(void **state)
{
	LfGrow items[] = { { 100, G_MAXUINT64, 1 }, { 300, G_MAXUINT64, 3 }, { 50, 50, 5 } };

	lf_grow_share(items, 3, 400);
	assert_int_equal(items[0].size, 200);
	assert_int_equal(items[1].size, 600);
	assert_int_equal(items[2].size, 50);
}

static void what_one_cannot_take_goes_to_the_others(void **state)
{
	LfGrow items[] = { { 10, 15, 1 }, { 10, G_MAXUINT64, 1 }, { 10, 40, 2 } };

	lf_grow_share(items, 3, 100);
	assert_int_equal(items[0].size, 15);
	assert_int_equal(items[1].size, 75);
	assert_int_equal(items[2].size, 40);
}

// Shares of one more, just as much, and one less than what fits.
static void a_maximum_is_met_to_the_unit(void **state)
{
	for (uint64_t max = 14; max <= 18; max++) {
		LfGrow items[] = { { 10, max, 1 }, { 10, G_MAXUINT64, 1 } };

		lf_grow_share(items, 2, 12);
		assert_int_equal(items[0].size, MIN(max, 16));
		assert_int_equal(items[1].size, 32 - MIN(max, 16));
	}
}

static void nothing_is_shared_that_nobody_can_take(void **state)
{
	LfGrow items[] = { { 10, 12, 1 }, { 10, 10, 1 } };

	lf_grow_share(items, 2, 1000);
	assert_int_equal(items[0].size, 12);
	assert_int_equal(items[1].size, 10);
}

// No case may lose or invent a unit, or exceed a maximum, however odd the numbers.
static void sharing_always_adds_up(void **state)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(13);

	for (int round = 0; round < 2000; round++) {
		LfGrow items[6];
		uint64_t extra = (uint64_t)g_rand_int(random) * (round % 2 ? 1 : 65536);
		uint64_t before = 0, after = 0, room = 0;

		for (size_t i = 0; i < 6; i++) {
			uint64_t size = (uint64_t)g_rand_int_range(random, 0, 100000);
			uint64_t more = g_rand_int(random) >> g_rand_int_range(random, 0, 31);

			items[i] = (LfGrow){ size, size + more,
					     (uint64_t)g_rand_int(random)
						     << g_rand_int_range(random, 0, 32) };
			before += size;
			room += items[i].weight ? more : 0;
		}
		lf_grow_share(items, 6, extra);
		for (size_t i = 0; i < 6; i++) {
			assert_true(items[i].size <= items[i].max);
			after += items[i].size;
		}
		assert_int_equal(after - before, MIN(extra, room));
	}
}

// --- places -------------------------------------------------------------------------------------

static GPtrArray *lay_out(const LfProfile *profile, const LfFacts *facts, GError **error)
{
	g_autoptr(GPtrArray) specs = lf_specs_new(profile, facts, error);
	g_autoptr(GPtrArray) partitions =
		g_ptr_array_new_with_free_func((GDestroyNotify)lf_plan_partition_free);

	if (!specs || !lf_layout_plan(specs, facts->disks->pdata[0], UINT64_MAX, partitions, error))
		return NULL;
	return g_steal_pointer(&partitions);
}

static void check_places(const GPtrArray *partitions, const LfFactDisk *disk)
{
	// UEFI 2.10, 5.3.2: header and entries behind the last usable block.
	uint64_t limit = disk->size_bytes - 16384 - disk->sector_bytes;
	uint64_t end = TEST_MIB;

	for (guint i = 0; i < partitions->len; i++) {
		const LfPlanPartition *partition = partitions->pdata[i];

		assert_int_equal(partition->number, i + 1);
		assert_int_equal(partition->start_bytes, end);
		assert_int_equal(partition->start_bytes % TEST_MIB, 0);
		assert_int_equal(partition->size_bytes % TEST_MIB, 0);
		assert_true(partition->size_bytes > 0);
		end = partition->start_bytes + partition->size_bytes;
	}
	assert_true(end <= limit);
}

static void partitions_are_aligned_and_within_the_disk(void **state)
{
	static const uint64_t sizes[] = {
		8 * TEST_GIB,		8 * TEST_GIB + 512,	 20 * TEST_GIB - 4096,
		UINT64_C(480103981056), UINT64_C(4000787030016),
	};

	for (size_t i = 0; i < 2 * G_N_ELEMENTS(sizes); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(LfFacts) facts = lf_test_facts();
		g_autoptr(LfProfile) profile = lf_test_profile();
		LfFactDisk *disk = lf_test_disk(facts, "vda", sizes[i / 2]);
		g_autoptr(GPtrArray) partitions = NULL;

		disk->sector_bytes = i % 2 ? 4096 : 512;
		partitions = lay_out(profile, facts, &error);
		assert_ok(partitions, error);
		assert_int_equal(partitions->len, 3);
		check_places(partitions, disk);
	}
}

static void reqpart_supplies_what_is_missing_and_no_more(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfFacts) facts = lf_test_facts();
	g_autoptr(LfProfile) profile = lf_test_profile();
	g_autoptr(GPtrArray) partitions = NULL;
	const LfPlanPartition *first, *second;

	lf_test_disk(facts, "vda", 20 * TEST_GIB);
	lf_test_part(profile, "/boot", 700, false);
	partitions = lay_out(profile, facts, &error);
	assert_ok(partitions, error);
	assert_int_equal(partitions->len, 3);
	first = partitions->pdata[0];
	second = partitions->pdata[1];
	assert_string_equal(first->mount, "/boot/efi");
	assert_int_equal(first->size_bytes, 512 * TEST_MIB);
	assert_string_equal(second->mount, "/boot");
	assert_int_equal(second->size_bytes, 700 * TEST_MIB);
}

static void the_root_has_the_type_of_the_architecture(void **state)
{
	static const struct {
		const char *architecture;
		const char *type;
	} rows[] = {
		{ "x86_64", "4f68bce3-e8cd-4db1-96e7-fbcaf984b709" },
		{ "aarch64", "b921b045-1df0-41c3-af44-4c6f280d3fae" },
		{ "s390x", NULL },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(LfFacts) facts = lf_test_facts();
		g_autoptr(LfProfile) profile = lf_test_profile();
		g_autoptr(GPtrArray) partitions = NULL;

		lf_test_disk(facts, "vda", 20 * TEST_GIB);
		lf_test_set(&facts->architecture, rows[i].architecture);
		partitions = lay_out(profile, facts, &error);
		if (!rows[i].type)
			assert_throws(partitions, error, LF_ERROR_UNSUPPORTED, "s390x");
		else
			assert_string_equal(((LfPlanPartition *)partitions->pdata[2])->type,
					    rows[i].type);
	}
}

static void links_into_var_become_real_mount_points(void **state)
{
	static const struct {
		const char *written;
		const char *mount;
		const char *name;
	} rows[] = {
		{ "/home", "/var/home", "var-home" },
		{ "/srv/data", "/var/srv/data", "var-srv-data" },
		{ "/opt", "/var/opt", "var-opt" },
		{ "/usr/local", "/var/usrlocal", "var-usrlocal" },
		{ "/var", "/var", "var" },
		{ "/var/lib/a", "/var/lib/a", "var-lib-a" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(LfFacts) facts = lf_test_facts();
		g_autoptr(LfProfile) profile = lf_test_profile();
		g_autoptr(GPtrArray) partitions = NULL;
		const LfPlanPartition *last;

		lf_test_disk(facts, "vda", 20 * TEST_GIB);
		lf_test_part(profile, rows[i].written, 1024, false);
		partitions = lay_out(profile, facts, &error);
		assert_ok(partitions, error);
		last = partitions->pdata[3];
		assert_string_equal(last->mount, rows[i].mount);
		assert_string_equal(last->name, rows[i].name);
	}
}

static void no_two_partitions_have_one_name(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfFacts) facts = lf_test_facts();
	g_autoptr(LfProfile) profile = lf_test_profile();
	g_autoptr(GPtrArray) partitions = NULL;

	lf_test_disk(facts, "vda", 20 * TEST_GIB);
	lf_test_part(profile, "/var/a-b", 100, false);
	lf_test_part(profile, "/var/a/b", 100, false);
	lf_test_part(profile, "swap", 100, false);
	lf_test_part(profile, "swap", 100, false);
	partitions = lay_out(profile, facts, &error);
	assert_ok(partitions, error);
	assert_string_equal(((LfPlanPartition *)partitions->pdata[3])->name, "var-a-b");
	assert_string_equal(((LfPlanPartition *)partitions->pdata[4])->name, "var-a-b-5");
	assert_string_equal(((LfPlanPartition *)partitions->pdata[6])->name, "swap-7");
}

// --- refusals -----------------------------------------------------------------------------------

typedef struct {
	const char *mount;
	uint64_t size_mib, maxsize_mib;
	bool is_grow, is_encrypted;
	const char *fstype, *label, *fsoptions;
	LfErrorCode code;
	const char *says;
} Refusal;

static void refuse(const Refusal *row)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfFacts) facts = lf_test_facts();
	g_autoptr(LfProfile) profile = lf_test_profile();
	g_autoptr(GPtrArray) partitions = NULL;
	LfPart *part;

	lf_test_disk(facts, "vda", 20 * TEST_GIB);
	if (strcmp(row->mount, "/") == 0)
		g_ptr_array_set_size(profile->parts, 0);
	part = lf_test_part(profile, row->mount, row->size_mib, row->is_grow);
	part->place.line = 77;
	part->maxsize_mib = row->maxsize_mib;
	part->encryption.is_encrypted = row->is_encrypted;
	part->fstype = g_strdup(row->fstype);
	part->label = g_strdup(row->label);
	part->fsoptions = g_strdup(row->fsoptions);
	partitions = lay_out(profile, facts, &error);
	assert_throws(partitions, error, row->code, row->says);
	if (row->code != LF_ERROR_TARGET)
		assert_true(g_str_has_prefix(error->message, "site.ks:77: "));
}

static void a_part_that_cannot_be_is_refused_with_its_line(void **state)
{
	static const Refusal rows[] = {
		{ "pv.01", 1000, .code = LF_ERROR_UNSUPPORTED, .says = "LVM, RAID and btrfs" },
		{ "raid.1", 1000, .code = LF_ERROR_UNSUPPORTED, .says = "LVM, RAID and btrfs" },
		{ "biosboot", 1, .code = LF_ERROR_UNSUPPORTED, .says = "leave it out" },
		{ "/usr", 1000, .code = LF_ERROR_UNSUPPORTED, .says = "one read-only tree" },
		{ "/etc", 1000, .code = LF_ERROR_UNSUPPORTED, .says = "one read-only tree" },
		{ "/varx", 1000, .code = LF_ERROR_UNSUPPORTED, .says = "one read-only tree" },
		{ "var", 1000, .code = LF_ERROR_INPUT, .says = "is no mount point" },
		{ "/var/../etc", 1000, .code = LF_ERROR_INPUT, .says = "is no mount point" },
		{ "/var//x", 1000, .code = LF_ERROR_INPUT, .says = "is no mount point" },
		{ "/var/", 1000, .code = LF_ERROR_INPUT, .says = "is no mount point" },
		{ "/var/a b", 1000, .code = LF_ERROR_INPUT, .says = "is no mount point" },
		{ "/var", 0, .code = LF_ERROR_INPUT, .says = "has no size" },
		{ "/var", 1, .code = LF_ERROR_INPUT, .says = "is too small" },
		{ "/var", UINT64_C(1) << 50, .code = LF_ERROR_INPUT, .says = "out of any range" },
		{ "/var", 100, .fstype = "btrfs", .code = LF_ERROR_UNSUPPORTED,
		  .says = "write ext4 or xfs" },
		{ "/var", 100, .fstype = "xfs", .code = LF_ERROR_INPUT, .says = "is too small" },
		{ "/var", 100, .label = "seventeen-letters", .code = LF_ERROR_INPUT,
		  .says = "longer than the 16 bytes" },
		{ "/var", 100, .label = "a b", .code = LF_ERROR_INPUT, .says = "no blanks" },
		{ "/var", 100, .fsoptions = "a b", .code = LF_ERROR_INPUT, .says = "fstab" },
		{ "/boot", 100, .code = LF_ERROR_INPUT, .says = "at least 300 MiB" },
		{ "/boot", 1000, .fstype = "xfs", .code = LF_ERROR_UNSUPPORTED,
		  .says = "write ext4" },
		{ "/boot", 1000, .is_encrypted = true, .code = LF_ERROR_UNSUPPORTED,
		  .says = "cannot be encrypted" },
		{ "/boot/efi", 20, .code = LF_ERROR_INPUT, .says = "is too small" },
		{ "/boot/efi", 500, .fstype = "ext4", .code = LF_ERROR_UNSUPPORTED,
		  .says = "write vfat or efi" },
		// 400 MiB and a quarter, and 256 MiB of slack.
		{ "/", 755, .code = LF_ERROR_INPUT, .says = "write 756" },
		{ "/", 756, .is_encrypted = true, .code = LF_ERROR_INPUT, .says = "write 772" },
		{ "/", 0, 755, true, .code = LF_ERROR_INPUT, .says = "--maxsize" },
		{ "/", 30000, .code = LF_ERROR_TARGET, .says = "/dev/vda (model" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		refuse(&rows[i]);
}

static void a_mount_point_stands_only_once(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfFacts) facts = lf_test_facts();
	g_autoptr(LfProfile) profile = lf_test_profile();

	lf_test_disk(facts, "vda", 20 * TEST_GIB);
	lf_test_part(profile, "/home", 100, false);
	lf_test_part(profile, "/var/home", 100, false);
	assert_throws(lay_out(profile, facts, &error), error, LF_ERROR_INPUT,
		      "a second partition for '/var/home'");
}

static void the_parts_a_boot_needs_must_be_there(void **state)
{
	static const struct {
		bool is_reqpart, is_boot, is_encrypted, is_root;
		LfErrorCode code;
		const char *says;
	} rows[] = {
		{ true, true, false, false, LF_ERROR_INPUT, "no root file system" },
		{ false, false, false, true, LF_ERROR_INPUT, "no EFI system partition" },
		{ true, false, true, true, LF_ERROR_INPUT, "needs a /boot" },
		{ true, false, false, true, LF_ERROR_UNSUPPORTED, "/boot inside the root" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(LfFacts) facts = lf_test_facts();
		g_autoptr(LfProfile) profile = lf_test_profile();

		lf_test_disk(facts, "vda", 20 * TEST_GIB);
		profile->is_reqpart = rows[i].is_reqpart;
		profile->is_reqpart_boot = rows[i].is_boot;
		if (!rows[i].is_root)
			g_ptr_array_set_size(profile->parts, 0);
		else if (rows[i].is_encrypted)
			lf_test_encrypt(profile);
		assert_throws(lay_out(profile, facts, &error), error, rows[i].code, rows[i].says);
		assert_contains(error->message, rows[i].is_root ? "reqpart --add-boot" : "part /");
	}
}

static void an_esp_for_large_sectors_must_be_larger(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfFacts) facts = lf_test_facts();
	g_autoptr(LfProfile) profile = lf_test_profile();
	g_autoptr(GPtrArray) partitions = NULL;
	LfFactDisk *disk = lf_test_disk(facts, "vda", 20 * TEST_GIB);

	lf_test_part(profile, "/boot/efi", 200, false);
	partitions = lay_out(profile, facts, &error);
	assert_ok(partitions, error);
	disk->sector_bytes = 4096;
	assert_throws(lay_out(profile, facts, &error), error, LF_ERROR_INPUT, "--size=260");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(free_space_is_shared_in_proportion),
		LF_TEST(what_one_cannot_take_goes_to_the_others),
		LF_TEST(a_maximum_is_met_to_the_unit),
		LF_TEST(nothing_is_shared_that_nobody_can_take),
		LF_TEST(sharing_always_adds_up),
		LF_TEST(partitions_are_aligned_and_within_the_disk),
		LF_TEST(reqpart_supplies_what_is_missing_and_no_more),
		LF_TEST(the_root_has_the_type_of_the_architecture),
		LF_TEST(links_into_var_become_real_mount_points),
		LF_TEST(no_two_partitions_have_one_name),
		LF_TEST(a_part_that_cannot_be_is_refused_with_its_line),
		LF_TEST(a_mount_point_stands_only_once),
		LF_TEST(the_parts_a_boot_needs_must_be_there),
		LF_TEST(an_esp_for_large_sectors_must_be_larger),
	};

	return LF_TEST_MAIN(tests);
}
