"""The other side of `report --url=`: takes the events of machines, keeps each once, shows them as lines.

What it understands is documented in docs/formats.md (Reports). Not its job: more than one site's machines, users, a
page to look at.
"""

import contextlib
import errno
import hmac
import http.server
import json
import os
import re
import socket
import ssl
import sys
import threading
from datetime import datetime, timezone
from pathlib import Path

MAX_EVENTS_BYTES = 1 << 20
MAX_LOG_BYTES = 4 << 20
TIMEOUT_SECONDS = 60
EVENTS_TYPE, LOG_TYPE = "application/x-ndjson", "text/plain"
ROOM = "make room, or make the folder writable; machines send again"
# What to change when nobody can listen.
BIND_HINTS = {
    errno.EADDRINUSE: "it is in use: end what listens there, or give another --port",
    errno.EADDRNOTAVAIL: "this host has no such address: correct --address",
    errno.EACCES: "permission denied: give a --port above 1023",
    errno.EAFNOSUPPORT: "this host has no IPv6: give --address 0.0.0.0",
}


class Refused(Exception):
    """A request that is answered with `status`."""

    def __init__(self, status, why):
        super().__init__(why)
        self.status = status


class NotKept(Exception):
    """What came cannot be written; the machine has to send it again. The text says what to change."""


class ReceiverError(Exception):
    """The receiver cannot start; the text says what to change."""


class Store:
    """The events that came, each once: a file of JSON lines, and files beside it for logs."""

    def __init__(self, path, on_event=None):
        self.path, self.on_event = Path(path), on_event
        self.lock = threading.Lock()
        try:
            self._check()
            self.seen = {name_of(event) for event in self.all()}
        except OSError as error:
            raise ReceiverError(f"cannot write '{path}': {error.strerror}: correct --out") from error

    def all(self):
        """Returns what is kept, in order. A line that was torn by a crash is left out: it was not acknowledged."""
        events = []
        for line in self.path.read_bytes().split(b"\n"):
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if is_event(event):
                events.append(event)
        return events

    def add(self, events):
        """Keeps those that are new, on the disk when this returns; returns how many they are. Raises NotKept, and
        then none of them counts as seen."""
        with self.lock:
            new = {}
            for event in events:
                if name_of(event) not in self.seen:
                    new.setdefault(name_of(event), event)
            if new:
                self._keep(new.values())
                self.seen.update(new)
        for event in new.values() if self.on_event else []:
            self.on_event(event)
        return len(new)

    def add_log(self, machine, text):
        """Keeps the installer's log of a machine; returns its path."""
        now = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S.%f")
        path = self.path.with_name(f"installer-{re.sub('[^A-Za-z0-9._-]', '_', machine) or 'unknown'}-{now}.log")
        try:
            path.write_bytes(text)
        except OSError as error:
            with contextlib.suppress(OSError):
                path.unlink()
            raise NotKept(f"cannot write '{path}': {error.strerror}: {ROOM}") from error
        return path

    def _check(self):
        """Refuses at the start what could not be written later. The file is there afterwards."""
        if self.path.exists() and not self.path.is_file():
            raise ReceiverError(f"'{self.path}' is no file: correct --out")
        self.path.open("ab").close()

    def _keep(self, events):
        """Writes all of them or none: what is half written would come a second time."""
        size = None
        try:
            with open(self.path, "a+b") as file:
                size = file.seek(0, os.SEEK_END)
                file.write(self._gap(file, size) + b"".join(map(line_for, events)))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            if size is not None:
                with contextlib.suppress(OSError):
                    os.truncate(self.path, size)
            raise NotKept(f"cannot write '{self.path}': {error.strerror}: {ROOM}") from error

    @staticmethod
    def _gap(file, size):
        """What was torn by a crash is ended first."""
        if size == 0:
            return b""
        file.seek(size - 1)
        return b"" if file.read(1) == b"\n" else b"\n"


