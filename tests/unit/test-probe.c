// Facts of a machine out of a directory tree that stands for "/".
#include "installer/probe/probe.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "installer/probe/disks.h"
#include "installer/probe/udev.h"
#include "tests/unit/machine.h"

#define EFI_GLOBAL "8be4df61-93ca-11d2-aa0d-00e098032b8c"

// --- a world ------------------------------------------------------------------------------------

static void put_bytes(const char *root, const char *path, const void *data, size_t size)
{
	g_autofree char *full = g_build_filename(root, path, NULL);
	g_autofree char *folder = g_path_get_dirname(full);
	g_autoptr(GError) error = NULL;

	assert_int_equal(g_mkdir_with_parents(folder, 0755), 0);
	assert_ok(g_file_set_contents(full, data, (gssize)size, &error), error);
}

static void put(const char *root, const char *path, const char *text)
{
	put_bytes(root, path, text, strlen(text));
}

static void put_link(const char *root, const char *path, const char *target)
{
	g_autofree char *full = g_build_filename(root, path, NULL);
	g_autofree char *folder = g_path_get_dirname(full);

	assert_int_equal(g_mkdir_with_parents(folder, 0755), 0);
	assert_int_equal(symlink(target, full), 0);
}

typedef struct {
	const char *path;
	const char *text;
} WorldFile;

static void put_all(const char *root, const WorldFile *files, size_t n_files)
{
	for (size_t i = 0; i < n_files; i++)
		put(root, files[i].path, files[i].text);
}

static bool no_randomness(void *bytes, size_t size)
{
	return false;
}

static bool fixed_randomness(void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((uint8_t *)bytes)[i] = (uint8_t)i;
	return true;
}

static LfFacts *probe(const char *root)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfHost) host = lf_host_new(root, &error);
	LfFacts *facts;

	assert_ok(host, error);
	host->random = fixed_randomness;
	facts = lf_probe_machine(host, &error);
	assert_ok(facts, error);
	return facts;
}

// A file of this size in dev/ that reads as zeros.
static void put_disk(const char *root, const char *name, off_t size_bytes)
{
	g_autofree char *path = g_strconcat("dev/", name, NULL);
	g_autofree char *full = g_build_filename(root, path, NULL);

	put(root, path, "");
	assert_int_equal(truncate(full, size_bytes), 0);
}

// --- the machine --------------------------------------------------------------------------------

static void an_empty_world_has_facts_too(void **state)
{
	g_autoptr(LfTestDir) root = lf_test_dir();
	g_autoptr(LfFacts) facts = probe(root);

	assert_int_equal(facts->disks->len, 0);
	assert_int_equal(facts->nics->len, 0);
	assert_false(facts->is_uefi);
	assert_null(facts->tpm_version);
	assert_null(facts->boot_medium);
	assert_null(facts->network_args);
	assert_non_null(facts->architecture);
	assert_string_equal(facts->salt, TEST_SALT);
}

static void without_randomness_there_are_no_facts(void **state)
{
	g_autoptr(LfTestDir) root = lf_test_dir();
	g_autoptr(GError) error = NULL;
	g_autoptr(LfHost) host = lf_host_new(root, &error);
	g_autoptr(LfFacts) facts = NULL;

	host->random = no_randomness;
	facts = lf_probe_machine(host, &error);
	assert_throws(facts, error, LF_ERROR_INTERNAL, "randomness");
}

