// Events as messages to a remote syslog: RFC 5424, over TCP with octet counting (RFC 6587, 3.4.1).
// Not here: when to send and what to do after a failure (courier.c).
#include "installer/report/syslog.h"

#include <errno.h>
#include <gio/gio.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/json.h"

#define CONNECT_TIMEOUT_S 10
#define SEND_TIMEOUT_US	  (10 * G_USEC_PER_SEC)
#define POLL_MS		  20
#define MAX_VALUE_BYTES	  256
#define MAX_HOST_BYTES	  255
#define MAX_MSG_BYTES	  (16 * 1024)
// No enterprise number is ours: RFC 5612 gives this one to examples and documentation.
#define SD_ID "landfall@32473"

// RFC 5424, 6.2.1: facility 16 is local0.
#define FACILITY 16

struct LfSyslog {
	char *host;
	uint16_t port;
	char *hostname;
	GSocketConnection *connection;
};

LfSyslog *lf_syslog_new(const char *host, uint32_t port, const char *hostname)
{
	LfSyslog *syslog = g_new0(LfSyslog, 1);

	syslog->host = g_strdup(host);
	syslog->port = port > 0 && port <= 65535 ? (uint16_t)port : LF_SYSLOG_PORT;
	syslog->hostname = g_strdup(hostname);
	return syslog;
}

// --- one message --------------------------------------------------------------------------------

static const struct {
	const char *state;
	unsigned severity;
} severities[] = {
	{ "failed", 3 }, /* error */
	{ "note", 5 },	 /* notice */
	{ "progress", 7 },
};

static unsigned priority_of(const char *state)
{
	for (size_t i = 0; i < G_N_ELEMENTS(severities); i++)
		if (g_strcmp0(state, severities[i].state) == 0)
			return FACILITY * 8 + severities[i].severity;
	return FACILITY * 8 + 6;
}

static const char *text_of(const json_t *object, const char *member)
{
	return json_string_value(json_object_get(object, member));
}

// A field of the header: printable ASCII without blanks, "-" for none.
static void append_field(GString *out, const char *text, size_t max_bytes)
{
	gsize before;

	g_string_append_c(out, ' ');
	before = out->len;
	for (const char *c = text; c && *c && out->len - before < max_bytes; c++)
		if (g_ascii_isgraph(*c))
			g_string_append_c(out, *c);
	if (out->len == before)
		g_string_append_c(out, '-');
}

// RFC 5424, 6.3.3: these three characters of a value are escaped.
static void append_param(GString *out, const char *name, const char *value)
{
	g_autofree char *cut = NULL;

	if (!value || !*value)
		return;
	cut = g_utf8_substring(value, 0, MIN(g_utf8_strlen(value, -1), MAX_VALUE_BYTES));
	g_string_append_printf(out, " %s=\"", name);
	for (const char *c = cut; *c; c++) {
		if (strchr("\"\\]", *c))
			g_string_append_c(out, '\\');
		g_string_append_c(out, g_ascii_iscntrl(*c) ? ' ' : *c);
	}
	g_string_append_c(out, '"');
}

static void append_number(GString *out, const char *name, const json_t *event)
{
	const json_t *number = json_object_get(event, name);

	if (json_is_integer(number))
		g_string_append_printf(out, " %s=\"%" JSON_INTEGER_FORMAT "\"", name,
				       json_integer_value(number));
}

static void append_data(GString *out, const json_t *event)
{
	const json_t *machine = json_object_get(event, "machine");

	g_string_append(out, " [" SD_ID);
	append_param(out, "boot_id", text_of(event, "boot_id"));
	append_number(out, "seq", event);
	append_param(out, "serial", text_of(machine, "serial"));
	append_param(out, "uuid", text_of(machine, "uuid"));
	append_param(out, "mac", text_of(machine, "mac"));
	append_param(out, "step", text_of(event, "step"));
	append_param(out, "state", text_of(event, "state"));
	append_number(out, "percent", event);
	append_param(out, "class", text_of(json_object_get(event, "error"), "class"));
	append_param(out, "next", text_of(event, "next"));
	g_string_append_c(out, ']');
}

// The text for people. Octet counting allows line feeds, but those who read logs do not like them.
static void append_text(GString *out, const json_t *event)
{
	const json_t *error = json_object_get(event, "error");
	const char *parts[] = { text_of(event, "message"), text_of(error, "message"),
				text_of(error, "advice") };
	const char *title = text_of(event, "title");
	gsize start = out->len;

	g_string_append_printf(out, "%s %s", title ? title : text_of(event, "step"),
			       text_of(event, "state"));
	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
		if (parts[i] && *parts[i])
			g_string_append_printf(out, "; %s", parts[i]);
	if (out->len - start > MAX_MSG_BYTES) {
		const char *end = g_utf8_find_prev_char(out->str, out->str + start + MAX_MSG_BYTES);

		g_string_truncate(out, (gsize)(end - out->str));
	}
	for (char *c = out->str + start; *c; c++)
		if (g_ascii_iscntrl(*c))
			*c = ' ';
}

