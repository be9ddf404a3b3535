// Reading ISO images: files are found where xorriso put them; no image, however wrong, leads
// astray.
#include "tests/unit/test.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "base/iso9660.h"

#define SECTOR 2048

static void run(const char *const *argv)
{
	g_autoptr(GError) error = NULL;

	assert_ok(lf_proc_run(&(LfProc){ .argv = argv }, NULL, &error), error);
}

static void put(const char *root, const char *path, const char *text, size_t size)
{
	g_autofree char *full = g_build_filename(root, path, NULL);
	g_autofree char *dir = g_path_get_dirname(full);

	assert_int_equal(g_mkdir_with_parents(dir, 0755), 0);
	assert_true(g_file_set_contents(full, text, (gssize)size, NULL));
}

static char *long_name(void)
{
	g_autofree char *xs = g_strnfill(240, 'x');

	return g_strconcat("long/", xs, "-end", NULL);
}

// @rock_ridge: "-R" or "--norock"
static int make_iso(const char *dir, const char *rock_ridge)
{
	g_autofree char *root = g_build_filename(dir, "root", NULL);
	g_autofree char *iso = g_build_filename(dir, "t.iso", NULL);
	g_autofree char *name = long_name();
	g_autofree char *big = g_strnfill(100000, 'b');
	int fd;

	put(root, "landfall/seed.img", "seed", 4);
	put(root, "landfall/Mixed-Case.Name.txt", "mixed", 5);
	put(root, "landfall/big", big, 100000);
	put(root, "empty", "", 0);
	put(root, "a/b/c/d/e/deep", "deep", 4);
	for (unsigned i = 0; i < 300; i++) {
		g_autofree char *path = g_strdup_printf("many/file%03u", i);

		put(root, path, path, strlen(path));
	}
	if (g_str_equal(rock_ridge, "-R"))
		put(root, name, "long", 4);
	run(LF_PROC_ARGV("/usr/bin/xorriso", "-report_about", "SORRY", "-as", "mkisofs", rock_ridge,
			 "-o", iso, root));
	fd = open(iso, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void assert_file(int fd, const char *path, const char *wanted)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) bytes = lf_iso_read(fd, path, 1000000, &error);

	assert_ok(bytes, error);
	assert_int_equal(g_bytes_get_size(bytes), strlen(wanted));
	assert_memory_equal(g_bytes_get_data(bytes, NULL), wanted, strlen(wanted));
}

static void files_are_found_by_rock_ridge_name(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	lf_autofd fd = make_iso(dir, "-R");
	g_autofree char *name = long_name();
	g_autofree char *big = g_strnfill(100000, 'b');

	assert_file(fd, "/landfall/seed.img", "seed");
	assert_file(fd, "landfall//seed.img", "seed");
	assert_file(fd, "/landfall/Mixed-Case.Name.txt", "mixed");
	assert_file(fd, "/landfall/big", big);
	assert_file(fd, "/empty", "");
	assert_file(fd, "/a/b/c/d/e/deep", "deep");
	assert_file(fd, "/many/file299", "many/file299");
	assert_file(fd, name, "long");
}

static void files_are_found_by_plain_name_in_any_case(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	lf_autofd fd = make_iso(dir, "--norock");

	assert_file(fd, "/landfall/seed.img", "seed");
	assert_file(fd, "/LANDFALL/SEED.IMG", "seed");
	assert_file(fd, "/empty", "");
	assert_file(fd, "/many/file150", "many/file150");
}

static void rock_ridge_names_mind_their_case(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	lf_autofd fd = make_iso(dir, "-R");
	g_autoptr(GError) error = NULL;

	assert_throws(lf_iso_read(fd, "/landfall/SEED.IMG", 100, &error), error, LF_ERROR_INPUT,
		      "has no 'SEED.IMG'");
}

