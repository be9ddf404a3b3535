// The seed: the archive's exact form, the ISO's area, and archives nobody made with us.
#include "tests/unit/test.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "image/seed.h"

#define AREA_BYTES 65536

static void run(const char *const *argv)
{
	g_autoptr(GError) error = NULL;

	assert_ok(lf_proc_run(&(LfProc){ .argv = argv }, NULL, &error), error);
}

static bool add(LfSeed *seed, const char *name, const char *text, GError **error)
{
	g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));

	return lf_seed_add(seed, name, bytes, error);
}

static LfSeed *example(void)
{
	g_autoptr(GError) error = NULL;
	LfSeed *seed = lf_seed_new();

	assert_ok(add(seed, "site.ks", "lang de_DE\n", &error), error);
	assert_ok(add(seed, "ca.pem", "certificate", &error), error);
	assert_ok(lf_seed_add_cmdline(seed, "landfall.debug=1 a=\"b c\"", &error), error);
	return seed;
}

static void assert_same(const LfSeed *a, const LfSeed *b)
{
	assert_int_equal(lf_seed_count(a), lf_seed_count(b));
	for (size_t i = 0; i < lf_seed_count(a); i++) {
		assert_string_equal(lf_seed_name(a, i), lf_seed_name(b, i));
		assert_true(g_bytes_equal(lf_seed_bytes(a, i), lf_seed_bytes(b, i)));
	}
}

static void names_that_leave_the_directory_are_refused(void **state)
{
	static const char *const names[] = { "",     ".",     "..",  "../a", "a/b", "/etc/passwd",
					     ".ssh", "-rf",   "a b", "a\nb", "é",   "a\\b",
					     "a:b",  "a\x7f", "\xff" };
	g_autoptr(LfSeed) seed = lf_seed_new();
	g_autofree char *longest = g_strnfill(100, 'n');
	g_autofree char *too_long = g_strnfill(101, 'n');
	g_autoptr(GError) error = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autoptr(GError) refused = NULL;

		assert_throws(add(seed, names[i], "x", &refused), refused, LF_ERROR_INPUT,
			      "cannot be a file's name");
	}
	assert_throws(add(seed, too_long, "x", &error), error, LF_ERROR_INPUT, "cannot be");
	g_clear_error(&error);
	assert_ok(add(seed, longest, "x", &error), error);
	assert_int_equal(lf_seed_count(seed), 1);
}

static void a_name_comes_once(void **state)
{
	g_autoptr(LfSeed) seed = example();
	g_autoptr(GError) error = NULL;

	assert_throws(add(seed, "site.ks", "x", &error), error, LF_ERROR_INPUT,
		      "two files 'site.ks'");
}

static void files_are_kept_by_name(void **state)
{
	g_autoptr(LfSeed) seed = example();

	assert_string_equal(lf_seed_name(seed, 0), "ca.pem");
	assert_string_equal(lf_seed_name(seed, 1), "cmdline");
	assert_string_equal(lf_seed_name(seed, 2), "site.ks");
	assert_memory_equal(g_bytes_get_data(lf_seed_find(seed, "ca.pem"), NULL), "certificate",
			    strlen("certificate"));
	assert_null(lf_seed_find(seed, "ca"));
	assert_null(lf_seed_find(seed, "zz"));
}

static void there_are_at_most_256_files(void **state)
{
	g_autoptr(LfSeed) seed = lf_seed_new();
	g_autoptr(GError) error = NULL;

	for (unsigned i = 0; i < 256; i++) {
		g_autofree char *name = g_strdup_printf("f%u", i);

		assert_ok(add(seed, name, "", &error), error);
	}
	assert_throws(add(seed, "one-more", "", &error), error, LF_ERROR_INPUT, "at most 256");
}

