"""What cannot be done is refused: the right class, a text that helps, and not one byte of any disk changed."""

import pytest

from . import medium
from .lab import REFUSE_SECONDS, fingerprint, old_system, squeeze

pytestmark = pytest.mark.machine


def writes(vm):
    """Returns how many writes each disk of a machine has seen."""
    stats = vm.qmp.command("query-blockstats")
    return {s["node-name"]: s["stats"]["wr_operations"] for s in stats if s.get("node-name", "").startswith("disk")}


def refuse(lab, iso, disks, error_class, words, **options):
    """Boots an installer that must give up; checks class, text, consoles and disks."""
    for disk in disks:
        old_system(disk.path, disk.size)
    before = [fingerprint(disk.path) for disk in disks]
    with lab.machine("refusal", iso=str(iso), disks=disks, no_reboot=True, **options) as vm:
        end = vm.events.wait_end(REFUSE_SECONDS)
        assert end["state"] == "failed", f"it was not refused: {end}"
        error = end["error"]
        assert error["class"] == error_class, error
        assert error["advice"] and end["next"], end
        for word in words:
            assert word in error["message"], f"'{word}' is not in: {error['message']}"
        vm.console.expect(rf"\({error_class}\)|error class '{error_class}'", 20)
        assert squeeze(error["message"]) in squeeze(vm.console.text()), vm.console.tail()
        assert "Kernel panic" not in vm.console.text()
        assert len(writes(vm)) == len(disks) and not any(writes(vm).values()), writes(vm)
        vm.quit()
    assert [fingerprint(disk.path) for disk in disks] == before


def test_an_unsigned_commit_is_refused(lab):
    site = lab.site()
    iso = medium.without_signature(lab.seed(site), site.ref, lab.folder)
    refuse(lab, iso, [lab.disk()], "trust", ["signature"])


def test_a_commit_signed_by_a_stranger_is_refused(lab):
    site = lab.site()
    iso = medium.signed_by_stranger(lab.seed(site), site.ref, lab.folder)
    refuse(lab, iso, [lab.disk()], "trust", ["signature"])


def test_a_disk_that_is_too_small_is_refused(lab):
    refuse(lab, lab.seed(lab.site()), [lab.disk(size=2 << 30)], "target", ["vda"])


def test_two_equally_good_disks_are_refused(lab):
    disks = [lab.disk("first.img"), lab.disk("second.img")]
    refuse(lab, lab.seed(lab.site(disk="")), disks, "target", ["vda", "vdb"])


def test_a_kickstart_with_errors_is_refused(lab):
    text = lab.site().kickstart().replace("--size=3000", "--size=big")
    line = next(n for n, row in enumerate(text.splitlines(), 1) if "--size=big" in row)
    refuse(lab, lab.seed(text=text), [lab.disk()], "input", [f":{line}:"])


def test_a_missing_kickstart_is_refused(lab):
    refuse(lab, lab.seed(), [lab.disk()], "input", ["kickstart"])


def test_a_machine_without_the_tpm_asked_for_is_refused(lab):
    refuse(lab, lab.seed(lab.site()), [lab.disk()], "target", ["TPM"], tpm=False)


def test_a_machine_without_disks_is_refused(lab):
    refuse(lab, lab.seed(lab.site()), [], "target", ["disk"])
