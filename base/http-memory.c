// The memory libcurl works in: wiped before it is given back. Headers, a proxy's password and what
// is on its way to a server pass through buffers of libcurl's own, which it frees as they are. Not
// here: buffers of the TLS library, and memory that is still in use, which is not locked either.
#include <malloc.h>
#include <string.h>

#include "base/http-private.h"
#include "base/secret.h"

static void wipe_and_free(void *block)
{
	if (!block)
		return;
	lf_wipe(block, malloc_usable_size(block));
	free(block);
}

// The system's realloc() may move a block and leave its old place as it was.
static void *move(void *block, size_t size)
{
	void *wider = malloc(size);

	if (!wider || !block)
		return wider;
	memcpy(wider, block, MIN(size, malloc_usable_size(block)));
	wipe_and_free(block);
	return wider;
}

void lf_http_memory_init(void)
{
	curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wipe_and_free, move, strdup, calloc);
}
