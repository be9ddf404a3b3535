// The lines of a kickstart with its includes in their places.
// Not here: how a file is loaded (the caller's function), what a line means.
#include "kickstart/source.h"

#include <string.h>

#include "base/secret.h"
#include "kickstart/shape.h"

#define MAX_FILE_BYTES ((size_t)4 << 20)

typedef struct {
	const char *file;
	unsigned line;
	uint64_t serial;
} Run;

static void add_error(LfSource *source, const LfPlace *place, const char *code, const char *advice,
		      const char *message)
{
	lf_diagnostics_add(source->diagnostics, LF_SEVERITY_ERROR, place, code, advice, "%s",
			   message);
}

// Later lines of this file rank behind everything that was read before.
static void begin_run(LfSource *source, const LfSourceFile *file)
{
	Run run = { file->name, file->line + 1, source->serial };

	g_array_append_val(source->runs, run);
}

static void pass_over(LfSource *source, LfSourceFile *file, const char *code, const char *advice,
		      const char *message)
{
	LfPlace place = { file->name, 1, 1 };

	add_error(source, &place, code, advice, message);
	source->has_unreadable = true;
	file->size = 0;
}

// CR alone ends the lines; one LF at the very end changes nothing about that.
static bool has_mac_line_ends(const LfSourceFile *file)
{
	const char *newline = memchr(file->data, '\n', file->size);
	size_t size = newline ? (size_t)(newline - file->data) : file->size;

	if (newline && size + 1 < file->size)
		return false;
	return size > 1 && memchr(file->data, '\r', size - 1);
}

static void check_bytes(LfSource *source, LfSourceFile *file)
{
	LfPlace place = { file->name, 1, 1 };

	if (file->size > MAX_FILE_BYTES) {
		pass_over(source, file, "too-long", "check that this is a kickstart file",
			  "a kickstart file may have 4 MiB at most");
	} else if (memchr(file->data, '\0', file->size)) {
		pass_over(source, file, "not-text", "save it as UTF-8 text",
			  "the file holds NUL bytes: it is UTF-16 or no text at all");
	} else if (has_mac_line_ends(file)) {
		pass_over(source, file, "line-ends", "save it with Unix line ends (LF)",
			  "the file has old Mac line ends (CR alone)");
	} else if (file->size >= 3 && memcmp(file->data, "\xef\xbb\xbf", 3) == 0) {
		add_error(source, &place, "byte-order-mark", "save the file without it",
			  "the file begins with a byte order mark");
		file->position = 3;
	}
}

static void push(LfSource *source, GBytes *bytes, const char *name, bool is_ours)
{
	LfSourceFile *file = &source->stack[source->depth++];

	*file = (LfSourceFile){ .bytes = bytes, .name = g_intern_string(name), .is_ours = is_ours };
	file->data = g_bytes_get_data(bytes, &file->size);
	if (!file->data)
		file->data = ""; // nothing in it
	check_bytes(source, file);
	begin_run(source, file);
}

void lf_kickstart_wipe(GBytes *text)
{
	gsize size;
	char *data = g_bytes_unref_to_data(text, &size);

	if (data)
		lf_wipe(data, size);
	g_free(data);
}

static void close_file(LfSourceFile *file)
{
	if (file->is_ours)
		lf_kickstart_wipe(file->bytes);
	else
		g_bytes_unref(file->bytes);
}

static void pop(LfSource *source)
{
	close_file(&source->stack[--source->depth]);
	if (source->depth > 0)
		begin_run(source, &source->stack[source->depth - 1]);
}

void lf_source_init(LfSource *source, GBytes *text, const char *file, LfKickstartLoad load,
		    void *user_data, LfDiagnostics *diagnostics)
{
	*source = (LfSource){
		.load = load, .user_data = user_data, .diagnostics = diagnostics, .files = 1
	};
	source->runs = g_array_new(FALSE, FALSE, sizeof(Run));
	push(source, g_bytes_ref(text), file, false);
}

bool lf_source_next(LfSource *source, LfLine *ret)
{
	LfSourceFile *file;
	const char *line;
	const char *newline;
	size_t rest;

	while (source->depth > 0) {
		file = &source->stack[source->depth - 1];
		if (file->position < file->size)
			break;
		pop(source);
	}
	if (source->depth == 0)
		return false;
	line = file->data + file->position;
	rest = file->size - file->position;
	newline = memchr(line, '\n', rest);
	*ret = (LfLine){ line,
			 newline ? (size_t)(newline - line) : rest,
			 { file->name, ++file->line, 1 },
			 source->depth };
	file->position += ret->size + (newline ? 1 : 0);
	if (newline && ret->size > 0 && line[ret->size - 1] == '\r')
		ret->size--;
	source->serial++;
	return true;
}

static bool has_scheme(const char *name)
{
	return strstr(name, "://") != NULL;
}

