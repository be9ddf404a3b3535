// Writes the plan's GPT with libfdisk and reads it back.
// Not here: where partitions go (installer/plan), telling the kernel (disk.c).
#include "installer/apply/gpt.h"

#include <libfdisk/libfdisk.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "installer/apply/disk.h"
#include "installer/apply/effects.h"
#include "installer/apply/wipe.h"

// Discoverable Partitions Specification: "do not mount me by yourself". fstab and crypttab have
// these, at places that do not always match their type; two units for one partition fail each
// other.
#define NO_AUTO "GUID:63"
// Where an old table's entries lie, even if there are many.
#define FIRST_BYTES ((uint64_t)1024 * 1024)

typedef struct fdisk_context FdiskContext;
typedef struct fdisk_partition FdiskPartition;
typedef struct fdisk_parttype FdiskPartType;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FdiskContext, fdisk_unref_context)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FdiskPartition, fdisk_unref_partition)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FdiskPartType, fdisk_unref_parttype)

// libfdisk returns negated errnos.
static bool throw_fdisk(GError **error, int result, const char *what, const char *path)
{
	return lf_throw(error, LF_ERROR_IO, "cannot %s '%s': %s", what, path, g_strerror(-result));
}

static FdiskContext *open_context(int fd, const char *path, const LfPlan *plan, bool is_readonly,
				  GError **error)
{
	g_autoptr(FdiskContext) context = fdisk_new_context();
	int result;

	fdisk_disable_dialogs(context, 1);
	// A plain file has no sector size of its own; on a device the kernel's word counts.
	fdisk_save_user_sector_size(context, plan->sector_bytes, plan->sector_bytes);
	result = fdisk_assign_device_by_fd(context, fd, path, is_readonly);
	if (result < 0) {
		throw_fdisk(error, result, "look at", path);
		return NULL;
	}
	if (fdisk_get_sector_size(context) != plan->sector_bytes)
		return lf_throw_null(error, LF_ERROR_TARGET,
				     "'%s' has sectors of %lu bytes, the plan has %u", path,
				     fdisk_get_sector_size(context), plan->sector_bytes);
	return g_steal_pointer(&context);
}

static FdiskPartType *parttype(FdiskContext *context, const char *guid)
{
	g_autofree char *upper = g_ascii_strup(guid, -1);
	const FdiskPartType *known =
		fdisk_label_get_parttype_from_string(fdisk_get_label(context, NULL), upper);

	return known ? fdisk_copy_parttype(known) : fdisk_new_unknown_parttype(0, upper);
}

static bool is_left_to_fstab(const LfPlanPartition *partition)
{
	return partition->role == LF_ROLE_SWAP || lf_plan_is_data(partition);
}

static bool add_partition(FdiskContext *context, const LfPlanPartition *wish, uint32_t sector,
			  GError **error)
{
	g_autoptr(FdiskPartition) partition = fdisk_new_partition();
	g_autoptr(FdiskPartType) type = parttype(context, wish->type);
	size_t number = wish->number - 1;
	int result;

	fdisk_partition_set_partno(partition, number);
	fdisk_partition_set_start(partition, wish->start_bytes / sector);
	fdisk_partition_set_size(partition, wish->size_bytes / sector);
	// Without this libfdisk rounds to its own idea of alignment.
	fdisk_partition_size_explicit(partition, 1);
	fdisk_partition_set_type(partition, type);
	fdisk_partition_set_uuid(partition, wish->uuid);
	if (wish->name)
		fdisk_partition_set_name(partition, wish->name);
	if (is_left_to_fstab(wish))
		fdisk_partition_set_attrs(partition, NO_AUTO);
	result = fdisk_add_partition(context, partition, NULL);
	if (result < 0) {
		g_autofree char *what = g_strdup_printf("put partition %u on", wish->number);

		return throw_fdisk(error, result, what, fdisk_get_devname(context));
	}
	return true;
}

