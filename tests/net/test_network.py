"""The installer's network, with real DHCP servers, routers and neighbours.

    landfall-installer network --root=ROOT --json     in a namespace whose cards hang at the site's switch

ROOT is a machine's: its command line, its dhcpcd-hook, its /etc/resolv.conf. Not its job: bonds and VLANs, which the
kernel of a build machine may not have; those are tried in machines.
"""

import contextlib
import json
import subprocess
import threading
import time
from pathlib import Path

import pytest

from qemu.pki import Ca
from tests.net.namespace import Namespace
from tests.net.servers import wait_for
from tests.qemu.conftest import BUILD

TOP = Path(__file__).resolve().parents[2]
INSTALLER = BUILD / "landfall-installer"
QUICK = ["no-ping"]  # dnsmasq: answers at once instead of looking for a duplicate itself


class Box:
    """A machine without an operating system: a namespace with cards, and a root directory for the installer."""

    def __init__(self, site, name="box"):
        self.site, self.name = site, name
        self.root = site.folder / f"{name}.root"
        self.namespace = Namespace(name, site.folder)
        self._process = None
        self._peers = {}

    def __enter__(self):
        for folder in ("proc/self", "etc", "usr/lib/landfall"):
            (self.root / folder).mkdir(parents=True)
        (self.root / "proc/sys").symlink_to("/proc/sys")
        (self.root / "sys").symlink_to("/sys")
        (self.root / "usr/lib/landfall/dhcpcd-hook").symlink_to(TOP / "image/files/dhcpcd-hook")
        self.namespace.__enter__()
        return self

    def __exit__(self, *error):
        self.end()
        self.namespace.__exit__(*error)

    def card(self, device="eth0", mac="", vlan=1):
        """Adds a card at the site's switch. It is a veth pair: dhcpcd takes no tap for a card."""
        ip, number = self.site.namespace, len(self._peers)
        tap, peer, bridge = (f"{kind}{self.name[:8]}{number}" for kind in "tvb")
        self.site.wire.add_tap(f"{self.name}-{device}", tap, f"access:{vlan}")
        ip.run("ip", "link", "add", bridge, "type", "bridge")
        ip.run("ip", "link", "add", peer, "type", "veth", "peer", "name", device, "netns", self.namespace.pid)
        if mac:
            self.namespace.run("ip", "link", "set", device, "address", mac)
        for port in (tap, peer):
            ip.run("ip", "link", "set", port, "master", bridge, "up")
        ip.run("ip", "link", "set", bridge, "up")
        self._peers[device] = peer

    def show(self, device):
        """Makes a card one that the plan can see: a sysfs of its own shows it as a wired one, with its true carrier."""
        if (self.root / "sys").is_symlink():
            (self.root / "sys").unlink()
        card = self.root / f"sys/class/net/{device}"
        (card / "device").mkdir(parents=True)
        (card / "type").write_text("1\n", encoding="ascii")
        for name in ("address", "carrier"):
            (card / name).symlink_to(f"/sys/class/net/{device}/{name}")

    def carrier(self, device, is_on):
        """Plugs the cable of a card in or out."""
        self.site.namespace.run("ip", "link", "set", self._peers[device], "up" if is_on else "down")

    def start(self, cmdline="", kickstart=""):
        """Brings the network up; returns what the installer says of it."""
        (self.root / "proc/cmdline").write_text(f"{cmdline}\n", encoding="utf-8")
        words = ["network", "--root", self.root, "--json"]
        if kickstart:
            (self.root / "site.ks").write_text(kickstart, encoding="utf-8")
            words.append("/site.ks")
        self._process = self.namespace.popen(INSTALLER, *words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self._process.stdout.readline()
        if not line:
            self._process.wait(10)
        return json.loads(line) if line else {"error": self._process.stderr.read(), "status": self._process.returncode}

    def status(self):
        """Waits for the installer's own end, and returns its exit status."""
        return self._process.wait(15)

    def kill(self):
        """The installer crashes."""
        self._process.kill()
        self._process.wait(10)

    def end(self):
        """The installer ends as it should."""
        if self._process:
            self._process.terminate()
            self._process.wait(15)
            assert "Sanitizer" not in self._process.stderr.read()
            for stream in (self._process.stdout, self._process.stderr):
                stream.close()
            self._process = None

    def ip(self, *words):
        """Returns what `ip -json` says."""
        return json.loads(self.namespace.run("ip", "-json", *words).stdout or "[]")

    def addresses(self, device="eth0"):
        """Returns the addresses of a card but link-local ones."""
        found = self.ip("address", "show", "dev", device)[0]["addr_info"]
        return [f"{a['local']}/{a['prefixlen']}" for a in found if a["scope"] == "global"]

    def resolver(self):
        """Returns the lines of the resolver's file."""
        return (self.root / "etc/resolv.conf").read_text(encoding="ascii").splitlines()

    def reaches(self, address):
        """Tells whether the name server there takes a connection."""
        connect = "import socket, sys; socket.create_connection((sys.argv[1], 53), 3)"
        return self.namespace.run("/usr/bin/python3", "-c", connect, address, check=False).returncode == 0


@pytest.fixture
def box(site):
    """A machine with one card."""
    with Box(site) as one:
        one.card()
        yield one


def state(told, name="eth0"):
    """Returns the state of one interface."""
    return next(s for s in told["interfaces"] if s["name"] == name)


@contextlib.contextmanager
def later(seconds, function, *words):
    """Does something while the installer waits."""
    timer = threading.Timer(seconds, function, words)
    timer.start()
    try:
        yield
    finally:
        timer.join()


def test_by_default_a_card_has_a_lease_within_two_seconds(site, box):
    site.dnsmasq(ra=True, ntp=["10.77.0.1"], search=["a.test"], extra=QUICK)
    begin = time.monotonic()
    told = box.start()
    assert time.monotonic() - begin < 2
    assert told["is_usable"] and told["time_servers"] == ["10.77.0.1"]
    assert state(told)["addresses"][0].startswith("10.77.0.1") and "trouble" not in state(told)
    assert "nameserver 10.77.0.1" in box.resolver() and "search site.test a.test" in box.resolver()
    # IPv6 follows, and with it another server for names.
    wait_for(lambda: any(a.startswith("fd77:") for a in box.addresses()), 15)
    wait_for(lambda: "nameserver fd77::1" in box.resolver(), 15)
    assert box.reaches("10.77.0.1") and box.reaches("fd77::1")


def test_at_its_end_nothing_is_left(site, box):
    site.dnsmasq(ra=True, extra=QUICK)
    assert box.start()["is_usable"]
    wait_for(lambda: any(a.startswith("fd77:") for a in box.addresses()), 15)
    box.end()
    assert box.addresses() == [] and box.ip("route") == [] and box.namespace.processes() == []
    assert not list((box.root / "run/landfall/net").glob("lease.*"))


def test_after_a_crash_the_next_start_takes_over(site, box):
    server = site.dnsmasq(extra=QUICK)
    first = box.start()
    box.kill()
    # dhcpcd has changed its user, and so outlives who started it; it must not be there twice.
    assert box.addresses() != []
    second = box.start()
    assert second["is_usable"] and state(second)["addresses"] == state(first)["addresses"]
    assert len(server.leases()) == 1 and len(box.addresses()) == 1
    box.end()
    wait_for(lambda: not box.namespace.processes(), 5)


@pytest.mark.parametrize("dhcp6", [False, True])
def test_a_network_of_ipv6_alone_is_enough(site, dhcp6):
    segment = site.segment(42, has_ipv4=False)
    site.dnsmasq(segment=segment, dhcp4=False, dhcp6=dhcp6, ra=True, ntp=["fd77:42::1"], extra=QUICK)
    with Box(site) as box:
        box.card(vlan=42)
        told = box.start()
        assert told["is_usable"], told
        assert state(told)["addresses"][0].startswith("fd77:42::1" if dhcp6 else "fd77:42:")
        assert "nameserver fd77:42::1" in box.resolver() and box.reaches("fd77:42::1")
        assert not [a for a in box.addresses() if a.startswith("169.254")]


def test_the_first_usable_card_wins_and_a_late_one_is_taken_as_well(site, box):
    site.segment(43)
    box.card("eth1", vlan=43)
    site.dnsmasq(segment=site.segment(43), extra=QUICK)
    told = box.start()
    assert told["is_usable"] and state(told, "eth1")["addresses"]
    assert "no answer to DHCP" in state(told, "eth0")["trouble"]
    box.card("eth2", vlan=43)
    wait_for(lambda: box.addresses("eth2"), 15)


def test_a_card_without_carrier_is_named(site, box):
    box.carrier("eth0", False)
    told = box.start("rd.net.timeout.carrier=2")
    assert not told["is_usable"] and state(told)["trouble"] == "no carrier"
    assert told["error"] == "no network interface can be used in time: eth0: no carrier"


def test_a_cable_that_comes_late_is_in_time(site, box):
    site.dnsmasq(extra=QUICK)
    box.carrier("eth0", False)
    with later(2, box.carrier, "eth0", True):
        assert box.start()["is_usable"]


def test_a_server_that_does_not_answer_is_told_of(site, box):
    told = box.start("rd.net.timeout.dhcp=3")
    assert "no answer to DHCP" in told["error"] and "no router advertisement" in told["error"]


@pytest.mark.parametrize("wrong", ["access:66", "trunk"])
def test_a_port_in_the_wrong_vlan_is_told_of_and_heals_with_the_switch(site, box, wrong):
    # As when the switch has the port in another segment, or expects tags that nobody said.
    site.dnsmasq(ra=True, extra=QUICK)
    site.segment(66)
    site.wire.mode("box-eth0", wrong)
    told = box.start("rd.net.timeout.dhcp=3")
    assert not told["is_usable"] and state(told)["has_carrier"] and state(told)["addresses"] == []
    assert "eth0: no answer to DHCP" in told["error"] and box.status() == 6
    with later(3, site.wire.mode, "box-eth0", "access:1"):
        assert box.start()["is_usable"]
    assert box.reaches("10.77.0.1")


def test_a_lease_without_a_router_is_taken(site, box):
    site.dnsmasq(router=False, extra=QUICK)
    told = box.start()
    assert told["is_usable"] and box.ip("route", "show", "default") == []


def test_the_mtu_of_the_lease_is_heeded(site, box):
    site.dnsmasq(mtu=1400, extra=QUICK)
    assert box.start()["is_usable"]
    routes = box.ip("route", "show", "default")
    assert routes[0]["metrics"][0]["mtu"] == 1400 or box.ip("link", "show", "dev", "eth0")[0]["mtu"] == 1400


@pytest.fixture
def named(site):
    """A machine whose card the plan can see: its sysfs shows it as a wired card."""
    with Box(site) as one:
        mac = "52:54:00:77:00:01"
        one.card(mac=mac)
        (one.root / "sys").unlink()
        card = one.root / "sys/class/net/eth0"
        (card / "device").mkdir(parents=True)
        for name, text in (("address", mac), ("type", "1"), ("carrier", "1")):
            (card / name).write_text(f"{text}\n", encoding="ascii")
        yield one


def test_static_ipv4_with_name_servers_and_routes(site, named):
    site.dnsmasq(dhcp4=False)
    told = named.start("ip=10.77.0.30::10.77.0.1:255.255.255.0:box:eth0:none nameserver=10.77.0.1 nameserver=192.0.2.53 "
                       "rd.route=198.51.100.0/24:10.77.0.2:eth0")
    assert told["is_usable"], told
    assert state(told)["addresses"] == ["10.77.0.30/24"]
    assert named.resolver()[1:3] == ["nameserver 10.77.0.1", "nameserver 192.0.2.53"]
    assert named.ip("route", "show", "default")[0]["gateway"] == "10.77.0.1"
    assert named.ip("route", "show", "198.51.100.0/24")[0]["gateway"] == "10.77.0.2"
    assert named.ip("address", "show", "dev", "eth0")[0]["addr_info"][0]["broadcast"] == "10.77.0.255"
    assert named.reaches("10.77.0.1") and not [p for p in named.namespace.processes() if "dhcpcd" in comm(p)]
    named.end()
    assert named.addresses() == [] and named.ip("route") == []


def comm(pid):
    """The name of a process, or nothing when it is gone."""
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="ascii")
    except OSError:
        return ""


