"""An operator's desk for machines on QEMU's user network: the payload over HTTPS, and where their reports go.

    with Desk(folder, repo, on_event=print) as desk:
        …  # desk.payload_url, desk.report_url, desk.ca, desk.token_file go into a seed

Not its job: more than one machine at a time, other networks (tests/net has whole sites).
"""

import os
import secrets
import subprocess
import threading
import time
from pathlib import Path

from .arches import MachineError, find_program
from .machine import free_port
from .pki import Ca
from .reports import Receiver, Store, read_token

# The host, as a machine on QEMU's user network sees it.
HOST = "10.0.2.2"
START_SECONDS = 10

NGINX = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 256; }}
http {{
    access_log {folder}/access.log;
    default_type application/octet-stream;
    client_body_temp_path {folder}/temp;
    proxy_temp_path {folder}/temp;
    fastcgi_temp_path {folder}/temp;
    uwsgi_temp_path {folder}/temp;
    scgi_temp_path {folder}/temp;
    sendfile on;
    keepalive_requests 100000;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {pair.cert};
        ssl_certificate_key {pair.key};
        location /repo/ {{ alias {repo}/; }}
    }}
}}
"""


class Desk:
    """A context manager. `folder` takes certificates, logs and events; `on_event` is told of each event that comes."""

    def __init__(self, folder, repo, on_event=None):
        self.folder, self.repo = Path(folder).resolve(), Path(repo).resolve()
        self.store = None
        self._on_event = on_event
        self._nginx = self._receiver = None

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        ca = Ca(self.folder)
        pair = ca.server("desk", HOST)
        self.ca = ca.cert
        self.token_file = self.folder / "report.token"
        self.token_file.write_text(secrets.token_urlsafe(24) + "\n", encoding="ascii")
        self.payload_url = f"https://{HOST}:{self._start_nginx(pair)}/repo"
        self.report_url = f"https://{HOST}:{self._start_receiver(pair)}/"
        return self

    def __exit__(self, *_error):
        self._receiver.shutdown()
        self._receiver.server_close()
        self._nginx.terminate()
        self._nginx.wait()

    def wait_for(self, step, seconds):
        """Returns the first event of a step that arrived, or None when none does in time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for event in self.store.all():
                if event["step"] == step:
                    return event
            time.sleep(0.5)
        return None

    def _start_nginx(self, pair):
        port = free_port()
        config = self.folder / "nginx.conf"
        config.write_text(NGINX.format(folder=self.folder, port=port, pair=pair, repo=self.repo), encoding="utf-8")
        log = self.folder / "nginx.log"
        argv = [find_program("nginx", "nginx-light"), "-c", str(config), "-e", "stderr"]
        with open(log, "wb") as stderr:
            self._nginx = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr)
        deadline = time.monotonic() + START_SECONDS
        while not (self.folder / "nginx.pid").exists():
            if self._nginx.poll() is not None or time.monotonic() > deadline:
                raise MachineError(f"nginx did not start: {log.read_text(errors='replace').strip()}")
            time.sleep(0.05)
        return port

    def _start_receiver(self, pair):
        self.store = Store(self.folder / "events.jsonl", self._on_event)
        token = read_token(self.token_file)
        files = (os.fspath(pair.cert), os.fspath(pair.key))
        self._receiver = Receiver(("127.0.0.1", 0), self.store, token=token, pair=files)
        threading.Thread(target=self._receiver.serve_forever, daemon=True).start()
        return self._receiver.server_address[1]
