"""Where the kickstart comes from, over real servers: every way it can fail has its class.

The installer's own `check` reads it, below a folder that stands for the machine.
"""

import hashlib
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import unquote

import pytest

from qemu.pki import Ca
from tests.net.servers import ProxyUser, wait_for
from tests.net.test_network import QUICK, Box, later, two  # noqa: F401

GOOD = """\
zerombr
clearpart --all
rootpw --lock
reqpart --add-boot
part / --fstype=ext4 --size=3000 --grow
ostreesetup --osname=debian --url=file:///x --ref=a/b
"""
STATUS = {"ok": 0, "input": 2, "target": 4, "trust": 5, "network": 6}
MAC = "52:54:00:aa:bb:01"


class Machine:
    """A folder that stands for a machine, and a client of the site that asks from there."""

    def __init__(self, client, build, folder):
        self.client, self.program, self.root = client, build / "landfall-installer", folder
        self.put("sys/class/dmi/id/product_serial", "CZ 1234\n")
        self.put("sys/class/net/eno1/address", f"{MAC}\n")
        self.put("sys/class/net/eno1/type", "1\n")
        self.put("sys/class/net/eno1/carrier", "1\n")
        (folder / "sys/class/net/eno1/device").mkdir()

    def put(self, name, data):
        """Writes a file of the machine."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())

    def trust(self, ca, pair=None):
        """Puts an authority and a client's pair into the seed; returns the words that name them."""
        self.put("landfall/seed/ca.pem", ca.cert.read_bytes())
        if not pair:
            return "landfall.ca=ca.pem"
        self.put("landfall/seed/me.pem", pair.cert.read_bytes())
        self.put("landfall/seed/me.key", pair.key.read_bytes())
        return "landfall.ca=ca.pem landfall.cert=me.pem landfall.key=me.key"

    def check(self, words, *arguments):
        """Reads the kickstart with these words on the kernel's command line; returns status and text."""
        self.put("proc/cmdline", f"{words}\n")
        done = self.client.run(self.program, f"--root={self.root}", "check", *arguments, check=False, timeout=120)
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def machine(site, build, net_folder):
    """Makes machines, each with a folder of its own."""
    client = site.client("box")

    def make(name="machine"):
        return Machine(client, build, net_folder / "data" / name)

    return make


def judge(machine, rows):
    """Runs rows of (class, text, words, URL) side by side; slow servers are slow at the same time."""

    def one(numbered):
        number, (wanted, text, words, url, prepare) = numbered
        box = machine(f"machine-{number}")
        own = prepare(box) if prepare else ""
        status, said = box.check(f"{own} {words}", *([url] if url else []))
        if status != STATUS[wanted] or text not in said:
            return f"{url} {words}: status {status}, wanted {wanted} with '{text}': {said}"
        return None

    with ThreadPoolExecutor(len(rows)) as pool:
        wrong = [line for line in pool.map(one, enumerate(rows)) if line]
    assert not wrong, "\n".join(wrong)


def test_one_medium_serves_many_sites_by_what_a_machine_tells(site, ca, machine):
    site.dnsmasq()
    mine = 'set $other 0; if ($http_x_landfall_serial != "CZ 1234") { set $other 1; }\n'
    mine += f'if ($http_x_landfall_mac != "{MAC}") {{ set $other 1; }} if ($other) {{ return 403; }}\n'
    www = site.nginx(pair=ca.server("orders-1", "www.site.test"), client_ca=ca.cert, extra=mine)
    folder = site.www / "CZ 1234"
    folder.mkdir()
    (folder / f"{MAC}.ks").write_text(GOOD + "%include ../common.ks\n", encoding="ascii")
    (site.www / "common.ks").write_text("poweroff\n", encoding="ascii")
    box = machine()
    words = box.trust(ca, ca.client("orders-box"))
    url = "landfall.ks=https://www.site.test/{serial}/{mac}.ks"
    status, said = box.check(f"{words} landfall.pin={www.pair.pin} {url}")
    assert status == 0, said
    asked = www.requests()
    assert [unquote(r["uri"]) for r in asked] == [f"/CZ 1234/{MAC}.ks", "/common.ks"]
    assert all(r["client"] == "CN=orders-box,O=Landfall" for r in asked)
    status, said = box.check(f"{words} landfall.ks=https://www.site.test/{{asset-tag}}.ks")
    assert status == STATUS["target"] and "{asset-tag}" in said


