// Looks into the payload's commit before the first write: does it hold what the plan will need of
// it. Not here: its signature (payload.c checks that when it opens it).
#include "installer/apply/commit.h"

#include <string.h>

#include "installer/apply/accounts.h"
#include "installer/apply/boot.h"
#include "installer/apply/effects.h"
#include "installer/apply/services.h"

#define MENU_PROGRAM "usr/sbin/grub-mkconfig"

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

static bool check_timezone(GFile *root, const LfPlan *plan, GError **error)
{
	g_autofree char *path = NULL;

	if (!plan->profile->timezone)
		return true;
	path = g_strconcat("usr/share/zoneinfo/", plan->profile->timezone, NULL);
	return has_path(root, path) ||
	       lf_throw(error, LF_ERROR_INPUT,
			"the payload knows no time zone '%s': choose another",
			plan->profile->timezone);
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
		const char *fault = faults[lf_services_look_up(root, *name)];

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
		if (lf_services_look_up(root, *names) == LF_UNIT_ABSENT)
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
