// `landfall iso seed`: a site's files into an ISO.
// Not here: the seed's form (image/seed.c), judging kickstarts (seed-check.c), keys and
// certificates (seed-access.c).
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/text.h"
#include "image/seed.h"
#include "ztp/iso.h"
#include "ztp/seed-access.h"
#include "ztp/seed-check.h"
#include "ztp/verb.h"

#define MAX_FILE_BYTES (256 * 1024 * 1024)

static char *kickstart;
static char **files;
static char **append;
static char *rules_file;
static LfSeedAccess reach;
static gboolean is_unchecked;

static const GOptionEntry seed_options[] = {
	{ "kickstart", 'k', 0, G_OPTION_ARG_FILENAME, &kickstart, "What the machine installs",
	  "FILE" },
	{ "rules", 'r', 0, G_OPTION_ARG_FILENAME, &rules_file,
	  "Which machine installs which of the seed's kickstarts", "FILE" },
	{ "file", 'f', 0, G_OPTION_ARG_FILENAME_ARRAY, &files,
	  "Put the file PATH into the seed as NAME; repeatable", "NAME=PATH" },
	{ "append", 'a', 0, G_OPTION_ARG_STRING_ARRAY, &append,
	  "Words that Landfall reads behind the kernel command line; repeatable", "ARGS" },
	{ "ks-url", 0, 0, G_OPTION_ARG_STRING, &reach.ks_url,
	  "Where the machine fetches its kickstart, perhaps with {serial}, {uuid}, {mac}", "URL" },
	{ "ca", 0, 0, G_OPTION_ARG_FILENAME, &reach.ca,
	  "Certificate authorities of the site's servers, in place of the public ones", "FILE" },
	{ "cert", 0, 0, G_OPTION_ARG_FILENAME, &reach.cert,
	  "The machine's certificate for servers, with --key", "FILE" },
	{ "key", 0, 0, G_OPTION_ARG_FILENAME, &reach.key, "The certificate's private key", "FILE" },
	{ "pin", 0, 0, G_OPTION_ARG_STRING, &reach.pin,
	  "Public key that servers must have: sha256//BASE64", "PIN" },
	{ "proxy", 0, 0, G_OPTION_ARG_STRING, &reach.proxy,
	  "Proxy for all requests: http://host:port; @FILE holds one with a password", "URL" },
	{ "ssh-key", 0, 0, G_OPTION_ARG_FILENAME, &reach.ssh_key,
	  "Who may log in to the installer over SSH: public keys", "FILE" },
	{ "no-check", 0, 0, G_OPTION_ARG_NONE, &is_unchecked,
	  "Take the kickstarts, rules and URLs as they are", NULL },
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
		if (g_str_equal(name, LF_SEED_FILE_RULES))
			return lf_throw(error, LF_ERROR_INPUT,
					"the name '%s' is taken: use --rules", name);
		if (!add_path(seed, name, equals + 1, error))
			return false;
	}
	return true;
}

static bool add_appended(GPtrArray *words, GError **error)
{
	// One by one: a quote of one option is not closed by the next one's.
	for (char **one = append; one && *one; one++) {
		g_autoptr(LfSeed) trial = lf_seed_new();

		if ((*one)[strspn(*one, " ")] == '\0')
			return lf_throw(error, LF_ERROR_INPUT, "--append= is empty: write words");
		if (!lf_seed_add_cmdline(trial, *one, error))
			return false;
		g_ptr_array_add(words, g_strdup(*one));
	}
	return true;
}

// The operator's own words stand last: of a word that is there twice the last counts.
static bool add_words(LfSeed *seed, GError **error)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *line = NULL;

	if (!lf_seed_add_access(seed, &reach, words, error) || !add_appended(words, error))
		return false;
	if (words->len == 0)
		return true;
	g_ptr_array_add(words, NULL);
	line = g_strjoinv(" ", (char **)words->pdata);
	return lf_seed_add_cmdline(seed, line, error);
}

