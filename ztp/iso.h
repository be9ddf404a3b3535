#pragma once

#include "base/json.h"

/** What the verbs `iso seed` and `iso show` share. */

/** lf_iso_plural: (transfer none): "" for one, "s" else. */
const char *lf_iso_plural(size_t n);

/** lf_iso_manifest: (transfer full) (nullable): of an ISO. Errors: INPUT, IO. */
json_t *lf_iso_manifest(const char *path, GError **error);
