// Events: the documented JSON, lines for people, sinks that cannot stop or fail the program.
#include "tests/unit/test.h"

#include <fcntl.h>
#include <pty.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/event.h"
#include "base/fd.h"
#include "base/json.h"

static uint64_t clock_ms;

static uint64_t now_ms(void)
{
	return clock_ms;
}

// A sink that is a file; its text is read back with sink_text().
typedef struct {
	LfEvents *events;
	int fd;
} Fixture;

static void open_fixture(Fixture *f, LfSinkKind kind)
{
	clock_ms = 1763731200123;
	f->events = lf_events_new(now_ms);
	f->fd = memfd_create("sink", MFD_CLOEXEC);
	assert_true(f->fd >= 0);
	lf_events_add_sink(f->events, kind, dup(f->fd));
}

static void close_fixture(Fixture *f)
{
	lf_events_free(f->events);
	lf_close_fd(&f->fd);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fixture, close_fixture)

static char *sink_text(const Fixture *f)
{
	char *text = g_malloc0(1 << 20);

	assert_true(pread(f->fd, text, (1 << 20) - 1, 0) >= 0);
	return text;
}

static void the_json_line_has_the_documented_members(void **state)
{
	g_auto(Fixture) f = { NULL, -1 };
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(json_t) data = json_object();

	open_fixture(&f, LF_SINK_JSON);
	lf_throw(&error, LF_ERROR_TARGET, "disk 'a' is too small");
	lf_json_set_uint(data, "disks", 2);
	lf_events_set_source(f.events, &(LfEventSource){ "b-1", "S1", "u-1", "00:11" });
	lf_events_mark(f.events, "debug shell enabled");
	lf_events_emit(f.events, &(LfEvent){ .step = "install",
					     .state = LF_EVENT_FAILED,
					     .title = "Installing",
					     .message = "stopped",
					     .bytes = 1,
					     .total = 4,
					     .error = error,
					     .next = "poweroff",
					     .data = data });
	text = sink_text(&f);
	assert_string_equal(
		text,
		"{\"v\":1,\"time\":\"2025-11-21T13:20:00.123Z\",\"boot_id\":\"b-1\",\"seq\":1,"
		"\"machine\":{\"serial\":\"S1\",\"uuid\":\"u-1\",\"mac\":\"00:11\"},"
		"\"step\":\"install\",\"state\":\"failed\",\"title\":\"Installing\","
		"\"message\":\"stopped\",\"bytes\":1,\"total\":4,\"percent\":25,"
		"\"error\":{\"class\":\"target\",\"message\":\"disk 'a' is too small\","
		"\"advice\":\"change the machine, or the wish, so that they fit\"},"
		"\"next\":\"poweroff\",\"marks\":[\"debug shell "
		"enabled\"],\"data\":{\"disks\":2}}\n");
}

static void members_that_are_not_known_are_left_out(void **state)
{
	g_auto(Fixture) f = { NULL, -1 };
	g_autofree char *text = NULL;

	open_fixture(&f, LF_SINK_JSON);
	lf_events_emit(f.events, &(LfEvent){ .step = "probe", .state = LF_EVENT_STARTED });
	text = sink_text(&f);
	assert_string_equal(
		text, "{\"v\":1,\"time\":\"2025-11-21T13:20:00.123Z\",\"seq\":1,\"machine\":{},"
		      "\"step\":\"probe\",\"state\":\"started\",\"title\":\"probe\"}\n");
}

static void every_state_has_its_word(void **state)
{
	static const char *const words[] = { "started", "progress", "done", "failed", "note" };

	for (LfEventState i = LF_EVENT_STARTED; i <= LF_EVENT_NOTE; i++) {
		g_auto(Fixture) f = { NULL, -1 };
		g_autoptr(json_t) object = NULL;

		open_fixture(&f, LF_SINK_JSON);
		object = lf_event_to_json(f.events, &(LfEvent){ .step = "s", .state = i });
		assert_string_equal(json_string_value(json_object_get(object, "state")), words[i]);
	}
}

