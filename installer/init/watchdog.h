#pragma once

#include "installer/init/policy.h"

/**
 * LfWatchdog: the machine's hardware watchdog, if it has one. While PID 1 lives it is fed; when
 * PID 1 hangs, the hardware starts the machine again.
 */
typedef struct {
	int fd;		      /* -1: none, or not there yet */
	unsigned timeout_s;   /* what the hardware took */
	gint64 feed_at_ms;    /* when it is fed, or looked for, next; monotonic; 0: never */
	gint64 give_up_at_ms; /* until when it is looked for */
} LfWatchdog;

/**
 * lf_watchdog_init:
 * @argument: (nullable): value of `landfall.watchdog=`: "off", or seconds
 * Drivers come with the devices, so that it is looked for again and again for some minutes.
 */
void lf_watchdog_init(LfWatchdog *watchdog, const char *argument, gint64 now_ms);

/**
 * lf_watchdog_tick: feeds it, or looks for it, when that is due.
 * @ret_found: (out): whether it was found just now
 */
void lf_watchdog_tick(LfWatchdog *watchdog, int root_fd, gint64 now_ms, bool *ret_found);

/**
 * lf_watchdog_end: before a reboot it gets ten minutes, so that a reboot that hangs is ended too;
 * before anything else it is switched off.
 */
void lf_watchdog_end(LfWatchdog *watchdog, LfEndAction action);