static void words_to_append_are_one_line(void **state)
{
	static const char *const wrong[] = { "a\nb", "a\tb", "\x1b[2J", "a\x7f",
					     "\xff", "\"",   "a=\"b c", "a=\"b\" c=\"d\"\"" };
	g_autofree char *longest = g_strnfill(2048, 'a');
	g_autofree char *too_long = g_strnfill(2049, 'a');
	g_autoptr(LfSeed) seed = lf_seed_new();
	g_autoptr(GError) error = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autoptr(GError) refused = NULL;

		assert_throws(lf_seed_add_cmdline(seed, wrong[i], &refused), refused,
			      LF_ERROR_INPUT, "words to append");
	}
	assert_throws(lf_seed_add_cmdline(seed, too_long, &error), error, LF_ERROR_INPUT, "2048");
	g_clear_error(&error);
	assert_ok(lf_seed_add_cmdline(seed, longest, &error), error);
}

static void the_same_files_give_the_same_bytes_in_any_order(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfSeed) a = example();
	g_autoptr(LfSeed) b = lf_seed_new();
	g_autoptr(GBytes) packed_a = lf_seed_pack(a, &error);
	g_autoptr(GBytes) packed_b = NULL;

	assert_ok(lf_seed_add_cmdline(b, "landfall.debug=1 a=\"b c\"", &error), error);
	assert_ok(add(b, "ca.pem", "certificate", &error), error);
	assert_ok(add(b, "site.ks", "lang de_DE\n", &error), error);
	packed_b = lf_seed_pack(b, &error);
	assert_ok(packed_a && packed_b, error);
	assert_true(g_bytes_equal(packed_a, packed_b));
}

static void cpio_itself_unpacks_it_with_safe_modes(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autoptr(LfSeed) seed = example();
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) packed = lf_seed_pack(seed, &error);
	g_autofree char *archive = g_build_filename(dir, "seed.cpio", NULL);
	g_autofree char *ks = g_build_filename(dir, "landfall/seed/site.ks", NULL);
	g_autofree char *folder = g_build_filename(dir, "landfall/seed", NULL);
	g_autofree char *text = NULL;
	struct stat info;

	assert_ok(packed, error);
	assert_true(g_file_set_contents(archive, g_bytes_get_data(packed, NULL),
					(gssize)g_bytes_get_size(packed), NULL));
	run(LF_PROC_ARGV("/bin/sh", "-c", "cd \"$0\" && cpio --quiet -im <seed.cpio", dir));
	assert_true(g_file_get_contents(ks, &text, NULL, NULL));
	assert_string_equal(text, "lang de_DE\n");
	assert_int_equal(stat(ks, &info), 0);
	assert_int_equal(info.st_mode, S_IFREG | 0600);
	assert_int_equal(info.st_mtime, 0);
	assert_int_equal(stat(folder, &info), 0);
	assert_int_equal(info.st_mode, S_IFDIR | 0700);
}

static void what_was_packed_is_read_back_also_before_zeros(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfSeed) seed = example();
	g_autoptr(GBytes) packed = lf_seed_pack(seed, &error);
	gsize size = g_bytes_get_size(packed);
	g_autofree char *padded = g_malloc0(size + 10000);
	g_autoptr(LfSeed) exact = NULL;
	g_autoptr(LfSeed) before_zeros = NULL;

	memcpy(padded, g_bytes_get_data(packed, NULL), size);
	exact = lf_seed_parse(padded, size, &error);
	assert_ok(exact, error);
	assert_same(seed, exact);
	before_zeros = lf_seed_parse(padded, size + 10000, &error);
	assert_ok(before_zeros, error);
	assert_same(seed, before_zeros);
}

// A newc entry, made by hand.
static void append_entry(GString *archive, const char *path, unsigned mode, const char *data,
			 size_t said_size)
{
	g_string_append_printf(
		archive, "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08x%08x%s", 1u, mode,
		0u, 0u, 1u, 0u, said_size, 0u, 0u, 0u, 0u, (unsigned)strlen(path) + 1, 0u, path);
	g_string_append_c(archive, '\0');
	while (archive->len % 4)
		g_string_append_c(archive, '\0');
	g_string_append(archive, data);
	while (archive->len % 4)
		g_string_append_c(archive, '\0');
}

