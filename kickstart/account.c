// Commands about accounts: rootpw, user, sshkey.
// Not here: hashing a password, writing passwd and shadow.
#include <string.h>

#include "kickstart/parser.h"

#define MAX_ACCOUNTS 1000
#define MAX_ID	     4294967293 /* (uid_t)-1 and -2 mean "nobody in particular" */

static const LfOption root_options[] = {
	LF_OPTION_FIELD("--iscrypted", FLAG, LfAccount, is_crypted),
	LF_OPTION_FIELD("--plaintext", UNFLAG, LfAccount, is_crypted),
	LF_OPTION_FIELD("--lock", FLAG, LfAccount, is_locked),
	LF_OPTION_FIELD("--allow-ssh", FLAG, LfAccount, allows_ssh_password),
};

static const LfOption user_options[] = {
	{ "--name", LF_OPTION_TEXT, LF_OPTION_REQUIRED, offsetof(LfAccount, name),
	  LF_SHAPE_ACCOUNT },
	LF_OPTION_FIELD("--password", SECRET, LfAccount, password),
	LF_OPTION_FIELD("--iscrypted", FLAG, LfAccount, is_crypted),
	LF_OPTION_FIELD("--plaintext", UNFLAG, LfAccount, is_crypted),
	LF_OPTION_FIELD("--lock", FLAG, LfAccount, is_locked),
	LF_OPTION_FIELD("--groups", LIST, LfAccount, groups, LF_SHAPE_GROUP_ENTRY),
	LF_OPTION_FIELD("--uid", I64, LfAccount, uid, 0, 1, MAX_ID),
	LF_OPTION_FIELD("--gid", I64, LfAccount, gid, 0, 0, MAX_ID),
	LF_OPTION_FIELD("--homedir", TEXT, LfAccount, home, LF_SHAPE_PASSWD_PATH),
	LF_OPTION_FIELD("--shell", TEXT, LfAccount, shell, LF_SHAPE_PASSWD_PATH),
	LF_OPTION_FIELD("--gecos", TEXT, LfAccount, gecos, LF_SHAPE_PASSWD_TEXT),
};

// Whatever is stored goes into shadow as it is: a ':' in it would move the fields behind it.
static bool is_hash(const char *text)
{
	if (*text != '$' || strlen(text) < 10)
		return false;
	for (; *text; text++)
		if (!g_ascii_isgraph(*text) || *text == ':')
			return false;
	return true;
}

static bool looks_like_hash(const char *text)
{
	static const char *const beginnings[] = {
		"$y$", "$gy$", "$7$", "$2b$", "$6$", "$5$", "$1$"
	};

	for (size_t i = 0; i < G_N_ELEMENTS(beginnings); i++)
		if (g_str_has_prefix(text, beginnings[i]))
			return is_hash(text);
	return false;
}

static void check_password(LfCall *call, const LfAccount *account, LfPlace place)
{
	const char *text = account->password ? lf_secret_data(account->password) : NULL;

	if (text && account->is_crypted && !is_hash(text))
		lf_call_error(call, place, "not-a-hash",
			      "write a crypt(3) hash as 'mkpasswd' prints it, or '--lock' for an "
			      "account without a password",
			      "the password is not a hash");
	if (text && !account->is_crypted && looks_like_hash(text))
		lf_call_warn(call, place, "looks-crypted", "add '--iscrypted' if it is one",
			     "the password looks like a hash, but is taken as it is written");
}

static LfAccount *take_account(LfCall *call, void *values)
{
	LfAccount *account = g_memdup2(values, sizeof(LfAccount));

	memset(values, 0, sizeof(LfAccount));
	account->place = call->place;
	if (!account->groups)
		account->groups = g_new0(char *, 1);
	return account;
}

static void apply_rootpw(LfParser *parser, LfCall *call, void *values)
{
	LfAccount *account = values;
	const char *password = lf_call_word(call, 0);

	if (!password && !account->is_locked)
		lf_call_error(call, call->place, "missing-argument",
			      "write one, or '--lock' for an account without one",
			      "'rootpw' needs a password");
	else if (password && *password == '\0')
		lf_call_error(call, lf_call_word_place(call, 0), "empty-value",
			      "write one, or '--lock'", "the password of root is empty");
	else if (password)
		account->password = lf_secret_new_text(password);
	check_password(call, account, lf_call_word_place(call, 0));
	lf_account_free(parser->profile->root);
	account = take_account(call, values);
	account->name = g_strdup("root");
	account->uid = account->gid = -1;
	parser->profile->root = account;
}

