// The scripts that refuse a kernel, an initrd or refs during the build: kernel-config/check,
// image/check-initrd and image/check-sharing, on files made here.
#include "tests/files/program.h"

#include <string.h>

static void put(const char *dir, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);

	assert_true(g_file_set_contents(path, text, -1, NULL));
}

// Runs one of our scripts in @dir. Returns: (transfer full): what it said, errors too.
static char *run_script(const char *dir, const char *name, const char *arguments, int wanted_status)
{
	g_autofree char *top = g_get_current_dir();
	g_autofree char *line = g_strdup_printf("'%s/%s' %s", top, name, arguments);

	return lf_test_shell(dir, wanted_status, line);
}

#define KERNEL_CHECK(dir, arguments, status)                                                       \
	run_script(dir, "kernel-config/check", arguments, status)

// --- kernel profiles ----------------------------------------------------------------------------

#define GOOD_CONFIG "CONFIG_A=y\nCONFIG_B=m\n# CONFIG_C is not set\nCONFIG_LONG_A=m\n"

static char *profiles(void)
{
	char *dir = lf_test_dir();

	put(dir, "common.conf", "argument panic=30\nconfig A y  the first\n");
	put(dir, "good.conf",
	    "include common.conf   # what all need\nkernel KERNEL_GOOD\nargument a=b\n"
	    "config B ym the second\nconfig C n must not be there\n");
	put(dir, "config", GOOD_CONFIG);
	return dir;
}

static void a_kernel_with_every_symbol_passes(void **state)
{
	g_autoptr(LfTestDir) dir = profiles();
	g_autofree char *said = KERNEL_CHECK(dir, "good.conf config", 0);

	assert_string_equal(said, "");
}

static void a_kernel_that_lacks_a_symbol_is_refused_with_the_reason(void **state)
{
	static const struct {
		const char *config;
		const char *says;
	} rows[] = {
		{ "CONFIG_B=m\n", "CONFIG_A is 'n', good.conf needs one of 'y': the first" },
		{ "CONFIG_A=m\nCONFIG_B=m\n", "CONFIG_A is 'm', good.conf needs one of 'y'" },
		{ "CONFIG_A=y\n", "CONFIG_B is 'n', good.conf needs one of 'ym': the second" },
		{ "CONFIG_A=y\nCONFIG_B=\"x\"\n", "CONFIG_B is '\"x\"'" },
		{ GOOD_CONFIG "CONFIG_C=y\n", "CONFIG_C is 'y', good.conf needs one of 'n'" },
		{ "CONFIG_A_LONG=y\nCONFIG_B=m\n", "CONFIG_A is 'n'" },
		{ "#CONFIG_A=y\nCONFIG_B=m\n", "CONFIG_A is 'n'" },
		{ "", "CONFIG_A is 'n'" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(LfTestDir) dir = profiles();
		g_autofree char *said = NULL;

		put(dir, "config", rows[i].config);
		said = KERNEL_CHECK(dir, "good.conf config", 1);
		assert_contains(said, rows[i].says);
	}
}

static void what_cannot_be_read_never_passes(void **state)
{
	static const struct {
		const char *arguments;
		const char *says;
	} rows[] = {
		{ "nope.conf config", "cannot read 'nope.conf'" },
		{ "good.conf nope", "cannot read 'nope'" },
		{ "good.conf .", "cannot read '.'" },
		{ "includes-none.conf config", "cannot read './nope.conf'" },
		{ "includes-deeply.conf config", "cannot read './nope.conf'" },
		{ "wrong.conf config", "wrong.conf: unknown word 'confg'" },
		{ "includes-wrong.conf config", "wrong.conf: unknown word 'confg'" },
		{ "empty.conf config", "empty.conf: no 'config' line" },
		{ "comment.conf config", "comment.conf: no 'config' line" },
		{ "--arguments nope.conf", "cannot read 'nope.conf'" },
		{ "--arguments includes-none.conf", "cannot read './nope.conf'" },
		{ "--kernel includes-none.conf", "cannot read './nope.conf'" },
	};
	g_autoptr(LfTestDir) dir = profiles();

	// The line behind a failing one must not make up for it.
	put(dir, "includes-none.conf", "include nope.conf\nkernel K\nconfig A y the first\n");
	put(dir, "includes-deeply.conf", "include includes-none.conf\nconfig A y the first\n");
	put(dir, "wrong.conf", "confg A y\nconfig A y the first\n");
	put(dir, "includes-wrong.conf", "include wrong.conf\nconfig A y the first\n");
	put(dir, "empty.conf", "");
	put(dir, "comment.conf", "# config A y\nkernel K\n");
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *said = KERNEL_CHECK(dir, rows[i].arguments, 2);

		assert_contains(said, rows[i].says);
	}
}

