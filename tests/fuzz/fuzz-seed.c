// Fuzzes the reader of seeds: what was read can be packed again, and is the same then.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "image/seed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfSeed) seed = lf_seed_parse(data, size, &error);
	g_autoptr(LfSeed) again = NULL;
	g_autoptr(GBytes) packed = NULL;

	if (!seed)
		return 0;
	packed = lf_seed_pack(seed, NULL);
	if (!packed)
		abort();
	again = lf_seed_parse(g_bytes_get_data(packed, NULL), g_bytes_get_size(packed), NULL);
	if (!again || lf_seed_count(again) != lf_seed_count(seed))
		abort();
	for (size_t i = 0; i < lf_seed_count(seed); i++)
		if (strcmp(lf_seed_name(seed, i), lf_seed_name(again, i)) != 0 ||
		    !g_bytes_equal(lf_seed_bytes(seed, i), lf_seed_bytes(again, i)))
			abort();
	return 0;
}