static void archives_with_anything_else_are_refused(void **state)
{
	static const struct {
		const char *path;
		unsigned mode;
		size_t size;
	} rows[] = {
		{ "etc/passwd", S_IFREG | 0600, 1 },
		{ "landfall/seed/../../etc/passwd", S_IFREG | 0600, 1 },
		{ "landfall/seed/a/b", S_IFREG | 0600, 1 },
		{ "/landfall/seed/a", S_IFREG | 0600, 1 },
		{ "landfall/seed/link", S_IFLNK | 0777, 1 },
		{ "landfall/seed/dev", S_IFBLK | 0600, 0 },
		{ "landfall/seed/dir", S_IFDIR | 0700, 0 },
		{ "landfall/seed/", S_IFREG | 0600, 1 },
		{ "landfall/seed/huge", S_IFREG | 0600, 0xffffffff },
		{ "landfall/seed/short", S_IFREG | 0600, 5000 },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GString) archive = g_string_new(NULL);
		g_autoptr(GError) error = NULL;

		append_entry(archive, rows[i].path, rows[i].mode, rows[i].size ? "x" : "",
			     rows[i].size);
		append_entry(archive, "TRAILER!!!", 0, "", 0);
		assert_throws(lf_seed_parse(archive->str, archive->len, &error), error,
			      LF_ERROR_INPUT, "");
	}
}

static void a_second_archive_behind_the_first_is_refused(void **state)
{
	g_autoptr(GString) archive = g_string_new(NULL);
	g_autoptr(GError) error = NULL;

	append_entry(archive, "landfall/seed/a", S_IFREG | 0600, "x", 1);
	append_entry(archive, "TRAILER!!!", 0, "", 0);
	// A kernel would unpack this one too, and `landfall iso show` would not tell.
	append_entry(archive, "init", S_IFREG | 0755, "x", 1);
	append_entry(archive, "TRAILER!!!", 0, "", 0);
	assert_throws(lf_seed_parse(archive->str, archive->len, &error), error, LF_ERROR_INPUT,
		      "something follows its end");
}

static void a_name_as_long_as_memory_takes_no_memory(void **state)
{
	g_autofree char *text =
		g_strdup_printf("070701%s%s%s%s", "0000000000000000000000000000000000",
				"00000000000000000000000000000000000000",
				"0000000000000000ffffffff00000000", "landfall");
	g_autoptr(GError) error = NULL;

	assert_throws(lf_seed_parse(text, strlen(text), &error), error, LF_ERROR_INPUT,
		      "a name does not end");
}

static void a_file_that_comes_twice_is_refused(void **state)
{
	g_autoptr(GString) archive = g_string_new(NULL);
	g_autoptr(GError) error = NULL;

	append_entry(archive, "landfall/seed/a", S_IFREG | 0600, "x", 1);
	append_entry(archive, "landfall/seed/a", S_IFREG | 0600, "y", 1);
	append_entry(archive, "TRAILER!!!", 0, "", 0);
	assert_throws(lf_seed_parse(archive->str, archive->len, &error), error, LF_ERROR_INPUT,
		      "two files 'a'");
}

static void an_archive_cut_anywhere_gives_no_wrong_file(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfSeed) seed = example();
	g_autoptr(GBytes) packed = lf_seed_pack(seed, &error);
	const char *data = g_bytes_get_data(packed, NULL);

	for (gsize size = 0; size < g_bytes_get_size(packed); size++) {
		g_autofree char *cut = g_memdup2(data, size);
		g_autoptr(GError) refused = NULL;
		g_autoptr(LfSeed) got = lf_seed_parse(cut, size, &refused);

		for (size_t i = 0; got && i < lf_seed_count(got); i++)
			assert_true(g_bytes_equal(lf_seed_bytes(got, i),
						  lf_seed_find(seed, lf_seed_name(got, i))));
	}
}

// --- in an ISO ----------------------------------------------------------------------------------

