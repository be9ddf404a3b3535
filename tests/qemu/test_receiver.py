"""The receiver of reports: what it keeps, what it refuses, what it says about it."""

import contextlib
import http.client
import json
import resource
import signal
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from qemu.pki import Ca, openssl
from qemu.reports import Store, line_of

RECEIVER = Path(__file__).resolve().parents[2] / "qemu" / "receiver"
EVENTS, LOG = {"Content-Type": "application/x-ndjson"}, {"Content-Type": "text/plain", "X-Landfall-Log": "installer"}
SECONDS = 20


def event(seq=1, **more):
    """An event as small as it can be."""
    return {"boot_id": "b-1", "seq": seq, "step": "install", "state": "started", **more}


def body(*events):
    """Events as they are sent."""
    return "".join(json.dumps(one) + "\n" for one in events).encode()


class Running:
    """A receiver that runs. `out`: its file; `said`: what it wrote on stderr, once it has ended."""

    def __init__(self, folder, *words, out="events.jsonl", limit=None):
        self.out, self.said = folder / out, None
        argv = [RECEIVER, "--address", "127.0.0.1", "--port", "0", "--out", self.out, *words]
        self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().removeprefix("listening at port "))
        if limit is not None:
            self.limit(limit)

    def limit(self, size):
        """Files cannot become larger than that, as if the disk were full."""
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def post(self, sent, headers=None, method="POST"):
        """Sends a request; returns the status of the answer."""
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)) as connection:
            connection.request(method, "/", sent, EVENTS if headers is None else headers)
            return connection.getresponse().status

    def kept(self):
        """The numbers of the events in the file."""
        return [json.loads(line)["seq"] for line in self.out.read_text(encoding="utf-8").splitlines()]

    def end(self, number=signal.SIGTERM):
        """Ends it by a signal; returns its status."""
        self.process.send_signal(number)
        _, self.said = self.process.communicate(timeout=SECONDS)
        return self.process.returncode


@pytest.fixture
def start(tmp_path):
    """Starts receivers, which end with the test."""
    with contextlib.ExitStack() as stack:

        def new(*words, **more):
            running = Running(tmp_path, *words, **more)
            stack.enter_context(running.process)
            stack.callback(running.process.kill)
            return running

        yield new


def test_an_event_that_cannot_be_written_is_refused_until_it_can(start):
    receiver = start()
    assert receiver.post(body(event(1))) == 204
    receiver.limit(receiver.out.stat().st_size + 100)
    two = body(event(2), event(3))
    assert [receiver.post(two) for _ in range(3)] == [503, 503, 503]
    assert receiver.kept() == [1]
    receiver.limit(1 << 20)
    assert [receiver.post(two), receiver.post(two)] == [204, 204]
    assert receiver.kept() == [1, 2, 3]
    assert receiver.end() == 0
    lines = receiver.said.splitlines()
    assert len(lines) == 3 and set(lines) == {
        f"receiver: 127.0.0.1: 503: cannot write '{receiver.out}': File too large: "
        "make room, or make the folder writable; machines send again"
    }


def test_a_log_that_cannot_be_written_is_refused_and_leaves_nothing(start):
    receiver = start(limit=100)
    assert receiver.post(b"x" * 101, LOG) == 503
    assert not list(receiver.out.parent.glob("installer-*"))
    receiver.limit(1 << 20)
    assert receiver.post(b"x" * 101, LOG) == 204
    assert receiver.end() == 0 and "cannot write '" in receiver.said


def test_every_refusal_is_a_line_with_the_peer_and_the_reason(start, tmp_path):
    (tmp_path / "token").write_text("secret-1\n", encoding="ascii")
    receiver = start("--token-file", tmp_path / "token")
    ours = {**EVENTS, "Authorization": "Bearer secret-1"}
    statuses = [
        receiver.post(body(event()), EVENTS),
        receiver.post(body(event()), {**EVENTS, "Authorization": "Bearer other"}),
        receiver.post(b"\x1b]0;{\n", ours),
        receiver.post(b"{}\n", ours),
        receiver.post(b"", {**ours, "Content-Length": str(1 << 21)}),
        receiver.post(b"x", {"Authorization": "Bearer secret-1"}),
        receiver.post(None, ours, method="GET"),
        receiver.post(body(event()), ours),
    ]
    assert statuses == [401, 401, 400, 400, 413, 415, 501, 204]
    assert receiver.end() == 0
    lines = receiver.said.splitlines()
    wanted = ["401: no token came", "401: the token is not ours", "400: a line is not JSON", "400: a line is no event"]
    wanted += ["413: more than", "415: neither", "501: Unsupported method"]
    assert len(lines) == len(wanted) and "other" not in receiver.said and "\x1b" not in receiver.said
    for line, words in zip(lines, wanted):
        assert line.startswith(f"receiver: 127.0.0.1: {words}")


