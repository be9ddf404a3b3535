// The ESP: the payload's signed chain and the static grub.cfg that loads OSTree's menu.
// Not here: the menu itself (libostree's grub2 backend runs the image's grub-mkconfig), NVRAM
// (efi.c).
#include "installer/apply/boot.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>

#include "base/fd.h"
#include "installer/apply/effects.h"
#include "installer/apply/tree.h"

#define REMOVABLE_DIR	  "EFI/BOOT"
#define DEFAULT_TIMEOUT_S 1

// What a machine starts from. The last row is what firmware finds by itself.
static const struct {
	const char *dir, *pattern;
} links[] = {
	{ LF_BOOT_VENDOR_DIR, "shim*.efi" },
	{ LF_BOOT_VENDOR_DIR, "grub*.efi" },
	{ REMOVABLE_DIR, "grub*.efi" },
	{ REMOVABLE_DIR, "BOOT*.EFI" },
};

static bool is_link(size_t i, const char *path)
{
	g_autofree char *pattern = g_build_filename(links[i].dir, links[i].pattern, NULL);

	return fnmatch(pattern, path, FNM_PATHNAME) == 0;
}

static bool has_link(size_t i, const GPtrArray *paths)
{
	for (guint j = 0; j < paths->len; j++)
		if (is_link(i, g_ptr_array_index(paths, j)))
			return true;
	return false;
}

static bool list_dir(GFile *chain, const char *dir, GPtrArray *paths, GError **error)
{
	g_autoptr(GFile) folder = g_file_resolve_relative_path(chain, dir);
	g_autoptr(GFileEnumerator) children =
		g_file_enumerate_children(folder, G_FILE_ATTRIBUTE_STANDARD_NAME,
					  G_FILE_QUERY_INFO_NOFOLLOW_SYMLINKS, NULL, NULL);
	GFileInfo *info = NULL;

	if (!children)
		return lf_throw(error, LF_ERROR_TARGET,
				"the system has no '" LF_BOOT_CHAIN_DIR "/%s': it would not boot",
				dir);
	for (;;) {
		if (!g_file_enumerator_iterate(children, &info, NULL, NULL, error))
			return lf_rethrow(error, LF_ERROR_IO);
		if (!info)
			return true;
		g_ptr_array_add(paths, g_build_filename(dir, g_file_info_get_name(info), NULL));
	}
}

// By name, and what firmware starts by itself last.
static int compare_paths(const void *a, const void *b)
{
	const char *const *one = a, *const *two = b;
	size_t last = G_N_ELEMENTS(links) - 1;
	int by_link = (int)is_link(last, *one) - (int)is_link(last, *two);

	return by_link ? by_link : strcmp(*one, *two);
}

char **lf_boot_chain(GFile *chain, GError **error)
{
	g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);

	if (!list_dir(chain, LF_BOOT_VENDOR_DIR, paths, error) ||
	    !list_dir(chain, REMOVABLE_DIR, paths, error))
		return NULL;
	for (size_t i = 0; i < G_N_ELEMENTS(links); i++)
		if (!has_link(i, paths))
			return lf_throw_null(error, LF_ERROR_TARGET,
					     "the system has no '" LF_BOOT_CHAIN_DIR
					     "/%s/%s': it would not boot",
					     links[i].dir, links[i].pattern);
	g_ptr_array_sort(paths, compare_paths);
	g_ptr_array_add(paths, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&paths), FALSE);
}

char *lf_boot_loader(const char *const *chain)
{
	g_autoptr(GString) path = g_string_new("\\");

	for (; *chain; chain++)
		if (is_link(0, *chain))
			g_string_append(path, *chain);
	g_string_replace(path, "/", "\\", 0);
	return g_string_free(g_steal_pointer(&path), FALSE);
}

char *lf_boot_grub_cfg(const char *boot_uuid, const char *menu_prefix, int64_t timeout_s)
{
	// The timeout stands behind the menu, which sets one of its own.
	return g_strdup_printf(
		"# Finds /boot and loads the menu that OSTree writes at each deployment.\n"
		"search --no-floppy --fs-uuid --set=root %s\n"
		"source ($root)%s/loader/grub.cfg\n"
		"set timeout=%" G_GINT64_FORMAT "\n",
		boot_uuid, menu_prefix, timeout_s < 0 ? DEFAULT_TIMEOUT_S : timeout_s);
}

bool lf_boot_open_chain(int tree_fd, int *ret_fd, char ***ret_paths, GError **error)
{
	g_autofree char *path = NULL;
	g_autoptr(GFile) chain = NULL;
	lf_autofd fd = -1;

	if (!lf_tree_open(tree_fd, LF_BOOT_CHAIN_DIR, O_RDONLY | O_DIRECTORY, 0, &fd, error))
		return lf_rethrow(error, LF_ERROR_TARGET);
	path = g_strdup_printf("/proc/self/fd/%d", fd);
	chain = g_file_new_for_path(path);
	*ret_paths = lf_boot_chain(chain, error);
	if (!*ret_paths)
		return false;
	*ret_fd = lf_steal_fd(&fd);
	return true;
}

bool lf_boot_write(int chain_fd, const char *const *chain, int esp_fd, const char *grub_cfg,
		   GError **error)
{
	if (!lf_mkdirs_at(esp_fd, LF_BOOT_VENDOR_DIR, 0755, error) ||
	    !lf_mkdirs_at(esp_fd, REMOVABLE_DIR, 0755, error) ||
	    !lf_write_file_at(esp_fd, LF_BOOT_VENDOR_DIR "/grub.cfg", grub_cfg, strlen(grub_cfg),
			      0644, error))
		return false;
	for (; *chain; chain++)
		if (!lf_copy_file_at(chain_fd, *chain, esp_fd, *chain, 0644, error))
			return false;
	return true;
}

static char *make_grub_cfg(const LfPlan *plan)
{
	const LfPlanPartition *boot = lf_plan_partition(plan, LF_ROLE_BOOT);
	const LfPlanPartition *root = lf_plan_partition(plan, LF_ROLE_ROOT);

	if (boot)
		return lf_boot_grub_cfg(boot->fs_uuid, "", plan->boot_timeout_s);
	return lf_boot_grub_cfg(root->fs_uuid, "/boot", plan->boot_timeout_s);
}

bool lf_effect_boot_files(LfInstall *install, GError **error)
{
	g_autofree char *grub_cfg = make_grub_cfg(install->plan);
	g_auto(GStrv) chain = NULL;
	lf_autofd chain_fd = -1;
	lf_autofd esp_fd = -1;

	if (!lf_boot_open_chain(install->root_fd, &chain_fd, &chain, error) ||
	    !lf_openat(AT_FDCWD, LF_SYSIMAGE "/boot/efi", O_RDONLY | O_DIRECTORY, 0, &esp_fd,
		       error))
		return false;
	install->loader = lf_boot_loader((const char *const *)chain);
	install->is_bootable = true;
	if (!lf_boot_write(chain_fd, (const char *const *)chain, esp_fd, grub_cfg, error))
		return false;
	if (syncfs(esp_fd) < 0)
		return lf_throw_errno(error, "cannot flush the ESP");
	return true;
}
