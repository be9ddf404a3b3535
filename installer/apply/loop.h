#pragma once

#include "installer/apply/scope.h"

#include <stdint.h>

/**
 * lf_loop_attach:
 * @file_fd: plain file, opened for reading and writing
 * @held: takes the loop device, which ends with it
 * @ret_node: (out) (transfer full): such as /dev/loop3
 *
 * Shows a range of a file as a block device. Needs root.
 *
 * Errors: UNSUPPORTED when this machine has no loop devices to give.
 */
bool lf_loop_attach(int file_fd, uint64_t start_bytes, uint64_t size_bytes, LfScope *held,
		    char **ret_node, GError **error);

/**
 * lf_loop_attach_readonly: the same for reading alone, so that nothing above it can write.
 * @file_fd: plain file or whole disk, opened for reading; neither the disk nor a partition of it is
 * in use by that
 */
bool lf_loop_attach_readonly(int file_fd, uint64_t start_bytes, uint64_t size_bytes, LfScope *held,
			     char **ret_node, GError **error);
