// The kickstart in a seed as the machine will see it: what it names is in the seed, on the medium,
// or at a URL. Not here: the seed's form (image/seed.c), the language (kickstart/).
#include "ztp/seed-check.h"

#include <string.h>

#include "base/escrow.h"
#include "base/host.h"
#include "installer/plan/plan.h"
#include "ztp/cmd-load.h"

#define DEVICE_SEED_DIR "/landfall/seed/"
#define MEDIUM_REPO_URL "file:///run/landfall/medium/repo"

static bool is_http(const char *name)
{
	return g_str_has_prefix(name, "http://") || g_str_has_prefix(name, "https://");
}

// On the machine a relative name stands beside site.ks. A seed has no folders.
static const char *name_in_seed(const char *name)
{
	if (g_str_has_prefix(name, "file://"))
		name += strlen("file://");
	if (g_str_has_prefix(name, DEVICE_SEED_DIR))
		return name + strlen(DEVICE_SEED_DIR);
	return g_str_has_prefix(name, "./") ? name + strlen("./") : name;
}

static GBytes *load_from_seed(const char *name, const LfSeed *seed, GError **error)
{
	GBytes *bytes = lf_seed_find(seed, name_in_seed(name));

	if (!bytes)
		return lf_throw_null(error, LF_ERROR_INPUT,
				     "'%s' is not in the seed, where the machine looks for it: add "
				     "--file NAME=PATH and include it as NAME",
				     name);
	return g_bytes_ref(bytes);
}

// --- what vouches for what comes by plain http --------------------------------------------------

static char *seed_word(const LfSeed *seed, const char *name)
{
	GBytes *bytes = lf_seed_find(seed, LF_SEED_FILE_CMDLINE);
	gsize size = 0;
	const char *text = bytes ? g_bytes_get_data(bytes, &size) : NULL;
	g_autofree char *line = g_strndup(text ? text : "", size);
	const LfHost host = { .cmdline = line };

	return lf_host_arg(&host, name);
}

static bool has_value(const LfSeed *seed, const char *name)
{
	g_autofree char *value = seed_word(seed, name);

	return value && *value;
}

static bool allows_http(const LfSeed *seed)
{
	g_autofree char *value = seed_word(seed, "landfall.insecure-http-ks");

	return value && (*value == '\0' || g_str_equal(value, "1"));
}

/* With keys in the image, or one that is named, the machine demands signatures. */
static bool is_vouched(const LfSeedJudge *judge)
{
	return allows_http(judge->seed) || has_value(judge->seed, "landfall.ks-key") ||
	       json_is_true(json_object_get(judge->manifest, "ks_keyring"));
}

// Of a file that the kickstart names no checksum is known.
static bool check_transport(const LfSeedJudge *judge, const char *place, GError **error)
{
	g_autofree char *shown = NULL;

	if (!g_str_has_prefix(place, "http://") || is_vouched(judge))
		return true;
	shown = lf_kickstart_public_name(place);
	return lf_throw(
		error, LF_ERROR_INPUT,
		"'%s' comes without protection, so the machine refuses it: write https, or "
		"add --append=landfall.ks-key=FINGERPRINT with signatures beside the files, "
		"or --append=landfall.insecure-http-ks",
		shown);
}

// What vouches has to be possible itself; empty words are as if they were not there.
static bool check_vouchers(const LfSeedJudge *judge, GError **error)
{
	g_autofree char *sha256 = seed_word(judge->seed, "landfall.ks-sha256");

	if (sha256 && *sha256 &&
	    (strlen(sha256) != 64 || strspn(sha256, "0123456789abcdefABCDEF") != 64))
		return lf_throw(error, LF_ERROR_INPUT,
				"landfall.ks-sha256= is no SHA-256: write 64 hexadecimal digits");
	return !has_value(judge->seed, "landfall.ks-key") ||
	       !json_is_false(json_object_get(judge->manifest, "ks_keyring")) ||
	       lf_throw(error, LF_ERROR_INPUT,
			"landfall.ks-key= wants a signed kickstart, and '%s' holds no keys to "
			"check it: build it with KS_KEYRING=FILE",
			judge->iso);
}

bool lf_seed_check_url(const LfSeedJudge *judge, GError **error)
{
	g_autofree char *url = seed_word(judge->seed, "landfall.ks");
	g_autofree char *shown = NULL;

	if (!check_vouchers(judge, error))
		return false;
	if (!url || !g_str_has_prefix(url, "http://") || is_vouched(judge) ||
	    has_value(judge->seed, "landfall.ks-sha256"))
		return true;
	shown = lf_kickstart_public_name(url);
	return lf_throw(error, LF_ERROR_INPUT,
			"'%s' comes without protection, so the machine refuses it: write https, or "
			"add --append=landfall.ks-sha256=SUM of the kickstart, "
			"--append=landfall.ks-key=FINGERPRINT with a signature beside it, or "
			"--append=landfall.insecure-http-ks",
			shown);
}

// --- files that the kickstart names -------------------------------------------------------------

static GBytes *load_to_check(const char *name, const char *from, void *user_data, GError **error)
{
	const LfSeedJudge *judge = user_data;
	g_autofree char *place = lf_kickstart_resolve(name, from);

	if (!is_http(place))
		return load_from_seed(name, judge->seed, error);
	return check_transport(judge, place, error)
		       ? lf_kickstart_read(name, from, (void *)judge->access, error)
		       : NULL;
}

