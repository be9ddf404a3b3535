// Reads and writes the firmware's global variables as files.
// Not here: what they mean (efi.c).
#include "installer/apply/efivars.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/fd.h"

#define GLOBAL_SUFFIX	"-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define ATTRIBUTE_BYTES 4
#define MAX_VALUE_BYTES 65536
#define MAX_NAMES	4096

// Non-volatile, and seen by boot services and the running system. UEFI 2.10, 8.2.
static const uint8_t attributes[ATTRIBUTE_BYTES] = { 7, 0, 0, 0 };

static char *file_name(const char *name)
{
	return g_strconcat(name, GLOBAL_SUFFIX, NULL);
}

GBytes *lf_efivars_read(int dir_fd, const char *name)
{
	g_autofree char *file = file_name(name);
	g_autoptr(GBytes) bytes =
		lf_read_file_at(dir_fd, file, ATTRIBUTE_BYTES + MAX_VALUE_BYTES, NULL);
	gsize size = bytes ? g_bytes_get_size(bytes) : 0;

	if (size < ATTRIBUTE_BYTES)
		return NULL;
	return g_bytes_new_from_bytes(bytes, ATTRIBUTE_BYTES, size - ATTRIBUTE_BYTES);
}

// The kernel marks variables immutable against `rm -rf`. Where there is no such flag there is
// nothing to clear, and what cannot be cleared shows when the file is written.
static void make_mutable(int dir_fd, const char *file)
{
	lf_autofd fd = openat(dir_fd, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int flags = 0;

	if (fd < 0 || ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0 || !(flags & FS_IMMUTABLE_FL))
		return;
	flags &= ~FS_IMMUTABLE_FL;
	(void)ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

// One write call: the firmware takes a variable as a whole.
static bool write_whole(int dir_fd, const char *file, const void *data, size_t size, GError **error)
{
	g_autoptr(GByteArray) all = g_byte_array_new();
	lf_autofd fd = -1;
	ssize_t n;

	g_byte_array_append(all, attributes, ATTRIBUTE_BYTES);
	g_byte_array_append(all, data, (guint)size);
	if (!lf_openat(dir_fd, file, O_WRONLY | O_CREAT | O_NOFOLLOW, 0644, &fd, error))
		return false;
	n = write(fd, all->data, all->len);
	if (n < 0)
		return lf_throw_errno(error, "cannot write");
	return n == (ssize_t)all->len || lf_throw(error, LF_ERROR_IO, "written only in part");
}

bool lf_efivars_write(int dir_fd, const char *name, const void *data, size_t size, GError **error)
{
	g_autofree char *file = file_name(name);

	make_mutable(dir_fd, file);
	return write_whole(dir_fd, file, data, size, error) ||
	       lf_prefix(error, "the firmware's variable '%s'", name);
}

bool lf_efivars_remove(int dir_fd, const char *name, GError **error)
{
	g_autofree char *file = file_name(name);

	make_mutable(dir_fd, file);
	if (unlinkat(dir_fd, file, 0) < 0)
		return lf_throw_errno(error, "cannot remove the firmware's variable '%s'", name);
	return true;
}

static void close_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

char **lf_efivars_list(int dir_fd, GError **error)
{
	__attribute__((cleanup(close_dir))) DIR *dir = NULL;
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	struct dirent *entry;
	int fd = -1;

	if (!lf_openat(dir_fd, ".", O_RDONLY | O_DIRECTORY, 0, &fd, error))
		return NULL;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return lf_throw_errno_null(error, "cannot list the firmware's variables");
	}
	while ((entry = readdir(dir)) && names->len < MAX_NAMES)
		if (g_str_has_suffix(entry->d_name, GLOBAL_SUFFIX))
			g_ptr_array_add(names,
					g_strndup(entry->d_name,
						  strlen(entry->d_name) - strlen(GLOBAL_SUFFIX)));
	g_ptr_array_add(names, NULL);
	g_ptr_array_set_free_func(names, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
}
