// The program landfall-mkinitramfs: reads the declared lists and writes the installer's initramfs.
// Not here: gathering and writing (initramfs.c), choosing modules (modules.c), indexes (depmod).
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/json.h"
#include "image/initramfs.h"
#include "image/modules.h"

#define MAX_LIST_BYTES (1024 * 1024)
#define MANIFEST_PATH  "etc/landfall/manifest.json"

typedef struct {
	char *sysroot;
	char *triplet;
	char *list;
	char *manifest;
	char *output;
	char *tree;
	char *to;
	char **from;
	char **define;
	gint64 mtime;
} Options;

typedef struct {
	LfInitramfs *initramfs;
	int sysroot_fd;
	GHashTable *from; // name → directory
	char **define;	  // NAME=VALUE, for @NAME@ in a line
} Reader;

static bool open_directory(const char *path, int *ret_fd, GError **error)
{
	return lf_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0, ret_fd, error);
}

// "NAME:path" lies below the directory given by --from NAME=DIR, anything else in the sysroot.
static bool open_source(const Reader *reader, const char *source, int *ret_fd,
			const char **ret_path, GError **error)
{
	const char *colon = strchr(source, ':');
	g_autofree char *name = colon ? g_strndup(source, (gsize)(colon - source)) : NULL;
	const char *dir = name ? g_hash_table_lookup(reader->from, name) : NULL;

	if (name && !dir)
		return lf_throw(error, LF_ERROR_INPUT, "no --from=%s=DIR was given", name);
	*ret_path = colon ? colon + 1 : source;
	if (dir)
		return open_directory(dir, ret_fd, error);
	*ret_fd = fcntl(reader->sysroot_fd, F_DUPFD_CLOEXEC, 3);
	return *ret_fd >= 0 || lf_throw_errno(error, "cannot duplicate a descriptor");
}

static bool read_mode(const char *text, mode_t fallback, mode_t *ret, GError **error)
{
	guint64 mode = fallback;

	if (text && !g_ascii_string_to_unsigned(text, 8, 0, 07777, &mode, NULL))
		return lf_throw(error, LF_ERROR_INPUT, "'%s' is not an octal mode", text);
	*ret = (mode_t)mode;
	return true;
}

static bool do_directory(const Reader *reader, char **words, GError **error)
{
	mode_t mode = 0;

	if (!read_mode(words[1], 0755, &mode, error))
		return false;
	lf_initramfs_add_directory(reader->initramfs, words[0], mode);
	return true;
}

static bool do_link(const Reader *reader, char **words, GError **error)
{
	lf_initramfs_add_link(reader->initramfs, words[0], words[1]);
	return true;
}

static bool do_file(const Reader *reader, char **words, GError **error)
{
	lf_autofd fd = -1;
	const char *path;
	mode_t mode = 0;

	return read_mode(words[1] ? words[2] : NULL, 0644, &mode, error) &&
	       open_source(reader, words[1] ? words[1] : words[0], &fd, &path, error) &&
	       lf_initramfs_add_file(reader->initramfs, words[0], fd, path, mode, error);
}

static bool do_program(const Reader *reader, char **words, GError **error)
{
	lf_autofd fd = -1;
	const char *path;

	return open_source(reader, words[1] ? words[1] : words[0], &fd, &path, error) &&
	       lf_initramfs_add_program(reader->initramfs, words[0], fd, path, error);
}

static bool do_library(const Reader *reader, char **words, GError **error)
{
	return lf_initramfs_add_library(reader->initramfs, words[0], error);
}

static bool do_tree(const Reader *reader, char **words, GError **error)
{
	lf_autofd fd = -1;
	const char *path;

	return open_source(reader, words[1], &fd, &path, error) &&
	       lf_initramfs_add_tree(reader->initramfs, words[0], fd, path, error);
}

static const struct {
	const char *word;
	unsigned min_args, max_args;
	bool (*run)(const Reader *reader, char **words, GError **error);
} statements[] = {
	{ "directory", 1, 2, do_directory }, { "link", 2, 2, do_link },
	{ "file", 1, 3, do_file },	     { "program", 1, 2, do_program },
	{ "library", 1, 1, do_library },     { "tree", 2, 2, do_tree },
};

