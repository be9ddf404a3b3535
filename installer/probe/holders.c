// What keeps a disk or partition busy: mounts, swap, device mapper, md.
// Not here: taking it down.
#include "installer/probe/holders.h"

#include <string.h>

#include "base/fd.h"
#include "installer/probe/world.h"

#define MAX_MOUNTS_BYTES (4 * 1024 * 1024)
#define MAX_HOLDERS	 32

typedef struct {
	char *number; /* "8:1" */
	char *target;
	char *fstype;
	char *source;
	bool is_readonly;
} Mount;

struct LfHolders {
	GPtrArray *mounts; /* Mount */
	GPtrArray *swaps;  /* char *: device nodes */
};

static void mount_free(Mount *mount)
{
	g_free(mount->number);
	g_free(mount->target);
	g_free(mount->fstype);
	g_free(mount->source);
	g_free(mount);
}

void lf_holders_free(LfHolders *holders)
{
	if (!holders)
		return;
	g_ptr_array_unref(holders->mounts);
	g_ptr_array_unref(holders->swaps);
	g_free(holders);
}

// --- reading ------------------------------------------------------------------------------------

static bool is_octal(const char *text)
{
	return text[0] >= '0' && text[0] <= '3' && text[1] >= '0' && text[1] <= '7' &&
	       text[2] >= '0' && text[2] <= '7';
}

// The kernel writes blanks and backslashes as \040 and \134.
static char *unescape(const char *field)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (const char *c = field; *c; c++) {
		if (*c != '\\' || !is_octal(c + 1)) {
			g_string_append_c(text, *c);
			continue;
		}
		g_string_append_c(text,
				  (char)((c[1] - '0') * 64 + (c[2] - '0') * 8 + (c[3] - '0')));
		c += 3;
	}
	return g_strdup(text->str);
}

static bool has_option(const char *options, const char *option)
{
	g_auto(GStrv) words = g_strsplit(options, ",", -1);

	return g_strv_contains((const char *const *)words, option);
}

// "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue"; proc(5)
static void read_mount(GPtrArray *mounts, const char *line)
{
	g_auto(GStrv) fields = g_strsplit(line, " ", -1);
	guint n = g_strv_length(fields);
	guint dash = 6;
	Mount *mount;

	while (dash < n && strcmp(fields[dash], "-") != 0)
		dash++;
	if (dash + 2 >= n)
		return;
	mount = g_new0(Mount, 1);
	mount->number = g_strdup(fields[2]);
	mount->target = unescape(fields[4]);
	mount->fstype = g_strdup(fields[dash + 1]);
	mount->source = unescape(fields[dash + 2]);
	mount->is_readonly =
		has_option(fields[5], "ro") || (dash + 3 < n && has_option(fields[dash + 3], "ro"));
	g_ptr_array_add(mounts, mount);
}

static char **read_lines(int root_fd, const char *path)
{
	g_autofree char *text = lf_read_text_at(root_fd, path, MAX_MOUNTS_BYTES, NULL);

	return g_strsplit(text ? text : "", "\n", -1);
}

LfHolders *lf_holders_load(int root_fd)
{
	LfHolders *holders = g_new0(LfHolders, 1);
	g_auto(GStrv) mounts = read_lines(root_fd, "proc/self/mountinfo");
	g_auto(GStrv) swaps = read_lines(root_fd, "proc/swaps");

	holders->mounts = g_ptr_array_new_with_free_func((GDestroyNotify)mount_free);
	holders->swaps = g_ptr_array_new_with_free_func(g_free);
	for (char **line = mounts; *line; line++)
		read_mount(holders->mounts, *line);
	for (char **line = swaps; *line; line++) {
		g_autofree char *path = g_strndup(*line, strcspn(*line, " \t"));

		// The first line is a heading.
		if (*path == '/')
			g_ptr_array_add(holders->swaps, unescape(path));
	}
	return holders;
}

// --- asking -------------------------------------------------------------------------------------

static char *holder_text(int root_fd, const char *name)
{
	g_autofree char *dm_name = lf_world_text(root_fd, "sys/block/%s/dm/name", name);

	if (dm_name)
		return g_strdup_printf("%s (%s)", name, dm_name);
	return g_strdup(name);
}

static void add(GPtrArray *found, char *text)
{
	g_autofree char *clean = lf_fact_text(text);

	g_free(text);
	if (clean && found->len < MAX_HOLDERS)
		g_ptr_array_add(found, g_steal_pointer(&clean));
}

// btrfs shows a number of its own in mountinfo, so the source counts as well.
static bool is_mount_of(const Mount *mount, const char *number, const char *path)
{
	return g_strcmp0(mount->number, number) == 0 || strcmp(mount->source, path) == 0;
}

void lf_holders_fill(const LfHolders *holders, int root_fd, const char *sysfs, const char *path,
		     LfFactPartition *partition)
{
	g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *number = lf_world_text(root_fd, "%s/dev", sysfs);
	g_auto(GStrv) names = lf_world_list(root_fd, "%s/holders", sysfs);

	for (guint i = 0; i < holders->mounts->len; i++) {
		const Mount *mount = holders->mounts->pdata[i];

		if (is_mount_of(mount, number, path))
			add(found, g_strconcat("mounted on ", mount->target, NULL));
	}
	for (guint i = 0; i < holders->swaps->len; i++)
		if (strcmp(holders->swaps->pdata[i], path) == 0)
			add(found, g_strdup("swap"));
	for (char **name = names; *name; name++)
		add(found, holder_text(root_fd, *name));
	g_ptr_array_add(found, NULL);
	g_strfreev(partition->holders);
	partition->holders = (char **)g_ptr_array_free(g_steal_pointer(&found), FALSE);
}

static const Mount *mount_at(const LfHolders *holders, const char *target)
{
	for (guint i = holders->mounts->len; i > 0; i--) {
		const Mount *mount = holders->mounts->pdata[i - 1];

		if (strcmp(mount->target, target) == 0)
			return mount;
	}
	return NULL;
}

char *lf_holders_source(const LfHolders *holders, const char *target)
{
	const Mount *mount = mount_at(holders, target);

	return mount ? g_strdup(mount->number) : NULL;
}

bool lf_holders_writable(const LfHolders *holders, const char *target, const char *fstype)
{
	const Mount *mount = mount_at(holders, target);

	return mount && strcmp(mount->fstype, fstype) == 0 && !mount->is_readonly;
}
