"""A network namespace: processes run in it, and it ends with whoever made it.

A process holds the namespace as long as its standard input is open, so also a test that is killed leaves
nothing behind. Whoever makes it is root, perhaps of a user namespace (image/namespace).
Not its job: what is in the network (site.py).
"""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

# Programs of the system's folders are found also by users who are not root.
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# Each namespace sees its own links in /sys, asks its own name servers, and its daemons have a /run and a
# state of their own.
HOLD = """\
set -eu
resolv=$(readlink -f /etc/resolv.conf)
mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=0755 tmpfs /run
[ ! -d /var/lib/dhcpcd ] || mount -t tmpfs -o mode=0755 tmpfs /var/lib/dhcpcd
mkdir -p "${resolv%/*}"
[ -e "$resolv" ] || : >"$resolv"
mount --bind "$1" "$resolv"
ip link set lo up
echo ready
exec cat >/dev/null
"""


class NetError(Exception):
    """A part of the test's network did not do what it was told; the text says why."""


class Namespace:
    """A network and mount namespace."""

    def __init__(self, name, folder):
        self.name = name
        self.folder = Path(folder)
        self.resolv = self.folder / f"{name}.resolv.conf"
        self._holder = None
        self._enter = []

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.resolv.write_text("", encoding="ascii")
        argv = ["setpriv", "--pdeathsig", "KILL", "--", "unshare", "--net", "--mount", "--propagation", "private", "--"]
        argv += ["sh", "-c", HOLD, "hold", str(self.resolv)]
        with open(self.folder / f"{self.name}.log", "wb") as log:
            self._holder = subprocess.Popen(
                argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=environment()
            )
        if self._holder.stdout.readline() != b"ready\n":
            self._holder.wait(10)
            raise NetError(f"no namespace '{self.name}': {(self.folder / f'{self.name}.log').read_text()}")
        self._enter = ["nsenter", "--target", str(self._holder.pid), "--net", "--mount", "--wdns=" + os.getcwd()]
        return self

    def __exit__(self, *_error):
        self._kill_all()
        self._holder.stdin.close()
        self._holder.stdout.close()
        try:
            self._holder.wait(5)
        except subprocess.TimeoutExpired:
            self._holder.kill()
            self._holder.wait()

    @property
    def pid(self):
        """The process that holds the namespace."""
        return self._holder.pid

    def argv(self, *argv):
        """Returns the command line that runs a program in here, and ends it with us."""
        return [*self._enter, "--", "setpriv", "--pdeathsig", "KILL", "--", *map(str, argv)]

    def run(self, *argv, check=True, timeout=60, **options):
        """Runs a program to its end and returns what subprocess.run() does; by default it must succeed."""
        settings = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, "errors": "replace"}
        settings.update({"env": environment(), "timeout": timeout, **options})
        if "input" in options:
            del settings["stdin"]
        done = subprocess.run(self.argv(*argv), check=False, **settings)
        if check and done.returncode != 0:
            raise NetError(f"'{' '.join(map(str, argv))}' failed in '{self.name}':\n{done.stdout}{done.stderr}")
        return done

    def popen(self, *argv, **options):
        """Starts a program; the caller ends it, or the namespace's end does."""
        settings = {"stdin": subprocess.DEVNULL, "env": environment(), **options}
        return subprocess.Popen(self.argv(*argv), **settings)

    def sysctl(self, name, value):
        """Sets net.NAME in here."""
        self.run("sh", "-c", 'echo "$2" >"/proc/sys/net/$1"', "sysctl", name.replace(".", "/"), value)

    def nameservers(self, *addresses):
        """Sets whom programs in here ask for names."""
        lines = [f"nameserver {address}\n" for address in addresses]
        self.resolv.write_text("".join([*lines, "options timeout:2 attempts:2\n"]), encoding="ascii")

    def processes(self):
        """Returns the ids of all processes in here but the one that holds it."""
        ours = os.readlink(f"/proc/{self.pid}/ns/net")
        found = []
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and int(entry.name) != self.pid and os.readlink(entry / "ns/net") == ours:
                    found.append(int(entry.name))
        return found

    def _kill_all(self):
        """Ends what still runs in here, also what has left its parents."""
        deadline = time.monotonic() + 5
        while (left := self.processes()) and time.monotonic() < deadline:
            for pid in left:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            # Children of ours are zombies until they are waited for; those have no namespace any more.
            time.sleep(0.01)


def environment():
    """The environment of programs in namespaces: ours, in plain English, with the system's folders."""
    return {**os.environ, "LC_ALL": "C.UTF-8", "PATH": f"{os.environ.get('PATH', '')}:{PATH}"}