def test_static_ipv6_is_checked_for_a_duplicate(site, named):
    site.dnsmasq(dhcp4=False)
    told = named.start("ip=[fd77::30]::[fd77::1]:64:box:eth0:none")
    assert told["is_usable"] and state(told)["addresses"] == ["fd77::30/64"]
    assert named.reaches("fd77::1")


def test_an_ipv6_address_that_somebody_has_is_an_error_that_names_it(site, named):
    other = site.client("other")
    other.run("ip", "address", "add", "fd77::30/64", "dev", "eth0", "nodad")
    begin = time.monotonic()
    told = named.start("ip=[fd77::30]::[fd77::1]:64:box:eth0:none")
    assert not told["is_usable"] and "address 'fd77::30/64' is in use by another machine" in told["error"]
    assert time.monotonic() - begin < 8


def test_addresses_of_an_earlier_start_are_taken_off(site, named):
    named.namespace.run("ip", "link", "set", "eth0", "up")
    named.namespace.run("ip", "address", "add", "10.77.0.99/24", "dev", "eth0")
    named.namespace.run("ip", "route", "add", "203.0.113.0/24", "via", "10.77.0.7")
    assert named.start("ip=10.77.0.30::10.77.0.1:255.255.255.0:box:eth0:none")["is_usable"]
    assert named.addresses() == ["10.77.0.30/24"] and named.ip("route", "show", "203.0.113.0/24") == []