static void one_event_has_one_time_on_every_sink(void **state)
{
	g_auto(Fixture) f = { NULL, -1 };
	g_autofree char *text = NULL;

	open_fixture(&f, LF_SINK_PLAIN);
	lf_events_add_sink(f.events, LF_SINK_JSON, dup(f.fd));
	clock_ms = 7;
	lf_events_note(f.events, "s", "x");
	text = sink_text(&f);
	assert_string_equal(
		text, "1970-01-01T00:00:00.007Z s note; x\n"
		      "{\"v\":1,\"time\":\"1970-01-01T00:00:00.007Z\",\"seq\":1,\"machine\":{},"
		      "\"step\":\"s\",\"state\":\"note\",\"title\":\"s\",\"message\":\"x\"}\n");
}

static void a_clock_gone_wild_still_gives_a_time(void **state)
{
	g_auto(Fixture) f = { NULL, -1 };
	g_autofree char *text = NULL;

	open_fixture(&f, LF_SINK_PLAIN);
	clock_ms = UINT64_MAX;
	lf_events_note(f.events, "s", "x");
	text = sink_text(&f);
	assert_true(g_str_has_prefix(text, "9999-12-31T23:59:59."));
}

static void the_source_is_copied(void **state)
{
	g_auto(Fixture) f = { NULL, -1 };
	g_autoptr(json_t) object = NULL;
	char serial[] = "S1";

	open_fixture(&f, LF_SINK_JSON);
	lf_events_set_source(f.events, &(LfEventSource){ .boot_id = "b", .serial = serial });
	serial[0] = 'X';
	object = lf_event_to_json(f.events, &(LfEvent){ .step = "s" });
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(object, "machine"), "serial")),
		"S1");
}

static void a_mark_is_in_every_line_once(void **state)
{
	g_auto(Fixture) f = { NULL, -1 };
	g_autofree char *text = NULL;

	open_fixture(&f, LF_SINK_PLAIN);
	lf_events_mark(f.events, "debug shell enabled");
	lf_events_mark(f.events, "debug shell enabled");
	lf_events_emit(f.events, &(LfEvent){ .step = "s", .state = LF_EVENT_STARTED });
	text = sink_text(&f);
	assert_string_equal(text, "2025-11-21T13:20:00.123Z s started [debug shell enabled]\n");
}

static void emit_progress(Fixture *f, const char *step, uint64_t bytes, uint64_t total)
{
	lf_events_emit(f->events, &(LfEvent){ .step = step,
					      .state = LF_EVENT_PROGRESS,
					      .bytes = bytes,
					      .total = total });
}

static guint count(const char *text, const char *part)
{
	g_auto(GStrv) pieces = g_strsplit(text, part, -1);

	return g_strv_length(pieces) - 1;
}

static void plain_progress_is_a_line_at_each_tenth(void **state)
{
	g_auto(Fixture) f = { NULL, -1 };
	g_autofree char *text = NULL;

	open_fixture(&f, LF_SINK_PLAIN);
	for (unsigned i = 0; i <= 1000; i++) {
		clock_ms += 1000;
		emit_progress(&f, "pull", i, 1000);
	}
	text = sink_text(&f);
	assert_int_equal(count(text, "\n"), 10);
	assert_contains(text, " pull progress 10% 100 bytes of 1000 bytes\n");
	assert_contains(text, " pull progress 100% ");
}

static void each_step_has_its_own_tenths(void **state)
{
	g_auto(Fixture) f = { NULL, -1 };
	g_autofree char *text = NULL;

	open_fixture(&f, LF_SINK_PLAIN);
	for (unsigned step = 0; step < 2; step++)
		for (unsigned i = 1; i <= 2; i++) {
			clock_ms += 1000;
			emit_progress(&f, step ? "b" : "a", i, 2);
		}
	text = sink_text(&f);
	assert_int_equal(count(text, " a progress"), 2);
	assert_int_equal(count(text, " b progress"), 2);
}

static void progress_is_thinned_to_five_a_second(void **state)
{
	g_auto(Fixture) f = { NULL, -1 };
	g_autofree char *text = NULL;

	open_fixture(&f, LF_SINK_JSON);
	for (unsigned i = 0; i < 1000; i++) {
		clock_ms += 2;
		emit_progress(&f, "pull", i, 1000);
	}
	text = sink_text(&f);
	assert_in_range(count(text, "\n"), 9, 10);
}

