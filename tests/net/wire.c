// wire: the network between the machines of a test: a switch that is told by lines on its standard
// input. It ends with its input. Not its job: addresses and servers (site.py).
#include <errno.h>
#include <glib-unix.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/fd.h"
#include "tests/net/switch.h"

static const char USAGE[] =
	"usage: wire\n"
	"Reads commands, one a line, and answers each with a line: 'ok', JSON, or 'error …'.\n"
	"  add NAME tap:DEVICE|unix:PATH [access:VID|trunk|trunk:NATIVE] [lag:N]\n"
	"  mode NAME MODE         puts a port into another segment; its carrier stays\n"
	"  down NAME, up NAME     cut a port, restore it\n"
	"  delay MS, rate MBIT    of every frame that goes out of a port; 0: none\n"
	"  stats                  bytes and frames of each port\n";

enum { MAX_LINE = 4096, MAX_PORTS = 64, MAX_EVENTS = 16 };

typedef struct {
	Switch *net;
	int epoll_fd, timer_fd;
	GString *input;
	bool is_over;
} Wire;

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * G_GINT64_CONSTANT(1000000000) + now.tv_nsec;
}

/* --- what is waited for ------------------------------------------------------------------------
 */

static void watch(const Wire *wire, int operation, int fd, uint32_t events, void *who)
{
	struct epoll_event event = { .events = events, .data.ptr = who };

	if (fd >= 0)
		(void)epoll_ctl(wire->epoll_fd, operation, fd, &event);
}

/* A port listens, or has a connection: never both. */
static void port_connected(const Wire *wire, Port *port)
{
	watch(wire, EPOLL_CTL_DEL, port->listen_fd, 0, NULL);
	watch(wire, EPOLL_CTL_ADD, port->fd, EPOLLIN, port);
}

static void port_ended(const Wire *wire, Port *port)
{
	watch(wire, EPOLL_CTL_ADD, port->listen_fd, EPOLLIN, port);
}

static void run_port(const Wire *wire, Port *port, uint32_t events)
{
	if (port->fd < 0) {
		if (port_accept(port))
			port_connected(wire, port);
		return;
	}
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR) && !port_read(port, switch_receive, wire->net))
		port_ended(wire, port);
}

static void flush_all(const Wire *wire)
{
	struct itimerspec timer = { 0 };
	int64_t next = INT64_MAX;

	for (guint i = 0; i < wire->net->ports->len; i++) {
		Port *port = wire->net->ports->pdata[i];
		bool was_blocked = port->is_blocked;

		if (port->fd >= 0 && !port_flush(port, now_ns()))
			port_ended(wire, port);
		if (port->is_blocked != was_blocked)
			watch(wire, EPOLL_CTL_MOD, port->fd,
			      EPOLLIN | (port->is_blocked ? EPOLLOUT : 0), port);
		next = MIN(next, port_due_ns(port));
	}
	if (next != INT64_MAX) {
		timer.it_value.tv_sec = next / 1000000000;
		timer.it_value.tv_nsec = next % 1000000000;
	}
	timerfd_settime(wire->timer_fd, TFD_TIMER_ABSTIME, &timer, NULL);
}

/* --- commands ----------------------------------------------------------------------------------
 */

static bool read_number(const char *text, uint64_t max, uint64_t *ret_value, GError **error)
{
	if (g_ascii_string_to_unsigned(text, 10, 0, max, ret_value, NULL))
		return true;
	return lf_throw(error, LF_ERROR_INPUT, "'%s' is no number up to %" PRIu64, text, max);
}

static bool set_mode(Port *port, const char *text, GError **error)
{
	const char *value = strchr(text, ':');
	uint64_t number = 0;

	if (value && !read_number(value + 1, 4094, &number, error))
		return false;
	if (g_str_has_prefix(text, "lag:") && number < 256) {
		port->lag = number;
		return true;
	}
	port->is_trunk = g_str_equal(text, "trunk") || g_str_has_prefix(text, "trunk:");
	port->vlan = number;
	if (port->is_trunk || g_str_has_prefix(text, "access:"))
		return true;
	return lf_throw(error, LF_ERROR_INPUT, "'%s' is no mode of a port", text);
}

static Port *new_port(const char *name, const char *end, GError **error)
{
	if (g_str_has_prefix(end, "tap:"))
		return port_new_tap(name, end + strlen("tap:"), error);
	if (g_str_has_prefix(end, "unix:"))
		return port_new_unix(name, end + strlen("unix:"), error);
	return lf_throw_null(error, LF_ERROR_INPUT, "'%s' is neither tap:DEVICE nor unix:PATH",
			     end);
}

static bool run_add(Wire *wire, char **words, GError **error)
{
	Port *port;

	if (!words[1] || switch_find(wire->net, words[0]) || wire->net->ports->len >= MAX_PORTS)
		return lf_throw(error, LF_ERROR_INPUT, "port '%s' cannot be added", words[0]);
	port = new_port(words[0], words[1], error);
	if (!port)
		return false;
	for (char **mode = words + 2; *mode; mode++)
		if (!set_mode(port, *mode, error)) {
			port_free(port);
			return false;
		}
	switch_add(wire->net, port);
	watch(wire, EPOLL_CTL_ADD, port->fd >= 0 ? port->fd : port->listen_fd, EPOLLIN, port);
	return true;
}

