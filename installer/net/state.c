// What the moment's links, addresses and leases mean: usable or not, and what is missing. Pure.
// Not here: where they come from (world.c, lease.c), waiting (network.c).
#include "installer/net/state.h"

#include <string.h>
#include <sys/socket.h>

#include "base/json.h"

void lf_net_want_free(LfNetWant *want)
{
	g_free(want->name);
	g_free(want);
}

static void state_free(void *data)
{
	LfNetState *state = data;

	g_free(state->name);
	g_free(state->mac);
	g_strfreev(state->addresses);
	g_free(state->trouble);
	g_free(state);
}

// --- one interface ------------------------------------------------------------------------------

/** An interface that is wanted, with all that is known of it. */
typedef struct {
	const LfNetWant *want;
	const LfWorldLink *link;
	const LfLease *dhcp4, *dhcp6, *ra; /* nullable */
	bool is_late;
} Case;

static const LfLease *find_lease(const GPtrArray *leases, const char *interface, LfLeaseKind kind)
{
	for (guint i = 0; i < leases->len; i++) {
		const LfLease *lease = g_ptr_array_index(leases, i);

		if (lease->kind == kind && strcmp(lease->interface, interface) == 0)
			return lease;
	}
	return NULL;
}

static Case make_case(const LfNetWant *want, const LfWorldLink *link, const GPtrArray *leases,
		      bool is_late)
{
	return (Case){ .want = want,
		       .link = link,
		       .dhcp4 = find_lease(leases, link->name, LF_LEASE_DHCP4),
		       .dhcp6 = find_lease(leases, link->name, LF_LEASE_DHCP6),
		       .ra = find_lease(leases, link->name, LF_LEASE_RA),
		       .is_late = is_late };
}

static bool is_usable_address(const LfWorldAddress *address)
{
	return !address->is_link_local && !address->is_tentative && !address->is_failed;
}

static bool has_address(const LfWorldLink *link, int family)
{
	for (guint i = 0; i < link->addresses->len; i++) {
		const LfWorldAddress *address = g_ptr_array_index(link->addresses, i);

		if (address->family == family && is_usable_address(address))
			return true;
	}
	return false;
}

// A lease is waited for because the names of servers come with it, after the address.
static bool is_usable4(const Case *c)
{
	bool needs_route = c->want->needs_route4;

	if (c->want->ipv4 == LF_IP_NONE || !has_address(c->link, AF_INET))
		return false;
	if (c->want->ipv4 == LF_IP_DHCP) {
		if (!c->dhcp4)
			return false;
		needs_route &= c->dhcp4->has_router;
	}
	return !needs_route || c->link->has_default4 || c->is_late;
}

// What the router says comes by DHCPv6 as well; with nameservers of its own that can wait.
static bool is_complete6(const Case *c)
{
	if (c->want->ipv6 == LF_IP_DHCP)
		return c->dhcp6 != NULL;
	if (!c->ra)
		return false;
	return c->dhcp6 || c->ra->nameservers[0] || !(c->ra->is_managed || c->ra->has_other);
}

static bool is_usable6(const Case *c)
{
	bool needs_route = c->want->needs_route6;

	if (c->want->ipv6 == LF_IP_NONE || !has_address(c->link, AF_INET6))
		return false;
	if (c->is_late)
		return true;
	if (c->want->ipv6 != LF_IP_STATIC) {
		if (!is_complete6(c))
			return false;
		needs_route &= !c->ra || c->ra->has_router;
	}
	return !needs_route || c->link->has_default6;
}

static bool is_usable(const Case *c)
{
	return c->link->has_carrier && (is_usable4(c) || is_usable6(c));
}

static bool is_wanting(const LfNetWant *want)
{
	return want->ipv4 != LF_IP_NONE || want->ipv6 != LF_IP_NONE;
}

// Static IPv6 alone, and somebody else has each address.
static bool is_hopeless(const Case *c)
{
	bool has_failed = false;

	if (!is_wanting(c->want))
		return true;
	if (c->want->ipv4 != LF_IP_NONE || c->want->ipv6 != LF_IP_STATIC)
		return false;
	for (guint i = 0; i < c->link->addresses->len; i++) {
		const LfWorldAddress *address = g_ptr_array_index(c->link->addresses, i);

		if (address->is_link_local || address->family != AF_INET6)
			continue;
		if (!address->is_failed)
			return false;
		has_failed = true;
	}
	return has_failed;
}

