// A port of the test network's switch: a tap device or a QEMU, and the line in front of it.
// Not its job: where a frame goes (switch.c).
#include "tests/net/port.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/fd.h"

enum {
	INPUT_SIZE = 4 * (LENGTH_SIZE + FRAME_MAX),
	MAX_WAITING = 8192,
	READS_A_TURN = 64,
};

/* What a line of limited rate keeps: more than that much time behind, and frames are dropped. */
static const int64_t BACKLOG_NS = 100 * G_GINT64_CONSTANT(1000000);

/* bytes: the length in network order, then the frame. */
typedef struct {
	int64_t due_ns;
	size_t size;
	uint8_t bytes[];
} Frame;

static Port *port_new(const char *name, int fd, int listen_fd)
{
	Port *port = g_new0(Port, 1);

	port->name = g_strdup(name);
	port->fd = fd;
	port->listen_fd = listen_fd;
	port->vlan = 1;
	port->input = g_malloc(INPUT_SIZE);
	g_queue_init(&port->waiting);
	return port;
}

Port *port_new_tap(const char *name, const char *device, GError **error)
{
	lf_autofd fd = -1;
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI };

	if (strlen(device) >= sizeof(request.ifr_name))
		return lf_throw_null(error, LF_ERROR_INPUT, "'%s' is too long for a device",
				     device);
	g_strlcpy(request.ifr_name, device, sizeof(request.ifr_name));
	if (!lf_openat(AT_FDCWD, "/dev/net/tun", O_RDWR | O_NONBLOCK, 0, &fd, error))
		return NULL;
	/* Without TUNSETOFFLOAD the kernel cuts and sums what it gives us, as a wire needs it. */
	if (ioctl(fd, TUNSETIFF, &request) < 0)
		return lf_throw_errno_null(error, "cannot make the tap device '%s'", device);
	return port_new(name, lf_steal_fd(&fd), -1);
}

Port *port_new_unix(const char *name, const char *path, GError **error)
{
	lf_autofd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		return lf_throw_null(error, LF_ERROR_INPUT, "'%s' is too long for a socket", path);
	g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, 1) < 0)
		return lf_throw_errno_null(error, "cannot listen at '%s'", path);
	return port_new(name, -1, lf_steal_fd(&fd));
}

static void drop_waiting(Port *port)
{
	port->count.dropped += g_queue_get_length(&port->waiting);
	g_queue_clear_full(&port->waiting, g_free);
	port->written = 0;
	port->is_blocked = false;
}

static void disconnect(Port *port)
{
	lf_close_fd(&port->fd);
	drop_waiting(port);
	port->n_input = 0;
}

void port_free(Port *port)
{
	disconnect(port);
	lf_close_fd(&port->listen_fd);
	g_free(port->input);
	g_free(port->name);
	g_free(port);
}

bool port_accept(Port *port)
{
	port->fd = accept4(port->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	return port->fd >= 0;
}

void port_set_down(Port *port, bool is_down)
{
	unsigned carrier = !is_down;

	port->is_down = is_down;
	/* A frame that is half written to a stream is finished, else the stream is out of step. */
	while (is_down && g_queue_get_length(&port->waiting) > (port->written > 0 ? 1 : 0)) {
		g_free(g_queue_pop_tail(&port->waiting));
		port->count.dropped++;
	}
	if (port->listen_fd < 0)
		(void)ioctl(port->fd, TUNSETCARRIER, &carrier);
}

static void take(Port *port, PortSink sink, void *data, uint8_t *frame, size_t size)
{
	port->count.in_frames++;
	port->count.in_bytes += size;
	if (!port->is_down)
		sink(data, port, frame, size);
}

static bool read_tap(Port *port, PortSink sink, void *data)
{
	for (unsigned i = 0; i < READS_A_TURN; i++) {
		ssize_t size = read(port->fd, port->input, FRAME_MAX);

		if (size <= 0)
			break;
		take(port, sink, data, port->input, size);
	}
	return true;
}

static uint32_t read_be32(const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return GUINT32_FROM_BE(value);
}

/* Takes the whole frames out of the input; the rest moves to its start. */
static bool take_stream(Port *port, PortSink sink, void *data)
{
	size_t at = 0;

	while (port->n_input - at >= LENGTH_SIZE) {
		uint32_t size = read_be32(port->input + at);

		if (size > FRAME_MAX)
			return false;
		if (port->n_input - at - LENGTH_SIZE < size)
			break;
		take(port, sink, data, port->input + at + LENGTH_SIZE, size);
		at += LENGTH_SIZE + size;
	}
	port->n_input -= at;
	memmove(port->input, port->input + at, port->n_input);
	return true;
}

bool port_read(Port *port, PortSink sink, void *data)
{
	ssize_t n;

	if (port->listen_fd < 0)
		return read_tap(port, sink, data);
	n = read(port->fd, port->input + port->n_input, INPUT_SIZE - port->n_input);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n > 0) {
		port->n_input += n;
		if (take_stream(port, sink, data))
			return true;
	}
	disconnect(port);
	return false;
}

void port_queue(Port *port, const Line *line, int64_t now_ns, const uint8_t *frame, size_t size)
{
	uint32_t length = GUINT32_TO_BE(size);
	Frame *copy;

	if (port->is_down || port->fd < 0 || port->waiting.length >= MAX_WAITING ||
	    port->line_free_ns > now_ns + BACKLOG_NS) {
		port->count.dropped++;
		return;
	}
	port->line_free_ns = MAX(port->line_free_ns, now_ns);
	if (line->bits_per_s > 0)
		port->line_free_ns += size * 8 * 1000000000 / line->bits_per_s;
	copy = g_malloc(sizeof(*copy) + LENGTH_SIZE + size);
	copy->due_ns = port->line_free_ns + line->delay_ns;
	copy->size = LENGTH_SIZE + size;
	memcpy(copy->bytes, &length, LENGTH_SIZE);
	memcpy(copy->bytes + LENGTH_SIZE, frame, size);
	g_queue_push_tail(&port->waiting, copy);
}

/* Returns: whether the frame is done with; a tap that is down swallows it. */
static bool write_frame(Port *port, const Frame *frame)
{
	size_t skip = port->listen_fd < 0 ? LENGTH_SIZE : port->written;
	ssize_t n = write(port->fd, frame->bytes + skip, frame->size - skip);

	if (n < 0 && port->listen_fd < 0 && errno != EAGAIN) {
		port->count.dropped++;
		return true;
	}
	if (n > 0)
		port->written = skip + n;
	if (n < 0 || port->written < frame->size)
		return false;
	port->count.out_frames++;
	port->count.out_bytes += frame->size - LENGTH_SIZE;
	return true;
}

bool port_flush(Port *port, int64_t now_ns)
{
	port->is_blocked = false;
	for (;;) {
		const Frame *frame = g_queue_peek_head(&port->waiting);

		if (!frame || frame->due_ns > now_ns)
			return true;
		errno = 0;
		if (!write_frame(port, frame)) {
			port->is_blocked = errno == 0 || errno == EAGAIN || errno == EINTR;
			if (!port->is_blocked)
				disconnect(port);
			return port->is_blocked;
		}
		g_free(g_queue_pop_head(&port->waiting));
		port->written = 0;
	}
}

int64_t port_due_ns(const Port *port)
{
	const Frame *frame = port->is_blocked ? NULL : g_queue_peek_head((GQueue *)&port->waiting);

	return frame ? frame->due_ns : INT64_MAX;
}
