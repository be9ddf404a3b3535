#pragma once

#include "installer/apply/scope.h"

/**
 * lf_mount: mounts a file system on @target, which is created when missing. The mount ends with
 * @held.
 * @options: (nullable): options of the file system, comma separated
 * @flags: MS_… flags
 */
bool lf_mount(const char *source, const char *target, const char *fstype, unsigned long flags,
	      const char *options, LfScope *held, GError **error);

/** lf_mount_bind: shows @source on @target as well; with @is_readonly not for writing. */
bool lf_mount_bind(const char *source, const char *target, bool is_readonly, LfScope *held,
		   GError **error);

/**
 * lf_mount_api: shows /proc, /sys, /dev or /run with all that is mounted below on @target, for
 * programs that are run in the target's tree.
 */
bool lf_mount_api(const char *source, const char *target, LfScope *held, GError **error);

/** lf_mount_is_there: whether something is mounted on @target. */
bool lf_mount_is_there(const char *target);
