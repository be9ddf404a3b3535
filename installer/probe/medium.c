// The medium this program was started from: which device it is in.
// Not here: waiting for it, mounting it.
#include <errno.h>
#include <fcntl.h>
#include <linux/cdrom.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

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

static json_t *parse_manifest(GBytes *text, const char *name, GError **error)
{
	gsize size;
	const char *data = g_bytes_get_data(text, &size);

	return lf_json_parse(data, size, name, error);
}

static char *build_id_of(const json_t *manifest, GError **error)
{
	g_autofree char *build_id = NULL;

	if (!manifest || !lf_json_get_string(manifest, "build_id", &build_id, error))
		return NULL;
	if (!build_id || !*build_id)
		return lf_throw_null(error, LF_ERROR_INPUT, "manifest.json has no 'build_id'");
	return g_steal_pointer(&build_id);
}

// Keeps the first; one that is surely about our medium goes before others.
static void remember_trouble(LfMedium *medium, const char *path, bool is_ours, const char *cause)
{
	if (medium->trouble && (medium->is_ours || !is_ours))
		return;
	g_clear_error(&medium->trouble);
	medium->is_ours = is_ours;
	lf_throw(&medium->trouble, LF_ERROR_IO,
		 "'%s' cannot be read (%s): write the medium again or use another drive", path,
		 cause);
}

// The kernel gives a size to a CD drive without a disc too, and reading it is then an EIO.
static bool is_empty_drive(int fd)
{
	int status = ioctl(fd, CDROM_DRIVE_STATUS, CDSL_CURRENT);

	return status == CDS_NO_DISC || status == CDS_TRAY_OPEN || status == CDS_DRIVE_NOT_READY;
}

// The primary volume descriptor begins at 32 KiB, its label at byte 40. ECMA-119, 8.4
static bool has_label(int fd, const char *path, LfMedium *medium)
{
	char descriptor[72];
	g_autofree char *label = NULL;
	ssize_t n = TEMP_FAILURE_RETRY(pread(fd, descriptor, sizeof descriptor, 32768));

	if (n < 0) {
		const char *cause = g_strerror(errno);

		if (!is_empty_drive(fd))
			remember_trouble(medium, path, false, cause);
	}
	if (n != sizeof descriptor || memcmp(descriptor, "\1CD001", 6) != 0)
		return false;
	label = g_strchomp(g_strndup(descriptor + 40, 32));
	return strcmp(label, MEDIUM_LABEL) == 0;
}

// Whether it is ours shows only in the manifest. One that cannot be read may be; one that is
// damaged or lacks it may also be another ISO with our label.
static bool is_medium(const LfHost *host, const char *path, const char *build_id, LfMedium *medium)
{
	g_autoptr(GBytes) text = NULL;
	g_autoptr(json_t) manifest = NULL;
	g_autoptr(GError) error = NULL;
	g_autofree char *found = NULL;
	lf_autofd fd = -1;

	if (!lf_openat(host->root_fd, path + 1, O_RDONLY | O_NONBLOCK, 0, &fd, NULL)) {
		if (errno == EIO)
			remember_trouble(medium, path, false, g_strerror(EIO));
		return false;
	}
	if (!has_label(fd, path, medium))
		return false;
	text = lf_iso_read(fd, MEDIUM_MANIFEST, MAX_MANIFEST_BYTES, &error);
	manifest = text ? parse_manifest(text, "manifest.json", &error) : NULL;
	found = build_id_of(manifest, &error);
	if (!found)
		remember_trouble(medium, path, g_error_matches(error, LF_ERROR, LF_ERROR_IO),
				 error->message);
	return g_strcmp0(found, build_id) == 0;
}

// Every initrd of ours has it, so a system without one was started from something else.
static json_t *own_manifest(const LfHost *host, GError **error)
{
	g_autoptr(GBytes) own = NULL;

	if (faccessat(host->root_fd, OWN_MANIFEST, F_OK, 0) < 0 && errno == ENOENT)
		return lf_throw_null(error, LF_ERROR_TARGET,
				     "this system was not started from a Landfall medium (there is "
				     "no '/" OWN_MANIFEST "')");
	own = lf_read_file_at(host->root_fd, OWN_MANIFEST, MAX_MANIFEST_BYTES, error);
	return own ? parse_manifest(own, "the running system's own manifest.json", error) : NULL;
}

bool lf_probe_built(const LfHost *host, uint64_t *ret_s, GError **error)
{
	g_autoptr(json_t) manifest = own_manifest(host, error);
	uint64_t built_s = 0;

	if (!manifest)
		return false;
	if (!lf_json_get_uint(manifest, "built", &built_s, error))
		return lf_prefix(error, "the running system's own manifest.json");
	if (built_s == 0)
		return lf_throw(error, LF_ERROR_INPUT,
				"the running system's own manifest.json has no 'built'");
	*ret_s = built_s;
	return true;
}

bool lf_probe_medium(const LfHost *host, LfMedium *ret_medium, GError **error)
{
	g_autoptr(json_t) own = own_manifest(host, error);
	g_autofree char *build_id = build_id_of(own, error);
	g_auto(GStrv) names = NULL;

	if (!build_id)
		return false;
	*ret_medium = (LfMedium){ NULL, NULL, false };
	names = lf_world_list(host->root_fd, "sys/block");
	// A drive without a medium has a size of 0, or (CD) fails to open.
	for (char **name = names; *name && !ret_medium->path; name++) {
		g_autofree char *path = lf_disk_node(*name);

		if (!lf_disk_is_virtual(*name) &&
		    lf_world_uint(host->root_fd, 0, "sys/block/%s/size", *name) > 0 &&
		    is_medium(host, path, build_id, ret_medium))
			ret_medium->path = g_steal_pointer(&path);
	}
	return true;
}

void lf_medium_clear(LfMedium *medium)
{
	g_clear_pointer(&medium->path, g_free);
	g_clear_error(&medium->trouble);
}
