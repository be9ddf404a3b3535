// Runs dhcpcd beside the installer: its files, its start and its end.
// Not here: its configuration (installer/plan), what it was told (lease.c).
#include "installer/net/dhcpcd.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"

#define DHCPCD	    "/usr/sbin/dhcpcd"
#define HOOK	    "usr/lib/landfall/dhcpcd-hook"
#define CONF	    LF_DHCPCD_DIR "/dhcpcd.conf"
#define UDEV	    "run/udev/control"
#define PIDFILE	    "/run/dhcpcd/pid"
#define EXIT_MS	    10000
#define MAX_ENTRIES 4096

struct LfDhcpcd {
	LfProcChild *child;
};

static void forget_leases(int root_fd)
{
	int fd = openat(root_fd, LF_DHCPCD_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;

	if (!dir) {
		lf_close_fd(&fd);
		return;
	}
	for (unsigned i = 0; i < MAX_ENTRIES && (entry = readdir(dir)); i++)
		if (g_str_has_prefix(entry->d_name, "lease.") ||
		    g_str_has_prefix(entry->d_name, ".new."))
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
}

// One that outlived its installer would fight with ours for the addresses; it does so because it
// has changed its user, which frees it from dying with whoever started it. That there is none is
// the usual case, and its exit status then is not 0.
void lf_dhcpcd_end_old(int root_fd)
{
	int status;

	if (access(PIDFILE, F_OK) == 0)
		(void)lf_proc_status(
			&(LfProc){ .argv = LF_PROC_ARGV(DHCPCD, "-x"), .timeout_ms = EXIT_MS },
			&status, NULL, NULL);
	forget_leases(root_fd);
}

// dhcpcd changes its directory and its root, so it gets the path that root_fd stands for.
static char *real_path(int root_fd, const char *path)
{
	g_autofree char *link = g_strdup_printf("/proc/self/fd/%d", root_fd);
	g_autofree char *root = g_file_read_link(link, NULL);

	return g_build_filename(root ? root : "/", path, NULL);
}

static LfProcChild *start(int root_fd, GError **error)
{
	g_autofree char *hook = real_path(root_fd, HOOK);
	g_autofree char *conf = real_path(root_fd, CONF);
	g_autofree char *dir = real_path(root_fd, LF_DHCPCD_DIR);
	g_autofree char *variable = g_strconcat("landfall_net=", dir, NULL);
	// With udev an interface is taken only when it has got its name; where there is no udev, it
	// would never be.
	bool has_udev = faccessat(root_fd, UDEV, F_OK, 0) == 0;
	const char *argv[] = {
		DHCPCD,	    "--manager", "--nobackground", "--config", conf,
		"--script", hook,	 "--env",	   variable,   has_udev ? NULL : "--nodev",
		NULL
	};

	if (faccessat(root_fd, HOOK, X_OK, 0) < 0)
		return lf_throw_null(error, LF_ERROR_INTERNAL, "cannot run '%s': it is not there",
				     hook);
	return lf_proc_start(&(LfProc){ .argv = argv }, error);
}

LfDhcpcd *lf_dhcpcd_start(int root_fd, const char *conf, GError **error)
{
	g_autoptr(LfDhcpcd) dhcpcd = g_new0(LfDhcpcd, 1);

	if (!lf_mkdirs_at(root_fd, LF_DHCPCD_DIR, 0755, error) ||
	    !lf_write_file_at(root_fd, CONF, conf, strlen(conf), 0644, error))
		return NULL;
	dhcpcd->child = start(root_fd, error);
	return dhcpcd->child ? g_steal_pointer(&dhcpcd) : NULL;
}

int lf_dhcpcd_fd(const LfDhcpcd *dhcpcd)
{
	return lf_proc_child_fd(dhcpcd->child);
}

bool lf_dhcpcd_check(LfDhcpcd *dhcpcd, GError **error)
{
	return lf_proc_child_check(dhcpcd->child, error);
}

void lf_dhcpcd_free(LfDhcpcd *dhcpcd)
{
	if (!dhcpcd)
		return;
	lf_proc_child_free(dhcpcd->child);
	g_free(dhcpcd);
}
