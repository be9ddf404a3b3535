// A network while it is up: brings up what the plan says, follows what the kernel and dhcpcd tell,
// keeps the resolver's file true. Not here: deciding (installer/plan), judging (state.c).
#include "installer/net/network.h"

#include <fcntl.h>
#include <netlink/socket.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "installer/net/dhcpcd.h"
#include "installer/net/lease.h"
#include "installer/net/links.h"
#include "installer/net/resolver.h"
#include "installer/net/state.h"
#include "installer/net/world.h"

#define RESOLVER     "etc/resolv.conf"
#define RESTART_MS   1000
#define MAX_RESTARTS 5

/** A moment: replaced as a whole when something changes. */
typedef struct {
	LfWorld *world;
	GPtrArray *leases;
} Moment;

struct LfNetRun {
	int root_fd;
	json_t *plan; /* what counts of it now */
	char *duid_mac;
	char *conf;	  /* dhcpcd's; NULL when no link needs it */
	GPtrArray *wants; /* LfNetWant */
	GPtrArray *said;  /* LfNetLink: names, and what the resolver's file needs */
	char **nameservers;
	unsigned carrier_s, address_s, dad_s;
	LfLinks *links;
	LfDhcpcd *dhcpcd; /* of the follower's, once it works */
	unsigned restarts;
	char *resolver; /* what was written last */

	NlSock *socket; /* the follower's, as all up to here once it works */
	NlSock *events;
	int inotify_fd;
	int stop_fd;
	GThread *follower;

	GMutex mutex;
	GCond changed;
	Moment moment; /* under the mutex, as the rest */
	GError *death; /* why dhcpcd is gone for good */
};

static void moment_clear(Moment *moment)
{
	g_clear_pointer(&moment->world, lf_world_free);
	g_clear_pointer(&moment->leases, g_ptr_array_unref);
}

// --- following ----------------------------------------------------------------------------------

// A file that cannot be written leaves names unresolved, which the requests will tell.
static void write_resolver(LfNetRun *run, const GPtrArray *leases)
{
	g_autofree char *text = lf_resolver_text(run->said, run->nameservers, leases);

	if (g_strcmp0(text, run->resolver) == 0)
		return;
	(void)lf_mkdirs_at(run->root_fd, "etc", 0755, NULL);
	if (lf_write_file_at(run->root_fd, RESOLVER, text, strlen(text), 0644, NULL)) {
		g_free(run->resolver);
		run->resolver = g_steal_pointer(&text);
	}
}

static GPtrArray *load_leases(const LfNetRun *run)
{
	lf_autofd fd = openat(run->root_fd, LF_DHCPCD_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? g_ptr_array_new() : lf_leases_load(fd);
}

// Names can be resolved before anybody is told that there is an address.
static bool look(LfNetRun *run, GError **error)
{
	Moment moment = { lf_world_load(run->socket, error), NULL };

	if (!moment.world)
		return false;
	moment.leases = load_leases(run);
	write_resolver(run, moment.leases);
	g_mutex_lock(&run->mutex);
	moment_clear(&run->moment);
	run->moment = moment;
	g_cond_broadcast(&run->changed);
	g_mutex_unlock(&run->mutex);
	return true;
}

static void give_up(LfNetRun *run, GError *error)
{
	g_mutex_lock(&run->mutex);
	if (!run->death)
		run->death = error;
	else
		g_error_free(error);
	g_cond_broadcast(&run->changed);
	g_mutex_unlock(&run->mutex);
}

// dhcpcd has ended by itself: once more, as long as that makes sense.
static void restart(LfNetRun *run)
{
	GError *error = NULL;

	lf_dhcpcd_check(run->dhcpcd, &error);
	g_clear_pointer(&run->dhcpcd, lf_dhcpcd_free);
	if (run->restarts++ < MAX_RESTARTS) {
		struct pollfd stop = { run->stop_fd, POLLIN, 0 };

		g_clear_error(&error);
		lf_dhcpcd_end_old(run->root_fd);
		if (poll(&stop, 1, RESTART_MS) == 0)
			run->dhcpcd = lf_dhcpcd_start(run->root_fd, run->conf, &error);
	}
	if (error)
		give_up(run, error);
}

static void drain_inotify(int fd)
{
	char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));

	while (read(fd, events, sizeof events) > 0)
		continue;
}

