// Rules that choose one of a seed's kickstarts by what the machine is.
// Not here: reading the seed (installer/orders), the kickstarts themselves.
#include "installer/plan/rules.h"

#include <stdint.h>
#include <string.h>

#define MAX_TEXT_BYTES (64 * 1024)
#define MAX_RULES      1024
#define MAX_TERMS      16
#define MAX_NAME_BYTES 100
#define MAC_LENGTH     17
#define ALL_PLACES     ((UINT32_C(1) << MAC_LENGTH) - 1)

typedef enum {
	FACT_SERIAL,
	FACT_UUID,
	FACT_MAC,
	FACT_ASSET_TAG,
	FACT_VENDOR,
	FACT_PRODUCT,
	N_FACTS,
} Fact;

static const char *const fact_names[N_FACTS] = {
	[FACT_SERIAL] = "serial",	[FACT_UUID] = "uuid",	  [FACT_MAC] = "mac",
	[FACT_ASSET_TAG] = "asset-tag", [FACT_VENDOR] = "vendor", [FACT_PRODUCT] = "product",
};

typedef struct {
	Fact fact;
	char *glob; /* folded as fold() does */
} Term;

/** Rule: @terms: empty fits every machine. */
typedef struct {
	GPtrArray *terms;
	char *text;
	char *name;
	unsigned line;
} Rule;

struct LfRules {
	GPtrArray *rules;
	bool fits_all;
};

static void term_free(gpointer data)
{
	Term *term = data;

	g_free(term->glob);
	g_free(term);
}

static void rule_free(gpointer data)
{
	Rule *rule = data;

	g_ptr_array_unref(rule->terms);
	g_free(rule->text);
	g_free(rule->name);
	g_free(rule);
}

void lf_rules_free(LfRules *rules)
{
	if (!rules)
		return;
	g_ptr_array_unref(rules->rules);
	g_free(rules);
}

// A rule cannot hold blanks, so '_' stands for them; firmware and people write UUIDs and MAC
// addresses in either case.
static char *fold(Fact fact, const char *text)
{
	if (fact == FACT_UUID || fact == FACT_MAC)
		return g_ascii_strdown(text, -1);
	return g_strdelimit(g_strdup(text), " ", '_');
}

// --- text → rules -------------------------------------------------------------------------------

static bool parse_fact(const char *name, Fact *ret_fact)
{
	for (size_t i = 0; i < N_FACTS; i++)
		if (g_str_equal(name, fact_names[i])) {
			*ret_fact = (Fact)i;
			return true;
		}
	return false;
}

/* Where in "52:54:00:12:34:56" a letter of a glob may stand: a bit for each place. */
static uint32_t places_of(char letter)
{
	const uint32_t colons = 0x4924;

	if (letter == '?')
		return ALL_PLACES;
	if (letter == ':')
		return colons;
	return g_ascii_isxdigit(letter) ? ALL_PLACES & ~colons : 0;
}

/* Whether any MAC address fits. After each letter @ends has the places where what was read of the
 * glob may end. */
static bool can_be_mac(const char *glob)
{
	uint32_t ends = 1;

	for (; *glob && ends; glob++) {
		if (*glob == '*')
			ends = ~((ends & -ends) - 1);
		else
			ends = (ends & places_of(*glob)) << 1;
		ends &= ALL_PLACES << 1 | 1;
	}
	return ends >> MAC_LENGTH & 1;
}

static bool check_glob(Fact fact, const char *text, const char *glob, GError **error)
{
	return fact != FACT_MAC || can_be_mac(glob) ||
	       lf_throw(error, LF_ERROR_INPUT,
			"'%s' fits no MAC address: write mac=52:54:00:12:34:56, with * and ? where "
			"any will do",
			text);
}

