#pragma once

#include "installer/apply/apply.h"

/**
 * The real effects, one for each step of the table in apply.h. Each stands in the file of its noun.
 * They are put into an LfEffects in main.c and nowhere else.
 */
bool lf_effect_check_disk(LfInstall *install, GError **error);	  /* disk.c */
bool lf_effect_check_tools(LfInstall *install, GError **error);	  /* tools.c */
bool lf_effect_check_payload(LfInstall *install, GError **error); /* commit-check.c */
bool lf_effect_check_keys(LfInstall *install, GError **error);	  /* keys.c */
bool lf_effect_wipe(LfInstall *install, GError **error);	  /* wipe.c */
bool lf_effect_table(LfInstall *install, GError **error);	  /* gpt.c */
bool lf_effect_encrypt(LfInstall *install, GError **error);	  /* luks.c */
bool lf_effect_enroll(LfInstall *install, GError **error);	  /* keys.c */
bool lf_effect_format(LfInstall *install, GError **error);	  /* mkfs.c */
bool lf_effect_mount(LfInstall *install, GError **error);	  /* mounts.c */
bool lf_effect_pre_install(LfInstall *install, GError **error);	  /* scripts.c */
bool lf_effect_sysroot(LfInstall *install, GError **error);	  /* sysroot.c */
bool lf_effect_pull(LfInstall *install, GError **error);	  /* sysroot.c */
bool lf_effect_deploy(LfInstall *install, GError **error);	  /* sysroot.c */
bool lf_effect_configure(LfInstall *install, GError **error);	  /* configure.c */
bool lf_effect_accounts(LfInstall *install, GError **error);	  /* accounts.c */
bool lf_effect_services(LfInstall *install, GError **error);	  /* services.c */
bool lf_effect_post(LfInstall *install, GError **error);	  /* scripts.c */
bool lf_effect_seal(LfInstall *install, GError **error);	  /* keys.c */
bool lf_effect_record(LfInstall *install, GError **error);	  /* record.c */
bool lf_effect_sync(LfInstall *install, GError **error);	  /* verify.c */
bool lf_effect_verify(LfInstall *install, GError **error);	  /* verify.c */
bool lf_effect_boot_files(LfInstall *install, GError **error);	  /* boot.c */
bool lf_effect_close(LfInstall *install, GError **error);	  /* mounts.c */
bool lf_effect_boot_entry(LfInstall *install, GError **error);	  /* efi.c */

/** lf_effect_failed: runs the kickstart's %onerror scripts, as well as may be, and keeps the logs
 * on the target. (scripts.c) */
void lf_effect_failed(LfInstall *install, const GError *cause);
