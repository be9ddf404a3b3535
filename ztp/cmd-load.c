// Kickstarts from files and web servers, for the operator's verbs.
// Not here: understanding them (kickstart/).
#include "ztp/cmd-load.h"

#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "base/http.h"

#define MAX_KICKSTART_BYTES ((size_t)4 << 20)

static GBytes *read_place(const char *place, GError **error)
{
	LfHttp http = { .url = place, .max_bytes = MAX_KICKSTART_BYTES };

	if (g_str_has_prefix(place, "http://") || g_str_has_prefix(place, "https://"))
		return lf_http_get(&http, error);
	if (g_str_has_prefix(place, "file:///"))
		place += strlen("file://");
	return lf_read_file_at(AT_FDCWD, place, MAX_KICKSTART_BYTES, error);
}

GBytes *lf_kickstart_read(const char *name, const char *from, void *user_data, GError **error)
{
	g_autofree char *place = lf_kickstart_resolve(name, from);

	return read_place(place, error);
}

LfProfile *lf_kickstart_load(const char *path, LfDiagnostics *diagnostics, GError **error)
{
	GBytes *text = read_place(path, error);
	LfProfile *profile;

	if (!text) {
		lf_rethrow(error, LF_ERROR_INPUT);
		return NULL;
	}
	profile = lf_kickstart_parse(text, path, LF_KICKSTART_DESK, lf_kickstart_read, NULL,
				     diagnostics, error);
	lf_kickstart_wipe(text);
	return profile;
}
