#pragma once

#include "base/throw.h"

#include <gio/gio.h>
#include <stdint.h>

/** LF_BOOT_CHAIN_DIR: where a payload keeps the files of the ESP, laid out as there; relative. */
#define LF_BOOT_CHAIN_DIR "usr/lib/landfall/esp"

/** LF_BOOT_ENTRY_LABEL, LF_BOOT_VENDOR_DIR: name of the firmware's entry, folder on the ESP. */
#define LF_BOOT_ENTRY_LABEL "debian"
#define LF_BOOT_VENDOR_DIR  "EFI/debian"

/**
 * lf_boot_chain:
 * @chain: a payload's LF_BOOT_CHAIN_DIR
 *
 * Lists the boot chain's files, relative to @chain, in the order in which they are written: what
 * firmware starts by itself comes last.
 *
 * Returns: (transfer full): the names
 * Errors: TARGET when the folder lacks what a machine starts from.
 */
char **lf_boot_chain(GFile *chain, GError **error);

/**
 * lf_boot_loader:
 * @chain: names from lf_boot_chain()
 *
 * Returns: (transfer full): the path on the ESP that the firmware's entry starts, as firmware
 * writes it
 */
char *lf_boot_loader(const char *const *chain);

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
 * lf_boot_open_chain:
 * @tree_fd: the installed system's tree
 * @ret_fd: (out): its LF_BOOT_CHAIN_DIR; close it
 * @ret_paths: (out) (transfer full): as from lf_boot_chain()
 *
 * Errors: IO; TARGET when the system lacks a file.
 */
bool lf_boot_open_chain(int tree_fd, int *ret_fd, char ***ret_paths, GError **error);

/**
 * lf_boot_write:
 * @chain_fd: the installed system's LF_BOOT_CHAIN_DIR
 * @chain: names from lf_boot_chain()
 * @esp_fd: the ESP's root
 * @grub_cfg: text of the static grub.cfg
 *
 * Copies the boot chain and puts grub.cfg into EFI/debian, where the signed GRUB looks wherever it
 * was started from. The file that firmware starts by itself is the last one written.
 *
 * Errors: IO.
 * Source: UEFI 2.10, 3.5.1.1; shim, README.fallback.
 */
bool lf_boot_write(int chain_fd, const char *const *chain, int esp_fd, const char *grub_cfg,
		   GError **error);