static bool run_statement(const Reader *reader, char **words, GError **error)
{
	unsigned args = g_strv_length(words) - 1;

	for (unsigned i = 0; i < G_N_ELEMENTS(statements); i++) {
		if (strcmp(statements[i].word, words[0]) != 0)
			continue;
		if (args < statements[i].min_args || args > statements[i].max_args)
			return lf_throw(error, LF_ERROR_INPUT, "'%s' takes %u to %u words",
					words[0], statements[i].min_args, statements[i].max_args);
		return statements[i].run(reader, words + 1, error);
	}
	return lf_throw(error, LF_ERROR_INPUT, "unknown word '%s'", words[0]);
}

static char *expand(const Reader *reader, const char *line)
{
	g_autoptr(GString) text = g_string_new(line);

	for (char **define = reader->define; define && *define; define++) {
		g_auto(GStrv) pair = g_strsplit(*define, "=", 2);
		g_autofree char *mark = g_strdup_printf("@%s@", pair[0]);

		g_string_replace(text, mark, pair[1] ? pair[1] : "", 0);
	}
	return g_strdup(text->str);
}

static bool read_line(const Reader *reader, char *line, GError **error)
{
	char *comment = strchr(line, '#');
	g_autofree char *expanded = NULL;
	g_auto(GStrv) parts = NULL;
	g_autoptr(GPtrArray) words = g_ptr_array_new();

	if (comment)
		*comment = '\0';
	expanded = expand(reader, line);
	parts = g_strsplit_set(expanded, " \t", -1);
	for (char **part = parts; *part; part++) {
		if (**part)
			g_ptr_array_add(words, *part);
	}
	if (words->len == 0)
		return true;
	g_ptr_array_add(words, NULL);
	return run_statement(reader, (char **)words->pdata, error);
}

static bool read_list(const Reader *reader, const char *path, GError **error)
{
	g_autofree char *text = lf_read_text_at(AT_FDCWD, path, MAX_LIST_BYTES, error);
	g_auto(GStrv) lines = NULL;

	if (!text)
		return false;
	lines = g_strsplit(text, "\n", -1);
	for (unsigned i = 0; lines[i]; i++) {
		if (!read_line(reader, lines[i], error))
			return lf_prefix(error, "%s:%u", path, i + 1);
	}
	return true;
}

// The same manifest, with the build id, goes into the initramfs and to the caller for the medium.
static bool add_manifest(LfInitramfs *initramfs, const Options *options, GError **error)
{
	g_autoptr(json_t) manifest = lf_json_load(options->manifest, error);
	g_autofree char *build_id = lf_initramfs_build_id(initramfs);
	g_autofree char *text = NULL;
	g_autofree char *beside = NULL;
	g_autoptr(GBytes) bytes = NULL;

	if (!manifest)
		return false;
	lf_json_set_string(manifest, "build_id", build_id);
	text = lf_json_print(manifest, true);
	bytes = g_bytes_new(text, strlen(text));
	lf_initramfs_add_bytes(initramfs, MANIFEST_PATH, bytes, 0644);
	beside = g_strconcat(options->output, ".json", NULL);
	return lf_write_file_at(AT_FDCWD, beside, text, strlen(text), 0644, error);
}

static bool read_from(const Options *options, GHashTable *from, GError **error)
{
	for (char **item = options->from; item && *item; item++) {
		g_auto(GStrv) pair = g_strsplit(*item, "=", 2);

		if (!pair[0] || !pair[1])
			return lf_throw(error, LF_ERROR_INPUT, "--from takes NAME=DIR, not '%s'",
					*item);
		g_hash_table_insert(from, g_strdup(pair[0]), g_strdup(pair[1]));
	}
	return true;
}

static bool run_write(const Options *options, GError **error)
{
	g_autoptr(GHashTable) from = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_autoptr(LfInitramfs) initramfs = NULL;
	lf_autofd sysroot_fd = -1;

	if (!options->sysroot || !options->triplet || !options->list || !options->manifest ||
	    !options->output)
		return lf_throw(
			error, LF_ERROR_INPUT,
			"write needs --sysroot, --triplet, --list, --manifest and --output");
	if (!read_from(options, from, error) ||
	    !open_directory(options->sysroot, &sysroot_fd, error))
		return false;
	initramfs = lf_initramfs_new(sysroot_fd, options->triplet);
	return read_list(&(Reader){ .initramfs = initramfs,
				    .sysroot_fd = sysroot_fd,
				    .from = from,
				    .define = options->define },
			 options->list, error) &&
	       add_manifest(initramfs, options, error) &&
	       lf_initramfs_write(initramfs, options->output, options->mtime, error);
}

