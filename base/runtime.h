#pragma once

/**
 * Names below the root that landfall-init, the installer and the seed meet in. All are relative to
 * LfHost.root_fd. Described in docs/formats.md.
 */

/** Where the kernel unpacked the site's seed (a second initrd). */
#define LF_SEED_DIR	"landfall/seed"
#define LF_SEED_CMDLINE LF_SEED_DIR "/cmdline"
#define LF_SEED_PROFILE LF_SEED_DIR "/site.ks"

#define LF_RUN_DIR "run/landfall"

/** What the seed appends to the kernel command line (written by init before the installer starts).
 */
#define LF_RUN_CMDLINE LF_RUN_DIR "/cmdline"

/** There from the moment init works: the rest of this directory can be relied on. */
#define LF_RUN_INIT LF_RUN_DIR "/init"

/** Appears when the first pass over all devices is through; see lf_host_wait_devices(). */
#define LF_RUN_DEVICES LF_RUN_DIR "/devices"

/** This start of the installer, and outages before it: "ATTEMPT OUTAGES" (base/failure.h). */
#define LF_RUN_ATTEMPT LF_RUN_DIR "/attempt"

/** How the start before this one ended, "class=NAME status=N" or "class=NAME signal=N"; absent at
 * first. */
#define LF_RUN_LAST LF_RUN_DIR "/last"

/**
 * Written by the installer before it ends: "reboot", "poweroff" or "halt", and "eject" when the CD
 * shall be put out. With it there is no further try, whatever the exit status.
 */
#define LF_RUN_FINISH LF_RUN_DIR "/finish"

/**
 * What the profile wants after a failed installation (base/failure.h). Written by the installer as
 * soon as it has read the profile; stays for the next starts.
 */
#define LF_RUN_ONFAILURE LF_RUN_DIR "/onfailure"

/**
 * Until when the running step must be through: "STEP MILLISECONDS", of the monotonic clock. Written
 * by the installer at the begin of each step; landfall-init kills an installer that is beyond it.
 */
#define LF_RUN_DEADLINE LF_RUN_DIR "/deadline"

/** Public keys of those who may log in while the installer works; in the seed. */
#define LF_SEED_KEYS LF_SEED_DIR "/authorized_keys"

/** What the clock was last set from in this boot ("floor", "http", "ntp"), from the installer to
 * its next start: a clock that was set to when the image was built looks right ever after. */
#define LF_RUN_CLOCK LF_RUN_DIR "/clock"

/** What the installer wrote to its standard output and error. */
#define LF_RUN_LOG LF_RUN_DIR "/installer.log"
