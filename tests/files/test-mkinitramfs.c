// The lists that landfall-mkinitramfs reads: what is wrong is named with its file and line, and
// then nothing is written.
#include "tests/files/program.h"

#include <string.h>

static void put(const char *dir, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	g_autofree char *parent = g_path_get_dirname(path);

	assert_int_equal(g_mkdir_with_parents(parent, 0755), 0);
	assert_true(g_file_set_contents(path, text, -1, NULL));
}

// A list among the files it may name.
static char *bench_with(const char *list)
{
	char *dir = lf_test_dir();

	put(dir, "t.list", list);
	put(dir, "base.json", "{\"v\": 1}");
	put(dir, "outside", "not of the sysroot\n");
	put(dir, "sysroot/etc/one", "1\n");
	put(dir, "sysroot/etc/two", "2\n");
	put(dir, "sysroot/usr/bin/broken", "\177ELF");
	put(dir, "site/a", "a\n");
	return dir;
}

// Returns: (transfer full): what it said.
static char *run(const char *dir, const char *arguments, int wanted_status)
{
	g_autofree char *program = lf_test_program("landfall-mkinitramfs");
	g_autofree char *line = g_strdup_printf("'%s' %s", program, arguments);

	return lf_test_shell(dir, wanted_status, line);
}

#define WRITE                                                                                      \
	"write --sysroot=sysroot --triplet=none --list=t.list --from=site=site "                   \
	"--define=WORD=etc --manifest=base.json --output=out.img"

static bool exists(const char *dir, const char *name)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);

	return g_file_test(path, G_FILE_TEST_EXISTS);
}

static void a_wrong_line_is_named_with_its_file_and_number(void **state)
{
	static const struct {
		const char *list;
		int status;
		const char *says;
	} rows[] = {
		{ "fil /a etc/one\n", 2, "t.list:1: unknown word 'fil'" },
		{ "# one\n\nfile /a etc/one\nlink /b\n", 2, "t.list:4: 'link' takes 2 to 2 words" },
		{ "file\n", 2, "t.list:1: 'file' takes 1 to 3 words" },
		{ "file /a etc/one 0644 x\n", 2, "t.list:1: 'file' takes 1 to 3 words" },
		{ "file /a etc/one rwx\n", 2, "t.list:1: 'rwx' is not an octal mode" },
		{ "directory /a 10000\n", 2, "t.list:1: '10000' is not an octal mode" },
		{ "directory /a -1\n", 2, "t.list:1: '-1' is not an octal mode" },
		{ "\tdirectory /a 0888 \n", 2, "t.list:1: '0888' is not an octal mode" },
		{ "file /a other:a\n", 2, "t.list:1: no --from=other=DIR was given" },
		{ "directory /a\nfile /a etc/none\n", 7, "t.list:2: cannot open 'etc/none'" },
		{ "tree /a etc/one\n", 7, "t.list:1: cannot read directory '/a'" },
		{ "tree /a site:none\n", 7, "t.list:1: cannot open 'none'" },
		{ "tree /a site:../sysroot\n", 7, "t.list:1: cannot open '../sysroot'" },
		{ "file /a etc\n", 2, "t.list:1: 'etc' is not a regular file" },
		{ "file /a ../outside\n", 7, "t.list:1: cannot open '../outside'" },
		{ "file /a site:../outside\n", 7, "t.list:1: cannot open '../outside'" },
		{ "program usr/bin/broken\n", 2, "t.list:1: 'usr/bin/broken': " },
		{ "library libnone.so.1\n", 2,
		  "t.list:1: library 'libnone.so.1' is not in the sysroot" },
		{ "file /a @WORD@/three\n", 7, "t.list:1: cannot open 'etc/three'" },
		{ "file /a @OTHER@/one\n", 7, "t.list:1: cannot open '@OTHER@/one'" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(LfTestDir) dir = bench_with(rows[i].list);
		g_autofree char *said = run(dir, WRITE, rows[i].status);

		assert_contains(said, rows[i].says);
		assert_false(exists(dir, "out.img"));
		assert_false(exists(dir, "out.img.json"));
	}
}

static void wrong_arguments_are_refused(void **state)
{
	static const struct {
		const char *arguments;
		int status;
		const char *says;
	} rows[] = {
		{ "", 2, "say 'write' or 'modules'" },
		{ "read", 2, "say 'write' or 'modules'" },
		{ "write", 2, "write needs --sysroot" },
		{ "modules --tree=sysroot", 2, "modules needs --tree, --list and --to" },
		{ WRITE " --from=site", 2, "--from takes NAME=DIR, not 'site'" },
		{ WRITE " --list=none.list", 7, "none.list" },
		{ WRITE " --manifest=t.list", 2, "t.list" },
		{ WRITE " --bogus", 2, "--bogus" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(LfTestDir) dir = bench_with("file /a etc/one\n");
		g_autofree char *said = run(dir, rows[i].arguments, rows[i].status);

		assert_contains(said, rows[i].says);
		assert_false(exists(dir, "out.img"));
	}
}

static void of_two_lines_for_one_path_the_last_counts(void **state)
{
	g_autoptr(LfTestDir) dir = bench_with("file /etc/x etc/one\nfile /etc/x @WORD@/two\n");
	g_autofree char *said = run(dir, WRITE, 0);
	g_autofree char *image = g_build_filename(dir, "out.img", NULL);
	g_autofree char *content = NULL;
	g_autoptr(GError) error = NULL;

	assert_string_equal(said, "");
	assert_ok(
		lf_proc_run(&(LfProc){ .argv = LF_PROC_ARGV("/bin/sh", "-euc",
							    "mkdir t && cd t && zstd -dqc \"$0\" |"
							    " cpio --quiet -i && cat etc/x",
							    image),
				       .cwd = dir },
			    &content, &error),
		error);
	assert_string_equal(content, "2\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(a_wrong_line_is_named_with_its_file_and_number),
		LF_TEST(wrong_arguments_are_refused),
		LF_TEST(of_two_lines_for_one_path_the_last_counts),
	};

	return LF_TEST_MAIN(tests);
}
