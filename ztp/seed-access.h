#pragma once

#include "base/http.h"
#include "image/seed.h"

/**
 * LfSeedAccess: what a site's machines need to reach and trust servers, as options name it; all may
 * be NULL.
 * @ca, @cert, @key: PEM files
 * @pin, @ks_url: as the words landfall.pin= and landfall.ks= have them
 * @proxy: URL; one with a user goes into a file of the seed, for the command line is no place for
 * it
 * @ssh_key: public keys for the installer's SSH server
 */
typedef struct {
	const char *ca, *cert, *key, *pin, *proxy, *ks_url, *ssh_key;
} LfSeedAccess;

/** lf_seed_access_http: how servers are reached with these; borrows from @access. */
LfHttpAccess lf_seed_access_http(const LfSeedAccess *access);

/**
 * lf_seed_add_access:
 * @words: (element-type char *): words for the command line are added
 *
 * Puts the files into the seed (ca.pem, client.pem, client.key, proxy, authorized_keys) and says
 * with words where they are. Errors: INPUT for what no machine could use: a file that is no
 * certificate, a key that does not fit, a pin, URL or public key that is none.
 */
bool lf_seed_add_access(LfSeed *seed, const LfSeedAccess *access, GPtrArray *words, GError **error);
