// The payload's commit as a tree of files: opens it, follows its links.
// Not here: whether it fits the plan (commit-check.c), its signature (payload.c).
#include "installer/apply/commit.h"

#include <limits.h>
#include <string.h>

#define MAX_LINKS 40 // as the kernel has it

GFile *lf_commit_open(OstreeRepo *repo, const LfPlan *plan, GError **error)
{
	g_autoptr(GFile) root = NULL;

	if (!ostree_repo_read_commit(repo, plan->checksum, &root, NULL, NULL, error)) {
		lf_prefix(error, "cannot read the payload '%s'", plan->ref);
		lf_rethrow(error, LF_ERROR_TRUST);
		return NULL;
	}
	return g_steal_pointer(&root);
}

// The system's /etc is made from the commit's usr/etc.
static GFile *file_at(GFile *root, const char *path)
{
	bool is_etc = strcmp(path, "etc") == 0 || g_str_has_prefix(path, "etc/");
	g_autofree char *place = g_strconcat(is_etc ? "usr/" : "", path, NULL);

	return *place ? g_file_resolve_relative_path(root, place) : g_object_ref(root);
}

GFileInfo *lf_commit_info(GFile *root, const char *path)
{
	g_autoptr(GFile) file = file_at(root, path);

	return g_file_query_info(file, "standard::*,unix::mode",
				 G_FILE_QUERY_INFO_NOFOLLOW_SYMLINKS, NULL, NULL);
}

// Goes one part of a path on from @done. Returns: what is still to go when that part is a link.
static char *step(GFile *root, GString *done, const char *part)
{
	const char *slash = strrchr(done->str, '/');
	gsize parent_length = slash ? (gsize)(slash - done->str) : 0;
	gsize length = done->len;
	g_autoptr(GFileInfo) info = NULL;
	const char *target;

	if (!*part || strcmp(part, ".") == 0)
		return NULL;
	if (strcmp(part, "..") == 0) {
		g_string_truncate(done, parent_length);
		return NULL;
	}
	g_string_append_printf(done, "%s%s", length ? "/" : "", part);
	info = lf_commit_info(root, done->str);
	if (!info || g_file_info_get_file_type(info) != G_FILE_TYPE_SYMBOLIC_LINK)
		return NULL;
	target = g_file_info_get_symlink_target(info);
	g_string_truncate(done, *target == '/' ? 0 : length);
	return g_strdup(target);
}

char *lf_commit_resolve(GFile *root, const char *path)
{
	g_autoptr(GString) done = g_string_new(NULL);
	g_autofree char *todo = g_strdup(path);
	unsigned n_links = 0;

	while (*todo) {
		g_auto(GStrv) parts = g_strsplit(todo, "/", 2);
		const char *rest = parts[1] ? parts[1] : "";
		g_autofree char *target = step(root, done, parts[0]);

		n_links += target != NULL;
		if (n_links > MAX_LINKS || strlen(todo) > PATH_MAX)
			return NULL;
		g_free(todo);
		todo = target ? g_build_path("/", target, rest, NULL) : g_strdup(rest);
	}
	return g_string_free(g_steal_pointer(&done), FALSE);
}

GFile *lf_commit_file(GFile *root, const char *path, GFileInfo **ret_info)
{
	g_autofree char *place = lf_commit_resolve(root, path);
	g_autoptr(GFileInfo) info = place ? lf_commit_info(root, place) : NULL;

	if (!info || g_file_info_get_file_type(info) != G_FILE_TYPE_REGULAR)
		return NULL;
	if (ret_info)
		*ret_info = g_steal_pointer(&info);
	return file_at(root, place);
}
