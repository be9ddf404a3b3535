// The places that objects may come from, and what all who ask them share: notes, silence, files for
// what comes. Not here: asking (payload-ask.c), what is done with an object (payload-object.c), one
// local place (payload-source.c).
#include "installer/apply/payload-store.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "installer/apply/payload-store-private.h"
#include "installer/plan/text.h"

#define GIVE_UP_S     300
#define NOTE_EVERY_US (60 * G_USEC_PER_SEC)
#define MAX_NOTES     64

static void place_free(LfStorePlace *place)
{
	lf_payload_source_free(place->source);
	g_clear_object(&place->repo);
	g_free(place->name);
	g_free(place->url);
	g_free(place);
}

void lf_store_line_free(LfStoreLine *line)
{
	lf_http_client_free(line->client);
	lf_close_fd(&line->fd);
	g_free(line);
}

LfPayloadStore *lf_payload_store_new(const LfHttpAccess *access, unsigned give_up_s)
{
	LfPayloadStore *store = g_new0(LfPayloadStore, 1);

	store->places = g_ptr_array_new_with_free_func((GDestroyNotify)place_free);
	store->access = access;
	store->scratch_fd = -1;
	store->idle = g_ptr_array_new_with_free_func((GDestroyNotify)lf_store_line_free);
	g_queue_init(&store->notes);
	g_mutex_init(&store->lock);
	g_mutex_init(&store->reach_lock);
	g_cond_init(&store->is_changed);
	lf_payload_store_set_patience(store, give_up_s ? give_up_s : GIVE_UP_S);
	return store;
}

void lf_payload_store_set_patience(LfPayloadStore *store, unsigned give_up_s)
{
	g_mutex_lock(&store->lock);
	lf_silence_init(&store->silence, (gint64)give_up_s * G_USEC_PER_SEC,
			g_get_monotonic_time());
	g_mutex_unlock(&store->lock);
}

void lf_payload_store_free(LfPayloadStore *store)
{
	if (!store)
		return;
	g_ptr_array_unref(store->places);
	g_ptr_array_unref(store->idle);
	lf_close_fd(&store->scratch_fd);
	g_queue_clear_full(&store->notes, g_free);
	g_mutex_clear(&store->lock);
	g_mutex_clear(&store->reach_lock);
	g_cond_clear(&store->is_changed);
	g_free(store);
}

void lf_payload_store_set_reach(LfPayloadStore *store, LfPayloadReach reach, void *user_data)
{
	store->reach = reach;
	store->reach_data = user_data;
}

void lf_payload_store_set_tell(LfPayloadStore *store, LfPayloadTell tell, void *user_data)
{
	store->tell = tell;
	store->tell_data = user_data;
}

void lf_payload_store_add_repo(LfPayloadStore *store, OstreeRepo *repo)
{
	LfStorePlace *place = g_new0(LfStorePlace, 1);

	place->repo = g_object_ref(repo);
	place->source = lf_payload_source_new(repo);
	place->name = g_file_get_parse_name(ostree_repo_get_path(repo));
	g_ptr_array_add(store->places, place);
}

// A user part may hold a secret. What a URL of ours cannot be is refused by whoever fetches it.
static char *url_for_people(const char *url)
{
	const char *host = strstr(url, "://");
	const char *at = host ? strchr(host, '@') : NULL;
	gsize length = strcspn(url, "?#");

	host = host ? host + 3 : url;
	if (!at || at > host + strcspn(host, "/"))
		return g_strndup(url, length);
	return g_strdup_printf("%.*s%.*s", (int)(host - url), url,
			       (int)(length - (gsize)(at + 1 - url)), at + 1);
}

void lf_payload_store_add_url(LfPayloadStore *store, const char *url)
{
	LfStorePlace *place = g_new0(LfStorePlace, 1);
	gsize length = strlen(url);

	while (length > 0 && url[length - 1] == '/')
		length--;
	place->url = g_strndup(url, length);
	place->name = url_for_people(place->url);
	g_ptr_array_add(store->places, place);
}

void lf_payload_store_drop_scratch(LfPayloadStore *store)
{
	lf_close_fd(&store->scratch_fd);
	// Each line has a file there.
	g_ptr_array_set_size(store->idle, 0);
}

bool lf_payload_store_use_scratch(LfPayloadStore *store, int dir_fd, GError **error)
{
	int fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return lf_throw_errno(error, "cannot use a directory for what is fetched");
	lf_payload_store_drop_scratch(store);
	store->scratch_fd = fd;
	return true;
}

bool lf_payload_store_scratch(LfPayloadStore *store, int *ret_fd, GError **error)
{
	int fd;

	if (store->scratch_fd >= 0)
		return lf_openat(store->scratch_fd, ".", O_TMPFILE | O_RDWR, 0600, ret_fd, error);
	fd = memfd_create("landfall-payload", MFD_CLOEXEC);
	if (fd < 0)
		return lf_throw_errno(error, "no memory for what is fetched");
	*ret_fd = fd;
	return true;
}

bool lf_payload_store_has_server(const LfPayloadStore *store)
{
	for (guint i = 0; i < store->places->len; i++)
		if (((LfStorePlace *)g_ptr_array_index(store->places, i))->url)
			return true;
	return false;
}