// An ISO with a reserved area, empty as image/ makes it, and a file behind it.
static char *make_iso(const char *dir)
{
	g_autoptr(LfSeed) nothing = lf_seed_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) packed = lf_seed_pack(nothing, &error);
	g_autofree char *root = g_build_filename(dir, "root", NULL);
	g_autofree char *folder = g_build_filename(root, "landfall", NULL);
	g_autofree char *area = g_build_filename(folder, "seed.img", NULL);
	g_autofree char *behind = g_build_filename(folder, "zzz", NULL);
	char *iso = g_build_filename(dir, "in.iso", NULL);

	assert_int_equal(g_mkdir_with_parents(folder, 0755), 0);
	assert_true(g_file_set_contents(area, g_bytes_get_data(packed, NULL),
					(gssize)g_bytes_get_size(packed), NULL));
	assert_int_equal(truncate(area, AREA_BYTES), 0);
	assert_true(g_file_set_contents(behind, "untouched", -1, NULL));
	run(LF_PROC_ARGV("/usr/bin/xorriso", "-report_about", "SORRY", "-as", "mkisofs", "-R", "-o",
			 iso, root));
	return iso;
}

static GBytes *contents(const char *path)
{
	g_autoptr(GError) error = NULL;
	GBytes *bytes = lf_read_file_at(AT_FDCWD, path, 64 << 20, &error);

	assert_ok(bytes, error);
	return bytes;
}

