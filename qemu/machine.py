"""One virtual machine: its description (Config), its command line, its life.

    with Machine(Config(iso="full.iso", disks=["disk.img,size=8G"])) as vm:
        vm.console.expect("login:", 300)
        outcome = vm.wait(60)

Not its job: what runs inside. Whatever happens, leaving the `with` ends QEMU and swtpm.
"""

import contextlib
import enum
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from . import arches
from .arches import ConfigError, MachineError
from .qmp import Qmp, QmpError
from .serial import Console, Events

ISO_AS = ("cd", "usb", "usb-cd")
BUSES = ("virtio", "nvme", "sata", "scsi", "usb")
SECTORS = (512, 4096)
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


class Outcome(enum.IntEnum):
    """How a machine ended. The values are the exit statuses of qemu/run."""

    POWEROFF = 0
    BROKEN = 1
    REBOOT = 3
    DEADLINE = 4
    PANIC = 5
    QUIT = 6


# The reason in QMP's SHUTDOWN event.
_REASONS = {
    "guest-shutdown": Outcome.POWEROFF,
    "guest-reset": Outcome.REBOOT,
    "guest-panic": Outcome.PANIC,
    "host-qmp-quit": Outcome.QUIT,
    "host-signal": Outcome.QUIT,
    "host-ui": Outcome.QUIT,
}


def parse_size(text):
    """Turns "8G" into bytes."""
    number, unit = (text[:-1], text[-1].upper()) if text[-1:].isalpha() else (text, "")
    if not number.isdigit() or unit not in _UNITS:
        raise ConfigError(f"'{text}' is not a size: write a number with K, M, G or T")
    return int(number) * _UNITS[unit]


@dataclass
class Disk:
    """One disk: a file, made sparse at `size` bytes when missing."""

    path: str
    size: int = 8 << 30
    bus: str = "virtio"
    serial: str = ""
    sector: int = 512
    throwaway: bool = False

    @classmethod
    def parse(cls, text):
        """Reads "FILE[,size=8G][,bus=virtio][,serial=S][,sector=512][,throwaway]"."""
        path, *options = text.split(",")
        disk = cls(path)
        for option in options:
            key, _, value = option.partition("=")
            if key == "size":
                disk.size = parse_size(value)
            elif key == "sector" and value.isdigit():
                disk.sector = int(value)
            elif key in ("bus", "serial"):
                setattr(disk, key, value)
            elif option == "throwaway":
                disk.throwaway = True
            else:
                raise ConfigError(f"unknown disk option '{option}': use size, bus, serial, sector, throwaway")
        disk.check()
        return disk

    def check(self):
        """Refuses what QEMU would refuse less clearly."""
        if not self.path:
            raise ConfigError("a disk needs a file name")
        if self.size <= 0:
            raise ConfigError(f"a disk of {self.size} bytes is not possible: write size=8G or so")
        if self.bus not in BUSES:
            raise ConfigError(f"unknown disk bus '{self.bus}': use one of {', '.join(BUSES)}")
        if self.sector not in SECTORS:
            raise ConfigError(f"sector size {self.sector} is not possible: use 512 or 4096")
        if self.bus == "sata" and self.sector != 512:
            raise ConfigError("QEMU's SATA disks have sectors of 512 bytes: use virtio, nvme or scsi")

    def check_place(self):
        """Refuses a folder that is not there, as a mistyped one is not to be made, and one in place of a file."""
        folder = Path(self.path).parent
        if Path(self.path).is_dir():
            raise ConfigError(f"the disk '{self.path}' is a folder: write a file's name, as {Path(self.path) / 'disk.img'}")
        if not folder.is_dir():
            raise ConfigError(f"there is no folder '{folder}' for the disk '{self.path}': make it, or correct the name")

    def create(self):
        """Makes the file when it is missing. An existing file keeps its size and content."""
        path = Path(self.path)
        if path.exists():
            return
        with open(path, "xb") as new:
            new.truncate(self.size)


def check_forward(text):
    """Refuses what is not HOST:GUEST, two ports."""
    ports = text.split(":")
    if len(ports) != 2 or not all(is_port(port) for port in ports):
        raise ConfigError(f"--forward '{text}' is not HOST:GUEST: write two ports up to 65535, as 8080:80")


def is_port(text):
    """Tells whether a text is a port's number."""
    return text.isascii() and text.isdecimal() and 0 < int(text) < 65536


