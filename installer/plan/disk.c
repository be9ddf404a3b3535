// The choice of the disk: who is a candidate, why the others are not, and that exactly one remains.
// Not here: what names fit a disk (match.c), where partitions go (layout.c).
#include "installer/plan/disk.h"

#include <string.h>

#include "installer/plan/persist.h"
#include "installer/plan/text.h"
#include "installer/plan/wish.h"

typedef struct {
	const LfProfile *profile;
	const GPtrArray *wishes; /* LfWish */
	uint64_t min_bytes;
} Choice;

void lf_plan_disk_free(LfPlanDisk *disk)
{
	g_free(disk->path);
	g_free(disk->reason);
	g_free(disk);
}

// --- words --------------------------------------------------------------------------------------

char *lf_disk_text(const LfFactDisk *disk)
{
	g_autofree char *size = lf_size_text(disk->size_bytes);
	g_autoptr(GString) text = g_string_new(disk->path);

	g_string_append(text, " (");
	if (disk->model)
		g_string_append_printf(text, "model '%s', ", disk->model);
	if (disk->serial)
		g_string_append_printf(text, "serial %s, ", disk->serial);
	g_string_append_printf(text, "%s)", size);
	return g_string_free(g_steal_pointer(&text), FALSE);
}

static char *partition_text(const LfFactPartition *partition)
{
	g_autofree char *size = lf_size_text(partition->size_bytes);
	const char *label = partition->fslabel ? partition->fslabel : partition->name;
	const char *fstype = partition->fstype ? partition->fstype : "no known file system";

	if (label)
		return g_strdup_printf("%s '%s', %s", fstype, label, size);
	return g_strdup_printf("%s, %s", fstype, size);
}

static bool holds_something(const LfFactPartition *partition)
{
	return partition->number > 0 || partition->fstype;
}

// It has the name of the persistent partition, but is not what is kept under it.
static const char *name_remark(const LfFactPartition *partition, const char *label)
{
	if (!label || g_strcmp0(partition->name, label) != 0)
		return "";
	return "; it has the name of the persistent partition, but no ext4 of that label";
}

char **lf_disk_destroys(const LfFactDisk *disk, const char *persist_label)
{
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	const LfFactPartition *kept = lf_persist_find(disk, persist_label);

	for (guint i = 0; i < disk->partitions->len; i++) {
		const LfFactPartition *partition = disk->partitions->pdata[i];
		g_autofree char *what = partition_text(partition);

		if (!holds_something(partition) || partition == kept)
			continue;
		if (partition->number == 0)
			g_ptr_array_add(lines,
					g_strdup_printf("the whole disk %s: %s", disk->path, what));
		else
			g_ptr_array_add(lines,
					g_strdup_printf("partition %u of %s: %s%s",
							partition->number, disk->path, what,
							name_remark(partition, persist_label)));
	}
	if (disk->table && lines->len == 0 && !kept)
		g_ptr_array_add(lines, g_strdup_printf("the empty %s partition table of %s",
						       disk->table, disk->path));
	g_ptr_array_add(lines, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&lines), FALSE);
}

static char *disk_list(const LfFacts *facts, const GPtrArray *considered)
{
	g_autoptr(GString) list = g_string_new(NULL);

	for (guint i = 0; i < facts->disks->len; i++) {
		g_autofree char *text = lf_disk_text(facts->disks->pdata[i]);
		const LfPlanDisk *disk = considered->pdata[i];

		g_string_append_printf(list, "\n  %s: %s", text, disk->reason);
	}
	return g_string_free(g_steal_pointer(&list), FALSE);
}

// --- reasons against a disk; NULL when there is none --------------------------------------------

