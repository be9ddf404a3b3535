#pragma once

#include "installer/apply/install.h"

/**
 * lf_sysroot_prepare:
 * @path: the mounted root file system
 * @plan: stateroot, remote, url
 * @keyring: (nullable): binary OpenPGP key ring; becomes the remote's trusted keys
 * @ca_file: (nullable): authorities of the server the system upgrades from; copied
 *
 * Makes a modern OSTree root: /ostree with a bare repository, the stateroot, and the remote the
 * installed system upgrades from.
 *
 * Errors: IO; TRUST when signatures are to be verified and there is no key ring.
 * Returns: (transfer full) (nullable)
 */
OstreeSysroot *lf_sysroot_prepare(const char *path, const LfPlan *plan, const char *keyring,
				  const char *ca_file, GError **error);

/**
 * lf_sysroot_deploy:
 * Deploys the plan's commit, which must be in the repository: checkout, /etc, kernel and initrd in
 * /boot, boot entry with the plan's kernel arguments. The menu is not written yet.
 *
 * @ret_deployment: (out) (transfer full): directory relative to the sysroot
 */
bool lf_sysroot_deploy(OstreeSysroot *sysroot, const LfPlan *plan, char **ret_deployment,
		       GError **error);

/**
 * lf_sysroot_mount_data:
 * Mounts the partitions of the installed system's own tree in it, which is at LF_SYSROOT. A kept
 * one that cannot be mounted is a note.
 */
bool lf_sysroot_mount_data(LfInstall *install, GError **error);

/**
 * lf_sysroot_join_flusher:
 * Waits for the thread that writes the pull out; without one there is nothing to do.
 *
 * Errors: IO: what it could not write.
 */
bool lf_sysroot_join_flusher(LfInstall *install, GError **error);
