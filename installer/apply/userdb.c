// passwd, shadow, group and gshadow of a system that is not running.
// Not here: which accounts are wanted (accounts.c).
#include "installer/apply/userdb.h"

#include <string.h>

#include "base/secret.h"
#include "installer/apply/tree.h"

#define MAX_FILE_BYTES (4 * 1024 * 1024)
#define FIRST_FREE_ID  1000
#define SHADOW_GID     42

typedef enum { PASSWD, SHADOW, GROUP, GSHADOW, N_FILES } File;

static const struct {
	const char *path;
	mode_t mode;
	bool is_shadow;
} files[N_FILES] = {
	[PASSWD] = { "etc/passwd", 0644, false },
	[SHADOW] = { "etc/shadow", 0640, true },
	[GROUP] = { "etc/group", 0644, false },
	[GSHADOW] = { "etc/gshadow", 0640, true },
};

// Each file is an array of lines; a line is an array of fields, as text.
struct LfUserdb {
	GPtrArray *lines[N_FILES]; /* char ** */
};

static LfUserdb *userdb_new(void)
{
	LfUserdb *db = g_new0(LfUserdb, 1);

	for (int file = 0; file < N_FILES; file++)
		db->lines[file] = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
	return db;
}

static void add_lines(GPtrArray *lines, const char *text)
{
	g_auto(GStrv) rows = g_strsplit(text, "\n", -1);

	for (size_t i = 0; rows[i]; i++)
		if (*rows[i])
			g_ptr_array_add(lines, g_strsplit(rows[i], ":", -1));
}

LfUserdb *lf_userdb_read(LfUserdbRead read, void *user_data, GError **error)
{
	g_autoptr(LfUserdb) db = userdb_new();

	for (int file = 0; file < N_FILES; file++) {
		g_autofree char *text = read(files[file].path, MAX_FILE_BYTES, user_data, error);

		if (!text)
			return NULL;
		add_lines(db->lines[file], text);
	}
	return g_steal_pointer(&db);
}

static char *read_below(const char *path, size_t max_bytes, void *user_data, GError **error)
{
	return lf_tree_read(GPOINTER_TO_INT(user_data), path, max_bytes, error);
}

LfUserdb *lf_userdb_load(int root_fd, GError **error)
{
	return lf_userdb_read(read_below, GINT_TO_POINTER(root_fd), error);
}

static char *to_text(const GPtrArray *lines)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < lines->len; i++) {
		g_autofree char *line = g_strjoinv(":", g_ptr_array_index(lines, i));

		g_string_append(text, line);
		g_string_append_c(text, '\n');
	}
	return g_string_free(g_steal_pointer(&text), FALSE);
}

bool lf_userdb_save(const LfUserdb *db, int root_fd, GError **error)
{
	for (int file = 0; file < N_FILES; file++) {
		g_autofree char *text = to_text(db->lines[file]);
		bool is_ok =
			lf_tree_write(root_fd, files[file].path, text, files[file].mode, error);

		lf_wipe(text, strlen(text));
		if (!is_ok)
			return false;
		if (files[file].is_shadow &&
		    !lf_tree_chown(root_fd, files[file].path, 0, SHADOW_GID, error))
			return false;
	}
	return true;
}

static char **find(const LfUserdb *db, File file, const char *name)
{
	for (guint i = 0; i < db->lines[file]->len; i++) {
		char **fields = g_ptr_array_index(db->lines[file], i);

		if (strcmp(fields[0], name) == 0)
			return fields;
	}
	return NULL;
}

// The numeric third field; false when a line has none.
static bool third_field(char **fields, uint32_t *ret)
{
	guint64 value = 0;

	if (g_strv_length(fields) < 3 ||
	    !g_ascii_string_to_unsigned(fields[2], 10, 0, G_MAXUINT32, &value, NULL))
		return false;
	*ret = (uint32_t)value;
	return true;
}

static bool has_id(const LfUserdb *db, File file, uint32_t id)
{
	uint32_t found;

	for (guint i = 0; i < db->lines[file]->len; i++)
		if (third_field(g_ptr_array_index(db->lines[file], i), &found) && found == id)
			return true;
	return false;
}

