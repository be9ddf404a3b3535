// The choice of the disk: names, reasons, exactly one.
#include "installer/plan/disk.h"

#include "installer/plan/match.h"
#include "tests/unit/machine.h"

#define LEAST (4 * TEST_GIB)

static bool fits(const char *wish, const LfFactDisk *disk)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfMatch) match = lf_match_parse(wish, &error);

	assert_ok(match, error);
	return lf_match_disk(match, disk);
}

static LfFactDisk *sample_disk(LfFacts *facts)
{
	LfFactDisk *disk = lf_test_disk(facts, "sda", UINT64_C(480000000000));

	lf_test_set(&disk->model, "SAMSUNG MZ7L3480");
	lf_test_set(&disk->serial, "S664NE0R");
	lf_test_set(&disk->wwn, "naa.5002538F31234567");
	lf_test_set(&disk->transport, "sata");
	g_strfreev(disk->links);
	disk->links = lf_test_strv("/dev/disk/by-id/wwn-0x5002538f31234567,"
				   "/dev/disk/by-path/pci-0000:00:17.0-ata-1");
	return disk;
}

static void a_disk_is_found_by_any_of_its_names(void **state)
{
	static const char *const wishes[] = {
		"sda",
		"/dev/sda",
		"sd?",
		"vd*|sd*",
		"nvme0n1 | sda",
		"/dev/disk/by-path/pci-0000:00:17.0-ata-1",
		"disk/by-path/pci-0000:00:17.0-ata-1",
		"by-path/pci-*-ata-1",
		"by-id/wwn-0x5002538f31234567",
		"serial=S664NE0R",
		"SERIAL=S664*",
		"wwn=0x5002538f31234567",
		"WWN=naa.5002538F31234567",
		"model=SAMSUNG_MZ7L3480",
		"model=SAMSUNG MZ7*",
		"transport=SATA",
		"size>=480G",
		"size<=480GB",
		"size>=400GiB&size<=1T&transport=sata",
		"size>=480000000000",
	};
	g_autoptr(LfFacts) facts = lf_facts_new();
	const LfFactDisk *disk = sample_disk(facts);

	for (size_t i = 0; i < G_N_ELEMENTS(wishes); i++)
		if (!fits(wishes[i], disk))
			fail_msg("'%s' does not fit", wishes[i]);
}

static void a_disk_is_not_taken_for_another(void **state)
{
	static const char *const wishes[] = {
		"sdb",
		"sd",
		"/dev/sd",
		"sdaa",
		"/sda",
		"by-id/sda",
		"vd*|nvme*",
		"serial=s664ne0r",
		"wwn=0x5002538",
		"model=SAMSUNG",
		"transport=nvme",
		"size>=481G",
		"size<=479G",
		"size>=448GiB",
		"sda&transport=nvme",
		"disk/by-path/*-ata-2",
	};
	g_autoptr(LfFacts) facts = lf_facts_new();
	const LfFactDisk *disk = sample_disk(facts);

	for (size_t i = 0; i < G_N_ELEMENTS(wishes); i++)
		if (fits(wishes[i], disk))
			fail_msg("'%s' fits", wishes[i]);
}

static void a_wish_nobody_understands_is_refused(void **state)
{
	static const struct {
		const char *wish;
		const char *says;
	} rows[] = {
		{ "", "is empty" },
		{ "sda|", "is empty" },
		{ "sda&&sdb", "is empty" },
		{ "colour=red", "known are serial=" },
		{ "size=10G", "known are serial=" },
		{ "size>=", "has no value" },
		{ "serial=", "has no value" },
		{ "size>=tenG", "is no size" },
		{ "size>=10X", "is no size" },
		{ "size>=-1", "is no size" },
		{ "size>=99999999999999999999", "is no size" },
		{ "size>=18446744073709551615T", "is no size" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(LfMatch) match = lf_match_parse(rows[i].wish, &error);

		assert_throws(match, error, LF_ERROR_INPUT, rows[i].says);
	}
}

// --- the choice ---------------------------------------------------------------------------------

static const char *choose(const LfProfile *profile, const LfFacts *facts, GError **error)
{
	g_autoptr(GPtrArray) considered =
		g_ptr_array_new_with_free_func((GDestroyNotify)lf_plan_disk_free);
	const LfFactDisk *disk = NULL;

	if (!lf_disk_choose(profile, facts, LEAST, considered, &disk, error)) {
		assert_null(disk);
		return NULL;
	}
	assert_int_equal(considered->len, facts->disks->len);
	return disk->name;
}

static void the_only_disk_is_taken(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfFacts) facts = lf_test_facts();
	g_autoptr(LfProfile) profile = lf_test_profile();

	lf_test_disk(facts, "vda", 20 * TEST_GIB);
	assert_string_equal(choose(profile, facts, &error), "vda");
}

