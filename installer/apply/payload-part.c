// Unpacks a part of a static delta and takes its objects out.
// Not here: which parts there are (payload-delta.c), whether an object is what its name says.
#include "installer/apply/payload-part.h"

#include <lzma.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"

#define CHUNK_BYTES	 (128 * 1024)
#define MAX_MEMORY	 (80 * 1024 * 1024) // of the decompressor; libostree's own writer needs 33 MiB
#define MAX_TREE_BYTES	 (16 * 1024 * 1024)
#define OBJECT_BYTES	 (1 + OSTREE_SHA256_DIGEST_LEN)
#define SPLICE_AND_CLOSE 'S'

static bool throw_malformed(GError **error, const char *what)
{
	return lf_throw(error, LF_ERROR_TRUST, "a part of the static delta is malformed: %s", what);
}

// --- unpacking ----------------------------------------------------------------------------------

typedef enum { UNKNOWN, PLAIN, COMPRESSED, ENDED } Kind;

struct LfPartUnpacker {
	int out;
	uint64_t left_bytes;
	Kind kind;
	lzma_stream lzma;
	uint8_t *unpacked;
};

LfPartUnpacker *lf_part_unpacker_new(int out, uint64_t max_bytes)
{
	static const lzma_stream init = LZMA_STREAM_INIT;
	LfPartUnpacker *unpacker = g_new0(LfPartUnpacker, 1);

	unpacker->out = out;
	unpacker->left_bytes = max_bytes;
	unpacker->lzma = init;
	unpacker->unpacked = g_malloc(CHUNK_BYTES);
	return unpacker;
}

void lf_part_unpacker_free(LfPartUnpacker *unpacker)
{
	if (!unpacker)
		return;
	lzma_end(&unpacker->lzma);
	g_free(unpacker->unpacked);
	g_free(unpacker);
}

static bool write_out(LfPartUnpacker *unpacker, const void *data, size_t size, GError **error)
{
	if (size > unpacker->left_bytes)
		return throw_malformed(error, "it is longer than it says");
	unpacker->left_bytes -= size;
	return lf_write_all(unpacker->out, data, size, error);
}

static bool begin(LfPartUnpacker *unpacker, uint8_t kind, GError **error)
{
	switch (kind) {
	case 0:
		unpacker->kind = PLAIN;
		return true;
	case 'x':
		unpacker->kind = COMPRESSED;
		return lzma_stream_decoder(&unpacker->lzma, MAX_MEMORY, 0) == LZMA_OK ||
		       lf_throw(error, LF_ERROR_INTERNAL, "the decompressor does not start");
	default:
		return throw_malformed(error, "it is compressed in an unknown way");
	}
}

// Returns once all input is taken, or with LZMA_FINISH once the stream has ended.
static bool decompress(LfPartUnpacker *unpacker, lzma_action action, GError **error)
{
	lzma_stream *lzma = &unpacker->lzma;
	lzma_ret status = LZMA_OK;

	do {
		lzma->next_out = unpacker->unpacked;
		lzma->avail_out = CHUNK_BYTES;
		status = lzma_code(lzma, action);
		if (!write_out(unpacker, unpacker->unpacked, CHUNK_BYTES - lzma->avail_out, error))
			return false;
	} while (status == LZMA_OK && (lzma->avail_in > 0 || lzma->avail_out == 0));
	if (status == LZMA_STREAM_END)
		unpacker->kind = ENDED;
	return status == LZMA_STREAM_END || (action == LZMA_RUN && status == LZMA_OK) ||
	       (action == LZMA_RUN && status == LZMA_BUF_ERROR) ||
	       throw_malformed(error, "its compressed data is broken");
}

