// The kernel command line of the installed system.
// Not here: ostree= and the boot menu (installer/apply), arguments of a flavour (kernel-config).
#include "installer/plan/kargs.h"

#include <string.h>

#define MAX_ARGUMENTS_BYTES 2048

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

// Arguments that the plan decides.
static bool is_ours(const char *word)
{
	static const char *const names[] = { "root",	     "ostree",		"ro",
					     "rootflags",    "rootfstype",	"init",
					     "rd.luks.name", "rd.luks.options", "rd.luks.uuid" };
	size_t length;

	// The kernel takes quotes around a whole word away.
	word += *word == '"';
	length = strcspn(word, "=\"");
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (strlen(names[i]) == length && strncmp(word, names[i], length) == 0)
			return true;
	return false;
}

static bool add_word(GPtrArray *args, const char *word, const char *source, GError **error)
{
	if (is_ours(word))
		return lf_throw(error, LF_ERROR_INPUT,
				"%s: '%s' is decided by the plan: leave it out", source, word);
	add(args, "%s", word);
	return true;
}

static bool check_text(const char *text, const char *source, GError **error)
{
	unsigned n_quotes = 0;

	if (strlen(text) > MAX_ARGUMENTS_BYTES)
		return lf_throw(error, LF_ERROR_INPUT, "%s: longer than %d bytes", source,
				MAX_ARGUMENTS_BYTES);
	for (const char *c = text; *c; c++) {
		n_quotes += *c == '"';
		if (*c != '\t' && (*c < 0x20 || *c > 0x7e))
			return lf_throw(error, LF_ERROR_INPUT,
					"%s: only ASCII text can be a kernel argument", source);
	}
	if (n_quotes % 2)
		return lf_throw(error, LF_ERROR_INPUT, "%s: a double quote is not closed", source);
	return true;
}

static bool add_text(GPtrArray *args, const char *text, const char *source, GError **error)
{
	const char *cursor = text ? text : "";

	if (!check_text(cursor, source, error))
		return false;
	for (;;) {
		g_autofree char *word = NULL;
		bool is_quoted = false;
		const char *end;

		cursor += strspn(cursor, " \t");
		for (end = cursor; *end && (is_quoted || !strchr(" \t", *end)); end++)
			is_quoted ^= *end == '"';
		if (end == cursor)
			return true;
		word = g_strndup(cursor, (gsize)(end - cursor));
		if (!add_word(args, word, source, error))
			return false;
		cursor = end;
	}
}

char **lf_kargs_plan(const LfPlanPartition *root, const LfFactPayload *payload,
		     const LfProfile *profile, GError **error)
{
	g_autoptr(GPtrArray) args = g_ptr_array_new_with_free_func(g_free);

	add_root(args, root);
	if (!add_text(args, payload->kernel_args, "the payload's kernel arguments", error) ||
	    !add_text(args, profile->boot_append, "bootloader --append", error) ||
	    !add_text(args, profile->kernel_append, "kernel --append", error))
		return NULL;
	g_ptr_array_add(args, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&args), FALSE);
}
