// Gathering an initramfs: merged paths, the libraries that programs need, links that stay in the
// sysroot, and when two have the same id.
#include "tests/unit/elf.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "image/initramfs.h"

typedef struct {
	char *dir;
	int fd;
	LfInitramfs *initramfs;
} Desk;

static void desk_clear(Desk *desk)
{
	lf_initramfs_free(desk->initramfs);
	lf_close_fd(&desk->fd);
	lf_test_dir_remove(desk->dir);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Desk, desk_clear)

static void put(const Desk *desk, const char *name, const void *data, size_t size)
{
	g_autofree char *path = g_build_filename(desk->dir, name, NULL);
	g_autofree char *parent = g_path_get_dirname(path);

	assert_int_equal(g_mkdir_with_parents(parent, 0755), 0);
	assert_true(g_file_set_contents(path, data, (gssize)size, NULL));
}

static void put_text(const Desk *desk, const char *name, const char *text)
{
	put(desk, name, text, strlen(text));
}

static void put_link(const Desk *desk, const char *name, const char *target)
{
	g_autofree char *path = g_build_filename(desk->dir, name, NULL);
	g_autofree char *parent = g_path_get_dirname(path);

	assert_int_equal(g_mkdir_with_parents(parent, 0755), 0);
	assert_int_equal(symlink(target, path), 0);
}

// An empty sysroot, but for a program and what it needs when asked for.
static Desk open_desk(bool has_program)
{
	Desk desk = { lf_test_dir(), -1, NULL };
	LfTestElf program = lf_test_elf();
	g_autoptr(GError) error = NULL;

	assert_ok(lf_openat(AT_FDCWD, desk.dir, O_RDONLY | O_DIRECTORY, 0, &desk.fd, &error),
		  error);
	desk.initramfs = lf_initramfs_new(desk.fd, "triplet");
	if (!has_program)
		return desk;
	put(&desk, "usr/bin/program", &program, sizeof(program));
	put_link(&desk, "lib", "usr/lib");
	put_text(&desk, "usr/lib/ld.so", "the loader");
	put_text(&desk, "usr/bin/x/liba.1", "beside the program");
	put_text(&desk, "usr/lib/triplet/liba.1", "passed over");
	put_text(&desk, "usr/lib/triplet/libb.2", "b");
	return desk;
}

// Writes it and returns (transfer full) its paths, one a line, in the archive's order.
static char *list(const Desk *desk)
{
	g_autofree char *path = g_build_filename(desk->dir, "out.img", NULL);
	g_autoptr(GError) error = NULL;
	char *paths = NULL;

	assert_ok(lf_initramfs_write(desk->initramfs, path, 0, &error), error);
	assert_ok(lf_proc_run(&(LfProc){ .argv = LF_PROC_ARGV("/bin/sh", "-euc",
							      "zstd -dqc \"$0\" | cpio --quiet -it",
							      path) },
			      &paths, &error),
		  error);
	return paths;
}

#define MERGED_TOP "bin\nlib\nsbin\nusr\nusr/bin\n"

static void an_empty_one_has_the_merged_folders(void **state)
{
	g_auto(Desk) desk = open_desk(false);
	g_autofree char *paths = list(&desk);

	assert_string_equal(paths, MERGED_TOP "usr/lib\nusr/sbin\n");
}

