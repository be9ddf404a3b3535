// Copies a commit's objects: trees lead to files; on all processors from a medium and in its order,
// many at once from a server. Not here: signatures, refs and the commit object (payload.c).
#include "installer/apply/payload-copy.h"

#include <string.h>

#include "installer/apply/payload-object.h"

// A server far away answers each request late: this many are on their way at once.
#define N_SERVER_THREADS 16
// Two parts are fetched and two written at once, and two more wait for their turn.
#define N_DELTA_THREADS 6
// Compressed, an object is at most a little longer than it is.
#define MAX_SPARE_BYTES	 (64 * 1024 * 1024)
#define MAX_OBJECT_BYTES (G_GUINT64_CONSTANT(8) << 30)
#define REPORT_EVERY_US	 (200 * G_TIME_SPAN_MILLISECOND)

/* One object, one part of a delta, or finding that. */
typedef struct {
	char checksum[OSTREE_SHA256_STRING_LEN + 1];
	OstreeObjectType type;
	bool is_delta;
	bool is_part;
	bool is_single; /* the delta says that it is needed */
	guint part;
	uint64_t place; /* on the medium; of a single its size */
} Job;

typedef struct {
	const LfPayloadCopy *copy;
	LfPayloadDelta *delta; /* nullable */
	GThreadPool *pool;
	uint64_t max_bytes; /* of an object */
	bool is_sorted;	    /* files wait until all are known */
	/* Guarded by the lock */
	GMutex lock;
	GCond is_changed;
	GHashTable *seen;    /* checksums */
	GHashTable *singles; /* checksums, of the calling thread */
	GPtrArray *files;    /* Job */
	GError *failure;
	size_t n_waiting;
	uint64_t bytes;
	bool is_delta_broken;
} Copier;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Job, g_free)

// The first failure is the one that is told; the others end because of it.
static void copier_fail(Copier *copier, GError *failure)
{
	g_mutex_lock(&copier->lock);
	if (!copier->failure)
		copier->failure = g_steal_pointer(&failure);
	g_mutex_unlock(&copier->lock);
	g_clear_error(&failure);
	lf_payload_store_stop(copier->copy->from);
}

static bool copier_has_failed(Copier *copier)
{
	bool has_failed;

	g_mutex_lock(&copier->lock);
	has_failed = copier->failure != NULL;
	g_mutex_unlock(&copier->lock);
	return has_failed;
}

static void push(Copier *copier, Job *job)
{
	g_mutex_lock(&copier->lock);
	copier->n_waiting++;
	g_mutex_unlock(&copier->lock);
	g_thread_pool_push(copier->pool, job, NULL);
}

// --- trees --------------------------------------------------------------------------------------

static bool is_new(Copier *copier, const char *checksum)
{
	bool value;

	g_mutex_lock(&copier->lock);
	value = g_hash_table_add(copier->seen, g_strdup(checksum));
	g_mutex_unlock(&copier->lock);
	return value;
}

static void push_in_order(Copier *copier, Job *job)
{
	g_autofree char *path = lf_payload_object_path(job->type, job->checksum);

	job->place = lf_payload_store_place(copier->copy->from, path);
	g_mutex_lock(&copier->lock);
	g_ptr_array_add(copier->files, job);
	g_mutex_unlock(&copier->lock);
}

static void queue(Copier *copier, OstreeObjectType type, GVariant *csum_v)
{
	g_autoptr(Job) job = g_new0(Job, 1);

	ostree_checksum_inplace_from_bytes(ostree_checksum_bytes_peek(csum_v), job->checksum);
	job->type = type;
	if (!is_new(copier, job->checksum))
		return;
	if (copier->is_sorted && type == OSTREE_OBJECT_TYPE_FILE)
		push_in_order(copier, g_steal_pointer(&job));
	else
		push(copier, g_steal_pointer(&job));
}

// A tree is (files, directories): a(say) and a(sayay), each checksum 32 bytes.
static void queue_children(Copier *copier, GVariant *tree)
{
	g_autoptr(GVariant) files = g_variant_get_child_value(tree, 0);
	g_autoptr(GVariant) dirs = g_variant_get_child_value(tree, 1);

	for (gsize i = 0; i < g_variant_n_children(dirs); i++) {
		g_autoptr(GVariant) csum = NULL;
		g_autoptr(GVariant) meta = NULL;

		g_variant_get_child(dirs, i, "(&s@ay@ay)", NULL, &csum, &meta);
		queue(copier, OSTREE_OBJECT_TYPE_DIR_TREE, csum);
		queue(copier, OSTREE_OBJECT_TYPE_DIR_META, meta);
	}
	for (gsize i = 0; i < g_variant_n_children(files); i++) {
		g_autoptr(GVariant) csum = NULL;

		g_variant_get_child(files, i, "(&s@ay)", NULL, &csum);
		queue(copier, OSTREE_OBJECT_TYPE_FILE, csum);
	}
}

