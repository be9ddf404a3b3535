#pragma once

#include "base/host.h"
#include "installer/init/output.h"
#include "installer/init/policy.h"
#include "installer/init/watchdog.h"

#include <sys/types.h>

/** LfWatched: a process that is started again when it ends. */
typedef struct {
	pid_t pid;	    /* 0: not running */
	gint64 start_at_ms; /* 0: is not to be started */
	unsigned starts;
	unsigned refusals; /* there could be no process, so often since the last start */
} LfWatched;

/**
 * LfInit: everything PID 1 knows. There is one.
 */
typedef struct {
	LfHost *host;
	LfOutput *output;
	char **consoles;
	int signal_fd;
	int notify_fd;
	int pipe_read, pipe_write; /* what the children say */
	LfWatched installer, udev, coldplug, remote_help;
	LfWatched shells[LF_MAX_CONSOLES];
	bool is_debug;
	LfWatchdog watchdog;
	gint64 look_at_ms;   /* when the step's deadline is looked at next; 0: never */
	gint64 killed_at_ms; /* 0: the installer was not killed */
	bool is_farewell;    /* the installer runs once more, only to report how it ended */
	unsigned outages;    /* starts that ended with a class that is tried again for ever */
	char *hung_step;     /* why it was killed */
	LfEnd end;
	gint64 end_at_ms; /* 0: not decided yet */
} LfInit;

/** lf_init_now_ms: the monotonic clock. */
gint64 lf_init_now_ms(void);

/** lf_init_say_error: a line on every console. */
void lf_init_say_error(LfInit *init, const GError *error);

/** lf_init_write: writes a file of LF_RUN_DIR; a failure is said. */
void lf_init_write(LfInit *init, const char *path, const char *text);

/** lf_init_pause_ms: doubles with each failure, so that nothing is tried every second for ever. */
unsigned lf_init_pause_ms(const LfInit *init, unsigned n_failed);

/** lf_init_decide_end: the machine ends as @end says, @delay_ms from now. */
void lf_init_decide_end(LfInit *init, LfEnd end, gint64 delay_ms);
