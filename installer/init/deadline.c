// The running step's deadline, as the installer leaves it in a file.
// Not here: what happens when it is over (init.c), which step gets how long (installer/apply).
#include "installer/init/deadline.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/runtime.h"

#define MAX_BYTES 256

void lf_deadline_clear(LfDeadline *deadline)
{
	g_clear_pointer(&deadline->step, g_free);
	deadline->at_ms = 0;
}

static bool is_step(const char *text)
{
	return *text && text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789.-")] == '\0';
}

bool lf_deadline_parse(const char *text, size_t size, LfDeadline *ret, GError **error)
{
	g_autofree char *copy = g_strndup(text, size);
	g_auto(GStrv) words = g_strsplit(g_strchomp(copy), " ", 3);
	guint64 at_ms;

	if (g_strv_length(words) != 2 || !is_step(words[0]) ||
	    !g_ascii_string_to_unsigned(words[1], 10, 1, G_MAXINT64, &at_ms, NULL))
		return lf_throw(error, LF_ERROR_INPUT,
				"'/" LF_RUN_DEADLINE "' is not of the form 'STEP MILLISECONDS'");
	ret->step = g_strdup(words[0]);
	ret->at_ms = (gint64)at_ms;
	return true;
}

bool lf_deadline_load(int root_fd, LfDeadline *ret, GError **error)
{
	g_autoptr(GBytes) bytes = NULL;
	const char *text;
	gsize size;

	*ret = (LfDeadline){ NULL, 0 };
	if (faccessat(root_fd, LF_RUN_DEADLINE, F_OK, 0) < 0)
		return true;
	bytes = lf_read_file_at(root_fd, LF_RUN_DEADLINE, MAX_BYTES, error);
	if (!bytes)
		return false;
	text = g_bytes_get_data(bytes, &size);
	return lf_deadline_parse(text, size, ret, error);
}
