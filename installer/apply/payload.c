// The payload: finds the commit and checks its signature, says what it is, copies it.
// Not here: where objects come from (payload-store.c), copying them (payload-copy.c), deploying
// what was copied (sysroot.c).
#include "installer/apply/payload.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "installer/apply/payload-copy.h"
#include "installer/apply/payload-object.h"
#include "installer/apply/payload-remote.h"
#include "installer/apply/payload-tree.h"
#include "installer/plan/deadline.h"

struct LfPayload {
	LfPayloadStore *store;
	unsigned pull_give_up_s;
	char *url;
	char *ref;
	/* Of the repository that the commit was found in */
	OstreeRepo *repo;
	char *place; /* for messages */
	char *path;
	/* The commit */
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
	g_autofree char *name = lf_payload_object_path(type, payload->checksum);

	return is_unreadable(payload, name, cause, error);
}

static bool throw_no_repo(const LfPayload *payload, const GError *cause, GError **error)
{
	if (is_unreadable(payload, "config", cause, error))
		return false;
	if (!g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) &&
	    !g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY))
		return lf_throw(error, LF_ERROR_TRUST, "the repository at '%s' is damaged: %s",
				payload->place, cause->message);
	return lf_throw(error, LF_ERROR_TARGET,
			"no OSTree repository at '%s': use the full ISO or another url (%s)",
			payload->place, cause->message);
}

static bool open_repo(LfPayload *payload, const char *place, const char *path, GError **error)
{
	g_autoptr(GError) local = NULL;
	g_autoptr(GFile) dir = g_file_new_for_path(path);

	payload->place = g_strdup(place);
	payload->path = g_strdup(path);
	payload->repo = ostree_repo_new(dir);
	if (!ostree_repo_open(payload->repo, NULL, &local))
		return throw_no_repo(payload, local, error);
	if (ostree_repo_get_mode(payload->repo) != OSTREE_REPO_MODE_ARCHIVE)
		return lf_throw(error, LF_ERROR_UNSUPPORTED,
				"the repository at '%s' is not in archive mode", place);
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

	if (ostree_repo_resolve_rev(payload->repo, payload->ref, TRUE, &payload->checksum,
				    &local) &&
	    payload->checksum)
		return true;
	if (is_unreadable(payload, name, local, error))
		return false;
	known = list_refs(payload->repo);
	return lf_throw(error, LF_ERROR_INPUT,
			"the payload at '%s' has no ref '%s': write --ref= with one of: %s",
			payload->place, payload->ref, known);
}

// libostree reads an archive's commit without comparing it with its name.
static bool load_commit(LfPayload *payload, GError **error)
{
	g_autoptr(GError) local = NULL;
	g_autoptr(GVariant) whole = NULL;
	g_autoptr(GBytes) bytes = NULL;

	if (!ostree_repo_load_variant(payload->repo, OSTREE_OBJECT_TYPE_COMMIT, payload->checksum,
				      &payload->commit, &local))
		return !is_object_unreadable(payload, OSTREE_OBJECT_TYPE_COMMIT, local, error) &&
		       throw_damaged(error, "the payload's commit", local);
	bytes = g_variant_get_data_as_bytes(payload->commit);
	whole = lf_payload_object_check(OSTREE_OBJECT_TYPE_COMMIT, bytes, payload->checksum, error);
	if (!whole)
		return lf_prefix(error, "the payload's commit %.12s", payload->checksum);
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

// --- where the commit may be --------------------------------------------------------------------

static void forget(LfPayload *payload)
{
	g_clear_object(&payload->repo);
	g_clear_pointer(&payload->commit, g_variant_unref);
	g_clear_pointer(&payload->detached, g_variant_unref);
	g_clear_pointer(&payload->place, g_free);
	g_clear_pointer(&payload->path, g_free);
	g_clear_pointer(&payload->checksum, g_free);
}

static bool identify(LfPayload *payload, const LfPayloadRequest *request, GError **error)
{
	return load_commit(payload, error) &&
	       (!request->keyring || verify_signature(payload, request->keyring, error));
}

static bool take_local(LfPayload *payload, const LfPayloadRequest *request, const char *place,
		       const char *path, GError **error)
{
	if (open_repo(payload, place, path, error) && resolve(payload, error) &&
	    identify(payload, request, error))
		return true;
	forget(payload);
	return false;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)remove(path);
	return 0;
}

