// Files by descriptor: open, whole reads with a bound, atomic writes, copies.
// Not here: what is in the files.
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define COPY_CHUNK_BYTES (1024 * 1024)

bool lf_openat(int dir_fd, const char *path, int flags, mode_t mode, int *ret_fd, GError **error)
{
	int fd = TEMP_FAILURE_RETRY(openat(dir_fd, path, flags | O_CLOEXEC, mode));

	if (fd < 0)
		return lf_throw_errno(error, "cannot open '%s'", path);
	*ret_fd = fd;
	return true;
}

bool lf_write_all(int fd, const void *data, size_t size, GError **error)
{
	const char *next = data;

	while (size > 0) {
		ssize_t n = TEMP_FAILURE_RETRY(write(fd, next, size));

		if (n < 0)
			return lf_throw_errno(error, "cannot write");
		next += n;
		size -= (size_t)n;
	}
	return true;
}

bool lf_pwrite_all(int fd, const void *data, size_t size, uint64_t offset, GError **error)
{
	const char *next = data;

	while (size > 0) {
		ssize_t n = TEMP_FAILURE_RETRY(pwrite(fd, next, size, (off_t)offset));

		if (n < 0)
			return lf_throw_errno(error, "cannot write at %" G_GUINT64_FORMAT, offset);
		next += n;
		size -= (size_t)n;
		offset += (uint64_t)n;
	}
	return true;
}

bool lf_pread_all(int fd, void *data, size_t size, uint64_t offset, GError **error)
{
	char *next = data;

	while (size > 0) {
		ssize_t n = TEMP_FAILURE_RETRY(pread(fd, next, size, (off_t)offset));

		if (n < 0)
			return lf_throw_errno(error, "cannot read at %" G_GUINT64_FORMAT, offset);
		if (n == 0)
			return lf_throw(error, LF_ERROR_IO,
					"ends early: %zu bytes are missing at %" G_GUINT64_FORMAT,
					size, offset);
		next += n;
		size -= (size_t)n;
		offset += (uint64_t)n;
	}
	return true;
}

static bool read_to_end(int fd, GByteArray *all, size_t max_bytes, GError **error)
{
	char chunk[16384];

	for (;;) {
		ssize_t n = TEMP_FAILURE_RETRY(read(fd, chunk, sizeof chunk));

		if (n < 0)
			return lf_throw_errno(error, "cannot read");
		if (n == 0)
			return true;
		if (all->len + (size_t)n > max_bytes)
			return lf_throw(error, LF_ERROR_INPUT, "longer than the %zu bytes allowed",
					max_bytes);
		g_byte_array_append(all, (const guint8 *)chunk, (guint)n);
	}
}

GBytes *lf_read_fd(int fd, size_t max_bytes, GError **error)
{
	g_autoptr(GByteArray) all = g_byte_array_new();
	guint len;

	if (!read_to_end(fd, all, MIN(max_bytes, (size_t)G_MAXUINT32 / 2), error))
		return NULL;
	len = all->len;
	g_byte_array_append(all, (const guint8 *)"", 1);
	return g_bytes_new_with_free_func(all->data, len, (GDestroyNotify)g_byte_array_unref,
					  g_byte_array_ref(all));
}

GBytes *lf_read_file_at(int dir_fd, const char *path, size_t max_bytes, GError **error)
{
	lf_autofd fd = -1;
	GBytes *bytes;

	if (!lf_openat(dir_fd, path, O_RDONLY, 0, &fd, error))
		return NULL;
	bytes = lf_read_fd(fd, max_bytes, error);
	if (!bytes)
		lf_prefix(error, "'%s'", path);
	return bytes;
}

// Takes @text. A byte is set behind it.
static GBytes *from_a_line(char *text, size_t size, bool is_cut)
{
	g_autoptr(GBytes) all = g_bytes_new_take(text, size);
	const char *end = is_cut ? memchr(text, '\n', size) : NULL;
	size_t skipped = end ? (size_t)(end + 1 - text) : 0;

	return g_bytes_new_from_bytes(all, skipped, size - skipped);
}