static const WorldFile server[] = {
	{ "proc/sys/kernel/arch", "aarch64\n" },
	{ "proc/cmdline", "quiet ip=dhcp console=ttyS0 nameserver=192.0.2.3\n" },
	{ "proc/meminfo", "MemTotal:        2027536 kB\nMemFree: 1 kB\n" },
	{ "sys/devices/system/cpu/online", "0-3,6\n" },
	{ "sys/class/dmi/id/sys_vendor", "ACME  Inc. \n" },
	{ "sys/class/dmi/id/product_name", "Edge 1\n" },
	{ "sys/class/dmi/id/product_serial", "CZ123\n" },
	{ "sys/class/dmi/id/product_uuid", "4C4C4544-0031-AAAA-8033-B8C04F4E3332\n" },
	{ "sys/class/dmi/id/chassis_asset_tag", "To Be Filled By O.E.M.\n" },
	{ "sys/class/tpm/tpm0/tpm_version_major", "2\n" },
	{ "dev/tpmrm0", "" },
	{ "sys/class/net/lo/type", "772\n" },
	{ "sys/class/net/eth10/type", "1\n" },
	{ "sys/class/net/eth10/address", "52:54:00:12:34:57\n" },
	{ "sys/class/net/eth10/carrier", "0\n" },
	{ "sys/class/net/eth2/type", "1\n" },
	{ "sys/class/net/eth2/address", "52:54:00:12:34:56\n" },
	{ "sys/class/net/eth2/carrier", "1\n" },
	{ "sys/class/net/bond0/type", "1\n" },
	{ "sys/class/net/wlan0/type", "1\n" },
	{ "sys/class/net/wlan0/device/x", "" },
	{ "sys/class/net/wlan0/phy80211/x", "" },
};

static void the_machine_is_told_as_sysfs_shows_it(void **state)
{
	g_autoptr(LfTestDir) root = lf_test_dir();
	g_autoptr(LfFacts) facts = NULL;
	const LfFactNic *nic;

	put_all(root, server, G_N_ELEMENTS(server));
	put_link(root, "sys/class/net/eth2/device/driver", "../../../bus/pci/drivers/ixgbe");
	put_link(root, "sys/class/net/eth10/device/driver", "../../../bus/pci/drivers/ixgbe");
	facts = probe(root);
	assert_string_equal(facts->network_args, "ip=dhcp nameserver=192.0.2.3");
	assert_string_equal(facts->architecture, "aarch64");
	assert_int_equal(facts->memory_bytes, UINT64_C(2027536) * 1024);
	assert_int_equal(facts->cpus, 5);
	assert_string_equal(facts->vendor, "ACME Inc.");
	assert_string_equal(facts->product, "Edge 1");
	assert_string_equal(facts->serial, "CZ123");
	assert_string_equal(facts->uuid, "4c4c4544-0031-aaaa-8033-b8c04f4e3332");
	assert_null(facts->asset_tag);
	assert_string_equal(facts->tpm_version, "2");
	assert_string_equal(facts->tpm_device, "/dev/tpmrm0");
	assert_int_equal(facts->nics->len, 2);
	nic = facts->nics->pdata[0];
	assert_string_equal(nic->name, "eth2");
	assert_string_equal(nic->mac, "52:54:00:12:34:56");
	assert_string_equal(nic->driver, "ixgbe");
	assert_true(nic->has_carrier);
	assert_false(((const LfFactNic *)facts->nics->pdata[1])->has_carrier);
}

static void a_tpm_2_goes_before_an_older_one(void **state)
{
	g_autoptr(LfTestDir) root = lf_test_dir();
	g_autoptr(LfFacts) old = NULL;
	g_autoptr(LfFacts) both = NULL;

	put(root, "sys/class/tpm/tpm0/tpm_version_major", "1\n");
	old = probe(root);
	assert_string_equal(old->tpm_version, "1.2");
	assert_null(old->tpm_device);
	put(root, "sys/class/tpm/tpm1/tpm_version_major", "2\n");
	put(root, "dev/tpmrm1", "");
	both = probe(root);
	assert_string_equal(both->tpm_version, "2");
	assert_string_equal(both->tpm_device, "/dev/tpmrm1");
}

