"""The switch of a test's network: build/tests/wire, told line by line.

Not its job: what is plugged in (site.py).
"""

import json
import subprocess
import tempfile
from pathlib import Path

from .namespace import NetError


class Wire:
    """A running switch. `program` is build/tests/wire; taps appear in `namespace`."""

    def __init__(self, namespace, program, folder):
        self._namespace = namespace
        self._program = program
        self._log = Path(folder) / "wire.log"
        self._process = None
        self._sockets = None

    def __enter__(self):
        # Paths of sockets are short: 108 bytes is the limit.
        self._sockets = tempfile.TemporaryDirectory(prefix="landfall-wire-")
        with open(self._log, "wb") as log:
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": log, "text": True}
            self._process = self._namespace.popen(self._program, **pipes)
        return self

    def __exit__(self, *_error):
        self._process.stdin.close()
        self._process.stdout.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._sockets.cleanup()

    @property
    def pid(self):
        """The switch's process."""
        return self._process.pid

    def add_tap(self, port, device, *modes):
        """Plugs in a tap device, which appears in the switch's namespace."""
        self._tell("add", port, f"tap:{device}", *modes)

    def add_socket(self, port, *modes):
        """Plugs in a socket for a QEMU and returns its path."""
        path = Path(self._sockets.name) / port
        self._tell("add", port, f"unix:{path}", *modes)
        return path

    def mode(self, port, mode):
        """Puts a port into another segment, as whoever corrects a switch does; its carrier stays."""
        self._tell("mode", port, mode)

    def down(self, port):
        """Cuts a port. A tap loses its carrier; a QEMU sees nothing (vm.qmp's set_link takes its carrier)."""
        self._tell("down", port)

    def up(self, port):
        """Restores a port."""
        self._tell("up", port)

    def shape(self, delay_ms=0, rate_mbit=0):
        """Sets what each frame meets on its way out of a port: so a round trip takes twice the delay."""
        self._tell("delay", delay_ms)
        self._tell("rate", rate_mbit)

    def stats(self):
        """Returns {port: {in_bytes, out_bytes, in_frames, out_frames, dropped, connected, down}}; "in" is what the
        port's owner sent."""
        return json.loads(self._ask("stats"))

    def _tell(self, *words):
        answer = self._ask(" ".join(map(str, words)))
        if answer != "ok":
            raise NetError(f"wire: {' '.join(map(str, words))}: {answer}")

    def _ask(self, line):
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except OSError as error:
            raise NetError(f"wire has ended: {self._log.read_text()}") from error
        if not answer:
            raise NetError(f"wire has ended: {self._log.read_text()}")
        return answer.rstrip("\n")
