// Which commit a branch is in a repository behind HTTP, and that commit with its signatures.
// Not here: checking the signature (payload.c), retries (payload-store.c), the other objects.
#include "installer/apply/payload-remote.h"

#include <string.h>

#include "installer/apply/payload-object.h"

#define MAX_CONFIG_BYTES     (64 * 1024)
#define MAX_REF_BYTES	     256
#define MAX_SUMMARY_BYTES    (16 * 1024 * 1024)
#define MAX_SIGNATURES_BYTES (1024 * 1024)
#define MAX_REFS_SHOWN	     20

bool lf_payload_remote_is_url(const char *url)
{
	return g_ascii_strncasecmp(url, "http://", 7) == 0 ||
	       g_ascii_strncasecmp(url, "https://", 8) == 0;
}

static char *text_of(GBytes *bytes)
{
	gsize size;
	const char *data = g_bytes_get_data(bytes, &size);

	return g_strndup(data, size);
}

// A page that asks for a password or a payment answers everything, and goes away some day.
static bool throw_other_answer(GError **error, const char *url, const char *what)
{
	return lf_throw(error, LF_ERROR_NETWORK,
			"'%s' answers with something else than %s: is a login page or a proxy in "
			"between?",
			url, what);
}

static bool check_config(LfPayloadStore *store, const char *url, GError **error)
{
	g_autoptr(GKeyFile) config = g_key_file_new();
	g_autoptr(GBytes) bytes = NULL;
	g_autofree char *text = NULL;
	g_autofree char *mode = NULL;
	LfPayloadWant want = { .path = "config", .max_bytes = MAX_CONFIG_BYTES };

	bytes = lf_payload_store_get_bytes(store, &want, error);
	if (!bytes && want.is_missing) {
		g_clear_error(error);
		return lf_throw(error, LF_ERROR_TARGET,
				"no OSTree repository at '%s': use the full ISO or another url",
				url);
	}
	if (!bytes)
		return false;
	text = text_of(bytes);
	if (!g_key_file_load_from_data(config, text, (gsize)-1, G_KEY_FILE_NONE, NULL))
		return throw_other_answer(error, url, "a repository's config");
	mode = g_key_file_get_string(config, "core", "mode", NULL);
	return g_strcmp0(mode, "archive-z2") == 0 || g_strcmp0(mode, "archive") == 0 ||
	       lf_throw(error, LF_ERROR_UNSUPPORTED,
			"the repository at '%s' is not in archive mode", url);
}

// --- the ref ------------------------------------------------------------------------------------

// Source: libostree's summary: (a(s(taya{sv}))a{sv}), sorted by name.
static char *find_in_summary(GVariant *summary, const char *ref, GString *known)
{
	g_autoptr(GVariant) refs = g_variant_get_child_value(summary, 0);

	for (gsize i = 0; i < g_variant_n_children(refs); i++) {
		g_autoptr(GVariant) csum = NULL;
		const char *name;

		g_variant_get_child(refs, i, "(&s(t@aya{sv}))", &name, NULL, &csum, NULL);
		if (strcmp(name, ref) == 0 && g_variant_get_size(csum) == OSTREE_SHA256_DIGEST_LEN)
			return ostree_checksum_from_bytes(g_variant_get_data(csum));
		if (i < MAX_REFS_SHOWN)
			g_string_append_printf(known, "%s%s", i ? ", " : "", name);
	}
	return NULL;
}

static bool ask_summary(LfPayloadStore *store, const char *url, const char *ref, char **ret,
			GError **error)
{
	g_autoptr(GString) known = g_string_new(NULL);
	g_autoptr(GVariant) summary = NULL;
	g_autoptr(GBytes) bytes = NULL;
	g_autoptr(GError) local = NULL;
	LfPayloadWant want = { .path = "summary", .max_bytes = MAX_SUMMARY_BYTES };

	bytes = lf_payload_store_get_bytes(store, &want, &local);
	if (!bytes && !want.is_missing) {
		g_propagate_error(error, g_steal_pointer(&local));
		return false;
	}
	if (bytes) {
		summary = g_variant_ref_sink(
			g_variant_new_from_bytes(OSTREE_SUMMARY_GVARIANT_FORMAT, bytes, FALSE));
		*ret = g_variant_is_normal_form(summary) ? find_in_summary(summary, ref, known)
							 : NULL;
		if (*ret)
			return true;
	}
	return lf_throw(error, LF_ERROR_INPUT,
			"the payload at '%s' has no ref '%s': write --ref= with one of: %s", url,
			ref, known->len ? known->str : "(it names none)");
}