static void what_is_not_a_file_is_refused(void **state)
{
	static const struct {
		const char *path;
		const char *says;
	} rows[] = {
		{ "/landfall", "is a directory" },
		{ "/", "is a directory" },
		{ "", "is a directory" },
		{ "/landfall/..", "has no '..'" },
		{ "/landfall/seed.img/x", "'seed.img' is not a directory" },
		{ "/nowhere/x", "has no 'nowhere'" },
		{ "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", "more than 16 names" },
	};
	g_autoptr(LfTestDir) dir = lf_test_dir();
	lf_autofd fd = make_iso(dir, "-R");

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;

		assert_throws(lf_iso_read(fd, rows[i].path, 100, &error), error, LF_ERROR_INPUT,
			      rows[i].says);
	}
}

static void a_file_over_the_limit_is_not_read(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	lf_autofd fd = make_iso(dir, "-R");
	g_autoptr(GError) error = NULL;

	assert_throws(lf_iso_read(fd, "/landfall/big", 99999, &error), error, LF_ERROR_INPUT,
		      "longer than the 99999 bytes");
}

static void what_is_no_iso_is_said_to_be_none(void **state)
{
	static const size_t sizes[] = { 0,	     1,		  16 * SECTOR, 17 * SECTOR - 1,
					17 * SECTOR, 100 * SECTOR };

	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		g_autoptr(GError) error = NULL;
		lf_autofd fd = memfd_create("iso", MFD_CLOEXEC);
		LfIsoExtent extent = { 7, 7 };

		assert_int_equal(ftruncate(fd, (off_t)sizes[i]), 0);
		assert_throws(lf_iso_find(fd, "/a", &extent, &error), error, LF_ERROR_INPUT,
			      "not an ISO 9660 image");
		assert_int_equal(extent.offset_bytes, 7);
	}
}

// --- damage, made on the bytes of a real image --------------------------------------------------

typedef struct {
	uint8_t *bytes;
	size_t size;
} Image;

static Image load(int fd)
{
	Image image = { NULL, (size_t)lseek(fd, 0, SEEK_END) };

	image.bytes = g_malloc(image.size);
	assert_true(lf_pread_all(fd, image.bytes, image.size, 0, NULL));
	return image;
}

// Looks for /landfall/seed.img in an image of @size bytes.
static bool find_in_fd(int fd, size_t size, GError **error)
{
	LfIsoExtent extent = { 0, 0 };

	if (!lf_iso_find(fd, "/landfall/seed.img", &extent, error))
		return false;
	// Whatever was found lies inside.
	assert_true(extent.offset_bytes <= size && extent.size_bytes <= size - extent.offset_bytes);
	return true;
}

static bool find_in(const Image *image, GError **error)
{
	lf_autofd fd = memfd_create("iso", MFD_CLOEXEC);

	assert_true(lf_write_all(fd, image->bytes, image->size, NULL));
	return find_in_fd(fd, image->size, error);
}

static uint32_t root_sector(const Image *image)
{
	return image->bytes[16 * SECTOR + 158] | (uint32_t)image->bytes[16 * SECTOR + 159] << 8;
}

// The record in the root directory whose Rock Ridge name is "landfall".
static uint8_t *landfall_record(const Image *image)
{
	uint8_t *record = image->bytes + (size_t)root_sector(image) * SECTOR;

	while (record[0] && !memmem(record, record[0], "landfall", 8))
		record += record[0];
	assert_true(record[0] > 0);
	return record;
}

typedef void (*Damage)(Image *image);

static void other_block_size(Image *image)
{
	image->bytes[16 * SECTOR + 128] = 1;
}

static void volume_is_larger_than_the_image(Image *image)
{
	memset(image->bytes + 16 * SECTOR + 80, 0xff, 4);
}

static void root_beyond_the_end(Image *image)
{
	memset(image->bytes + 16 * SECTOR + 158, 0xff, 4);
}

static void root_is_huge(Image *image)
{
	memset(image->bytes + 16 * SECTOR + 166, 0x7f, 4);
}

