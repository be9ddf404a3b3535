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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GError) error = NULL;
	lf_autofd fd = memfd_create("iso", MFD_CLOEXEC);
	LfIsoExtent extent = { 0, 0 };
	uint64_t end = SKIPPED_BYTES + size;

	if (fd < 0 || !lf_pwrite_all(fd, data, size, SKIPPED_BYTES, NULL))
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
