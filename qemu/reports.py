"""The other side of `report --url=`: takes the events of machines, keeps each once, shows them as lines.

What it understands is documented in docs/formats.md (Reports). Not its job: more than one site's machines, users, a
page to look at.
"""

import hmac
import http.server
import json
import os
import re
import socket
import ssl
import threading
from datetime import datetime, timezone
from pathlib import Path

MAX_EVENTS_BYTES = 1 << 20
MAX_LOG_BYTES = 4 << 20
TIMEOUT_SECONDS = 60
EVENTS_TYPE, LOG_TYPE = "application/x-ndjson", "text/plain"


class Refused(Exception):
    """A request that is answered with `status`."""

    def __init__(self, status, why):
        super().__init__(why)
        self.status = status


class Store:
    """The events that came, each once: a file of JSON lines, and folders beside it for logs."""

    def __init__(self, path, on_event=None):
        self.path, self.on_event = Path(path), on_event
        self.lock = threading.Lock()
        self.seen = set()
        for event in self.all():
            self.seen.add(name_of(event))

    def all(self):
        """Returns what is kept, in order. A line that was torn by a crash is left out: it was not acknowledged."""
        events = []
        for line in self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else []:
            try:
                events.append(json.loads(line))
            except ValueError:
                continue
        return events

    def add(self, events):
        """Keeps those that are new, on the disk when this returns; returns how many they are."""
        with self.lock:
            new = []
            for event in events:
                if name_of(event) not in self.seen:
                    self.seen.add(name_of(event))
                    new.append(event)
            if new:
                self._append(new)
        for event in new if self.on_event else []:
            self.on_event(event)
        return len(new)

    def add_log(self, machine, text):
        """Keeps the installer's log of a machine; returns its path."""
        now = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S.%f")
        path = self.path.with_name(f"installer-{re.sub('[^A-Za-z0-9._-]', '_', machine) or 'unknown'}-{now}.log")
        path.write_bytes(text)
        return path

    def _append(self, events):
        # What was torn by a crash is ended first.
        is_torn = self.path.exists() and self.path.stat().st_size and not self.path.read_bytes().endswith(b"\n")
        with open(self.path, "a", encoding="utf-8") as file:
            file.write("\n" if is_torn else "")
            file.writelines(json.dumps(event, ensure_ascii=False, separators=(",", ":")) + "\n" for event in events)
            file.flush()
            os.fsync(file.fileno())


def name_of(event):
    """What names an event: a machine that is not sure whether one arrived sends it again."""
    return (event.get("boot_id"), event.get("seq"))


def parse(body):
    """Returns the events of a body."""
    try:
        events = [json.loads(line) for line in body.decode("utf-8").splitlines() if line]
    except ValueError as error:
        raise Refused(400, f"a line is not JSON: {error}") from error
    for event in events:
        if not isinstance(event, dict) or not isinstance(event.get("boot_id"), str) or not isinstance(event.get("seq"), int):
            raise Refused(400, "a line is no event: it has no boot_id and seq")
    return events


def harmless(text):
    """Text from outside, for a terminal."""
    return "".join(char if char.isprintable() else " " for char in str(text))


def line_of(event):
    """One event as a line for people."""
    machine = event.get("machine") or {}
    who = machine.get("serial") or machine.get("mac") or "?"
    percent = f"{event['percent']:3d}%" if isinstance(event.get("percent"), int) else "    "
    error = event.get("error") or {}
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
        """The events are what is shown."""

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
            self.close_connection = True
            self._answer(error.status, f"{error}\n")

    def _check_token(self):
        wanted = self.server.token
        given = self.headers.get("Authorization", "")
        if wanted is not None and not hmac.compare_digest(given.encode(), b"Bearer " + wanted):
            raise Refused(401, "the token is not ours")

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

    def __init__(self, address, store, *, token=None, pair=None, client_ca=None, on_log=None):
        self.store, self.on_log = store, on_log
        self.token = token.strip().encode() if token is not None else None
        if self.token == b"":
            raise ValueError("the token is empty: anybody would know it")
        self.tls = tls_context(pair, client_ca) if pair else None
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, Handler)

    def finish_request(self, request, client_address):
        """In the connection's own thread: one that does not finish its handshake holds nobody up."""
        request.settimeout(TIMEOUT_SECONDS)
        if self.tls:
            try:
                request = self.tls.wrap_socket(request, server_side=True)
            except (OSError, ssl.SSLError):
                return
        super().finish_request(request, client_address)
        if self.tls:
            request.close()

    def handle_error(self, request, client_address):
        """A machine that goes away in the middle sends again."""


def tls_context(pair, client_ca):
    """Returns a server's context."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(*pair)
    if client_ca:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(client_ca)
    return context
