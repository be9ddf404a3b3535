"""The switch, frame by frame: cards are connections to its sockets, as QEMU makes them."""

import socket
import struct
import time

import pytest

from tests.net.namespace import NetError
from tests.net.servers import wait_for

ALL = b"\xff" * 6
KIND, IPV6 = b"\x88\xb5", b"\x86\xdd"
LACP = bytes.fromhex("0180c2000002")
MS = 1e-3


class Card:
    """One card: the end of a port that a QEMU would hold. Segment 5 is without the site's own frames."""

    def __init__(self, site, name, *modes):
        self.name = name
        self.path = site.wire.add_socket(name, *(modes or ["access:5"]))
        self.mac = bytes([2, 0, 0, 0, 0, sum(name.encode()) & 0xFF])
        self._got = b""
        self.connect()
        wait_for(lambda: site.wire.stats()[name]["connected"])

    def connect(self):
        """Plugs in."""
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(self.path))

    def close(self):
        """Pulls out."""
        self._socket.close()

    def send(self, to, text, vlan=None):
        """Sends a frame of at least 60 bytes, as Ethernet's are."""
        tag = b"" if vlan is None else struct.pack(">HH", 0x8100, vlan)
        frame = (to + self.mac + tag + KIND + text).ljust(60, b"\0")
        self.send_raw(frame)
        return frame

    def send_raw(self, frame):
        """Sends bytes as a frame."""
        self._socket.sendall(struct.pack(">I", len(frame)) + frame)

    def receive(self, timeout=2.0):
        """Returns the next frame of these tests, or None; a trunk gets the site's neighbour discovery as well."""
        self._socket.settimeout(timeout)
        try:
            while True:
                frame = self._take(struct.unpack(">I", self._take(4))[0])
                if frame[16:18] != IPV6:
                    return frame
        except TimeoutError:
            return None

    def _take(self, size):
        while len(self._got) < size:
            more = self._socket.recv(1 << 16)
            if not more:
                raise ConnectionError
            self._got += more
        taken, self._got = self._got[:size], self._got[size:]
        return taken


def silent(*cards):
    """Tells whether none of the cards gets anything."""
    return all(card.receive(0.15) is None for card in cards)


def test_frames_go_to_all_until_an_address_is_learnt(site):
    a, b, c = (Card(site, name) for name in "abc")
    frame = a.send(b.mac, b"first")
    assert b.receive() == frame and c.receive() == frame
    answer = b.send(a.mac, b"answer")
    assert a.receive() == answer and silent(c)
    frame = a.send(b.mac, b"second")
    assert b.receive() == frame and silent(a, c)
    everyone = c.send(ALL, b"everyone")
    assert a.receive() == everyone and b.receive() == everyone and silent(c)


def test_segments_are_apart_and_trunks_carry_their_tags(site):
    red, green, trunk, native = (
        Card(site, "red", "access:10"),
        Card(site, "green", "access:20"),
        Card(site, "trunk", "trunk"),
        Card(site, "native", "trunk:20"),
    )
    frame = red.send(ALL, b"from red")
    tagged = frame[:12] + b"\x81\x00\x00\x0a" + frame[12:]
    assert trunk.receive() == tagged and native.receive() == tagged and silent(green)
    frame = trunk.send(ALL, b"to green", vlan=20)
    plain = frame[:12] + frame[16:]
    assert green.receive() == plain and native.receive() == plain and silent(red)
    frame = native.send(ALL, b"untagged is green")
    assert green.receive() == frame and trunk.receive()[12:16] == b"\x81\x00\x00\x14" and silent(red)
    trunk.send(ALL, b"untagged is nowhere")
    red.send(ALL, b"a tag where none belongs", vlan=20)
    assert silent(red, green, native, trunk)
    red.send(ALL, b"priority alone", vlan=0)
    assert trunk.receive()[12:16] == b"\x81\x00\x00\x0a" and silent(green)


