#pragma once

#include <glib.h>
#include <stdbool.h>

/**
 * LfErrorCode: the one error domain. A code says what the operator must change.
 * @LF_ERROR_INPUT: what was written or given (kickstart, option, file) is wrong: change it
 * @LF_ERROR_UNSUPPORTED: a correct wish that this program or machine cannot fulfil
 * @LF_ERROR_TARGET: the machine does not fit the wish (disk, TPM, firmware, memory)
 * @LF_ERROR_TRUST: a signature, checksum, certificate or key was missing or wrong
 * @LF_ERROR_NETWORK: a server or link did not answer as it should; may heal by itself
 * @LF_ERROR_IO: reading or writing a device or file failed
 * @LF_ERROR_INTERNAL: our own bug
 */
typedef enum {
	LF_ERROR_INPUT = 1,
	LF_ERROR_UNSUPPORTED,
	LF_ERROR_TARGET,
	LF_ERROR_TRUST,
	LF_ERROR_NETWORK,
	LF_ERROR_IO,
	LF_ERROR_INTERNAL,
} LfErrorCode;

#define LF_ERROR (lf_error_quark())
GQuark lf_error_quark(void);

/**
 * LfErrorClass: a row of the table on the codes: name in reports, exit status, retry policy.
 * @name: lower-case word used in event JSON and on consoles ("input", "target", …)
 * @exit_status: process exit status of every Landfall program
 * @max_retries: how often the installer tries again by itself; -1 is for ever
 * @advice: one sentence that says where to look, for people
 */
typedef struct {
	LfErrorCode code;
	const char *name;
	int exit_status;
	int max_retries;
	const char *advice;
} LfErrorClass;

/**
 * lf_error_class:
 * @error: (nullable): any GError; foreign domains count as INTERNAL, GIO's as IO
 * Returns: (transfer none): its row of the table; never NULL
 */
const LfErrorClass *lf_error_class(const GError *error);

/**
 * lf_error_class_by_status:
 * @exit_status: exit status of a Landfall program
 * Returns: (transfer none) (nullable): the row with this status
 */
const LfErrorClass *lf_error_class_by_status(int exit_status);

/**
 * lf_throw:
 * @error: (nullable): where to set the error
 * @code: its class
 * @format: lower case, no full stop, says what to change, never a secret
 *
 * Returns: false, so that `return lf_throw(…)` throws and returns in one line.
 */
bool lf_throw(GError **error, LfErrorCode code, const char *format, ...) G_GNUC_PRINTF(3, 4);

/** lf_throw_null: like lf_throw() for functions that return a pointer. */
void *lf_throw_null(GError **error, LfErrorCode code, const char *format, ...) G_GNUC_PRINTF(3, 4);

/** lf_throw_errno: throws IO (or NETWORK for socket errnos) with strerror(errno) appended. */
bool lf_throw_errno(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

/** lf_throw_errno_null: like lf_throw_errno() for functions that return a pointer. */
void *lf_throw_errno_null(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

/**
 * lf_prefix:
 * Puts "…: " in front of an error's message, keeping its code. Returns: false.
 */
bool lf_prefix(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

/**
 * lf_rethrow:
 * @error: an error of any domain, set
 * Moves a library's error into our domain with @code, keeping its message. Returns: false.
 */
bool lf_rethrow(GError **error, LfErrorCode code);
