#pragma once

#include "base/json.h"

/** LfPlace: where in which file; line and column count from 1, 0 is unknown. @file is interned
 * text. */
typedef struct {
	const char *file;
	unsigned line;
	unsigned column;
} LfPlace;

typedef enum { LF_SEVERITY_ERROR, LF_SEVERITY_WARNING } LfSeverity;

/**
 * LfDiagnostic: one finding.
 * @code: stable id such as "unknown-option" (interned)
 * @message: what is wrong
 * @advice: (nullable): what to write instead
 */
typedef struct {
	LfPlace place;
	LfSeverity severity;
	const char *code;
	char *message;
	char *advice;
} LfDiagnostic;

/** LfDiagnostics: all findings in the order of the text; at most 200 are kept, the rest is counted.
 */
typedef struct LfDiagnostics LfDiagnostics;

LfDiagnostics *lf_diagnostics_new(void);
void lf_diagnostics_free(LfDiagnostics *diagnostics);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfDiagnostics, lf_diagnostics_free)

/** lf_diagnostics_add: @advice is (nullable). The message follows printf. */
void lf_diagnostics_add(LfDiagnostics *diagnostics, LfSeverity severity, const LfPlace *place,
			const char *code, const char *advice, const char *format, ...)
	G_GNUC_PRINTF(6, 7);

size_t lf_diagnostics_count(const LfDiagnostics *diagnostics, LfSeverity severity);
/** lf_diagnostics_count_unsupported: how many of the errors are of the kind "unsupported-…". */
size_t lf_diagnostics_count_unsupported(const LfDiagnostics *diagnostics);
/** lf_diagnostics_has_room: would one more finding be kept? Advice for one that is not is wasted
 * work. */
bool lf_diagnostics_has_room(const LfDiagnostics *diagnostics);

/** lf_diagnostics_get: (transfer none) (nullable): the finding number @index, NULL past the end. */
const LfDiagnostic *lf_diagnostics_get(const LfDiagnostics *diagnostics, size_t index);

/** lf_diagnostic_text: (transfer full): "file:line:column: error: what — what to write instead". */
char *lf_diagnostic_text(const LfDiagnostic *diagnostic);

/**
 * lf_diagnostics_sort:
 * @first: findings before this index keep their places
 * @rank: where in the text a place is; equal ranks keep their order
 */
void lf_diagnostics_sort(LfDiagnostics *diagnostics, size_t first,
			 uint64_t (*rank)(const LfPlace *place, void *user_data), void *user_data);

/**
 * lf_diagnostics_to_json: (transfer full): an array of objects with "file", "line", "column",
 * "severity" ("error" or "warning"), "code", "message" and, where there is one, "advice"
 * (docs/formats.md). Line and column are 0 when unknown.
 */
json_t *lf_diagnostics_to_json(const LfDiagnostics *diagnostics);