static bool create_table(FdiskContext *context, const LfPlan *plan, GError **error)
{
	int result = fdisk_create_disklabel(context, "gpt");

	if (result == 0 && plan->table_uuid)
		result = fdisk_set_disklabel_id_from_string(context, plan->table_uuid);
	if (result < 0)
		return throw_fdisk(error, result, "make a partition table for",
				   fdisk_get_devname(context));
	for (guint i = 0; i < plan->partitions->len; i++)
		if (!add_partition(context, g_ptr_array_index(plan->partitions, i),
				   plan->sector_bytes, error))
			return false;
	return true;
}

// --- the two copies -----------------------------------------------------------------------------

uint64_t lf_gpt_head_bytes(uint32_t sector_bytes)
{
	return LF_GPT_ENTRIES_BYTES + 2 * (uint64_t)sector_bytes;
}

uint64_t lf_gpt_tail_bytes(uint32_t sector_bytes)
{
	return LF_GPT_ENTRIES_BYTES + (uint64_t)sector_bytes;
}

// A file in memory that is as long as the disk, and as empty.
static bool open_sketch(const LfPlan *plan, int *ret_fd, GError **error)
{
	lf_autofd fd = memfd_create("table", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, (off_t)plan->disk_size_bytes) < 0)
		return lf_throw_errno(error, "cannot make a file in memory");
	*ret_fd = lf_steal_fd(&fd);
	return true;
}

static bool copy_range(int from_fd, int to_fd, uint64_t start_bytes, uint64_t size_bytes,
		       GError **error)
{
	g_autofree uint8_t *bytes = g_malloc(size_bytes);

	return lf_pread_all(from_fd, bytes, size_bytes, start_bytes, error) &&
	       lf_pwrite_all(to_fd, bytes, size_bytes, start_bytes, error);
}

static bool sketch_table(const LfPlan *plan, const char *path, int *ret_fd, GError **error)
{
	g_autoptr(FdiskContext) context = NULL;
	lf_autofd fd = -1;
	int result;

	if (!open_sketch(plan, &fd, error))
		return false;
	context = open_context(fd, path, plan, false, error);
	if (!context || !create_table(context, plan, error))
		return false;
	result = fdisk_write_disklabel(context);
	if (result < 0)
		return throw_fdisk(error, result, "make the partition table of", path);
	*ret_fd = lf_steal_fd(&fd);
	return true;
}

// Whether the first of the disk's two tables is whole, looked at alone.
static bool is_first_whole(int fd, const char *path, const LfPlan *plan)
{
	uint64_t head_bytes = MIN(FIRST_BYTES, plan->disk_size_bytes / 2);
	g_autoptr(FdiskContext) context = NULL;
	lf_autofd sketch_fd = -1;

	if (!open_sketch(plan, &sketch_fd, NULL) || !copy_range(fd, sketch_fd, 0, head_bytes, NULL))
		return false;
	context = open_context(sketch_fd, path, plan, true, NULL);
	return context && fdisk_has_label(context) &&
	       fdisk_is_labeltype(context, FDISK_DISKLABEL_GPT);
}

static bool write_copy(int fd, int sketch_fd, const char *path, uint64_t start_bytes,
		       uint64_t size_bytes, GError **error)
{
	if (!copy_range(sketch_fd, fd, start_bytes, size_bytes, error))
		return lf_prefix(error, "cannot write the partition table of '%s'", path);
	if (fsync(fd) < 0)
		return lf_throw_errno(error, "cannot flush '%s'", path);
	return true;
}

// At every moment one of the two copies is whole, the old table's or the new one's: the copy that
// nobody can read anyway goes first, else the second, as UEFI has it.
bool lf_gpt_write(int fd, const char *path, const LfPlan *plan, GError **error)
{
	uint64_t head_bytes = lf_gpt_head_bytes(plan->sector_bytes);
	uint64_t tail_bytes = lf_gpt_tail_bytes(plan->sector_bytes);
	uint64_t tail_start = plan->disk_size_bytes - MIN(plan->disk_size_bytes, tail_bytes);
	lf_autofd sketch_fd = -1;

	if (!sketch_table(plan, path, &sketch_fd, error))
		return false;
	if (!is_first_whole(fd, path, plan))
		return write_copy(fd, sketch_fd, path, 0, head_bytes, error) &&
		       write_copy(fd, sketch_fd, path, tail_start, tail_bytes, error);
	return write_copy(fd, sketch_fd, path, tail_start, tail_bytes, error) &&
	       write_copy(fd, sketch_fd, path, 0, head_bytes, error);
}

