// Keys of the encrypted volumes: checks before anything is written, enrolment, and the temporary
// key's end. Not here: the LUKS format itself (luks.c), sealing (base/escrow.c).
#include "base/escrow.h"
#include "base/fd.h"
#include "base/proc.h"
#include "installer/apply/effects.h"
#include "installer/apply/luks.h"
#include "installer/apply/tools.h"
#include "installer/apply/tpm.h"

#define KEY_CHILD_FD	     3
#define ENROLL_TIMEOUT_MS    (120 * 1000)
#define MAX_PBKDF_MEMORY_KIB (1024 * 1024)

static bool check_escrow(LfInstall *install, const LfPlanLuks *luks, GError **error)
{
	g_autoptr(GBytes) certificate = NULL;

	if (!luks->escrow)
		return lf_throw(error, LF_ERROR_INPUT,
				"a recovery key is asked for without --escrow=CERTIFICATE");
	certificate = install->load(luks->escrow, install->load_data, error);
	if (!certificate || !lf_escrow_check(certificate, error))
		return lf_prefix(error, "escrow certificate '%s'", luks->escrow);
	g_clear_pointer(&install->escrow, g_bytes_unref);
	install->escrow = g_steal_pointer(&certificate);
	return true;
}

static bool check_volume(LfInstall *install, const LfPlanLuks *luks, GError **error)
{
	if (luks->wants_tpm2 && !install->facts->tpm_device)
		return lf_throw(error, LF_ERROR_TARGET,
				"unlocking by TPM is asked for and this machine shows none");
	if (luks->wants_tpm2 && !lf_tpm_check(install->facts->tpm_device, luks->pcr_mask, error))
		return false;
	if (luks->wants_recovery && !check_escrow(install, luks, error))
		return false;
	return true;
}

bool lf_effect_check_keys(LfInstall *install, GError **error)
{
	const GPtrArray *partitions = install->plan->partitions;

	for (guint i = 0; i < partitions->len; i++) {
		const LfPlanPartition *partition = g_ptr_array_index(partitions, i);

		if (partition->luks && !check_volume(install, partition->luks, error))
			return false;
	}
	return true;
}

static char *pcr_list(uint32_t mask)
{
	g_autoptr(GString) list = g_string_new("--tpm2-pcrs=");
	const char *separator = "";

	for (unsigned pcr = 0; pcr < 32; pcr++)
		if (mask & UINT32_C(1) << pcr) {
			g_string_append_printf(list, "%s%u", separator, pcr);
			separator = "+";
		}
	return g_string_free(g_steal_pointer(&list), FALSE);
}

// systemd's own program writes the token, so that the installed system's systemd can read it.
static bool enroll_tpm2(const LfInstall *install, const LfVolume *volume, GError **error)
{
	g_autofree char *pcrs = pcr_list(volume->partition->luks->pcr_mask);
	g_autofree char *device = g_strconcat("--tpm2-device=", install->facts->tpm_device, NULL);
	lf_autofd key_fd = -1;

	if (!lf_secret_memfd(volume->temporary, &key_fd, error))
		return false;
	LfProcFd fds[] = { { key_fd, KEY_CHILD_FD } };
	LfProc proc = { .argv = LF_PROC_ARGV(LF_TOOL_CRYPTENROLL,
					     "--unlock-key-file=/proc/self/fd/3", device, pcrs,
					     volume->node),
			.fds = fds,
			.n_fds = 1,
			.timeout_ms = ENROLL_TIMEOUT_MS };

	if (!lf_proc_run(&proc, NULL, error))
		return lf_prefix(error, "cannot bind '%s' to the TPM", volume->node);
	return true;
}

static json_t *escrow_entry(const LfInstall *install, const LfPlanLuks *luks, const char *cms)
{
	json_t *entry = json_object();

	lf_json_set_string(entry, "luks_uuid", luks->uuid);
	lf_json_set_string(entry, "disk_serial", install->plan->disk_serial);
	lf_json_set_string(entry, "cms", cms);
	return entry;
}

// The key itself lives no longer than this function.
static bool enroll_recovery(LfInstall *install, LfVolume *volume, GError **error)
{
	const LfPlanLuks *luks = volume->partition->luks;
	g_autoptr(LfSecret) key = lf_escrow_recovery_key(error);
	g_autofree char *cms = NULL;
	json_t *list = json_object_get(install->report, "escrow");

	if (!key)
		return false;
	cms = lf_escrow_seal(install->escrow, key, error);
	if (!cms || !lf_luks_add_recovery(volume->luks, volume->temporary, key, error))
		return false;
	if (!list) {
		list = json_array();
		lf_json_set(install->report, "escrow", list);
	}
	json_array_append_new(list, escrow_entry(install, luks, cms));
	return true;
}

// Half of the memory there is would starve the pull's page cache and the programs in the RAM disk.
static uint32_t memory_limit_kib(const LfFacts *facts)
{
	uint64_t quarter_kib = facts->memory_bytes / 1024 / 4;

	return (uint32_t)MIN(quarter_kib, MAX_PBKDF_MEMORY_KIB);
}

// systemd-cryptenroll writes the header behind our back: what libcryptsetup holds is read anew.
static bool reload(LfVolume *volume, GError **error)
{
	int result = crypt_load(volume->luks, CRYPT_LUKS2, NULL);

	return result >= 0 || lf_throw_crypt(error, volume->luks, result, "read the header of");
}

static bool enroll_volume(LfInstall *install, LfVolume *volume, GError **error)
{
	const LfPlanLuks *luks = volume->partition->luks;

	if (luks->passphrase && !lf_luks_add_passphrase(volume->luks, luks, volume->temporary,
							memory_limit_kib(install->facts), error))
		return false;
	if (luks->wants_tpm2 && (!enroll_tpm2(install, volume, error) || !reload(volume, error)))
		return false;
	return !luks->wants_recovery || enroll_recovery(install, volume, error);
}

bool lf_effect_enroll(LfInstall *install, GError **error)
{
	for (guint i = 0; i < install->volumes->len; i++) {
		LfVolume *volume = g_ptr_array_index(install->volumes, i);

		if (volume->partition->luks && !enroll_volume(install, volume, error))
			return false;
	}
	return true;
}

static bool seal_volume(LfInstall *install, LfVolume *volume, json_t *list, GError **error)
{
	if (!lf_luks_remove_temporary(volume->luks, error) ||
	    !lf_luks_verify(volume->node, volume->partition->luks, error))
		return false;
	g_clear_pointer(&volume->temporary, lf_secret_free);
	json_array_append_new(list, lf_luks_describe(volume->luks));
	return true;
}

bool lf_effect_seal(LfInstall *install, GError **error)
{
	json_t *list = json_array();

	lf_json_set(install->report, "luks", list);
	for (guint i = 0; i < install->volumes->len; i++) {
		LfVolume *volume = g_ptr_array_index(install->volumes, i);

		if (volume->partition->luks && !seal_volume(install, volume, list, error))
			return false;
	}
	return true;
}
