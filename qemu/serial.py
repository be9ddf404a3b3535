"""The serial lines of a machine: a console one can read, wait on and type into, and the installer's JSON events.

Not its job: starting the machine. Each wait gives up early when the machine has ended.
"""

import json
import re
import socket
import threading
import time
from pathlib import Path

POLL = 0.1
# Terminal control sequences of the firmware and of systemd; they would split words that tests look for.
_ESCAPES = re.compile(r"\x1b(\[[0-9;?=]*[A-Za-z]|\][^\x07\x1b]*(\x07|\x1b\\)|[()][0-9A-B]|[=>78])")


class Timeout(Exception):
    """What was waited for did not come; the text carries the tail of what did."""


class Console:
    """The first serial line. QEMU writes the log itself, so nothing is lost when nobody reads."""

    def __init__(self, log, socket_path=None, alive=lambda: True):
        self._log = Path(log)
        self._socket_path = socket_path
        self._alive = alive
        self._socket = None
        self._seen = 0

    def text(self):
        """Returns all that was printed so far, without terminal control sequences."""
        if not self._log.exists():
            return ""
        text = self._log.read_bytes().decode("utf-8", "replace").replace("\r", "")
        return _ESCAPES.sub("", text)

    def expect(self, pattern, timeout):
        """Waits for a regular expression after the last match and returns the match."""
        deadline = time.monotonic() + timeout
        while True:
            alive = self._alive()
            match = re.compile(pattern).search(self.text(), self._seen)
            if match:
                self._seen = match.end()
                return match
            if not alive or time.monotonic() > deadline:
                why = "in time" if alive else "before the machine ended"
                raise Timeout(f"'{pattern}' did not appear {why}; the console ends with:\n{self.tail()}")
            time.sleep(POLL)

    def send(self, text):
        """Types on the console."""
        if self._socket is None:
            if not self._socket_path:
                raise Timeout("this console takes no input: the machine was started without a socket")
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.connect(self._socket_path)
            threading.Thread(target=self._drain, name="console", daemon=True).start()
        self._socket.sendall(text.encode())

    def tail(self, lines=30):
        """Returns the last lines, for error texts."""
        return "\n".join(self.text().splitlines()[-lines:])

    def close(self):
        """Hangs up."""
        if self._socket:
            self._socket.close()

    def _drain(self):
        """Reads and drops: what is said is in the log, but an unread socket would stop the guest."""
        try:
            while self._socket.recv(4096):
                pass
        except OSError:
            pass


class Events:
    """The installer's JSON lines, as they arrive in the file of the second serial line."""

    def __init__(self, path, alive=lambda: True):
        self.path = Path(path)
        self._alive = alive

    def all(self):
        """Returns every whole line that is an event. Other text on the line (firmware) is passed over."""
        if not self.path.exists():
            return []
        events = []
        for line in self.path.read_bytes().split(b"\n")[:-1]:
            start = line.find(b"{")
            try:
                event = json.loads(line[start:]) if start >= 0 else None
            except ValueError:
                continue
            if isinstance(event, dict) and "step" in event:
                events.append(event)
        return events

    def wait(self, matches, timeout, what="the event"):
        """Returns the first event for which `matches(event)` holds."""
        deadline = time.monotonic() + timeout
        while True:
            alive = self._alive()
            events = self.all()
            for event in events:
                if matches(event):
                    return event
            if not alive or time.monotonic() > deadline:
                why = "in time" if alive else "before the machine ended"
                last = "\n".join(json.dumps(e) for e in events[-5:]) or "(no event at all)"
                raise Timeout(f"{what} did not come {why}; the last events:\n{last}")
            time.sleep(POLL)

    def wait_end(self, timeout):
        """Returns the event that ends an installation: step `install`, state `done` or `failed`."""
        return self.wait(is_end, timeout, "the end of the installation")


def is_end(event):
    """Tells whether an event ends an installation."""
    return event.get("step") == "install" and event.get("state") in ("done", "failed")
