"""The tools that damage a medium do what the tests in machines believe they do."""

import os
import subprocess

import pytest

from . import medium
from .lab import run

REF = "debian/13/x86_64/standard"


@pytest.fixture(name="signed")
def signed_iso(tmp_path):
    """A small bootable-looking ISO with a signed repository of 150 large objects, and the folder it is made in."""
    tree, repo, home, root = (tmp_path / name for name in ("tree", "repo", "gpg", "root"))
    tree.mkdir()
    root.mkdir()
    home.mkdir(mode=0o700)
    for number in range(150):
        (tree / str(number)).write_bytes(os.urandom(80000))
    gpg = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--passphrase", ""]
    run([*gpg, "--quick-generate-key", "signer@example.org", "ed25519", "sign", "never"])
    # libostree reads key rings from the folder it is given, not GnuPG's own key box.
    (tmp_path / "trusted").mkdir()
    run([*gpg, "--output", str(tmp_path / "trusted" / "keys.gpg"), "--export"])
    run(["ostree", f"--repo={repo}", "init", "--mode=archive"])
    run(
        ["ostree", f"--repo={repo}", "commit", f"--branch={REF}", f"--tree=dir={tree}"]
        + [f"--gpg-homedir={home}", "--gpg-sign=signer@example.org"]
    )
    (root / "esp.img").write_bytes(os.urandom(1 << 20))
    iso = tmp_path / "good.iso"
    argv = ["xorriso", "-as", "mkisofs", "-R", "-J", "-joliet-long", "-graft-points", "-V", "T", "-o", str(iso)]
    argv += ["-partition_offset", "16", "-appended_part_as_gpt"]
    argv += ["-append_partition", "2", "C12A7328-F81F-11D2-BA4B-00A0C93EC93B", str(root / "esp.img")]
    argv += ["-e", "--interval:appended_partition_2:all::", "-no-emul-boot", f"/repo={repo}"]
    run(argv)
    yield iso, (root / "esp.img").read_bytes()
    run(["gpgconf", "--homedir", str(home), "--kill", "all"])


def boot_image(iso):
    """Returns the bytes that firmware finds through the El Torito catalogue and through the GPT."""
    report = run(["xorriso", "-indev", str(iso), "-report_el_torito", "plain", "-report_system_area", "plain"])
    torito = next(line.split() for line in report.splitlines() if line.startswith("El Torito boot img"))
    gpt = next(line.split() for line in report.splitlines() if line.startswith("GPT start and size :   2"))
    with open(iso, "rb") as image:
        image.seek(int(torito[-1]) * medium.SECTOR)
        by_cd = image.read(1 << 20)
        image.seek(int(gpt[-2]) * 512)
        return by_cd, image.read(1 << 20)


def signatures(iso, folder, trusted):
    """Returns what ostree says of the commit's signatures, seen with the signer's keys."""
    repo = medium.extract(iso, "/repo", folder / f"{iso.stem}-repo")
    argv = ["ostree", f"--repo={repo}", "show", f"--gpg-homedir={trusted}", REF]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def test_a_signature_can_be_taken_away_or_replaced_and_the_medium_still_boots(signed, tmp_path):
    iso, esp = signed
    trusted = tmp_path / "trusted"
    assert "Good signature" in signatures(iso, tmp_path, trusted)
    unsigned = medium.without_signature(iso, REF, tmp_path)
    assert "ignature" not in signatures(unsigned, tmp_path, trusted)
    stranger = medium.signed_by_stranger(iso, REF, tmp_path)
    text = signatures(stranger, tmp_path, trusted)
    assert "Found 1 signature" in text and "public key not found" in text.lower(), text
    more = medium.with_file(iso, "/orders/site.ks", "lang C.UTF-8\n", tmp_path)
    assert medium.extract(more, "/orders/site.ks", tmp_path / "site.ks").read_text(encoding="ascii") == "lang C.UTF-8\n"
    for image in (iso, unsigned, stranger, more):
        assert boot_image(image) == (esp, esp)


def test_one_object_can_be_damaged_and_nothing_else(signed, tmp_path):
    iso, _ = signed
    offset, path = medium.middle_object(iso, tmp_path / "repo", REF)
    flipped = medium.with_flipped_byte(iso, offset, tmp_path)
    before, after = iso.read_bytes(), flipped.read_bytes()
    assert len(before) == len(after) and sum(a != b for a, b in zip(before, after)) == 1
    repo = medium.extract(flipped, "/repo", tmp_path / "flipped-repo")
    done = subprocess.run(["ostree", f"--repo={repo}", "fsck"], capture_output=True, text=True, check=False)
    assert done.returncode != 0 and medium.checksum_of(path) in done.stderr