@dataclass
class Config:
    """All that can be chosen. Field names are the long options of qemu/run."""

    arch: str = ""
    iso: str = ""
    iso_as: str = "cd"
    iso_bad_at: int = -1
    disks: list = field(default_factory=list)
    state: str = ""
    tpm: bool = True
    secure_boot: bool = True
    memory: int = 2048
    cpus: int = 2
    cpu: str = ""
    accel: str = "auto"
    serial_log: str = ""
    stdio: bool = False
    events: str = ""
    nic: str = "virtio-net-pci"
    nics: int = 1
    network: str = "user"
    # One backend for each card, in place of `nics` cards with the same `network`.
    networks: list = field(default_factory=list)
    ssh_port: int = 0
    forward: list = field(default_factory=list)
    append_logs: bool = False
    no_reboot: bool = False
    display: str = "none"
    extra: list = field(default_factory=list)

    def __post_init__(self):
        self.disks = [Disk.parse(d) if isinstance(d, str) else d for d in self.disks]
        for disk in self.disks:
            disk.check_place()
        for forward in self.forward:
            check_forward(forward)
        for name in ("memory", "cpus"):
            if getattr(self, name) < 1:
                raise ConfigError(f"--{name} {getattr(self, name)} is not possible: write a number above 0")
        if self.iso_as not in ISO_AS:
            raise ConfigError(f"unknown kind of medium '{self.iso_as}': use one of {', '.join(ISO_AS)}")
        if self.iso and not Path(self.iso).is_file():
            raise ConfigError(f"there is no ISO '{self.iso}': build it with 'make iso'")


