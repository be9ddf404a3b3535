// The persistent partition as a source to read from while the machine is installed.
// Not here: whether it is kept (installer/plan/persist.c), what lies in it.
#include "installer/persist.h"

#include <fcntl.h>
#include <sys/mount.h>

#include "base/fd.h"
#include "installer/apply/loop.h"
#include "installer/apply/mounts.h"
#include "installer/apply/tools.h"
#include "installer/plan/persist.h"

#define FLAGS (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME)
// What the file system itself says of errors may be to stop the machine.
#define OPTIONS "noload,errors=continue"

static bool mount_from(const LfFactDisk *disk, const LfFactPartition *partition, LfScope *held,
		       GError **error)
{
	g_autofree char *node = NULL;
	lf_autofd fd = -1;

	return lf_openat(AT_FDCWD, disk->path, O_RDONLY | O_NOCTTY, 0, &fd, error) &&
	       lf_loop_attach_readonly(fd, partition->start_bytes, partition->size_bytes, held,
				       &node, error) &&
	       lf_mount(node, LF_PERSIST, "ext4", FLAGS, OPTIONS, held, error);
}

static bool try_mount(const LfFactDisk *disk, const LfFactPartition *partition, LfEvents *events,
		      LfScope *held)
{
	guint depth = lf_scope_depth(held);
	g_autoptr(GError) local = NULL;

	if (mount_from(disk, partition, held, &local))
		return true;
	(void)lf_scope_unwind(held, depth, NULL);
	if (events)
		lf_events_note(events, "persist.mount",
			       "the persistent partition of '%s' cannot be read: %s", disk->path,
			       local->message);
	return false;
}

const char *lf_persist_mount(const LfFacts *facts, const char *label, LfEvents *events,
			     LfScope *held)
{
	bool has_drivers = false;

	for (guint i = 0; i < facts->disks->len; i++) {
		const LfFactDisk *disk = g_ptr_array_index(facts->disks, i);
		const LfFactPartition *partition = lf_persist_find(disk, label);

		if (!partition)
			continue;
		if (!has_drivers) {
			lf_tools_load_driver("loop");
			lf_tools_load_driver("ext4");
			has_drivers = true;
		}
		if (try_mount(disk, partition, events, held))
			return LF_PERSIST;
	}
	return NULL;
}