char *lf_kickstart_resolve(const char *name, const char *from)
{
	g_autofree char *folder = NULL;
	char *resolved;

	if (has_scheme(name) || *name == '/')
		return g_strdup(name);
	if (has_scheme(from)) {
		resolved = g_uri_resolve_relative(from, name, G_URI_FLAGS_PARSE_RELAXED, NULL);
		return resolved ? resolved : g_strdup(name);
	}
	folder = g_path_get_dirname(from);
	if (strcmp(folder, ".") == 0)
		return g_strdup(name);
	return g_build_filename(folder, name, NULL);
}

char *lf_kickstart_public_name(const char *name)
{
	const char *scheme = strstr(name, "://");
	const char *host = scheme ? scheme + strlen("://") : name;
	const char *user_end;
	size_t size;

	if (!scheme)
		return g_strdup(name);
	user_end = g_strrstr_len(host, (gssize)strcspn(host, "/?#"), "@");
	size = (size_t)(host - name);
	if (user_end)
		host = user_end + 1;
	return g_strdup_printf("%.*s%.*s", (int)size, name, (int)strcspn(host, "?#"), host);
}

#define CREDENTIALS	   "a user or password in a URL would show in messages and logs"
#define CREDENTIALS_ADVICE "serve the file without a password, or put it on the medium"

bool lf_kickstart_check_name(const char *name, LfDiagnostics *diagnostics, GError **error)
{
	g_autofree char *shown = lf_kickstart_public_name(name);
	LfPlace place = { g_intern_string(shown), 0, 0 };

	if (!lf_url_has_user(name))
		return true;
	lf_diagnostics_add(diagnostics, LF_SEVERITY_ERROR, &place, "url-credentials",
			   CREDENTIALS_ADVICE, CREDENTIALS);
	return lf_throw(error, LF_ERROR_INPUT, "%s: " CREDENTIALS " — " CREDENTIALS_ADVICE, shown);
}

static bool is_open(const LfSource *source, const char *name)
{
	for (size_t i = 0; i < source->depth; i++)
		if (strcmp(source->stack[i].name, name) == 0)
			return true;
	return false;
}

static bool may_include(LfSource *source, const char *resolved, const char *name,
			const LfPlace *place)
{
	if (lf_url_has_user(resolved)) {
		add_error(source, place, "url-credentials", CREDENTIALS_ADVICE, CREDENTIALS);
		return false;
	}
	if (is_open(source, name)) {
		add_error(source, place, "include-loop", "remove one %include of the circle",
			  "this file is already being read: it includes itself");
		return false;
	}
	if (source->depth >= LF_SOURCE_MAX_DEPTH || source->files >= LF_SOURCE_MAX_FILES) {
		add_error(source, place, "too-many-includes", "put the files together",
			  "at most 32 files can be included, and 8 in each other");
		return false;
	}
	if (!source->load) {
		add_error(source, place, "include-not-allowed", "put the lines in here",
			  "%include is not possible here");
		return false;
	}
	return true;
}

bool lf_source_include(LfSource *source, const char *name, const LfPlace *place, LfIncludeNeed need)
{
	const char *from = source->stack[source->depth - 1].name;
	g_autofree char *resolved = lf_kickstart_resolve(name, from);
	g_autofree char *shown = lf_kickstart_public_name(resolved);
	g_autoptr(GError) error = NULL;
	GBytes *bytes;

	if (!may_include(source, resolved, shown, place))
		return false;
	// A try counts too: loading can cost a minute on a bad network.
	source->files++;
	bytes = source->load(name, from, source->user_data, &error);
	if (bytes)
		push(source, bytes, shown, true);
	else if (need == LF_INCLUDE_REQUIRED)
		lf_diagnostics_add(source->diagnostics, LF_SEVERITY_ERROR, place, "include-failed",
				   "put the file there, or write its right name",
				   "cannot read the included file: %s",
				   error ? error->message : "no reason given");
	else if (need == LF_INCLUDE_LATER)
		lf_diagnostics_add(source->diagnostics, LF_SEVERITY_WARNING, place, "include-later",
				   "check it on the machine",
				   "this file is not here; a %%pre script may write it");
	return bytes != NULL;
}

uint64_t lf_source_rank(const LfPlace *place, void *user_data)
{
	const LfSource *source = user_data;
	const Run *best = NULL;

	if (place->line == 0)
		return G_MAXUINT64;
	for (guint i = 0; i < source->runs->len; i++) {
		const Run *run = &g_array_index(source->runs, Run, i);

		if (run->file == place->file && run->line <= place->line)
			best = run;
	}
	if (!best)
		return G_MAXUINT64;
	return ((best->serial + (place->line - best->line)) << 24) | MIN(place->column, 0xffffff);
}

void lf_source_clear(LfSource *source)
{
	while (source->depth > 0)
		close_file(&source->stack[--source->depth]);
	g_clear_pointer(&source->runs, g_array_unref);
}
