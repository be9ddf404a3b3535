#pragma once

#include "base/host.h"
#include "installer/apply/scope.h"
#include "installer/plan/facts.h"

/**
 * lf_place_find:
 * @asked: (nullable): path, URL or `cdrom:/path`, as an operator wrote it
 * @machine: identity and network cards
 * @held: what has to be mounted stays as long as this is kept
 *
 * Where the kickstart is: @asked with its templates expanded; else by the seed's rules; else the
 * seed's site.ks; else on a volume with a label of ours.
 *
 * Errors: INPUT, TARGET, NETWORK as lf_sources_profile(). Returns: (transfer full) (nullable): path
 * or URL
 */
char *lf_place_find(const LfHost *host, const char *asked, const LfFacts *machine, LfScope *held,
		    GError **error);

bool lf_place_is_url(const char *place);

/** lf_place_asks_mac: whether @asked is a URL with the MAC of this machine in it. */
bool lf_place_asks_mac(const char *asked);

/** lf_place_path: (transfer none): a path without file:// in front. */
const char *lf_place_path(const char *place);

/** lf_place_signature: (transfer full): where the signature of a file stands: ".sig" behind its
 * path. */
char *lf_place_signature(const char *place);

/** lf_place_same_server: whether two URLs have scheme, host and port in common, as written. */
bool lf_place_same_server(const char *a, const char *b);

/**
 * lf_place_was_brought: whether a path lies where others bring files to: in the seed, on a medium,
 * or in the kickstart's own folder. What lies elsewhere was made on this machine, by %pre.
 */
bool lf_place_was_brought(const char *path, const char *kickstart);
