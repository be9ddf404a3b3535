// The target disk: lock, claim, zeroing, partition nodes.
// Not here: what is written to it (wipe.c, gpt.c, luks.c).
#include "installer/apply/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "installer/apply/effects.h"
#include "installer/apply/loop.h"

#define NODE_DEADLINE_US   (10 * G_USEC_PER_SEC)
#define REREAD_DEADLINE_US (5 * G_USEC_PER_SEC)
#define POLL_US		   20000
#define ZERO_CHUNK_BYTES   (1024 * 1024)
#define SYSFS_SECTOR_BYTES 512

struct LfDisk {
	char *path;
	int fd;	      /* holds the lock */
	int claim_fd; /* opened O_EXCL; -1 once partitions may be used */
	bool is_file;
	uint64_t size_bytes;
	uint32_t sector_bytes;
	uint64_t spared_start, spared_end; /* never written to; both 0: nothing */
};

// Two descriptors: while one claims the device no partition of it can be mounted, so the claim ends
// with the partition table; the lock must outlive it without a gap, else udev re-reads the table.
static bool open_and_lock(LfDisk *disk, GError **error)
{
	if (!lf_openat(AT_FDCWD, disk->path, O_RDWR | O_NOCTTY, 0, &disk->fd, error))
		return lf_rethrow(error, LF_ERROR_TARGET);
	if (flock(disk->fd, LOCK_EX | LOCK_NB) == 0)
		return true;
	if (errno != EWOULDBLOCK)
		return lf_throw_errno(error, "cannot lock '%s'", disk->path);
	// udev holds a shared lock for moments while it looks at a disk.
	for (gint64 end = g_get_monotonic_time() + REREAD_DEADLINE_US; g_get_monotonic_time() < end;
	     g_usleep(POLL_US))
		if (flock(disk->fd, LOCK_EX | LOCK_NB) == 0)
			return true;
	return lf_throw(error, LF_ERROR_TARGET,
			"disk '%s' is locked by another program: end that program", disk->path);
}

static bool claim(LfDisk *disk, GError **error)
{
	disk->claim_fd = open(disk->path, O_RDWR | O_EXCL | O_CLOEXEC);
	if (disk->claim_fd >= 0)
		return true;
	if (errno == EBUSY)
		return lf_throw(error, LF_ERROR_TARGET,
				"disk '%s' is in use: unmount what is on it or choose another disk",
				disk->path);
	return lf_throw_errno(error, "cannot claim '%s'", disk->path);
}

static bool measure(LfDisk *disk, GError **error)
{
	int is_readonly = 0, sector = 0;
	struct stat st;

	if (fstat(disk->fd, &st) < 0)
		return lf_throw_errno(error, "cannot look at '%s'", disk->path);
	disk->is_file = S_ISREG(st.st_mode);
	disk->size_bytes = (uint64_t)st.st_size;
	if (disk->is_file)
		return true;
	if (!S_ISBLK(st.st_mode))
		return lf_throw(error, LF_ERROR_TARGET, "'%s' is not a disk", disk->path);
	if (ioctl(disk->fd, BLKGETSIZE64, &disk->size_bytes) < 0 ||
	    ioctl(disk->fd, BLKSSZGET, &sector) < 0 || ioctl(disk->fd, BLKROGET, &is_readonly) < 0)
		return lf_throw_errno(error, "cannot measure '%s'", disk->path);
	disk->sector_bytes = (uint32_t)sector;
	if (is_readonly)
		return lf_throw(error, LF_ERROR_TARGET,
				"disk '%s' is read-only: remove its write protection", disk->path);
	return true;
}

LfDisk *lf_disk_open(const char *path, GError **error)
{
	g_autoptr(LfDisk) disk = g_new0(LfDisk, 1);

	disk->path = g_strdup(path);
	disk->fd = disk->claim_fd = -1;
	if (!open_and_lock(disk, error) || !measure(disk, error))
		return NULL;
	if (!disk->is_file && !claim(disk, error))
		return NULL;
	return g_steal_pointer(&disk);
}

int lf_disk_fd(const LfDisk *disk)
{
	return disk->fd;
}