static void arguments_and_kernel_come_with_those_of_includes(void **state)
{
	g_autoptr(LfTestDir) dir = profiles();
	g_autofree char *arguments = KERNEL_CHECK(dir, "--arguments good.conf", 0);
	g_autofree char *kernel = KERNEL_CHECK(dir, "--kernel good.conf", 0);

	assert_string_equal(arguments, "panic=30 a=b\n");
	assert_string_equal(kernel, "KERNEL_GOOD\n");
}

static void our_own_profiles_can_be_read_and_ask_for_something(void **state)
{
	static const char *const flavours[] = { "standard", "lowlatency" };
	g_autoptr(LfTestDir) dir = profiles();
	g_autofree char *top = g_get_current_dir();

	put(dir, "config", "");
	for (size_t i = 0; i < G_N_ELEMENTS(flavours); i++) {
		g_autofree char *conf =
			g_strdup_printf("'%s/kernel-config/%s.conf'", top, flavours[i]);
		g_autofree char *with_config = g_strconcat(conf, " config", NULL);
		g_autofree char *for_kernel = g_strconcat("--kernel ", conf, NULL);
		g_autofree char *upper = g_ascii_strup(flavours[i], -1);
		g_autofree char *wanted = g_strdup_printf("KERNEL_%s\n", upper);
		g_autofree char *lacking = KERNEL_CHECK(dir, with_config, 1);
		g_autofree char *kernel = KERNEL_CHECK(dir, for_kernel, 0);

		assert_contains(lacking, "CONFIG_DM_CRYPT is 'n'");
		assert_string_equal(kernel, wanted);
	}
}

// --- the installed system's initrd --------------------------------------------------------------

// As lsinitrd prints them: mode, links, owner, size, time, path, a link's target.
#define FILE_LINE "-rwxr-xr-x   1 root     root        14432 Jan  1  1970 "
#define MODULES	  "usr/lib/modules/6.12.1-amd64/kernel/drivers/"
#define LIBRARIES "usr/lib/x86_64-linux-gnu/"

static const char *const initrd[] = {
	"usr/bin/systemd-cryptsetup",
	"usr/lib/systemd/system-generators/systemd-cryptsetup-generator",
	LIBRARIES "cryptsetup/libcryptsetup-token-systemd-tpm2.so",
	LIBRARIES "libtss2-esys.so.0",
	LIBRARIES "libtss2-tcti-device.so.0",
	LIBRARIES "libtss2-rc.so.0",
	LIBRARIES "libtss2-mu.so.0 -> libtss2-mu.so.0.0.1",
	"usr/lib/ostree/ostree-prepare-root",
	"usr/lib/ostree/prepare-root.conf",
	"usr/lib/systemd/system/ostree-prepare-root.service",
	MODULES "md/dm-crypt.ko.xz",
	"usr/lib/modules/6.12.1-amd64/kernel/fs/ext4/ext4.ko.xz",
	"usr/lib/modules/6.12.1-amd64/kernel/fs/xfs/xfs.ko.xz",
	MODULES "nvme/host/nvme.ko.xz",
	MODULES "block/virtio_blk.ko.xz",
	MODULES "scsi/virtio_scsi.ko.xz",
	MODULES "ata/ahci.ko.xz",
	MODULES "scsi/sd_mod.ko.xz",
	MODULES "usb/storage/usb-storage.ko.xz",
	MODULES "char/tpm/tpm_crb.ko.xz",
};

// Checks a listing of all files but number @left_out; @instead stands in its place.
static char *check_initrd(size_t left_out, const char *instead, int wanted_status)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autoptr(GString) listing = g_string_new("Image: initramfs.img: 30M\n");

	for (size_t i = 0; i < G_N_ELEMENTS(initrd); i++)
		g_string_append_printf(listing, "%s%s\n", FILE_LINE,
				       i == left_out ? instead : initrd[i]);
	put(dir, "initrd.txt", listing->str);
	return run_script(dir, "image/check-initrd", "initrd.txt", wanted_status);
}

static void an_initrd_with_everything_passes(void **state)
{
	g_autofree char *said = check_initrd(G_N_ELEMENTS(initrd), "", 0);

	assert_string_equal(said, "");
}

static void an_initrd_without_dm_crypt_is_refused(void **state)
{
	g_autofree char *said = check_initrd(10, "usr/bin/true", 1);

	assert_contains(said, "/dm-crypt");
	assert_contains(said, "LUKS");
}

static void an_initrd_that_lacks_any_one_file_is_refused(void **state)
{
	for (size_t i = 0; i < G_N_ELEMENTS(initrd); i++) {
		g_autofree char *said = check_initrd(i, "usr/bin/true", 1);
		g_autofree char *rest = g_strdup(strchr(said, '\n') ? strchr(said, '\n') + 1 : "-");

		assert_contains(said, "the initrd lacks '");
		// One line: nothing else is missing.
		assert_string_equal(rest, "");
	}
}

