// Accounts on a tree that is not running: merging, hashing, homes, keys. Runs in a user namespace's
// stead as whoever calls it: ownership is only checked for the caller's own number.
#include <crypt.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "installer/apply/accounts.h"
#include "installer/apply/tree.h"
#include "installer/apply/userdb.h"
#include "tests/unit/test.h"

typedef struct {
	char *dir;
	int root;
	LfProfile *profile;
} Tree;

static void put(const Tree *tree, const char *path, const char *text)
{
	g_autoptr(GError) error = NULL;

	assert_ok(lf_tree_write(tree->root, path, text, 0644, &error), error);
}

static Tree *tree_new(void)
{
	static const char *const dirs[] = { "etc/skel/sub", "var/home", "var/roothome", "etc/ssh" };
	Tree *tree = g_new0(Tree, 1);
	g_autoptr(GError) error = NULL;

	tree->dir = lf_test_dir();
	tree->root = open(tree->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < G_N_ELEMENTS(dirs); i++)
		assert_ok(lf_tree_mkdirs(tree->root, dirs[i], 0755, &error), error);
	assert_ok(lf_tree_link(tree->root, "var/home", "home", &error), error);
	assert_ok(lf_tree_link(tree->root, "var/roothome", "root", &error), error);
	put(tree, "etc/passwd",
	    "root:x:0:0:root:/root:/bin/bash\n"
	    "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
	    "+nis:odd line\n");
	put(tree, "etc/shadow", "root:*:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n");
	put(tree, "etc/group", "root:x:0:\ndaemon:x:1:\nsudo:x:27:\n");
	put(tree, "etc/gshadow", "root:*::\ndaemon:*::\nsudo:*::\n");
	put(tree, "etc/skel/.profile", "# profile\n");
	tree->profile = lf_profile_new();
	return tree;
}

static void tree_free(Tree *tree)
{
	lf_profile_free(tree->profile);
	close(tree->root);
	lf_test_dir_remove(tree->dir);
	g_free(tree);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Tree, tree_free)

static char *get(const Tree *tree, const char *path)
{
	g_autoptr(GError) error = NULL;
	char *text = lf_tree_read(tree->root, path, 65536, &error);

	assert_ok(text != NULL, error);
	return text;
}

static char *shadow_field(const Tree *tree, const char *user)
{
	g_autofree char *text = get(tree, "etc/shadow");
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autofree char *prefix = g_strconcat(user, ":", NULL);

	for (char **line = lines; *line; line++)
		if (g_str_has_prefix(*line, prefix)) {
			g_auto(GStrv) fields = g_strsplit(*line, ":", -1);

			assert_int_equal(g_strv_length(fields), 9);
			return g_strdup(fields[1]);
		}
	fail_msg("no '%s' in shadow", user);
	return NULL;
}

// Files get the numbers of the wish; a test without root can only give them to itself.
static LfAccount *add_user(Tree *tree, const char *name, const char *groups)
{
	LfAccount *account = g_new0(LfAccount, 1);

	account->name = g_strdup(name);
	account->uid = geteuid() == 0 ? -1 : (int64_t)geteuid();
	account->gid = geteuid() == 0 ? -1 : (int64_t)getegid();
	account->groups = g_strsplit(groups, ",", -1);
	g_ptr_array_add(tree->profile->users, account);
	return account;
}

static void set_root(Tree *tree, const char *password, bool is_crypted, bool is_locked)
{
	tree->profile->root = g_new0(LfAccount, 1);
	tree->profile->root->name = g_strdup("root");
	tree->profile->root->groups = g_new0(char *, 1);
	tree->profile->root->password = password ? lf_secret_new_text(password) : NULL;
	tree->profile->root->is_crypted = is_crypted;
	tree->profile->root->is_locked = is_locked;
}

#define need_root()                                                                                \
	do {                                                                                       \
		if (geteuid() != 0)                                                                \
			lf_test_skip("needs root to give shadow its group");                       \
	} while (0)

static void apply(const Tree *tree)
{
	g_autoptr(GError) error = NULL;

	assert_ok(lf_accounts_apply(tree->root, tree->profile, &error), error);
}

static void without_rootpw_the_password_is_locked(void **state)
{
	need_root();
	g_autoptr(Tree) tree = tree_new();
	g_autofree char *field = NULL;

	apply(tree);
	field = shadow_field(tree, "root");
	assert_string_equal(field, "!");
}

static void a_plain_password_is_hashed_with_yescrypt(void **state)
{
	need_root();
	g_autoptr(Tree) tree = tree_new();
	g_autofree char *field = NULL;

	set_root(tree, "open sesame", false, false);
	apply(tree);
	field = shadow_field(tree, "root");
	assert_true(g_str_has_prefix(field, "$y$"));
	assert_string_equal(crypt("open sesame", field), field);
	assert_string_not_equal(crypt("open", field), field);
}

