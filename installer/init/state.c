// What the parts of PID 1 share: its state, the clock, a word on every console.
// Not here: deciding anything.
#include "installer/init/state.h"

#include <string.h>

#include "base/fd.h"

gint64 lf_init_now_ms(void)
{
	return g_get_monotonic_time() / 1000;
}

void lf_init_say_error(LfInit *init, const GError *error)
{
	lf_output_say(init->output, "%s", error->message);
}

void lf_init_write(LfInit *init, const char *path, const char *text)
{
	g_autoptr(GError) error = NULL;

	if (!lf_write_file_at(init->host->root_fd, path, text, strlen(text), 0644, &error))
		lf_init_say_error(init, error);
}

unsigned lf_init_pause_ms(const LfInit *init, unsigned n_failed)
{
	uint32_t random = 0;

	(void)init->host->random(&random, sizeof random);
	return lf_policy_delay_ms(n_failed, random);
}

void lf_init_decide_end(LfInit *init, LfEnd end, gint64 delay_ms)
{
	init->end = end;
	init->end_at_ms = lf_init_now_ms() + delay_ms;
	init->installer.start_at_ms = 0;
}