def test_a_machine_without_a_certificate_is_told(start, tmp_path):
    ca = Ca(tmp_path / "ca")
    pair = ca.server("report", "127.0.0.1")
    receiver = start("--cert", pair.cert, "--key", pair.key, "--client-ca", ca.cert)
    anybody = ssl.create_default_context(cafile=ca.cert)
    with socket.create_connection(("127.0.0.1", receiver.port), SECONDS) as plain:
        with contextlib.suppress(OSError), anybody.wrap_socket(plain, server_hostname="127.0.0.1") as secure:
            secure.recv(100)
    assert receiver.end() == 0
    assert receiver.said == "receiver: 127.0.0.1: no TLS: peer did not return a certificate\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_with_status_0_and_no_words(start, number):
    receiver = start()
    assert receiver.end(number) == 0 and receiver.said == ""


def refused(folder, *words):
    """Starts a receiver that cannot start, without a terminal; returns what it says."""
    argv = [sys.executable, RECEIVER, "--address", "127.0.0.1", "--port", "0", *words]
    done = subprocess.run(argv, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                          timeout=SECONDS, start_new_session=True)
    assert done.returncode == 1 and done.stdout == "" and done.stderr.count("\n") == 1, done.stderr
    return done.stderr


@pytest.mark.parametrize(
    "words, says",
    [
        (["--out", "no/such"], "cannot write 'no/such': No such file or directory: correct --out"),
        (["--out", "."], "'.' is no file: correct --out"),
        (["--out", "/dev/full"], "'/dev/full' is no file: correct --out"),
        (["--token-file", "none"], "cannot read the token 'none': No such file or directory: correct --token-file"),
        (["--token-file", "binary"], "the token in 'binary' is not ASCII: write letters and digits"),
        (["--token-file", "lines"], "the token in 'lines' is more than a line"),
        (["--token-file", "blank"], "the token in 'blank' is empty"),
        (["--address", "192.0.2.1"], "cannot listen at '192.0.2.1', port 0: this host has no such address"),
        (["--address", "no such"], "cannot listen at 'no such', port 0: "),
        (["--cert", "none", "--key", "blank"], "cannot read 'none': No such file or directory: correct --cert"),
        (["--cert", "blank", "--key", "none"], "cannot read 'none': No such file or directory: correct --key"),
        (["--cert", "blank", "--key", "blank"], "'blank' and 'blank' are no certificate and key in PEM form"),
    ],
)
def test_what_cannot_be_used_is_named_with_what_to_change(tmp_path, words, says):
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "lines").write_bytes(b"a\nb\n")
    (tmp_path / "blank").write_bytes(b" \n")
    assert refused(tmp_path, *words).startswith(f"receiver: {says}")


def test_an_address_in_use_says_so(start, tmp_path):
    port = str(start().port)
    says = refused(tmp_path, "--port", port)
    assert says == (f"receiver: cannot listen at '127.0.0.1', port {port}: "
                    "it is in use: end what listens there, or give another --port\n")


def test_a_key_with_a_passphrase_is_refused_without_a_question(tmp_path):
    pair = Ca(tmp_path).server("report", "127.0.0.1")
    locked = tmp_path / "locked.key"
    openssl("pkey", "-in", pair.key, "-aes256", "-passout", "pass:secret", "-out", locked)
    says = refused(tmp_path, "--cert", pair.cert, "--key", locked)
    assert says.startswith(f"receiver: the key '{locked}' has a passphrase: give --key one without")


def test_certificates_that_do_not_fit_are_told_apart(tmp_path):
    ca = Ca(tmp_path)
    one, other = ca.server("one", "127.0.0.1"), ca.server("other", "127.0.0.1")
    assert "do not belong together: correct --cert" in refused(tmp_path, "--cert", one.cert, "--key", other.key)
    says = refused(tmp_path, "--cert", one.cert, "--key", one.key, "--client-ca", one.key)
    assert f"there is no certificate in '{one.key}': give --client-ca a PEM file" in says


def test_a_store_reads_what_a_crash_left(tmp_path):
    path = tmp_path / "events.jsonl"
    odd = event(2, message="a\u2028b\x85c", title="half \ud800")
    path.write_bytes(body(event(1)) + b'[1]\n{"boot_id":"b-1","message":"\xc3')
    store = Store(path)
    assert store.add([event(1), odd, odd]) == 1
    assert Store(path).all() == [event(1), odd] and Store(path).add([odd]) == 0


def test_a_line_is_made_of_any_event():
    assert line_of(event(machine="x", error=[1], time=5)).endswith("install started")
