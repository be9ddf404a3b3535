// Fuzzes the reader of ISO images: whatever is found lies inside the image.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/iso9660.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// The first 16 sectors are never looked at, so the input does not carry them.
#define SKIPPED_BYTES 32768
// The corpus has the beginning of images of 378880 bytes: zeros stand for the rest, so that not
// every input is refused as cut.
#define LEAST_BYTES (512 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GError) error = NULL;
	lf_autofd fd = memfd_create("iso", MFD_CLOEXEC);
	LfIsoExtent extent = { 0, 0 };
	uint64_t end = MAX(SKIPPED_BYTES + size, LEAST_BYTES);

	if (fd < 0 || ftruncate(fd, (off_t)end) < 0 ||
	    !lf_pwrite_all(fd, data, size, SKIPPED_BYTES, NULL))
		abort();
	if (!lf_iso_find(fd, "/landfall/seed.img", &extent, &error)) {
		if (!error)
			abort();
		return 0;
	}
	if (extent.offset_bytes > end || extent.size_bytes > end - extent.offset_bytes)
		abort();
	return 0;
}