static void a_clock_set_back_does_not_silence_progress(void **state)
{
	g_auto(Fixture) f = { NULL, -1 };
	g_autofree char *text = NULL;

	open_fixture(&f, LF_SINK_JSON);
	emit_progress(&f, "pull", 1, 10);
	clock_ms -= 3600000;
	emit_progress(&f, "pull", 2, 10);
	text = sink_text(&f);
	assert_int_equal(count(text, "\n"), 2);
}

static void more_bytes_than_the_total_are_hundred_percent(void **state)
{
	g_auto(Fixture) f = { NULL, -1 };
	g_autoptr(json_t) huge = NULL;
	g_autoptr(json_t) unknown = NULL;

	open_fixture(&f, LF_SINK_JSON);
	huge = lf_event_to_json(
		f.events, &(LfEvent){ .step = "s", .bytes = UINT64_MAX, .total = UINT64_MAX - 5 });
	assert_int_equal(json_integer_value(json_object_get(huge, "percent")), 100);
	unknown = lf_event_to_json(f.events, &(LfEvent){ .step = "s", .bytes = 5 });
	assert_null(json_object_get(unknown, "percent"));
	assert_int_equal(json_integer_value(json_object_get(unknown, "bytes")), 5);
}

static void control_characters_never_reach_a_terminal(void **state)
{
	static const LfSinkKind kinds[] = { LF_SINK_TERMINAL, LF_SINK_PLAIN };
	const char *evil = "a\033]0;x\007b\rc\td\177e\302\233f\xffg\342\200\256h";

	for (size_t i = 0; i < 2; i++) {
		g_auto(Fixture) f = { NULL, -1 };
		g_autofree char *text = NULL;
		g_autoptr(GError) error = g_error_new_literal(LF_ERROR, LF_ERROR_IO, evil);

		open_fixture(&f, kinds[i]);
		lf_events_mark(f.events, evil);
		lf_events_emit(f.events, &(LfEvent){ .step = evil,
						     .state = LF_EVENT_FAILED,
						     .title = evil,
						     .message = evil,
						     .error = error,
						     .next = evil });
		text = sink_text(&f);
		assert_contains(text,
				"a\\x1b]0;x\\x07b\\x0dc\\x09d\\x7fe\\u009bf\xEF\xBF\xBDg\\u202eh");
		assert_null(strstr(text, "\033]"));
		assert_null(strstr(text, "\007"));
		assert_null(strstr(text, "\302\233"));
	}
}

static void each_line_of_a_plain_note_is_a_line_of_its_own(void **state)
{
	g_auto(Fixture) f = { NULL, -1 };
	g_autofree char *text = NULL;

	open_fixture(&f, LF_SINK_PLAIN);
	lf_events_note(f.events, "s", "one\n\ntwo");
	text = sink_text(&f);
	assert_string_equal(text, "2025-11-21T13:20:00.123Z s note; one\n"
				  "2025-11-21T13:20:00.123Z s note; two\n");
}

static void a_plain_failure_is_one_line_whatever_its_message(void **state)
{
	g_auto(Fixture) f = { NULL, -1 };
	g_autofree char *text = NULL;

	open_fixture(&f, LF_SINK_PLAIN);
	lf_events_emit(f.events,
		       &(LfEvent){ .step = "s", .state = LF_EVENT_FAILED, .message = "one\ntwo" });
	text = sink_text(&f);
	assert_string_equal(text, "2025-11-21T13:20:00.123Z s failed; one\\ntwo\n");
}

static void each_event_has_the_next_number_also_after_a_restart(void **state)
{
	g_auto(Fixture) f = { NULL, -1 };
	g_autofree char *text = NULL;

	open_fixture(&f, LF_SINK_JSON);
	lf_events_note(f.events, "s", "one");
	lf_events_set_seq(f.events, 7);
	lf_events_note(f.events, "s", "two");
	lf_events_set_seq(f.events, 3);
	lf_events_note(f.events, "s", "three");
	assert_int_equal(lf_events_seq(f.events), 9);
	text = sink_text(&f);
	assert_contains(text, "\"seq\":1,");
	assert_contains(text, "\"seq\":8,");
	assert_contains(text, "\"seq\":9,");
}

static void hear(const LfEvent *event, const char *line, size_t size, void *user_data)
{
	g_string_append_len(user_data, line, (gssize)size);
}

