// The kernel command line of the installed system.
// Not here: ostree= and the boot menu (installer/apply), arguments of a flavour (kernel-config).
#include "installer/plan/kargs.h"

#include "kickstart/karg.h"
#include "kickstart/shape.h"

static void add(GPtrArray *args, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void add(GPtrArray *args, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	g_ptr_array_add(args, g_strdup_vprintf(format, values));
	va_end(values);
}

// rw: ostree-prepare-root makes /sysroot read-only itself, and needs to write before that.
// No `discard`: it tells everyone who sees the disk which blocks are free.
static void add_root(GPtrArray *args, const LfPlanPartition *root)
{
	const LfPlanLuks *luks = root->luks;

	add(args, "root=UUID=%s", root->fs_uuid);
	add(args, "rw");
	if (!luks)
		return;
	add(args, "rd.luks.name=%s=%s", luks->uuid, luks->name);
	if (luks->wants_tpm2)
		add(args, "rd.luks.options=%s=tpm2-device=auto", luks->uuid);
}

// The kickstart's own were checked where they are written; a commit may come from anywhere.
static bool check_payload(const char *text, char **words, GError **error)
{
	const char *decided = lf_kargs_decided(words);

	if (text && !lf_shape_fits(LF_SHAPE_KERNEL_ARGS, text))
		return lf_throw(
			error, LF_ERROR_INPUT,
			"the payload's kernel arguments are not %s: build it anew with others",
			lf_shape_noun(LF_SHAPE_KERNEL_ARGS));
	if (decided)
		return lf_throw(error, LF_ERROR_INPUT,
				"the payload's kernel arguments: '%s' is decided by the plan: "
				"build it anew without",
				decided);
	return true;
}

static void add_words(GPtrArray *args, char **words)
{
	for (; *words; words++)
		add(args, "%s", *words);
}

char **lf_kargs_plan(const LfPlanPartition *root, const LfFactPayload *payload,
		     const LfProfile *profile, GError **error)
{
	g_autoptr(GPtrArray) args = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) own = lf_kargs_split(payload->kernel_args);
	g_auto(GStrv) boot = lf_kargs_split(profile->boot_append);
	g_auto(GStrv) kernel = lf_kargs_split(profile->kernel_append);

	if (!check_payload(payload->kernel_args, own, error))
		return NULL;
	add_root(args, root);
	add_words(args, own);
	add_words(args, boot);
	add_words(args, kernel);
	g_ptr_array_add(args, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&args), FALSE);
}
