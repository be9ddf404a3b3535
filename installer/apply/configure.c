// Configuration of the installed system from the profile and the plan.
// Not here: accounts (accounts.c), services (services.c), what scripts do (scripts.c).
#include "installer/apply/configure.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "installer/apply/effects.h"
#include "installer/apply/tree.h"

static bool write_hostname(int root_fd, const LfPlan *plan, GError **error)
{
	g_autofree char *text = NULL;

	if (!plan->hostname)
		return true;
	text = g_strconcat(plan->hostname, "\n", NULL);
	return lf_tree_write(root_fd, "etc/hostname", text, 0644, error);
}

static bool write_locale(int root_fd, const LfPlan *plan, GError **error)
{
	g_autofree char *text = NULL;

	if (!plan->profile->lang)
		return true;
	text = g_strdup_printf("LANG=%s\n", plan->profile->lang);
	return lf_tree_write(root_fd, "etc/locale.conf", text, 0644, error);
}

static bool write_keyboard(int root_fd, const LfPlan *plan, GError **error)
{
	g_autofree char *text = NULL;

	if (!plan->profile->keyboard)
		return true;
	text = g_strdup_printf("KEYMAP=%s\n", plan->profile->keyboard);
	return lf_tree_write(root_fd, "etc/vconsole.conf", text, 0644, error);
}

static bool write_timezone(int root_fd, const LfPlan *plan, GError **error)
{
	const char *zone = plan->profile->timezone;
	g_autofree char *target = NULL;

	if (!zone)
		return true;
	target = g_strconcat("../usr/share/zoneinfo/", zone, NULL);
	if (!lf_tree_exists(root_fd, target + strlen("../")))
		return lf_throw(error, LF_ERROR_INPUT, "the system knows no time zone '%s'", zone);
	if (!lf_tree_link(root_fd, target, "etc/localtime", error))
		return false;
	// Without this file systemd takes the hardware clock for UTC.
	if (plan->profile->is_utc)
		return true;
	return lf_tree_write(root_fd, "etc/adjtime", "0.0 0 0.0\n0\nLOCAL\n", 0644, error);
}

// What starts the system is not needed to run it: a slow or broken one must not end in a shell that
// waits for a person.
static const char *default_options(const LfPlanPartition *partition)
{
	if (partition->role == LF_ROLE_ESP)
		return "umask=0077,noatime,nofail";
	if (partition->role == LF_ROLE_BOOT)
		return "nofail";
	if (partition->role == LF_ROLE_SWAP)
		return "sw";
	return "defaults";
}

static char *fstab_source(const LfPlanPartition *partition)
{
	if (partition->luks)
		return g_strconcat("/dev/mapper/", partition->luks->name, NULL);
	return g_strconcat("UUID=", partition->fs_uuid, NULL);
}

static void fstab_line(GString *text, const LfPlanPartition *partition, const char *mount)
{
	g_autofree char *source = fstab_source(partition);
	const char *options =
		partition->mount_options ? partition->mount_options : default_options(partition);
	bool is_swap = partition->role == LF_ROLE_SWAP;

	g_string_append_printf(text, "%s %s %s %s 0 %d\n", source, is_swap ? "none" : mount,
			       partition->fstype, options, is_swap ? 0 : 2);
}

char *lf_configure_fstab(const LfPlan *plan, char *(*real_path)(const char *mount, void *user_data),
			 void *user_data)
{
	g_autoptr(GString) text = g_string_new("# The root is mounted by the initrd.\n");

	for (guint i = 0; i < plan->partitions->len; i++) {
		const LfPlanPartition *partition = g_ptr_array_index(plan->partitions, i);
		g_autofree char *mount = NULL;

		if (partition->role == LF_ROLE_ROOT ||
		    (!partition->mount && partition->role != LF_ROLE_SWAP))
			continue;
		if (partition->mount)
			mount = real_path(partition->mount, user_data);
		fstab_line(text, partition, mount);
	}
	return g_string_free(g_steal_pointer(&text), FALSE);
}

char *lf_configure_crypttab(const LfPlan *plan)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < plan->partitions->len; i++) {
		const LfPlanPartition *partition = g_ptr_array_index(plan->partitions, i);
		const LfPlanLuks *luks = partition->luks;

		if (luks && partition->role != LF_ROLE_ROOT)
			g_string_append_printf(text, "%s UUID=%s none luks%s\n", luks->name,
					       luks->uuid,
					       luks->wants_tpm2 ? ",tpm2-device=auto" : "");
	}
	return g_string_free(g_steal_pointer(&text), FALSE);
}

static void network_match(GString *text, const char *device)
{
	bool is_any = !device || strcmp(device, "link") == 0 || strcmp(device, "bootif") == 0;

	g_string_append(text, "[Match]\n");
	if (is_any)
		g_string_append(text, "Type=ether\nKind=!*\n");
	else if (strchr(device, ':'))
		g_string_append_printf(text, "PermanentMACAddress=%s\n", device);
	else
		g_string_append_printf(text, "Name=%s\n", device);
}

static void network_link(GString *text, const LfNetwork *network)
{
	if (network->is_onboot && network->mtu == 0)
		return;
	g_string_append(text, "\n[Link]\n");
	if (!network->is_onboot)
		g_string_append(text, "ActivationPolicy=manual\n");
	if (network->mtu)
		g_string_append_printf(text, "MTUBytes=%u\n", network->mtu);
}

