#pragma once

#include "installer/plan/plan.h"

#include <libcryptsetup.h>

typedef struct crypt_device LfCrypt;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfCrypt, crypt_free)

/** LF_LUKS_TEMPORARY: the keyslot used while installing; far from those that stay, which count from
 * 0. */
#define LF_LUKS_TEMPORARY 31

/**
 * lf_throw_crypt: translates what libcryptsetup returned (a negated errno) and said of @device.
 * Returns: false.
 */
bool lf_throw_crypt(GError **error, LfCrypt *device, int result, const char *what);

/**
 * lf_luks_format:
 * @node: block device or plain file; what was on it is lost
 * @wish: which cipher, key size, sector size, UUID
 * @temporary: key for slot LF_LUKS_TEMPORARY; must be random, for its slot is made to open fast
 *
 * Makes a LUKS2 volume whose only keyslot is the temporary one. Works on files without
 * device-mapper.
 *
 * Errors: IO; UNSUPPORTED when the cipher is unknown here.
 * Returns: (transfer full) (nullable): the loaded device
 */
LfCrypt *lf_luks_format(const char *node, const LfPlanLuks *wish, const LfSecret *temporary,
			GError **error);

/** lf_luks_open: opens the volume as /dev/mapper/@name with the temporary key. Needs root. */
bool lf_luks_open(LfCrypt *device, const char *name, const LfSecret *temporary, GError **error);

/**
 * lf_luks_add_passphrase: adds a slot for @wish->passphrase with the planned key derivation.
 * @memory_limit_kib: most memory the derivation may take
 */
bool lf_luks_add_passphrase(LfCrypt *device, const LfPlanLuks *wish, const LfSecret *temporary,
			    uint32_t memory_limit_kib, GError **error);

/**
 * lf_luks_add_recovery: adds a slot for @key, which must be random, and a token of type
 * systemd-recovery that names it. Source: systemd, src/cryptenroll/cryptenroll-recovery.c.
 */
bool lf_luks_add_recovery(LfCrypt *device, const LfSecret *temporary, const LfSecret *key,
			  GError **error);

/** lf_luks_remove_temporary: destroys the temporary slot and its key material. */
bool lf_luks_remove_temporary(LfCrypt *device, GError **error);

/**
 * lf_luks_verify:
 * @node: the device, read anew
 *
 * Compares slots and tokens on the device with the plan: each wanted one is there with its token,
 * and nothing else is.
 *
 * Errors: INTERNAL that tells what differs.
 */
bool lf_luks_verify(const char *node, const LfPlanLuks *wish, GError **error);

/** lf_luks_describe: (transfer full): slots and tokens of the device as a JSON object for reports.
 */
json_t *lf_luks_describe(LfCrypt *device);
