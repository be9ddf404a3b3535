"""What cannot be done is refused: the right class, a text that helps, and not one byte of any disk changed."""

import pytest

from . import medium
from .lab import REFUSE_SECONDS, fingerprint, old_system, squeeze

pytestmark = pytest.mark.machine

# Four tries with their pauses, each of which looks for a disk first.
GIVE_UP_SECONDS = 600


def writes(vm):
    """Returns how many writes each disk of a machine has seen."""
    stats = vm.qmp.command("query-blockstats")
    return {s["node-name"]: s["stats"]["wr_operations"] for s in stats if s.get("node-name", "").startswith("disk")}


def refuse(lab, iso, disks, error_class, words, is_to_the_end=False, **options):
    """Boots an installer that must refuse; checks class, text, consoles, disks, and that it tries again. To the end: also
    that it gives up after three more tries, and powers off. Returns its events."""
    for disk in disks:
        old_system(disk.path, disk.size)
    before = [fingerprint(disk.path) for disk in disks]
    # With -no-shutdown a machine that powered off stays, so that it can still be asked.
    with lab.machine("refusal", iso=str(iso), disks=disks, extra=["-no-shutdown"], **options) as vm:
        end = vm.events.wait_end(REFUSE_SECONDS)
        assert end["state"] == "failed", f"it was not refused: {end}"
        error = end["error"]
        assert error["class"] == error_class, error
        assert error["advice"], error
        for word in words:
            assert word in error["message"], f"'{word}' is not in: {error['message']}"
        assert_told(vm, error_class, error["message"])
        assert end["next"] == "retry", end
        if is_to_the_end:
            assert_gives_up(vm, error_class)
        assert_unwritten(vm, disks)
        vm.quit()
        events = vm.events.all()
    assert [fingerprint(disk.path) for disk in disks] == before
    return events


def assert_gives_up(vm, error_class):
    """After three more tries the machine powers off, and its last event says so."""
    event = vm.qmp.wait_event("SHUTDOWN", GIVE_UP_SECONDS)
    assert event and event["data"]["reason"] == "guest-shutdown", vm.console.tail()
    vm.console.expect(f"installer failed start=4 class={error_class}", 5)
    ends = [e["next"] for e in vm.events.all() if e["step"] == "install" and e["state"] == "failed"]
    assert ends == ["retry", "retry", "retry", "poweroff"], ends


def assert_told(vm, error_class, message):
    """The console shows class and text, as a person at a screen or a log of the serial line gets them."""
    vm.console.expect(rf"\({error_class}\)|error class '{error_class}'", REFUSE_SECONDS)
    shown = squeeze(vm.console.text())
    for line in message.splitlines():
        assert squeeze(line).strip() in shown, f"'{line}' is not on the console:\n{vm.console.tail()}"
    assert "Kernel panic" not in shown


def assert_unwritten(vm, disks):
    """No disk has seen a single write."""
    seen = writes(vm)
    assert len(seen) == len(disks) and not any(seen.values()), seen


def test_an_unsigned_commit_is_refused(lab):
    site = lab.site()
    iso = medium.without_signature(lab.seed(site), site.ref, lab.folder)
    refuse(lab, iso, [lab.disk()], "trust", ["signature"])


def test_a_commit_signed_by_a_stranger_is_refused(lab):
    site = lab.site()
    iso = medium.signed_by_stranger(lab.seed(site), site.ref, lab.folder)
    refuse(lab, iso, [lab.disk()], "trust", ["signature"])


ONERROR = """\
%onerror
echo "the site's own last words"
%end
"""


def test_a_disk_that_is_too_small_is_refused_and_onerror_runs(lab):
    text = lab.site().kickstart() + ONERROR
    events = refuse(lab, lab.seed(text), [lab.disk(size=2 << 30)], "target", ["vda"], is_to_the_end=True)
    notes = [e["message"] for e in events if e["step"] == "script.onerror"]
    assert notes == ["the site's own last words"] * 4, notes


def test_two_equally_good_disks_are_refused(lab):
    disks = [lab.disk("first.img"), lab.disk("second.img")]
    refuse(lab, lab.seed(lab.site(disk="")), disks, "target", ["vda", "vdb"])


def test_a_kickstart_with_errors_is_refused(lab):
    text = lab.site().kickstart().replace("--size=3000", "--size=big")
    line = next(n for n, row in enumerate(text.splitlines(), 1) if "--size=big" in row)
    refuse(lab, lab.seed(text, "--no-check"), [lab.disk()], "input", [f":{line}:"])


def test_a_service_that_the_system_has_not_is_refused(lab):
    """What only the payload can tell is looked at before the first write, too. The orders lie on the medium itself;
    those in the seed would not be refused."""
    orders = lab.site(extra="services --enabled=sshd-misspelt").kickstart()
    seed = lab.seed(lab.site(), "--append", "landfall.ks=cdrom:/orders/site.ks")
    iso = medium.with_file(seed, "/orders/site.ks", orders, lab.folder)
    refuse(lab, iso, [lab.disk()], "input", ["sshd-misspelt"])


def test_a_medium_that_cannot_be_read_is_refused(lab):
    site = lab.site()
    iso = lab.seed(site)
    bad = medium.commit_object(iso, site.ref, lab.folder)
    refuse(lab, iso, [lab.disk()], "io", ["cannot be read", "use another drive"], iso_bad_at=bad)


def test_an_iso_without_kickstart_is_refused(lab):
    """Nobody can have said where events go, so the console is all there is."""
    disk = lab.disk()
    old_system(disk.path, disk.size)
    before = fingerprint(disk.path)
    iso = str(lab.artefacts.full_iso)
    with lab.machine("refusal", iso=iso, disks=[disk], extra=["-no-shutdown"]) as vm:
        assert_told(vm, "input", "no kickstart in the seed")
        vm.console.expect("landfall iso seed --kickstart", 5)
        event = vm.qmp.wait_event("SHUTDOWN", GIVE_UP_SECONDS)
        assert event and event["data"]["reason"] == "guest-shutdown", vm.console.tail()
        assert_unwritten(vm, [disk])
        vm.quit()
    assert fingerprint(disk.path) == before


def test_a_machine_without_the_tpm_asked_for_is_refused(lab):
    refuse(lab, lab.seed(lab.site()), [lab.disk()], "target", ["TPM"], tpm=False)


def test_a_machine_without_disks_is_refused(lab):
    refuse(lab, lab.seed(lab.site()), [], "target", ["disk"])