static LfSeed *gather(GError **error)
{
	g_autoptr(LfSeed) seed = lf_seed_new();

	if ((kickstart && !add_path(seed, LF_SEED_FILE_PROFILE, kickstart, error)) ||
	    (rules_file && !add_path(seed, LF_SEED_FILE_RULES, rules_file, error)) ||
	    !add_files(seed, error) || !add_words(seed, error))
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

static bool check_one(const LfSeedJudge *judge, const char *name, const char *path, GError **error)
{
	g_autoptr(LfDiagnostics) diagnostics = lf_diagnostics_new();
	bool is_good = lf_seed_check(judge, name, path, diagnostics, error);

	print_findings(diagnostics);
	return is_good;
}

// Each kickstart once, however many rules name it.
static bool check_rules(const LfSeedJudge *judge, GError **error)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(LfRules) rules = lf_seed_rules(judge->seed, error);

	if (!rules)
		return false;
	if (kickstart)
		g_hash_table_add(seen, (void *)LF_SEED_FILE_PROFILE);
	for (size_t i = 0; i < lf_rules_count(rules); i++) {
		const char *name = lf_rules_name(rules, i);

		if (g_hash_table_add(seen, (void *)name) && !check_one(judge, name, name, error))
			return false;
	}
	return true;
}

static bool check(const LfSeed *seed, const char *iso, GError **error)
{
	const LfHttpAccess access = lf_seed_access_http(&reach);
	g_autoptr(json_t) manifest = NULL;
	LfSeedJudge judge = { seed, NULL, iso, &access };

	if (is_unchecked)
		return true;
	manifest = lf_iso_manifest(iso, error);
	if (!manifest)
		return false;
	judge.manifest = manifest;
	if (!lf_seed_check_url(&judge, error))
		return false;
	if (kickstart && !check_one(&judge, LF_SEED_FILE_PROFILE, kickstart, error))
		return false;
	return !rules_file || check_rules(&judge, error);
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
	const char *const inputs[] = { kickstart,  rules_file, reach.ca,
				       reach.cert, reach.key,  reach.ssh_key };

	for (size_t i = 0; i < G_N_ELEMENTS(inputs); i++)
		if (inputs[i] && is_same_file(out, inputs[i]))
			return lf_throw(error, LF_ERROR_INPUT,
					"'%s' is %s: write the ISO to another file", out,
					i == 0 ? "the kickstart" : "a file for the seed");
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
	       path, lf_seed_count(seed), lf_iso_plural(lf_seed_count(seed)), used, room,
	       (double)(g_get_monotonic_time() - begin_us) / 1000);
}

static int run_seed(char **args, GError **error)
{
	g_autoptr(LfSeed) seed = NULL;
	uint64_t used = 0, room = 0;
	gint64 begin_us;

	if (!kickstart && !rules_file && !reach.ks_url)
		return lf_throw(error, LF_ERROR_INPUT,
				"--kickstart=FILE is missing (or --rules=FILE, or --ks-url=URL)");
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
		"With --rules one ISO serves several machines: lines of TERM[&TERM] NAME, such as\n"
		"serial=CZ12* a.ks, choose among kickstarts that --file puts into the seed; see\n"
		"the formats page. Each of them is checked like the kickstart.\n\n"
		"A --ks-url of plain http is refused, as the machine would: --append has to say "
		"landfall.ks-sha256=,\n"
		"landfall.ks-key= or landfall.insecure-http-ks, unless the image holds keys for "
		"signed kickstarts.\n\n"
		"On the machine the files lie in /landfall/seed, the kickstart as site.ks. A file "
		"OUT.iso is readable\n"
		"by its owner only, because kickstarts hold secrets.\n\n"
		"Exit status: 0 written, 2 the kickstart, an option or a file is wrong, 3 the "
		"kickstart asks for what\n"
		"is not supported, 7 an ISO or file could not be read to its end or written.",
	.options = seed_options,
	.run = run_seed,
};
