// Services switched on and off, by the installed system's own systemctl.
// Not here: presets, which the image decides.
#include "installer/apply/services.h"

#include <string.h>

#include "base/proc.h"
#include "installer/apply/commit.h"
#include "installer/apply/effects.h"

#define SYSTEMCTL      "/usr/bin/systemctl"
#define MAX_UNIT_BYTES (256 * 1024)
#define MAX_ALIASES    8
#define TIMEOUT_MS     (120 * 1000)

static const char *const unit_dirs[] = { "etc/systemd/system", "usr/local/lib/systemd/system",
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
	       g_regex_match_simple("^\\s*DefaultInstance\\s*=\\s*\\S", text,
				    G_REGEX_MULTILINE | G_REGEX_RAW, 0);
}

static LfUnitState state_of(GFile *root, const char *path, const char *unit)
{
	g_autoptr(GFileInfo) info = NULL;
	g_autoptr(GFile) file = lf_commit_file(root, path, &info);

	if (!file)
		return LF_UNIT_ABSENT;
	if (g_file_info_get_size(info) == 0)
		return LF_UNIT_MASKED;
	return is_template(unit) && !has_default_instance(file) ? LF_UNIT_TEMPLATE
								: LF_UNIT_PRESENT;
}

// The first one of the unit directories that has the name: the path there, and what it is.
static char *find(GFile *root, const char *name, GFileInfo **ret_info)
{
	for (size_t i = 0; i < G_N_ELEMENTS(unit_dirs); i++) {
		g_autofree char *path = g_build_filename(unit_dirs[i], name, NULL);

		*ret_info = lf_commit_info(root, path);
		if (*ret_info)
			return g_steal_pointer(&path);
	}
	return NULL;
}

static bool is_unit_dir(GFile *root, const char *path)
{
	g_autofree char *dir = lf_commit_resolve(root, path);

	for (size_t i = 0; dir && i < G_N_ELEMENTS(unit_dirs); i++)
		if (strcmp(dir, unit_dirs[i]) == 0)
			return true;
	return false;
}

// What @unit is called behind an alias for @target: an instance keeps what is behind its '@'. NULL
// when systemctl would not take the one for the other.
static char *name_behind(const char *unit, const char *target)
{
	const char *at = strchr(unit, '@');
	const char *suffix = strrchr(unit, '.');
	const char *target_suffix = strrchr(target, '.');

	if (!target_suffix || strcmp(suffix, target_suffix) != 0)
		return NULL;
	if (!at)
		return strchr(target, '@') ? NULL : g_strdup(target);
	if (!is_template(target))
		return NULL;
	return g_strdup_printf("%.*s%s", (int)(target_suffix - target), target, at + 1);
}

// A link of another name to a unit that systemd loads is an alias; another link is the unit itself.
static bool is_alias(GFile *root, const char *target, const char *unit, const char *template)
{
	g_autofree char *dir = g_path_get_dirname(target);
	g_autofree char *name = g_path_get_basename(target);

	return strcmp(name, unit) != 0 && g_strcmp0(name, template) != 0 && is_unit_dir(root, dir);
}

// @ret_behind: the unit that this is an alias of, if it is one; then nothing else is known
static LfUnitState look_up_unit(GFile *root, const char *unit, char **ret_behind)
{
	g_autofree char *template = template_name(unit);
	g_autoptr(GFileInfo) info = NULL;
	g_autofree char *found = find(root, unit, &info);
	g_autofree char *path =
		!found && template ? find(root, template, &info) : g_steal_pointer(&found);
	g_autofree char *dir = NULL;
	g_autofree char *target = NULL;

	if (!path)
		return LF_UNIT_ABSENT;
	if (g_file_info_get_file_type(info) != G_FILE_TYPE_SYMBOLIC_LINK)
		return state_of(root, path, unit);
	dir = g_strconcat("/", path, NULL);
	*strrchr(dir, '/') = '\0';
	target = g_canonicalize_filename(g_file_info_get_symlink_target(info), dir);
	if (strcmp(target, "/dev/null") == 0)
		return LF_UNIT_MASKED;
	if (!is_alias(root, target, unit, template))
		return state_of(root, path, unit);
	*ret_behind = name_behind(unit, strrchr(target, '/') + 1);
	return LF_UNIT_ABSENT;
}

// Debian's systemctl hands on to update-rc.d what has only an init script.
static LfUnitState look_up_script(GFile *root, const char *unit)
{
	g_autofree char *path = NULL;

	if (!g_str_has_suffix(unit, ".service"))
		return LF_UNIT_ABSENT;
	path = g_strconcat("etc/init.d/", unit, NULL);
	*strrchr(path, '.') = '\0';
	return state_of(root, path, unit);
}

LfUnitState lf_services_look_up(GFile *root, const char *name, char **ret_unit)
{
	g_autofree char *unit = unit_name(name);
	LfUnitState state = LF_UNIT_ABSENT;

	for (unsigned i = 0; i < MAX_ALIASES; i++) {
		g_autofree char *behind = NULL;

		state = look_up_unit(root, unit, &behind);
		if (!behind)
			break;
		g_free(unit);
		unit = g_steal_pointer(&behind);
	}
	if (state == LF_UNIT_ABSENT)
		state = look_up_script(root, unit);
	if (ret_unit)
		*ret_unit = g_steal_pointer(&unit);
	return state;
}

char **lf_services_units(GFile *root, char **names)
{
	g_autoptr(GStrvBuilder) units = g_strv_builder_new();

	for (; names && *names; names++) {
		g_autofree char *unit = NULL;

		if (lf_services_look_up(root, *names, &unit) != LF_UNIT_ABSENT)
			g_strv_builder_add(units, unit);
	}
	return g_strv_builder_end(units);
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
	g_autoptr(GFile) root =
		lf_commit_open(ostree_sysroot_repo(install->sysroot), install->plan, error);
	g_auto(GStrv) disabled = NULL;
	g_auto(GStrv) enabled = NULL;

	if (!root)
		return false;
	// Found before the first is switched off: that removes the aliases with it.
	disabled = lf_services_units(root, profile->services_disabled);
	enabled = lf_services_units(root, profile->services_enabled);
	return switch_services("disable", disabled, error) &&
	       switch_services("enable", enabled, error);
}
