"""The payload over the network: whatever a server, a link or a cache does, what arrives is the signed commit, or nothing.

The program is build/tests/pull, the installer's reader alone, and `landfall-installer prestage`.
"""

import shutil
import subprocess
import threading
import time

import pytest

from tests.net.repository import REF, Keys, Repository, many_files
from tests.net.servers import wait_for

MIB = 1 << 20
INPUT, TARGET, TRUST, NETWORK = 2, 4, 5, 6
URL = "http://www.site.test/repo"


class Puller:
    """A client that pulls, each time into a new repository."""

    def __init__(self, site, build, keys):
        self.box, self.build, self.keys = site.client("box"), build, keys
        self.folder = site.folder / "data"
        self.target = self.folder / "target"

    def argv(self, *options, url=URL, keys=None):
        """The command line."""
        shutil.rmtree(self.target, ignore_errors=True)
        keyring = (keys or self.keys).keyring
        return [self.build / "tests" / "pull", f"--keyring={keyring}", *options, url, REF, self.target]

    def pull(self, *options, status=0, timeout=120, **words):
        """Pulls, checks the exit status, and with 0 every object; returns what the program said."""
        done = self.box.run(*self.argv(*options, **words), check=False, timeout=timeout)
        assert done.returncode == status, done.stderr
        if status == 0:
            self.check()
        return done.stderr

    def check(self):
        """Lets ostree look at every object, at the ref, and for what should not be there."""
        run = ["ostree", f"--repo={self.target}"]
        subprocess.run([*run, "fsck", "--quiet"], check=True)
        subprocess.run([*run, "rev-parse", f"site:{REF}"], check=True, capture_output=True)
        pruned = subprocess.run([*run, "prune", "--refs-only", "--no-prune"], check=True, capture_output=True, text=True)
        assert "No unreachable objects" in pruned.stdout, pruned.stdout

    def is_empty(self):
        """Whether no ref is there, so that nothing can be deployed."""
        refs = subprocess.run(["ostree", f"--repo={self.target}", "refs"], capture_output=True, text=True, check=False)
        return not refs.stdout.strip()


@pytest.fixture
def puller(site, build, keys):
    """A client in a site with names."""
    site.dnsmasq()
    return Puller(site, build, keys)


@pytest.fixture
def own(repository, net_folder):
    """A repository that may be damaged."""
    return repository.copy(net_folder / "data" / "own")


def paths(server):
    """Returns what was asked of a server, without its folder."""
    return [r["uri"].split("/", 2)[2] for r in server.requests()]


def test_every_object_arrives_over_https_many_at_once(site, puller, repository, ca):
    www = site.nginx(pair=ca.server("www", "www.site.test"))
    www.share("repo", repository.path)
    assert puller.pull(f"--ca={ca.cert}", url="https://www.site.test/repo") == ""
    asked = paths(www)
    assert len([p for p in asked if p.endswith(".filez")]) == len(set(p for p in asked if p.endswith(".filez"))) == 2000
    assert "certificate" in puller.pull(url="https://www.site.test/repo", status=TRUST)


def test_a_far_server_is_asked_many_things_at_once(site, puller, repository):
    site.nginx().share("repo", repository.path)
    site.wire.shape(delay_ms=20)
    begin = time.monotonic()
    puller.pull()
    # One by one, 2,000 answers after 40 ms would take 80 s.
    assert time.monotonic() - begin < 30


def test_a_server_that_fails_now_and_then_is_asked_again(site, puller, repository):
    extra = 'set $now 0; if ($msec ~ "[37]$") { set $now 1; } if ($uri !~ "^/repo/objects") { set $now 0; } if ($now) { return 503; }'
    www = site.nginx(extra=extra)
    www.share("repo", repository.path)
    puller.pull(timeout=300)
    assert len([r for r in www.requests() if r["status"] == 503]) > 50


@pytest.mark.parametrize("fault", ["truncated/200", "stall/200", "drip/20", "reset", "garbage", "status/500"])
def test_a_mirror_takes_the_place_of_a_server_that_fails(site, puller, repository, fault):
    site.receiver(root=repository.path)
    site.nginx().share("repo", repository.path)
    told = puller.pull(f"--mirror={URL}", url=f"http://www.site.test:8000/{fault}", timeout=200)
    assert "passed over" in told


