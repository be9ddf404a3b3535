#pragma once

#include "base/host.h"
#include "installer/orders/access.h"
#include "kickstart/kickstart.h"

/**
 * LfSources: where the profile and the files it names come from. The order of places, and what is
 * asked of each, is in docs/formats.md (Orders).
 */
typedef struct LfSources LfSources;

/**
 * lf_sources_new:
 * @path: (nullable): kickstart named on the program's command line: path or URL. NULL:
 * `landfall.ks=` of the kernel command line, else the seed, else a volume with a label of ours.
 * @access: must outlive the sources
 */
LfSources *lf_sources_new(const LfHost *host, const char *path, const LfAccess *access);

/**
 * lf_sources_name: path or URL of the kickstart as it may be shown: without user and query. Before
 * it was read it may be the place with its templates.
 */
const char *lf_sources_name(const LfSources *sources);

/** lf_sources_needs_network: whether the kickstart itself comes from a URL. */
bool lf_sources_needs_network(const LfSources *sources);

/** lf_sources_needs_mac: whether that URL has the machine's MAC in it. */
bool lf_sources_needs_mac(const LfSources *sources);

/**
 * lf_sources_profile:
 * @pass: SCRIPTS_ONLY first, WHOLE when the %pre scripts have run
 *
 * Finds, reads and parses the kickstart. It is fetched and checked once; the files it includes are
 * read anew each time, for a %pre script may have made them.
 *
 * Errors: INPUT: no kickstart (says how to seed one), no rule of the seed fits, it has errors, or
 * comes by http without a checksum or signature; TRUST: checksum or signature missing or wrong;
 * TARGET: a fact or the medium that the place needs is missing; NETWORK: as lf_http_get(), and a
 * web page in its place.
 */
LfProfile *lf_sources_profile(LfSources *sources, LfKickstartPass pass, LfDiagnostics *diagnostics,
			      GError **error);

/** lf_sources_describe: (transfer full): the kickstart that was read: where from, and what vouches
 * for it. */
char *lf_sources_describe(const LfSources *sources);

/**
 * lf_sources_file: an LfFileLoad for files the profile names, with the sources as user data:
 * relative to the kickstart, absolute, or a URL. Where kickstarts must be signed so must these be,
 * but for files that lie neither in the seed, on a medium, beside the kickstart, nor at a URL.
 */
GBytes *lf_sources_file(const char *name, void *sources, GError **error);

void lf_sources_free(LfSources *sources);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfSources, lf_sources_free)
