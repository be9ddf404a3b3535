"""A small client of the QEMU Machine Protocol: commands, and events with their time of arrival.

Not its job: knowing what the commands mean.
"""

import json
import queue
import socket
import threading
import time


class QmpError(Exception):
    """QEMU refused a command or has gone."""


class Qmp:
    """A connection to QEMU's monitor socket. One command at a time; events are kept in `events`."""

    def __init__(self, path, alive, timeout=20):
        self.events = []
        self._replies = queue.Queue()
        self._changed = threading.Condition()
        self._closed = False
        self._lock = threading.Lock()
        self._socket = _connect(path, alive, timeout)
        self._file = self._socket.makefile("rwb")
        self._reader = threading.Thread(target=self._read, name="qmp", daemon=True)
        self._reader.start()
        self.command("qmp_capabilities")

    def command(self, name, /, timeout=20, **arguments):
        """Runs one command and returns its answer."""
        with self._lock:
            try:
                request = {"execute": name, "arguments": arguments}
                self._file.write(json.dumps(request).encode() + b"\n")
                self._file.flush()
                reply = self._replies.get(timeout=timeout)
            except (OSError, ValueError, queue.Empty) as error:
                raise QmpError(f"QEMU does not answer '{name}'") from error
        if reply is None:
            raise QmpError(f"QEMU ended before it answered '{name}'")
        if "error" in reply:
            raise QmpError(f"QEMU refused '{name}': {reply['error'].get('desc')}")
        return reply["return"]

    def wait_event(self, name, timeout):
        """Returns the first event of that name (also one of the past), or None at the deadline."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                for event in self.events:
                    if event["event"] == name:
                        return event
                left = deadline - time.monotonic()
                if self._closed or left <= 0:
                    return None
                self._changed.wait(left)

    def close(self):
        """Ends the connection. A thread in read() wakes up by the shutdown."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._reader.join(5)
        self._socket.close()

    def _read(self):
        try:
            for line in self._file:
                self._take(json.loads(line))
        except (OSError, ValueError):
            pass
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._replies.put(None)

    def _take(self, message):
        if "event" in message:
            with self._changed:
                self.events.append(message)
                self._changed.notify_all()
        elif "return" in message or "error" in message:
            self._replies.put(message)


def _connect(path, alive, timeout):
    deadline = time.monotonic() + timeout
    while True:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(path)
            return connection
        except OSError as error:
            connection.close()
            if not alive() or time.monotonic() > deadline:
                raise QmpError("QEMU's monitor socket does not open") from error
        time.sleep(0.02)