def instead_of(pattern, place):
    """Returns what makes nginx send whoever asks for a path of the repository to a faulty server."""
    return f"location ~ ^/repo/{pattern}$ {{ return 302 http://www.site.test:8000/{place}; }}"


def few_files(keys, folder, **sizes):
    """Makes a repository that takes little time even by a bad link."""
    repository = Repository(folder / "data" / "few", keys)
    repository.commit(many_files(folder / "data" / "few-files", **sizes))
    return repository


def test_a_server_that_drips_and_has_no_mirror_is_borne(site, puller, keys, net_folder):
    site.receiver(root=few_files(keys, net_folder, count=12, least=200, most=900).path)
    begin = time.monotonic()
    assert puller.pull(url="http://www.site.test:8000/drip/60", timeout=200) == ""
    assert time.monotonic() - begin > 10, "it did not drip"


def test_a_server_that_sends_drops_for_too_long_is_given_up(site, puller, repository):
    site.receiver(root=repository.path)
    site.nginx(extra=instead_of("(.*filez)", "drip/1/$1")).share("repo", repository.path)
    begin = time.monotonic()
    told = puller.pull("--give-up=30", status=NETWORK, timeout=200)
    assert 20 < time.monotonic() - begin < 90, told
    assert puller.is_empty()


def test_a_limit_does_not_make_a_server_look_slow(site, puller, keys, net_folder):
    few = few_files(keys, net_folder, count=18, least=20000, most=24000)
    www = site.nginx()
    www.share("repo", few.path)
    www.share("mirror", few.path)
    begin = time.monotonic()
    assert puller.pull(f"--limit={4 << 10}", "--mirror=http://www.site.test/mirror", timeout=200) == ""
    assert time.monotonic() - begin > 35, "the limit did not hold"
    assert not [r for r in www.requests() if r["uri"].startswith("/mirror/objects/")]


def test_a_mirror_takes_over_in_the_middle(site, puller, repository):
    addresses = site.addresses()
    site.name("second", *addresses)
    first = site.nginx(addresses=[site.segment().v4(1)], rate=64 << 10)
    second = site.nginx(name="second", addresses=[addresses[0]])
    first.share("repo", repository.path)
    second.share("repo2", repository.path)
    program = puller.box.popen(*puller.argv("--mirror=http://second.site.test/repo2"), stderr=subprocess.PIPE, text=True)
    wait_for(lambda: len(first.requests()) > 100, 60)
    first.stop()
    _, told = program.communicate(timeout=120)
    assert program.returncode == 0 and "passed over" in told, told
    puller.check()
    assert len(second.requests()) > 100


def test_what_a_link_that_was_cut_brought_already_is_not_fetched_again(site, puller, repository):
    www = site.nginx(rate=256 << 10)
    www.share("repo", repository.path)
    site.wire.shape(rate_mbit=20)
    program = puller.box.popen(*puller.argv(), stderr=subprocess.PIPE, text=True)
    wait_for(lambda: len(www.requests()) > 300, 60)
    site.wire.down("box")
    time.sleep(8)
    site.wire.up("box")
    _, told = program.communicate(timeout=180)
    assert program.returncode == 0, told
    puller.check()
    files = [p for p in paths(www) if p.endswith(".filez")]
    assert len(files) < 2000 + 64, "more was fetched twice than was on its way"


def test_a_long_object_goes_on_where_the_link_was_cut(site, puller, keys, net_folder):
    tree = net_folder / "data" / "tree"
    many_files(tree, count=2, least=24 * MIB, most=25 * MIB)
    Repository(net_folder / "data" / "long", keys).commit(tree)
    www = site.nginx()
    www.share("repo", net_folder / "data" / "long")
    site.wire.shape(rate_mbit=40)
    program = puller.box.popen(*puller.argv(), stderr=subprocess.PIPE, text=True)
    time.sleep(3)
    www.stop()
    time.sleep(1)
    www.start()
    _, told = program.communicate(timeout=120)
    assert program.returncode == 0, told
    puller.check()
    assert [r for r in www.requests() if r["range"]], "nothing was asked for from the middle on"


