// API file systems at the start, unmounting of everything else at the end.
// Not here: the target's file systems (installer/apply).
#include "installer/init/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

#define MAX_MOUNTINFO_BYTES (1024 * 1024)
#define EFIVARS		    "/sys/firmware/efi/efivars"

typedef struct {
	const char *source;
	const char *target;
	const char *type;
	unsigned long flags;
	const char *options;
} Mount;

static const Mount api[] = {
	{ "proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL },
	{ "sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL },
	{ "devtmpfs", "/dev", "devtmpfs", MS_NOSUID, "mode=0755" },
	{ "devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "mode=0620,gid=5,ptmxmode=0666" },
	{ "tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777" },
	{ "tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755" },
	{ "tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777" },
};

// Links that programs and scripts expect beside the kernel's own devices.
static const struct {
	const char *path;
	const char *target;
} links[] = {
	{ "/dev/fd", "/proc/self/fd" },
	{ "/dev/stdin", "/proc/self/fd/0" },
	{ "/dev/stdout", "/proc/self/fd/1" },
	{ "/dev/stderr", "/proc/self/fd/2" },
};

void lf_mounts_api(GPtrArray *failed)
{
	for (size_t i = 0; i < G_N_ELEMENTS(api); i++) {
		(void)mkdir(api[i].target, 0755);
		if (mount(api[i].source, api[i].target, api[i].type, api[i].flags,
			  api[i].options) == 0 ||
		    errno == EBUSY)
			continue;
		g_ptr_array_add(failed, g_strdup_printf("cannot mount '%s': %s", api[i].target,
							g_strerror(errno)));
	}
	for (size_t i = 0; i < G_N_ELEMENTS(links); i++)
		if (symlink(links[i].target, links[i].path) < 0 && errno != EEXIST)
			g_ptr_array_add(failed, g_strdup_printf("cannot make '%s': %s",
								links[i].path, g_strerror(errno)));
}

bool lf_mounts_efivarfs(GError **error)
{
	if (access(EFIVARS, F_OK) < 0)
		return true;
	if (mount("efivarfs", EFIVARS, "efivarfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0 ||
	    errno == EBUSY)
		return true;
	return lf_throw_errno(error, "cannot mount '" EFIVARS "'");
}

static bool is_octal(const char *text)
{
	return text[0] >= '0' && text[0] <= '3' && text[1] >= '0' && text[1] <= '7' &&
	       text[2] >= '0' && text[2] <= '7';
}

// The kernel writes blanks, tabs, line breaks and backslashes as \NNN.
static char *unescape(const char *text)
{
	g_autoptr(GString) out = g_string_new(NULL);

	for (const char *c = text; *c; c++) {
		if (c[0] == '\\' && is_octal(c + 1)) {
			g_string_append_c(
				out, (char)((c[1] - '0') * 64 + (c[2] - '0') * 8 + (c[3] - '0')));
			c += 3;
		} else {
			g_string_append_c(out, *c);
		}
	}
	return g_string_free(g_steal_pointer(&out), FALSE);
}

// A target mounted below /run or /tmp is the installer's work and is unmounted; the API file
// systems themselves, and all below /proc, /sys and /dev, stay until the machine ends.
static bool stays(const char *path)
{
	static const char *const whole[] = { "/proc", "/sys", "/dev" };

	for (size_t i = 0; i < G_N_ELEMENTS(whole); i++)
		if (lf_path_is_below(path, whole[i]))
			return true;
	return g_str_equal(path, "/") || g_str_equal(path, "/run") || g_str_equal(path, "/tmp");
}

char **lf_mounts_parse(const char *mountinfo)
{
	g_auto(GStrv) lines = g_strsplit(mountinfo, "\n", -1);
	g_autoptr(GStrvBuilder) points = g_strv_builder_new();

	for (guint i = g_strv_length(lines); i > 0; i--) {
		g_auto(GStrv) fields = g_strsplit(lines[i - 1], " ", 6);
		g_autofree char *path = NULL;

		if (g_strv_length(fields) < 5)
			continue;
		path = unescape(fields[4]);
		if (*path == '/' && !stays(path))
			g_strv_builder_add(points, path);
	}
	return g_strv_builder_end(points);
}

void lf_mounts_undo(void)
{
	g_autofree char *text =
		lf_read_text_at(AT_FDCWD, "/proc/self/mountinfo", MAX_MOUNTINFO_BYTES, NULL);
	g_auto(GStrv) points = lf_mounts_parse(text ? text : "");

	for (size_t i = 0; points[i]; i++) {
		if (umount2(points[i], UMOUNT_NOFOLLOW) == 0)
			continue;
		(void)mount(NULL, points[i], NULL, MS_REMOUNT | MS_RDONLY, NULL);
		(void)umount2(points[i], MNT_DETACH | UMOUNT_NOFOLLOW);
	}
}
