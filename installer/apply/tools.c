// Programs and drivers an install needs, looked for before the first write.
// Not here: running them.
#include "installer/apply/tools.h"

#include <fcntl.h>
#include <libkmod.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "installer/apply/effects.h"
#include "installer/apply/mkfs.h"

typedef struct kmod_ctx KmodCtx;
typedef struct kmod_list KmodList;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KmodCtx, kmod_unref)

static const struct {
	const char *fstype;
	const char *maker;
} makers[] = {
	{ "vfat", LF_TOOL_MKFS_VFAT }, { "efi", LF_TOOL_MKFS_VFAT }, { "ext4", LF_TOOL_MKFS_EXT4 },
	{ "xfs", LF_TOOL_MKFS_XFS },   { "swap", LF_TOOL_MKSWAP },
};

const char *lf_tools_maker(const char *fstype)
{
	for (size_t i = 0; i < G_N_ELEMENTS(makers); i++)
		if (g_strcmp0(fstype, makers[i].fstype) == 0)
			return makers[i].maker;
	return NULL;
}

static void discard_log(void *data, int priority, const char *file, int line, const char *function,
			const char *format, va_list args)
{
}

void lf_tools_load_driver(const char *name)
{
	g_autoptr(KmodCtx) context = kmod_new(NULL, NULL);
	KmodList *list = NULL;
	KmodList *item;

	if (!context)
		return;
	kmod_set_log_fn(context, discard_log, NULL);
	if (kmod_module_new_from_lookup(context, name, &list) < 0)
		return;
	kmod_list_foreach(item, list)
	{
		struct kmod_module *module = kmod_module_get_module(item);

		kmod_module_probe_insert_module(module, KMOD_PROBE_APPLY_BLACKLIST, NULL, NULL,
						NULL, NULL);
		kmod_module_unref(module);
	}
	kmod_module_unref_list(list);
}

void lf_tools_load_usual_drivers(void)
{
	static const char *const names[] = { "isofs",	  "ext4",   "vfat",    "nls_cp437",
					     "nls_ascii", "dm_mod", "dm_crypt" };

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		lf_tools_load_driver(names[i]);
}

static bool require_program(const char *path, GError **error)
{
	if (access(path, X_OK) == 0)
		return true;
	return lf_throw(error, LF_ERROR_UNSUPPORTED, "this image has no '%s', which the plan needs",
			path);
}

// vfat's default code page and character set are modules of their own, asked for at mount.
static bool require_file_system(const char *fstype, GError **error)
{
	g_autofree char *known = NULL;
	g_autofree char *line = g_strdup_printf("\t%s\n", fstype);

	if (strcmp(fstype, "vfat") == 0) {
		lf_tools_load_driver("nls_cp437");
		lf_tools_load_driver("nls_ascii");
	}
	lf_tools_load_driver(fstype);
	known = lf_read_text_at(AT_FDCWD, "/proc/filesystems", 65536, error);
	if (!known)
		return false;
	g_autofree char *lines = g_strconcat(known, "\n", NULL);
	if (strstr(lines, line))
		return true;
	return lf_throw(error, LF_ERROR_UNSUPPORTED, "this kernel has no driver for %s", fstype);
}

static bool require_mapper(GError **error)
{
	lf_tools_load_driver("dm_mod");
	lf_tools_load_driver("dm_crypt");
	if (access("/dev/mapper/control", R_OK | W_OK) == 0)
		return true;
	return lf_throw(error, LF_ERROR_UNSUPPORTED,
			"this kernel has no device-mapper, which encryption needs");
}

static bool require_for_partition(const LfPlanPartition *partition, unsigned sector_bytes,
				  GError **error)
{
	const char *maker = lf_tools_maker(partition->fstype);

	if (!maker)
		return lf_throw(error, LF_ERROR_UNSUPPORTED,
				"file system '%s' of '%s' is not known", partition->fstype,
				partition->mount);
	if (!require_program(maker, error))
		return false;
	// Without the operator's words the command is our own.
	if (partition->mkfs_options && !lf_mkfs_check(partition, sector_bytes, error))
		return false;
	if (partition->mount && !require_file_system(partition->fstype, error))
		return false;
	if (!partition->luks)
		return true;
	return require_mapper(error) &&
	       (!partition->luks->wants_tpm2 || require_program(LF_TOOL_CRYPTENROLL, error));
}

bool lf_effect_check_tools(LfInstall *install, GError **error)
{
	const GPtrArray *partitions = install->plan->partitions;

	for (guint i = 0; i < partitions->len; i++)
		if (!require_for_partition(g_ptr_array_index(partitions, i),
					   install->plan->sector_bytes, error))
			return false;
	return true;
}
