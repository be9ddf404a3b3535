#pragma once

#include "installer/plan/plan.h"

/**
 * lf_kargs_plan:
 * @root: the plan's root partition, with its UUIDs
 * @payload: what the commit brings
 *
 * The installed system's kernel command line, but for ostree=, which OSTree adds: where the root is
 * and how it is unlocked, the flavour's arguments from the commit, `bootloader --append`, `kernel
 * --append`. Later words win over earlier ones, as the kernel has it.
 *
 * Words may be quoted as the kernel understands it (name="a b"); the quotes stay.
 *
 * Errors: INPUT when an argument of the commit would take the place of one decided here (root=,
 * ostree=, ro, …), or holds what a boot menu cannot; the profile's were checked by kickstart/.
 * Returns: (transfer full) (nullable) (array zero-terminated=1)
 */
char **lf_kargs_plan(const LfPlanPartition *root, const LfFactPayload *payload,
		     const LfProfile *profile, GError **error);
