// A static delta from nothing: which parts it has, and writing what is in them.
// Not here: a part's inside (payload-part.c), what the delta leaves out (payload-copy.c).
#include "installer/apply/payload-delta.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "installer/apply/payload-object.h"
#include "installer/apply/payload-part.h"

#define MAX_SUPERBLOCK_BYTES (16 * 1024 * 1024)
#define MAX_SINGLES	     65536
#define MAX_PARTS	     4096
// Names, modes and operations beside the content.
#define SPARE_BYTES	   (64 * 1024 * 1024)
#define MAX_UNPACKED_BYTES (G_GUINT64_CONSTANT(16) << 30)
#define OBJECT_BYTES	   (1 + OSTREE_SHA256_DIGEST_LEN)
// So many objects are looked for locally to tell whether most are there.
#define N_SAMPLES 512

typedef struct {
	char *path;
	char checksum[OSTREE_SHA256_STRING_LEN + 1];
	uint64_t packed_bytes;
	uint64_t unpacked_bytes;
	GVariant *objects; /* ay */
	GBytes *own;	   /* nullable: the part itself, when the superblock holds it */
} Part;

// Two transfers keep a link busy while one of them ends and the next begins. Each is unpacked as it
// arrives, which takes 33 MiB of memory.
#define MAX_FETCHING 2
#define MAX_WRITING  2

typedef enum { FETCHING, WRITING, N_STAGES } Stage;

struct LfPayloadDelta {
	GPtrArray *parts;  /* Part */
	GVariant *singles; /* a(yaytt): objects that are fetched one by one */
	GMutex lock;
	GCond is_changed;
	unsigned n_at[N_STAGES];
};

static void part_free(Part *part)
{
	g_clear_pointer(&part->objects, g_variant_unref);
	g_clear_pointer(&part->own, g_bytes_unref);
	g_free(part->path);
	g_free(part);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Part, part_free)

static bool throw_unusable(GError **error, const char *what)
{
	return lf_throw(error, LF_ERROR_TRUST, "the static delta is not usable: %s", what);
}

// Source: libostree: "deltas/" and the commit's checksum in base 64, with a '/' behind two letters.
static char *path_of(const char *checksum, const char *name)
{
	g_autofree guchar *binary = ostree_checksum_to_bytes(checksum);
	g_autofree char *text = ostree_checksum_b64_from_bytes(binary);

	return g_strdup_printf("deltas/%.2s/%s/%s", text, text + 2, name);
}

// --- the list of parts --------------------------------------------------------------------------

static bool check_head(GVariant *superblock, const char *checksum, GError **error)
{
	g_autoptr(GVariant) metadata = g_variant_get_child_value(superblock, 0);
	g_autoptr(GVariant) from = g_variant_get_child_value(superblock, 2);
	g_autoptr(GVariant) to = g_variant_get_child_value(superblock, 3);
	char actual[OSTREE_SHA256_STRING_LEN + 1];
	guint8 endianness = 'l';

	if (g_variant_get_size(from) != 0)
		return throw_unusable(error, "it is a difference to another commit");
	if (g_variant_get_size(to) != OSTREE_SHA256_DIGEST_LEN)
		return throw_unusable(error, "it names no commit");
	ostree_checksum_inplace_from_bytes(g_variant_get_data(to), actual);
	if (strcmp(actual, checksum) != 0)
		return throw_unusable(error, "it is of another commit");
	if (g_variant_lookup(metadata, "ostree.endianness", "y", &endianness) &&
	    endianness != (G_BYTE_ORDER == G_LITTLE_ENDIAN ? 'l' : 'B'))
		return throw_unusable(error, "its numbers are of another kind of machine");
	return true;
}

// libostree puts a short part into the superblock, under the path it would have had.
static GBytes *own_bytes(GVariant *metadata, const char *path)
{
	g_autoptr(GVariant) value = g_variant_lookup_value(metadata, path, G_VARIANT_TYPE("(yay)"));

	return value ? g_variant_get_data_as_bytes(value) : NULL;
}