static void a_copy_holds_the_seed_and_the_original_stays(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *in = make_iso(dir);
	g_autofree char *out = g_build_filename(dir, "out.iso", NULL);
	g_autoptr(GBytes) before = contents(in);
	g_autoptr(GBytes) after = NULL;
	g_autoptr(GBytes) made = NULL;
	g_autoptr(LfSeed) seed = example();
	g_autoptr(LfSeed) back = NULL;
	g_autoptr(GError) error = NULL;
	uint64_t used = 0, room = 0;
	struct stat info;

	assert_ok(lf_seed_write(seed, in, out, &used, &room, &error), error);
	assert_int_equal(room, AREA_BYTES);
	assert_in_range(used, 500, 2000);
	back = lf_seed_read(out, &error);
	assert_ok(back, error);
	assert_same(seed, back);
	after = contents(in);
	made = contents(out);
	assert_true(g_bytes_equal(before, after));
	assert_int_equal(g_bytes_get_size(made), g_bytes_get_size(before));
	assert_int_equal(stat(out, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
}

static void only_the_area_changes(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *iso = make_iso(dir);
	g_autoptr(GBytes) before = contents(iso);
	g_autoptr(GBytes) after = NULL;
	g_autoptr(LfSeed) seed = example();
	g_autoptr(GError) error = NULL;
	const uint8_t *a = g_bytes_get_data(before, NULL), *b;
	gsize first = 0, last = 0, size = g_bytes_get_size(before);
	uint64_t used = 0, room = 0;

	assert_ok(lf_seed_write(seed, iso, iso, &used, &room, &error), error);
	after = contents(iso);
	b = g_bytes_get_data(after, NULL);
	assert_int_equal(g_bytes_get_size(after), size);
	for (gsize i = 0; i < size; i++)
		if (a[i] != b[i]) {
			first = first ? first : i;
			last = i;
		}
	assert_true(first > 0 && last - first < AREA_BYTES);
}

static void an_older_seed_is_overwritten_to_the_end(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *iso = make_iso(dir);
	g_autofree char *secret = g_strnfill(30000, 'S');
	g_autoptr(LfSeed) large = lf_seed_new();
	g_autoptr(LfSeed) small = lf_seed_new();
	g_autoptr(LfSeed) back = NULL;
	g_autoptr(GBytes) all = NULL;
	g_autoptr(GError) error = NULL;
	uint64_t used = 0, room = 0;

	assert_ok(add(large, "key", secret, &error), error);
	assert_ok(lf_seed_write(large, iso, iso, &used, &room, &error), error);
	assert_ok(lf_seed_write(small, iso, iso, &used, &room, &error), error);
	back = lf_seed_read(iso, &error);
	assert_ok(back, error);
	assert_int_equal(lf_seed_count(back), 0);
	all = contents(iso);
	assert_null(memmem(g_bytes_get_data(all, NULL), g_bytes_get_size(all), "SSSS", 4));
}

static void a_seed_that_is_too_large_says_both_sizes_and_leaves_no_file(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *in = make_iso(dir);
	g_autofree char *out = g_build_filename(dir, "out.iso", NULL);
	g_autofree char *text = g_strnfill(AREA_BYTES, 'x');
	g_autoptr(LfSeed) seed = lf_seed_new();
	g_autoptr(GError) error = NULL;
	uint64_t used = 0, room = 0;

	assert_ok(add(seed, "big", text, &error), error);
	assert_throws(lf_seed_write(seed, in, out, &used, &room, &error), error, LF_ERROR_INPUT,
		      "has room for 65536");
	assert_false(g_file_test(out, G_FILE_TEST_EXISTS));
}

static void a_full_area_is_filled_to_the_last_byte(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *iso = make_iso(dir);
	g_autoptr(LfSeed) back = NULL;
	g_autoptr(GError) error = NULL;
	uint64_t used = 0, room = 0;

	for (size_t size = AREA_BYTES - 700; used < AREA_BYTES; size++) {
		g_autofree char *text = g_strnfill(size, 'x');
		g_autoptr(LfSeed) seed = lf_seed_new();

		assert_ok(add(seed, "big", text, &error), error);
		assert_ok(lf_seed_write(seed, iso, iso, &used, &room, &error), error);
	}
	assert_int_equal(used, AREA_BYTES);
	back = lf_seed_read(iso, &error);
	assert_ok(back, error);
	assert_int_equal(lf_seed_count(back), 1);
}

static void an_iso_of_somebody_else_is_refused(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *root = g_build_filename(dir, "root", NULL);
	g_autofree char *folder = g_build_filename(root, "landfall", NULL);
	g_autofree char *area = g_build_filename(folder, "seed.img", NULL);
	g_autofree char *iso = g_build_filename(dir, "t.iso", NULL);
	g_autoptr(LfSeed) seed = example();
	uint64_t used = 0, room = 0;

	for (unsigned i = 0; i < 2; i++) {
		g_autoptr(GError) error = NULL;

		assert_int_equal(g_mkdir_with_parents(folder, 0755), 0);
		if (i == 1)
			assert_true(g_file_set_contents(area, "something else", -1, NULL));
		run(LF_PROC_ARGV("/usr/bin/xorriso", "-report_about", "SORRY", "-as", "mkisofs",
				 "-R", "-o", iso, root));
		assert_throws(lf_seed_write(seed, iso, iso, &used, &room, &error), error,
			      LF_ERROR_INPUT, "one of Landfall's?");
	}
}

static void a_missing_iso_is_named(void **state)
{
	g_autoptr(GError) error = NULL;

	assert_throws(lf_seed_read("/nowhere.iso", &error), error, LF_ERROR_INPUT, "/nowhere.iso");
}

static void an_iso_is_a_file_or_a_device(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *fifo = g_build_filename(dir, "fifo", NULL);
	const char *const names[] = { dir, fifo, "/dev/null" };

	assert_int_equal(mkfifo(fifo, 0600), 0);
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autoptr(GError) error = NULL;

		assert_throws(lf_seed_read(names[i], &error), error, LF_ERROR_INPUT,
			      "neither a file nor a block device");
	}
}

static void what_cannot_be_an_iso_is_not_replaced(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *in = make_iso(dir);
	g_autofree char *fifo = g_build_filename(dir, "fifo", NULL);
	g_autofree char *link = g_build_filename(dir, "link", NULL);
	g_autofree char *dangling = g_build_filename(dir, "dangling", NULL);
	g_autofree char *to_null = g_build_filename(dir, "null", NULL);
	g_autofree char *nowhere = g_build_filename(dir, "nowhere", NULL);
	g_autoptr(GBytes) before = contents(in);
	g_autoptr(GBytes) after = NULL;
	g_autoptr(LfSeed) seed = example();
	const struct {
		const char *out;
		mode_t kind;
		const char *says;
	} rows[] = {
		{ dir, S_IFDIR, "a directory" },
		{ fifo, S_IFIFO, "neither a file nor a block device" },
		{ "/dev/null", S_IFCHR, "neither a file nor a block device" },
		{ link, S_IFLNK, "name the file itself" },
		{ dangling, S_IFLNK, "name the file itself" },
		{ to_null, S_IFLNK, "name the file itself" },
	};

	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(symlink(in, link), 0);
	assert_int_equal(symlink(nowhere, dangling), 0);
	assert_int_equal(symlink("/dev/null", to_null), 0);
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		uint64_t used = 0, room = 0;
		struct stat info;

		assert_throws(lf_seed_write(seed, in, rows[i].out, &used, &room, &error), error,
			      LF_ERROR_INPUT, rows[i].says);
		assert_int_equal(lstat(rows[i].out, &info), 0);
		assert_int_equal(info.st_mode & S_IFMT, rows[i].kind);
	}
	after = contents(in);
	assert_true(g_bytes_equal(before, after));
	assert_false(g_file_test(nowhere, G_FILE_TEST_EXISTS));
}

