// Asks one place after the other for an object, and servers again when they fail.
// Not here: what is done with it (payload-object.c), one local place (payload-source.c).
#include "installer/apply/payload-store.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "installer/apply/payload-rest.h"
#include "installer/apply/payload-silence.h"
#include "installer/plan/text.h"

#define GIVE_UP_S	  300
#define STALL_MS	  30000
#define FIRST_PAUSE_US	  (G_USEC_PER_SEC / 2)
#define MAX_PAUSE_US	  (15 * G_USEC_PER_SEC)
#define LOOK_EVERY_US	  G_USEC_PER_SEC
#define NOTE_EVERY_US	  (60 * G_USEC_PER_SEC)
#define MAX_NOTES	  64
#define MAX_DAMAGED_TRIES 2
#define FEED_BYTES	  (128 * 1024)
#define PIPE_BYTES	  (1024 * 1024)
#define OBJECTS		  "objects/"

/* Where objects may lie: @repo, or @url of a server. Times are the monotonic clock's. */
typedef struct {
	OstreeRepo *repo;
	LfPayloadSource *source;
	char *name; /* as notes have it */
	char *url;
	/* Guarded by the store's lock */
	LfRest rest;
	gint64 noted_us;
} Place;

/* What one transfer at a time needs: kept connections and a file for what comes. */
typedef struct {
	LfHttpClient *client;
	int fd;
	off_t seen; /* up to where the file's bytes were counted */
} Line;

struct LfPayloadStore {
	GPtrArray *places; /* Place */
	const LfHttpAccess *access;
	int scratch_fd; /* directory; -1: memory */
	GMutex lock;
	GCond is_changed;
	GPtrArray *idle; /* Line */
	LfSilence silence;
	GQueue notes;
	bool is_stopped;
	GMutex reach_lock;
	LfPayloadReach reach; /* nullable: servers can be reached */
	void *reach_data;
};

/* How one place answered. */
typedef enum {
	TAKEN,
	ABSENT,	   /* it does not have it, or not whole, or says no */
	UNREADY,   /* it may have it later */
	IMPOSSIBLE /* no other place would help */
} Answer;

static void place_free(Place *place)
{
	lf_payload_source_free(place->source);
	g_clear_object(&place->repo);
	g_free(place->name);
	g_free(place->url);
	g_free(place);
}

static void line_free(Line *line)
{
	lf_http_client_free(line->client);
	lf_close_fd(&line->fd);
	g_free(line);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Line, line_free)

