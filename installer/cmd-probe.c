// Facts about this machine as the command line wants them.
// Not here: how they are found out (installer/probe).
#include <string.h>
#include <sys/stat.h>

#include "installer/cmd.h"
#include "installer/probe/probe.h"

#define DEFAULT_SECTOR_BYTES 512

LfHost *lf_cmd_host(const LfCmd *cmd, GError **error)
{
	g_autoptr(GError) local = NULL;
	LfHost *host = lf_host_new(cmd->root, &local);

	return host ? host : lf_throw_null(error, LF_ERROR_INPUT, "--root: %s", local->message);
}

static bool is_named(const LfFactDisk *disk, const char *name)
{
	return g_strcmp0(disk->path, name) == 0 || g_strcmp0(disk->name, name) == 0 ||
	       (disk->links && g_strv_contains((const char *const *)disk->links, name));
}

static bool keep_only(LfFacts *facts, const char *name, GError **error)
{
	for (guint i = facts->disks->len; i-- > 0;)
		if (!is_named(g_ptr_array_index(facts->disks, i), name))
			g_ptr_array_remove_index(facts->disks, i);
	return facts->disks->len > 0 ||
	       lf_throw(error, LF_ERROR_INPUT, "--disk: this machine has no disk '%s'", name);
}

static bool replace_by_file(LfFacts *facts, const LfCmd *cmd, GError **error)
{
	uint32_t sector_bytes = cmd->sector_bytes ? cmd->sector_bytes : DEFAULT_SECTOR_BYTES;
	LfFactDisk *disk = lf_probe_image(cmd->disk, sector_bytes, error);

	if (!disk)
		return lf_prefix(error, "--disk");
	g_ptr_array_set_size(facts->disks, 0);
	g_ptr_array_add(facts->disks, disk);
	return true;
}

LfFacts *lf_cmd_probe(const LfCmd *cmd, const LfHost *host, GError **error)
{
	g_autoptr(LfFacts) facts = lf_probe_machine(host, error);
	struct stat st;
	bool is_ok = true;

	if (!facts)
		return NULL;
	if (cmd->disk && stat(cmd->disk, &st) == 0 && S_ISREG(st.st_mode))
		is_ok = replace_by_file(facts, cmd, error);
	else if (cmd->sector_bytes)
		is_ok = lf_throw(error, LF_ERROR_INPUT,
				 "--sector-size: '%s' is no plain file: only a file needs it",
				 cmd->disk);
	else if (cmd->disk)
		is_ok = keep_only(facts, cmd->disk, error);
	return is_ok ? g_steal_pointer(&facts) : NULL;
}
