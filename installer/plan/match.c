// Wishes for a disk: names, links, serials, sizes, globs, alternatives.
// Not here: which wish counts for what (disk.c).
#include "installer/plan/match.h"

#include <string.h>

#define MAX_WISH_BYTES 4096

typedef bool (*TermTest)(const LfFactDisk *disk, const char *wanted, uint64_t size_bytes);

typedef struct {
	TermTest test;
	char *wanted;
	uint64_t size_bytes;
	bool is_exact; /* names a disk without a glob */
} Term;

struct LfMatch {
	char *text;
	GPtrArray *alternatives; /* GPtrArray of Term */
};

static void term_free(Term *term)
{
	g_free(term->wanted);
	g_free(term);
}

void lf_match_free(LfMatch *match)
{
	if (!match)
		return;
	g_free(match->text);
	g_ptr_array_unref(match->alternatives);
	g_free(match);
}

// --- tests --------------------------------------------------------------------------------------

static bool glob(const char *pattern, const char *text)
{
	return text && g_pattern_match_simple(pattern, text);
}

static bool is_link(const LfFactDisk *disk, const char *pattern)
{
	for (char **link = disk->links; link && *link; link++)
		if (glob(pattern, *link))
			return true;
	return false;
}

static bool test_name(const LfFactDisk *disk, const char *wanted, uint64_t unused)
{
	static const char *const prefixes[] = { "", "/dev/", "/dev/disk/" };

	for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++) {
		g_autofree char *path = g_strconcat(prefixes[i], wanted, NULL);

		if (glob(path, disk->path) || is_link(disk, path))
			return true;
	}
	return glob(wanted, disk->name);
}

static bool test_serial(const LfFactDisk *disk, const char *wanted, uint64_t unused)
{
	return glob(wanted, disk->serial);
}

static bool test_transport(const LfFactDisk *disk, const char *wanted, uint64_t unused)
{
	g_autofree char *lower = g_ascii_strdown(wanted, -1);

	return glob(lower, disk->transport);
}

static bool test_model(const LfFactDisk *disk, const char *wanted, uint64_t unused)
{
	g_autofree char *pattern = g_strdelimit(g_strdup(wanted), " ", '_');
	g_autofree char *model = g_strdelimit(g_strdup(disk->model), " ", '_');

	return glob(pattern, model);
}

// The kernel writes naa.5002…, udev 0x5002…, NVMe eui.0025…: the number behind it is the name.
static char *bare_wwn(const char *wwn)
{
	static const char *const prefixes[] = { "0x", "naa.", "eui.", "uuid." };
	g_autofree char *lower = wwn ? g_ascii_strdown(wwn, -1) : NULL;

	for (size_t i = 0; lower && i < G_N_ELEMENTS(prefixes); i++)
		if (g_str_has_prefix(lower, prefixes[i]))
			return g_strdup(lower + strlen(prefixes[i]));
	return g_steal_pointer(&lower);
}

static bool test_wwn(const LfFactDisk *disk, const char *wanted, uint64_t unused)
{
	g_autofree char *pattern = bare_wwn(wanted);
	g_autofree char *wwn = bare_wwn(disk->wwn);

	return glob(pattern, wwn);
}

static bool test_at_least(const LfFactDisk *disk, const char *unused, uint64_t size_bytes)
{
	return disk->size_bytes >= size_bytes;
}

static bool test_at_most(const LfFactDisk *disk, const char *unused, uint64_t size_bytes)
{
	return disk->size_bytes <= size_bytes;
}

// --- parsing ------------------------------------------------------------------------------------

static const struct {
	const char *start;
	TermTest test;
	bool is_size;
} conditions[] = {
	{ "serial=", test_serial, false }, { "wwn=", test_wwn, false },
	{ "model=", test_model, false },   { "transport=", test_transport, false },
	{ "size>=", test_at_least, true }, { "size<=", test_at_most, true },
};

static bool parse_size(const char *text, uint64_t *ret)
{
	static const struct {
		const char *name;
		uint64_t factor;
	} units[] = {
		{ "", 1 },
		{ "B", 1 },
		{ "K", 1000 },
		{ "KB", 1000 },
		{ "KIB", UINT64_C(1) << 10 },
		{ "M", 1000000 },
		{ "MB", 1000000 },
		{ "MIB", UINT64_C(1) << 20 },
		{ "G", 1000000000 },
		{ "GB", 1000000000 },
		{ "GIB", UINT64_C(1) << 30 },
		{ "T", UINT64_C(1000000000000) },
		{ "TB", UINT64_C(1000000000000) },
		{ "TIB", UINT64_C(1) << 40 },
	};
	const char *unit = text + strspn(text, "0123456789");
	g_autofree char *digits = g_strndup(text, (gsize)(unit - text));
	guint64 number;

	if (!g_ascii_string_to_unsigned(digits, 10, 0, G_MAXUINT64, &number, NULL))
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(units); i++)
		if (g_ascii_strcasecmp(unit, units[i].name) == 0)
			return !__builtin_mul_overflow(number, units[i].factor, ret);
	return false;
}

