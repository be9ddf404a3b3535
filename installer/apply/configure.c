// Configuration of the installed system from the profile and the plan.
// Not here: accounts (accounts.c), services (services.c), what scripts do (scripts.c).
#include "installer/apply/configure.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "installer/apply/effects.h"
#include "installer/apply/tree.h"

#define NETWORK_DIR "etc/systemd/network"

static bool write_hostname(int root_fd, const LfPlan *plan, GError **error)
{
	g_autofree char *text = NULL;

	if (!plan->hostname)
		return true;
	text = g_strconcat(plan->hostname, "\n", NULL);
	return lf_tree_write(root_fd, "etc/hostname", text, 0644, error);
}

static bool write_locale(int root_fd, const LfPlan *plan, GError **error)
{
	g_autofree char *text = NULL;

	if (!plan->profile->lang)
		return true;
	text = g_strdup_printf("LANG=%s\n", plan->profile->lang);
	return lf_tree_write(root_fd, "etc/locale.conf", text, 0644, error);
}

static bool write_keyboard(int root_fd, const LfPlan *plan, GError **error)
{
	g_autofree char *text = NULL;

	if (!plan->profile->keyboard)
		return true;
	text = g_strdup_printf("KEYMAP=%s\n", plan->profile->keyboard);
	return lf_tree_write(root_fd, "etc/vconsole.conf", text, 0644, error);
}

static bool write_timezone(int root_fd, const LfPlan *plan, GError **error)
{
	const char *zone = plan->profile->timezone;
	g_autofree char *target = NULL;

	if (!zone)
		return true;
	target = g_strconcat("../usr/share/zoneinfo/", zone, NULL);
	if (!lf_tree_exists(root_fd, target + strlen("../")))
		return lf_throw(error, LF_ERROR_INPUT, "the system knows no time zone '%s'", zone);
	if (!lf_tree_link(root_fd, target, "etc/localtime", error))
		return false;
	// Without this file systemd takes the hardware clock for UTC.
	if (plan->profile->is_utc)
		return true;
	return lf_tree_write(root_fd, "etc/adjtime", "0.0 0 0.0\n0\nLOCAL\n", 0644, error);
}

// What starts the system is not needed to run it: a slow or broken one must not end in a shell that
// waits for a person.
static const char *default_options(const LfPlanPartition *partition)
{
	if (partition->role == LF_ROLE_ESP)
		return "umask=0077,noatime,nofail";
	if (partition->role == LF_ROLE_BOOT)
		return "nofail";
	if (partition->role == LF_ROLE_SWAP)
		return "sw";
	return "defaults";
}

static char *fstab_source(const LfPlanPartition *partition)
{
	if (partition->luks)
		return g_strconcat("/dev/mapper/", partition->luks->name, NULL);
	return g_strconcat("UUID=", partition->fs_uuid, NULL);
}

static void fstab_line(GString *text, const LfPlanPartition *partition, const char *mount)
{
	g_autofree char *source = fstab_source(partition);
	const char *options =
		partition->mount_options ? partition->mount_options : default_options(partition);
	bool is_swap = partition->role == LF_ROLE_SWAP;

	g_string_append_printf(text, "%s %s %s %s 0 %d\n", source, is_swap ? "none" : mount,
			       partition->fstype, options, is_swap ? 0 : 2);
}

char *lf_configure_fstab(const LfPlan *plan, char *(*real_path)(const char *mount, void *user_data),
			 void *user_data)
{
	g_autoptr(GString) text = g_string_new("# The root is mounted by the initrd.\n");

	for (guint i = 0; i < plan->partitions->len; i++) {
		const LfPlanPartition *partition = g_ptr_array_index(plan->partitions, i);
		g_autofree char *mount = NULL;

		if (partition->role == LF_ROLE_ROOT ||
		    (!partition->mount && partition->role != LF_ROLE_SWAP))
			continue;
		if (partition->mount)
			mount = real_path(partition->mount, user_data);
		fstab_line(text, partition, mount);
	}
	return g_string_free(g_steal_pointer(&text), FALSE);
}

