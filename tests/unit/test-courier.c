// The events log and its courier: nothing is lost, nothing is out of order, whatever fails between.
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "installer/report/courier.h"
#include "tests/unit/test.h"

#define LOG  "events.jsonl"
#define MARK "reported"

// The other side: a file of what it took, one number a line, and how it answers next.
typedef struct {
	char *dir;
	int dir_fd;
	LfEvents *events;
	GMutex lock;
	GString *taken; /* "1 2 3 " */
	unsigned calls;
	guint largest;	     /* events in a batch */
	LfErrorCode failure; /* 0: takes */
	unsigned n_failures; /* how many more calls fail */
	unsigned answer_ms;
} World;

static uint64_t ahead_ms; // of the events' clock

static uint64_t now_ms(void)
{
	return (uint64_t)g_get_real_time() / 1000 + ahead_ms;
}

static void open_events(World *world)
{
	g_autoptr(GError) error = NULL;

	world->events = lf_events_new(now_ms);
	lf_events_set_source(world->events, &(LfEventSource){ .boot_id = "boot" });
	assert_ok(lf_log_attach(world->events, world->dir_fd, LOG, &error), error);
}

static World *world_new(void)
{
	World *world = g_new0(World, 1);

	world->dir = lf_test_dir();
	world->dir_fd = open(world->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	world->taken = g_string_new(NULL);
	g_mutex_init(&world->lock);
	open_events(world);
	return world;
}

static void world_free(World *world)
{
	lf_events_free(world->events);
	lf_close_fd(&world->dir_fd);
	lf_test_dir_remove(world->dir);
	g_string_free(world->taken, TRUE);
	g_mutex_clear(&world->lock);
	g_free(world);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

static bool take(const GPtrArray *batch, void *user_data, GError **error)
{
	World *world = user_data;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&world->lock);

	world->calls++;
	world->largest = MAX(world->largest, batch->len);
	g_usleep(world->answer_ms * 1000);
	if (world->n_failures > 0) {
		world->n_failures--;
		return lf_throw(error, world->failure, "the other side fails");
	}
	for (guint i = 0; i < batch->len; i++) {
		const json_t *event = g_ptr_array_index(batch, i);

		g_string_append_printf(world->taken, "%d ",
				       (int)json_integer_value(json_object_get(event, "seq")));
	}
	return true;
}

static void fail_next(World *world, unsigned n, LfErrorCode code)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&world->lock);

	world->n_failures = n;
	world->failure = code;
}

static LfCourier *start(World *world, unsigned window_ms)
{
	g_autoptr(GError) error = NULL;
	LfCourier *courier = lf_courier_start(&(LfCourierSpec){ .name = "report",
								.dir_fd = world->dir_fd,
								.log = LOG,
								.mark = MARK,
								.events = world->events,
								.send = take,
								.user_data = world,
								.window_ms = window_ms,
								.first_delay_ms = 10 },
					      &error);

	assert_ok(courier != NULL, error);
	return courier;
}

static void note(World *world, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		lf_events_note(world->events, "s", "x");
}

static char *numbers(unsigned first, unsigned last)
{
	GString *text = g_string_new(NULL);

	for (unsigned i = first; i <= last; i++)
		g_string_append_printf(text, "%u ", i);
	return g_string_free(text, FALSE);
}

static void assert_taken(World *world, unsigned first, unsigned last)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&world->lock);
	g_autofree char *wanted = numbers(first, last);

	assert_string_equal(world->taken->str, wanted);
}

static unsigned calls(World *world)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&world->lock);

	return world->calls;
}

static void events_arrive_once_and_in_order(void **state)
{
	g_autoptr(World) world = world_new();
	LfCourier *courier = start(world, 60000);

	note(world, 100);
	assert_true(lf_courier_flush(courier, 5000));
	assert_taken(world, 1, 100);
	lf_courier_free(courier);
}