static bool read_part(LfPayloadDelta *delta, GVariant *superblock, GVariant *header,
		      const char *commit, GError **error)
{
	g_autoptr(GVariant) metadata = g_variant_get_child_value(superblock, 0);
	g_autoptr(Part) part = g_new0(Part, 1);
	g_autofree char *name = g_strdup_printf("%u", delta->parts->len);
	g_autoptr(GVariant) checksum = NULL;
	guint32 version;

	g_variant_get(header, "(u@aytt@ay)", &version, &checksum, &part->packed_bytes,
		      &part->unpacked_bytes, &part->objects);
	if (version != 0 || g_variant_get_size(checksum) != OSTREE_SHA256_DIGEST_LEN ||
	    g_variant_get_size(part->objects) % OBJECT_BYTES != 0)
		return throw_unusable(error, "a part is of an unknown kind");
	ostree_checksum_inplace_from_bytes(g_variant_get_data(checksum), part->checksum);
	part->path = path_of(commit, name);
	part->own = own_bytes(metadata, part->path);
	g_ptr_array_add(delta->parts, g_steal_pointer(&part));
	return true;
}

static bool check_size(const LfPayloadDelta *delta, uint64_t total_bytes, GError **error)
{
	uint64_t left = total_bytes ? total_bytes + SPARE_BYTES : MAX_UNPACKED_BYTES;

	for (guint i = 0; i < delta->parts->len; i++) {
		const Part *part = g_ptr_array_index(delta->parts, i);

		if (part->unpacked_bytes > left || part->packed_bytes > MAX_UNPACKED_BYTES)
			return throw_unusable(error, "it is longer than the commit");
		left -= part->unpacked_bytes;
	}
	return true;
}

LfPayloadDelta *lf_payload_delta_parse(GBytes *bytes, const char *checksum, uint64_t total_bytes,
				       GError **error)
{
	g_autoptr(LfPayloadDelta) delta = g_new0(LfPayloadDelta, 1);
	g_autoptr(GVariant) superblock = g_variant_ref_sink(g_variant_new_from_bytes(
		G_VARIANT_TYPE("(a{sv}tayay(a{sv}aya(say)sstayay)aya(uayttay)a(yaytt))"), bytes,
		FALSE));
	g_autoptr(GVariant) headers = NULL;

	delta->parts = g_ptr_array_new_with_free_func((GDestroyNotify)part_free);
	g_mutex_init(&delta->lock);
	g_cond_init(&delta->is_changed);
	if (!g_variant_is_normal_form(superblock)) {
		throw_unusable(error, "it is not well formed");
		return NULL;
	}
	delta->singles = g_variant_get_child_value(superblock, 7);
	headers = g_variant_get_child_value(superblock, 6);
	if (g_variant_n_children(headers) > MAX_PARTS) {
		throw_unusable(error, "it has too many parts");
		return NULL;
	}
	if (!check_head(superblock, checksum, error))
		return NULL;
	for (gsize i = 0; i < g_variant_n_children(headers); i++) {
		g_autoptr(GVariant) header = g_variant_get_child_value(headers, i);

		if (!read_part(delta, superblock, header, checksum, error))
			return NULL;
	}
	return check_size(delta, total_bytes, error) ? g_steal_pointer(&delta) : NULL;
}

void lf_payload_delta_free(LfPayloadDelta *delta)
{
	if (!delta)
		return;
	g_ptr_array_unref(delta->parts);
	g_clear_pointer(&delta->singles, g_variant_unref);
	g_mutex_clear(&delta->lock);
	g_cond_clear(&delta->is_changed);
	g_free(delta);
}

guint lf_payload_delta_n_parts(const LfPayloadDelta *delta)
{
	return delta->parts->len;
}

guint lf_payload_delta_n_singles(const LfPayloadDelta *delta)
{
	return (guint)MIN(g_variant_n_children(delta->singles), MAX_SINGLES);
}

bool lf_payload_delta_single(const LfPayloadDelta *delta, guint i, char *ret_checksum,
			     uint64_t *ret_bytes)
{
	g_autoptr(GVariant) csum = NULL;
	guint8 type;

	g_variant_get_child(delta->singles, i, "(y@aytt)", &type, &csum, NULL, ret_bytes);
	if (type != OSTREE_OBJECT_TYPE_FILE || g_variant_get_size(csum) != OSTREE_SHA256_DIGEST_LEN)
		return false;
	ostree_checksum_inplace_from_bytes(g_variant_get_data(csum), ret_checksum);
	return true;
}

