// One question to the TPM: does it answer, and which PCRs has its SHA-256 bank.
// Not here: sealing keys (systemd-cryptenroll does that).
#include "installer/apply/tpm.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "base/fd.h"

#define ANSWER_BYTES	   4096
#define HEADER_BYTES	   10
#define PREFIX_BYTES	   (HEADER_BYTES + 1 + 4)
#define TPM_CAP_PCRS	   5
#define TPM_ALG_SHA256	   0x000b
#define MAX_BANKS	   16
#define ANSWER_DEADLINE_MS 20000

// TPM2_GetCapability(TPM_CAP_PCRS, 0, 1), without sessions.
static const uint8_t question[] = {
	0x80, 0x01, 0, 0, 0, 22, 0, 0, 0x01, 0x7a, 0, 0, 0, TPM_CAP_PCRS, 0, 0, 0, 0, 0, 0, 0, 1,
};

static uint32_t get_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint16_t get_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t select_mask(const uint8_t *select, size_t size)
{
	uint32_t mask = 0;

	for (size_t i = 0; i < MIN(size, 4); i++)
		mask |= (uint32_t)select[i] << (8 * i);
	return mask;
}

bool lf_tpm_parse_banks(const uint8_t *answer, size_t size, uint32_t *ret_sha256_mask,
			GError **error)
{
	size_t at = PREFIX_BYTES + 4;
	uint32_t n_banks, mask = 0;

	if (size < HEADER_BYTES)
		return lf_throw(error, LF_ERROR_TARGET, "the TPM's answer is too short");
	if (get_u32(answer + 6) != 0)
		return lf_throw(error, LF_ERROR_TARGET, "the TPM answers with error 0x%x",
				get_u32(answer + 6));
	if (size < at || get_u32(answer + HEADER_BYTES + 1) != TPM_CAP_PCRS)
		return lf_throw(error, LF_ERROR_TARGET, "the TPM answers something else");
	n_banks = get_u32(answer + PREFIX_BYTES);
	for (uint32_t i = 0; i < n_banks && i < MAX_BANKS; i++) {
		size_t select_bytes;

		if (size - at < 3 || size - at - 3 < (select_bytes = answer[at + 2]))
			return lf_throw(error, LF_ERROR_TARGET, "the TPM's answer is cut off");
		if (get_u16(answer + at) == TPM_ALG_SHA256)
			mask |= select_mask(answer + at + 3, select_bytes);
		at += 3 + select_bytes;
	}
	*ret_sha256_mask = mask;
	return true;
}

static bool ask(const char *device, uint8_t *answer, size_t *ret_size, GError **error)
{
	struct pollfd poll_fd = { .events = POLLIN };
	lf_autofd fd = -1;
	ssize_t n;

	if (!lf_openat(AT_FDCWD, device, O_RDWR | O_NONBLOCK, 0, &fd, error) ||
	    !lf_write_all(fd, question, sizeof question, error))
		return false;
	poll_fd.fd = fd;
	if (poll(&poll_fd, 1, ANSWER_DEADLINE_MS) <= 0)
		return lf_throw(error, LF_ERROR_TARGET, "no answer");
	n = read(fd, answer, ANSWER_BYTES);
	if (n < 0)
		return lf_throw_errno(error, "no answer");
	*ret_size = (size_t)n;
	return true;
}

bool lf_tpm_check(const char *device, uint32_t pcr_mask, GError **error)
{
	uint8_t answer[ANSWER_BYTES];
	uint32_t banks = 0;
	size_t size = 0;

	if (!ask(device, answer, &size, error) ||
	    !lf_tpm_parse_banks(answer, size, &banks, error)) {
		lf_prefix(error, "the TPM at '%s' cannot be used: switch it on in the firmware",
			  device);
		return lf_rethrow(error, LF_ERROR_TARGET);
	}
	if ((banks & pcr_mask) != pcr_mask)
		return lf_throw(
			error, LF_ERROR_TARGET,
			"the TPM has no SHA-256 bank with the wanted PCRs (mask 0x%x): switch "
			"SHA-256 on in the firmware",
			pcr_mask);
	return true;
}