static void what_is_written_needs_a_name(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *in = make_iso(dir);
	g_autoptr(LfSeed) seed = example();
	g_autoptr(GError) error = NULL;
	uint64_t used = 0, room = 0;

	assert_throws(lf_seed_write(seed, in, "", &used, &room, &error), error, LF_ERROR_INPUT,
		      "the ISO to write has no name");
}

static void an_iso_changed_in_place_is_closed_to_others(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autofree char *iso = make_iso(dir);
	g_autoptr(LfSeed) seed = example();
	g_autoptr(GError) error = NULL;
	uint64_t used = 0, room = 0;
	struct stat info;

	assert_int_equal(chmod(iso, 0644), 0);
	assert_ok(lf_seed_write(seed, iso, iso, &used, &room, &error), error);
	assert_int_equal(stat(iso, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(names_that_leave_the_directory_are_refused),
		LF_TEST(a_name_comes_once),
		LF_TEST(files_are_kept_by_name),
		LF_TEST(there_are_at_most_256_files),
		LF_TEST(words_to_append_are_one_line),
		LF_TEST(the_same_files_give_the_same_bytes_in_any_order),
		LF_TEST(cpio_itself_unpacks_it_with_safe_modes),
		LF_TEST(what_was_packed_is_read_back_also_before_zeros),
		LF_TEST(archives_with_anything_else_are_refused),
		LF_TEST(a_second_archive_behind_the_first_is_refused),
		LF_TEST(a_name_as_long_as_memory_takes_no_memory),
		LF_TEST(a_file_that_comes_twice_is_refused),
		LF_TEST(an_archive_cut_anywhere_gives_no_wrong_file),
		LF_TEST(a_copy_holds_the_seed_and_the_original_stays),
		LF_TEST(only_the_area_changes),
		LF_TEST(an_older_seed_is_overwritten_to_the_end),
		LF_TEST(a_seed_that_is_too_large_says_both_sizes_and_leaves_no_file),
		LF_TEST(a_full_area_is_filled_to_the_last_byte),
		LF_TEST(an_iso_of_somebody_else_is_refused),
		LF_TEST(a_missing_iso_is_named),
		LF_TEST(an_iso_is_a_file_or_a_device),
		LF_TEST(what_cannot_be_an_iso_is_not_replaced),
		LF_TEST(what_is_written_needs_a_name),
		LF_TEST(an_iso_changed_in_place_is_closed_to_others),
	};

	return LF_TEST_MAIN(tests);
}
