#pragma once

#include "base/throw.h"

#include <stdint.h>

enum {
	FRAME_MIN = 14,
	FRAME_MAX = 65550, /* QEMU sends up to 64 KiB and a header */
	TAG_SIZE = 4,
	LENGTH_SIZE = 4, /* before each frame of a stream */
};

/** Line: what every frame on its way to a port meets. @delay_ns: 0: none; @bits_per_s: 0: no limit
 */
typedef struct {
	int64_t delay_ns;
	uint64_t bits_per_s;
} Line;

/** PortCount: what went through a port; bytes are those of Ethernet frames without checksum. */
typedef struct {
	uint64_t in_frames, in_bytes;	/* from who is connected */
	uint64_t out_frames, out_bytes; /* to who is connected */
	uint64_t dropped;		/* on their way out: no room, nobody connected, cut */
} PortCount;

/**
 * Port: one end of the switch.
 * @fd: tap device or connection; -1 while nobody is connected
 * @listen_fd: -1: the port is a tap
 * @vlan: where frames without a tag belong; 0: nowhere
 * @is_trunk: whether frames of all other networks go in and out with a tag
 * @lag: ports of the same number, above 0, are one aggregated link
 * @is_down: cut: nothing goes in or out
 * @is_blocked: nothing more can be written now
 */
typedef struct {
	char *name;
	int fd, listen_fd;
	uint16_t vlan;
	bool is_trunk, is_down, is_blocked;
	unsigned lag;
	PortCount count;
	GQueue waiting;
	size_t written;
	int64_t line_free_ns;
	uint8_t *input;
	size_t n_input;
} Port;

/** port_new_tap: makes the tap device @device in this network namespace. */
Port *port_new_tap(const char *name, const char *device, GError **error);

/** port_new_unix: listens at @path for one QEMU at a time (-netdev stream). */
Port *port_new_unix(const char *name, const char *path, GError **error);

void port_free(Port *port);

/** port_accept: takes the next connection. Returns: whether there was one. */
bool port_accept(Port *port);

/** port_set_down: cuts or restores; a tap's other side sees its carrier go and come. */
void port_set_down(Port *port, bool is_down);

/** PortSink: is given each frame that came in; it may change its bytes. */
typedef void (*PortSink)(void *data, Port *port, uint8_t *frame, size_t size);

/** port_read: gives what has come in to @sink. Returns: false when the connection has ended. */
bool port_read(Port *port, PortSink sink, void *data);

/** port_queue: puts a copy of a frame on its way out; drops it when the line is full. */
void port_queue(Port *port, const Line *line, int64_t now_ns, const uint8_t *frame, size_t size);

/** port_flush: writes what is due. Returns: false when the connection has ended. */
bool port_flush(Port *port, int64_t now_ns);

/** port_due_ns: when the next frame leaves; INT64_MAX: none does, or it waits for room. */
int64_t port_due_ns(const Port *port);
