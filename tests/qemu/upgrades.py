"""A repository of upgrades, served over HTTP as an owner would: a newer commit, signed by the build's key.

Not its job: the machine that upgrades.
"""

import subprocess
import tempfile
import time
import urllib.request

from qemu.machine import free_port

from .lab import run

# How a machine on QEMU's user network sees this host.
HOST = "10.0.2.2"

NGINX = """\
user root;
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/nginx-body;
    proxy_temp_path {folder}/nginx-proxy;
    fastcgi_temp_path {folder}/nginx-fastcgi;
    uwsgi_temp_path {folder}/nginx-uwsgi;
    scgi_temp_path {folder}/nginx-scgi;
    server {{
        listen 127.0.0.1:{port};
        root {folder};
    }}
}}
"""


class Upgrades:
    """Serves `folder`/upgrades at `url` while it is entered."""

    def __init__(self, artefacts, folder):
        self._artefacts = artefacts
        self._folder = folder
        self._repo = folder / "upgrades"
        self._port = free_port()
        self._server = None
        self.url = f"http://{HOST}:{self._port}/upgrades"

    def __enter__(self):
        conf = self._folder / "nginx.conf"
        conf.write_text(NGINX.format(folder=self._folder, port=self._port), encoding="ascii")
        self._ostree("init", "--mode=archive")
        self._ostree("config", "set", "core.fsync", "false")
        log = open(self._folder / "nginx.log", "wb")
        self._server = subprocess.Popen(["/usr/sbin/nginx", "-c", str(conf)], stdout=log, stderr=log)
        self._wait()
        return self

    def __exit__(self, *_):
        self._server.terminate()
        self._server.wait(10)

    def publish(self, ref, path, text):
        """Commits the build's tree of a ref with one more file. Nobody has signed it yet."""
        overlay = self._folder / "overlay" / path
        overlay.parent.mkdir(parents=True, exist_ok=True)
        overlay.write_text(text, encoding="utf-8")
        self._ostree("pull-local", str(self._artefacts.repo), ref)
        base = self._ostree("rev-parse", ref)
        trees = [f"--tree=ref={base}", f"--tree=dir={self._folder / 'overlay'}"]
        owner = ["--owner-uid=0", "--owner-gid=0", "--no-xattrs"]
        self._ostree("commit", f"--branch={ref}", f"--parent={base}", "--bootable", "--subject=upgrade", *owner, *trees)
        self._ostree("summary", "--update")

    def sign(self, ref):
        """Signs the newest commit of a ref with the key that the image trusts."""
        keys = self._artefacts.keys
        with tempfile.TemporaryDirectory(prefix="gpg-") as home:
            run(["gpg", "--homedir", home, "--batch", "--quiet", "--import", str(keys / "secret.gpg")])
            self._ostree("gpg-sign", f"--gpg-homedir={home}", self._ostree("rev-parse", ref), (keys / "keyid").read_text().strip())
            run(["gpgconf", "--homedir", home, "--kill", "all"])

    def _ostree(self, verb, *arguments):
        return run(["ostree", f"--repo={self._repo}", verb, *arguments]).strip()

    def _wait(self):
        config = f"http://127.0.0.1:{self._port}/upgrades/config"
        deadline = time.monotonic() + 10
        while True:
            try:
                with urllib.request.urlopen(config, timeout=5):
                    return
            except OSError as error:
                assert self._server.poll() is None, f"nginx ended: see {self._folder}/nginx.log"
                assert time.monotonic() < deadline, f"nginx does not answer: {error}"
                time.sleep(0.1)