def order(box, build, words):
    """Starts an installation as landfall-init does; returns its status and what was told of it."""
    for folder in ("run/landfall", "dev", "landfall/seed"):
        (box.root / folder).mkdir(parents=True, exist_ok=True)
    for name in ("run/landfall/init", "run/landfall/devices"):
        (box.root / name).write_text("", encoding="ascii")
    (box.root / "proc/cmdline").write_text(f"{words}\n", encoding="ascii")
    argv = [build / "landfall-installer", "install", f"--root={box.root}"]
    done = box.namespace.run(*argv, check=False, timeout=120)
    return done.returncode, (box.root / "run/landfall/events.jsonl").read_text(encoding="utf-8")


def test_a_machine_is_known_by_the_card_whose_cable_is_in(site, build, two):  # noqa: F811
    site.dnsmasq(extra=QUICK)
    www = site.nginx()
    (site.www / "52:54:00:77:00:01.ks").write_text(GOOD, encoding="ascii")
    words = "landfall.ks=http://10.77.0.1/{mac}.ks landfall.insecure-http-ks rd.net.timeout.carrier="
    with later(2, two.carrier, "eth1", True):
        _, said = order(two, build, words + "20")
    assert [unquote(r["uri"]) for r in www.requests()][:1] == ["/52:54:00:77:00:01.ks"], said
    two.carrier("eth1", False)
    status, said = order(two, build, words + "2")
    assert status == STATUS["network"] and "no network card has a carrier, and so none is the '{mac}'" in said


@pytest.mark.parametrize("cmdline", ["", "ip=10.77.0.30::10.77.0.1:255.255.255.0"])
def test_who_needs_no_server_needs_no_cable(build, two, cmdline):  # noqa: F811
    (two.root / "landfall/seed").mkdir(parents=True)
    (two.root / "landfall/seed/site.ks").write_text(GOOD + "network --device=link --bootproto=dhcp\n", encoding="ascii")
    status, said = order(two, build, f"rd.net.timeout.carrier=1 {cmdline}")
    steps = {(e["step"], e["state"]): e.get("message", "") for e in map(json.loads, said.splitlines())}
    assert "no network card has a carrier" in steps["network.start", "note"], said
    # What stops it is that there is no payload, which it looks for after the network.
    assert ("payload.open", "failed") in steps and status != STATUS["network"], said


def test_a_network_that_was_up_before_its_cards_were_known_stays_up(site, build):
    # The kickstart, which says nothing of the network, is fetched before anything of the payload.
    server = site.dnsmasq(dhcp6=True, ra=True, delay_s=2, extra=QUICK)
    site.nginx()
    (site.www / "a.ks").write_text(GOOD.replace("file:///x", "http://10.77.0.1/repo"), encoding="ascii")
    with Box(site) as box:
        (box.root / "sys").unlink()
        box.card(mac="52:54:00:77:00:01")
        with later(1, box.show, "eth0"):
            status, said = order(box, build, "landfall.ks=http://10.77.0.1/a.ks landfall.insecure-http-ks")
    events = [json.loads(line) for line in said.splitlines()]
    ups = [event["state"] for event in events if event["step"] == "network.up"]
    assert ups == ["started", "done"] and status != 0, said
    assert any(event["step"] == "payload.open" and event["state"] == "started" for event in events), said
    assert server.text().count("DHCPACK(") == 1, server.text()