static bool ask_ref(LfPayloadStore *store, const char *url, const char *ref, char **ret,
		    GError **error)
{
	g_autofree char *path = g_strconcat("refs/heads/", ref, NULL);
	g_autofree char *text = NULL;
	g_autoptr(GBytes) bytes = NULL;
	g_autoptr(GError) local = NULL;
	LfPayloadWant want = { .path = path, .max_bytes = MAX_REF_BYTES };

	bytes = lf_payload_store_get_bytes(store, &want, &local);
	if (!bytes && want.is_missing)
		return ask_summary(store, url, ref, ret, error);
	if (!bytes) {
		g_propagate_error(error, g_steal_pointer(&local));
		return false;
	}
	text = g_strstrip(text_of(bytes));
	if (!ostree_validate_structureof_checksum_string(text, NULL))
		return throw_other_answer(error, url, "a ref");
	*ret = g_steal_pointer(&text);
	return true;
}

// --- the commit ---------------------------------------------------------------------------------

static bool write_commit(OstreeRepo *repo, const char *checksum, GVariant *commit,
			 GVariant *signatures, GError **error)
{
	g_autofree guchar *written = NULL;

	ostree_repo_set_disable_fsync(repo, TRUE);
	if (ostree_repo_write_metadata(repo, OSTREE_OBJECT_TYPE_COMMIT, checksum, commit, &written,
				       NULL, error) &&
	    (!signatures ||
	     ostree_repo_write_commit_detached_metadata(repo, checksum, signatures, NULL, error)))
		return true;
	lf_prefix(error, "cannot keep the payload's commit");
	return lf_rethrow(error, LF_ERROR_IO);
}

// An unsigned commit has none; whether that matters is decided elsewhere.
static bool ask_signatures(LfPayloadStore *store, const char *checksum, GVariant **ret,
			   GError **error)
{
	g_autofree char *path = lf_payload_object_path(OSTREE_OBJECT_TYPE_COMMIT_META, checksum);
	g_autoptr(GVariant) value = NULL;
	g_autoptr(GBytes) bytes = NULL;
	g_autoptr(GError) local = NULL;
	LfPayloadWant want = { .path = path, .max_bytes = MAX_SIGNATURES_BYTES };

	bytes = lf_payload_store_get_bytes(store, &want, &local);
	if (!bytes && want.is_missing)
		return true;
	if (!bytes) {
		g_propagate_error(error, g_steal_pointer(&local));
		return false;
	}
	value = g_variant_ref_sink(g_variant_new_from_bytes(G_VARIANT_TYPE_VARDICT, bytes, FALSE));
	if (!g_variant_is_normal_form(value))
		return lf_throw(error, LF_ERROR_TRUST, "the commit's signature file is damaged");
	*ret = g_steal_pointer(&value);
	return true;
}

bool lf_payload_remote_fetch(LfPayloadStore *store, const char *url, const char *ref,
			     OstreeRepo *repo, char **ret_checksum, GError **error)
{
	g_autofree char *checksum = NULL;
	g_autoptr(GVariant) commit = NULL;
	g_autoptr(GVariant) signatures = NULL;

	if (!check_config(store, url, error) || !ask_ref(store, url, ref, &checksum, error))
		return false;
	commit = lf_payload_object_load(store, OSTREE_OBJECT_TYPE_COMMIT, checksum, error);
	if (!commit || !ask_signatures(store, checksum, &signatures, error) ||
	    !write_commit(repo, checksum, commit, signatures, error))
		return false;
	*ret_checksum = g_steal_pointer(&checksum);
	return true;
}