static void a_name_that_only_begins_or_ends_alike_is_not_the_file(void **state)
{
	g_free(check_initrd(0, "usr/bin/systemd-cryptsetup.bak", 1));
	g_free(check_initrd(0, "x/usr/sbin/systemd-cryptsetup-generator", 1));
	g_free(check_initrd(10, MODULES "md/dm-crypt-old.ko.xz", 1));
	g_free(check_initrd(3, LIBRARIES "libtss2-esys.so", 1));
}

static void a_listing_that_is_not_there_is_refused(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();

	g_free(run_script(dir, "image/check-initrd", "nope.txt", 1));
}

// --- refs ---------------------------------------------------------------------------------------

// Two refs of the same tree with kernels of their own. @change: shell words that run in the second
// tree.
static char *check_refs(const char *change, int wanted_status)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *script = g_strdup_printf(
		"umask 022; ostree --repo=repo init --mode=archive\n"
		"for name in amd64 rt-amd64; do (\n"
		"mkdir -p tree-$name; cd tree-$name\n"
		"mkdir -p usr/bin usr/lib/modules/6.12-$name usr/share/doc/linux-image-6.12-$name\n"
		"mkdir -p usr/lib/sysimage/dpkg/info usr/share/factory/var/lib/apt 'a b'\n"
		"echo kernel $name >usr/lib/modules/6.12-$name/vmlinuz\n"
		"echo text >usr/share/doc/linux-image-6.12-$name/copyright\n"
		"ln -s linux-image-6.12-$name usr/share/doc/linux-image-$name\n"
		"echo list $name >usr/lib/sysimage/dpkg/info/linux-image-6.12-$name.list\n"
		"echo list >usr/lib/sysimage/dpkg/info/bash.list\n"
		"echo $name >usr/lib/sysimage/dpkg/status\n"
		"echo $name >usr/share/factory/var/lib/apt/extended_states\n"
		"echo program >usr/bin/program; ln -s program usr/bin/link; echo x >'a b/c d'\n"
		"[ $name = amd64 ] || { %s; }\n"
		"); ostree --repo=repo commit --branch=debian/$name --no-xattrs --owner-uid=0 "
		"--owner-gid=0 --tree=dir=tree-$name; done",
		change);
	g_autoptr(GError) error = NULL;

	assert_ok(lf_proc_run(
			  &(LfProc){ .argv = LF_PROC_ARGV("/bin/sh", "-euc", script), .cwd = dir },
			  NULL, &error),
		  error);
	return run_script(dir, "image/check-sharing", "repo", wanted_status);
}

static void refs_that_differ_in_their_kernels_pass(void **state)
{
	g_autofree char *said = check_refs(":", 0);

	assert_string_equal(said, "");
}

static void refs_that_differ_in_anything_else_are_refused(void **state)
{
	static const struct {
		const char *change;
		const char *path;
	} rows[] = {
		{ "echo other >usr/bin/program", "\n  /usr/bin/program\n" },
		{ "chmod 0700 usr/bin/program", "\n  /usr/bin/program\n" },
		{ "rm usr/bin/program", "\n  /usr/bin/program\n" },
		{ "echo x >usr/bin/more", "\n  /usr/bin/more\n" },
		{ "ln -sfn other usr/bin/link", "\n  /usr/bin/link\n" },
		{ "chmod 0700 usr/bin", "\n  /usr/bin\n" },
		{ "mkdir usr/lib/empty", "\n  /usr/lib/empty\n" },
		{ "echo y >'a b/c d'", "\n  /a b/c d\n" },
		{ "echo other >usr/lib/sysimage/dpkg/info/bash.list",
		  "\n  /usr/lib/sysimage/dpkg/info/bash.list\n" },
		{ "echo x >usr/lib/sysimage/dpkg/status-old",
		  "\n  /usr/lib/sysimage/dpkg/status-old\n" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *said = check_refs(rows[i].change, 1);

		assert_contains(said, "differ in more than their kernels: ");
		assert_contains(said, rows[i].path);
	}
}

static void a_repository_that_cannot_be_read_is_refused(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();

	g_free(run_script(dir, "image/check-sharing", "nope", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(a_kernel_with_every_symbol_passes),
		LF_TEST(a_kernel_that_lacks_a_symbol_is_refused_with_the_reason),
		LF_TEST(what_cannot_be_read_never_passes),
		LF_TEST(arguments_and_kernel_come_with_those_of_includes),
		LF_TEST(our_own_profiles_can_be_read_and_ask_for_something),
		LF_TEST(an_initrd_with_everything_passes),
		LF_TEST(an_initrd_without_dm_crypt_is_refused),
		LF_TEST(an_initrd_that_lacks_any_one_file_is_refused),
		LF_TEST(a_name_that_only_begins_or_ends_alike_is_not_the_file),
		LF_TEST(a_listing_that_is_not_there_is_refused),
		LF_TEST(refs_that_differ_in_their_kernels_pass),
		LF_TEST(refs_that_differ_in_anything_else_are_refused),
		LF_TEST(a_repository_that_cannot_be_read_is_refused),
	};

	return LF_TEST_MAIN(tests);
}
