// Accounts from the profile: passwords, users, groups, home directories, keys.
// Not here: the format of the account files (userdb.c).
#include "installer/apply/accounts.h"

#include <crypt.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "installer/apply/effects.h"
#include "installer/apply/tree.h"

#define HASH_METHOD   "$y$"
#define LOCKED	      "!"
#define DEFAULT_SHELL "/bin/bash"
#define SSHD_DROPIN   "etc/ssh/sshd_config.d/10-landfall.conf"

char *lf_accounts_hash(const LfSecret *password, GError **error)
{
	g_autofree struct crypt_data *data = g_new0(struct crypt_data, 1);
	char salt[CRYPT_GENSALT_OUTPUT_SIZE];
	const char *hash;
	char *copy = NULL;

	if (!crypt_gensalt_rn(HASH_METHOD, 0, NULL, 0, salt, sizeof salt))
		return lf_throw_errno_null(error, "cannot make a salt for a password");
	hash = crypt_r(lf_secret_data(password), salt, data);
	if (hash && *hash != '*')
		copy = g_strdup(hash);
	else
		lf_throw(error, LF_ERROR_INTERNAL, "cannot hash a password");
	lf_wipe(data, sizeof *data);
	return copy;
}

static const char *name_of(const LfAccount *account)
{
	return account->name ? account->name : "root";
}

// Whatever is no hash goes into shadow as it is: nobody could log in, or everything behind it
// moves.
static bool check_hash(const LfAccount *account, GError **error)
{
	const char *hash;
	int verdict;

	if (!account || !account->password || !account->is_crypted)
		return true;
	hash = lf_secret_data(account->password);
	verdict = crypt_checksalt(hash);
	if (verdict != CRYPT_SALT_INVALID && verdict != CRYPT_SALT_METHOD_DISABLED &&
	    !strpbrk(hash, ":\n"))
		return true;
	return lf_throw(
		error, LF_ERROR_INPUT,
		"the crypted password of '%s' is no crypt(3) hash: write what 'mkpasswd' prints",
		name_of(account));
}

// The field of shadow: "!" in front of a hash locks it and keeps it.
static char *password_field(const LfAccount *account, GError **error)
{
	g_autofree char *hash = NULL;

	if (!account || !account->password)
		return g_strdup(LOCKED);
	if (account->is_crypted)
		hash = g_strdup(lf_secret_data(account->password));
	else
		hash = lf_accounts_hash(account->password, error);
	if (!hash)
		return NULL;
	return account->is_locked ? g_strconcat(LOCKED, hash, NULL) : g_steal_pointer(&hash);
}

static bool set_password(LfUserdb *db, const char *name, const LfAccount *account, GError **error)
{
	g_autofree char *field = password_field(account, error);

	if (!field)
		return false;
	return lf_userdb_set_password(db, name, field) ||
	       lf_throw(error, LF_ERROR_IO, "the system has no account '%s'", name);
}

static bool set_passwords(LfUserdb *db, const LfProfile *profile, GError **error)
{
	if (!set_password(db, "root", profile->root, error))
		return false;
	for (guint i = 0; i < profile->users->len; i++) {
		const LfAccount *account = g_ptr_array_index(profile->users, i);

		if (!set_password(db, account->name, account, error))
			return false;
	}
	return true;
}

static bool allow_root_login(int root_fd, const LfAccount *root, GError **error)
{
	if (!root || !root->allows_ssh_password)
		return true;
	return lf_tree_mkdirs(root_fd, "etc/ssh/sshd_config.d", 0755, error) &&
	       lf_tree_write(root_fd, SSHD_DROPIN, "PermitRootLogin yes\n", 0644, error);
}

// Kickstarts from elsewhere say wheel where Debian says sudo.
static const char *local_group(const LfUserdb *db, const char *name)
{
	if (strcmp(name, "wheel") == 0 && !lf_userdb_has_group(db, name))
		return "sudo";
	return name;
}

// "name" or "name(gid)"; a group that is not there is made.
static bool join_group(LfUserdb *db, const char *spec, const char *user, GError **error)
{
	g_auto(GStrv) parts = g_strsplit(spec, "(", 2);
	const char *name = local_group(db, parts[0]);
	guint64 gid = 0;

	if (!lf_userdb_has_group(db, name)) {
		gid = lf_userdb_free_id(db);
		if (parts[1]) {
			g_strdelimit(parts[1], ")", '\0');
			if (!g_ascii_string_to_unsigned(parts[1], 10, 1, G_MAXINT32, &gid, NULL) ||
			    lf_userdb_has_gid(db, (uint32_t)gid))
				return lf_throw(
					error, LF_ERROR_INPUT,
					"group '%s' cannot have that number: choose another", spec);
		}
		lf_userdb_add_group(db, name, (uint32_t)gid);
	}
	lf_userdb_add_member(db, name, user);
	return true;
}