// --- reading back -------------------------------------------------------------------------------

static bool throw_differs(GError **error, const char *path, unsigned number, const char *what)
{
	return lf_throw(error, LF_ERROR_IO,
			"the table of '%s' was written, but reads back another %s of partition %u",
			path, what, number);
}

static bool verify_partition(FdiskContext *context, const char *path, const LfPlanPartition *wish,
			     uint32_t sector, GError **error)
{
	g_autoptr(FdiskPartition) found = NULL;
	const char *type;

	if (fdisk_get_partition(context, wish->number - 1, &found) < 0 ||
	    !fdisk_partition_has_start(found) || !fdisk_partition_has_size(found))
		return throw_differs(error, path, wish->number, "place");
	if (fdisk_partition_get_start(found) != wish->start_bytes / sector ||
	    fdisk_partition_get_size(found) != wish->size_bytes / sector)
		return throw_differs(error, path, wish->number, "place");
	type = fdisk_parttype_get_string(fdisk_partition_get_type(found));
	if (!type || g_ascii_strcasecmp(type, wish->type) != 0)
		return throw_differs(error, path, wish->number, "type");
	if (g_ascii_strcasecmp(fdisk_partition_get_uuid(found), wish->uuid) != 0)
		return throw_differs(error, path, wish->number, "UUID");
	if (g_strcmp0(fdisk_partition_get_name(found), wish->name) != 0)
		return throw_differs(error, path, wish->number, "name");
	if (is_left_to_fstab(wish) != (g_strcmp0(fdisk_partition_get_attrs(found), NO_AUTO) == 0))
		return throw_differs(error, path, wish->number, "attribute");
	return true;
}

bool lf_gpt_verify(int fd, const char *path, const LfPlan *plan, GError **error)
{
	g_autoptr(FdiskContext) context = open_context(fd, path, plan, true, error);
	size_t n_found = 0;

	if (!context)
		return false;
	if (!fdisk_has_label(context) || !fdisk_is_labeltype(context, FDISK_DISKLABEL_GPT))
		return lf_throw(error, LF_ERROR_IO, "'%s' has no partition table", path);
	for (guint i = 0; i < plan->partitions->len; i++)
		if (!verify_partition(context, path, g_ptr_array_index(plan->partitions, i),
				      plan->sector_bytes, error))
			return false;
	n_found = fdisk_get_npartitions(context);
	for (size_t i = plan->partitions->len; i < n_found; i++)
		if (fdisk_is_partition_used(context, i))
			return lf_throw(error, LF_ERROR_IO, "'%s' has an unplanned partition %zu",
					path, i + 1);
	return true;
}

static bool add_volume(LfInstall *install, const LfPlanPartition *partition, GError **error)
{
	g_autofree char *node = NULL;
	LfVolume *volume;

	if (!lf_disk_partition_node(install->disk, partition, install->held, &node, error))
		return false;
	volume = g_new0(LfVolume, 1);
	volume->partition = partition;
	volume->fs_node = g_strdup(node);
	volume->node = g_steal_pointer(&node);
	g_ptr_array_add(install->volumes, volume);
	return true;
}

bool lf_effect_table(LfInstall *install, GError **error)
{
	const LfPlan *plan = install->plan;
	int fd = lf_disk_fd(install->disk);

	if (!lf_gpt_write(fd, plan->disk, plan, error) ||
	    !lf_gpt_verify(fd, plan->disk, plan, error) || !lf_wipe_around_table(install, error) ||
	    !lf_disk_reread(install->disk, error))
		return false;
	for (guint i = 0; i < plan->partitions->len; i++)
		if (!add_volume(install, g_ptr_array_index(plan->partitions, i), error))
			return false;
	return true;
}
