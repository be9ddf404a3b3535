"""PID 1 when the installer crashes, is missing, or asks for something: a defined end, and never a panic."""

import re
import shutil
import subprocess

import pytest

from qemu.machine import Outcome, free_port

from .lab import run

pytestmark = pytest.mark.machine

SECTOR = 2048
WAIT = 300

# The installer's place is taken by a script that crashes at first, and then tells what it was told.
CRASHES_ONCE = """\
#!/bin/sh
if [ "$(cat /run/landfall/attempt)" = "1 0" ]; then
	(sleep 1000 &)
	kill -SEGV $$
fi
while [ ! -e /run/landfall/devices ]; do sleep 1; done
echo "told: $(cat /run/landfall/last)"
echo "left: $(ps | grep -c '[s]leep 1000')"
ls -d /sys/firmware/efi/efivars/SecureBoot-* /dev/mapper/control /dev/loop-control /dev/disk/by-id/*
echo 'poweroff eject' >/run/landfall/finish
exit 7
"""


def entry(path, mode, data=b"", inode=0):
    """One entry of a newc archive."""
    name = path.encode() + b"\0"
    fields = (inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
    head = b"070701" + b"".join(b"%08x" % field for field in fields) + name
    head += b"\0" * (-len(head) % 4)
    return head + data + b"\0" * (-len(data) % 4)


def overlay(lab, files):
    """Returns a copy of the boot ISO whose second initrd puts files over those of the first."""
    iso = lab.folder / "overlay.iso"
    shutil.copyfile(lab.artefacts.boot_iso, iso)
    report = run(["xorriso", "-indev", str(iso), "-find", "/landfall/seed.img", "-exec", "report_lba", "--"])
    start, size = re.search(r"^File data lba: +0 , +(\d+) , +\d+ , +(\d+) ,", report, re.M).groups()
    entries = [entry(path, mode, data, i + 1) for i, (path, mode, data) in enumerate(files)]
    archive = b"".join(entries) + entry("TRAILER!!!", 0)
    assert len(archive) <= int(size)
    with open(iso, "r+b") as image:
        image.seek(int(start) * SECTOR)
        image.write(archive)
    return iso


def test_a_crash_is_tried_again_and_the_next_start_is_told(lab):
    iso = overlay(lab, [("usr/bin/landfall-installer", 0o100755, CRASHES_ONCE.encode())])
    with lab.machine("init", iso=str(iso), no_reboot=True) as vm:
        vm.console.expect(r"installer failed start=1 class=internal signal=11", WAIT)
        vm.console.expect(r"installer next=retry in=\d+\.\ds", WAIT)
        assert vm.wait(WAIT) == Outcome.POWEROFF, vm.console.tail()
        text = vm.console.text()
    assert "told: class=internal signal=11" in text, text
    assert "left: 0" in text, text
    assert "SecureBoot-" in text and "/dev/mapper/control" in text and "/dev/loop-control" in text, text
    assert "/dev/disk/by-id/" in text, text
    assert re.search(r"installer failed start=2 class=io status=7\s+landfall-init: installer gave up next=poweroff", text)
    assert "ejected '/dev/sr0'" in text, text
    assert "start=3" not in text and "Kernel panic" not in text, text


def test_a_missing_installer_ends_in_a_debug_shell_only_when_asked_and_ctrl_alt_del_reboots(lab):
    words = b"landfall.debug=1\n"
    files = [
        ("usr/bin/landfall-installer", 0o100644, b""),
        ("landfall", 0o040700, b""),
        ("landfall/seed", 0o040700, b""),
        ("landfall/seed/cmdline", 0o100600, words),
    ]
    with lab.machine("init", iso=str(overlay(lab, files)), no_reboot=True) as vm:
        vm.console.expect(r"cannot run '/usr/bin/landfall-installer'", WAIT)
        vm.console.expect(r"installer gave up next=wait", WAIT)
        vm.console.send("echo answer $((6 * 7))\n")
        vm.console.expect(r"answer 42", WAIT)
        text = vm.console.text()
        keys = [{"type": "qcode", "data": key} for key in ("ctrl", "alt", "delete")]
        vm.qmp.command("send-key", keys=keys)
        assert vm.wait(WAIT) == Outcome.REBOOT, vm.console.tail()
    said = [line for line in text.splitlines() if "landfall-init: " in line]
    assert said and all("[debug shell enabled]" in line for line in said), said
    assert "Kernel panic" not in text


def test_without_the_word_there_is_no_shell_and_the_machine_powers_off(lab):
    files = [
        ("usr/bin/landfall-installer", 0o100755, b"#!/bin/sh\nexit 2\n"),
        ("landfall", 0o040700, b""),
        ("landfall/seed", 0o040700, b""),
        ("landfall/seed/cmdline", 0o100600, b"landfall.debug=0 landfall.failure-delay=1\n"),
    ]
    with lab.machine("init", iso=str(overlay(lab, files)), no_reboot=True) as vm:
        assert vm.wait(WAIT) == Outcome.POWEROFF, vm.console.tail()
        text = vm.console.text()
    assert "installer failed start=1 class=input status=2" in text, text
    assert "installer failed start=4 class=input status=2" in text, text
    assert "start=5" not in text and "BusyBox" not in text and "debug shell" not in text, text


SEED_FOLDERS = [("landfall", 0o040700, b""), ("landfall/seed", 0o040700, b"")]

# A step that hangs, at the first start only.
HANGS_ONCE = """\
#!/bin/sh
read -r up rest </proc/uptime
if [ "$(cat /run/landfall/attempt)" = "1 0" ]; then
	trap '' TERM INT HUP
	echo "payload.pull $((${up%.*} * 1000 + 3000))" >/run/landfall/deadline
	while :; do sleep 1000; done
fi
echo "told: $(cat /run/landfall/last)"
ls /run/landfall/deadline
echo poweroff >/run/landfall/finish
"""


def test_a_step_beyond_its_deadline_is_killed_and_tried_again(lab):
    iso = overlay(lab, [("usr/bin/landfall-installer", 0o100755, HANGS_ONCE.encode())])
    with lab.machine("init", iso=str(iso), no_reboot=True) as vm:
        vm.console.expect(r"installer step=payload.pull is over its time: killed", WAIT)
        vm.console.expect(r"installer failed start=1 class=network signal=9 hung=payload.pull", WAIT)
        assert vm.wait(WAIT) == Outcome.POWEROFF, vm.console.tail()
        text = vm.console.text()
    assert "told: class=network signal=9 hung=payload.pull" in text, text
    assert "/run/landfall/deadline: No such file" in text, text


# A write to a mapping that is suspended waits for ever, and no signal ends it, as with a disk that died.
GETS_STUCK = """\
#!/bin/sh
if [ "$(cat /run/landfall/attempt)" != "1 0" ]; then
	echo "farewell: $(cat /run/landfall/last)"
	exit 7
fi
echo "reboot" >/run/landfall/onfailure
while [ ! -e /run/landfall/devices ]; do sleep 1; done
modprobe dm-mod
echo "0 2048 linear /dev/vda 0" | dmsetup create stuck
dmsetup suspend --noflush --nolockfs stuck || exit 2
read -r up rest </proc/uptime
echo "disk.sync $((${up%.*} * 1000 + 3000))" >/run/landfall/deadline
exec dd if=/dev/zero of=/dev/mapper/stuck bs=4096 count=1 conv=fsync
"""


def test_an_installer_that_cannot_be_killed_is_left_behind_reported_and_the_machine_ends(lab):
    iso = overlay(lab, [("usr/bin/landfall-installer", 0o100755, GETS_STUCK.encode())])
    with lab.machine("init", iso=str(iso), disks=[lab.disk(size=64 << 20)], no_reboot=True) as vm:
        vm.console.expect(r"installer step=disk.sync is over its time: killed", WAIT)
        vm.console.expect(r"installer cannot be killed: a device does not answer", WAIT)
        assert vm.wait(WAIT) == Outcome.REBOOT, vm.console.tail()
        text = vm.console.text()
    assert text.count("farewell: class=io signal=9 hung=disk.sync stuck=1") == 1, text
    assert "installer gave up next=reboot" in text and "machine next=reboot" in text, text


CRASHES_ALWAYS = """\
#!/bin/sh
if [ "$(cat /run/landfall/attempt)" = "1 0" ]; then
	echo "reboot retry=0" >/run/landfall/onfailure
	kill -SEGV $$
fi
echo "farewell: $(cat /run/landfall/last)"
kill -SEGV $$
"""


def test_the_last_crash_is_reported_by_one_more_start_and_the_medium_is_put_out(lab):
    iso = overlay(lab, [("usr/bin/landfall-installer", 0o100755, CRASHES_ALWAYS.encode())])
    with lab.machine("init", iso=str(iso), no_reboot=True) as vm:
        assert vm.wait(WAIT) == Outcome.REBOOT, vm.console.tail()
        text = vm.console.text()
    assert text.count("farewell: class=internal signal=11") == 1, text
    assert "installer gave up next=reboot" in text and "ejected '/dev/sr0'" in text, text


# The kernel stops while PID 1 feeds the watchdog; panic=30 of the command line would restart it much later.
PANICS = """\
#!/bin/sh
while ! dmesg | grep -q i6300ESB; do sleep 1; done
sleep 15
echo "still fed"
sleep 3
echo c >/proc/sysrq-trigger
"""


def test_the_hardware_watchdog_is_fed_and_restarts_a_machine_whose_kernel_stands_still(lab):
    files = [
        ("usr/bin/landfall-installer", 0o100755, PANICS.encode()),
        *SEED_FOLDERS,
        ("landfall/seed/cmdline", 0o100600, b"landfall.watchdog=10\n"),
    ]
    extra = ["-device", "i6300esb,id=watchdog0", "-action", "watchdog=reset,panic=none"]
    with lab.machine("init", iso=str(overlay(lab, files)), no_reboot=True, extra=extra) as vm:
        vm.console.expect(r"watchdog timeout=10s", WAIT)
        vm.console.expect(r"still fed", WAIT)
        event = vm.qmp.wait_event("WATCHDOG", 25)
        assert event and event["data"]["action"] == "reset", vm.console.tail()
        assert vm.wait(WAIT) == Outcome.REBOOT, vm.console.tail()


IDLES = """\
#!/bin/sh
ip link set lo up
while ! ip addr add 10.0.2.15/24 dev "$(ls /sys/class/net | grep -v lo | head -n 1)"; do sleep 1; done
ip link set "$(ls /sys/class/net | grep -v lo | head -n 1)" up
while [ ! -e /run/landfall/leave ]; do sleep 1; done
echo poweroff >/run/landfall/finish
"""


def test_people_with_a_key_of_the_seed_and_nobody_else_get_in_by_ssh(lab):
    key = lab.identity.with_suffix(".pub").read_bytes()
    files = [
        ("usr/bin/landfall-installer", 0o100755, IDLES.encode()),
        *SEED_FOLDERS,
        ("landfall/seed/authorized_keys", 0o100600, key),
    ]
    iso = overlay(lab, files)
    with lab.machine("init", iso=str(iso), no_reboot=True, ssh_port=free_port()) as vm:
        shell = lab.shell(vm)
        assert shell.run("id -u; cat /run/landfall/init").split()[0] == "0"
        assert re.search(r"Fingerprint: SHA256:", vm.console.text()), vm.console.tail()
        options = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]
        argv = ["ssh", "-F", "none", *options, "-o", "BatchMode=yes", "-o", "PubkeyAuthentication=no"]
        refused = subprocess.run(
            [*argv, "-p", str(vm.config.ssh_port), "root@127.0.0.1", "true"], capture_output=True, text=True, check=False
        )
        assert refused.returncode != 0 and "Permission denied (publickey)" in refused.stderr, refused.stderr
        shell.run("touch /run/landfall/leave")
        assert vm.wait(WAIT) == Outcome.POWEROFF, vm.console.tail()


def test_without_a_key_in_the_seed_there_is_no_ssh_server(lab):
    script = "#!/bin/sh\nsleep 5\necho \"servers: $(ps | grep -c '[d]ropbear')\"\necho poweroff >/run/landfall/finish\n"
    iso = overlay(lab, [("usr/bin/landfall-installer", 0o100755, script.encode())])
    with lab.machine("init", iso=str(iso), no_reboot=True) as vm:
        assert vm.wait(WAIT) == Outcome.POWEROFF, vm.console.tail()
        text = vm.console.text()
    assert "servers: 0" in text, text
