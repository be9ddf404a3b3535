// Fuzzer: any bytes as the kernel's command line, and as the other texts that PID 1 reads.
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/failure.h"
#include "base/host.h"
#include "installer/init/deadline.h"
#include "installer/init/mounts.h"
#include "installer/init/nodes.h"
#include "installer/init/output.h"
#include "installer/init/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// The last of all values is the value; none is longer than the line.
static void try_words(const LfHost *host, const char *name, size_t size)
{
	g_auto(GStrv) values = lf_host_args(host, name);
	g_autofree char *last = lf_host_arg(host, name);
	size_t n = g_strv_length(values);

	g_assert((last == NULL) == (n == 0));
	g_assert(!last || strcmp(last, values[n - 1]) == 0);
	for (size_t i = 0; i < n; i++)
		g_assert(strlen(values[i]) <= size);
}

static void try_consoles(const char *text)
{
	g_auto(GStrv) names = lf_console_names(text);
	size_t n = g_strv_length(names);

	g_assert(n > 0 && n <= LF_MAX_CONSOLES);
	for (size_t i = 0; i < n; i++)
		g_assert(*names[i] && !strchr(names[i], '/'));
}

// What was understood means the same when it is written and read again.
static void try_wish(const char *text, size_t size)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *again = NULL;
	LfFailureWish wish, back;

	if (!lf_failure_parse(text, size, &wish, &error)) {
		g_assert(error);
		return;
	}
	again = lf_failure_text(&wish);
	g_assert(lf_failure_parse(again, strlen(again), &back, NULL));
	g_assert(wish.has_action == back.has_action && wish.max_retries == back.max_retries);
	g_assert(!wish.has_action || wish.action == back.action);
}

static void try_deadline(const char *text, size_t size)
{
	g_auto(LfDeadline) deadline = { NULL, 0 };

	if (lf_deadline_parse(text, size, &deadline, NULL))
		g_assert(*deadline.step && !strpbrk(deadline.step, "/ \n") && deadline.at_ms > 0);
	else
		g_assert(!deadline.step);
}

static void try_tables(const char *text)
{
	g_auto(GStrv) mounts = lf_mounts_parse(text);
	g_autoptr(GPtrArray) nodes = lf_nodes_parse(text);

	for (char **mount = mounts; *mount; mount++)
		g_assert(**mount == '/');
	for (guint i = 0; i < nodes->len; i++) {
		const LfNode *node = nodes->pdata[i];
		g_autofree char *path = g_strconcat("/dev/", node->name, NULL);
		g_autofree char *plain = g_canonicalize_filename(path, "/");

		g_assert(strcmp(path, plain) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "landfall.debug", "landfall.events", "quiet", "a",
					     "" };
	g_autofree char *text = g_strndup((const char *)data, size);
	LfHost host = { .root_fd = -1, .cmdline = text };
	g_autoptr(GError) error = NULL;
	LfEnd end;

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		try_words(&host, names[i], size);
	try_consoles(text);
	try_wish((const char *)data, size);
	try_deadline((const char *)data, size);
	try_tables(text);
	g_assert(lf_finish_parse((const char *)data, size, &end, &error) == (error == NULL));
	return 0;
}