static void firmware_flags_come_from_efi_variables(void **state)
{
	static const struct {
		const char *mountinfo;
		const char *secure, *setup; /* with four bytes of attributes */
		size_t size;
		bool has_variables, is_secure, is_setup;
	} rows[] = {
		{ "30 1 0:30 / /sys/firmware/efi/efivars rw,nosuid - efivarfs efivarfs rw\n",
		  "\6\0\0\0\1", "\6\0\0\0\0", 5, true, true, false },
		{ "30 1 0:30 / /sys/firmware/efi/efivars ro,nosuid - efivarfs efivarfs rw\n",
		  "\6\0\0\0\0", "\6\0\0\0\1", 5, false, false, true },
		{ "30 1 0:30 / /sys/firmware/efi/efivars rw - tmpfs efivarfs rw\n", "\6\0\0\0\1",
		  "\6\0\0\0\1", 4, false, false, false },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(LfTestDir) root = lf_test_dir();
		g_autoptr(LfFacts) facts = NULL;

		put(root, "proc/self/mountinfo", rows[i].mountinfo);
		put_bytes(root, "sys/firmware/efi/efivars/SecureBoot-" EFI_GLOBAL, rows[i].secure,
			  rows[i].size);
		put_bytes(root, "sys/firmware/efi/efivars/SetupMode-" EFI_GLOBAL, rows[i].setup,
			  rows[i].size);
		facts = probe(root);
		assert_true(facts->is_uefi);
		assert_int_equal(facts->has_efi_variables, rows[i].has_variables);
		assert_int_equal(facts->is_secure_boot, rows[i].is_secure);
		assert_int_equal(facts->is_setup_mode, rows[i].is_setup);
	}
}

// --- disks --------------------------------------------------------------------------------------

static const WorldFile nvme[] = {
	{ "sys/block/nvme0n1/dev", "259:0\n" },
	{ "sys/block/nvme0n1/size", "40960\n" },
	{ "sys/block/nvme0n1/ro", "0\n" },
	{ "sys/block/nvme0n1/removable", "0\n" },
	{ "sys/block/nvme0n1/queue/logical_block_size", "4096\n" },
	{ "sys/block/nvme0n1/queue/physical_block_size", "4096\n" },
	{ "sys/block/nvme0n1/queue/rotational", "0\n" },
	{ "sys/block/nvme0n1/wwid", "eui.0025385b71b00001\n" },
	{ "sys/block/nvme0n1/device/model", "Samsung SSD 970 EVO    \n" },
	{ "sys/block/nvme0n1/device/serial", "S466NX0K   \n" },
	{ "sys/block/nvme0c0n1/size", "40960\n" },
	{ "sys/block/nvme0c0n1/hidden", "1\n" },
	{ "run/udev/data/b259:0", "S:disk/by-path/pci-0000:01:00.0-nvme-1\n"
				  "S:disk/by-id/nvme-eui.0025385b71b00001\nS:other/link\n"
				  "I:123\nE:ID_MODEL=wrong\nG:systemd\n" },
};

static void an_nvme_disk_is_told_whole(void **state)
{
	g_autoptr(LfTestDir) root = lf_test_dir();
	g_autoptr(LfFacts) facts = NULL;
	const LfFactDisk *disk;

	put_all(root, nvme, G_N_ELEMENTS(nvme));
	put_disk(root, "nvme0n1", 40960 * 512);
	facts = probe(root);
	assert_int_equal(facts->disks->len, 1);
	disk = facts->disks->pdata[0];
	assert_string_equal(disk->path, "/dev/nvme0n1");
	assert_string_equal(disk->model, "Samsung SSD 970 EVO");
	assert_string_equal(disk->serial, "S466NX0K");
	assert_string_equal(disk->wwn, "eui.0025385b71b00001");
	assert_string_equal(disk->transport, "nvme");
	assert_int_equal(disk->size_bytes, 40960 * 512);
	assert_int_equal(disk->sector_bytes, 4096);
	assert_false(disk->is_rotational);
	assert_string_equal(disk->links[0], "/dev/disk/by-id/nvme-eui.0025385b71b00001");
	assert_string_equal(disk->links[1], "/dev/disk/by-path/pci-0000:01:00.0-nvme-1");
	assert_null(disk->links[2]);
	assert_null(disk->table);
	assert_int_equal(disk->partitions->len, 0);
}

static const WorldFile sata[] = {
	{ "sys/devices/pci0/ata1/host0/target0/block/sda/dev", "8:0\n" },
	{ "sys/devices/pci0/ata1/host0/target0/block/sda/size", "8192\n" },
	{ "sys/devices/pci0/ata1/host0/target0/block/sda/ro", "1\n" },
	{ "sys/devices/pci0/ata1/host0/target0/block/sda/removable", "1\n" },
	{ "sys/devices/pci0/ata1/host0/target0/block/sda/queue/rotational", "1\n" },
	{ "sys/devices/pci0/ata1/host0/target0/block/sda/device/vendor", "ATA     \n" },
	{ "sys/devices/pci0/ata1/host0/target0/block/sda/device/model", "WDC WD10\n" },
	{ "sys/devices/pci0/ata1/host0/target0/block/sda/device/wwid", "t10.ATA  WDC\n" },
	{ "run/udev/data/b8:0", "E:ID_SERIAL_SHORT=WD-X1\nE:ID_WWN=0x50014ee2b1\n" },
};