char *lf_configure_crypttab(const LfPlan *plan)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < plan->partitions->len; i++) {
		const LfPlanPartition *partition = g_ptr_array_index(plan->partitions, i);
		const LfPlanLuks *luks = partition->luks;

		if (luks && partition->role != LF_ROLE_ROOT)
			g_string_append_printf(text, "%s UUID=%s none luks%s\n", luks->name,
					       luks->uuid,
					       luks->wants_tpm2 ? ",tpm2-device=auto" : "");
	}
	return g_string_free(g_steal_pointer(&text), FALSE);
}

static bool write_network(int root_fd, const LfPlan *plan, GError **error)
{
	g_autoptr(GPtrArray) units = lf_net_units(plan->net);

	if (units->len > 0 && !lf_tree_mkdirs(root_fd, NETWORK_DIR, 0755, error))
		return false;
	for (guint i = 0; i < units->len; i++) {
		const LfNetUnit *unit = units->pdata[i];
		g_autofree char *path = g_strconcat(NETWORK_DIR "/", unit->name, NULL);

		if (!lf_tree_write(root_fd, path, unit->text, 0644, error))
			return false;
	}
	return true;
}

#define UNITS "etc/systemd/system"

char *lf_configure_time(const LfProfile *profile)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < profile->time_sources->len; i++) {
		const LfTimeSource *source = g_ptr_array_index(profile->time_sources, i);

		// Who asked for authentic time does not get it as plain NTP.
		if (!source->is_nts)
			g_string_append_printf(text, "%s%s",
					       text->len ? " " : "[Time]\nNTP=", source->host);
	}
	if (text->len == 0)
		return NULL;
	g_string_append_c(text, '\n');
	return g_string_free(g_steal_pointer(&text), FALSE);
}

static bool write_time(int root_fd, const LfPlan *plan, GError **error)
{
	static const char dir[] = "etc/systemd/timesyncd.conf.d";
	g_autofree char *text = lf_configure_time(plan->profile);

	if (plan->profile->is_ntp_disabled)
		return lf_tree_mkdirs(root_fd, UNITS, 0755, error) &&
		       lf_tree_link(root_fd, "/dev/null", UNITS "/systemd-timesyncd.service",
				    error);
	return !text || (lf_tree_mkdirs(root_fd, dir, 0755, error) &&
			 lf_tree_write(root_fd, "etc/systemd/timesyncd.conf.d/10-landfall.conf",
				       text, 0644, error));
}

// systemd refuses mount points with links in them, and /home is one here.
static char *real_path(const char *mount, void *user_data)
{
	int root_fd = GPOINTER_TO_INT(user_data);
	g_autofree char *root_link = g_strdup_printf("/proc/self/fd/%d", root_fd);
	g_autofree char *root = g_file_read_link(root_link, NULL);
	g_autofree char *link = NULL;
	g_autofree char *path = NULL;
	lf_autofd fd = -1;

	if (!root || !lf_tree_open(root_fd, mount + 1, O_PATH, 0, &fd, NULL))
		return g_strdup(mount);
	link = g_strdup_printf("/proc/self/fd/%d", fd);
	path = g_file_read_link(link, NULL);
	if (!path || !g_str_has_prefix(path, root) || path[strlen(root)] != '/')
		return g_strdup(mount);
	return g_strdup(path + strlen(root));
}

static bool write_tables(int root_fd, const LfPlan *plan, GError **error)
{
	g_autofree char *fstab = lf_configure_fstab(plan, real_path, GINT_TO_POINTER(root_fd));
	g_autofree char *crypttab = lf_configure_crypttab(plan);

	if (!lf_tree_write(root_fd, "etc/fstab", fstab, 0644, error))
		return false;
	return !*crypttab || lf_tree_write(root_fd, "etc/crypttab", crypttab, 0600, error);
}

bool lf_configure(int root_fd, const LfPlan *plan, GError **error)
{
	return write_hostname(root_fd, plan, error) && write_locale(root_fd, plan, error) &&
	       write_keyboard(root_fd, plan, error) && write_timezone(root_fd, plan, error) &&
	       write_time(root_fd, plan, error) && write_tables(root_fd, plan, error) &&
	       write_network(root_fd, plan, error);
}

bool lf_effect_configure(LfInstall *install, GError **error)
{
	return lf_configure(install->root_fd, install->plan, error);
}
