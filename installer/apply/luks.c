// LUKS2 volumes with libcryptsetup: format, open, slots, tokens, reading back.
// Not here: where keys come from (keys.c), the TPM's slot (systemd-cryptenroll makes it).
#include "installer/apply/luks.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "installer/apply/effects.h"

#define TEMPORARY_KEY_BYTES  64
#define MIN_PBKDF_MEMORY_KIB 32
#define MAX_TOKENS	     32

// A random key needs no stretching; these are the least the format allows.
static const struct crypt_pbkdf_type minimal_pbkdf = {
	.type = CRYPT_KDF_PBKDF2,
	.hash = "sha512",
	.iterations = 1000,
	.flags = CRYPT_PBKDF_NO_BENCHMARK,
};

// libcryptsetup tells the reason to a callback and returns only an errno. It is kept with the
// device.
static void keep_message(int level, const char *message, void *user_data)
{
	GString *last = user_data;

	if (level != CRYPT_LOG_ERROR)
		return;
	g_string_assign(last, message);
	g_strchomp(last->str);
}

static GString *last_message(void)
{
	static __thread GString *last;

	if (!last)
		last = g_string_new(NULL);
	return last;
}

bool lf_throw_crypt(GError **error, LfCrypt *device, int result, const char *what)
{
	LfErrorCode code =
		result == -ENOENT || result == -ENOTSUP ? LF_ERROR_UNSUPPORTED : LF_ERROR_IO;
	g_autofree char *said = g_strdup(last_message()->str);
	const char *name = device ? crypt_get_device_name(device) : NULL;

	g_string_truncate(last_message(), 0);
	return lf_throw(error, code, "cannot %s '%s': %s", what, name ? name : "?",
			*said ? said : g_strerror(-result));
}

static LfCrypt *device_new(const char *node, GError **error)
{
	LfCrypt *device = NULL;
	int result = crypt_init(&device, node);

	if (result < 0)
		return lf_throw_null(error, LF_ERROR_IO, "cannot use '%s': %s", node,
				     g_strerror(-result));
	g_string_truncate(last_message(), 0);
	crypt_set_log_callback(device, keep_message, last_message());
	return device;
}

LfCrypt *lf_luks_format(const char *node, const LfPlanLuks *wish, const LfSecret *temporary,
			GError **error)
{
	g_autoptr(LfCrypt) device = device_new(node, error);
	struct crypt_params_luks2 params = { .pbkdf = &minimal_pbkdf,
					     .sector_size = wish->sector_bytes };
	int result;

	if (!device)
		return NULL;
	result = crypt_format(device, CRYPT_LUKS2, wish->cipher, wish->cipher_mode, wish->uuid,
			      NULL, wish->key_bytes, &params);
	if (result < 0) {
		lf_throw_crypt(error, device, result, "encrypt");
		return NULL;
	}
	crypt_set_pbkdf_type(device, &minimal_pbkdf);
	result = crypt_keyslot_add_by_volume_key(device, LF_LUKS_TEMPORARY, NULL, 0,
						 lf_secret_data(temporary),
						 lf_secret_size(temporary));
	if (result < 0) {
		lf_throw_crypt(error, device, result, "add a first keyslot to");
		return NULL;
	}
	return g_steal_pointer(&device);
}

bool lf_luks_open(LfCrypt *device, const char *name, const LfSecret *temporary, GError **error)
{
	// The queues cost time between two processors that are both busy with the pull.
	uint32_t flags = CRYPT_ACTIVATE_NO_READ_WORKQUEUE | CRYPT_ACTIVATE_NO_WRITE_WORKQUEUE;
	int result = crypt_activate_by_passphrase(device, name, LF_LUKS_TEMPORARY,
						  lf_secret_data(temporary),
						  lf_secret_size(temporary), flags);

	if (result < 0)
		return lf_throw_crypt(error, device, result, "open");
	return true;
}

// What the plan leaves open is libcryptsetup's default, but never more memory than allowed.
static struct crypt_pbkdf_type planned_pbkdf(const LfPlanLuks *wish, uint32_t memory_limit_kib)
{
	const char *type = wish->pbkdf ? wish->pbkdf : CRYPT_KDF_ARGON2ID;
	const struct crypt_pbkdf_type *fallback = crypt_get_pbkdf_type_params(type);
	struct crypt_pbkdf_type pbkdf = fallback ? *fallback : minimal_pbkdf;

