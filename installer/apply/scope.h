#pragma once

#include "base/throw.h"

/**
 * LfScope: a stack of things that are held while an install runs (locks, mappings, mounts) and that
 * must be given back in reverse order, whatever happens.
 */
typedef struct LfScope LfScope;

/** LfRelease: gives @object back and frees it, also when it fails. */
typedef bool (*LfRelease)(void *object, GError **error);

LfScope *lf_scope_new(void);

/**
 * lf_scope_push:
 * @what: for messages, such as "the mount at '/mnt/sysimage'"
 * @object: (transfer full): owned by the scope from now on
 */
void lf_scope_push(LfScope *scope, LfRelease release, void *object, const char *what, ...)
	G_GNUC_PRINTF(4, 5);

/** lf_scope_depth: how many things are held; what is pushed later lies above this mark. */
guint lf_scope_depth(const LfScope *scope);

/**
 * lf_scope_unwind:
 * @depth: how many of the oldest things to keep
 *
 * Releases everything above @depth, newest first. Goes on when one fails; the first error is
 * returned.
 */
bool lf_scope_unwind(LfScope *scope, guint depth, GError **error);

/** lf_scope_free: unwinds all; errors are lost, so unwind first where they matter. */
void lf_scope_free(LfScope *scope);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfScope, lf_scope_free)
