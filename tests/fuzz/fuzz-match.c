// Fuzzer: any text as a wish for a disk.
#include "installer/plan/match.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *text = g_strndup((const char *)data, size);
	g_autoptr(GError) error = NULL;
	g_autoptr(LfMatch) match = lf_match_parse(text, &error);
	g_autoptr(LfFactDisk) disk = lf_fact_disk_new();

	g_assert((match != NULL) == (error == NULL));
	if (!match)
		return 0;
	disk->path = g_strdup("/dev/sda");
	disk->name = g_strdup("sda");
	disk->model = g_strdup("Model X");
	disk->serial = g_strdup("1234");
	disk->wwn = g_strdup("naa.5000");
	disk->transport = g_strdup("sata");
	disk->size_bytes = 1000000000;
	// Named is more than fitting.
	g_assert(lf_match_disk(match, disk) || !lf_match_names(match, disk));
	return 0;
}
