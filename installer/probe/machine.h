#pragma once

#include "base/host.h"
#include "installer/plan/facts.h"
#include "installer/probe/holders.h"

/**
 * lf_machine_load: fills in what is true of the machine besides its disks: firmware, SMBIOS, TPM,
 * memory, CPUs, NICs.
 */
void lf_machine_load(const LfHost *host, const LfHolders *holders, LfFacts *facts);
