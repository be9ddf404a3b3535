// What was checked, and how it came out.
// Not here: the checks.
#include "ztp/fdo/verdict.h"

static void free_verdict(void *data)
{
	LfVerdict *verdict = data;

	g_free(verdict->check);
	g_free(verdict->detail);
	g_free(verdict);
}

GPtrArray *lf_verdicts_new(void)
{
	return g_ptr_array_new_with_free_func(free_verdict);
}

void lf_verdicts_add(GPtrArray *verdicts, LfVerdictState state, const char *check,
		     const char *detail)
{
	LfVerdict *verdict = g_new0(LfVerdict, 1);

	verdict->check = g_strdup(check);
	verdict->state = state;
	verdict->detail = g_strdup(detail);
	g_ptr_array_add(verdicts, verdict);
}

void lf_verdicts_add_bool(GPtrArray *verdicts, bool is_good, const char *check, const char *detail)
{
	lf_verdicts_add(verdicts, is_good ? LF_VERDICT_OK : LF_VERDICT_BAD, check,
			is_good ? NULL : detail);
}

size_t lf_verdicts_count(const GPtrArray *verdicts, LfVerdictState state)
{
	size_t n = 0;

	for (guint i = 0; i < verdicts->len; i++)
		n += ((const LfVerdict *)verdicts->pdata[i])->state == state;
	return n;
}

const char *lf_verdict_state_name(LfVerdictState state)
{
	static const char *const names[] = { "ok", "bad", "open" };

	return names[state];
}

json_t *lf_verdicts_to_json(const GPtrArray *verdicts)
{
	json_t *array = json_array();

	for (guint i = 0; i < verdicts->len; i++) {
		const LfVerdict *verdict = verdicts->pdata[i];
		json_t *object = json_object();

		lf_json_set_string(object, "check", verdict->check);
		lf_json_set_string(object, "verdict", lf_verdict_state_name(verdict->state));
		lf_json_set_string(object, "detail", verdict->detail);
		lf_json_append(array, object);
	}
	return array;
}