uint64_t lf_payload_store_place(const LfPayloadStore *store, const char *path)
{
	uint64_t found = 0;

	for (guint i = 0; i < store->places->len && found == 0; i++) {
		const LfStorePlace *place = g_ptr_array_index(store->places, i);

		if (place->source)
			found = lf_payload_source_place(place->source,
							path + strlen(LF_STORE_OBJECTS));
	}
	return found;
}

bool lf_payload_store_has_local(const LfPayloadStore *store, const char *path)
{
	for (guint i = 0; i < store->places->len; i++) {
		const LfStorePlace *place = g_ptr_array_index(store->places, i);
		g_auto(LfPayloadExtent) extent = LF_PAYLOAD_EXTENT_INIT;

		if (place->source &&
		    lf_payload_source_open(place->source, path + strlen(LF_STORE_OBJECTS), &extent,
					   NULL))
			return true;
	}
	return false;
}

bool lf_payload_store_is_medium(const LfPayloadStore *store)
{
	const LfStorePlace *first = store->places->len ? g_ptr_array_index(store->places, 0) : NULL;

	return first && first->source && lf_payload_source_is_medium(first->source);
}

// --- notes --------------------------------------------------------------------------------------

// The lock is held.
static void push_note(LfPayloadStore *store, char *text)
{
	if (store->notes.length < MAX_NOTES)
		g_queue_push_tail(&store->notes, text);
	else
		g_free(text);
}

void lf_payload_store_note(LfPayloadStore *store, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_mutex_lock(&store->lock);
	push_note(store, g_strdup_vprintf(format, args));
	g_mutex_unlock(&store->lock);
	va_end(args);
	lf_store_tell(store);
}

char *lf_payload_store_take_note(LfPayloadStore *store)
{
	char *note;

	g_mutex_lock(&store->lock);
	note = g_queue_pop_head(&store->notes);
	g_mutex_unlock(&store->lock);
	return note;
}

void lf_store_tell(LfPayloadStore *store)
{
	char *text;

	while (store->tell && (text = lf_payload_store_take_note(store))) {
		store->tell(text, store->tell_data);
		g_free(text);
	}
}

// A local place is told of once; a server that comes and goes, once a minute, but not while an
// outage is on: that was told.
bool lf_store_is_worth_a_note(LfPayloadStore *store, LfStorePlace *place)
{
	gint64 now = g_get_monotonic_time();
	bool is_worth;

	g_mutex_lock(&store->lock);
	is_worth = place->noted_us == 0 || (place->url && now - place->noted_us > NOTE_EVERY_US &&
					    !lf_silence_is_outage(&store->silence));
	is_worth = is_worth && !store->is_stopped;
	if (is_worth)
		place->noted_us = now;
	g_mutex_unlock(&store->lock);
	return is_worth;
}

// --- silence ------------------------------------------------------------------------------------

static char *minutes_of(gint64 us)
{
	return lf_duration_text((unsigned)(us / G_USEC_PER_SEC));
}

// The lock is held. @outage_us: of the outage that ended; 0: none did
static void tell_end(LfPayloadStore *store, gint64 outage_us)
{
	g_autofree char *length = minutes_of(outage_us);

	if (outage_us > 0)
		push_note(store, g_strdup_printf("servers answer again after %s", length));
}

void lf_store_saw_bytes(LfPayloadStore *store, uint64_t n)
{
	gint64 now = g_get_monotonic_time();

	g_mutex_lock(&store->lock);
	tell_end(store, lf_silence_bytes(&store->silence, n, now));
	g_mutex_unlock(&store->lock);
	lf_store_tell(store);
}

void lf_store_saw_whole(LfPayloadStore *store)
{
	gint64 now = g_get_monotonic_time();

	g_mutex_lock(&store->lock);
	tell_end(store, lf_silence_whole(&store->silence, now));
	g_mutex_unlock(&store->lock);
	lf_store_tell(store);
}

// The lock is held. Tells of an outage when it begins to be one. @asked_us: since when somebody
// waits
bool lf_store_is_patience_over(LfPayloadStore *store, gint64 asked_us, const GError *why)
{
	gint64 now = g_get_monotonic_time();
	LfSilenceState state = lf_silence_look(&store->silence, asked_us, now);
	g_autofree char *left = minutes_of(lf_silence_left_us(&store->silence, now));

	if (state == LF_SILENCE_IS_TOLD)
		push_note(store, g_strdup_printf("nothing to speak of comes from any server%s%s%s: "
						 "what is here stays, they are asked again for %s",
						 why ? " (" : "", why ? why->message : "",
						 why ? ")" : "", left));
	return state == LF_SILENCE_TOO_LONG;
}

bool lf_store_is_stopped(LfPayloadStore *store)
{
	bool value;

	g_mutex_lock(&store->lock);
	value = store->is_stopped;
	g_mutex_unlock(&store->lock);
	return value;
}

void lf_payload_store_stop(LfPayloadStore *store)
{
	g_mutex_lock(&store->lock);
	store->is_stopped = true;
	g_cond_broadcast(&store->is_changed);
	g_mutex_unlock(&store->lock);
}
