#pragma once

#include "base/throw.h"

#include <stddef.h>
#include <stdint.h>

/** No item that is read may nest deeper; FDO's own messages stay under 10. */
#define LF_CBOR_MAX_DEPTH 16

/** No map that is looked into may have more pairs. */
#define LF_CBOR_MAX_PAIRS 64

/** LfSpan: bytes that belong to somebody else; @data is NULL where there is nothing. */
typedef struct {
	const uint8_t *data;
	size_t size;
} LfSpan;

/** lf_span_equal: compares contents; not for secrets. */
bool lf_span_equal(LfSpan a, LfSpan b);

/** lf_span_hex: (transfer full): lower-case hexadecimal digits. */
char *lf_span_hex(LfSpan span);

/**
 * LfCbor: reads CBOR from memory that it does not own, one item after the other. Nothing is
 * allocated and nothing is copied: what comes out are spans of the received bytes, so hashes and
 * signatures can be computed over exactly these.
 *
 * Input is hostile. Refused everywhere: indefinite lengths, heads that are not in their shortest
 * form, floating point, undefined, simple values, lengths beyond the end. The order of map keys is
 * not looked at (peers use two different ones); a key that stands twice is refused.
 *
 * A reader that failed stays where it was. All errors are INPUT and name @what and the byte.
 * Source: RFC 8949, 4.2.1 (core deterministic encoding).
 */
typedef struct {
	LfSpan bytes;
	size_t at;
} LfCbor;

typedef enum {
	LF_CBOR_UINT,
	LF_CBOR_NEGINT,
	LF_CBOR_BYTES,
	LF_CBOR_TEXT,
	LF_CBOR_ARRAY,
	LF_CBOR_MAP,
	LF_CBOR_TAG,
	LF_CBOR_BOOL,
	LF_CBOR_NULL,
} LfCborType;

void lf_cbor_init(LfCbor *cbor, LfSpan bytes);

/** lf_cbor_peek: the type of the next item, which stays unread. */
bool lf_cbor_peek(const LfCbor *cbor, const char *what, LfCborType *ret_type, GError **error);

/** lf_cbor_uint: a number from 0 to @max. */
bool lf_cbor_uint(LfCbor *cbor, const char *what, uint64_t max, uint64_t *ret, GError **error);

/** lf_cbor_int: a number that fits into 64 bits with sign. */
bool lf_cbor_int(LfCbor *cbor, const char *what, int64_t *ret, GError **error);

bool lf_cbor_bool(LfCbor *cbor, const char *what, bool *ret, GError **error);

/** lf_cbor_bytes: a byte string; @ret: its content, with @data never NULL. */
bool lf_cbor_bytes(LfCbor *cbor, const char *what, LfSpan *ret, GError **error);

/** lf_cbor_bytes_sized: a byte string of exactly @size bytes. */
bool lf_cbor_bytes_sized(LfCbor *cbor, const char *what, size_t size, LfSpan *ret, GError **error);

/** lf_cbor_text: a text string; it is UTF-8 and holds no NUL. */
bool lf_cbor_text(LfCbor *cbor, const char *what, LfSpan *ret, GError **error);

/** lf_cbor_array: the head of an array of @min to @max items. */
bool lf_cbor_array(LfCbor *cbor, const char *what, size_t min, size_t max, size_t *ret_length,
		   GError **error);

/** lf_cbor_tag: this tag; the item it stands for comes next. */
bool lf_cbor_tag(LfCbor *cbor, const char *what, uint64_t tag, GError **error);

/** lf_cbor_take_null: takes a null if it is next. Returns: whether it was. */
bool lf_cbor_take_null(LfCbor *cbor);

/** lf_cbor_item: any one item, with all that is in it, as it was received. */
bool lf_cbor_item(LfCbor *cbor, const char *what, LfSpan *ret, GError **error);

/** lf_cbor_end: there is nothing behind what was read. */
bool lf_cbor_end(const LfCbor *cbor, const char *what, GError **error);

/**
 * lf_cbor_find:
 * @map: a map as lf_cbor_item() gave it
 * @key: the encoded key
 * @ret: (out): the encoded value; @data is NULL when there is no such key
 *
 * Reads the whole map, so its result can be trusted to be the only one.
 */
bool lf_cbor_find(LfSpan map, const char *what, LfSpan key, LfSpan *ret, GError **error);
bool lf_cbor_find_int(LfSpan map, const char *what, int64_t key, LfSpan *ret, GError **error);
bool lf_cbor_find_text(LfSpan map, const char *what, const char *key, LfSpan *ret, GError **error);

/** lf_cbor_count_pairs: how many pairs are in a map as lf_cbor_item() gave it. */
bool lf_cbor_count_pairs(LfSpan map, const char *what, size_t *ret_count, GError **error);

/** Writers append to @out, in the deterministic form. Heads of arrays and maps are followed by
 * their items. */
void lf_cbor_put_uint(GByteArray *out, uint64_t value);
void lf_cbor_put_int(GByteArray *out, int64_t value);
void lf_cbor_put_bytes(GByteArray *out, const void *data, size_t size);
void lf_cbor_put_text(GByteArray *out, const char *text);
void lf_cbor_put_array(GByteArray *out, size_t length);
void lf_cbor_put_map(GByteArray *out, size_t n_pairs);
void lf_cbor_put_tag(GByteArray *out, uint64_t tag);
void lf_cbor_put_bool(GByteArray *out, bool value);
void lf_cbor_put_null(GByteArray *out);