static bool copy_tree(Copier *copier, const Job *job, GError **error)
{
	const LfPayloadSink *to = copier->copy->to;
	g_autoptr(GVariant) there = to->load_tree(to->repo, job->type, job->checksum);
	g_autoptr(GVariant) object = there ? g_variant_ref(there) : NULL;

	if (!object)
		object =
			lf_payload_object_load(copier->copy->from, job->type, job->checksum, error);
	if (!object)
		return false;
	// Children first: a request on its way is worth more than a file on the disk.
	if (job->type == OSTREE_OBJECT_TYPE_DIR_TREE)
		queue_children(copier, object);
	return there || to->write_tree(to->repo, job->type, job->checksum, object, error);
}

static bool copy_file(Copier *copier, const Job *job, uint64_t *ret_bytes, GError **error)
{
	const LfPayloadSink *to = copier->copy->to;

	return to->has_file(to->repo, job->checksum, ret_bytes) ||
	       lf_payload_object_copy(copier->copy->from, to, job->checksum, copier->max_bytes,
				      ret_bytes, error);
}

// --- the pool -----------------------------------------------------------------------------------

// A delta is only a shorter way: without it all objects come one by one.
static bool forgive_delta(Copier *copier, GError *failure, GError **error)
{
	if (!g_error_matches(failure, LF_ERROR, LF_ERROR_TRUST)) {
		g_propagate_error(error, failure);
		return false;
	}
	lf_payload_store_note(copier->copy->from, "the static delta is not used any more: %s",
			      failure->message);
	g_error_free(failure);
	g_mutex_lock(&copier->lock);
	copier->is_delta_broken = true;
	g_mutex_unlock(&copier->lock);
	return true;
}

static bool copy_part(Copier *copier, const Job *job, uint64_t *ret_bytes, GError **error)
{
	g_autoptr(GError) local = NULL;
	bool is_broken;

	g_mutex_lock(&copier->lock);
	is_broken = copier->is_delta_broken;
	g_mutex_unlock(&copier->lock);
	if (is_broken || lf_payload_delta_apply(copier->delta, job->part, copier->copy->from,
						copier->copy->bare, ret_bytes, &local))
		return true;
	return forgive_delta(copier, g_steal_pointer(&local), error);
}

// What is missing for it here is fetched for good when the commit asks for it.
static bool copy_single(Copier *copier, const Job *job, uint64_t *ret_bytes, GError **error)
{
	GError *local = NULL;
	bool is_copied;

	lf_payload_delta_enter(copier->delta);
	is_copied = copy_file(copier, job, ret_bytes, &local);
	lf_payload_delta_leave(copier->delta);
	return is_copied || forgive_delta(copier, local, error);
}

static void find_delta(Copier *copier)
{
	const LfPayloadCopy *copy = copier->copy;

	copier->delta = lf_payload_delta_fetch(copy->from, copy->checksum, copy->total_bytes);
}

static bool do_job(Copier *copier, const Job *job, uint64_t *ret_bytes, GError **error)
{
	if (job->is_delta) {
		find_delta(copier);
		return true;
	}
	if (job->is_part)
		return copy_part(copier, job, ret_bytes, error);
	if (job->is_single)
		return copy_single(copier, job, ret_bytes, error);
	return job->type == OSTREE_OBJECT_TYPE_FILE ? copy_file(copier, job, ret_bytes, error)
						    : copy_tree(copier, job, error);
}

static void run_job(void *data, void *user_data)
{
	g_autoptr(Job) job = data;
	Copier *copier = user_data;
	GError *error = NULL;
	uint64_t bytes = 0;

	if (!copier_has_failed(copier) && !do_job(copier, job, &bytes, &error))
		copier_fail(copier, error);
	g_mutex_lock(&copier->lock);
	copier->bytes += bytes;
	if (--copier->n_waiting == 0)
		g_cond_signal(&copier->is_changed);
	g_mutex_unlock(&copier->lock);
}

static void report(Copier *copier)
{
	const LfPayloadCopy *copy = copier->copy;
	char *text;
	uint64_t bytes;

	g_mutex_lock(&copier->lock);
	bytes = copier->bytes;
	g_mutex_unlock(&copier->lock);
	while ((text = lf_payload_store_take_note(copy->from))) {
		if (copy->note)
			copy->note(text, copy->user_data);
		g_free(text);
	}
	if (copy->progress)
		copy->progress(copy->total_bytes ? MIN(bytes, copy->total_bytes) : bytes,
			       copy->total_bytes, copy->user_data);
}

