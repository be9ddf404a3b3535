"""Fixtures of the tests in machines. A missing artefact skips and says so; in CI it fails."""

import os
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.qemu.lab import Artefacts, Lab, run  # noqa: E402

BUILD = Path(os.environ.get("LANDFALL_BUILD") or ROOT / "build").resolve()
IS_STRICT = os.environ.get("CI") == "true" or os.environ.get("LANDFALL_NO_SKIP") == "1"
KEEPS_ALL = os.environ.get("LANDFALL_KEEP") == "1"


def pytest_configure(config):
    """Declares our marks."""
    config.addinivalue_line("markers", "machine: starts a virtual machine; takes half a minute or more")
    config.addinivalue_line("markers", "alone: its machine needs all processors; runs beside no other test")


@pytest.hookimpl(tryfirst=True, hookwrapper=True)
def pytest_runtest_makereport(item):
    """Lets fixtures see whether their test failed."""
    report = (yield).get_result()
    setattr(item, f"report_{report.when}", report)


@pytest.fixture(scope="session")
def artefacts():
    """The build's products."""
    found = Artefacts(
        landfall=BUILD / "landfall",
        repo=BUILD / "image" / "repo",
        keys=BUILD / "image" / "keys",
        boot_iso=BUILD / "image" / "boot.iso",
        full_iso=BUILD / "image" / "full.iso",
    )
    missing = [str(p) for p in vars(found).values() if not p.exists()]
    if missing and IS_STRICT:
        pytest.fail(f"missing: {', '.join(missing)}: run 'make iso'")
    if missing:
        pytest.skip(f"missing: {', '.join(missing)}: run 'make iso'")
    return found


@pytest.fixture(scope="session")
def identity(tmp_path_factory):
    """A key that lives as long as the tests."""
    path = tmp_path_factory.mktemp("ssh") / "id_ed25519"
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "throw-away", "-f", str(path)])
    return path


@pytest.fixture
def lab(artefacts, identity, request):
    """A bench in build/tests/qemu/TEST. Logs stay; disks and ISOs go, unless LANDFALL_KEEP=1."""
    folder = BUILD / "tests" / "qemu" / request.node.name.replace("/", "_")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    yield Lab(folder, artefacts, identity)
    if not KEEPS_ALL:
        for big in [*folder.glob("*.img"), *folder.glob("*.iso")]:
            big.unlink()