def test_who_is_silent_for_too_long_is_given_up(site, puller, repository):
    www = site.nginx(rate=64 << 10)
    www.share("repo", repository.path)
    program = puller.box.popen(*puller.argv("--give-up=6"), stderr=subprocess.PIPE, text=True)
    wait_for(lambda: len(www.requests()) > 50, 60)
    www.stop()
    begin = time.monotonic()
    _, told = program.communicate(timeout=120)
    assert program.returncode == NETWORK, told
    assert 4 < time.monotonic() - begin < 40
    assert puller.is_empty()


def test_a_server_that_cannot_be_reached_is_named_with_its_cause_at_once_and_at_the_end(puller):
    program = puller.box.popen(*puller.argv("--give-up=6"), stderr=subprocess.PIPE, text=True)
    begin = time.monotonic()
    first = program.stderr.readline()
    assert time.monotonic() - begin < 3 and "asked again" in first and "connect" in first, first
    rest = program.stderr.read()
    assert program.wait(60) == NETWORK and "connect" in rest.splitlines()[-1], rest


def test_an_outage_in_the_middle_of_a_pull_is_borne_for_longer_than_one_before_it(site, puller, repository):
    www = site.nginx(rate=64 << 10)
    www.share("repo", repository.path)
    options = puller.argv("--give-up=4", "--pull-give-up=60")
    program = puller.box.popen(*options, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: len(www.requests()) > 300, 60)
    www.stop()
    time.sleep(20)
    assert program.poll() is None, program.stderr.read()
    www.start()
    _, told = program.communicate(timeout=180)
    assert program.returncode == 0, told
    puller.check()
    notes = [line for line in told.splitlines() if line.startswith("note: ")]
    wanted = ["is asked again", "what is here stays", "answer again"]
    assert len(notes) == 3 and all(text in note for text, note in zip(wanted, notes)), told
    assert len([p for p in paths(www) if p.endswith(".filez")]) < 2000 + 64, "what was there was fetched again"


def test_a_transfer_on_its_way_ends_when_the_pull_has_failed(site, puller, repository, own):
    """One object is missing, another one stalls: nobody waits for that."""
    gone, slow = [file for file in own.objects() if file.suffix == ".filez"][:2]
    gone.unlink()
    slow = slow.relative_to(own.path)
    site.receiver(root=own.path)
    site.nginx(extra=instead_of(slow, f"stall/40/{slow}")).share("repo", own.path)
    begin = time.monotonic()
    assert "missing" in puller.pull(status=TRUST)
    assert time.monotonic() - begin < 20, "a stall was waited for"


def test_a_damaged_object_of_a_server_is_refused_and_of_a_mirror_replaced(site, puller, repository, own):
    www = site.nginx()
    www.share("repo", own.path)
    www.share("good", repository.path)
    for file in own.objects()[:40]:
        own.damage(file.relative_to(own.path))
    assert "damaged" in puller.pull(status=TRUST)
    assert puller.is_empty()
    assert "passed over" in puller.pull("--mirror=http://www.site.test/good")


def test_a_missing_object_is_refused_and_taken_from_a_mirror(site, puller, repository, own):
    www = site.nginx()
    www.share("repo", own.path)
    www.share("good", repository.path)
    own.objects()[7].unlink()
    assert "missing" in puller.pull(status=TRUST)
    puller.pull("--mirror=http://www.site.test/good")


def test_a_cache_saves_the_network_and_its_damage_costs_only_that_object(site, puller, repository, own):
    www = site.nginx()
    www.share("repo", repository.path)
    for file in own.objects()[:10]:
        own.damage(file.relative_to(own.path))
    told = puller.pull(f"--cache={own.path}")
    assert told.count("passed over") == 1
    assert len([p for p in paths(www) if p.startswith("objects/")]) <= 10 + 2


