#pragma once

#include "kickstart/kickstart.h"

/**
 * lf_kickstart_load:
 * @path: file, or http:// or https:// URL
 *
 * Reads a kickstart with all its includes, which are looked for beside the file that includes them.
 *
 * Errors: INPUT when the file cannot be read, those of lf_http_get(), and those of
 * lf_kickstart_parse() (the findings tell). Returns: (transfer full) (nullable)
 */
LfProfile *lf_kickstart_load(const char *path, LfDiagnostics *diagnostics, GError **error);

/** lf_kickstart_is_url: whether a place is fetched, not read from a file. */
bool lf_kickstart_is_url(const char *place);

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
