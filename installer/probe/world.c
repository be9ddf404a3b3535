// Reading small files of sysfs and procfs, where what is missing is merely unknown.
// Not here: what the files mean.
#include "installer/probe/world.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "installer/plan/facts.h"

#define MAX_FILE_BYTES 65536
#define MAX_NAMES      4096

#define FORMAT_PATH(path, format)                                                                  \
	do {                                                                                       \
		va_list args_;                                                                     \
		va_start(args_, format);                                                           \
		path = g_strdup_vprintf(format, args_);                                            \
		va_end(args_);                                                                     \
	} while (0)

char *lf_world_text(int root_fd, const char *format, ...)
{
	g_autofree char *path = NULL;
	g_autofree char *raw = NULL;

	FORMAT_PATH(path, format);
	raw = lf_read_text_at(root_fd, path, MAX_FILE_BYTES, NULL);
	return lf_fact_text(raw);
}

GBytes *lf_world_bytes(int root_fd, const char *format, ...)
{
	g_autofree char *path = NULL;

	FORMAT_PATH(path, format);
	return lf_read_file_at(root_fd, path, MAX_FILE_BYTES, NULL);
}

uint64_t lf_world_uint(int root_fd, uint64_t fallback, const char *format, ...)
{
	g_autofree char *path = NULL;
	g_autofree char *raw = NULL;
	guint64 value;

	FORMAT_PATH(path, format);
	raw = lf_read_text_at(root_fd, path, MAX_FILE_BYTES, NULL);
	if (!raw || !g_ascii_string_to_unsigned(raw, 10, 0, G_MAXUINT64, &value, NULL))
		return fallback;
	return value;
}

bool lf_world_has(int root_fd, const char *format, ...)
{
	g_autofree char *path = NULL;
	struct stat info;

	FORMAT_PATH(path, format);
	return fstatat(root_fd, path, &info, 0) == 0;
}

char *lf_world_link(int root_fd, const char *format, ...)
{
	g_autofree char *path = NULL;
	char target[PATH_MAX];
	ssize_t length;

	FORMAT_PATH(path, format);
	length = readlinkat(root_fd, path, target, sizeof target - 1);
	if (length < 0)
		return NULL;
	target[length] = '\0';
	return g_utf8_make_valid(target, -1);
}

static void close_directory(DIR *directory)
{
	closedir(directory);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DIR, close_directory)

static int compare_names(gconstpointer a, gconstpointer b)
{
	return lf_natural_compare(*(char *const *)a, *(char *const *)b);
}

static void read_names(int root_fd, const char *path, GPtrArray *names)
{
	lf_autofd fd = -1;
	g_autoptr(DIR) directory = NULL;
	struct dirent *entry;

	if (!lf_openat(root_fd, path, O_RDONLY | O_DIRECTORY, 0, &fd, NULL))
		return;
	directory = fdopendir(fd);
	if (!directory)
		return;
	lf_steal_fd(&fd);
	while (names->len < MAX_NAMES && (entry = readdir(directory)))
		if (*entry->d_name != '.')
			g_ptr_array_add(names, g_strdup(entry->d_name));
}

char **lf_world_list(int root_fd, const char *format, ...)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *path = NULL;

	FORMAT_PATH(path, format);
	read_names(root_fd, path, names);
	g_ptr_array_sort(names, compare_names);
	g_ptr_array_add(names, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
}
