// Chooses kernel modules by declared patterns, with everything they depend on.
// Not here: copying them, and the indexes that depmod writes.
#include "image/modules.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>

#include "base/fd.h"

#define MAX_TEXT_BYTES (16 * 1024 * 1024)

struct LfModules {
	GHashTable *needs;	  // path → GPtrArray of paths
	GHashTable *path_by_name; // name → path (borrowed from needs)
	GHashTable *soft;	  // name → GPtrArray of names
	GHashTable *builtin;	  // name → path
};

void lf_modules_free(LfModules *modules)
{
	if (!modules)
		return;
	g_hash_table_unref(modules->path_by_name);
	g_hash_table_unref(modules->needs);
	g_hash_table_unref(modules->soft);
	g_hash_table_unref(modules->builtin);
	g_free(modules);
}

// Module names say '_' where file names may say '-'.
static char *name_of(const char *path)
{
	g_autofree char *base = g_path_get_basename(path);
	char *end = strstr(base, ".ko");

	if (end)
		*end = '\0';
	return g_strdup(g_strdelimit(base, "-", '_'));
}

static GPtrArray *split_words(const char *text)
{
	GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) parts = g_strsplit_set(text, " \t", -1);

	for (char **part = parts; *part; part++) {
		if (**part)
			g_ptr_array_add(words, g_strdup(*part));
	}
	return words;
}

static bool read_dep(LfModules *modules, const char *text, GError **error)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (unsigned i = 0; lines[i]; i++) {
		char *colon = strchr(lines[i], ':');
		char *path;

		if (!*lines[i])
			continue;
		if (!colon || colon == lines[i])
			return lf_throw(error, LF_ERROR_INPUT,
					"modules.dep:%u: no module before a colon", i + 1);
		path = g_strndup(lines[i], (gsize)(colon - lines[i]));
		g_hash_table_replace(modules->needs, path, split_words(colon + 1));
		g_hash_table_replace(modules->path_by_name, name_of(path), path);
	}
	return true;
}

// "softdep NAME pre: A B post: C" and "weakdep NAME A B".
static void read_softdep(LfModules *modules, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++) {
		g_autoptr(GPtrArray) words = split_words(*line);
		GPtrArray *names;
		char *name;

		if (words->len < 3 || **line == '#')
			continue;
		name = name_of(g_ptr_array_index(words, 1));
		names = g_hash_table_lookup(modules->soft, name);
		if (!names) {
			names = g_ptr_array_new_with_free_func(g_free);
			g_hash_table_insert(modules->soft, g_strdup(name), names);
		}
		g_free(name);
		for (unsigned i = 2; i < words->len; i++) {
			const char *word = g_ptr_array_index(words, i);

			if (!g_str_has_suffix(word, ":"))
				g_ptr_array_add(names, name_of(word));
		}
	}
}

static void read_builtin(LfModules *modules, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++) {
		if (**line)
			g_hash_table_replace(modules->builtin, name_of(*line), g_strdup(*line));
	}
}

LfModules *lf_modules_new(const char *dep, const char *softdep, const char *builtin, GError **error)
{
	g_autoptr(LfModules) modules = g_new0(LfModules, 1);

	modules->needs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					       (GDestroyNotify)g_ptr_array_unref);
	modules->path_by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	modules->soft = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					      (GDestroyNotify)g_ptr_array_unref);
	modules->builtin = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	if (!read_dep(modules, dep, error))
		return NULL;
	read_softdep(modules, softdep);
	read_builtin(modules, builtin);
	return g_steal_pointer(&modules);
}

// Older depmod writes no modules.weakdep; that a file is absent is no error here.
static char *read_optional(int tree_fd, const char *name)
{
	char *text = lf_read_text_at(tree_fd, name, MAX_TEXT_BYTES, NULL);

	return text ? text : g_strdup("");
}

LfModules *lf_modules_load(int tree_fd, GError **error)
{
	g_autofree char *dep = lf_read_text_at(tree_fd, "modules.dep", MAX_TEXT_BYTES, error);
	g_autofree char *builtin =
		dep ? lf_read_text_at(tree_fd, "modules.builtin", MAX_TEXT_BYTES, error) : NULL;
	g_autofree char *softdep = read_optional(tree_fd, "modules.softdep");
	g_autofree char *weakdep = read_optional(tree_fd, "modules.weakdep");
	g_autofree char *soft = g_strconcat(softdep, "\n", weakdep, NULL);

	if (!dep || !builtin)
		return NULL;
	return lf_modules_new(dep, soft, builtin, error);
}