static void events_wait_for_a_batch_but_the_end_of_the_run_does_not(void **state)
{
	g_autoptr(World) world = world_new();
	LfCourier *courier;

	note(world, 1);
	courier = start(world, 60000);
	// What an earlier start left goes at once.
	for (unsigned i = 0; i < 500 && calls(world) < 1; i++)
		g_usleep(10000);
	assert_int_equal(calls(world), 1);
	note(world, 20);
	g_usleep(200000);
	assert_int_equal(calls(world), 1);
	lf_events_emit(world->events, &(LfEvent){ .step = "install", .state = LF_EVENT_DONE });
	for (unsigned i = 0; i < 500 && calls(world) < 2; i++)
		g_usleep(10000);
	assert_taken(world, 1, 22);
	lf_courier_free(courier);
}

static void a_window_that_is_over_sends_what_is_there(void **state)
{
	g_autoptr(World) world = world_new();
	LfCourier *courier = start(world, 50);

	note(world, 3);
	for (unsigned i = 0; i < 500 && calls(world) < 1; i++)
		g_usleep(10000);
	assert_taken(world, 1, 3);
	lf_courier_free(courier);
}

static void a_batch_is_bounded(void **state)
{
	g_autoptr(World) world = world_new();
	LfCourier *courier;

	note(world, 2000);
	courier = start(world, 60000);
	assert_true(lf_courier_flush(courier, 10000));
	assert_taken(world, 1, 2000);
	// An event of these is a bit more than 100 bytes.
	assert_in_range(world->largest, 100, 16 * 1024 / 100);
	lf_courier_free(courier);
}

static void an_event_larger_than_a_batch_goes_alone(void **state)
{
	g_autoptr(World) world = world_new();
	g_autofree char *message = g_strnfill(40000, 'x');
	LfCourier *courier;

	note(world, 1);
	lf_events_note(world->events, "s", "%s", message);
	note(world, 1);
	courier = start(world, 60000);
	assert_true(lf_courier_flush(courier, 5000));
	assert_taken(world, 1, 3);
	assert_int_equal(calls(world), 3);
	lf_courier_free(courier);
}

static void progress_is_sent_at_each_tenth_of_its_step(void **state)
{
	g_autoptr(World) world = world_new();
	LfCourier *courier;
	// Of every step those that reach 10, 20, … 100 percent of 40 bytes.
	const char *wanted = "5 9 13 17 21 25 29 33 37 41 46 50 54 58 62 66 70 74 78 82 ";

	for (unsigned i = 0; i < 82; i++) {
		ahead_ms += 1000;
		lf_events_emit(world->events, &(LfEvent){ .step = i < 41 ? "pull" : "sync",
							  .state = LF_EVENT_PROGRESS,
							  .bytes = i % 41,
							  .total = 40 });
	}
	courier = start(world, 60000);
	assert_true(lf_courier_flush(courier, 5000));
	assert_string_equal(world->taken->str, wanted);
	lf_courier_free(courier);
}

static void a_server_that_fails_is_tried_until_it_takes(void **state)
{
	// The last is its own note about the failure, which a short outage is not worth.
	static const struct {
		LfErrorCode code;
		unsigned n_failures, n_taken;
	} rows[] = { { LF_ERROR_NETWORK, 4, 5 },
		     { LF_ERROR_NETWORK, 5, 6 },
		     { LF_ERROR_TRUST, 4, 6 },
		     { LF_ERROR_IO, 4, 6 },
		     { LF_ERROR_INTERNAL, 4, 6 } };

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(World) world = world_new();
		LfCourier *courier;

		fail_next(world, rows[i].n_failures, rows[i].code);
		courier = start(world, 10);
		note(world, 5);
		assert_true(lf_courier_flush(courier, 10000));
		assert_true(lf_courier_flush(courier, 10000));
		assert_taken(world, 1, rows[i].n_taken);
		assert_true(calls(world) >= 5);
		lf_courier_free(courier);
	}
}

static void a_server_that_refuses_is_told_once_and_asked_no_more(void **state)
{
	g_autoptr(World) world = world_new();
	g_autofree char *text = NULL;
	LfCourier *courier;

	fail_next(world, 1, LF_ERROR_INPUT);
	courier = start(world, 10);
	note(world, 5);
	assert_false(lf_courier_flush(courier, 10000));
	assert_true(lf_courier_has_given_up(courier));
	note(world, 5);
	g_usleep(100000);
	assert_int_equal(calls(world), 1);
	lf_courier_free(courier);
	text = lf_read_text_at(world->dir_fd, LOG, 1 << 20, NULL);
	assert_contains(text, "nothing more is sent, the events are kept: the other side fails");
	// Another start tries again, and everything is still there.
	courier = start(world, 10);
	assert_true(lf_courier_flush(courier, 10000));
	assert_taken(world, 1, 11);
	lf_courier_free(courier);
}