// by-id links may hold '=', so what begins like a path is a name.
static bool is_condition(const char *text)
{
	return strpbrk(text, "=<>") && *text != '/' && !g_str_has_prefix(text, "disk/") &&
	       !g_str_has_prefix(text, "by-");
}

static Term *term_new(TermTest test, const char *wanted, bool can_name)
{
	Term *term = g_new0(Term, 1);

	term->test = test;
	term->wanted = g_strdup(wanted);
	term->is_exact = can_name && !strpbrk(wanted, "*?");
	return term;
}

static Term *parse_condition(const char *text, GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(conditions); i++) {
		const char *wanted = text + strlen(conditions[i].start);
		g_autofree char *start = g_strndup(text, strlen(conditions[i].start));
		Term *term;

		if (g_ascii_strcasecmp(start, conditions[i].start) != 0)
			continue;
		if (*wanted == '\0')
			return lf_throw_null(error, LF_ERROR_INPUT, "'%s' has no value", text);
		term = term_new(conditions[i].test, wanted, !conditions[i].is_size);
		if (!conditions[i].is_size || parse_size(wanted, &term->size_bytes))
			return term;
		term_free(term);
		return lf_throw_null(error, LF_ERROR_INPUT,
				     "'%s' is no size: write a number and K, M, G, T, KiB, MiB, "
				     "GiB or TiB",
				     wanted);
	}
	return lf_throw_null(error, LF_ERROR_INPUT,
			     "'%s' is no condition for a disk: known are serial=, wwn=, model=, "
			     "transport=, size>= and size<=",
			     text);
}

static Term *parse_term(const char *text, GError **error)
{
	if (*text == '\0')
		return lf_throw_null(error, LF_ERROR_INPUT, "a disk's name is empty");
	if (is_condition(text))
		return parse_condition(text, error);
	return term_new(test_name, text, true);
}

static bool parse_alternative(const char *text, GPtrArray *terms, GError **error)
{
	g_auto(GStrv) parts = g_strsplit(text, "&", -1);

	if (!*parts)
		return lf_throw(error, LF_ERROR_INPUT, "a disk's name is empty");
	for (char **part = parts; *part; part++) {
		Term *term = parse_term(g_strstrip(*part), error);

		if (!term)
			return false;
		g_ptr_array_add(terms, term);
	}
	return true;
}

LfMatch *lf_match_parse(const char *text, GError **error)
{
	g_autoptr(LfMatch) match = g_new0(LfMatch, 1);
	g_auto(GStrv) alternatives = NULL;

	match->text = g_strdup(text);
	match->alternatives = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
	if (strlen(text) > MAX_WISH_BYTES || !g_utf8_validate(text, -1, NULL))
		return lf_throw_null(error, LF_ERROR_INPUT,
				     "a disk's name is longer than %d bytes, or no UTF-8",
				     MAX_WISH_BYTES);
	alternatives = g_strsplit(text, "|", -1);
	if (!*alternatives)
		return lf_throw_null(error, LF_ERROR_INPUT, "a disk's name is empty");
	for (char **alternative = alternatives; *alternative; alternative++) {
		GPtrArray *terms = g_ptr_array_new_with_free_func((GDestroyNotify)term_free);

		g_ptr_array_add(match->alternatives, terms);
		if (!parse_alternative(*alternative, terms, error)) {
			lf_prefix(error, "'%s'", text);
			return NULL;
		}
	}
	return g_steal_pointer(&match);
}

// --- matching -----------------------------------------------------------------------------------

static bool fits(const GPtrArray *terms, const LfFactDisk *disk, bool *ret_is_named)
{
	bool is_named = false;

	for (guint i = 0; i < terms->len; i++) {
		const Term *term = terms->pdata[i];

		if (!term->test(disk, term->wanted, term->size_bytes))
			return false;
		is_named |= term->is_exact;
	}
	*ret_is_named = is_named;
	return true;
}

static bool match_any(const LfMatch *match, const LfFactDisk *disk, bool must_name)
{
	for (guint i = 0; i < match->alternatives->len; i++) {
		bool is_named;

		if (fits(match->alternatives->pdata[i], disk, &is_named) &&
		    (is_named || !must_name))
			return true;
	}
	return false;
}

bool lf_match_disk(const LfMatch *match, const LfFactDisk *disk)
{
	return match_any(match, disk, false);
}

bool lf_match_names(const LfMatch *match, const LfFactDisk *disk)
{
	return match_any(match, disk, true);
}

const char *lf_match_text(const LfMatch *match)
{
	return match->text;
}
