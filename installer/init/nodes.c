// Device nodes of modules that are not loaded yet; what `kmod static-nodes` and tmpfiles do
// elsewhere. Not here: nodes of devices that exist (devtmpfs makes them).
#include "installer/init/nodes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>

#include "base/fd.h"

#define MAX_DEVNAME_BYTES (256 * 1024)

static void node_free(gpointer data)
{
	LfNode *node = data;

	g_free(node->name);
	g_free(node);
}

static bool is_safe_name(const char *name)
{
	g_auto(GStrv) parts = g_strsplit(name, "/", -1);

	for (size_t i = 0; parts[i]; i++)
		if (*parts[i] == '\0' || *parts[i] == '.')
			return false;
	return *name != '\0';
}

static LfNode *node_parse(const char *line)
{
	char module[64], name[128], type;
	unsigned major_number, minor_number;
	LfNode *node;

	if (sscanf(line, "%63s %127s %c%u:%u", module, name, &type, &major_number, &minor_number) !=
	    5)
		return NULL;
	if (*module == '#' || (type != 'c' && type != 'b') || !is_safe_name(name) ||
	    major_number > 4095 || minor_number > 1048575)
		return NULL;
	node = g_new0(LfNode, 1);
	*node = (LfNode){ g_strdup(name), type == 'b', major_number, minor_number };
	return node;
}

GPtrArray *lf_nodes_parse(const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	GPtrArray *nodes = g_ptr_array_new_with_free_func(node_free);

	for (size_t i = 0; lines[i]; i++) {
		LfNode *node = node_parse(lines[i]);

		if (node)
			g_ptr_array_add(nodes, node);
	}
	return nodes;
}

static bool node_create(int dev_fd, const LfNode *node, GError **error)
{
	g_autofree char *dir = g_path_get_dirname(node->name);
	mode_t mode = (node->is_block ? S_IFBLK : S_IFCHR) | 0600;

	if (!lf_mkdirs_at(dev_fd, dir, 0755, error))
		return false;
	if (mknodat(dev_fd, node->name, mode, makedev(node->major, node->minor)) < 0 &&
	    errno != EEXIST)
		return lf_throw_errno(error, "cannot make '/dev/%s'", node->name);
	return true;
}

bool lf_nodes_create(GError **error)
{
	struct utsname kernel;
	g_autofree char *path = NULL;
	g_autofree char *text = NULL;
	g_autoptr(GPtrArray) nodes = NULL;
	lf_autofd dev_fd = -1;

	if (uname(&kernel) < 0)
		return lf_throw_errno(error, "cannot ask for the kernel's version");
	path = g_strdup_printf("/lib/modules/%s/modules.devname", kernel.release);
	text = lf_read_text_at(AT_FDCWD, path, MAX_DEVNAME_BYTES, NULL);
	if (!text)
		return true;
	nodes = lf_nodes_parse(text);
	if (!lf_openat(AT_FDCWD, "/dev", O_RDONLY | O_DIRECTORY, 0, &dev_fd, error))
		return false;
	for (guint i = 0; i < nodes->len; i++)
		if (!node_create(dev_fd, nodes->pdata[i], error))
			return false;
	return true;
}
