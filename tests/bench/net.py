#!/usr/bin/env python3
"""What the network costs: our pull against ostree's and curl's on one line, the time to a lease, the reports' traffic.

Prints its rows as JSON; bench.py runs it as root, real or of a user namespace, for networks need that.
Not its job: comparing with bounds (bench.py's row() does), making the delta (tests/bench/module.mk).
"""

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from qemu.machine import Config, Disk, Machine, Outcome  # noqa: E402
from tests.bench.machines import INSTALL_SECONDS, LIMIT_SECONDS, BenchError, call, wait_until  # noqa: E402
from qemu.pki import Ca  # noqa: E402
from tests.net.repository import REF, Keys, Repository, many_files  # noqa: E402
from tests.net.site import Site  # noqa: E402

RUNS = 3
FILES = 6000
LINE = {"delay_ms": 10, "rate_mbit": 100}
LINE_TEXT = "100 Mbit/s, 20 ms there and back"
MB = 1e6

KICKSTART = """\
lang C.UTF-8
keyboard us
timezone --utc Etc/UTC
zerombr
clearpart --all --initlabel
reqpart --add-boot
part / --fstype=ext4 --size=3000 --grow --encrypted
rootpw --lock
network --bootproto=dhcp
ostreesetup --osname=debian --url=https://www.site.test/repo --ref={ref}
poweroff
%addon com_landfall
kernel --flavour=standard
unlock --tpm2
report --url=https://report.site.test:8000/report
%end
"""


class NetBench:
    """The folder of a run, its site and its authority."""

    def __init__(self, build, ref, site, folder):
        self.build, self.ref, self.site, self.folder = build, ref, site, folder
        self.ca = Ca(folder / "ca")
        # dnsmasq would look for three seconds whether somebody has the address.
        site.dnsmasq(extra=["no-ping"])
        self.www = site.nginx(pair=self.ca.server("www", "www.site.test"))

    def timed(self, box, *argv):
        """Runs a program in a client; returns its seconds and the bytes that came to the client."""
        before = self.site.wire.stats()[box.name]["out_bytes"]
        began = time.monotonic()
        box.run(*argv, timeout=LIMIT_SECONDS)
        seconds = time.monotonic() - began
        return seconds, self.site.wire.stats()[box.name]["out_bytes"] - before

    def ours(self, box, name, ref, keyring):
        """Pulls with the installer's own code into a new repository."""
        target = self.folder / "target"
        shutil.rmtree(target, ignore_errors=True)
        pull = [self.build / "tests" / "pull", "--keyring", keyring, "--ca", self.ca.cert]
        return self.timed(box, *pull, f"https://www.site.test/{name}", ref, target)

    def peer(self, box, name, ref, keyring):
        """Pulls with ostree into a repository of the same kind, which flushes no more than ours."""
        target = self.folder / "target"
        shutil.rmtree(target, ignore_errors=True)
        ostree = ["ostree", f"--repo={target}"]
        box.run(*ostree, "init", "--mode=bare")
        box.run(*ostree, "config", "set", "core.fsync", "false")
        trust = [f"--gpg-import={keyring}", f"--set=tls-ca-path={self.ca.cert}"]
        box.run(*ostree, "remote", "add", *trust, "site", f"https://www.site.test/{name}")
        return self.timed(box, *ostree, "pull", "site", ref)

    def curl(self, box, name):
        """Fetches one file of the web server."""
        url = f"https://www.site.test/{name}"
        return self.timed(box, "curl", "-sSf", "--cacert", self.ca.cert, "-o", "/dev/null", url)

    def line(self, name):
        """Returns a client behind the measured line."""
        box = self.site.client(name)
        self.site.wire.shape(**LINE)
        return box


def pull_rows(bench):
    """Many small files, one request each."""
    keys = Keys.make(bench.folder / "keys")
    repository = Repository(bench.folder / "repo", keys)
    repository.commit(many_files(bench.folder / "tree", FILES))
    size = sum(path.stat().st_size for path in repository.objects())
    bench.www.share("files", repository.path)
    box = bench.line("puller")
    pairs = [(bench.ours(box, "files", REF, keys.keyring)[0], bench.peer(box, "files", REF, keys.keyring)[0]) for _ in range(RUNS)]
    ours, peer = (statistics.median(pair[i] for pair in pairs) for i in (0, 1))
    how = f"median of {RUNS}: MB/s of {FILES} small files ({size / MB:.0f} MB) over HTTPS at {LINE_TEXT}; peer: ostree pull"
    return [rate_row("net_pull_ratio", size / ours, size / peer, 0.9, how)]