static bool set_down(const Wire *wire, const char *name, bool is_down, GError **error)
{
	Port *port = switch_find(wire->net, name);

	if (!port)
		return lf_throw(error, LF_ERROR_INPUT, "there is no port '%s'", name);
	switch_set_down(wire->net, port, is_down);
	return true;
}

static bool run_down(Wire *wire, char **words, GError **error)
{
	return set_down(wire, words[0], true, error);
}

static bool run_up(Wire *wire, char **words, GError **error)
{
	return set_down(wire, words[0], false, error);
}

static bool run_mode(Wire *wire, char **words, GError **error)
{
	Port *port = switch_find(wire->net, words[0]);

	if (!port || !words[1])
		return lf_throw(error, LF_ERROR_INPUT, "mode: name a port, and what it shall be");
	switch_forget(wire->net, port);
	return set_mode(port, words[1], error);
}

static bool run_delay(Wire *wire, char **words, GError **error)
{
	uint64_t ms;

	if (!read_number(words[0], 10000, &ms, error))
		return false;
	wire->net->line.delay_ns = ms * 1000000;
	return true;
}

static bool run_rate(Wire *wire, char **words, GError **error)
{
	uint64_t mbit;

	if (!read_number(words[0], 100000, &mbit, error))
		return false;
	wire->net->line.bits_per_s = mbit * 1000000;
	return true;
}

static void print_stats(const Wire *wire)
{
	json_t *stats = json_object();

	for (guint i = 0; i < wire->net->ports->len; i++) {
		const Port *port = wire->net->ports->pdata[i];
		const PortCount *count = &port->count;

		json_object_set_new(stats, port->name,
				    json_pack("{s:b, s:b, s:I, s:I, s:I, s:I, s:I}", "connected",
					      port->fd >= 0, "down", port->is_down, "in_frames",
					      (json_int_t)count->in_frames, "in_bytes",
					      (json_int_t)count->in_bytes, "out_frames",
					      (json_int_t)count->out_frames, "out_bytes",
					      (json_int_t)count->out_bytes, "dropped",
					      (json_int_t)count->dropped));
	}
	json_dumpf(stats, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(stats);
}

/* Each command has at least one word behind it. */
static const struct {
	const char *name;
	bool (*run)(Wire *wire, char **words, GError **error);
} COMMANDS[] = {
	{ "add", run_add }, { "mode", run_mode },   { "down", run_down },
	{ "up", run_up },   { "delay", run_delay }, { "rate", run_rate },
};

static bool run_command(Wire *wire, char **words, GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(COMMANDS); i++)
		if (words[0] && words[1] && g_str_equal(words[0], COMMANDS[i].name))
			return COMMANDS[i].run(wire, words + 1, error);
	return lf_throw(error, LF_ERROR_INPUT, "this is no command");
}

static void run_line(Wire *wire, const char *line)
{
	g_auto(GStrv) words = g_strsplit(line, " ", -1);
	g_autoptr(GError) error = NULL;

	if (g_str_equal(line, "stats"))
		print_stats(wire);
	else if (run_command(wire, words, &error))
		puts("ok");
	else
		printf("error %s\n", error->message);
	fflush(stdout);
}

static void run_input(Wire *wire)
{
	char bytes[MAX_LINE];
	ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));
	char *end;

	if (n <= 0 || wire->input->len + n > 2 * MAX_LINE) {
		wire->is_over = true;
		return;
	}
	g_string_append_len(wire->input, bytes, n);
	while ((end = memchr(wire->input->str, '\n', wire->input->len))) {
		*end = '\0';
		run_line(wire, wire->input->str);
		g_string_erase(wire->input, 0, end + 1 - wire->input->str);
	}
}

/* --- the loop ----------------------------------------------------------------------------------
 */

static void run_event(Wire *wire, const struct epoll_event *event)
{
	uint64_t expired;

	if (event->data.ptr == wire->input)
		run_input(wire);
	else if (event->data.ptr == &wire->timer_fd)
		(void)!read(wire->timer_fd, &expired, sizeof(expired));
	else
		run_port(wire, event->data.ptr, event->events);
}

static void run(Wire *wire)
{
	struct epoll_event events[MAX_EVENTS];

	while (!wire->is_over) {
		int n = epoll_wait(wire->epoll_fd, events, MAX_EVENTS, -1);

		wire->net->now_ns = now_ns();
		for (int i = 0; i < n; i++)
			run_event(wire, &events[i]);
		flush_all(wire);
	}
}

int main(int argc, char **argv)
{
	g_autoptr(Switch) net = switch_new();
	g_autoptr(GString) input = g_string_new(NULL);
	lf_autofd epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	lf_autofd timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	Wire wire = { .net = net, .epoll_fd = epoll_fd, .timer_fd = timer_fd, .input = input };

	if (argc > 1) {
		fputs(USAGE, g_str_equal(argv[1], "--help") ? stdout : stderr);
		return g_str_equal(argv[1], "--help") ? 0 : 2;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	watch(&wire, EPOLL_CTL_ADD, STDIN_FILENO, EPOLLIN, input);
	watch(&wire, EPOLL_CTL_ADD, timer_fd, EPOLLIN, &wire.timer_fd);
	run(&wire);
	return 0;
}