def test_a_prestaged_repository_needs_no_network_and_one_that_is_damaged_does(site, puller, repository, own):
    puller.pull(f"--prestaged={own.path}")
    www = site.nginx()
    www.share("repo", repository.path)
    files = own.objects()
    files[3].unlink()
    own.damage(files[5].relative_to(own.path))
    puller.pull(f"--prestaged={own.path}")
    assert len([p for p in paths(www) if p.startswith("objects/")]) == 2
    shutil.rmtree(own.path / "refs")
    assert "prestaged repository is passed over" in puller.pull(f"--prestaged={own.path}")


def test_a_signature_of_a_stranger_is_refused(site, puller, repository, net_folder):
    site.nginx().share("repo", repository.path)
    stranger = Keys.make(net_folder / "data" / "stranger")
    assert "not signed" in puller.pull(status=TRUST, keys=stranger)
    assert not puller.target.exists()


def test_what_is_no_repository_is_named(site, puller, repository):
    www = site.nginx()
    www.share("repo", repository.path)
    assert "no OSTree repository" in puller.pull(url="http://www.site.test/nothing", status=TARGET)
    argv = puller.argv()
    argv[-2] = "debian/14/none"
    done = puller.box.run(*argv, check=False)
    assert done.returncode == INPUT and REF in done.stderr
    site.receiver(is_portal=True, name="portal")
    assert "login page" in puller.pull("--give-up=2", url="http://www.site.test:8000/repo", status=NETWORK)


def test_a_redirect_is_followed_and_a_summary_tells_the_ref(site, puller, own):
    www = site.nginx()
    www.share("repo", own.path)
    puller.pull(url="http://www.site.test/redirect/repo")
    shutil.rmtree(own.path / "refs" / "heads")
    puller.pull()
    assert "summary" in paths(www)


def test_the_limit_holds_for_all_transfers_together(site, puller, repository):
    www = site.nginx()
    www.share("repo", repository.path)
    rate = MIB
    begin = time.monotonic()
    puller.pull(f"--limit={rate}", timeout=200)
    seconds = time.monotonic() - begin
    size = sum(r["sent_bytes"] for r in www.requests() if r["status"] == 200)
    assert 0.7 * rate < size / seconds < 1.2 * rate, f"{size} bytes in {seconds:.1f} s"


# --- what has no end ----------------------------------------------------------------------------

# Runs a program and writes the most memory it had at once, in KiB, to a file.
MEASURE = """
import os, resource, subprocess, sys
done = subprocess.run(sys.argv[2:], check=False)
with open(sys.argv[1], "w") as out:
    out.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(done.returncode)
"""
# Sixteen threads, and two parts of a delta with 33 MiB each: this is the most that they need.
MAX_RSS = 160 * MIB


@pytest.mark.parametrize("place", ["endless", f"huge/{64 << 30}"])
@pytest.mark.parametrize(
    "pattern, status",
    [
        ("(config|refs/.*|.*commitmeta)", None),
        (".*commit", TRUST),
        (".*dirtree", TRUST),
        (".*filez", TRUST),
        ("deltas/.*superblock", 0),
        ("deltas/.*/[0-9]+", 0),
    ],
)
def test_what_has_no_end_is_refused_and_takes_no_memory(site, puller, keys, net_folder, pattern, status, place):
    few = Repository(net_folder / "data" / "few", keys)
    tree = many_files(net_folder / "data" / "few-files", count=4, least=20000, most=24000)
    # The sizes that the installer bears are made of this.
    few.commit(tree, REF, "--add-metadata=landfall.size-bytes=uint64 100000")
    if "delta" in pattern:
        few.delta()
    site.receiver(root=few.path)
    www = site.nginx(extra=instead_of(pattern, place))
    www.share("repo", few.path)
    peak = net_folder / "data" / "peak"
    argv = ["/usr/bin/python3", "-c", MEASURE, peak, *puller.argv("--give-up=5")]
    done = puller.box.run(*argv, check=False, timeout=120)
    assert done.returncode in ([status] if status is not None else [TARGET, TRUST, NETWORK]), done.stderr
    if status == 0:
        puller.check()
    else:
        assert not puller.target.exists() or puller.is_empty()
    assert [r for r in www.requests() if r["status"] == 302], "it was not asked for"
    assert int(peak.read_text(encoding="ascii")) << 10 < MAX_RSS


# --- static deltas ------------------------------------------------------------------------------


