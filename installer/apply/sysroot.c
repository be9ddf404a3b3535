// The OSTree root on the target: repository, remote, deployment, and the tree as it will see
// itself. Not here: copying objects (payload.c), the ESP (boot.c).
#include "installer/apply/sysroot.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "installer/apply/effects.h"
#include "installer/apply/mounts.h"
#include "installer/apply/tree.h"

#define MENU	     "../loader/grub.cfg"
#define MENU_LINK    "boot/grub/grub.cfg"
#define MENU_PATH    "/boot/loader/grub.cfg"
#define MENU_PROGRAM "/usr/sbin/grub-mkconfig"
// Whatever a kept file system says of errors, this machine does not stop for it.
#define KEPT_OPTIONS  "errors=remount-ro"
#define PERSIST_FLAGS (MS_NOSUID | MS_NODEV)

static bool throw_ostree(GError **error, const char *what)
{
	lf_prefix(error, "%s", what);
	return lf_rethrow(error, LF_ERROR_IO);
}

// libostree's grub2 backend is chosen by this link: it rewrites the menu at each deployment.
static bool prepare_boot(int root_fd, GError **error)
{
	return lf_tree_mkdirs(root_fd, "boot/grub", 0755, error) &&
	       lf_tree_link(root_fd, MENU, MENU_LINK, error);
}

static bool configure_repo(OstreeRepo *repo, GError **error)
{
	g_autoptr(GKeyFile) config = ostree_repo_copy_config(repo);

	// The installed system remounts /sysroot read-only at boot; see ostree-prepare-root(1).
	g_key_file_set_boolean(config, "sysroot", "readonly", TRUE);
	// For the first deployment alone; see write_menu().
	g_key_file_set_string(config, "sysroot", "bootloader", "none");
	if (!ostree_repo_write_config(repo, config, error) ||
	    !ostree_repo_reload_config(repo, NULL, error))
		return throw_ostree(error, "cannot configure the repository");
	return true;
}

static bool add_keyring(OstreeRepo *repo, const char *remote, const char *keyring, GError **error)
{
	g_autofree char *name = g_strconcat(remote, ".trustedkeys.gpg", NULL);

	if (!keyring)
		return lf_throw(error, LF_ERROR_TRUST,
				"there is no key ring to verify the system's upgrades with");
	return lf_copy_file_at(AT_FDCWD, keyring, ostree_repo_get_dfd(repo), name, 0644, error);
}

// The server of the upgrades has the same authority as that of the payload: it lies beside the key
// ring. A client's key stays in the seed: who wants upgrades with it brings it by a script.
static bool add_authority(OstreeRepo *repo, const LfPlan *plan, const char *ca_file,
			  GVariantBuilder *options, GError **error)
{
	g_autofree char *name = g_strconcat(plan->remote, ".ca.pem", NULL);
	g_autofree char *path = g_strconcat("/sysroot/ostree/repo/", name, NULL);

	if (!ca_file || !g_str_has_prefix(plan->upgrade_url, "https://"))
		return true;
	g_variant_builder_add(options, "{sv}", "tls-ca-path", g_variant_new_string(path));
	return lf_copy_file_at(AT_FDCWD, ca_file, ostree_repo_get_dfd(repo), name, 0644, error);
}

static bool add_remote(OstreeRepo *repo, const LfPlan *plan, const char *keyring,
		       const char *ca_file, GError **error)
{
	GVariantBuilder options;
	bool has_authority;

	g_variant_builder_init(&options, G_VARIANT_TYPE_VARDICT);
	g_variant_builder_add(&options, "{sv}", "gpg-verify",
			      g_variant_new_boolean(plan->verifies_signature));
	has_authority = add_authority(repo, plan, ca_file, &options, error);
	g_autoptr(GVariant) settings = g_variant_ref_sink(g_variant_builder_end(&options));

	if (!has_authority)
		return false;
	if (!ostree_repo_remote_add(repo, plan->remote, plan->upgrade_url, settings, NULL, error))
		return throw_ostree(error, "cannot add the remote");
	return !plan->verifies_signature || add_keyring(repo, plan->remote, keyring, error);
}

