#pragma once

#include "kickstart/kickstart.h"

/**
 * lf_kickstart_load:
 * @path: file, or http:// or https:// URL
 *
 * Reads a kickstart with all its includes, which are looked for beside the file that includes them.
 *
 * Errors: INPUT when it cannot be read or has errors (the findings tell), and those of
 * lf_http_get(). Returns: (transfer full) (nullable)
 */
LfProfile *lf_kickstart_load(const char *path, LfDiagnostics *diagnostics, GError **error);

/** lf_kickstart_read: an LfKickstartLoad over files and URLs. @user_data: (nullable): the
 * LfHttpAccess for URLs */
GBytes *lf_kickstart_read(const char *name, const char *from, void *user_data, GError **error);

/**
 * lf_kickstart_check_disks:
 * @path: of the kickstart, for findings without a place of their own
 * Adds an error for each disk that is named in a way the planner does not understand.
 */
void lf_kickstart_check_disks(const LfProfile *profile, const char *path,
			      LfDiagnostics *diagnostics);
