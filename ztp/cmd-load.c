// Kickstarts from files and web servers, for the operator's verbs.
// Not here: understanding them (kickstart/).
#include "ztp/cmd-load.h"

#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "base/http.h"
#include "installer/plan/match.h"

#define MAX_KICKSTART_BYTES ((size_t)4 << 20)

bool lf_kickstart_is_url(const char *place)
{
	return strstr(place, "://") && !g_str_has_prefix(place, "file:///");
}

static GBytes *read_place(const char *place, const LfHttpAccess *access, GError **error)
{
	LfHttp http = { .url = place, .access = access, .max_bytes = MAX_KICKSTART_BYTES };

	if (lf_kickstart_is_url(place))
		return lf_http_get(&http, error);
	if (g_str_has_prefix(place, "file:///"))
		place += strlen("file://");
	return lf_read_file_at(AT_FDCWD, place, MAX_KICKSTART_BYTES, error);
}

GBytes *lf_kickstart_read(const char *name, const char *from, void *user_data, GError **error)
{
	g_autofree char *place = lf_kickstart_resolve(name, from);

	return read_place(place, user_data, error);
}

LfProfile *lf_kickstart_load(const char *path, LfDiagnostics *diagnostics, GError **error)
{
	LfProfile *profile;
	GBytes *text;

	if (!lf_kickstart_check_name(path, diagnostics, error))
		return NULL;
	text = read_place(path, NULL, error);
	if (!text) {
		// A file that is not there is a wrong name; a server has classes of its own.
		if (!lf_kickstart_is_url(path))
			lf_rethrow(error, LF_ERROR_INPUT);
		return NULL;
	}
	profile = lf_kickstart_parse(text, path, LF_KICKSTART_DESK, lf_kickstart_read, NULL,
				     diagnostics, error);
	lf_kickstart_wipe(text);
	return profile;
}

static void check_wish(const char *wish, const LfPlace *place, LfDiagnostics *diagnostics)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfMatch) match = lf_match_parse(wish, &error);

	if (!match)
		lf_diagnostics_add(diagnostics, LF_SEVERITY_ERROR, place, "invalid-disk",
				   "see the formats page for how disks are named", "%s",
				   error->message);
}

// The planner gives names of disks their meaning, so it is asked whether it understands them.
void lf_kickstart_check_disks(const LfProfile *profile, const char *path,
			      LfDiagnostics *diagnostics)
{
	const LfPlace file = { g_intern_string(path), 0, 0 };

	for (char **wish = profile->only_use; *wish; wish++)
		check_wish(*wish, &profile->ignoredisk_place, diagnostics);
	for (char **wish = profile->ignore_drives; *wish; wish++)
		check_wish(*wish, &profile->ignoredisk_place, diagnostics);
	for (char **wish = profile->clear_drives; *wish; wish++)
		check_wish(*wish, &profile->clear_place, diagnostics);
	for (guint i = 0; i < profile->parts->len; i++) {
		const LfPart *part = profile->parts->pdata[i];

		if (part->ondisk)
			check_wish(part->ondisk, &part->place, diagnostics);
	}
	if (profile->boot_drive)
		check_wish(profile->boot_drive, &file, diagnostics);
}