static void directory_points_to_itself_as_a_file(Image *image)
{
	landfall_record(image)[25] = 0;
}

static void record_shorter_than_its_head(Image *image)
{
	landfall_record(image)[0] = 20;
}

// Sixty records of "." and the beginning of one more, which would reach into the next sector.
static void record_longer_than_its_sector(Image *image)
{
	uint8_t *sector = image->bytes + (size_t)root_sector(image) * SECTOR;
	uint8_t self[34];

	memcpy(self, sector, sizeof self);
	self[0] = sizeof self;
	for (size_t at = 0; at < SECTOR; at += sizeof self)
		memcpy(sector + at, self, MIN(sizeof self, SECTOR - at));
}

static void name_longer_than_its_record(Image *image)
{
	landfall_record(image)[32] = 255;
}

static void name_is_empty(Image *image)
{
	landfall_record(image)[32] = 0;
}

static void damaged_images_are_refused(void **state)
{
	static const struct {
		Damage damage;
		LfErrorCode code;
		const char *says;
	} rows[] = {
		{ other_block_size, LF_ERROR_UNSUPPORTED, "2048" },
		{ volume_is_larger_than_the_image, LF_ERROR_IO, " of 8796093020160 bytes" },
		{ root_beyond_the_end, LF_ERROR_INPUT, "points to" },
		{ root_is_huge, LF_ERROR_INPUT, "4 MiB" },
		{ directory_points_to_itself_as_a_file, LF_ERROR_INPUT, "not a directory" },
		{ record_shorter_than_its_head, LF_ERROR_INPUT, "wrong length" },
		{ record_longer_than_its_sector, LF_ERROR_INPUT, "wrong length" },
		{ name_longer_than_its_record, LF_ERROR_INPUT, "longer than its record" },
		{ name_is_empty, LF_ERROR_INPUT, "longer than its record" },
	};
	g_autoptr(LfTestDir) dir = lf_test_dir();
	lf_autofd fd = make_iso(dir, "-R");

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		Image image = load(fd);

		rows[i].damage(&image);
		assert_throws(find_in(&image, &error), error, rows[i].code, rows[i].says);
		g_free(image.bytes);
	}
}

static bool count_file(const char *path, const LfIsoExtent *extent, void *user_data, GError **error)
{
	++*(unsigned *)user_data;
	return true;
}

static void an_image_cut_anywhere_is_refused(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	lf_autofd fd = make_iso(dir, "-R");

	for (off_t size = lseek(fd, 0, SEEK_END) - 1; size > 0; size -= MIN(size, 509)) {
		g_autoptr(GError) error = NULL;

		assert_int_equal(ftruncate(fd, size), 0);
		assert_false(find_in_fd(fd, (size_t)size, &error));
		assert_non_null(error);
	}
}

static void of_a_cut_image_both_sizes_are_told_by_every_reader(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	lf_autofd fd = make_iso(dir, "-R");
	off_t whole = lseek(fd, 0, SEEK_END);
	g_autofree char *says =
		g_strdup_printf("the ISO image ends after %jd of %jd bytes: copy it again",
				(intmax_t)whole - SECTOR, (intmax_t)whole);
	g_autoptr(GError) found = NULL;
	g_autoptr(GError) read = NULL;
	g_autoptr(GError) walked = NULL;
	LfIsoExtent extent = { 7, 7 };
	unsigned n_files = 0;

	// Only padding is gone: every file is still there, and yet this is not what was made.
	assert_int_equal(ftruncate(fd, whole - SECTOR), 0);
	assert_throws(lf_iso_find(fd, "/landfall/seed.img", &extent, &found), found, LF_ERROR_IO,
		      says);
	assert_throws(lf_iso_read(fd, "/landfall/seed.img", 100, &read), read, LF_ERROR_IO, says);
	assert_throws(lf_iso_walk(fd, "/many", count_file, &n_files, &walked), walked, LF_ERROR_IO,
		      says);
	assert_int_equal(extent.offset_bytes, 7);
	assert_int_equal(n_files, 0);
}