static void a_disk_that_cannot_be_used_says_why(void **state)
{
	static const struct {
		size_t offset;
		const char *says;
	} flags[] = {
		{ offsetof(LfFactDisk, is_cdrom), "a CD drive" },
		{ offsetof(LfFactDisk, is_boot_medium), "holds the medium" },
		{ offsetof(LfFactDisk, is_readonly), "write-protected" },
		{ offsetof(LfFactDisk, is_removable), "removable" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(flags); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(LfFacts) facts = lf_test_facts();
		g_autoptr(LfProfile) profile = lf_test_profile();
		LfFactDisk *disk = lf_test_disk(facts, "sda", 20 * TEST_GIB);

		*(bool *)((char *)disk + flags[i].offset) = true;
		assert_throws(choose(profile, facts, &error), error, LF_ERROR_TARGET,
			      flags[i].says);
		assert_contains(error->message,
				"/dev/sda (model 'Test Disk', serial S-sda, 20.0 GiB)");
	}
}

static void no_disk_at_all_is_told(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfFacts) facts = lf_test_facts();
	g_autoptr(LfProfile) profile = lf_test_profile();

	assert_throws(choose(profile, facts, &error), error, LF_ERROR_TARGET, "no disk was found");
}

static void an_empty_drive_and_a_broken_disk_are_told_apart(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfFacts) facts = lf_test_facts();
	g_autoptr(LfProfile) profile = lf_test_profile();

	lf_test_disk(facts, "sda", 0);
	lf_test_set(&lf_test_disk(facts, "sdb", 20 * TEST_GIB)->table, LF_FACT_UNREADABLE);
	assert_throws(choose(profile, facts, &error), error, LF_ERROR_TARGET, "no medium in it");
	assert_contains(error->message, "cannot be read");
}

static void the_boot_medium_is_never_taken_even_when_named(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfFacts) facts = lf_test_facts();
	g_autoptr(LfProfile) profile = lf_test_profile();

	lf_test_disk(facts, "sda", 20 * TEST_GIB)->is_boot_medium = true;
	g_strfreev(profile->only_use);
	profile->only_use = lf_test_strv("sda");
	assert_throws(choose(profile, facts, &error), error, LF_ERROR_TARGET, "holds the medium");
}

static void a_removable_disk_is_taken_when_named_without_a_glob(void **state)
{
	static const struct {
		const char *wish;
		bool is_taken;
	} rows[] = {
		{ "sda", true },       { "serial=S-sda", true },      { "sd*", false },
		{ "size>=1G", false }, { "sd*&transport=usb", true }, { "*|sda", true },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(LfFacts) facts = lf_test_facts();
		g_autoptr(LfProfile) profile = lf_test_profile();
		LfFactDisk *disk = lf_test_disk(facts, "sda", 20 * TEST_GIB);
		const char *taken;

		lf_test_set(&disk->transport, "usb");
		g_strfreev(profile->only_use);
		profile->only_use = lf_test_strv(rows[i].wish);
		taken = choose(profile, facts, &error);
		if (rows[i].is_taken)
			assert_string_equal(taken, "sda");
		else
			assert_throws(taken, error, LF_ERROR_TARGET, "a USB disk");
	}
}

static void equal_disks_are_refused_and_listed(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfFacts) facts = lf_test_facts();
	g_autoptr(LfProfile) profile = lf_test_profile();

	lf_test_disk(facts, "vda", 20 * TEST_GIB);
	lf_test_disk(facts, "vdb", 20 * TEST_GIB);
	assert_throws(choose(profile, facts, &error), error, LF_ERROR_TARGET,
		      "2 disks are equally good");
	assert_contains(error->message, "ignoredisk --only-use=");
	assert_contains(error->message,
			"/dev/vda (model 'Test Disk', serial S-vda, 20.0 GiB): fits");
	assert_contains(error->message, "serial S-vdb");
}

static void a_disk_too_small_is_not_as_good(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfFacts) facts = lf_test_facts();
	g_autoptr(LfProfile) profile = lf_test_profile();

	lf_test_disk(facts, "sda", LEAST - 1);
	assert_throws(choose(profile, facts, &error), error, LF_ERROR_TARGET, "too small");
	g_clear_error(&error);
	lf_test_disk(facts, "sdb", LEAST);
	assert_string_equal(choose(profile, facts, &error), "sdb");
}