@pytest.fixture
def offered(own):
    """A repository with a delta from nothing."""
    own.delta()
    return own


def parts(repository):
    """The files of its deltas."""
    return sorted(p for p in (repository.path / "deltas").rglob("*") if p.is_file())


def test_a_static_delta_takes_the_place_of_all_objects_in_it(site, puller, offered):
    www = site.nginx()
    www.share("repo", offered.path)
    assert puller.pull() == ""
    assert [p for p in paths(www) if p.startswith("deltas/")]
    assert not [p for p in paths(www) if p.endswith((".filez", ".dirtree", ".dirmeta"))]


def test_a_delta_that_leaves_long_objects_out_is_used_for_the_others(site, puller, own):
    own.ostree("static-delta generate", "--empty", "--min-fallback-size=0", "--max-chunk-size=1", f"--to={REF}")
    www = site.nginx()
    www.share("repo", own.path)
    puller.pull()
    assert [p for p in paths(www) if p.startswith("deltas/") and not p.endswith("superblock")]


@pytest.mark.parametrize("which", [0, -1])
def test_a_delta_that_was_changed_is_not_used(site, puller, offered, which):
    site.nginx().share("repo", offered.path)
    files = parts(offered)
    offered.damage(files[which].relative_to(offered.path))
    told = puller.pull()
    assert "delta" in told or "one by one" in told, told


def test_a_delta_of_other_content_brings_nothing_of_it(site, puller, own, keys, net_folder):
    """The superblock and parts of another commit, in the place of this one's."""
    other = Repository(net_folder / "data" / "other", keys)
    other.commit(many_files(net_folder / "data" / "tree", count=300, seed=9))
    other.delta()
    own.delta()
    mine, its = parts(own)[-1].parent, parts(other)[-1].parent
    shutil.rmtree(mine)
    shutil.copytree(its, mine)
    site.nginx().share("repo", own.path)
    assert "of another commit" in puller.pull()


@pytest.mark.parametrize("has_commit", [True, False])
def test_a_cache_with_most_objects_is_better_than_a_delta(site, puller, offered, repository, net_folder, has_commit):
    cache = repository.copy(net_folder / "data" / "cache")
    if not has_commit:
        for file in (cache.path / "objects").rglob("*.commit*"):
            file.unlink()
    www = site.nginx()
    www.share("repo", offered.path)
    puller.pull(f"--cache={cache.path}")
    assert not [p for p in paths(www) if p.startswith("deltas/") and not p.endswith("superblock")]


def test_a_delta_that_is_cut_off_goes_on(site, puller, offered):
    www = site.nginx()
    www.share("repo", offered.path)
    site.wire.shape(rate_mbit=20)
    program = puller.box.popen(*puller.argv(), stderr=subprocess.PIPE, text=True)
    time.sleep(1.5)
    www.stop()
    time.sleep(1)
    www.start()
    _, told = program.communicate(timeout=120)
    assert program.returncode == 0, told
    puller.check()


# --- ahead of time ------------------------------------------------------------------------------


class Prestager:
    """landfall-installer prestage, with a root of its own for the key ring."""

    def __init__(self, puller):
        self.puller, self.to = puller, puller.folder / "persist"
        self.root = puller.folder / "root"
        (self.root / "usr/share/landfall").mkdir(parents=True)
        shutil.copy(puller.keys.keyring, self.root / "usr/share/landfall/keyring.gpg")
        self.to.mkdir()

    def argv(self, *options):
        """The command line."""
        program = self.puller.build / "landfall-installer"
        return [program, "prestage", URL, REF, f"--root={self.root}", f"--to={self.to}", *options]

    def run(self, *options, status=0):
        """Runs it and, with 0, lets ostree look at every object."""
        done = self.puller.box.run(*self.argv(*options), check=False, timeout=120)
        assert done.returncode == status, done.stderr
        if status == 0:
            self.repo().ostree("fsck", "--quiet")
        return done.stdout

    def repo(self):
        """What was filled."""
        return Repository(self.to / "repo")


@pytest.fixture
def prestager(puller):
    """Prestages into a folder."""
    return Prestager(puller)