void lf_payload_delta_each(const LfPayloadDelta *delta,
			   void (*each)(OstreeObjectType type, const char *checksum,
					void *user_data),
			   void *user_data)
{
	for (guint i = 0; i < delta->parts->len; i++) {
		const Part *part = g_ptr_array_index(delta->parts, i);
		const guint8 *entry = g_variant_get_data(part->objects);
		gsize n = g_variant_get_size(part->objects) / OBJECT_BYTES;

		for (gsize j = 0; j < n; j++, entry += OBJECT_BYTES) {
			char checksum[OSTREE_SHA256_STRING_LEN + 1];

			ostree_checksum_inplace_from_bytes(entry + 1, checksum);
			if (*entry >= OSTREE_OBJECT_TYPE_FILE &&
			    *entry <= OSTREE_OBJECT_TYPE_COMMIT)
				each((OstreeObjectType)*entry, checksum, user_data);
		}
	}
	for (guint i = 0; i < lf_payload_delta_n_singles(delta); i++) {
		char checksum[OSTREE_SHA256_STRING_LEN + 1];
		uint64_t bytes;

		if (lf_payload_delta_single(delta, i, checksum, &bytes))
			each(OSTREE_OBJECT_TYPE_FILE, checksum, user_data);
	}
}

// --- whether it is worth it ---------------------------------------------------------------------

typedef struct {
	const LfPayloadStore *store;
	guint every, n, n_asked, n_local;
} Sample;

static void count_local(OstreeObjectType type, const char *checksum, void *user_data)
{
	g_autofree char *path = lf_payload_object_path(type, checksum);
	Sample *sample = user_data;

	if (sample->n++ % sample->every != 0)
		return;
	sample->n_asked++;
	sample->n_local += lf_payload_store_has_local(sample->store, path);
}

static bool is_mostly_local(const LfPayloadDelta *delta, const LfPayloadStore *store)
{
	Sample sample = { store, 1, 0, 0, 0 };
	gsize n = 0;

	for (guint i = 0; i < delta->parts->len; i++)
		n += g_variant_get_size(((Part *)g_ptr_array_index(delta->parts, i))->objects) /
		     OBJECT_BYTES;
	sample.every = (guint)(n / N_SAMPLES) + 1;
	lf_payload_delta_each(delta, count_local, &sample);
	return sample.n_local * 2 > sample.n_asked;
}

LfPayloadDelta *lf_payload_delta_fetch(LfPayloadStore *store, const char *checksum,
				       uint64_t total_bytes)
{
	g_autofree char *commit = lf_payload_object_path(OSTREE_OBJECT_TYPE_COMMIT, checksum);
	g_autofree char *path = path_of(checksum, "superblock");
	g_autoptr(LfPayloadDelta) delta = NULL;
	g_autoptr(GBytes) bytes = NULL;
	g_autoptr(GError) local = NULL;
	LfPayloadWant want = { .path = path,
			       .max_bytes = MAX_SUPERBLOCK_BYTES,
			       .is_optional = true };

	// Where the commit lies, most of what it names lies too: no server need be there.
	if (!lf_payload_store_has_server(store) || lf_payload_store_has_local(store, commit))
		return NULL;
	bytes = lf_payload_store_get_bytes(store, &want, &local);
	if (!bytes && want.is_missing)
		return NULL;
	if (bytes)
		delta = lf_payload_delta_parse(bytes, checksum, total_bytes, &local);
	if (local)
		lf_payload_store_note(store, "objects are fetched one by one: %s", local->message);
	return delta && !is_mostly_local(delta, store) ? g_steal_pointer(&delta) : NULL;
}

// --- a part -------------------------------------------------------------------------------------

static void enter(LfPayloadDelta *delta, Stage stage)
{
	static const unsigned max[] = { [FETCHING] = MAX_FETCHING, [WRITING] = MAX_WRITING };

	g_mutex_lock(&delta->lock);
	while (delta->n_at[stage] >= max[stage])
		g_cond_wait(&delta->is_changed, &delta->lock);
	delta->n_at[stage]++;
	g_mutex_unlock(&delta->lock);
}

static void leave(LfPayloadDelta *delta, Stage stage)
{
	g_mutex_lock(&delta->lock);
	delta->n_at[stage]--;
	g_cond_broadcast(&delta->is_changed);
	g_mutex_unlock(&delta->lock);
}

void lf_payload_delta_enter(LfPayloadDelta *delta)
{
	enter(delta, FETCHING);
}

void lf_payload_delta_leave(LfPayloadDelta *delta)
{
	leave(delta, FETCHING);
}

typedef struct {
	LfPayloadDelta *delta;
	const Part *part;
	LfPayloadStore *store;
	const LfBare *to;
	uint64_t bytes;
	/* Of the try that is running */
	LfPartUnpacker *unpacker;
	LfPayloadSum *sum;
	int fd; /* what is unpacked so far */
} Work;

