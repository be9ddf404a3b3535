"""The machine itself: its options, how its end is told, that it leaves nothing behind, and the tests' own tools."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from qemu import arches
from qemu.machine import Config, Disk, Machine, MachineError, Outcome
from qemu.serial import Console, Events, Timeout
from tests.bench import bench

from .lab import fingerprint, old_system

ROOT = Path(__file__).resolve().parents[2]
RUN = ROOT / "qemu" / "run"
SHELL_SECONDS = 90


def children_of(pid):
    """Returns the processes below a process, by name."""
    names = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text(encoding="ascii").split():
            names.append((int(child), Path(f"/proc/{child}/comm").read_text(encoding="ascii").strip()))
    return names


def runs(pid):
    """Tells whether a process still runs; one that only waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "file name"),
        ("a.img,size=big", "not a size"),
        ("a.img,bus=floppy", "virtio"),
        ("a.img,sector=1024", "512 or 4096"),
        ("a.img,bus=sata,sector=4096", "SATA"),
        ("a.img,colour=red", "colour=red.*throwaway"),
        ("a.img,size=0", "size=8G"),
    ],
)
def test_a_wrong_disk_option_says_what_to_change(text, words):
    with pytest.raises(MachineError, match=words):
        Disk.parse(text)


def test_a_disk_is_made_once_and_sparse(tmp_path):
    disk = Disk.parse(f"{tmp_path}/d.img,size=3G,bus=nvme,serial=S1,sector=4096")
    assert (disk.size, disk.bus, disk.serial, disk.sector) == (3 << 30, "nvme", "S1", 4096)
    disk.create()
    assert os.stat(disk.path).st_size == 3 << 30 and os.stat(disk.path).st_blocks < 64
    Path(disk.path).write_bytes(b"kept")
    disk.create()
    assert Path(disk.path).read_bytes() == b"kept"


def test_missing_files_and_programs_are_named(tmp_path, monkeypatch):
    with pytest.raises(MachineError, match="no ISO '/nowhere.iso'"):
        Config(iso="/nowhere.iso")
    with pytest.raises(MachineError, match="install the package swtpm"):
        arches.find_program("no-such-program", "swtpm")
    with pytest.raises(MachineError, match="no machine is known for 'vax'"):
        arches.arch("vax")


