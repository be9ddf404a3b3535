// When servers count as silent, and for how long that is borne.
// Not here: asking them (payload-store.c), any clock.
#include "installer/apply/payload-silence.h"

// Less in this time is as good as nothing.
#define WINDOW_US    (60 * G_USEC_PER_SEC)
#define ENOUGH_BYTES 4096

void lf_silence_init(LfSilence *silence, gint64 patience_us, gint64 now_us)
{
	*silence = (LfSilence){ .patience_us = patience_us, .heard_us = now_us };
}

// Short ones are every link's own.
static gint64 least_outage_us(const LfSilence *silence)
{
	return MIN(WINDOW_US, silence->patience_us / 4);
}

gint64 lf_silence_whole(LfSilence *silence, gint64 now_us)
{
	gint64 length_us = silence->outage_us ? now_us - silence->outage_us : 0;

	silence->spent_us += length_us;
	silence->outage_us = 0;
	silence->heard_us = now_us;
	silence->new_bytes = 0;
	return length_us;
}

gint64 lf_silence_bytes(LfSilence *silence, uint64_t bytes, gint64 now_us)
{
	if (silence->new_bytes == 0 || now_us - silence->window_us > WINDOW_US) {
		silence->new_bytes = 0;
		silence->window_us = now_us;
	}
	silence->new_bytes += bytes;
	return silence->new_bytes >= ENOUGH_BYTES ? lf_silence_whole(silence, now_us) : 0;
}

LfSilenceState lf_silence_look(LfSilence *silence, gint64 asked_us, gint64 now_us)
{
	gint64 since_us =
		silence->outage_us ? silence->outage_us : MAX(silence->heard_us, asked_us);
	gint64 length_us = now_us - since_us;

	if (silence->spent_us + length_us >= silence->patience_us)
		return LF_SILENCE_TOO_LONG;
	if (silence->outage_us || length_us < least_outage_us(silence))
		return LF_SILENCE_GOES_ON;
	silence->outage_us = since_us;
	return LF_SILENCE_IS_TOLD;
}

bool lf_silence_is_outage(const LfSilence *silence)
{
	return silence->outage_us != 0;
}

gint64 lf_silence_left_us(const LfSilence *silence, gint64 now_us)
{
	gint64 length_us = silence->outage_us ? now_us - silence->outage_us : 0;

	return MAX(silence->patience_us - silence->spent_us - length_us, 0);
}