// The group of the user's name, which may be there already: Debian has an 'operator', for one.
static bool choose_group(LfUserdb *db, const LfAccount *account, LfUser *user, GError **error)
{
	uint32_t found = 0;
	bool is_there = lf_userdb_find_group(db, account->name, &found);

	if (account->gid >= 0)
		user->gid = (uint32_t)account->gid;
	else if (is_there)
		user->gid = found;
	else
		user->gid = lf_userdb_has_gid(db, user->uid) ? lf_userdb_free_id(db) : user->uid;
	if (lf_userdb_has_gid(db, user->gid))
		return true;
	if (is_there)
		return lf_throw(error, LF_ERROR_INPUT,
				"user '%s' cannot have group %u: a group of that name has number "
				"%u, write '--gid=%u' or leave it out",
				account->name, user->gid, found, found);
	lf_userdb_add_group(db, account->name, user->gid);
	return true;
}

static bool choose_ids(LfUserdb *db, const LfAccount *account, LfUser *user, GError **error)
{
	if (lf_userdb_has_user(db, account->name))
		return lf_throw(error, LF_ERROR_INPUT,
				"the system already has a user '%s': choose another name",
				account->name);
	user->uid = account->uid >= 0 ? (uint32_t)account->uid : lf_userdb_free_id(db);
	if (lf_userdb_has_uid(db, user->uid))
		return lf_throw(error, LF_ERROR_INPUT,
				"user '%s' cannot have number %u: it is taken", account->name,
				user->uid);
	return choose_group(db, account, user, error);
}

// A colon would begin another field, a newline another account.
static bool check_text(const LfAccount *account, GError **error)
{
	const char *const texts[] = { account->name, account->gecos, account->home,
				      account->shell };

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
		if (texts[i] && strpbrk(texts[i], ":\n"))
			return lf_throw(error, LF_ERROR_INPUT,
					"user '%s': no colon and no new line can be in '%s'",
					account->name, texts[i]);
	return true;
}

char *lf_accounts_home(const LfAccount *account)
{
	return account->home ? g_strdup(account->home) : g_strconcat("/home/", account->name, NULL);
}

const char *lf_accounts_shell(const LfAccount *account)
{
	return account->shell ? account->shell : DEFAULT_SHELL;
}

static bool add_account(LfUserdb *db, const LfAccount *account, GError **error)
{
	g_autofree char *home = lf_accounts_home(account);
	LfUser user = { .name = account->name,
			.gecos = account->gecos,
			.home = home,
			.shell = lf_accounts_shell(account),
			.password = LOCKED };

	if (!check_hash(account, error) || !check_text(account, error) ||
	    !choose_ids(db, account, &user, error))
		return false;
	lf_userdb_add_user(db, &user);
	for (char **group = account->groups; group && *group; group++)
		if (!join_group(db, *group, account->name, error))
			return false;
	return true;
}

static bool find_user(const LfUserdb *db, const char *name, LfUser *ret, char **ret_home)
{
	if (!lf_userdb_find_user(db, name, &ret->uid, &ret->gid, ret_home))
		return false;
	ret->name = name;
	ret->home = *ret_home;
	return true;
}

static bool check_key(const LfUserdb *db, const LfSshKey *key, GError **error)
{
	g_autofree char *home = NULL;
	LfUser user;

	return find_user(db, key->user, &user, &home) ||
	       lf_throw(error, LF_ERROR_INPUT,
			"there is no user '%s' for an ssh key: add a user line", key->user);
}

bool lf_accounts_merge(LfUserdb *db, const LfProfile *profile, GError **error)
{
	if (!lf_userdb_has_user(db, "root"))
		return lf_throw(error, LF_ERROR_TARGET, "the system has no account 'root'");
	if (!check_hash(profile->root, error))
		return false;
	for (guint i = 0; i < profile->users->len; i++)
		if (!add_account(db, g_ptr_array_index(profile->users, i), error))
			return false;
	for (guint i = 0; i < profile->ssh_keys->len; i++)
		if (!check_key(db, g_ptr_array_index(profile->ssh_keys, i), error))
			return false;
	return true;
}

