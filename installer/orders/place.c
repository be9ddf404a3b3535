// Where the kickstart is: the order of places.
// Not here: reading it (sources.c), waiting for media (medium.c, labelled.c).
#include "installer/orders/place.h"

#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/runtime.h"
#include "installer/orders/labelled.h"
#include "installer/orders/medium.h"
#include "installer/orders/signature.h"
#include "installer/plan/net.h"
#include "installer/plan/rules.h"
#include "installer/plan/template.h"

#define SEED_RULES	 LF_SEED_DIR "/rules"
#define MAX_RULES_BYTES	 (64 * 1024)
#define LABEL_TIMEOUT_MS 20000

bool lf_place_asks_mac(const char *asked)
{
	return lf_place_is_url(asked) && strstr(asked, "{mac}");
}

bool lf_place_is_url(const char *place)
{
	return g_str_has_prefix(place, "http://") || g_str_has_prefix(place, "https://");
}

const char *lf_place_path(const char *place)
{
	if (g_str_has_prefix(place, "file://"))
		return place + strlen("file://");
	return g_str_has_prefix(place, "file:/") ? place + strlen("file:") : place;
}

char *lf_place_signature(const char *place)
{
	size_t length = lf_place_is_url(place) ? strcspn(place, "?#") : strlen(place);

	return g_strdup_printf("%.*s" LF_SIGNATURE_SUFFIX "%s", (int)length, place, place + length);
}

// Of "scheme://host:port/…" what stands before the path.
static size_t server_length(const char *url)
{
	const char *host = strstr(url, "://");

	return host ? (size_t)(host + 3 - url) + strcspn(host + 3, "/?#") : 0;
}

bool lf_place_same_server(const char *a, const char *b)
{
	size_t n = server_length(a);

	return n > 0 && n == server_length(b) && g_ascii_strncasecmp(a, b, n) == 0;
}

bool lf_place_was_brought(const char *path, const char *kickstart)
{
	g_autofree char *folder = g_path_get_dirname(lf_place_path(kickstart));
	const char *const folders[] = { "/" LF_SEED_DIR, LF_MEDIUM, LF_LABELLED,
					lf_place_is_url(kickstart) ? LF_MEDIUM : folder };
	g_autofree char *plain = g_canonicalize_filename(lf_place_path(path), "/");

	for (size_t i = 0; i < G_N_ELEMENTS(folders); i++)
		if (lf_path_is_below(plain, folders[i]))
			return true;
	return !g_path_is_absolute(lf_place_path(path));
}

// "cdrom:/path"
static char *on_medium(const LfHost *host, const char *path, LfScope *held, GError **error)
{
	if (*path != '/')
		return lf_throw_null(error, LF_ERROR_INPUT,
				     "landfall.ks=cdrom:%s: write cdrom:/path", path);
	if (!lf_medium_mount(host, held, error))
		return NULL;
	return g_strconcat(LF_MEDIUM, path, NULL);
}

static char *asked_place(const LfHost *host, const char *asked, const LfFacts *machine,
			 LfScope *held, GError **error)
{
	g_autofree char *bootif = NULL;

	if (g_str_has_prefix(asked, "cdrom:"))
		return on_medium(host, asked + strlen("cdrom:"), held, error);
	if (!lf_place_is_url(asked))
		return g_strdup(lf_place_path(asked));
	bootif = lf_net_bootif(host->cmdline);
	return lf_template_expand(asked, machine, bootif, error);
}

static bool has(const LfHost *host, const char *path)
{
	return faccessat(host->root_fd, path, F_OK, 0) == 0;
}

static char *no_rule_fits(const LfFacts *machine, GError **error)
{
	g_autofree char *told = lf_rules_describe_machine(machine);

	return lf_throw_null(error, LF_ERROR_INPUT,
			     "no rule of the seed fits this machine (%s): add one, or '* NAME' as "
			     "the last",
			     told);
}

// The seed's rules, else its site.ks. NULL without an error: it has neither.
static char *seed_place(const LfHost *host, const LfFacts *machine, GError **error)
{
	g_autoptr(GBytes) text = NULL;
	g_autoptr(LfRules) rules = NULL;
	const char *name;

	if (has(host, SEED_RULES)) {
		text = lf_read_file_at(host->root_fd, SEED_RULES, MAX_RULES_BYTES, error);
		rules = text ? lf_rules_parse(text, "rules", error) : NULL;
		if (!rules)
			return NULL;
		name = lf_rules_choose(rules, machine);
		if (name)
			return g_build_filename("/" LF_SEED_DIR, name, NULL);
		if (!has(host, LF_SEED_PROFILE))
			return no_rule_fits(machine, error);
	}
	return has(host, LF_SEED_PROFILE) ? g_strdup("/" LF_SEED_PROFILE) : NULL;
}

// Only a machine that landfall-init started has devices that are still to come.
static char *labelled_place(const LfHost *host, LfScope *held, GError **error)
{
	char *path = NULL;

	if (!has(host, LF_RUN_INIT))
		return NULL;
	return lf_labelled_find(host, LABEL_TIMEOUT_MS, held, &path, error) ? path : NULL;
}

char *lf_place_find(const LfHost *host, const char *asked, const LfFacts *machine, LfScope *held,
		    GError **error)
{
	GError *local = NULL;
	char *place;

	if (asked)
		return asked_place(host, asked, machine, held, error);
	place = seed_place(host, machine, &local);
	if (!place && !local)
		place = labelled_place(host, held, &local);
	if (place)
		return place;
	if (!local)
		return lf_throw_null(
			error, LF_ERROR_INPUT,
			"no kickstart in the seed: put one into the medium with "
			"'landfall iso seed --kickstart FILE IN.iso OUT.iso', name one "
			"with landfall.ks=, or put it as ks.cfg on a volume labelled "
			"OEMDRV");
	g_propagate_error(error, local);
	return NULL;
}
