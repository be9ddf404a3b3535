// `landfall iso seed` and `landfall iso show`: a site's files into an ISO, and what an ISO holds.
// Not here: the seed's form (image/seed.c), judging kickstarts (seed-check.c).
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/host.h"
#include "base/json.h"
#include "base/text.h"
#include "base/iso9660.h"
#include "image/seed.h"
#include "ztp/seed-check.h"
#include "ztp/verb.h"

#define MANIFEST_PATH	   "/landfall/manifest.json"
#define MAX_MANIFEST_BYTES (1024 * 1024)
#define MAX_FILE_BYTES	   (256 * 1024 * 1024)

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static json_t *read_manifest(const char *path, GError **error)
{
	g_autoptr(GBytes) bytes = NULL;
	g_autofree char *what = g_strdup_printf("the manifest in '%s'", path);
	lf_autofd fd = -1;
	gsize size;
	const char *text;

	if (!lf_seed_open(path, &fd, error))
		return NULL;
	bytes = lf_iso_read(fd, MANIFEST_PATH, MAX_MANIFEST_BYTES, error);
	if (!bytes) {
		lf_prefix(error, "'%s'", path);
		return NULL;
	}
	text = g_bytes_get_data(bytes, &size);
	return lf_json_parse(text, size, what, error);
}

// --- iso seed -----------------------------------------------------------------------------------

static char *kickstart;
static char **files;
static char **append;
static gboolean is_unchecked;

static const GOptionEntry seed_options[] = {
	{ "kickstart", 'k', 0, G_OPTION_ARG_FILENAME, &kickstart,
	  "What the machine installs; required", "FILE" },
	{ "file", 'f', 0, G_OPTION_ARG_FILENAME_ARRAY, &files,
	  "Put the file PATH into the seed as NAME; repeatable", "NAME=PATH" },
	{ "append", 'a', 0, G_OPTION_ARG_STRING_ARRAY, &append,
	  "Words that Landfall reads behind the kernel command line; repeatable", "ARGS" },
	{ "no-check", 0, 0, G_OPTION_ARG_NONE, &is_unchecked, "Take the kickstart as it is", NULL },
	{ NULL },
};

static bool add_path(LfSeed *seed, const char *name, const char *path, GError **error)
{
	g_autoptr(GBytes) bytes = lf_read_file_at(AT_FDCWD, path, MAX_FILE_BYTES, error);

	if (!bytes)
		return lf_rethrow(error, LF_ERROR_INPUT);
	return lf_seed_add(seed, name, bytes, error);
}

static bool add_files(LfSeed *seed, GError **error)
{
	for (char **file = files; file && *file; file++) {
		const char *equals = strchr(*file, '=');
		g_autofree char *name = equals ? g_strndup(*file, (gsize)(equals - *file)) : NULL;

		if (!name || equals[1] == '\0')
			return lf_throw(error, LF_ERROR_INPUT, "--file=%s: write NAME=PATH", *file);
		if (g_str_equal(name, LF_SEED_FILE_CMDLINE))
			return lf_throw(error, LF_ERROR_INPUT,
					"the name '%s' is taken: use --append", name);
		if (!add_path(seed, name, equals + 1, error))
			return false;
	}
	return true;
}

static bool add_words(LfSeed *seed, GError **error)
{
	g_autofree char *words = NULL;

	if (!append)
		return true;
	// One by one: a quote of one option is not closed by the next one's.
	for (char **one = append; *one; one++) {
		g_autoptr(LfSeed) trial = lf_seed_new();

		if ((*one)[strspn(*one, " ")] == '\0')
			return lf_throw(error, LF_ERROR_INPUT, "--append= is empty: write words");
		if (!lf_seed_add_cmdline(trial, *one, error))
			return false;
	}
	words = g_strjoinv(" ", append);
	return lf_seed_add_cmdline(seed, words, error);
}

static LfSeed *gather(GError **error)
{
	g_autoptr(LfSeed) seed = lf_seed_new();

	if (!add_path(seed, LF_SEED_FILE_PROFILE, kickstart, error) || !add_files(seed, error) ||
	    !add_words(seed, error))
		return NULL;
	return g_steal_pointer(&seed);
}

static void print_findings(const LfDiagnostics *diagnostics)
{
	const LfDiagnostic *diagnostic;

	for (size_t i = 0; (diagnostic = lf_diagnostics_get(diagnostics, i)); i++) {
		g_autofree char *text = lf_diagnostic_text(diagnostic);
		g_autofree char *harmless = lf_text_escape(text, " ");

		fprintf(stderr, "%s\n", harmless);
	}
}

