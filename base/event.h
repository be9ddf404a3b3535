#pragma once

#include "base/throw.h"

#include <jansson.h>
#include <stdint.h>

/**
 * The event stream: what a Landfall program tells while it works. One event is one value; the line
 * on a VGA console with its bar, the plain line on a serial console and the JSON line are
 * renderings of it. The JSON members are documented in docs/formats.md.
 */

typedef enum {
	LF_EVENT_STARTED,
	LF_EVENT_PROGRESS,
	LF_EVENT_DONE,
	LF_EVENT_FAILED,
	LF_EVENT_NOTE, /* something worth knowing that is neither progress nor failure: warnings */
} LfEventState;

/**
 * LfEvent:
 * @step: stable id such as "payload.pull"; the whole run is "install"
 * @title: (nullable): what a person reads; NULL is the step's id
 * @message: (nullable): detail for people (of notes, always)
 * @bytes, @total: progress; 0 when unknown
 * @error: (nullable): for FAILED
 * @next: (nullable): what the machine does now: "retry", "reboot", "poweroff", "halt", "continue"
 * @data: (nullable): a JSON object with step-specific members, printed as "data"
 */
typedef struct {
	const char *step;
	LfEventState state;
	const char *title;
	const char *message;
	uint64_t bytes;
	uint64_t total;
	const GError *error;
	const char *next;
	json_t *data;
} LfEvent;

/**
 * LfEventSource: who is speaking; copied into every JSON line.
 * @boot_id: random id of this boot (kernel's)
 * @serial, @uuid, @mac: (nullable): of the machine
 */
typedef struct {
	const char *boot_id;
	const char *serial;
	const char *uuid;
	const char *mac;
} LfEventSource;

typedef enum {
	LF_SINK_TERMINAL, /* a person's screen: bar redrawn in place, colours */
	LF_SINK_PLAIN,	  /* serial console or log file: one line per event (a note: one for each of
			     its lines), progress at each tenth */
	LF_SINK_JSON,	  /* one JSON object per line */
} LfSinkKind;

/** LfEvents: may be used from several threads. */
typedef struct LfEvents LfEvents;

/**
 * LfEventListener: sees each event after the sinks, in order. It must be quick and must not call
 * any function of these events.
 * @line: (array length=size): its JSON line with the line feed
 */
typedef void (*LfEventListener)(const LfEvent *event, const char *line, size_t size,
				void *user_data);

/** lf_events_new: no sinks yet. @now_ms: clock used for the "time" member. */
LfEvents *lf_events_new(uint64_t (*now_ms)(void));

/** lf_events_set_source: copies. Members of earlier events are not changed. */
void lf_events_set_source(LfEvents *events, const LfEventSource *source);

/**
 * lf_events_set_seq:
 * @last: the next event's `seq` is at least one more than this. A program that goes on in the same
 * boot says so what was used before it.
 */
void lf_events_set_seq(LfEvents *events, uint64_t last);

/** lf_events_seq: `seq` of the last event; 0 before the first. */
uint64_t lf_events_seq(LfEvents *events);

/** lf_events_mark: a short text put into every event from now on, such as "debug shell enabled". */
void lf_events_mark(LfEvents *events, const char *mark);

/**
 * lf_events_add_sink:
 * @fd: (transfer full): closed with @events. Writes never block the caller for long and never fail
 * it: a sink that cannot take a line loses it.
 */
void lf_events_add_sink(LfEvents *events, LfSinkKind kind, int fd);

/**
 * lf_events_listen: @call is called for every event from now on.
 * @destroy: (nullable): called with @user_data when the listener goes, at the latest with @events
 */
void lf_events_listen(LfEvents *events, LfEventListener call, void *user_data,
		      GDestroyNotify destroy);

/** lf_events_unlisten: when this returns, @call is not running and will not be called again. */
void lf_events_unlisten(LfEvents *events, LfEventListener call, void *user_data);

/** lf_events_emit: renders @event on every sink. Progress is thinned out to at most five a second.
 */
void lf_events_emit(LfEvents *events, const LfEvent *event);

/** lf_events_note: a NOTE in one call. */
void lf_events_note(LfEvents *events, const char *step, const char *format, ...)
	G_GNUC_PRINTF(3, 4);

/** lf_event_to_json: (transfer full): the documented object, as if @event came next. */
json_t *lf_event_to_json(LfEvents *events, const LfEvent *event);

void lf_events_free(LfEvents *events);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfEvents, lf_events_free)
