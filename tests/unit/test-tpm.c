// The TPM's answer about its PCR banks; hostile bytes included.
#include <string.h>

#include "installer/apply/tpm.h"
#include "tests/unit/test.h"

// As swtpm answers: SHA-1 without PCRs, SHA-256 with all 24, SHA-384 with none.
static const uint8_t good[] = {
	0x80, 0x01, 0, 0, 0, 37, 0,    0,    0, 0,    0,    0,	  0,	0,    5, 0, 0, 0, 3,
	0x00, 0x04, 3, 0, 0, 0,	 0x00, 0x0b, 3, 0xff, 0xff, 0xff, 0x00, 0x0c, 3, 0, 0, 0,
};

static void the_sha256_bank_is_found(void **state)
{
	g_autoptr(GError) error = NULL;
	uint32_t mask = 0;

	assert_ok(lf_tpm_parse_banks(good, sizeof good, &mask, &error), error);
	assert_int_equal(mask, 0xffffff);
}

static void an_answer_cut_anywhere_is_an_error_and_never_more(void **state)
{
	for (size_t size = 0; size < sizeof good; size++) {
		g_autofree uint8_t *cut = g_memdup2(good, size ? size : 1);
		g_autoptr(GError) error = NULL;
		uint32_t mask = 0;

		assert_throws(lf_tpm_parse_banks(cut, size, &mask, &error), error, LF_ERROR_TARGET,
			      "TPM");
	}
}

static void an_error_of_the_tpm_is_told(void **state)
{
	uint8_t answer[] = { 0x80, 0x01, 0, 0, 0, 10, 0, 0, 0x01, 0x01 };
	g_autoptr(GError) error = NULL;
	uint32_t mask = 0;

	assert_throws(lf_tpm_parse_banks(answer, sizeof answer, &mask, &error), error,
		      LF_ERROR_TARGET, "0x101");
}

static void another_capability_is_no_answer(void **state)
{
	uint8_t answer[sizeof good];
	g_autoptr(GError) error = NULL;
	uint32_t mask = 0;

	memcpy(answer, good, sizeof good);
	answer[14] = 6;
	assert_throws(lf_tpm_parse_banks(answer, sizeof answer, &mask, &error), error,
		      LF_ERROR_TARGET, "something else");
}

static void a_tpm_that_is_not_there_is_a_target_error(void **state)
{
	g_autoptr(GError) error = NULL;

	assert_throws(lf_tpm_check("/nonexistent/tpmrm0", 1 << 7, &error), error, LF_ERROR_TARGET,
		      "/nonexistent/tpmrm0");
}

// /dev/zero takes what is written and answers at once, with nonsense.
static void a_device_that_answers_nonsense_is_a_target_error(void **state)
{
	g_autoptr(GError) error = NULL;

	assert_throws(lf_tpm_check("/dev/zero", 1 << 7, &error), error, LF_ERROR_TARGET,
		      "/dev/zero");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(the_sha256_bank_is_found),
		LF_TEST(an_answer_cut_anywhere_is_an_error_and_never_more),
		LF_TEST(an_error_of_the_tpm_is_told),
		LF_TEST(another_capability_is_no_answer),
		LF_TEST(a_tpm_that_is_not_there_is_a_target_error),
		LF_TEST(a_device_that_answers_nonsense_is_a_target_error),
	};

	return LF_TEST_MAIN(tests);
}
