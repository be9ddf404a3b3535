"""Fixtures of the tests over networks. What cannot be had here skips and says so; in CI it fails."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.net.namespace import NetError  # noqa: E402
from qemu.pki import Ca  # noqa: E402
from tests.net.repository import Keys, Repository, many_files  # noqa: E402
from tests.net.site import Site  # noqa: E402
from tests.qemu.conftest import BUILD, IS_STRICT, KEEPS_ALL, artefacts, identity, pytest_configure  # noqa: E402,F401
from tests.qemu.lab import Lab  # noqa: E402

# Unpacked ones first: see tests/net/module.mk.
os.environ["PATH"] = f"{BUILD}/tests/daemons/usr/sbin:{os.environ.get('PATH', '')}"
PROGRAMS = ("dnsmasq", "nginx", "chronyd", "rsyslogd", "tinyproxy", "ostree", "openssl", "curl", "ip")


def cannot(why):
    """Fails or skips."""
    if IS_STRICT:
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture(scope="session")
def build():
    """The build's folder: programs, and build/tests."""
    return BUILD


@pytest.fixture(scope="session")
def wire_program():
    """The switch, once it is known that networks can be made here."""
    program = BUILD / "tests" / "wire"
    if not program.exists():
        cannot(f"missing: {program}: run 'make {os.path.relpath(program, ROOT)}'")
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    missing = [name for name in PROGRAMS if not shutil.which(name, path=path)]
    if missing:
        cannot(f"missing: {', '.join(missing)}: run 'make deps'")
    if os.geteuid() != 0:
        cannot("networks need root: run 'make check-net', which has user namespaces, or image/namespace")
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        cannot("networks need /dev/net/tun: load the module tun, and allow it to all users, as udev does")
    done = subprocess.run(["unshare", "--net", "true"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        cannot(f"networks cannot be made here: {done.stderr.strip()}")
    return program


def folder_of(request):
    """An empty folder of a test, where its logs stay."""
    folder = BUILD / "tests" / "net" / request.node.name.replace("/", "_")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def net_folder(request):
    """The test's folder in build/tests/net. Logs stay; `data`, disks and ISOs in it go, unless LANDFALL_KEEP=1."""
    folder = folder_of(request)
    (folder / "data").mkdir()
    yield folder
    if not KEEPS_ALL:
        shutil.rmtree(folder / "data", ignore_errors=True)
        for big in [*folder.glob("*.img"), *folder.glob("*.iso")]:
            big.unlink()


@pytest.fixture
def site(net_folder, wire_program):
    """A site without servers: see site.py."""
    with Site(net_folder, wire_program) as new:
        yield new


@pytest.fixture(scope="session")
def ca(tmp_path_factory):
    """An authority."""
    return Ca(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    """A key that signs commits."""
    return Keys.make(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="session")
def repository(tmp_path_factory, keys):
    """A signed repository of 2,000 small files, without deltas. For reading: copy() it to change it."""
    folder = tmp_path_factory.mktemp("repository")
    new = Repository(folder / "repo", keys)
    new.commit(many_files(folder / "tree"))
    return new


@pytest.fixture
def net_lab(site, artefacts, identity, net_folder):  # noqa: F811
    """A bench for machines in the site: give site.machine_options() to its machine(), install() and so on.

    Their processors know AES: without KVM, TLS by plain instructions is what most of the time would go to."""
    return Lab(net_folder, artefacts, identity, {"cpu": "max"})


__all__ = ["NetError", "artefacts", "identity", "pytest_configure"]
