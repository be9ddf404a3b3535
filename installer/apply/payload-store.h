#pragma once

#include "base/http.h"
#include "installer/apply/payload-source.h"

/**
 * LfPayloadStore: all places that a payload's objects may come from, in the order they are asked:
 * repositories of this machine first, then a server and its mirrors. Thread-safe once its places
 * are added.
 *
 * What a local repository lacks or has damaged is taken from the next place. A server that fails,
 * or is slow while another one is left, is left alone for a while; when all do, they are asked
 * again and again, with pauses that grow, until they were silent for the time given.
 */
typedef struct LfPayloadStore LfPayloadStore;

/**
 * lf_payload_store_new:
 * @access: (nullable): how servers are reached; must outlive the store
 * @give_up_s: for how long, all outages together, next to nothing may come from any server; 0 is
 * 5 min
 */
LfPayloadStore *lf_payload_store_new(const LfHttpAccess *access, unsigned give_up_s);

/** lf_payload_store_set_patience: another such time, which begins now. */
void lf_payload_store_set_patience(LfPayloadStore *store, unsigned give_up_s);

/** LfPayloadReach: makes servers reachable: the network, the clock. */
typedef bool (*LfPayloadReach)(const char *url, void *user_data, GError **error);

/** lf_payload_store_set_reach: @reach is called before the first request, from any thread but one
 * at a time, again and again until it succeeds. */
void lf_payload_store_set_reach(LfPayloadStore *store, LfPayloadReach reach, void *user_data);

/** LfPayloadTell: a sentence for people. */
typedef void (*LfPayloadTell)(const char *text, void *user_data);

/** lf_payload_store_set_tell: @tell: (nullable): notes go there as they come, from the thread that
 * asks, which must be one alone; without it they wait for lf_payload_store_take_note(). */
void lf_payload_store_set_tell(LfPayloadStore *store, LfPayloadTell tell, void *user_data);

/** lf_payload_store_add_repo: @repo: an open archive repository of this machine; referenced. */
void lf_payload_store_add_repo(LfPayloadStore *store, OstreeRepo *repo);

/** lf_payload_store_add_url: @url: http:// or https:// of an archive repository. */
void lf_payload_store_add_url(LfPayloadStore *store, const char *url);

/** lf_payload_store_use_scratch: @dir_fd: directory for what is too long for memory; copied. */
bool lf_payload_store_use_scratch(LfPayloadStore *store, int dir_fd, GError **error);

/** lf_payload_store_drop_scratch: gives that directory back, so that its file system can be
 * unmounted; no request may run. */
void lf_payload_store_drop_scratch(LfPayloadStore *store);

/** lf_payload_store_scratch: a nameless file for reading and writing: there, or in memory. */
bool lf_payload_store_scratch(LfPayloadStore *store, int *ret_fd, GError **error);

/** lf_payload_store_has_server: whether there is a server among the places. */
bool lf_payload_store_has_server(const LfPayloadStore *store);

/**
 * lf_payload_store_place: an object's place on a medium, for sorting; 0 when it lies on none.
 * @path: as of LfPayloadWant
 */
uint64_t lf_payload_store_place(const LfPayloadStore *store, const char *path);

/** lf_payload_store_has_local: whether a repository of this machine has the object, perhaps
 * damaged. */
bool lf_payload_store_has_local(const LfPayloadStore *store, const char *path);

/** lf_payload_store_is_medium: whether most is read from a medium, in its order. */
bool lf_payload_store_is_medium(const LfPayloadStore *store);

/** LfPayloadUse: reads an object to its end. Errors: TRUST when it is not what it should be. */
typedef bool (*LfPayloadUse)(LfPayloadExtent *extent, void *user_data, GError **error);

/**
 * LfPayloadFeed: takes bytes as they arrive. @offset: where they begin: at 0 again when the whole
 * is fetched anew. Called from a thread of its own.
 */
typedef bool (*LfPayloadFeed)(uint64_t offset, const void *data, size_t size, void *user_data,
			      GError **error);

/**
 * LfPayloadWant: something of a repository.
 * @path: from the repository's top, such as "objects/ab/cdef….filez"; what lies elsewhere than
 * below objects/ comes from servers alone
 * @max_bytes: a longer one is not taken from a server
 * @use: called with what each place has, until it succeeds
 * @feed: (nullable): takes what a server sends instead of a file: then @use gets an empty extent
 * after the last byte
 * @is_optional: nobody waits for other servers when one said that it does not have it
 * @is_missing: (out): no server is left that may have it
 */
typedef struct {
	const char *path;
	uint64_t max_bytes;
	LfPayloadUse use;
	LfPayloadFeed feed;
	void *user_data;
	bool is_optional;
	bool is_missing;
} LfPayloadWant;

/**
 * lf_payload_store_get:
 * Finds what is wanted and uses it. Waits for servers as long as the store may.
 *
 * Errors: TRUST when it is missing or damaged everywhere; IO when the last place cannot be read;
 * NETWORK; other errors of @use at once.
 */
bool lf_payload_store_get(LfPayloadStore *store, LfPayloadWant *want, GError **error);

/** lf_payload_store_get_bytes: what servers have at want->path, at most want->max_bytes; its @use
 * is not looked at. */
GBytes *lf_payload_store_get_bytes(LfPayloadStore *store, LfPayloadWant *want, GError **error);

/** lf_payload_store_stop: whoever waits in this store, or fetches, ends soon, with NETWORK. */
void lf_payload_store_stop(LfPayloadStore *store);

/** lf_payload_store_take_note: (transfer full) (nullable): the next sentence for people. */
char *lf_payload_store_take_note(LfPayloadStore *store);

/** lf_payload_store_note: adds such a sentence. */
void lf_payload_store_note(LfPayloadStore *store, const char *format, ...) G_GNUC_PRINTF(2, 3);

void lf_payload_store_free(LfPayloadStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfPayloadStore, lf_payload_store_free)

/** lf_payload_extent_bytes: (nullable): reads all of a short object. Errors: TRUST when it is
 * longer than @max_bytes; IO. */
GBytes *lf_payload_extent_bytes(LfPayloadExtent *extent, const char *name, size_t max_bytes,
				GError **error);
