#pragma once

#include "installer/apply/userdb.h"
#include "installer/plan/plan.h"

/**
 * lf_accounts_merge:
 * @db: (inout): what the system has; half changed after an error
 * @profile: rootpw, user and sshkey lines
 *
 * Adds the users and groups, with locked passwords, and finds whatever else speaks against the
 * profile's accounts: hashes that are none, keys of nobody. Pure: the same text of passwd and group
 * gives the same answer before the first write and after it.
 *
 * Errors: INPUT when the profile contradicts the system; TARGET when the system has no root.
 */
bool lf_accounts_merge(LfUserdb *db, const LfProfile *profile, GError **error);

/** lf_accounts_home: (transfer full): the home directory that the user's line will get in passwd.
 */
char *lf_accounts_home(const LfAccount *account);
/** lf_accounts_shell: (transfer none): the shell that it will get; "" when none shall be there. */
const char *lf_accounts_shell(const LfAccount *account);

/**
 * lf_accounts_apply:
 * @root_fd: the installed system's tree, as it will see itself
 * @profile: rootpw, user and sshkey lines
 *
 * Merges the accounts into /etc/passwd, shadow, group and gshadow, makes home directories from
 * /etc/skel and authorized_keys. A home that is there already is only taken when it is the user's
 * own or a partition's top directory. Without a rootpw line root's password is locked. Plain
 * passwords are hashed with yescrypt.
 *
 * Errors: INPUT when a name, number or group contradicts the system; IO.
 */
bool lf_accounts_apply(int root_fd, const LfProfile *profile, GError **error);

/**
 * lf_accounts_hash: (transfer full) (nullable): crypt(3) hash of a plain password, with a fresh
 * salt.
 */
char *lf_accounts_hash(const LfSecret *password, GError **error);