static guint find_user(const GPtrArray *users, const char *name)
{
	guint i = 0;

	while (i < users->len && strcmp(((const LfAccount *)users->pdata[i])->name, name) != 0)
		i++;
	return i;
}

static void apply_user(LfParser *parser, LfCall *call, void *values)
{
	GPtrArray *users = parser->profile->users;
	LfAccount *account = values;
	guint former;

	if (users->len >= MAX_ACCOUNTS) {
		lf_call_error(call, call->place, "too-many", NULL, "more than %d users",
			      MAX_ACCOUNTS);
		return;
	}
	check_password(call, account, lf_call_place(call, "--password"));
	if (strcmp(account->name, "root") == 0)
		lf_call_error(call, lf_call_place(call, "--name"), "reserved-name", "use 'rootpw'",
			      "root is there already");
	if (call->is_broken)
		return;
	former = find_user(users, account->name);
	if (former < users->len) {
		lf_call_warn(call, lf_call_place(call, "--name"), "repeated-user",
			     "remove one of them", "user '%s' is already there; this line counts",
			     account->name);
		g_ptr_array_remove_index(users, former);
	}
	if (!lf_call_has(call, "--uid"))
		account->uid = -1;
	if (!lf_call_has(call, "--gid"))
		account->gid = -1;
	g_ptr_array_add(users, take_account(call, values));
}

// --- sshkey -------------------------------------------------------------------------------------

static const LfOption sshkey_options[] = {
	{ "--username", LF_OPTION_TEXT, LF_OPTION_REQUIRED, offsetof(LfSshKey, user),
	  LF_SHAPE_ACCOUNT },
};

// The first string inside the key repeats its type. Source: RFC 4253, 6.6.
static bool is_whole_key(const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, " ", 3);
	g_autofree guchar *bytes = NULL;
	gsize size = 0;
	size_t type_size = strlen(parts[0]);

	bytes = g_base64_decode(g_strchug(parts[1]), &size);
	return size > type_size + 4 && bytes[0] == 0 && bytes[1] == 0 && bytes[2] == 0 &&
	       bytes[3] == type_size && memcmp(bytes + 4, parts[0], type_size) == 0;
}

static void apply_sshkey(LfParser *parser, LfCall *call, void *values)
{
	const char *text = lf_call_word(call, 0);
	LfSshKey *key;

	if (parser->profile->ssh_keys->len >= MAX_ACCOUNTS) {
		lf_call_error(call, call->place, "too-many", NULL, "more than %d keys",
			      MAX_ACCOUNTS);
		return;
	}
	if (!is_whole_key(text))
		lf_call_warn(call, lf_call_word_place(call, 0), "damaged-key",
			     "copy the line of the .pub file again",
			     "this SSH key is damaged: nobody can log in with it");
	key = g_memdup2(values, sizeof(LfSshKey));
	memset(values, 0, sizeof(LfSshKey));
	key->place = call->place;
	key->key = g_strdup(text);
	g_ptr_array_add(parser->profile->ssh_keys, key);
}

static const LfCommand commands[] = {
	{ "rootpw", LF_COMMAND_OPTIONS(root_options), .values_size = sizeof(LfAccount),
	  .max_words = 1, .words = "a password", .flags = LF_COMMAND_ONCE | LF_COMMAND_SECRET_WORDS,
	  .apply = apply_rootpw },
	{ "user", LF_COMMAND_OPTIONS(user_options), .values_size = sizeof(LfAccount),
	  .apply = apply_user },
	{ "sshkey", LF_COMMAND_OPTIONS(sshkey_options), .values_size = sizeof(LfSshKey),
	  .min_words = 1, .max_words = 1, .words = "a key", .word_shape = LF_SHAPE_SSH_KEY,
	  .apply = apply_sshkey },
};

LF_COMMAND_TABLE(lf_account_commands, commands);
