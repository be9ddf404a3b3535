#pragma once

#include "base/throw.h"

#include <sys/types.h>

/**
 * Files below the root of a system that is not running. Every path is looked up as a process
 * chrooted to
 * @root_fd would see it: absolute links inside stay inside, and none leads out. Paths are relative
 * ("etc/hostname"). Nothing here is synced: the caller syncs the file system once.
 */

/** lf_tree_open: like openat() for @path as seen from the root. Throws IO. */
bool lf_tree_open(int root_fd, const char *path, int flags, mode_t mode, int *ret_fd,
		  GError **error);

/** lf_tree_exists: whether @path leads to something, links followed. */
bool lf_tree_exists(int root_fd, const char *path);

/**
 * lf_tree_read: reads a text file of at most @max_bytes.
 * Returns: (transfer full) (nullable): its text, "" when there is no such file, NULL with @error
 * set
 */
char *lf_tree_read(int root_fd, const char *path, size_t max_bytes, GError **error);

/**
 * lf_tree_write:
 * Replaces the file at @path (also when it is a link) by one with this text and exactly this mode;
 * its directory must exist.
 */
bool lf_tree_write(int root_fd, const char *path, const char *text, mode_t mode, GError **error);

/** lf_tree_append: adds text to a regular file, which is created with @mode when missing. */
bool lf_tree_append(int root_fd, const char *path, const char *text, mode_t mode, GError **error);

/** lf_tree_link: replaces @path by a symbolic link to @target. */
bool lf_tree_link(int root_fd, const char *target, const char *path, GError **error);

/** lf_tree_mkdirs: creates @path and missing parents with @mode; existing ones stay as they are. */
bool lf_tree_mkdirs(int root_fd, const char *path, mode_t mode, GError **error);

/** lf_tree_chown: of @path itself, never of what a link points to. */
bool lf_tree_chown(int root_fd, const char *path, uid_t uid, gid_t gid, GError **error);