static char *against_hardware(const Choice *choice, const LfFactDisk *disk)
{
	if (disk->is_cdrom)
		return g_strdup("a CD drive");
	if (disk->is_boot_medium)
		return g_strdup("holds the medium this installer was started from");
	if (disk->size_bytes == 0)
		return g_strdup("no medium in it");
	if (disk->is_readonly)
		return g_strdup("write-protected");
	if (disk->sector_bytes != 512 && disk->sector_bytes != 4096)
		return g_strdup_printf("has sectors of %u bytes; 512 and 4096 are supported",
				       disk->sector_bytes);
	if (g_strcmp0(disk->table, LF_FACT_UNREADABLE) == 0)
		return g_strdup("cannot be read; it may be broken");
	return NULL;
}

static char *against_ignored(const Choice *choice, const LfFactDisk *disk)
{
	g_autofree char *text = NULL;

	if (!lf_wishes_any(choice->wishes, LF_WISH_IGNORE, disk))
		return NULL;
	text = lf_wishes_text(choice->wishes, LF_WISH_IGNORE);
	return g_strdup_printf("excluded by '%s'", text);
}

static char *not_named(const Choice *choice, LfWishKind kind)
{
	g_autofree char *text = lf_wishes_text(choice->wishes, kind);

	return g_strdup_printf("not named by '%s'", text);
}

static char *against_unnamed(const Choice *choice, const LfFactDisk *disk)
{
	// A list names disks that may be used; each part must be on its disk.
	static const LfWishKind lists[] = { LF_WISH_ONLY_USE, LF_WISH_CLEAR };
	static const LfWishKind musts[] = { LF_WISH_ON_DISK, LF_WISH_BOOT_DRIVE };

	for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
		if (lf_wishes_have(choice->wishes, lists[i]) &&
		    !lf_wishes_any(choice->wishes, lists[i], disk))
			return not_named(choice, lists[i]);
	for (size_t i = 0; i < G_N_ELEMENTS(musts); i++)
		if (!lf_wishes_all(choice->wishes, musts[i], disk))
			return not_named(choice, musts[i]);
	return NULL;
}

static char *against_removable(const Choice *choice, const LfFactDisk *disk)
{
	bool is_usb = g_strcmp0(disk->transport, "usb") == 0;

	if ((!disk->is_removable && !is_usb) || lf_wishes_name(choice->wishes, disk))
		return NULL;
	return g_strdup_printf("%s, and such a disk is only used when it is named without a glob",
			       is_usb ? "a USB disk" : "removable");
}

static bool is_item(const char *item, const LfFactPartition *partition)
{
	g_autofree char *path = *item == '/' ? g_strdup(item) : g_strconcat("/dev/", item, NULL);

	return g_strcmp0(path, partition->path) == 0;
}

static bool is_listed(const LfProfile *profile, const LfFactPartition *partition)
{
	for (char **item = profile->clear_list; item && *item; item++)
		if (is_item(*item, partition))
			return true;
	return false;
}

static char *against_keeping(const Choice *choice, const LfFactPartition *partition)
{
	g_autofree char *plain = partition_text(partition);
	g_autofree char *what =
		g_strconcat(plain, name_remark(partition, choice->profile->persist_label), NULL);

	switch (choice->profile->clear_mode) {
	case LF_CLEAR_ALL:
		return NULL;
	case LF_CLEAR_LIST:
		if (partition->number > 0 && is_listed(choice->profile, partition))
			return NULL;
		return g_strdup_printf(
			"holds %s, which 'clearpart --list' does not name, and keeping "
			"partitions is not supported yet: write 'clearpart --all' "
			"to erase it",
			what);
	case LF_CLEAR_LINUX:
		return g_strdup_printf(
			"holds %s, and 'clearpart --linux' may keep partitions, which "
			"is not supported yet: write 'clearpart --all' to erase it",
			what);
	case LF_CLEAR_NONE:
		break;
	}
	return g_strdup_printf("holds %s, and the kickstart does not allow to clear it: write "
			       "'clearpart --all' to erase it",
			       what);
}

