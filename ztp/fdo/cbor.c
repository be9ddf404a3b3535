// A bounded reader and a writer of CBOR on libcbor's streaming decoder.
// Not here: what the items mean (voucher, cose, credential, …).
#include "ztp/fdo/cbor.h"

#include <cbor.h>
#include <string.h>

#define MAX_HEAD_BYTES 9

/* One item without what is in it, as libcbor's callbacks tell of it. */
typedef struct {
	LfCborType type;
	bool is_refused;
	uint64_t value; // number, or how many items follow; of negative ones, as encoded
	LfSpan string;
	size_t size; // head and string
} Head;

static void number(void *context, LfCborType type, uint64_t value)
{
	Head *head = context;

	head->type = type;
	head->value = value;
}

static void uint8(void *context, uint8_t value)
{
	number(context, LF_CBOR_UINT, value);
}

static void uint16(void *context, uint16_t value)
{
	number(context, LF_CBOR_UINT, value);
}

static void uint32(void *context, uint32_t value)
{
	number(context, LF_CBOR_UINT, value);
}

static void uint64(void *context, uint64_t value)
{
	number(context, LF_CBOR_UINT, value);
}

static void negint8(void *context, uint8_t value)
{
	number(context, LF_CBOR_NEGINT, value);
}

static void negint16(void *context, uint16_t value)
{
	number(context, LF_CBOR_NEGINT, value);
}

static void negint32(void *context, uint32_t value)
{
	number(context, LF_CBOR_NEGINT, value);
}

static void negint64(void *context, uint64_t value)
{
	number(context, LF_CBOR_NEGINT, value);
}

static void bytes(void *context, cbor_data data, size_t size)
{
	number(context, LF_CBOR_BYTES, size);
	((Head *)context)->string = (LfSpan){ data, size };
}

static void text(void *context, cbor_data data, size_t size)
{
	number(context, LF_CBOR_TEXT, size);
	((Head *)context)->string = (LfSpan){ data, size };
}

static void array(void *context, size_t length)
{
	number(context, LF_CBOR_ARRAY, length);
}

static void map(void *context, size_t n_pairs)
{
	number(context, LF_CBOR_MAP, n_pairs);
}

static void tag(void *context, uint64_t value)
{
	number(context, LF_CBOR_TAG, value);
}

static void boolean(void *context, bool value)
{
	number(context, LF_CBOR_BOOL, value);
}

static void null(void *context)
{
	number(context, LF_CBOR_NULL, 0);
}

static void refuse(void *context)
{
	((Head *)context)->is_refused = true;
}

static void refuse_float(void *context, float value)
{
	refuse(context);
}

static void refuse_double(void *context, double value)
{
	refuse(context);
}

static const struct cbor_callbacks callbacks = {
	.uint8 = uint8,
	.uint16 = uint16,
	.uint32 = uint32,
	.uint64 = uint64,
	.negint8 = negint8,
	.negint16 = negint16,
	.negint32 = negint32,
	.negint64 = negint64,
	.byte_string = bytes,
	.byte_string_start = refuse,
	.string = text,
	.string_start = refuse,
	.array_start = array,
	.indef_array_start = refuse,
	.map_start = map,
	.indef_map_start = refuse,
	.tag = tag,
	.float2 = refuse_float,
	.float4 = refuse_float,
	.float8 = refuse_double,
	.undefined = refuse,
	.null = null,
	.boolean = boolean,
	.indef_break = refuse,
};

static const char *const type_names[] = {
	[LF_CBOR_UINT] = "a number, not negative",
	[LF_CBOR_NEGINT] = "a negative number",
	[LF_CBOR_BYTES] = "a byte string",
	[LF_CBOR_TEXT] = "a text",
	[LF_CBOR_ARRAY] = "an array",
	[LF_CBOR_MAP] = "a map",
	[LF_CBOR_TAG] = "a tag",
	[LF_CBOR_BOOL] = "true or false",
	[LF_CBOR_NULL] = "null",
};

