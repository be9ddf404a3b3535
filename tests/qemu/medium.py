"""Changes an ISO on purpose: takes signatures away, puts wrong ones or a file in, flips a byte of an object.

Not its job: making a good ISO. The boot records stay as they were.
"""

import re
import subprocess
import tempfile
from pathlib import Path

from .lab import run

SECTOR = 2048


def extract(iso, inside, outside):
    """Copies a file or folder out of an ISO."""
    run(["xorriso", "-osirrox", "on", "-indev", str(iso), "-extract", inside, str(outside)])
    run(["chmod", "-R", "u+w", str(outside)])
    return Path(outside)


def commit_of(iso, ref, folder):
    """Returns the checksum of the commit which a ref of the ISO's repository names."""
    return extract(iso, f"/repo/refs/heads/{ref}", folder / "ref").read_text(encoding="ascii").strip()


def object_path(checksum, kind):
    """Returns where a repository keeps an object."""
    return f"/repo/objects/{checksum[:2]}/{checksum[2:]}.{kind}"


def checksum_of(path):
    """Returns the checksum of the object that a repository keeps at a path."""
    return path.removeprefix("/repo/objects/").rsplit(".", 1)[0].replace("/", "")


def without_signature(iso, ref, folder):
    """Returns a copy of an ISO in which the commit has no signature."""
    out = folder / "unsigned.iso"
    meta = object_path(commit_of(iso, ref, folder), "commitmeta")
    _rewrite(iso, out, ["-rm", meta, "--"])
    return out


def signed_by_stranger(iso, ref, folder):
    """Returns a copy of an ISO in which the commit is signed, well, by a key that nobody trusts."""
    checksum = commit_of(iso, ref, folder)
    repo = folder / "strange-repo"
    run(["ostree", f"--repo={repo}", "init", "--mode=archive"])
    inside = object_path(checksum, "commit")
    here = repo / inside.removeprefix("/repo/")
    here.parent.mkdir(parents=True, exist_ok=True)
    extract(iso, inside, here)
    # The agent's socket lies in the key's home, and a socket's path is short.
    with tempfile.TemporaryDirectory(prefix="gpg-") as home:
        gpg = ["gpg", "--homedir", home, "--batch", "--quiet", "--passphrase", ""]
        run([*gpg, "--quick-generate-key", "stranger@example.org", "ed25519", "sign", "never"])
        run(["ostree", f"--repo={repo}", "gpg-sign", f"--gpg-homedir={home}", checksum, "stranger@example.org"])
        run(["gpgconf", "--homedir", home, "--kill", "all"])
    out = folder / "stranger.iso"
    meta = object_path(checksum, "commitmeta")
    _rewrite(iso, out, ["-map", str(repo / meta.removeprefix("/repo/")), meta])
    return out


def with_file(iso, inside, text, folder):
    """Returns a copy of an ISO with one more file."""
    out, file = folder / "with-file.iso", folder / "added-file"
    file.write_text(text, encoding="utf-8")
    _rewrite(iso, out, ["-map", str(file), inside])
    return out


def middle_object(iso, repo, ref):
    """Returns the byte in the middle of the middle object of a ref, and the object's path. It is so large that no
    other object shares a page with that byte: a page is what the kernel reads."""
    wanted = set(re.findall(r"\b[0-9a-f]{64}\b", run(["ostree", f"--repo={repo}", "ls", "-R", "-C", ref])))
    files = _files(iso, "/repo/objects", "*.filez")
    big = sorted((f for f in files if f[1] > 65536 and checksum_of(f[2]) in wanted), key=lambda f: f[2])
    assert len(big) > 100, f"'{iso}' has only {len(big)} large files of '{ref}'"
    start, size, path = big[len(big) // 2]
    return start * SECTOR + size // 2, path


def commit_object(iso, ref, folder):
    """Returns the byte at which a ref's commit begins."""
    inside = object_path(commit_of(iso, ref, folder), "commit")
    start, _, _ = _files(iso, str(Path(inside).parent), Path(inside).name)[0]
    return start * SECTOR


def with_flipped_byte(iso, offset, folder):
    """Returns a copy of an ISO in which one bit is wrong."""
    out = folder / "flipped.iso"
    subprocess.run(["cp", "--reflink=auto", "--sparse=auto", str(iso), str(out)], check=True)
    with open(out, "r+b") as image:
        image.seek(offset)
        byte = image.read(1)
        image.seek(-1, 1)
        image.write(bytes([byte[0] ^ 0x10]))
    return out


def _rewrite(iso, out, changes):
    out.unlink(missing_ok=True)
    run(["xorriso", "-indev", str(iso), "-outdev", str(out), "-boot_image", "any", "replay", *changes])


def _files(iso, folder, pattern):
    """Returns (first sector, size, path) of the files of an ISO."""
    report = run(["xorriso", "-indev", str(iso), "-find", folder, "-name", pattern, "-exec", "report_lba", "--"])
    rows = re.findall(r"^File data lba: +0 , +(\d+) , +\d+ , +(\d+) , '(.*)'$", report, re.M)
    return [(int(start), int(size), path) for start, size, path in rows]
