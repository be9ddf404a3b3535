#pragma once

#include "base/throw.h"

#include <stddef.h>

/**
 * LfSecret: a key or passphrase. Its memory is locked, left out of core dumps, and wiped when
 * freed. There is no way to print one. The bytes have a NUL behind them that does not count.
 */
typedef struct LfSecret LfSecret;

/** lf_secret_new: copies @size bytes. Returns: (transfer full): never NULL */
LfSecret *lf_secret_new(const void *data, size_t size);

/** lf_secret_new_text: copies the text up to its NUL. */
LfSecret *lf_secret_new_text(const char *text);

/** lf_secret_random: @size bytes of the kernel's randomness. Throws INTERNAL. */
LfSecret *lf_secret_random(size_t size, GError **error);

/**
 * lf_secret_load: a whole file, read into the secret's own memory and nowhere else.
 * @dir_fd: directory, or AT_FDCWD
 * @max_bytes: a longer file is an INPUT error
 * Throws IO, INPUT.
 */
LfSecret *lf_secret_load(int dir_fd, const char *path, size_t max_bytes, GError **error);

/** lf_secret_copy: (nullable) in, (nullable) out. */
LfSecret *lf_secret_copy(const LfSecret *secret);

const void *lf_secret_data(const LfSecret *secret);
size_t lf_secret_size(const LfSecret *secret);

/** lf_secret_equal: compares in constant time for equal sizes. */
bool lf_secret_equal(const LfSecret *a, const LfSecret *b);

/** lf_secret_memfd: a memory file at offset 0 that holds the bytes, for handing to a child. Throws
 * IO. */
bool lf_secret_memfd(const LfSecret *secret, int *ret_fd, GError **error);

void lf_secret_free(LfSecret *secret);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfSecret, lf_secret_free)

/** lf_wipe: overwrites memory so that the compiler cannot leave it out. */
void lf_wipe(void *data, size_t size);