static void *follow(void *data)
{
	LfNetRun *run = data;

	for (;;) {
		struct pollfd polls[] = {
			{ run->stop_fd, POLLIN, 0 },
			{ nl_socket_get_fd(run->events), POLLIN, 0 },
			{ run->inotify_fd, POLLIN, 0 },
			{ run->dhcpcd ? lf_dhcpcd_fd(run->dhcpcd) : -1, POLLIN, 0 },
		};

		if (poll(polls, G_N_ELEMENTS(polls), -1) < 0)
			continue;
		if (polls[0].revents)
			return NULL;
		lf_world_drain(run->events);
		drain_inotify(run->inotify_fd);
		if (polls[3].revents)
			restart(run);
		// What could not be read now is read at the next change.
		(void)look(run, NULL);
	}
}

// --- starting -----------------------------------------------------------------------------------

static void said_free(void *data)
{
	LfNetLink *said = data;

	g_free(said->name);
	g_strfreev(said->nameservers);
	g_strfreev(said->search);
	g_free(said);
}

static void remember(LfNetRun *run, const LfNetLink *link)
{
	LfNetLink *said = g_new0(LfNetLink, 1);
	LfNetWant *want = g_new0(LfNetWant, 1);

	*said = (LfNetLink){ .name = g_strdup(link->name),
			     .nameservers = g_strdupv(link->nameservers),
			     .search = g_strdupv(link->search),
			     .ignores_dns4 = link->ignores_dns4,
			     .ignores_dns6 = link->ignores_dns6 };
	*want = (LfNetWant){ .name = g_strdup(link->name), .ipv4 = link->ipv4, .ipv6 = link->ipv6 };
	if (!link->has_no_default_route) {
		want->needs_route4 = link->ipv4 == LF_IP_DHCP || link->gateway4;
		want->needs_route6 =
			link->ipv6 == LF_IP_AUTO || link->ipv6 == LF_IP_DHCP || link->gateway6;
	}
	g_ptr_array_add(run->said, said);
	g_ptr_array_add(run->wants, want);
}

static bool wait_named(LfNetRun *run, const char *name, int64_t deadline_us, GError **error)
{
	g_autofree char *found = NULL;

	return lf_links_wait(run->links, name, NULL, deadline_us, &found, error);
}

// What a virtual link lies on must be there before it is made.
static bool wait_below(LfNetRun *run, const LfNetLink *link, int64_t deadline_us, GError **error)
{
	if (link->kind == LF_LINK_VLAN && !wait_named(run, link->parent, deadline_us, error))
		return false;
	for (char **member = link->members; member && *member; member++)
		if (!wait_named(run, *member, deadline_us, error))
			return false;
	return true;
}

// @inout_link is a copy: its name becomes that which the card has, which @names owns.
static bool find_card(LfNetRun *run, LfNetLink *inout_link, int64_t deadline_us, GPtrArray *names,
		      GError **error)
{
	char *name = NULL;

	if (!lf_links_wait(run->links, inout_link->mac ? NULL : inout_link->name, inout_link->mac,
			   deadline_us, &name, error))
		return false;
	g_ptr_array_add(names, name);
	if (inout_link->is_renamed)
		return strcmp(name, inout_link->name) == 0 ||
		       lf_links_rename(run->links, name, inout_link->name, error);
	inout_link->name = name;
	return true;
}

static bool bring_up(LfNetRun *run, LfNetLink *inout_link, int64_t deadline_us, GPtrArray *names,
		     GError **error)
{
	bool is_there = inout_link->kind == LF_LINK_ETHERNET
				? find_card(run, inout_link, deadline_us, names, error)
				: wait_below(run, inout_link, deadline_us, error) &&
					  lf_links_make(run->links, inout_link, error);

	return is_there && lf_links_configure(run->links, inout_link, error);
}

static bool bring_up_all(LfNetRun *run, const LfNet *net, GError **error)
{
	g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	LfNet present = *net;
	int64_t deadline_us = g_get_monotonic_time() + run->carrier_s * G_USEC_PER_SEC;
	bool has_dhcp = false;

	for (guint i = 0; i < net->links->len; i++) {
		LfNetLink *link = g_memdup2(g_ptr_array_index(net->links, i), sizeof(LfNetLink));

		g_ptr_array_add(found, link);
		if (!link->is_activate)
			continue;
		if (!(link->name || link->mac ? bring_up(run, link, deadline_us, names, error)
					      : lf_links_clear_rest(run->links, error)))
			return false;
		remember(run, link);
		has_dhcp |= lf_net_is_for_dhcpcd(link);
	}
	present.links = found;
	run->conf = has_dhcp ? lf_net_dhcpcd_conf(&present) : NULL;
	return true;
}

