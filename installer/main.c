// landfall-installer: the composition root of the device side. Reads the command line, puts the
// real effects into their table, runs a verb. Not here: what the verbs do (cmd-*.c).
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "installer/apply/effects.h"
#include "installer/cmd.h"

static const LfEffects real_effects = {
	.run = {
		[LF_STEP_CHECK_DISK] = lf_effect_check_disk,
		[LF_STEP_CHECK_TOOLS] = lf_effect_check_tools,
		[LF_STEP_CHECK_PAYLOAD] = lf_effect_check_payload,
		[LF_STEP_CHECK_KEYS] = lf_effect_check_keys,
		[LF_STEP_WIPE] = lf_effect_wipe,
		[LF_STEP_TABLE] = lf_effect_table,
		[LF_STEP_ENCRYPT] = lf_effect_encrypt,
		[LF_STEP_ENROLL] = lf_effect_enroll,
		[LF_STEP_FORMAT] = lf_effect_format,
		[LF_STEP_MOUNT] = lf_effect_mount,
		[LF_STEP_PRE_INSTALL] = lf_effect_pre_install,
		[LF_STEP_SYSROOT] = lf_effect_sysroot,
		[LF_STEP_PULL] = lf_effect_pull,
		[LF_STEP_DEPLOY] = lf_effect_deploy,
		[LF_STEP_CONFIGURE] = lf_effect_configure,
		[LF_STEP_ACCOUNTS] = lf_effect_accounts,
		[LF_STEP_SERVICES] = lf_effect_services,
		[LF_STEP_POST] = lf_effect_post,
		[LF_STEP_SEAL] = lf_effect_seal,
		[LF_STEP_RECORD] = lf_effect_record,
		[LF_STEP_SYNC] = lf_effect_sync,
		[LF_STEP_VERIFY] = lf_effect_verify,
		[LF_STEP_BOOT_FILES] = lf_effect_boot_files,
		[LF_STEP_CLOSE] = lf_effect_close,
		[LF_STEP_BOOT_ENTRY] = lf_effect_boot_entry,
	},
	.failed = lf_effect_failed,
};

typedef struct {
	const char *name;
	const char *arguments;
	const char *summary;
	int min_args, max_args;
	const char *const *options; /* those that mean something to it */
	int (*run)(const LfCmd *cmd, GError **error);
} Verb;

static const char *const machine_options[] = { "root", "disk", "sector-size", NULL };
static const char *const plan_options[] = { "root", "disk", "sector-size", "json", NULL };
static const char *const check_options[] = { "root", NULL };
static const char *const deliver_options[] = { "root", "dir", NULL };
static const char *const network_options[] = { "root", "once", "json", NULL };
static const char *const prestage_options[] = { "root", "to",  "mirror", "limit", "ca", "cert",
						"key",	"pin", "proxy",	 "json",  NULL };

static const Verb verbs[] = {
	{ "install", "[KICKSTART]", "install this machine; the kickstart comes from the seed", 0, 1,
	  machine_options, lf_cmd_install },
	{ "facts", "[KICKSTART]",
	  "print what is true of this machine, and of the kickstart's payload", 0, 1,
	  machine_options, lf_cmd_facts },
	{ "plan", "[KICKSTART]", "print what an install would do here, and do nothing", 0, 1,
	  plan_options, lf_cmd_plan },
	{ "check", "[KICKSTART]", "check a kickstart, or the one that an install would take here",
	  0, 1, check_options, lf_cmd_check },
	{ "deliver", "", "send the reports that the installer could not, from the installed system",
	  0, 0, deliver_options, lf_cmd_deliver },
	{ "network", "[KICKSTART]",
	  "bring the network up as an install would, and show what came of it", 0, 1,
	  network_options, lf_cmd_network },
	{ "prestage", "URL REF",
	  "pull a payload onto the persistent partition, for a later install without network", 2, 2,
	  prestage_options, lf_cmd_prestage },
};

static LfCmd cmd = { .effects = &real_effects };
static char *sector_size; /* as it was typed */
static gboolean is_version, is_help;
static char **words;