static void a_crypted_password_is_kept_and_a_locked_one_marked(void **state)
{
	need_root();
	g_autoptr(Tree) tree = tree_new();
	g_autoptr(Tree) locked = tree_new();
	g_autofree char *field = NULL;
	g_autofree char *locked_field = NULL;

	set_root(tree, "$6$salt$hash", true, false);
	apply(tree);
	field = shadow_field(tree, "root");
	assert_string_equal(field, "$6$salt$hash");
	set_root(locked, "$6$salt$hash", true, true);
	apply(locked);
	locked_field = shadow_field(locked, "root");
	assert_string_equal(locked_field, "!$6$salt$hash");
}

static void a_hash_with_a_colon_does_not_break_shadow(void **state)
{
	g_autoptr(Tree) tree = tree_new();
	g_autoptr(GError) error = NULL;

	set_root(tree, "a::0:\nevil", true, false);
	assert_throws(lf_accounts_apply(tree->root, tree->profile, &error), error, LF_ERROR_INPUT,
		      "root");
}

static void a_user_gets_number_group_home_and_skeleton(void **state)
{
	need_root();
	g_autoptr(Tree) tree = tree_new();
	g_autofree char *passwd = NULL;
	g_autofree char *group = NULL;
	g_autofree char *skeleton = NULL;
	g_autofree char *home = g_build_filename(tree->dir, "var/home/op", NULL);
	struct stat st;

	add_user(tree, "op", "sudo,wheel,new(2000)")->gecos = g_strdup("The Operator");
	apply(tree);
	passwd = get(tree, "etc/passwd");
	group = get(tree, "etc/group");
	skeleton = get(tree, "home/op/.profile");
	assert_contains(passwd, "\nop:x:1000:1000:The Operator:/home/op:/bin/bash\n");
	assert_contains(passwd, "\n+nis:odd line\n");
	assert_contains(group, "\nop:x:1000:\n");
	assert_contains(group, "\nsudo:x:27:op\n");
	assert_contains(group, "\nnew:x:2000:op\n");
	assert_string_equal(skeleton, "# profile\n");
	assert_int_equal(stat(home, &st), 0);
	assert_int_equal(st.st_uid, 1000);
	assert_int_equal(st.st_mode & 07777, 0700);
}

static void a_directory_that_is_there_already_is_not_given_away(void **state)
{
	g_autoptr(Tree) tree = tree_new();
	g_autoptr(GError) error = NULL;
	g_autofree char *log = g_build_filename(tree->dir, "var/log", NULL);
	LfAccount *account = add_user(tree, "op", "");
	struct stat st;

	account->home = g_strdup("/var/log");
	account->uid = account->gid = 4000;
	assert_ok(lf_tree_mkdirs(tree->root, "var/log", 0755, &error), error);
	assert_throws(lf_accounts_apply(tree->root, tree->profile, &error), error, LF_ERROR_INPUT,
		      "'/var/log' is there already and belongs to another");
	assert_int_equal(stat(log, &st), 0);
	assert_int_equal(st.st_uid, geteuid());
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_false(lf_tree_exists(tree->root, "var/log/.profile"));
}

static void a_home_that_is_the_users_already_is_kept(void **state)
{
	need_root();
	g_autoptr(Tree) tree = tree_new();
	g_autoptr(GError) error = NULL;
	g_autofree char *skeleton = NULL;

	add_user(tree, "op", "")->uid = 4000;
	assert_ok(lf_tree_mkdirs(tree->root, "var/home/op", 0755, &error), error);
	assert_ok(lf_tree_chown(tree->root, "var/home/op", 4000, 4000, &error), error);
	apply(tree);
	skeleton = get(tree, "home/op/.profile");
	assert_string_equal(skeleton, "# profile\n");
}

static void a_partition_mounted_as_a_home_becomes_its_users(void **state)
{
	need_root();
	// Before the tree is opened: what is open stays in the old namespace.
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		lf_test_skip("cannot mount here");
	g_autoptr(Tree) tree = tree_new();
	g_autoptr(GError) error = NULL;
	g_autofree char *home = g_build_filename(tree->dir, "var/home/op", NULL);
	struct stat st;

	assert_ok(lf_tree_mkdirs(tree->root, "var/home/op", 0755, &error), error);
	assert_int_equal(mount("tmpfs", home, "tmpfs", 0, "mode=0755"), 0);
	add_user(tree, "op", "");
	apply(tree);
	assert_int_equal(stat(home, &st), 0);
	assert_int_equal(umount(home), 0);
	assert_int_equal(st.st_uid, 1000);
	assert_int_equal(st.st_mode & 07777, 0700);
}

