// Findings: kept in a bounded list, printed as one line or as JSON.
// Not here: what is wrong with a kickstart (the parser's files say that).
#include "kickstart/diagnostic.h"

#include <stdarg.h>
#include <string.h>

#define MAX_DIAGNOSTICS	  200
#define MAX_MESSAGE_BYTES 400

struct LfDiagnostics {
	GPtrArray *list;  /* LfDiagnostic */
	size_t counts[2]; /* by severity, those not kept included */
	size_t n_unsupported;
};

static const char *const severities[] = {
	[LF_SEVERITY_ERROR] = "error",
	[LF_SEVERITY_WARNING] = "warning",
};

static void diagnostic_free(LfDiagnostic *diagnostic)
{
	g_free(diagnostic->message);
	g_free(diagnostic->advice);
	g_free(diagnostic);
}

LfDiagnostics *lf_diagnostics_new(void)
{
	LfDiagnostics *diagnostics = g_new0(LfDiagnostics, 1);

	diagnostics->list = g_ptr_array_new_with_free_func((GDestroyNotify)diagnostic_free);
	return diagnostics;
}

void lf_diagnostics_free(LfDiagnostics *diagnostics)
{
	if (!diagnostics)
		return;
	g_ptr_array_unref(diagnostics->list);
	g_free(diagnostics);
}

// A message quotes hostile text: no control character of it may reach a terminal.
static char *printable(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	GString *out = g_string_new(NULL);

	for (const char *c = valid; *c; c = g_utf8_next_char(c)) {
		gunichar code = g_utf8_get_char(c);

		if (out->len >= MAX_MESSAGE_BYTES) {
			g_string_append(out, "…");
			break;
		}
		if (g_unichar_iscntrl(code) || g_unichar_type(code) == G_UNICODE_FORMAT)
			g_string_append_printf(out, "\\x%02x", code);
		else
			g_string_append_unichar(out, code);
	}
	return g_string_free(out, FALSE);
}

void lf_diagnostics_add(LfDiagnostics *diagnostics, LfSeverity severity, const LfPlace *place,
			const char *code, const char *advice, const char *format, ...)
{
	g_autofree char *message = NULL;
	LfDiagnostic *diagnostic;
	va_list args;

	diagnostics->counts[severity]++;
	if (severity == LF_SEVERITY_ERROR && g_str_has_prefix(code, "unsupported-"))
		diagnostics->n_unsupported++;
	if (!lf_diagnostics_has_room(diagnostics))
		return;
	va_start(args, format);
	message = g_strdup_vprintf(format, args);
	va_end(args);
	diagnostic = g_new0(LfDiagnostic, 1);
	diagnostic->place = *place;
	diagnostic->severity = severity;
	diagnostic->code = g_intern_string(code);
	diagnostic->message = printable(message);
	diagnostic->advice = advice ? printable(advice) : NULL;
	g_ptr_array_add(diagnostics->list, diagnostic);
}

size_t lf_diagnostics_count(const LfDiagnostics *diagnostics, LfSeverity severity)
{
	return diagnostics->counts[severity];
}

size_t lf_diagnostics_count_unsupported(const LfDiagnostics *diagnostics)
{
	return diagnostics->n_unsupported;
}

bool lf_diagnostics_has_room(const LfDiagnostics *diagnostics)
{
	return diagnostics->list->len < MAX_DIAGNOSTICS;
}

const LfDiagnostic *lf_diagnostics_get(const LfDiagnostics *diagnostics, size_t index)
{
	return index < diagnostics->list->len ? diagnostics->list->pdata[index] : NULL;
}

void lf_diagnostics_sort(LfDiagnostics *diagnostics, size_t first,
			 uint64_t (*rank)(const LfPlace *place, void *user_data), void *user_data)
{
	GPtrArray *list = diagnostics->list;

	// Insertion keeps the order of equals, and nearly all are in order already.
	for (size_t i = first + 1; i < list->len; i++) {
		LfDiagnostic *moved = list->pdata[i];
		uint64_t key = rank(&moved->place, user_data);
		size_t j = i;

		for (; j > first; j--) {
			LfDiagnostic *before = list->pdata[j - 1];

			if (rank(&before->place, user_data) <= key)
				break;
			list->pdata[j] = before;
		}
		list->pdata[j] = moved;
	}
}

char *lf_diagnostic_text(const LfDiagnostic *diagnostic)
{
	const LfPlace *place = &diagnostic->place;
	g_autofree char *file = printable(place->file ? place->file : "(kickstart)");
	GString *text = g_string_new(file);

	if (place->line > 0)
		g_string_append_printf(text, ":%u", place->line);
	if (place->line > 0 && place->column > 0)
		g_string_append_printf(text, ":%u", place->column);
	g_string_append_printf(text, ": %s: %s", severities[diagnostic->severity],
			       diagnostic->message);
	if (diagnostic->advice)
		g_string_append_printf(text, " — %s", diagnostic->advice);
	return g_string_free(text, FALSE);
}

static json_t *diagnostic_to_json(const LfDiagnostic *diagnostic)
{
	json_t *object = json_object();

	lf_json_set_string(object, "file", diagnostic->place.file);
	lf_json_set_uint(object, "line", diagnostic->place.line);
	lf_json_set_uint(object, "column", diagnostic->place.column);
	lf_json_set_string(object, "severity", severities[diagnostic->severity]);
	lf_json_set_string(object, "code", diagnostic->code);
	lf_json_set_string(object, "message", diagnostic->message);
	lf_json_set_string(object, "advice", diagnostic->advice);
	return object;
}

json_t *lf_diagnostics_to_json(const LfDiagnostics *diagnostics)
{
	json_t *array = json_array();

	for (guint i = 0; i < diagnostics->list->len; i++)
		lf_json_append(array, diagnostic_to_json(diagnostics->list->pdata[i]));
	return array;
}