	pbkdf.type = type;
	pbkdf.flags = 0;
	if (wish->pbkdf_time_ms)
		pbkdf.time_ms = wish->pbkdf_time_ms;
	if (wish->pbkdf_iterations) {
		pbkdf.iterations = wish->pbkdf_iterations;
		pbkdf.time_ms = 0;
		pbkdf.flags = CRYPT_PBKDF_NO_BENCHMARK;
	}
	if (strcmp(type, CRYPT_KDF_PBKDF2) == 0)
		return pbkdf;
	if (wish->pbkdf_memory_kib)
		pbkdf.max_memory_kb = wish->pbkdf_memory_kib;
	pbkdf.max_memory_kb = MIN(pbkdf.max_memory_kb, memory_limit_kib);
	pbkdf.max_memory_kb = MAX(pbkdf.max_memory_kb, MIN_PBKDF_MEMORY_KIB);
	return pbkdf;
}

bool lf_luks_add_passphrase(LfCrypt *device, const LfPlanLuks *wish, const LfSecret *temporary,
			    uint32_t memory_limit_kib, GError **error)
{
	struct crypt_pbkdf_type pbkdf = planned_pbkdf(wish, memory_limit_kib);
	int result = crypt_set_pbkdf_type(device, &pbkdf);

	if (result >= 0)
		result = crypt_keyslot_add_by_passphrase(
			device, CRYPT_ANY_SLOT, lf_secret_data(temporary),
			lf_secret_size(temporary), lf_secret_data(wish->passphrase),
			lf_secret_size(wish->passphrase));
	crypt_set_pbkdf_type(device, &minimal_pbkdf);
	if (result < 0)
		return lf_throw_crypt(error, device, result, "add the passphrase to");
	return true;
}

bool lf_luks_add_recovery(LfCrypt *device, const LfSecret *temporary, const LfSecret *key,
			  GError **error)
{
	g_autofree char *token = NULL;
	int slot, result;

	crypt_set_pbkdf_type(device, &minimal_pbkdf);
	slot = crypt_keyslot_add_by_passphrase(device, CRYPT_ANY_SLOT, lf_secret_data(temporary),
					       lf_secret_size(temporary), lf_secret_data(key),
					       lf_secret_size(key));
	if (slot < 0)
		return lf_throw_crypt(error, device, slot, "add the recovery key to");
	token = g_strdup_printf("{\"type\":\"systemd-recovery\",\"keyslots\":[\"%d\"]}", slot);
	result = crypt_token_json_set(device, CRYPT_ANY_TOKEN, token);
	if (result < 0)
		return lf_throw_crypt(error, device, result, "add the recovery token to");
	return true;
}

bool lf_luks_remove_temporary(LfCrypt *device, GError **error)
{
	int result = crypt_keyslot_destroy(device, LF_LUKS_TEMPORARY);

	if (result < 0)
		return lf_throw_crypt(error, device, result, "remove the temporary key from");
	return true;
}

static bool is_used(LfCrypt *device, int slot)
{
	crypt_keyslot_info info = crypt_keyslot_status(device, slot);

	return info == CRYPT_SLOT_ACTIVE || info == CRYPT_SLOT_ACTIVE_LAST ||
	       info == CRYPT_SLOT_UNBOUND;
}

static unsigned count_slots(LfCrypt *device)
{
	unsigned n = 0;

	for (int slot = 0; slot < crypt_keyslot_max(CRYPT_LUKS2); slot++)
		n += is_used(device, slot);
	return n;
}

// Returns the token's JSON; NULL when there is no token with this number.
static json_t *load_token(LfCrypt *device, int token)
{
	const char *text = NULL;

	if (crypt_token_json_get(device, token, &text) < 0 || !text)
		return NULL;
	return lf_json_parse(text, strlen(text), "LUKS token", NULL);
}

json_t *lf_luks_describe(LfCrypt *device)
{
	json_t *object = json_object();
	json_t *slots = json_array();
	json_t *tokens = json_array();

	for (int slot = 0; slot < crypt_keyslot_max(CRYPT_LUKS2); slot++)
		if (is_used(device, slot))
			json_array_append_new(slots, json_integer(slot));
	for (int i = 0; i < MAX_TOKENS; i++) {
		g_autoptr(json_t) token = load_token(device, i);

		if (token)
			json_array_append(tokens, json_object_get(token, "type"));
	}
	lf_json_set_string(object, "uuid", crypt_get_uuid(device));
	lf_json_set(object, "keyslots", slots);
	lf_json_set(object, "tokens", tokens);
	return object;
}

static uint32_t pcr_mask_of(const json_t *token)
{
	const json_t *pcrs = json_object_get(token, "tpm2-pcrs");
	uint32_t mask = 0;

	for (size_t i = 0; i < json_array_size(pcrs); i++) {
		json_int_t pcr = json_integer_value(json_array_get(pcrs, i));

		if (pcr >= 0 && pcr < 32)
			mask |= UINT32_C(1) << pcr;
	}
	return mask;
}

