// `landfall iso show`: what an ISO holds.
// Not here: the seed's form (image/seed.c).
#include <stdio.h>
#include <string.h>

#include "base/host.h"
#include "base/json.h"
#include "base/text.h"
#include "image/seed.h"
#include "ztp/iso.h"
#include "ztp/seed-check.h"
#include "ztp/verb.h"

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
	profile = lf_seed_profile_to_show(seed, LF_SEED_FILE_PROFILE, diagnostics);
	lf_json_set_uint(object, "kickstart_errors",
			 lf_diagnostics_count(diagnostics, LF_SEVERITY_ERROR));
	lf_json_set_string(object, "kickstart", profile ? profile->redacted : NULL);
}

static void add_ruled(json_t *kickstarts, const LfSeed *seed, const char *name)
{
	g_autoptr(LfDiagnostics) diagnostics = lf_diagnostics_new();
	g_autoptr(LfProfile) profile = NULL;

	if (json_object_get(kickstarts, name) || g_str_equal(name, LF_SEED_FILE_PROFILE))
		return;
	profile = lf_seed_profile_to_show(seed, name, diagnostics);
	lf_json_set_string(kickstarts, name, profile ? profile->redacted : NULL);
}

// Rules that cannot be read are told as such; they hold no secret, but anything else might.
static void set_rules(json_t *object, const LfSeed *seed)
{
	GBytes *text = lf_seed_find(seed, LF_SEED_FILE_RULES);
	g_autoptr(GError) error = NULL;
	g_autoptr(LfRules) rules = text ? lf_rules_parse(text, LF_SEED_FILE_RULES, &error) : NULL;
	json_t *list = json_array();
	json_t *kickstarts = json_object();

	for (size_t i = 0; rules && i < lf_rules_count(rules); i++) {
		json_t *rule = json_object();

		lf_json_set_string(rule, "terms", lf_rules_text(rules, i));
		lf_json_set_string(rule, "kickstart", lf_rules_name(rules, i));
		lf_json_append(list, rule);
		add_ruled(kickstarts, seed, lf_rules_name(rules, i));
	}
	lf_json_set(object, "rules", list);
	lf_json_set(object, "kickstarts", kickstarts);
	lf_json_set_string(object, "rules_error", error ? error->message : NULL);
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
	set_rules(object, seed);
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

static void print_rules(const json_t *seed)
{
	const char *error = json_string_value(json_object_get(seed, "rules_error"));
	json_t *kickstarts = json_object_get(seed, "kickstarts");
	const char *name;
	json_t *item;
	size_t i;

	if (error)
		print_value("  ", "rules", json_object_get(seed, "rules_error"));
	json_array_foreach (json_object_get(seed, "rules"), i, item) {
		g_autofree char *line = g_strdup_printf(
			"%s → %s", json_string_value(json_object_get(item, "terms")),
			json_string_value(json_object_get(item, "kickstart")));
		g_autofree char *harmless = lf_text_escape(line, " ");

		printf("  rule             %s\n", harmless);
	}
	json_object_foreach (kickstarts, name, item) {
		g_autofree char *harmless = lf_text_escape(json_string_value(item), "\n  | ");

		printf("  %s\n  | %s\n", name, harmless);
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
		       lf_iso_plural((size_t)errors));
}

static void print_seed(const json_t *seed)
{
	const json_t *list = json_object_get(seed, "files");
	const json_t *words = json_object_get(seed, "words");
	json_t *item;
	size_t i;

	printf("seed             %zu file%s\n", json_array_size(list),
	       lf_iso_plural(json_array_size(list)));
	json_array_foreach (list, i, item) {
		printf("  %-24s %8" JSON_INTEGER_FORMAT " bytes\n",
		       json_string_value(json_object_get(item, "name")),
		       json_integer_value(json_object_get(item, "bytes")));
	}
	if (json_array_size(words) > 0)
		print_value("  ", "appended words", words);
	print_kickstart(seed);
	print_rules(seed);
}

static int run_show(char **args, GError **error)
{
	g_autoptr(json_t) manifest = NULL;
	g_autoptr(LfSeed) seed = NULL;
	g_autoptr(json_t) object = json_object();
	g_autofree char *text = NULL;

	if (g_strv_length(args) != 1)
		return lf_throw(error, LF_ERROR_INPUT, "name one ISO image: landfall iso show ISO");
	manifest = lf_iso_manifest(args[0], error);
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
