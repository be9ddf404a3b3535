"""What differs between architectures and hosts: the QEMU program, firmware files, CPU models, and whether KVM works.

Not its job: building a machine (machine.py).
"""

import fcntl
import json
import os
import platform as host
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path


class MachineError(Exception):
    """The machine cannot be built or started; the text says what to change."""


class ConfigError(MachineError):
    """What was asked for is wrong; nothing was tried."""


@dataclass(frozen=True)
class Firmware:
    """One pair of flash images. The variable store is copied for each machine."""

    secure_boot: bool
    code: str
    variables: str


@dataclass(frozen=True)
class Arch:
    """All that is peculiar to one architecture."""

    qemu: str
    machine: str
    secure_boot_machine: str
    secure_boot_globals: tuple
    tpm_device: str
    cpu: dict
    firmware: tuple
    packages: str
    probe: tuple = field(repr=False, default=())


# A boot sector for the KVM probe: mov dx,0x501; mov al,0x21; out dx,al; hlt; jmp $-1.
# isa-debug-exit makes QEMU leave with (0x21 << 1) | 1.
_PC_PROBE = bytes.fromhex("ba0105b021eef4ebfd").ljust(510, b"\0") + b"\x55\xaa"
PROBE_EXIT = 0x43
PROBE_SECONDS = 15

# Debian 12 (ovmf 2022.11) and 13 (2025.02) use the same names for the 4 MiB builds.
# `secboot` needs SMM; `.ms` holds Microsoft's keys, which verify Debian's shim.
ARCHES = {
    "x86_64": Arch(
        qemu="qemu-system-x86_64",
        machine="q35,smm=off",
        secure_boot_machine="q35,smm=on",
        secure_boot_globals=("driver=cfi.pflash01,property=secure,value=on",),
        tpm_device="tpm-crb",
        # Measured with TCG of QEMU 7.2 (MB/s, `max` → `qemu64`): SHA-256 66 → 90, dm-crypt's AES-XTS 27 → 32,
        # Argon2id 116 → 138. Wide vector instructions cost more to translate than they save.
        cpu={"kvm": "host", "tcg": "qemu64"},
        firmware=(
            Firmware(
                True, "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd", "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"
            ),
            Firmware(False, "/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"),
        ),
        packages="qemu-system-x86 ovmf seabios",
        probe=("-device", "isa-debug-exit,iobase=0x501,iosize=2", "-drive"),
    ),
}


def arch(name=None):
    """Returns the row for an architecture by the kernel's name; the host's own when none is given."""
    name = name or host.machine()
    if name not in ARCHES:
        raise ConfigError(f"no machine is known for '{name}': use one of {', '.join(sorted(ARCHES))}")
    return ARCHES[name]


def find_firmware(row, secure_boot):
    """Returns the first firmware pair of a row that is installed here."""
    wanted = [f for f in row.firmware if f.secure_boot == secure_boot]
    for firmware in wanted:
        if Path(firmware.code).exists() and Path(firmware.variables).exists():
            return firmware
    paths = ", ".join(f"'{f.code}'" for f in wanted)
    raise MachineError(f"no firmware found (looked for {paths}): install the packages {row.packages}")


def find_program(name, package):
    """Returns the absolute path of a program."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
    if not path:
        raise MachineError(f"'{name}' is not installed: install the package {package}")
    return path


def choose_accel(row, name, secure_boot, wanted="auto"):
    """Returns "kvm" or "tcg". `auto` takes KVM only after a guest has really run with it."""
    if wanted != "auto":
        return wanted
    if not row.probe or name != host.machine() or not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "tcg"
    return "kvm" if _kvm_works(row, secure_boot) else "tcg"


def cache_dir():
    """Returns Landfall's folder among the user's caches."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "landfall"


def _kvm_works(row, secure_boot):
    """Asks the cache of this boot, else tries. A lock keeps two machines from probing at once."""
    machine = row.secure_boot_machine if secure_boot else row.machine
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    key = f"{find_program(row.qemu, row.packages)} {machine}"
    folder = cache_dir()
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "kvm.json", "a+", encoding="utf-8") as cache:
        fcntl.flock(cache, fcntl.LOCK_EX)
        cache.seek(0)
        try:
            known = json.load(cache)
        except ValueError:
            known = {}
        if known.get("boot_id") != boot_id:
            known = {"boot_id": boot_id}
        if key not in known:
            known[key] = _probe_kvm(row, machine)
            cache.truncate(0)
            json.dump(known, cache)
        return known[key]


def _probe_kvm(row, machine):
    """Boots one sector under KVM. `/dev/kvm` can exist, open, and still never run an instruction."""
    with tempfile.NamedTemporaryFile(prefix="landfall-kvm-") as sector:
        sector.write(_PC_PROBE)
        sector.flush()
        argv = [find_program(row.qemu, row.packages), "-nodefaults", "-display", "none"]
        argv += ["-accel", "kvm", "-cpu", row.cpu["kvm"], "-machine", machine, "-m", "64"]
        argv += [*row.probe, f"format=raw,file={sector.name}"]
        try:
            done = subprocess.run(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=PROBE_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == PROBE_EXIT
