#pragma once

#include "base/host.h"
#include "installer/apply/scope.h"

/** LF_MEDIUM: where the medium this system was started from is mounted. */
#define LF_MEDIUM "/run/landfall/medium"

/** lf_medium_is_needed: whether a payload's URL lies on the medium. */
bool lf_medium_is_needed(const char *url);

/**
 * lf_medium_mount:
 * Finds the medium, waiting up to a minute (virtual media of a BMC may take that long to appear),
 * and mounts it read-only at LF_MEDIUM. Where it is mounted already that stays as it is, and
 * belongs to the scope of whoever came first.
 *
 * Errors: TARGET when this system was started from none, or none appears; IO when it, or a drive
 * that may hold it, cannot be read.
 */
bool lf_medium_mount(const LfHost *host, LfScope *held, GError **error);

/** lf_medium_mount_if_there: the same without waiting; what is not there is no fault. */
bool lf_medium_mount_if_there(const LfHost *host, LfScope *held);
