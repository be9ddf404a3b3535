#pragma once

#include <string.h>

#include "installer/plan/plan.h"
#include "tests/unit/test.h"

/** A machine and a wish that fit each other; tests change what they are about. */

#define TEST_GIB      ((uint64_t)1 << 30)
#define TEST_MIB      ((uint64_t)1 << 20)
#define TEST_SALT     "000102030405060708090a0b0c0d0e0f"
#define TEST_CHECKSUM "1111111111111111111111111111111111111111111111111111111111111111"

static inline void lf_test_set(char **text, const char *value)
{
	g_free(*text);
	*text = g_strdup(value);
}

/** lf_test_disk: adds /dev/NAME, blank, with serial "S-NAME". */
static inline LfFactDisk *lf_test_disk(LfFacts *facts, const char *name, uint64_t size_bytes)
{
	LfFactDisk *disk = lf_fact_disk_new();

	disk->name = g_strdup(name);
	disk->path = g_strconcat("/dev/", name, NULL);
	disk->serial = g_strconcat("S-", name, NULL);
	disk->model = g_strdup("Test Disk");
	disk->transport = g_strdup("virtio");
	disk->size_bytes = size_bytes;
	disk->sector_bytes = disk->physical_bytes = 512;
	g_ptr_array_add(facts->disks, disk);
	return disk;
}

static inline LfFactPartition *lf_test_partition(LfFactDisk *disk, unsigned number,
						 const char *fstype)
{
	LfFactPartition *partition = lf_fact_partition_new();

	partition->number = number;
	partition->path =
		number ? g_strdup_printf("%s%u", disk->path, number) : g_strdup(disk->path);
	partition->fstype = g_strdup(fstype);
	partition->size_bytes = TEST_GIB;
	if (number && !disk->table)
		disk->table = g_strdup("gpt");
	g_ptr_array_add(disk->partitions, partition);
	return partition;
}

/** lf_test_facts: a UEFI machine with TPM, 2 GiB of memory, a payload of 400 MiB, and no disk yet.
 */
static inline LfFacts *lf_test_facts(void)
{
	LfFacts *facts = lf_facts_new();

	facts->architecture = g_strdup("x86_64");
	facts->salt = g_strdup(TEST_SALT);
	facts->memory_bytes = 2 * TEST_GIB;
	facts->cpus = 2;
	facts->is_uefi = facts->has_efi_variables = facts->is_secure_boot = true;
	facts->tpm_version = g_strdup("2");
	facts->tpm_device = g_strdup("/dev/tpmrm0");
	facts->payload = g_new0(LfFactPayload, 1);
	facts->payload->url = g_strdup("file:///run/landfall/medium/repo");
	facts->payload->ref = g_strdup("debian/13/x86_64/standard");
	facts->payload->checksum = g_strdup(TEST_CHECKSUM);
	facts->payload->flavour = g_strdup("standard");
	facts->payload->kernel_args = g_strdup("panic=30");
	facts->payload->size_bytes = 400 * TEST_MIB;
	return facts;
}

static inline LfPart *lf_test_part(LfProfile *profile, const char *mount, uint64_t size_mib,
				   bool is_grow)
{
	LfPart *part = g_new0(LfPart, 1);

	part->place = (LfPlace){ "site.ks", 10 + profile->parts->len, 1 };
	part->mount = g_strdup(mount);
	part->size_mib = size_mib;
	part->is_grow = is_grow;
	g_ptr_array_add(profile->parts, part);
	return part;
}

/** lf_test_profile: zerombr, clearpart --all, reqpart --add-boot, a growing root, the facts'
 * payload. */
static inline LfProfile *lf_test_profile(void)
{
	LfProfile *profile = lf_profile_new();

	profile->is_zerombr = profile->is_clearpart_given = true;
	profile->clear_mode = LF_CLEAR_ALL;
	profile->is_reqpart = profile->is_reqpart_boot = true;
	profile->ostree_osname = g_strdup("debian");
	profile->ostree_url = g_strdup("file:///run/landfall/medium/repo");
	profile->ostree_ref = g_strdup("debian/13/x86_64/standard");
	lf_test_part(profile, "/", 0, true);
	return profile;
}

/** lf_test_encrypt: with the TPM alone. */
static inline void lf_test_encrypt(LfProfile *profile)
{
	((LfPart *)profile->parts->pdata[0])->encryption.is_encrypted = true;
	profile->unlock.wants_tpm2 = true;
	profile->unlock.pcr_mask = 1U << 7;
}

static inline char **lf_test_strv(const char *text)
{
	return g_strsplit(text, ",", -1);
}
