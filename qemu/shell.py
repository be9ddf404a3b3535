"""Commands as root over ssh in a machine whose port is forwarded to this host.

Not its job: what the commands mean.
"""

import os
import subprocess
import tempfile
import time


class ShellError(Exception):
    """A command failed, or nobody answers; the text is what was said."""


class Shell:
    """One connection is kept for all commands: logins are slow without KVM."""

    def __init__(self, identity, port, host="127.0.0.1", enter=()):
        """`enter` is a command line that runs ssh where the host is reached."""
        # Paths of sockets are short: 108 bytes is the limit.
        self._sockets = tempfile.TemporaryDirectory(prefix="landfall-ssh-")
        self._said = ""
        options = {
            "BatchMode": "yes",
            "ConnectTimeout": "10",
            "ControlMaster": "auto",
            "ControlPath": f"{self._sockets.name}/%C",
            "ControlPersist": "60",
            "IdentitiesOnly": "yes",
            "LogLevel": "ERROR",
            "StrictHostKeyChecking": "no",
            "UserKnownHostsFile": os.devnull,
        }
        self._argv = [*enter, "ssh", "-F", "none", "-i", str(identity), "-p", str(port)]
        for name, value in options.items():
            self._argv += ["-o", f"{name}={value}"]
        self._argv.append(f"root@{host}")

    def answers(self):
        """Tries to log in once."""
        try:
            done = subprocess.run([*self._argv, "true"], capture_output=True, timeout=40, check=False)
        except subprocess.TimeoutExpired:
            self._said = "no answer"
            return False
        self._said = done.stderr.decode("utf-8", "replace").strip()
        return done.returncode == 0

    def wait(self, timeout, alive):
        """Waits until a login succeeds, as long as `alive()` holds."""
        deadline = time.monotonic() + timeout
        while not self.answers():
            if not alive():
                raise ShellError("the machine ended before its ssh server answered")
            if time.monotonic() > deadline:
                raise ShellError(f"no login by ssh within {timeout} s: {self._said}")
            time.sleep(1)

    def run(self, command, check=True, timeout=180, text=""):
        """Runs a shell command, which may read `text`, and returns its output; with check=False its exit status and
        output."""
        done = subprocess.run(
            [*self._argv, command],
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
        if not check:
            return done.returncode, done.stdout
        if done.returncode != 0:
            raise ShellError(f"'{command}' failed ({done.returncode}):\n{done.stdout}")
        return done.stdout.strip()

    def hang_up(self):
        """Drops the kept connection; after a reboot it leads nowhere."""
        subprocess.run([*self._argv[:-1], "-O", "exit", self._argv[-1]], capture_output=True, check=False)
