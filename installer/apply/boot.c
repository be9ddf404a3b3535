// The ESP: Debian's signed chain and the static grub.cfg that loads OSTree's menu.
// Not here: the menu itself (libostree's grub2 backend runs the image's grub-mkconfig), NVRAM
// (efi.c).
#include "installer/apply/boot.h"

#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "installer/apply/effects.h"
#include "installer/apply/tree.h"

#define REMOVABLE_DIR	  "EFI/BOOT"
#define DEFAULT_TIMEOUT_S 1

static const LfBootArch arches[] = {
	{ .architecture = "x86_64",
	  .shim = "usr/lib/shim/shimx64.efi.signed",
	  .grub = "usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed",
	  .mok = "usr/lib/shim/mmx64.efi.signed",
	  .csv = "usr/lib/shim/BOOTX64.CSV",
	  .removable = "BOOTX64.EFI",
	  .shim_name = "shimx64.efi",
	  .grub_name = "grubx64.efi",
	  .mok_name = "mmx64.efi",
	  .csv_name = "BOOTX64.CSV" },
	{ .architecture = "aarch64",
	  .shim = "usr/lib/shim/shimaa64.efi.signed",
	  .grub = "usr/lib/grub/arm64-efi-signed/grubaa64.efi.signed",
	  .mok = "usr/lib/shim/mmaa64.efi.signed",
	  .csv = "usr/lib/shim/BOOTAA64.CSV",
	  .removable = "BOOTAA64.EFI",
	  .shim_name = "shimaa64.efi",
	  .grub_name = "grubaa64.efi",
	  .mok_name = "mmaa64.efi",
	  .csv_name = "BOOTAA64.CSV" },
};

const LfBootArch *lf_boot_arch(const char *architecture, GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(arches); i++)
		if (g_strcmp0(arches[i].architecture, architecture) == 0)
			return &arches[i];
	return lf_throw_null(error, LF_ERROR_UNSUPPORTED, "no boot chain is known for '%s'",
			     architecture ? architecture : "?");
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

static bool copy_to_esp(int tree_fd, const char *from, int esp_fd, const char *dir,
			const char *name, GError **error)
{
	g_autofree char *to = g_build_filename(dir, name, NULL);
	g_autofree char *source = NULL;
	lf_autofd in = -1;

	if (!lf_tree_open(tree_fd, from, O_RDONLY, 0, &in, error)) {
		lf_prefix(error, "the system has no '%s'", from);
		return lf_rethrow(error, LF_ERROR_TARGET);
	}
	source = g_strdup_printf("/proc/self/fd/%d", in);
	return lf_copy_file_at(AT_FDCWD, source, esp_fd, to, 0644, error);
}

bool lf_boot_write(int tree_fd, int esp_fd, const LfBootArch *arch, const char *grub_cfg,
		   GError **error)
{
	const struct {
		const char *from, *dir, *name;
	} files[] = {
		{ arch->shim, LF_BOOT_VENDOR_DIR, arch->shim_name },
		{ arch->mok, LF_BOOT_VENDOR_DIR, arch->mok_name },
		{ arch->csv, LF_BOOT_VENDOR_DIR, arch->csv_name },
		{ arch->grub, LF_BOOT_VENDOR_DIR, arch->grub_name },
		{ arch->grub, REMOVABLE_DIR, arch->grub_name },
		{ arch->mok, REMOVABLE_DIR, arch->mok_name },
		{ arch->shim, REMOVABLE_DIR, arch->removable },
	};

	// GRUB looks in EFI/debian wherever it was started from: that prefix is in its signed
	// binary.
	if (!lf_mkdirs_at(esp_fd, LF_BOOT_VENDOR_DIR, 0755, error) ||
	    !lf_mkdirs_at(esp_fd, REMOVABLE_DIR, 0755, error) ||
	    !lf_write_file_at(esp_fd, LF_BOOT_VENDOR_DIR "/grub.cfg", grub_cfg, strlen(grub_cfg),
			      0644, error))
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
		if (!copy_to_esp(tree_fd, files[i].from, esp_fd, files[i].dir, files[i].name,
				 error))
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
	const LfBootArch *arch = lf_boot_arch(install->facts->architecture, error);
	g_autofree char *grub_cfg = NULL;
	lf_autofd esp_fd = -1;

	if (!arch)
		return false;
	grub_cfg = make_grub_cfg(install->plan);
	if (!lf_openat(AT_FDCWD, LF_SYSIMAGE "/boot/efi", O_RDONLY | O_DIRECTORY, 0, &esp_fd,
		       error))
		return false;
	install->is_bootable = true;
	if (!lf_boot_write(install->root_fd, esp_fd, arch, grub_cfg, error))
		return false;
	if (syncfs(esp_fd) < 0)
		return lf_throw_errno(error, "cannot flush the ESP");
	return true;
}