bool lf_part_unpacker_feed(LfPartUnpacker *unpacker, const void *data, size_t size, GError **error)
{
	const uint8_t *next = data;

	if (size == 0)
		return true;
	if (unpacker->kind == UNKNOWN) {
		if (!begin(unpacker, *next, error))
			return false;
		next++;
		size--;
	}
	// What follows the end of the stream is nobody's; the part's checksum knows it.
	if (unpacker->kind == ENDED || size == 0)
		return true;
	if (unpacker->kind == PLAIN)
		return write_out(unpacker, next, size, error);
	unpacker->lzma.next_in = next;
	unpacker->lzma.avail_in = size;
	return decompress(unpacker, LZMA_RUN, error);
}

bool lf_part_unpacker_end(LfPartUnpacker *unpacker, GError **error)
{
	unpacker->lzma.avail_in = 0;
	switch (unpacker->kind) {
	case UNKNOWN:
		return throw_malformed(error, "it is empty");
	case COMPRESSED:
		return decompress(unpacker, LZMA_FINISH, error);
	default:
		return true;
	}
}

// --- reading ------------------------------------------------------------------------------------

typedef struct {
	GVariant *modes;  /* a(uuu) */
	GVariant *xattrs; /* aa(ayay) */
	const uint8_t *content;
	gsize content_size;
	GVariant *content_v;
	GVariant *operations_v;
	const uint8_t *next, *end; /* of the operations */
	const uint8_t *objects;
	gsize n_objects;
} Part;

static void part_clear(Part *part)
{
	g_clear_pointer(&part->modes, g_variant_unref);
	g_clear_pointer(&part->xattrs, g_variant_unref);
	g_clear_pointer(&part->content_v, g_variant_unref);
	g_clear_pointer(&part->operations_v, g_variant_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Part, part_clear)

/* Content that lies in memory. */
typedef struct {
	LfContent content;
	const uint8_t *next;
	gsize left;
} Memory;

static bool read_memory(LfContent *content, void *out, size_t size, size_t *ret_size,
			GError **error)
{
	Memory *memory = (Memory *)content;
	size_t n = MIN(size, memory->left);

	if (n > 0)
		memcpy(out, memory->next, n);
	memory->next += n;
	memory->left -= n;
	*ret_size = n;
	return true;
}

// Seven bits a byte, the lowest first; the eighth says that another byte follows.
static bool take_number(Part *part, uint64_t *ret, GError **error)
{
	uint64_t value = 0;

	for (unsigned shift = 0; part->next < part->end && shift < 64; shift += 7) {
		uint8_t byte = *part->next++;

		if (shift == 63 && byte > 1)
			break;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*ret = value;
			return true;
		}
	}
	return throw_malformed(error, "a number of it does not end");
}

static bool take_place(Part *part, uint64_t *ret_size, uint64_t *ret_offset, GError **error)
{
	return take_number(part, ret_size, error) && take_number(part, ret_offset, error) &&
	       ((*ret_offset <= part->content_size &&
		 *ret_size <= part->content_size - *ret_offset) ||
		throw_malformed(error, "an object lies beyond its end"));
}

static bool take_head(Part *part, LfContent *content, GError **error)
{
	g_autoptr(GVariant) xattrs = NULL;
	uint64_t mode, xattr;

	if (!take_number(part, &mode, error) || !take_number(part, &xattr, error))
		return false;
	if (mode >= g_variant_n_children(part->modes) ||
	    xattr >= g_variant_n_children(part->xattrs))
		return throw_malformed(error, "an object has no mode");
	g_variant_get_child(part->modes, (gsize)mode, "(uuu)", &content->uid, &content->gid,
			    &content->mode);
	content->uid = GUINT32_FROM_BE(content->uid);
	content->gid = GUINT32_FROM_BE(content->gid);
	content->mode = GUINT32_FROM_BE(content->mode);
	content->xattrs = g_variant_get_child_value(part->xattrs, (gsize)xattr);
	return true;
}

