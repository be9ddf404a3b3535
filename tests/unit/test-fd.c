// Files by descriptor: bounds, atomic replacement, exact modes.
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/fd.h"

static int open_dir(const char *path)
{
	g_autoptr(GError) error = NULL;
	int fd = -1;

	assert_ok(lf_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0, &fd, &error), error);
	return fd;
}

static guint count_entries(const char *path)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	guint n = 0;

	while (g_dir_read_name(dir))
		n++;
	return n;
}

static void a_scope_closes_its_descriptor(void **state)
{
	int kept;

	{
		lf_autofd fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

		kept = fd;
		assert_true(kept >= 0);
	}
	assert_int_equal(fcntl(kept, F_GETFD), -1);
}

static void a_stolen_descriptor_stays_open(void **state)
{
	int kept;

	{
		lf_autofd fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

		kept = lf_steal_fd(&fd);
		assert_int_equal(fd, -1);
	}
	assert_true(fcntl(kept, F_GETFD) >= 0);
	close(kept);
}

static void opening_is_close_on_exec_and_names_the_file(void **state)
{
	g_autoptr(GError) error = NULL;
	lf_autofd fd = -1;

	assert_ok(lf_openat(AT_FDCWD, "/dev/null", O_RDONLY, 0, &fd, &error), error);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_throws(lf_openat(AT_FDCWD, "/nowhere/f", O_RDONLY, 0, &fd, &error), error,
		      LF_ERROR_IO, "'/nowhere/f'");
	assert_true(fd >= 0);
}

static void writes_are_whole_through_a_small_socket(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *data = g_malloc0(300000);
	g_autofree char *back = g_malloc(300000);
	size_t seen = 0;
	int ends[2];
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	pid = fork();
	if (pid == 0)
		_exit(lf_write_all(ends[1], data, 300000, NULL) ? 0 : 1);
	close(ends[1]);
	while (seen < 300000) {
		ssize_t n = read(ends[0], back + seen, 300000 - seen);

		assert_true(n > 0);
		seen += (size_t)n;
	}
	assert_memory_equal(data, back, 300000);
	close(ends[0]);
}

static void writing_to_a_full_device_is_an_io_error(void **state)
{
	g_autoptr(GError) error = NULL;
	lf_autofd fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	assert_throws(lf_write_all(fd, "x", 1, &error), error, LF_ERROR_IO, "No space left");
}

static void bytes_land_at_their_offset(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autoptr(GError) error = NULL;
	g_autofree char *path = g_build_filename(dir, "f", NULL);
	lf_autofd fd = -1;
	char back[4] = "";

	assert_ok(lf_openat(AT_FDCWD, path, O_RDWR | O_CREAT, 0600, &fd, &error), error);
	assert_ok(lf_pwrite_all(fd, "abcd", 4, 5000000000, &error), error);
	assert_ok(lf_pread_all(fd, back, 4, 5000000000, &error), error);
	assert_memory_equal(back, "abcd", 4);
}

static void a_short_file_is_an_error_not_zeros(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autoptr(GError) error = NULL;
	lf_autofd dir_fd = open_dir(dir);
	lf_autofd fd = -1;
	char back[8];

	assert_ok(lf_write_file_at(dir_fd, "f", "abc", 3, 0600, &error), error);
	assert_ok(lf_openat(dir_fd, "f", O_RDONLY, 0, &fd, &error), error);
	assert_throws(lf_pread_all(fd, back, 8, 0, &error), error, LF_ERROR_IO,
		      "5 bytes are missing");
}

static void a_file_of_the_allowed_size_is_read_and_one_byte_more_is_refused(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autoptr(GError) error = NULL;
	lf_autofd dir_fd = open_dir(dir);
	g_autoptr(GBytes) bytes = NULL;

	assert_ok(lf_write_file_at(dir_fd, "f", "abcdef", 6, 0600, &error), error);
	bytes = lf_read_file_at(dir_fd, "f", 6, &error);
	assert_ok(bytes, error);
	assert_int_equal(g_bytes_get_size(bytes), 6);
	assert_string_equal(g_bytes_get_data(bytes, NULL), "abcdef");
	assert_throws(lf_read_file_at(dir_fd, "f", 5, &error), error, LF_ERROR_INPUT,
		      "'f': longer than the 5 bytes");
}

static void an_endless_file_is_not_held(void **state)
{
	g_autoptr(GError) error = NULL;

	assert_throws(lf_read_file_at(AT_FDCWD, "/dev/zero", 100000, &error), error, LF_ERROR_INPUT,
		      "longer than");
}