static GBytes *load_to_show(const char *name, const char *from, void *user_data, GError **error)
{
	g_autofree char *place = lf_kickstart_resolve(name, from);

	if (is_http(place))
		return lf_throw_null(error, LF_ERROR_INPUT, "it is not in the seed");
	return load_from_seed(name, user_data, error);
}

LfProfile *lf_seed_profile_to_show(const LfSeed *seed, const char *name, LfDiagnostics *diagnostics)
{
	GBytes *text = lf_seed_find(seed, name);

	return text ? lf_kickstart_parse(text, name, LF_KICKSTART_SHOW, load_to_show, (void *)seed,
					 diagnostics, NULL)
		    : NULL;
}

LfRules *lf_seed_rules(const LfSeed *seed, GError **error)
{
	g_autoptr(LfRules) rules =
		lf_rules_parse(lf_seed_find(seed, LF_SEED_FILE_RULES), LF_SEED_FILE_RULES, error);

	for (size_t i = 0; rules && i < lf_rules_count(rules); i++)
		if (!lf_seed_find(seed, lf_rules_name(rules, i)))
			return lf_throw_null(
				error, LF_ERROR_INPUT,
				"rules:%u: '%s' is not in the seed: add --file %s=PATH",
				lf_rules_line(rules, i), lf_rules_name(rules, i),
				lf_rules_name(rules, i));
	return g_steal_pointer(&rules);
}

// The certificate for the recovery key. A path outside the seed may be a %pre script's work.
static bool check_escrow(const LfSeedJudge *judge, const LfProfile *profile, GError **error)
{
	const LfSeed *seed = judge->seed;
	const char *escrow = profile->unlock.escrow;
	const char *name = escrow ? name_in_seed(escrow) : NULL;
	GBytes *bytes;

	if (escrow && is_http(escrow))
		return check_transport(judge, escrow, error) || lf_prefix(error, "unlock --escrow");
	if (!escrow || *name == '/')
		return true;
	bytes = lf_seed_find(seed, name);
	if (bytes)
		return lf_escrow_check(bytes, error) ||
		       lf_prefix(error, "unlock --escrow=%s", escrow);
	return lf_throw(error, LF_ERROR_INPUT,
			"unlock --escrow=%s: there is no such file in the seed: add "
			"--file NAME=PATH and write --escrow=NAME",
			escrow);
}

static bool check_token(const LfSeed *seed, const LfProfile *profile, GError **error)
{
	const char *name = profile->report_token;
	GBytes *bytes = name ? lf_seed_find(seed, name) : NULL;

	if (!name || (bytes && g_bytes_get_size(bytes) > 0))
		return true;
	if (bytes)
		return lf_throw(error, LF_ERROR_INPUT,
				"report --token=%s: the file is empty: write the token into it",
				name);
	return lf_throw(error, LF_ERROR_INPUT,
			"report --token=%s: there is no such file in the seed: add --file %s=PATH",
			name, name);
}

static char *list_refs(json_t *refs)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	const char *ref;
	json_t *details;

	json_object_foreach (refs, ref, details)
		g_ptr_array_add(names, (void *)ref);
	g_ptr_array_add(names, NULL);
	return g_strjoinv(", ", (char **)names->pdata);
}

static bool throw_no_payload(json_t *refs, const char *iso, const char *ref, GError **error)
{
	g_autofree char *known = list_refs(refs);

	if (json_object_size(refs) == 0)
		return lf_throw(error, LF_ERROR_INPUT,
				"'%s' holds no payload, and the kickstart wants '%s' from the "
				"medium: take full.iso, or write another 'ostreesetup --url='",
				iso, ref);
	return lf_throw(error, LF_ERROR_INPUT,
			"'%s' has no '%s', which the kickstart wants from the medium: it has %s",
			iso, ref, known);
}

static bool check_payload(const LfProfile *profile, const json_t *manifest, const char *iso,
			  GError **error)
{
	json_t *refs = json_object_get(manifest, "refs");
	g_autofree char *ref = lf_plan_ref(profile);

	if (!ref || g_strcmp0(profile->ostree_url, MEDIUM_REPO_URL) != 0)
		return true;
	return json_object_get(refs, ref) || throw_no_payload(refs, iso, ref, error);
}

bool lf_seed_check(const LfSeedJudge *judge, const char *name, const char *path,
		   LfDiagnostics *diagnostics, GError **error)
{
	g_autoptr(GError) local = NULL;
	g_autoptr(LfProfile) profile =
		lf_kickstart_parse(lf_seed_find(judge->seed, name), path, LF_KICKSTART_DESK,
				   load_to_check, (void *)judge, diagnostics, &local);
	size_t errors;

	if (profile)
		lf_kickstart_check_disks(profile, path, diagnostics);
	errors = lf_diagnostics_count(diagnostics, LF_SEVERITY_ERROR);
	if (!profile || errors > 0)
		return lf_throw(error, local ? (LfErrorCode)local->code : LF_ERROR_INPUT,
				"'%s' has %zu error%s: correct %s (--no-check takes it as it is)",
				path, errors, errors == 1 ? "" : "s", errors == 1 ? "it" : "them");
	return check_escrow(judge, profile, error) && check_token(judge->seed, profile, error) &&
	       check_payload(profile, judge->manifest, judge->iso, error);
}
