// landfall-init: the program that the kernel starts. Puts the parts together and lets them run.
// Not here: the parts.
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

#include "installer/init/end.h"
#include "installer/init/init.h"
#include "installer/init/mounts.h"

int main(int argc, char **argv)
{
	g_autoptr(GPtrArray) failures = g_ptr_array_new_with_free_func(g_free);

	if (argc > 1 && strcmp(argv[1], "--version") == 0)
		return puts("landfall-init " LF_VERSION) < 0;
	// It mounts, kills and reboots: harmless only where it is the first process.
	if (getpid() != 1) {
		fputs("landfall-init: only the kernel starts this program, as process 1\n", stderr);
		return 2;
	}
	lf_end_on_crash();
	(void)umask(022);
	(void)reboot(RB_DISABLE_CAD);
	lf_mounts_api(failures);
	if (sethostname("landfall", strlen("landfall")) < 0)
		g_ptr_array_add(failures, g_strdup("cannot set the host name"));
	lf_init_run(failures);
}
