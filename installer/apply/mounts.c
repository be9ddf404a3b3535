// Mounts as owned objects: what a scope mounts it unmounts, newest first.
// Not here: what is written below them.
#include "installer/apply/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "installer/apply/disk.h"
#include "installer/apply/effects.h"
#include "installer/apply/leftovers.h"

#define BUSY_DEADLINE_US (5 * G_USEC_PER_SEC)
#define POLL_US		 50000

// A script may have left a process that ends in a moment. One that stays is an error, but the mount
// must not hold the disk: it is detached, and the disk reports busy if somebody really writes
// there.
static bool unmount(void *object, GError **error)
{
	g_autofree char *target = object;
	gint64 end = g_get_monotonic_time() + BUSY_DEADLINE_US;

	while (umount2(target, UMOUNT_NOFOLLOW) < 0) {
		if (errno != EBUSY || g_get_monotonic_time() > end) {
			lf_throw_errno(error, "cannot unmount '%s'", target);
			umount2(target, MNT_DETACH | UMOUNT_NOFOLLOW);
			return false;
		}
		g_usleep(POLL_US);
	}
	return true;
}

static bool mount_on(const char *source, const char *target, const char *fstype,
		     unsigned long flags, const char *options, LfScope *held, GError **error)
{
	if (mount(source, target, fstype, flags, options) < 0)
		return lf_throw_errno(error, "cannot mount '%s' on '%s'", source, target);
	lf_scope_push(held, unmount, g_strdup(target), "the mount at '%s'", target);
	return true;
}

bool lf_mount(const char *source, const char *target, const char *fstype, unsigned long flags,
	      const char *options, LfScope *held, GError **error)
{
	return lf_mkdirs_at(AT_FDCWD, target, 0755, error) &&
	       mount_on(source, target, fstype, flags, options, held, error);
}

bool lf_mount_bind(const char *source, const char *target, bool is_readonly, LfScope *held,
		   GError **error)
{
	if (!mount_on(source, target, NULL, MS_BIND, NULL, held, error))
		return false;
	// The kernel takes the flag only in a second step.
	if (is_readonly && mount(NULL, target, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) < 0)
		return lf_throw_errno(error, "cannot make '%s' read-only", target);
	return true;
}

static bool detach(void *object, GError **error)
{
	g_autofree char *target = object;

	if (umount2(target, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
		return lf_throw_errno(error, "cannot unmount '%s'", target);
	return true;
}

// Private, so that taking the copy away does not take the original's submounts away as well.
bool lf_mount_api(const char *source, const char *target, LfScope *held, GError **error)
{
	if (mount(source, target, NULL, MS_BIND | MS_REC, NULL) < 0)
		return lf_throw_errno(error, "cannot mount '%s' on '%s'", source, target);
	lf_scope_push(held, detach, g_strdup(target), "the mount at '%s'", target);
	if (mount(NULL, target, NULL, MS_PRIVATE | MS_REC, NULL) < 0)
		return lf_throw_errno(error, "cannot make '%s' private", target);
	return true;
}

bool lf_mount_is_there(const char *target)
{
	g_autofree char *parent = g_path_get_dirname(target);
	struct stat here, above;

	return stat(target, &here) == 0 && stat(parent, &above) == 0 &&
	       (here.st_dev != above.st_dev || here.st_ino == above.st_ino);
}

// Nothing of the target counts before the one sync at the end, so order and barriers on the way
// there would only cost time.
static const struct {
	const char *fstype;
	const char *options;
} install_options[] = {
	{ "ext4", "barrier=0,data=writeback,commit=300,noauto_da_alloc" },
	{ "vfat", "umask=0077" },
};

static const char *options_for(const char *fstype)
{
	for (size_t i = 0; i < G_N_ELEMENTS(install_options); i++)
		if (strcmp(fstype, install_options[i].fstype) == 0)
			return install_options[i].options;
	return NULL;
}

// "/" before "/boot" before "/boot/efi".
static int by_mount(gconstpointer a, gconstpointer b)
{
	const LfVolume *const *first = a;
	const LfVolume *const *second = b;

	return strcmp((*first)->partition->mount, (*second)->partition->mount);
}

static bool mount_volume(LfInstall *install, const LfVolume *volume, GError **error)
{
	const LfPlanPartition *partition = volume->partition;
	g_autofree char *target = g_strconcat(
		LF_SYSIMAGE, strcmp(partition->mount, "/") == 0 ? "" : partition->mount, NULL);

	return lf_mount(volume->fs_node, target, partition->fstype, MS_NOATIME,
			options_for(partition->fstype), install->held, error);
}

// What lies below the root, the boot partition and the ESP belongs to the deployment's own tree and
// is mounted there when it exists (sysroot.c).
static bool is_of_sysimage(const LfPlanPartition *partition)
{
	return partition->mount && !lf_plan_is_data(partition);
}

bool lf_effect_mount(LfInstall *install, GError **error)
{
	g_autoptr(GPtrArray) sorted = g_ptr_array_new();

	for (guint i = 0; i < install->volumes->len; i++) {
		LfVolume *volume = g_ptr_array_index(install->volumes, i);

		if (is_of_sysimage(volume->partition))
			g_ptr_array_add(sorted, volume);
	}
	g_ptr_array_sort(sorted, by_mount);
	for (guint i = 0; i < sorted->len; i++)
		if (!mount_volume(install, g_ptr_array_index(sorted, i), error))
			return false;
	return true;
}

// A script may have started what does not end by itself, such as gpg-agent.
static void end_processes(LfInstall *install)
{
	g_autofree char *names = lf_leftovers_end_processes();

	if (names)
		lf_events_note(install->events, lf_apply_step(LF_STEP_CLOSE)->id,
			       "ended what the scripts left running: %s", names);
}

bool lf_effect_close(LfInstall *install, GError **error)
{
	end_processes(install);
	return lf_scope_unwind(install->held, install->disk_depth, error) &&
	       lf_disk_flush(install->disk, error);
}