// The first is for parsing alone: GOption shows a help option by itself.
static const GOptionEntry options[] = {
	{ "help", 'h', 0, G_OPTION_ARG_NONE, &is_help, NULL, NULL },
	{ "root", 0, 0, G_OPTION_ARG_FILENAME, &cmd.root,
	  "Directory that stands for / (/proc, /sys, /dev, /run, seed)", "DIR" },
	{ "dir", 0, 0, G_OPTION_ARG_FILENAME, &cmd.dir,
	  "Directory with the reports (default: /var/lib/landfall/report)", "DIR" },
	{ "disk", 0, 0, G_OPTION_ARG_FILENAME, &cmd.disk,
	  "Look at this disk alone; a plain file is a disk", "PATH" },
	{ "sector-size", 0, 0, G_OPTION_ARG_STRING, &sector_size,
	  "Sector size of a plain file: 512 (default) or 4096", "BYTES" },
	{ "once", 0, 0, G_OPTION_ARG_NONE, &cmd.is_once,
	  "End at once and take the network down again", NULL },
	{ "to", 0, 0, G_OPTION_ARG_FILENAME, &cmd.to,
	  "Directory whose 'repo' is filled (default: /var/lib/landfall/persist)", "DIR" },
	{ "mirror", 0, 0, G_OPTION_ARG_STRING_ARRAY, &cmd.mirrors,
	  "Asked when the URL fails; may be given several times", "URL" },
	{ "limit", 0, 0, G_OPTION_ARG_STRING, &cmd.limit,
	  "Of what is fetched: a number and kbit, mbit or gbit, in a second", "RATE" },
	{ "ca", 0, 0, G_OPTION_ARG_FILENAME, &cmd.http.ca_file,
	  "Authorities to trust instead of the system's", "PEM" },
	{ "cert", 0, 0, G_OPTION_ARG_FILENAME, &cmd.http.cert_file, "Client certificate", "PEM" },
	{ "key", 0, 0, G_OPTION_ARG_FILENAME, &cmd.http.key_file, "Key of the client certificate",
	  "PEM" },
	{ "pin", 0, 0, G_OPTION_ARG_STRING, &cmd.http.pin, "Public key the server must have",
	  "sha256//BASE64" },
	{ "proxy", 0, 0, G_OPTION_ARG_STRING, &cmd.http.proxy, "Proxy for all requests",
	  "http://HOST:PORT" },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &cmd.is_json, "Print JSON", NULL },
	{ "version", 0, 0, G_OPTION_ARG_NONE, &is_version, "Print the version", NULL },
	{ G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &words, NULL, NULL },
	{ NULL, 0, 0, 0, NULL, NULL, NULL },
};

static const Verb *find_verb(const char *name)
{
	for (size_t i = 0; name && i < G_N_ELEMENTS(verbs); i++)
		if (strcmp(name, verbs[i].name) == 0)
			return &verbs[i];
	return NULL;
}

static char *describe(void)
{
	g_autoptr(GString) text = g_string_new("Verbs:\n");

	for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++)
		g_string_append_printf(text, "  %-8s %-12s %s\n", verbs[i].name, verbs[i].arguments,
				       verbs[i].summary);
	g_string_append(text, "\n'landfall-installer VERB --help' tells more about a verb.\n\n"
			      "Exit status: 0 done; 2 input, 3 unsupported, 4 target, 5 trust, "
			      "6 network, 7 io, 8 internal.");
	return g_string_free(g_steal_pointer(&text), FALSE);
}

static int fail(const GError *error)
{
	const LfErrorClass *class = lf_error_class(error);

	fprintf(stderr, "landfall-installer: %s\nerror class %s: %s\n", error->message, class->name,
		class->advice);
	return class->exit_status;
}

// What was printed may still be in memory, or an earlier part of it may be lost already.
static int end_output(int status)
{
	g_autoptr(GError) error = NULL;

	if (fflush(stdout) != 0)
		lf_throw_errno(&error, "cannot write to standard output");
	else if (ferror(stdout))
		lf_throw(&error, LF_ERROR_IO, "cannot write to standard output");
	return error ? fail(error) : status;
}

// GOption's own way would print '?' for every letter that a locale of C does not have.
static void print_help(GOptionContext *help, FILE *out)
{
	g_autofree char *text = g_option_context_get_help(help, TRUE, NULL);

	fputs(text, out);
}

static void help_program(FILE *out)
{
	g_autoptr(GOptionContext) help = g_option_context_new("VERB [ARGUMENT…]");
	g_autofree char *description = describe();

	g_option_context_add_main_entries(help, options + 1, NULL);
	g_option_context_set_description(help, description);
	print_help(help, out);
}

static void help_verb(const Verb *verb)
{
	g_autoptr(GOptionContext) help = g_option_context_new(verb->arguments);
	g_autofree char *name = g_strdup_printf("landfall-installer %s", verb->name);
	g_autofree char *summary =
		g_strdup_printf("%c%s.", g_ascii_toupper(verb->summary[0]), verb->summary + 1);
	GOptionEntry entry[2] = { { NULL, 0, 0, 0, NULL, NULL, NULL } };

	for (size_t i = 0; options[i].long_name; i++) {
		if (!g_strv_contains(verb->options, options[i].long_name))
			continue;
		entry[0] = options[i];
		g_option_context_add_main_entries(help, entry, NULL);
	}
	g_set_prgname(name);
	g_option_context_set_summary(help, summary);
	print_help(help, stdout);
}

