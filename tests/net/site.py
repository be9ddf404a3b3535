"""A site: a network of its own with the servers that a machine finds there. For tests of programs and of machines.

    def test_a_pull(site, ca, repository):
        site.dnsmasq(ra=True)                                     # names, DHCPv4, SLAAC
        www = site.nginx(pair=ca.server("www", "www.site.test"))  # http and https://www.site.test/
        www.share("repo", repository.path)
        box = site.client("box")                                  # a namespace with eth0 and an address
        box.run("curl", "-sf", "--cacert", ca.cert, "https://www.site.test/repo/config")
        site.wire.down("box")                                     # link loss; up() ends it
        assert site.wire.stats()["box"]["out_bytes"] > 0

Fixtures (conftest.py): `site`, `ca`, `repository` (small, signed, of many small files), `keys` (that sign it),
`net_lab` (a Lab whose machines stand in the site). Logs and configuration lie in build/tests/net/TEST/.

The site's namespace holds the servers. Its device `site0` (10.77.0.1, fd77::1) is a port of the switch, build/tests/wire;
clients and machines are other ports:

    site.client("box")                       eth0 with 10.77.0.50 or so, fd77::50, default routes, the site's name server
    site.client("box", is_configured=False)  eth0 is down and has no address: for programs that configure it
    site.client("box", modes=["trunk"])      with tags; "access:42": in segment 42 without tags; "lag:1": see wire --help
    site.machine_options("vm")               options of Lab.machine()/qemu.machine.Config: one card in the site
    site.machine_options("a", "b")           two cards: 52:54:00:1f:a1:00, …:01
    site.shell(lab, vm, "10.77.0.100")       ssh to it
    site.segment(42, has_ipv4=False)         another network (device site42, fd77:42::1, VLAN 42), for Dnsmasq(segment=)
    site.outside()                           a namespace behind the site, 192.0.2.10, which clients cannot reach: only the
                                             proxy can; server classes take it as where=
    site.addresses()                         one more pair of addresses of the site, for nginx(addresses=…) as a mirror
    site.name("mirror", *addresses)          NAME.site.test; www, ntp, log, proxy, report and site are there already
    site.wire.shape(delay_ms=10, rate_mbit=100)

The link of a QEMU machine: wire.down() stops its frames; with vm.qmp.command("set_link", name="net0", up=False) the
guest loses its carrier as well. What servers there are: servers.py; site.dnsmasq(), nginx(), receiver(), chronyd(),
rsyslogd(), tinyproxy() start one with its options, and it ends with the site.
Not its job: judging.
"""

import contextlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

from qemu.shell import Shell

from . import servers
from .namespace import Namespace
from .wire import Wire

NAMES = ("site", "www", "ntp", "log", "proxy", "report")
FIRST_CLIENT, FIRST_MIRROR = 50, 10
OUTSIDE = "192.0.2.10"


@dataclass(frozen=True)
class Segment:
    """One virtual network of the site; segment 1 has no number in its addresses."""

    vlan: int
    has_ipv4: bool
    has_ipv6: bool

    @property
    def device(self):
        """Its device in the site's namespace."""
        return "site0" if self.vlan == 1 else f"site{self.vlan}"

    def v4(self, host):
        """Returns an address: 10.77.0.HOST, or 10.77.VLAN.HOST below VLAN 256."""
        return f"10.77.{0 if self.vlan == 1 else self.vlan % 256}.{host}"

    def v6(self, host):
        """Returns an address: fd77::HOST, or fd77:VLAN::HOST."""
        return f"fd77:{'' if self.vlan == 1 else self.vlan}{'' if self.vlan == 1 else ':'}:{host}"


