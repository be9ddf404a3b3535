// Fuzzes files of vouchers and credentials: whatever parses can be verified and shown.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "ztp/fdo/document.h"
#include "ztp/fdo/show.h"
#include "ztp/fdo/verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at_voucher(const LfVoucher *voucher)
{
	g_autoptr(GPtrArray) verdicts = lf_verdicts_new();
	g_autoptr(json_t) object = lf_voucher_to_json(voucher);
	g_autoptr(json_t) checks = NULL;

	lf_voucher_verify(voucher, NULL, verdicts);
	checks = lf_verdicts_to_json(verdicts);
	if (!lf_voucher_owner(voucher) || json_array_size(checks) != verdicts->len)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfDocument) document = lf_document_parse((LfSpan){ data, size }, &error);

	if (!document) {
		if (!error || error->domain != LF_ERROR)
			abort();
		return 0;
	}
	if (document->voucher)
		look_at_voucher(document->voucher);
	if (document->credential)
		json_decref(lf_credential_to_json(document->credential));
	return 0;
}
