// Fuzzer: any bytes as a Boot#### variable of the firmware, and as a TPM's answer.
#include <stddef.h>
#include <stdint.h>

#include "installer/apply/efi.h"
#include "installer/apply/tpm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const none[] = { NULL };
	g_autoptr(GBytes) bytes = g_bytes_new(data, size);
	g_autoptr(GError) error = NULL;
	uint32_t mask = 0;

	(void)lf_efi_is_stale(bytes, "debian", "\\EFI\\debian\\shimx64.efi", none);
	(void)lf_efi_leads_elsewhere(bytes, bytes);
	(void)lf_efi_leads_elsewhere(bytes, NULL);
	g_assert(lf_tpm_parse_banks(data, size, &mask, &error) == (error == NULL));
	return 0;
}