static bool matches(const char *pattern, const char *path, const char *name)
{
	return fnmatch(pattern, strchr(pattern, '/') ? path : name, 0) == 0;
}

static bool is_builtin(const LfModules *modules, const char *pattern)
{
	GHashTableIter iter;
	gpointer name, path;

	g_hash_table_iter_init(&iter, modules->builtin);
	while (g_hash_table_iter_next(&iter, &name, &path)) {
		if (matches(pattern, path, name))
			return true;
	}
	return false;
}

// Adds or removes what a pattern matches. Returns how many modules it matched.
static unsigned apply_pattern(const LfModules *modules, const char *pattern, bool is_removal,
			      GHashTable *chosen)
{
	GHashTableIter iter;
	gpointer name, path;
	unsigned count = 0;

	g_hash_table_iter_init(&iter, modules->path_by_name);
	while (g_hash_table_iter_next(&iter, &name, &path)) {
		if (!matches(pattern, path, name))
			continue;
		count++;
		if (is_removal)
			g_hash_table_remove(chosen, path);
		else
			g_hash_table_add(chosen, path);
	}
	return count;
}

static bool apply_line(const LfModules *modules, char *line, const char *list_name, unsigned number,
		       GHashTable *chosen, GError **error)
{
	char *comment = strchr(line, '#');
	bool is_removal, is_optional;

	if (comment)
		*comment = '\0';
	g_strstrip(line);
	is_removal = *line == '-';
	is_optional = *line == '?';
	if (is_removal || is_optional)
		line++;
	if (!*line)
		return true;
	if (!strchr(line, '/'))
		g_strdelimit(line, "-", '_');
	if (apply_pattern(modules, line, is_removal, chosen) > 0 || is_optional ||
	    (!is_removal && is_builtin(modules, line)))
		return true;
	return lf_throw(error, LF_ERROR_INPUT, "%s:%u: no module matches '%s'", list_name, number,
			line);
}

static void push_needs(const LfModules *modules, const char *path, GQueue *todo)
{
	GPtrArray *needs = g_hash_table_lookup(modules->needs, path);
	g_autofree char *name = name_of(path);
	GPtrArray *soft = g_hash_table_lookup(modules->soft, name);

	for (unsigned i = 0; needs && i < needs->len; i++)
		g_queue_push_tail(todo, g_ptr_array_index(needs, i));
	for (unsigned i = 0; soft && i < soft->len; i++) {
		char *other =
			g_hash_table_lookup(modules->path_by_name, g_ptr_array_index(soft, i));

		// A soft dependency that this kernel does not have is allowed.
		if (other)
			g_queue_push_tail(todo, other);
	}
}

static gint compare_paths(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static GPtrArray *closure(const LfModules *modules, GHashTable *chosen, GError **error)
{
	g_autoptr(GHashTable) done = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GQueue) todo = g_queue_new();
	GHashTableIter iter;
	gpointer path;

	g_hash_table_iter_init(&iter, chosen);
	while (g_hash_table_iter_next(&iter, &path, NULL))
		g_queue_push_tail(todo, path);
	while ((path = g_queue_pop_head(todo))) {
		if (!g_hash_table_contains(modules->needs, path))
			return lf_throw_null(error, LF_ERROR_INPUT,
					     "modules.dep names '%s', which it does not list",
					     (char *)path);
		if (!g_hash_table_add(done, path))
			continue;
		g_ptr_array_add(paths, g_strdup(path));
		push_needs(modules, path, todo);
	}
	g_ptr_array_sort(paths, compare_paths);
	return g_steal_pointer(&paths);
}

GPtrArray *lf_modules_select(const LfModules *modules, const char *list, const char *list_name,
			     GError **error)
{
	g_autoptr(GHashTable) chosen = g_hash_table_new(g_str_hash, g_str_equal);
	g_auto(GStrv) lines = g_strsplit(list, "\n", -1);

	for (unsigned i = 0; lines[i]; i++) {
		if (!apply_line(modules, lines[i], list_name, i + 1, chosen, error))
			return NULL;
	}
	return closure(modules, chosen, error);
}
