#pragma once

#include "base/throw.h"

/**
 * LfDeadline: until when the installer's running step must be through (LF_RUN_DEADLINE).
 * @step: id of the step; NULL: none runs
 * @at_ms: monotonic time
 */
typedef struct {
	char *step;
	gint64 at_ms;
} LfDeadline;

/**
 * lf_deadline_parse:
 * @text: (array length=size): "STEP MILLISECONDS\n"
 * Errors: INPUT when it is not of this form; @ret is untouched then.
 */
bool lf_deadline_parse(const char *text, size_t size, LfDeadline *ret, GError **error);

/**
 * lf_deadline_load: reads LF_RUN_DEADLINE; without that file no step runs. Errors: INPUT, IO.
 */
bool lf_deadline_load(int root_fd, LfDeadline *ret, GError **error);

void lf_deadline_clear(LfDeadline *deadline);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LfDeadline, lf_deadline_clear)