static bool copy_skeleton_file(int skel_fd, const char *name, int home_fd, const LfUser *user,
			       GError **error)
{
	struct stat st;

	if (fstatat(skel_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return lf_throw_errno(error, "cannot look at '%s'", name);
	if (!S_ISREG(st.st_mode))
		return true;
	if (!lf_copy_file_at(skel_fd, name, home_fd, name, st.st_mode & 0777, error))
		return false;
	if (fchownat(home_fd, name, user->uid, user->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return lf_throw_errno(error, "cannot give '%s' to '%s'", name, user->name);
	return true;
}

static void close_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static bool copy_skeleton(int root_fd, int home_fd, const LfUser *user, GError **error)
{
	__attribute__((cleanup(close_dir))) DIR *dir = NULL;
	struct dirent *entry;
	int skel_fd = -1;

	if (!lf_tree_open(root_fd, "etc/skel", O_RDONLY | O_DIRECTORY, 0, &skel_fd, NULL))
		return true;
	dir = fdopendir(skel_fd);
	if (!dir) {
		close(skel_fd);
		return lf_throw_errno(error, "cannot read '/etc/skel'");
	}
	while ((entry = readdir(dir)))
		if (!copy_skeleton_file(skel_fd, entry->d_name, home_fd, user, error))
			return false;
	return true;
}

// Whose a directory is that was not made here: what the system needs must not become a user's.
static bool is_takeable(int home_fd, const LfUser *user, GError **error)
{
	struct statx st;

	if (statx(home_fd, "", AT_EMPTY_PATH, STATX_UID, &st) < 0)
		return lf_throw_errno(error, "cannot look at '%s'", user->home);
	return st.stx_uid == user->uid || (st.stx_attributes & STATX_ATTR_MOUNT_ROOT) ||
	       lf_throw(error, LF_ERROR_INPUT,
			"'%s' is there already and belongs to another: choose another --homedir",
			user->home);
}

static bool make_home(int root_fd, const LfUser *user, GError **error)
{
	const char *home = user->home + strspn(user->home, "/");
	g_autofree char *parent = g_path_get_dirname(home);
	bool is_there = lf_tree_exists(root_fd, home);
	lf_autofd home_fd = -1;

	if (!lf_tree_mkdirs(root_fd, parent, 0755, error) ||
	    !lf_tree_mkdirs(root_fd, home, 0700, error) ||
	    !lf_tree_open(root_fd, home, O_RDONLY | O_DIRECTORY, 0, &home_fd, error) ||
	    (is_there && !is_takeable(home_fd, user, error)) ||
	    !copy_skeleton(root_fd, home_fd, user, error))
		return lf_prefix(error, "home directory of '%s'", user->name);
	if (fchmod(home_fd, 0700) < 0 || fchown(home_fd, user->uid, user->gid) < 0)
		return lf_throw_errno(error, "cannot give '%s' to '%s'", user->home, user->name);
	return true;
}

static bool make_homes(int root_fd, const LfUserdb *db, const GPtrArray *users, GError **error)
{
	for (guint i = 0; i < users->len; i++) {
		const LfAccount *account = g_ptr_array_index(users, i);
		g_autofree char *home = NULL;
		LfUser user;

		if (find_user(db, account->name, &user, &home) && !make_home(root_fd, &user, error))
			return false;
	}
	return true;
}

// sshd refuses keys in places that others than the user can write.
static bool add_key(int root_fd, const LfUserdb *db, const LfSshKey *key, GError **error)
{
	g_autofree char *home = NULL;
	g_autofree char *line = g_strconcat(key->key, "\n", NULL);
	g_autofree char *dir = NULL;
	g_autofree char *path = NULL;
	LfUser user;

	if (!find_user(db, key->user, &user, &home))
		return true;
	dir = g_build_filename(home + strspn(home, "/"), ".ssh", NULL);
	path = g_build_filename(dir, "authorized_keys", NULL);
	return lf_tree_mkdirs(root_fd, dir, 0700, error) &&
	       lf_tree_append(root_fd, path, line, 0600, error) &&
	       lf_tree_chown(root_fd, dir, user.uid, user.gid, error) &&
	       lf_tree_chown(root_fd, path, user.uid, user.gid, error);
}

static bool add_keys(int root_fd, const LfUserdb *db, const GPtrArray *keys, GError **error)
{
	for (guint i = 0; i < keys->len; i++)
		if (!add_key(root_fd, db, g_ptr_array_index(keys, i), error))
			return false;
	return true;
}

bool lf_accounts_apply(int root_fd, const LfProfile *profile, GError **error)
{
	g_autoptr(LfUserdb) db = lf_userdb_load(root_fd, error);

	return db && lf_accounts_merge(db, profile, error) && set_passwords(db, profile, error) &&
	       allow_root_login(root_fd, profile->root, error) &&
	       make_homes(root_fd, db, profile->users, error) &&
	       add_keys(root_fd, db, profile->ssh_keys, error) &&
	       lf_userdb_save(db, root_fd, error);
}

bool lf_effect_accounts(LfInstall *install, GError **error)
{
	return lf_accounts_apply(install->root_fd, install->plan->profile, error);
}