static void the_last_failure_is_known_until_something_is_taken(void **state)
{
	g_autoptr(World) world = world_new();
	g_autoptr(GError) failure = NULL;
	LfCourier *courier;

	fail_next(world, 2, LF_ERROR_NETWORK);
	note(world, 1);
	courier = start(world, 10);
	for (unsigned i = 0; i < 500 && !failure; i++) {
		g_usleep(1000);
		failure = lf_courier_error(courier);
	}
	assert_true(g_error_matches(failure, LF_ERROR, LF_ERROR_NETWORK));
	assert_true(lf_courier_flush(courier, 10000));
	assert_null(lf_courier_error(courier));
	lf_courier_free(courier);
}

static void a_flush_ends_in_time_when_nobody_takes(void **state)
{
	g_autoptr(World) world = world_new();
	LfCourier *courier;
	gint64 begin_us;

	fail_next(world, UINT_MAX, LF_ERROR_NETWORK);
	courier = start(world, 10);
	note(world, 5);
	begin_us = g_get_monotonic_time();
	assert_false(lf_courier_flush(courier, 300));
	assert_true(g_get_monotonic_time() - begin_us < 3 * G_USEC_PER_SEC);
	lf_courier_free(courier);
	assert_taken(world, 1, 0);
}

static void a_restart_goes_on_behind_what_is_delivered(void **state)
{
	g_autoptr(World) world = world_new();
	LfCourier *courier = start(world, 10);

	note(world, 5);
	assert_true(lf_courier_flush(courier, 5000));
	lf_courier_free(courier);
	note(world, 5);
	lf_events_free(world->events);
	open_events(world);
	note(world, 5);
	courier = start(world, 10);
	note(world, 5);
	assert_true(lf_courier_flush(courier, 5000));
	assert_taken(world, 1, 20);
	lf_courier_free(courier);
}

// The killed process leaves a mark behind every batch it is known to have delivered.
static void deliver_until_killed(World *world, int report_fd)
{
	LfCourier *courier;

	world->answer_ms = 5;
	open_events(world);
	courier = start(world, 1);
	for (unsigned i = 0;; i++) {
		note(world, 3);
		(void)lf_courier_flush(courier, 1000);
		(void)!write(report_fd, "x", 1);
	}
}

static void a_kill_in_the_middle_loses_nothing(void **state)
{
	g_autoptr(World) world = world_new();
	g_auto(LfLogMark) mark = { NULL, 0 };
	LfCourier *courier;
	uint64_t last;
	char byte;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	lf_events_free(world->events);
	for (unsigned round = 0; round < 5; round++) {
		pid_t pid = fork();

		if (pid == 0)
			deliver_until_killed(world, ends[1]);
		for (unsigned i = 0; i < 3; i++)
			assert_int_equal(read(ends[0], &byte, 1), 1);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
	}
	close(ends[0]);
	close(ends[1]);
	open_events(world);
	last = lf_events_seq(world->events);
	assert_true(last >= 45);
	lf_log_mark_load(world->dir_fd, MARK, &mark);
	assert_true(mark.seq >= 45);
	courier = start(world, 10);
	note(world, 1);
	assert_true(lf_courier_flush(courier, 5000));
	// Every number was used once, and what the mark does not cover is sent.
	assert_taken(world, (unsigned)mark.seq + 1, (unsigned)last + 1);
	lf_courier_free(courier);
}

