#pragma once

#include "base/host.h"
#include "installer/plan/facts.h"

/**
 * lf_probe_machine:
 * Finds out what is true of the machine: disks with what is on them, firmware, TPM, memory, NICs.
 * Only reads, below @host->root_fd: sys, proc, dev, run/udev/data. What cannot be read is unknown
 * (NULL, 0), never an error, so that facts can always be shown. The payload is not looked for.
 *
 * Errors: INTERNAL when there is no randomness for the salt.
 * Returns: (transfer full) (nullable)
 */
LfFacts *lf_probe_machine(const LfHost *host, GError **error);

/**
 * lf_probe_image:
 * @path: a plain file that stands for a disk, or a block device
 * @sector_bytes: of a plain file: 512 or 4096
 *
 * Facts about one disk that is not in the machine's sysfs.
 *
 * Errors: INPUT when the sector size is none or the file is empty; IO.
 * Returns: (transfer full) (nullable)
 */
LfFactDisk *lf_probe_image(const char *path, uint32_t sector_bytes, GError **error);

/**
 * lf_probe_nics: (transfer full) (element-type LfFactNic): the wired network cards alone, in
 * natural order.
 */
GPtrArray *lf_probe_nics(const LfHost *host);

/**
 * lf_probe_identity: (transfer full): facts that hold only who the machine is (SMBIOS) and its
 * network cards: quick, needs no disk, also before devices are all there.
 */
LfFacts *lf_probe_identity(const LfHost *host);

/**
 * lf_probe_built:
 * @ret_s: (out): seconds since 1970: "built" of our own /etc/landfall/manifest.json; no clock is
 * right that stands before it
 *
 * Errors: TARGET when there is no such file, as outside the installer's medium; INPUT, IO.
 */
bool lf_probe_built(const LfHost *host, uint64_t *ret_s, GError **error);

/**
 * LfMedium: what was found when looking for the medium this program was started from.
 * @path: (nullable): its device, such as /dev/sr0 or /dev/sda; NULL when it is not (yet) there
 * @trouble: (nullable): IO: a drive that could not be read, and might hold it
 * @is_ours: that drive has our label, and could not be read behind it
 */
typedef struct {
	char *path;
	GError *trouble;
	bool is_ours;
} LfMedium;

/**
 * lf_probe_medium:
 * @ret_medium: (out): what was found; @trouble does not keep a medium from being found in another
 * drive
 *
 * Looks once; the medium may take its time to appear, and waiting is the caller's. It is the ISO
 * 9660 file system with the label LANDFALL whose /landfall/manifest.json has the "build_id" of our
 * own /etc/landfall/manifest.json: another ISO of ours in the next drive is not it.
 *
 * Errors: TARGET when there is no manifest of our own, so that no medium can be ours; IO, INPUT
 * when it cannot be read or has no build id.
 */
bool lf_probe_medium(const LfHost *host, LfMedium *ret_medium, GError **error);

void lf_medium_clear(LfMedium *medium);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LfMedium, lf_medium_clear)