// Each option that names disks, as a member of the profile.
static void every_option_that_names_disks_chooses(void **state)
{
	static const size_t lists[] = { offsetof(LfProfile, only_use),
					offsetof(LfProfile, clear_drives) };

	for (size_t i = 0; i < G_N_ELEMENTS(lists) + 2; i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(LfFacts) facts = lf_test_facts();
		g_autoptr(LfProfile) profile = lf_test_profile();

		lf_test_disk(facts, "vda", 20 * TEST_GIB);
		lf_test_disk(facts, "vdb", 20 * TEST_GIB);
		if (i < G_N_ELEMENTS(lists)) {
			char ***list = (char ***)(void *)((char *)profile + lists[i]);

			g_strfreev(*list);
			*list = lf_test_strv("vdb");
		} else if (i == G_N_ELEMENTS(lists)) {
			lf_test_set(&((LfPart *)profile->parts->pdata[0])->ondisk, "vdb");
		} else {
			lf_test_set(&profile->boot_drive, "vdb");
		}
		assert_string_equal(choose(profile, facts, &error), "vdb");
	}
}

static void an_ignored_disk_is_left_alone(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfFacts) facts = lf_test_facts();
	g_autoptr(LfProfile) profile = lf_test_profile();

	lf_test_disk(facts, "vda", 20 * TEST_GIB);
	lf_test_disk(facts, "vdb", 20 * TEST_GIB);
	g_strfreev(profile->ignore_drives);
	profile->ignore_drives = lf_test_strv("vda");
	assert_string_equal(choose(profile, facts, &error), "vdb");
}

static void a_name_that_fits_nothing_is_refused_with_its_line(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfFacts) facts = lf_test_facts();
	g_autoptr(LfProfile) profile = lf_test_profile();

	lf_test_disk(facts, "vda", 20 * TEST_GIB);
	g_strfreev(profile->only_use);
	profile->only_use = lf_test_strv("vda,sdz*");
	profile->ignoredisk_place = (LfPlace){ "site.ks", 7, 1 };
	assert_throws(choose(profile, facts, &error), error, LF_ERROR_TARGET,
		      "site.ks:7: 'ignoredisk --only-use=sdz*' fits no disk");
	assert_contains(error->message, "/dev/vda");
}

static void parts_on_several_disks_are_unsupported(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfFacts) facts = lf_test_facts();
	g_autoptr(LfProfile) profile = lf_test_profile();

	lf_test_disk(facts, "vda", 20 * TEST_GIB);
	lf_test_disk(facts, "vdb", 20 * TEST_GIB);
	lf_test_set(&((LfPart *)profile->parts->pdata[0])->ondisk, "vda");
	lf_test_set(&lf_test_part(profile, "/var", 1024, false)->ondisk, "vdb");
	assert_throws(choose(profile, facts, &error), error, LF_ERROR_UNSUPPORTED,
		      "name several disks");
}

// --- what is on it ------------------------------------------------------------------------------

static void data_is_kept_unless_the_kickstart_clears_it(void **state)
{
	static const struct {
		LfClearMode mode;
		bool is_zerombr, is_initlabel, is_blank;
		const char *clear_list;
		const char *says; /* NULL: taken */
	} rows[] = {
		{ LF_CLEAR_ALL, false, false, false, NULL, NULL },
		{ LF_CLEAR_ALL, false, false, true, NULL, NULL },
		{ LF_CLEAR_NONE, true, false, true, NULL, NULL },
		{ LF_CLEAR_NONE, false, true, true, NULL, NULL },
		{ LF_CLEAR_NONE, false, false, true, NULL, "write 'zerombr'" },
		{ LF_CLEAR_NONE, true, true, false, NULL, "does not allow to clear it" },
		{ LF_CLEAR_LINUX, true, true, false, NULL, "'clearpart --linux' may keep" },
		{ LF_CLEAR_LIST, true, false, false, "vda1", "ext4 'data'" },
		{ LF_CLEAR_LIST, true, false, false, "vda1,/dev/vda2", NULL },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(LfFacts) facts = lf_test_facts();
		g_autoptr(LfProfile) profile = lf_test_profile();
		LfFactDisk *disk = lf_test_disk(facts, "vda", 20 * TEST_GIB);
		const char *taken;

		if (!rows[i].is_blank) {
			lf_test_partition(disk, 1, "vfat");
			lf_test_set(&lf_test_partition(disk, 2, "ext4")->fslabel, "data");
		}
		profile->clear_mode = rows[i].mode;
		profile->is_zerombr = rows[i].is_zerombr;
		profile->is_initlabel = rows[i].is_initlabel;
		g_strfreev(profile->clear_list);
		profile->clear_list = lf_test_strv(rows[i].clear_list ? rows[i].clear_list : "");
		taken = choose(profile, facts, &error);
		if (rows[i].says)
			assert_throws(taken, error, LF_ERROR_TARGET, rows[i].says);
		else
			assert_ok(taken, error);
	}
}

