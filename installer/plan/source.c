// Where the payload comes from: the branch by flavour, and whether the facts show just that.
// Not here: opening it and checking its signature (installer/apply).
#include "installer/plan/source.h"

#include <string.h>

#include "installer/plan/text.h"

static const char *const flavours[] = { "standard", "lowlatency" };

// The flavour a ref ends in; NULL when it ends in none.
static const char *flavour_of(const char *ref)
{
	const char *last = strrchr(ref, '/');

	last = last ? last + 1 : ref;
	for (size_t i = 0; i < G_N_ELEMENTS(flavours); i++)
		if (strcmp(flavours[i], last) == 0)
			return flavours[i];
	return NULL;
}

char *lf_plan_ref(const LfProfile *profile)
{
	if (!profile->ostree_ref)
		return NULL;
	if (!profile->kernel_flavour || flavour_of(profile->ostree_ref))
		return g_strdup(profile->ostree_ref);
	return g_strconcat(profile->ostree_ref, "/", profile->kernel_flavour, NULL);
}

// A name that OSTree makes a directory of.
static bool is_clean_name(const char *name)
{
	size_t length = strlen(name);

	return length > 0 && length < 64 && g_ascii_isalnum(*name) &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
		       length;
}

static bool is_clean_ref(const char *ref)
{
	g_auto(GStrv) parts = g_strsplit(ref, "/", -1);

	for (char **part = parts; *part; part++)
		if (!is_clean_name(*part))
			return false;
	return *parts && strlen(ref) < 256;
}

static bool check_names(const LfProfile *profile, GError **error)
{
	const LfPlace *place = &profile->ostree_place;
	const char *remote =
		profile->ostree_remote ? profile->ostree_remote : profile->ostree_osname;

	if (!profile->ostree_osname || !profile->ostree_url || !profile->ostree_ref)
		return lf_throw_at(
			error, LF_ERROR_INPUT, place,
			"nothing to install: write 'ostreesetup --osname= --url= --ref='");
	if (!is_clean_name(profile->ostree_osname) || !is_clean_name(remote))
		return lf_throw_at(error, LF_ERROR_INPUT, place,
				   "'ostreesetup': osname and remote are letters, digits, '.', '_' "
				   "and '-'");
	if (!is_clean_ref(profile->ostree_ref))
		return lf_throw_at(
			error, LF_ERROR_INPUT, place,
			"'ostreesetup --ref=%s' is no branch: write names with '/' between "
			"them",
			profile->ostree_ref);
	return true;
}

static bool check_flavour(const LfProfile *profile, const char *ref, GError **error)
{
	const char *of_ref = flavour_of(ref);

	if (!profile->kernel_flavour || !of_ref || strcmp(profile->kernel_flavour, of_ref) == 0)
		return true;
	return lf_throw_at(error, LF_ERROR_INPUT, &profile->ostree_place,
			   "'kernel --flavour=%s' contradicts 'ostreesetup --ref=%s': change one",
			   profile->kernel_flavour, ref);
}

static bool is_checksum(const char *text)
{
	return text && strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

static bool check_payload(const LfProfile *profile, const LfFactPayload *payload, const char *ref,
			  GError **error)
{
	const char *wanted = profile->kernel_flavour ? profile->kernel_flavour : flavour_of(ref);

	if (!payload)
		return lf_throw(error, LF_ERROR_TARGET,
				"no payload: '%s' at '%s' was not found or not looked for; start "
				"the machine from full.iso or write another '--url' (away from it: "
				"the facts must come from 'landfall-installer facts FILE.ks')",
				ref, profile->ostree_url);
	if (g_strcmp0(payload->url, profile->ostree_url) != 0 || g_strcmp0(payload->ref, ref) != 0)
		return lf_throw(
			error, LF_ERROR_TARGET,
			"the facts are about the payload '%s' at '%s', and the kickstart wants "
			"'%s' at '%s'; take the facts anew with 'landfall-installer facts FILE.ks'",
			payload->ref ? payload->ref : "?", payload->url ? payload->url : "?", ref,
			profile->ostree_url);
	if (!is_checksum(payload->checksum))
		return lf_throw(error, LF_ERROR_INPUT,
				"facts: the payload's checksum must be 64 hex digits");
	if (wanted && g_strcmp0(payload->flavour, wanted) != 0)
		return lf_throw(error, LF_ERROR_TARGET,
				"the payload '%s' says that its flavour is '%s', and '%s' is "
				"wanted; change 'kernel --flavour=' or 'ostreesetup --ref='",
				ref, payload->flavour ? payload->flavour : "(none)", wanted);
	return true;
}

bool lf_source_check(const LfProfile *profile, const LfFacts *facts, GError **error)
{
	g_autofree char *ref = NULL;

	if (!check_names(profile, error))
		return false;
	ref = lf_plan_ref(profile);
	return check_flavour(profile, ref, error) &&
	       check_payload(profile, facts->payload, ref, error);
}
