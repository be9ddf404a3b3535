"""The servers of a test's network, each the real program, in the foreground, with its log in the test's folder.

    with Nginx(site, www, pair=ca.server("www", "www.site.test")) as nginx: …

Each has start(), stop() (nobody listens: connections are refused), cut() (it hangs: connections are taken, nothing
is answered) and restore(). Not its job: addresses and links (site.py).
"""

import json
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from .namespace import NetError, environment

START_SECONDS = 15
LISTEN = "0A"


class Server:
    """A daemon in a namespace of the site (`where`; its own when none is given). Subclasses give argv() and ports."""

    tcp, udp = (), ()

    def __init__(self, site, name, where=None):
        self.site = site
        self.name = name
        self.where = where or site.namespace
        self.folder = site.folder
        self.log = site.folder / f"{name}.log"
        self._process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_error):
        self.stop()

    def argv(self):
        """Returns the command line; configuration files are written here."""
        raise NotImplementedError

    def start(self):
        """Starts the server and returns when it listens."""
        with open(self.log, "ab") as log:
            self._process = self.where.popen(*self.argv(), stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise NetError(f"{self.name} does not listen:\n{self.log.read_text(errors='replace')[-4000:]}")
            time.sleep(0.02)
        return self

    def stop(self):
        """Ends the server; it can be started again."""
        if not self._process:
            return
        self._process.send_signal(signal.SIGCONT)
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def restart(self):
        """Starts again, with what has been changed since."""
        self.stop()
        return self.start()

    def cut(self):
        """Makes the server hang."""
        self._process.send_signal(signal.SIGSTOP)

    def restore(self):
        """Lets it go on."""
        self._process.send_signal(signal.SIGCONT)

    def text(self):
        """Returns the log so far."""
        return self.log.read_text(errors="replace")

    def _listens(self):
        return all(listening(self._process.pid, "tcp", p) for p in self.tcp) and all(
            listening(self._process.pid, "udp", p) for p in self.udp
        )


def listening(pid, protocol, port):
    """Tells whether somebody listens at a port in the network of a process."""
    for family in ("", "6"):
        try:
            lines = Path(f"/proc/{pid}/net/{protocol}{family}").read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            return False
        for line in lines:
            words = line.split()
            if int(words[1].rpartition(":")[2], 16) == port and (protocol == "udp" or words[3] == LISTEN):
                return True
    return False


class Dnsmasq(Server):
    """Names and addresses of one segment: DHCPv4, stateful DHCPv6, router advertisements (SLAAC), each at wish.

    @segment: of the site; its own when none is given
    @dhcp4, @dhcp6, @ra: who offers what; without any it answers for names alone
    @mtu: 0: none is offered
    @router: whether a default route is offered
    @ntp, @search: what is offered as well
    @delay_s: DHCPv4's answers come that late
    @extra: lines of dnsmasq.conf
    Names are those of Site.name(); all others are refused. Queries and leases are in text().
    """

    tcp = (53,)

    def __init__(self, site, segment=None, *, dhcp4=True, dhcp6=False, ra=False, mtu=0, router=True, ntp=(), search=(),
                 delay_s=0, extra=()):
        self.segment = segment or site.segment()
        super().__init__(site, f"dnsmasq-{self.segment.device}")
        self.dhcp4, self.dhcp6, self.ra, self.mtu, self.router = dhcp4, dhcp6, ra, mtu, router
        self.ntp, self.search, self.delay_s, self.extra = list(ntp), list(search), delay_s, list(extra)

    def argv(self):
        config = self.folder / f"{self.name}.conf"
        lines = self._names() + (self._v4() if self.dhcp4 else []) + self._v6() + self.extra
        config.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
        return ["dnsmasq", "--no-daemon", f"--conf-file={config}"]

    def leases(self):
        """Returns the lines of the lease file."""
        path = self._lease_file()
        return path.read_text(encoding="ascii").splitlines() if path.exists() else []

    def _lease_file(self):
        return self.folder / f"{self.name}.leases"

    def _names(self):
        lines = ["no-hosts", "no-resolv", "bind-dynamic", f"interface={self.segment.device}", "log-queries", "log-dhcp"]
        lines += ["log-facility=-", "domain=site.test", "local=/site.test/", f"hostsdir={self.site.hosts}"]
        return [*lines, f"dhcp-leasefile={self._lease_file()}", "dhcp-authoritative"]

    def _v4(self):
        segment = self.segment
        lines = [f"dhcp-range={segment.v4(100)},{segment.v4(199)},255.255.255.0,10m"]
        lines.append(f"dhcp-option=option:router{',' + segment.v4(1) if self.router else ''}")
        lines.append(f"dhcp-option=option:dns-server,{segment.v4(1)}")
        ntp = [n for n in self.ntp if ":" not in n]
        lines += [f"dhcp-option=option:ntp-server,{','.join(ntp)}"] if ntp else []
        lines += [f"dhcp-option=option:domain-search,{','.join(self.search)}"] if self.search else []
        lines += [f"dhcp-option=option:mtu,{self.mtu}"] if self.mtu else []
        return lines + ([f"dhcp-reply-delay={self.delay_s}"] if self.delay_s else [])

    def _v6(self):
        segment, lines = self.segment, []
        if self.dhcp6:
            lines.append(f"dhcp-range={segment.v6('1000')},{segment.v6('1fff')},64,10m")
        elif self.ra:
            lines.append(f"dhcp-range={segment.v6('')},ra-stateless,64,10m")
        if self.dhcp6 or self.ra:
            lines.append(f"dhcp-option=option6:dns-server,[{segment.v6('1')}]")
            ntp = [f"[{n}]" for n in self.ntp if ":" in n]
            lines += [f"dhcp-option=option6:ntp-server,{','.join(ntp)}"] if ntp else []
            lines += [f"dhcp-option=option6:domain-search,{','.join(self.search)}"] if self.search else []
        # Without advertisements DHCPv6 gives addresses, but no route.
        if self.ra:
            mtu = f"mtu:{self.mtu}," if self.mtu else ""
            lines += ["enable-ra", f"ra-param={segment.device},{mtu}10{'' if self.router else ',0'}"]
        return lines


NGINX = """\
daemon off;
master_process off;
pid {folder}/{name}.pid;
error_log stderr info;
events {{ worker_connections 512; }}
http {{
    log_format traffic escape=json '{{"time":$msec,"method":"$request_method","uri":"$request_uri","status":$status,'
        '"request_bytes":$request_length,"sent_bytes":$bytes_sent,"from":"$remote_addr","client":"$ssl_client_s_dn",'
        '"host":"$host","range":"$http_range"}}';
    access_log {folder}/{name}.access.log traffic;
    default_type application/octet-stream;
    client_max_body_size 64m;
    client_body_temp_path {temp}/body;
    proxy_temp_path {temp}/proxy;
    fastcgi_temp_path {temp}/fastcgi;
    uwsgi_temp_path {temp}/uwsgi;
    scgi_temp_path {temp}/scgi;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 100000;
    {common}
    server {{
        {listen}
        root {root};
        {places}
    }}
}}
"""

# What goes wrong at a server that works: PATH is the rest of the address.
NGINX_BROKEN = r"""
        location /503/ { return 503; }
        location /404/ { return 404; }
        location ~ ^/redirect(/.*)$ { return 302 $1; }
        location /loop { return 302 /loop; }
        location ~ ^/away/([^/]+)(/.*)$ { return 302 https://$1$2; }
        location ~ ^/downgrade(/.*)$ { return 302 http://$host$1; }
"""


class Nginx(Server):
    """Files over HTTP and, with a `pair`, HTTPS (and HTTP/2), at all addresses or at `addresses`.

    @root: folder; Nginx.share() puts others into it
    @client_ca: PEM file: clients need a certificate of that authority; is_client_optional: they may have one
    @rate: bytes a second of each answer; 0: no limit
    @proxies: {"/report/": "http://127.0.0.1:8000/"}: places that another server of the same namespace answers
    @extra: text of nginx.conf inside server {}
    @has_http: whether it listens at port 80
    Always there: /503/…, /404/…, /redirect/PATH, /loop, /away/HOST/PATH (to https), /downgrade/PATH (to http).
    """

    def __init__(self, site, root, *, pair=None, client_ca=None, is_client_optional=False, rate=0, proxies=None,
                 addresses=(), extra="", has_http=True, name="nginx", where=None):
        super().__init__(site, name, where)
        self.root, self.pair, self.client_ca, self.is_client_optional = Path(root), pair, client_ca, is_client_optional
        self.rate, self.proxies, self.addresses, self.extra = rate, proxies or {}, list(addresses), extra
        self.tcp = ((80,) if has_http else ()) + ((443,) if pair else ())
        self.root.mkdir(parents=True, exist_ok=True)

    def share(self, name, folder):
        """Serves a folder, as it is, below /NAME/."""
        (self.root / name).symlink_to(Path(folder).resolve())

    def requests(self):
        """Returns what was asked for so far, as dicts: method, uri, status, request_bytes, sent_bytes, client …"""
        path = self.folder / f"{self.name}.access.log"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return [json.loads(line) for line in lines]

    def argv(self):
        temp = self.folder / f"{self.name}.tmp"
        temp.mkdir(exist_ok=True)
        values = {"folder": self.folder, "name": self.name, "temp": temp, "root": self.root}
        values.update({"common": self._tls(), "listen": self._listen(), "places": self._places()})
        config = self.folder / f"{self.name}.conf"
        config.write_text(NGINX.format(**values), encoding="ascii")
        return ["nginx", "-c", config]

    def _listen(self):
        hosts = [f"[{a}]" if ":" in a else a for a in self.addresses] or ["0.0.0.0", "[::]"]
        lines = [f"listen {host}:80;" for host in hosts if 80 in self.tcp]
        lines += [f"listen {host}:443 ssl http2;" for host in hosts] if self.pair else []
        return " ".join(lines)

    def _tls(self):
        if not self.pair:
            return ""
        lines = [f"ssl_certificate {self.pair.cert};", f"ssl_certificate_key {self.pair.key};"]
        if self.client_ca:
            lines.append(f"ssl_client_certificate {self.client_ca};")
            lines.append(f"ssl_verify_client {'optional' if self.is_client_optional else 'on'};")
        return " ".join(lines)

    def _places(self):
        lines = [f"limit_rate {self.rate};"] if self.rate else []
        for place, to in self.proxies.items():
            lines.append(f"location {place} {{ proxy_pass {to}; proxy_set_header Host $host; }}")
        return "\n".join([*lines, NGINX_BROKEN, self.extra])


class Receiver(Server):
    """Takes what is POSTed, and misbehaves where it is asked to (faulty.py says how).

    @root: folder of the files that misbehaving addresses serve
    @pair: speaks TLS with it
    @is_portal: every request is sent to a login page, as captive portals do
    """

    def __init__(self, site, root=None, *, port=8000, pair=None, is_portal=False, name="receiver", where=None):
        super().__init__(site, name, where)
        self.root, self.pair, self.is_portal, self.tcp = root or site.folder, pair, is_portal, (port,)
        self.records = self.folder / f"{name}.jsonl"

    def argv(self):
        argv = [sys.executable, Path(__file__).with_name("faulty.py"), "--port", self.tcp[0], "--root", self.root]
        argv += ["--records", self.records]
        argv += ["--cert", self.pair.cert, "--key", self.pair.key] if self.pair else []
        return argv + (["--portal"] if self.is_portal else [])

    def posts(self):
        """Returns what came, in order: method, path, headers (names in lower case), body (text), bytes (of all of it),
        status."""
        lines = self.records.read_text(encoding="utf-8").splitlines() if self.records.exists() else []
        return [json.loads(line) for line in lines]


class Chronyd(Server):
    """A time server.

    @offset_s: how far its time is from this host's
    @nts: a Pair: offers NTS as well
    """

    udp = (123,)

    def __init__(self, site, *, offset_s=0, nts=None, name="chronyd", where=None):
        super().__init__(site, name, where)
        self.offset_s, self.nts = offset_s, nts
        self.tcp = (4460,) if nts else ()
        self._feeder = None

    def argv(self):
        lines = ["allow all", "local stratum 5", "cmdport 0", "bindcmdaddress /", f"pidfile {self.folder}/{self.name}.pid"]
        if self.nts:
            lines += [f"ntsservercert {self.nts.cert}", f"ntsserverkey {self.nts.key}"]
        if self.offset_s:
            lines += [f"refclock SOCK {self._socket()} poll 0 filter 1 trust prefer"]
        config = self.folder / f"{self.name}.conf"
        config.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
        return ["chronyd", "-d", "-x", "-U", "-u", "root", "-f", config]

    def start(self):
        super().start()
        if self.offset_s:
            self._feeder = ClockFeeder(self._socket(), self.offset_s)
            self._feeder.start()
        return self

    def stop(self):
        if self._feeder:
            self._feeder.stop()
            self._feeder = None
        super().stop()

    def _socket(self):
        return self.site.short / f"{self.name}.clock"


class ClockFeeder(threading.Thread):
    """Plays the reference clock of a chronyd that shall serve another time."""

    # struct sock_sample of chrony's refclock_sock.c.
    SAMPLE = struct.Struct("@qqdiiii")
    MAGIC = 0x534F434B

    def __init__(self, path, offset_s):
        super().__init__(daemon=True)
        self._path, self._offset_s, self._is_over = str(path), offset_s, threading.Event()

    def run(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            while not self._is_over.wait(0.2):
                now = time.time()
                whole = int(now)
                sample = self.SAMPLE.pack(whole, int((now - whole) * 1e6), self._offset_s, 0, 0, 0, self.MAGIC)
                try:
                    sender.sendto(sample, self._path)
                except OSError:
                    continue

    def stop(self):
        """Ends the samples."""
        self._is_over.set()
        self.join()


RSYSLOG = """\
global(workDirectory="{folder}" preserveFQDN="on" maxMessageSize="64k")
module(load="imtcp")
module(load="imudp")
input(type="imtcp" port="514")
input(type="imudp" port="514")
template(name="fields" type="list" option.jsonf="on") {{
    property(outname="pri" name="pri" format="jsonf")
    property(outname="facility" name="syslogfacility-text" format="jsonf")
    property(outname="severity" name="syslogseverity-text" format="jsonf")
    property(outname="version" name="protocol-version" format="jsonf")
    property(outname="time" name="timereported" dateFormat="rfc3339" format="jsonf")
    property(outname="host" name="hostname" format="jsonf")
    property(outname="app" name="app-name" format="jsonf")
    property(outname="procid" name="procid" format="jsonf")
    property(outname="msgid" name="msgid" format="jsonf")
    property(outname="data" name="structured-data" format="jsonf")
    property(outname="message" name="msg" format="jsonf")
    property(outname="raw" name="rawmsg" format="jsonf")
    property(outname="input" name="inputname" format="jsonf")
}}
action(type="omfile" file="{records}" template="fields" asyncWriting="off" flushOnTXEnd="on")
"""


class Rsyslogd(Server):
    """A log server at port 514, TCP (RFC 6587) and UDP."""

    tcp, udp = (514,), (514,)

    def __init__(self, site, name="rsyslogd", where=None):
        super().__init__(site, name, where)
        self.records = self.folder / f"{name}.jsonl"

    def argv(self):
        config = self.folder / f"{self.name}.conf"
        config.write_text(RSYSLOG.format(folder=self.folder, records=self.records), encoding="ascii")
        argv = ["rsyslogd", "-n", "-f", config, "-i", self.folder / f"{self.name}.pid"]
        # Where the program was only unpacked, its modules lie beside it.
        usr = Path(shutil.which("rsyslogd", path=environment()["PATH"]) or "/usr/sbin/rsyslogd").parents[1]
        return argv + [option for modules in usr.glob("lib/*/rsyslog") for option in ("-M", modules)]

    def messages(self):
        """Returns what came, in order, as it was understood: pri, facility, severity, version (1: RFC 5424), time, host,
        app, procid, msgid, data, message, raw, input."""
        lines = self.records.read_text(encoding="utf-8").splitlines() if self.records.exists() else []
        return [json.loads(line) for line in lines]


@dataclass
class ProxyUser:
    """Who may use a proxy."""

    name: str
    password: str


class Tinyproxy(Server):
    """A proxy for HTTP, and for HTTPS by CONNECT, at port 8888. @user: a ProxyUser, when it asks for one"""

    tcp = (8888,)

    def __init__(self, site, *, user=None, name="tinyproxy", where=None):
        super().__init__(site, name, where)
        self.user = user

    def argv(self):
        lines = ["Port 8888", "Timeout 600", "MaxClients 100", "LogLevel Connect", f'PidFile "{self.folder}/{self.name}.pid"']
        lines += [f"BasicAuth {self.user.name} {self.user.password}"] if self.user else []
        config = self.folder / f"{self.name}.conf"
        config.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
        return ["tinyproxy", "-d", "-c", config]


def wait_for(what, timeout=10):
    """Calls `what` until it returns something true, and returns that; fails after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not (found := what()):
        if time.monotonic() > deadline:
            raise NetError(f"did not happen within {timeout} s: {getattr(what, '__name__', what)}")
        time.sleep(0.05)
    return found
