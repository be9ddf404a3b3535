"""Whole installations: from a medium to a machine that boots by itself and can be lived in."""

import json
import re

import pytest

from qemu.machine import Outcome

from .lab import BOOT_SECONDS, Escrow, old_system, usr_differences, wipe_state
from .upgrades import Upgrades

pytestmark = pytest.mark.machine

# A machine that is restarted from inside has one processor: now and then OVMF with SMM waits for ever for a second
# one that was in SMM when its start-up signal came, more likely on a busy host (tianocore/edk2, issue 10293).
RESTARTS_CPUS = 1

MENU = "/boot/loader/grub.cfg"
MARK = "usr/share/landfall/upgraded"


def crypt_header(shell):
    """Returns the LUKS2 metadata of the root's device, read inside the machine."""
    device = shell.run("blkid -t TYPE=crypto_LUKS -o device")
    assert len(device.split()) == 1, f"one encrypted partition was expected: {device}"
    return json.loads(shell.run(f"cryptsetup luksDump --dump-json-metadata {device}"))


def assert_unlocked_by_tpm(vm, shell, recovery=False):
    """Nobody typed, the TPM's token is there, and the temporary slot of the installer is gone."""
    header = crypt_header(shell)
    tokens = {token["type"]: token for token in header["tokens"].values()}
    assert sorted(tokens) == (["systemd-recovery"] if recovery else []) + ["systemd-tpm2"]
    assert tokens["systemd-tpm2"]["tpm2-pcrs"] == [7]
    slots = sorted(slot for token in tokens.values() for slot in token["keyslots"])
    assert sorted(header["keyslots"]) == slots, "another key slot than those of the tokens is left"
    assert "enter passphrase" not in vm.console.text().lower()


def assert_sound(shell, flavour):
    """What every installed system must be like."""
    assert shell.run("id -u") == "0"
    assert shell.run("hostname") == "edge-1"
    assert shell.run("od -An -tu1 -j4 /sys/firmware/efi/efivars/SecureBoot-*").strip() == "1"
    status = shell.run("ostree admin status")
    assert re.search(r"^\* debian [0-9a-f]{64}\.0", status, re.M), status
    origin = shell.run("cat /ostree/deploy/debian/deploy/*.0.origin")
    assert f"debian/13/x86_64/{flavour}" in origin
    assert shell.run("ostree config get --group='remote \"debian\"' gpg-verify") == "true"
    commit = shell.run(f"ostree rev-parse debian:debian/13/x86_64/{flavour}")
    assert "Good signature" in shell.run(f"ostree show --gpg-verify-remote=debian {commit}")
    for path in ("/usr", "/sysroot"):
        status, text = shell.run(f"touch {path}/landfall-test", check=False)
        assert status != 0 and "Read-only" in text, f"{path} can be written"
    shell.run("dpkg --audit && dpkg-query -W openssh-server systemd ostree")
    assert shell.run("dpkg -S /usr/bin/dpkg") == "dpkg: /usr/bin/dpkg"
    assert shell.run("systemctl is-system-running --wait", check=False)[1].strip() == "running", shell.run(
        "systemctl --failed --no-legend", check=False
    )
    assert shell.run("find /boot/efi -iname 'fb*.efi'") == "", "shim's fallback program resets machines"
    shell.run("test -s /etc/machine-id && test /etc/ssh/ssh_host_ed25519_key -nt /var/log/landfall/report.json")


def assert_records(shell, secrets=()):
    """What the installer leaves in /var/log/landfall, and what it must not leave there."""
    files = shell.run("ls /var/log/landfall").split()
    assert any(f.endswith(".ks") for f in files), files
    assert any("plan" in f for f in files), files
    assert any("event" in f for f in files), files
    for secret in secrets:
        status, where = shell.run(f"grep -rl -- '{secret}' /var /etc /boot", check=False)
        assert status == 1, f"a secret of the kickstart stands in {where}"


