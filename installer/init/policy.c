// What follows the installer's end: instruction, retry with back-off, or the failure's end.
// Not here: carrying it out.
#include "installer/init/policy.h"

#include <string.h>
#include <sys/wait.h>

#define FIRST_DELAY_MS 4000
#define MAX_DELAY_MS   300000

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

bool lf_finish_parse(const char *text, size_t size, LfEnd *ret, GError **error)
{
	g_autofree char *copy = g_strndup(text, size);
	g_auto(GStrv) words = g_strsplit_set(copy, " \t\r\n", 16);
	LfEnd end = { LF_END_HALT, false };
	bool has_action = false;

	for (size_t i = 0; words[i]; i++) {
		if (*words[i] == '\0')
			continue;
		if (g_str_equal(words[i], "eject"))
			end.wants_eject = true;
		else if (!has_action && lf_end_action(words[i], &end.action))
			has_action = true;
		else
			return lf_throw(error, LF_ERROR_INPUT,
					"the finish file says '%.32s': write reboot, poweroff or "
					"halt, and perhaps eject",
					words[i]);
	}
	if (!has_action)
		return lf_throw(error, LF_ERROR_INPUT,
				"the finish file names no action: write reboot, poweroff or halt");
	*ret = end;
	return true;
}

const LfErrorClass *lf_policy_class(int wait_status)
{
	const LfErrorClass *class = NULL;

	if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0)
		return NULL;
	if (WIFEXITED(wait_status))
		class = lf_error_class_by_status(WEXITSTATUS(wait_status));
	return class ? class : lf_error_class(NULL);
}

bool lf_policy_retries(const LfErrorClass *class, unsigned attempt)
{
	return class->max_retries < 0 || attempt <= (unsigned)class->max_retries;
}

unsigned lf_policy_delay_ms(unsigned attempt, uint32_t random)
{
	unsigned delay_ms = FIRST_DELAY_MS;

	for (unsigned i = 1; i < attempt && delay_ms < MAX_DELAY_MS; i++)
		delay_ms *= 2;
	delay_ms = MIN(delay_ms, MAX_DELAY_MS);
	return delay_ms / 2 + random % (delay_ms / 2 + 1);
}