static bool check(const LfSeed *seed, const char *iso, GError **error)
{
	g_autoptr(LfDiagnostics) diagnostics = lf_diagnostics_new();
	g_autoptr(json_t) manifest = NULL;
	bool is_good;

	if (is_unchecked)
		return true;
	manifest = read_manifest(iso, error);
	if (!manifest)
		return false;
	is_good = lf_seed_check(seed, kickstart, manifest, iso, diagnostics, error);
	print_findings(diagnostics);
	return is_good;
}

static bool is_same_file(const char *a, const char *b)
{
	struct stat of_a, of_b;

	return stat(a, &of_a) == 0 && stat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev &&
	       of_a.st_ino == of_b.st_ino;
}

// What goes into the seed is not overwritten with the ISO.
static bool check_out(const char *out, GError **error)
{
	if (is_same_file(out, kickstart))
		return lf_throw(error, LF_ERROR_INPUT,
				"'%s' is the kickstart: write the ISO to another file", out);
	for (char **file = files; file && *file; file++)
		if (is_same_file(out, strchr(*file, '=') + 1))
			return lf_throw(error, LF_ERROR_INPUT,
					"'%s' goes into the seed: write the ISO to another file",
					out);
	return true;
}

static void print_seeded(const LfSeed *seed, const char *path, uint64_t used, uint64_t room,
			 gint64 begin_us)
{
	for (size_t i = 0; i < lf_seed_count(seed); i++)
		printf("  %-24s %8zu bytes\n", lf_seed_name(seed, i),
		       g_bytes_get_size(lf_seed_bytes(seed, i)));
	printf("%s: %zu file%s, %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
	       " bytes of the seed's area used, written in %.0f ms\n",
	       path, lf_seed_count(seed), plural(lf_seed_count(seed)), used, room,
	       (double)(g_get_monotonic_time() - begin_us) / 1000);
}

static int run_seed(char **args, GError **error)
{
	g_autoptr(LfSeed) seed = NULL;
	uint64_t used = 0, room = 0;
	gint64 begin_us;

	if (!kickstart)
		return lf_throw(error, LF_ERROR_INPUT, "--kickstart=FILE is missing");
	if (g_strv_length(args) != 2)
		return lf_throw(
			error, LF_ERROR_INPUT,
			"name two ISO images: landfall iso seed --kickstart=FILE IN.iso OUT.iso");
	seed = gather(error);
	begin_us = g_get_monotonic_time();
	if (!seed || !check_out(args[1], error) || !check(seed, args[0], error) ||
	    !lf_seed_write(seed, args[0], args[1], &used, &room, error))
		return 0;
	print_seeded(seed, args[1], used, room, begin_us);
	return 0;
}

const LfVerb lf_verb_iso_seed = {
	.name = "iso seed",
	.arguments = "IN.iso OUT.iso",
	.summary = "put a site's kickstart and files into an ISO",
	.description =
		"Writes into an area that every Landfall ISO keeps free, so nothing is built anew. "
		"OUT.iso may be\n"
		"IN.iso, which is then changed in place. It may be a USB stick's device, which "
		"gets "
		"the whole ISO.\n\n"
		"The kickstart is checked first, as the machine will see it: the files it names "
		"have to be in the\n"
		"seed or at a URL, and a payload from the medium has to be on IN.iso. One with "
		"errors is refused.\n\n"
		"On the machine the files lie in /landfall/seed, the kickstart as site.ks. A file "
		"OUT.iso is readable\n"
		"by its owner only, because kickstarts hold secrets.\n\n"
		"Exit status: 0 written, 2 the kickstart, an option or a file is wrong, 3 the "
		"kickstart asks for what\n"
		"is not supported, 7 an ISO or file could not be read to its end or written.",
	.options = seed_options,
	.run = run_seed,
};

// --- iso show -----------------------------------------------------------------------------------

static gboolean is_json;

static const GOptionEntry show_options[] = {
	{ "json", 0, 0, G_OPTION_ARG_NONE, &is_json, "Print one JSON object", NULL },
	{ NULL },
};

// The names of the appended words; a value may be a secret.
static json_t *words_to_json(const LfSeed *seed)
{
	GBytes *bytes = lf_seed_find(seed, LF_SEED_FILE_CMDLINE);
	gsize size = 0;
	const char *data = bytes ? g_bytes_get_data(bytes, &size) : "";
	g_autofree char *text = g_strndup(data, size);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	const char *cursor = text;
	char *word;

	while ((word = lf_host_next_word(&cursor))) {
		word[strcspn(word, "=")] = '\0';
		if (*word)
			g_ptr_array_add(names, word);
		else
			g_free(word);
	}
	g_ptr_array_add(names, NULL);
	return lf_json_strv((const char *const *)names->pdata);
}

