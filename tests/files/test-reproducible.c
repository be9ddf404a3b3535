// The same inputs give the same bytes: initramfs and medium are made twice, from files that were
// made in another order, at another time, in another folder and with another umask.
#include "tests/unit/test.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

#include "base/proc.h"

#define EPOCH "1700000000"

typedef struct {
	const char *name;
	const char *text;
	mode_t mode;
	off_t size_bytes; // when it is longer than its text
} Input;

static const Input inputs[] = {
	{ "initramfs.list",
	  "file /etc/os-release etc/os-release\n"
	  "directory /tmp 01777\n"
	  "link /usr/bin/sh busybox\n"
	  "tree /usr/share/site site:    # all of it\n"
	  "tree /part site:b             # a part of it\n"
	  "file /usr/bin/tool site:b/tool 0755\n",
	  0644, 0 },
	{ "base.json", "{\"v\": 1}", 0644, 0 },
	{ "sysroot/etc/os-release", "ID=debian\n", 0644, 0 },
	{ "site/z", "last\n", 0644, 0 },
	{ "site/a", "first\n", 0600, 0 },
	{ "site/m", "", 0444, 0 },
	{ "site/b/tool", "#!/bin/sh\n", 0755, 0 },
	{ "site/b/c/deep", "deep\n", 0644, 0 },
	{ "site/B", "upper case\n", 0644, 0 },
	{ "kernel/6.12.1/vmlinuz", "kernel", 0644, 70000 },
	{ "esp.img", "esp", 0644, 1024 * 1024 },
	{ "repo/config", "[core]\n", 0644, 0 },
	{ "repo/summary", "summary", 0644, 0 },
	{ "repo/summary.sig", "signature", 0644, 0 },
	{ "repo/refs/heads/debian/13/x86_64/standard", "abc\n", 0644, 0 },
	{ "repo/objects/ab/1.filez", "file", 0644, 5000 },
	{ "repo/objects/ab/2.dirtree", "tree", 0644, 0 },
	{ "repo/objects/cd/3.dirtree", "another tree", 0644, 0 },
	{ "repo/objects/cd/4.dirmeta", "modes", 0644, 0 },
	{ "repo/objects/cd/5.commit", "commit", 0644, 0 },
	{ "ref.json", "{\"debian/13/x86_64/standard\": {\"checksum\": \"abc\"}}", 0644, 0 },
};

static void put_input(const char *dir, const Input *input, time_t mtime)
{
	g_autofree char *path = g_build_filename(dir, input->name, NULL);
	g_autofree char *parent = g_path_get_dirname(path);

	assert_int_equal(g_mkdir_with_parents(parent, 0777), 0);
	assert_true(g_file_set_contents(path, input->text, -1, NULL));
	if (input->size_bytes > 0)
		assert_int_equal(truncate(path, input->size_bytes), 0);
	// What a checkout keeps of a mode is whether its owner may run the file.
	assert_int_equal(chmod(path, input->mode), 0);
	assert_int_equal(utime(path, &(struct utimbuf){ mtime, mtime }), 0);
}

static char *make_inputs(bool is_backwards, time_t mtime)
{
	char *dir = lf_test_dir();
	g_autofree char *link = g_build_filename(dir, "site/link", NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(inputs); i++) {
		size_t place = is_backwards ? G_N_ELEMENTS(inputs) - 1 - i : i;

		put_input(dir, &inputs[place], mtime + (time_t)place);
	}
	assert_int_equal(symlink("b/tool", link), 0);
	return dir;
}

// Runs a shell's words with $0 the folder, $1 the project, $2 the programs.
static void run(const char *dir, const char *script)
{
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *tests = g_path_get_dirname(self);
	g_autofree char *build = g_path_get_dirname(tests);
	g_autofree char *top = g_get_current_dir();
	g_autoptr(GError) error = NULL;

	assert_ok(lf_proc_run(&(LfProc){ .argv = LF_PROC_ARGV("/bin/sh", "-euc", script, dir, top,
							      build) },
			      NULL, &error),
		  error);
}

static void make_initramfs(const char *dir)
{
	run(dir, "\"$2/landfall-mkinitramfs\" write --sysroot=\"$0/sysroot\" --triplet=none "
		 "--list=\"$0/initramfs.list\" --from=site=\"$0/site\" --manifest=\"$0/base.json\" "
		 "--mtime=" EPOCH " --output=\"$0/initramfs.img\"");
}

static void make_media(const char *dir)
{
	run(dir, "export ARCH=amd64 VERSION=1.2 SOURCE_DATE_EPOCH=" EPOCH "\n"
		 "\"$1/image/make-medium\" \"$0\" \"$0/boot.iso\"\n"
		 "\"$1/image/make-medium\" \"$0\" \"$0/full.iso\" \"$0/ref.json\"");
}

