// The machine as a program sees it: root directory, kernel command line, clock, randomness.
// Not here: facts about disks and firmware (installer/probe).
#include "base/host.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/random.h>

#include "base/fd.h"
#include "base/runtime.h"

#define MAX_CMDLINE_BYTES 65536

static uint64_t real_now_ms(void)
{
	return (uint64_t)(g_get_real_time() / 1000);
}

static bool real_random(void *bytes, size_t size)
{
	return getrandom(bytes, size, 0) == (ssize_t)size;
}

static char *read_or_empty(int root_fd, const char *path)
{
	char *text = lf_read_text_at(root_fd, path, MAX_CMDLINE_BYTES, NULL);

	return text ? text : g_strdup("");
}

LfHost *lf_host_new(const char *root, GError **error)
{
	g_autoptr(LfHost) host = g_new0(LfHost, 1);
	g_autofree char *kernel = NULL;
	g_autofree char *appended = NULL;

	*host = (LfHost){ -1, NULL, real_now_ms, real_random };
	if (!lf_openat(AT_FDCWD, root, O_PATH | O_DIRECTORY, 0, &host->root_fd, error))
		return NULL;
	kernel = read_or_empty(host->root_fd, "proc/cmdline");
	appended = read_or_empty(host->root_fd, LF_RUN_CMDLINE);
	host->cmdline = g_strjoin(" ", kernel, appended, NULL);
	return g_steal_pointer(&host);
}

void lf_host_free(LfHost *host)
{
	if (!host)
		return;
	lf_close_fd(&host->root_fd);
	g_free(host->cmdline);
	g_free(host);
}

char *lf_host_next_word(const char **cursor)
{
	g_autoptr(GString) word = g_string_new(NULL);
	const char *c = *cursor;
	bool is_quoted = false;

	while (g_ascii_isspace(*c))
		c++;
	if (*c == '\0')
		return NULL;
	for (; *c && (is_quoted || !g_ascii_isspace(*c)); c++) {
		if (*c == '"')
			is_quoted = !is_quoted;
		else
			g_string_append_c(word, *c);
	}
	*cursor = c;
	return g_string_free(g_steal_pointer(&word), FALSE);
}

char **lf_host_args(const LfHost *host, const char *name)
{
	g_autoptr(GPtrArray) values = g_ptr_array_new();
	const char *cursor = host->cmdline;
	size_t length = strlen(name);
	char *word;

	while ((word = lf_host_next_word(&cursor))) {
		if (strncmp(word, name, length) == 0 && (word[length] == '=' || !word[length]))
			g_ptr_array_add(values, g_strdup(word + length + (word[length] == '=')));
		g_free(word);
	}
	g_ptr_array_add(values, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&values), FALSE);
}

char *lf_host_arg(const LfHost *host, const char *name)
{
	g_auto(GStrv) values = lf_host_args(host, name);
	guint n = g_strv_length(values);

	return n > 0 ? g_strdup(values[n - 1]) : NULL;
}

static bool exists_at(int root_fd, const char *path)
{
	return faccessat(root_fd, path, F_OK, 0) == 0;
}

bool lf_host_wait_devices(const LfHost *host, unsigned timeout_ms, GError **error)
{
	gint64 deadline_us = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
	g_autofree char *dir = g_strdup_printf("/proc/self/fd/%d/" LF_RUN_DIR, host->root_fd);
	lf_autofd watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char events[4096];

	if (!exists_at(host->root_fd, LF_RUN_INIT))
		return true;
	if (watch < 0 || inotify_add_watch(watch, dir, IN_CREATE | IN_MOVED_TO) < 0)
		return lf_throw_errno(error, "cannot watch '/" LF_RUN_DIR "'");
	while (!exists_at(host->root_fd, LF_RUN_DEVICES)) {
		gint64 left_ms = (deadline_us - g_get_monotonic_time()) / 1000;
		struct pollfd item = { watch, POLLIN, 0 };

		if (left_ms <= 0)
			return lf_throw(error, LF_ERROR_TARGET,
					"the devices were not all found within %u s",
					timeout_ms / 1000);
		if (poll(&item, 1, (int)MIN(left_ms, 1000)) > 0)
			(void)TEMP_FAILURE_RETRY(read(watch, events, sizeof events));
	}
	return true;
}
