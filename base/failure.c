// What follows a failed installation: the profile's wish as a file, and the rule that heeds it.
// Not here: pauses between tries and the machine's end (installer/init).
#include "base/failure.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/runtime.h"

#define MAX_WISH_BYTES 256
#define MAX_WORDS      16
#define MAX_RETRIES    1000

static const char *const action_names[] = {
	[LF_END_REBOOT] = "reboot",
	[LF_END_POWEROFF] = "poweroff",
	[LF_END_HALT] = "halt",
};

const char *lf_end_name(LfEndAction action)
{
	return action_names[action];
}

bool lf_end_action(const char *name, LfEndAction *ret)
{
	for (size_t i = 0; i < G_N_ELEMENTS(action_names); i++) {
		if (!g_str_equal(name, action_names[i]))
			continue;
		*ret = (LfEndAction)i;
		return true;
	}
	return false;
}

static bool take_word(const char *word, LfFailureWish *wish)
{
	guint64 retries;

	if (!wish->has_action && lf_end_action(word, &wish->action)) {
		wish->has_action = true;
		return true;
	}
	if (wish->max_retries >= 0 || !g_str_has_prefix(word, "retry=") ||
	    !g_ascii_string_to_unsigned(word + strlen("retry="), 10, 0, MAX_RETRIES, &retries,
					NULL))
		return false;
	wish->max_retries = (int64_t)retries;
	return true;
}

bool lf_failure_parse(const char *text, size_t size, LfFailureWish *ret, GError **error)
{
	g_autofree char *copy = g_strndup(text, size);
	g_auto(GStrv) words = g_strsplit_set(copy, " \t\r\n", MAX_WORDS);
	LfFailureWish wish = LF_FAILURE_NO_WISH;

	for (size_t i = 0; words[i]; i++)
		if (*words[i] && !take_word(words[i], &wish))
			return lf_throw(error, LF_ERROR_INPUT,
					"'/" LF_RUN_ONFAILURE "' says '%.32s': write reboot, "
					"poweroff or halt, and perhaps retry=N",
					words[i]);
	*ret = wish;
	return true;
}

char *lf_failure_text(const LfFailureWish *wish)
{
	g_autoptr(GString) text = g_string_new(NULL);

	if (wish->has_action)
		g_string_append(text, lf_end_name(wish->action));
	if (wish->max_retries >= 0)
		g_string_append_printf(text, "%sretry=%" G_GINT64_FORMAT, text->len ? " " : "",
				       wish->max_retries);
	g_string_append_c(text, '\n');
	return g_string_free(g_steal_pointer(&text), FALSE);
}

bool lf_failure_load(int root_fd, LfFailureWish *ret, GError **error)
{
	g_autoptr(GBytes) bytes = NULL;
	const char *text;
	gsize size;

	*ret = LF_FAILURE_NO_WISH;
	if (faccessat(root_fd, LF_RUN_ONFAILURE, F_OK, 0) < 0)
		return true;
	bytes = lf_read_file_at(root_fd, LF_RUN_ONFAILURE, MAX_WISH_BYTES, error);
	if (!bytes)
		return false;
	text = g_bytes_get_data(bytes, &size);
	return lf_failure_parse(text, size, ret, error);
}

LfTries lf_tries_parse(const char *text)
{
	g_auto(GStrv) words = g_strsplit(text, " ", 3);
	guint64 attempt = 0, outages = 0;

	if (!words[0] || !words[1] || words[2] ||
	    !g_ascii_string_to_unsigned(words[0], 10, 1, G_MAXUINT32, &attempt, NULL) ||
	    !g_ascii_string_to_unsigned(words[1], 10, 0, attempt - 1, &outages, NULL))
		return (LfTries){ 1, 0 };
	return (LfTries){ (unsigned)attempt, (unsigned)outages };
}

char *lf_tries_text(LfTries tries)
{
	return g_strdup_printf("%u %u", tries.attempt, tries.outages);
}

LfTries lf_tries_load(int root_fd)
{
	g_autofree char *text = lf_read_text_at(root_fd, LF_RUN_ATTEMPT, 64, NULL);

	return lf_tries_parse(text ? g_strchomp(text) : "");
}

bool lf_failure_retries(const LfErrorClass *class, const LfFailureWish *wish, LfTries tries)
{
	int64_t allowed = wish->max_retries >= 0 ? wish->max_retries : class->max_retries;
	unsigned counted = tries.attempt - (class->max_retries < 0 ? 0 : tries.outages);

	return allowed < 0 || (int64_t)counted <= allowed;
}

LfEndAction lf_failure_action(const LfFailureWish *wish, const char *argument)
{
	LfEndAction action = LF_END_POWEROFF;

	if (wish->has_action)
		return wish->action;
	if (argument)
		(void)lf_end_action(argument, &action);
	return action;
}

bool lf_failure_ejects(LfEndAction action)
{
	return action == LF_END_REBOOT;
}