static void a_torn_line_is_no_event_and_the_next_one_is_whole(void **state)
{
	g_autoptr(World) world = world_new();
	lf_autofd fd = -1;
	LfCourier *courier;

	note(world, 2);
	lf_events_free(world->events);
	fd = openat(world->dir_fd, LOG, O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(write(fd, "{\"v\":1,\"se", 10), 10);
	open_events(world);
	note(world, 1);
	assert_int_equal(write(fd, "{\"v\":1,\"se", 10), 10);
	courier = start(world, 60000);
	assert_true(lf_courier_flush(courier, 5000));
	assert_taken(world, 1, 3);
	lf_courier_free(courier);
}

static void the_log_is_bounded_and_steps_outlast_notes(void **state)
{
	g_autoptr(World) world = world_new();
	g_autofree char *message = g_strnfill(4000, 'x');
	g_autoptr(GBytes) text = NULL;
	g_autoptr(GBytes) compacted = NULL;

	for (unsigned i = 0; i < 2000; i++)
		lf_events_note(world->events, "s", "%s", message);
	lf_events_emit(world->events, &(LfEvent){ .step = "install", .state = LF_EVENT_DONE });
	text = lf_read_file_at(world->dir_fd, LOG, 64 << 20, NULL);
	assert_in_range(g_bytes_get_size(text), LF_LOG_MAX_BYTES / 2, LF_LOG_MAX_BYTES);
	assert_contains(g_bytes_get_data(text, NULL), "\"state\":\"done\"");
	// The next start makes room, and uses no number again.
	lf_events_free(world->events);
	open_events(world);
	compacted = lf_read_file_at(world->dir_fd, LOG, 64 << 20, NULL);
	assert_in_range(g_bytes_get_size(compacted), 1, 1000);
	assert_contains(g_bytes_get_data(compacted, NULL), "\"seq\":2001,");
	assert_int_equal(lf_events_seq(world->events), 2001);
}

static void steps_alone_stay_within_the_bound_too(void **state)
{
	g_autoptr(World) world = world_new();
	g_autofree char *message = g_strnfill(4000, 'x');
	g_autoptr(GBytes) text = NULL;
	LfCourier *courier;

	for (unsigned i = 0; i < 2000; i++)
		lf_events_emit(
			world->events,
			&(LfEvent){ .step = "s", .state = LF_EVENT_FAILED, .message = message });
	lf_events_free(world->events);
	open_events(world);
	text = lf_read_file_at(world->dir_fd, LOG, 64 << 20, NULL);
	assert_in_range(g_bytes_get_size(text), LF_LOG_MAX_BYTES / 8, LF_LOG_MAX_BYTES / 2);
	courier = start(world, 60000);
	note(world, 1);
	assert_true(lf_courier_flush(courier, 20000));
	assert_non_null(strstr(world->taken->str, " "));
	lf_courier_free(courier);
}

static void a_damaged_mark_sends_all_again(void **state)
{
	static const char *const marks[] = { "", "boot", "boot x", "boot -1", "other 2", "\xff 1" };

	for (size_t i = 0; i < G_N_ELEMENTS(marks); i++) {
		g_autoptr(World) world = world_new();
		g_autoptr(GError) error = NULL;
		LfCourier *courier;

		note(world, 3);
		assert_ok(lf_write_file_at(world->dir_fd, MARK, marks[i], strlen(marks[i]), 0600,
					   &error),
			  error);
		courier = start(world, 10);
		assert_true(lf_courier_flush(courier, 5000));
		assert_taken(world, 1, 3);
		lf_courier_free(courier);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(events_arrive_once_and_in_order),
		LF_TEST(events_wait_for_a_batch_but_the_end_of_the_run_does_not),
		LF_TEST(a_window_that_is_over_sends_what_is_there),
		LF_TEST(a_batch_is_bounded),
		LF_TEST(an_event_larger_than_a_batch_goes_alone),
		LF_TEST(progress_is_sent_at_each_tenth_of_its_step),
		LF_TEST(a_server_that_fails_is_tried_until_it_takes),
		LF_TEST(a_server_that_refuses_is_told_once_and_asked_no_more),
		LF_TEST(the_last_failure_is_known_until_something_is_taken),
		LF_TEST(a_flush_ends_in_time_when_nobody_takes),
		LF_TEST(a_restart_goes_on_behind_what_is_delivered),
		LF_TEST(a_kill_in_the_middle_loses_nothing),
		LF_TEST(a_torn_line_is_no_event_and_the_next_one_is_whole),
		LF_TEST(the_log_is_bounded_and_steps_outlast_notes),
		LF_TEST(steps_alone_stay_within_the_bound_too),
		LF_TEST(a_damaged_mark_sends_all_again),
	};

	return LF_TEST_MAIN(tests);
}
