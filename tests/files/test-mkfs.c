// The makers of file systems, asked on a file in memory whether they take the kickstart's options.
#include "installer/apply/mkfs.h"
#include "tests/unit/test.h"

#include <string.h>

#define GIB ((uint64_t)1 << 30)

static bool check_on(unsigned sector_bytes, const LfPlanLuks *luks, const char *fstype,
		     uint64_t size_bytes, const char *options, GError **error)
{
	LfPlanPartition partition = { .mount = (char *)"/var/data",
				      .fstype = (char *)fstype,
				      .size_bytes = size_bytes,
				      .luks = (LfPlanLuks *)luks,
				      .mkfs_options = (char *)options };

	return lf_mkfs_check(&partition, sector_bytes, error);
}

static bool check(const char *fstype, uint64_t size_bytes, const char *options, GError **error)
{
	return check_on(512, NULL, fstype, size_bytes, options, error);
}

static void options_that_a_maker_takes_pass(void **state)
{
	static const struct {
		const char *fstype, *options;
		uint64_t size_bytes;
	} rows[] = {
		{ "ext4", "-m 1 -O ^has_journal", 20 * GIB },
		{ "ext4", "-T largefile -E stride=16", 4096 * GIB },
		{ "xfs", "-m reflink=0 -d agcount=8", 20 * GIB },
		{ "vfat", "-s 8", GIB },
		{ "vfat", "-s 64", 2048 * GIB },
		{ "swap", "-p 4096", 8 * GIB },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;

		assert_ok(check(rows[i].fstype, rows[i].size_bytes, rows[i].options, &error),
			  error);
	}
}

