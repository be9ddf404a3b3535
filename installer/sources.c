// Where the profile comes from: seed, path or URL, and what it includes.
// Not here: the language (kickstart/).
#include "installer/sources.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/http.h"
#include "base/runtime.h"

#define MAX_FILE_BYTES (4 * 1024 * 1024)

struct LfSources {
	const LfHost *host;
	char *name;
	char *shown;
};

LfSources *lf_sources_new(const LfHost *host, const char *path)
{
	LfSources *sources = g_new0(LfSources, 1);
	g_autofree char *argument = lf_host_arg(host, "landfall.ks");

	sources->host = host;
	if (path)
		sources->name = g_strdup(path);
	else if (argument && *argument)
		sources->name = g_steal_pointer(&argument);
	else
		sources->name = g_strdup("/" LF_SEED_PROFILE);
	sources->shown = lf_kickstart_public_name(sources->name);
	return sources;
}

const char *lf_sources_name(const LfSources *sources)
{
	return sources->shown;
}

static bool is_url(const char *name)
{
	return g_str_has_prefix(name, "http://") || g_str_has_prefix(name, "https://");
}

// Below that root the path is relative, but it is told as it was written.
static GBytes *read_below(int root_fd, const char *path, GError **error)
{
	lf_autofd fd =
		TEMP_FAILURE_RETRY(openat(root_fd, path + strspn(path, "/"), O_RDONLY | O_CLOEXEC));
	GBytes *bytes;

	if (fd < 0) {
		lf_throw_errno(error, "cannot open '%s'", path);
		return NULL;
	}
	bytes = lf_read_fd(fd, MAX_FILE_BYTES, error);
	if (!bytes)
		lf_prefix(error, "'%s'", path);
	return bytes;
}

// An operator's path is meant as it is; the others stand below the host's root.
static GBytes *read_path(const LfSources *sources, const char *path, GError **error)
{
	if (g_str_has_prefix(path, "file://"))
		path += strlen("file://");
	if (g_path_is_absolute(path) && sources->host->root_fd >= 0)
		return read_below(sources->host->root_fd, path, error);
	return lf_read_file_at(AT_FDCWD, path, MAX_FILE_BYTES, error);
}

static GBytes *read_any(const LfSources *sources, const char *name, GError **error)
{
	LfHttp http = { .url = name, .max_bytes = MAX_FILE_BYTES };

	return is_url(name) ? lf_http_get(&http, error) : read_path(sources, name, error);
}

// A relative name stands beside the file that names it.
static char *resolve(const char *name, const char *from)
{
	g_autofree char *dir = NULL;

	if (is_url(name) || g_str_has_prefix(name, "file://") || g_path_is_absolute(name))
		return g_strdup(name);
	if (is_url(from))
		return g_uri_resolve_relative(from, name, G_URI_FLAGS_NONE, NULL);
	dir = g_path_get_dirname(from);
	return g_build_filename(dir, name, NULL);
}

static GBytes *load(const char *name, const char *from, void *user_data, GError **error)
{
	LfSources *sources = user_data;
	g_autofree char *place = resolve(name, from);

	if (!place)
		return lf_throw_null(error, LF_ERROR_INPUT, "'%s' is no place beside '%s'", name,
				     from);
	return read_any(sources, place, error);
}

GBytes *lf_sources_file(const char *name, void *sources, GError **error)
{
	return load(name, ((LfSources *)sources)->shown, sources, error);
}

static bool is_missing_seed(const LfSources *sources)
{
	return strcmp(sources->name, "/" LF_SEED_PROFILE) == 0 &&
	       faccessat(sources->host->root_fd, LF_SEED_PROFILE, F_OK, 0) < 0;
}

LfProfile *lf_sources_profile(LfSources *sources, LfKickstartPass pass, LfDiagnostics *diagnostics,
			      GError **error)
{
	LfProfile *profile;
	GBytes *text;

	if (is_missing_seed(sources))
		return lf_throw_null(error, LF_ERROR_INPUT,
				     "no kickstart in the seed: put one into the medium with "
				     "'landfall iso seed --kickstart FILE IN.iso OUT.iso'");
	if (!lf_kickstart_check_name(sources->name, diagnostics, error))
		return NULL;
	text = read_any(sources, sources->name, error);
	if (!text) {
		lf_prefix(error, "kickstart");
		// What the operator named is not there: trying again reads the same. A server may
		// heal.
		if (!is_url(sources->name))
			lf_rethrow(error, LF_ERROR_INPUT);
		return NULL;
	}
	profile = lf_kickstart_parse(text, sources->name, pass, load, sources, diagnostics, error);
	lf_kickstart_wipe(text);
	return profile;
}

void lf_sources_free(LfSources *sources)
{
	if (!sources)
		return;
	g_free(sources->name);
	g_free(sources->shown);
	g_free(sources);
}
