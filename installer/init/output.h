#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

/**
 * LfOutput: every console at once, and the log file. A console that is slow gets a queue, one that
 * is stuck loses lines; neither holds the others.
 */
typedef struct LfOutput LfOutput;

/** At most so many consoles are served; the kernel itself allows eight. */
#define LF_MAX_CONSOLES 8

/**
 * lf_console_names:
 * @active: text of /sys/class/tty/console/active, such as "tty0 ttyS0"
 *
 * Returns: (transfer full): device names below /dev; words that are no plain device name are left
 * out; "console" alone when nothing is left.
 */
char **lf_console_names(const char *active);

/**
 * lf_output_new:
 * Opens /dev/NAME below @root_fd for all @names; those that cannot be opened are left out.
 * @mark: (nullable): put into every line of lf_output_say()
 */
LfOutput *lf_output_new(int root_fd, const char *const *names, const char *mark);

/** lf_output_log: (transfer full): also writes to @fd from now on, at most 4 MiB. */
void lf_output_log(LfOutput *output, int fd);

/** lf_output_write: bytes of the installer, as they are. */
void lf_output_write(LfOutput *output, const char *data, size_t size);

/** lf_output_say: one line of init itself, on a line of its own. */
void lf_output_say(LfOutput *output, const char *format, ...) G_GNUC_PRINTF(2, 3);

/** lf_output_polls: fills @polls with the consoles that have something queued; returns how many. */
size_t lf_output_polls(const LfOutput *output, struct pollfd polls[LF_MAX_CONSOLES]);

/** lf_output_drain: writes what the consoles take now. */
void lf_output_drain(LfOutput *output);

/** lf_output_flush: gives the consoles up to @timeout_ms to show everything. */
void lf_output_flush(LfOutput *output, unsigned timeout_ms);

void lf_output_free(LfOutput *output);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfOutput, lf_output_free)