static void a_sata_disk_takes_serial_and_wwn_from_udev(void **state)
{
	g_autoptr(LfTestDir) root = lf_test_dir();
	g_autoptr(LfFacts) facts = NULL;
	const LfFactDisk *disk;

	put_all(root, sata, G_N_ELEMENTS(sata));
	put_link(root, "sys/block/sda", "../devices/pci0/ata1/host0/target0/block/sda");
	put_disk(root, "sda", 8192 * 512);
	facts = probe(root);
	disk = facts->disks->pdata[0];
	assert_string_equal(disk->model, "WDC WD10");
	assert_string_equal(disk->serial, "WD-X1");
	assert_string_equal(disk->wwn, "0x50014ee2b1");
	assert_string_equal(disk->transport, "sata");
	assert_true(disk->is_readonly);
	assert_true(disk->is_removable);
	assert_true(disk->is_rotational);
}

static void transports_are_told_by_name_and_path(void **state)
{
	static const struct {
		const char *name, *path, *transport;
	} rows[] = {
		{ "vda", "../devices/pci0/virtio1/block/vda", "virtio" },
		{ "mmcblk0", "../devices/platform/mmc0/block/mmcblk0", "mmc" },
		{ "sda", "../devices/pci0/usb1/1-1/host6/target/block/sda", "usb" },
		{ "sda", "../devices/pci0/host0/port-0:0/end_device-0:0/block/sda", "sas" },
		{ "sda", "../devices/pci0/virtio2/host2/target2/block/sda", "scsi" },
		{ "xvda", "../devices/vbd-51712/block/xvda", NULL },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(LfTestDir) root = lf_test_dir();
		g_autofree char *size = g_strdup_printf("sys/%s/size", rows[i].path + 3);
		g_autofree char *link = g_strdup_printf("sys/block/%s", rows[i].name);
		g_autoptr(LfFacts) facts = NULL;
		const LfFactDisk *disk;

		put(root, size, "0\n");
		put_link(root, link, rows[i].path);
		facts = probe(root);
		disk = facts->disks->pdata[0];
		if (rows[i].transport)
			assert_string_equal(disk->transport, rows[i].transport);
		else
			assert_null(disk->transport);
	}
}

static void scsi_serials_and_vendors_are_read(void **state)
{
	g_autoptr(LfTestDir) root = lf_test_dir();
	g_autoptr(LfFacts) facts = NULL;
	const LfFactDisk *disk;

	put(root, "sys/block/sda/size", "0\n");
	put(root, "sys/block/sda/device/vendor", "HPE     \n");
	put(root, "sys/block/sda/device/model", "LOGICAL VOLUME\n");
	put(root, "sys/block/sda/device/wwid", "naa.600508b1001c\n");
	put_bytes(root, "sys/block/sda/device/vpd_pg80", "\0\x80\0\6PWXYZ1", 10);
	facts = probe(root);
	disk = facts->disks->pdata[0];
	assert_string_equal(disk->model, "HPE LOGICAL VOLUME");
	assert_string_equal(disk->serial, "PWXYZ1");
	assert_string_equal(disk->wwn, "naa.600508b1001c");
}

static void cd_drives_are_told_from_disks(void **state)
{
	g_autoptr(LfTestDir) root = lf_test_dir();
	g_autoptr(LfFacts) facts = NULL;

	put(root, "sys/block/sr0/size", "2097151\n");
	put(root, "sys/block/sda/size", "0\n");
	put(root, "sys/block/sda/device/type", "5\n");
	put(root, "sys/block/sdb/size", "0\n");
	put(root, "sys/block/sdb/device/type", "0\n");
	facts = probe(root);
	assert_true(((LfFactDisk *)facts->disks->pdata[0])->is_cdrom);
	assert_false(((LfFactDisk *)facts->disks->pdata[1])->is_cdrom);
	assert_true(((LfFactDisk *)facts->disks->pdata[2])->is_cdrom);
}