class Site:
    """A site, as a context manager. `program` is build/tests/wire; `folder` takes logs and configuration."""

    def __init__(self, folder, program):
        self.folder = Path(folder).resolve()
        self.hosts = self.folder / "hosts"
        self.www = self.folder / "www"
        self.namespace = Namespace("site", self.folder)
        self.wire = Wire(self.namespace, program, self.folder)
        self.short = None
        self._segments = {}
        self._outside = None
        self._clients = self._mirrors = 0
        self._stack = contextlib.ExitStack()

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_error):
        self._stack.close()

    def _start(self):
        self.hosts.mkdir(parents=True, exist_ok=True)
        # Paths of sockets are short: 108 bytes is the limit.
        self.short = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="landfall-net-")))
        self._stack.enter_context(self.namespace)
        self._stack.enter_context(self.wire)
        self.namespace.sysctl("ipv6.conf.default.accept_dad", 0)
        self.segment(1)
        self.namespace.nameservers(self.segment().v4(1))
        for name in NAMES:
            self.name(name, self.segment().v4(1), self.segment().v6(1))

    # --- the network -----------------------------------------------------------------------------

    def segment(self, vlan=1, has_ipv4=True, has_ipv6=True):
        """Returns a virtual network; it is made at first use."""
        if vlan not in self._segments:
            new = self._segments[vlan] = Segment(vlan, has_ipv4, has_ipv6)
            self.wire.add_tap(new.device, new.device, f"access:{vlan}")
            ip = self.namespace
            ip.run("ip", "link", "set", new.device, "up")
            if has_ipv4:
                ip.run("ip", "address", "add", f"{new.v4(1)}/24", "dev", new.device)
            if has_ipv6:
                ip.run("ip", "address", "add", f"{new.v6(1)}/64", "dev", new.device, "nodad")
        return self._segments[vlan]

    def addresses(self):
        """Gives site0 one more address of each family and returns both."""
        self._mirrors += 1
        host, segment = FIRST_MIRROR + self._mirrors, self.segment()
        pair = (segment.v4(host), segment.v6(host))
        self.namespace.run("ip", "address", "add", f"{pair[0]}/24", "dev", segment.device)
        self.namespace.run("ip", "address", "add", f"{pair[1]}/64", "dev", segment.device, "nodad")
        return pair

    def name(self, name, *addresses):
        """Makes NAME.site.test known, in place of what it was. A running dnsmasq reads it at once."""
        # dnsmasq reads a file when it is closed or moved here, so a whole one is moved.
        new = self.folder / f".{name}.hosts"
        new.write_text("".join(f"{address} {name}.site.test\n" for address in addresses), encoding="ascii")
        new.replace(self.hosts / name)

    def client(self, name, modes=(), is_configured=True, vlan=1, mac=""):
        """Adds a namespace whose eth0 is the port NAME of the switch, in segment `vlan`; returns it."""
        client = self._stack.enter_context(Namespace(name, self.folder))
        self._clients += 1
        device = f"c{self._clients}"
        self.wire.add_tap(name, device, *(modes or [f"access:{vlan}"]))
        self.namespace.run("ip", "link", "set", device, "netns", client.pid)
        client.run("ip", "link", "set", device, "name", "eth0", *(["address", mac] if mac else []))
        client.nameservers(self.segment(vlan).v4(1) if self.segment(vlan).has_ipv4 else self.segment(vlan).v6(1))
        if is_configured:
            self._configure(client, self.segment(vlan), FIRST_CLIENT + self._clients - 1)
        return client

    def outside(self):
        """Returns a namespace behind the site, at OUTSIDE: who stands in the site itself reaches it, clients do not."""
        if self._outside is None:
            outside = self._outside = self._stack.enter_context(Namespace("outside", self.folder))
            self.namespace.run("ip", "link", "add", "out0", "type", "veth", "peer", "name", "out1")
            self.namespace.run("ip", "link", "set", "out1", "netns", outside.pid)
            self.namespace.run("ip", "address", "add", "192.0.2.1/24", "dev", "out0")
            self.namespace.run("ip", "link", "set", "out0", "up")
            outside.run("ip", "address", "add", f"{OUTSIDE}/24", "dev", "out1")
            outside.run("ip", "link", "set", "out1", "up")
        return self._outside

    def machine_options(self, *ports, modes=()):
        """Returns options of a machine with one card for each port, in the site."""
        cards = []
        for port in ports:
            path = self.wire.add_socket(port, *modes)
            cards.append(f"stream,server=off,addr.type=unix,addr.path={path}")
        return {"networks": cards}

    def shell(self, lab, vm, address):
        """Returns a root shell in a machine of the site."""
        shell = Shell(lab.identity, 22, host=address, enter=self.namespace.argv())
        shell.wait(600, vm.alive)
        return shell

    @staticmethod
    def _configure(client, segment, number):
        client.sysctl("ipv6.conf.eth0.accept_dad", 0)
        client.run("ip", "link", "set", "eth0", "up")
        if segment.has_ipv4:
            client.run("ip", "address", "add", f"{segment.v4(number)}/24", "dev", "eth0")
            client.run("ip", "route", "add", "default", "via", segment.v4(1))
        if segment.has_ipv6:
            client.run("ip", "address", "add", f"{segment.v6(number)}/64", "dev", "eth0", "nodad")
            client.run("ip", "-6", "route", "add", "default", "via", segment.v6(1))

    # --- servers ---------------------------------------------------------------------------------

    def dnsmasq(self, **options):
        """Starts a Dnsmasq."""
        return self._stack.enter_context(servers.Dnsmasq(self, **options))

    def nginx(self, root=None, **options):
        """Starts an Nginx that serves `root`, or the site's folder www."""
        return self._stack.enter_context(servers.Nginx(self, root or self.www, **options))

    def receiver(self, **options):
        """Starts a Receiver."""
        return self._stack.enter_context(servers.Receiver(self, **options))

    def chronyd(self, **options):
        """Starts a Chronyd."""
        return self._stack.enter_context(servers.Chronyd(self, **options))

    def rsyslogd(self, **options):
        """Starts an Rsyslogd."""
        return self._stack.enter_context(servers.Rsyslogd(self, **options))

    def tinyproxy(self, **options):
        """Starts a Tinyproxy."""
        return self._stack.enter_context(servers.Tinyproxy(self, **options))
