#pragma once

#include "installer/apply/payload-rest.h"
#include "installer/apply/payload-silence.h"
#include "installer/apply/payload-store.h"

/** What payload-store.c and payload-ask.c share. */

#define LF_STORE_OBJECTS "objects/"

/* Where objects may lie: @repo, or @url of a server. Times are the monotonic clock's. */
typedef struct {
	OstreeRepo *repo;
	LfPayloadSource *source;
	char *name; /* as notes have it */
	char *url;
	/* Guarded by the store's lock */
	LfRest rest;
	gint64 noted_us;
} LfStorePlace;

/* What one transfer at a time needs: kept connections and a file for what comes. */
typedef struct {
	LfHttpClient *client;
	int fd;
	off_t seen; /* up to where the file's bytes were counted */
} LfStoreLine;

struct LfPayloadStore {
	GPtrArray *places; /* LfStorePlace */
	const LfHttpAccess *access;
	int scratch_fd; /* directory; -1: memory */
	GMutex lock;
	GCond is_changed;
	GPtrArray *idle; /* LfStoreLine */
	LfSilence silence;
	GQueue notes;
	bool is_stopped;
	GMutex reach_lock;
	LfPayloadReach reach; /* nullable: servers can be reached */
	void *reach_data;
	LfPayloadTell tell; /* nullable: notes are taken */
	void *tell_data;
};

/** lf_store_line_free: @line: (transfer full) */
void lf_store_line_free(LfStoreLine *line);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfStoreLine, lf_store_line_free)

/** lf_store_is_worth_a_note: whether a failure of @place is told; counts it as told. */
bool lf_store_is_worth_a_note(LfPayloadStore *store, LfStorePlace *place);

/** lf_store_saw_bytes: @n came from a server; ends an outage when it is enough. */
void lf_store_saw_bytes(LfPayloadStore *store, uint64_t n);

/** lf_store_saw_whole: something came as a whole: that ends an outage, however short it is. */
void lf_store_saw_whole(LfPayloadStore *store);

/** lf_store_tell: without the lock. Notes go to who wants them as they come. */
void lf_store_tell(LfPayloadStore *store);

/** lf_store_is_patience_over: with the lock held. Notes an outage when it begins to be one.
 * @asked_us: since when somebody waits; @why: (nullable): how it failed last */
bool lf_store_is_patience_over(LfPayloadStore *store, gint64 asked_us, const GError *why);

bool lf_store_is_stopped(LfPayloadStore *store);