// Whether the token names exactly one slot and that one is in use.
static bool has_its_slot(LfCrypt *device, const json_t *token)
{
	const json_t *slots = json_object_get(token, "keyslots");
	const char *text = json_string_value(json_array_get(slots, 0));
	guint64 slot = 0;

	return json_array_size(slots) == 1 && text &&
	       g_ascii_string_to_unsigned(text, 10, 0, LF_LUKS_TEMPORARY - 1, &slot, NULL) &&
	       is_used(device, (int)slot);
}

typedef struct {
	unsigned tpm2, recovery, other;
} TokenCount;

static bool count_token(LfCrypt *device, const json_t *token, const LfPlanLuks *wish,
			TokenCount *count, GError **error)
{
	const char *type = json_string_value(json_object_get(token, "type"));

	if (g_strcmp0(type, "systemd-tpm2") == 0)
		count->tpm2++;
	else if (g_strcmp0(type, "systemd-recovery") == 0)
		count->recovery++;
	else
		count->other++;
	if (!has_its_slot(device, token))
		return lf_throw(error, LF_ERROR_INTERNAL, "token '%s' of '%s' names no keyslot",
				type, crypt_get_device_name(device));
	if (g_strcmp0(type, "systemd-tpm2") == 0 && pcr_mask_of(token) != wish->pcr_mask)
		return lf_throw(error, LF_ERROR_INTERNAL,
				"the TPM token of '%s' is bound to PCR mask 0x%x, not 0x%x",
				crypt_get_device_name(device), pcr_mask_of(token), wish->pcr_mask);
	return true;
}

static bool compare_with_plan(LfCrypt *device, const LfPlanLuks *wish, GError **error)
{
	unsigned wanted = (wish->passphrase != NULL) + wish->wants_tpm2 + wish->wants_recovery;
	TokenCount count = { 0, 0, 0 };

	for (int i = 0; i < MAX_TOKENS; i++) {
		g_autoptr(json_t) token = load_token(device, i);

		if (token && !count_token(device, token, wish, &count, error))
			return false;
	}
	if (count_slots(device) != wanted || is_used(device, LF_LUKS_TEMPORARY) ||
	    count.tpm2 != wish->wants_tpm2 || count.recovery != wish->wants_recovery || count.other)
		return lf_throw(
			error, LF_ERROR_INTERNAL,
			"'%s' has %u keyslots, %u TPM and %u recovery tokens where the plan "
			"wants %u, %u and %u",
			crypt_get_device_name(device), count_slots(device), count.tpm2,
			count.recovery, wanted, wish->wants_tpm2, wish->wants_recovery);
	return true;
}

bool lf_luks_verify(const char *node, const LfPlanLuks *wish, GError **error)
{
	g_autoptr(LfCrypt) device = device_new(node, error);
	int result;

	if (!device)
		return false;
	result = crypt_load(device, CRYPT_LUKS2, NULL);
	if (result < 0)
		return lf_throw_crypt(error, device, result, "read the header of");
	if (wish->uuid && g_ascii_strcasecmp(crypt_get_uuid(device), wish->uuid) != 0)
		return lf_throw(error, LF_ERROR_INTERNAL, "'%s' has another UUID than planned",
				node);
	return compare_with_plan(device, wish, error);
}

static bool release_mapping(void *object, GError **error)
{
	g_autofree char *name = object;
	int result = crypt_deactivate(NULL, name);

	if (result < 0)
		return lf_throw(error, LF_ERROR_IO, "cannot close '%s': %s", name,
				g_strerror(-result));
	return true;
}

static bool encrypt_volume(LfInstall *install, LfVolume *volume, GError **error)
{
	const LfPlanLuks *wish = volume->partition->luks;

	volume->temporary = lf_secret_random(TEMPORARY_KEY_BYTES, error);
	if (!volume->temporary)
		return false;
	volume->luks = lf_luks_format(volume->node, wish, volume->temporary, error);
	if (!volume->luks || !lf_luks_open(volume->luks, wish->name, volume->temporary, error))
		return false;
	lf_scope_push(install->held, release_mapping, g_strdup(wish->name), "the mapping '%s'",
		      wish->name);
	g_free(volume->fs_node);
	volume->fs_node = g_strdup_printf("/dev/mapper/%s", wish->name);
	return true;
}

bool lf_effect_encrypt(LfInstall *install, GError **error)
{
	for (guint i = 0; i < install->volumes->len; i++) {
		LfVolume *volume = g_ptr_array_index(install->volumes, i);

		if (volume->partition->luks && !encrypt_volume(install, volume, error))
			return false;
	}
	return true;
}
