// How a partition is encrypted: cipher, key derivation, keyslots.
// Not here: the keys themselves, the kernel arguments that open it (kargs.c), formatting.
#include "installer/plan/luks.h"

#include <string.h>

#include "installer/plan/text.h"

#define MAX_PBKDF_KIB	  (UINT32_C(1) << 20)
#define MIN_PBKDF_KIB	  (UINT32_C(64) << 10)
#define DEFAULT_PBKDF_MS  2000
#define SECTOR_BYTES	  4096
#define ALLOWED_KDF_SHARE 2

// Ciphers of Debian's kernels with their key sizes; XTS uses two keys.
static const struct {
	const char *name;
	const char *cipher;
	const char *mode;
	uint32_t key_bytes;
} ciphers[] = {
	{ "aes-xts-plain64", "aes", "xts-plain64", 64 },
	{ "serpent-xts-plain64", "serpent", "xts-plain64", 64 },
	{ "twofish-xts-plain64", "twofish", "xts-plain64", 64 },
	{ "camellia-xts-plain64", "camellia", "xts-plain64", 64 },
	{ "aes-cbc-essiv:sha256", "aes", "cbc-essiv:sha256", 32 },
};

void lf_plan_luks_free(LfPlanLuks *luks)
{
	if (!luks)
		return;
	g_free(luks->name);
	g_free(luks->uuid);
	g_free(luks->cipher);
	g_free(luks->cipher_mode);
	g_free(luks->pbkdf);
	lf_secret_free(luks->passphrase);
	g_free(luks->escrow);
	g_free(luks);
}

// --- the profile as a whole ---------------------------------------------------------------------

static bool is_any_encrypted(const LfProfile *profile)
{
	for (guint i = 0; i < profile->parts->len; i++)
		if (((const LfPart *)profile->parts->pdata[i])->encryption.is_encrypted)
			return true;
	return false;
}

static bool check_tpm(const LfUnlock *unlock, const LfFacts *facts, GError **error)
{
	if (!unlock->wants_tpm2)
		return true;
	if (unlock->pcr_mask == 0 || unlock->pcr_mask >= UINT32_C(1) << 24)
		return lf_throw_at(error, LF_ERROR_INPUT, &unlock->place,
				   "'unlock --pcrs=' must name at least one PCR from 0 to 23");
	if (g_strcmp0(facts->tpm_version, "2") == 0)
		return true;
	if (facts->tpm_version)
		return lf_throw_at(error, LF_ERROR_TARGET, &unlock->place,
				   "'unlock --tpm2' needs a TPM 2.0, and this machine has a TPM %s",
				   facts->tpm_version);
	return lf_throw_at(
		error, LF_ERROR_TARGET, &unlock->place,
		"'unlock --tpm2' is asked for and this machine shows no TPM: enable it in "
		"the firmware, or write 'part --passphrase=' without 'unlock --tpm2'");
}

// --- one volume ---------------------------------------------------------------------------------

static bool choose_cipher(LfPlanLuks *luks, const LfPart *part, GError **error)
{
	const char *wanted = part->encryption.cipher;
	g_autoptr(GString) known = g_string_new(NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(ciphers); i++) {
		if (!wanted || strcmp(ciphers[i].name, wanted) == 0) {
			luks->cipher = g_strdup(ciphers[i].cipher);
			luks->cipher_mode = g_strdup(ciphers[i].mode);
			luks->key_bytes = ciphers[i].key_bytes;
			return true;
		}
		g_string_append_printf(known, "%s%s", i > 0 ? ", " : "", ciphers[i].name);
	}
	return lf_throw_at(error, LF_ERROR_UNSUPPORTED, &part->place,
			   "'--cipher=%s' is not supported: known are %s", wanted, known->str);
}

static uint32_t fitting_memory_kib(const LfFacts *facts)
{
	// Whole 32 MiB: what the kernel counts as memory differs a little from start to start.
	uint64_t quarter_kib = facts->memory_bytes / 4 / (32 << 20) * (32 << 10);

	return (uint32_t)CLAMP(quarter_kib, MIN_PBKDF_KIB, MAX_PBKDF_KIB);
}

static bool choose_memory(LfPlanLuks *luks, const LfPart *part, const LfFacts *facts,
			  GError **error)
{
	uint64_t wanted_kib = part->encryption.pbkdf_memory_kib;
	uint64_t allowed_kib = facts->memory_bytes / 1024 / ALLOWED_KDF_SHARE;

	if (wanted_kib > 4 * (uint64_t)MAX_PBKDF_KIB)
		return lf_throw_at(error, LF_ERROR_INPUT, &part->place,
				   "'--pbkdf-memory=%" G_GUINT64_FORMAT
				   "' is more than LUKS2 has: at "
				   "most %u",
				   wanted_kib, 4 * MAX_PBKDF_KIB);
	if (wanted_kib > allowed_kib && facts->memory_bytes > 0)
		return lf_throw_at(error, LF_ERROR_TARGET, &part->place,
				   "'--pbkdf-memory=%" G_GUINT64_FORMAT
				   "' is more than half of this "
				   "machine's memory, which could not unlock it: write at most "
				   "%" G_GUINT64_FORMAT,
				   wanted_kib, allowed_kib);
	luks->pbkdf_memory_kib = wanted_kib ? (uint32_t)wanted_kib : fitting_memory_kib(facts);
	return true;
}

