// JSON by Jansson: bounded parsing, typed readers, one canonical text form.
// Not here: any document's meaning.
#include "base/json.h"

#include <fcntl.h>
#include <string.h>

#include "base/fd.h"

#define MAX_JSON_BYTES (16 * 1024 * 1024)
#define MAX_DEPTH      64

// Jansson's own depth limit (2048 levels) is a build-time constant, so depth is checked up front.
static bool is_shallow(const char *text, size_t size)
{
	bool is_in_string = false;
	unsigned depth = 0;

	for (size_t i = 0; i < size; i++) {
		char c = text[i];

		if (is_in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				is_in_string = false;
		} else if (c == '"') {
			is_in_string = true;
		} else if (c == '[' || c == '{') {
			if (++depth > MAX_DEPTH)
				return false;
		} else if ((c == ']' || c == '}') && depth > 0) {
			depth--;
		}
	}
	return true;
}

json_t *lf_json_parse(const char *text, size_t size, const char *what, GError **error)
{
	json_error_t where;
	json_t *value;

	if (size > MAX_JSON_BYTES)
		return lf_throw_null(error, LF_ERROR_INPUT, "%s is longer than %d MiB", what,
				     MAX_JSON_BYTES >> 20);
	if (!is_shallow(text, size))
		return lf_throw_null(error, LF_ERROR_INPUT, "%s is nested deeper than %d levels",
				     what, MAX_DEPTH);
	value = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);
	if (!value)
		return lf_throw_null(error, LF_ERROR_INPUT, "%s is not valid JSON: %s at %d:%d",
				     what, where.text, where.line, where.column);
	return value;
}

json_t *lf_json_load(const char *path, GError **error)
{
	g_autoptr(GBytes) bytes = lf_read_file_at(AT_FDCWD, path, MAX_JSON_BYTES, error);
	g_autofree char *what = g_strdup_printf("'%s'", path);
	gsize size;
	const char *text;

	if (!bytes)
		return NULL;
	text = g_bytes_get_data(bytes, &size);
	return lf_json_parse(text, size, what, error);
}

char *lf_json_print(const json_t *value, bool is_pretty)
{
	size_t flags = JSON_ENCODE_ANY | (is_pretty ? JSON_INDENT(2) : JSON_COMPACT);
	char *raw = json_dumps(value, flags);
	char *text;

	g_assert(raw != NULL);
	text = is_pretty ? g_strconcat(raw, "\n", NULL) : g_strdup(raw);
	free(raw);
	return text;
}

void lf_json_set(json_t *object, const char *key, json_t *value)
{
	g_assert(json_object_set_new(object, key, value) == 0);
}

void lf_json_append(json_t *array, json_t *value)
{
	g_assert(json_array_append_new(array, value) == 0);
}

static json_t *string_value(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);

	return json_string(valid);
}

void lf_json_set_string(json_t *object, const char *key, const char *text)
{
	if (text)
		lf_json_set(object, key, string_value(text));
}

void lf_json_set_uint(json_t *object, const char *key, uint64_t value)
{
	lf_json_set(object, key, json_integer((json_int_t)MIN(value, (uint64_t)G_MAXINT64)));
}

void lf_json_set_bool(json_t *object, const char *key, bool value)
{
	lf_json_set(object, key, json_boolean(value));
}

json_t *lf_json_strv(const char *const *strings)
{
	json_t *array = json_array();

	for (size_t i = 0; strings && strings[i]; i++)
		lf_json_append(array, string_value(strings[i]));
	return array;
}

static bool wrong_type(const char *key, const char *wanted, GError **error)
{
	return lf_throw(error, LF_ERROR_INPUT, "member '%s' must be %s", key, wanted);
}

bool lf_json_get_string(const json_t *object, const char *key, char **ret, GError **error)
{
	const json_t *value = json_object_get(object, key);

	if (value && !json_is_null(value) && !json_is_string(value))
		return wrong_type(key, "a string", error);
	*ret = g_strdup(json_string_value(value));
	return true;
}

bool lf_json_get_uint(const json_t *object, const char *key, uint64_t *ret, GError **error)
{
	const json_t *value = json_object_get(object, key);

	if (value && (!json_is_integer(value) || json_integer_value(value) < 0))
		return wrong_type(key, "a whole number, not negative", error);
	*ret = (uint64_t)json_integer_value(value);
	return true;
}

bool lf_json_get_bool(const json_t *object, const char *key, bool *ret, GError **error)
{
	const json_t *value = json_object_get(object, key);

	if (value && !json_is_boolean(value))
		return wrong_type(key, "true or false", error);
	*ret = json_is_true(value);
	return true;
}

bool lf_json_get_strv(const json_t *object, const char *key, char ***ret, GError **error)
{
	g_autoptr(GPtrArray) strings = g_ptr_array_new_with_free_func(g_free);
	json_t *array = NULL;
	json_t *value;
	size_t i;

	if (!lf_json_get_array(object, key, &array, error))
		return false;
	json_array_foreach (array, i, value) {
		if (!json_is_string(value))
			return wrong_type(key, "an array of strings", error);
		g_ptr_array_add(strings, g_strdup(json_string_value(value)));
	}
	g_ptr_array_add(strings, NULL);
	*ret = (char **)g_ptr_array_free(g_steal_pointer(&strings), FALSE);
	return true;
}

bool lf_json_get_array(const json_t *object, const char *key, json_t **ret, GError **error)
{
	json_t *value = json_object_get(object, key);

	if (value && !json_is_array(value))
		return wrong_type(key, "an array", error);
	*ret = value;
	return true;
}

bool lf_json_get_object(const json_t *object, const char *key, json_t **ret, GError **error)
{
	json_t *value = json_object_get(object, key);

	if (value && !json_is_object(value))
		return wrong_type(key, "an object", error);
	*ret = value;
	return true;
}
