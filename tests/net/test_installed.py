"""The installed system's network: systemd-networkd with the files that the plan makes gets the addresses that dhcpcd
got in the installer, from the same servers. Not its job: bonds and VLANs, as in test_network.py.
"""

import shutil
from pathlib import Path

import pytest

from tests.net.conftest import cannot
from tests.net.servers import wait_for
from tests.net.test_network import QUICK, named  # noqa: F401
from tests.qemu.conftest import BUILD

NETWORKD = Path("/usr/lib/systemd/systemd-networkd")
# Where /sys cannot be written there is no udev that networkd would wait for. It makes its own folder in /run.
RUN = """\
set -eu
mount -o remount,bind,ro /sys
mkdir -p /run/systemd /run/udev
rm -rf /run/systemd/network
cp -r "$1" /run/systemd/network
exec "$2"
"""


class Networkd:
    """systemd-networkd in a box, with the files for the box's command line."""

    def __init__(self, box):
        if not NETWORKD.exists():
            cannot(f"missing: {NETWORKD}: run 'make deps'")
        self.box = box
        self.units = box.site.folder / "units"
        self.log = box.site.folder / "networkd.log"

    def __enter__(self):
        shutil.rmtree(self.units, ignore_errors=True)
        self.units.mkdir()
        self.box.namespace.run(BUILD / "tests/net-units", self.box.root, self.units)
        argv = ["unshare", "--mount", "--propagation", "private", "--", "sh", "-c", RUN, "run", self.units, NETWORKD]
        with open(self.log, "wb") as log:
            self._process = self.box.namespace.popen(*argv, stdout=log, stderr=log)
        return self

    def __exit__(self, *_error):
        self._process.terminate()
        self._process.wait(10)

    def text(self):
        """Returns the log so far."""
        return self.log.read_text(errors="replace")


def settled(box, wanted, device="eth0"):
    """Waits until the interface has that many addresses, which can be used, and returns them."""

    def usable():
        found = box.ip("address", "show", "dev", device)[0]["addr_info"]
        return all(not a.get("tentative") for a in found) and len(box.addresses(device)) == wanted

    wait_for(usable, 20)
    return sorted(box.addresses(device))


def identities(server):
    """Returns the addresses in the lease file with who has them."""
    words = [line.split() for line in server.leases() if not line.startswith("duid")]
    return sorted((w[1], w[2], w[4]) for w in words)


@pytest.mark.parametrize(
    ("cmdline", "dhcp6", "wanted"),
    [("ip=eth0:on", True, 2), ("ip=eth0:on", False, 2), ("ip=eth0:dhcp", True, 1), ("ip=eth0:dhcp6", True, 1),
     ("ip=eth0:auto6", False, 1)],
    ids=["on", "on-slaac", "dhcp", "dhcp6", "auto6"],
)
def test_the_installed_system_has_the_addresses_of_the_installer(site, named, cmdline, dhcp6, wanted):  # noqa: F811
    server = site.dnsmasq(dhcp6=dhcp6, ra=True, extra=QUICK)
    assert named.start(cmdline)["is_usable"]
    before, leases = settled(named, wanted), identities(server)
    named.end()
    assert named.addresses() == []
    with Networkd(named) as networkd:
        after = settled(named, wanted)
        assert after == before, networkd.text()
        assert "Unknown" not in networkd.text(), networkd.text()
    assert identities(server) == leases


def test_by_default_each_card_has_a_file_with_the_identity_that_the_installer_had(site, named):  # noqa: F811
    # No address here: the file is for cards, and a veth is none to networkd.
    server = site.dnsmasq(dhcp6=True, ra=True, extra=QUICK)
    assert named.start("")["is_usable"]
    settled(named, 2)
    iaid, duid = next((iaid, duid) for iaid, address, duid in identities(server) if ":" in address)
    units = site.folder / "units"
    units.mkdir()
    named.namespace.run(BUILD / "tests/net-units", named.root, units)
    lines = (units / "15-landfall-52-54-00-77-00-01.network").read_text(encoding="ascii").splitlines()
    assert f"IAID={iaid}" in lines and "DUIDType=link-layer" in lines
    raw = next(line.removeprefix("DUIDRawData=") for line in lines if line.startswith("DUIDRawData="))
    assert duid == f"00:03:{raw}"
    assert ("01:52:54:00:77:00:01" in [who for _, _, who in identities(server)]) and "ClientIdentifier=mac" in lines


