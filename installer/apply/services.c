// Services switched on and off, by the installed system's own systemctl.
// Not here: presets, which the image decides.
#include "installer/apply/services.h"

#include <string.h>

#include "base/proc.h"
#include "installer/apply/effects.h"

#define SYSTEMCTL      "/usr/bin/systemctl"
#define MAX_UNIT_BYTES (256 * 1024)
#define TIMEOUT_MS     (120 * 1000)

static const char *const unit_dirs[] = { "usr/etc/systemd/system", "usr/local/lib/systemd/system",
					 "usr/lib/systemd/system" };

// systemctl takes a name without one of these for a service's.
static char *unit_name(const char *name)
{
	static const char *const suffixes[] = { ".service", ".socket",	  ".device", ".mount",
						".swap",    ".automount", ".target", ".path",
						".timer",   ".slice",	  ".scope" };

	for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++)
		if (g_str_has_suffix(name, suffixes[i]))
			return g_strdup(name);
	return g_strconcat(name, ".service", NULL);
}

// "getty@tty1.service" comes from "getty@.service"; NULL for what is no instance.
static char *template_name(const char *unit)
{
	const char *at = strchr(unit, '@');
	const char *suffix = strrchr(unit, '.');

	if (!at || suffix < at || suffix == at + 1)
		return NULL;
	return g_strdup_printf("%.*s%s", (int)(at - unit + 1), unit, suffix);
}

static bool is_template(const char *unit)
{
	const char *suffix = strrchr(unit, '.');

	return suffix && suffix > unit && suffix[-1] == '@';
}

// A unit that is too long to be one has none.
static bool has_default_instance(GFile *file)
{
	g_autoptr(GFileInputStream) stream = g_file_read(file, NULL, NULL);
	g_autofree char *text = g_malloc0(MAX_UNIT_BYTES + 1);
	gsize size = 0;

	return stream &&
	       g_input_stream_read_all(G_INPUT_STREAM(stream), text, MAX_UNIT_BYTES, &size, NULL,
				       NULL) &&
	       g_regex_match_simple("^\\s*DefaultInstance\\s*=\\s*\\S", text, G_REGEX_MULTILINE, 0);
}

static LfUnitState state_of(GFile *root, const char *dir, const char *unit)
{
	g_autofree char *path = g_build_filename(dir, unit, NULL);
	g_autoptr(GFile) file = g_file_resolve_relative_path(root, path);
	g_autoptr(GFileInfo) info = g_file_query_info(
		file, "standard::*", G_FILE_QUERY_INFO_NOFOLLOW_SYMLINKS, NULL, NULL);

	if (!info)
		return LF_UNIT_ABSENT;
	if (g_file_info_get_file_type(info) == G_FILE_TYPE_SYMBOLIC_LINK)
		return g_strcmp0(g_file_info_get_symlink_target(info), "/dev/null") == 0
			       ? LF_UNIT_MASKED
			       : LF_UNIT_PRESENT;
	if (g_file_info_get_size(info) == 0)
		return LF_UNIT_MASKED;
	return is_template(unit) && !has_default_instance(file) ? LF_UNIT_TEMPLATE
								: LF_UNIT_PRESENT;
}

static LfUnitState look_up_unit(GFile *root, const char *unit)
{
	LfUnitState state = LF_UNIT_ABSENT;

	for (size_t i = 0; state == LF_UNIT_ABSENT && i < G_N_ELEMENTS(unit_dirs); i++)
		state = state_of(root, unit_dirs[i], unit);
	return state;
}

// Debian's systemctl hands on to update-rc.d what has only an init script.
static LfUnitState look_up_script(GFile *root, const char *unit)
{
	g_autofree char *name = NULL;

	if (!g_str_has_suffix(unit, ".service"))
		return LF_UNIT_ABSENT;
	name = g_strndup(unit, strlen(unit) - strlen(".service"));
	return state_of(root, "usr/etc/init.d", name);
}

LfUnitState lf_services_look_up(GFile *root, const char *name)
{
	g_autofree char *unit = unit_name(name);
	g_autofree char *template = template_name(unit);
	LfUnitState state = look_up_unit(root, unit);

	if (state == LF_UNIT_ABSENT && template)
		state = look_up_unit(root, template);
	// An instance is named, so the template needs no default.
	if (state == LF_UNIT_TEMPLATE && template)
		state = LF_UNIT_PRESENT;
	return state == LF_UNIT_ABSENT ? look_up_script(root, unit) : state;
}

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
