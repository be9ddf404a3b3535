// Asks time servers as the installer does, but sets no clock: `ask-time HOST…`, "pool:HOST",
// "nts:HOST", "ca:FILE". chronyd is the one in PATH. Not its job: judging.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "installer/net/clock.h"

#define TIMEOUT_MS 4000

static void add(GPtrArray *sources, char *word)
{
	LfTimeSource *source = g_new0(LfTimeSource, 1);

	source->is_pool = g_str_has_prefix(word, "pool:");
	source->is_nts = g_str_has_prefix(word, "nts:");
	source->host = source->is_pool || source->is_nts ? strchr(word, ':') + 1 : word;
	g_ptr_array_add(sources, source);
}

int main(int argc, char **argv)
{
	g_autoptr(GPtrArray) sources = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) error = NULL;
	const char *ca_file = NULL;
	char **command;

	for (int i = 1; i < argc; i++)
		if (g_str_has_prefix(argv[i], "ca:"))
			ca_file = argv[i] + strlen("ca:");
		else
			add(sources, argv[i]);
	command = lf_clock_ntp_argv(sources, ca_file, TIMEOUT_MS, true, &error);
	if (command)
		execvp("chronyd", command);
	fprintf(stderr, "ask-time: %s\n", error ? error->message : "there is no chronyd");
	return 1;
}