def realtime(shell):
    """Tells whether the kernel that runs is fully preemptible."""
    return shell.run("cat /sys/kernel/realtime 2>/dev/null || echo 0") == "1"


def assert_recovered(lab, disk, recovery_key):
    """In another machine the TPM does not help; who holds the recovery key gets in."""
    wipe_state(lab)
    with lab.boots("recovered", [disk]) as vm:
        vm.console.expect(r"enter recovery key for disk root", BOOT_SECONDS)
        vm.console.send(recovery_key + "\r")
        assert lab.shell(vm).run("hostname") == "edge-1"


def booted(shell):
    """Returns the deployment that runs."""
    return shell.run("ostree admin status | sed -n 's/^\\* debian //p'")


def assert_upgrades(lab, vm, shell, upgrades):
    """What nobody signed is refused; what the owner signed is the next boot."""
    ref = "debian/13/x86_64/standard"
    upgrades.publish(ref, MARK, "second")
    status, text = shell.run("ostree admin upgrade", check=False)
    assert status != 0 and "signature" in text.lower(), f"an unsigned upgrade was taken: {text}"
    upgrades.sign(ref)
    before = shell.run(f"cat {MENU}").count("\tlinux ")
    shell.run("ostree admin upgrade")
    assert shell.run(f"cat {MENU}").count("\tlinux ") == before + 1, "the boot menu did not change"
    lab.reboot(vm, shell)
    assert shell.run(f"cat /{MARK}") == "second"


def assert_deploys_and_rolls_back(lab, vm, shell, first):
    """A deployment with another kernel argument is in the menu; the way back leads past it to the first one."""
    shell.run("ostree admin deploy --os=debian --karg-append=landfall.test=2 debian:debian/13/x86_64/standard")
    assert "landfall.test=2" in shell.run(f"cat {MENU}")
    rows = [line for line in shell.run("ostree admin status").splitlines() if re.search(r"debian [0-9a-f]{64}\.", line)]
    index = next(i for i, line in enumerate(rows) if first in line)
    shell.run(f"ostree admin set-default {index}")
    lab.reboot(vm, shell)
    assert "landfall.test=2" not in shell.run("cat /proc/cmdline")
    assert booted(shell) == first
    assert shell.run(f"test -e /{MARK}", check=False)[0] == 1, "the upgrade is still there"


def test_a_machine_installs_from_cd_boots_by_its_tpm_upgrades_rolls_back_and_is_recovered(lab):
    """Standard kernel, CD, virtio disk with an old system, TPM; power lost in the middle; then the machine's whole life."""
    disk = lab.disk(size=10 << 30)
    old_system(disk.path, disk.size)
    escrow = Escrow(lab.folder)
    with Upgrades(lab.artefacts, lab.folder) as upgrades:
        iso = lab.seed(lab.site(recovery=True, upgrade_url=upgrades.url), "--file", f"recovery.pem={escrow.certificate}")
        lab.interrupt(iso, [disk], "payload.pull")
        end = lab.install(iso, [disk])[-1]
        recovery_key = escrow.open(end["data"]["escrow"][0]["cms"])
        with lab.boots("boot", [disk], cpus=RESTARTS_CPUS) as vm:
            vm.console.expect(r'BdsDxe: starting Boot\w+ "[^"]*" from HD\(', BOOT_SECONDS)
            shell = lab.shell(vm)
            assert_unlocked_by_tpm(vm, shell, recovery=True)
            assert_sound(shell, "standard")
            assert_records(shell, [recovery_key])
            assert not realtime(shell)
            first = booted(shell)
            assert_upgrades(lab, vm, shell, upgrades)
            # The first deployment stays: it is what the way back leads to.
            shell.run("ostree admin pin 1")
            assert_deploys_and_rolls_back(lab, vm, shell, first)
            assert_unlocked_by_tpm(vm, shell, recovery=True)
            vm.power_button()
            vm.wait(90)
        assert_recovered(lab, disk, recovery_key)