def test_leftovers_on_any_card_are_taken_off(site, box):
    site.dnsmasq(extra=QUICK)
    box.namespace.run("ip", "link", "set", "eth0", "up")
    box.namespace.run("ip", "address", "add", "203.0.113.9/24", "dev", "eth0")
    assert box.start()["is_usable"]
    assert len(box.addresses()) == 1 and box.addresses()[0].startswith("10.77.0.1")


def test_a_card_gets_the_name_that_it_shall_have(site, named):
    site.dnsmasq(extra=QUICK)
    told = named.start("ifname=lan0:52:54:00:77:00:01 ip=lan0:dhcp")
    assert told["is_usable"] and state(told, "lan0")["addresses"], told


def test_what_a_link_ignores_is_not_asked_for(site, named):
    site.dnsmasq(extra=QUICK)
    told = named.start("ip=eth0:dhcp rd.peerdns=0 nameserver=192.0.2.53")
    assert told["is_usable"], told
    assert [line for line in named.resolver() if "nameserver" in line] == ["nameserver 192.0.2.53"]


def test_the_name_servers_follow_the_lease(site, box):
    server = site.dnsmasq(extra=[*QUICK, "dhcp-option-force=option:T1,3"])
    assert box.start()["is_usable"] and "nameserver 10.77.0.1" in box.resolver()
    server.stop()
    server.extra.append("dhcp-option=option:dns-server,10.77.0.9")
    server.start()
    wait_for(lambda: "nameserver 10.77.0.9" in box.resolver(), 20)
    box.carrier("eth0", False)
    wait_for(lambda: not [line for line in box.resolver() if "nameserver" in line], 15)


