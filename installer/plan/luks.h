#pragma once

#include "installer/plan/plan.h"

/**
 * lf_luks_check:
 * Checks all that the profile says of encryption: a TPM that is asked for must be there, a recovery
 * key needs its certificate, every encrypted part can be planned, and `unlock` without an encrypted
 * part is a mistake that must not end in a system without encryption.
 *
 * Errors: INPUT; UNSUPPORTED; TARGET when the machine has no TPM 2.0.
 */
bool lf_luks_check(const LfProfile *profile, const LfFacts *facts, GError **error);

/**
 * lf_luks_plan:
 * @part: its line, encrypted
 *
 * Decides cipher, key derivation and keyslots of one LUKS2 volume. Name and UUID are the caller's.
 * The memory of Argon2id is a quarter of the machine's, at most 1 GiB, at least 64 MiB: the initrd
 * of the installed system must be able to take it again at every boot.
 *
 * Errors: INPUT, UNSUPPORTED, TARGET (more memory for Argon2 than the machine can give).
 * Returns: (transfer full) (nullable)
 */
LfPlanLuks *lf_luks_plan(const LfPart *part, const LfProfile *profile, const LfFacts *facts,
			 GError **error);

void lf_plan_luks_free(LfPlanLuks *luks);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfPlanLuks, lf_plan_luks_free)
