#pragma once

#include "base/throw.h"

/** Where udevd says that it listens (sd_notify protocol). */
#define LF_UDEV_NOTIFY "/run/landfall/udev-notify"

/** lf_devices_argv: (transfer none) (array zero-terminated=1): the udev daemon, in the foreground.
 */
const char *const *lf_devices_argv(void);

/** lf_devices_listen: makes the socket LF_UDEV_NOTIFY. Throws IO. */
bool lf_devices_listen(int *ret_fd, GError **error);

/**
 * lf_devices_coldplug:
 * @notify_fd: from lf_devices_listen()
 * @failed: (element-type utf8): gets one sentence for each step that failed; the others are still
 * done
 *
 * Waits until udevd listens, lets the kernel announce all devices once more, mounts efivarfs, waits
 * until udevd is through. Takes seconds: call it in a process of its own.
 */
void lf_devices_coldplug(int notify_fd, GPtrArray *failed);
