"""Certificates for trying and testing: an authority of its own, servers, clients, and wrong ones. By openssl.

Not its job: who trusts whom.
"""

import base64
import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Pair:
    """A certificate and its key, PEM files."""

    cert: Path
    key: Path

    @property
    def pin(self):
        """The public key's pin as libcurl writes it."""
        public = openssl("x509", "-in", self.cert, "-noout", "-pubkey")
        der = subprocess.run(
            ["openssl", "pkey", "-pubin", "-outform", "DER"], input=public, capture_output=True, check=True
        ).stdout
        return "sha256//" + base64.b64encode(hashlib.sha256(der).digest()).decode()


class Ca:
    """An authority. `cert` is what those who trust it are given."""

    def __init__(self, folder, name="ca"):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.cert, self.key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        subject = ["-subj", f"/O=Landfall/CN={name}", "-days", "30"]
        use = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"]
        openssl("req", "-x509", *KEY, *subject, *use, "-keyout", self.key, "-out", self.cert)

    def server(self, name, *names, begin="", end=""):
        """Issues a certificate for DNS names and addresses; `begin` and `end` are YYYYMMDDHHMMSSZ."""
        sans = ",".join(f"{'IP' if is_address(n) else 'DNS'}:{n}" for n in names)
        return self._issue(name, f"subjectAltName={sans}\nextendedKeyUsage=serverAuth\n", begin, end)

    def client(self, name):
        """Issues a certificate for a machine."""
        return self._issue(name, "extendedKeyUsage=clientAuth\n", "", "")

    def _issue(self, name, extensions, begin, end):
        """`openssl ca` alone lets us choose both ends of the time; it wants a folder of its own for each."""
        folder = self.folder / f"{name}.d"
        folder.mkdir(exist_ok=True)
        pair = Pair(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        request = folder / "request"
        openssl("req", *KEY, "-new", "-subj", f"/O=Landfall/CN={name}", "-keyout", pair.key, "-out", request)
        (folder / "index").write_text("")
        (folder / "config").write_text(CONFIG.format(folder=folder, extensions=extensions), encoding="ascii")
        time = ["-startdate", begin] if begin else []
        time += ["-enddate", end] if end else ["-days", "30"]
        ca = ["-cert", self.cert, "-keyfile", self.key, "-in", request, "-out", pair.cert, *time]
        openssl("ca", "-batch", "-notext", "-config", folder / "config", *ca)
        return pair


KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
CONFIG = """\
[ca]
default_ca = own
[own]
database = {folder}/index
new_certs_dir = {folder}
default_md = sha256
policy = any
rand_serial = yes
x509_extensions = ext
[any]
organizationName = optional
commonName = supplied
[ext]
basicConstraints = critical,CA:FALSE
{extensions}
"""


def is_address(name):
    """Tells an IP address from a DNS name."""
    return ":" in name or name.replace(".", "").isdigit()


def openssl(*arguments):
    """Runs openssl and returns its output."""
    done = subprocess.run(["openssl", *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert done.returncode == 0, f"openssl {arguments[0]} failed: {done.stderr.decode(errors='replace')}"
    return done.stdout
