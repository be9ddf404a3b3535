#pragma once

#include "installer/apply/install.h"

/**
 * lf_record_failure: keeps the logs of a failed install on the target while its root file system is
 * mounted: in the deployment's /var/log/landfall, or, when there is none yet, in that directory of
 * the file system. What cannot be kept is told as a note.
 */
void lf_record_failure(LfInstall *install);