static void what_is_made_of_other_things_is_no_disk(void **state)
{
	static const char *const no_disks[] = { "loop0", "ram1", "zram0", "dm-0",  "md127",
						"md_d0", "nbd3", "fd0",	  "drbd0", "rbd0" };
	static const char *const disks[] = { "sda", "vda",   "nvme0n1",	   "mmcblk0", "hda",
					     "sr0", "pmem0", "cciss!c0d0", "xvda",    "ramdisk" };

	for (size_t i = 0; i < G_N_ELEMENTS(no_disks); i++)
		assert_true(lf_disk_is_virtual(no_disks[i]));
	for (size_t i = 0; i < G_N_ELEMENTS(disks); i++)
		assert_false(lf_disk_is_virtual(disks[i]));
}

static void a_disk_that_cannot_be_opened_is_unreadable(void **state)
{
	g_autoptr(LfTestDir) root = lf_test_dir();
	g_autoptr(LfFacts) facts = NULL;

	put(root, "sys/block/vda/size", "8192\n");
	put(root, "sys/block/vdb/size", "8192\n");
	put_disk(root, "vdb", 4096);
	facts = probe(root);
	assert_string_equal(((LfFactDisk *)facts->disks->pdata[0])->table, LF_FACT_UNREADABLE);
	assert_string_equal(((LfFactDisk *)facts->disks->pdata[1])->table, LF_FACT_UNREADABLE);
}

static const WorldFile busy[] = {
	{ "sys/block/vda/dev", "254:0\n" },
	{ "sys/block/vda/size", "8192\n" },
	{ "sys/block/vda/vda1/partition", "1\n" },
	{ "sys/block/vda/vda1/dev", "254:1\n" },
	{ "sys/block/vda/vda1/start", "2048\n" },
	{ "sys/block/vda/vda1/size", "2048\n" },
	{ "sys/block/vda/vda2/partition", "2\n" },
	{ "sys/block/vda/vda2/dev", "254:2\n" },
	{ "sys/block/vda/vda2/holders/dm-0", "" },
	{ "sys/block/vda/vda3/partition", "3\n" },
	{ "sys/block/vda/vda3/dev", "254:3\n" },
	{ "sys/block/vda/queue/x", "" },
	{ "sys/block/vdb/dev", "254:16\n" },
	{ "sys/block/vdb/size", "8192\n" },
	{ "sys/block/vdb/holders/md127", "" },
	{ "sys/block/dm-0/dm/name", "vg-root\n" },
	{ "proc/self/mountinfo", "22 1 254:1 / /a\\040b rw shared:1 - ext4 /dev/vda1 rw\n"
				 "23 1 0:55 / /btr rw - btrfs /dev/vda1 rw\nnonsense\n" },
	{ "proc/swaps", "Filename Type Size Used Priority\n/dev/vda3 partition 1 0 -2\n" },
};

static void whoever_uses_a_partition_is_named(void **state)
{
	g_autoptr(LfTestDir) root = lf_test_dir();
	g_autoptr(LfFacts) facts = NULL;
	const LfFactDisk *disk;
	const LfFactPartition *one, *two, *three;

	put_all(root, busy, G_N_ELEMENTS(busy));
	put_disk(root, "vda", 8192 * 512);
	put_disk(root, "vdb", 8192 * 512);
	facts = probe(root);
	disk = facts->disks->pdata[0];
	assert_int_equal(disk->partitions->len, 3);
	one = disk->partitions->pdata[0];
	two = disk->partitions->pdata[1];
	three = disk->partitions->pdata[2];
	assert_string_equal(one->holders[0], "mounted on /a b");
	assert_string_equal(one->holders[1], "mounted on /btr");
	assert_int_equal(one->start_bytes, TEST_MIB);
	assert_string_equal(two->holders[0], "dm-0 (vg-root)");
	assert_string_equal(three->holders[0], "swap");
	disk = facts->disks->pdata[1];
	assert_int_equal(disk->partitions->len, 1);
	one = disk->partitions->pdata[0];
	assert_int_equal(one->number, 0);
	assert_string_equal(one->holders[0], "md127");
}

