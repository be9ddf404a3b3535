#pragma once

#include "base/host.h"
#include "base/http.h"
#include "installer/apply/apply.h"
#include "installer/orders/access.h"

/**
 * LfCmd: what the command line says, for every verb.
 * @root: --root: directory that stands for "/"
 * @dir: (nullable): --dir: where the verb finds what it works on
 * @disk: (nullable): --disk: the one disk to look at; a plain file is a disk
 * @sector_bytes: --sector-size of a plain file: 512 or 4096; 0 when not given
 * @is_json: --json: for programs instead of people
 * @is_once: --once: the verb network does not wait
 * @to: (nullable): --to: where prestage puts its repository
 * @http: --ca, --cert, --key, --pin, --proxy: how prestage reaches servers
 * @limit: (nullable): --limit: of what prestage fetches
 * @mirrors: (array zero-terminated=1) (nullable): --mirror: where prestage asks after the URL
 * @args: (array zero-terminated=1): what stands behind the verb
 * @effects: what the steps of an install really do
 */
typedef struct {
	char *root;
	char *dir;
	char *disk;
	uint32_t sector_bytes;
	gboolean is_json;
	gboolean is_once;
	char *to;
	LfHttpAccess http;
	char *limit;
	char **mirrors;
	char **args;
	const LfEffects *effects;
} LfCmd;

/**
 * A verb returns the exit status; with @error set it is not looked at, main prints the error and
 * its class decides.
 */
int lf_cmd_install(const LfCmd *cmd, GError **error);  /* cmd-install.c */
int lf_cmd_facts(const LfCmd *cmd, GError **error);    /* cmd-facts.c */
int lf_cmd_plan(const LfCmd *cmd, GError **error);     /* cmd-plan.c */
int lf_cmd_check(const LfCmd *cmd, GError **error);    /* cmd-plan.c */
int lf_cmd_deliver(const LfCmd *cmd, GError **error);  /* cmd-deliver.c */
int lf_cmd_network(const LfCmd *cmd, GError **error);  /* cmd-network.c */
int lf_cmd_prestage(const LfCmd *cmd, GError **error); /* cmd-prestage.c */

/**
 * lf_cmd_host: the machine below --root.
 * Errors: INPUT when there is no such directory.
 * Returns: (transfer full) (nullable)
 */
LfHost *lf_cmd_host(const LfCmd *cmd, GError **error); /* cmd-probe.c */

/**
 * lf_cmd_probe: the machine's facts, with --disk heeded: a device is looked for among the disks,
 * and all others are left out; a plain file takes the place of all disks.
 *
 * Errors: INPUT when there is no such disk, or a sector size is given for one that is no file.
 * Returns: (transfer full) (nullable)
 */
LfFacts *lf_cmd_probe(const LfCmd *cmd, const LfHost *host, GError **error);

/**
 * lf_cmd_payload:
 * @held: the medium stays mounted as long as this is kept
 *
 * Adds what the profile's source offers to @facts, without a check of the signature.
 *
 * Errors: those of lf_medium_mount() and lf_payload_open().
 */
bool lf_cmd_payload(const LfProfile *profile, const LfHost *host, const LfAccess *access,
		    LfFacts *facts, LfScope *held, GError **error);
