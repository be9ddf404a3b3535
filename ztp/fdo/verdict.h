#pragma once

#include "base/json.h"

/**
 * LfVerdictState:
 * @LF_VERDICT_OK: checked, and right
 * @LF_VERDICT_BAD: checked, and wrong
 * @LF_VERDICT_OPEN: cannot be checked here; the detail says what would be needed
 */
typedef enum {
	LF_VERDICT_OK,
	LF_VERDICT_BAD,
	LF_VERDICT_OPEN,
} LfVerdictState;

/** LfVerdict: @check: what was looked at: "entry 2: signature"; @detail: (nullable): why */
typedef struct {
	char *check;
	LfVerdictState state;
	char *detail;
} LfVerdict;

/** lf_verdicts_new: (transfer full) (element-type LfVerdict) */
GPtrArray *lf_verdicts_new(void);

/** lf_verdicts_add: @detail: (nullable); texts are copied. */
void lf_verdicts_add(GPtrArray *verdicts, LfVerdictState state, const char *check,
		     const char *detail);

/** lf_verdicts_add_bool: OK without detail, or BAD with it. */
void lf_verdicts_add_bool(GPtrArray *verdicts, bool is_good, const char *check, const char *detail);

size_t lf_verdicts_count(const GPtrArray *verdicts, LfVerdictState state);

/** lf_verdict_state_name: "ok", "bad", "open" */
const char *lf_verdict_state_name(LfVerdictState state);

/** lf_verdicts_to_json: (transfer full): array of {check, verdict, detail}. */
json_t *lf_verdicts_to_json(const GPtrArray *verdicts);