def free_port():
    """Returns a TCP port of the loopback interface that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Machine:
    """A running machine, as a context manager. Paths, ports and log files are attributes."""

    def __init__(self, config):
        self.config = config
        self.arch = arches.arch(config.arch)
        self.accel = arches.choose_accel(
            self.arch, config.arch or os.uname().machine, config.secure_boot, config.accel
        )
        self.console = None
        self.events = None
        self.qmp = None
        self.qemu = None
        self._stack = contextlib.ExitStack()
        self._run = None
        self._state = None

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_error):
        self._stack.close()

    def alive(self):
        """Tells whether QEMU still runs."""
        return self.qemu is not None and self.qemu.poll() is None

    def wait(self, timeout=None):
        """Waits for the end and returns how it was. At the deadline the machine still runs."""
        try:
            status = self.qemu.wait(timeout)
        except subprocess.TimeoutExpired:
            return Outcome.DEADLINE
        event = self.qmp.wait_event("SHUTDOWN", 5)
        if event is None or status != 0:
            return Outcome.BROKEN
        return _REASONS.get(event["data"].get("reason"), Outcome.BROKEN)

    def quit(self):
        """Pulls the plug: nothing inside is asked."""
        with contextlib.suppress(QmpError):
            self.qmp.command("quit")
        self.wait(20)

    def reset(self):
        """Presses the reset button."""
        self.qmp.command("system_reset")

    def power_button(self):
        """Presses the power button."""
        self.qmp.command("system_powerdown")

    def eject(self):
        """Takes the CD out, as a BMC does when it ends virtual media."""
        self.qmp.command("eject", id="iso-drive", force=True)

    # --- starting -----------------------------------------------------------------------------

    def _start(self):
        self._run = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="landfall-qemu-")))
        self._state = self._state_dir()
        for disk in self.config.disks:
            disk.create()
        argv = self._argv(self._start_tpm() if self.config.tpm else None)
        log = self.serial_log()
        for path in filter(None, (log, self.config.events)):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            if not self.config.append_logs:
                Path(path).unlink(missing_ok=True)
        errors = self._run / "qemu.stderr"
        with open(errors, "wb") as stderr:
            self.qemu = self._child(argv, stderr, None if self.config.stdio else subprocess.DEVNULL)
        try:
            self.qmp = Qmp(str(self._run / "qmp"), self.alive)
        except QmpError as error:
            self.qemu.kill()
            text = errors.read_text(errors="replace").strip()
            raise MachineError(f"QEMU did not start: {text or error}") from error
        self._stack.callback(self.qmp.close)
        socket_path = None if self.config.stdio else str(self._run / "console")
        self.console = Console(log, socket_path, self.alive)
        self._stack.callback(self.console.close)
        self.events = Events(self.config.events or os.devnull, self.alive)

    def serial_log(self):
        """Returns the file of the console log."""
        return Path(self.config.serial_log or self._run / "serial.log")

    def _state_dir(self):
        """The firmware's variables and the TPM belong to the machine, so they stay beside its first disk."""
        if self.config.state:
            state = Path(self.config.state)
        elif self.config.disks:
            state = Path(self.config.disks[0].path + ".machine")
        else:
            state = self._run / "machine"
        state.mkdir(parents=True, exist_ok=True)
        return state.resolve()

    def _child(self, argv, stderr, stdin):
        """Starts a child which the kernel ends when we die without cleaning up."""
        setpriv = arches.find_program("setpriv", "util-linux")
        child = subprocess.Popen(
            [setpriv, "--pdeathsig", "KILL", "--", *argv],
            stdin=stdin,
            stdout=None if stdin is None else subprocess.DEVNULL,
            stderr=stderr,
        )
        self._stack.callback(_end, child)
        return child

    def _start_tpm(self):
        """Starts swtpm and returns its control socket. Socket paths are short: 108 bytes is the limit."""
        tpm = self._state / "tpm"
        tpm.mkdir(exist_ok=True)
        control = self._run / "tpm"
        log = self._run / "swtpm.log"
        argv = [arches.find_program("swtpm", "swtpm"), "socket", "--tpm2", "--terminate"]
        argv += ["--tpmstate", f"dir={tpm}", "--ctrl", f"type=unixio,path={control}"]
        with open(log, "wb") as stderr:
            child = self._child(argv, stderr, subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while not control.exists():
            if child.poll() is not None or time.monotonic() > deadline:
                text = log.read_text(errors="replace").strip()
                raise MachineError(f"swtpm did not start with the state '{tpm}': {text}")
            time.sleep(0.02)
        return control

    # --- the command line -----------------------------------------------------------------------

    def _argv(self, tpm):
        config, row = self.config, self.arch
        argv = [arches.find_program(row.qemu, row.packages), "-nodefaults", "-name", "landfall"]
        argv += ["-machine", row.secure_boot_machine if config.secure_boot else row.machine]
        argv += ["-accel", "tcg,thread=multi" if self.accel == "tcg" else self.accel]
        argv += ["-cpu", config.cpu or row.cpu[self.accel]]
        argv += ["-smp", self._processors(), "-m", str(config.memory)]
        argv += ["-qmp", f"unix:{self._run}/qmp,server=on,wait=off"]
        argv += ["-display", config.display, "-vga", "none" if config.display == "none" else "std"]
        argv += self._firmware_argv() + self._serial_argv() + self._network_argv()
        if tpm:
            argv += ["-chardev", f"socket,id=tpm,path={tpm}", "-tpmdev", "emulator,id=tpm,chardev=tpm"]
            argv += ["-device", f"{row.tpm_device},tpmdev=tpm"]
        argv += self._usb_argv()
        if config.iso:
            argv += iso_argv(config.iso, config.iso_as, config.iso_bad_at)
        for index, disk in enumerate(config.disks):
            argv += disk_argv(disk, index, has_iothread=self.accel != "tcg")
        if config.no_reboot:
            argv += ["-no-reboot"]
        return argv + list(config.extra)

    def _processors(self):
        """Each processor has a socket of its own, so that Linux takes their clocks for unsynchronised from the
        beginning. Else it may find that out when all of them run, and rewrites code which every one of them executes;
        QEMU without KVM then now and then shows one of them half a change, and the kernel panics ("Oops: int3")."""
        return f"{self.config.cpus},sockets={self.config.cpus},cores=1,threads=1"

    def _firmware_argv(self):
        firmware = arches.find_firmware(self.arch, self.config.secure_boot)
        kind = "secure" if self.config.secure_boot else "plain"
        variables = self._state / f"vars-{kind}.fd"
        if not variables.exists():
            shutil.copyfile(firmware.variables, variables)
        argv = ["-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={_quote(firmware.code)}"]
        argv += ["-drive", f"if=pflash,unit=1,format=raw,file={_quote(variables)}"]
        if self.config.secure_boot:
            for setting in self.arch.secure_boot_globals:
                argv += ["-global", setting]
        return argv

    def _serial_argv(self):
        log = f"logfile={_quote(self.serial_log())},logappend=on"
        if self.config.stdio:
            console = f"stdio,id=console,mux=on,signal=off,{log}"
        else:
            console = f"socket,id=console,path={self._run}/console,server=on,wait=off,{log}"
        argv = ["-chardev", console, "-serial", "chardev:console"]
        if self.config.stdio:
            argv += ["-mon", "chardev=console"]
        if self.config.events:
            argv += ["-chardev", f"file,id=events,append=on,path={_quote(self.config.events)}"]
            argv += ["-serial", "chardev:events"]
        return argv

    def _network_argv(self):
        """The first card carries the port forwards. Cards have no boot ROM: nothing here boots by PXE."""
        if self.config.network == "none" and not self.config.networks:
            return []
        argv = []
        networks = self.config.networks or [self.config.network] * self.config.nics
        forwards = [f"{self.config.ssh_port}:22"] if self.config.ssh_port else []
        forwards += self.config.forward
        for index, network in enumerate(networks):
            backend = f"{network},id=net{index}"
            if index == 0 and network.startswith("user"):
                for forward in forwards:
                    outside, _, inside = forward.partition(":")
                    backend += f",hostfwd=tcp:127.0.0.1:{outside}-:{inside}"
            card = f"{self.config.nic},netdev=net{index},romfile=,mac=52:54:00:1f:a1:{index:02x}"
            argv += ["-netdev", backend, "-device", card]
        return argv

    def _usb_argv(self):
        usb = self.config.iso and self.config.iso_as != "cd"
        return ["-device", "qemu-xhci,id=usb"] if usb or any(d.bus == "usb" for d in self.config.disks) else []


def iso_argv(iso, kind, bad_at):
    """The installation medium. It is first in this boot's order, as a BMC's "boot once" makes it. The sector
    with the byte `bad_at` cannot be read; negative: all can."""
    file = ["driver=file", f"filename={_quote(iso)}", "locking=off"]
    if bad_at >= 0:
        error = ["event=read_aio", "errno=5", f"sector={bad_at // SECTORS[0]}", "once=off"]
        file = ["driver=blkdebug", *(f"image.{o}" for o in file), *(f"inject-error.0.{o}" for o in error)]
    argv = ["-blockdev", ",".join(["driver=raw", "node-name=iso", "read-only=on", *(f"file.{o}" for o in file)])]
    if kind == "usb":
        return argv + ["-device", "usb-storage,bus=usb.0,drive=iso,removable=on,id=iso-drive,bootindex=0"]
    if kind == "usb-cd":
        argv += ["-device", "usb-bot,bus=usb.0,id=iso-bot"]
        return argv + ["-device", "scsi-cd,bus=iso-bot.0,drive=iso,id=iso-drive,bootindex=0"]
    return argv + ["-device", "ide-cd,drive=iso,id=iso-drive,bootindex=0"]


def disk_argv(disk, index, has_iothread):
    """One disk. It gets no boot index, so that the firmware's own boot order decides. TCG gains nothing by an
    I/O thread (measured), which only adds to the contention for cores."""
    name = f"disk{index}"
    node = f"driver=raw,node-name={name},discard=unmap,detect-zeroes=unmap"
    node += f",file.driver=file,file.aio=threads,file.filename={_quote(disk.path)}"
    if disk.throwaway:
        node += ",cache.direct=off,cache.no-flush=on"
    argv = ["-blockdev", node]
    sector = f"logical_block_size={disk.sector},physical_block_size={max(disk.sector, 512)}"
    serial = f",serial={disk.serial or f'LANDFALL{index}'}"
    if disk.bus == "virtio":
        argv += ["-object", f"iothread,id=io{index}"] if has_iothread else []
        thread = f",iothread=io{index}" if has_iothread else ""
        return argv + ["-device", f"virtio-blk-pci,drive={name}{thread},{sector}{serial}"]
    if disk.bus == "nvme":
        argv += ["-device", f"nvme,id=nvme{index}{serial}"]
        return argv + ["-device", f"nvme-ns,bus=nvme{index},drive={name},{sector}"]
    if disk.bus == "scsi":
        argv += ["-device", f"virtio-scsi-pci,id=scsi{index}"]
        return argv + ["-device", f"scsi-hd,bus=scsi{index}.0,drive={name},{sector}{serial}"]
    if disk.bus == "usb":
        return argv + ["-device", f"usb-storage,bus=usb.0,drive={name},{sector}{serial}"]
    return argv + ["-device", f"ide-hd,bus=ide.{index + 1},drive={name}{serial}"]


def _quote(path):
    """Commas separate QEMU's options; a doubled one stands for itself."""
    return str(path).replace(",", ",,")


def _end(child):
    """Ends a child: asked first, then forced."""
    if child.poll() is None:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