static bool parse_term(const char *text, GPtrArray *terms, GError **error)
{
	const char *equals = strchr(text, '=');
	g_autofree char *name = equals ? g_strndup(text, (gsize)(equals - text)) : NULL;
	Fact fact = FACT_SERIAL;
	Term *term;

	if (!name || equals[1] == '\0' || !parse_fact(name, &fact))
		return lf_throw(
			error, LF_ERROR_INPUT,
			"'%s' is no term: write serial=, uuid=, mac=, asset-tag=, vendor= or "
			"product= with a glob behind it, or * alone",
			text);
	if (!check_glob(fact, text, equals + 1, error))
		return false;
	term = g_new0(Term, 1);
	*term = (Term){ fact, fold(fact, equals + 1) };
	g_ptr_array_add(terms, term);
	return true;
}

static bool parse_terms(const char *text, GPtrArray *terms, GError **error)
{
	g_auto(GStrv) parts = NULL;

	if (g_str_equal(text, "*"))
		return true;
	parts = g_strsplit(text, "&", MAX_TERMS + 1);
	if (g_strv_length(parts) > MAX_TERMS)
		return lf_throw(error, LF_ERROR_INPUT, "more than %d terms in one rule", MAX_TERMS);
	for (char **part = parts; *part; part++)
		if (!parse_term(*part, terms, error))
			return false;
	return true;
}

static bool check_name(const char *name, GError **error)
{
	size_t length = strlen(name);
	bool is_good = length <= MAX_NAME_BYTES && *name != '.' && *name != '-';

	for (const char *c = name; *c && is_good; c++)
		is_good = g_ascii_isalnum(*c) || strchr("._-", *c);
	return is_good || lf_throw(error, LF_ERROR_INPUT,
				   "'%s' cannot be the name of a file in the seed", name);
}

static bool add_rule(LfRules *rules, char **words, unsigned line, GError **error)
{
	g_autoptr(GPtrArray) terms = g_ptr_array_new_with_free_func(term_free);
	Rule *rule;

	if (g_strv_length(words) != 2)
		return lf_throw(error, LF_ERROR_INPUT,
				"write TERM[&TERM] NAME, with '_' for blanks in a term");
	if (rules->fits_all)
		return lf_throw(error, LF_ERROR_INPUT,
				"never reached: the rule before it fits every machine");
	if (rules->rules->len >= MAX_RULES)
		return lf_throw(error, LF_ERROR_INPUT, "more than %d rules", MAX_RULES);
	if (!parse_terms(words[0], terms, error) || !check_name(words[1], error))
		return false;
	rules->fits_all = terms->len == 0;
	rule = g_new0(Rule, 1);
	*rule = (Rule){ g_steal_pointer(&terms), g_strdup(words[0]), g_strdup(words[1]), line };
	g_ptr_array_add(rules->rules, rule);
	return true;
}

// Words of a line without its comment; runs of blanks count as one.
static char **split_line(char *line)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	char *cursor = line;

	line[strcspn(line, "#")] = '\0';
	while (*(cursor += strspn(cursor, " \t\r"))) {
		size_t length = strcspn(cursor, " \t\r");

		g_ptr_array_add(words, g_strndup(cursor, length));
		cursor += length;
	}
	g_ptr_array_add(words, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&words), FALSE);
}

static bool is_plain(const char *text, gsize size)
{
	if (!g_utf8_validate(text, (gssize)size, NULL))
		return false;
	for (gsize i = 0; i < size; i++)
		if (g_ascii_iscntrl(text[i]) && !strchr("\n\t\r", text[i]))
			return false;
	return true;
}

static bool parse_lines(LfRules *rules, char **lines, const char *file, GError **error)
{
	for (unsigned i = 0; lines[i]; i++) {
		g_auto(GStrv) words = split_line(lines[i]);

		if (words[0] && !add_rule(rules, words, i + 1, error))
			return lf_prefix(error, "%s:%u", file, i + 1);
	}
	return true;
}

