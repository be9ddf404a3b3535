// Compares a file object with its name while it is copied.
// Not here: reading it (payload-filez.c, payload-part.c), where it goes (payload-bare.c).
#include "installer/apply/payload-content.h"

#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"

#define CHUNK_BYTES (256 * 1024)

bool lf_payload_throw_damaged(GError **error, const char *checksum, const char *what)
{
	return lf_throw(error, LF_ERROR_TRUST, "object %.12s of the payload is damaged: %s",
			checksum, what);
}

// Looking an algorithm up costs more than the checksum of a small file.
static EVP_MD *sha256(void)
{
	static gsize once;

	if (g_once_init_enter(&once)) {
		EVP_MD *md = EVP_MD_fetch(NULL, "SHA256", NULL);

		g_once_init_leave(&once, md ? (gsize)md : 1);
	}
	return once == 1 ? NULL : (EVP_MD *)once;
}

static bool throw_no_sum(GError **error)
{
	return lf_throw(error, LF_ERROR_INTERNAL, "OpenSSL cannot compute a checksum");
}

bool lf_payload_sum_add(LfPayloadSum *sum, const void *data, size_t size, GError **error)
{
	return EVP_DigestUpdate(sum, data, size) == 1 || throw_no_sum(error);
}

// The archive's header without what is only the archive's: length and compression.
static bool add_header(LfPayloadSum *sum, const LfContent *content, GError **error)
{
	g_autoptr(GVariant) header = g_variant_ref_sink(g_variant_new(
		"(uuuus@a(ayay))", GUINT32_TO_BE(content->uid), GUINT32_TO_BE(content->gid),
		GUINT32_TO_BE(content->mode), 0, content->target, content->xattrs));
	guint32 size = GUINT32_TO_BE((guint32)g_variant_get_size(header));
	const guint32 prefix[] = { size, 0 };

	return lf_payload_sum_add(sum, prefix, sizeof prefix, error) &&
	       lf_payload_sum_add(sum, g_variant_get_data(header), g_variant_get_size(header),
				  error);
}

LfPayloadSum *lf_payload_sum_new(GError **error)
{
	g_autoptr(LfPayloadSum) sum = EVP_MD_CTX_new();
	EVP_MD *md = sha256();

	if (sum && md && EVP_DigestInit_ex2(sum, md, NULL) == 1)
		return g_steal_pointer(&sum);
	throw_no_sum(error);
	return NULL;
}

bool lf_payload_sum_check(LfPayloadSum *sum, const char *checksum, GError **error)
{
	guchar digest[OSTREE_SHA256_DIGEST_LEN];
	char actual[OSTREE_SHA256_STRING_LEN + 1];

	if (EVP_DigestFinal_ex(sum, digest, NULL) != 1)
		return throw_no_sum(error);
	ostree_checksum_inplace_from_bytes(digest, actual);
	return strcmp(actual, checksum) == 0 ||
	       lf_payload_throw_damaged(error, checksum, "its checksum is another");
}

void lf_payload_sum_free(LfPayloadSum *sum)
{
	EVP_MD_CTX_free(sum);
}

bool lf_payload_check_bytes(const void *data, size_t size, const char *checksum, GError **error)
{
	g_autoptr(LfPayloadSum) sum = lf_payload_sum_new(error);

	return sum && lf_payload_sum_add(sum, data, size, error) &&
	       lf_payload_sum_check(sum, checksum, error);
}

static bool copy_bytes(LfPayloadSum *sum, LfContent *content, const char *checksum, int fd,
		       GError **error)
{
	// One byte more is asked for, so that a stream longer than it says is seen.
	size_t chunk_size = MIN(content->size_bytes, CHUNK_BYTES - 1) + 1;
	g_autofree guint8 *chunk = g_malloc(chunk_size);
	uint64_t total = 0;
	size_t size = chunk_size;

	while (size == chunk_size) {
		if (!content->read(content, chunk, chunk_size, &size, error))
			return false;
		total += size;
		if (total > content->size_bytes)
			return lf_payload_throw_damaged(error, checksum,
							"it is longer than its header says");
		if (!lf_payload_sum_add(sum, chunk, size, error))
			return false;
		if (fd >= 0 && !lf_write_all(fd, chunk, size, error))
			return lf_prefix(error, "cannot write file object %.12s", checksum);
	}
	return total == content->size_bytes ||
	       lf_payload_throw_damaged(error, checksum, "it is shorter than its header says");
}

bool lf_content_is_supported(const LfContent *content)
{
	return S_ISREG(content->mode) || (S_ISLNK(content->mode) && content->size_bytes == 0);
}

bool lf_content_copy(LfContent *content, const char *checksum, int fd, GError **error)
{
	g_autoptr(LfPayloadSum) sum = lf_payload_sum_new(error);

	return sum && add_header(sum, content, error) &&
	       (S_ISLNK(content->mode) || copy_bytes(sum, content, checksum, fd, error)) &&
	       lf_payload_sum_check(sum, checksum, error);
}
