#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/**
 * LfSilence: how long servers have sent next to nothing, and whether that is too long. What they
 * send in drops is silence too: it would take weeks. Times come in, of the monotonic clock.
 * Not thread-safe.
 */
typedef struct {
	/*< private >*/
	gint64 patience_us;
	gint64 spent_us;    /* by outages that have ended */
	gint64 heard_us;    /* when servers last sent enough */
	gint64 window_us;   /* when bytes were counted from 0 */
	gint64 outage_us;   /* since when nothing comes; 0: no outage */
	uint64_t new_bytes; /* since window_us */
} LfSilence;

typedef enum {
	LF_SILENCE_GOES_ON,  /* or there is none */
	LF_SILENCE_IS_TOLD,  /* it is an outage from now on */
	LF_SILENCE_TOO_LONG, /* the patience is spent */
} LfSilenceState;

/** lf_silence_init: @patience_us: of all outages together */
void lf_silence_init(LfSilence *silence, gint64 patience_us, gint64 now_us);

/** lf_silence_bytes: some came. Returns: how long the outage was that ends here; 0: none ends. */
gint64 lf_silence_bytes(LfSilence *silence, uint64_t bytes, gint64 now_us);

/** lf_silence_whole: something came as a whole: that is enough, however short. Returns: the same */
gint64 lf_silence_whole(LfSilence *silence, gint64 now_us);

/** lf_silence_is_outage: whether one was told and has not ended. */
bool lf_silence_is_outage(const LfSilence *silence);

/** lf_silence_left_us: how much of the patience is left. */
gint64 lf_silence_left_us(const LfSilence *silence, gint64 now_us);

/** lf_silence_look: @asked_us: since when somebody has waited: before that servers had no reason to
 * send */
LfSilenceState lf_silence_look(LfSilence *silence, gint64 asked_us, gint64 now_us);
