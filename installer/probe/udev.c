// udev's database: links and properties of a device.
// Not here: asking udev to do anything (installer/init).
#include "installer/probe/udev.h"

#include <string.h>

#include "installer/plan/facts.h"
#include "installer/probe/world.h"

#define MAX_LINKS      256
#define MAX_PROPERTIES 1024

void lf_udev_free(LfUdev *udev)
{
	if (!udev)
		return;
	g_ptr_array_unref(udev->links);
	g_hash_table_unref(udev->properties);
	g_free(udev);
}

static int compare_links(gconstpointer a, gconstpointer b)
{
	return lf_natural_compare(*(char *const *)a, *(char *const *)b);
}

static void read_line(LfUdev *udev, const char *line)
{
	const char *equals;
	g_autofree char *link = NULL;

	if (g_str_has_prefix(line, "S:") && udev->links->len < MAX_LINKS) {
		link = lf_fact_text(line + 2);
		if (link)
			g_ptr_array_add(udev->links, g_strconcat("/dev/", link, NULL));
		return;
	}
	equals = strchr(line, '=');
	if (!g_str_has_prefix(line, "E:") || !equals ||
	    g_hash_table_size(udev->properties) >= MAX_PROPERTIES)
		return;
	g_hash_table_replace(udev->properties, g_strndup(line + 2, (gsize)(equals - line - 2)),
			     g_strdup(equals + 1));
}

LfUdev *lf_udev_parse(const char *text, size_t size)
{
	LfUdev *udev = g_new0(LfUdev, 1);
	g_autofree char *copy = g_strndup(text ? text : "", text ? size : 0);
	g_auto(GStrv) lines = g_strsplit(copy, "\n", -1);

	udev->links = g_ptr_array_new_with_free_func(g_free);
	udev->properties = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	for (char **line = lines; *line; line++)
		read_line(udev, *line);
	g_ptr_array_sort(udev->links, compare_links);
	return udev;
}

LfUdev *lf_udev_load(int root_fd, const char *number)
{
	g_autoptr(GBytes) bytes = lf_world_bytes(root_fd, "run/udev/data/b%s", number);
	gsize size = 0;
	const char *text = bytes ? g_bytes_get_data(bytes, &size) : NULL;

	return lf_udev_parse(text, size);
}

char *lf_udev_get(const LfUdev *udev, const char *name)
{
	return lf_fact_text(g_hash_table_lookup(udev->properties, name));
}