// --- udev's database ----------------------------------------------------------------------------

static void udev_records_are_bounded_and_cleaned(void **state)
{
	g_autoptr(GString) text = g_string_new("E:A=1\nE:A=2\nE:broken\nS:\nE:=x\nE:B=\033[31m\n");
	g_autoptr(LfUdev) udev = NULL;
	g_autofree char *a = NULL;
	g_autofree char *b = NULL;

	for (int i = 0; i < 2000; i++)
		g_string_append_printf(text, "S:disk/by-id/%d\nE:P%d=1\n", i, i);
	udev = lf_udev_parse(text->str, text->len);
	a = lf_udev_get(udev, "A");
	b = lf_udev_get(udev, "B");
	assert_string_equal(a, "2");
	assert_string_equal(b, "[31m");
	assert_int_equal(udev->links->len, 256);
	assert_int_equal(g_hash_table_size(udev->properties), 1024);
}

// --- the boot medium ----------------------------------------------------------------------------

static void where_the_medium_is_mounted_its_disk_is_known(void **state)
{
	g_autoptr(LfTestDir) root = lf_test_dir();
	g_autoptr(LfFacts) facts = NULL;

	put(root, "sys/block/sda/dev", "8:0\n");
	put(root, "sys/block/sda/size", "0\n");
	put(root, "sys/block/sda/sda1/dev", "8:1\n");
	put(root, "sys/block/sdb/dev", "8:16\n");
	put(root, "sys/block/sdb/size", "0\n");
	put(root, "proc/self/mountinfo",
	    "22 1 8:1 / /run/landfall/medium ro - iso9660 /dev/sda1 ro\n");
	facts = probe(root);
	assert_true(((LfFactDisk *)facts->disks->pdata[0])->is_boot_medium);
	assert_false(((LfFactDisk *)facts->disks->pdata[1])->is_boot_medium);
	assert_string_equal(facts->boot_medium, "/dev/sda");
}

static void without_a_manifest_of_our_own_no_medium_is_looked_for(void **state)
{
	g_autoptr(LfTestDir) root = lf_test_dir();
	g_autoptr(GError) error = NULL;
	g_autoptr(LfHost) host = lf_host_new(root, &error);
	g_auto(LfMedium) medium = { NULL, NULL, false };

	assert_throws(lf_probe_medium(host, &medium, &error), error, LF_ERROR_TARGET,
		      "not started from a Landfall medium");
	g_clear_error(&error);
	put(root, "etc/landfall/manifest.json", "{\"build_id\":\"\"}");
	assert_throws(lf_probe_medium(host, &medium, &error), error, LF_ERROR_INPUT, "build_id");
	assert_null(medium.path);
}

static void the_manifest_tells_the_earliest_time_that_can_be_right(void **state)
{
	static const char *const wrong[] = { "{}", "{\"built\":0}", "{\"built\":\"x\"}", "[" };
	g_autoptr(LfTestDir) root = lf_test_dir();
	g_autoptr(GError) error = NULL;
	g_autoptr(LfHost) host = lf_host_new(root, &error);
	uint64_t built_s = 0;

	assert_throws(lf_probe_built(host, &built_s, &error), error, LF_ERROR_TARGET,
		      "not started from a Landfall medium");
	put(root, "etc/landfall/manifest.json", "{\"built\":1790000000}");
	g_clear_error(&error);
	assert_ok(lf_probe_built(host, &built_s, &error), error);
	assert_int_equal(built_s, 1790000000);
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autoptr(GError) refusal = NULL;

		put(root, "etc/landfall/manifest.json", wrong[i]);
		assert_throws(lf_probe_built(host, &built_s, &refusal), refusal, LF_ERROR_INPUT,
			      "manifest.json");
	}
}