static void files_without_a_size_are_read(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text = lf_read_text_at(AT_FDCWD, "/proc/sys/kernel/ostype", 100, &error);

	assert_ok(text, error);
	assert_string_equal(text, "Linux");
}

static void an_empty_file_is_empty_text(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text = lf_read_text_at(AT_FDCWD, "/dev/null", 100, &error);

	assert_ok(text, error);
	assert_string_equal(text, "");
}

static void a_written_file_has_its_mode_whatever_the_umask(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autoptr(GError) error = NULL;
	lf_autofd dir_fd = open_dir(dir);
	mode_t before = umask(077);
	struct stat info;

	assert_ok(lf_write_file_at(dir_fd, "f", "x", 1, 0664, &error), error);
	umask(before);
	assert_int_equal(fstatat(dir_fd, "f", &info, 0), 0);
	assert_int_equal(info.st_mode & 07777, 0664);
}

static void replacing_leaves_no_temporary_file(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autoptr(GError) error = NULL;
	lf_autofd dir_fd = open_dir(dir);
	g_autofree char *text = NULL;

	assert_ok(lf_write_file_at(dir_fd, "f", "old", 3, 0600, &error), error);
	assert_ok(lf_write_file_at(dir_fd, "f", "new", 3, 0600, &error), error);
	text = lf_read_text_at(dir_fd, "f", 100, &error);
	assert_string_equal(text, "new");
	assert_int_equal(count_entries(dir), 1);
}

static void a_failed_replacement_leaves_the_old_file(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autoptr(GError) error = NULL;
	lf_autofd dir_fd = open_dir(dir);

	// A directory cannot be replaced by a file.
	assert_ok(lf_mkdirs_at(dir_fd, "d", 0755, &error), error);
	assert_throws(lf_write_file_at(dir_fd, "d", "x", 1, 0600, &error), error, LF_ERROR_IO,
		      "cannot write 'd'");
	assert_int_equal(count_entries(dir), 1);
}

static void parents_are_made_and_existing_ones_stay(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autoptr(GError) error = NULL;
	lf_autofd dir_fd = open_dir(dir);
	struct stat info;

	assert_ok(lf_mkdirs_at(dir_fd, "a", 0700, &error), error);
	assert_ok(lf_mkdirs_at(dir_fd, "a/b/c", 0755, &error), error);
	assert_ok(lf_mkdirs_at(dir_fd, "a/b/c", 0755, &error), error);
	assert_int_equal(fstatat(dir_fd, "a", &info, 0), 0);
	assert_int_equal(info.st_mode & 0777, 0700);
	assert_int_equal(fstatat(dir_fd, "a/b/c", &info, 0), 0);
	assert_true(S_ISDIR(info.st_mode));
}

static void a_file_in_the_way_of_a_directory_is_an_error(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autoptr(GError) error = NULL;
	lf_autofd dir_fd = open_dir(dir);

	assert_ok(lf_write_file_at(dir_fd, "f", "x", 1, 0600, &error), error);
	assert_throws(lf_mkdirs_at(dir_fd, "f/g", 0755, &error), error, LF_ERROR_IO, "'f/g'");
}

static void a_path_is_below_a_folder_only_at_a_slash(void **state)
{
	assert_true(lf_path_is_below("/var/log", "/var"));
	assert_true(lf_path_is_below("/var", "/var"));
	assert_false(lf_path_is_below("/variety", "/var"));
	assert_false(lf_path_is_below("/va", "/var"));
	assert_false(lf_path_is_below("/usr/var", "/var"));
}

static void copies_are_equal_also_from_files_without_a_size(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autoptr(GError) error = NULL;
	lf_autofd dir_fd = open_dir(dir);
	g_autofree char *data = g_malloc(3000001);
	g_autoptr(GBytes) back = NULL;
	g_autofree char *ostype = NULL;
	struct stat info;

	for (size_t i = 0; i < 3000001; i++)
		data[i] = (char)(i * 7 + i / 251);
	assert_ok(lf_write_file_at(dir_fd, "a", data, 3000001, 0600, &error), error);
	assert_ok(lf_copy_file_at(dir_fd, "a", dir_fd, "b", 0640, &error), error);
	back = lf_read_file_at(dir_fd, "b", 4000000, &error);
	assert_ok(back, error);
	assert_int_equal(g_bytes_get_size(back), 3000001);
	assert_memory_equal(g_bytes_get_data(back, NULL), data, 3000001);
	assert_int_equal(fstatat(dir_fd, "b", &info, 0), 0);
	assert_int_equal(info.st_mode & 07777, 0640);
	assert_ok(lf_copy_file_at(AT_FDCWD, "/proc/sys/kernel/ostype", dir_fd, "c", 0600, &error),
		  error);
	ostype = lf_read_text_at(dir_fd, "c", 100, &error);
	assert_string_equal(ostype, "Linux");
}