static bool open_ears(LfNetRun *run, GError **error)
{
	g_autofree char *dir = g_strdup_printf("/proc/self/fd/%d/" LF_DHCPCD_DIR, run->root_fd);

	if (!lf_mkdirs_at(run->root_fd, LF_DHCPCD_DIR, 0755, error))
		return false;
	run->stop_fd = eventfd(0, EFD_CLOEXEC);
	run->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (run->stop_fd < 0 || run->inotify_fd < 0 ||
	    inotify_add_watch(run->inotify_fd, dir, IN_MOVED_TO | IN_DELETE) < 0)
		return lf_throw_errno(error, "cannot watch '%s'", dir);
	run->socket = lf_world_connect(error);
	run->events = run->socket ? lf_world_listen(error) : NULL;
	run->links = run->events ? lf_links_new(run->root_fd, error) : NULL;
	return run->links != NULL;
}

static LfNetRun *run_new(const LfHost *host, const LfNet *net)
{
	LfNetRun *run = g_new0(LfNetRun, 1);

	run->root_fd = fcntl(host->root_fd, F_DUPFD_CLOEXEC, 3);
	run->stop_fd = run->inotify_fd = -1;
	run->plan = lf_net_to_run(net);
	run->duid_mac = g_strdup(net->duid_mac);
	run->wants = g_ptr_array_new_with_free_func((GDestroyNotify)lf_net_want_free);
	run->said = g_ptr_array_new_with_free_func(said_free);
	run->nameservers = g_strdupv(net->nameservers);
	run->carrier_s = net->carrier_s;
	run->address_s = net->address_s;
	run->dad_s = net->dad_s;
	g_mutex_init(&run->mutex);
	g_cond_init(&run->changed);
	return run;
}

LfNetRun *lf_net_start(const LfHost *host, const LfNet *net, GError **error)
{
	g_autoptr(LfNetRun) run = run_new(host, net);

	if (!open_ears(run, error))
		return NULL;
	lf_dhcpcd_end_old(run->root_fd);
	if (!bring_up_all(run, net, error))
		return NULL;
	if (run->conf) {
		run->dhcpcd = lf_dhcpcd_start(run->root_fd, run->conf, error);
		if (!run->dhcpcd)
			return NULL;
	}
	if (!look(run, error))
		return NULL;
	run->follower = g_thread_new("network", follow, run);
	return g_steal_pointer(&run);
}

// --- waiting and telling ------------------------------------------------------------------------

/** How far the waiting is. @address_until_us: 0 while no interface has a carrier. */
typedef struct {
	int64_t carrier_until_us;
	int64_t address_until_us;
	bool has_dad_time;
} Patience;

static bool throw_useless(const GPtrArray *states, const LfNetVerdict verdict, GError **error)
{
	g_autofree char *text = lf_state_describe(states);

	return lf_throw(error, LF_ERROR_NETWORK, "no network interface can be used%s: %s",
			verdict == LF_NET_HOPELESS ? "" : " in time", text);
}

// Until when to wait now; a duplicate is looked for a little longer.
static int64_t until(const LfNetRun *run, Patience *patience)
{
	int64_t now_us = g_get_monotonic_time();

	if (!patience->address_until_us && lf_state_has_carrier(run->moment.world, run->wants))
		patience->address_until_us = now_us + run->address_s * G_USEC_PER_SEC;
	if (!patience->address_until_us)
		return patience->carrier_until_us;
	if (now_us >= patience->address_until_us && !patience->has_dad_time &&
	    lf_state_is_checking(run->moment.world, run->wants)) {
		patience->has_dad_time = true;
		patience->address_until_us = now_us + run->dad_s * G_USEC_PER_SEC;
	}
	return patience->address_until_us;
}

// Under the mutex. Returns whether the waiting is over, one way or the other.
static bool is_over(LfNetRun *run, Patience *patience, int64_t *ret_until_us, GError **error)
{
	g_autoptr(GPtrArray) states = NULL;
	LfNetVerdict verdict;
	bool is_late;

	*ret_until_us = until(run, patience);
	is_late = g_get_monotonic_time() >= *ret_until_us;
	verdict =
		lf_state_judge(run->moment.world, run->wants, run->moment.leases, is_late, &states);
	if (verdict == LF_NET_USABLE)
		return true;
	if (run->death) {
		lf_throw(error, LF_ERROR_INTERNAL, "%s", run->death->message);
		return true;
	}
	if (!is_late && verdict == LF_NET_PENDING)
		return false;
	throw_useless(states, verdict, error);
	return true;
}