static unsigned prefix_of_netmask(const char *netmask)
{
	unsigned a, b, c, d;

	if (!netmask || sscanf(netmask, "%3u.%3u.%3u.%3u", &a, &b, &c, &d) != 4)
		return 24;
	return (unsigned)__builtin_popcount((a & 255) << 24 | (b & 255) << 16 | (c & 255) << 8 |
					    (d & 255));
}

static bool wants_dhcp4(const LfNetwork *network)
{
	return !network->is_noipv4 &&
	       (!network->bootproto || strcmp(network->bootproto, "dhcp") == 0);
}

static const char *dhcp_word(const LfNetwork *network)
{
	bool wants_dhcp6 = !network->is_noipv6 && g_strcmp0(network->ipv6, "dhcp") == 0;

	if (wants_dhcp4(network))
		return wants_dhcp6 ? "yes" : "ipv4";
	return wants_dhcp6 ? "ipv6" : "no";
}

static bool has_ipv6_address(const LfNetwork *network)
{
	return !network->is_noipv6 && network->ipv6 && strchr(network->ipv6, ':');
}

static void network_static(GString *text, const LfNetwork *network)
{
	if (network->ip && !network->is_noipv4)
		g_string_append_printf(text, "Address=%s/%u\n", network->ip,
				       prefix_of_netmask(network->netmask));
	if (network->gateway && !network->is_nodefroute)
		g_string_append_printf(text, "Gateway=%s\n", network->gateway);
	if (has_ipv6_address(network))
		g_string_append_printf(text, "Address=%s\n", network->ipv6);
	if (network->ipv6gateway && !network->is_nodefroute)
		g_string_append_printf(text, "Gateway=%s\n", network->ipv6gateway);
	for (char **server = network->nameservers; server && *server; server++)
		g_string_append_printf(text, "DNS=%s\n", *server);
}

char *lf_configure_network(const LfNetwork *network)
{
	g_autoptr(GString) text = g_string_new(NULL);
	bool is_ra_wanted = !network->is_noipv6 && !has_ipv6_address(network);

	network_match(text, network->device);
	network_link(text, network);
	g_string_append_printf(text, "\n[Network]\nDHCP=%s\nIPv6AcceptRA=%s\n", dhcp_word(network),
			       is_ra_wanted ? "yes" : "no");
	if (network->is_noipv6)
		g_string_append(text, "LinkLocalAddressing=no\n");
	network_static(text, network);
	if (!network->is_nodefroute && !network->is_nodns)
		return g_string_free(g_steal_pointer(&text), FALSE);
	for (const char *const *section =
		     (const char *const[]){ "DHCPv4", "DHCPv6", "IPv6AcceptRA", NULL };
	     *section; section++) {
		bool has_gateway = strcmp(*section, "DHCPv6") != 0;

		g_string_append_printf(text, "\n[%s]\n", *section);
		if (network->is_nodefroute && has_gateway)
			g_string_append(text, "UseGateway=no\n");
		if (network->is_nodns)
			g_string_append(text, "UseDNS=no\n");
	}
	return g_string_free(g_steal_pointer(&text), FALSE);
}

// Lines for a named device come before those for any: the first file that matches wins.
static bool write_networks(int root_fd, const LfPlan *plan, GError **error)
{
	for (guint i = 0; i < plan->profile->networks->len; i++) {
		const LfNetwork *network = g_ptr_array_index(plan->profile->networks, i);
		g_autofree char *text = lf_configure_network(network);
		g_autofree char *path =
			g_strdup_printf("etc/systemd/network/%d-landfall-%02u.network",
					network->device ? 10 : 20, i);

		// A line that only names the host says nothing of a device.
		if (!network->device && !network->bootproto && network->hostname)
			continue;
		if (!lf_tree_mkdirs(root_fd, "etc/systemd/network", 0755, error) ||
		    !lf_tree_write(root_fd, path, text, 0644, error))
			return false;
	}
	return true;
}

// systemd refuses mount points with links in them, and /home is one here.
static char *real_path(const char *mount, void *user_data)
{
	int root_fd = GPOINTER_TO_INT(user_data);
	g_autofree char *root_link = g_strdup_printf("/proc/self/fd/%d", root_fd);
	g_autofree char *root = g_file_read_link(root_link, NULL);
	g_autofree char *link = NULL;
	g_autofree char *path = NULL;
	lf_autofd fd = -1;

	if (!root || !lf_tree_open(root_fd, mount + 1, O_PATH, 0, &fd, NULL))
		return g_strdup(mount);
	link = g_strdup_printf("/proc/self/fd/%d", fd);
	path = g_file_read_link(link, NULL);
	if (!path || !g_str_has_prefix(path, root) || path[strlen(root)] != '/')
		return g_strdup(mount);
	return g_strdup(path + strlen(root));
}

static bool write_tables(int root_fd, const LfPlan *plan, GError **error)
{
	g_autofree char *fstab = lf_configure_fstab(plan, real_path, GINT_TO_POINTER(root_fd));
	g_autofree char *crypttab = lf_configure_crypttab(plan);

	if (!lf_tree_write(root_fd, "etc/fstab", fstab, 0644, error))
		return false;
	return !*crypttab || lf_tree_write(root_fd, "etc/crypttab", crypttab, 0600, error);
}

bool lf_configure(int root_fd, const LfPlan *plan, GError **error)
{
	return write_hostname(root_fd, plan, error) && write_locale(root_fd, plan, error) &&
	       write_keyboard(root_fd, plan, error) && write_timezone(root_fd, plan, error) &&
	       write_tables(root_fd, plan, error) && write_networks(root_fd, plan, error);
}

bool lf_effect_configure(LfInstall *install, GError **error)
{
	return lf_configure(install->root_fd, install->plan, error);
}
