// Asks one place after the other for an object, and servers again when they fail.
// Not here: which places there are (payload-store.c), when a server that failed is asked again
// (payload-rest.c).
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "installer/apply/payload-store-private.h"

#define STALL_MS	  30000
#define FIRST_PAUSE_US	  (G_USEC_PER_SEC / 2)
#define MAX_PAUSE_US	  (15 * G_USEC_PER_SEC)
#define LOOK_EVERY_US	  G_USEC_PER_SEC
#define MAX_DAMAGED_TRIES 2
#define FEED_BYTES	  (128 * 1024)
#define PIPE_BYTES	  (1024 * 1024)

/* How one place answered. */
typedef enum {
	TAKEN,
	ABSENT,	   /* it does not have it, or not whole, or says no */
	UNREADY,   /* it may have it later */
	IMPOSSIBLE /* no other place would help */
} Answer;

// --- lines --------------------------------------------------------------------------------------

static const char *first_server(const LfPayloadStore *store)
{
	for (guint i = 0; i < store->places->len; i++) {
		const LfStorePlace *place = g_ptr_array_index(store->places, i);

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

static LfStoreLine *line_new(LfPayloadStore *store, GError **error)
{
	g_autoptr(LfStoreLine) line = g_new0(LfStoreLine, 1);

	line->fd = -1;
	if (!reach_servers(store, error) || !lf_payload_store_scratch(store, &line->fd, error))
		return NULL;
	line->client = lf_http_client_new(store->access);
	return g_steal_pointer(&line);
}

static LfStoreLine *take_line(LfPayloadStore *store, GError **error)
{
	LfStoreLine *line = NULL;

	g_mutex_lock(&store->lock);
	if (store->idle->len)
		line = g_ptr_array_steal_index_fast(store->idle, store->idle->len - 1);
	g_mutex_unlock(&store->lock);
	return line ? line : line_new(store, error);
}

static void give_line_back(LfPayloadStore *store, LfStoreLine *line)
{
	g_mutex_lock(&store->lock);
	g_ptr_array_add(store->idle, line);
	g_mutex_unlock(&store->lock);
}

// Bytes of a long transfer count before it ends.
static void count_bytes(LfPayloadStore *store, LfStoreLine *line)
{
	off_t at = lseek(line->fd, 0, SEEK_CUR);

	if (at > line->seen)
		lf_store_saw_bytes(store, (uint64_t)(at - line->seen));
	line->seen = at;
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

static Answer ask_repo(const LfStorePlace *place, LfPayloadWant *want, GError **error)
{
	g_auto(LfPayloadExtent) extent = LF_PAYLOAD_EXTENT_INIT;

	if (!g_str_has_prefix(want->path, LF_STORE_OBJECTS) ||
	    !lf_payload_source_open(place->source, want->path + strlen(LF_STORE_OBJECTS), &extent,
				    error))
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
		lf_store_saw_bytes(feeder->store, (uint64_t)n);
		if (!feeder->failure)
			(void)feeder->want->feed(feeder->offset, chunk, (size_t)n,
						 feeder->want->user_data, &feeder->failure);
		feeder->offset += (uint64_t)n;
	}
	return NULL;
}

static bool download_fed(LfPayloadStore *store, const LfStoreLine *line, const LfHttp *http,
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

static bool download_once(LfPayloadStore *store, const LfStoreLine *line, const LfHttp *http,
			  const LfPayloadWant *want, uint64_t *inout_offset, GError **error)
{
	return want->feed
		       ? download_fed(store, line, http, want, inout_offset, error)
		       : lf_http_client_download(line->client, http, line->fd, inout_offset, error);
}

// Another try goes on where the last one ended, wherever that was: the whole is checked anyway.
static bool download(LfPayloadStore *store, LfStoreLine *line, const LfHttp *http,
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
		lf_store_saw_whole(store);
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
	unsigned round;	   /* how often all servers were asked */
	LfStoreLine *line; /* nullable: no server was asked yet */
	uint64_t offset;
	bool may_heal;
	bool is_damaged; /* a server had it, but not whole */
	bool is_absent_only;
	bool is_absent;	   /* at least at one server */
	bool was_unwanted; /* the last transfer was given up */
	guint64 asked;	   /* bit n: place n was asked in this round */
	GError *last;	   /* why the last place that was asked failed */
} Search;

static void search_clear(Search *search)
{
	if (search->line)
		give_line_back(search->store, search->line);
	g_clear_error(&search->last);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Search, search_clear)

// What the only place will not have is the error itself; what may heal is waited for.
static bool is_worth_telling(const Search *search, LfStorePlace *place, const GError *failure)
{
	if (search->want->is_optional && g_error_matches(failure, LF_ERROR, LF_ERROR_INPUT))
		return false;
	if (search->store->places->len == 1 &&
	    !g_error_matches(failure, LF_ERROR, LF_ERROR_NETWORK))
		return false;
	return lf_store_is_worth_a_note(search->store, place);
}

// That we gave up says nothing of why.
static void remember(Search *search, LfStorePlace *place, GError *failure)
{
	bool has_others = search->store->places->len > 1;

	if (failure && search->was_unwanted && search->last)
		g_clear_error(&failure);
	if (!failure)
		return;
	if (is_worth_telling(search, place, failure))
		lf_payload_store_note(search->store, "'%s' is %s: %s", place->name,
				      has_others ? "passed over" : "asked again", failure->message);
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
	value = store->is_stopped ||
		lf_store_is_patience_over(store, search->began_us, search->last);
	g_mutex_unlock(&store->lock);
	lf_store_tell(store);
	search->was_unwanted = value;
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
		if (((LfStorePlace *)g_ptr_array_index(places, i))->url &&
		    !(search->asked >> i & 1))
			return &demands[search->round % G_N_ELEMENTS(demands)];
	return &demand_of_last;
}

static Answer ask_server(Search *search, const LfStorePlace *place, GError **error)
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

static void judge(LfPayloadStore *store, LfStorePlace *place, Answer answer, uint64_t n_bytes,
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

static Answer ask_one_server(Search *search, LfStorePlace *place, GError **error)
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

static bool may_ask(LfPayloadStore *store, LfStorePlace *place, bool asks_resting)
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
		LfStorePlace *place = g_ptr_array_index(places, i);
		GError *local = NULL;

		if (!place->url || (i < 64 && search->asked >> i & 1) ||
		    lf_store_is_stopped(search->store) ||
		    !may_ask(search->store, place, asks_resting))
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
		LfStorePlace *place = g_ptr_array_index(places, i);
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

	g_mutex_lock(&store->lock);
	goes_on = !store->is_stopped &&
		  !lf_store_is_patience_over(store, search->began_us, search->last);
	g_mutex_unlock(&store->lock);
	lf_store_tell(store);
	// Whoever was cut off together shall not come back together.
	pause -= (gint64)((double)pause * g_random_double() / 2);
	g_mutex_lock(&store->lock);
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