GBytes *lf_read_tail_at(int dir_fd, const char *path, size_t max_bytes, GError **error)
{
	g_autofree char *text = NULL;
	lf_autofd fd = -1;
	struct stat info;
	size_t size;

	if (!lf_openat(dir_fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, &fd, error))
		return NULL;
	if (fstat(fd, &info) < 0)
		return lf_throw_errno_null(error, "cannot look at '%s'", path);
	if (!S_ISREG(info.st_mode))
		return lf_throw_null(error, LF_ERROR_IO, "'%s' is no regular file", path);
	size = (size_t)MIN((uint64_t)info.st_size, max_bytes);
	text = g_malloc0(size + 1);
	if (!lf_pread_all(fd, text, size, (uint64_t)info.st_size - size, error)) {
		lf_prefix(error, "'%s'", path);
		return NULL;
	}
	return from_a_line(g_steal_pointer(&text), size, size < (uint64_t)info.st_size);
}

char *lf_read_text_at(int dir_fd, const char *path, size_t max_bytes, GError **error)
{
	g_autoptr(GBytes) bytes = lf_read_file_at(dir_fd, path, max_bytes, error);
	gsize size;
	const char *data;

	if (!bytes)
		return NULL;
	data = g_bytes_get_data(bytes, &size);
	return g_strchomp(g_strndup(data, size));
}

static bool write_and_rename(int dir_fd, const char *temp, const char *path, const void *data,
			     size_t size, mode_t mode, GError **error)
{
	lf_autofd fd = -1;

	if (!lf_openat(dir_fd, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600, &fd, error) ||
	    !lf_write_all(fd, data, size, error))
		return false;
	if (fchmod(fd, mode) < 0 || fsync(fd) < 0)
		return lf_throw_errno(error, "cannot finish '%s'", temp);
	if (renameat(dir_fd, temp, dir_fd, path) < 0)
		return lf_throw_errno(error, "cannot rename '%s'", temp);
	return true;
}

static char *temp_name(const char *path)
{
	return g_strdup_printf("%s.%08x~", path, g_random_int());
}

bool lf_write_file_at(int dir_fd, const char *path, const void *data, size_t size, mode_t mode,
		      GError **error)
{
	g_autofree char *temp = temp_name(path);

	if (write_and_rename(dir_fd, temp, path, data, size, mode, error))
		return true;
	unlinkat(dir_fd, temp, 0);
	return lf_prefix(error, "cannot write '%s'", path);
}

bool lf_path_is_below(const char *path, const char *dir)
{
	size_t length = strlen(dir);

	return strncmp(path, dir, length) == 0 && (path[length] == '/' || !path[length]);
}

bool lf_mkdirs_at(int dir_fd, const char *path, mode_t mode, GError **error)
{
	g_autofree char *part = g_strdup(path);

	for (char *slash = part + 1; *part; slash++) {
		bool is_last = *slash == '\0';

		if (!is_last && *slash != '/')
			continue;
		*slash = '\0';
		if (mkdirat(dir_fd, part, mode) < 0 && errno != EEXIST)
			return lf_throw_errno(error, "cannot create directory '%s'", part);
		if (is_last)
			break;
		*slash = '/';
	}
	return true;
}

static bool copy_by_read(int in, int out, GError **error)
{
	g_autofree char *chunk = g_malloc(COPY_CHUNK_BYTES);

	for (;;) {
		ssize_t n = TEMP_FAILURE_RETRY(read(in, chunk, COPY_CHUNK_BYTES));

		if (n < 0)
			return lf_throw_errno(error, "cannot read");
		if (n == 0)
			return true;
		if (!lf_write_all(out, chunk, (size_t)n, error))
			return false;
	}
}

bool lf_copy_fd(int in, int out, GError **error)
{
	ssize_t n;

	do
		n = copy_file_range(in, NULL, out, NULL, 256 * (size_t)COPY_CHUNK_BYTES, 0);
	while (n > 0 || (n < 0 && errno == EINTR));
	// Some file systems refuse it (EXDEV, EINVAL, ENOSYS) or answer 0 for files without a size.
	return copy_by_read(in, out, error);
}

bool lf_copy_file_at(int from_fd, const char *from, int to_fd, const char *to, mode_t mode,
		     GError **error)
{
	g_autofree char *temp = temp_name(to);
	lf_autofd in = -1;
	lf_autofd out = -1;

	if (!lf_openat(from_fd, from, O_RDONLY, 0, &in, error) ||
	    !lf_openat(to_fd, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600, &out, error))
		return lf_prefix(error, "cannot copy '%s' to '%s'", from, to);
	if (lf_copy_fd(in, out, error) && fchmod(out, mode) == 0 && fsync(out) == 0 &&
	    renameat(to_fd, temp, to_fd, to) == 0)
		return true;
	if (error && !*error)
		lf_throw_errno(error, "cannot finish");
	unlinkat(to_fd, temp, 0);
	return lf_prefix(error, "cannot copy '%s' to '%s'", from, to);
}