static void a_failed_copy_leaves_nothing(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autoptr(GError) error = NULL;
	lf_autofd dir_fd = open_dir(dir);

	assert_throws(lf_copy_file_at(AT_FDCWD, "/nowhere", dir_fd, "b", 0600, &error), error,
		      LF_ERROR_IO, "cannot copy '/nowhere' to 'b'");
	assert_int_equal(count_entries(dir), 0);
}

static void a_link_planted_at_the_temporary_name_is_not_followed(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autoptr(GError) error = NULL;
	lf_autofd dir_fd = open_dir(dir);
	struct stat info;

	// The name itself may be a link: it is replaced, its target is not touched.
	assert_ok(lf_write_file_at(dir_fd, "target", "keep", 4, 0600, &error), error);
	assert_int_equal(symlinkat("target", dir_fd, "f"), 0);
	assert_ok(lf_write_file_at(dir_fd, "f", "new", 3, 0600, &error), error);
	assert_int_equal(fstatat(dir_fd, "f", &info, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISREG(info.st_mode));
	assert_int_equal(fstatat(dir_fd, "target", &info, 0), 0);
	assert_int_equal(info.st_size, 4);
}

static void of_a_long_log_the_end_is_read_from_the_beginning_of_a_line(void **state)
{
	static const struct {
		const char *text;
		size_t max_bytes;
		const char *wanted;
	} rows[] = {
		{ "one\ntwo\n", 100, "one\ntwo\n" },
		{ "one\ntwo\n", 8, "one\ntwo\n" },
		{ "one\ntwo\n", 7, "two\n" },
		{ "one\ntwo\n", 2, "" },
		{ "one two", 3, "two" },
		{ "", 3, "" },
	};
	g_autoptr(LfTestDir) dir = lf_test_dir();
	lf_autofd dir_fd = open_dir(dir);
	g_autoptr(GError) error = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GBytes) tail = NULL;

		assert_ok(lf_write_file_at(dir_fd, "log", rows[i].text, strlen(rows[i].text), 0600,
					   &error),
			  error);
		tail = lf_read_tail_at(dir_fd, "log", rows[i].max_bytes, &error);
		assert_ok(tail != NULL, error);
		assert_int_equal(g_bytes_get_size(tail), strlen(rows[i].wanted));
		assert_string_equal((const char *)g_bytes_get_data(tail, NULL), rows[i].wanted);
	}
	assert_throws(lf_read_tail_at(dir_fd, ".", 10, &error), error, LF_ERROR_IO,
		      "no regular file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(of_a_long_log_the_end_is_read_from_the_beginning_of_a_line),
		LF_TEST(a_scope_closes_its_descriptor),
		LF_TEST(a_stolen_descriptor_stays_open),
		LF_TEST(opening_is_close_on_exec_and_names_the_file),
		LF_TEST(writes_are_whole_through_a_small_socket),
		LF_TEST(writing_to_a_full_device_is_an_io_error),
		LF_TEST(bytes_land_at_their_offset),
		LF_TEST(a_short_file_is_an_error_not_zeros),
		LF_TEST(a_file_of_the_allowed_size_is_read_and_one_byte_more_is_refused),
		LF_TEST(an_endless_file_is_not_held),
		LF_TEST(files_without_a_size_are_read),
		LF_TEST(an_empty_file_is_empty_text),
		LF_TEST(a_written_file_has_its_mode_whatever_the_umask),
		LF_TEST(replacing_leaves_no_temporary_file),
		LF_TEST(a_failed_replacement_leaves_the_old_file),
		LF_TEST(parents_are_made_and_existing_ones_stay),
		LF_TEST(a_file_in_the_way_of_a_directory_is_an_error),
		LF_TEST(a_path_is_below_a_folder_only_at_a_slash),
		LF_TEST(copies_are_equal_also_from_files_without_a_size),
		LF_TEST(a_failed_copy_leaves_nothing),
		LF_TEST(a_link_planted_at_the_temporary_name_is_not_followed),
	};

	return LF_TEST_MAIN(tests);
}
