#pragma once

#include "base/throw.h"

#include <stdint.h>

/**
 * lf_tpm_check:
 * @device: such as /dev/tpmrm0
 * @pcr_mask: bit n is PCR n
 *
 * Asks the TPM which PCRs its SHA-256 bank has: shows that it answers, and that keys can be bound
 * to the wanted ones. Changes nothing in it.
 *
 * Errors: TARGET.
 * Source: TCG TPM 2.0 Library, Part 3, 30.2 (TPM2_GetCapability); Part 2, 10.6.3.
 */
bool lf_tpm_check(const char *device, uint32_t pcr_mask, GError **error);

/** lf_tpm_parse_banks: reads that answer; split off so that it can be tested. */
bool lf_tpm_parse_banks(const uint8_t *answer, size_t size, uint32_t *ret_sha256_mask,
			GError **error);