static char *against_data(const Choice *choice, const LfFactDisk *disk)
{
	const LfProfile *profile = choice->profile;
	const LfFactPartition *kept = lf_persist_find(disk, profile->persist_label);

	for (guint i = 0; i < disk->partitions->len; i++) {
		const LfFactPartition *partition = disk->partitions->pdata[i];
		char *reason;

		if (!holds_something(partition) || partition == kept)
			continue;
		reason = against_keeping(choice, partition);
		if (reason)
			return reason;
	}
	if (disk->table || profile->clear_mode == LF_CLEAR_ALL || profile->is_initlabel ||
	    profile->is_zerombr)
		return NULL;
	return g_strdup(
		"has no valid partition table, and the kickstart does not allow to write one: "
		"write 'zerombr'");
}

static char *against_persist(const Choice *choice, const LfFactDisk *disk)
{
	return lf_persist_against(choice->profile, disk);
}

static char *against_size(const Choice *choice, const LfFactDisk *disk)
{
	const char *label = choice->profile->persist_label;
	uint64_t room_bytes = lf_persist_room(choice->profile, disk);
	uint64_t taken_bytes = disk->size_bytes - MIN(disk->size_bytes, room_bytes);
	bool is_kept = lf_persist_find(disk, label) != NULL;
	g_autofree char *room = lf_size_text(room_bytes);
	g_autofree char *needed =
		lf_size_text(choice->min_bytes + (label && !is_kept ? taken_bytes : 0));

	if (room_bytes >= choice->min_bytes)
		return NULL;
	if (is_kept)
		return g_strdup_printf(
			"too small: the persistent partition '%s' is kept, and before it lie %s, "
			"where the kickstart's layout and the payload need %s",
			label, room, needed);
	return g_strdup_printf("too small: the kickstart's layout and the payload need %s", needed);
}

static char *reason_against(const Choice *choice, const LfFactDisk *disk)
{
	static char *(*const checks[])(const Choice *, const LfFactDisk *) = {
		against_hardware, against_ignored, against_unnamed, against_removable,
		against_persist,  against_data,	   against_size,
	};

	for (size_t i = 0; i < G_N_ELEMENTS(checks); i++) {
		char *reason = checks[i](choice, disk);

		if (reason)
			return reason;
	}
	return NULL;
}

// --- the choice ---------------------------------------------------------------------------------

static bool some_disk_fits(const LfFacts *facts, const LfWish *wish)
{
	for (guint i = 0; i < facts->disks->len; i++)
		if (lf_match_disk(wish->match, facts->disks->pdata[i]))
			return true;
	return false;
}

// As Anaconda does: a name that fits nothing is more often a mistake than a wish for nothing.
static bool check_names(const GPtrArray *wishes, const LfFacts *facts, const char *list,
			GError **error)
{
	for (guint i = 0; i < wishes->len; i++) {
		const LfWish *wish = wishes->pdata[i];

		if (!some_disk_fits(facts, wish))
			return lf_throw_at(error, LF_ERROR_TARGET, &wish->place,
					   "'%s=%s' fits no disk of this machine%s%s",
					   lf_wish_option(wish->kind), lf_match_text(wish->match),
					   *list ? ", which has:" : ", which has none", list);
	}
	return true;
}

// Each part's disk exists; when no disk is that of all parts, they lie on several.
static bool check_one_disk(const GPtrArray *wishes, const LfFacts *facts, GError **error)
{
	if (!lf_wishes_have(wishes, LF_WISH_ON_DISK))
		return true;
	for (guint i = 0; i < facts->disks->len; i++)
		if (lf_wishes_all(wishes, LF_WISH_ON_DISK, facts->disks->pdata[i]) &&
		    lf_wishes_all(wishes, LF_WISH_BOOT_DRIVE, facts->disks->pdata[i]))
			return true;
	return lf_throw(
		error, LF_ERROR_UNSUPPORTED,
		"part --ondisk and bootloader --boot-drive name several disks, and a system on "
		"several disks is not supported yet: name one disk");
}

