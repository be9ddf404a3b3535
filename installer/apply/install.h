#pragma once

#include "base/event.h"
#include "installer/apply/payload.h"
#include "installer/apply/scope.h"
#include "installer/plan/plan.h"

/** Where the target is mounted while it is made; kickstart scripts know these names. */
#define LF_SYSIMAGE                                                                                \
	"/mnt/sysimage"		  /* the root file system, with /boot and the ESP in their places */
#define LF_SYSROOT "/mnt/sysroot" /* the deployment, as the installed system will see itself */

/**
 * LfVolume: a partition of the plan on this machine.
 * @partition: (transfer none): its row in the plan
 * @node: device node of the partition
 * @fs_node: where its file system lies: the same node, or the opened LUKS mapping
 * @luks: (nullable): struct crypt_device of an encrypted one, while it is open
 * @temporary: (nullable): the key of the slot used while installing
 */
typedef struct {
	const LfPlanPartition *partition;
	char *node;
	char *fs_node;
	struct crypt_device *luks;
	LfSecret *temporary;
} LfVolume;

typedef struct LfDisk LfDisk;

/** LfFileLoad: reads a file the profile names: from the seed, by absolute path, or by URL. */
typedef GBytes *(*LfFileLoad)(const char *name, void *user_data, GError **error);

/** LfInstallWatch: is told that @step begins and how many seconds it has; 0: that it is over. */
typedef void (*LfInstallWatch)(const char *step, unsigned deadline_s, void *user_data);

/** LfKeepReports: puts into the installed system below @root_fd what delivers reports later. */
typedef bool (*LfKeepReports)(int root_fd, const json_t *report, void *user_data, GError **error);

/**
 * LfInstall: one install while it runs. What stands first is given and borrowed; the rest is made
 * by the steps, each of which finds there what earlier steps left.
 */
typedef struct {
	const LfPlan *plan;
	const LfFacts *facts;
	LfEvents *events;
	LfPayload *payload;
	const LfHttpAccess *access; /* how servers are reached; nullable */
	const char *keyring;	    /* path of the OpenPGP key ring that goes onto the remote */
	const char *events_log;	    /* path of the JSON event log so far; nullable */
	const char *output_log;	    /* path of what this program wrote so far; nullable */
	LfKeepReports keep;	    /* nullable */
	void *keep_data;
	LfFileLoad load;
	void *load_data;
	LfInstallWatch watch; /* nullable */
	void *watch_data;

	LfScope *held;
	LfDisk *disk;
	guint disk_depth;   /* of @held, with nothing but the disk itself held */
	GPtrArray *volumes; /* LfVolume, in the plan's order */
	GBytes *escrow;	    /* certificate, checked; nullable */
	OstreeSysroot *sysroot;
	GThread *flusher; /* writes the pull out during the deployment; nullable */
	char *deployment; /* directory of the deployment below LF_SYSIMAGE */
	int root_fd;  /* the installed system's tree, as it will see itself; -1: not there yet */
	char *loader; /* path on the ESP that the firmware's entry starts, as firmware writes it */
	bool is_bootable; /* files that firmware starts are on the disk */
	bool is_whole;	  /* every step succeeded */
	json_t *report;	  /* members for the terminal event */
} LfInstall;

LfInstall *lf_install_new(const LfPlan *plan, const LfFacts *facts, LfEvents *events);

/** lf_install_free: releases what is still held; errors are lost. */
void lf_install_free(LfInstall *install);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfInstall, lf_install_free)

/** lf_install_volume: (transfer none) (nullable): the volume with this role. */
LfVolume *lf_install_volume(const LfInstall *install, LfRole role);

void lf_volume_free(LfVolume *volume);
