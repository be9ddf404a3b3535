// Files that hold a voucher or a credential: takes off the armour, tells which it is.
// Not here: what is in it (voucher, credential).
#include "ztp/fdo/document.h"

#include <string.h>

#define PEM_BEGIN  "-----BEGIN OWNERSHIP VOUCHER-----"
#define PEM_END	   "-----END OWNERSHIP VOUCHER-----"
#define PEM_ANY	   "-----BEGIN "
#define N_VOUCHER  5
#define MAX_LENGTH 8

static const uint8_t *find(LfSpan in, const char *text)
{
	return in.size > 0 ? memmem(in.data, in.size, text, strlen(text)) : NULL;
}

static GBytes *decode_pem(LfSpan file, GError **error)
{
	const uint8_t *begin = find(file, PEM_BEGIN);
	const uint8_t *end;
	g_autofree char *text = NULL;
	guchar *data;
	gsize size;

	if (!begin)
		return lf_throw_null(error, LF_ERROR_INPUT,
				     "there is PEM, but no block 'OWNERSHIP VOUCHER'");
	begin += strlen(PEM_BEGIN);
	end = find((LfSpan){ begin, file.size - (size_t)(begin - file.data) }, PEM_END);
	if (!end)
		return lf_throw_null(error, LF_ERROR_INPUT,
				     "the block 'OWNERSHIP VOUCHER' has no end");
	for (const uint8_t *c = begin; c < end; c++)
		if (!g_ascii_isalnum(*c) && !g_ascii_isspace(*c) && !strchr("+/=", *c))
			return lf_throw_null(error, LF_ERROR_INPUT,
					     "the block 'OWNERSHIP VOUCHER' is not base64");
	text = g_strndup((const char *)begin, (gsize)(end - begin));
	data = g_base64_decode(text, &size);
	return g_bytes_new_take(data, size);
}

static bool is_hex(LfSpan file)
{
	size_t digits = 0;

	for (size_t i = 0; i < file.size; i++) {
		if (g_ascii_isxdigit(file.data[i]))
			digits++;
		else if (!g_ascii_isspace(file.data[i]))
			return false;
	}
	return digits >= 2;
}

static GBytes *decode_hex(LfSpan file, GError **error)
{
	g_autoptr(GByteArray) out = g_byte_array_sized_new((guint)(file.size / 2));
	int high = -1;

	for (size_t i = 0; i < file.size; i++) {
		int digit = g_ascii_xdigit_value((char)file.data[i]);
		uint8_t byte;

		if (digit < 0)
			continue;
		if (high < 0) {
			high = digit;
			continue;
		}
		byte = (uint8_t)(high << 4 | digit);
		g_byte_array_append(out, &byte, 1);
		high = -1;
	}
	if (high >= 0) {
		lf_wipe(out->data, out->len);
		return lf_throw_null(error, LF_ERROR_INPUT, "a hexadecimal digit is missing");
	}
	return g_byte_array_free_to_bytes(g_steal_pointer(&out));
}

static GBytes *take_armour_off(LfSpan file, GError **error)
{
	if (find(file, PEM_ANY))
		return decode_pem(file, error);
	if (is_hex(file))
		return decode_hex(file, error);
	return g_bytes_new(file.data, file.size);
}

/* @bytes: (transfer full) */
static LfDocument *parse_cbor(GBytes *bytes, GError **error)
{
	g_autoptr(LfDocument) document = g_new0(LfDocument, 1);
	size_t length;
	LfSpan input;
	LfCbor cbor;

	input.data = g_bytes_get_data(bytes, &input.size);
	lf_cbor_init(&cbor, input);
	if (lf_cbor_array(&cbor, "file", N_VOUCHER, MAX_LENGTH, &length, NULL) &&
	    length > N_VOUCHER) {
		document->credential = lf_credential_parse(bytes, error);
		return document->credential ? g_steal_pointer(&document) : NULL;
	}
	document->voucher = lf_voucher_parse(bytes, error);
	g_bytes_unref(bytes);
	return document->voucher ? g_steal_pointer(&document) : NULL;
}

LfDocument *lf_document_parse(LfSpan file, GError **error)
{
	GBytes *bytes;

	if (file.size == 0)
		return lf_throw_null(error, LF_ERROR_INPUT, "the file is empty");
	if (file.size > LF_DOCUMENT_MAX_BYTES)
		return lf_throw_null(error, LF_ERROR_INPUT, "the file is longer than %zu bytes",
				     LF_DOCUMENT_MAX_BYTES);
	bytes = take_armour_off(file, error);
	return bytes ? parse_cbor(bytes, error) : NULL;
}

void lf_document_free(LfDocument *document)
{
	if (!document)
		return;
	lf_voucher_free(document->voucher);
	lf_credential_free(document->credential);
	g_free(document);
}