static void a_listener_hears_what_a_json_sink_shows_until_it_is_taken_out(void **state)
{
	g_auto(Fixture) f = { NULL, -1 };
	g_autofree char *text = NULL;
	g_autoptr(GString) heard = g_string_new(NULL);

	open_fixture(&f, LF_SINK_JSON);
	lf_events_listen(f.events, hear, heard, NULL);
	lf_events_note(f.events, "s", "one");
	lf_events_note(f.events, "s", "two");
	text = sink_text(&f);
	assert_string_equal(heard->str, text);
	lf_events_unlisten(f.events, hear, heard);
	lf_events_note(f.events, "s", "three");
	assert_string_equal(heard->str, text);
}

static void *note_hundred(void *events)
{
	for (unsigned i = 0; i < 100; i++)
		lf_events_note(events, "s", "x");
	return NULL;
}

static void threads_that_speak_at_once_do_not_mix_their_lines(void **state)
{
	g_auto(Fixture) f = { NULL, -1 };
	g_autofree char *text = NULL;
	GThread *threads[4];
	g_auto(GStrv) lines = NULL;

	open_fixture(&f, LF_SINK_JSON);
	for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
		threads[i] = g_thread_new("speaker", note_hundred, f.events);
	for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
		g_thread_join(threads[i]);
	text = sink_text(&f);
	lines = g_strsplit(text, "\n", -1);
	assert_int_equal(g_strv_length(lines), 401);
	for (unsigned i = 0; i < 400; i++) {
		g_autofree char *seq = g_strdup_printf("\"seq\":%u,", i + 1);

		assert_contains(lines[i], seq);
	}
}

static void a_failure_says_class_reason_advice_and_what_comes_next(void **state)
{
	g_auto(Fixture) f = { NULL, -1 };
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;

	open_fixture(&f, LF_SINK_PLAIN);
	lf_throw(&error, LF_ERROR_INPUT, "site.ks:3:1: unknown command");
	lf_events_emit(f.events, &(LfEvent){ .step = "install",
					     .state = LF_EVENT_FAILED,
					     .error = error,
					     .next = "halt" });
	text = sink_text(&f);
	assert_contains(text, "error class 'input'; site.ks:3:1: unknown command; what to do: ");
	assert_contains(text, "; next: halt\n");
}

static void on_a_screen_the_bar_is_drawn_over_itself(void **state)
{
	g_auto(Fixture) f = { NULL, -1 };
	g_autofree char *text = NULL;

	open_fixture(&f, LF_SINK_TERMINAL);
	emit_progress(&f, "pull", 5, 10);
	clock_ms += 1000;
	emit_progress(&f, "pull", 10, 10);
	text = sink_text(&f);
	assert_null(strchr(text, '\n'));
	assert_int_equal(count(text, "\r\033[K"), 2);
	assert_contains(text, "[ 50%] pull 5 bytes of 10 bytes [####################....");
	assert_contains(
		text,
		"[100%] pull 10 bytes of 10 bytes [########################################]");
}

static void a_screen_tells_the_speed_and_how_long_it_takes(void **state)
{
	g_auto(Fixture) f = { NULL, -1 };
	g_autofree char *text = NULL;

	open_fixture(&f, LF_SINK_TERMINAL);
	emit_progress(&f, "pull", 0, 64 << 20);
	g_usleep(1100 * 1000);
	clock_ms += 1000;
	emit_progress(&f, "pull", 32 << 20, 64 << 20);
	text = sink_text(&f);
	assert_int_equal(count(text, " MiB/s, 0:0"), 1);
	assert_contains(text, " left [#");
}

static void a_line_on_a_screen_never_wraps_before_it_is_finished(void **state)
{
	g_autofree char *title = g_strnfill(300, 'x');
	struct winsize size = { .ws_row = 10, .ws_col = 40 };
	lf_autofd leader = -1;
	int follower = -1;
	LfEvents *events = lf_events_new(now_ms);
	char text[4096] = "";

	assert_int_equal(openpty(&leader, &follower, NULL, NULL, &size), 0);
	lf_events_add_sink(events, LF_SINK_TERMINAL, follower);
	lf_events_emit(events,
		       &(LfEvent){ .step = "s", .state = LF_EVENT_STARTED, .title = title });
	assert_true(read(leader, text, sizeof text - 1) > 0);
	assert_true(g_str_has_prefix(text, "\r\033[K[    ] xxx"));
	assert_int_equal(strlen(text), strlen("\r\033[K") + 39);
	lf_events_free(events);
}