static void paths_stay_inside_and_bring_their_parents(void **state)
{
	static const struct {
		const char *path;
		const char *adds; /* between two that are always there */
	} rows[] = {
		{ "/c", "bin\nc\nlib\n" },
		{ "c/d/e", "bin\nc\nc/d\nc/d/e\nlib\n" },
		{ "../../c", "bin\nc\nlib\n" },
		{ "/c/../../d", "bin\nd\nlib\n" },
		{ "/etc//x/./y", "bin\netc\netc/x\netc/x/y\nlib\n" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_auto(Desk) desk = open_desk(false);
		g_autoptr(GBytes) bytes = g_bytes_new("x", 1);
		g_autofree char *paths = NULL;

		lf_initramfs_add_bytes(desk.initramfs, rows[i].path, bytes, 0644);
		paths = list(&desk);
		if (!g_str_has_prefix(paths, rows[i].adds))
			fail_msg("'%s' gives %s", rows[i].path, paths);
	}
}

static void folders_that_are_links_lead_below_usr(void **state)
{
	g_auto(Desk) desk = open_desk(false);
	g_autoptr(GBytes) bytes = g_bytes_new("x", 1);
	g_autofree char *paths = NULL;

	lf_initramfs_add_bytes(desk.initramfs, "/sbin/init", bytes, 0755);
	lf_initramfs_add_bytes(desk.initramfs, "/lib64/ld.so", bytes, 0755);
	paths = list(&desk);
	assert_string_equal(paths, "bin\nlib\nlib64\nsbin\nusr\nusr/bin\nusr/lib\nusr/lib64\n"
				   "usr/lib64/ld.so\nusr/sbin\nusr/sbin/init\n");
}

static void a_program_brings_its_loader_and_libraries(void **state)
{
	g_auto(Desk) desk = open_desk(true);
	g_autoptr(GError) error = NULL;
	g_autofree char *paths = NULL;

	assert_ok(lf_initramfs_add_program(desk.initramfs, "/bin/program", desk.fd,
					   "usr/bin/program", &error),
		  error);
	paths = list(&desk);
	// Its own folder for libraries comes before the sysroot's.
	assert_string_equal(paths, MERGED_TOP "usr/bin/program\nusr/bin/x\nusr/bin/x/liba.1\n"
					      "usr/lib\nusr/lib/ld.so\nusr/lib/triplet\n"
					      "usr/lib/triplet/libb.2\nusr/sbin\n");
}

static void a_library_brings_what_it_needs_in_turn(void **state)
{
	g_auto(Desk) desk = open_desk(true);
	LfTestElf library = lf_test_elf();
	g_autoptr(GError) error = NULL;
	g_autofree char *paths = NULL;

	// Two that need each other, and look nowhere but in the default places.
	library.header.e_phnum = 2;
	memcpy(library.strings + LIBA, "libc.3", 7);
	library.strings[RUNPATH] = '\0';
	put(&desk, "usr/lib/triplet/libb.2", &library, sizeof(library));
	put(&desk, "usr/lib/libc.3", &library, sizeof(library));
	assert_ok(lf_initramfs_add_library(desk.initramfs, "libb.2", &error), error);
	paths = list(&desk);
	assert_string_equal(paths, MERGED_TOP "usr/lib\nusr/lib/libc.3\nusr/lib/triplet\n"
					      "usr/lib/triplet/libb.2\nusr/sbin\n");
}

static void a_library_that_is_missing_is_named_with_who_needs_it(void **state)
{
	g_auto(Desk) desk = open_desk(true);
	g_autofree char *path = g_build_filename(desk.dir, "usr/lib/triplet/libb.2", NULL);
	g_autoptr(GError) error = NULL;

	assert_int_equal(unlink(path), 0);
	assert_throws(lf_initramfs_add_program(desk.initramfs, "/bin/program", desk.fd,
					       "usr/bin/program", &error),
		      error, LF_ERROR_INPUT,
		      "'usr/bin/program': library 'libb.2' is not in the sysroot");
}

static void a_missing_source_and_one_that_is_no_file_are_refused(void **state)
{
	g_auto(Desk) desk = open_desk(false);
	g_autoptr(GError) error = NULL;

	assert_throws(lf_initramfs_add_file(desk.initramfs, "/a", desk.fd, "none", 0644, &error),
		      error, LF_ERROR_IO, "cannot open 'none'");
	g_clear_error(&error);
	assert_throws(lf_initramfs_add_file(desk.initramfs, "/a", desk.fd, ".", 0644, &error),
		      error, LF_ERROR_INPUT, "not a regular file");
}

static void links_of_the_sysroot_never_lead_out_of_it(void **state)
{
	g_auto(Desk) desk = open_desk(false);
	g_autoptr(GError) error = NULL;

	put_text(&desk, "etc/inside", "x");
	put_link(&desk, "absolute", "/etc/inside");
	put_link(&desk, "upwards", "../../../../etc/inside");
	put_link(&desk, "host", "/proc/self/exe");
	assert_ok(lf_initramfs_add_file(desk.initramfs, "/a", desk.fd, "absolute", 0644, &error),
		  error);
	assert_ok(lf_initramfs_add_file(desk.initramfs, "/b", desk.fd, "upwards", 0644, &error),
		  error);
	assert_throws(lf_initramfs_add_file(desk.initramfs, "/c", desk.fd, "host", 0644, &error),
		      error, LF_ERROR_IO, "cannot open 'host'");
}

static void a_tree_keeps_links_and_refuses_special_files(void **state)
{
	g_auto(Desk) desk = open_desk(false);
	g_autofree char *pipe = g_build_filename(desk.dir, "site/sub/pipe", NULL);
	g_autofree char *paths = NULL;
	g_autoptr(GError) error = NULL;

	put_text(&desk, "site/sub/file", "x");
	put_link(&desk, "site/sub/link", "/nowhere");
	assert_ok(lf_initramfs_add_tree(desk.initramfs, "/t", desk.fd, "site/sub", &error), error);
	paths = list(&desk);
	assert_contains(paths, "sbin\nt\nt/file\nt/link\nusr\n");
	assert_int_equal(mkfifo(pipe, 0600), 0);
	assert_throws(lf_initramfs_add_tree(desk.initramfs, "/t", desk.fd, "site", &error), error,
		      LF_ERROR_INPUT, "'/t/sub/pipe' is a special file");
}

static void ids_are_equal_exactly_when_paths_modes_and_contents_are(void **state)
{
	static const struct {
		const char *path;
		mode_t mode;
		const char *text;
		bool is_same;
	} rows[] = {
		{ "/etc/a", 0644, "text", true },  { "/etc/b", 0644, "text", false },
		{ "/etc/a", 0600, "text", false }, { "/etc/a", 0644, "texT", false },
		{ "/etc/a", 0644, "", false },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_auto(Desk) a = open_desk(false);
		g_auto(Desk) b = open_desk(false);
		g_autoptr(GBytes) text_a = g_bytes_new("text", 4);
		g_autoptr(GBytes) text_b = g_bytes_new(rows[i].text, strlen(rows[i].text));
		g_autofree char *id_a = NULL;
		g_autofree char *id_b = NULL;

		// The order of adding does not count, nor does what was there before.
		lf_initramfs_add_bytes(a.initramfs, "/etc/a", text_a, 0644);
		lf_initramfs_add_link(a.initramfs, "/etc/link", "a");
		lf_initramfs_add_link(b.initramfs, "/etc/link", "other");
		lf_initramfs_add_link(b.initramfs, "/etc/link", "a");
		lf_initramfs_add_bytes(b.initramfs, rows[i].path, text_b, rows[i].mode);
		id_a = lf_initramfs_build_id(a.initramfs);
		id_b = lf_initramfs_build_id(b.initramfs);
		assert_int_equal(strlen(id_a), 64);
		assert_int_equal(strcmp(id_a, id_b) == 0, rows[i].is_same);
	}
}

static void a_file_that_cannot_be_written_is_an_error(void **state)
{
	g_auto(Desk) desk = open_desk(false);
	g_autoptr(GError) error = NULL;

	assert_throws(lf_initramfs_write(desk.initramfs, "/nowhere/out.img", 0, &error), error,
		      LF_ERROR_IO, "/nowhere/out.img");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(an_empty_one_has_the_merged_folders),
		LF_TEST(paths_stay_inside_and_bring_their_parents),
		LF_TEST(folders_that_are_links_lead_below_usr),
		LF_TEST(a_program_brings_its_loader_and_libraries),
		LF_TEST(a_library_brings_what_it_needs_in_turn),
		LF_TEST(a_library_that_is_missing_is_named_with_who_needs_it),
		LF_TEST(a_missing_source_and_one_that_is_no_file_are_refused),
		LF_TEST(links_of_the_sysroot_never_lead_out_of_it),
		LF_TEST(a_tree_keeps_links_and_refuses_special_files),
		LF_TEST(ids_are_equal_exactly_when_paths_modes_and_contents_are),
		LF_TEST(a_file_that_cannot_be_written_is_an_error),
	};

	return LF_TEST_MAIN(tests);
}
