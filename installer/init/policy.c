// What the installer's end means: its class, its instruction, the pause before the next try.
// Not here: what follows a failure (base/failure.c), carrying it out (init.c).
#include "installer/init/policy.h"

#include <string.h>
#include <sys/wait.h>

#define FIRST_DELAY_MS 4000
#define MAX_DELAY_MS   300000

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

// A link that is too slow for the step's deadline is no bug: it may heal.
static bool waits_for_servers(const char *step)
{
	static const char *const steps[] = { "network.start", "profile.load", "payload.open",
					     "check.payload", "payload.pull", NULL };

	return step && g_strv_contains(steps, step);
}

const LfErrorClass *lf_policy_class(int wait_status, const char *hung_step)
{
	g_autoptr(GError) outage = NULL;
	const LfErrorClass *class = NULL;

	if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0)
		return NULL;
	if (WIFEXITED(wait_status))
		class = lf_error_class_by_status(WEXITSTATUS(wait_status));
	else if (waits_for_servers(hung_step) && !lf_throw(&outage, LF_ERROR_NETWORK, "hung"))
		class = lf_error_class(outage);
	return class ? class : lf_error_class(NULL);
}

unsigned lf_policy_delay_ms(unsigned attempt, uint32_t random)
{
	unsigned delay_ms = FIRST_DELAY_MS;

	for (unsigned i = 1; i < attempt && delay_ms < MAX_DELAY_MS; i++)
		delay_ms *= 2;
	delay_ms = MIN(delay_ms, MAX_DELAY_MS);
	return delay_ms / 2 + random % (delay_ms / 2 + 1);
}