static bool has_partition(const LfFacts *facts, const char *item)
{
	for (guint i = 0; i < facts->disks->len; i++) {
		const LfFactDisk *disk = facts->disks->pdata[i];

		for (guint j = 0; j < disk->partitions->len; j++)
			if (is_item(item, disk->partitions->pdata[j]))
				return true;
	}
	return false;
}

static bool check_clear_list(const LfProfile *profile, const LfFacts *facts, GError **error)
{
	for (char **item = profile->clear_list; item && *item; item++)
		if (!has_partition(facts, *item))
			return lf_throw_at(
				error, LF_ERROR_TARGET, &profile->clear_place,
				"'clearpart --list=%s' fits no partition of this machine", *item);
	return true;
}

static void consider(const Choice *choice, const LfFacts *facts, GPtrArray *considered)
{
	for (guint i = 0; i < facts->disks->len; i++) {
		const LfFactDisk *disk = facts->disks->pdata[i];
		LfPlanDisk *result = g_new0(LfPlanDisk, 1);

		result->path = g_strdup(disk->path);
		result->reason = reason_against(choice, disk);
		result->is_chosen = result->reason == NULL;
		if (result->is_chosen)
			result->reason = g_strdup("fits");
		g_ptr_array_add(considered, result);
	}
}

static bool take_the_one(const LfFacts *facts, GPtrArray *considered, const LfFactDisk **ret_disk,
			 GError **error)
{
	g_autofree char *list = disk_list(facts, considered);
	unsigned n_chosen = 0;

	for (guint i = 0; i < considered->len; i++) {
		LfPlanDisk *disk = considered->pdata[i];

		if (!disk->is_chosen)
			continue;
		n_chosen++;
		*ret_disk = facts->disks->pdata[i];
	}
	if (n_chosen == 1)
		return true;
	if (n_chosen > 1)
		return lf_throw(
			error, LF_ERROR_TARGET,
			"%u disks are equally good; write 'ignoredisk --only-use=' with the "
			"name, link, serial= or wwn= of one:%s",
			n_chosen, list);
	if (facts->disks->len == 0)
		return lf_throw(error, LF_ERROR_TARGET,
				"no disk was found; connect one, or check its controller's driver");
	return lf_throw(error, LF_ERROR_TARGET,
			"no disk can be used; connect another, or change what the kickstart says "
			"of disks:%s",
			list);
}

// Checked after the choice, so that it never depends on what happens to be in use.
static bool check_idle(const LfFactDisk *disk, GError **error)
{
	for (guint i = 0; i < disk->partitions->len; i++) {
		const LfFactPartition *partition = disk->partitions->pdata[i];

		if (partition->holders && *partition->holders) {
			g_autofree char *holders = g_strjoinv(", ", partition->holders);

			return lf_throw(
				error, LF_ERROR_TARGET,
				"%s is in use: %s; stop what uses it, or choose another disk",
				partition->path ? partition->path : disk->path, holders);
		}
	}
	return true;
}

bool lf_disk_choose(const LfProfile *profile, const LfFacts *facts, uint64_t min_bytes,
		    GPtrArray *considered, const LfFactDisk **ret_disk, GError **error)
{
	g_autoptr(GPtrArray) wishes = lf_wishes_new(profile, error);
	const LfFactDisk *disk = NULL;
	g_autofree char *list = NULL;
	Choice choice;

	if (!wishes)
		return false;
	choice = (Choice){ profile, wishes, min_bytes };
	consider(&choice, facts, considered);
	list = disk_list(facts, considered);
	if (!check_names(wishes, facts, list, error) || !check_one_disk(wishes, facts, error) ||
	    !check_clear_list(profile, facts, error) ||
	    !take_the_one(facts, considered, &disk, error) || !check_idle(disk, error))
		return false;
	*ret_disk = disk;
	return true;
}