def test_a_dhcpcd_that_dies_is_started_again(site, box):
    site.dnsmasq(extra=QUICK)
    assert box.start()["is_usable"]
    lease = box.root / "run/landfall/net/lease.eth0.dhcp"
    begin = time.time()
    assert lease.stat().st_mtime < begin
    old = [pid for pid in box.namespace.processes() if comm(pid).startswith("dhcpcd")]
    box.namespace.run("kill", "-KILL", *old, check=False)
    wait_for(lambda: lease.exists() and lease.stat().st_mtime > begin, 15)
    assert box.reaches("10.77.0.1")


def test_a_kickstart_says_the_same(site, named):
    line = ("network --device=52:54:00:77:00:01 --bootproto=static --ip=10.77.0.31 --netmask=255.255.255.0 "
            "--gateway=10.77.0.1 --nameserver=10.77.0.1 --mtu=1400 --noipv6")
    told = named.start(kickstart=network_lines(line))
    assert told.get("is_usable"), told
    assert named.addresses() == ["10.77.0.31/24"] and named.ip("link", "show", "dev", "eth0")[0]["mtu"] == 1400


def test_a_bridge_is_made_with_its_member(site, named):
    site.dnsmasq(extra=QUICK)
    (named.root / "sys").rename(named.root / "facts")
    (named.root / "sys/class").mkdir(parents=True)
    (named.root / "facts/class/net").rename(named.root / "sys/class/net")
    (named.root / "sys/class/net/br0").symlink_to("/sys/class/net/br0")
    told = named.start("bridge=br0:eth0 ip=br0:dhcp")
    assert told["is_usable"], told
    link = named.ip("-details", "link", "show", "dev", "br0")[0]
    assert link["linkinfo"]["info_kind"] == "bridge" and link["address"] == "52:54:00:77:00:01"
    assert named.ip("link", "show", "dev", "eth0")[0]["master"] == "br0"
    assert state(told, "br0")["addresses"][0].startswith("10.77.0.1")
    named.kill()
    assert named.start("bridge=br0:eth0 ip=br0:dhcp")["is_usable"]
    named.end()
    assert [link["ifname"] for link in named.ip("link")] == ["lo", "eth0"]


def network_lines(*lines):
    """A whole kickstart with these lines of the network."""
    profile = (TOP / "kickstart/profiles/edge-standard.ks").read_text(encoding="utf-8").splitlines()
    return "\n".join([*lines, *(line for line in profile if not line.startswith("network"))]) + "\n"


