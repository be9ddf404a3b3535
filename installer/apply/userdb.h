#pragma once

#include "base/throw.h"

#include <stdint.h>

/**
 * LfUserdb: passwd, shadow, group and gshadow of a system that is not running, held in memory.
 * Lines it does not understand are kept as they are.
 */
typedef struct LfUserdb LfUserdb;

/** LfUser: one account. @password: field of shadow: a hash, "!", "*", … */
typedef struct {
	const char *name;
	uint32_t uid, gid;
	const char *gecos, *home, *shell;
	const char *password;
} LfUser;

/**
 * LfUserdbRead: the text of one of the four files.
 * @path: as in "etc/passwd"
 * Returns: (transfer full) (nullable): NULL with @error set, also for more than @max_bytes
 */
typedef char *(*LfUserdbRead)(const char *path, size_t max_bytes, void *user_data, GError **error);

/** lf_userdb_read: from wherever @read finds the texts. Returns: (transfer full) (nullable) */
LfUserdb *lf_userdb_read(LfUserdbRead read, void *user_data, GError **error);
/** lf_userdb_load: reads etc/… below @root_fd. Returns: (transfer full) (nullable) */
LfUserdb *lf_userdb_load(int root_fd, GError **error);
/** lf_userdb_save: writes the four files with their usual modes. */
bool lf_userdb_save(const LfUserdb *db, int root_fd, GError **error);

/** lf_userdb_has_user / _group: whether there is one with this name. */
bool lf_userdb_has_user(const LfUserdb *db, const char *name);
bool lf_userdb_has_group(const LfUserdb *db, const char *name);
/** lf_userdb_has_uid / _gid: whether the number is taken. */
bool lf_userdb_has_uid(const LfUserdb *db, uint32_t uid);
bool lf_userdb_has_gid(const LfUserdb *db, uint32_t gid);
/** lf_userdb_find_group: its number. Returns: false when there is no such group. */
bool lf_userdb_find_group(const LfUserdb *db, const char *name, uint32_t *ret_gid);
/** lf_userdb_find_user: what passwd says. Returns: false when there is no such user. */
bool lf_userdb_find_user(const LfUserdb *db, const char *name, uint32_t *ret_uid, uint32_t *ret_gid,
			 char **ret_home);
/** lf_userdb_free_id: the first number from 1000 that is neither a user's nor a group's. */
uint32_t lf_userdb_free_id(const LfUserdb *db);

/** lf_userdb_add_user: the name must be new. */
void lf_userdb_add_user(LfUserdb *db, const LfUser *user);
/** lf_userdb_add_group: the name must be new. */
void lf_userdb_add_group(LfUserdb *db, const char *name, uint32_t gid);
/** lf_userdb_add_member: adds the user to an existing group; twice is once. */
void lf_userdb_add_member(LfUserdb *db, const char *group, const char *user);
/** lf_userdb_set_password: replaces the field in shadow. Returns: false when there is no such user.
 */
bool lf_userdb_set_password(LfUserdb *db, const char *user, const char *field);

void lf_userdb_free(LfUserdb *db);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfUserdb, lf_userdb_free)