def test_what_is_not_trusted_is_refused(site, ca, machine, tmp_path):
    site.dnsmasq()
    own = [site.segment().v4(1), site.segment().v6(1)]
    www = site.nginx(pair=ca.server("orders-2", "www.site.test"), client_ca=ca.cert, addresses=own)
    (site.www / "a.ks").write_text(GOOD, encoding="ascii")
    late = site.addresses()
    site.name("late", *late)
    pair = ca.server("orders-late", "late.site.test", begin="20200101000000Z", end="20210101000000Z")
    site.nginx(pair=pair, addresses=late, name="late")
    stranger, me = Ca(tmp_path, "stranger"), ca.client("orders-2-box")
    theirs = stranger.client("theirs")
    pin = f"landfall.pin={theirs.pin}"
    url = "https://www.site.test/a.ks"

    def good(box):
        return box.trust(ca, me)

    rows = [
        ("ok", "", "", url, good),
        ("ok", "", "", "https://www.site.test/redirect/a.ks", good),
        ("ok", "", f"landfall.pin={www.pair.pin}", url, good),
        ("trust", "certificate", "", url, None),
        ("trust", "certificate", "", url, lambda box: box.trust(stranger, me)),
        ("trust", "client certificate", "", url, lambda box: box.trust(ca)),
        ("trust", "client certificate", "", url, lambda box: box.trust(ca, theirs)),
        ("trust", "certificate", "", "https://late.site.test/a.ks", good),
        ("trust", "certificate", "", "https://10.77.0.1/a.ks", good),
        ("trust", "", pin, url, good),
        ("trust", "", f"{pin} landfall.insecure-tls", url, good),
        ("ok", "", "landfall.insecure-tls", "https://10.77.0.1/a.ks", good),
        ("trust", "from https to http", "", "https://www.site.test/downgrade/a.ks", good),
        ("input", "without protection", "", "http://www.site.test/a.ks", None),
        ("ok", "", f"landfall.ks-sha256={hashlib.sha256(GOOD.encode()).hexdigest()}", "http://www.site.test/a.ks", None),
        ("trust", "SHA-256", f"landfall.ks-sha256={'0' * 64}", "http://www.site.test/a.ks", None),
        ("ok", "", "landfall.insecure-http-ks", "http://www.site.test/a.ks", None),
    ]
    judge(machine, rows)


def test_servers_that_misbehave_have_their_class_and_none_is_waited_for_long(site, ca, machine):
    site.dnsmasq()
    own = [site.segment().v4(1), site.segment().v6(1)]
    site.nginx(pair=ca.server("orders-3", "www.site.test"), addresses=own)
    (site.www / "a.ks").write_text(GOOD, encoding="ascii")
    hung = site.addresses()
    site.name("hung", *hung)
    sleeper = site.nginx(pair=ca.server("orders-hung", "hung.site.test"), addresses=hung, name="hung")
    # It hangs once it listens, not before: the other server has the same ports.
    for address in (hung[0], f"[{hung[1]}]"):
        wait_for(lambda url=f"https://{address}/": site.namespace.run("curl", "-ks", url, check=False).returncode == 0)
    sleeper.cut()
    site.receiver(root=site.www, pair=ca.server("orders-bad", "www.site.test"))
    site.receiver(pair=ca.server("orders-portal", "www.site.test"), port=8001, is_portal=True, name="portal")
    www, bad = "https://www.site.test", "https://www.site.test:8000"

    def good(box):
        return box.trust(ca)

    rows = [
        ("network", "nobody.site.test", "https://nobody.site.test/a.ks"),
        ("network", "answers 503", f"{www}/503/a.ks"),
        ("input", "answers 404", f"{www}/404/a.ks"),
        ("input", "redirected more than 5", f"{www}/loop"),
        ("network", "", "https://www.site.test:9999/a.ks"),
        ("network", "time", "https://hung.site.test/a.ks"),
        ("network", "", f"{bad}/truncated/10/a.ks"),
        ("network", "30000 ms", f"{bad}/stall/10/a.ks"),
        ("network", "30000 ms", f"{bad}/drip/1/a.ks"),
        ("network", "30000 ms", f"{bad}/silent"),
        ("network", "", f"{bad}/reset"),
        ("network", "", f"{bad}/garbage"),
        ("network", "", "http://www.site.test:443/a.ks"),
        ("network", "", "https://www.site.test:80/a.ks"),
        ("input", "longer than", f"{bad}/huge/3000000000"),
        ("input", "longer than", f"{bad}/endless"),
        ("network", "captive portal", f"{bad}/portal"),
        ("network", "captive portal", "https://www.site.test:8001/a.ks"),
    ]
    words = {"http://www.site.test:443/a.ks": "landfall.insecure-http-ks"}
    rows = [(wanted, text, words.get(url, ""), url, good) for wanted, text, url in rows]
    # The server says 400 to who does not speak TLS with it: that is the operator's to correct.
    rows = [("input" if url.startswith("http://") else wanted, text, w, url, p) for wanted, text, w, url, p in rows]
    judge(machine, rows)


def test_an_include_has_the_class_of_its_own_failure(site, ca, machine):
    site.dnsmasq()
    site.nginx(pair=ca.server("orders-4", "www.site.test"))
    rows = []
    for number, (wanted, name) in enumerate(
        [("ok", "common.ks"), ("network", "503/b.ks"), ("input", "404/b.ks"), ("trust", "downgrade/b.ks")]
    ):
        (site.www / f"{number}.ks").write_text(f"{GOOD}%include {name}\n", encoding="ascii")
        rows.append((wanted, "", "", f"https://www.site.test/{number}.ks", lambda box: box.trust(ca)))
    (site.www / "common.ks").write_text("poweroff\n", encoding="ascii")
    judge(machine, rows)


