"""What the tests in machines share: kickstarts, seeded ISOs, an installation, a login, a disk's fingerprint.

Not its job: judging. Tests assert; this module does and reports.
"""

import hashlib
import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from qemu.machine import Config, Disk, Machine, Outcome, free_port
from qemu.shell import Shell, ShellError

# A machine without KVM needs about 80 s for an installation and 40 s for a boot, alone on two cores; these
# are the limits on a busy host.
INSTALL_SECONDS = 900
BOOT_SECONDS = 600
REFUSE_SECONDS = 600
MIB = 1 << 20

KICKSTART = """\
lang C.UTF-8
keyboard us
timezone --utc Etc/UTC
zerombr
clearpart --all --initlabel
{disk_choice}
reqpart --add-boot
part / --fstype=ext4 --size={size_mib} --grow --encrypted{passphrase}
rootpw --lock
sshkey --username=root "{key}"
network --bootproto=dhcp --hostname={hostname}
bootloader --append="console=ttyS0,115200{append}"
ostreesetup --osname=debian --url=file:///run/landfall/medium/repo --ref={ref}
poweroff
{extra}
%addon com_landfall
kernel --flavour={flavour}
{unlock}
{upgrade}
%end
"""


@dataclass
class Site:
    """What differs between the sites of our tests. `kickstart()` writes it down."""

    ref: str
    key: str
    flavour: str = "standard"
    disk: str = "vda"
    tpm: bool = True
    passphrase: str = ""
    hostname: str = "edge-1"
    size_mib: int = 3000
    recovery: bool = False
    append: str = ""
    upgrade_url: str = ""
    extra: str = ""

    def kickstart(self):
        """Returns the kickstart's text. An empty `disk` leaves the choice to the installer."""
        return KICKSTART.format(
            disk_choice=f"ignoredisk --only-use={self.disk}" if self.disk else "",
            size_mib=self.size_mib,
            passphrase=f" --passphrase={self.passphrase}" if self.passphrase else "",
            key=self.key,
            hostname=self.hostname,
            ref=self.ref,
            extra=self.extra,
            flavour=self.flavour,
            append=self.append,
            unlock=self._unlock(),
            upgrade=f"upgrade --url={self.upgrade_url}" if self.upgrade_url else "",
        )

    def _unlock(self):
        recovery = " --recovery --escrow=recovery.pem" if self.recovery else ""
        return f"unlock --tpm2 --pcrs=7{recovery}" if self.tpm else ""


@dataclass
class Artefacts:
    """What the build made."""

    landfall: Path
    repo: Path
    keys: Path
    boot_iso: Path
    full_iso: Path


