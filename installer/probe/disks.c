// The machine's disks, from sysfs and udev's database.
// Not here: what is on them (table.c), what uses them (holders.c), which one is taken (plan).
#include "installer/probe/disks.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "installer/probe/table.h"
#include "installer/probe/udev.h"
#include "installer/probe/world.h"

#define SCSI_TYPE_CDROM	  5
#define SYSFS_BLOCK_BYTES 512
#define MAX_SECTORS	  ((uint64_t)1 << 51)

bool lf_disk_is_virtual(const char *name)
{
	static const char *const prefixes[] = { "ram", "loop", "zram", "dm-", "md",
						"nbd", "fd",   "drbd", "rbd" };

	for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++) {
		size_t length = strlen(prefixes[i]);

		if (strncmp(name, prefixes[i], length) == 0 &&
		    (g_ascii_isdigit(name[length]) || name[length] == '_' ||
		     prefixes[i][length - 1] == '-'))
			return true;
	}
	return false;
}

char *lf_disk_node(const char *name)
{
	return g_strdelimit(g_strconcat("/dev/", name, NULL), "!", '/');
}

// --- what it is ---------------------------------------------------------------------------------

static char *first_of(char *texts[], size_t n_texts)
{
	char *found = NULL;

	for (size_t i = 0; i < n_texts; i++) {
		if (!found)
			found = g_steal_pointer(&texts[i]);
		g_free(texts[i]);
	}
	return found;
}

#define FIRST_OF(...)                                                                              \
	first_of((char *[]){ __VA_ARGS__ }, sizeof((char *[]){ __VA_ARGS__ }) / sizeof(char *))

// The unit serial number page of SCSI: four bytes of header, then text. SPC-5, 7.7.19
static char *vpd_serial(int root_fd, const char *name)
{
	g_autoptr(GBytes) page = lf_world_bytes(root_fd, "sys/block/%s/device/vpd_pg80", name);
	gsize size = 0;
	const char *data = page ? g_bytes_get_data(page, &size) : NULL;
	g_autofree char *text = size > 4 ? g_strndup(data + 4, size - 4) : NULL;

	return lf_fact_text(text);
}

static char *model_of(int root_fd, const char *name, const LfUdev *udev)
{
	g_autofree char *vendor = lf_world_text(root_fd, "sys/block/%s/device/vendor", name);
	g_autofree char *model = FIRST_OF(lf_world_text(root_fd, "sys/block/%s/device/model", name),
					  lf_world_text(root_fd, "sys/block/%s/device/name", name),
					  lf_udev_get(udev, "ID_MODEL"));

	// "ATA" is libata's word, and virtio's vendor is a PCI number.
	if (!model || !vendor || strcmp(vendor, "ATA") == 0 || g_str_has_prefix(vendor, "0x"))
		return g_steal_pointer(&model);
	return g_strconcat(vendor, " ", model, NULL);
}

static char *serial_of(int root_fd, const char *name, const LfUdev *udev)
{
	return FIRST_OF(lf_world_text(root_fd, "sys/block/%s/serial", name),
			lf_world_text(root_fd, "sys/block/%s/device/serial", name),
			lf_udev_get(udev, "ID_SCSI_SERIAL"), lf_udev_get(udev, "ID_SERIAL_SHORT"),
			vpd_serial(root_fd, name));
}

static char *wwn_of(int root_fd, const char *name, const LfUdev *udev)
{
	static const char *const kinds[] = { "naa.", "eui.", "uuid.", "nvme." };
	g_autofree char *wwid = FIRST_OF(lf_world_text(root_fd, "sys/block/%s/wwid", name),
					 lf_world_text(root_fd, "sys/block/%s/device/wwid", name));

	// Other kinds ("t10.ATA …") are model and serial once more.
	for (size_t i = 0; wwid && i < G_N_ELEMENTS(kinds); i++)
		if (g_str_has_prefix(wwid, kinds[i]))
			return g_steal_pointer(&wwid);
	return FIRST_OF(lf_udev_get(udev, "ID_WWN_WITH_EXTENSION"), lf_udev_get(udev, "ID_WWN"));
}

// The driver's names first, then the way through sysfs to the controller.
static const char *transport_of(int root_fd, const char *name)
{
	static const struct {
		const char *in_path;
		bool is_name;
		const char *transport;
	} rows[] = {
		{ "nvme", true, "nvme" },   { "vd", true, "virtio" },
		{ "mmcblk", true, "mmc" },  { "/usb", false, "usb" },
		{ "/ata", false, "sata" },  { "/end_device-", false, "sas" },
		{ "/host", false, "scsi" }, { "hd", true, "ide" },
	};
	g_autofree char *path = lf_world_link(root_fd, "sys/block/%s", name);

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (rows[i].is_name ? g_str_has_prefix(name, rows[i].in_path)
				    : path && strstr(path, rows[i].in_path))
			return rows[i].transport;
	}
	return NULL;
}

static char **links_of(const LfUdev *udev)
{
	g_autoptr(GPtrArray) links = g_ptr_array_new();

	for (guint i = 0; i < udev->links->len; i++)
		if (g_str_has_prefix(udev->links->pdata[i], "/dev/disk/"))
			g_ptr_array_add(links, g_strdup(udev->links->pdata[i]));
	g_ptr_array_add(links, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&links), FALSE);
}

static bool is_cdrom(int root_fd, const char *name)
{
	return (g_str_has_prefix(name, "sr") && g_ascii_isdigit(name[2])) ||
	       lf_world_uint(root_fd, 0, "sys/block/%s/device/type", name) == SCSI_TYPE_CDROM;
}

