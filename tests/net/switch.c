// Where a frame of the test network goes: virtual networks, learnt addresses, aggregated links.
// Not its job: moving bytes (port.c).
#include "tests/net/switch.h"

#include <string.h>

enum {
	MAC_SIZE = 6,
	TYPE_AT = 12,
	TYPE_VLAN = 0x8100,
	TYPE_SLOW = 0x8809,
	MAX_ADDRESSES = 4096,
	LACPDU_SIZE = 124,
	ACTOR_AT = 16, /* subtype, version, then the actor's part with its type and length */
	PARTNER_AT = 36,
	COLLECTOR_AT = 56,
	INFO_SIZE = 20,
};

/* Frames to 01:80:c2:00:00:00 to …:0f are for the switch itself (IEEE 802.1D, 7.12.6). */
static const uint8_t RESERVED[MAC_SIZE] = { 0x01, 0x80, 0xc2, 0x00, 0x00, 0x00 };
static const uint8_t OUR_ADDRESS[MAC_SIZE] = { 0x02, 0x4c, 0x46, 0x00, 0x00, 0x01 };

Switch *switch_new(void)
{
	Switch *self = g_new0(Switch, 1);

	self->ports = g_ptr_array_new_with_free_func((GDestroyNotify)port_free);
	self->table = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	return self;
}

void switch_free(Switch *self)
{
	g_hash_table_unref(self->table);
	g_ptr_array_unref(self->ports);
	g_free(self);
}

void switch_add(Switch *self, Port *port)
{
	g_ptr_array_add(self->ports, port);
}

Port *switch_find(const Switch *self, const char *name)
{
	for (guint i = 0; i < self->ports->len; i++) {
		Port *port = self->ports->pdata[i];

		if (g_str_equal(port->name, name))
			return port;
	}
	return NULL;
}

static gboolean is_behind(void *key, void *value, void *port)
{
	return value == port;
}

void switch_forget(Switch *self, Port *port)
{
	g_hash_table_foreach_remove(self->table, is_behind, port);
}

void switch_set_down(Switch *self, Port *port, bool is_down)
{
	port_set_down(port, is_down);
	switch_forget(self, port);
}

static gint64 address_key(uint16_t vlan, const uint8_t *mac)
{
	gint64 key = vlan;

	for (unsigned i = 0; i < MAC_SIZE; i++)
		key = key << 8 | mac[i];
	return key;
}

static void learn(Switch *self, uint16_t vlan, const uint8_t *mac, Port *port)
{
	gint64 key = address_key(vlan, mac);

	if (mac[0] & 1 || g_hash_table_lookup(self->table, &key) == port)
		return;
	if (g_hash_table_size(self->table) >= MAX_ADDRESSES)
		g_hash_table_remove_all(self->table);
	g_hash_table_insert(self->table, g_memdup2(&key, sizeof(key)), port);
}

static uint16_t read_be16(const uint8_t *bytes)
{
	return bytes[0] << 8 | bytes[1];
}

/* Takes the tag off and returns the network the frame belongs to; 0: to none that the port has. */
static uint16_t untag(const Port *port, uint8_t *frame, size_t *size)
{
	uint16_t vlan;

	if (read_be16(frame + TYPE_AT) != TYPE_VLAN)
		return port->vlan;
	if (*size < FRAME_MIN + TAG_SIZE)
		return 0;
	vlan = read_be16(frame + TYPE_AT + 2) & 0xfff;
	if (vlan != 0 && !port->is_trunk)
		return 0;
	*size -= TAG_SIZE;
	memmove(frame + TYPE_AT, frame + TYPE_AT + TAG_SIZE, *size - TYPE_AT);
	return vlan != 0 ? vlan : port->vlan;
}

static void send_tagged(Switch *self, Port *to, uint16_t vlan, const uint8_t *frame, size_t size)
{
	const uint8_t tag[TAG_SIZE] = { TYPE_VLAN >> 8, TYPE_VLAN & 0xff, vlan >> 8, vlan & 0xff };

	memcpy(self->tagged, frame, TYPE_AT);
	memcpy(self->tagged + TYPE_AT, tag, TAG_SIZE);
	memcpy(self->tagged + TYPE_AT + TAG_SIZE, frame + TYPE_AT, size - TYPE_AT);
	port_queue(to, &self->line, self->now_ns, self->tagged, size + TAG_SIZE);
}

