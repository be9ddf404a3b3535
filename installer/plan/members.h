#pragma once

#include "base/json.h"

/**
 * LfMember: a field of a struct and its name in JSON. One table serves both directions, so that
 * what is written can be read back.
 */
typedef enum {
	LF_MEMBER_TEXT,	    /* char * */
	LF_MEMBER_TEXTS,    /* char ** */
	LF_MEMBER_BOOL,	    /* bool */
	LF_MEMBER_UNSIGNED, /* unsigned, uint32_t */
	LF_MEMBER_UINT64,   /* uint64_t */
} LfMemberKind;

typedef struct {
	const char *key;
	LfMemberKind kind;
	size_t offset;
} LfMember;

/** LF_MEMBER: a row of a table: `LF_MEMBER(LfFactNic, mac, TEXT)`. */
// clang-format off
#define LF_MEMBER(type, field, kind) { #field, LF_MEMBER_##kind, offsetof(type, field) }
// clang-format on

/** lf_members_add: adds the members of @thing to @object; texts that are NULL are left out. */
void lf_members_add(json_t *object, const LfMember *members, size_t n_members, const void *thing);

/**
 * lf_members_get:
 * @what: what is being read, for the message
 * @others: (array zero-terminated=1) (nullable): further keys the object may have
 * @thing: a zeroed struct, filled as far as the reading came
 *
 * Strict: an unknown member, a wrong type, a number out of range, text with control characters or
 * longer than 4096 bytes, a list of more than 256 texts. A missing member leaves NULL, 0 or false.
 *
 * Errors: INPUT that names the member.
 */
bool lf_members_get(const json_t *object, const LfMember *members, size_t n_members,
		    const char *const *others, const char *what, void *thing, GError **error);

/** lf_members_clear: frees the texts and lists of texts of @thing. */
void lf_members_clear(const LfMember *members, size_t n_members, void *thing);
