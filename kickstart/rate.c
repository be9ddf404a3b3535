// Bandwidth limits as people write them.
// Not here: the lines and options that take one (site.c, landfall-installer's command line).
#include "kickstart/rate.h"

#include "kickstart/shape.h"

/* Bits per second. */
#define LEAST_RATE UINT64_C(8000)
#define MOST_RATE  UINT64_C(1000000000000)

static const struct {
	const char *unit;
	uint64_t bits;
} units[] = {
	{ "bit", 1 },
	{ "kbit", 1000 },
	{ "mbit", 1000000 },
	{ "gbit", 1000000000 },
};

/* @text fits LF_SHAPE_RATE: twelve digits at most, then one of the units. */
static uint64_t bits_of(const char *text)
{
	char *unit;
	uint64_t number = g_ascii_strtoull(text, &unit, 10);

	for (size_t i = 0; i < G_N_ELEMENTS(units); i++)
		if (g_ascii_strcasecmp(units[i].unit, unit) == 0)
			return number > MOST_RATE / units[i].bits ? UINT64_MAX
								  : number * units[i].bits;
	return 0;
}

bool lf_rate_parse(const char *text, uint64_t *ret_bytes_per_s)
{
	uint64_t bits = lf_shape_fits(LF_SHAPE_RATE, text) ? bits_of(text) : 0;

	if (bits < LEAST_RATE || bits > MOST_RATE)
		return false;
	*ret_bytes_per_s = bits / 8;
	return true;
}
