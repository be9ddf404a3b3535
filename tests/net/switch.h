#pragma once

#include "tests/net/port.h"

/**
 * Switch: ports, and the addresses seen behind them, for each virtual network of its own.
 * @line: what every frame meets on its way out
 * @now_ns: the moment of what is received now; set by the owner
 */
typedef struct {
	GPtrArray *ports;
	GHashTable *table;
	Line line;
	int64_t now_ns;
	uint8_t tagged[FRAME_MAX + TAG_SIZE];
} Switch;

Switch *switch_new(void);
void switch_free(Switch *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Switch, switch_free)

/** switch_add: @port: (transfer full) */
void switch_add(Switch *self, Port *port);

/** switch_find: Returns: (transfer none) (nullable) */
Port *switch_find(const Switch *self, const char *name);

/** switch_forget: forgets who was behind a port. */
void switch_forget(Switch *self, Port *port);

/** switch_set_down: cuts or restores a port, and forgets who was behind it. */
void switch_set_down(Switch *self, Port *port, bool is_down);

/** switch_receive: a PortSink: sends a frame where it belongs. */
void switch_receive(void *self, Port *from, uint8_t *frame, size_t size);
