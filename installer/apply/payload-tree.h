#pragma once

#include "installer/apply/payload-store.h"

#include <gio/gio.h>

/**
 * lf_payload_tree_new:
 * @store: where the commit's objects come from; must outlive the tree and all files taken from it
 * @commit: commit object
 *
 * The top directory of a commit whose objects are fetched when they are looked at, each verified.
 * It knows g_file_resolve_relative_path(), _query_info(), _query_exists(), _read() and
 * _enumerate_children() with standard::* and unix::mode; links are never followed. Not thread-safe.
 *
 * Returns: (transfer full)
 */
GFile *lf_payload_tree_new(LfPayloadStore *store, GVariant *commit);

/**
 * lf_payload_tree_check:
 * @root: any file of such a tree; true for all others
 *
 * Whether everything that was looked at could be looked at: what could not seems to be absent.
 *
 * Errors: the first such failure, as from lf_payload_store_get().
 */
bool lf_payload_tree_check(GFile *root, GError **error);
