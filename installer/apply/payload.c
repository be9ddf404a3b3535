// The payload: opens a repository, checks the commit's signature, copies verified objects on all
// processors. Not here: deploying what was copied (sysroot.c), repositories behind HTTP.
#include "installer/apply/payload.h"

#include <errno.h>
#include <string.h>

#include "installer/apply/payload-copy.h"
#include "installer/apply/payload-object.h"

struct LfPayload {
	OstreeRepo *repo;
	char *url;
	char *path; /* of the repository */
	char *ref;
	char *checksum;
	GVariant *commit;
	GVariant *detached; /* nullable: signatures */
};

// libostree speaks GIO errors: what is missing in a repository that should be whole is damage.
static bool throw_damaged(GError **error, const char *what, const GError *cause)
{
	return lf_throw(error, LF_ERROR_TRUST, "%s is damaged: %s", what, cause->message);
}

// libostree passes a read error on as text alone. Where a file seems to be missing the medium may
// be at fault. @name: below the repository. Returns: whether @error is set
static bool is_unreadable(const LfPayload *payload, const char *name, const GError *cause,
			  GError **error)
{
	g_autofree char *path = g_build_filename(payload->path, name, NULL);

	if (cause && strstr(cause->message, g_strerror(EIO)))
		return !lf_throw(error, LF_ERROR_IO,
				 "'%s' cannot be read (%s): " LF_PAYLOAD_UNREADABLE, path,
				 cause->message);
	return !lf_payload_source_check(path, error);
}

static bool is_object_unreadable(const LfPayload *payload, OstreeObjectType type,
				 const GError *cause, GError **error)
{
	g_autofree char *object = lf_payload_object_name(type, payload->checksum);
	g_autofree char *name = g_build_filename("objects", object, NULL);

	return is_unreadable(payload, name, cause, error);
}

static bool throw_no_repo(const LfPayload *payload, const GError *cause, GError **error)
{
	if (is_unreadable(payload, "config", cause, error))
		return false;
	if (!g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) &&
	    !g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY))
		return lf_throw(error, LF_ERROR_TRUST, "the repository at '%s' is damaged: %s",
				payload->url, cause->message);
	return lf_throw(error, LF_ERROR_TARGET,
			"no OSTree repository at '%s': use the full ISO or another url (%s)",
			payload->url, cause->message);
}

static bool open_repo(LfPayload *payload, GError **error)
{
	g_autoptr(GError) local = NULL;
	g_autoptr(GFile) dir = NULL;

	if (!g_str_has_prefix(payload->url, "file://"))
		return lf_throw(error, LF_ERROR_UNSUPPORTED,
				"payload url '%s' cannot be reached yet: write a file:// url",
				payload->url);
	dir = g_file_new_for_uri(payload->url);
	payload->path = g_file_get_path(dir);
	if (!payload->path)
		return lf_throw(error, LF_ERROR_INPUT, "'%s' names no local directory",
				payload->url);
	payload->repo = ostree_repo_new(dir);
	if (!ostree_repo_open(payload->repo, NULL, &local))
		return throw_no_repo(payload, local, error);
	if (ostree_repo_get_mode(payload->repo) != OSTREE_REPO_MODE_ARCHIVE)
		return lf_throw(error, LF_ERROR_UNSUPPORTED,
				"the repository at '%s' is not in archive mode", payload->url);
	return true;
}

static char *list_refs(OstreeRepo *repo)
{
	g_autoptr(GHashTable) refs = NULL;
	g_autoptr(GList) names = NULL;
	g_autoptr(GString) list = g_string_new(NULL);

	if (!ostree_repo_list_refs(repo, NULL, &refs, NULL, NULL))
		return g_strdup("none");
	names = g_list_sort(g_hash_table_get_keys(refs), (GCompareFunc)strcmp);
	for (GList *name = names; name; name = name->next)
		g_string_append_printf(list, "%s%s", list->len ? ", " : "", (char *)name->data);
	return list->len ? g_string_free(g_steal_pointer(&list), FALSE) : g_strdup("none");
}

static bool resolve(LfPayload *payload, GError **error)
{
	g_autofree char *known = NULL;
	g_autofree char *name = g_build_filename("refs/heads", payload->ref, NULL);
	g_autoptr(GError) local = NULL;

	if (!ostree_validate_rev(payload->ref, NULL))
		return lf_throw(error, LF_ERROR_INPUT, "'%s' is not an OSTree ref", payload->ref);
	if (ostree_repo_resolve_rev(payload->repo, payload->ref, TRUE, &payload->checksum,
				    &local) &&
	    payload->checksum)
		return true;
	if (is_unreadable(payload, name, local, error))
		return false;
	known = list_refs(payload->repo);
	return lf_throw(error, LF_ERROR_INPUT,
			"the payload at '%s' has no ref '%s': write --ref= with one of: %s",
			payload->url, payload->ref, known);
}

