"""An OSTree archive repository as an owner publishes one: commits of real files, signed, with static deltas.

Not its job: serving it (servers.py's Nginx does).
"""

import os
import random
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REF = "debian/13/x86_64/standard"


@dataclass(frozen=True)
class Keys:
    """A key that signs commits, in the form of build/image/keys. `keyring` is what those who trust it are given."""

    folder: Path

    @classmethod
    def make(cls, folder):
        """Makes a key."""
        run([ROOT / "image" / "keys", folder], env={**os.environ, "SIGNING_KEY": ""})
        return cls(Path(folder))

    @property
    def keyring(self):
        """The public half."""
        return self.folder / "keyring.gpg"


class Repository:
    """A repository at `path`, made when it is not there."""

    def __init__(self, path, keys=None):
        self.path, self.keys = Path(path), keys
        if not (self.path / "config").exists():
            self.path.mkdir(parents=True, exist_ok=True)
            self.ostree("init", "--mode=archive")
            self.ostree("config", "set", "core.fsync", "false")

    def ostree(self, verb, *arguments):
        """Runs ostree on the repository and returns its output."""
        return run(["ostree", f"--repo={self.path}", *verb.split(), *arguments]).strip()

    def commit(self, tree, ref=REF, *options):
        """Commits a folder, signs the commit and the summary, and returns the checksum."""
        owner = ["--owner-uid=0", "--owner-gid=0", "--no-xattrs", "--subject=test"]
        checksum = self.ostree("commit", f"--branch={ref}", *owner, *options, f"--tree=dir={tree}")
        self._sign(checksum)
        self.publish()
        return checksum

    def delta(self, ref=REF, since=None):
        """Offers a static delta to the newest commit of a ref: from nothing, or from another commit."""
        start = f"--from={since}" if since else "--empty"
        self.ostree("static-delta generate", start, f"--to={self.ostree('rev-parse', ref)}")
        self.publish()

    def publish(self):
        """Writes the summary, which names refs and deltas, and signs it."""
        for name in ("summary", "summary.sig"):
            (self.path / name).unlink(missing_ok=True)
        with self._home() as home:
            signed = [f"--gpg-sign={self._keyid()}", f"--gpg-homedir={home}"] if self.keys else []
            self.ostree("summary", "--update", *signed)

    def objects(self, ref=REF):
        """Returns the files of all objects of a commit but itself."""
        words = self.ostree("ls", "-R", "-C", ref).split()
        names = {word for word in words if re.fullmatch("[0-9a-f]{64}", word)}
        return sorted(p for n in names for p in (self.path / "objects" / n[:2]).glob(f"{n[2:]}.*"))

    def damage(self, path):
        """Changes a byte in the middle of a file of the repository, as a bad disk or a bad mirror does."""
        file = self.path / path
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 0xFF
        file.unlink()
        file.write_bytes(data)

    def copy(self, path):
        """Returns a copy that can be damaged."""
        shutil.copytree(self.path, path)
        return Repository(path, self.keys)

    def _keyid(self):
        return (self.keys.folder / "keyid").read_text(encoding="ascii").strip()

    def _sign(self, checksum):
        if self.keys:
            with self._home() as home:
                self.ostree("gpg-sign", f"--gpg-homedir={home}", checksum, self._keyid())

    def _home(self):
        return GpgHome(self.keys)


class GpgHome(tempfile.TemporaryDirectory):
    """A home of gpg that lives for one signature. The agent's socket has a short path there."""

    def __init__(self, keys):
        super().__init__(prefix="landfall-gpg-")
        if keys:
            run(["gpg", "--homedir", self.name, "--batch", "--quiet", "--import", keys.folder / "secret.gpg"])

    def __exit__(self, *error):
        run(["gpgconf", "--homedir", self.name, "--kill", "all"])
        super().__exit__(*error)


def many_files(folder, count=2000, seed=1, least=200, most=12000):
    """Fills a folder with small files, as /usr has them; the same `seed` gives the same files."""
    choose = random.Random(seed)
    for index in range(count):
        file = Path(folder) / "usr" / f"{index % 40:02}" / f"file-{index:05}"
        file.parent.mkdir(parents=True, exist_ok=True)
        # Half of it compresses well, half does not.
        size = choose.randint(least, most)
        file.write_bytes(choose.randbytes(size // 2) + (b"%05d plain text\n" % index) * (size // 32))
        file.chmod(0o755 if index % 7 == 0 else 0o644)
    return Path(folder)


def run(argv, **options):
    """Runs a command of the host and returns its output."""
    done = subprocess.run(
        [str(a) for a in argv], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, **options
    )
    assert done.returncode == 0, f"{' '.join(map(str, argv))} failed:\n{done.stdout}{done.stderr}"
    return done.stdout
