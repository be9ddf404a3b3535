// Makes file systems by their own programs.
// Not here: mounting them (mounts.c).
#include "installer/apply/mkfs.h"

#include <string.h>

#include "base/proc.h"
#include "installer/apply/effects.h"
#include "installer/apply/tools.h"

#define MIB ((uint64_t)1024 * 1024)

static void add(GPtrArray *argv, const char *argument)
{
	g_ptr_array_add(argv, g_strdup(argument));
}

static void add_pair(GPtrArray *argv, const char *option, const char *value)
{
	if (!value)
		return;
	add(argv, option);
	add(argv, value);
}

// FAT32 is what firmware vendors test; its least size depends on the sector.
static void vfat_options(GPtrArray *argv, const LfPlanPartition *partition)
{
	g_autofree char *id = g_strdup(partition->fs_uuid);

	if (partition->size_bytes >= 300 * MIB)
		add_pair(argv, "-F", "32");
	if (id) {
		char *dash = strchr(id, '-');

		if (dash)
			memmove(dash, dash + 1, strlen(dash));
	}
	add_pair(argv, "-i", id);
	add_pair(argv, "-n", partition->fs_label);
}

// The inode tables were discarded or never read: the kernel zeroes them later, in the background.
static void ext4_options(GPtrArray *argv, const LfPlanPartition *partition)
{
	add(argv, "-q");
	add(argv, "-F");
	add_pair(argv, "-E", "nodiscard,lazy_itable_init=1,lazy_journal_init=1");
	add_pair(argv, "-U", partition->fs_uuid);
	add_pair(argv, "-L", partition->fs_label);
}

static void xfs_options(GPtrArray *argv, const LfPlanPartition *partition)
{
	g_autofree char *uuid = g_strconcat("uuid=", partition->fs_uuid, NULL);

	add(argv, "-q");
	add(argv, "-f");
	add(argv, "-K");
	if (partition->fs_uuid)
		add_pair(argv, "-m", uuid);
	add_pair(argv, "-L", partition->fs_label);
}

static void swap_options(GPtrArray *argv, const LfPlanPartition *partition)
{
	add_pair(argv, "-U", partition->fs_uuid);
	add_pair(argv, "-L", partition->fs_label);
}

static const struct {
	const char *maker;
	void (*options)(GPtrArray *argv, const LfPlanPartition *partition);
} kinds[] = {
	{ LF_TOOL_MKFS_VFAT, vfat_options },
	{ LF_TOOL_MKFS_EXT4, ext4_options },
	{ LF_TOOL_MKFS_XFS, xfs_options },
	{ LF_TOOL_MKSWAP, swap_options },
};

static bool add_own_options(GPtrArray *argv, const char *options, GError **error)
{
	g_auto(GStrv) words = NULL;

	if (!options || !*options)
		return true;
	if (!g_shell_parse_argv(options, NULL, &words, error)) {
		lf_prefix(error, "--mkfsoptions '%s'", options);
		return lf_rethrow(error, LF_ERROR_INPUT);
	}
	for (size_t i = 0; words[i]; i++)
		add(argv, words[i]);
	return true;
}

char **lf_mkfs_argv(const LfPlanPartition *partition, const char *node, GError **error)
{
	const char *maker = lf_tools_maker(partition->fstype);
	g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);

	if (!maker)
		return lf_throw_null(error, LF_ERROR_UNSUPPORTED, "file system '%s' is not known",
				     partition->fstype);
	add(argv, maker);
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (strcmp(kinds[i].maker, maker) == 0)
			kinds[i].options(argv, partition);
	if (!add_own_options(argv, partition->mkfs_options, error))
		return NULL;
	add(argv, node);
	g_ptr_array_set_free_func(argv, NULL);
	g_ptr_array_add(argv, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&argv), FALSE);
}

bool lf_effect_format(LfInstall *install, GError **error)
{
	for (guint i = 0; i < install->volumes->len; i++) {
		const LfVolume *volume = g_ptr_array_index(install->volumes, i);
		g_auto(GStrv) argv = lf_mkfs_argv(volume->partition, volume->fs_node, error);
		LfProc proc = { .argv = (const char *const *)argv };

		if (!argv)
			return false;
		if (!lf_proc_run(&proc, NULL, error))
			return lf_prefix(error, "cannot make %s on '%s'", volume->partition->fstype,
					 volume->fs_node);
	}
	return true;
}