char *lf_syslog_message(const json_t *event, const char *hostname)
{
	const char *serial = text_of(json_object_get(event, "machine"), "serial");
	GString *out = g_string_new(NULL);

	g_string_append_printf(out, "<%u>1", priority_of(text_of(event, "state")));
	append_field(out, text_of(event, "time"), 32);
	append_field(out, hostname ? hostname : serial, MAX_HOST_BYTES);
	append_field(out, "landfall", 48);
	append_field(out, NULL, 0);
	append_field(out, text_of(event, "step"), 32);
	append_data(out, event);
	// RFC 5424, 6.4: a text in UTF-8 begins with a byte order mark.
	g_string_append(out, " \xEF\xBB\xBF");
	append_text(out, event);
	return g_string_free(out, FALSE);
}

// --- the connection -----------------------------------------------------------------------------

static bool connect_to(LfSyslog *syslog, GError **error)
{
	g_autoptr(GSocketClient) client = g_socket_client_new();
	g_autoptr(GError) local = NULL;

	g_socket_client_set_timeout(client, CONNECT_TIMEOUT_S);
	g_socket_client_set_enable_proxy(client, FALSE);
	syslog->connection =
		g_socket_client_connect_to_host(client, syslog->host, syslog->port, NULL, &local);
	if (!syslog->connection)
		return lf_throw(error, LF_ERROR_NETWORK, "cannot reach the log server '%s': %s",
				syslog->host, local->message);
	g_socket_set_blocking(g_socket_connection_get_socket(syslog->connection), FALSE);
	return true;
}

static void disconnect(LfSyslog *syslog)
{
	g_clear_object(&syslog->connection);
}

// A log server never answers: what can be read is its end.
static bool is_alive(int fd)
{
	char byte;
	ssize_t n = recv(fd, &byte, 1, MSG_DONTWAIT);

	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static bool wait_for(int fd, short what, gint64 end_us)
{
	struct pollfd item = { fd, what, 0 };

	return g_get_monotonic_time() < end_us && poll(&item, 1, POLL_MS) >= 0 &&
	       !(item.revents & (POLLERR | POLLHUP | POLLNVAL));
}

static bool write_all(int fd, const GString *text, gint64 end_us)
{
	size_t done = 0;

	while (done < text->len) {
		ssize_t n =
			send(fd, text->str + done, text->len - done, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n > 0)
			done += (size_t)n;
		else if (n < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		else if (!wait_for(fd, POLLOUT, end_us))
			return false;
	}
	return true;
}

// True when the other side has taken everything. What lies in our own queue is lost with the
// connection.
static bool wait_taken(int fd, gint64 end_us)
{
	int left = 1;

	while (ioctl(fd, SIOCOUTQ, &left) == 0 && left > 0) {
		if (!is_alive(fd) || !wait_for(fd, POLLIN, end_us))
			return false;
	}
	return left == 0;
}

static GString *frames(const GPtrArray *events, const char *hostname)
{
	GString *all = g_string_new(NULL);

	for (guint i = 0; i < events->len; i++) {
		g_autofree char *message =
			lf_syslog_message(g_ptr_array_index(events, i), hostname);

		g_string_append_printf(all, "%zu %s", strlen(message), message);
	}
	return all;
}

static bool send_frames(LfSyslog *syslog, const GString *text)
{
	int fd = g_socket_get_fd(g_socket_connection_get_socket(syslog->connection));
	gint64 end_us = g_get_monotonic_time() + SEND_TIMEOUT_US;

	return is_alive(fd) && write_all(fd, text, end_us) && wait_taken(fd, end_us);
}

bool lf_syslog_send(const GPtrArray *events, void *user_data, GError **error)
{
	LfSyslog *syslog = user_data;
	g_autoptr(GString) text = frames(events, syslog->hostname);

	// A connection that ended since the last batch is no failure.
	if (syslog->connection && send_frames(syslog, text))
		return true;
	disconnect(syslog);
	if (!connect_to(syslog, error))
		return false;
	if (send_frames(syslog, text))
		return true;
	disconnect(syslog);
	return lf_throw(error, LF_ERROR_NETWORK, "the log server '%s' does not take messages",
			syslog->host);
}

void lf_syslog_free(LfSyslog *syslog)
{
	if (!syslog)
		return;
	disconnect(syslog);
	g_free(syslog->host);
	g_free(syslog->hostname);
	g_free(syslog);
}
