// Looks into the payload's commit before the first write: does it hold what the plan will need of
// it. Not here: its signature (payload.c checks that when it opens it).
#include "installer/apply/commit.h"

#include <limits.h>
#include <string.h>

#include "installer/apply/accounts.h"
#include "installer/apply/boot.h"
#include "installer/apply/effects.h"
#include "installer/apply/services.h"

#define MENU_PROGRAM "usr/sbin/grub-mkconfig"
#define MAX_LINKS    40 // as the kernel has it

GFile *lf_commit_open(const LfPlan *plan, GError **error)
{
	g_autoptr(GFile) dir = g_file_new_for_uri(plan->url);
	g_autoptr(OstreeRepo) repo = ostree_repo_new(dir);
	g_autoptr(GFile) root = NULL;

	if (!ostree_repo_open(repo, NULL, error) ||
	    !ostree_repo_read_commit(repo, plan->checksum, &root, NULL, NULL, error)) {
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

static bool has_path(GFile *root, const char *path)
{
	g_autoptr(GFile) file = g_file_resolve_relative_path(root, path);

	return g_file_query_exists(file, NULL);
}

static bool check_boot_files(GFile *root, const LfPlan *plan, GError **error)
{
	g_autoptr(GFile) dir = g_file_resolve_relative_path(root, LF_BOOT_CHAIN_DIR);
	g_auto(GStrv) chain = lf_boot_chain(dir, error);

	if (!chain) {
		lf_prefix(error, "the payload '%s'", plan->ref);
		return false;
	}
	return has_path(root, MENU_PROGRAM) ||
	       lf_throw(error, LF_ERROR_TARGET, "the payload '%s' has no '%s': it would not boot",
			plan->ref, MENU_PROGRAM);
}

// Beside the zones there are directories, lists for people, and 'localtime': the very link that the
// zone is set by. Source: tzfile(5).
static bool is_zone(GFile *root, const char *zone)
{
	g_autofree char *path = g_strconcat("usr/share/zoneinfo/", zone, NULL);
	g_autoptr(GFile) file = lf_commit_file(root, path, NULL);
	g_autoptr(GFileInputStream) stream = file ? g_file_read(file, NULL, NULL) : NULL;
	char magic[4] = "";
	gsize size = 0;

	return strcmp(zone, "localtime") != 0 && stream &&
	       g_input_stream_read_all(G_INPUT_STREAM(stream), magic, sizeof magic, &size, NULL,
				       NULL) &&
	       size == sizeof magic && memcmp(magic, "TZif", sizeof magic) == 0;
}

static bool check_timezone(GFile *root, const LfPlan *plan, GError **error)
{
	const char *zone = plan->profile->timezone;

	return !zone || is_zone(root, zone) ||
	       lf_throw(error, LF_ERROR_INPUT,
			"the payload knows no time zone '%s': choose another, as 'Europe/Berlin' "
			"or 'UTC'",
			zone);
}

// Works all the same, but not as wished: told, not refused.
static void note_language(LfInstall *install, GFile *root)
{
	const LfProfile *profile = install->plan->profile;
	const char *step = lf_apply_step(LF_STEP_CHECK_PAYLOAD)->id;

	if (profile->keyboard && strcmp(profile->keyboard, "us") != 0 &&
	    !has_path(root, "usr/share/keymaps"))
		lf_events_note(
			install->events, step,
			"the payload has no key maps: the console keeps the US layout, not '%s'",
			profile->keyboard);
	if (profile->lang && !g_str_has_prefix(profile->lang, "C.") &&
	    !has_path(root, "usr/lib/locale/locale-archive"))
		lf_events_note(install->events, step,
			       "the payload has no language '%s': messages are in English",
			       profile->lang);
}

// The deployment's top directory and its /usr cannot be written: what is made later must have its
// place there.
static bool is_place(GFile *root, const char *path)
{
	g_auto(GStrv) parts = g_strsplit(path, "/", 3);

	return *parts && parts[1] && *parts[1] && strcmp(parts[1], "usr") != 0 &&
	       strcmp(parts[1], "etc") != 0 && has_path(root, parts[1]);
}

static bool check_mount_points(GFile *root, const LfPlan *plan, GError **error)
{
	for (guint i = 0; i < plan->partitions->len; i++) {
		const LfPlanPartition *partition = g_ptr_array_index(plan->partitions, i);

		if (partition->role != LF_ROLE_DATA || !partition->mount)
			continue;
		if (!is_place(root, partition->mount))
			return lf_throw(error, LF_ERROR_INPUT,
					"'%s' cannot be a mount point of this payload: choose one "
					"below /var",
					partition->mount);
	}
	return true;
}

static char *read_account_file(const char *path, size_t max_bytes, void *user_data, GError **error)
{
	g_autofree char *name = g_strconcat("usr/", path, NULL);
	g_autoptr(GFile) file = g_file_resolve_relative_path(user_data, name);
	g_autoptr(GFileInputStream) stream = g_file_read(file, NULL, error);
	g_autofree char *text = g_malloc(max_bytes + 1);
	gsize size = 0;

	if (!stream || !g_input_stream_read_all(G_INPUT_STREAM(stream), text, max_bytes + 1, &size,
						NULL, error)) {
		lf_prefix(error, "the payload's '%s'", name);
		lf_rethrow(error, LF_ERROR_TARGET);
		return NULL;
	}
	if (size > max_bytes)
		return lf_throw_null(error, LF_ERROR_TARGET, "the payload's '%s' is too long",
				     name);
	return g_strndup(text, size);
}

static bool check_home(GFile *root, const LfUserdb *db, const char *user, GError **error)
{
	g_autofree char *home = NULL;
	uint32_t uid, gid;

	if (!lf_userdb_find_user(db, user, &uid, &gid, &home) || is_place(root, home))
		return true;
	return lf_throw(
		error, LF_ERROR_INPUT,
		"'%s', the home directory of '%s', cannot be written in this payload: choose "
		"one below /home or /var, or another user",
		home, user);
}

static bool check_accounts(GFile *root, const LfProfile *profile, GError **error)
{
	g_autoptr(LfUserdb) db = lf_userdb_read(read_account_file, root, error);

	if (!db || !lf_accounts_merge(db, profile, error))
		return false;
	for (guint i = 0; i < profile->users->len; i++)
		if (!check_home(root, db, ((LfAccount *)profile->users->pdata[i])->name, error))
			return false;
	for (guint i = 0; i < profile->ssh_keys->len; i++)
		if (!check_home(root, db, ((LfSshKey *)profile->ssh_keys->pdata[i])->user, error))
			return false;
	return true;
}

static bool check_services(GFile *root, const LfProfile *profile, GError **error)
{
	static const char *const faults[] = {
		[LF_UNIT_ABSENT] = "is not in the payload: correct the name, or leave it out",
		[LF_UNIT_MASKED] = "is masked in the payload: leave it out",
		[LF_UNIT_TEMPLATE] = "is a template: name an instance behind the '@'",
		[LF_UNIT_PRESENT] = NULL,
	};

	for (char **name = profile->services_enabled; name && *name; name++) {
		const char *fault = faults[lf_services_look_up(root, *name, NULL)];

		if (fault)
			return lf_throw(error, LF_ERROR_INPUT, "services --enabled: '%s' %s", *name,
					fault);
	}
	return true;
}

// What is not there is off already; but it may be a wrong name.
static void note_services(LfInstall *install, GFile *root)
{
	char **names = install->plan->profile->services_disabled;

	for (; names && *names; names++)
		if (lf_services_look_up(root, *names, NULL) == LF_UNIT_ABSENT)
			lf_events_note(install->events, lf_apply_step(LF_STEP_CHECK_PAYLOAD)->id,
				       "services --disabled: '%s' is not in the payload", *names);
}

bool lf_commit_check(GFile *root, const LfPlan *plan, GError **error)
{
	return check_boot_files(root, plan, error) && check_timezone(root, plan, error) &&
	       check_mount_points(root, plan, error) &&
	       check_accounts(root, plan->profile, error) &&
	       check_services(root, plan->profile, error);
}

bool lf_effect_check_payload(LfInstall *install, GError **error)
{
	g_autoptr(GFile) root = lf_commit_open(install->plan, error);

	if (!root || !lf_commit_check(root, install->plan, error))
		return false;
	note_language(install, root);
	note_services(install, root);
	return true;
}