static void deliver(Switch *self, Port *to, uint16_t vlan, const uint8_t *frame, size_t size)
{
	if (to->vlan == vlan)
		port_queue(to, &self->line, self->now_ns, frame, size);
	else if (to->is_trunk)
		send_tagged(self, to, vlan, frame, size);
}

/* The port that carries for an aggregated link: its first one that is up. */
static Port *carrier_of(const Switch *self, Port *port)
{
	if (port->lag == 0)
		return port;
	for (guint i = 0; i < self->ports->len; i++) {
		Port *other = self->ports->pdata[i];

		if (other->lag == port->lag && !other->is_down && other->fd >= 0)
			return other;
	}
	return port;
}

static bool is_same_link(const Port *a, const Port *b)
{
	return a == b || (a->lag != 0 && a->lag == b->lag);
}

static void flood(Switch *self, const Port *from, uint16_t vlan, const uint8_t *frame, size_t size)
{
	for (guint i = 0; i < self->ports->len; i++) {
		Port *to = self->ports->pdata[i];

		if (!is_same_link(from, to) && carrier_of(self, to) == to)
			deliver(self, to, vlan, frame, size);
	}
}

/*
 * Answers as a partner that agrees with everything: what the actor says of itself comes back as our
 * partner's part, and our own part says active, aggregating, in sync, collecting, distributing.
 * Source: IEEE 802.1AX-2014, 6.4.2.3.
 */
static void answer_lacp(Switch *self, Port *from, const uint8_t *frame, size_t size)
{
	uint8_t answer[LACPDU_SIZE] = { 0 };
	const uint8_t head[] = { TYPE_SLOW >> 8, TYPE_SLOW & 0xff, 1, 1, 1, INFO_SIZE, 0x80, 0 };
	uint8_t *actor = answer + ACTOR_AT, *partner = answer + PARTNER_AT;
	guint number = 0;

	if (size < LACPDU_SIZE - TAG_SIZE || read_be16(frame + TYPE_AT) != TYPE_SLOW ||
	    frame[FRAME_MIN] != 1)
		return;
	g_ptr_array_find(self->ports, from, &number);
	memcpy(answer, frame, MAC_SIZE);
	memcpy(answer + MAC_SIZE, OUR_ADDRESS, MAC_SIZE);
	memcpy(answer + TYPE_AT, head, sizeof(head));
	memcpy(actor + 4, OUR_ADDRESS, MAC_SIZE);
	actor[11] = from->lag;
	actor[12] = 0x80;
	actor[15] = number + 1;
	/* Long or short time-out as the other side has it. */
	actor[16] = 0x3d | (frame[ACTOR_AT + 16] & 0x02);
	memcpy(partner, frame + ACTOR_AT, INFO_SIZE);
	partner[0] = 2;
	answer[COLLECTOR_AT] = 3;
	answer[COLLECTOR_AT + 1] = 16;
	port_queue(from, &self->line, self->now_ns, answer, sizeof(answer));
}

void switch_receive(void *data, Port *from, uint8_t *frame, size_t size)
{
	Switch *self = data;
	uint16_t vlan = size < FRAME_MIN ? 0 : untag(from, frame, &size);
	gint64 key;
	Port *to;

	if (vlan == 0)
		return;
	if (memcmp(frame, RESERVED, MAC_SIZE - 1) == 0 && frame[MAC_SIZE - 1] < 0x10) {
		if (from->lag != 0)
			answer_lacp(self, from, frame, size);
		return;
	}
	learn(self, vlan, frame + MAC_SIZE, from);
	key = address_key(vlan, frame);
	to = frame[0] & 1 ? NULL : g_hash_table_lookup(self->table, &key);
	if (!to)
		flood(self, from, vlan, frame, size);
	else if (!is_same_link(from, to))
		deliver(self, carrier_of(self, to), vlan, frame, size);
}
