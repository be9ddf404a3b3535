// The error domain: codes, their table, and functions that throw and return in one line.
// Not here: translating a library's codes (each wrapper does that), printing errors (mains do).
#include "base/throw.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

G_DEFINE_QUARK(landfall - error, lf_error)

// Also what only an operator can correct is tried three times: a kickstart may be corrected on its
// server, and a disk or card may come late, while nobody is there to start the machine again.
// Exit statuses start at 2 so that 1 stays free for "done, with warnings" (landfall check
// --strict).
static const LfErrorClass classes[] = {
	{ LF_ERROR_INPUT, "input", 2, 3, "correct the kickstart, option or file named above" },
	{ LF_ERROR_UNSUPPORTED, "unsupported", 3, 3,
	  "ask for something this machine and image can do" },
	{ LF_ERROR_TARGET, "target", 4, 3, "change the machine, or the wish, so that they fit" },
	{ LF_ERROR_TRUST, "trust", 5, 3,
	  "check keys, signatures and the medium; do not go on without" },
	{ LF_ERROR_NETWORK, "network", 6, -1,
	  "check link, addresses and servers; it is tried again" },
	{ LF_ERROR_IO, "io", 7, 3, "check the disk or medium named above for faults" },
	{ LF_ERROR_INTERNAL, "internal", 8, 3,
	  "this is a bug in landfall: please report it with the log" },
};

// By name, so that programs without GIO (PID 1) need not load it.
static bool is_gio_domain(GQuark domain)
{
	return domain == G_FILE_ERROR || domain == g_quark_try_string("g-io-error-quark");
}

const LfErrorClass *lf_error_class(const GError *error)
{
	LfErrorCode code = LF_ERROR_INTERNAL;

	if (error && error->domain == LF_ERROR)
		code = (LfErrorCode)error->code;
	else if (error && is_gio_domain(error->domain))
		code = LF_ERROR_IO;
	for (size_t i = 0; i < G_N_ELEMENTS(classes); i++)
		if (classes[i].code == code)
			return &classes[i];
	return &classes[G_N_ELEMENTS(classes) - 1];
}

const LfErrorClass *lf_error_class_by_status(int exit_status)
{
	for (size_t i = 0; i < G_N_ELEMENTS(classes); i++)
		if (classes[i].exit_status == exit_status)
			return &classes[i];
	return NULL;
}

static void throw_va(GError **error, LfErrorCode code, const char *format, va_list args)
{
	if (error)
		*error = g_error_new_valist(LF_ERROR, code, format, args);
}

bool lf_throw(GError **error, LfErrorCode code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	throw_va(error, code, format, args);
	va_end(args);
	return false;
}

void *lf_throw_null(GError **error, LfErrorCode code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	throw_va(error, code, format, args);
	va_end(args);
	return NULL;
}

static LfErrorCode code_of_errno(int saved_errno)
{
	switch (saved_errno) {
	case ECONNREFUSED:
	case ECONNRESET:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case ENETDOWN:
	case ETIMEDOUT:
		return LF_ERROR_NETWORK;
	default:
		return LF_ERROR_IO;
	}
}

static void throw_errno_va(GError **error, int saved_errno, const char *format, va_list args)
{
	g_autofree char *what = g_strdup_vprintf(format, args);

	g_set_error(error, LF_ERROR, (int)code_of_errno(saved_errno), "%s: %s", what,
		    g_strerror(saved_errno));
	errno = saved_errno;
}

bool lf_throw_errno(GError **error, const char *format, ...)
{
	int saved_errno = errno;
	va_list args;

	va_start(args, format);
	throw_errno_va(error, saved_errno, format, args);
	va_end(args);
	return false;
}

void *lf_throw_errno_null(GError **error, const char *format, ...)
{
	int saved_errno = errno;
	va_list args;

	va_start(args, format);
	throw_errno_va(error, saved_errno, format, args);
	va_end(args);
	return NULL;
}

bool lf_prefix(GError **error, const char *format, ...)
{
	g_autofree char *what = NULL;
	va_list args;

	va_start(args, format);
	what = g_strdup_vprintf(format, args);
	va_end(args);
	g_prefix_error(error, "%s: ", what);
	return false;
}

bool lf_rethrow(GError **error, LfErrorCode code)
{
	if (error && *error) {
		(*error)->domain = LF_ERROR;
		(*error)->code = (int)code;
	}
	return false;
}
