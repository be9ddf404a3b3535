// Copies a commit's objects: one thread walks the trees, all processors write, in the medium's
// order. Not here: signatures, refs and the commit object itself (payload.c).
#include "installer/apply/payload-copy.h"

#include <string.h>

#include "installer/apply/payload-object.h"

/* One object to write. */
typedef struct {
	char checksum[OSTREE_SHA256_STRING_LEN + 1];
	OstreeObjectType type;
	GVariant *object; /* tree objects are already read */
	uint64_t place;
} Job;

typedef struct {
	const LfPayloadCopy *copy;
	LfPayloadSource *source;
	const LfBare *bare;
	GThreadPool *pool;
	/* Of the walking thread */
	GHashTable *seen; /* checksums */
	GQueue trees;	  /* Job, still to be walked */
	GPtrArray *files; /* Job */
	/* Shared, guarded by the lock */
	GMutex lock;
	GCond is_changed;
	GError *failure;
	size_t n_waiting;
	uint64_t bytes;
} Copier;

static void job_free(Job *job)
{
	g_clear_pointer(&job->object, g_variant_unref);
	g_free(job);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Job, job_free)

// The first failure is the one that is told; the others end because of it.
static void copier_fail(Copier *copier, GError *failure)
{
	g_mutex_lock(&copier->lock);
	if (!copier->failure)
		copier->failure = g_steal_pointer(&failure);
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

static bool write_object(const Copier *copier, const Job *job, uint64_t *ret_bytes, GError **error)
{
	if (job->object)
		return lf_bare_write_tree(copier->bare, job->type, job->checksum, job->object,
					  error);
	return lf_payload_object_copy(copier->source, copier->bare, job->checksum, ret_bytes,
				      error);
}

static void run_job(void *data, void *user_data)
{
	g_autoptr(Job) job = data;
	Copier *copier = user_data;
	GError *error = NULL;
	uint64_t bytes = 0;

	if (!copier_has_failed(copier) && !write_object(copier, job, &bytes, &error))
		copier_fail(copier, error);
	g_mutex_lock(&copier->lock);
	copier->bytes += bytes;
	if (--copier->n_waiting == 0)
		g_cond_signal(&copier->is_changed);
	g_mutex_unlock(&copier->lock);
}

static void push(Copier *copier, Job *job)
{
	g_mutex_lock(&copier->lock);
	copier->n_waiting++;
	g_mutex_unlock(&copier->lock);
	g_thread_pool_push(copier->pool, job, NULL);
}

// Returns: (nullable): a job for the object if it was not seen before.
static Job *take_unseen(Copier *copier, OstreeObjectType type, GVariant *csum_v)
{
	g_autoptr(Job) job = g_new0(Job, 1);
	g_autofree char *name = NULL;

	ostree_checksum_inplace_from_bytes(ostree_checksum_bytes_peek(csum_v), job->checksum);
	if (!g_hash_table_add(copier->seen, g_strdup(job->checksum)))
		return NULL;
	job->type = type;
	name = lf_payload_object_name(type, job->checksum);
	job->place = lf_payload_source_place(copier->source, name);
	return g_steal_pointer(&job);
}

static void remember_file(Copier *copier, GVariant *csum_v)
{
	Job *job = take_unseen(copier, OSTREE_OBJECT_TYPE_FILE, csum_v);

	if (job)
		g_ptr_array_add(copier->files, job);
}

static void queue_tree(Copier *copier, GVariant *csum_v)
{
	Job *job = take_unseen(copier, OSTREE_OBJECT_TYPE_DIR_TREE, csum_v);

	if (job)
		g_queue_push_tail(&copier->trees, job);
}

static bool load(Copier *copier, Job *job, GError **error)
{
	job->object = lf_payload_object_load(copier->source, job->type, job->checksum, error);
	return job->object != NULL;
}

static bool copy_dirmeta(Copier *copier, GVariant *csum_v, GError **error)
{
	g_autoptr(Job) job = take_unseen(copier, OSTREE_OBJECT_TYPE_DIR_META, csum_v);

	if (!job)
		return true;
	if (!load(copier, job, error))
		return false;
	push(copier, g_steal_pointer(&job));
	return true;
}

// A tree is (files, directories): a(say) and a(sayay), each checksum 32 bytes.
static bool walk_tree(Copier *copier, GVariant *tree, GError **error)
{
	g_autoptr(GVariant) files = g_variant_get_child_value(tree, 0);
	g_autoptr(GVariant) dirs = g_variant_get_child_value(tree, 1);

	for (gsize i = 0; i < g_variant_n_children(files); i++) {
		g_autoptr(GVariant) csum = NULL;

		g_variant_get_child(files, i, "(&s@ay)", NULL, &csum);
		remember_file(copier, csum);
	}
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

static bool walk(Copier *copier, GError **error)
{
	g_autoptr(GVariant) root = g_variant_get_child_value(copier->copy->commit, 6);
	g_autoptr(GVariant) meta = g_variant_get_child_value(copier->copy->commit, 7);

	if (!copy_dirmeta(copier, meta, error))
		return false;
	queue_tree(copier, root);
	while (!g_queue_is_empty(&copier->trees)) {
		g_autoptr(Job) job = g_queue_pop_head(&copier->trees);

		if (!load(copier, job, error) || !walk_tree(copier, job->object, error))
			return false;
		push(copier, g_steal_pointer(&job));
	}
	return true;
}

static int by_place(const void *a, const void *b)
{
	const Job *first = *(Job *const *)a;
	const Job *second = *(Job *const *)b;

	return (first->place > second->place) - (first->place < second->place);
}

static void push_files(Copier *copier)
{
	g_autofree gpointer *jobs = NULL;
	gsize n = 0;

	g_ptr_array_sort(copier->files, by_place);
	jobs = g_ptr_array_steal(copier->files, &n);
	for (gsize i = 0; i < n; i++)
		push(copier, jobs[i]);
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

// Waits for every job, also after a failure: what is still queued is then dropped quickly.
static void wait_for_jobs(Copier *copier)
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

static void copier_init(Copier *copier, const LfPayloadCopy *copy, const LfBare *bare)
{
	*copier = (Copier){ .copy = copy, .bare = bare, .trees = G_QUEUE_INIT };
	g_mutex_init(&copier->lock);
	g_cond_init(&copier->is_changed);
	copier->source = lf_payload_source_new(copy->from);
	copier->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	copier->files = g_ptr_array_new_with_free_func((GDestroyNotify)job_free);
	copier->pool =
		g_thread_pool_new(run_job, copier, (gint)g_get_num_processors(), FALSE, NULL);
}

static void copier_clear(Copier *copier)
{
	g_thread_pool_free(copier->pool, FALSE, TRUE);
	g_queue_clear_full(&copier->trees, (GDestroyNotify)job_free);
	g_ptr_array_unref(copier->files);
	g_hash_table_unref(copier->seen);
	lf_payload_source_free(copier->source);
	g_clear_error(&copier->failure);
	g_mutex_clear(&copier->lock);
	g_cond_clear(&copier->is_changed);
}

bool lf_payload_copy(const LfPayloadCopy *copy, GError **error)
{
	g_autoptr(LfBare) bare = lf_bare_new(copy->to, error);
	GError *failure = NULL;
	Copier copier;
	bool is_copied;

	if (!bare)
		return false;
	ostree_repo_set_disable_fsync(copy->to, TRUE);
	copier_init(&copier, copy, bare);
	if (walk(&copier, &failure))
		push_files(&copier);
	else
		copier_fail(&copier, failure);
	wait_for_jobs(&copier);
	is_copied = copier.failure == NULL;
	if (!is_copied)
		g_propagate_error(error, g_steal_pointer(&copier.failure));
	copier_clear(&copier);
	return is_copied;
}