def test_a_cut_port_is_silent_and_its_addresses_are_forgotten(site):
    a, b, c = (Card(site, name) for name in "abc")
    b.send(a.mac, b"here I am")
    assert a.receive() and c.receive()
    site.wire.down("b")
    a.send(b.mac, b"lost")
    b.send(a.mac, b"lost as well")
    assert silent(b) and c.receive() and silent(a)
    site.wire.up("b")
    frame = a.send(b.mac, b"found by asking all")
    assert b.receive() == frame and c.receive() == frame
    stats = site.wire.stats()
    assert stats["b"]["dropped"] == 1 and stats["a"]["in_frames"] == 2 and stats["a"]["out_bytes"] == 60


def test_a_frame_is_late_by_the_delay(site):
    a, b = Card(site, "a"), Card(site, "b")
    for delay in (0, 50, 200):
        site.wire.shape(delay_ms=delay)
        begin = time.monotonic()
        a.send(b.mac, b"tick")
        assert b.receive()
        took = time.monotonic() - begin
        assert delay * MS <= took < delay * MS + 0.1, (delay, took)


def test_a_line_carries_no_more_than_its_rate_and_drops_what_waits_too_long(site):
    a, b = Card(site, "a"), Card(site, "b")
    b.send(a.mac, b"here I am")
    a.receive()
    site.wire.shape(rate_mbit=8)
    payload = bytes(1486)
    for _ in range(400):
        a.send(b.mac, payload)
    begin, got = time.monotonic(), 0
    while b.receive(0.5):
        got += 1
        end = time.monotonic()
    # 1500 bytes at 1 MB/s: 1.5 ms each; 100 ms of it wait.
    stats = site.wire.stats()["b"]
    assert got + stats["dropped"] == 400 and stats["dropped"] > 100
    assert 0.8 < (end - begin) / (got * 1.5 * MS) < 1.5
    site.wire.shape()
    a.send(b.mac, b"no limit any more")
    assert b.receive()


def lacpdu(card, state=0x05):
    """What a bond says of itself first: active and aggregating, and knowing nobody."""
    actor = struct.pack(">BBH6sHHHB3x", 1, 20, 0xFFFF, card.mac, 9, 255, 1, state)
    partner = struct.pack(">BBH6sHHHB3x", 2, 20, 0, bytes(6), 0, 0, 0, 0)
    return LACP + card.mac + b"\x88\x09\x01\x01" + actor + partner + b"\x03\x10" + bytes(66)


def test_aggregated_links_are_one_and_have_a_partner_in_sync(site):
    one, two, other = Card(site, "one", "access:5", "lag:7"), Card(site, "two", "access:5", "lag:7"), Card(site, "other")
    for port, card in ((2, one), (3, two)):
        sent = lacpdu(card)
        card.send_raw(sent)
        answer = card.receive()
        assert len(answer) == 124 and answer[:6] == LACP and answer[12:16] == b"\x88\x09\x01\x01"
        actor = struct.unpack(">BBH6sHHHB", answer[16:33])
        assert actor[0:2] == (1, 20) and actor[4] == 7 and actor[6] == port and actor[7] == 0x3D
        assert answer[36:38] == b"\x02\x14" and answer[38:53] == sent[18:33], "our partner's part is the bond's own"
    assert silent(one, two, other)
    frame = other.send(ALL, b"once")
    assert [one.receive(0.3), two.receive(0.15)] == [frame, None]
    two.send(ALL, b"not back on the same link")
    assert silent(one) and other.receive()
    site.wire.down("one")
    frame = other.send(two.mac, b"the other way")
    assert two.receive() == frame


def test_control_frames_of_bridges_stay_with_their_neighbour(site):
    a, b = Card(site, "a"), Card(site, "b")
    a.send_raw(lacpdu(a))
    a.send_raw(bytes.fromhex("0180c2000000") + a.mac + bytes(48))
    assert silent(a, b)