@pytest.mark.parametrize(
    "words, says",
    [
        ([], "nothing to boot"),
        (["--iso", "/nowhere.iso"], "no ISO '/nowhere.iso'"),
        (["--disk", "x,foo=1"], "unknown disk option 'foo=1'"),
        (["--disk", "x,size=0"], "a disk of 0 bytes"),
        (["--disk", "x", "--ssh-port", "many"], "'many' is no port"),
        (["--iso", RUN, "--forward", "abc"], "--forward 'abc' is not HOST:GUEST: write two ports"),
        (["--iso", RUN, "--forward", "8080"], "--forward '8080' is not HOST:GUEST"),
        (["--iso", RUN, "--forward", "8080:0"], "--forward '8080:0' is not HOST:GUEST"),
        (["--iso", RUN, "--forward", "127.0.0.1:8080:80"], "is not HOST:GUEST"),
        (["--iso", RUN, "--forward", "8080:70000"], "is not HOST:GUEST"),
        (["--disk", "."], "the disk '.' is a folder: write a file's name, as disk.img"),
        (["--iso", RUN, "--disk", "/tmp"], "the disk '/tmp' is a folder: write a file's name, as /tmp/disk.img"),
        (["--disk", "typo.img"], "there is no disk 'typo.img': correct the name, or give --iso"),
        (["--disk", "typo.img,size=1G", "--", "-S"], "there is no disk 'typo.img'"),
        (["--disk", "no/such/d.img,size=1G"], "there is no folder 'no/such' for the disk 'no/such/d.img'"),
        (["--iso", RUN, "--disk", "no/such/d.img,size=1G"], "there is no folder 'no/such'"),
        (["--iso", RUN, "--memory", "0"], "--memory 0 is not possible: write a number above 0"),
        (["--iso", RUN, "--memory", "-5"], "--memory -5 is not possible"),
        (["--iso", RUN, "--cpus", "0"], "--cpus 0 is not possible: write a number above 0"),
        (["--iso", RUN, "--cpus", "two"], "--cpus: invalid int value: 'two'"),
        (["--colour"], "--colour"),
    ],
)
def test_wrong_arguments_end_with_their_own_status(tmp_path, words, says):
    done = subprocess.run([RUN, *words], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and says in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_fingerprint_sees_one_byte_and_not_the_difference_of_hole_and_zeros(tmp_path):
    disk, copy = tmp_path / "disk", tmp_path / "copy"
    old_system(disk, 700 << 20)
    before = fingerprint(disk)
    subprocess.run(["cp", "--sparse=never", disk, copy], check=True)
    assert fingerprint(copy) == before
    with open(copy, "r+b") as image:
        image.seek((650 << 20) + 12345)
        image.write(b"\x01")
    assert fingerprint(copy) != before


def test_events_are_read_from_a_line_that_firmware_also_wrote_to(tmp_path):
    path = tmp_path / "events"
    good = {"v": 1, "step": "install", "state": "done"}
    path.write_bytes(b"\x1b[2JBdsDxe: " + json.dumps(good).encode() + b"\r\n{torn\n[1]\n" + b'{"step":"x"')
    assert Events(path).all() == [good]
    assert Events(path).wait_end(0) == good
    with pytest.raises(Timeout, match="the event did not come in time"):
        Events(path).wait(lambda e: e["step"] == "x", 0)


def test_the_console_is_searched_onwards_and_without_control_sequences(tmp_path):
    log = tmp_path / "log"
    log.write_bytes(b"\x1b[1;32mlo\x1b[0mgin: one\r\nlogin: two\r\n")
    console = Console(log)
    assert console.expect(r"login: (\w+)", 0).group(1) == "one"
    assert console.expect(r"login: (\w+)", 0).group(1) == "two"
    with pytest.raises(Timeout, match="login: two"):
        console.expect("login:", 0)


def test_ci_runs_the_readme_s_command_and_lets_nothing_be_skipped(tmp_path):
    make = tmp_path / "make"
    make.write_text('#!/bin/sh\necho "$0 $* in $PWD, $LANDFALL_NO_SKIP"\nexit 3\n', encoding="utf-8")
    make.chmod(0o755)
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run([ROOT / ".ci" / "run"], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.stdout == f"{make} check in {ROOT}, 1\n" and done.returncode == 3
    assert "\nmake check " in (ROOT / "README.md").read_text(encoding="utf-8")


def test_rows_of_the_benchmark_say_which_version_they_measured(tmp_path, capsys):
    results = tmp_path / "results.json"
    unknown = bench.row("floor", 288, bound=512)
    old = bench.merge(results, [bench.row("init", 2, 5, 0.5, "how", True), bench.row("size", 50)], "v1")
    results.write_text(json.dumps([unknown, *old]), encoding="utf-8")
    rows = bench.merge(results, [bench.row("size", 52, bound=51)], "v2")
    assert [(r["name"], r["ours"], r.get("version")) for r in rows] == [
        ("floor", 288, None),
        ("init", 2, "v1"),
        ("size", 52, "v2"),
    ]
    assert set(rows[2]) == {"name", "ours", "peer", "ratio", "bound", "holds", "how", "version"}
    bench.show(rows, "v2")
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].endswith(" holds (measured at an unknown version, not at v2)")
    assert shown[1].endswith(" holds (measured at v1, not at v2)")
    assert shown[2].endswith(" FALLS SHORT")


@pytest.mark.machine
def test_kvm_is_decided_by_trying_within_its_time_and_then_remembered(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    row, name = arches.arch(), os.uname().machine
    start = time.monotonic()
    choice = arches.choose_accel(row, name, True)
    assert choice in ("kvm", "tcg") and time.monotonic() - start < arches.PROBE_SECONDS + 10
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        assert choice == "tcg"
        return
    known = json.loads((tmp_path / "landfall" / "kvm.json").read_text(encoding="utf-8"))
    assert list(known.values())[1:] == [choice == "kvm"]
    start = time.monotonic()
    assert arches.choose_accel(row, name, True) == choice
    assert time.monotonic() - start < 1


@pytest.mark.machine
@pytest.mark.parametrize("command, outcome", [("reset -s", Outcome.POWEROFF), ("reset", Outcome.REBOOT)])
def test_an_end_from_inside_is_told_apart(tmp_path, command, outcome):
    config = Config(secure_boot=False, memory=256, cpus=1, network="none", no_reboot=True, state=str(tmp_path / "s"))
    with Machine(config) as vm:
        vm.console.expect("Shell>", SHELL_SECONDS)
        vm.console.send(command + "\r")
        assert vm.wait(30) == outcome
    assert (tmp_path / "s" / "vars-plain.fd").exists() and list((tmp_path / "s" / "tpm").iterdir())


def empty_disk(folder):
    """Makes what `qemu/run` does not make without a medium."""
    path = folder / "d.img"
    path.touch()
    os.truncate(path, 64 << 20)
    return path


@pytest.mark.machine
def test_a_deadline_ends_machine_and_helpers_and_is_told(tmp_path):
    argv = [RUN, "--disk", empty_disk(tmp_path), "--memory", "256", "--deadline", "3"]
    argv += ["--serial-log", f"{tmp_path}/log", "--events", f"{tmp_path}/events", "--accel", "tcg"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 4 and "deadline" in done.stderr


@pytest.mark.machine
@pytest.mark.parametrize("number, status", [(signal.SIGTERM, 130), (signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_a_run_that_is_ended_takes_its_children_along(tmp_path, number, status):
    argv = [RUN, "--disk", empty_disk(tmp_path), "--memory", "256", "--accel", "tcg"]
    argv += ["--serial-log", f"{tmp_path}/log", "--quiet"]
    with subprocess.Popen(argv) as runner:
        deadline = time.monotonic() + 20
        while len(children_of(runner.pid)) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
        children = children_of(runner.pid)
        assert len(children) == 2, children
        runner.send_signal(number)
        assert runner.wait(20) == status
    deadline = time.monotonic() + 5
    while any(runs(pid) for pid, _ in children) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not [name for pid, name in children if runs(pid)]


@pytest.mark.machine
@pytest.mark.parametrize(
    "disk, iso_as",
    [
        ("bus=virtio,sector=4096", "cd"),
        ("bus=nvme,sector=4096", "usb"),
        ("bus=scsi,sector=4096,serial=S1", "usb-cd"),
        ("bus=sata", "cd"),
        ("bus=usb", "usb"),
    ],
)
def test_every_bus_and_kind_of_medium_starts(tmp_path, disk, iso_as):
    iso = tmp_path / "a,comma.iso"
    iso.write_bytes(bytes(1 << 20))
    disks = [f"{tmp_path}/one.img,size=64M,{disk}", f"{tmp_path}/two.img,size=64M,{disk}"]
    config = Config(iso=str(iso), iso_as=iso_as, disks=disks, memory=128, accel="tcg", nics=2)
    with Machine(config) as vm:
        nodes = {device["inserted"]["node-name"] for device in vm.qmp.command("query-block") if "inserted" in device}
        assert {"iso", "disk0", "disk1"} <= nodes
        vm.quit()
        assert vm.wait(5) == Outcome.QUIT


@pytest.mark.machine
def test_qemu_s_own_error_reaches_the_user(tmp_path):
    argv = [RUN, "--disk", empty_disk(tmp_path), "--serial-log", f"{tmp_path}/log", "--accel", "tcg"]
    done = subprocess.run([*argv, "--", "-device", "no-such-device"], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "no-such-device" in done.stderr