// One parser knows the options of all verbs; here each verb keeps to its own.
static bool check_options_of(const Verb *verb, GError **error)
{
	const struct {
		const char *name;
		bool is_given;
	} given[] = {
		{ "root", cmd.root != NULL },
		{ "dir", cmd.dir != NULL },
		{ "disk", cmd.disk != NULL },
		{ "sector-size", sector_size != NULL },
		{ "json", cmd.is_json },
		{ "once", cmd.is_once },
		{ "to", cmd.to != NULL },
		{ "mirror", cmd.mirrors != NULL },
		{ "limit", cmd.limit != NULL },
		{ "ca", cmd.http.ca_file != NULL },
		{ "cert", cmd.http.cert_file != NULL },
		{ "key", cmd.http.key_file != NULL },
		{ "pin", cmd.http.pin != NULL },
		{ "proxy", cmd.http.proxy != NULL },
	};
	g_autofree char *own = g_strjoinv(", --", (char **)verb->options);

	for (size_t i = 0; i < G_N_ELEMENTS(given); i++)
		if (given[i].is_given && !g_strv_contains(verb->options, given[i].name))
			return lf_throw(error, LF_ERROR_INPUT,
					"the verb '%s' has no option --%s: write --%s, or nothing",
					verb->name, given[i].name, own);
	return true;
}

static bool read_sector_size(GError **error)
{
	if (!sector_size)
		return true;
	if (strcmp(sector_size, "512") != 0 && strcmp(sector_size, "4096") != 0)
		return lf_throw(error, LF_ERROR_INPUT, "--sector-size=%s: write 512 or 4096",
				sector_size);
	if (!cmd.disk)
		return lf_throw(error, LF_ERROR_INPUT,
				"--sector-size is for a plain file: give --disk=FILE too");
	cmd.sector_bytes = (uint32_t)strtoul(sector_size, NULL, 10);
	return true;
}

static bool check_words(const Verb *verb, char **args, GError **error)
{
	int n_args = (int)g_strv_length(args);

	if (n_args < verb->min_args || n_args > verb->max_args)
		return lf_throw(error, LF_ERROR_INPUT, "usage: landfall-installer %s [OPTION…] %s",
				verb->name, verb->arguments);
	return check_options_of(verb, error) && read_sector_size(error);
}

static int run_verb(const Verb *verb, char **args)
{
	g_autoptr(GError) error = NULL;
	int status;

	if (!check_words(verb, args, &error))
		return fail(error);
	if (!cmd.root)
		cmd.root = g_strdup("/");
	cmd.args = args;
	status = verb->run(&cmd, &error);
	return error ? fail(error) : status;
}

static int run(char **line)
{
	const Verb *verb = find_verb(line[0]);
	g_autoptr(GError) error = NULL;

	if (verb && !is_help)
		return run_verb(verb, line + 1);
	if (line[0] && !verb) {
		lf_throw(&error, LF_ERROR_INPUT,
			 "there is no verb '%s': 'landfall-installer --help' lists them", line[0]);
		return fail(error);
	}
	if (verb)
		help_verb(verb);
	else
		help_program(is_help ? stdout : stderr);
	return is_help ? 0 : 2;
}

static bool parse_options(int argc, char **argv, GError **error)
{
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);

	// Which help is wanted is known only when the verb is.
	g_option_context_set_help_enabled(context, FALSE);
	g_option_context_add_main_entries(context, options, NULL);
	return g_option_context_parse(context, &argc, &argv, error) ||
	       lf_rethrow(error, LF_ERROR_INPUT);
}

static void clear(void)
{
	g_free(cmd.root);
	g_free(cmd.dir);
	g_free(cmd.disk);
	g_free(cmd.to);
	g_free(cmd.limit);
	g_strfreev(cmd.mirrors);
	g_free((char *)cmd.http.ca_file);
	g_free((char *)cmd.http.cert_file);
	g_free((char *)cmd.http.key_file);
	g_free((char *)cmd.http.pin);
	g_free((char *)cmd.http.proxy);
	g_free(sector_size);
	g_strfreev(words);
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	char *none[] = { NULL };
	int status;

	if (!parse_options(argc, argv, &error))
		return fail(error);
	umask(022);
	signal(SIGPIPE, SIG_IGN);
	// libdevmapper then makes its nodes itself and does not wait for udev's rules.
	g_setenv("DM_DISABLE_UDEV", "1", TRUE);
	if (is_version)
		status = puts("landfall-installer " LF_VERSION) < 0;
	else
		status = run(words ? words : none);
	clear();
	return end_output(status);
}