// What is there already came whole, from an earlier part or an earlier try.
static bool take_object(OstreeObjectType type, const char *checksum, LfContent *content,
			GBytes *bytes, void *user_data, GError **error)
{
	g_autoptr(GVariant) object = NULL;
	Work *work = user_data;
	g_autoptr(GVariant) there = NULL;

	if (content) {
		if (lf_bare_has_file(work->to, checksum))
			return true;
		work->bytes += content->size_bytes;
		return lf_bare_write(work->to, content, checksum, error);
	}
	// The commit comes with its signature, not from here.
	if (type == OSTREE_OBJECT_TYPE_COMMIT)
		return true;
	object = lf_payload_object_check(type, bytes, checksum, error);
	if (!object)
		return false;
	there = lf_payload_object_read(lf_bare_dir(work->to), type, checksum);
	return there || lf_bare_write_tree(work->to, type, checksum, object, error);
}

static GBytes *map(int fd, GError **error)
{
	g_autoptr(GError) local = NULL;
	g_autoptr(GMappedFile) file = g_mapped_file_new_from_fd(fd, FALSE, &local);

	if (!file) {
		g_propagate_error(error, g_steal_pointer(&local));
		lf_rethrow(error, LF_ERROR_IO);
		return NULL;
	}
	return g_mapped_file_get_bytes(file);
}

static void work_clear(Work *work)
{
	g_clear_pointer(&work->unpacker, lf_part_unpacker_free);
	g_clear_pointer(&work->sum, lf_payload_sum_free);
	lf_close_fd(&work->fd);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Work, work_clear)

static bool begin(Work *work, GError **error)
{
	work_clear(work);
	work->sum = lf_payload_sum_new(error);
	if (!work->sum || !lf_payload_store_scratch(work->store, &work->fd, error))
		return false;
	work->unpacker = lf_part_unpacker_new(work->fd, work->part->unpacked_bytes + SPARE_BYTES);
	return true;
}

static bool feed(uint64_t offset, const void *data, size_t size, void *user_data, GError **error)
{
	Work *work = user_data;

	return (offset > 0 || begin(work, error)) &&
	       lf_payload_sum_add(work->sum, data, size, error) &&
	       lf_part_unpacker_feed(work->unpacker, data, size, error);
}

static bool read_objects(Work *work, GError **error)
{
	g_autoptr(GBytes) unpacked = NULL;

	if (!lf_part_unpacker_end(work->unpacker, error))
		return false;
	g_clear_pointer(&work->unpacker, lf_part_unpacker_free);
	unpacked = map(work->fd, error);
	return unpacked && lf_part_read(unpacked, work->part->objects, take_object, work, error);
}

static bool use_part(LfPayloadExtent *extent, void *user_data, GError **error)
{
	Work *work = user_data;
	bool is_used;

	// The link is free for the next part. It may be needed again for this one, when it is
	// damaged.
	leave(work->delta, FETCHING);
	enter(work->delta, WRITING);
	is_used = (work->sum || begin(work, error)) &&
		  lf_payload_sum_check(work->sum, work->part->checksum, error) &&
		  read_objects(work, error);
	work_clear(work);
	leave(work->delta, WRITING);
	enter(work->delta, FETCHING);
	return is_used;
}

static bool use_own(Work *work, GError **error)
{
	gsize size;
	const void *data = g_bytes_get_data(work->part->own, &size);

	return begin(work, error) && lf_part_unpacker_feed(work->unpacker, data, size, error) &&
	       read_objects(work, error);
}

bool lf_payload_delta_apply(LfPayloadDelta *delta, guint part, LfPayloadStore *from,
			    const LfBare *to, uint64_t *ret_bytes, GError **error)
{
	g_auto(Work) work = { delta, g_ptr_array_index(delta->parts, part), from, to, 0, NULL, NULL,
			      -1 };
	LfPayloadWant want = { .path = work.part->path,
			       .max_bytes = work.part->packed_bytes + 4096,
			       .use = use_part,
			       .feed = feed,
			       .user_data = &work };
	bool is_done;

	enter(delta, FETCHING);
	is_done = work.part->own ? use_own(&work, error) : lf_payload_store_get(from, &want, error);
	leave(delta, FETCHING);
	*ret_bytes = work.bytes;
	return is_done;
}
