#pragma once

#include "installer/apply/payload-filez.h"

/**
 * LfBare: the objects of a bare repository, written directly. An installation is made of ten
 * thousand small files: libostree's writer spends fifteen system calls on each, so that a
 * repository in use never holds half an object. Ours is not in use before the whole pull has
 * succeeded.
 */
typedef struct LfBare LfBare;

/**
 * lf_bare_new:
 * @repo: an open bare repository; must outlive the writer
 *
 * Errors: INTERNAL when @repo has another mode; IO.
 * Returns: (transfer full) (nullable)
 */
LfBare *lf_bare_new(OstreeRepo *repo, GError **error);

/**
 * lf_bare_write:
 * @object: opened and not yet read
 * @checksum: the object's name, 64 hex digits
 *
 * Writes the object with owner, mode, extended attributes and libostree's time stamp, and compares
 * its checksum with its name; what fails or differs is removed again. Nothing is synced.
 * Thread-safe for different objects.
 *
 * Errors: TRUST when it is not what its name says; IO.
 * Source: libostree's content checksum: SHA-256 of big-endian header size, four zero bytes,
 * GVariant (uuuusa(ayay)), content.
 */
bool lf_bare_write(const LfBare *bare, LfFilez *object, const char *checksum, GError **error);

/**
 * lf_bare_write_tree:
 * @type: OSTREE_OBJECT_TYPE_DIR_TREE or _DIR_META
 * @object: already checked against @checksum
 *
 * Errors: IO. Thread-safe for different objects.
 */
bool lf_bare_write_tree(const LfBare *bare, OstreeObjectType type, const char *checksum,
			GVariant *object, GError **error);

void lf_bare_free(LfBare *bare);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfBare, lf_bare_free)
