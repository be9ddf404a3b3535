#pragma once

#include "base/secret.h"
#include "installer/plan/facts.h"
#include "installer/plan/net.h"
#include "kickstart/profile.h"

/**
 * LfPlan: everything that will be done to the machine, decided before anything is touched. Text is
 * NULL when not wanted; arrays are never NULL and own their elements. Secrets are held, but never
 * printed.
 */

typedef enum {
	LF_ROLE_ESP,
	LF_ROLE_BOOT,
	LF_ROLE_ROOT,
	LF_ROLE_SWAP,
	LF_ROLE_DATA,
	LF_ROLE_PERSIST, /* kept by every reinstall */
} LfRole;

typedef enum { LF_SLOT_PASSPHRASE, LF_SLOT_TPM2, LF_SLOT_RECOVERY } LfSlotKind;

/** LfPlanLuks: one LUKS2 volume. The keyslots that remain at the end are listed in their order. */
typedef struct {
	char *name; /* dm name on the installed system, such as "root" */
	char *uuid;
	char *cipher;	       /* "aes" */
	char *cipher_mode;     /* "xts-plain64" */
	uint32_t key_bytes;    /* 64 for aes-xts-256 */
	uint32_t sector_bytes; /* encryption sector: 4096 when the partition allows */
	char *pbkdf;
	uint32_t pbkdf_memory_kib;
	uint32_t pbkdf_time_ms;
	uint32_t pbkdf_iterations;
	LfSecret *passphrase; /* nullable */
	bool wants_tpm2;
	uint32_t pcr_mask;
	bool wants_recovery;
	char *escrow; /* certificate's place, as the profile says */
} LfPlanLuks;

typedef struct {
	unsigned number; /* 1, 2, … */
	LfRole role;
	uint64_t start_bytes;
	uint64_t size_bytes;
	char *type;    /* GPT type GUID, lower case */
	char *uuid;    /* partition UUID */
	char *name;    /* GPT name */
	char *fstype;  /* vfat, ext4, xfs, swap */
	char *fs_uuid; /* vfat: XXXX-XXXX */
	char *fs_label;
	char *mount; /* "/boot/efi", "/boot", "/", … on the installed system; NULL for swap */
	char *mount_options; /* for fstab, nullable */
	char *mkfs_options;  /* nullable */
	LfPlanLuks *luks;    /* nullable: not encrypted */
	bool is_kept;	     /* it is there already: neither wiped nor formatted */
} LfPlanPartition;

/** lf_plan_is_data: mounted somewhere in the installed system's own tree, beside what starts it. */
static inline bool lf_plan_is_data(const LfPlanPartition *partition)
{
	return partition->mount &&
	       (partition->role == LF_ROLE_DATA || partition->role == LF_ROLE_PERSIST);
}

/** LfPlanDisk: what became of each disk that was looked at. */
typedef struct {
	char *path;
	bool is_chosen;
	char *reason; /* one sentence */
} LfPlanDisk;

typedef struct {
	/* Target */
	GPtrArray *considered; /* LfPlanDisk: every disk, with its reason */
	char *disk;	       /* path */
	char *disk_serial, *disk_wwn, *disk_model;
	uint64_t disk_size_bytes;
	uint32_t sector_bytes;
	char **destroys; /* one line for each thing that is lost */
	char *table_uuid;
	GPtrArray *partitions; /* LfPlanPartition, by number */

	/* Payload */
	char *osname, *remote, *url, *upgrade_url, *ref, *checksum;
	bool verifies_signature;
	char **mirrors;		    /* tried after @url, in order; nullable */
	uint64_t limit_bytes_per_s; /* of what is fetched; 0: none */
	uint64_t payload_bytes;
	uint64_t payload_objects;

	/* Boot */
	char *flavour;
	char **kernel_args; /* whole command line but ostree=, in order */
	int64_t boot_timeout_s;
	bool leaves_boot_order;

	/* The installed system; borrowed from the profile, which must outlive the plan */
	const LfProfile *profile;
	char *hostname; /* nullable */
	LfNet *net;

	/* The end */
	LfFinish finish;
	bool is_eject;
} LfPlan;

/**
 * lf_plan_make:
 * @profile: what is wanted; must outlive the plan
 * @facts: what is true
 *
 * Decides everything: which disk, where each partition goes, which keyslots, which kernel
 * arguments. Pure: reads no file, no clock, no randomness (UUIDs come from facts->salt).
 *
 * Errors: TARGET when the machine does not fit (no disk, two equal disks, too small, no TPM, no
 * UEFI, payload missing); UNSUPPORTED; INPUT when profile values contradict each other. The message
 * names each disk and why it was refused. Returns: (transfer full) (nullable)
 */
LfPlan *lf_plan_make(const LfProfile *profile, const LfFacts *facts, GError **error);

/**
 * lf_plan_ref: (transfer full) (nullable): the branch the profile asks for: ostreesetup --ref, with
 * "/FLAVOUR" behind it when `kernel --flavour` is given and the ref does not end in a known
 * flavour. NULL without ostreesetup.
 */
char *lf_plan_ref(const LfProfile *profile);

/** lf_plan_to_json: (transfer full): the documented object (docs/formats.md), with "hash" in it. */
json_t *lf_plan_to_json(const LfPlan *plan);

/**
 * lf_plan_hash: (transfer full): SHA-256 in hex of the plan's canonical JSON without its UUIDs, so
 * that the same wish on the same machine has the same hash.
 */
char *lf_plan_hash(const LfPlan *plan);

/** lf_plan_describe: (transfer full): the plan for people, several lines. */
char *lf_plan_describe(const LfPlan *plan);

/** lf_plan_partition: (transfer none) (nullable): the partition with this role. */
const LfPlanPartition *lf_plan_partition(const LfPlan *plan, LfRole role);

void lf_plan_free(LfPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfPlan, lf_plan_free)