def test_fixed_addresses_and_routes_are_the_same(site, named):  # noqa: F811
    words = "ip=10.77.0.50::10.77.0.1:24::eth0:none ip=[fd77::50]::[fe80::1]:64::eth0:none rd.route=198.51.100.0/24:10.77.0.1"
    assert named.start(words)["is_usable"]
    before = settled(named, 2)
    routes = {(r["dst"], r.get("gateway")) for r in named.ip("route") + named.ip("-6", "route") if "gateway" in r}
    assert len(routes) == 3
    named.end()
    with Networkd(named) as networkd:
        assert settled(named, 2) == before, networkd.text()
        after = {(r["dst"], r.get("gateway")) for r in named.ip("route") + named.ip("-6", "route") if "gateway" in r}
        assert after == routes and "Unknown" not in networkd.text(), networkd.text()


def test_the_name_servers_are_the_same_in_their_order(site, named):  # noqa: F811
    site.dnsmasq(extra=QUICK)
    words = "ip=10.77.0.50::10.77.0.1:24::eth0:none:10.77.0.1:192.0.2.53 nameserver=192.0.2.54 nameserver=[fd77::1]"
    assert named.start(words)["is_usable"]
    before = [line.split()[1] for line in named.resolver() if line.startswith("nameserver")]
    assert set(before) <= {"10.77.0.1", "192.0.2.53", "192.0.2.54", "fd77::1"} and before[0] == "10.77.0.1"
    named.end()
    with Networkd(named) as networkd:
        settled(named, 1)
        states = named.namespace.run("sh", "-c", "grep -h ^DNS= /run/systemd/netif/links/*").stdout
        assert states.strip().removeprefix("DNS=").split()[: len(before)] == before, networkd.text()


def test_units_of_a_vlan_are_understood(site, named):  # noqa: F811
    # Whether the kernel here makes VLANs or not: what networkd does not understand, it says. Real ones are in machines.
    words = ("vlan=vlan5:eth0 ip=10.77.5.50::10.77.5.1:24::vlan5:none:10.77.5.1:10.77.5.2 "
             "ip=[fd77:5::50]::[fd77:5::1]:64::vlan5:none "
             "vlan=eth0.7:eth0 ip=eth0.7:dhcp rd.route=198.51.100.0/24:10.77.5.9:vlan5")
    (named.root / "proc/cmdline").write_text(words + "\n", encoding="ascii")
    with Networkd(named) as networkd:
        wait_for(lambda: "netdev" in networkd.text(), 15)
        for complaint in ("Unknown key", "Unknown section", "Failed to parse", "Invalid", "ignoring"):
            assert complaint not in networkd.text(), networkd.text()
    units = {path.name: path.read_text(encoding="ascii") for path in networkd.units.iterdir()}
    netdev = next(text for name, text in units.items() if name.endswith("vlan5.netdev"))
    network = next(text for name, text in units.items() if name.endswith("vlan5.network"))
    assert "Id=5" in netdev and "Address=10.77.5.50/24" in network and "Address=fd77:5::50/64" in network
    servers = [line for line in network.splitlines() if line.startswith("DNS=")]
    assert servers == ["DNS=10.77.5.1", "DNS=10.77.5.2"] and "Destination=198.51.100.0/24" in network


def test_a_bridge_keeps_its_address(site, named):  # noqa: F811
    site.dnsmasq(extra=QUICK)
    (named.root / "sys/class/net/br0").symlink_to("/sys/class/net/br0")
    assert named.start("bridge=br0:eth0 ip=br0:dhcp")["is_usable"]
    before = settled(named, 1, "br0")
    named.end()
    with Networkd(named) as networkd:
        wait_for(lambda: any(link["ifname"] == "br0" for link in named.ip("link")), 15)
        assert settled(named, 1, "br0") == before, networkd.text()
        link = named.ip("link", "show", "dev", "br0")[0]
        assert link["address"] == "52:54:00:77:00:01", networkd.text()