def line_for(event):
    """An event as it is kept. Half a character, which UTF-8 cannot have, stays escaped."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace") + b"\n"


def is_event(value):
    """Tells whether a value has what names an event."""
    return isinstance(value, dict) and isinstance(value.get("boot_id"), str) and isinstance(value.get("seq"), int)


def name_of(event):
    """What names an event: a machine that is not sure whether one arrived sends it again."""
    return (event.get("boot_id"), event.get("seq"))


def parse(body):
    """Returns the events of a body."""
    try:
        events = [json.loads(line) for line in body.decode("utf-8").split("\n") if line.strip()]
    except (ValueError, RecursionError) as error:
        raise Refused(400, f"a line is not JSON: {error}") from error
    if not all(map(is_event, events)):
        raise Refused(400, "a line is no event: it has no boot_id and seq")
    return events


def harmless(text):
    """Text from outside, for a terminal."""
    return "".join(char if char.isprintable() else " " for char in str(text))


def object_in(event, name):
    """A member that is an object; an empty one where there is none."""
    return event[name] if isinstance(event.get(name), dict) else {}


def line_of(event):
    """One event as a line for people."""
    machine = object_in(event, "machine")
    who = machine.get("serial") or machine.get("mac") or "?"
    percent = f"{event['percent']:3d}%" if isinstance(event.get("percent"), int) else "    "
    error = object_in(event, "error")
    what = [event.get("title") or event.get("step"), event.get("state")]
    more = [event.get("message"), error.get("message"), f"next: {event['next']}" if event.get("next") else None]
    text = " ".join(str(part) for part in what) + "".join(f"; {part}" for part in more if part)
    return harmless(f"{str(event.get('time', ''))[11:19]} {who} {percent} {text}")


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection of a machine."""

    protocol_version = "HTTP/1.1"
    timeout = TIMEOUT_SECONDS
    server_version, sys_version = "landfall-receiver", ""

    def log_message(self, *_):
        """The events and refusals are what is shown."""

    def send_error(self, code, message=None, explain=None):
        """What the base class refuses."""
        self._tell(f"{int(code)}: {message or self.responses[code][0]}")
        super().send_error(code, message, explain)

    def do_POST(self):  # noqa: N802, the base class names it
        """Takes a batch or a log."""
        try:
            self._check_token()
            kind = self.headers.get("Content-Type", "").partition(";")[0].strip()
            if kind == EVENTS_TYPE:
                self.server.store.add(parse(self._body(MAX_EVENTS_BYTES)))
            elif kind == LOG_TYPE and self.headers.get("X-Landfall-Log"):
                self._take_log()
            else:
                raise Refused(415, f"neither {EVENTS_TYPE} nor a log")
            self._answer(204, "")
        except Refused as error:
            self._refuse(error.status, str(error), f"{error}\n")
        except NotKept as error:
            self._refuse(503, str(error), "it cannot be kept now: send it again later\n")

    def _refuse(self, status, why, text):
        """Ends the connection, so that there is one line for each."""
        self.close_connection = True
        self._tell(f"{status}: {why}")
        self._answer(status, text)

    def _tell(self, why):
        self.server.refused(self.client_address, why)

    def _check_token(self):
        wanted = self.server.token
        given = self.headers.get("Authorization", "")
        if wanted is None or hmac.compare_digest(given.encode(), b"Bearer " + wanted):
            return
        raise Refused(401, "the token is not ours" if given else "no token came: give one with report --token=")

    def _body(self, limit):
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdecimal():
            raise Refused(411, "the length is not known")
        if int(length) > limit:
            raise Refused(413, f"more than {limit} bytes")
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise Refused(400, "the body is not whole")
        return body

    def _take_log(self):
        machine = self.headers.get("X-Landfall-Serial") or self.headers.get("X-Landfall-MAC") or ""
        path = self.server.store.add_log(machine, self._body(MAX_LOG_BYTES))
        if self.server.on_log:
            self.server.on_log(path)

    def _answer(self, status, text):
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(text.encode())))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(text.encode())


class Receiver(http.server.ThreadingHTTPServer):
    """Serves until shutdown(). `pair`: (certificate, key); `client_ca`: machines must show a certificate of it."""

    daemon_threads = True

    def __init__(self, address, store, *, token=None, pair=None, client_ca=None, on_log=None, on_refusal=None):
        self.store, self.on_log, self.on_refusal = store, on_log, on_refusal
        self.token = token.encode() if token is not None else None
        self.tls = tls_context(pair, client_ca) if pair else None
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        try:
            super().__init__(address, Handler)
        except OSError as error:
            why = BIND_HINTS.get(error.errno, f"{error.strerror}: correct --address")
            raise ReceiverError(f"cannot listen at '{address[0]}', port {address[1]}: {why}") from error

    def refused(self, peer, why):
        """Tells that a machine, or what it sent, was refused."""
        if self.on_refusal:
            self.on_refusal(harmless(f"{peer[0].removeprefix('::ffff:')}: {why}"))

    def finish_request(self, request, client_address):
        """In the connection's own thread: one that does not finish its handshake holds nobody up."""
        request.settimeout(TIMEOUT_SECONDS)
        if self.tls:
            try:
                request = self.tls.wrap_socket(request, server_side=True)
            except ssl.SSLError as error:
                self.refused(client_address, f"no TLS: {(error.reason or 'unknown').lower().replace('_', ' ')}")
                return
            except OSError:
                return
        super().finish_request(request, client_address)
        if self.tls:
            request.close()

    def handle_error(self, request, client_address):
        """A machine that goes away in the middle sends again. What else comes here is our own bug."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def read_token(path):
    """Returns the token in a file, without the white space around it."""
    try:
        token = path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise ReceiverError(f"cannot read the token '{path}': {error.strerror}: correct --token-file") from error
    except ValueError as error:
        raise ReceiverError(f"the token in '{path}' is not ASCII: write letters and digits") from error
    if not token.isprintable():
        raise ReceiverError(f"the token in '{path}' is more than a line of text: write letters and digits")
    if not token:
        raise ReceiverError(f"the token in '{path}' is empty, so anybody would know it: write letters and digits")
    return token


def tls_context(pair, client_ca):
    """Returns a server's context."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    load_pair(context, *pair)
    if client_ca:
        context.verify_mode = ssl.CERT_REQUIRED
        check_readable("--client-ca", client_ca)
        try:
            context.load_verify_locations(client_ca)
        except ssl.SSLError as error:
            raise ReceiverError(f"there is no certificate in '{client_ca}': give --client-ca a PEM file") from error
    return context


def load_pair(context, cert, key):
    """Gives a context its certificate and key. Nobody is asked for a passphrase."""

    def refuse():
        raise ReceiverError(f"the key '{key}' has a passphrase: give --key one without, as made by "
                            f"'openssl pkey -in {key} -out NEW'")

    check_readable("--cert", cert)
    check_readable("--key", key)
    try:
        context.load_cert_chain(cert, key, password=refuse)
    except ssl.SSLError as error:
        why = "are no certificate and key in PEM form" if error.reason != "KEY_VALUES_MISMATCH" else "do not belong together"
        raise ReceiverError(f"'{cert}' and '{key}' {why}: correct --cert and --key") from error


def check_readable(option, path):
    """Names the file that cannot be read: the TLS library does not."""
    try:
        Path(path).read_bytes()
    except OSError as error:
        raise ReceiverError(f"cannot read '{path}': {error.strerror}: correct {option}") from error
