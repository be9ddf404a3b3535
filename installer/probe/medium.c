// The medium this program was started from: which device it is in.
// Not here: waiting for it, mounting it.
#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "base/iso9660.h"
#include "base/json.h"
#include "installer/probe/disks.h"
#include "installer/probe/probe.h"
#include "installer/probe/world.h"

#define MEDIUM_LABEL	   "LANDFALL"
#define MEDIUM_MANIFEST	   "landfall/manifest.json"
#define OWN_MANIFEST	   "etc/landfall/manifest.json"
#define MAX_MANIFEST_BYTES (256 * 1024)

static char *build_id_of(GBytes *text, GError **error)
{
	gsize size;
	const char *data = g_bytes_get_data(text, &size);
	g_autoptr(json_t) manifest = lf_json_parse(data, size, "manifest.json", error);
	g_autofree char *build_id = NULL;

	if (!manifest || !lf_json_get_string(manifest, "build_id", &build_id, error))
		return NULL;
	if (!build_id || !*build_id)
		return lf_throw_null(error, LF_ERROR_INPUT, "manifest.json has no 'build_id'");
	return g_steal_pointer(&build_id);
}

// The primary volume descriptor begins at 32 KiB, its label at byte 40. ECMA-119, 8.4
static bool has_label(int fd)
{
	char descriptor[72];
	g_autofree char *label = NULL;

	if (!lf_pread_all(fd, descriptor, sizeof descriptor, 32768, NULL) ||
	    memcmp(descriptor, "\1CD001", 6) != 0)
		return false;
	label = g_strchomp(g_strndup(descriptor + 40, 32));
	return strcmp(label, MEDIUM_LABEL) == 0;
}

static bool is_medium(const LfHost *host, const char *name, const char *build_id)
{
	g_autofree char *path = lf_disk_node(name);
	g_autoptr(GBytes) manifest = NULL;
	g_autofree char *found = NULL;
	lf_autofd fd = -1;

	if (!lf_openat(host->root_fd, path + 1, O_RDONLY | O_NONBLOCK, 0, &fd, NULL))
		return false;
	if (!has_label(fd))
		return false;
	manifest = lf_iso_read(fd, MEDIUM_MANIFEST, MAX_MANIFEST_BYTES, NULL);
	found = manifest ? build_id_of(manifest, NULL) : NULL;
	return g_strcmp0(found, build_id) == 0;
}

bool lf_probe_medium(const LfHost *host, char **ret_path, GError **error)
{
	g_autoptr(GBytes) own =
		lf_read_file_at(host->root_fd, OWN_MANIFEST, MAX_MANIFEST_BYTES, error);
	g_autofree char *build_id = own ? build_id_of(own, error) : NULL;
	g_auto(GStrv) names = NULL;
	char *path = NULL;

	if (!build_id)
		return false;
	names = lf_world_list(host->root_fd, "sys/block");
	// A drive without a medium has a size of 0, or (CD) fails to open.
	for (char **name = names; *name && !path; name++)
		if (!lf_disk_is_virtual(*name) &&
		    lf_world_uint(host->root_fd, 0, "sys/block/%s/size", *name) > 0 &&
		    is_medium(host, *name, build_id))
			path = lf_disk_node(*name);
	*ret_path = path;
	return true;
}
