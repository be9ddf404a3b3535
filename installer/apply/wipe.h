#pragma once

#include "installer/apply/install.h"

/**
 * lf_wipe_around_table:
 * Wipes what lies between the new table and the partitions, where an old table had to stay until
 * then because it led to the partition that is kept. Does nothing when none is kept.
 *
 * Errors: IO.
 */
bool lf_wipe_around_table(const LfInstall *install, GError **error);