static void a_full_pipe_loses_lines_but_does_not_stop_us(void **state)
{
	g_autofree char *message = g_strnfill(4000, 'x');
	LfEvents *events = lf_events_new(now_ms);
	gint64 begin_us = g_get_monotonic_time();
	int ends[2];
	char first[8];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	lf_events_add_sink(events, LF_SINK_JSON, ends[1]);
	for (unsigned i = 0; i < 20; i++)
		lf_events_note(events, "s", "%s", message);
	assert_true(g_get_monotonic_time() - begin_us < 10000000);
	assert_int_equal(read(ends[0], first, sizeof first), sizeof first);
	lf_events_free(events);
	close(ends[0]);
}

static void a_torn_line_is_ended_before_the_next_one(void **state)
{
	g_autofree char *message = g_strnfill(100000, 'x');
	g_autofree char *text = g_malloc0(300000);
	LfEvents *events = lf_events_new(now_ms);
	size_t seen = 0;
	int ends[2];

	clock_ms = 0;
	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	lf_events_add_sink(events, LF_SINK_PLAIN, ends[1]);
	lf_events_note(events, "s", "%s", message);
	for (ssize_t n = 1; n > 0; seen += (size_t)MAX(n, 0))
		n = read(ends[0], text + seen, 100000);
	lf_events_note(events, "t", "whole");
	assert_true(read(ends[0], text + seen, 1000) > 0);
	assert_contains(text, "x\n1970-01-01T00:00:00.000Z t note; whole\n");
	lf_events_free(events);
	close(ends[0]);
}

static void a_reader_that_went_away_is_no_signal(void **state)
{
	LfEvents *events = lf_events_new(now_ms);
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	lf_events_add_sink(events, LF_SINK_JSON, ends[1]);
	close(ends[0]);
	lf_events_note(events, "s", "nobody reads this");
	lf_events_note(events, "s", "nor this");
	lf_events_free(events);
}

static void the_givers_descriptor_stays_blocking(void **state)
{
	LfEvents *events = lf_events_new(now_ms);
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	lf_events_add_sink(events, LF_SINK_JSON, dup(ends[1]));
	assert_int_equal(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
	lf_events_free(events);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(the_json_line_has_the_documented_members),
		LF_TEST(members_that_are_not_known_are_left_out),
		LF_TEST(every_state_has_its_word),
		LF_TEST(one_event_has_one_time_on_every_sink),
		LF_TEST(a_clock_gone_wild_still_gives_a_time),
		LF_TEST(the_source_is_copied),
		LF_TEST(a_mark_is_in_every_line_once),
		LF_TEST(plain_progress_is_a_line_at_each_tenth),
		LF_TEST(each_step_has_its_own_tenths),
		LF_TEST(progress_is_thinned_to_five_a_second),
		LF_TEST(a_clock_set_back_does_not_silence_progress),
		LF_TEST(more_bytes_than_the_total_are_hundred_percent),
		LF_TEST(control_characters_never_reach_a_terminal),
		LF_TEST(each_line_of_a_plain_note_is_a_line_of_its_own),
		LF_TEST(a_plain_failure_is_one_line_whatever_its_message),
		LF_TEST(each_event_has_the_next_number_also_after_a_restart),
		LF_TEST(a_listener_hears_what_a_json_sink_shows_until_it_is_taken_out),
		LF_TEST(threads_that_speak_at_once_do_not_mix_their_lines),
		LF_TEST(a_failure_says_class_reason_advice_and_what_comes_next),
		LF_TEST(on_a_screen_the_bar_is_drawn_over_itself),
		LF_TEST(a_screen_tells_the_speed_and_how_long_it_takes),
		LF_TEST(a_line_on_a_screen_never_wraps_before_it_is_finished),
		LF_TEST(a_full_pipe_loses_lines_but_does_not_stop_us),
		LF_TEST(a_torn_line_is_ended_before_the_next_one),
		LF_TEST(a_reader_that_went_away_is_no_signal),
		LF_TEST(the_givers_descriptor_stays_blocking),
	};

	return LF_TEST_MAIN(tests);
}
