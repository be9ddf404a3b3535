#pragma once

#include "base/throw.h"

#include <stdint.h>
#include <sys/types.h>

/**
 * LfInitramfs: the files of an initramfs, in memory, keyed by path. Paths are relative, merged
 * below usr/ (bin, sbin, lib and lib* become links), parents come by themselves.
 */
typedef struct LfInitramfs LfInitramfs;

/**
 * lf_initramfs_new:
 * @sysroot_fd: the root directory where programs and libraries are taken from; borrowed. Links in
 *it are followed as if it were /.
 * @triplet: multiarch directory below usr/lib that libraries are looked up in first
 */
LfInitramfs *lf_initramfs_new(int sysroot_fd, const char *triplet);
void lf_initramfs_free(LfInitramfs *initramfs);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfInitramfs, lf_initramfs_free)

void lf_initramfs_add_directory(LfInitramfs *initramfs, const char *path, mode_t mode);
void lf_initramfs_add_link(LfInitramfs *initramfs, const char *path, const char *target);

/** lf_initramfs_add_bytes: a file made of @bytes; an ELF file brings no libraries with it. */
void lf_initramfs_add_bytes(LfInitramfs *initramfs, const char *path, GBytes *bytes, mode_t mode);

/** lf_initramfs_add_file: @source below @dir_fd as @path. Throws IO. */
bool lf_initramfs_add_file(LfInitramfs *initramfs, const char *path, int dir_fd, const char *source,
			   mode_t mode, GError **error);

/**
 * lf_initramfs_add_program:
 * Like lf_initramfs_add_file() with @source below @dir_fd, mode 0755, and with the interpreter and
 * all shared libraries that the file and those need.
 *
 * Errors: INPUT for a damaged ELF file or a library that the sysroot lacks.
 */
bool lf_initramfs_add_program(LfInitramfs *initramfs, const char *path, int dir_fd,
			      const char *source, GError **error);

/** lf_initramfs_add_library: a library that is opened at run time, by its soname, with what it
 * needs. */
bool lf_initramfs_add_library(LfInitramfs *initramfs, const char *soname, GError **error);

/**
 * lf_initramfs_add_tree:
 * @source: a directory below @dir_fd; "" is @dir_fd itself
 * Adds every file and link below @source, under @path. Throws IO; INPUT for special files.
 */
bool lf_initramfs_add_tree(LfInitramfs *initramfs, const char *path, int dir_fd, const char *source,
			   GError **error);

/**
 * lf_initramfs_build_id:
 * Returns: (transfer full): SHA-256 in hex over paths, modes and contents so far
 */
char *lf_initramfs_build_id(const LfInitramfs *initramfs);

/**
 * lf_initramfs_write:
 * Writes a newc cpio archive in one zstd stream: sorted, owned by root, with @mtime on everything,
 * so the same entries give the same bytes. Throws IO.
 */
bool lf_initramfs_write(const LfInitramfs *initramfs, const char *path, int64_t mtime,
			GError **error);
