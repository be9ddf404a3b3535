"""The machines of the benchmark: ours and the peers', same firmware, disk, medium and memory.

Not its job: comparing (bench.py). Times are seconds.
"""

import re
import shutil
import subprocess
import time
from datetime import datetime
from pathlib import Path

from qemu.machine import Config, Disk, Machine, Outcome
from qemu.serial import Timeout

DISK_BYTES = 8 << 30
LIMIT_SECONDS = 900
INSTALL_SECONDS = 180
POLL = 0.01

KICKSTART = """\
lang C.UTF-8
keyboard us
timezone --utc Etc/UTC
zerombr
clearpart --all --initlabel
reqpart --add-boot
part / --fstype=ext4 --size=3000 --grow --encrypted{passphrase}
rootpw --lock
ostreesetup --osname=debian --url=file:///run/landfall/medium/repo --ref={ref}
poweroff
%addon com_landfall
kernel --flavour=standard
{unlock}
%end
"""


class BenchError(Exception):
    """A machine did not do what is measured."""


def call(argv):
    """Runs a command of the host."""
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchError(f"{' '.join(map(str, argv))} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


class Bench:
    """The folder of a run and what it measures with."""

    def __init__(self, build, ref):
        self.build = build
        self.folder = build / "bench"
        self.ref = ref

    def fresh_disk(self):
        """Describes an empty disk; the one before is gone."""
        path = self.folder / "disk.img"
        path.unlink(missing_ok=True)
        shutil.rmtree(f"{path}.machine", ignore_errors=True)
        return Disk(str(path), size=DISK_BYTES, throwaway=True)

    def seeded(self, tpm):
        """Returns full.iso with the benchmark's site in it."""
        kickstart = self.folder / "bench.ks"
        unlock = "unlock --tpm2 --pcrs=7" if tpm else ""
        passphrase = "" if tpm else " --passphrase=benchmark-passphrase"
        kickstart.write_text(KICKSTART.format(ref=self.ref, unlock=unlock, passphrase=passphrase))
        iso = self.folder / "ours.iso"
        argv = [self.build / "landfall", "iso", "seed", "--kickstart", kickstart]
        call([*argv, "--append", "landfall.events=ttyS1", self.build / "image" / "full.iso", iso])
        return iso

    def install(self, iso, memory=2048, tpm=False):
        """Installs with ours and returns its events, or None when it does not succeed in that memory."""
        options = {
            "iso": str(iso),
            "disks": [self.fresh_disk()],
            "memory": memory,
            "tpm": tpm,
            "no_reboot": True,
            "serial_log": str(self.folder / f"ours-{memory}.log"),
            "events": str(self.folder / f"ours-{memory}.events"),
        }
        with Machine(Config(**options)) as machine:
            try:
                end = machine.events.wait_end(INSTALL_SECONDS)
            except Timeout:
                return None
            is_done = end["state"] == "done" and machine.wait(60) == Outcome.POWEROFF
            return machine.events.all() if is_done else None

    def pipeline(self, iso, payload_bytes):
        """Runs the command-line pipeline and returns its times by name."""
        log = self.folder / "pipeline.log"
        settings = {"disk": "/dev/vda", "ref": self.ref, "bytes": str(payload_bytes)}
        extra = []
        for name, value in settings.items():
            extra += ["-fw_cfg", f"name=opt/landfall.bench/{name},string={value}"]
        options = {"iso": str(iso), "disks": [self.fresh_disk()], "tpm": False, "no_reboot": True, "extra": extra}
        with Machine(Config(serial_log=str(log), **options)) as machine:
            machine.wait(LIMIT_SECONDS)
            text = machine.console.text()
        if "BENCH done" not in text:
            raise BenchError(f"the pipeline did not end: see {log}")
        return {name: float(value) for name, value in re.findall(r"BENCH (\w+) ([\d.]+)", text)}

    def first_event(self, initrd, name, is_there):
        """Boots a kernel with an initramfs; returns the seconds from hand-over until `is_there(machine)`."""
        options = {
            "tpm": False,
            "secure_boot": False,
            "no_reboot": True,
            "serial_log": str(self.folder / f"init-{name}.log"),
            "events": str(self.folder / f"init-{name}.events"),
            "extra": [
                "-kernel",
                str(next((self.build / "image" / "kernel").glob("*/vmlinuz"))),
                "-initrd",
                str(initrd),
                "-append",
                "console=ttyS0 loglevel=7 rd.shell=0 landfall.events=ttyS1",
            ],
        }
        with Machine(Config(**options)) as machine:
            started = wait_until(machine, lambda m: re.search(r"Run /init as init process", m.console.text()))
            reached = wait_until(machine, is_there)
        return reached - started


def wait_until(machine, is_there):
    """Returns the moment at which something is seen on a machine."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < deadline and machine.alive():
        if is_there(machine):
            return time.monotonic()
        time.sleep(POLL)
    raise BenchError(f"what is measured did not happen:\n{machine.console.tail()}")


def duration(events):
    """Returns the seconds from the first event to the end of the installation."""
    done = next(e for e in events if e["step"] == "install" and e["state"] == "done")
    return (datetime.fromisoformat(done["time"]) - datetime.fromisoformat(events[0]["time"])).total_seconds()