LfPayloadStore *lf_payload_store_new(const LfHttpAccess *access, unsigned give_up_s)
{
	LfPayloadStore *store = g_new0(LfPayloadStore, 1);

	store->places = g_ptr_array_new_with_free_func((GDestroyNotify)place_free);
	store->access = access;
	store->scratch_fd = -1;
	store->idle = g_ptr_array_new_with_free_func((GDestroyNotify)line_free);
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

void lf_payload_store_add_repo(LfPayloadStore *store, OstreeRepo *repo)
{
	Place *place = g_new0(Place, 1);

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
	Place *place = g_new0(Place, 1);
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
		if (((Place *)g_ptr_array_index(store->places, i))->url)
			return true;
	return false;
}

uint64_t lf_payload_store_place(const LfPayloadStore *store, const char *path)
{
	uint64_t found = 0;

	for (guint i = 0; i < store->places->len && found == 0; i++) {
		const Place *place = g_ptr_array_index(store->places, i);

		if (place->source)
			found = lf_payload_source_place(place->source, path + strlen(OBJECTS));
	}
	return found;
}

bool lf_payload_store_has_local(const LfPayloadStore *store, const char *path)
{
	for (guint i = 0; i < store->places->len; i++) {
		const Place *place = g_ptr_array_index(store->places, i);
		g_auto(LfPayloadExtent) extent = LF_PAYLOAD_EXTENT_INIT;

		if (place->source &&
		    lf_payload_source_open(place->source, path + strlen(OBJECTS), &extent, NULL))
			return true;
	}
	return false;
}

bool lf_payload_store_is_medium(const LfPayloadStore *store)
{
	const Place *first = store->places->len ? g_ptr_array_index(store->places, 0) : NULL;

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
}

char *lf_payload_store_take_note(LfPayloadStore *store)
{
	char *note;

	g_mutex_lock(&store->lock);
	note = g_queue_pop_head(&store->notes);
	g_mutex_unlock(&store->lock);
	return note;
}

// A local place is told of once; a server that comes and goes, once a minute, but not while an
// outage is on: that was told.
static bool is_worth_a_note(LfPayloadStore *store, Place *place)
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

// --- lines --------------------------------------------------------------------------------------

static const char *first_server(const LfPayloadStore *store)
{
	for (guint i = 0; i < store->places->len; i++) {
		const Place *place = g_ptr_array_index(store->places, i);

		if (place->url)
			return place->url;
	}
	return NULL;
}

static bool reach_servers(LfPayloadStore *store, GError **error)
{
	bool is_reached = true;

	g_mutex_lock(&store->reach_lock);
	if (store->reach)
		is_reached = store->reach(first_server(store), store->reach_data, error);
	if (is_reached)
		store->reach = NULL;
	g_mutex_unlock(&store->reach_lock);
	return is_reached;
}

static Line *line_new(LfPayloadStore *store, GError **error)
{
	g_autoptr(Line) line = g_new0(Line, 1);

	line->fd = -1;
	if (!reach_servers(store, error) || !lf_payload_store_scratch(store, &line->fd, error))
		return NULL;
	line->client = lf_http_client_new(store->access);
	return g_steal_pointer(&line);
}

static Line *take_line(LfPayloadStore *store, GError **error)
{
	Line *line = NULL;

	g_mutex_lock(&store->lock);
	if (store->idle->len)
		line = g_ptr_array_steal_index_fast(store->idle, store->idle->len - 1);
	g_mutex_unlock(&store->lock);
	return line ? line : line_new(store, error);
}

static void give_line_back(LfPayloadStore *store, Line *line)
{
	g_mutex_lock(&store->lock);
	g_ptr_array_add(store->idle, line);
	g_mutex_unlock(&store->lock);
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

static void saw_bytes(LfPayloadStore *store, uint64_t n)
{
	gint64 now = g_get_monotonic_time();

	g_mutex_lock(&store->lock);
	tell_end(store, lf_silence_bytes(&store->silence, n, now));
	g_mutex_unlock(&store->lock);
}

static void saw_whole(LfPayloadStore *store)
{
	gint64 now = g_get_monotonic_time();

	g_mutex_lock(&store->lock);
	tell_end(store, lf_silence_whole(&store->silence, now));
	g_mutex_unlock(&store->lock);
}

// Bytes of a long transfer count before it ends.
static void count_bytes(LfPayloadStore *store, Line *line)
{
	off_t at = lseek(line->fd, 0, SEEK_CUR);

	if (at > line->seen)
		saw_bytes(store, (uint64_t)(at - line->seen));
	line->seen = at;
}

// The lock is held. Tells of an outage when it begins to be one. @asked_us: since when somebody
// waits
static bool is_patience_over(LfPayloadStore *store, gint64 asked_us)
{
	gint64 now = g_get_monotonic_time();
	LfSilenceState state = lf_silence_look(&store->silence, asked_us, now);
	g_autofree char *left = minutes_of(lf_silence_left_us(&store->silence, now));

	if (state == LF_SILENCE_IS_TOLD)
		push_note(store, g_strdup_printf("nothing to speak of comes from any server: what "
						 "is here stays, they are asked again for %s",
						 left));
	return state == LF_SILENCE_TOO_LONG;
}

static bool is_stopped(LfPayloadStore *store)
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

// --- one place ----------------------------------------------------------------------------------

GBytes *lf_payload_extent_bytes(LfPayloadExtent *extent, const char *name, size_t max_bytes,
				GError **error)
{
	size_t size = extent->size_bytes;
	g_autofree char *data = NULL;
	size_t used = 0;
	size_t n = 1;

	if (extent->size_bytes > max_bytes) {
		lf_payload_throw_damaged(error, name, "it is too long");
		return NULL;
	}
	data = g_malloc(size + 1);
	while (used < size && n > 0) {
		if (!lf_payload_extent_read(extent, name, data + used, size - used, &n, error))
			return NULL;
		used += n;
	}
	data[used] = '\0';
	return g_bytes_new_take(g_steal_pointer(&data), used);
}

static Answer use_extent(LfPayloadWant *want, LfPayloadExtent *extent, GError **error)
{
	g_autoptr(GError) local = NULL;
	Answer answer = TAKEN;

	if (!want->use(extent, want->user_data, &local)) {
		bool is_damage = g_error_matches(local, LF_ERROR, LF_ERROR_TRUST);

		answer = extent->is_unreadable || is_damage ? ABSENT : IMPOSSIBLE;
		g_propagate_error(error, g_steal_pointer(&local));
	}
	return answer;
}

static Answer ask_repo(const Place *place, LfPayloadWant *want, GError **error)
{
	g_auto(LfPayloadExtent) extent = LF_PAYLOAD_EXTENT_INIT;

	if (!g_str_has_prefix(want->path, OBJECTS) ||
	    !lf_payload_source_open(place->source, want->path + strlen(OBJECTS), &extent, error))
		return ABSENT;
	return use_extent(want, &extent, error);
}

/* What a server sends, on its way to whoever takes it. */
typedef struct {
	LfPayloadStore *store;
	const LfPayloadWant *want;
	int fd;
	uint64_t offset;
	GError *failure;
} Feeder;

// Goes on reading after a failure: a transfer must not be cut by its reader.
static void *run_feeder(void *user_data)
{
	Feeder *feeder = user_data;
	g_autofree char *chunk = g_malloc(FEED_BYTES);
	ssize_t n;

	while ((n = TEMP_FAILURE_RETRY(read(feeder->fd, chunk, FEED_BYTES))) > 0) {
		saw_bytes(feeder->store, (uint64_t)n);
		if (!feeder->failure)
			(void)feeder->want->feed(feeder->offset, chunk, (size_t)n,
						 feeder->want->user_data, &feeder->failure);
		feeder->offset += (uint64_t)n;
	}
	return NULL;
}

static bool download_fed(LfPayloadStore *store, const Line *line, const LfHttp *http,
			 const LfPayloadWant *want, uint64_t *inout_offset, GError **error)
{
	Feeder feeder = { store, want, -1, *inout_offset, NULL };
	g_autoptr(GError) local = NULL;
	GThread *thread;
	int ends[2];
	bool is_done;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return lf_throw_errno(error, "cannot make a pipe");
	// Only a wish: the link goes on while what came is unpacked.
	(void)fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES);
	feeder.fd = ends[0];
	thread = g_thread_new("feed", run_feeder, &feeder);
	is_done = lf_http_client_download(line->client, http, ends[1], inout_offset, &local);
	lf_close_fd(&ends[1]);
	g_thread_join(thread);
	lf_close_fd(&ends[0]);
	if (feeder.failure) {
		g_propagate_error(error, feeder.failure);
		return false;
	}
	if (!is_done)
		g_propagate_error(error, g_steal_pointer(&local));
	return is_done;
}

static bool download_once(LfPayloadStore *store, const Line *line, const LfHttp *http,
			  const LfPayloadWant *want, uint64_t *inout_offset, GError **error)
{
	return want->feed
		       ? download_fed(store, line, http, want, inout_offset, error)
		       : lf_http_client_download(line->client, http, line->fd, inout_offset, error);
}

// Another try goes on where the last one ended, wherever that was: the whole is checked anyway.
static bool download(LfPayloadStore *store, Line *line, const LfHttp *http,
		     const LfPayloadWant *want, uint64_t *inout_offset, GError **error)
{
	uint64_t before = *inout_offset;
	g_autoptr(GError) local = NULL;
	bool is_done = download_once(store, line, http, want, inout_offset, &local);

	// The server may not know how to go on in the middle.
	if (!is_done && before > 0 && g_error_matches(local, LF_ERROR, LF_ERROR_INPUT)) {
		g_clear_error(&local);
		*inout_offset = 0;
		if (ftruncate(line->fd, 0) < 0 || lseek(line->fd, 0, SEEK_SET) < 0)
			return lf_throw_errno(error, "cannot empty a file for what is fetched");
		is_done = download_once(store, line, http, want, inout_offset, &local);
	}
	count_bytes(store, line);
	if (is_done)
		saw_whole(store);
	if (!is_done)
		g_propagate_error(error, g_steal_pointer(&local));
	return is_done;
}

static Answer answer_of(const GError *error)
{
	switch (lf_error_class(error)->code) {
	case LF_ERROR_NETWORK:
		return UNREADY;
	case LF_ERROR_INPUT:
	case LF_ERROR_TRUST:
		return ABSENT;
	default:
		return IMPOSSIBLE;
	}
}

// --- all places ---------------------------------------------------------------------------------

/* One search. */
typedef struct {
	LfPayloadStore *store;
	LfPayloadWant *want;
	gint64 began_us, looked_us;
	unsigned round; /* how often all servers were asked */
	Line *line;	/* nullable: no server was asked yet */
	uint64_t offset;
	bool may_heal;
	bool is_damaged; /* a server had it, but not whole */
	bool is_absent_only;
	bool is_absent; /* at least at one server */
	guint64 asked;	/* bit n: place n was asked in this round */
	GError *last;	/* why the last place that was asked failed */
} Search;

static void search_clear(Search *search)
{
	if (search->line)
		give_line_back(search->store, search->line);
	g_clear_error(&search->last);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Search, search_clear)

static void remember(Search *search, Place *place, GError *failure)
{
	if (!failure)
		return;
	if (!(search->want->is_optional && g_error_matches(failure, LF_ERROR, LF_ERROR_INPUT)) &&
	    search->store->places->len > 1 && is_worth_a_note(search->store, place))
		lf_payload_store_note(search->store, "'%s' is passed over: %s", place->name,
				      failure->message);
	g_clear_error(&search->last);
	search->last = failure;
}

// Nothing of an earlier object may be left in the file.
static bool rewind_line(Search *search, GError **error)
{
	search->offset = 0;
	if (!search->line)
		search->line = take_line(search->store, error);
	if (!search->line)
		return false;
	search->line->seen = 0;
	return (ftruncate(search->line->fd, 0) == 0 && lseek(search->line->fd, 0, SEEK_SET) == 0) ||
	       lf_throw_errno(error, "cannot empty a file for what is fetched");
}

// Of a transfer that is on its way.
static bool is_unwanted(void *user_data)
{
	Search *search = user_data;
	LfPayloadStore *store = search->store;
	gint64 now = g_get_monotonic_time();
	bool value;

	if (now - search->looked_us < LOOK_EVERY_US)
		return false;
	search->looked_us = now;
	if (!search->want->feed)
		count_bytes(store, search->line);
	g_mutex_lock(&store->lock);
	value = store->is_stopped || is_patience_over(store, search->began_us);
	g_mutex_unlock(&store->lock);
	return value;
}

/* What a server must bring to be waited for. */
typedef struct {
	unsigned least_bytes_per_s;
	unsigned timeout_ms;
} Demand;

// While another one is left, that one may be faster; when it was not, what there is must do, but
// not for long. Sixteen transfers share a link: more than this is not each one's on a slow one.
static const Demand demands[] = { { LF_REST_LEAST_BYTES_PER_S, 60 * 60 * 1000 },
				  { 16, 10 * 60 * 1000 } };
static const Demand demand_of_last = { 16, 60 * 60 * 1000 };

static const Demand *demand_of(const Search *search)
{
	const GPtrArray *places = search->store->places;

	for (guint i = 0; i < MIN(places->len, 64); i++)
		if (((Place *)g_ptr_array_index(places, i))->url && !(search->asked >> i & 1))
			return &demands[search->round % G_N_ELEMENTS(demands)];
	return &demand_of_last;
}

static Answer ask_server(Search *search, const Place *place, GError **error)
{
	LfPayloadWant *want = search->want;
	const Demand *demand = demand_of(search);
	g_autofree char *url = g_strconcat(place->url, "/", want->path, NULL);
	const LfHttp http = { .url = url,
			      .max_bytes = want->max_bytes,
			      .stall_timeout_ms = STALL_MS,
			      .least_bytes_per_s = demand->least_bytes_per_s,
			      .timeout_ms = demand->timeout_ms,
			      .is_unwanted = is_unwanted,
			      .user_data = search };
	LfPayloadExtent extent = { .fd = search->line->fd };
	g_autoptr(GError) local = NULL;

	if (!download(search->store, search->line, &http, want, &search->offset, &local)) {
		Answer answer = answer_of(local);

		g_propagate_error(error, g_steal_pointer(&local));
		return answer;
	}
	extent.size_bytes = want->feed ? 0 : search->offset;
	return use_extent(want, &extent, error);
}

static void judge(LfPayloadStore *store, Place *place, Answer answer, uint64_t n_bytes,
		  gint64 asked_us)
{
	gint64 now = g_get_monotonic_time();

	g_mutex_lock(&store->lock);
	if (answer == UNREADY)
		lf_rest_failed(&place->rest, asked_us, now);
	else
		lf_rest_answered(&place->rest, n_bytes, asked_us, now);
	g_mutex_unlock(&store->lock);
}

static Answer ask_one_server(Search *search, Place *place, GError **error)
{
	uint64_t *offset = &search->offset;
	gint64 asked_us = g_get_monotonic_time();
	uint64_t before;
	bool says_absent;
	bool was_complete;
	Answer answer;

	if (*offset == 0 && !rewind_line(search, error))
		return IMPOSSIBLE;
	before = *offset;
	answer = ask_server(search, place, error);
	was_complete = answer == ABSENT && *offset > 0;
	// A certificate that is not trusted says nothing of what the server has.
	says_absent = answer == ABSENT && !was_complete &&
		      g_error_matches(*error, LF_ERROR, LF_ERROR_INPUT);
	judge(search->store, place, answer, *offset > before ? *offset - before : 0, asked_us);
	search->may_heal |= answer == UNREADY;
	search->is_damaged |= was_complete;
	search->is_absent_only &= says_absent;
	search->is_absent |= says_absent;
	// What is damaged is fetched anew.
	if (answer == ABSENT)
		*offset = 0;
	return answer;
}

static bool may_ask(LfPayloadStore *store, Place *place, bool asks_resting)
{
	bool value;

	g_mutex_lock(&store->lock);
	value = lf_rest_may_ask(&place->rest, !asks_resting, g_get_monotonic_time());
	g_mutex_unlock(&store->lock);
	return value;
}

// Those that failed lately are asked when nobody else has it.
static Answer ask_servers(Search *search, bool asks_resting, GError **error)
{
	const GPtrArray *places = search->store->places;
	Answer answer = ABSENT;

	for (guint i = 0; i < places->len && answer != TAKEN && answer != IMPOSSIBLE; i++) {
		Place *place = g_ptr_array_index(places, i);
		GError *local = NULL;

		if (!place->url || (i < 64 && search->asked >> i & 1) ||
		    is_stopped(search->store) || !may_ask(search->store, place, asks_resting))
			continue;
		if (i < 64)
			search->asked |= G_GUINT64_CONSTANT(1) << i;
		answer = ask_one_server(search, place, &local);
		if (answer == IMPOSSIBLE)
			g_propagate_error(error, local);
		else
			remember(search, place, local);
	}
	return answer;
}

static Answer ask_repos(Search *search, GError **error)
{
	const GPtrArray *places = search->store->places;
	Answer answer = ABSENT;

	for (guint i = 0; i < places->len && answer == ABSENT; i++) {
		Place *place = g_ptr_array_index(places, i);
		GError *local = NULL;

		if (!place->source)
			continue;
		answer = ask_repo(place, search->want, &local);
		if (answer == IMPOSSIBLE)
			g_propagate_error(error, local);
		else
			remember(search, place, local);
	}
	return answer;
}

/* Returns: whether it is worth asking again; a pause lies behind then. */
static bool wait_for_servers(Search *search)
{
	LfPayloadStore *store = search->store;
	gint64 pause = MIN(FIRST_PAUSE_US << MIN(search->round, 10), MAX_PAUSE_US);
	gint64 end;
	bool goes_on;

	// Whoever was cut off together shall not come back together.
	pause -= (gint64)((double)pause * g_random_double() / 2);
	g_mutex_lock(&store->lock);
	goes_on = !store->is_stopped && !is_patience_over(store, search->began_us);
	end = g_get_monotonic_time() + pause;
	while (goes_on && !store->is_stopped &&
	       g_cond_wait_until(&store->is_changed, &store->lock, end))
		;
	goes_on = goes_on && !store->is_stopped;
	g_mutex_unlock(&store->lock);
	return goes_on;
}

static Answer ask_all_servers(Search *search, GError **error)
{
	Answer answer;

	search->may_heal = false;
	search->is_damaged = false;
	search->is_absent_only = true;
	search->is_absent = false;
	search->asked = 0;
	answer = ask_servers(search, false, error);
	return answer == TAKEN || answer == IMPOSSIBLE ? answer : ask_servers(search, true, error);
}

static bool throw_last(Search *search, GError **error)
{
	search->want->is_missing =
		search->is_absent_only || (search->want->is_optional && search->is_absent);
	if (!search->last)
		return lf_throw(error, LF_ERROR_NETWORK, "'%s' was given up", search->want->path);
	if (g_error_matches(search->last, LF_ERROR, LF_ERROR_INPUT)) {
		lf_rethrow(&search->last, LF_ERROR_TRUST);
		lf_prefix(&search->last, "'%s' of the payload is missing", search->want->path);
	}
	g_propagate_error(error, g_steal_pointer(&search->last));
	return false;
}

bool lf_payload_store_get(LfPayloadStore *store, LfPayloadWant *want, GError **error)
{
	g_auto(Search)
		search = { .store = store, .want = want, .began_us = g_get_monotonic_time() };
	unsigned n_damaged = 0;
	Answer answer;

	want->is_missing = false;
	answer = ask_repos(&search, error);
	for (; answer != TAKEN && answer != IMPOSSIBLE; search.round++) {
		if (!lf_payload_store_has_server(store))
			return throw_last(&search, error);
		answer = ask_all_servers(&search, error);
		if (answer == TAKEN || answer == IMPOSSIBLE)
			break;
		n_damaged += search.is_damaged;
		if (want->is_optional && search.is_absent)
			return throw_last(&search, error);
		if (!(search.may_heal || (search.is_damaged && n_damaged < MAX_DAMAGED_TRIES)) ||
		    !wait_for_servers(&search))
			return throw_last(&search, error);
	}
	return answer == TAKEN;
}

static bool keep_bytes(LfPayloadExtent *extent, void *user_data, GError **error)
{
	GBytes **bytes = user_data;

	*bytes = lf_payload_extent_bytes(extent, "", extent->size_bytes, error);
	return *bytes != NULL;
}

GBytes *lf_payload_store_get_bytes(LfPayloadStore *store, LfPayloadWant *want, GError **error)
{
	GBytes *bytes = NULL;
	LfPayloadWant own = *want;
	bool is_got;

	own.use = keep_bytes;
	own.user_data = &bytes;
	is_got = lf_payload_store_get(store, &own, error);
	want->is_missing = own.is_missing;
	return is_got ? bytes : NULL;
}