static bool choose_pbkdf(LfPlanLuks *luks, const LfPart *part, const LfFacts *facts, GError **error)
{
	static const char *const known[] = { "argon2id", "argon2i", "pbkdf2", NULL };
	const LfEncryption *wanted = &part->encryption;

	if (wanted->pbkdf && !g_strv_contains(known, wanted->pbkdf))
		return lf_throw_at(error, LF_ERROR_INPUT, &part->place,
				   "'--pbkdf=%s' is unknown: write argon2id, argon2i or pbkdf2",
				   wanted->pbkdf);
	luks->pbkdf = g_strdup(wanted->pbkdf ? wanted->pbkdf : known[0]);
	luks->pbkdf_iterations = wanted->pbkdf_iterations;
	luks->pbkdf_time_ms = wanted->pbkdf_time_ms;
	if (!luks->pbkdf_time_ms && !luks->pbkdf_iterations)
		luks->pbkdf_time_ms = DEFAULT_PBKDF_MS;
	if (strcmp(luks->pbkdf, "pbkdf2") == 0)
		return true;
	return choose_memory(luks, part, facts, error);
}

static bool choose_slots(LfPlanLuks *luks, const LfPart *part, const LfUnlock *unlock,
			 GError **error)
{
	const LfSecret *passphrase = part->encryption.passphrase;

	if (!passphrase && !unlock->wants_tpm2)
		return lf_throw_at(
			error, LF_ERROR_INPUT, &part->place,
			"'part %s --encrypted' could never be unlocked: write --passphrase=, "
			"or 'unlock --tpm2' in '%%addon com_landfall'",
			part->mount);
	if (passphrase && (lf_secret_size(passphrase) == 0 || lf_secret_size(passphrase) > 512))
		return lf_throw_at(error, LF_ERROR_INPUT, &part->place,
				   "'part %s': the passphrase must have 1 to 512 bytes",
				   part->mount);
	luks->passphrase = lf_secret_copy(passphrase);
	luks->wants_tpm2 = unlock->wants_tpm2;
	luks->pcr_mask = unlock->wants_tpm2 ? unlock->pcr_mask : 0;
	luks->wants_recovery = unlock->wants_recovery;
	luks->escrow = unlock->wants_recovery ? g_strdup(unlock->escrow) : NULL;
	return true;
}

static bool check_version(const LfPart *part, GError **error)
{
	const char *version = part->encryption.luks_version;

	if (!version || strcmp(version, "luks2") == 0)
		return true;
	if (strcmp(version, "luks1") == 0)
		return lf_throw_at(error, LF_ERROR_UNSUPPORTED, &part->place,
				   "'--luks-version=luks1' is not supported: write luks2");
	return lf_throw_at(error, LF_ERROR_INPUT, &part->place,
			   "'--luks-version=%s' is unknown: write luks2", version);
}

LfPlanLuks *lf_luks_plan(const LfPart *part, const LfProfile *profile, const LfFacts *facts,
			 GError **error)
{
	g_autoptr(LfPlanLuks) luks = g_new0(LfPlanLuks, 1);

	// Partitions and the header are whole MiB, so 4096 always fits, on disks with small sectors
	// too.
	luks->sector_bytes = SECTOR_BYTES;
	if (!check_version(part, error) || !choose_cipher(luks, part, error) ||
	    !choose_pbkdf(luks, part, facts, error) ||
	    !choose_slots(luks, part, &profile->unlock, error))
		return NULL;
	return g_steal_pointer(&luks);
}

// Made and dropped: what is wrong here is known before any disk is looked at.
static bool check_volumes(const LfProfile *profile, const LfFacts *facts, GError **error)
{
	for (guint i = 0; i < profile->parts->len; i++) {
		const LfPart *part = profile->parts->pdata[i];
		g_autoptr(LfPlanLuks) luks = NULL;

		if (!part->encryption.is_encrypted)
			continue;
		luks = lf_luks_plan(part, profile, facts, error);
		if (!luks)
			return false;
	}
	return true;
}

bool lf_luks_check(const LfProfile *profile, const LfFacts *facts, GError **error)
{
	const LfUnlock *unlock = &profile->unlock;

	if ((unlock->wants_tpm2 || unlock->wants_recovery) && !is_any_encrypted(profile))
		return lf_throw_at(
			error, LF_ERROR_INPUT, &unlock->place,
			"'unlock' is written, but no part is encrypted: write --encrypted "
			"at the part, or leave 'unlock' out");
	if (unlock->wants_recovery && !unlock->escrow)
		return lf_throw_at(
			error, LF_ERROR_INPUT, &unlock->place,
			"'unlock --recovery' needs --escrow= with the certificate that the "
			"recovery key is encrypted to");
	return check_tpm(unlock, facts, error) && check_volumes(profile, facts, error);
}