@dataclass
class Lab:
    """A test's bench: a folder, the build's products, a key to log in with."""

    folder: Path
    artefacts: Artefacts
    identity: Path
    defaults: dict = field(default_factory=dict)

    def site(self, **changes):
        """Returns a site whose root can log in with the lab's key."""
        flavour = changes.get("flavour", "standard")
        key = self.identity.with_suffix(".pub").read_text(encoding="ascii").strip()
        return Site(ref=f"debian/13/{os.uname().machine}/{flavour}", key=key, **changes)

    def seed(self, kickstart, *options, iso=None):
        """Puts a kickstart (a site or a text) into a copy of an ISO, as an operator does, and returns the copy."""
        text = kickstart if isinstance(kickstart, str) else kickstart.kickstart()
        path = self.folder / "site.ks"
        path.write_text(text, encoding="utf-8")
        out = self.folder / "site.iso"
        argv = [str(self.artefacts.landfall), "iso", "seed", "--kickstart", str(path), *options]
        run([*argv, "--append", "landfall.events=ttyS1", str(iso or self.artefacts.full_iso), str(out)])
        return out

    def machine(self, name, **options):
        """Describes a machine whose logs lie in the lab's folder under `name`."""
        settings = {
            "state": str(self.folder / "state"),
            "serial_log": str(self.folder / f"{name}.serial.log"),
            "events": str(self.folder / f"{name}.events"),
            "memory": 1024,
            "cpus": 2,
            **self.defaults,
            **options,
        }
        return Machine(Config(**settings))

    def install(self, iso, disks, **options):
        """Installs, and returns the events. Fails unless the machine powered off by itself afterwards."""
        with self.machine("install", iso=str(iso), disks=disks, no_reboot=True, **options) as vm:
            end = vm.events.wait_end(INSTALL_SECONDS)
            assert end["state"] == "done", f"the installation failed: {end}\n{vm.console.tail()}"
            outcome = vm.wait(60)
            assert outcome == Outcome.POWEROFF, f"the machine did not power off: {outcome.name}"
            return vm.events.all()

    def interrupt(self, iso, disks, step):
        """Installs, and takes the power away a moment after a step has begun to report."""
        with self.machine("interrupted", iso=str(iso), disks=disks, no_reboot=True) as vm:
            vm.events.wait(lambda e: e["step"] == step and e.get("percent", 0) >= 20, INSTALL_SECONDS, step)
            vm.quit()

    def disk(self, name="disk.img", **options):
        """Describes a disk of the lab that nobody needs after the test."""
        return Disk(str(self.folder / name), throwaway=True, **options)

    def shell(self, vm):
        """Returns a root shell in the machine, once its ssh server answers."""
        shell = Shell(self.identity, vm.config.ssh_port)
        try:
            shell.wait(BOOT_SECONDS, vm.alive)
        except ShellError as error:
            raise AssertionError(f"{error}; the console ends with:\n{vm.console.tail()}") from error
        return shell

    def reboot(self, vm, shell):
        """Reboots the machine from inside and returns when the next boot answers."""
        boot_id = "cat /proc/sys/kernel/random/boot_id"
        before = shell.run(boot_id)
        shell.run("systemctl reboot", check=False)
        deadline = time.monotonic() + BOOT_SECONDS
        while time.monotonic() < deadline and vm.alive():
            shell.hang_up()
            if shell.answers():
                status, now = shell.run(boot_id, check=False)
                if status == 0 and now.strip() != before:
                    return
            time.sleep(1)
        raise AssertionError(f"the machine does not come back:\n{vm.console.tail()}")

    def boots(self, name, disks, **options):
        """Describes a machine that boots from its disks and forwards a port to its ssh server."""
        return self.machine(name, disks=disks, ssh_port=free_port(), **options)


@dataclass
class Escrow:
    """The owner of recovery keys: a certificate that goes to the site, a private key that does not."""

    folder: Path

    @property
    def certificate(self):
        """Returns the certificate's path; key and certificate are made at first use."""
        path = self.folder / "recovery.pem"
        if not path.exists():
            subject = ["-x509", "-subj", "/CN=recovery", "-days", "1", "-newkey", "rsa:3072", "-nodes"]
            run(["openssl", "req", *subject, "-keyout", str(self.folder / "recovery.key"), "-out", str(path)])
        return path

    def open(self, cms):
        """Returns the recovery key inside a CMS message."""
        sealed = self.folder / "recovery.cms"
        sealed.write_text(cms, encoding="ascii")
        key = ["-inkey", str(self.folder / "recovery.key")]
        return run(["openssl", "cms", "-decrypt", "-inform", "PEM", "-in", str(sealed), *key])


def run(argv, **options):
    """Runs a command of the host and returns its output; its own error text is the failure's."""
    done = subprocess.run(
        argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False, **options
    )
    assert done.returncode == 0, f"{' '.join(map(str, argv))} failed:\n{done.stdout}{done.stderr}"
    return done.stdout


