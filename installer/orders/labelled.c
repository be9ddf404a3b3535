// Volumes that bring orders: a stick or disk with a label of ours and a kickstart on it.
// Not here: the medium this system was started from (medium.c), reading the kickstart (sources.c).
#include "installer/orders/labelled.h"

#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "installer/apply/mounts.h"
#include "installer/apply/tools.h"
#include "installer/probe/probe.h"

#define POLL_US 1000000

static const struct {
	const char *label, *file;
} labels[] = { { "OEMDRV", "ks.cfg" }, { "LANDFALL", "site.ks" } };

// The options keep a journal from being replayed, which would write.
static const struct {
	const char *fstype, *kernel, *driver, *options;
} filesystems[] = {
	{ "vfat", "vfat", "vfat", NULL },     { "iso9660", "iso9660", "isofs", NULL },
	{ "ext2", "ext4", "ext4", NULL },     { "ext3", "ext4", "ext4", "noload" },
	{ "ext4", "ext4", "ext4", "noload" }, { "xfs", "xfs", "xfs", "norecovery" },
};

static int filesystem_of(const char *fstype)
{
	for (size_t i = 0; fstype && i < G_N_ELEMENTS(filesystems); i++)
		if (g_str_equal(fstype, filesystems[i].fstype))
			return (int)i;
	return -1;
}

static void labelled_free(gpointer data)
{
	LfLabelled *labelled = data;

	g_free(labelled->path);
	g_free(labelled->fstype);
	g_free(labelled);
}

static void add_of_disk(GPtrArray *list, const LfFactDisk *disk, const char *label,
			const char *file)
{
	for (guint i = 0; i < disk->partitions->len; i++) {
		const LfFactPartition *partition = disk->partitions->pdata[i];
		LfLabelled *labelled;

		if (g_strcmp0(partition->fslabel, label) != 0 ||
		    filesystem_of(partition->fstype) < 0)
			continue;
		labelled = g_new0(LfLabelled, 1);
		*labelled = (LfLabelled){ g_strdup(partition->path), g_strdup(partition->fstype),
					  file };
		g_ptr_array_add(list, labelled);
	}
}

GPtrArray *lf_labelled_list(const LfFacts *facts)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(labelled_free);

	for (size_t i = 0; i < G_N_ELEMENTS(labels); i++)
		for (guint j = 0; j < facts->disks->len; j++) {
			const LfFactDisk *disk = facts->disks->pdata[j];

			if (!disk->is_boot_medium)
				add_of_disk(list, disk, labels[i].label, labels[i].file);
		}
	return list;
}

static void load_drivers(const char *driver)
{
	lf_tools_load_driver(driver);
	if (g_str_equal(driver, "vfat")) {
		lf_tools_load_driver("nls_cp437");
		lf_tools_load_driver("nls_ascii");
	}
}

bool lf_labelled_try(const LfLabelled *labelled, LfScope *held)
{
	g_autofree char *file = g_build_filename(LF_LABELLED, labelled->file, NULL);
	int filesystem = filesystem_of(labelled->fstype);
	guint depth = lf_scope_depth(held);

	if (filesystem < 0)
		return false;
	load_drivers(filesystems[filesystem].driver);
	if (lf_mount(labelled->path, LF_LABELLED, filesystems[filesystem].kernel,
		     MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, filesystems[filesystem].options,
		     held, NULL) &&
	    access(file, R_OK) == 0)
		return true;
	(void)lf_scope_unwind(held, depth, NULL);
	return false;
}

static bool look(const LfHost *host, LfScope *held, char **ret_path, GError **error)
{
	g_autoptr(LfFacts) facts = lf_probe_machine(host, error);
	g_autoptr(GPtrArray) list = facts ? lf_labelled_list(facts) : NULL;

	for (guint i = 0; list && i < list->len && !*ret_path; i++) {
		const LfLabelled *labelled = list->pdata[i];

		if (lf_labelled_try(labelled, held))
			*ret_path = g_build_filename(LF_LABELLED, labelled->file, NULL);
	}
	return list != NULL;
}

bool lf_labelled_find(const LfHost *host, unsigned timeout_ms, LfScope *held, char **ret_path,
		      GError **error)
{
	gint64 end_us = g_get_monotonic_time() + (gint64)timeout_ms * 1000;

	*ret_path = NULL;
	for (;;) {
		if (!look(host, held, ret_path, error))
			return false;
		if (*ret_path || g_get_monotonic_time() >= end_us)
			return true;
		g_usleep(POLL_US);
	}
}
