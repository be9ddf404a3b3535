// The end of writing: one sync of each file system, then reading back what booting depends on.
// Not here: the objects of the commit; each was checked against its name while it was written.
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/fd.h"
#include "installer/apply/disk.h"
#include "installer/apply/effects.h"
#include "installer/apply/sysroot.h"
#include "installer/apply/tree.h"

#define MENU	       "boot/loader/grub.cfg"
#define MAX_MENU_BYTES (1024 * 1024)
#define CHUNK_BYTES    (256 * 1024)

static bool sync_at(const char *path, GError **error)
{
	lf_autofd fd = -1;

	if (!lf_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0, &fd, error))
		return false;
	if (syncfs(fd) < 0)
		return lf_throw_errno(error, "cannot write out '%s'", path);
	return true;
}

// The pull and the deployment ran without fsync; on the installed system it is on again.
static bool restore_fsync(OstreeSysroot *sysroot, GError **error)
{
	OstreeRepo *repo = ostree_sysroot_repo(sysroot);
	g_autoptr(GKeyFile) config = ostree_repo_copy_config(repo);

	g_key_file_remove_key(config, "core", "fsync", NULL);
	if (!ostree_repo_write_config(repo, config, error))
		return lf_rethrow(error, LF_ERROR_IO);
	return true;
}

static bool sync_volumes(LfInstall *install, GError **error)
{
	for (guint i = 0; i < install->volumes->len; i++) {
		const LfPlanPartition *partition =
			((LfVolume *)g_ptr_array_index(install->volumes, i))->partition;
		g_autofree char *path = NULL;

		if (!partition->mount || partition->role == LF_ROLE_ESP)
			continue;
		path = g_strconcat(lf_plan_is_data(partition) ? LF_SYSROOT : LF_SYSIMAGE,
				   partition->mount, NULL);
		if (!sync_at(path, error))
			return false;
	}
	return true;
}

// The kernel tells a write error once, so the flushing thread's counts as well. The file systems
// are mounted without barriers: the disk's own cache is emptied here, before anything can boot.
bool lf_effect_sync(LfInstall *install, GError **error)
{
	return lf_sysroot_join_flusher(install, error) && restore_fsync(install->sysroot, error) &&
	       sync_volumes(install, error) && lf_disk_flush(install->disk, error);
}

// What is read next comes from the medium, not from memory.
static void forget(int fd)
{
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

static bool read_chunk(int fd, guchar *chunk, size_t *ret_size, GError **error)
{
	*ret_size = 0;
	while (*ret_size < CHUNK_BYTES) {
		ssize_t n =
			TEMP_FAILURE_RETRY(read(fd, chunk + *ret_size, CHUNK_BYTES - *ret_size));

		if (n < 0)
			return lf_throw_errno(error, "cannot read back");
		if (n == 0)
			return true;
		*ret_size += (size_t)n;
	}
	return true;
}

static bool compare_files(int first_fd, int second_fd, bool *ret_is_same, GError **error)
{
	g_autofree guchar *first = g_malloc(CHUNK_BYTES);
	g_autofree guchar *second = g_malloc(CHUNK_BYTES);
	size_t first_size = 0, second_size = 0;

	do {
		if (!read_chunk(first_fd, first, &first_size, error) ||
		    !read_chunk(second_fd, second, &second_size, error))
			return false;
		if (first_size != second_size || memcmp(first, second, first_size) != 0) {
			*ret_is_same = false;
			return true;
		}
	} while (first_size == CHUNK_BYTES);
	*ret_is_same = true;
	return true;
}

static void close_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

// The kernel's release: OSTree takes exactly one directory in usr/lib/modules.
static char *find_kernel(int root_fd, GError **error)
{
	__attribute__((cleanup(close_dir))) DIR *dir = NULL;
	struct dirent *entry;
	int fd = -1;

	if (!lf_tree_open(root_fd, "usr/lib/modules", O_RDONLY | O_DIRECTORY, 0, &fd, error))
		return NULL;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return lf_throw_errno_null(error, "cannot read '/usr/lib/modules'");
	}
	while ((entry = readdir(dir))) {
		g_autofree char *kernel =
			g_strdup_printf("usr/lib/modules/%s/vmlinuz", entry->d_name);

		if (entry->d_name[0] != '.' && lf_tree_exists(root_fd, kernel))
			return g_strdup(entry->d_name);
	}
	return lf_throw_null(error, LF_ERROR_IO, "the deployment has no kernel");
}

