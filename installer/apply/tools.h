#pragma once

#include "base/throw.h"

/** The programs an install runs, where Debian has them. */
#define LF_TOOL_MKFS_VFAT   "/usr/sbin/mkfs.vfat"
#define LF_TOOL_MKFS_EXT4   "/usr/sbin/mkfs.ext4"
#define LF_TOOL_MKFS_XFS    "/usr/sbin/mkfs.xfs"
#define LF_TOOL_MKSWAP	    "/usr/sbin/mkswap"
#define LF_TOOL_CRYPTENROLL "/usr/bin/systemd-cryptenroll"

/**
 * lf_tools_maker: (transfer none) (nullable): the program that makes this file system; NULL when no
 * program is known for it.
 */
const char *lf_tools_maker(const char *fstype);

/**
 * lf_tools_load_driver: loads a kernel module with what it needs; one that is built in, or that is
 * not there, is no error here.
 */
void lf_tools_load_driver(const char *name);

/**
 * lf_tools_load_usual_drivers: loads the drivers that nearly every install needs. A plan that needs
 * others loads them itself; this is for a time in which there is nothing else to do.
 */
void lf_tools_load_usual_drivers(void);