static GBytes *read_output(const char *dir, const char *name)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	g_autoptr(GError) error = NULL;
	char *data = NULL;
	gsize size = 0;

	assert_ok(g_file_get_contents(path, &data, &size, &error), error);
	return g_bytes_new_take(data, size);
}

static void assert_same_bytes(const char *dir_a, const char *dir_b, const char *name)
{
	g_autoptr(GBytes) a = read_output(dir_a, name);
	g_autoptr(GBytes) b = read_output(dir_b, name);
	gsize size_a, size_b, place = 0;
	const char *data_a = g_bytes_get_data(a, &size_a);
	const char *data_b = g_bytes_get_data(b, &size_b);

	while (place < size_a && place < size_b && data_a[place] == data_b[place])
		place++;
	if (size_a != size_b || place != size_a)
		fail_msg("'%s' differs at byte %zu; %zu and %zu bytes", name, place, size_a,
			 size_b);
}

typedef struct {
	LfTestDir *a;
	LfTestDir *b;
} Pair;

static void pair_clear(Pair *pair)
{
	lf_test_dir_remove(pair->a);
	lf_test_dir_remove(pair->b);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Pair, pair_clear)

// Makes the outputs twice under as different circumstances as there are.
static Pair make_twice(void (*make)(const char *dir))
{
	mode_t umask_before = umask(0022);
	Pair pair = { NULL, NULL };

	pair.a = make_inputs(false, 1000000000);
	make(pair.a);
	// The clocks of both media shall not show the same second.
	g_usleep(1100 * 1000);
	umask(0077);
	pair.b = make_inputs(true, 1600000000);
	make(pair.b);
	umask(umask_before);
	return pair;
}

static void two_initramfs_of_the_same_files_are_equal(void **state)
{
	g_auto(Pair) pair = make_twice(make_initramfs);

	assert_same_bytes(pair.a, pair.b, "initramfs.img");
	assert_same_bytes(pair.a, pair.b, "initramfs.img.json");
}

static void the_initramfs_holds_what_the_list_says(void **state)
{
	g_autoptr(LfTestDir) dir = make_inputs(false, 1000000000);

	make_initramfs(dir);
	run(dir, "cd \"$0\" && zstd -dq <initramfs.img >cpio && cpio --quiet -tv <cpio >listing\n"
		 "cpio --quiet -it <cpio | LC_ALL=C sort -c\n"
		 "has() { grep -Eq \"^$1 +.* $2\\$\" listing || { cat listing >&2; exit 1; }; }\n"
		 "has -rw-r--r-- etc/os-release\n"
		 "has drwxrwxrwt tmp\n"
		 "has lrwxrwxrwx 'usr/bin/sh -> busybox'\n"
		 "has lrwxrwxrwx 'bin -> usr/bin'\n"
		 "has -rwxr-xr-x usr/bin/tool\n"
		 "has -rwxr-xr-x usr/share/site/b/tool\n"
		 "has -rw-r--r-- usr/share/site/a\n"
		 "has lrwxrwxrwx 'usr/share/site/link -> b/tool'\n"
		 "has -rw-r--r-- usr/share/site/b/c/deep\n"
		 "has -rwxr-xr-x part/tool\n"
		 "has -rw-r--r-- part/c/deep\n"
		 "if grep -E ' part/(a|b)' listing; then exit 1; fi\n"
		 "has -rw-r--r-- etc/landfall/manifest.json\n"
		 "if grep -Ev ' (root +root|0 +0) ' listing; then exit 1; fi\n"
		 "if grep -v 'Nov 14 *2023' listing; then exit 1; fi");
}

static void one_other_byte_gives_another_build_id(void **state)
{
	g_auto(Pair) pair = { make_inputs(false, 1000000000), make_inputs(false, 1000000000) };
	g_autoptr(GBytes) a = NULL;
	g_autoptr(GBytes) b = NULL;

	run(pair.b, "printf 'First\\n' >\"$0/site/a\"");
	make_initramfs(pair.a);
	make_initramfs(pair.b);
	a = read_output(pair.a, "initramfs.img.json");
	b = read_output(pair.b, "initramfs.img.json");
	assert_non_null(strstr(g_bytes_get_data(a, NULL), "build_id"));
	assert_false(g_bytes_equal(a, b));
}

static void make_initramfs_and_media(const char *dir)
{
	make_initramfs(dir);
	make_media(dir);
}

static void two_media_of_the_same_files_are_equal(void **state)
{
	g_auto(Pair) pair = make_twice(make_initramfs_and_media);

	assert_same_bytes(pair.a, pair.b, "boot.iso");
	assert_same_bytes(pair.a, pair.b, "full.iso");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(two_initramfs_of_the_same_files_are_equal),
		LF_TEST(the_initramfs_holds_what_the_list_says),
		LF_TEST(one_other_byte_gives_another_build_id),
		LF_TEST(two_media_of_the_same_files_are_equal),
	};

	return LF_TEST_MAIN(tests);
}