// libostree reads an archive's commit without comparing it with its name.
static bool load_commit(LfPayload *payload, GError **error)
{
	g_autoptr(GError) local = NULL;
	g_autofree char *actual = NULL;
	g_autoptr(GBytes) bytes = NULL;

	if (!ostree_repo_load_variant(payload->repo, OSTREE_OBJECT_TYPE_COMMIT, payload->checksum,
				      &payload->commit, &local))
		return !is_object_unreadable(payload, OSTREE_OBJECT_TYPE_COMMIT, local, error) &&
		       throw_damaged(error, "the payload's commit", local);
	bytes = g_variant_get_data_as_bytes(payload->commit);
	actual = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes);
	if (strcmp(actual, payload->checksum) != 0)
		return lf_throw(error, LF_ERROR_TRUST,
				"the payload's commit %.12s is damaged: its checksum is %.12s",
				payload->checksum, actual);
	if (!ostree_repo_read_commit_detached_metadata(payload->repo, payload->checksum,
						       &payload->detached, NULL, &local))
		return !is_object_unreadable(payload, OSTREE_OBJECT_TYPE_COMMIT_META, local,
					     error) &&
		       throw_damaged(error, "the commit's signature file", local);
	return true;
}

static bool verify_signature(const LfPayload *payload, const char *keyring, GError **error)
{
	g_autoptr(GError) local = NULL;
	g_autoptr(GFile) keys = g_file_new_for_path(keyring);
	g_autoptr(OstreeGpgVerifyResult) result = NULL;

	result = ostree_repo_verify_commit_ext(payload->repo, payload->checksum, NULL, keys, NULL,
					       &local);
	if (result && ostree_gpg_verify_result_require_valid_signature(result, &local))
		return true;
	if (is_object_unreadable(payload, OSTREE_OBJECT_TYPE_COMMIT_META, local, error))
		return false;
	return lf_throw(error, LF_ERROR_TRUST,
			"commit %.12s of '%s' is not signed with a key this image trusts (%s): "
			"use a payload signed for it",
			payload->checksum, payload->ref, local->message);
}

LfPayload *lf_payload_open(const char *url, const char *ref, const char *keyring, GError **error)
{
	g_autoptr(LfPayload) payload = g_new0(LfPayload, 1);

	payload->url = g_strdup(url);
	payload->ref = g_strdup(ref);
	if (!open_repo(payload, error) || !resolve(payload, error) || !load_commit(payload, error))
		return NULL;
	if (keyring && !verify_signature(payload, keyring, error))
		return NULL;
	return g_steal_pointer(&payload);
}

static char *metadata_text(GVariant *metadata, const char *key)
{
	const char *text = NULL;

	return g_variant_lookup(metadata, key, "&s", &text) ? g_strdup(text) : NULL;
}

static uint64_t metadata_number(GVariant *metadata, const char *key)
{
	guint64 value = 0;

	return g_variant_lookup(metadata, key, "t", &value) && value <= G_MAXINT64 ? value : 0;
}

LfFactPayload *lf_payload_facts(const LfPayload *payload)
{
	g_autoptr(GVariant) metadata = g_variant_get_child_value(payload->commit, 0);
	LfFactPayload *facts = g_new0(LfFactPayload, 1);

	facts->url = g_strdup(payload->url);
	facts->ref = g_strdup(payload->ref);
	facts->checksum = g_strdup(payload->checksum);
	facts->version = metadata_text(metadata, OSTREE_COMMIT_META_KEY_VERSION);
	facts->flavour = metadata_text(metadata, "landfall.flavour");
	facts->kernel = metadata_text(metadata, "landfall.kernel");
	facts->kernel_args = metadata_text(metadata, "landfall.kernel-args");
	facts->size_bytes = metadata_number(metadata, "landfall.size-bytes");
	facts->objects = metadata_number(metadata, "landfall.objects");
	return facts;
}

// The commit is written when all it names is there, so that half a pull is never a commit.
static bool write_commit(LfPayload *payload, OstreeRepo *repo, const char *remote, GError **error)
{
	g_autofree guchar *written = NULL;

	if (!ostree_repo_write_metadata(repo, OSTREE_OBJECT_TYPE_COMMIT, payload->checksum,
					payload->commit, &written, NULL, error) ||
	    !ostree_repo_write_commit_detached_metadata(repo, payload->checksum, payload->detached,
							NULL, error) ||
	    !ostree_repo_set_ref_immediate(repo, remote, payload->ref, payload->checksum, NULL,
					   error)) {
		lf_prefix(error, "cannot record the payload's commit");
		return lf_rethrow(error, LF_ERROR_IO);
	}
	return true;
}

bool lf_payload_pull(LfPayload *payload, OstreeRepo *repo, const char *remote,
		     LfPayloadProgress progress, void *user_data, GError **error)
{
	g_autoptr(GVariant) metadata = g_variant_get_child_value(payload->commit, 0);
	LfPayloadCopy copy = {
		.from = payload->repo,
		.to = repo,
		.commit = payload->commit,
		.total_bytes = metadata_number(metadata, "landfall.size-bytes"),
		.progress = progress,
		.user_data = user_data,
	};

	return lf_payload_copy(&copy, error) && write_commit(payload, repo, remote, error);
}

void lf_payload_free(LfPayload *payload)
{
	if (!payload)
		return;
	g_clear_object(&payload->repo);
	g_clear_pointer(&payload->commit, g_variant_unref);
	g_clear_pointer(&payload->detached, g_variant_unref);
	g_free(payload->url);
	g_free(payload->path);
	g_free(payload->ref);
	g_free(payload->checksum);
	g_free(payload);
}