static void two_users_get_different_numbers(void **state)
{
	need_root();
	g_autoptr(Tree) tree = tree_new();
	g_autofree char *passwd = NULL;

	add_user(tree, "one", "");
	add_user(tree, "two", "");
	apply(tree);
	passwd = get(tree, "etc/passwd");
	assert_contains(passwd, "\none:x:1000:1000:");
	assert_contains(passwd, "\ntwo:x:1001:1001:");
}

static void a_user_that_contradicts_the_system_is_refused(void **state)
{
	static const struct {
		const char *name, *gecos, *groups;
		int64_t uid;
		const char *text;
	} rows[] = {
		{ "daemon", NULL, "", -1, "already has a user 'daemon'" },
		{ "op", NULL, "", 1, "cannot have number 1" },
		{ "op", NULL, "late(27)", 4000, "'late(27)' cannot have that number" },
		{ "op", NULL, "late(x)", 4000, "'late(x)' cannot have that number" },
		{ "op", "a:b", "", 4000, "colon" },
		{ "o:p", NULL, "", 4000, "colon" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(Tree) tree = tree_new();
		LfAccount *account = add_user(tree, rows[i].name, rows[i].groups);
		g_autoptr(GError) error = NULL;

		account->uid = rows[i].uid;
		account->gecos = g_strdup(rows[i].gecos);
		assert_throws(lf_accounts_apply(tree->root, tree->profile, &error), error,
			      LF_ERROR_INPUT, rows[i].text);
	}
}

static void add_key(Tree *tree, const char *user, const char *text)
{
	LfSshKey *key = g_new0(LfSshKey, 1);

	key->user = g_strdup(user);
	key->key = g_strdup(text);
	g_ptr_array_add(tree->profile->ssh_keys, key);
}

static void assert_group_of(Tree *tree, const char *user, uint32_t wanted_gid)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfUserdb) db = lf_userdb_load(tree->root, &error);
	g_autofree char *home = NULL;
	uint32_t uid, gid;

	assert_ok(db && lf_accounts_merge(db, tree->profile, &error), error);
	assert_true(lf_userdb_find_user(db, user, &uid, &gid, &home));
	assert_int_equal(gid, wanted_gid);
	assert_true(lf_userdb_has_gid(db, gid));
}

static void a_group_of_the_users_name_is_the_users_own(void **state)
{
	g_autoptr(Tree) tree = tree_new();
	LfAccount *account = add_user(tree, "daily", "sudo");

	put(tree, "etc/group", "root:x:0:\nsudo:x:27:\ndaily:x:37:\n");
	account->uid = 1500;
	account->gid = -1;
	assert_group_of(tree, "daily", 37);
	account->gid = 27;
	assert_group_of(tree, "daily", 27);
}

static void another_number_for_a_group_that_is_there_is_refused(void **state)
{
	g_autoptr(Tree) tree = tree_new();
	LfAccount *account = add_user(tree, "daily", "sudo");
	g_autoptr(GError) error = NULL;
	g_autoptr(LfUserdb) db = NULL;

	put(tree, "etc/group", "root:x:0:\nsudo:x:27:\ndaily:x:37:\n");
	account->uid = 1500;
	account->gid = 1500;
	db = lf_userdb_load(tree->root, &error);
	assert_throws(lf_accounts_merge(db, tree->profile, &error), error, LF_ERROR_INPUT,
		      "--gid=37");
}

