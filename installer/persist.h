#pragma once

#include "base/event.h"
#include "installer/apply/scope.h"
#include "installer/plan/facts.h"

/** LF_PERSIST: where the persistent partition is mounted while the installer runs. */
#define LF_PERSIST "/run/landfall/persist"

/**
 * lf_persist_mount:
 * @facts: of this machine, just probed
 * @label: (nullable): the profile's persist_label
 * @events: (nullable): where notes go
 * @held: the mount ends with it
 *
 * Mounts the persistent partition at LF_PERSIST so that nothing can be written to it: read-only and
 * without replaying the journal, above a read-only loop device on the whole disk. Neither disk nor
 * partition is in use by that: the disk may be claimed, and its table written and read anew. What
 * is read there was left behind by a machine that may have lost its power: check it.
 *
 * Returns: (transfer none) (nullable): LF_PERSIST; NULL when there is no such partition, or it
 * cannot be mounted, which is a note
 */
const char *lf_persist_mount(const LfFacts *facts, const char *label, LfEvents *events,
			     LfScope *held);
