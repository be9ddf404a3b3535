#pragma once

#include "base/throw.h"

#include <stdint.h>

/**
 * LfHost: the machine as a program sees it. Everything read from the world goes through it, so that
 * a test can put a directory tree, a command line and a clock of its own in its place.
 * @root_fd: directory that stands for "/"; /proc, /sys, /dev, /run are looked up below it
 * @cmdline: kernel command line, with what the seed appended to it
 * @now_ms: wall clock, milliseconds since 1970
 * @random: fills bytes with randomness; false when there is none
 */
typedef struct {
	int root_fd;
	char *cmdline;
	uint64_t (*now_ms)(void);
	bool (*random)(void *bytes, size_t size);
} LfHost;

/**
 * lf_host_new:
 * @root: directory that stands for "/"
 * Reads proc/cmdline below @root (absent: empty) and run/landfall/cmdline (what the seed appends).
 * Throws IO.
 */
LfHost *lf_host_new(const char *root, GError **error);
void lf_host_free(LfHost *host);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfHost, lf_host_free)

/**
 * lf_host_arg:
 * @name: such as "landfall.debug"
 * Returns: (transfer full) (nullable): the last value of `name=value` on the command line, "" for a
 * bare `name`, NULL when absent. Double quotes around a value are understood as the kernel does.
 */
char *lf_host_arg(const LfHost *host, const char *name);

/** lf_host_args: (transfer full): all values of @name in their order; never NULL. */
char **lf_host_args(const LfHost *host, const char *name);

/**
 * lf_host_next_word:
 * @cursor: (inout): where in the text of a command line to begin; then behind the word
 *
 * Takes the next word as the kernel cuts them: at white space, but not between double quotes, which
 * are removed (`a="x y"` is the word `a=x y`). An open quote reaches to the text's end.
 * Returns: (transfer full) (nullable): the word, NULL at the end
 */
char *lf_host_next_word(const char **cursor);

/**
 * lf_host_wait_devices:
 * @timeout_ms: how long at most
 *
 * Waits until init has shown every device to udev once (LF_RUN_DEVICES). Returns at once where no
 * landfall-init works, as on an operator's desk.
 *
 * Errors: TARGET when the time is over; the devices found so far can be used all the same.
 */
bool lf_host_wait_devices(const LfHost *host, unsigned timeout_ms, GError **error);