static void a_device_may_be_larger_than_the_image_on_it(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	lf_autofd fd = make_iso(dir, "-R");
	g_autoptr(GError) error = NULL;
	unsigned n_files = 0;

	assert_int_equal(ftruncate(fd, lseek(fd, 0, SEEK_END) + 100 * SECTOR), 0);
	assert_file(fd, "/landfall/seed.img", "seed");
	assert_ok(lf_iso_walk(fd, "/many", count_file, &n_files, &error), error);
	assert_int_equal(n_files, 300);
}

// The volume descriptor, and the root directory.
static void any_flipped_byte_is_refused_or_stays_inside(void **state)
{
	static const uint8_t masks[] = { 0x01, 0x80, 0xff };
	g_autoptr(LfTestDir) dir = lf_test_dir();
	lf_autofd fd = make_iso(dir, "-R");
	Image image = load(fd);
	off_t root = (off_t)root_sector(&image) * SECTOR;

	for (off_t at = 0; at < 1200; at++)
		for (size_t m = 0; m < G_N_ELEMENTS(masks); m++) {
			g_autoptr(GError) error = NULL;
			off_t place = at < 200 ? 16 * SECTOR + at : root + at - 200;
			uint8_t byte = image.bytes[place] ^ masks[m];

			assert_int_equal(pwrite(fd, &byte, 1, place), 1);
			if (!find_in_fd(fd, image.size, &error))
				assert_non_null(error);
			assert_int_equal(pwrite(fd, image.bytes + place, 1, place), 1);
		}
	g_free(image.bytes);
}

static void a_chain_of_continuations_has_an_end(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	lf_autofd fd = make_iso(dir, "-R");
	g_autoptr(GError) error = NULL;
	Image image = load(fd);
	uint8_t *record = landfall_record(&image);
	uint8_t *area = record + 33 + (record[32] | 1);
	uint32_t sector = (uint32_t)(image.size / SECTOR) - 1;
	uint8_t entry[28] = { 'C', 'E', 28, 1 };

	// An entry that names itself as what comes next.
	for (unsigned i = 0; i < 4; i++)
		entry[4 + i] = (uint8_t)(sector >> 8 * i);
	entry[20] = 28;
	memcpy(area, entry, sizeof entry);
	memcpy(image.bytes + (size_t)sector * SECTOR, entry, sizeof entry);
	assert_throws(find_in(&image, &error), error, LF_ERROR_INPUT, "too many pieces");
	g_free(image.bytes);
}

static void a_file_in_several_pieces_is_unsupported(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	lf_autofd fd = make_iso(dir, "-R");
	g_autoptr(GError) error = NULL;
	Image image = load(fd);
	uint8_t *name = memmem(image.bytes, image.size, "SEED.IMG;1", 10);

	assert_non_null(name);
	name[25 - 33] |= 0x80;
	assert_throws(find_in(&image, &error), error, LF_ERROR_UNSUPPORTED, "several pieces");
	g_free(image.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(files_are_found_by_rock_ridge_name),
		LF_TEST(files_are_found_by_plain_name_in_any_case),
		LF_TEST(rock_ridge_names_mind_their_case),
		LF_TEST(what_is_not_a_file_is_refused),
		LF_TEST(a_file_over_the_limit_is_not_read),
		LF_TEST(what_is_no_iso_is_said_to_be_none),
		LF_TEST(damaged_images_are_refused),
		LF_TEST(an_image_cut_anywhere_is_refused),
		LF_TEST(of_a_cut_image_both_sizes_are_told_by_every_reader),
		LF_TEST(a_device_may_be_larger_than_the_image_on_it),
		LF_TEST(any_flipped_byte_is_refused_or_stays_inside),
		LF_TEST(a_chain_of_continuations_has_an_end),
		LF_TEST(a_file_in_several_pieces_is_unsupported),
	};

	return LF_TEST_MAIN(tests);
}
