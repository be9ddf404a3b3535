#pragma once

#include <glib.h>
#include <stdbool.h>

/** LfNear: looks for the known name that was most likely meant. */
typedef struct {
	const char *wanted;
	const char *best;
	size_t distance;
} LfNear;

/** lf_near_init: @wanted: as written; must outlive @near. */
void lf_near_init(LfNear *near, const char *wanted);

/** lf_near_try: @known: a name that could have been meant; must outlive @near. */
void lf_near_try(LfNear *near, const char *known);

/** lf_near_advice: (transfer full) (nullable): "did you mean 'NAME'?", NULL when nothing is near.
 */
char *lf_near_advice(const LfNear *near);
