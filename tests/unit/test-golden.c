// Golden plans: tests/golden/NAME.ks and the facts its first line names give NAME.plan.json, or
// NAME.error. `build/tests/test-golden --update` writes them anew; read the difference before it is
// kept.
#include <stdio.h>
#include <stdlib.h>

#include "base/fd.h"
#include "installer/plan/plan.h"
#include "kickstart/kickstart.h"
#include "tests/unit/test.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define GOLDEN	     "tests/golden"
#define MAX_BYTES    (1024 * 1024)
#define FACTS_MARKER "# facts: "

typedef struct {
	char *expected;	    /* text of the file */
	const char *suffix; /* ".plan.json" or ".error" */
} Answer;

static void answer_clear(Answer *answer)
{
	g_free(answer->expected);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Answer, answer_clear)

static char *golden_path(const char *name, const char *suffix)
{
	return g_strconcat(GOLDEN "/", name, suffix, NULL);
}

static LfFacts *load_facts(const char *name, GError **error)
{
	g_autofree char *path = golden_path(name, ".facts.json");
	g_autoptr(json_t) object = lf_json_load(path, error);

	return object ? lf_facts_from_json(object, error) : NULL;
}

static LfFacts *named_facts(GBytes *kickstart, GError **error)
{
	const char *text = g_bytes_get_data(kickstart, NULL);
	g_autofree char *line = g_strndup(text, strcspn(text, "\n"));

	if (!g_str_has_prefix(line, FACTS_MARKER))
		return lf_throw_null(error, LF_ERROR_INTERNAL, "the first line names no facts");
	return load_facts(line + strlen(FACTS_MARKER), error);
}

static LfPlan *make_plan(GBytes *kickstart, const char *path, const LfFacts *facts,
			 LfProfile **ret_profile, GError **error)
{
	g_autoptr(LfDiagnostics) diagnostics = lf_diagnostics_new();

	*ret_profile = lf_kickstart_parse(kickstart, path, LF_KICKSTART_WHOLE, NULL, NULL,
					  diagnostics, error);
	return *ret_profile ? lf_plan_make(*ret_profile, facts, error) : NULL;
}

// What this program says today.
static Answer answer_of(const char *name)
{
	g_autofree char *path = golden_path(name, ".ks");
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) kickstart = lf_read_file_at(AT_FDCWD, path, MAX_BYTES, &error);
	g_autoptr(LfFacts) facts = kickstart ? named_facts(kickstart, &error) : NULL;
	g_autoptr(LfProfile) profile = NULL;
	g_autoptr(LfPlan) plan = NULL;
	g_autoptr(json_t) object = NULL;

	assert_ok(facts, error);
	plan = make_plan(kickstart, path, facts, &profile, &error);
	if (!plan)
		return (Answer){ g_strdup_printf("%s: %s\n", lf_error_class(error)->name,
						 error->message),
				 ".error" };
	object = lf_plan_to_json(plan);
	return (Answer){ lf_json_print(object, true), ".plan.json" };
}

static char *first_difference(const char *a, const char *b)
{
	g_auto(GStrv) lines_a = g_strsplit(a, "\n", -1);
	g_auto(GStrv) lines_b = g_strsplit(b, "\n", -1);
	size_t i = 0;

	while (lines_a[i] && lines_b[i] && strcmp(lines_a[i], lines_b[i]) == 0)
		i++;
	return g_strdup_printf("line %zu\n  golden: %s\n  now:    %s", i + 1,
			       lines_a[i] ? lines_a[i] : "(end)",
			       lines_b[i] ? lines_b[i] : "(end)");
}

static void the_plan_is_the_golden_one(void **state)
{
	const char *name = *state;
	g_auto(Answer) answer = answer_of(name);
	g_autofree char *path = golden_path(name, answer.suffix);
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) bytes = lf_read_file_at(AT_FDCWD, path, MAX_BYTES, &error);
	g_autofree char *difference = NULL;

	if (!bytes)
		fail_msg("%s; this came out:\n%s", error->message, answer.expected);
	if (strcmp(g_bytes_get_data(bytes, NULL), answer.expected) == 0)
		return;
	difference = first_difference(g_bytes_get_data(bytes, NULL), answer.expected);
	fail_msg("%s: %s", path, difference);
}

static void update(const char *name)
{
	static const char *const suffixes[] = { ".plan.json", ".error" };
	g_auto(Answer) answer = answer_of(name);
	g_autofree char *path = golden_path(name, answer.suffix);
	g_autoptr(GError) error = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
		g_autofree char *old = golden_path(name, suffixes[i]);

		unlink(old);
	}
	if (!lf_write_file_at(AT_FDCWD, path, answer.expected, strlen(answer.expected), 0644,
			      &error))
		g_error("%s", error->message);
}

/* A shipped profile as somebody uses it: with a passphrase of their own where the example has one.
 */
static GBytes *own_profile(const char *path, GError **error)
{
	g_autofree char *text = lf_read_text_at(AT_FDCWD, path, MAX_BYTES, error);
	g_autoptr(GString) own = g_string_new(text);

	g_string_replace(own, "\"replace this passphrase\"", "\"one of my own\"", 0);
	return text ? g_string_free_to_bytes(g_steal_pointer(&own)) : NULL;
}

static void the_shipped_profiles_have_a_plan(void **state)
{
	static const char *const rows[][2] = {
		{ "kickstart/profiles/edge-standard.ks", "one-disk" },
		{ "kickstart/profiles/edge-lowlatency.ks", "one-disk-lowlatency" },
		{ "kickstart/profiles/edge-passphrase.ks", "no-tpm" },
		{ "kickstart/profiles/edge-network.ks", "one-disk-network" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(GBytes) text = own_profile(rows[i][0], &error);
		g_autoptr(LfFacts) facts = text ? load_facts(rows[i][1], &error) : NULL;
		g_autoptr(LfProfile) profile = NULL;
		g_autoptr(LfPlan) plan = NULL;

		assert_ok(facts, error);
		plan = make_plan(text, rows[i][0], facts, &profile, &error);
		assert_ok(plan, error);
		assert_non_null(lf_plan_partition(plan, LF_ROLE_ROOT)->luks);
	}
}

static int compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static GPtrArray *golden_names(void)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) dir = g_dir_open(GOLDEN, 0, NULL);
	const char *file;

	while (dir && (file = g_dir_read_name(dir)))
		if (g_str_has_suffix(file, ".ks"))
			g_ptr_array_add(names, g_strndup(file, strlen(file) - strlen(".ks")));
	g_ptr_array_sort(names, compare_names);
	return g_steal_pointer(&names);
}

int main(int argc, char **argv)
{
	g_autoptr(GPtrArray) names = golden_names();
	g_autofree struct CMUnitTest *tests = g_new0(struct CMUnitTest, names->len + 1);

	if (names->len == 0) {
		fprintf(stderr, "no cases in " GOLDEN ": start this at the top of the source\n");
		return 1;
	}
	for (guint i = 0; i < names->len; i++) {
		if (argc > 1 && strcmp(argv[1], "--update") == 0)
			update(names->pdata[i]);
		tests[i] = (struct CMUnitTest){ names->pdata[i], the_plan_is_the_golden_one, NULL,
						NULL, names->pdata[i] };
	}
	tests[names->len] = (struct CMUnitTest)LF_TEST(the_shipped_profiles_have_a_plan);
	return _cmocka_run_group_tests("golden", tests, names->len + 1, NULL, NULL);
}
