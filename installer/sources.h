#pragma once

#include "base/host.h"
#include "kickstart/kickstart.h"

/**
 * LfSources: where the profile and the files it names come from.
 */
typedef struct LfSources LfSources;

/**
 * lf_sources_new:
 * @path: (nullable): kickstart named on the command line: path or URL. NULL: `landfall.ks=` of the
 * kernel command line, else the seed.
 */
LfSources *lf_sources_new(const LfHost *host, const char *path);

/** lf_sources_name: path or URL of the kickstart as it may be shown: without user and query. */
const char *lf_sources_name(const LfSources *sources);

/**
 * lf_sources_profile:
 * @pass: SCRIPTS_ONLY first, WHOLE when the %pre scripts have run
 *
 * Reads and parses the kickstart; the text is read anew each time.
 *
 * Errors: INPUT: no kickstart (says how to seed one), or it has errors.
 */
LfProfile *lf_sources_profile(LfSources *sources, LfKickstartPass pass, LfDiagnostics *diagnostics,
			      GError **error);

/**
 * lf_sources_file: an LfFileLoad for files the profile names, with the sources as user data:
 * relative to the kickstart, absolute, or a URL.
 */
GBytes *lf_sources_file(const char *name, void *sources, GError **error);

void lf_sources_free(LfSources *sources);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfSources, lf_sources_free)