// The kickstart without its secrets. One that cannot be read might have them anywhere.
static void set_kickstart(json_t *object, const LfSeed *seed)
{
	g_autoptr(LfDiagnostics) diagnostics = lf_diagnostics_new();
	g_autoptr(LfProfile) profile = NULL;

	if (!lf_seed_find(seed, LF_SEED_FILE_PROFILE))
		return;
	profile = lf_seed_profile_to_show(seed, diagnostics);
	lf_json_set_uint(object, "kickstart_errors",
			 lf_diagnostics_count(diagnostics, LF_SEVERITY_ERROR));
	lf_json_set_string(object, "kickstart", profile ? profile->redacted : NULL);
}

static json_t *seed_to_json(const LfSeed *seed)
{
	json_t *object = json_object();
	json_t *list = json_array();

	for (size_t i = 0; i < lf_seed_count(seed); i++) {
		json_t *file = json_object();

		lf_json_set_string(file, "name", lf_seed_name(seed, i));
		lf_json_set_uint(file, "bytes", g_bytes_get_size(lf_seed_bytes(seed, i)));
		lf_json_append(list, file);
	}
	lf_json_set(object, "files", list);
	lf_json_set(object, "words", words_to_json(seed));
	set_kickstart(object, seed);
	return object;
}

// A value of any kind on one line.
static void print_value(const char *indent, const char *key, const json_t *value)
{
	g_autofree char *text = json_is_string(value) ? g_strdup(json_string_value(value))
						      : lf_json_print(value, false);
	g_autofree char *harmless_key = lf_text_escape(key, " ");
	g_autofree char *harmless = lf_text_escape(text, " ");

	printf("%s%-16s %s\n", indent, harmless_key, harmless);
}

static void print_manifest(json_t *manifest)
{
	const char *key;
	json_t *value;

	json_object_foreach (manifest, key, value) {
		const char *ref;
		json_t *details;

		if (!json_is_object(value)) {
			print_value("", key, value);
			continue;
		}
		printf("%s\n", key);
		json_object_foreach (value, ref, details) {
			print_value("  ", ref, details);
		}
	}
}

static void print_kickstart(const json_t *seed)
{
	const char *text = json_string_value(json_object_get(seed, "kickstart"));
	json_int_t errors = json_integer_value(json_object_get(seed, "kickstart_errors"));
	g_autofree char *harmless = text ? lf_text_escape(text, "\n  | ") : NULL;

	if (harmless)
		printf("  | %s\n", harmless);
	else if (errors > 0)
		printf("  site.ks has %" JSON_INTEGER_FORMAT " error%s and is not shown\n", errors,
		       plural((size_t)errors));
}

static void print_seed(const json_t *seed)
{
	const json_t *list = json_object_get(seed, "files");
	const json_t *words = json_object_get(seed, "words");
	json_t *item;
	size_t i;

	printf("seed             %zu file%s\n", json_array_size(list),
	       plural(json_array_size(list)));
	json_array_foreach (list, i, item) {
		printf("  %-24s %8" JSON_INTEGER_FORMAT " bytes\n",
		       json_string_value(json_object_get(item, "name")),
		       json_integer_value(json_object_get(item, "bytes")));
	}
	if (json_array_size(words) > 0)
		print_value("  ", "appended words", words);
	print_kickstart(seed);
}

static int run_show(char **args, GError **error)
{
	g_autoptr(json_t) manifest = NULL;
	g_autoptr(LfSeed) seed = NULL;
	g_autoptr(json_t) object = json_object();
	g_autofree char *text = NULL;

	if (g_strv_length(args) != 1)
		return lf_throw(error, LF_ERROR_INPUT, "name one ISO image: landfall iso show ISO");
	manifest = read_manifest(args[0], error);
	seed = manifest ? lf_seed_read(args[0], error) : NULL;
	if (!seed)
		return 0;
	lf_json_set_uint(object, "v", 1);
	lf_json_set(object, "manifest", json_incref(manifest));
	lf_json_set(object, "seed", seed_to_json(seed));
	if (is_json) {
		text = lf_json_print(object, true);
		fputs(text, stdout);
		return 0;
	}
	print_manifest(manifest);
	print_seed(json_object_get(object, "seed"));
	return 0;
}

const LfVerb lf_verb_iso_show = {
	.name = "iso show",
	.arguments = "ISO",
	.summary = "tell what an ISO holds: version, kernel, refs, seed",
	.description = "Of the seed it shows names and sizes, of its kickstart the text without "
		       "secrets, of appended\n"
		       "words their names. Nothing outside the ISO is read: an include of a file "
		       "or URL that is not in\n"
		       "the seed is shown as it is written.\n\n"
		       "Exit status: 0 shown, 2 it is not one of Landfall's ISOs or is damaged, 7 "
		       "it could not be\n"
		       "read to its end.",
	.options = show_options,
	.run = run_show,
};
