// Copies a commit's objects: one thread walks the trees, all processors write the files.
// Not here: signatures, refs and the commit object itself (payload.c).
#include "installer/apply/payload-copy.h"

#include <string.h>

#include "installer/apply/payload-object.h"

typedef struct {
	char hex[OSTREE_SHA256_STRING_LEN + 1];
} Checksum;

typedef struct {
	const LfPayloadCopy *copy;
	GThreadPool *pool;
	GHashTable *seen; /* Checksum as text; only the walking thread looks at it */
	GQueue trees;	  /* Checksum *, still to be read */
	GMutex lock;	  /* guards what follows */
	GCond is_changed;
	GError *failure;
	size_t n_waiting;
	uint64_t bytes;
} Copier;

static Checksum *checksum_from_variant(GVariant *csum_v)
{
	Checksum *checksum = g_new(Checksum, 1);
	const guchar *csum = ostree_checksum_bytes_peek(csum_v);

	ostree_checksum_inplace_from_bytes(csum, checksum->hex);
	return checksum;
}

// The first failure is the one that is told; the others end because of it.
static void copier_fail(Copier *copier, GError *failure)
{
	g_mutex_lock(&copier->lock);
	if (!copier->failure)
		copier->failure = g_steal_pointer(&failure);
	g_cond_signal(&copier->is_changed);
	g_mutex_unlock(&copier->lock);
	g_clear_error(&failure);
}

static bool copier_has_failed(Copier *copier)
{
	bool has_failed;

	g_mutex_lock(&copier->lock);
	has_failed = copier->failure != NULL;
	g_mutex_unlock(&copier->lock);
	return has_failed;
}

static bool throw_tree(GError **error, const Checksum *checksum, const GError *cause)
{
	if (cause->domain == G_IO_ERROR && cause->code != G_IO_ERROR_FAILED &&
	    cause->code != G_IO_ERROR_NOT_FOUND)
		return lf_throw(error, LF_ERROR_IO, "cannot write tree object %.12s: %s",
				checksum->hex, cause->message);
	return lf_throw(error, LF_ERROR_TRUST,
			"tree object %.12s of the payload is damaged or missing: %s", checksum->hex,
			cause->message);
}

static void copy_file_in_pool(void *data, void *user_data)
{
	g_autofree Checksum *checksum = data;
	Copier *copier = user_data;
	GError *error = NULL;
	uint64_t bytes = 0;

	if (!copier_has_failed(copier) &&
	    !lf_payload_object_copy(copier->copy->from, copier->copy->to, checksum->hex, &bytes,
				    &error))
		copier_fail(copier, error);
	g_mutex_lock(&copier->lock);
	copier->bytes += bytes;
	if (--copier->n_waiting == 0)
		g_cond_signal(&copier->is_changed);
	g_mutex_unlock(&copier->lock);
}

// Returns: (nullable): the checksum if it was not seen before.
static Checksum *take_unseen(Copier *copier, GVariant *csum_v)
{
	Checksum *checksum = checksum_from_variant(csum_v);

	if (g_hash_table_contains(copier->seen, checksum->hex)) {
		g_free(checksum);
		return NULL;
	}
	g_hash_table_add(copier->seen, g_strdup(checksum->hex));
	return checksum;
}

static bool copy_metadata(const LfPayloadCopy *copy, OstreeObjectType type,
			  const Checksum *checksum, GVariant **ret_object, GError **error)
{
	g_autoptr(GVariant) object = NULL;
	g_autoptr(GError) local = NULL;
	g_autofree guchar *written = NULL;

	if (!ostree_repo_load_variant(copy->from, type, checksum->hex, &object, &local) ||
	    !ostree_repo_write_metadata(copy->to, type, checksum->hex, object, &written, NULL,
					&local))
		return throw_tree(error, checksum, local);
	*ret_object = g_steal_pointer(&object);
	return true;
}

static void queue_file(Copier *copier, GVariant *csum_v)
{
	Checksum *checksum = take_unseen(copier, csum_v);

	if (!checksum)
		return;
	g_mutex_lock(&copier->lock);
	copier->n_waiting++;
	g_mutex_unlock(&copier->lock);
	g_thread_pool_push(copier->pool, checksum, NULL);
}

static void queue_tree(Copier *copier, GVariant *csum_v)
{
	Checksum *checksum = take_unseen(copier, csum_v);

	if (checksum)
		g_queue_push_tail(&copier->trees, checksum);
}

