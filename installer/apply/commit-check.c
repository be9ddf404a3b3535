// Looks into the payload's commit before the first write: does it hold what the plan will need of
// it. Not here: reading it (commit.c), its signature (payload.c checks that when it opens it).
#include "installer/apply/commit.h"

#include <string.h>

#include "base/fd.h"
#include "installer/apply/accounts.h"
#include "installer/apply/boot.h"
#include "installer/apply/effects.h"
#include "installer/apply/payload-tree.h"
#include "installer/apply/services.h"

#define MENU_PROGRAM "usr/sbin/grub-mkconfig"

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
	g_autofree char *place = lf_commit_resolve(root, path);
	g_auto(GStrv) parts = place ? g_strsplit(place, "/", 2) : NULL;

	return parts && *parts && strcmp(*parts, "usr") != 0 && strcmp(*parts, "etc") != 0 &&
	       has_path(root, *parts);
}

static bool check_mount_points(GFile *root, const LfPlan *plan, GError **error)
{
	for (guint i = 0; i < plan->partitions->len; i++) {
		const LfPlanPartition *partition = g_ptr_array_index(plan->partitions, i);

		if (!lf_plan_is_data(partition))
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

// Where the @i-th partition is mounted, without links; NULL when it is no data partition.
static char *data_place(GFile *root, const LfPlan *plan, guint i)
{
	const LfPlanPartition *partition = g_ptr_array_index(plan->partitions, i);

	return lf_plan_is_data(partition) ? lf_commit_resolve(root, partition->mount) : NULL;
}

// What is written there is still there after a reboot.
static bool is_lasting(GFile *root, const LfPlan *plan, const char *place)
{
	if (lf_path_is_below(place, "var"))
		return !lf_path_is_below(place, "var/run") && !lf_path_is_below(place, "var/lock");
	for (guint i = 0; i < plan->partitions->len; i++) {
		g_autofree char *data = data_place(root, plan, i);

		if (data && lf_path_is_below(place, data))
			return true;
	}
	return false;
}

// Directories that many share: the commit's, those of /var, which is empty in a commit, and those
// that hold mount points. Source: FHS 3.0, 5; the rest is made by sysroot.c.
static bool is_shared(GFile *root, const LfPlan *plan, const char *place)
{
	static const char *const var[] = {
		"account",  "backups", "cache", "crash", "db",	     "empty", "games",
		"home",	    "lib",     "local", "log",	 "mail",     "mnt",   "opt",
		"roothome", "spool",   "srv",	"tmp",	 "usrlocal",
	};

	for (size_t i = 0; g_str_has_prefix(place, "var/") && i < G_N_ELEMENTS(var); i++)
		if (strcmp(place + strlen("var/"), var[i]) == 0)
			return true;
	for (guint i = 0; i < plan->partitions->len; i++) {
		g_autofree char *data = data_place(root, plan, i);

		if (data && strcmp(data, place) != 0 && lf_path_is_below(data, place))
			return true;
	}
	return has_path(root, place);
}

static bool check_home(GFile *root, const LfPlan *plan, const LfUserdb *db, const char *user,
		       GError **error)
{
	g_autofree char *home = NULL;
	g_autofree char *place = NULL;
	uint32_t uid, gid;

	if (!lf_userdb_find_user(db, user, &uid, &gid, &home))
		return true;
	place = lf_commit_resolve(root, home);
	return (place && is_lasting(root, plan, place)) ||
	       lf_throw(error, LF_ERROR_INPUT,
			"'%s', the home directory of '%s', cannot be written in this payload: "
			"choose one below /home or /var, or another user",
			home, user);
}

static char *home_place(GFile *root, const LfAccount *account)
{
	g_autofree char *home = lf_accounts_home(account);

	return lf_commit_resolve(root, home);
}

// A home becomes its user's own: nobody else may need it.
static bool check_own_home(GFile *root, const LfPlan *plan, guint i, GError **error)
{
	const GPtrArray *users = plan->profile->users;
	const LfAccount *account = g_ptr_array_index(users, i);
	g_autofree char *place = home_place(root, account);

	if (!place || is_shared(root, plan, place))
		return lf_throw(error, LF_ERROR_INPUT,
				"'--homedir=%s' of user '%s' is a directory of the system: choose "
				"one below /home or /var",
				account->home ? account->home : "", account->name);
	for (guint j = 0; j < users->len; j++) {
		const LfAccount *other = g_ptr_array_index(users, j);
		g_autofree char *other_place = j == i ? NULL : home_place(root, other);

		if (other_place && lf_path_is_below(place, other_place))
			return lf_throw(error, LF_ERROR_INPUT,
					"the home directory of user '%s' is that of user '%s' or "
					"lies in it: choose another --homedir for one",
					account->name, other->name);
	}
	return true;
}

static bool check_shell(GFile *root, const LfAccount *account, GError **error)
{
	const char *shell = lf_accounts_shell(account);
	g_autoptr(GFileInfo) info = NULL;
	g_autoptr(GFile) file = lf_commit_file(root, shell, &info);

	// Nobody need name one: then it is /bin/sh. Source: passwd(5).
	return !*shell || (file && g_file_info_get_attribute_uint32(info, "unix::mode") & 0111) ||
	       lf_throw(error, LF_ERROR_INPUT,
			"the payload has no shell '%s' for user '%s': choose one that it has, as "
			"'--shell=/bin/sh'",
			shell, account->name);
}

static bool check_users(GFile *root, const LfPlan *plan, const LfUserdb *db, GError **error)
{
	const GPtrArray *users = plan->profile->users;

	for (guint i = 0; i < users->len; i++) {
		const LfAccount *account = g_ptr_array_index(users, i);

		if (!check_home(root, plan, db, account->name, error) ||
		    !check_own_home(root, plan, i, error) || !check_shell(root, account, error))
			return false;
	}
	return true;
}

static bool check_accounts(GFile *root, const LfPlan *plan, GError **error)
{
	const LfProfile *profile = plan->profile;
	g_autoptr(LfUserdb) db = lf_userdb_read(read_account_file, root, error);

	if (!db || !lf_accounts_merge(db, profile, error) || !check_users(root, plan, db, error))
		return false;
	for (guint i = 0; i < profile->ssh_keys->len; i++)
		if (!check_home(root, plan, db, ((LfSshKey *)profile->ssh_keys->pdata[i])->user,
				error))
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
	       check_mount_points(root, plan, error) && check_accounts(root, plan, error) &&
	       check_services(root, plan->profile, error);
}

bool lf_effect_check_payload(LfInstall *install, GError **error)
{
	g_autoptr(GFile) root = lf_payload_root(install->payload);
	g_autoptr(GError) local = NULL;
	bool fits = lf_commit_check(root, install->plan, &local);

	if (fits) {
		note_language(install, root);
		note_services(install, root);
	}
	// What could not be fetched seems to be absent, which is then no fault of the profile.
	if (!lf_payload_tree_check(root, error))
		return false;
	if (!fits)
		g_propagate_error(error, g_steal_pointer(&local));
	return fits;
}
