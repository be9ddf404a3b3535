// The value that the steps of one install share.
// Not here: the steps.
#include "installer/apply/install.h"

#include <libcryptsetup.h>

#include "base/fd.h"

LfInstall *lf_install_new(const LfPlan *plan, const LfFacts *facts, LfEvents *events)
{
	LfInstall *install = g_new0(LfInstall, 1);

	install->plan = plan;
	install->facts = facts;
	install->events = events;
	install->held = lf_scope_new();
	install->volumes = g_ptr_array_new_with_free_func((GDestroyNotify)lf_volume_free);
	install->report = json_object();
	install->root_fd = -1;
	return install;
}

void lf_volume_free(LfVolume *volume)
{
	if (!volume)
		return;
	g_clear_pointer(&volume->luks, crypt_free);
	g_clear_pointer(&volume->temporary, lf_secret_free);
	g_free(volume->node);
	g_free(volume->fs_node);
	g_free(volume);
}

LfVolume *lf_install_volume(const LfInstall *install, LfRole role)
{
	for (guint i = 0; i < install->volumes->len; i++) {
		LfVolume *volume = g_ptr_array_index(install->volumes, i);

		if (volume->partition->role == role)
			return volume;
	}
	return NULL;
}

void lf_install_free(LfInstall *install)
{
	if (!install)
		return;
	lf_close_fd(&install->root_fd);
	g_clear_object(&install->sysroot);
	lf_scope_free(install->held);
	g_ptr_array_unref(install->volumes);
	g_clear_pointer(&install->escrow, g_bytes_unref);
	g_free(install->deployment);
	g_free(install->loader);
	json_decref(install->report);
	g_free(install);
}