def test_what_was_prestaged_is_installed_without_network(site, puller, prestager, repository):
    www = site.nginx()
    www.share("repo", repository.path)
    assert repository.ostree("rev-parse", REF) in prestager.run("--json")
    www.stop()
    puller.pull(f"--prestaged={prestager.to}/repo", "--give-up=1")


def test_a_prestage_leaves_others_their_part_of_the_link_and_takes_from_mirrors(site, prestager, repository, own):
    www = site.nginx()
    www.share("repo", own.path)
    www.share("mirror", repository.path)
    for file in [file for file in own.objects() if file.suffix == ".filez"][:5]:
        file.unlink()
    mirrors = ["--mirror=http://www.site.test/none", "--mirror=http://www.site.test/mirror"]
    begin = time.monotonic()
    prestager.run("--limit=8mbit", *mirrors)
    seconds = time.monotonic() - begin
    size = sum(r["sent_bytes"] for r in www.requests() if r["status"] == 200)
    assert size / seconds < 1.2 * 1000000, f"{size} bytes in {seconds:.1f} s"
    assert len([r for r in www.requests() if r["uri"].startswith("/mirror/") and r["status"] == 200]) == 5


@pytest.mark.parametrize(
    "option, words",
    [
        ("--limit=7kbit", "--limit=7kbit is no limit to work with: write at least '8kbit'"),
        ("--limit=fast", "--limit=fast is no limit"),
        ("--limit=1000000", "--limit=1000000 is no limit"),
        ("--mirror=ftp://www.site.test/repo", "--mirror: "),
    ],
)
def test_a_prestage_with_a_limit_or_mirror_that_is_none_is_refused(prestager, option, words):
    done = prestager.puller.box.run(*prestager.argv(option), check=False)
    assert done.returncode == INPUT and words in done.stderr, done.stderr
    assert not (prestager.to / "repo").exists()


def test_a_prestage_that_was_killed_goes_on_and_one_that_is_damaged_is_mended(site, prestager, repository):
    www = site.nginx(rate=64 << 10)
    www.share("repo", repository.path)
    program = prestager.puller.box.popen(*prestager.argv(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: len(www.requests()) > 500, 60)
    program.kill()
    program.wait()
    assert not prestager.repo().ostree("refs")
    before = len(www.requests())
    prestager.run()
    assert len(www.requests()) - before < 2100 - 300
    repo = prestager.repo()
    repo.damage(repo.objects()[11].relative_to(repo.path))
    repo.objects()[20].unlink()
    before = len(www.requests())
    prestager.run()
    assert len([r for r in www.requests()[before:] if "/objects/" in r["uri"]]) <= 2 + 2


def test_a_newer_commit_takes_the_place_of_the_older_one(site, prestager, own, net_folder):
    site.nginx().share("repo", own.path)
    prestager.run()
    old = prestager.repo().objects()
    own.commit(many_files(net_folder / "data" / "new", count=100, seed=4))
    prestager.run()
    new = prestager.repo().objects()
    assert len(new) < 200 and not [p for p in old if p.exists() and p not in new]


def test_a_prestage_without_a_signature_or_a_partition_is_refused(site, prestager, net_folder):
    Repository(net_folder / "data" / "unsigned").commit(many_files(net_folder / "data" / "t", count=3))
    site.nginx().share("repo", net_folder / "data" / "unsigned")
    prestager.run(status=TRUST)
    assert not (prestager.to / "repo").exists()
    argv = [word for word in prestager.argv() if "--to" not in str(word)]
    done = prestager.puller.box.run(*argv, check=False)
    assert done.returncode == TARGET and "no persistent partition" in done.stderr


def test_two_prestages_at_once_do_not_meet(site, prestager, repository):
    site.nginx(rate=32 << 10).share("repo", repository.path)
    first = prestager.puller.box.popen(*prestager.argv(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    stopper = threading.Timer(60, first.kill)
    stopper.start()
    wait_for(lambda: (prestager.to / "repo").exists(), 30)
    done = prestager.puller.box.run(*prestager.argv(), check=False)
    assert done.returncode == TARGET and "another prestage" in done.stderr
    first.kill()
    first.wait()
    stopper.cancel()
