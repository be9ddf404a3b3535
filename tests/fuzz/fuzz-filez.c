// Fuzzer: any bytes as a compressed file object of the payload.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "installer/apply/payload-filez.h"

// Deflate makes at most about a thousand bytes of one; more than this of it shows nothing new.
#define MAX_CONTENT_BYTES (4 * 1024 * 1024)
#define NAME		  "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_content(LfFilez *file)
{
	static char chunk[65536];
	size_t total = 0;
	size_t n = sizeof chunk;

	while (n == sizeof chunk && total < MAX_CONTENT_BYTES) {
		g_autoptr(GError) error = NULL;

		if (!file->content.read(&file->content, chunk, sizeof chunk, &n, &error)) {
			g_assert(error && error->code == LF_ERROR_TRUST);
			return;
		}
		g_assert(n <= sizeof chunk);
		total += n;
	}
}

// Bytes lie before and behind the object, as on a medium: they are not its own.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	lf_autofd fd = memfd_create("object", MFD_CLOEXEC);
	LfPayloadExtent extent = { .fd = fd, .offset_bytes = 100, .size_bytes = size };
	g_auto(LfFilez) file = { .checksum = NULL };
	g_autoptr(GError) error = NULL;

	if (fd < 0 || ftruncate(fd, (off_t)(size + 4096)) < 0 ||
	    !lf_pwrite_all(fd, data, size, 100, NULL))
		abort();
	if (!lf_filez_open(&file, &extent, NAME, &error)) {
		g_assert(error && error->code == LF_ERROR_TRUST);
		return 0;
	}
	g_assert(lf_content_is_supported(&file.content));
	g_assert(file.content.target && file.content.xattrs);
	read_content(&file);
	return 0;
}
