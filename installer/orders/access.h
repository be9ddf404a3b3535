#pragma once

#include "base/event.h"
#include "base/host.h"
#include "base/http.h"

/**
 * LfAccess: how this machine reaches servers and what it trusts, from the words of the command
 * line: landfall.ca=, landfall.cert=, landfall.key=, landfall.pin=, landfall.proxy=,
 * landfall.insecure-tls, landfall.insecure-http-ks (docs/formats.md, Orders). One for a program.
 */
typedef struct LfAccess LfAccess;

/** lf_access_new: @host: must outlive it. Reads the words and the
 * files they name; what is wrong comes with the check. */
LfAccess *lf_access_new(const LfHost *host);

/**
 * lf_access_check: to be called before the first request.
 * Errors: INPUT, naming the word to correct.
 */
bool lf_access_check(const LfAccess *access, GError **error);

/** lf_access_http: (transfer none): for requests; belongs to @access, which was checked. */
const LfHttpAccess *lf_access_http(const LfAccess *access);

/** lf_access_set_limit: @limit: (nullable): of all that is received from now on; must outlive the
 * requests. */
void lf_access_set_limit(LfAccess *access, LfHttpLimit *limit);

/** lf_access_allows_http: landfall.insecure-http-ks. */
bool lf_access_allows_http(const LfAccess *access);

/** lf_access_mark: puts the insecure words that are in force on every event. */
void lf_access_mark(const LfAccess *access, LfEvents *events);

/**
 * lf_access_seed_path: (transfer full) (nullable): path of a file that a word names: a NAME of the
 * seed, or absolute; relative to the host's root. NULL when it is neither.
 */
char *lf_access_seed_path(const char *name);

/**
 * LfAccessGate: makes @url reachable before the first request for it: network, clock.
 */
typedef bool (*LfAccessGate)(const char *url, void *user_data, GError **error);

/** LfAccessAgain: after a request that failed with NETWORK: waits as long as the network may still
 * get better. Returns: whether it did, so that the gate and the request are worth another try. */
typedef bool (*LfAccessAgain)(void *user_data);

/** lf_access_set_gate: who is asked by lf_access_open() and lf_access_again(); without them nothing
 * is waited for. */
void lf_access_set_gate(LfAccess *access, LfAccessGate gate, LfAccessAgain again, void *user_data);

/**
 * lf_access_open: to be called before requests for @url: what lf_access_check() says, and then the
 * gate. Does nothing for what is no http or https URL. Errors: those of both.
 */
bool lf_access_open(const LfAccess *access, const char *url, GError **error);

/** lf_access_again: @failure: of a request. Returns: whether it is worth another lf_access_open()
 * and request in this run: only after NETWORK, and while the network still changes. */
bool lf_access_again(const LfAccess *access, const GError *failure);

void lf_access_free(LfAccess *access);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfAccess, lf_access_free)
