#!/usr/bin/env python3
"""Measures Landfall against its peers in one run and writes build/bench/results.json, a row for each number.

Not its job: making the peers' initramfs and media (tests/bench/module.mk).
"""

import argparse
import functools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.bench.machines import Bench, BenchError, call, duration  # noqa: E402

RUNS = 3
NET_PARTS = {"net": ["pull", "delta"], "lease": ["lease"], "reports": ["report"]}
PARTS = ["sizes", "init", "install", "floor", *NET_PARTS, "times"]
FLOOR_STEP_MIB = 16


def row(name, ours, peer=None, bound=None, how="", is_ratio=False, is_least=False):
    """Makes a row. The ratio to the peer, or the number itself, is at most the bound; `is_least`: at least."""
    ratio = round(ours / peer, 3) if peer else None
    value = ratio if is_ratio else ours
    holds = bound is None or (value >= bound if is_least else value <= bound)
    sense = {"is_least": True} if is_least else {}
    return {"name": name, "ours": ours, "peer": peer, "ratio": ratio, "bound": bound, **sense, "holds": holds, "how": how}


def size_rows(build):
    """The sizes of what we ship."""
    image = build / "image"
    sizes = {"boot_iso_bytes": (image / "boot.iso", 52_000_000), "initramfs_bytes": (image / "initramfs.img", 34_000_000)}
    return [row(name, path.stat().st_size, bound=bound, how=f"size of {path.name}") for name, (path, bound) in sizes.items()]


def init_rows(bench, dracut):
    """How soon work begins, from the kernel's hand-over."""
    ours = [
        bench.first_event(bench.build / "image" / "initramfs.img", "ours", lambda m: m.events.all())
        for _ in range(RUNS)
    ]
    peer = [
        bench.first_event(dracut, "dracut", lambda m: "BENCH initqueue" in m.console.text()) for _ in range(RUNS)
    ]
    how = f"median of {RUNS}: 'Run /init' to the first event; dracut with the same modules to its initqueue's start"
    return [row("init_ratio", round(statistics.median(ours), 2), round(statistics.median(peer), 2), 0.5, how, True)]


def install_seconds(bench, tpm):
    """The median of our installations, unlocked by the TPM or by a passphrase as the pipeline's are."""
    iso = bench.seeded(tpm)
    times = []
    for _ in range(RUNS):
        events = bench.install(iso, tpm=tpm)
        if events is None:
            raise BenchError(f"our installation failed: see {bench.folder}")
        times.append(duration(events))
    return round(statistics.median(times), 2)


def install_rows(bench, pipeline_iso, payload_bytes):
    """How long an installation takes, against the pipeline and against the disk's own speed."""
    ours = install_seconds(bench, tpm=False)
    by_tpm = install_seconds(bench, tpm=True)
    peers = [bench.pipeline(pipeline_iso, payload_bytes) for _ in range(RUNS)]
    whole = round(statistics.median(p["install"] for p in peers), 2)
    limit = round(statistics.median(p["limit"] for p in peers), 2)
    how = f"median of {RUNS}: first event to verified and unmounted; peer: sfdisk, cryptsetup, mkfs, ostree"
    limit_how = f"the same time against dd of {payload_bytes} bytes into the same LUKS device"
    parts = {name: round(statistics.median(p[name] for p in peers), 2) for name in ("format", "pull", "deploy")}
    print(f"bench: the pipeline's parts: {parts}")
    return [
        row("install_ratio", ours, whole, 0.7, how, True),
        row("install_tpm_ratio", by_tpm, whole, None, "the same with a TPM's key in place of a passphrase", True),
        row("install_limit_ratio", ours, limit, None, limit_how, True),
        row("pipeline_limit_ratio", whole, limit, None, "the pipeline's time against the same dd", True),
    ]


def floor_rows(bench):
    """The least memory in which an installation succeeds, to the next 16 MiB, and that 512 MiB are enough."""
    iso = bench.seeded(tpm=True)
    good, bad = None, 128
    if bench.install(iso, memory=512, tpm=True) is not None:
        good = 512
    while good and good - bad > FLOOR_STEP_MIB:
        middle = (good + bad) // 2 // FLOOR_STEP_MIB * FLOOR_STEP_MIB
        if bench.install(iso, memory=middle, tpm=True) is not None:
            good = middle
        else:
            bad = middle
    return [row("ram_floor_mib", good or 10**6, bound=512, how="bisection of full.iso installs with TPM2 unlocking")]