static void a_listed_partition_that_is_not_there_is_refused(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfFacts) facts = lf_test_facts();
	g_autoptr(LfProfile) profile = lf_test_profile();

	lf_test_disk(facts, "vda", 20 * TEST_GIB);
	profile->clear_mode = LF_CLEAR_LIST;
	g_strfreev(profile->clear_list);
	profile->clear_list = lf_test_strv("vda3");
	assert_throws(choose(profile, facts, &error), error, LF_ERROR_TARGET,
		      "'clearpart --list=vda3' fits no partition");
}

static void a_file_system_on_the_bare_disk_counts_as_data(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfFacts) facts = lf_test_facts();
	g_autoptr(LfProfile) profile = lf_test_profile();

	lf_test_partition(lf_test_disk(facts, "vda", 20 * TEST_GIB), 0, "LVM2_member");
	profile->clear_mode = LF_CLEAR_NONE;
	assert_throws(choose(profile, facts, &error), error, LF_ERROR_TARGET, "holds LVM2_member");
}

static void a_disk_in_use_is_refused_with_its_user(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfFacts) facts = lf_test_facts();
	g_autoptr(LfProfile) profile = lf_test_profile();
	LfFactDisk *disk = lf_test_disk(facts, "vda", 20 * TEST_GIB);
	LfFactPartition *partition = lf_test_partition(disk, 2, "LVM2_member");

	g_strfreev(partition->holders);
	partition->holders = lf_test_strv("dm-0 (vg-root),mounted on /x");
	assert_throws(choose(profile, facts, &error), error, LF_ERROR_TARGET,
		      "/dev/vda2 is in use: dm-0 (vg-root), mounted on /x");
}

// A stale array on one of two disks must not decide which one is taken.
static void being_in_use_does_not_make_the_choice(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfFacts) facts = lf_test_facts();
	g_autoptr(LfProfile) profile = lf_test_profile();
	LfFactPartition *partition;

	lf_test_disk(facts, "vda", 20 * TEST_GIB);
	partition = lf_test_partition(lf_test_disk(facts, "vdb", 20 * TEST_GIB), 1,
				      "linux_raid_member");
	g_strfreev(partition->holders);
	partition->holders = lf_test_strv("md127");
	assert_throws(choose(profile, facts, &error), error, LF_ERROR_TARGET, "equally good");
}

static void what_is_lost_is_listed_line_by_line(void **state)
{
	g_autoptr(LfFacts) facts = lf_test_facts();
	LfFactDisk *disk = lf_test_disk(facts, "vda", 20 * TEST_GIB);
	g_auto(GStrv) nothing = lf_disk_destroys(disk, NULL);
	g_auto(GStrv) lines = NULL;
	g_auto(GStrv) table = NULL;

	assert_null(nothing[0]);
	lf_test_set(&disk->table, "dos");
	table = lf_disk_destroys(disk, NULL);
	assert_string_equal(table[0], "the empty dos partition table of /dev/vda");
	lf_test_partition(disk, 1, NULL);
	lf_test_set(&lf_test_partition(disk, 2, "ext4")->fslabel, "data");
	lines = lf_disk_destroys(disk, NULL);
	assert_string_equal(lines[0], "partition 1 of /dev/vda: no known file system, 1.0 GiB");
	assert_string_equal(lines[1], "partition 2 of /dev/vda: ext4 'data', 1.0 GiB");
	assert_null(lines[2]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(a_disk_is_found_by_any_of_its_names),
		LF_TEST(a_disk_is_not_taken_for_another),
		LF_TEST(a_wish_nobody_understands_is_refused),
		LF_TEST(the_only_disk_is_taken),
		LF_TEST(a_disk_that_cannot_be_used_says_why),
		LF_TEST(no_disk_at_all_is_told),
		LF_TEST(an_empty_drive_and_a_broken_disk_are_told_apart),
		LF_TEST(the_boot_medium_is_never_taken_even_when_named),
		LF_TEST(a_removable_disk_is_taken_when_named_without_a_glob),
		LF_TEST(equal_disks_are_refused_and_listed),
		LF_TEST(a_disk_too_small_is_not_as_good),
		LF_TEST(every_option_that_names_disks_chooses),
		LF_TEST(an_ignored_disk_is_left_alone),
		LF_TEST(a_name_that_fits_nothing_is_refused_with_its_line),
		LF_TEST(parts_on_several_disks_are_unsupported),
		LF_TEST(data_is_kept_unless_the_kickstart_clears_it),
		LF_TEST(a_listed_partition_that_is_not_there_is_refused),
		LF_TEST(a_file_system_on_the_bare_disk_counts_as_data),
		LF_TEST(a_disk_in_use_is_refused_with_its_user),
		LF_TEST(being_in_use_does_not_make_the_choice),
		LF_TEST(what_is_lost_is_listed_line_by_line),
	};

	return LF_TEST_MAIN(tests);
}
