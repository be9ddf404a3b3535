#pragma once

#include "base/json.h"

#include <stdint.h>

/**
 * LfFacts: what is true of the machine, as values. Made by installer/probe on a machine, or read
 * from JSON (`landfall-installer facts` prints it, `landfall plan --facts` reads it). Text is NULL
 * when unknown; arrays are never NULL and own their elements.
 */

/** Words that stand for a table or a file system that could not be told. */
#define LF_FACT_UNREADABLE "unreadable"
#define LF_FACT_AMBIGUOUS  "ambiguous"

/** LfFactPartition: a partition, or (number 0) the bare disk when it holds a file system itself. */
typedef struct {
	unsigned number;
	char *path; /* /dev/vda1 */
	uint64_t start_bytes;
	uint64_t size_bytes;
	char *type; /* GPT type GUID (lower case) or MBR type "0x83" */
	char *uuid;
	char *name;   /* GPT partition name */
	char *fstype; /* libblkid's word: ext4, vfat, crypto_LUKS, LVM2_member, linux_raid_member, …
		       */
	char *fslabel;
	char *fs_uuid;	/* of the file system */
	char **holders; /* what keeps it busy: "mounted on /x", "dm-0", "md127", "swap" */
} LfFactPartition;

typedef struct {
	char *path;   /* /dev/vda */
	char *name;   /* vda */
	char **links; /* /dev/disk/by-*, sorted */
	char *model;
	char *serial;
	char *wwn;
	char *transport; /* nvme, sata, sas, scsi, virtio, usb, mmc, ide, file; NULL unknown */
	uint64_t size_bytes;
	uint32_t sector_bytes; /* logical: 512 or 4096 */
	uint32_t physical_bytes;
	bool is_removable;
	bool is_readonly;
	bool is_rotational;
	bool is_cdrom;
	bool is_boot_medium;   /* this program was started from it */
	char *table;	       /* "gpt", "dos", other; NULL: none */
	GPtrArray *partitions; /* LfFactPartition */
} LfFactDisk;

typedef struct {
	char *name;
	char *mac;
	char *driver;
	bool has_carrier;
} LfFactNic;

/** LfFactPayload: what the payload's source offers for the profile's url and ref. */
typedef struct {
	char *url;
	char *ref;
	char *checksum; /* of the commit, 64 hex digits */
	char *version;
	char *flavour;	     /* from the commit: "standard", "lowlatency" */
	char *kernel;	     /* kernel release */
	char *kernel_args;   /* arguments of the flavour, from the commit */
	uint64_t size_bytes; /* unpacked; 0 unknown */
	uint64_t objects;    /* 0 unknown */
} LfFactPayload;

typedef struct {
	char *architecture; /* "x86_64", "aarch64" */
	char *vendor, *product, *serial, *uuid, *asset_tag;
	uint64_t memory_bytes;
	unsigned cpus;
	bool is_uefi;
	bool has_efi_variables; /* efivarfs is there and writable */
	bool is_secure_boot;
	bool is_setup_mode;
	char *tpm_version;	/* "2", "1.2"; NULL: no TPM */
	char *tpm_device;	/* /dev/tpmrm0 */
	char *boot_medium;	/* device of the boot medium; NULL: none found */
	GPtrArray *disks;	/* LfFactDisk, sorted by path in natural order */
	GPtrArray *nics;	/* LfFactNic, sorted by name */
	LfFactPayload *payload; /* nullable: not asked for */
	char *network_args;	/* words of the network on the kernel command line; NULL: none */
	char *salt;		/* 32 lower-case hex digits: what UUIDs of a plan come from */
} LfFacts;

LfFacts *lf_facts_new(void);
void lf_facts_free(LfFacts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfFacts, lf_facts_free)

LfFactDisk *lf_fact_disk_new(void);
void lf_fact_disk_free(LfFactDisk *disk);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfFactDisk, lf_fact_disk_free)

LfFactPartition *lf_fact_partition_new(void);
void lf_fact_partition_free(LfFactPartition *partition);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfFactPartition, lf_fact_partition_free)

void lf_fact_nic_free(LfFactNic *nic);
void lf_fact_payload_free(LfFactPayload *payload);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfFactPayload, lf_fact_payload_free)

/** lf_facts_to_json: (transfer full): the documented object (docs/formats.md). */
json_t *lf_facts_to_json(const LfFacts *facts);

/** lf_facts_from_json: the way back; the salt is sure to be one. Errors: INPUT naming the member.
 */
LfFacts *lf_facts_from_json(const json_t *object, GError **error);

/** lf_facts_sort: puts disks and NICs into natural order (nvme2n1 before nvme10n1). */
void lf_facts_sort(LfFacts *facts);

/** lf_natural_compare: like strcmp(), but runs of digits compare as numbers. */
int lf_natural_compare(const char *a, const char *b);

/**
 * lf_fact_text:
 * @raw: (nullable): text from a drive, a firmware or a label: hostile
 *
 * Makes text fit for facts: UTF-8, no control characters, runs of blanks made one, cut at 256
 * bytes. Returns: (transfer full) (nullable): NULL when nothing is left
 */
char *lf_fact_text(const char *raw);
