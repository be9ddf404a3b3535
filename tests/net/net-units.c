// Writes the files that the installed system would get for its network: `net-units ROOT DIR`. The
// command line is that below ROOT, the cards are those that the program sees.
// Not its job: the rest of a plan.
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "installer/plan/net.h"
#include "installer/probe/probe.h"

static bool write_units(const LfNet *net, const char *dir, GError **error)
{
	g_autoptr(GPtrArray) units = lf_net_units(net);

	for (guint i = 0; i < units->len; i++) {
		const LfNetUnit *unit = units->pdata[i];
		g_autofree char *path = g_build_filename(dir, unit->name, NULL);

		if (!lf_write_file_at(AT_FDCWD, path, unit->text, strlen(unit->text), 0644, error))
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfHost) host = argc == 3 ? lf_host_new(argv[1], &error) : NULL;
	g_autoptr(GPtrArray) nics = host ? lf_probe_nics(host) : NULL;
	g_autoptr(LfNet) net = host ? lf_net_plan(NULL, host->cmdline, nics, &error) : NULL;

	if (net && write_units(net, argv[2], &error))
		return 0;
	fprintf(stderr, "net-units: %s\n", error ? error->message : "write net-units ROOT DIR");
	return 1;
}
