// UUIDs out of a salt, so that planning needs no randomness of its own.
// Not here: where the salt comes from (installer/probe).
#include "installer/plan/uuid.h"

#include <stdint.h>
#include <string.h>

bool lf_is_salt(const char *text)
{
	return text && strlen(text) == 32 && strspn(text, "0123456789abcdef") == 32;
}

static void digest(const char *salt, const char *purpose, uint8_t bytes[32])
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	gsize size = 32;

	g_checksum_update(sum, (const guchar *)salt, -1);
	g_checksum_update(sum, (const guchar *)"\n", 1);
	g_checksum_update(sum, (const guchar *)purpose, -1);
	g_checksum_get_digest(sum, bytes, &size);
}

char *lf_uuid_make(const char *salt, const char *purpose)
{
	g_autoptr(GString) text = g_string_new(NULL);
	uint8_t bytes[32];

	digest(salt, purpose, bytes);
	bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40);
	bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
	for (unsigned i = 0; i < 16; i++)
		g_string_append_printf(text, "%s%02x",
				       i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", bytes[i]);
	return g_string_free(g_steal_pointer(&text), FALSE);
}

char *lf_fat_id_make(const char *salt, const char *purpose)
{
	uint8_t bytes[32];

	digest(salt, purpose, bytes);
	return g_strdup_printf("%02X%02X-%02X%02X", bytes[0], bytes[1], bytes[2], bytes[3]);
}