@pytest.fixture
def two(site):
    """A machine with two cards, which are down as they are at a start; no cable is plugged in."""
    with Box(site) as one:
        for number, device in enumerate(("eth0", "eth1")):
            one.card(device, mac=f"52:54:00:77:00:0{number}")
            one.show(device)
            one.carrier(device, False)
        yield one


WISHES = {
    "link": ("", "network --device=link --bootproto=dhcp"),
    "static": ("", "network --bootproto=static --ip=10.77.0.30 --netmask=255.255.255.0 --gateway=10.77.0.1"),
    "word": ("ip=10.77.0.30::10.77.0.1:255.255.255.0::", ""),
}


@pytest.mark.parametrize("wish", WISHES)
def test_of_two_cards_the_one_with_a_cable_is_taken(site, two, wish):
    cmdline, line = WISHES[wish]
    site.dnsmasq(ra=True, extra=QUICK)
    two.carrier("eth1", True)
    begin = time.monotonic()
    told = two.start(cmdline, network_lines(line) if line else "")
    assert told.get("is_usable"), told
    assert time.monotonic() - begin < 10
    assert state(told, "eth1")["addresses"][0].startswith("10.77.0.") and len(told["interfaces"]) == 1
    assert two.reaches("10.77.0.1") and two.addresses("eth0") == []


def test_a_cable_that_comes_late_decides_which_card_it_is(site, two):
    site.dnsmasq(ra=True, extra=QUICK)
    with later(3, two.carrier, "eth1", True):
        told = two.start(kickstart=network_lines(WISHES["link"][1]))
    assert told.get("is_usable"), told
    assert state(told, "eth1")["addresses"]
    # The other one was only looked at: it takes nothing up by itself, also when its cable comes.
    two.carrier("eth0", True)
    wait_for(lambda: two.ip("link", "show", "dev", "eth0")[0]["operstate"] == "UP", 10)
    time.sleep(3)
    assert two.addresses("eth0") == [] and len(two.ip("-6", "route", "show", "default")) == 1


@pytest.mark.parametrize("wish", WISHES)
def test_cards_without_any_cable_are_named_in_time(two, wish):
    cmdline, line = WISHES[wish]
    begin = time.monotonic()
    told = two.start(f"rd.net.timeout.carrier=3 {cmdline}", network_lines(line) if line else "")
    assert 3 <= time.monotonic() - begin < 8
    assert told["status"] == 6 and "no network card has a carrier" in told["error"], told
    assert "eth0 (52:54:00:77:00:00), eth1 (52:54:00:77:00:01)" in told["error"]


@pytest.mark.parametrize("device", ["eth2", "52-54-00-77-00-02", "BOOTIF"])
def test_a_card_whose_driver_is_slow_is_waited_for(site, two, device):
    site.dnsmasq(extra=QUICK)

    def appear():
        two.show("eth2")
        two.card("eth2", mac="52:54:00:77:00:02")

    with later(2, appear):
        told = two.start(f"ip={device}:dhcp BOOTIF=01-52-54-00-77-00-02")
    assert told.get("is_usable"), told
    assert state(told, "eth2")["addresses"]


def test_a_card_that_is_not_there_is_an_error_of_the_machine(named):
    told = named.start("ip=eth7:dhcp rd.net.timeout.carrier=1")
    assert told["status"] == 4 and "eth7" in told["error"]


def test_time_is_asked_for_as_the_installer_asks(site):
    site.chronyd()
    client = site.client("asker")
    for words in (["10.77.0.1"], ["fd77::1"], ["pool:10.77.0.1"], ["192.0.2.77", "10.77.0.1"]):
        done = client.run(BUILD / "tests/ask-time", *words, check=False)
        assert done.returncode == 0 and "System clock wrong by" in done.stderr, done.stderr
    assert client.run(BUILD / "tests/ask-time", "10.77.0.99", check=False).returncode == 1


def test_time_by_nts_is_taken_of_our_authority_alone_whatever_the_certificates_dates(site, ca, tmp_path):
    site.dnsmasq()
    old = ca.server("ntp", "ntp.site.test", begin="20200101000000Z", end="20210101000000Z")
    site.chronyd(nts=old)
    client = site.client("asker")

    def ask(*words):
        done = client.run(BUILD / "tests/ask-time", *words, check=False)
        return done.returncode == 0 and "System clock wrong by" in done.stderr

    assert ask("nts:ntp.site.test", f"ca:{ca.cert}")
    assert not ask("nts:ntp.site.test", f"ca:{Ca(tmp_path, 'stranger').cert}")
    assert not ask("nts:ntp.site.test")