def delta_rows(bench):
    """A static delta of the image, against one stream that fills the line."""
    keyring = bench.build / "image" / "keys" / "keyring.gpg"
    bench.www.share("delta", bench.build / "bench" / "delta")
    with open(bench.www.root / "stream", "wb") as stream:
        stream.write(os.urandom(64 << 20))
    box = bench.line("patcher")
    rates = []
    for _ in range(RUNS):
        mine, stream = bench.ours(box, "delta", bench.ref, keyring), bench.curl(box, "stream")
        rates.append((mine[1] / mine[0], stream[1] / stream[0]))
    asked = [r["uri"] for r in bench.www.requests()]
    if not any("/deltas/" in uri for uri in asked):
        raise BenchError("our pull took no static delta")
    ours, peer = (statistics.median(pair[i] for pair in rates) for i in (0, 1))
    how = f"median of {RUNS}: MB/s on the wire while the image comes as a static delta at {LINE_TEXT}; peer: one curl stream"
    return [rate_row("net_delta_ratio", ours, peer, 0.95, how)]


def rate_row(name, ours, peer, least, how):
    """Describes a row whose ratio is to be at least so much."""
    return {"name": name, "ours": round(ours / MB, 2), "peer": round(peer / MB, 2), "bound": least, "how": how, "is_ratio": True, "is_least": True}


# --- with a machine ------------------------------------------------------------------------------


def seeded(bench):
    """Returns boot.iso with a site whose payload and reports go over HTTPS."""
    kickstart, iso = bench.folder / "net.ks", bench.folder / "net.iso"
    kickstart.write_text(KICKSTART.format(ref=bench.ref), encoding="ascii")
    argv = [bench.build / "landfall", "iso", "seed", "--kickstart", kickstart, "--ca", bench.ca.cert]
    call([*argv, "--append", "landfall.events=ttyS1", bench.build / "image" / "boot.iso", iso])
    return iso


def machine(bench, iso, port):
    """Describes a machine of the site."""
    disk = bench.folder / "disk.img"
    disk.unlink(missing_ok=True)
    options = {"iso": str(iso), "disks": [Disk(str(disk), size=8 << 30, throwaway=True)], "no_reboot": True}
    logs = {"serial_log": str(bench.build / "bench" / f"{port}.log"), "events": str(bench.build / "bench" / f"{port}.events")}
    return Machine(Config(**options, **logs, **bench.site.machine_options(port)))


def lease_ms(bench, iso, port):
    """Boots; returns the time from the card's first frame, which the kernel sends when the link is up, to the address."""
    with machine(bench, iso, port) as vm:
        linked = wait_until(vm, lambda _: bench.site.wire.stats()[port]["in_frames"] > 0)
        leased = wait_until(vm, lambda m: any(e["step"] == "network.up" and e["state"] == "done" for e in m.events.all()))
        vm.quit()
    return (leased - linked) * 1000


def lease_rows(bench):
    """How soon there is an address."""
    iso = seeded(bench)
    values = [lease_ms(bench, iso, f"lease{i}") for i in range(RUNS)]
    how = f"median of {RUNS}: first frame of the machine's card to the event network.up, DHCPv4 answering at once"
    return [{"name": "lease_ms", "ours": round(statistics.median(values)), "bound": 2000, "how": how}]


def report_rows(bench):
    """What the reports of an installation cost. Their server has a port of the switch for itself."""
    office = bench.site.client("report")
    address = office.run("ip", "-4", "-o", "address", "show", "eth0").stdout.split()[3].partition("/")[0]
    bench.site.name("report", address)
    receiver = bench.site.receiver(port=8000, where=office, pair=bench.ca.server("report", "report.site.test"))
    bench.www.share("repo", bench.build / "image" / "repo")
    with machine(bench, seeded(bench), "reporter") as vm:
        end = vm.events.wait_end(INSTALL_SECONDS * 2)
        if end["state"] != "done" or vm.wait(60) != Outcome.POWEROFF:
            raise BenchError(f"the installation over the network failed: {end}")
    posts, stats = receiver.posts(), bench.site.wire.stats()["report"]
    if not any('"install"' in post["body"] and '"done"' in post["body"] for post in posts):
        raise BenchError("the final report did not come")
    how = f"bytes of all frames to and from the report server in one installation, {len(posts)} requests over TLS"
    body = "of them HTTP: requests with headers and events"
    return [
        {"name": "report_bytes", "ours": stats["in_bytes"] + stats["out_bytes"], "bound": 65535, "how": how},
        {"name": "report_http_bytes", "ours": sum(post["bytes"] for post in posts), "bound": None, "how": body},
    ]


PARTS = {"pull": pull_rows, "delta": delta_rows, "lease": lease_rows, "report": report_rows}


def main():
    """Runs what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--ref", required=True)
    parser.add_argument("parts", nargs="+", choices=PARTS)
    options = parser.parse_args()
    build = options.build.resolve()
    os.environ["PATH"] = f"{build}/tests/daemons/usr/sbin:{os.environ['PATH']}"
    rows = []
    for part in options.parts:
        with tempfile.TemporaryDirectory(prefix="net-", dir=build / "bench") as folder:
            with Site(folder, build / "tests" / "wire") as site:
                rows += PARTS[part](NetBench(build, options.ref, site, Path(folder)))
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