static void a_card_in_a_bond_is_known_by_its_own_address(void **state)
{
	g_autoptr(LfTestDir) root = lf_test_dir();
	g_autoptr(GError) error = NULL;
	g_autoptr(LfHost) host = lf_host_new(root, &error);
	g_autoptr(GPtrArray) nics = NULL;

	put(root, "sys/class/net/eno10/device/vendor", "0x8086\n");
	put(root, "sys/class/net/eno10/type", "1\n");
	put(root, "sys/class/net/eno10/address", "52:54:00:00:00:01\n");
	put(root, "sys/class/net/eno10/bonding_slave/perm_hwaddr", "52:54:00:00:00:10\n");
	put(root, "sys/class/net/eno2/device/vendor", "0x8086\n");
	put(root, "sys/class/net/eno2/type", "1\n");
	put(root, "sys/class/net/eno2/address", "52:54:00:00:00:02\n");
	nics = lf_probe_nics(host);
	assert_int_equal(nics->len, 2);
	assert_string_equal(((LfFactNic *)nics->pdata[0])->mac, "52:54:00:00:00:02");
	assert_string_equal(((LfFactNic *)nics->pdata[1])->mac, "52:54:00:00:00:10");
}

static void look_for_medium(const char *root, LfMedium *medium)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfHost) host = lf_host_new(root, &error);

	put(root, "etc/landfall/manifest.json", "{\"build_id\":\"b1\"}");
	assert_ok(lf_probe_medium(host, medium, &error), error);
}

static void a_drive_that_cannot_be_read_is_told(void **state)
{
	g_autoptr(LfTestDir) root = lf_test_dir();
	g_auto(LfMedium) medium = { NULL, NULL, false };

	put(root, "sys/block/sr0/size", "1000\n");
	put_disk(root, "sdb", 1 << 20);
	put(root, "sys/block/sdb/size", "2048\n");
	// No page is mapped at 32768: a read there is an input/output error.
	put_link(root, "dev/sr0", "/proc/self/mem");
	look_for_medium(root, &medium);
	assert_null(medium.path);
	assert_false(medium.is_ours);
	assert_throws(false, medium.trouble, LF_ERROR_IO,
		      "'/dev/sr0' cannot be read (Input/output error): write the medium again or "
		      "use another drive");
}

static void drives_without_a_medium_or_too_small_are_no_trouble(void **state)
{
	g_autoptr(LfTestDir) root = lf_test_dir();
	g_auto(LfMedium) medium = { NULL, NULL, false };

	put(root, "sys/block/sr0/size", "0\n");
	put_link(root, "dev/sr0", "/proc/self/mem");
	put(root, "sys/block/sr1/size", "1000\n");
	put_disk(root, "sda", 512);
	put(root, "sys/block/sda/size", "1\n");
	put_disk(root, "sdb", 1 << 20);
	put(root, "sys/block/sdb/size", "2048\n");
	look_for_medium(root, &medium);
	assert_null(medium.path);
	assert_null(medium.trouble);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(an_empty_world_has_facts_too),
		LF_TEST(without_randomness_there_are_no_facts),
		LF_TEST(the_machine_is_told_as_sysfs_shows_it),
		LF_TEST(a_tpm_2_goes_before_an_older_one),
		LF_TEST(firmware_flags_come_from_efi_variables),
		LF_TEST(an_nvme_disk_is_told_whole),
		LF_TEST(a_sata_disk_takes_serial_and_wwn_from_udev),
		LF_TEST(transports_are_told_by_name_and_path),
		LF_TEST(scsi_serials_and_vendors_are_read),
		LF_TEST(cd_drives_are_told_from_disks),
		LF_TEST(what_is_made_of_other_things_is_no_disk),
		LF_TEST(a_disk_that_cannot_be_opened_is_unreadable),
		LF_TEST(whoever_uses_a_partition_is_named),
		LF_TEST(udev_records_are_bounded_and_cleaned),
		LF_TEST(where_the_medium_is_mounted_its_disk_is_known),
		LF_TEST(without_a_manifest_of_our_own_no_medium_is_looked_for),
		LF_TEST(the_manifest_tells_the_earliest_time_that_can_be_right),
		LF_TEST(a_card_in_a_bond_is_known_by_its_own_address),
		LF_TEST(a_drive_that_cannot_be_read_is_told),
		LF_TEST(drives_without_a_medium_or_too_small_are_no_trouble),
	};

	return LF_TEST_MAIN(tests);
}
