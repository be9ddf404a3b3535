// Text that others wrote, made fit to be shown.
// Not here: JSON (base/json), quoting for programs.
#include "base/text.h"

char *lf_text_escape(const char *text, const char *line_break)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	GString *out = g_string_new(NULL);

	for (const char *c = valid; *c; c = g_utf8_next_char(c)) {
		gunichar u = g_utf8_get_char(c);

		if (u == '\n')
			g_string_append(out, line_break);
		else if (u < 0x20 || u == 0x7f)
			g_string_append_printf(out, "\\x%02x", u);
		else if (g_unichar_iscntrl(u) || g_unichar_type(u) == G_UNICODE_FORMAT ||
			 u == 0x2028 || u == 0x2029)
			g_string_append_printf(out, "\\u%04x", u);
		else
			g_string_append_unichar(out, u);
	}
	return g_string_free(out, FALSE);
}