const char *lf_disk_path(const LfDisk *disk)
{
	return disk->path;
}

bool lf_disk_is_file(const LfDisk *disk)
{
	return disk->is_file;
}

uint64_t lf_disk_size_bytes(const LfDisk *disk)
{
	return disk->size_bytes;
}

uint32_t lf_disk_sector_bytes(const LfDisk *disk)
{
	return disk->sector_bytes;
}

static bool zero_by_writing(const LfDisk *disk, uint64_t start, uint64_t size, GError **error)
{
	g_autofree char *zeros = g_malloc0(ZERO_CHUNK_BYTES);

	while (size > 0) {
		size_t part = (size_t)MIN(size, ZERO_CHUNK_BYTES);

		if (!lf_pwrite_all(disk->fd, zeros, part, start, error))
			return lf_prefix(error, "cannot wipe '%s'", disk->path);
		start += part;
		size -= part;
	}
	return true;
}

void lf_disk_spare(LfDisk *disk, uint64_t start_bytes, uint64_t size_bytes)
{
	disk->spared_start = start_bytes;
	disk->spared_end = start_bytes + size_bytes;
}

static bool zero_range(const LfDisk *disk, uint64_t start, uint64_t end, GError **error)
{
	uint64_t range[2] = { start, end - MIN(start, end) };
	int zero_fd = disk->claim_fd >= 0 ? disk->claim_fd : disk->fd;

	if (range[1] == 0)
		return true;
	// The command works below the page cache and drops what was cached of the range.
	if (!disk->is_file && ioctl(zero_fd, BLKZEROOUT, range) == 0)
		return true;
	return zero_by_writing(disk, range[0], range[1], error);
}

bool lf_disk_zero(const LfDisk *disk, uint64_t start_bytes, uint64_t size_bytes, GError **error)
{
	uint64_t end;

	if (start_bytes >= disk->size_bytes)
		return true;
	end = start_bytes + MIN(size_bytes, disk->size_bytes - start_bytes);
	if (disk->spared_end == 0)
		return zero_range(disk, start_bytes, end, error);
	return zero_range(disk, start_bytes, MIN(end, disk->spared_start), error) &&
	       zero_range(disk, MAX(start_bytes, disk->spared_end), end, error);
}

bool lf_disk_reread(LfDisk *disk, GError **error)
{
	gint64 end = g_get_monotonic_time() + REREAD_DEADLINE_US;

	if (disk->is_file)
		return true;
	while (ioctl(disk->claim_fd, BLKRRPART) < 0) {
		if (errno != EBUSY || g_get_monotonic_time() > end)
			return lf_throw_errno(error, "the kernel does not take '%s''s new table",
					      disk->path);
		g_usleep(POLL_US);
	}
	lf_close_fd(&disk->claim_fd);
	return true;
}

// The kernel's rule: a name that ends in a digit gets a 'p' before the number.
static char *node_path(const LfDisk *disk, unsigned number)
{
	bool ends_in_digit = g_ascii_isdigit(disk->path[strlen(disk->path) - 1]);

	return g_strdup_printf("%s%s%u", disk->path, ends_in_digit ? "p" : "", number);
}

// What the kernel shows under this node, in bytes; false when there is none.
static bool look_at_node(const char *node, uint64_t *ret_start, uint64_t *ret_size)
{
	g_autofree char *name = g_path_get_basename(node);
	g_autofree char *sys = g_strdup_printf("/sys/class/block/%s/start", name);
	g_autofree char *text = lf_read_text_at(AT_FDCWD, sys, 64, NULL);
	lf_autofd fd = open(node, O_RDONLY | O_CLOEXEC);

	if (!text || fd < 0 || ioctl(fd, BLKGETSIZE64, ret_size) < 0)
		return false;
	*ret_start = g_ascii_strtoull(text, NULL, 10) * SYSFS_SECTOR_BYTES;
	return true;
}