OstreeSysroot *lf_sysroot_prepare(const char *path, const LfPlan *plan, const char *keyring,
				  const char *ca_file, GError **error)
{
	g_autoptr(GFile) file = g_file_new_for_path(path);
	g_autoptr(OstreeSysroot) sysroot = ostree_sysroot_new(file);
	g_autoptr(OstreeRepo) repo = NULL;
	lf_autofd root_fd = -1;

	if (!lf_openat(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0, &root_fd, error) ||
	    !prepare_boot(root_fd, error))
		return NULL;
	if (!ostree_sysroot_ensure_initialized(sysroot, NULL, error) ||
	    !ostree_sysroot_load(sysroot, NULL, error) ||
	    !ostree_sysroot_init_osname(sysroot, plan->osname, NULL, error) ||
	    !ostree_sysroot_get_repo(sysroot, &repo, NULL, error)) {
		throw_ostree(error, "cannot make an OSTree root");
		return NULL;
	}
	if (!configure_repo(repo, error) || !add_remote(repo, plan, keyring, ca_file, error))
		return NULL;
	return g_steal_pointer(&sysroot);
}

static bool release_sysroot(void *object, GError **error)
{
	LfInstall *install = object;

	g_clear_object(&install->sysroot);
	return true;
}

bool lf_effect_sysroot(LfInstall *install, GError **error)
{
	install->sysroot =
		lf_sysroot_prepare(LF_SYSIMAGE, install->plan, install->keyring,
				   install->access ? install->access->ca_file : NULL, error);
	if (!install->sysroot)
		return false;
	lf_scope_push(install->held, release_sysroot, install, "the OSTree root");
	return true;
}

static void tell_progress(uint64_t bytes, uint64_t total_bytes, void *user_data)
{
	const LfInstall *install = user_data;
	LfEvent event = { .step = lf_apply_step(LF_STEP_PULL)->id,
			  .state = LF_EVENT_PROGRESS,
			  .title = lf_apply_step(LF_STEP_PULL)->title,
			  .bytes = bytes,
			  .total = total_bytes };

	lf_events_emit(install->events, &event);
}

static void tell_note(const char *text, void *user_data)
{
	const LfInstall *install = user_data;

	lf_events_note(install->events, lf_apply_step(LF_STEP_PULL)->id, "%s", text);
}

// Returns: the errno of what could not be written; NULL: all was
static void *flush(void *user_data)
{
	lf_autofd fd = GPOINTER_TO_INT(user_data);

	return GINT_TO_POINTER(syncfs(fd) < 0 ? errno : 0);
}

bool lf_sysroot_join_flusher(LfInstall *install, GError **error)
{
	GThread *flusher = g_steal_pointer(&install->flusher);
	int reason = flusher ? GPOINTER_TO_INT(g_thread_join(flusher)) : 0;

	return reason == 0 || lf_throw(error, LF_ERROR_IO, "cannot write out '" LF_SYSIMAGE "': %s",
				       g_strerror(reason));
}

static bool release_flusher(void *object, GError **error)
{
	return lf_sysroot_join_flusher(object, error);
}

// The pull leaves much in memory that has yet to be encrypted and written. The deployment keeps one
// processor busy, so another one writes meanwhile.
static bool start_flusher(LfInstall *install, GError **error)
{
	int fd = -1;

	if (!lf_openat(AT_FDCWD, LF_SYSIMAGE, O_RDONLY | O_DIRECTORY, 0, &fd, error))
		return false;
	install->flusher = g_thread_new("flush", flush, GINT_TO_POINTER(fd));
	lf_scope_push(install->held, release_flusher, install, "the flushing thread");
	return true;
}