static bool copy_dirmeta(Copier *copier, GVariant *csum_v, GError **error)
{
	g_autofree Checksum *checksum = take_unseen(copier, csum_v);
	g_autoptr(GVariant) object = NULL;

	return !checksum ||
	       copy_metadata(copier->copy, OSTREE_OBJECT_TYPE_DIR_META, checksum, &object, error);
}

// A tree is (files, directories): a(say) and a(sayay), each checksum 32 bytes.
static bool walk_tree(Copier *copier, const Checksum *checksum, GError **error)
{
	g_autoptr(GVariant) tree = NULL;
	g_autoptr(GVariant) files = NULL;
	g_autoptr(GVariant) dirs = NULL;
	g_autoptr(GError) local = NULL;

	if (!copy_metadata(copier->copy, OSTREE_OBJECT_TYPE_DIR_TREE, checksum, &tree, error))
		return false;
	if (!ostree_validate_structureof_dirtree(tree, &local))
		return throw_tree(error, checksum, local);
	files = g_variant_get_child_value(tree, 0);
	for (gsize i = 0; i < g_variant_n_children(files); i++) {
		g_autoptr(GVariant) csum = NULL;

		g_variant_get_child(files, i, "(&s@ay)", NULL, &csum);
		queue_file(copier, csum);
	}
	dirs = g_variant_get_child_value(tree, 1);
	for (gsize i = 0; i < g_variant_n_children(dirs); i++) {
		g_autoptr(GVariant) csum = NULL;
		g_autoptr(GVariant) meta = NULL;

		g_variant_get_child(dirs, i, "(&s@ay@ay)", NULL, &csum, &meta);
		queue_tree(copier, csum);
		if (!copy_dirmeta(copier, meta, error))
			return false;
	}
	return true;
}

static void report(Copier *copier)
{
	const LfPayloadCopy *copy = copier->copy;
	uint64_t bytes;

	g_mutex_lock(&copier->lock);
	bytes = copier->bytes;
	g_mutex_unlock(&copier->lock);
	if (copy->progress)
		copy->progress(MIN(bytes, copy->total_bytes), copy->total_bytes, copy->user_data);
}

static bool walk(Copier *copier, GError **error)
{
	g_autoptr(GVariant) root = g_variant_get_child_value(copier->copy->commit, 6);
	g_autoptr(GVariant) meta = g_variant_get_child_value(copier->copy->commit, 7);

	if (!copy_dirmeta(copier, meta, error))
		return false;
	queue_tree(copier, root);
	while (!g_queue_is_empty(&copier->trees)) {
		g_autofree Checksum *checksum = g_queue_pop_head(&copier->trees);

		if (copier_has_failed(copier))
			return true; // the failure is told at the end
		if (!walk_tree(copier, checksum, error))
			return false;
		report(copier);
	}
	return true;
}

// Waits for every file, also after a failure: what is still queued is then dropped quickly.
static void wait_for_files(Copier *copier)
{
	bool is_done = false;

	while (!is_done) {
		gint64 until = g_get_monotonic_time() + 200 * G_TIME_SPAN_MILLISECOND;

		g_mutex_lock(&copier->lock);
		while (copier->n_waiting > 0 &&
		       g_cond_wait_until(&copier->is_changed, &copier->lock, until))
			;
		is_done = copier->n_waiting == 0;
		g_mutex_unlock(&copier->lock);
		report(copier);
	}
}

static void copier_clear(Copier *copier)
{
	g_queue_clear_full(&copier->trees, g_free);
	g_clear_pointer(&copier->seen, g_hash_table_unref);
	g_clear_error(&copier->failure);
	g_mutex_clear(&copier->lock);
	g_cond_clear(&copier->is_changed);
}

bool lf_payload_copy(const LfPayloadCopy *copy, GError **error)
{
	Copier copier = { .copy = copy, .trees = G_QUEUE_INIT };
	GError *failure = NULL;
	bool is_copied;

	ostree_repo_set_disable_fsync(copy->to, TRUE);
	g_mutex_init(&copier.lock);
	g_cond_init(&copier.is_changed);
	copier.seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	copier.pool = g_thread_pool_new(copy_file_in_pool, &copier, (gint)g_get_num_processors(),
					FALSE, NULL);
	if (!walk(&copier, &failure))
		copier_fail(&copier, failure);
	wait_for_files(&copier);
	g_thread_pool_free(copier.pool, FALSE, TRUE);
	is_copied = copier.failure == NULL;
	if (!is_copied)
		g_propagate_error(error, g_steal_pointer(&copier.failure));
	copier_clear(&copier);
	return is_copied;
}
