// Keys and passphrases in locked memory that is wiped when freed.
// Not here: where they come from and what they open.
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

// A mapping of its own, so that locking and MADV_DONTDUMP touch nothing else.
struct LfSecret {
	size_t mapped_size;
	size_t size;
	char bytes[];
};

static LfSecret *secret_alloc(size_t size)
{
	size_t mapped_size = sizeof(LfSecret) + size + 1;
	LfSecret *secret =
		mmap(NULL, mapped_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (secret == MAP_FAILED)
		g_error("out of memory for a secret of %zu bytes", size);
	// Both can fail under tight limits; the secret is still wiped, so this is not an error.
	(void)mlock(secret, mapped_size);
	(void)madvise(secret, mapped_size, MADV_DONTDUMP);
	secret->mapped_size = mapped_size;
	secret->size = size;
	return secret;
}

LfSecret *lf_secret_new(const void *data, size_t size)
{
	LfSecret *secret = secret_alloc(size);

	if (size > 0)
		memcpy(secret->bytes, data, size);
	return secret;
}

LfSecret *lf_secret_new_text(const char *text)
{
	return lf_secret_new(text, strlen(text));
}

LfSecret *lf_secret_random(size_t size, GError **error)
{
	g_autoptr(LfSecret) secret = secret_alloc(size);
	size_t done = 0;

	while (done < size) {
		ssize_t n = getrandom(secret->bytes + done, size - done, 0);

		if (n < 0 && errno != EINTR) {
			lf_throw(error, LF_ERROR_INTERNAL, "the kernel gives no randomness: %s",
				 g_strerror(errno));
			return NULL;
		}
		if (n > 0)
			done += (size_t)n;
	}
	return g_steal_pointer(&secret);
}

LfSecret *lf_secret_load(int dir_fd, const char *path, size_t max_bytes, GError **error)
{
	g_autoptr(LfSecret) secret = NULL;
	lf_autofd fd = -1;
	struct stat info;

	if (!lf_openat(dir_fd, path, O_RDONLY, 0, &fd, error))
		return NULL;
	if (fstat(fd, &info) < 0)
		return lf_throw_errno_null(error, "cannot look at '%s'", path);
	if ((uint64_t)info.st_size > max_bytes)
		return lf_throw_null(error, LF_ERROR_INPUT,
				     "'%s' is longer than the %zu bytes allowed", path, max_bytes);
	secret = secret_alloc((size_t)info.st_size);
	if (!lf_pread_all(fd, secret->bytes, secret->size, 0, error)) {
		lf_prefix(error, "'%s'", path);
		return NULL;
	}
	return g_steal_pointer(&secret);
}

LfSecret *lf_secret_copy(const LfSecret *secret)
{
	return secret ? lf_secret_new(secret->bytes, secret->size) : NULL;
}

const void *lf_secret_data(const LfSecret *secret)
{
	return secret->bytes;
}

size_t lf_secret_size(const LfSecret *secret)
{
	return secret->size;
}

bool lf_secret_equal(const LfSecret *a, const LfSecret *b)
{
	unsigned char difference = 0;

	if (a->size != b->size)
		return false;
	for (size_t i = 0; i < a->size; i++)
		difference |= (unsigned char)(a->bytes[i] ^ b->bytes[i]);
	return difference == 0;
}

bool lf_secret_memfd(const LfSecret *secret, int *ret_fd, GError **error)
{
	lf_autofd fd = memfd_create("secret", MFD_CLOEXEC);

	if (fd < 0)
		return lf_throw_errno(error, "cannot create a memory file for a key");
	if (!lf_pwrite_all(fd, secret->bytes, secret->size, 0, error))
		return false;
	*ret_fd = lf_steal_fd(&fd);
	return true;
}

void lf_secret_free(LfSecret *secret)
{
	size_t mapped_size;

	if (!secret)
		return;
	mapped_size = secret->mapped_size;
	lf_wipe(secret, mapped_size);
	munmap(secret, mapped_size);
}

void lf_wipe(void *data, size_t size)
{
	explicit_bzero(data, size);
}
