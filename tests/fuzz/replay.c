// Runs a fuzzer's function once on each file given: a fuzzer without libFuzzer, for any compiler.
// Not here: making inputs.
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"

#define MAX_INPUT_BYTES ((size_t)16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool replay(const char *path, GError **error)
{
	g_autoptr(GBytes) bytes = lf_read_file_at(AT_FDCWD, path, MAX_INPUT_BYTES, error);
	gsize size = 0;
	const void *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;
	// A copy of exactly this size, so that a sanitizer sees every byte read behind it.
	g_autofree uint8_t *copy = g_malloc(size ? size : 1);

	if (!bytes)
		return false;
	if (size > 0)
		memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	return true;
}

int main(int argc, char **argv)
{
	int n_files = 0;

	for (int i = 1; i < argc; i++) {
		g_autoptr(GError) error = NULL;

		// libFuzzer's own options mean nothing here.
		if (argv[i][0] == '-')
			continue;
		// Before the run: after a crash this is the last line.
		printf("%s\n", argv[i]);
		fflush(stdout);
		if (!replay(argv[i], &error)) {
			fprintf(stderr, "%s\n", error->message);
			return 1;
		}
		n_files++;
	}
	printf("%d files replayed\n", n_files);
	return n_files > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