def net_rows(bench, parts):
    """What the network costs; in a process of its own, for it needs root, real or of a user namespace."""
    argv = [ROOT / "image" / "namespace", sys.executable, ROOT / "tests" / "bench" / "net.py"]
    out = call([*argv, f"--build={bench.build}", f"--ref={bench.ref}", *parts])
    return [row(**values) for values in json.loads(out.splitlines()[-1])]


def time_rows(build):
    """How long a newcomer waits: everything from an empty clone and empty caches, and again when it is built."""
    with tempfile.TemporaryDirectory(prefix="landfall-bench-") as folder:
        clone, cache = Path(folder) / "landfall", Path(folder) / "cache"
        call(["git", "clone", "--quiet", ROOT, clone])
        (clone.parent / "shared").symlink_to(ROOT.parent / "shared")
        env = {**os.environ, "XDG_CACHE_HOME": str(cache)}
        names = [
            ("demo_fresh_seconds", "demo", 1200, "make demo in a fresh clone with empty caches; packages are installed"),
            ("demo_built_seconds", "demo", 360, "make demo again"),
            ("check_seconds", "check", 2700, "make check after it: the images are built already"),
        ]
        return [
            row(name, make(clone, target, env, build / "bench" / f"{name}.log"), bound=bound, how=how)
            for name, target, bound, how in names
        ]


def make(folder, target, env, log):
    """Runs a target and returns the seconds it took."""
    started = time.monotonic()
    with open(log, "wb") as out:
        done = subprocess.run(["make", target], cwd=folder, env=env, stdout=out, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise BenchError(f"make {target} failed: see {log}")
    return round(time.monotonic() - started)


def payload(build, ref):
    """Returns the payload's unpacked bytes, as the ISO says."""
    shown = call([build / "landfall", "iso", "show", "--json", build / "image" / "full.iso"])
    return json.loads(shown)["manifest"]["refs"][ref]["size_bytes"]


def merge(path, rows, version):
    """Puts new rows in the place of old ones of the same name. Each says which version it was measured at."""
    old = json.loads(path.read_text()) if path.exists() else []
    names = {r["name"] for r in rows}
    return [r for r in old if r["name"] not in names] + [{**r, "version": version} for r in rows]


def show(rows, version):
    """Prints the rows as a table. A row of another version says nothing about this one."""
    for r in rows:
        mark = "holds" if r["holds"] else "FALLS SHORT"
        if r.get("version") != version:
            mark += f" (measured at {r.get('version', 'an unknown version')}, not at {version})"
        bound = "" if r["bound"] is None else f"{'least' if r.get('is_least') else 'bound'} {r['bound']}"
        print(f"{r['name']:<22} ours {r['ours']:<12} peer {r['peer'] or '-':<10} ratio {r['ratio'] or '-':<8} {bound:<16} {mark}")


def main():
    """Runs what is asked for and writes the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, default=ROOT / "build")
    parser.add_argument("--ref", required=True)
    parser.add_argument("--version", required=True, help="of what is measured")
    parser.add_argument("--only", action="append", choices=PARTS)
    options = parser.parse_args()
    build = options.build.resolve()
    bench = Bench(build, options.ref)
    is_good = True
    parts = {
        "sizes": lambda: size_rows(build),
        "init": lambda: init_rows(bench, bench.folder / "dracut.img"),
        "install": lambda: install_rows(bench, bench.folder / "pipeline.iso", payload(build, options.ref)),
        "floor": lambda: floor_rows(bench),
        "times": lambda: time_rows(build),
    }
    parts.update({name: functools.partial(net_rows, bench, wanted) for name, wanted in NET_PARTS.items()})
    results = bench.folder / "results.json"
    try:
        for name in options.only or PARTS:
            rows = parts[name]()
            merged = merge(results, rows, options.version)
            results.write_text(json.dumps(merged, indent=2) + "\n")
            show(merged[-len(rows) :], options.version)
            is_good = is_good and all(r["holds"] for r in rows)
        print(f"bench: all of {results}:")
        show(merged, options.version)
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
