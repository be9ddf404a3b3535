// Fuzzer: any bytes as a static delta. The first byte chooses: its list of parts, with the commit
// it shall be of behind that byte; or a part, with the number of its objects and their names.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/fd.h"
#include "installer/apply/payload-delta.h"
#include "installer/apply/payload-part.h"

#define OBJECT_BYTES	   33
#define MAX_UNPACKED_BYTES (4 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void count(OstreeObjectType type, const char *checksum, void *user_data)
{
	size_t *n = user_data;

	g_assert(strlen(checksum) == OSTREE_SHA256_STRING_LEN);
	++*n;
}

static void read_list(const uint8_t *data, size_t size)
{
	char checksum[OSTREE_SHA256_STRING_LEN + 1];
	g_autoptr(LfPayloadDelta) delta = NULL;
	g_autoptr(GBytes) bytes = NULL;
	g_autoptr(GError) error = NULL;
	size_t n = 0;

	if (size < OSTREE_SHA256_DIGEST_LEN)
		return;
	ostree_checksum_inplace_from_bytes(data, checksum);
	bytes = g_bytes_new(data + OSTREE_SHA256_DIGEST_LEN, size - OSTREE_SHA256_DIGEST_LEN);
	delta = lf_payload_delta_parse(bytes, checksum, 1024 * 1024, &error);
	if (!delta) {
		g_assert(error && error->code == LF_ERROR_TRUST);
		return;
	}
	lf_payload_delta_each(delta, count, &n);
	g_assert(n <= size);
}

static bool take(OstreeObjectType type, const char *checksum, LfContent *content, GBytes *bytes,
		 void *user_data, GError **error)
{
	g_autoptr(GError) local = NULL;

	g_assert((content != NULL) != (bytes != NULL));
	if (content && !lf_content_copy(content, checksum, -1, &local))
		g_assert(local->code == LF_ERROR_TRUST);
	return true;
}

static void read_part(const uint8_t *data, size_t size)
{
	size_t names = size > 0 ? data[0] * (size_t)OBJECT_BYTES : 0;
	lf_autofd out = memfd_create("unpacked", MFD_CLOEXEC);
	g_autoptr(LfPartUnpacker) unpacker = lf_part_unpacker_new(out, MAX_UNPACKED_BYTES);
	size_t half;
	g_autoptr(GVariant) objects = NULL;
	g_autoptr(GBytes) unpacked = NULL;
	g_autoptr(GError) error = NULL;

	if (size < 1 + names)
		return;
	if (out < 0)
		abort();
	objects = g_variant_ref_sink(
		g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, data + 1, names, 1));
	data += 1 + names;
	size -= 1 + names;
	half = size / 2;
	if (lf_part_unpacker_feed(unpacker, data, half, &error) &&
	    lf_part_unpacker_feed(unpacker, data + half, size - half, &error) &&
	    lf_part_unpacker_end(unpacker, &error)) {
		(void)lseek(out, 0, SEEK_SET);
		unpacked = lf_read_fd(out, MAX_UNPACKED_BYTES, NULL);
		(void)lf_part_read(unpacked, objects, take, NULL, &error);
	}
	g_assert(!error || error->code == LF_ERROR_TRUST);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (data[0] % 2 == 0)
		read_list(data + 1, size - 1);
	else
		read_part(data + 1, size - 1);
	return 0;
}
