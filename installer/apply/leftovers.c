// What outlives scripts and a crashed start of the installer: processes, mounts, mappings.
// Not here: what a living run holds (scope.c).
#include "installer/apply/leftovers.h"

#include <fcntl.h>
#include <libcryptsetup.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/fd.h"
#include "installer/apply/install.h"

#define LUKS2_UUID     "CRYPT-LUKS2-"
#define PATIENCE_US    (2 * G_USEC_PER_SEC)
#define POLL_US	       50000
#define MAX_MOUNTS     64
#define MAX_NAME_BYTES 256

// --- processes ----------------------------------------------------------------------------------

static bool works_in_target(const char *pid)
{
	static const char *const links[] = { "root", "cwd" };

	for (size_t i = 0; i < G_N_ELEMENTS(links); i++) {
		g_autofree char *link = g_build_filename("/proc", pid, links[i], NULL);
		g_autofree char *path = g_file_read_link(link, NULL);

		if (path &&
		    (lf_path_is_below(path, LF_SYSROOT) || lf_path_is_below(path, LF_SYSIMAGE)))
			return true;
	}
	return false;
}

static void add_name(GString *names, const char *pid)
{
	g_autofree char *path = g_build_filename("/proc", pid, "comm", NULL);
	g_autofree char *name = lf_read_text_at(AT_FDCWD, path, MAX_NAME_BYTES, NULL);

	g_string_append_printf(names, "%s%s", names->len ? ", " : "", name ? name : pid);
}

// Returns how many there were. @names: (nullable)
static unsigned signal_processes(int signal_number, GString *names)
{
	g_autoptr(GDir) dir = g_dir_open("/proc", 0, NULL);
	const char *name;
	unsigned n = 0;

	while (dir && (name = g_dir_read_name(dir))) {
		guint64 pid;

		if (!g_ascii_string_to_unsigned(name, 10, 2, G_MAXINT, &pid, NULL) ||
		    (pid_t)pid == getpid() || !works_in_target(name))
			continue;
		if (names)
			add_name(names, name);
		(void)kill((pid_t)pid, signal_number);
		n++;
	}
	return n;
}

char *lf_leftovers_end_processes(void)
{
	g_autoptr(GString) names = g_string_new(NULL);
	gint64 end = g_get_monotonic_time() + PATIENCE_US;

	if (signal_processes(SIGTERM, names) == 0)
		return NULL;
	while (signal_processes(0, NULL) > 0 && g_get_monotonic_time() < end)
		g_usleep(POLL_US);
	(void)signal_processes(SIGKILL, NULL);
	return g_string_free(g_steal_pointer(&names), FALSE);
}

// --- mounts and mappings ------------------------------------------------------------------------

// Detaching a mount takes all below it along.
static unsigned unmount_all(const char *const *targets)
{
	unsigned n = 0;

	for (; *targets; targets++)
		while (n < MAX_MOUNTS && umount2(*targets, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
			n++;
	return n;
}

// Returns the name of a LUKS2 mapping; NULL for other block devices.
static char *mapping_name(const char *device)
{
	g_autofree char *uuid_path = g_build_filename("/sys/class/block", device, "dm/uuid", NULL);
	g_autofree char *name_path = g_build_filename("/sys/class/block", device, "dm/name", NULL);
	g_autofree char *uuid = lf_read_text_at(AT_FDCWD, uuid_path, MAX_NAME_BYTES, NULL);

	if (!uuid || !g_str_has_prefix(uuid, LUKS2_UUID))
		return NULL;
	return lf_read_text_at(AT_FDCWD, name_path, MAX_NAME_BYTES, NULL);
}

// The file system above goes a moment after its last process.
static bool close_mapping(const char *name)
{
	gint64 end = g_get_monotonic_time() + PATIENCE_US;
	int result;

	while ((result = crypt_deactivate(NULL, name)) < 0 && g_get_monotonic_time() < end)
		g_usleep(POLL_US);
	return result >= 0;
}

static unsigned close_mappings(LfEvents *events)
{
	g_autoptr(GDir) dir = g_dir_open("/sys/class/block", 0, NULL);
	const char *device;
	unsigned n = 0;

	while (dir && (device = g_dir_read_name(dir))) {
		g_autofree char *name = mapping_name(device);

		if (!name)
			continue;
		if (close_mapping(name))
			n++;
		else
			lf_events_note(events, "install",
				       "the mapping '%s' of an earlier start cannot be closed",
				       name);
	}
	return n;
}

void lf_leftovers_clear(const char *const *sources, LfEvents *events)
{
	static const char *const own[] = { LF_SYSROOT, LF_SYSIMAGE, NULL };
	g_autofree char *processes = lf_leftovers_end_processes();
	unsigned mounts = unmount_all(own) + unmount_all(sources);
	unsigned mappings = close_mappings(events);

	if (processes || mounts || mappings)
		lf_events_note(
			events, "install",
			"an earlier start was interrupted; taken back: mounts %u, mappings %u, "
			"processes %s",
			mounts, mappings, processes ? processes : "none");
}
