#!/usr/bin/env python3
"""A web server that takes what is POSTed, and misbehaves where it is asked to.

    POST /…                  recorded as a line of JSON; answered 200
    /status/CODE/…           that status
    /flaky/N/PATH            503 for the first N requests for it, then as PATH
    /truncated/N/PATH        says the whole length, ends after N bytes; a range counts from its start
    /stall/N/PATH            sends N bytes, then nothing more
    /drip/N/PATH             N bytes a second
    /huge/N                  N bytes of zeros, as fast as they are taken
    /endless                 no length and no end
    /silent                  takes the request and never answers
    /reset                   resets the connection
    /garbage                 answers with what is no HTTP
    /date/SECONDS/PATH       says that time in its Date; "none": says no Date
    /portal                  a login page in place of everything (--portal: all addresses)
    PATH                     a file below the root, with ranges
These stack: /flaky/1/date/0/file. Not its job: serving well (nginx does).
"""

import argparse
import email.utils
import json
import os
import re
import socket
import ssl
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

MAX_BODY = 16 << 20
LOGIN = b"<html><title>Welcome</title><form>Please accept our terms</form></html>\n"


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        """Serves."""
        self._body = b""
        self._run(self.path.partition("?")[0])

    do_HEAD = do_GET

    def do_POST(self):
        """Records."""
        size = int(self.headers.get("Content-Length", 0))
        self._body = self.rfile.read(min(size, MAX_BODY))
        self._run(self.path.partition("?")[0])

    do_PUT = do_POST

    def _run(self, path):
        self._is_dated, self._date = True, None
        if self.server.is_portal:
            path = "/portal"
        while path is not None:
            for pattern, method in PLACES:
                match = re.fullmatch(pattern, path)
                if match:
                    path = method(self, *match.groups())
                    break
            else:
                path = self._serve(path)

    # --- answers; each returns None, or the path that shall be served after all -------------------------

    def _flaky(self, count, path):
        key = (self.command, self.path)
        with self.server.lock:
            seen = self.server.seen[key] = self.server.seen.get(key, 0) + 1
        return self._answer(503, b"later\n") if seen <= int(count) else path

    def _status(self, code):
        return self._answer(int(code), b"as you wish\n")

    def _truncated(self, count, path):
        return self._serve(path, at=int(count), end=lambda: None)

    def _stall(self, count, path):
        return self._serve(path, at=int(count), end=self._wait_for_ever)

    def _drip(self, rate, path):
        return self._serve(path, rate=int(rate))

    def _huge(self, size):
        self._head(200, int(size))
        left = int(size)
        while left > 0:
            self.wfile.write(bytes(min(left, 1 << 16)))
            left -= 1 << 16

    def _endless(self):
        self._head(200, None)
        while True:
            self.wfile.write(bytes(1 << 16))

    def _silent(self):
        self._record(0)
        self._wait_for_ever()

    def _reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # Closed here: an orderly end would come first elsewhere.
        os.close(self.connection.detach())
        self.close_connection = True

    def _garbage(self):
        self.wfile.write(b"\x00\xff\r\n\r\nSSH-2.0-nothing\r\n" * 100)
        self.close_connection = True

    def _dated(self, when, path):
        self._is_dated, self._date = when != "none", None if when == "none" else int(when)
        return path

    def _portal(self):
        if self.path.startswith("/portal"):
            return self._answer(200, LOGIN, "text/html")
        return self._answer(302, LOGIN, "text/html", location="/portal")

    # --- what they are made of ---------------------------------------------------------------------------

    def _serve(self, path, at=None, end=None, rate=0):
        if self.command in ("POST", "PUT"):
            return self._answer(200, b"")
        root = self.server.root
        file = (root / path.lstrip("/")).resolve()
        if not file.is_relative_to(root) or not file.is_file():
            return self._answer(404, b"no such file\n")
        data = file.read_bytes()
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        start, stop = (int(wanted[1]), int(wanted[2] or len(data) - 1) + 1) if wanted else (0, len(data))
        if wanted and start >= len(data):
            return self._answer(416, b"")
        ranged = {"Content-Range": f"bytes {start}-{stop - 1}/{len(data)}"} if wanted else {}
        self._head(206 if wanted else 200, stop - start, **ranged)
        self._write(data[start:stop] if at is None else data[start:stop][:at], rate)
        if end:
            end()
            self.close_connection = True
        return None

    def _write(self, data, rate):
        if self.command == "HEAD":
            return
        if not rate:
            self.wfile.write(data)
            return
        # Small steps; at one byte a second each is a byte.
        step = max(1, rate // 10)
        for i in range(0, len(data), step):
            self.wfile.write(data[i : i + step])
            self.wfile.flush()
            time.sleep(step / rate)

    def _answer(self, status, body, kind="text/plain", location=None):
        self._record(status)
        headers = {"Content-Type": kind, **({"Location": location} if location else {})}
        self._head(status, len(body), **headers)
        if self.command != "HEAD":
            self.wfile.write(body)

    def _head(self, status, size, **headers):
        self.log_request(status)
        self.send_response_only(status)
        if self._is_dated:
            self.send_header("Date", email.utils.formatdate(self._date, usegmt=True))
        if size is None:
            self.close_connection = True
            headers["Connection"] = "close"
        else:
            headers["Content-Length"] = size
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def _record(self, status):
        """Bytes are the request's as they were on the connection."""
        if self.command not in ("POST", "PUT"):
            return
        size = len(self.raw_requestline) + sum(len(f"{n}: {v}\r\n") for n, v in self.headers.items()) + 2
        record = {
            "time": time.time(),
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": self._body.decode("utf-8", "replace"),
            "bytes": size + len(self._body),
            "status": status,
        }
        with self.server.lock, open(self.server.records, "a", encoding="utf-8") as out:
            out.write(json.dumps(record) + "\n")

    def _wait_for_ever(self):
        """Until the other side has had enough."""
        self.wfile.flush()
        while self.connection.recv(4096):
            pass
        self.close_connection = True


PLACES = [
    (r"/flaky/(\d+)(/.*)", Handler._flaky),
    (r"/status/(\d{3})(?:/.*)?", Handler._status),
    (r"/truncated/(\d+)(/.*)", Handler._truncated),
    (r"/stall/(\d+)(/.*)", Handler._stall),
    (r"/drip/([1-9]\d*)(/.*)", Handler._drip),
    (r"/huge/(\d+)", Handler._huge),
    (r"/endless", Handler._endless),
    (r"/silent(?:/.*)?", Handler._silent),
    (r"/reset(?:/.*)?", Handler._reset),
    (r"/garbage(?:/.*)?", Handler._garbage),
    (r"/date/(none|\d+)(/.*)", Handler._dated),
    (r"/portal", Handler._portal),
]


class Service(ThreadingHTTPServer):
    """Listens at all addresses of both families. TLS is agreed on in each connection's own thread."""

    address_family = socket.AF_INET6
    daemon_threads = True
    request_queue_size = 64

    def server_bind(self):
        """Takes IPv4 as well."""
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()

    def finish_request(self, request, client_address):
        """Serves one connection; that it breaks is what it is for."""
        try:
            if not self.tls:
                super().finish_request(request, client_address)
                return
            with self.tls.wrap_socket(request, server_side=True) as secure:
                super().finish_request(secure, client_address)
        except OSError as error:
            print(f"{client_address[0]}: {error}", flush=True)


def main():
    """Serves until it is ended."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--records", type=Path, required=True)
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--portal", action="store_true")
    options = parser.parse_args()
    service = Service(("::", options.port), Handler, bind_and_activate=False)
    service.root, service.records, service.is_portal = options.root.resolve(), options.records, options.portal
    service.seen, service.lock, service.tls = {}, threading.Lock(), None
    if options.cert:
        service.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        service.tls.load_cert_chain(options.cert, options.key)
    service.server_bind()
    service.server_activate()
    service.serve_forever()


if __name__ == "__main__":
    main()