def test_bad_frames_and_bad_neighbours_harm_nobody(site):
    a, b, c = (Card(site, name) for name in "abc")
    a.send_raw(b"")
    a.send_raw(b"\xff" * 13)
    a.send_raw(ALL + a.mac + b"\x81\x00")
    a.send_raw(ALL + a.mac + b"\x81\x00\x00")
    a.send_raw(LACP + a.mac + b"\x88\x09")
    a._socket.sendall(struct.pack(">I", 1 << 30))
    wait_for(lambda: not site.wire.stats()["a"]["connected"])
    assert silent(b, c)
    a.connect()
    wait_for(lambda: site.wire.stats()["a"]["connected"])
    frame = a.send(c.mac, b"again")
    assert c.receive() == frame and b.receive() == frame


def test_one_that_does_not_read_costs_the_switch_no_more_than_its_queue(site):
    a, b = Card(site, "a"), Card(site, "b")
    b.send(a.mac, b"here I am")
    a.receive()
    for _ in range(12000):
        a.send(b.mac, bytes(1486))
    dropped = wait_for(lambda: site.wire.stats()["b"]["dropped"])
    assert dropped > 1000
    with open(f"/proc/{site.wire.pid}/status", encoding="ascii") as status:
        size = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    assert size < 32 << 10, f"{size} KiB"
    assert b.receive() is not None
    b.close()
    wait_for(lambda: not site.wire.stats()["b"]["connected"])


WRONG = [
    "add",
    "add x",
    "add x what:ever",
    "add x unix:/" + "a" * 200,
    "add x tap:0123456789abcdef",
    "add site0 tap:another",
    "add x tap:x access:4095",
    "add x tap:x trunk:-1",
    "add x tap:x lag:256",
    "add x tap:x other",
    "down nobody",
    "delay 99999",
    "rate ten",
    "stats now",
    "",
]


@pytest.mark.parametrize("line", WRONG, ids=range(len(WRONG)))
def test_a_wrong_command_is_refused_and_changes_nothing(site, line):
    with pytest.raises(NetError, match="error"):
        site.wire._tell(*line.split(" "))
    assert list(site.wire.stats()) == ["site0"]


def test_a_tap_loses_its_carrier_with_its_port(site):
    box = site.client("box")

    def carrier():
        return box.run("cat", "/sys/class/net/eth0/carrier").stdout.strip()

    assert carrier() == "1"
    site.wire.down("box")
    wait_for(lambda: carrier() == "0")
    site.wire.up("box")
    wait_for(lambda: carrier() == "1")


def test_a_download_goes_on_after_the_link_was_lost(site):
    site.nginx()
    (site.www / "big").write_bytes(bytes(8 << 20))
    box = site.client("box")
    site.wire.shape(delay_ms=5, rate_mbit=50)
    curl = box.popen("curl", "-sSf", "-o", box.folder / "data" / "big", "http://10.77.0.1/big")
    wait_for(lambda: site.wire.stats()["box"]["out_bytes"] > 1 << 20)
    site.wire.down("box")
    held = site.wire.stats()["box"]["out_bytes"]
    time.sleep(2)
    assert site.wire.stats()["box"]["out_bytes"] == held
    site.wire.up("box")
    assert curl.wait(30) == 0
    assert (box.folder / "data" / "big").stat().st_size == 8 << 20


def test_a_tcp_stream_reaches_the_rate_in_spite_of_the_delay(site):
    site.nginx()
    (site.www / "big").write_bytes(bytes(24 << 20))
    box = site.client("box")
    site.wire.shape(delay_ms=10, rate_mbit=100)
    done = box.run("curl", "-sSf", "-o", "/dev/null", "-w", "%{speed_download} %{time_connect}", "http://10.77.0.1/big")
    speed, connect = (float(word) for word in done.stdout.split())
    assert 0.02 <= connect < 0.1
    # 100 Mbit/s is 12.5 MB/s, of which headers take 4.3 % and the start some more.
    assert 9.5e6 < speed < 12.1e6, speed
