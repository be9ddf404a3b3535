// What ISOs are for the operator's verbs: their manifest.
// Not here: the verbs (cmd-iso-*.c).
#include "ztp/iso.h"

#include "base/fd.h"
#include "base/iso9660.h"
#include "image/seed.h"

#define MANIFEST_PATH	   "/landfall/manifest.json"
#define MAX_MANIFEST_BYTES (1024 * 1024)

const char *lf_iso_plural(size_t n)
{
	return n == 1 ? "" : "s";
}

json_t *lf_iso_manifest(const char *path, GError **error)
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
