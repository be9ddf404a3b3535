// Words for sizes and places, as all messages of the plan use them.
// Not here: what is said (the callers), how it is shown (base/event).
#include "installer/plan/text.h"

char *lf_size_text(uint64_t size_bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	size_t unit = 0;
	uint64_t whole = size_bytes;
	uint64_t rest = 0;

	while (whole >= 1024 && unit + 1 < G_N_ELEMENTS(units)) {
		rest = whole % 1024;
		whole /= 1024;
		unit++;
	}
	if (unit < 3)
		return g_strdup_printf("%" G_GUINT64_FORMAT "%s %s", whole, rest >= 512 ? ".5" : "",
				       units[unit]);
	// Cut, not rounded: a disk is never said to be larger than it is.
	return g_strdup_printf("%" G_GUINT64_FORMAT ".%u %s", whole, (unsigned)(rest * 10 / 1024),
			       units[unit]);
}

char *lf_duration_text(unsigned seconds)
{
	unsigned minutes = seconds / 60 + (seconds % 60 != 0);

	if (seconds < 60)
		return g_strdup_printf("%u s", seconds);
	if (minutes < 60)
		return g_strdup_printf("%u min", minutes);
	if (minutes % 60 == 0)
		return g_strdup_printf("%u h", minutes / 60);
	return g_strdup_printf("%u h %u min", minutes / 60, minutes % 60);
}

bool lf_prefix_at(GError **error, const LfPlace *place)
{
	if (!place || !place->file || place->line == 0)
		return false;
	return lf_prefix(error, "%s:%u", place->file, place->line);
}

bool lf_throw_at(GError **error, LfErrorCode code, const LfPlace *place, const char *format, ...)
{
	g_autofree char *message = NULL;
	va_list args;

	va_start(args, format);
	message = g_strdup_vprintf(format, args);
	va_end(args);
	lf_throw(error, code, "%s", message);
	return lf_prefix_at(error, place);
}