static void keys_add_up_and_only_their_user_can_read_them(void **state)
{
	need_root();
	g_autoptr(Tree) tree = tree_new();
	g_autofree char *keys = NULL;
	g_autofree char *path =
		g_build_filename(tree->dir, "var/roothome/.ssh/authorized_keys", NULL);
	g_autofree char *ssh = g_path_get_dirname(path);
	struct stat st;

	add_key(tree, "root", "ssh-ed25519 AAAA one");
	add_key(tree, "root", "ssh-ed25519 BBBB two");
	apply(tree);
	keys = get(tree, "root/.ssh/authorized_keys");
	assert_string_equal(keys, "ssh-ed25519 AAAA one\nssh-ed25519 BBBB two\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(ssh, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
}

static void a_key_for_nobody_is_refused(void **state)
{
	g_autoptr(Tree) tree = tree_new();
	g_autoptr(GError) error = NULL;

	add_key(tree, "nobody-here", "ssh-ed25519 AAAA");
	assert_throws(lf_accounts_apply(tree->root, tree->profile, &error), error, LF_ERROR_INPUT,
		      "no user 'nobody-here'");
}

static void ssh_with_a_root_password_is_only_allowed_when_asked(void **state)
{
	need_root();
	g_autoptr(Tree) tree = tree_new();
	g_autofree char *dropin = NULL;

	set_root(tree, "x", false, false);
	apply(tree);
	assert_false(lf_tree_exists(tree->root, "etc/ssh/sshd_config.d/10-landfall.conf"));
	tree->profile->root->allows_ssh_password = true;
	apply(tree);
	dropin = get(tree, "etc/ssh/sshd_config.d/10-landfall.conf");
	assert_string_equal(dropin, "PermitRootLogin yes\n");
}

static void shadow_is_not_readable_by_others(void **state)
{
	need_root();
	g_autoptr(Tree) tree = tree_new();
	g_autofree char *path = g_build_filename(tree->dir, "etc/shadow", NULL);
	struct stat st;

	apply(tree);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(st.st_gid, 42);
}

static void a_hash_that_crypt_does_not_know_is_refused_before_anything_is_written(void **state)
{
	static const char *const hashes[] = { "$nonsense$abcdefgh", "$", "", "$6$sa lt$x" };

	for (size_t i = 0; i < G_N_ELEMENTS(hashes); i++) {
		g_autoptr(Tree) tree = tree_new();
		g_autoptr(GError) error = NULL;
		g_autofree char *before = get(tree, "etc/shadow");
		g_autofree char *after = NULL;

		set_root(tree, hashes[i], true, false);
		add_user(tree, "op", "");
		assert_throws(lf_accounts_apply(tree->root, tree->profile, &error), error,
			      LF_ERROR_INPUT, "no crypt(3) hash: write what 'mkpasswd' prints");
		after = get(tree, "etc/shadow");
		assert_string_equal(after, before);
		assert_false(lf_tree_exists(tree->root, "var/home/op"));
	}
}

static void what_is_refused_is_refused_without_writing(void **state)
{
	g_autoptr(Tree) tree = tree_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(LfUserdb) db = lf_userdb_load(tree->root, &error);

	assert_ok(db, error);
	add_user(tree, "first", "sudo,ops");
	add_user(tree, "second", "ops")->uid = 4001;
	add_key(tree, "second", "ssh-ed25519 AAAA");
	assert_ok(lf_accounts_merge(db, tree->profile, &error), error);
	assert_true(lf_userdb_has_user(db, "second"));
	assert_true(lf_userdb_has_group(db, "ops"));
	add_key(tree, "third", "ssh-ed25519 AAAA");
	assert_throws(lf_accounts_apply(tree->root, tree->profile, &error), error, LF_ERROR_INPUT,
		      "no user 'third'");
	assert_false(lf_tree_exists(tree->root, "var/home/first"));
}

static void a_member_is_added_once(void **state)
{
	g_autoptr(Tree) tree = tree_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(LfUserdb) db = lf_userdb_load(tree->root, &error);

	assert_ok(db != NULL, error);
	lf_userdb_add_group(db, "team", 3000);
	lf_userdb_add_member(db, "team", "a");
	lf_userdb_add_member(db, "team", "b");
	lf_userdb_add_member(db, "team", "a");
	lf_userdb_add_member(db, "none", "a");
	assert_true(lf_userdb_has_group(db, "team"));
	assert_true(lf_userdb_has_gid(db, 3000));
	assert_false(lf_userdb_has_group(db, "none"));
	if (geteuid() == 0) {
		g_autofree char *group = NULL;

		assert_ok(lf_userdb_save(db, tree->root, &error), error);
		group = get(tree, "etc/group");
		assert_contains(group, "\nteam:x:3000:a,b\n");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(without_rootpw_the_password_is_locked),
		LF_TEST(a_plain_password_is_hashed_with_yescrypt),
		LF_TEST(a_crypted_password_is_kept_and_a_locked_one_marked),
		LF_TEST(a_hash_with_a_colon_does_not_break_shadow),
		LF_TEST(a_user_gets_number_group_home_and_skeleton),
		LF_TEST(a_directory_that_is_there_already_is_not_given_away),
		LF_TEST(a_home_that_is_the_users_already_is_kept),
		LF_TEST(a_partition_mounted_as_a_home_becomes_its_users),
		LF_TEST(two_users_get_different_numbers),
		LF_TEST(a_user_that_contradicts_the_system_is_refused),
		LF_TEST(a_group_of_the_users_name_is_the_users_own),
		LF_TEST(another_number_for_a_group_that_is_there_is_refused),
		LF_TEST(keys_add_up_and_only_their_user_can_read_them),
		LF_TEST(a_key_for_nobody_is_refused),
		LF_TEST(ssh_with_a_root_password_is_only_allowed_when_asked),
		LF_TEST(shadow_is_not_readable_by_others),
		LF_TEST(a_hash_that_crypt_does_not_know_is_refused_before_anything_is_written),
		LF_TEST(what_is_refused_is_refused_without_writing),
		LF_TEST(a_member_is_added_once),
	};

	return LF_TEST_MAIN(tests);
}
