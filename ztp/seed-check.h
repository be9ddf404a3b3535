#pragma once

#include "base/http.h"
#include "base/json.h"
#include "image/seed.h"
#include "installer/plan/rules.h"
#include "kickstart/kickstart.h"

/**
 * LfSeedJudge: what a kickstart in a seed is judged by.
 * @manifest: of the ISO that gets the seed
 * @iso: its name, for messages
 * @access: (nullable): how servers are reached, as the machine will
 */
typedef struct {
	const LfSeed *seed;
	const json_t *manifest;
	const char *iso;
	const LfHttpAccess *access;
} LfSeedJudge;

/**
 * lf_seed_check:
 * @name: of the kickstart in the seed
 * @path: of the kickstart, for findings
 * @diagnostics: (inout): findings are added
 *
 * Judges a kickstart in a seed as the machine will see it: what it names has to be in the seed or
 * at a URL, and a payload from the medium has to be on it. Loads includes from http and https.
 *
 * Errors: INPUT, and UNSUPPORTED as lf_kickstart_parse().
 */
bool lf_seed_check(const LfSeedJudge *judge, const char *name, const char *path,
		   LfDiagnostics *diagnostics, GError **error);

/**
 * lf_seed_check_url:
 * Judges the kickstart's URL among the seed's words (landfall.ks=): by plain http the machine takes
 * it only with a checksum, with signatures, or when a word allows it. A checksum that is none, and
 * signatures without keys in the image, are refused for every kickstart.
 * Errors: INPUT, naming the words.
 */
bool lf_seed_check_url(const LfSeedJudge *judge, GError **error);

/**
 * lf_seed_rules:
 * Reads the seed's rules; each kickstart they name has to be in the seed.
 * Errors: INPUT. Returns: (transfer full) (nullable)
 */
LfRules *lf_seed_rules(const LfSeed *seed, GError **error);

/**
 * lf_seed_profile_to_show:
 * @name: of a kickstart in the seed
 * Reads a kickstart in a seed, of which nothing is trusted: no file and no URL outside the seed
 * is loaded. The redacted text keeps the lines that include them. Returns: (transfer full)
 * (nullable): NULL when it has errors, or when there is no such file
 */
LfProfile *lf_seed_profile_to_show(const LfSeed *seed, const char *name,
				   LfDiagnostics *diagnostics);
