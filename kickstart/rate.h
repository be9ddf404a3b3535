#pragma once

#include <stdbool.h>
#include <stdint.h>

/** What to write for a limit. */
#define LF_RATE_ADVICE "write at least '8kbit' and at most '1000gbit'"

/**
 * lf_rate_parse:
 * @text: such as "20mbit": a number and bit, kbit, mbit or gbit, in a second
 * @ret_bytes_per_s: (out): untouched when it is none
 *
 * Returns: whether it is a rate to work with: from 8kbit to 1000gbit
 */
bool lf_rate_parse(const char *text, uint64_t *ret_bytes_per_s);