static void options_that_a_maker_refuses_are_the_kickstarts_fault(void **state)
{
	static const struct {
		const char *fstype, *options, *reason;
	} rows[] = {
		{ "ext4", "-O nonsense", "nonsense" },
		{ "ext4", "-i 12", "invalid inode ratio" },
		{ "ext4", "--bogus", "invalid option" },
		{ "ext4", "one more", "one more" },
		{ "xfs", "-d foo=4", "foo" },
		{ "xfs", "-i size=77", "77" },
		{ "vfat", "-s 3", "-s 3" },
		{ "vfat", "-F 13", "13" },
		{ "swap", "-p 77", "Bad user-specified page size" },
		{ "ext4", "-O 'open", "'open" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;

		assert_throws(check(rows[i].fstype, GIB, rows[i].options, &error), error,
			      LF_ERROR_INPUT, rows[i].reason);
		assert_contains(error->message, "--mkfsoptions");
	}
}

static void options_that_make_no_file_system_are_refused(void **state)
{
	static const struct {
		const char *fstype, *options, *word;
	} rows[] = {
		{ "ext4", "-n", "'-n'" },
		{ "ext4", "-qn", "'-qn'" },
		{ "ext4", "-m 1 -qFn", "'-qFn'" },
		{ "ext4", "-S", "'-S'" },
		{ "ext4", "-V", "'-V'" },
		{ "ext4", "-b 4096 '-n'", "'-n'" },
		{ "ext4", "-E nodiscard,offset=1048576", "'-E'" },
		{ "ext4", "-qEoffset=4096", "'-qEoffset=4096'" },
		{ "ext4", "-O journal_dev", "'-O'" },
		{ "ext4", "-J size=64,device=UUID=1", "'-J'" },
		{ "ext4", "-d /nowhere", "'-d'" },
		{ "ext4", "-z /tmp/undo", "'-z'" },
		{ "xfs", "-N", "'-N'" },
		{ "xfs", "-qN", "'-qN'" },
		{ "xfs", "-V", "'-V'" },
		{ "xfs", "-l logdev=/dev/sdb,size=64m", "'-l'" },
		{ "xfs", "-r rtdev=/dev/sdb", "'-r'" },
		{ "vfat", "--help", "'--help'" },
		{ "vfat", "--offset=2048", "'--offset=2048'" },
		{ "vfat", "--off=2048", "'--off=2048'" },
		{ "vfat", "-aC", "'-aC'" },
		{ "swap", "-V", "'-V'" },
		{ "swap", "--vers", "'--vers'" },
		{ "swap", "-qh", "'-qh'" },
		{ "swap", "--offset 8192", "'--offset'" },
		{ "swap", "-o 8192", "'-o'" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(GError) at_work = NULL;
		g_autofree char *text = g_strdup_printf("with %s: leave it out", rows[i].word);
		LfPlanPartition partition = { .fstype = (char *)rows[i].fstype,
					      .size_bytes = GIB,
					      .mkfs_options = (char *)rows[i].options };
		g_auto(GStrv) argv = lf_mkfs_argv(&partition, "/dev/null", &at_work);

		assert_throws(check(rows[i].fstype, GIB, rows[i].options, &error), error,
			      LF_ERROR_INPUT, text);
		assert_throws(argv, at_work, LF_ERROR_INPUT, text);
	}
}

// Letters that would be bad options stand in values here.
static void values_are_not_read_as_options(void **state)
{
	static const struct {
		const char *fstype, *options;
	} rows[] = {
		{ "ext4", "-L -n" },
		{ "ext4", "-LSVn" },
		{ "ext4", "-L offset" },
		{ "ext4", "-b -2048" },
		{ "ext4", "-E stride=16,nodiscard" },
		{ "ext4", "-qL offset" },
		{ "ext4", "-O ^has_journal,metadata_csum" },
		{ "ext4", "-N 5000" },
		{ "xfs", "-L NV" },
		{ "xfs", "-n size=8192" },
		{ "xfs", "-l size=64m" },
		{ "vfat", "-n CC" },
		{ "swap", "-L Foh" },
		{ "swap", "--label=help" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;

		assert_ok(check(rows[i].fstype, GIB, rows[i].options, &error), error);
	}
}

static void the_planned_size_counts(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GError) too_small = NULL;

	assert_ok(check("xfs", GIB, "-d agcount=4", &error), error);
	assert_throws(check("xfs", GIB / 16, "-d agcount=4", &too_small), too_small, LF_ERROR_INPUT,
		      "300MB");
}

static void the_sectors_of_the_device_count(void **state)
{
	static const LfPlanLuks luks = { .sector_bytes = 4096 };
	static const struct {
		const char *fstype, *options, *reason;
	} rows[] = {
		{ "ext4", "-b 1024", "blocksize" },
		{ "xfs", "-b size=1024", "1024" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const char *fstype = rows[i].fstype, *options = rows[i].options;
		g_autoptr(GError) small = NULL;
		g_autoptr(GError) large = NULL;
		g_autoptr(GError) encrypted = NULL;

		assert_ok(check_on(512, NULL, fstype, GIB, options, &small), small);
		assert_throws(check_on(4096, NULL, fstype, GIB, options, &large), large,
			      LF_ERROR_INPUT, rows[i].reason);
		assert_throws(check_on(512, &luks, fstype, GIB, options, &encrypted), encrypted,
			      LF_ERROR_INPUT, rows[i].reason);
	}
}

static void large_sectors_alone_are_no_fault(void **state)
{
	static const char *const fstypes[] = { "ext4", "xfs", "vfat", "swap" };

	for (size_t i = 0; i < G_N_ELEMENTS(fstypes); i++) {
		g_autoptr(GError) error = NULL;

		assert_ok(check_on(4096, NULL, fstypes[i], GIB, NULL, &error), error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(options_that_a_maker_takes_pass),
		LF_TEST(options_that_a_maker_refuses_are_the_kickstarts_fault),
		LF_TEST(options_that_make_no_file_system_are_refused),
		LF_TEST(values_are_not_read_as_options),
		LF_TEST(the_planned_size_counts),
		LF_TEST(the_sectors_of_the_device_count),
		LF_TEST(large_sectors_alone_are_no_fault),
	};

	return LF_TEST_MAIN(tests);
}