// libostree checks signatures of what lies in a repository.
static bool take_remote(LfPayload *payload, const LfPayloadRequest *request, const char *url,
			GError **error)
{
	char path[] = "/tmp/landfall-payload-XXXXXX";
	g_autoptr(GFile) dir = NULL;
	bool is_taken;

	if (!mkdtemp(path))
		return lf_throw_errno(error, "cannot make '%s'", path);
	dir = g_file_new_for_path(path);
	payload->repo = ostree_repo_new(dir);
	payload->place = g_strdup(url);
	payload->path = g_strdup(path);
	is_taken = ostree_repo_create(payload->repo, OSTREE_REPO_MODE_ARCHIVE, NULL, error) ||
		   lf_rethrow(error, LF_ERROR_IO);
	is_taken = is_taken &&
		   lf_payload_remote_fetch(payload->store, url, payload->ref, payload->repo,
					   &payload->checksum, error) &&
		   identify(payload, request, error);
	(void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	if (!is_taken)
		forget(payload);
	return is_taken;
}

static char *path_of_url(const char *url)
{
	g_autoptr(GFile) dir = g_file_new_for_uri(url);

	return g_str_has_prefix(url, "file://") ? g_file_get_path(dir) : NULL;
}

// From here on every error that another place may make good is a note.
static bool take_url(LfPayload *payload, const LfPayloadRequest *request, const char *url,
		     GError **error)
{
	g_autofree char *path = path_of_url(url);

	if (path)
		return take_local(payload, request, url, path, error);
	if (lf_payload_remote_is_url(url))
		return take_remote(payload, request, url, error);
	return lf_throw(
		error, g_str_has_prefix(url, "file://") ? LF_ERROR_INPUT : LF_ERROR_UNSUPPORTED,
		"'%s' is no place of a payload: write an https://, http:// or file:// url", url);
}

static void pass_over(const LfPayloadRequest *request, const char *what, const GError *cause)
{
	g_autofree char *text = g_strdup_printf("%s is passed over: %s", what, cause->message);

	if (request->note)
		request->note(text, request->user_data);
}

static bool take_prestaged(LfPayload *payload, const LfPayloadRequest *request)
{
	g_autoptr(GError) local = NULL;

	if (!request->prestaged)
		return false;
	if (take_local(payload, request, request->prestaged, request->prestaged, &local))
		return true;
	pass_over(request, "the prestaged repository", local);
	return false;
}

// All servers are one: the store asks them in their order.
static bool take_any(LfPayload *payload, const LfPayloadRequest *request, GError **error)
{
	const char *const none[] = { NULL };
	const char *const *next = request->mirrors ? request->mirrors : none;
	const char *url = request->url;
	bool has_asked_servers = false;
	g_autoptr(GError) last = NULL;

	for (; url; url = *next ? *next++ : NULL) {
		bool is_remote = lf_payload_remote_is_url(url);

		if (is_remote && has_asked_servers)
			continue;
		if (last)
			pass_over(request, "the payload's url", last);
		g_clear_error(&last);
		if (take_url(payload, request, url, &last))
			return true;
		has_asked_servers |= is_remote;
	}
	g_propagate_error(error, g_steal_pointer(&last));
	return false;
}

// --- where objects may be -----------------------------------------------------------------------

static void add_repo(LfPayload *payload, const LfPayloadRequest *request, const char *path,
		     bool is_named)
{
	g_autoptr(GFile) dir = g_file_new_for_path(path);
	g_autoptr(OstreeRepo) repo = ostree_repo_new(dir);
	g_autofree char *what = g_strdup_printf("the repository '%s'", path);
	g_autoptr(GError) local = NULL;

	if (ostree_repo_open(repo, NULL, &local) &&
	    (ostree_repo_get_mode(repo) == OSTREE_REPO_MODE_ARCHIVE ||
	     lf_throw(&local, LF_ERROR_UNSUPPORTED, "it is not in archive mode")))
		lf_payload_store_add_repo(payload->store, repo);
	else if (is_named)
		pass_over(request, what, local);
}

static void add_url(LfPayload *payload, const LfPayloadRequest *request, const char *url)
{
	g_autofree char *path = path_of_url(url);

	if (path)
		add_repo(payload, request, path, false);
	else if (lf_payload_remote_is_url(url))
		lf_payload_store_add_url(payload->store, url);
}

static void add_places(LfPayload *payload, const LfPayloadRequest *request)
{
	if (request->prestaged)
		add_repo(payload, request, request->prestaged, false);
	for (gsize i = 0; request->caches && request->caches[i]; i++)
		add_repo(payload, request, request->caches[i], true);
	add_url(payload, request, request->url);
	for (gsize i = 0; request->mirrors && request->mirrors[i]; i++)
		add_url(payload, request, request->mirrors[i]);
}

LfPayload *lf_payload_open(const LfPayloadRequest *request, GError **error)
{
	g_autoptr(LfPayload) payload = g_new0(LfPayload, 1);
	bool is_taken;

	payload->store = lf_payload_store_new(request->access, request->give_up_s);
	lf_payload_store_set_reach(payload->store, request->reach, request->reach_data);
	payload->pull_give_up_s =
		request->pull_give_up_s ? request->pull_give_up_s : LF_PULL_SILENCE_S;
	payload->url = g_strdup(request->url);
	payload->ref = g_strdup(request->ref);
	if (!ostree_validate_rev(payload->ref, NULL))
		return lf_throw_null(error, LF_ERROR_INPUT, "'%s' is not an OSTree ref",
				     payload->ref);
	lf_payload_store_set_tell(payload->store, request->note, request->user_data);
	add_places(payload, request);
	is_taken = take_prestaged(payload, request) || take_any(payload, request, error);
	lf_payload_store_set_tell(payload->store, NULL, NULL);
	return is_taken ? g_steal_pointer(&payload) : NULL;
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

GFile *lf_payload_root(LfPayload *payload)
{
	return lf_payload_tree_new(payload->store, payload->commit);
}

// --- copying ------------------------------------------------------------------------------------

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

static bool use_scratch(LfPayload *payload, OstreeRepo *repo, GError **error)
{
	lf_autofd fd = -1;

	return lf_openat(ostree_repo_get_dfd(repo), "tmp", O_RDONLY | O_DIRECTORY, 0, &fd, error) &&
	       lf_payload_store_use_scratch(payload->store, fd, error);
}

static LfPayloadCopy copy_of(LfPayload *payload, LfPayloadProgress progress, LfPayloadNote note,
			     void *user_data)
{
	g_autoptr(GVariant) metadata = g_variant_get_child_value(payload->commit, 0);

	return (LfPayloadCopy){
		.from = payload->store,
		.checksum = payload->checksum,
		.commit = payload->commit,
		.total_bytes = metadata_number(metadata, "landfall.size-bytes"),
		.progress = progress,
		.note = note,
		.user_data = user_data,
	};
}

// Nothing of ours stays open in the target, or it could not be unmounted.
static bool copy_objects(LfPayload *payload, const LfPayloadCopy *copy, GError **error)
{
	bool is_done = lf_payload_copy(copy, error);

	lf_payload_store_drop_scratch(payload->store);
	return is_done;
}

bool lf_payload_pull(LfPayload *payload, OstreeRepo *repo, const char *remote,
		     LfPayloadProgress progress, LfPayloadNote note, void *user_data,
		     GError **error)
{
	LfPayloadCopy copy = copy_of(payload, progress, note, user_data);
	g_autoptr(LfBare) bare = lf_bare_new(repo, error);
	LfPayloadSink sink = lf_payload_sink_bare(bare);

	if (!bare || !use_scratch(payload, repo, error))
		return false;
	lf_payload_store_set_patience(payload->store, payload->pull_give_up_s);
	ostree_repo_set_disable_fsync(repo, TRUE);
	copy.to = &sink;
	copy.bare = bare;
	return copy_objects(payload, &copy, error) && write_commit(payload, repo, remote, error);
}

// The objects must be on the disk before a name promises them.
static bool sync_repo(OstreeRepo *repo, GError **error)
{
	return syncfs(ostree_repo_get_dfd(repo)) == 0 ||
	       lf_throw_errno(error, "cannot write out the repository");
}

static bool prune(OstreeRepo *repo, GError **error)
{
	gint n_total, n_pruned;
	guint64 bytes;

	if (ostree_repo_prune(repo, OSTREE_REPO_PRUNE_FLAGS_REFS_ONLY, 0, &n_total, &n_pruned,
			      &bytes, NULL, error))
		return true;
	lf_prefix(error, "cannot remove what no branch needs");
	return lf_rethrow(error, LF_ERROR_IO);
}

bool lf_payload_prestage(LfPayload *payload, OstreeRepo *repo, LfPayloadProgress progress,
			 LfPayloadNote note, void *user_data, GError **error)
{
	LfPayloadCopy copy = copy_of(payload, progress, note, user_data);
	g_autoptr(LfArchive) archive = lf_archive_new(repo, error);
	LfPayloadSink sink = lf_payload_sink_archive(archive);

	if (!archive || !use_scratch(payload, repo, error))
		return false;
	copy.to = &sink;
	return copy_objects(payload, &copy, error) && sync_repo(repo, error) &&
	       write_commit(payload, repo, NULL, error) && sync_repo(repo, error) &&
	       prune(repo, error);
}

void lf_payload_free(LfPayload *payload)
{
	if (!payload)
		return;
	forget(payload);
	lf_payload_store_free(payload->store);
	g_free(payload->url);
	g_free(payload->ref);
	g_free(payload);
}