// --- what is missing ----------------------------------------------------------------------------

static void complain(GString *text, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void complain(GString *text, const char *format, ...)
{
	va_list args;

	if (text->len > 0)
		g_string_append(text, ", ");
	va_start(args, format);
	g_string_append_vprintf(text, format, args);
	va_end(args);
}

static void complain_addresses(const Case *c, GString *text)
{
	for (guint i = 0; i < c->link->addresses->len; i++) {
		const LfWorldAddress *address = g_ptr_array_index(c->link->addresses, i);

		if (address->is_failed)
			complain(text, "address '%s' is in use by another machine", address->text);
		else if (address->is_tentative && !address->is_link_local)
			complain(text, "address '%s' is still being checked for a duplicate",
				 address->text);
	}
}

static void complain4(const Case *c, GString *text)
{
	if (c->want->ipv4 == LF_IP_NONE)
		return;
	if (c->want->ipv4 == LF_IP_DHCP && !c->dhcp4)
		complain(text, "no answer to DHCP");
	else if (!has_address(c->link, AF_INET))
		complain(text, "no IPv4 address");
	else if (!c->link->has_default4)
		complain(text, "no default route of IPv4");
}

static void complain6(const Case *c, GString *text)
{
	bool wants_dhcp = c->want->ipv6 == LF_IP_DHCP || (c->ra && c->ra->is_managed);

	if (c->want->ipv6 == LF_IP_NONE)
		return;
	if (c->want->ipv6 == LF_IP_AUTO && !c->ra)
		complain(text, "no router advertisement");
	else if (c->want->ipv6 != LF_IP_STATIC && wants_dhcp && !c->dhcp6)
		complain(text, "no answer to DHCPv6");
	else if (!has_address(c->link, AF_INET6))
		complain(text, "no IPv6 address");
	else if (!c->link->has_default6)
		complain(text, "no default route of IPv6");
}

static char *find_trouble(const Case *c)
{
	g_autoptr(GString) text = g_string_new(NULL);

	if (!c->link->is_up)
		return g_strdup("is not up");
	if (!c->link->has_carrier)
		return g_strdup("no carrier");
	complain_addresses(c, text);
	if (!is_usable(c)) {
		complain4(c, text);
		complain6(c, text);
	}
	return text->len ? g_string_free(g_steal_pointer(&text), FALSE) : NULL;
}

static LfNetState *make_state(const Case *c)
{
	LfNetState *state = g_new0(LfNetState, 1);
	g_autoptr(GPtrArray) addresses = g_ptr_array_new();

	for (guint i = 0; i < c->link->addresses->len; i++) {
		const LfWorldAddress *address = g_ptr_array_index(c->link->addresses, i);

		if (is_usable_address(address))
			g_ptr_array_add(addresses, g_strdup(address->text));
	}
	g_ptr_array_add(addresses, NULL);
	state->name = g_strdup(c->link->name);
	state->mac = g_strdup(c->link->mac);
	state->is_up = c->link->is_up;
	state->has_carrier = c->link->has_carrier;
	state->addresses = (char **)g_ptr_array_free(g_steal_pointer(&addresses), FALSE);
	state->trouble = find_trouble(c);
	return state;
}

static LfNetState *missing_state(const char *name)
{
	LfNetState *state = g_new0(LfNetState, 1);

	state->name = g_strdup(name);
	state->addresses = g_new0(char *, 1);
	state->trouble = g_strdup("is not there");
	return state;
}

// --- all interfaces -----------------------------------------------------------------------------

static const LfNetWant *want_of(const GPtrArray *wants, const LfWorldLink *link)
{
	const LfNetWant *any = NULL;

	for (guint i = 0; i < wants->len; i++) {
		const LfNetWant *want = g_ptr_array_index(wants, i);

		if (want->name && strcmp(want->name, link->name) == 0)
			return want;
		if (!want->name)
			any = want;
	}
	return lf_world_is_card(link) && link->master == 0 ? any : NULL;
}

bool lf_state_is_checking(const LfWorld *world, const GPtrArray *wants)
{
	for (guint i = 0; i < world->links->len; i++) {
		const LfWorldLink *link = g_ptr_array_index(world->links, i);

		for (guint j = 0; want_of(wants, link) && j < link->addresses->len; j++) {
			const LfWorldAddress *address = g_ptr_array_index(link->addresses, j);

			if (address->is_tentative && !address->is_failed)
				return true;
		}
	}
	return false;
}

bool lf_state_has_carrier(const LfWorld *world, const GPtrArray *wants)
{
	for (guint i = 0; i < world->links->len; i++) {
		const LfWorldLink *link = g_ptr_array_index(world->links, i);
		const LfNetWant *want = want_of(wants, link);

		if (want && is_wanting(want) && link->has_carrier)
			return true;
	}
	return false;
}

static void add_missing(const LfWorld *world, const GPtrArray *wants, GPtrArray *states)
{
	for (guint i = 0; i < wants->len; i++) {
		const LfNetWant *want = g_ptr_array_index(wants, i);

		if (want->name && !lf_world_find(world, want->name))
			g_ptr_array_add(states, missing_state(want->name));
	}
}

static bool is_anything_wanted(const GPtrArray *wants)
{
	for (guint i = 0; i < wants->len; i++)
		if (is_wanting(g_ptr_array_index(wants, i)))
			return true;
	return false;
}

// An interface that is still to come, or comes back, is a hope.
static bool is_one_missing(const LfWorld *world, const GPtrArray *wants)
{
	for (guint i = 0; i < wants->len; i++) {
		const LfNetWant *want = g_ptr_array_index(wants, i);

		if (!want->name || (is_wanting(want) && !lf_world_find(world, want->name)))
			return true;
	}
	return false;
}

LfNetVerdict lf_state_judge(const LfWorld *world, const GPtrArray *wants, const GPtrArray *leases,
			    bool is_late, GPtrArray **ret_states)
{
	g_autoptr(GPtrArray) states = g_ptr_array_new_with_free_func(state_free);
	bool has_usable = false;
	bool has_hope = is_anything_wanted(wants) && is_one_missing(world, wants);

	for (guint i = 0; i < world->links->len; i++) {
		const LfWorldLink *link = g_ptr_array_index(world->links, i);
		const LfNetWant *want = want_of(wants, link);

		if (!want)
			continue;
		Case c = make_case(want, link, leases, is_late);

		g_ptr_array_add(states, make_state(&c));
		has_usable |= is_usable(&c);
		has_hope |= !is_hopeless(&c);
	}
	add_missing(world, wants, states);
	if (ret_states)
		*ret_states = g_steal_pointer(&states);
	return has_usable ? LF_NET_USABLE : has_hope ? LF_NET_PENDING : LF_NET_HOPELESS;
}

char *lf_state_describe(const GPtrArray *states)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < states->len; i++) {
		const LfNetState *state = g_ptr_array_index(states, i);
		g_autofree char *addresses = g_strjoinv(" ", state->addresses);

		g_string_append_printf(text, "%s%s: %s", i ? "; " : "", state->name,
				       state->trouble ? state->trouble
				       : *addresses   ? addresses
						      : "has a carrier, shall have no address");
	}
	return g_strdup(text->len ? text->str : "this machine has no network card");
}

static json_t *state_to_json(const LfNetState *state)
{
	json_t *object = json_object();

	lf_json_set_string(object, "name", state->name);
	lf_json_set_string(object, "mac", state->mac);
	lf_json_set_bool(object, "is_up", state->is_up);
	lf_json_set_bool(object, "has_carrier", state->has_carrier);
	lf_json_set(object, "addresses", lf_json_strv((const char *const *)state->addresses));
	lf_json_set_string(object, "trouble", state->trouble);
	return object;
}

json_t *lf_net_states_to_json(const GPtrArray *states)
{
	json_t *array = json_array();

	for (guint i = 0; i < states->len; i++)
		lf_json_append(array, state_to_json(g_ptr_array_index(states, i)));
	return array;
}
