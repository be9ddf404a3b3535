// Structs to JSON and back, by a table of their fields.
// Not here: which fields a struct has (facts.c, plan-json.c).
#include "installer/plan/members.h"

#include <string.h>

#define MAX_TEXT_BYTES 4096
#define MAX_TEXTS      256

static void *field(void *thing, const LfMember *member)
{
	return (char *)thing + member->offset;
}

static const void *const_field(const void *thing, const LfMember *member)
{
	return (const char *)thing + member->offset;
}

static void add_one(json_t *object, const LfMember *member, const void *from)
{
	switch (member->kind) {
	case LF_MEMBER_TEXT:
		lf_json_set_string(object, member->key, *(char *const *)from);
		break;
	case LF_MEMBER_TEXTS:
		lf_json_set(object, member->key, lf_json_strv(*(const char *const *const *)from));
		break;
	case LF_MEMBER_BOOL:
		lf_json_set_bool(object, member->key, *(const bool *)from);
		break;
	case LF_MEMBER_UNSIGNED:
		lf_json_set_uint(object, member->key, *(const unsigned *)from);
		break;
	case LF_MEMBER_UINT64:
		lf_json_set_uint(object, member->key, *(const uint64_t *)from);
		break;
	}
}

void lf_members_add(json_t *object, const LfMember *members, size_t n_members, const void *thing)
{
	for (size_t i = 0; i < n_members; i++)
		add_one(object, &members[i], const_field(thing, &members[i]));
}

// What is read here is shown on consoles and written into files of the target, line by line.
static bool check_text(const char *text, const char *key, GError **error)
{
	if (strlen(text) > MAX_TEXT_BYTES)
		return lf_throw(error, LF_ERROR_INPUT, "member '%s' is longer than %d bytes", key,
				MAX_TEXT_BYTES);
	for (const char *c = text; *c; c = g_utf8_next_char(c))
		if (g_unichar_iscntrl(g_utf8_get_char(c)))
			return lf_throw(error, LF_ERROR_INPUT,
					"member '%s' holds a control character", key);
	return true;
}

static bool get_texts(const json_t *object, const LfMember *member, char ***to, GError **error)
{
	json_t *array = NULL;

	if (!lf_json_get_array(object, member->key, &array, error))
		return false;
	if (json_array_size(array) > MAX_TEXTS)
		return lf_throw(error, LF_ERROR_INPUT, "member '%s' has more than %d elements",
				member->key, MAX_TEXTS);
	if (!lf_json_get_strv(object, member->key, to, error))
		return false;
	for (char **text = *to; *text; text++)
		if (!check_text(*text, member->key, error))
			return false;
	return true;
}

static bool get_unsigned(const json_t *object, const char *key, unsigned *to, GError **error)
{
	uint64_t value;

	if (!lf_json_get_uint(object, key, &value, error))
		return false;
	if (value > G_MAXUINT32)
		return lf_throw(error, LF_ERROR_INPUT, "member '%s' is too large", key);
	*to = (unsigned)value;
	return true;
}

static bool get_text(const json_t *object, const char *key, char **to, GError **error)
{
	return lf_json_get_string(object, key, to, error) && (!*to || check_text(*to, key, error));
}

static bool get_one(const json_t *object, const LfMember *member, void *to, GError **error)
{
	switch (member->kind) {
	case LF_MEMBER_TEXT:
		return get_text(object, member->key, to, error);
	case LF_MEMBER_TEXTS:
		return get_texts(object, member, to, error);
	case LF_MEMBER_BOOL:
		return lf_json_get_bool(object, member->key, to, error);
	case LF_MEMBER_UNSIGNED:
		return get_unsigned(object, member->key, to, error);
	case LF_MEMBER_UINT64:
		return lf_json_get_uint(object, member->key, to, error);
	}
	return true;
}

static bool is_known(const char *key, const LfMember *members, size_t n_members,
		     const char *const *others)
{
	for (size_t i = 0; i < n_members; i++)
		if (strcmp(members[i].key, key) == 0)
			return true;
	return others && g_strv_contains(others, key);
}

bool lf_members_get(const json_t *object, const LfMember *members, size_t n_members,
		    const char *const *others, const char *what, void *thing, GError **error)
{
	const char *key;
	json_t *value;

	if (!json_is_object(object))
		return lf_throw(error, LF_ERROR_INPUT, "%s must be a JSON object", what);
	json_object_foreach ((json_t *)object, key, value)
		if (!is_known(key, members, n_members, others))
			return lf_throw(error, LF_ERROR_INPUT, "%s has an unknown member '%s'",
					what, key);
	for (size_t i = 0; i < n_members; i++)
		if (!get_one(object, &members[i], field(thing, &members[i]), error))
			return lf_prefix(error, "%s", what);
	return true;
}

void lf_members_clear(const LfMember *members, size_t n_members, void *thing)
{
	for (size_t i = 0; i < n_members; i++) {
		if (members[i].kind == LF_MEMBER_TEXT)
			g_clear_pointer((char **)field(thing, &members[i]), g_free);
		else if (members[i].kind == LF_MEMBER_TEXTS)
			g_clear_pointer((char ***)field(thing, &members[i]), g_strfreev);
	}
}
