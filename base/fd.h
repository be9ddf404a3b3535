#pragma once

#include "base/throw.h"

#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>

static inline void lf_close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/** lf_autofd: an int file descriptor that is closed when its scope ends; start with -1. */
#define lf_autofd __attribute__((cleanup(lf_close_fd))) int

/** lf_steal_fd: takes the descriptor out of an lf_autofd variable. */
static inline int lf_steal_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/** lf_openat: openat() with O_CLOEXEC and EINTR handled; throws IO. Returns false, @ret_fd
 * untouched, on failure. */
bool lf_openat(int dir_fd, const char *path, int flags, mode_t mode, int *ret_fd, GError **error);

/** lf_write_all: writes all @size bytes at the current position. Throws IO. */
bool lf_write_all(int fd, const void *data, size_t size, GError **error);

/** lf_pwrite_all: writes all @size bytes at @offset. Throws IO. */
bool lf_pwrite_all(int fd, const void *data, size_t size, uint64_t offset, GError **error);

/** lf_pread_all: reads exactly @size bytes at @offset; a short file is an IO error. */
bool lf_pread_all(int fd, void *data, size_t size, uint64_t offset, GError **error);

/**
 * lf_read_file_at:
 * @dir_fd: directory, or AT_FDCWD
 * @path: relative to @dir_fd
 * @max_bytes: a longer file is an INPUT error; no more than this is ever held
 *
 * Reads a whole file, also of /proc and /sys where the size is not known beforehand.
 *
 * Returns: (transfer full) (nullable): the bytes, with a NUL behind them that does not count.
 */
GBytes *lf_read_file_at(int dir_fd, const char *path, size_t max_bytes, GError **error);

/** lf_read_fd: lf_read_file_at() from here to the end of an open file, which errors do not name. */
GBytes *lf_read_fd(int fd, size_t max_bytes, GError **error);

/**
 * lf_read_tail_at:
 * Reads the last @max_bytes of a log, which may be growing: as it is now, from the beginning of a
 * line when not all of it. Throws IO, also when it is no regular file.
 * Returns: (transfer full) (nullable): as lf_read_file_at()
 */
GBytes *lf_read_tail_at(int dir_fd, const char *path, size_t max_bytes, GError **error);

/**
 * lf_read_text_at: like lf_read_file_at() for short text; trailing white space is cut off.
 * Returns: (transfer full) (nullable): NULL with @error set
 */
char *lf_read_text_at(int dir_fd, const char *path, size_t max_bytes, GError **error);

/**
 * lf_write_file_at:
 * Writes a file atomically: temporary name beside it, fsync, rename. @mode is set exactly
 * (no umask). Throws IO.
 */
bool lf_write_file_at(int dir_fd, const char *path, const void *data, size_t size, mode_t mode,
		      GError **error);

/** lf_path_is_below: whether @path is @dir or lies below it, by their text alone. */
bool lf_path_is_below(const char *path, const char *dir);

/** lf_mkdirs_at: creates @path and its parents below @dir_fd with @mode; existing ones stay. */
bool lf_mkdirs_at(int dir_fd, const char *path, mode_t mode, GError **error);

/** lf_copy_fd: copies from the current positions to the end of @in (copy_file_range, then
 * read/write). */
bool lf_copy_fd(int in, int out, GError **error);

/** lf_copy_file_at: copies one regular file, with @mode, atomically as lf_write_file_at(). */
bool lf_copy_file_at(int from_fd, const char *from, int to_fd, const char *to, mode_t mode,
		     GError **error);