bool lf_userdb_has_user(const LfUserdb *db, const char *name)
{
	return find(db, PASSWD, name) != NULL;
}

bool lf_userdb_has_group(const LfUserdb *db, const char *name)
{
	return find(db, GROUP, name) != NULL;
}

bool lf_userdb_has_uid(const LfUserdb *db, uint32_t uid)
{
	return has_id(db, PASSWD, uid);
}

bool lf_userdb_has_gid(const LfUserdb *db, uint32_t gid)
{
	return has_id(db, GROUP, gid);
}

bool lf_userdb_find_group(const LfUserdb *db, const char *name, uint32_t *ret_gid)
{
	char **fields = find(db, GROUP, name);

	return fields && g_strv_length(fields) >= 4 && third_field(fields, ret_gid);
}

bool lf_userdb_find_user(const LfUserdb *db, const char *name, uint32_t *ret_uid, uint32_t *ret_gid,
			 char **ret_home)
{
	char **fields = find(db, PASSWD, name);
	guint64 gid = 0;

	if (!fields || g_strv_length(fields) < 7 || !third_field(fields, ret_uid) ||
	    !g_ascii_string_to_unsigned(fields[3], 10, 0, G_MAXUINT32, &gid, NULL))
		return false;
	*ret_gid = (uint32_t)gid;
	*ret_home = g_strdup(fields[5]);
	return true;
}

uint32_t lf_userdb_free_id(const LfUserdb *db)
{
	uint32_t id = FIRST_FREE_ID;

	while (has_id(db, PASSWD, id) || has_id(db, GROUP, id))
		id++;
	return id;
}

static void add_line(LfUserdb *db, File file, char *line)
{
	g_autofree char *owned = line;

	g_ptr_array_add(db->lines[file], g_strsplit(owned, ":", -1));
}

// An empty date of the last change means that the password does not age: the clock may be wrong
// here.
void lf_userdb_add_user(LfUserdb *db, const LfUser *user)
{
	add_line(db, PASSWD,
		 g_strdup_printf("%s:x:%u:%u:%s:%s:%s", user->name, user->uid, user->gid,
				 user->gecos ? user->gecos : "", user->home, user->shell));
	add_line(db, SHADOW, g_strdup_printf("%s:%s::0:99999:7:::", user->name, user->password));
}

void lf_userdb_add_group(LfUserdb *db, const char *name, uint32_t gid)
{
	add_line(db, GROUP, g_strdup_printf("%s:x:%u:", name, gid));
	add_line(db, GSHADOW, g_strdup_printf("%s:!::", name));
}

static void add_to_list(char **fields, const char *user)
{
	g_auto(GStrv) members = NULL;
	char *old;

	if (!fields || g_strv_length(fields) < 4)
		return;
	old = fields[3];
	members = g_strsplit(old, ",", -1);
	if (g_strv_contains((const char *const *)members, user))
		return;
	fields[3] = *old ? g_strconcat(old, ",", user, NULL) : g_strdup(user);
	g_free(old);
}

void lf_userdb_add_member(LfUserdb *db, const char *group, const char *user)
{
	add_to_list(find(db, GROUP, group), user);
	add_to_list(find(db, GSHADOW, group), user);
}

bool lf_userdb_set_password(LfUserdb *db, const char *user, const char *field)
{
	char **fields = find(db, SHADOW, user);

	if (!fields) {
		if (!lf_userdb_has_user(db, user))
			return false;
		add_line(db, SHADOW, g_strdup_printf("%s:%s::0:99999:7:::", user, field));
		return true;
	}
	if (g_strv_length(fields) < 2)
		return false;
	g_free(fields[1]);
	fields[1] = g_strdup(field);
	return true;
}

void lf_userdb_free(LfUserdb *db)
{
	if (!db)
		return;
	for (int file = 0; file < N_FILES; file++)
		g_ptr_array_unref(db->lines[file]);
	g_free(db);
}