bool lf_net_wait(LfNetRun *run, GError **error)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&run->mutex);
	Patience patience = { g_get_monotonic_time() + run->carrier_s * G_USEC_PER_SEC, 0, false };
	g_autoptr(GError) local = NULL;
	int64_t until_us;

	while (!is_over(run, &patience, &until_us, &local))
		(void)g_cond_wait_until(&run->changed, &run->mutex, until_us);
	if (!local)
		return true;
	g_propagate_error(error, g_steal_pointer(&local));
	return false;
}

// The judge's states need no judgement: late or not changes only what is usable.
GPtrArray *lf_net_states(const LfNetRun *run)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new((GMutex *)&run->mutex);
	GPtrArray *states = NULL;

	lf_state_judge(run->moment.world, run->wants, run->moment.leases, false, &states);
	return states;
}

// Under the mutex.
static char *fingerprint(const LfNetRun *run)
{
	g_autofree char *servers =
		lf_resolver_text(run->said, run->nameservers, run->moment.leases);
	g_autoptr(GPtrArray) states = NULL;
	g_autoptr(json_t) object = NULL;
	g_autofree char *text = NULL;

	lf_state_judge(run->moment.world, run->wants, run->moment.leases, false, &states);
	object = lf_net_states_to_json(states);
	text = lf_json_print(object, false);
	return g_strconcat(text, servers, NULL);
}

char *lf_net_fingerprint(LfNetRun *run)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&run->mutex);

	return fingerprint(run);
}

static bool is_other(const LfNetRun *run, const char *than)
{
	g_autofree char *now = fingerprint(run);

	return g_strcmp0(now, than) != 0;
}

bool lf_net_wait_other(LfNetRun *run, const char *than, int64_t until_us)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&run->mutex);

	while (!is_other(run, than))
		if (!g_cond_wait_until(&run->changed, &run->mutex, until_us))
			return is_other(run, than);
	return true;
}

char **lf_net_time_servers(const LfNetRun *run)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new((GMutex *)&run->mutex);
	g_autoptr(GPtrArray) servers = g_ptr_array_new();

	for (guint i = 0; i < run->moment.leases->len; i++) {
		const LfLease *lease = g_ptr_array_index(run->moment.leases, i);

		for (char **server = lease->time_servers; *server; server++)
			if (!g_ptr_array_find_with_equal_func(servers, *server, g_str_equal, NULL))
				g_ptr_array_add(servers, g_strdup(*server));
	}
	g_ptr_array_add(servers, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&servers), FALSE);
}

// dhcpcd that was started before there was a card has taken the DUID of the first one it met. It is
// that of the installed system unless a server has been told another one.
static bool has_same_identity(const LfNetRun *run, const LfNet *net)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new((GMutex *)&run->mutex);

	if (run->duid_mac || !net->duid_mac)
		return g_strcmp0(run->duid_mac, net->duid_mac) == 0;
	return lf_leases_know(run->moment.leases, net->duid_mac);
}

bool lf_net_same(const LfNetRun *run, const LfNet *net)
{
	g_autoptr(json_t) plan = lf_net_to_run(net);

	return json_equal(run->plan, plan) == 1 && has_same_identity(run, net);
}

static void stop_following(LfNetRun *run)
{
	uint64_t one = 1;

	if (!run->follower)
		return;
	(void)TEMP_FAILURE_RETRY(write(run->stop_fd, &one, sizeof one));
	g_thread_join(run->follower);
}

void lf_net_run_free(LfNetRun *run)
{
	if (!run)
		return;
	stop_following(run);
	lf_dhcpcd_free(run->dhcpcd);
	lf_links_free(run->links);
	g_clear_pointer(&run->socket, nl_socket_free);
	g_clear_pointer(&run->events, nl_socket_free);
	lf_close_fd(&run->inotify_fd);
	lf_close_fd(&run->stop_fd);
	lf_close_fd(&run->root_fd);
	moment_clear(&run->moment);
	g_clear_error(&run->death);
	g_mutex_clear(&run->mutex);
	g_cond_clear(&run->changed);
	g_ptr_array_unref(run->wants);
	g_ptr_array_unref(run->said);
	g_strfreev(run->nameservers);
	json_decref(run->plan);
	g_free(run->duid_mac);
	g_free(run->conf);
	g_free(run->resolver);
	g_free(run);
}
