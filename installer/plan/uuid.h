#pragma once

#include <glib.h>
#include <stdbool.h>

/** lf_is_salt: 32 hex digits. */
bool lf_is_salt(const char *text);

/**
 * lf_uuid_make:
 * @salt: 32 hex digits of randomness
 * @purpose: what it names, such as "partition/2"; another purpose gives another UUID
 *
 * A UUID that is random to the world and the same for the same salt: SHA-256 of both, in the form
 * of RFC 4122, version 4, lower case. Returns: (transfer full)
 */
char *lf_uuid_make(const char *salt, const char *purpose);

/** lf_fat_id_make: (transfer full): like lf_uuid_make() for vfat: "XXXX-XXXX", upper case. */
char *lf_fat_id_make(const char *salt, const char *purpose);