// The original is an object that was checked against its name while it was written.
static bool verify_copy(int root_fd, const char *boot_path, const char *original, GError **error)
{
	g_autofree char *boot = g_strconcat("boot/", boot_path + strspn(boot_path, "/"), NULL);
	lf_autofd copy_fd = -1;
	lf_autofd original_fd = -1;
	bool is_same = false;

	if (!lf_tree_open(root_fd, boot, O_RDONLY, 0, &copy_fd, error) ||
	    !lf_tree_open(root_fd, original, O_RDONLY, 0, &original_fd, error))
		return false;
	forget(copy_fd);
	if (!compare_files(copy_fd, original_fd, &is_same, error))
		return lf_prefix(error, "'/%s'", boot);
	return is_same || lf_throw(error, LF_ERROR_IO, "'/%s' reads back different from '/%s'",
				   boot, original);
}

static bool verify_kernel(int root_fd, OstreeDeployment *deployment, GError **error)
{
	OstreeBootconfigParser *config = ostree_deployment_get_bootconfig(deployment);
	const char *linux_path = ostree_bootconfig_parser_get(config, "linux");
	const char *initrd_path = ostree_bootconfig_parser_get(config, "initrd");
	g_autofree char *release = find_kernel(root_fd, error);
	g_autofree char *kernel = g_strdup_printf("usr/lib/modules/%s/vmlinuz", release);
	g_autofree char *initrd = g_strdup_printf("usr/lib/modules/%s/initramfs.img", release);

	if (!release)
		return false;
	if (!linux_path || !initrd_path)
		return lf_throw(error, LF_ERROR_IO, "the boot entry names no kernel or no initrd");
	return verify_copy(root_fd, linux_path, kernel, error) &&
	       verify_copy(root_fd, initrd_path, initrd, error);
}

// The menu must start this deployment; the boot entries alone start nothing.
static bool verify_menu(int root_fd, OstreeDeployment *deployment, GError **error)
{
	OstreeBootconfigParser *config = ostree_deployment_get_bootconfig(deployment);
	const char *options = ostree_bootconfig_parser_get(config, "options");
	const char *argument = options ? strstr(options, "ostree=") : NULL;
	g_autofree char *menu = lf_tree_read(root_fd, MENU, MAX_MENU_BYTES, error);
	g_autofree char *word = argument ? g_strndup(argument, strcspn(argument, " ")) : NULL;

	if (!menu)
		return false;
	if (!word)
		return lf_throw(error, LF_ERROR_IO, "the boot entry names no deployment");
	return strstr(menu, word) ||
	       lf_throw(error, LF_ERROR_IO, "the menu '/" MENU "' does not start the deployment");
}

static bool verify_deployment(const LfInstall *install, GError **error)
{
	g_autoptr(GFile) file = g_file_new_for_path(LF_SYSIMAGE);
	g_autoptr(OstreeSysroot) sysroot = ostree_sysroot_new(file);
	g_autoptr(GPtrArray) deployments = NULL;
	OstreeDeployment *deployment;

	if (!ostree_sysroot_load(sysroot, NULL, error))
		return lf_rethrow(error, LF_ERROR_IO);
	deployments = ostree_sysroot_get_deployments(sysroot);
	if (deployments->len != 1)
		return lf_throw(error, LF_ERROR_IO, "the target has %u deployments instead of one",
				deployments->len);
	deployment = g_ptr_array_index(deployments, 0);
	if (g_strcmp0(ostree_deployment_get_csum(deployment), install->plan->checksum) != 0)
		return lf_throw(error, LF_ERROR_IO, "the target has another commit deployed: '%s'",
				ostree_deployment_get_csum(deployment));
	return verify_kernel(install->root_fd, deployment, error) &&
	       verify_menu(install->root_fd, deployment, error);
}

bool lf_effect_verify(LfInstall *install, GError **error)
{
	return verify_deployment(install, error);
}
