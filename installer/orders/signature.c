// Signatures on orders: checked with gpgv against the keys in the image.
// Not here: fetching them (sources.c), the payload's signature (installer/apply).
#include "installer/orders/signature.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"

#define GPGV	   "/usr/bin/gpgv"
#define TIMEOUT_MS 30000
#define STATUS	   "[GNUPG:] "

enum { KEYRING_FD = 3, SIGNATURE_FD, DATA_FD };

static bool has_keyring(const LfHost *host)
{
	return faccessat(host->root_fd, LF_KS_KEYRING, F_OK, 0) == 0;
}

static char *wanted_key(const LfHost *host)
{
	g_autofree char *key = lf_host_arg(host, "landfall.ks-key");

	return key && *key ? g_ascii_strup(key, -1) : NULL;
}

bool lf_signature_is_wanted(const LfHost *host)
{
	g_autofree char *key = wanted_key(host);

	return key || has_keyring(host);
}

// A version 4 or 5 fingerprint, whole: the end of one is easily forged.
static bool check_fingerprint(const char *key, GError **error)
{
	size_t length = strlen(key);

	if ((length == 40 || length == 64) && strspn(key, "0123456789ABCDEF") == length)
		return true;
	return lf_throw(error, LF_ERROR_INPUT,
			"landfall.ks-key= is not the whole fingerprint of a key: write its 40 "
			"hexadecimal digits without blanks");
}

// --- what gpgv says -----------------------------------------------------------------------------

// VALIDSIG FINGERPRINT DATE TIME EXPIRES VERSION RESERVED ALGORITHM HASH CLASS PRIMARY
static char *key_of(const char *words, const char *wanted)
{
	g_auto(GStrv) fields = g_strsplit(words, " ", 16);
	guint n = g_strv_length(fields);
	const char *primary = n >= 10 ? fields[9] : n > 0 ? fields[0] : NULL;

	if (n == 0 ||
	    (wanted && g_strcmp0(primary, wanted) != 0 && g_strcmp0(fields[0], wanted) != 0))
		return NULL;
	return g_strdup(primary);
}

char *lf_signature_good_key(const char *status, const char *wanted)
{
	g_auto(GStrv) lines = g_strsplit(status, "\n", -1);
	bool is_good = false;

	for (char **line = lines; *line; line++) {
		const char *words = *line + strlen(STATUS);
		char *key;

		if (!g_str_has_prefix(*line, STATUS))
			continue;
		// VALIDSIG comes for keys that are expired or revoked as well; GOODSIG does not.
		if (g_str_has_prefix(words, "NEWSIG"))
			is_good = false;
		else if (g_str_has_prefix(words, "GOODSIG "))
			is_good = true;
		else if (g_str_has_prefix(words, "VALIDSIG ") && is_good) {
			key = key_of(words + strlen("VALIDSIG "), wanted);
			if (key)
				return key;
		}
	}
	return NULL;
}

// --- running it ---------------------------------------------------------------------------------

static bool open_bytes(GBytes *bytes, int *ret_fd, GError **error)
{
	lf_autofd fd = memfd_create("landfall", MFD_CLOEXEC);
	gsize size = 0;
	const void *data = g_bytes_get_data(bytes, &size);

	if (fd < 0)
		return lf_throw_errno(error, "cannot take memory for a file");
	if (!lf_write_all(fd, data, size, error))
		return false;
	*ret_fd = lf_steal_fd(&fd);
	return true;
}

static bool run_gpgv(int keyring, int signature, int data, int *ret_status, char **ret_text,
		     GError **error)
{
	const LfProcFd fds[] = { { keyring, KEYRING_FD },
				 { signature, SIGNATURE_FD },
				 { data, DATA_FD } };
	const LfProc proc = { .argv = LF_PROC_ARGV(GPGV, "--quiet", "--status-fd=1",
						   "--keyring=/proc/self/fd/3", "/proc/self/fd/4",
						   "/proc/self/fd/5"),
			      .fds = fds,
			      .n_fds = G_N_ELEMENTS(fds),
			      .timeout_ms = TIMEOUT_MS };

	return lf_proc_status(&proc, ret_status, ret_text, error);
}

static bool check(int keyring, const char *wanted, GBytes *data, GBytes *signature, char **ret_key,
		  GError **error)
{
	lf_autofd signature_fd = -1;
	lf_autofd data_fd = -1;
	g_autofree char *status = NULL;
	int exit_status = -1;

	if (!open_bytes(signature, &signature_fd, error) || !open_bytes(data, &data_fd, error) ||
	    !run_gpgv(keyring, signature_fd, data_fd, &exit_status, &status, error))
		return false;
	*ret_key = exit_status == 0 ? lf_signature_good_key(status, wanted) : NULL;
	return *ret_key ||
	       lf_throw(error, LF_ERROR_TRUST,
			"its signature is not a good one of %s: sign it with that key, which must "
			"be neither expired nor revoked",
			wanted ? "the key that landfall.ks-key= names" : "a key in the image");
}

bool lf_signature_check(const LfHost *host, const char *name, GBytes *data, GBytes *signature,
			char **ret_key, GError **error)
{
	g_autofree char *wanted = wanted_key(host);
	g_autofree char *key = NULL;
	lf_autofd keyring = -1;

	if (wanted && !check_fingerprint(wanted, error))
		return false;
	if (!has_keyring(host))
		return lf_throw(
			error, LF_ERROR_TRUST,
			"landfall.ks-key= wants a signed kickstart, and this image holds no "
			"keys to check it: build it with KS_KEYRING=FILE");
	if (!lf_openat(host->root_fd, LF_KS_KEYRING, O_RDONLY, 0, &keyring, error))
		return false;
	if (!check(keyring, wanted, data, signature, &key, error))
		return lf_prefix(error, "'%s'", name);
	if (ret_key)
		*ret_key = g_steal_pointer(&key);
	return true;
}
