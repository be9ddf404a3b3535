#pragma once

#include "base/throw.h"

#include <jansson.h>
#include <stdint.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)

/**
 * lf_json_parse:
 * @text: (array length=size): JSON text, hostile
 * @what: what is being read, for the message
 *
 * Rejects duplicate keys, deep nesting (more than 64 levels) and text over 16 MiB.
 *
 * Errors: INPUT with line and column.
 * Returns: (transfer full) (nullable): the value
 */
json_t *lf_json_parse(const char *text, size_t size, const char *what, GError **error);

/** lf_json_load: reads and parses the file @path (at most 16 MiB). */
json_t *lf_json_load(const char *path, GError **error);

/**
 * lf_json_print: the one canonical text form: keys in the order of insertion, two blanks of
 * indentation when @is_pretty, UTF-8, newline only when pretty.
 * Returns: (transfer full): never NULL
 */
char *lf_json_print(const json_t *value, bool is_pretty);

/**
 * lf_json_set_string: sets a member to a string; a NULL text leaves the member out, and text that
 * is not UTF-8 is repaired (each wrong byte becomes U+FFFD).
 */
void lf_json_set_string(json_t *object, const char *key, const char *text);

void lf_json_set_uint(json_t *object, const char *key, uint64_t value);
void lf_json_set_bool(json_t *object, const char *key, bool value);

/** lf_json_set: stores @value (transfer full), which must not be NULL. */
void lf_json_set(json_t *object, const char *key, json_t *value);

/** lf_json_append: appends @value (transfer full) to @array. */
void lf_json_append(json_t *array, json_t *value);

/** lf_json_strv: an array of strings from a NULL-terminated one (nullable: empty array). */
json_t *lf_json_strv(const char *const *strings);

/**
 * Readers for members of an object. A missing member gives the fallback (NULL, 0, false); one of
 * the wrong type or out of range is an INPUT error that names the key.
 */
bool lf_json_get_string(const json_t *object, const char *key, char **ret, GError **error);
bool lf_json_get_uint(const json_t *object, const char *key, uint64_t *ret, GError **error);
bool lf_json_get_bool(const json_t *object, const char *key, bool *ret, GError **error);
/** lf_json_get_strv: (transfer full): always an array, empty when the member is missing. */
bool lf_json_get_strv(const json_t *object, const char *key, char ***ret, GError **error);
/** lf_json_get_array / _object: (transfer none) (nullable): borrowed from @object. */
bool lf_json_get_array(const json_t *object, const char *key, json_t **ret, GError **error);
bool lf_json_get_object(const json_t *object, const char *key, json_t **ret, GError **error);