static bool wait_for_node(const char *node, const LfPlanPartition *partition, GError **error)
{
	gint64 end = g_get_monotonic_time() + NODE_DEADLINE_US;
	uint64_t start = 0, size = 0;
	bool is_there;

	for (;;) {
		is_there = look_at_node(node, &start, &size);
		if (is_there && start == partition->start_bytes && size == partition->size_bytes)
			return true;
		if (g_get_monotonic_time() > end)
			break;
		g_usleep(POLL_US);
	}
	if (!is_there)
		return lf_throw(error, LF_ERROR_IO, "partition '%s' did not appear in 10 s", node);
	return lf_throw(error, LF_ERROR_IO,
			"'%s' shows start %" G_GUINT64_FORMAT " and size %" G_GUINT64_FORMAT
			" where %" G_GUINT64_FORMAT " and %" G_GUINT64_FORMAT " were written",
			node, start, size, partition->start_bytes, partition->size_bytes);
}

bool lf_disk_partition_node(const LfDisk *disk, const LfPlanPartition *partition, LfScope *held,
			    char **ret_node, GError **error)
{
	g_autofree char *node = NULL;

	if (disk->is_file)
		return lf_loop_attach(disk->fd, partition->start_bytes, partition->size_bytes, held,
				      ret_node, error);
	node = node_path(disk, partition->number);
	if (!wait_for_node(node, partition, error))
		return false;
	*ret_node = g_steal_pointer(&node);
	return true;
}

bool lf_disk_flush(const LfDisk *disk, GError **error)
{
	if (fsync(disk->fd) < 0)
		return lf_throw_errno(error, "cannot flush '%s'", disk->path);
	return true;
}

void lf_disk_free(LfDisk *disk)
{
	if (!disk)
		return;
	lf_close_fd(&disk->claim_fd);
	lf_close_fd(&disk->fd);
	g_free(disk->path);
	g_free(disk);
}

static bool release_disk(void *object, GError **error)
{
	LfInstall *install = object;

	g_clear_pointer(&install->disk, lf_disk_free);
	return true;
}

// A disk that got boot files and then failed must not start half a system. Only the ESP's beginning
// has to go: without it firmware finds nothing there.
static bool release_bootability(void *object, GError **error)
{
	LfInstall *install = object;
	const LfPlanPartition *esp = lf_plan_partition(install->plan, LF_ROLE_ESP);

	if (!install->is_bootable || install->is_whole || !esp)
		return true;
	install->is_bootable = false;
	return lf_disk_zero(install->disk, esp->start_bytes, 1024 * 1024, error) &&
	       lf_disk_flush(install->disk, error);
}

static bool check_as_planned(const LfInstall *install, GError **error)
{
	const LfPlan *plan = install->plan;
	uint32_t sector = lf_disk_sector_bytes(install->disk);

	if (lf_disk_size_bytes(install->disk) != plan->disk_size_bytes)
		return lf_throw(
			error, LF_ERROR_TARGET,
			"disk '%s' has %" G_GUINT64_FORMAT " bytes now, not the %" G_GUINT64_FORMAT
			" it was planned with: start the install again",
			plan->disk, lf_disk_size_bytes(install->disk), plan->disk_size_bytes);
	if (sector != 0 && sector != plan->sector_bytes)
		return lf_throw(
			error, LF_ERROR_TARGET,
			"disk '%s' has sectors of %u bytes, not %u: start the install again",
			plan->disk, sector, plan->sector_bytes);
	return true;
}

static void spare_kept(const LfInstall *install)
{
	const GPtrArray *partitions = install->plan->partitions;

	for (guint i = 0; i < partitions->len; i++) {
		const LfPlanPartition *partition = g_ptr_array_index(partitions, i);

		if (partition->is_kept)
			lf_disk_spare(install->disk, partition->start_bytes, partition->size_bytes);
	}
}

bool lf_effect_check_disk(LfInstall *install, GError **error)
{
	install->disk = lf_disk_open(install->plan->disk, error);
	if (!install->disk)
		return false;
	lf_scope_push(install->held, release_disk, install, "the disk '%s'", install->plan->disk);
	lf_scope_push(install->held, release_bootability, install, "the boot files");
	install->disk_depth = lf_scope_depth(install->held);
	spare_kept(install);
	return check_as_planned(install, error);
}