def fingerprint(path):
    """Returns a hash of a disk image's whole content. Holes are skipped, and a hole is equal to zeros."""
    digest = hashlib.sha256()
    zeros = bytes(MIB)
    with open(path, "rb") as image:
        size = os.fstat(image.fileno()).st_size
        digest.update(str(size).encode())
        offset = 0
        while offset < size:
            try:
                offset = os.lseek(image.fileno(), offset, os.SEEK_DATA) // MIB * MIB
            except OSError:
                break
            block = os.pread(image.fileno(), MIB, offset)
            if block != zeros[: len(block)]:
                digest.update(b"@%d:" % offset)
                digest.update(block)
            offset += MIB
    return digest.hexdigest()


def old_system(path, size):
    """Makes a disk that holds something: a GPT with two partitions and recognisable bytes all over."""
    with open(path, "wb") as image:
        image.truncate(size)
    table = b"label: gpt\nsize=200MiB, type=U\ntype=L, name=precious\n"
    subprocess.run(["/sbin/sfdisk", "--quiet", str(path)], input=table, check=True, capture_output=True)
    run(["/sbin/mke2fs", "-q", "-t", "ext4", "-L", "precious", "-E", f"offset={201 * MIB}", str(path), "256M"])
    with open(path, "r+b") as image:
        for offset in range(600 * MIB, size - 64 * MIB, 97 * MIB):
            image.seek(offset)
            image.write(b"precious data of the old system\n" * 512)


# Of everything below usr/: kind, mode, owner, group, name and a link's target; contents; how many have attributes.
# The system has no getfattr; the archiver of every Debian lists attributes too.
LIST_USR = """\
export LC_ALL=C && cd '{root}' &&
find usr -type l -printf '%y %m %U %G %p -> %l\\n' -o -printf '%y %m %U %G %p\\n' &&
find usr -type f -exec sha256sum -z {{}} + | tr '\\0' '\\n' &&
echo attributes: $(tar --xattrs --xattrs-include='*' -cf - usr | tar --xattrs --xattrs-include='*' -tvvf - | grep -c '^  x: ')
"""
KINDS = {"-": "f", "d": "d", "l": "l"}
OSTREE_ROW = re.compile(r"([-dl])([0-7]{5}) (\d+) (\d+) +\d+ \{ (.*?) \} /(usr.*)")


def usr_of_commit(lab, ref):
    """Returns what LIST_USR says of a system whose /usr is byte for byte that of a commit of the image."""
    repo, tree = f"--repo={lab.artefacts.repo}", lab.folder / "usr-of-commit"
    lines, n_attributes = [], 0
    for row in run(["ostree", repo, "ls", "-R", "-X", ref, "/usr"]).splitlines():
        kind, mode, owner, group, attributes, name = OSTREE_ROW.fullmatch(row).groups()
        lines.append(f"{KINDS[kind]} {int(mode, 8):o} {owner} {group} {name}")
        n_attributes += attributes != "@a(ayay) []"
    run(["ostree", repo, "checkout", "-U", "--subpath=/usr", ref, str(tree)])
    for file in (path for path in tree.rglob("*") if path.is_file() and not path.is_symlink()):
        with open(file, "rb") as content:
            lines.append(f"{hashlib.file_digest(content, 'sha256').hexdigest()}  usr/{file.relative_to(tree)}")
    shutil.rmtree(tree)
    return [*lines, f"attributes: {n_attributes}"]


def usr_differences(lab, shell, ref, root="/"):
    """Compares the /usr of an installed machine with the commit's: returns the first lines that only one of them has."""
    there = set(shell.run(LIST_USR.format(root=root), timeout=BOOT_SECONDS).splitlines())
    wanted = set(usr_of_commit(lab, ref))
    assert len(wanted) > 1000, "the commit has hardly any files"
    return [f"only the commit: {line}" for line in sorted(wanted - there)[:10]] + [
        f"only the machine: {line}" for line in sorted(there - wanted)[:10]
    ]


def wipe_state(lab):
    """Forgets firmware variables and TPM of the lab's machine, as if the disk moved to another one."""
    shutil.rmtree(lab.folder / "state", ignore_errors=True)


def squeeze(text):
    """Removes what a console adds to a text: wraps and indentation."""
    return re.sub(r"\s+", " ", text)