def test_a_proxy_leads_out_and_says_why_when_it_does_not(site, ca, machine):
    site.dnsmasq()
    pair = ca.server("orders-5", "192.0.2.10")
    outside = site.nginx(site.www, pair=pair, addresses=["192.0.2.10"], where=site.outside(), name="outside-nginx")
    (site.www / "a.ks").write_text(GOOD, encoding="ascii")
    proxy = site.tinyproxy(user=ProxyUser("edge", "t0psecret"))
    url, far = "https://192.0.2.10/a.ks", "http://edge:t0psecret@proxy.site.test:8888\n"

    def with_password(box):
        box.put("landfall/seed/proxy", far)
        return box.trust(ca) + " landfall.proxy=@proxy"

    def trusting(box):
        return box.trust(ca)

    plain = f"landfall.proxy={far.replace('edge:t0psecret@', '').strip()}"
    rows = [
        ("ok", "", "", url, with_password),
        ("ok", "", "landfall.insecure-http-ks", "http://192.0.2.10/a.ks", with_password),
        ("input", "asks for a user", plain, url, trusting),
        ("network", "", "landfall.proxy=http://proxy.site.test:8889", url, trusting),
        ("network", "", "landfall.proxy=http://nobody.site.test:8888", url, trusting),
        ("input", "landfall.proxy=@NAME", f"landfall.proxy={far.strip()}", url, trusting),
        ("network", "", "", "https://192.0.2.77/a.ks", with_password),
    ]
    judge(machine, rows)
    assert "192.0.2.10" in proxy.text()
    assert len([r for r in outside.requests() if r["status"] == 200]) == 2
    box = machine("told")
    _, said = box.check(f"{with_password(box)}", "https://192.0.2.10/404/a.ks")
    assert "t0psecret" not in said


def test_signatures_come_beside_what_they_sign(site, ca, machine, net_folder):
    site.dnsmasq()
    site.nginx(pair=ca.server("orders-6", "www.site.test"))
    home = net_folder / "data" / "gpg"
    home.mkdir(mode=0o700)

    def gpg(*arguments):
        argv = ["gpg", "--homedir", home, "--batch", "--quiet", "--yes", "--passphrase", "", *arguments]
        return subprocess.run(argv, check=True, capture_output=True).stdout

    gpg("--quick-gen-key", "orders@site.test", "ed25519", "sign", "never")
    key = gpg("--with-colons", "--list-keys").decode().split("\nfpr:")[1].split(":")[8]
    ring = gpg("--export")
    (site.www / "signed.ks").write_text(GOOD + "%include common.ks\n", encoding="ascii")
    (site.www / "half.ks").write_text(GOOD + "%include loose.ks\n", encoding="ascii")
    (site.www / "bare.ks").write_text(GOOD, encoding="ascii")
    for name in ("common.ks", "loose.ks"):
        (site.www / name).write_text("poweroff\n", encoding="ascii")
    for name in ("signed.ks", "half.ks", "common.ks"):
        gpg("--detach-sign", site.www / name)
    (site.www / "other.ks").write_text(GOOD + "halt\n", encoding="ascii")
    (site.www / "other.ks.sig").write_bytes((site.www / "signed.ks.sig").read_bytes())
    subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=True)

    def demanding(box):
        box.put("usr/share/landfall/ks-keyring.gpg", ring)
        return box.trust(ca)

    named = f"landfall.ks-key={key}"
    www = "https://www.site.test"
    rows = [
        ("ok", "", "", f"{www}/signed.ks", demanding),
        ("ok", "", named, f"{www}/signed.ks?token=x", demanding),
        # Signed orders may come by http.
        ("ok", "", "", "http://www.site.test/signed.ks", demanding),
        ("trust", "loose.ks", "", f"{www}/half.ks", demanding),
        ("trust", "bare.ks.sig", "", f"{www}/bare.ks", demanding),
        ("trust", "not a good one", "", f"{www}/other.ks", demanding),
        ("trust", "not a good one", f"landfall.ks-key={'0' * 40}", f"{www}/signed.ks", demanding),
        ("trust", "holds no keys", named, f"{www}/signed.ks", lambda box: box.trust(ca)),
        ("network", "503", "", f"{www}/503/signed.ks", demanding),
    ]
    judge(machine, rows)