static void fill_identity(LfFactDisk *disk, int root_fd)
{
	const char *name = disk->name;
	g_autofree char *number = lf_world_text(root_fd, "sys/block/%s/dev", name);
	g_autoptr(LfUdev) udev = lf_udev_load(root_fd, number ? number : "");

	g_strfreev(disk->links);
	disk->links = links_of(udev);
	disk->model = model_of(root_fd, name, udev);
	disk->serial = serial_of(root_fd, name, udev);
	disk->wwn = wwn_of(root_fd, name, udev);
	disk->transport = g_strdup(transport_of(root_fd, name));
	disk->is_cdrom = is_cdrom(root_fd, name);
}

static void fill_geometry(LfFactDisk *disk, int root_fd)
{
	const char *name = disk->name;
	uint64_t sectors = lf_world_uint(root_fd, 0, "sys/block/%s/size", name);

	disk->size_bytes = MIN(sectors, MAX_SECTORS) * SYSFS_BLOCK_BYTES;
	disk->sector_bytes = (uint32_t)lf_world_uint(root_fd, 512,
						     "sys/block/%s/queue/logical_block_size", name);
	disk->physical_bytes = (uint32_t)lf_world_uint(
		root_fd, disk->sector_bytes, "sys/block/%s/queue/physical_block_size", name);
	disk->is_removable = lf_world_uint(root_fd, 0, "sys/block/%s/removable", name) != 0;
	disk->is_readonly = lf_world_uint(root_fd, 0, "sys/block/%s/ro", name) != 0;
	disk->is_rotational = lf_world_uint(root_fd, 0, "sys/block/%s/queue/rotational", name) != 0;
}

// --- what is on it ------------------------------------------------------------------------------

static void fill_content(LfFactDisk *disk, int root_fd)
{
	lf_autofd fd = -1;

	// O_NONBLOCK: a drive with removable media must not wait for one.
	if (disk->is_cdrom || disk->size_bytes == 0)
		return;
	if (!lf_openat(root_fd, disk->path + 1, O_RDONLY | O_NONBLOCK, 0, &fd, NULL)) {
		disk->table = g_strdup(LF_FACT_UNREADABLE);
		return;
	}
	lf_table_probe(fd, disk);
}

static LfFactPartition *find_partition(LfFactDisk *disk, unsigned number)
{
	for (guint i = 0; i < disk->partitions->len; i++) {
		LfFactPartition *partition = disk->partitions->pdata[i];

		if (partition->number == number)
			return partition;
	}
	return NULL;
}

// The kernel may know, and use, a partition that the table does not show any more.
static void add_kernel_partition(LfFactDisk *disk, int root_fd, const LfHolders *holders,
				 const char *name)
{
	unsigned number =
		(unsigned)lf_world_uint(root_fd, 0, "sys/block/%s/%s/partition", disk->name, name);
	g_autofree char *sysfs = g_strdup_printf("sys/block/%s/%s", disk->name, name);
	g_autofree char *path = lf_disk_node(name);
	LfFactPartition *partition;

	if (number == 0 || number > 255)
		return;
	partition = find_partition(disk, number);
	if (!partition && disk->partitions->len < 256) {
		uint64_t start = lf_world_uint(root_fd, 0, "%s/start", sysfs);
		uint64_t size = lf_world_uint(root_fd, 0, "%s/size", sysfs);

		partition = lf_fact_partition_new();
		partition->number = number;
		partition->start_bytes = MIN(start, MAX_SECTORS) * SYSFS_BLOCK_BYTES;
		partition->size_bytes = MIN(size, MAX_SECTORS) * SYSFS_BLOCK_BYTES;
		g_ptr_array_add(disk->partitions, partition);
	}
	if (!partition)
		return;
	g_free(partition->path);
	partition->path = g_strdup(path);
	lf_holders_fill(holders, root_fd, sysfs, path, partition);
}

static void fill_holders(LfFactDisk *disk, int root_fd, const LfHolders *holders)
{
	g_auto(GStrv) names = lf_world_list(root_fd, "sys/block/%s", disk->name);
	g_autofree char *sysfs = g_strdup_printf("sys/block/%s", disk->name);
	g_autoptr(LfFactPartition) bare = lf_fact_partition_new();
	LfFactPartition *found = find_partition(disk, 0);

	for (char **name = names; *name; name++)
		if (lf_world_has(root_fd, "%s/%s/partition", sysfs, *name))
			add_kernel_partition(disk, root_fd, holders, *name);
	lf_holders_fill(holders, root_fd, sysfs, disk->path, found ? found : bare);
	if (found || !*bare->holders)
		return;
	bare->path = g_strdup(disk->path);
	bare->size_bytes = disk->size_bytes;
	g_ptr_array_insert(disk->partitions, 0, g_steal_pointer(&bare));
}

void lf_disks_load(const LfHost *host, const LfHolders *holders, GPtrArray *disks)
{
	g_auto(GStrv) names = lf_world_list(host->root_fd, "sys/block");

	for (char **name = names; *name; name++) {
		LfFactDisk *disk;

		// Hidden: a path of a multipath NVMe namespace, whose head is the disk.
		if (lf_disk_is_virtual(*name) ||
		    lf_world_uint(host->root_fd, 0, "sys/block/%s/hidden", *name) != 0)
			continue;
		disk = lf_fact_disk_new();
		disk->name = g_strdup(*name);
		disk->path = lf_disk_node(*name);
		fill_identity(disk, host->root_fd);
		fill_geometry(disk, host->root_fd);
		fill_content(disk, host->root_fd);
		fill_holders(disk, host->root_fd, holders);
		g_ptr_array_add(disks, disk);
	}
}
