// Services switched on and off, by the installed system's own systemctl.
// Not here: presets, which the image decides.
#include "base/proc.h"
#include "installer/apply/effects.h"

#define SYSTEMCTL  "/usr/bin/systemctl"
#define TIMEOUT_MS (120 * 1000)

static bool switch_services(const char *verb, char **names, GError **error)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	LfProc proc = { .root = LF_SYSROOT, .timeout_ms = TIMEOUT_MS };

	if (!*names)
		return true;
	g_ptr_array_add(argv, (gpointer)SYSTEMCTL);
	g_ptr_array_add(argv, (gpointer)verb);
	g_ptr_array_add(argv, (gpointer) "--");
	for (char **name = names; *name; name++)
		g_ptr_array_add(argv, *name);
	g_ptr_array_add(argv, NULL);
	proc.argv = (const char *const *)argv->pdata;
	if (lf_proc_run(&proc, NULL, error))
		return true;
	lf_prefix(error, "services --%sd: correct the list", verb);
	return lf_rethrow(error, LF_ERROR_INPUT);
}

bool lf_effect_services(LfInstall *install, GError **error)
{
	const LfProfile *profile = install->plan->profile;

	return switch_services("disable", profile->services_disabled, error) &&
	       switch_services("enable", profile->services_enabled, error);
}