static bool copy_module(int from_fd, int to_fd, const char *path, GError **error)
{
	g_autofree char *parent = g_path_get_dirname(path);

	return lf_mkdirs_at(to_fd, parent, 0755, error) &&
	       lf_copy_file_at(from_fd, path, to_fd, path, 0644, error);
}

static bool copy_modules(int from_fd, int to_fd, GPtrArray *paths, GError **error)
{
	static const char *const lists[] = { "modules.order", "modules.builtin",
					     "modules.builtin.modinfo" };

	for (unsigned i = 0; i < G_N_ELEMENTS(lists); i++) {
		if (!copy_module(from_fd, to_fd, lists[i], error))
			return false;
	}
	for (unsigned i = 0; i < paths->len; i++) {
		if (!copy_module(from_fd, to_fd, g_ptr_array_index(paths, i), error))
			return false;
	}
	return true;
}

static bool run_modules(const Options *options, GError **error)
{
	g_autofree char *list = NULL;
	g_autoptr(LfModules) modules = NULL;
	g_autoptr(GPtrArray) paths = NULL;
	lf_autofd from_fd = -1;
	lf_autofd to_fd = -1;

	if (!options->tree || !options->list || !options->to)
		return lf_throw(error, LF_ERROR_INPUT, "modules needs --tree, --list and --to");
	list = lf_read_text_at(AT_FDCWD, options->list, MAX_LIST_BYTES, error);
	if (!list || !open_directory(options->tree, &from_fd, error) ||
	    !lf_mkdirs_at(AT_FDCWD, options->to, 0755, error) ||
	    !open_directory(options->to, &to_fd, error))
		return false;
	modules = lf_modules_load(from_fd, error);
	if (!modules)
		return false;
	paths = lf_modules_select(modules, list, options->list, error);
	return paths && copy_modules(from_fd, to_fd, paths, error);
}

static void options_clear(Options *options)
{
	g_free(options->sysroot);
	g_free(options->triplet);
	g_free(options->list);
	g_free(options->manifest);
	g_free(options->output);
	g_free(options->tree);
	g_free(options->to);
	g_strfreev(options->from);
	g_strfreev(options->define);
}

static bool run(int argc, char **argv, Options *options, GError **error)
{
	GOptionEntry entries[] = {
		{ "sysroot", 0, 0, G_OPTION_ARG_FILENAME, &options->sysroot, "programs come from",
		  "DIR" },
		{ "triplet", 0, 0, G_OPTION_ARG_STRING, &options->triplet, "multiarch directory",
		  "NAME" },
		{ "list", 0, 0, G_OPTION_ARG_FILENAME, &options->list, "what goes in", "FILE" },
		{ "from", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->from, "NAME: in the list",
		  "NAME=DIR" },
		{ "define", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->define, "@NAME@ in the list",
		  "NAME=VALUE" },
		{ "manifest", 0, 0, G_OPTION_ARG_FILENAME, &options->manifest,
		  "JSON that gets the build id", "FILE" },
		{ "output", 0, 0, G_OPTION_ARG_FILENAME, &options->output,
		  "the archive; its manifest is FILE.json", "FILE" },
		{ "mtime", 0, 0, G_OPTION_ARG_INT64, &options->mtime, "time of every file",
		  "SECONDS" },
		{ "tree", 0, 0, G_OPTION_ARG_FILENAME, &options->tree, "modules come from", "DIR" },
		{ "to", 0, 0, G_OPTION_ARG_FILENAME, &options->to, "modules go to", "DIR" },
		G_OPTION_ENTRY_NULL,
	};
	g_autoptr(GOptionContext) context = g_option_context_new("write|modules");

	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, error))
		return lf_rethrow(error, LF_ERROR_INPUT);
	if (argc == 2 && strcmp(argv[1], "write") == 0)
		return run_write(options, error);
	if (argc == 2 && strcmp(argv[1], "modules") == 0)
		return run_modules(options, error);
	return lf_throw(error, LF_ERROR_INPUT, "say 'write' or 'modules'; --help tells more");
}

int main(int argc, char **argv)
{
	Options options = { 0 };
	g_autoptr(GError) error = NULL;
	bool is_good = run(argc, argv, &options, &error);

	options_clear(&options);
	if (is_good)
		return EXIT_SUCCESS;
	fprintf(stderr, "landfall-mkinitramfs: %s\n", error->message);
	return lf_error_class(error)->exit_status;
}
