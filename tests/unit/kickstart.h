#pragma once

#include "tests/unit/test.h"

#include <string.h>

#include "kickstart/kickstart.h"

/** A kickstart without findings; put behind a snippet so that the snippet's lines keep their
 * numbers. */
#define LF_TEST_KS                                                                                 \
	"ostreesetup --osname=debian --url=file:///repo --ref=debian/13/x86_64/standard\n"         \
	"reqpart --add-boot\n"                                                                     \
	"part / --size=100 --grow\n"

/** lf_test_findings: (transfer full): "1:5 error unknown-option; 2:1 warning no-effect". */
static inline char *lf_test_findings(const LfDiagnostics *diagnostics)
{
	GString *text = g_string_new(NULL);
	const LfDiagnostic *finding;

	for (size_t i = 0; (finding = lf_diagnostics_get(diagnostics, i)); i++)
		g_string_append_printf(text, "%s%u:%u %s %s", i ? "; " : "", finding->place.line,
				       finding->place.column,
				       finding->severity == LF_SEVERITY_ERROR ? "error" : "warning",
				       finding->code);
	return g_string_free(text, FALSE);
}

/** lf_test_parse: (transfer full) (nullable): parses a text; @ret_findings: (transfer full). */
static inline LfProfile *lf_test_parse(const char *text, LfKickstartPass pass, LfKickstartLoad load,
				       void *user_data, char **ret_findings)
{
	g_autoptr(LfDiagnostics) diagnostics = lf_diagnostics_new();
	g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
	g_autoptr(GError) error = NULL;
	LfProfile *profile =
		lf_kickstart_parse(bytes, "site.ks", pass, load, user_data, diagnostics, &error);

	assert_true((profile == NULL) == (error != NULL));
	assert_true((profile == NULL) ==
		    (lf_diagnostics_count(diagnostics, LF_SEVERITY_ERROR) > 0));
	*ret_findings = lf_test_findings(diagnostics);
	return profile;
}

/** LfTestSnippet: lines, and what is found in them. */
typedef struct {
	const char *text;
	const char *findings;
} LfTestSnippet;

/** lf_test_snippets: each row, followed by LF_TEST_KS, has exactly these findings. */
static inline void lf_test_snippets(const LfTestSnippet *rows, size_t n_rows)
{
	for (size_t i = 0; i < n_rows; i++) {
		g_autofree char *text = g_strconcat(rows[i].text, "\n", LF_TEST_KS, NULL);
		g_autofree char *findings = NULL;
		g_autoptr(LfProfile) profile =
			lf_test_parse(text, LF_KICKSTART_WHOLE, NULL, NULL, &findings);

		if (strcmp(findings, rows[i].findings) != 0)
			fail_msg("'%s': found '%s', not '%s'", rows[i].text, findings,
				 rows[i].findings);
	}
}

#define LF_TEST_SNIPPETS(rows) lf_test_snippets(rows, G_N_ELEMENTS(rows))