bool lf_effect_pull(LfInstall *install, GError **error)
{
	return lf_payload_pull(install->payload, ostree_sysroot_repo(install->sysroot),
			       install->plan->remote, tell_progress, tell_note, install, error) &&
	       start_flusher(install, error);
}

static char *refspec_of(const LfPlan *plan)
{
	return g_strconcat(plan->remote, ":", plan->ref, NULL);
}

bool lf_sysroot_deploy(OstreeSysroot *sysroot, const LfPlan *plan, char **ret_deployment,
		       GError **error)
{
	g_autofree char *refspec = refspec_of(plan);
	g_autoptr(GKeyFile) origin = ostree_sysroot_origin_new_from_refspec(sysroot, refspec);
	g_autoptr(OstreeDeployment) deployment = NULL;
	OstreeSysrootDeployTreeOpts options = { .override_kernel_argv = plan->kernel_args };

	if (!ostree_sysroot_deploy_tree_with_options(sysroot, plan->osname, plan->checksum, origin,
						     NULL, &options, &deployment, NULL, error))
		return throw_ostree(error, "cannot deploy");
	// Nothing is there to clean up: looking for it reads the whole repository.
	if (!ostree_sysroot_simple_write_deployment(
		    sysroot, plan->osname, deployment, NULL,
		    OSTREE_SYSROOT_SIMPLE_WRITE_DEPLOYMENT_FLAGS_NO_CLEAN, NULL, error))
		return throw_ostree(error, "cannot write the boot entry");
	*ret_deployment = ostree_sysroot_get_deployment_dirpath(sysroot, deployment);
	return true;
}

static bool release_root_fd(void *object, GError **error)
{
	LfInstall *install = object;

	lf_close_fd(&install->root_fd);
	return true;
}

// Mount points of the tree that show something else than the deployment's own files.
static bool bind_own(LfInstall *install, GError **error)
{
	const char *osname = install->plan->osname;
	g_autofree char *deployment = g_build_filename(LF_SYSIMAGE, install->deployment, NULL);
	g_autofree char *var = g_build_filename(LF_SYSIMAGE "/ostree/deploy", osname, "var", NULL);
	const struct {
		const char *source, *target;
		bool is_readonly;
	} binds[] = {
		{ deployment, LF_SYSROOT, false },
		// Its files are the repository's own objects: a script must not change them.
		{ LF_SYSROOT "/usr", LF_SYSROOT "/usr", true },
		{ LF_SYSIMAGE, LF_SYSROOT "/sysroot", false },
		{ LF_SYSIMAGE "/boot", LF_SYSROOT "/sysroot/boot", false },
		{ LF_SYSIMAGE "/boot", LF_SYSROOT "/boot", false },
		{ LF_SYSIMAGE "/boot/efi", LF_SYSROOT "/boot/efi", false },
		{ var, LF_SYSROOT "/var", false },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(binds); i++)
		if (!lf_mount_bind(binds[i].source, binds[i].target, binds[i].is_readonly,
				   install->held, error))
			return false;
	return true;
}

static bool bind_api(LfInstall *install, GError **error)
{
	static const char *const paths[] = { "/proc", "/sys", "/dev", "/run" };

	for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
		g_autofree char *target = g_strconcat(LF_SYSROOT, paths[i], NULL);

		if (!lf_mount_api(paths[i], target, install->held, error))
			return false;
	}
	return true;
}

static const struct {
	const char *path;
	mode_t mode;
} var_directories[] = {
	{ "var/log", 0755 },	  { "var/home", 0755 }, { "var/opt", 0755 },
	{ "var/srv", 0755 },	  { "var/mnt", 0755 },	{ "var/usrlocal", 0755 },
	{ "var/roothome", 0700 }, { "var/tmp", 01777 },
};

