#pragma once

#include <glib.h>
#include <stddef.h>

/** LfUdev: what udev's database says of a device. */
typedef struct {
	GPtrArray *links;	/* char *: "/dev/disk/by-id/…", in natural order */
	GHashTable *properties; /* char * → char * */
} LfUdev;

/**
 * lf_udev_parse:
 * @text: (array length=size) (nullable): a file of /run/udev/data; hostile (labels of a disk end up
 * there) Lines that are not understood are left out, and at most 256 links and 1024 properties are
 * kept. Source: systemd, src/libsystemd/sd-device/device-private.c (device_update_db), udev_db
 * format. Returns: (transfer full): never NULL
 */
LfUdev *lf_udev_parse(const char *text, size_t size);

/** lf_udev_load: the record of the block device @number ("8:0"); empty when there is none. */
LfUdev *lf_udev_load(int root_fd, const char *number);

/**
 * lf_udev_get: (transfer full) (nullable): a property, made fit for facts; NULL when absent or
 * empty.
 */
char *lf_udev_get(const LfUdev *udev, const char *name);

void lf_udev_free(LfUdev *udev);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfUdev, lf_udev_free)