// Waits for every job, also after a failure: what is still queued is then dropped quickly.
static void wait_for_jobs(Copier *copier)
{
	bool is_done = false;

	while (!is_done) {
		gint64 until = g_get_monotonic_time() + REPORT_EVERY_US;

		g_mutex_lock(&copier->lock);
		while (copier->n_waiting > 0 &&
		       g_cond_wait_until(&copier->is_changed, &copier->lock, until))
			;
		is_done = copier->n_waiting == 0;
		g_mutex_unlock(&copier->lock);
		report(copier);
	}
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

static void copy_objects(Copier *copier)
{
	g_autoptr(GVariant) root = g_variant_get_child_value(copier->copy->commit, 6);
	g_autoptr(GVariant) meta = g_variant_get_child_value(copier->copy->commit, 7);

	queue(copier, OSTREE_OBJECT_TYPE_DIR_META, meta);
	queue(copier, OSTREE_OBJECT_TYPE_DIR_TREE, root);
	wait_for_jobs(copier);
	push_files(copier);
	wait_for_jobs(copier);
}

// --- the delta ----------------------------------------------------------------------------------

static int n_threads(const LfPayloadCopy *copy)
{
	return lf_payload_store_has_server(copy->from) ? N_SERVER_THREADS
						       : (int)g_get_num_processors();
}

// In the pool, as all else: the calling thread tells what happens, and a server may be away for
// hours.
static void ask_for_delta(Copier *copier)
{
	Job *job = g_new0(Job, 1);

	job->is_delta = true;
	push(copier, job);
	wait_for_jobs(copier);
}

static void push_part(Copier *copier, guint i)
{
	Job *job = g_new0(Job, 1);

	job->is_part = true;
	job->part = i;
	push(copier, job);
}

static void add_single(Copier *copier, guint i, GPtrArray *singles)
{
	g_autoptr(Job) job = g_new0(Job, 1);

	job->is_single = true;
	job->type = OSTREE_OBJECT_TYPE_FILE;
	if (lf_payload_delta_single(copier->delta, i, job->checksum, &job->place) &&
	    g_hash_table_add(copier->singles, g_strdup(job->checksum)))
		g_ptr_array_add(singles, g_steal_pointer(&job));
}

// The parts come first: their objects are written while the link brings the long ones, and of these
// the shortest is last, so that little is left to do when the last byte has come.
static void copy_delta(Copier *copier)
{
	g_autoptr(GPtrArray) singles = g_ptr_array_new();

	g_thread_pool_set_max_threads(copier->pool, N_DELTA_THREADS, NULL);
	for (guint i = 0; i < lf_payload_delta_n_parts(copier->delta); i++)
		push_part(copier, i);
	for (guint i = 0; i < lf_payload_delta_n_singles(copier->delta); i++)
		add_single(copier, i, singles);
	g_ptr_array_sort(singles, by_place);
	for (guint i = singles->len; i-- > 0;)
		push(copier, g_ptr_array_index(singles, i));
	wait_for_jobs(copier);
	g_thread_pool_set_max_threads(copier->pool, n_threads(copier->copy), NULL);
}

static void remove_stranger(OstreeObjectType type, const char *checksum, void *user_data)
{
	Copier *copier = user_data;

	if (!g_hash_table_contains(copier->seen, checksum))
		lf_bare_remove(copier->copy->bare, type, checksum);
}

// --- all ----------------------------------------------------------------------------------------

static void copier_init(Copier *copier, const LfPayloadCopy *copy)
{
	*copier = (Copier){ .copy = copy };
	copier->max_bytes =
		copy->total_bytes ? copy->total_bytes + MAX_SPARE_BYTES : MAX_OBJECT_BYTES;
	copier->is_sorted = lf_payload_store_is_medium(copy->from);
	g_mutex_init(&copier->lock);
	g_cond_init(&copier->is_changed);
	copier->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	copier->singles = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	copier->files = g_ptr_array_new_with_free_func(g_free);
	copier->pool = g_thread_pool_new(run_job, copier, n_threads(copy), FALSE, NULL);
}

static void copier_clear(Copier *copier)
{
	g_thread_pool_free(copier->pool, FALSE, TRUE);
	lf_payload_delta_free(copier->delta);
	g_ptr_array_unref(copier->files);
	g_hash_table_unref(copier->seen);
	g_hash_table_unref(copier->singles);
	g_clear_error(&copier->failure);
	g_mutex_clear(&copier->lock);
	g_cond_clear(&copier->is_changed);
}

bool lf_payload_copy(const LfPayloadCopy *copy, GError **error)
{
	Copier copier;
	bool is_copied;

	copier_init(&copier, copy);
	if (copy->bare)
		ask_for_delta(&copier);
	if (copier.delta)
		copy_delta(&copier);
	if (!copier_has_failed(&copier))
		copy_objects(&copier);
	is_copied = copier.failure == NULL;
	// A delta may bring more than it was asked for.
	if (copier.delta)
		lf_payload_delta_each(copier.delta, remove_stranger, &copier);
	if (!is_copied)
		g_propagate_error(error, g_steal_pointer(&copier.failure));
	copier_clear(&copier);
	return is_copied;
}