LfRules *lf_rules_parse(GBytes *text, const char *file, GError **error)
{
	g_autoptr(LfRules) rules = g_new0(LfRules, 1);
	gsize size = 0;
	const char *data = g_bytes_get_data(text, &size);
	g_autofree char *copy = NULL;
	g_auto(GStrv) lines = NULL;

	rules->rules = g_ptr_array_new_with_free_func(rule_free);
	if (size > MAX_TEXT_BYTES)
		return lf_throw_null(error, LF_ERROR_INPUT, "'%s' is longer than %d bytes", file,
				     MAX_TEXT_BYTES);
	copy = g_strndup(data ? data : "", size);
	if (strlen(copy) != size || !is_plain(copy, size))
		return lf_throw_null(error, LF_ERROR_INPUT,
				     "'%s' holds a control character or is not UTF-8", file);
	lines = g_strsplit(copy, "\n", -1);
	if (!parse_lines(rules, lines, file, error))
		return NULL;
	if (rules->rules->len == 0)
		return lf_throw_null(error, LF_ERROR_INPUT, "'%s' has no rule", file);
	return g_steal_pointer(&rules);
}

// --- rules + machine → kickstart ----------------------------------------------------------------

static bool fits_value(const Term *term, const char *value)
{
	g_autofree char *folded = value ? fold(term->fact, value) : NULL;

	return folded && g_pattern_match_simple(term->glob, folded);
}

static bool fits_mac(const Term *term, const LfFacts *machine)
{
	for (guint i = 0; i < machine->nics->len; i++)
		if (fits_value(term, ((const LfFactNic *)machine->nics->pdata[i])->mac))
			return true;
	return false;
}

// NULL when the machine does not tell, and for the MAC addresses, of which there are several.
static const char *fact_of(const LfFacts *machine, Fact fact)
{
	const char *const values[N_FACTS] = {
		[FACT_SERIAL] = machine->serial,       [FACT_UUID] = machine->uuid,
		[FACT_ASSET_TAG] = machine->asset_tag, [FACT_VENDOR] = machine->vendor,
		[FACT_PRODUCT] = machine->product,
	};

	return values[fact];
}

static bool fits(const Rule *rule, const LfFacts *machine)
{
	for (guint i = 0; i < rule->terms->len; i++) {
		const Term *term = rule->terms->pdata[i];
		bool ok = term->fact == FACT_MAC ? fits_mac(term, machine)
						 : fits_value(term, fact_of(machine, term->fact));

		if (!ok)
			return false;
	}
	return true;
}

const char *lf_rules_choose(const LfRules *rules, const LfFacts *machine)
{
	for (guint i = 0; i < rules->rules->len; i++)
		if (fits(rules->rules->pdata[i], machine))
			return lf_rules_name(rules, i);
	return NULL;
}

char *lf_rules_describe_machine(const LfFacts *machine)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (size_t fact = 0; fact < N_FACTS; fact++) {
		const char *value = fact == FACT_MAC ? NULL : fact_of(machine, (Fact)fact);

		if (value)
			g_string_append_printf(text, "%s%s=%s", text->len ? ", " : "",
					       fact_names[fact], value);
	}
	for (guint i = 0; i < machine->nics->len; i++) {
		const LfFactNic *nic = machine->nics->pdata[i];

		if (nic->mac)
			g_string_append_printf(text, "%smac=%s", text->len ? ", " : "", nic->mac);
	}
	return text->len ? g_string_free(g_steal_pointer(&text), FALSE)
			 : g_strdup("it tells nothing of itself");
}

size_t lf_rules_count(const LfRules *rules)
{
	return rules->rules->len;
}

const char *lf_rules_name(const LfRules *rules, size_t index)
{
	return ((const Rule *)rules->rules->pdata[index])->name;
}

const char *lf_rules_text(const LfRules *rules, size_t index)
{
	return ((const Rule *)rules->rules->pdata[index])->text;
}

unsigned lf_rules_line(const LfRules *rules, size_t index)
{
	return ((const Rule *)rules->rules->pdata[index])->line;
}

bool lf_rules_fits_all(const LfRules *rules)
{
	return rules->fits_all;
}
