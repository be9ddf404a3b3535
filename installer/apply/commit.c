// Looks into the payload's commit before the first write: does it hold what the plan will need of
// it. Not here: its signature (payload.c checks that when it opens it).
#include <string.h>

#include "installer/apply/boot.h"
#include "installer/apply/effects.h"

#define MENU_PROGRAM "usr/sbin/grub-mkconfig"

static GFile *open_commit(const LfPlan *plan, GError **error)
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
	       lf_throw(error, LF_ERROR_INPUT, "the payload knows no time zone '%s'",
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

// The deployment's top directory cannot be written: what is mounted must have its place there.
static bool check_mount_points(GFile *root, const LfPlan *plan, GError **error)
{
	for (guint i = 0; i < plan->partitions->len; i++) {
		const LfPlanPartition *partition = g_ptr_array_index(plan->partitions, i);
		g_auto(GStrv) parts = NULL;

		if (partition->role != LF_ROLE_DATA || !partition->mount)
			continue;
		parts = g_strsplit(partition->mount, "/", 3);
		if (!parts[1] || !*parts[1] || strcmp(parts[1], "usr") == 0 ||
		    strcmp(parts[1], "etc") == 0 || !has_path(root, parts[1]))
			return lf_throw(error, LF_ERROR_INPUT,
					"'%s' cannot be a mount point of this payload: choose one "
					"below /var",
					partition->mount);
	}
	return true;
}

bool lf_effect_check_payload(LfInstall *install, GError **error)
{
	g_autoptr(GFile) root = open_commit(install->plan, error);

	if (!root || !check_boot_files(root, install->plan, error) ||
	    !check_timezone(root, install->plan, error) ||
	    !check_mount_points(root, install->plan, error))
		return false;
	note_language(install, root);
	return true;
}
