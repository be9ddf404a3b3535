// Fuzzer: any bytes as an ELF file.
#include <stddef.h>
#include <stdint.h>

#include "image/elf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GError) error = NULL;
	LfElf *elf = lf_elf_parse(data, size, &error);

	g_assert((elf != NULL) == (error == NULL));
	lf_elf_free(elf);
	return 0;
}
