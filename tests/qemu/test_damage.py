"""A medium that turns out damaged in the middle: a report, and nothing that boots half a system."""

import pytest

from qemu.machine import Outcome

from . import medium
from .lab import BOOT_SECONDS, INSTALL_SECONDS, run, squeeze

pytestmark = pytest.mark.machine

ESP_TYPE = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"


def boot_files(disk):
    """Returns what stands on the disk's EFI system partition, if there is one that can be read."""
    table = run(["/sbin/sfdisk", "--dump", disk.path]) if has_table(disk) else ""
    for line in table.splitlines():
        if ESP_TYPE in line:
            start = int(line.split("start=")[1].split(",")[0]) * disk.sector
            try:
                return run(["mdir", "-b", "-/", "-i", f"{disk.path}@@{start}", "::"]).upper()
            except AssertionError:
                return ""
    return ""


def has_table(disk):
    """Tells whether a GPT stands at the start of the disk."""
    with open(disk.path, "rb") as image:
        image.seek(disk.sector)
        return image.read(8) == b"EFI PART"


def assert_pull_fails(lab, iso, path, disk, error_class, **options):
    """The pull of an object ends the installation: right class, the object's name, a report on the console."""
    with lab.machine("install", iso=str(iso), disks=[disk], no_reboot=True, **options) as vm:
        end = vm.events.wait_end(INSTALL_SECONDS)
        assert end["state"] == "failed", f"a damaged medium was installed from: {end}"
        assert end["error"]["class"] == error_class, end["error"]
        checksum = medium.checksum_of(path)
        assert checksum[:12] in end["error"]["message"], f"the damaged object {checksum} is not named: {end}"
        started = [e["step"] for e in vm.events.all() if e["state"] == "started"]
        assert any("pull" in step for step in started), f"the damage was not found by the pull: {started}"
        vm.console.expect(rf"\({error_class}\)|error class '{error_class}'", 20)
        assert squeeze(end["error"]["message"]) in squeeze(vm.console.text())
        vm.quit()
    assert "BOOTX64.EFI" not in boot_files(disk)


def test_a_damaged_object_ends_the_installation_and_nothing_boots(lab):
    site = lab.site()
    iso = lab.seed(site)
    offset, path = medium.middle_object(iso, lab.artefacts.repo, site.ref)
    disk = lab.disk()
    assert_pull_fails(lab, medium.with_flipped_byte(iso, offset, lab.folder), path, disk, "trust")
    # Without a network the firmware does not wait for PXE before it gives up.
    with lab.machine("boot", disks=[disk], network="none") as vm:
        vm.console.expect("No bootable option or device was found", BOOT_SECONDS)
        vm.quit()
        text = vm.console.text()
        assert "Linux version" not in text and "login:" not in text and "GRUB" not in text


def test_a_medium_that_cannot_be_read_in_the_middle_is_a_failure_of_its_own_class(lab):
    site = lab.site()
    iso = lab.seed(site)
    offset, path = medium.middle_object(iso, lab.artefacts.repo, site.ref)
    assert_pull_fails(lab, iso, path, lab.disk(), "io", iso_bad_at=offset)


# What is left at work holds the target's mounts, as mkfs or gpg-agent might.
KILLED_ONCE = """\
%pre
if [ "$(cat /run/landfall/attempt)" = "1 0" ]; then
	installer=$PPID
	(
		until grep -q '"step":"payload.pull","state":"progress"' /run/landfall/events.jsonl; do sleep 1; done
		cd /mnt/sysimage
		kill -SEGV $installer
		sleep 1001
	) </dev/null >/dev/null 2>&1 &
fi
%end
%post
sleep 1002 </dev/null >/dev/null 2>&1 &
%end
"""


def test_a_crash_in_the_middle_is_cleared_away_and_the_next_start_installs(lab):
    iso = lab.seed(lab.site().kickstart() + KILLED_ONCE)
    disk = lab.disk()
    with lab.machine("install", iso=str(iso), disks=[disk], no_reboot=True) as vm:
        # The second start tells how the first one ended.
        crash = vm.events.wait_end(INSTALL_SECONDS)
        assert crash["next"] == "retry" and "signal 11" in crash["error"]["message"], crash
        vm.events.wait(lambda e: e["step"] == "install" and e["state"] == "done", INSTALL_SECONDS, "install")
        assert vm.wait(60) == Outcome.POWEROFF, vm.console.tail()
        events = vm.events.all()
    text = (lab.folder / "install.serial.log").read_text(errors="replace")
    notes = [e["message"] for e in events if e["state"] == "note"]
    assert "installer failed start=1 class=internal signal=11" in text
    assert any("an earlier start was interrupted" in n and "mappings 1" in n for n in notes), notes
    assert any("ended what the scripts left running: sleep" in n for n in notes), notes
    assert "BOOTX64.EFI" in boot_files(disk)