static bool take_file(Part *part, const char *checksum, LfPartObject object, void *user_data,
		      GError **error)
{
	Memory memory = { .content = { .target = "", .read = read_memory } };
	LfContent *content = &memory.content;
	g_autofree char *target = NULL;
	g_autoptr(GVariant) xattrs = NULL;
	uint64_t size, offset;
	bool is_head = take_head(part, content, error);

	xattrs = content->xattrs;
	if (!is_head || !take_place(part, &size, &offset, error))
		return false;
	if (S_ISLNK(content->mode)) {
		target = g_strndup((const char *)part->content + offset, size);
		if (!g_utf8_validate(target, -1, NULL))
			return throw_malformed(error, "a link leads nowhere");
		content->target = target;
	} else {
		content->size_bytes = size;
		memory.next = part->content + offset;
		memory.left = size;
	}
	if (!lf_content_is_supported(content))
		return throw_malformed(error, "an object is neither a file nor a link");
	return object(OSTREE_OBJECT_TYPE_FILE, checksum, content, NULL, user_data, error);
}

static bool take_other(Part *part, OstreeObjectType type, const char *checksum, LfPartObject object,
		       void *user_data, GError **error)
{
	g_autoptr(GBytes) bytes = NULL;
	uint64_t size, offset;

	if (!take_place(part, &size, &offset, error))
		return false;
	if (size > MAX_TREE_BYTES)
		return throw_malformed(error, "an object is too long for a tree");
	bytes = g_bytes_new(part->content + offset, size);
	return object(type, checksum, NULL, bytes, user_data, error);
}

// Nothing at all has no address, which cannot be counted from.
static const uint8_t *data_of(GVariant *bytes)
{
	const uint8_t *data = g_variant_get_data(bytes);

	return data ? data : (const uint8_t *)"";
}

static bool part_init(Part *part, GBytes *unpacked, GVariant *objects, GError **error)
{
	g_autoptr(GVariant) all = g_variant_ref_sink(
		g_variant_new_from_bytes(G_VARIANT_TYPE("(a(uuu)aa(ayay)ayay)"), unpacked, FALSE));
	gsize size;

	if (!g_variant_is_normal_form(all))
		return throw_malformed(error, "it is not well formed");
	part->modes = g_variant_get_child_value(all, 0);
	part->xattrs = g_variant_get_child_value(all, 1);
	part->content_v = g_variant_get_child_value(all, 2);
	part->operations_v = g_variant_get_child_value(all, 3);
	part->content = data_of(part->content_v);
	part->content_size = g_variant_get_size(part->content_v);
	part->next = data_of(part->operations_v);
	part->end = part->next + g_variant_get_size(part->operations_v);
	size = g_variant_get_size(objects);
	part->objects = data_of(objects);
	part->n_objects = size / OBJECT_BYTES;
	return size % OBJECT_BYTES == 0 || throw_malformed(error, "its list of objects is cut");
}

static bool take_object(Part *part, const uint8_t *entry, LfPartObject object, void *user_data,
			GError **error)
{
	char checksum[OSTREE_SHA256_STRING_LEN + 1];

	if (part->next >= part->end)
		return throw_malformed(error, "an object is missing");
	if (*part->next++ != SPLICE_AND_CLOSE)
		return throw_malformed(error, "it is a difference to another commit");
	ostree_checksum_inplace_from_bytes(entry + 1, checksum);
	switch (*entry) {
	case OSTREE_OBJECT_TYPE_FILE:
		return take_file(part, checksum, object, user_data, error);
	case OSTREE_OBJECT_TYPE_DIR_TREE:
	case OSTREE_OBJECT_TYPE_DIR_META:
	case OSTREE_OBJECT_TYPE_COMMIT:
		return take_other(part, (OstreeObjectType)*entry, checksum, object, user_data,
				  error);
	default:
		return throw_malformed(error, "an object is of an unknown kind");
	}
}

bool lf_part_read(GBytes *unpacked, GVariant *objects, LfPartObject object, void *user_data,
		  GError **error)
{
	g_auto(Part) part = { .modes = NULL };

	if (!part_init(&part, unpacked, objects, error))
		return false;
	for (gsize i = 0; i < part.n_objects; i++)
		if (!take_object(&part, part.objects + i * OBJECT_BYTES, object, user_data, error))
			return false;
	return part.next == part.end || throw_malformed(error, "something follows its objects");
}
