// LUKS2 on plain files with libcryptsetup, without device-mapper: slots, tokens, and what the check
// finds.
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/escrow.h"
#include "base/fd.h"
#include "base/json.h"
#include "installer/apply/luks.h"
#include "tests/unit/test.h"

#define VOLUME_BYTES (64 * 1024 * 1024)
#define UUID	     "55555555-5555-4555-8555-555555555555"
#define MEMORY_KIB   65536

typedef struct {
	char *dir, *path;
	LfPlanLuks wish;
	LfSecret *temporary;
	LfCrypt *device;
} Volume;

static Volume *volume_new(void)
{
	Volume *volume = g_new0(Volume, 1);
	g_autoptr(GError) error = NULL;
	lf_autofd fd = -1;

	volume->dir = lf_test_dir();
	volume->path = g_build_filename(volume->dir, "volume", NULL);
	fd = open(volume->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(ftruncate(fd, VOLUME_BYTES), 0);
	volume->wish = (LfPlanLuks){ .name = (char *)"root",
				     .uuid = (char *)UUID,
				     .cipher = (char *)"aes",
				     .cipher_mode = (char *)"xts-plain64",
				     .key_bytes = 64,
				     .sector_bytes = 4096,
				     .pbkdf = (char *)"argon2id",
				     .pbkdf_memory_kib = MEMORY_KIB,
				     .pbkdf_iterations = 4 };
	volume->temporary = lf_secret_random(64, &error);
	assert_ok(volume->temporary != NULL, error);
	volume->device = lf_luks_format(volume->path, &volume->wish, volume->temporary, &error);
	assert_ok(volume->device != NULL, error);
	return volume;
}

static void volume_free(Volume *volume)
{
	crypt_free(volume->device);
	lf_secret_free(volume->temporary);
	lf_secret_free(volume->wish.passphrase);
	g_free(volume->path);
	lf_test_dir_remove(volume->dir);
	g_free(volume);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Volume, volume_free)

static bool opens(const Volume *volume, int slot, const LfSecret *key)
{
	struct crypt_device *device = NULL;
	int result;

	assert_int_equal(crypt_init(&device, volume->path), 0);
	assert_int_equal(crypt_load(device, CRYPT_LUKS2, NULL), 0);
	result = crypt_activate_by_passphrase(device, NULL, slot, lf_secret_data(key),
					      lf_secret_size(key), 0);
	crypt_free(device);
	return result >= 0;
}

static void add_passphrase(Volume *volume, uint32_t memory_kib)
{
	g_autoptr(GError) error = NULL;

	volume->wish.passphrase = lf_secret_new_text("a passphrase");
	assert_ok(lf_luks_add_passphrase(volume->device, &volume->wish, volume->temporary,
					 memory_kib, &error),
		  error);
}

static void remove_temporary(Volume *volume)
{
	g_autoptr(GError) error = NULL;

	assert_ok(lf_luks_remove_temporary(volume->device, &error), error);
}

static void add_token(Volume *volume, const char *json)
{
	assert_true(crypt_token_json_set(volume->device, CRYPT_ANY_TOKEN, json) >= 0);
}

static void a_new_volume_is_as_planned(void **state)
{
	g_autoptr(Volume) volume = volume_new();

	assert_string_equal(crypt_get_uuid(volume->device), UUID);
	assert_string_equal(crypt_get_cipher(volume->device), "aes");
	assert_string_equal(crypt_get_cipher_mode(volume->device), "xts-plain64");
	assert_int_equal(crypt_get_volume_key_size(volume->device), 64);
	assert_int_equal(crypt_get_sector_size(volume->device), 4096);
	assert_true(opens(volume, LF_LUKS_TEMPORARY, volume->temporary));
}

static void the_temporary_key_opens_nothing_in_the_end(void **state)
{
	g_autoptr(Volume) volume = volume_new();
	g_autoptr(GError) error = NULL;

	add_passphrase(volume, MEMORY_KIB);
	remove_temporary(volume);
	assert_false(opens(volume, CRYPT_ANY_SLOT, volume->temporary));
	assert_true(opens(volume, 0, volume->wish.passphrase));
	assert_ok(lf_luks_verify(volume->path, &volume->wish, &error), error);
}

static void the_passphrase_is_derived_as_planned(void **state)
{
	g_autoptr(Volume) volume = volume_new();
	struct crypt_pbkdf_type pbkdf;

	add_passphrase(volume, MEMORY_KIB);
	assert_int_equal(crypt_keyslot_get_pbkdf(volume->device, 0, &pbkdf), 0);
	assert_string_equal(pbkdf.type, "argon2id");
	assert_int_equal(pbkdf.iterations, 4);
	assert_int_equal(pbkdf.max_memory_kb, MEMORY_KIB);
}

static void a_small_machine_limits_the_memory(void **state)
{
	g_autoptr(Volume) volume = volume_new();
	struct crypt_pbkdf_type pbkdf;

	add_passphrase(volume, 32768);
	assert_int_equal(crypt_keyslot_get_pbkdf(volume->device, 0, &pbkdf), 0);
	assert_int_equal(pbkdf.max_memory_kb, 32768);
}

static void the_recovery_key_opens_and_has_systemds_token(void **state)
{
	g_autoptr(Volume) volume = volume_new();
	g_autoptr(LfSecret) key = lf_escrow_recovery_key(NULL);
	g_autoptr(json_t) described = NULL;
	g_autoptr(GError) error = NULL;
	const char *token = NULL;

	assert_ok(lf_luks_add_recovery(volume->device, volume->temporary, key, &error), error);
	remove_temporary(volume);
	assert_true(opens(volume, CRYPT_ANY_SLOT, key));
	assert_true(crypt_token_json_get(volume->device, 0, &token) >= 0);
	assert_contains(token, "\"systemd-recovery\"");
	volume->wish.wants_recovery = true;
	assert_ok(lf_luks_verify(volume->path, &volume->wish, &error), error);
	described = lf_luks_describe(volume->device);
	assert_int_equal(json_array_size(json_object_get(described, "keyslots")), 1);
	assert_string_equal(
		json_string_value(json_array_get(json_object_get(described, "tokens"), 0)),
		"systemd-recovery");
}

static void a_slot_that_is_left_is_found(void **state)
{
	g_autoptr(Volume) volume = volume_new();
	g_autoptr(GError) error = NULL;

	add_passphrase(volume, MEMORY_KIB);
	assert_throws(lf_luks_verify(volume->path, &volume->wish, &error), error, LF_ERROR_INTERNAL,
		      "2 keyslots");
}

static void a_missing_slot_is_found(void **state)
{
	g_autoptr(Volume) volume = volume_new();
	g_autoptr(GError) error = NULL;

	add_passphrase(volume, MEMORY_KIB);
	remove_temporary(volume);
	volume->wish.wants_recovery = true;
	assert_throws(lf_luks_verify(volume->path, &volume->wish, &error), error, LF_ERROR_INTERNAL,
		      "the plan wants 2");
}

static void a_tpm_token_must_name_the_planned_pcrs(void **state)
{
	g_autoptr(Volume) volume = volume_new();
	g_autoptr(GError) error = NULL;

	add_passphrase(volume, MEMORY_KIB);
	remove_temporary(volume);
	g_clear_pointer(&volume->wish.passphrase, lf_secret_free);
	// Whole, because systemd's plug-in, where it is installed, looks at every member.
	add_token(volume, "{\"type\":\"systemd-tpm2\",\"keyslots\":[\"0\"],\"tpm2-pcrs\":[7,11],"
			  "\"tpm2-blob\":\"AAAA\",\"tpm2-pcr-bank\":\"sha256\","
			  "\"tpm2-primary-alg\":\"ecc\",\"tpm2-policy-hash\":\"00\"}");
	volume->wish.wants_tpm2 = true;
	volume->wish.pcr_mask = 1 << 7 | 1 << 11;
	assert_ok(lf_luks_verify(volume->path, &volume->wish, &error), error);
	volume->wish.pcr_mask = 1 << 7;
	assert_throws(lf_luks_verify(volume->path, &volume->wish, &error), error, LF_ERROR_INTERNAL,
		      "PCR mask 0x880");
}

static void an_unplanned_token_is_found(void **state)
{
	g_autoptr(Volume) volume = volume_new();
	g_autoptr(GError) error = NULL;

	add_passphrase(volume, MEMORY_KIB);
	remove_temporary(volume);
	add_token(volume, "{\"type\":\"somebody\",\"keyslots\":[\"0\"]}");
	assert_throws(lf_luks_verify(volume->path, &volume->wish, &error), error, LF_ERROR_INTERNAL,
		      "tokens");
}

static void another_uuid_is_found(void **state)
{
	g_autoptr(Volume) volume = volume_new();
	g_autoptr(GError) error = NULL;

	volume->wish.uuid = (char *)"66666666-5555-4555-8555-555555555555";
	assert_throws(lf_luks_verify(volume->path, &volume->wish, &error), error, LF_ERROR_INTERNAL,
		      "UUID");
}

static void an_unknown_cipher_is_an_error_that_says_so(void **state)
{
	g_autoptr(Volume) volume = volume_new();
	g_autoptr(GError) error = NULL;
	LfCrypt *device;

	volume->wish.cipher = (char *)"rot13";
	device = lf_luks_format(volume->path, &volume->wish, volume->temporary, &error);
	assert_null(device);
	assert_non_null(error);
	assert_int_equal(error->domain, LF_ERROR);
	assert_contains(error->message, "cannot encrypt");
}

static void a_wrong_temporary_key_adds_nothing(void **state)
{
	g_autoptr(Volume) volume = volume_new();
	g_autoptr(LfSecret) wrong = lf_secret_new_text("wrong");
	g_autoptr(LfSecret) key = lf_escrow_recovery_key(NULL);
	g_autoptr(GError) error = NULL;

	assert_throws(lf_luks_add_recovery(volume->device, wrong, key, &error), error, LF_ERROR_IO,
		      volume->path);
	assert_false(opens(volume, CRYPT_ANY_SLOT, key));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(a_new_volume_is_as_planned),
		LF_TEST(the_temporary_key_opens_nothing_in_the_end),
		LF_TEST(the_passphrase_is_derived_as_planned),
		LF_TEST(a_small_machine_limits_the_memory),
		LF_TEST(the_recovery_key_opens_and_has_systemds_token),
		LF_TEST(a_slot_that_is_left_is_found),
		LF_TEST(a_missing_slot_is_found),
		LF_TEST(a_tpm_token_must_name_the_planned_pcrs),
		LF_TEST(an_unplanned_token_is_found),
		LF_TEST(another_uuid_is_found),
		LF_TEST(an_unknown_cipher_is_an_error_that_says_so),
		LF_TEST(a_wrong_temporary_key_adds_nothing),
	};

	return LF_TEST_MAIN(tests);
}