// The image's tmpfiles make these at the first boot; accounts and scripts need them now.
static bool make_var(int root_fd, GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(var_directories); i++)
		if (!lf_tree_mkdirs(root_fd, var_directories[i].path, var_directories[i].mode,
				    error))
			return false;
	return true;
}

static int by_mount(gconstpointer a, gconstpointer b)
{
	const LfVolume *const *first = a;
	const LfVolume *const *second = b;

	return strcmp((*first)->partition->mount, (*second)->partition->mount);
}

static bool mount_data_volume(LfInstall *install, const LfVolume *volume, GError **error)
{
	const LfPlanPartition *partition = volume->partition;
	g_autofree char *target = g_strconcat(LF_SYSROOT, partition->mount, NULL);
	const char *options = partition->is_kept ? KEPT_OPTIONS : NULL;
	unsigned long flags = MS_NOATIME | (partition->role == LF_ROLE_PERSIST ? PERSIST_FLAGS : 0);
	g_autoptr(GError) local = NULL;

	if (!lf_tree_mkdirs(install->root_fd, partition->mount + 1, 0755, error))
		return false;
	if (lf_mount(volume->fs_node, target, partition->fstype, flags, options, install->held,
		     &local))
		return true;
	if (!partition->is_kept) {
		g_propagate_error(error, g_steal_pointer(&local));
		return false;
	}
	// What cannot be used now is no reason to lose the machine: the installed system repairs
	// it.
	lf_events_note(install->events, lf_apply_step(LF_STEP_DEPLOY)->id,
		       "the persistent partition is left as it is: %s", local->message);
	return true;
}

// A partition for /var itself hides the directories made before, so they are made in it again.
bool lf_sysroot_mount_data(LfInstall *install, GError **error)
{
	g_autoptr(GPtrArray) sorted = g_ptr_array_new();

	for (guint i = 0; i < install->volumes->len; i++) {
		LfVolume *volume = g_ptr_array_index(install->volumes, i);

		if (lf_plan_is_data(volume->partition))
			g_ptr_array_add(sorted, volume);
	}
	g_ptr_array_sort(sorted, by_mount);
	for (guint i = 0; i < sorted->len; i++)
		if (!mount_data_volume(install, g_ptr_array_index(sorted, i), error) ||
		    !make_var(install->root_fd, error))
			return false;
	return true;
}

static bool enter_tree(LfInstall *install, GError **error)
{
	if (!lf_mkdirs_at(AT_FDCWD, LF_SYSROOT, 0755, error) || !bind_own(install, error) ||
	    !bind_api(install, error))
		return false;
	lf_scope_push(install->held, release_root_fd, install, "the installed system's tree");
	return lf_openat(AT_FDCWD, LF_SYSROOT, O_PATH | O_DIRECTORY, 0, &install->root_fd, error) &&
	       make_var(install->root_fd, error) && lf_sysroot_mount_data(install, error);
}

// libostree would run the program in a bare chroot where /boot is not mounted, so the first menu
// comes from the same program run in the whole tree. From the first boot on libostree runs it by
// itself.
static bool write_menu(LfInstall *install, GError **error)
{
	OstreeRepo *repo = ostree_sysroot_repo(install->sysroot);
	g_autoptr(GKeyFile) config = ostree_repo_copy_config(repo);
	LfProc proc = { .argv = LF_PROC_ARGV(MENU_PROGRAM, "-o", MENU_PATH), .root = LF_SYSROOT };

	if (!lf_proc_run(&proc, NULL, error))
		return lf_prefix(error, "cannot write the boot menu");
	g_key_file_remove_key(config, "sysroot", "bootloader", NULL);
	if (!ostree_repo_write_config(repo, config, error))
		return throw_ostree(error, "cannot configure the repository");
	return true;
}

bool lf_effect_deploy(LfInstall *install, GError **error)
{
	return lf_sysroot_deploy(install->sysroot, install->plan, &install->deployment, error) &&
	       enter_tree(install, error) && write_menu(install, error);
}
