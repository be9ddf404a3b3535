#pragma once

#include "installer/apply/payload-content.h"

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

/** lf_bare_has_file: whether the object is there. What is there was written whole. Thread-safe. */
bool lf_bare_has_file(const LfBare *bare, const char *checksum);

/** lf_bare_dir: directory of the objects; belongs to @bare. */
int lf_bare_dir(const LfBare *bare);

/**
 * lf_bare_write:
 * @content: opened and not yet read
 * @checksum: the object's name, 64 hex digits
 *
 * Writes the object with owner, mode, extended attributes and libostree's time stamp, and compares
 * its checksum with its name; what fails or differs is removed again. Nothing is synced.
 * Thread-safe for different objects.
 *
 * Errors: TRUST when it is not what its name says; IO.
 */
bool lf_bare_write(const LfBare *bare, LfContent *content, const char *checksum, GError **error);

/**
 * lf_bare_write_tree:
 * @type: OSTREE_OBJECT_TYPE_DIR_TREE or _DIR_META
 * @object: already checked against @checksum
 *
 * Errors: IO. Thread-safe for different objects.
 */
bool lf_bare_write_tree(const LfBare *bare, OstreeObjectType type, const char *checksum,
			GVariant *object, GError **error);

/** lf_bare_remove: removes an object; one that is not there is no fault. */
void lf_bare_remove(const LfBare *bare, OstreeObjectType type, const char *checksum);

void lf_bare_free(LfBare *bare);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfBare, lf_bare_free)
