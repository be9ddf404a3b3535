#pragma once

#include "ztp/fdo/credential.h"
#include "ztp/fdo/voucher.h"

/** lf_guid_text: (transfer full): "f1d0fd00-f306-4fdd-89…" */
char *lf_guid_text(LfSpan guid);

/** lf_voucher_to_json: (transfer full): what the voucher says; no verdicts. docs/fdo.md has the
 * members. */
json_t *lf_voucher_to_json(const LfVoucher *voucher);

/** lf_credential_to_json: (transfer full): what the credential says, without its secrets. */
json_t *lf_credential_to_json(const LfCredential *credential);
