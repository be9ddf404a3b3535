#pragma once

#include "base/throw.h"

#include <stdint.h>

/**
 * LfBootArch: names of the boot chain's files; the one table of the device side that knows
 * architectures.
 * @shim, @grub, @mok: signed binaries in the deployment, relative
 * @csv: what shim's fallback reads, relative
 * @removable: name of the file firmware starts from EFI/BOOT
 * @shim_name, @grub_name, @mok_name: names on the ESP, which shim and GRUB have built in
 */
typedef struct {
	const char *architecture;
	const char *shim, *grub, *mok, *csv;
	const char *removable;
	const char *shim_name, *grub_name, *mok_name, *csv_name;
} LfBootArch;

/** lf_boot_arch: (transfer none): the row for "x86_64" and so on. Errors: UNSUPPORTED. */
const LfBootArch *lf_boot_arch(const char *architecture, GError **error);

/**
 * lf_boot_grub_cfg:
 * @boot_uuid: UUID of the file system with /boot
 * @menu_prefix: where /boot starts on that file system: "" or "/boot"
 * @timeout_s: how long the menu waits; negative: 1
 *
 * The static grub.cfg of the ESP: finds /boot and loads the menu that OSTree rewrites there.
 * Returns: (transfer full)
 */
char *lf_boot_grub_cfg(const char *boot_uuid, const char *menu_prefix, int64_t timeout_s);

/**
 * lf_boot_write:
 * @tree_fd: the installed system's tree
 * @esp_fd: the ESP's root
 * @grub_cfg: text of the static grub.cfg
 *
 * Puts shim, signed GRUB, MOK manager and grub.cfg into EFI/debian and, last, EFI/BOOT. The file
 * that firmware starts by itself is the last one written. Without shim's fallback program: it
 * resets machines.
 *
 * Errors: IO; TARGET when the deployment lacks a file.
 * Source: UEFI 2.10, 3.5.1.1; shim, README.fallback.
 */
bool lf_boot_write(int tree_fd, int esp_fd, const LfBootArch *arch, const char *grub_cfg,
		   GError **error);

/** LF_BOOT_ENTRY_LABEL, LF_BOOT_VENDOR_DIR: name of the firmware's entry and of the folder on the
 * ESP. */
#define LF_BOOT_ENTRY_LABEL "debian"
#define LF_BOOT_VENDOR_DIR  "EFI/debian"