bool lf_span_equal(LfSpan a, LfSpan b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

char *lf_span_hex(LfSpan span)
{
	GString *out = g_string_sized_new(span.size * 2);

	for (size_t i = 0; i < span.size; i++)
		g_string_append_printf(out, "%02x", span.data[i]);
	return g_string_free(out, FALSE);
}

void lf_cbor_init(LfCbor *cbor, LfSpan input)
{
	*cbor = (LfCbor){ .bytes = input };
}

static bool throw_at(const LfCbor *cbor, const char *what, const char *why, GError **error)
{
	return lf_throw(error, LF_ERROR_INPUT, "%s: byte %zu: %s", what, cbor->at, why);
}

static size_t shortest_head(uint64_t value)
{
	if (value < 24)
		return 1;
	if (value <= G_MAXUINT8)
		return 2;
	if (value <= G_MAXUINT16)
		return 3;
	return value <= G_MAXUINT32 ? 5 : 9;
}

/* Lengths of arrays and maps are checked here against the bytes that are left: an item takes one
 * at least. */
static const char *why_refused(const Head *head, size_t left)
{
	bool has_one_byte = head->type == LF_CBOR_BOOL || head->type == LF_CBOR_NULL;

	if (head->is_refused)
		return "an indefinite length, a fraction or 'undefined', which FDO does not allow";
	if (head->size - head->string.size != (has_one_byte ? 1 : shortest_head(head->value)))
		return "a number or length is not in its shortest form";
	if (head->type == LF_CBOR_ARRAY && head->value > left - head->size)
		return "an array is longer than the input";
	if (head->type == LF_CBOR_MAP && head->value > (left - head->size) / 2)
		return "a map is longer than the input";
	return NULL;
}

/* libcbor up to 0.10 takes tags 6 to 20 in their shortest form for an error. */
static bool is_small_tag(uint8_t first)
{
	return first >> 5 == 6 && (first & 0x1f) < 24;
}

static bool read_head(const LfCbor *cbor, const char *what, Head *ret_head, GError **error)
{
	size_t left = cbor->bytes.size - cbor->at;
	Head head = { 0 };
	struct cbor_decoder_result result;
	const char *why;

	if (left == 0)
		return throw_at(cbor, what, "the input ends here", error);
	if (is_small_tag(cbor->bytes.data[cbor->at])) {
		*ret_head = (Head){ .type = LF_CBOR_TAG,
				    .value = cbor->bytes.data[cbor->at] & 0x1f,
				    .size = 1 };
		return true;
	}
	result = cbor_stream_decode(cbor->bytes.data + cbor->at, left, &callbacks, &head);
	if (result.status == CBOR_DECODER_NEDATA)
		return throw_at(cbor, what, "the input ends within an item", error);
	if (result.status != CBOR_DECODER_FINISHED)
		return throw_at(cbor, what, "this is not CBOR", error);
	head.size = result.read;
	why = why_refused(&head, left);
	if (why)
		return throw_at(cbor, what, why, error);
	*ret_head = head;
	return true;
}

static bool read_typed(const LfCbor *cbor, const char *what, LfCborType type, Head *ret_head,
		       GError **error)
{
	g_autofree char *why = NULL;

	if (!read_head(cbor, what, ret_head, error))
		return false;
	if (ret_head->type == type)
		return true;
	why = g_strdup_printf("%s is needed, here is %s", type_names[type],
			      type_names[ret_head->type]);
	return throw_at(cbor, what, why, error);
}

bool lf_cbor_peek(const LfCbor *cbor, const char *what, LfCborType *ret_type, GError **error)
{
	Head head;

	if (!read_head(cbor, what, &head, error))
		return false;
	*ret_type = head.type;
	return true;
}

bool lf_cbor_uint(LfCbor *cbor, const char *what, uint64_t max, uint64_t *ret, GError **error)
{
	Head head;

	if (!read_typed(cbor, what, LF_CBOR_UINT, &head, error))
		return false;
	if (head.value > max)
		return throw_at(cbor, what, "the number is too large", error);
	cbor->at += head.size;
	*ret = head.value;
	return true;
}

bool lf_cbor_int(LfCbor *cbor, const char *what, int64_t *ret, GError **error)
{
	Head head;

	if (!read_head(cbor, what, &head, error))
		return false;
	if (head.type != LF_CBOR_UINT && head.type != LF_CBOR_NEGINT)
		return throw_at(cbor, what, "a number is needed", error);
	if (head.value > (uint64_t)G_MAXINT64)
		return throw_at(cbor, what, "the number is too large", error);
	cbor->at += head.size;
	*ret = head.type == LF_CBOR_UINT ? (int64_t)head.value : -1 - (int64_t)head.value;
	return true;
}

bool lf_cbor_bool(LfCbor *cbor, const char *what, bool *ret, GError **error)
{
	Head head;

	if (!read_typed(cbor, what, LF_CBOR_BOOL, &head, error))
		return false;
	cbor->at += head.size;
	*ret = head.value != 0;
	return true;
}

bool lf_cbor_bytes(LfCbor *cbor, const char *what, LfSpan *ret, GError **error)
{
	Head head;

	if (!read_typed(cbor, what, LF_CBOR_BYTES, &head, error))
		return false;
	cbor->at += head.size;
	*ret = (LfSpan){ cbor->bytes.data + cbor->at - head.string.size, head.string.size };
	return true;
}

bool lf_cbor_bytes_sized(LfCbor *cbor, const char *what, size_t size, LfSpan *ret, GError **error)
{
	LfCbor before = *cbor;
	LfSpan found;

	if (!lf_cbor_bytes(cbor, what, &found, error))
		return false;
	if (found.size != size) {
		*cbor = before;
		return lf_throw(error, LF_ERROR_INPUT,
				"%s: byte %zu: %zu bytes are needed, not %zu", what, cbor->at, size,
				found.size);
	}
	*ret = found;
	return true;
}

bool lf_cbor_text(LfCbor *cbor, const char *what, LfSpan *ret, GError **error)
{
	Head head;

	if (!read_typed(cbor, what, LF_CBOR_TEXT, &head, error))
		return false;
	if (head.string.size > 0 &&
	    !g_utf8_validate_len((const char *)head.string.data, head.string.size, NULL))
		return throw_at(cbor, what, "the text is not UTF-8, or holds a NUL", error);
	cbor->at += head.size;
	*ret = (LfSpan){ cbor->bytes.data + cbor->at - head.string.size, head.string.size };
	return true;
}

bool lf_cbor_array(LfCbor *cbor, const char *what, size_t min, size_t max, size_t *ret_length,
		   GError **error)
{
	Head head;

	if (!read_typed(cbor, what, LF_CBOR_ARRAY, &head, error))
		return false;
	if (head.value < min || head.value > max)
		return lf_throw(error, LF_ERROR_INPUT,
				"%s: byte %zu: an array of %zu to %zu items is needed, this has "
				"%" G_GUINT64_FORMAT,
				what, cbor->at, min, max, head.value);
	cbor->at += head.size;
	*ret_length = head.value;
	return true;
}

bool lf_cbor_tag(LfCbor *cbor, const char *what, uint64_t wanted, GError **error)
{
	Head head;

	if (!read_typed(cbor, what, LF_CBOR_TAG, &head, error))
		return false;
	if (head.value != wanted)
		return throw_at(cbor, what, "this is another tag", error);
	cbor->at += head.size;
	return true;
}

bool lf_cbor_take_null(LfCbor *cbor)
{
	Head head;

	if (!read_head(cbor, "", &head, NULL) || head.type != LF_CBOR_NULL)
		return false;
	cbor->at += head.size;
	return true;
}

static uint64_t count_children(const Head *head)
{
	switch (head->type) {
	case LF_CBOR_ARRAY:
		return head->value;
	case LF_CBOR_MAP:
		return head->value * 2;
	case LF_CBOR_TAG:
		return 1;
	default:
		return 0;
	}
}

/* Walks without recursion: @left counts what is still to come on each level. */
bool lf_cbor_item(LfCbor *cbor, const char *what, LfSpan *ret, GError **error)
{
	uint64_t left[LF_CBOR_MAX_DEPTH + 1] = { 1 };
	size_t depth = 0;
	LfCbor walk = *cbor;

	for (;;) {
		Head head;
		uint64_t children;

		while (left[depth] == 0 && depth > 0)
			depth--;
		if (left[depth] == 0)
			break;
		if (!read_head(&walk, what, &head, error))
			return false;
		left[depth]--;
		children = count_children(&head);
		if (children > 0 && depth == LF_CBOR_MAX_DEPTH)
			return throw_at(&walk, what, "items nest too deeply", error);
		walk.at += head.size;
		if (children > 0)
			left[++depth] = children;
	}
	*ret = (LfSpan){ cbor->bytes.data + cbor->at, walk.at - cbor->at };
	cbor->at = walk.at;
	return true;
}

bool lf_cbor_end(const LfCbor *cbor, const char *what, GError **error)
{
	if (cbor->at < cbor->bytes.size)
		return throw_at(cbor, what, "there is more than there should be", error);
	return true;
}

static bool is_in(LfSpan key, const LfSpan *keys, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (lf_span_equal(key, keys[i]))
			return true;
	return false;
}

bool lf_cbor_find(LfSpan input, const char *what, LfSpan key, LfSpan *ret, GError **error)
{
	LfSpan keys[LF_CBOR_MAX_PAIRS];
	LfSpan found = { 0 };
	LfCbor cbor;
	Head head;

	lf_cbor_init(&cbor, input);
	if (!read_typed(&cbor, what, LF_CBOR_MAP, &head, error))
		return false;
	if (head.value > G_N_ELEMENTS(keys))
		return throw_at(&cbor, what, "the map has too many pairs", error);
	cbor.at += head.size;
	for (size_t i = 0; i < head.value; i++) {
		LfSpan value;

		if (!lf_cbor_item(&cbor, what, &keys[i], error))
			return false;
		if (is_in(keys[i], keys, i))
			return throw_at(&cbor, what, "a key stands twice in a map", error);
		if (!lf_cbor_item(&cbor, what, &value, error))
			return false;
		if (lf_span_equal(keys[i], key))
			found = value;
	}
	*ret = found;
	return true;
}

bool lf_cbor_count_pairs(LfSpan input, const char *what, size_t *ret_count, GError **error)
{
	LfCbor cbor;
	Head head;

	lf_cbor_init(&cbor, input);
	if (!read_typed(&cbor, what, LF_CBOR_MAP, &head, error))
		return false;
	*ret_count = head.value;
	return true;
}

bool lf_cbor_find_int(LfSpan input, const char *what, int64_t key, LfSpan *ret, GError **error)
{
	g_autoptr(GByteArray) encoded = g_byte_array_new();

	lf_cbor_put_int(encoded, key);
	return lf_cbor_find(input, what, (LfSpan){ encoded->data, encoded->len }, ret, error);
}

bool lf_cbor_find_text(LfSpan input, const char *what, const char *key, LfSpan *ret, GError **error)
{
	g_autoptr(GByteArray) encoded = g_byte_array_new();

	lf_cbor_put_text(encoded, key);
	return lf_cbor_find(input, what, (LfSpan){ encoded->data, encoded->len }, ret, error);
}

void lf_cbor_put_uint(GByteArray *out, uint64_t value)
{
	uint8_t head[MAX_HEAD_BYTES];

	g_byte_array_append(out, head, (guint)cbor_encode_uint(value, head, sizeof(head)));
}

void lf_cbor_put_int(GByteArray *out, int64_t value)
{
	uint8_t head[MAX_HEAD_BYTES];

	if (value >= 0)
		lf_cbor_put_uint(out, (uint64_t)value);
	else
		g_byte_array_append(
			out, head,
			(guint)cbor_encode_negint((uint64_t)(-1 - value), head, sizeof(head)));
}

void lf_cbor_put_bytes(GByteArray *out, const void *data, size_t size)
{
	uint8_t head[MAX_HEAD_BYTES];

	g_assert(size <= G_MAXUINT / 2);
	g_byte_array_append(out, head,
			    (guint)cbor_encode_bytestring_start(size, head, sizeof(head)));
	if (size > 0)
		g_byte_array_append(out, data, (guint)size);
}

void lf_cbor_put_text(GByteArray *out, const char *value)
{
	uint8_t head[MAX_HEAD_BYTES];
	size_t size = strlen(value);

	g_assert(size <= G_MAXUINT / 2);
	g_byte_array_append(out, head, (guint)cbor_encode_string_start(size, head, sizeof(head)));
	if (size > 0)
		g_byte_array_append(out, (const uint8_t *)value, (guint)size);
}

void lf_cbor_put_array(GByteArray *out, size_t length)
{
	uint8_t head[MAX_HEAD_BYTES];

	g_byte_array_append(out, head, (guint)cbor_encode_array_start(length, head, sizeof(head)));
}

void lf_cbor_put_map(GByteArray *out, size_t n_pairs)
{
	uint8_t head[MAX_HEAD_BYTES];

	g_byte_array_append(out, head, (guint)cbor_encode_map_start(n_pairs, head, sizeof(head)));
}

void lf_cbor_put_tag(GByteArray *out, uint64_t value)
{
	uint8_t head[MAX_HEAD_BYTES];

	g_byte_array_append(out, head, (guint)cbor_encode_tag(value, head, sizeof(head)));
}

void lf_cbor_put_bool(GByteArray *out, bool value)
{
	uint8_t head[MAX_HEAD_BYTES];

	g_byte_array_append(out, head, (guint)cbor_encode_bool(value, head, sizeof(head)));
}

void lf_cbor_put_null(GByteArray *out)
{
	uint8_t head[MAX_HEAD_BYTES];

	g_byte_array_append(out, head, (guint)cbor_encode_null(head, sizeof(head)));
}
