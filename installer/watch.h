#pragma once

#include "base/event.h"
#include "base/host.h"

/**
 * LfWatch: what tells landfall-init until when the running step must be through (LF_RUN_DEADLINE).
 * @events: (nullable): is told when that cannot be written
 */
typedef struct {
	const LfHost *host;
	LfEvents *events;
} LfWatch;

/**
 * lf_watch_set: @step begins now and has @deadline_s seconds; 0: it is over. @watch is an LfWatch.
 * Does nothing where no landfall-init works. Fits LfInstall.watch.
 */
void lf_watch_set(const char *step, unsigned deadline_s, void *watch);