@pytest.mark.alone
def test_a_low_latency_machine_survives_lost_firmware_settings_and_its_stolen_disk_stays_shut(lab):
    """PREEMPT_RT, USB stick, NVMe disk with sectors of 4096 bytes, TPM. The boot entry is lost; later the disk is put into another machine."""
    disk = lab.disk(size=8 << 30, bus="nvme", sector=4096)
    site = lab.site(flavour="lowlatency", disk="nvme0n1", append=" rd.retry=20")
    lab.install(lab.seed(site), [disk], iso_as="usb")
    (lab.folder / "state" / "vars-secure.fd").unlink()
    with lab.boots("boot", [disk]) as vm:
        shell = lab.shell(vm)
        assert_unlocked_by_tpm(vm, shell)
        assert_sound(shell, "lowlatency")
        assert realtime(shell)
        vm.power_button()
        vm.wait(90)
    wipe_state(lab)
    with lab.boots("stolen", [disk], no_reboot=True) as vm:
        vm.console.expect(r"FAILED.*Cryptography Setup for root", BOOT_SECONDS)
        assert vm.wait(BOOT_SECONDS) == Outcome.REBOOT, "nobody is there: the machine must try again"
        text = vm.console.text().lower()
        assert "login:" not in text and "emergency mode" not in text


MORE = """\
part swap --fstype=swap --size=256
part /var/data --fstype=xfs --size=400
keyboard de
timezone Europe/Berlin --utc
user --name=operator --uid=1500 --groups=sudo --shell=/bin/bash --plaintext --password={password}
services --disabled=systemd-timesyncd
%pre
echo early >/run/pre
%end
%post --nochroot
cp /run/pre /mnt/sysroot/var/log/from-pre
%end
%post --interpreter=/bin/bash
id -un >/var/log/from-post
%end
"""


def assert_as_wished(shell):
    """Accounts, services, time zone and scripts are as the kickstart says."""
    assert shell.run("id -un 1500") == "operator" and "sudo" in shell.run("id -Gn operator").split()
    assert shell.run("getent shadow operator").split(":")[1].startswith("$")
    assert shell.run("readlink -f /etc/localtime") == "/usr/share/zoneinfo/Europe/Berlin"
    assert shell.run("systemctl is-enabled systemd-timesyncd", check=False)[1].strip() == "disabled"
    assert shell.run("cat /var/log/from-pre /var/log/from-post").split() == ["early", "root"]


def test_a_machine_without_tpm_asks_for_its_passphrase(lab):
    """USB CD as a BMC shows it, SATA disk, no TPM, more partitions; the passphrase is typed at the console."""
    secret, password = "correct-horse-7", "login-word-9"
    disk = lab.disk(size=8 << 30, bus="sata")
    site = lab.site(disk="sda", tpm=False, passphrase=secret, extra=MORE.format(password=password))
    events = lab.install(lab.seed(site), [disk], iso_as="usb-cd", tpm=False)
    notes = " ".join(e["message"] for e in events if e["state"] == "note")
    assert "keeps the US layout, not 'de'" in notes
    with lab.boots("boot", [disk], tpm=False) as vm:
        vm.console.expect(r"(?i)passphrase", BOOT_SECONDS)
        vm.console.send("wrong-guess\r")
        vm.console.expect(r"(?i)passphrase", BOOT_SECONDS)
        vm.console.send(secret + "\r")
        shell = lab.shell(vm)
        header = crypt_header(shell)
        assert len(header["keyslots"]) == 1 and not header["tokens"]
        assert shell.run("findmnt -no FSTYPE /var/data") == "xfs"
        assert shell.run("swapon --show=TYPE --noheadings") == "partition"
        assert_as_wished(shell)
        assert_sound(shell, "standard")
        # As a machine that was installed over the network is compared: both media give the same system.
        assert usr_differences(lab, shell, site.ref) == []
        assert_records(shell, [secret, password])
